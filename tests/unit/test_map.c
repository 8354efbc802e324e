#include "tests/unit/test.h"

#include "core/map.h"

static void map_find__knows_nothing_at_first(void **state)
{
	struct map m = MAP_INIT;
	assert_null(map_find(&m, 0));
	assert_null(map_find(&m, 7));
}

static void map_insert__finds_again_what_was_put_in(void **state)
{
	struct map m = MAP_INIT;
	bool is_new;

	for (uint64_t i = 1; i <= 10000; i++) {
		*map_insert(&m, i * 4096, &is_new) = i;
		assert_true(is_new);
	}
	for (uint64_t i = 1; i <= 10000; i++)
		assert_int_equal(*map_find(&m, i * 4096), i);
	assert_null(map_find(&m, 4097));
	assert_int_equal(*map_insert(&m, 4096, &is_new), 1);
	assert_false(is_new);
	map_release(&m);
}

static void map_insert__allows_the_keys_0_and_all_ones(void **state)
{
	struct map m = MAP_INIT;

	*map_insert(&m, 0, NULL) = 5;
	*map_insert(&m, UINT64_MAX, NULL) = 6;
	assert_int_equal(*map_find(&m, 0), 5);
	assert_int_equal(*map_find(&m, UINT64_MAX), 6);
	map_release(&m);
	assert_null(map_find(&m, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(map_find__knows_nothing_at_first),
		cmocka_unit_test(map_insert__finds_again_what_was_put_in),
		cmocka_unit_test(map_insert__allows_the_keys_0_and_all_ones),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
