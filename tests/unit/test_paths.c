/* Paths as Python writes them, over a drawn sys.modules. */
#include "tests/unit/graph_rig.h"

/* app: x = [node(0), {'k': 7, 5: 8, (1,): 9}], y = a register's */
static struct graph_rig draw_names(const char *table, addr_t *list, addr_t *dict)
{
	struct graph_rig g = graph_rig(table);
	struct heap *h = g.d.h;
	*dict = heap_dict(h, 3,
			  (addr_t[]){ heap_text(h, "k"), heap_int(h, 7), heap_text(h, "it's"),
				      heap_int(h, 8), heap_text(h, "a]b"), heap_int(h, 9) });
	*list = heap_list(h, 2, (addr_t[]){ node(0), *dict });
	graph_rig_modules(&g, 1, (const char *[]){ "x" }, (addr_t[]){ *list });
	graph_rig_refer(&g, 0, 0, node(1));
	return g;
}

static addr_t found(struct graph_rig *g, const char *path)
{
	addr_t at = 0;
	struct error *err = path_find(&g->s, path, &at);
	if (err)
		fail_msg("%s", err->message);
	return at;
}

static void refused(struct graph_rig *g, const char *path, const char *why)
{
	addr_t at = 77;
	struct error *err = path_find(&g->s, path, &at);
	assert_non_null(err);
	if (!strstr(err->message, why))
		fail_msg("%s: not %s", err->message, why);
	assert_int_equal(at, 77);
	error_free(err);
}

static void assert_number(struct graph_rig *g, const char *path, int64_t wanted)
{
	int64_t number = 0;
	assert_true(object_int64(g->s.runtime, found(g, path), &number));
	assert_int_equal(number, wanted);
}

static void path_find__follows_items_and_keys(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(with_pools); i++) {
		addr_t list, dict;
		struct graph_rig g = draw_names(with_pools[i], &list, &dict);
		assert_int_equal(found(&g, "sys.modules['app']['x']"), list);
		assert_int_equal(found(&g, "app['x'][1]"), dict);
		assert_int_equal(found(&g, "app[\"x\"][-1]"), dict);
		assert_int_equal(found(&g, "app['x'][-2]"), node(0));
		assert_number(&g, "app['x'][1]['k']", 7);
		assert_number(&g, "app['x'][1][\"it's\"]", 8);
		assert_number(&g, "app['x'][1]['a]b']", 9);
		graph_rig_release(&g);
	}
}

static void path_find__takes_addresses_and_goes_on_from_them(void **state)
{
	addr_t list, dict;
	struct graph_rig g = draw_names("3.12", &list, &dict);
	_str_ struct str path = STR_INIT;
	str_printf(&path, "0x%" PRIx64 "[1]['k']", list);
	assert_number(&g, path.buf, 7);
	graph_rig_release(&g);
}

/* class C: limit = 7; its instances have a dict, so the class's own has a descriptor of that name. */
static void path_find__knows_the_dict_of_a_class_from_the_descriptor_in_it(void **state)
{
	struct graph_rig g = graph_rig("3.12");
	struct heap *h = g.d.h;
	addr_t class = heap_class(h, "app", "C", h->object_type, 0, SIZEOF(h->l, PyObject));
	addr_t dict = heap_dict(h, 2, (addr_t[]){ heap_text(h, "__dict__"), heap_int(h, 8),
						  heap_text(h, "limit"), heap_int(h, 7) });
	HPUT(h, class, PyTypeObject, tp_dict, dict);
	HPUT(h, h->rt.type_type, PyTypeObject, tp_dictoffset, OFFSET(h->l, PyTypeObject, tp_dict));
	graph_rig_modules(&g, 1, (const char *[]){ "C" }, (addr_t[]){ class });
	assert_int_equal(found(&g, "app['C'].__dict__"), dict);
	assert_number(&g, "app['C'].__dict__['__dict__']", 8);
	assert_number(&g, "app['C'].limit", 7);
	graph_rig_release(&g);
}

static void path_find__takes_what_why_writes_where_Python_has_no_syntax(void **state)
{
	addr_t list, dict;
	struct graph_rig g = draw_names("3.12", &list, &dict);
	struct os_thread thread = { .tid = 42, .sp = node(0) };
	static const uint8_t words[64 * 8];
	thread.registers = words;
	*(struct os_thread *)vec_push(&g.s.target->threads) = thread;
	assert_int_equal(found(&g, "app['x'][0] +0x10"), node(1));
	assert_int_equal(found(&g, "thread 42.C stack+0x10"), node(1));
	assert_int_equal(found(&g, "thread 42.register rax"), 0);
	refused(&g, "app['x'][0] +0x18", "expected .name or [key]");
	refused(&g, "thread 42.register xyz", "no such thread or register");
	refused(&g, "thread 43.C stack+0x10", "no such thread or register");
	refused(&g, "thread 43.frame 0.local x", "no such thread");
	refused(&g, "static libx.so+0x10", "no such module");
	HPUT(g.d.h, g.d.h->rt.interpreters, PyInterpreterState, builtins, dict);
	assert_number(&g, "interpreter state.builtins['k']", 7);
	vec_release(&g.s.target->threads);
	graph_rig_release(&g);
}

static void path_find__says_how_far_it_led(void **state)
{
	addr_t list, dict;
	struct graph_rig g = draw_names("3.12", &list, &dict);
	refused(&g, "app['x'][2]", "no such item");
	refused(&g, "app['x'][-3]", "no such item");
	refused(&g, "app['z']", "no such item");
	refused(&g, "app['x", "a bracket is not closed");
	refused(&g, "app['x'].nothing", "no such attribute at 'app['x']");
	refused(&g, "app.", "a name is missing");
	refused(&g, "nowhere", "no module of that name");
	refused(&g, "", "expected an address");
	refused(&g, "app)", "expected .name or [key]");
	graph_rig_release(&g);
}

static void path_find__refuses_a_path_without_end(void **state)
{
	addr_t list, dict;
	struct graph_rig g = draw_names("3.12", &list, &dict);
	_str_ struct str path = STR_INIT;
	for (int i = 0; i < 4000; i++)
		str_adds(&path, "[0]");
	refused(&g, path.buf, "too long");
	graph_rig_release(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(path_find__follows_items_and_keys),
		cmocka_unit_test(path_find__takes_addresses_and_goes_on_from_them),
		cmocka_unit_test(path_find__knows_the_dict_of_a_class_from_the_descriptor_in_it),
		cmocka_unit_test(path_find__takes_what_why_writes_where_Python_has_no_syntax),
		cmocka_unit_test(path_find__says_how_far_it_led),
		cmocka_unit_test(path_find__refuses_a_path_without_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
