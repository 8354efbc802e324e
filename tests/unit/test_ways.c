/* From modules, C stacks and weak references to objects of a drawn heap. */
#include "tests/unit/graph_rig.h"

enum { MAX = 4 };

struct found {
	struct way ways[MAX];
	size_t count;
};

static struct found find(struct graph_rig *g, addr_t target, size_t max)
{
	struct found f = { .count = 0 };
	load(&g->d);
	assert_null(ways_find(&g->s, g->d.heap, target,
			      &(struct ways_options){ .max = max }, f.ways,
			      &f.count));
	return f;
}

static void found_release(struct found *f)
{
	for (size_t i = 0; i < f->count; i++)
		way_release(&f->ways[i]);
}

#define ASSERT_WAYS(g, target, ...)                                                                \
	assert_ways(g, target, (const char *[]){ __VA_ARGS__ },                                    \
		    sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *))
static void assert_ways(struct graph_rig *g, addr_t target, const char *const *wanted,
			size_t count)
{
	struct found f = find(g, target, MAX);
	for (size_t i = 0; i < f.count && i < count; i++) {
		_str_ struct str path = STR_INIT;
		bool inferred;
		way_print(&g->s, &f.ways[i], &path, &inferred);
		assert_string_equal(path.buf, wanted[i]);
		assert_false(f.ways[i].weak);
	}
	assert_int_equal(f.count, count);
	found_release(&f);
}

static void ways_find__gives_the_shortest_first_and_those_that_share_nothing(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(with_pools); i++) {
		struct graph_rig g = graph_rig(with_pools[i]);
		addr_t list = heap_list(g.d.h, 1, (addr_t[]){ node(2) });
		graph_rig_refer(&g, 0, 0, node(1));
		graph_rig_refer(&g, 1, 1, list);
		graph_rig_refer(&g, 1, 0, node(2));
		graph_rig_modules(&g, 1, (const char *[]){ "x" }, (addr_t[]){ node(0) });
		/* only one: all lead through node(0) and node(1) */
		ASSERT_WAYS(&g, node(2), "sys.modules['app']['x'] +0x10 +0x10");
		ASSERT_WAYS(&g, list, "sys.modules['app']['x'] +0x10 +0x18");
		graph_rig_release(&g);
	}
}

static void ways_find__finds_a_second_way_past_the_first(void **state)
{
	struct graph_rig g = graph_rig("3.12");
	struct heap *h = g.d.h;
	addr_t long_way = heap_list(h, 1, (addr_t[]){ heap_list(h, 1, (addr_t[]){ node(0) }) });
	addr_t other = heap_dict(h, 1, (addr_t[]){ heap_text(h, "y"), long_way });
	addr_t app = heap_dict(h, 1, (addr_t[]){ heap_text(h, "x"), node(0) });
	HPUT(h, h->rt.interpreters, PyInterpreterState, modules,
	     heap_dict(h, 2,
		       (addr_t[]){ heap_text(h, "app"), app, heap_text(h, "other"), other }));
	ASSERT_WAYS(&g, node(0), "sys.modules['app']['x']", "sys.modules['other']['y'][0][0]");
	graph_rig_release(&g);
}

static void ways_find__tells_the_interpreters_own_members(void **state)
{
	struct graph_rig g = graph_rig("3.14");
	struct heap *h = g.d.h;
	addr_t builtins = heap_dict(h, 1, (addr_t[]){ heap_text(h, "f"), node(1) });
	graph_rig_modules(&g, 0, NULL, NULL);
	HPUT(h, h->rt.interpreters, PyInterpreterState, builtins, builtins);
	ASSERT_WAYS(&g, node(1), "interpreter state.builtins['f']");
	graph_rig_release(&g);
}

static void ways_find__looks_into_C_stacks_where_nothing_else_leads(void **state)
{
	struct graph_rig g = graph_rig("3.12");
	struct heap *h = g.d.h;
	addr_t stack = heap_alloc(h, 256);
	graph_rig_modules(&g, 1, (const char *[]){ "x" }, (addr_t[]){ node(0) });
	graph_rig_refer(&g, 1, 0, node(2));
	heap_word(h, stack + 24, node(1));
	/* all that follows in the extent is the stack's too: nothing else may lead there */
	struct os_thread thread = { .tid = 42, .sp = stack, .tp = stack + 128 };
	*(struct os_thread *)vec_push(&g.s.target->threads) = thread;
	struct found f = find(&g, node(2), 1);
	_str_ struct str path = STR_INIT;
	bool inferred;
	assert_int_equal(f.count, 1);
	way_print(&g.s, &f.ways[0], &path, &inferred);
	assert_string_equal(path.buf, "thread 42.C stack+0x18 +0x10");
	assert_true(inferred);
	found_release(&f);
	/* what a module holds is not looked for on stacks */
	heap_word(h, stack + 32, node(0));
	ASSERT_WAYS(&g, node(0), "sys.modules['app']['x']");
	vec_release(&g.s.target->threads);
	graph_rig_release(&g);
}

static void ways_find__follows_weak_references_where_nothing_holds_it(void **state)
{
	struct graph_rig g = graph_rig("3.12");
	struct heap *h = g.d.h;
	addr_t type = heap_type(h, "weakref", h->object_type, 0, SIZEOF(h->l, PyObject) + 48);
	HPUT(h, type, PyTypeObject, tp_name, heap_raw(h, "weakref.ReferenceType", 22));
	addr_t reference = heap_object(h, type, SIZEOF(h->l, PyObject) + 48);
	heap_word(h, reference + SIZEOF(h->l, PyObject), node(1));
	graph_rig_modules(&g, 1, (const char *[]){ "r" }, (addr_t[]){ reference });
	struct found f = find(&g, node(1), 1);
	_str_ struct str path = STR_INIT;
	bool inferred;
	assert_int_equal(f.count, 1);
	assert_true(f.ways[0].weak);
	way_print(&g.s, &f.ways[0], &path, &inferred);
	assert_string_equal(path.buf, "sys.modules['app']['r']->wr_object");
	found_release(&f);
	graph_rig_release(&g);
}

static void ways_find__finds_none_to_garbage(void **state)
{
	struct graph_rig g = graph_rig("3.12");
	graph_rig_modules(&g, 0, NULL, NULL);
	graph_rig_refer(&g, 0, 0, node(1));
	graph_rig_refer(&g, 1, 0, node(0));
	struct found f = find(&g, node(0), MAX);
	assert_int_equal(f.count, 0);
	graph_rig_release(&g);
}

static void ways_find__keeps_to_the_memory_limit(void **state)
{
	struct graph_rig g = graph_rig("3.12");
	unsigned ways = 0, refusals = 0;
	graph_rig_refer(&g, 0, 0, node(1));
	graph_rig_modules(&g, 1, (const char *[]){ "x" }, (addr_t[]){ node(0) });
	load(&g.d);
	/* no room for the numbers; for these, not for the search; for both, not for the graph; ... */
	for (uint64_t limit = 100000; limit < 200000; limit += 40) {
		struct budget budget = { .limit = limit };
		struct found f = { .count = 0 };
		struct error *err =
			ways_find(&g.s, g.d.heap, node(1),
				  &(struct ways_options){ .max = 1, .budget = &budget }, f.ways,
				  &f.count);
		assert_int_equal(budget.used, 0);
		if (err) {
			assert_int_equal(err->code, ERROR_UNSUPPORTED);
			error_free(err);
			refusals++;
			continue;
		}
		if (f.count) {
			assert_int_equal(f.ways[0].objects.len, 4);
			ways++;
		}
		found_release(&f);
	}
	assert_true(ways > 0);
	assert_true(refusals > 0);
	graph_rig_release(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ways_find__gives_the_shortest_first_and_those_that_share_nothing),
		cmocka_unit_test(ways_find__finds_a_second_way_past_the_first),
		cmocka_unit_test(ways_find__tells_the_interpreters_own_members),
		cmocka_unit_test(ways_find__looks_into_C_stacks_where_nothing_else_leads),
		cmocka_unit_test(ways_find__follows_weak_references_where_nothing_holds_it),
		cmocka_unit_test(ways_find__finds_none_to_garbage),
		cmocka_unit_test(ways_find__keeps_to_the_memory_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
