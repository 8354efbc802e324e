#include "core/addresses.h"
#include "core/checked.h"
#include "tests/unit/test.h"

static void addresses_has__what_was_added_and_nothing_beside(void **state)
{
	(void)state;
	static const addr_t some[] = { 8, 0x100000, 0xffff8, 0x7f0000000010, 0x7f0000000018,
				       0xfffffffffffffff8, 0 };
	struct addresses set = ADDRESSES_INIT;
	for (size_t i = 0; i < ARRAY_SIZE(some); i++)
		assert_false(addresses_has(&set, some[i]));
	for (size_t i = 0; i < ARRAY_SIZE(some); i++)
		assert_true(addresses_add(&set, some[i]));
	for (size_t i = 0; i < ARRAY_SIZE(some); i++) {
		assert_true(addresses_has(&set, some[i]));
		assert_false(addresses_has(&set, some[i] + 1));
		assert_false(addresses_has(&set, some[i] ^ 0x4000000));
	}
	assert_false(addresses_has(&set, 16));
	assert_false(addresses_has(&set, 0x100008));
	addresses_release(&set);
	assert_false(addresses_has(&set, 8));
}

static void addresses_has__tells_neighbours_that_are_not_aligned_apart(void **state)
{
	(void)state;
	struct addresses set = ADDRESSES_INIT;
	assert_true(addresses_add(&set, 0x1001));
	assert_true(addresses_has(&set, 0x1001));
	assert_false(addresses_has(&set, 0x1000));
	assert_false(addresses_has(&set, 0x1002));
	assert_true(addresses_add(&set, 0x1000));
	assert_true(addresses_has(&set, 0x1000));
	assert_false(addresses_has(&set, 0x1004));
	addresses_release(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_has__what_was_added_and_nothing_beside),
		cmocka_unit_test(addresses_has__tells_neighbours_that_are_not_aligned_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
