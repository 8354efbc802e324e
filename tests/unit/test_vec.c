#include "tests/unit/test.h"

#include "core/vec.h"

struct pair {
	int a, b;
};

static void vec_push__gives_zeroed_items_in_order(void **state)
{
	VEC(struct pair) v = VEC_INIT;
	struct pair *p;
	int sum = 0;

	for (int i = 0; i < 100; i++) {
		p = vec_push(&v);
		assert_non_null(p);
		assert_int_equal(p->b, 0);
		p->a = i;
	}
	vec_each(p, &v)
		sum += p->a;
	assert_int_equal(sum, 4950);
	assert_int_equal(v.len, 100);
	vec_release(&v);
	assert_int_equal(v.len, 0);
}

static void vec_each__visits_nothing_in_an_empty_vector(void **state)
{
	VEC(int) v = VEC_INIT;
	int *i, visits = 0;

	vec_each(i, &v)
		visits++;
	assert_int_equal(visits, 0);
}

static int compare_ints(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void vec_sort__orders_the_items(void **state)
{
	VEC(int) v = VEC_INIT;

	for (int i = 0; i < 5; i++)
		*vec_push(&v) = 5 - i;
	vec_sort(&v, compare_ints);
	assert_int_equal(v.items[0], 1);
	assert_int_equal(v.items[4], 5);
	vec_release(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vec_push__gives_zeroed_items_in_order),
		cmocka_unit_test(vec_each__visits_nothing_in_an_empty_vector),
		cmocka_unit_test(vec_sort__orders_the_items),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
