#include "analyzers/gc_cycles.h"
#include "tests/unit/garbage_rig.h"

static struct cycles find(struct drawn *d)
{
	struct garbage garbage = { 0 };
	struct cycles c = { 0 };
	const struct numbers_options options = { .jobs = 1 };
	assert_null(garbage_find(&d->h->rt, d->heap, &options, &garbage));
	assert_null(cycles_find(&garbage, &c));
	assert_null(garbage.members);
	return c;
}

static void assert_path(const struct cycles *c, const struct cycle_group *g, const char *expected,
			addr_t from)
{
	_str_ struct str path = STR_INIT;
	addr_t at;
	cycle_print(c, g, &path, &at);
	assert_string_equal(path.buf, expected);
	assert_int_equal(at, from);
}

static void cycles_find__tells_a_ring_from_what_hangs_on_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(with_pools); i++) {
		_str_ struct str types = STR_INIT;
		struct drawn d = draw_garbage(with_pools[i]);
		struct cycles c = find(&d);
		assert_int_equal(c.garbage.count, 3);
		assert_int_equal(c.cycles, 1);
		assert_int_equal(c.groups.len, 1);
		assert_int_equal(c.groups.items[0].objects, 2);
		assert_int_equal(c.flags[0], CYCLE_MEMBER);
		assert_int_equal(c.flags[1], CYCLE_MEMBER);
		assert_int_equal(c.flags[2], 0);
		assert_path(&c, &c.groups.items[0], "slice.stop -> slice.start -> slice",
			    sliced(&d, 0));
		cycle_types(&c, &c.groups.items[0], &types);
		assert_string_equal(types.buf, "2 slice");
		cycles_release(&c);
		undraw(&d);
	}
}

static void cycles_find__puts_cycles_of_one_kind_together(void **state)
{
	(void)state;
	struct drawn d = draw_garbage("3.13");
	HPUT(d.h, sliced(&d, 3), PyObject, ob_refcnt, 1);
	struct cycles c = find(&d);
	assert_int_equal(c.garbage.count, 5);
	assert_int_equal(c.cycles, 2);
	assert_int_equal(c.groups.len, 1);
	assert_int_equal(c.groups.items[0].cycles, 2);
	assert_int_equal(c.groups.items[0].objects, 4);
	cycles_release(&c);
	/* one that refers to itself is another kind */
	put_words(&d, 2, sliced(&d, 2), 0, 0);
	HPUT(d.h, sliced(&d, 2), PyObject, ob_refcnt, 2);
	c = find(&d);
	assert_int_equal(c.cycles, 3);
	assert_int_equal(c.groups.len, 2);
	assert_path(&c, &c.groups.items[1], "slice.start -> slice", sliced(&d, 2));
	cycles_release(&c);
	undraw(&d);
}

static void cycles_find__takes_one_component_for_one_cycle(void **state)
{
	(void)state;
	struct drawn d = draw_garbage("3.14");
	HPUT(d.h, sliced(&d, 3), PyObject, ob_refcnt, 2);
	/* 2 leads into the other ring, and that back to the first: all are one */
	put_words(&d, 2, sliced(&d, 3), 0, 0);
	put_words(&d, 4, sliced(&d, 0), 0, sliced(&d, 3));
	HPUT(d.h, sliced(&d, 0), PyObject, ob_refcnt, 2);
	struct cycles c = find(&d);
	assert_int_equal(c.garbage.count, 5);
	assert_int_equal(c.cycles, 1);
	assert_int_equal(c.groups.items[0].objects, 5);
	assert_path(&c, &c.groups.items[0], "slice.stop -> slice.start -> slice", sliced(&d, 0));
	cycles_release(&c);
	undraw(&d);
}

static void cycles_find__marks_what_an_old_finalizer_leads_to(void **state)
{
	(void)state;
	struct drawn d = draw_garbage("3.12");
	struct object o;
	assert_true(object_load(&d.h->rt, sliced(&d, 0), &o));
	/* tp_del is the word behind tp_weaklist, tp_finalize two further */
	addr_t slot = o.type->at + OFFSET(d.h->l, PyTypeObject, tp_weaklist);
	heap_word(d.h, slot + 3 * 8, 0x1000);
	struct cycles c = find(&d);
	assert_int_equal(c.finalizers, 3);
	assert_int_equal(c.stuck, 0);
	assert_int_equal(c.groups.items[0].finalizers, 2);
	cycles_release(&c);
	heap_word(d.h, slot + 8, 0x1000);
	c = find(&d);
	assert_int_equal(c.stuck, 3);
	assert_int_equal(c.groups.items[0].stuck, 1);
	cycles_release(&c);
	undraw(&d);
}

static void cycles_find__has_nothing_to_say_of_no_garbage(void **state)
{
	(void)state;
	struct drawn d = draw_garbage("3.15");
	HPUT(d.h, sliced(&d, 0), PyObject, ob_refcnt, 7);
	struct cycles c = find(&d);
	assert_int_equal(c.garbage.count, 0);
	assert_int_equal(c.groups.len, 0);
	assert_int_equal(c.bytes, 0);
	cycles_release(&c);
	undraw(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cycles_find__tells_a_ring_from_what_hangs_on_it),
		cmocka_unit_test(cycles_find__puts_cycles_of_one_kind_together),
		cmocka_unit_test(cycles_find__takes_one_component_for_one_cycle),
		cmocka_unit_test(cycles_find__marks_what_an_old_finalizer_leads_to),
		cmocka_unit_test(cycles_find__has_nothing_to_say_of_no_garbage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
