/* Numbers of the objects of a drawn heap: what the walk gives, in its order. */
#include "tests/unit/pools_rig.h"

#include "core/budget.h"
#include "cpython_layouts/heap_numbers.h"

static struct numbers *numbers_of(struct drawn *d, uint64_t jobs)
{
	struct numbers *numbers;
	load(d);
	assert_null(numbers_make(d->heap, &(struct numbers_options){ .jobs = jobs }, &numbers));
	return numbers;
}

static void numbers_make__numbers_what_the_walk_gives_in_its_order(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(with_pools); i++) {
		struct drawn d = draw_objects(with_pools[i]);
		for (uint64_t jobs = 1; jobs <= 3; jobs++) {
			struct numbers *numbers = numbers_of(&d, jobs);
			struct heap_iter *it = heap_objects(d.heap, 0, pyheap_parts(d.heap));
			struct heap_object o;
			uint32_t n = 0;
			for (; heap_next(it, &o); n++) {
				assert_int_equal(number_of(numbers, o.object.at), n);
				assert_int_equal(number_address(numbers, n), o.object.at);
			}
			assert_int_equal(n, 3);
			assert_int_equal(numbers_count(numbers), n);
			heap_iter_free(it);
			numbers_free(numbers);
		}
		undraw(&d);
	}
}

static void number_of__is_none_where_no_object_begins(void **state)
{
	struct drawn d = draw_objects("3.12");
	struct numbers *numbers = numbers_of(&d, 1);
	static const addr_t nowhere[] = { 0, 8, UINT64_MAX, UINT64_MAX - 7, UINT64_C(1) << 48 };
	for (size_t i = 0; i < ARRAY_SIZE(nowhere); i++)
		assert_int_equal(number_of(numbers, nowhere[i]), NO_NUMBER);
	assert_int_equal(number_of(numbers, block(1)), NO_NUMBER);
	assert_int_equal(number_of(numbers, block(0) + 8), NO_NUMBER);
	assert_int_equal(number_of(numbers, block(0) + 1), NO_NUMBER);
	assert_int_equal(number_address(numbers, 3), 0);
	assert_int_equal(number_address(numbers, NO_NUMBER), 0);
	numbers_free(numbers);
	undraw(&d);
}

static void numbers_add__goes_on_behind_the_walk(void **state)
{
	struct drawn d = draw_objects("3.12");
	struct numbers *numbers = numbers_of(&d, 1);
	assert_int_equal(numbers_add(numbers, d.h->list_type), 3);
	assert_int_equal(numbers_add(numbers, d.h->dict_type), 4);
	assert_int_equal(numbers_add(numbers, d.h->list_type), 3);
	assert_int_equal(numbers_add(numbers, block(2)), 1);
	assert_int_equal(numbers_count(numbers), 5);
	assert_int_equal(number_of(numbers, d.h->dict_type), 4);
	assert_int_equal(number_address(numbers, 4), d.h->dict_type);
	numbers_free(numbers);
	undraw(&d);
}

static void numbers_next__gives_any_stretch_of_them(void **state)
{
	struct drawn d = draw_objects("3.14");
	struct numbers *numbers = numbers_of(&d, 1);
	numbers_add(numbers, d.h->list_type);
	struct numbers_iter *it = numbered_objects(numbers, 0, 0);
	for (uint32_t first = 0; first <= 4; first++) {
		for (uint32_t end = first; end <= 6; end++) {
			struct object o;
			uint32_t number, n = first;
			numbers_iter_move(it, first, end);
			for (; numbers_next(it, &number, &o); n++) {
				assert_int_equal(number, n);
				assert_int_equal(o.at, number_address(numbers, n));
				assert_non_null(o.type);
			}
			assert_int_equal(n, MAX(first, MIN(end, 4u)));
		}
	}
	numbers_iter_free(it);
	numbers_free(numbers);
	undraw(&d);
}

static void numbers_load__fails_where_an_object_ceased_to_be_one(void **state)
{
	struct drawn d = draw_objects("3.14");
	struct numbers *numbers = numbers_of(&d, 1);
	struct numbers_iter *it = numbered_objects(numbers, 0, UINT32_MAX);
	struct object o;
	uint32_t number;
	assert_true(numbers_load(it, 1, &o));
	assert_int_equal(o.at, block(2));
	assert_false(numbers_load(it, 3, &o));
	HPUT(d.h, block(0), PyObject, ob_type, 24);
	assert_false(numbers_load(it, 0, &o));
	assert_true(numbers_next(it, &number, &o));
	assert_int_equal(number, 1);
	numbers_iter_free(it);
	numbers_free(numbers);
	undraw(&d);
}

static void numbers_make__keeps_to_the_limit_and_says_so(void **state)
{
	struct drawn d = draw_objects("3.12");
	struct budget budget = { .limit = 1000 };
	struct numbers *numbers = NULL;
	load(&d);
	struct error *err =
		numbers_make(d.heap, &(struct numbers_options){ .budget = &budget }, &numbers);
	assert_non_null(err);
	assert_int_equal(err->code, ERROR_UNSUPPORTED);
	assert_null(numbers);
	error_free(err);
	assert_int_equal(budget.used, 0);
	budget.limit = 1 << 20;
	assert_null(
		numbers_make(d.heap, &(struct numbers_options){ .budget = &budget }, &numbers));
	assert_true(budget.used > 0);
	numbers_free(numbers);
	assert_int_equal(budget.used, 0);
	undraw(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_make__numbers_what_the_walk_gives_in_its_order),
		cmocka_unit_test(number_of__is_none_where_no_object_begins),
		cmocka_unit_test(numbers_add__goes_on_behind_the_walk),
		cmocka_unit_test(numbers_next__gives_any_stretch_of_them),
		cmocka_unit_test(numbers_load__fails_where_an_object_ceased_to_be_one),
		cmocka_unit_test(numbers_make__keeps_to_the_limit_and_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
