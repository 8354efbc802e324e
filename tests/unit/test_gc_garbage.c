#include "analyzers/gc_garbage.h"
#include "tests/unit/garbage_rig.h"

static struct garbage find(struct drawn *d, uint64_t jobs)
{
	struct garbage g = { 0 };
	const struct numbers_options options = { .jobs = jobs };
	assert_null(garbage_find(&d->h->rt, d->heap, &options, &g));
	return g;
}

static void assert_garbage(struct drawn *d, size_t count, const unsigned *expected)
{
	for (uint64_t jobs = 1; jobs <= 3; jobs++) {
		struct garbage g = find(d, jobs);
		assert_int_equal(g.count, count);
		for (size_t i = 0; i < count; i++) {
			assert_int_equal(number_address(g.numbers, g.members[i]),
					 sliced(d, expected[i]));
			assert_int_equal(g.index[g.members[i]], i);
		}
		garbage_release(&g);
	}
}

static void garbage_find__finds_rings_and_what_hangs_on_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(with_pools); i++) {
		struct drawn d = draw_garbage(with_pools[i]);
		assert_garbage(&d, 3, (unsigned[]){ 0, 1, 2 });
		struct garbage g = find(&d, 1);
		uint32_t alive = number_of(g.numbers, sliced(&d, 3));
		assert_true(alive != NO_NUMBER);
		assert_int_equal(g.index[alive], NOT_GARBAGE);
		garbage_release(&g);
		undraw(&d);
	}
}

static void garbage_find__keeps_all_that_one_reference_holds(void **state)
{
	(void)state;
	struct drawn d = draw_garbage("3.13");
	HPUT(d.h, sliced(&d, 1), PyObject, ob_refcnt, 2);
	assert_garbage(&d, 0, NULL);
	/* only the one that hangs there is held: the ring is not */
	HPUT(d.h, sliced(&d, 1), PyObject, ob_refcnt, 1);
	HPUT(d.h, sliced(&d, 2), PyObject, ob_refcnt, 2);
	assert_garbage(&d, 2, (unsigned[]){ 0, 1 });
	undraw(&d);
}

static void garbage_find__leaves_out_what_the_collector_does_not_look_after(void **state)
{
	(void)state;
	struct drawn d = draw_garbage("3.12");
	/* untracked: its reference counts as one from outside */
	draw_links(&d, sliced(&d, 0), 0, 0);
	assert_garbage(&d, 0, NULL);
	draw_links(&d, sliced(&d, 0), block(0), block(0));
	assert_garbage(&d, 3, (unsigned[]){ 0, 1, 2 });
	/* immortal: the same */
	HPUT(d.h, sliced(&d, 0), PyObject, ob_refcnt, 0xffffffff);
	assert_garbage(&d, 0, NULL);
	undraw(&d);
}

static void garbage_find__is_not_misled_by_counts_that_are_too_low(void **state)
{
	(void)state;
	struct drawn d = draw_garbage("3.14");
	/* three references to one that counts one */
	put_words(&d, 0, sliced(&d, 2), sliced(&d, 1), sliced(&d, 2));
	assert_garbage(&d, 3, (unsigned[]){ 0, 1, 2 });
	undraw(&d);
}

static void garbage_find__keeps_to_the_limit(void **state)
{
	(void)state;
	struct drawn d = draw_garbage("3.13");
	struct budget budget = { .limit = 16 };
	struct garbage g = { 0 };
	const struct numbers_options options = { .jobs = 1, .budget = &budget };
	struct error *err = garbage_find(&d.h->rt, d.heap, &options, &g);
	assert_non_null(err);
	assert_int_equal(err->code, ERROR_UNSUPPORTED);
	error_free(err);
	undraw(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(garbage_find__finds_rings_and_what_hangs_on_them),
		cmocka_unit_test(garbage_find__keeps_all_that_one_reference_holds),
		cmocka_unit_test(garbage_find__leaves_out_what_the_collector_does_not_look_after),
		cmocka_unit_test(garbage_find__is_not_misled_by_counts_that_are_too_low),
		cmocka_unit_test(garbage_find__keeps_to_the_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
