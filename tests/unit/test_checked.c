#include "tests/unit/test.h"

#include "core/checked.h"

static void checked_extent__refuses_to_wrap(void **state)
{
	uint64_t end = 42;
	assert_true(checked_extent(16, 3, 8, &end));
	assert_int_equal(end, 40);
	assert_false(checked_extent(16, UINT64_MAX / 2, 8, &end));
	assert_false(checked_extent(UINT64_MAX - 7, 1, 8, &end));
	assert_int_equal(end, 40);
}

static void checked_add__and_mul_leave_the_result_alone_on_overflow(void **state)
{
	uint64_t r = 1;
	assert_false(checked_add(UINT64_MAX, 1, &r));
	assert_false(checked_mul(UINT64_MAX, 2, &r));
	assert_int_equal(r, 1);
	assert_true(checked_mul(6, 7, &r));
	assert_int_equal(r, 42);
	assert_int_equal(MIN(3, 4) + MAX(3, 4), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checked_extent__refuses_to_wrap),
		cmocka_unit_test(checked_add__and_mul_leave_the_result_alone_on_overflow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
