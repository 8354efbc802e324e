#include "tests/unit/test.h"

#include "analyzers/ranges.h"

enum { FIRST = 1, SECOND, THIRD };

#define ASSERT_RANGES(r, ...)                                                                      \
	assert_ranges(r, (struct range[]){ __VA_ARGS__ },                                          \
		      sizeof((struct range[]){ __VA_ARGS__ }) / sizeof(struct range))
static void assert_ranges(struct ranges *r, const struct range *wanted, size_t count)
{
	assert_true(ranges_settle(r));
	assert_int_equal(r->sure.len, count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(r->sure.items[i].start, wanted[i].start);
		assert_int_equal(r->sure.items[i].end, wanted[i].end);
		assert_int_equal(r->sure.items[i].sort, wanted[i].sort);
	}
}

static void ranges_settle__gives_later_ones_what_is_free(void **state)
{
	struct ranges r = { 0 };
	assert_true(ranges_want(&r, 100, 200, FIRST));
	assert_true(ranges_want(&r, 300, 400, FIRST));
	ASSERT_RANGES(&r, { 100, 200, FIRST }, { 300, 400, FIRST });
	/* from before the first one to behind the last */
	assert_true(ranges_want(&r, 50, 500, SECOND));
	ASSERT_RANGES(&r, { 50, 100, SECOND }, { 100, 200, FIRST }, { 200, 300, SECOND },
		      { 300, 400, FIRST }, { 400, 500, SECOND });
	/* nothing is left */
	assert_true(ranges_want(&r, 60, 450, THIRD));
	assert_true(ranges_settle(&r));
	assert_int_equal(r.sure.len, 5);
	ranges_release(&r);
}

static void ranges_settle__gives_each_byte_to_the_one_that_begins_first(void **state)
{
	struct ranges r = { 0 };
	assert_true(ranges_want(&r, 20, 60, SECOND));
	assert_true(ranges_want(&r, 10, 30, FIRST));
	assert_true(ranges_want(&r, 10, 15, THIRD));
	assert_true(ranges_want(&r, 70, 70, THIRD));
	assert_true(ranges_want(&r, 90, 80, THIRD));
	ASSERT_RANGES(&r, { 10, 30, FIRST }, { 30, 60, SECOND });
	ranges_release(&r);
}

static void ranges_settle__reaches_to_the_end_of_the_address_space(void **state)
{
	struct ranges r = { 0 };
	assert_true(ranges_want(&r, UINT64_MAX - 10, UINT64_MAX, FIRST));
	assert_true(ranges_settle(&r));
	assert_true(ranges_want(&r, 0, UINT64_MAX, SECOND));
	ASSERT_RANGES(&r, { 0, UINT64_MAX - 10, SECOND },
		      { UINT64_MAX - 10, UINT64_MAX, FIRST });
	ranges_release(&r);
}

static void ranges_at__finds_the_one_that_covers_an_address(void **state)
{
	struct ranges r = { 0 };
	assert_null(ranges_at(&r, 5));
	assert_true(ranges_want(&r, 10, 20, FIRST));
	assert_true(ranges_want(&r, 20, 30, SECOND));
	assert_true(ranges_settle(&r));
	assert_null(ranges_at(&r, 9));
	assert_int_equal(ranges_at(&r, 10)->sort, FIRST);
	assert_int_equal(ranges_at(&r, 19)->sort, FIRST);
	assert_int_equal(ranges_at(&r, 20)->sort, SECOND);
	assert_null(ranges_at(&r, 30));
	ranges_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_settle__gives_later_ones_what_is_free),
		cmocka_unit_test(ranges_settle__gives_each_byte_to_the_one_that_begins_first),
		cmocka_unit_test(ranges_settle__reaches_to_the_end_of_the_address_space),
		cmocka_unit_test(ranges_at__finds_the_one_that_covers_an_address),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
