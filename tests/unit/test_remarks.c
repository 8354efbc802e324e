#include "tests/unit/test.h"

#include "core/remarks.h"

static void remark_info__is_no_loss(void **state)
{
	struct remarks r = REMARKS_INIT;
	remark_info(&r, "guessed %d", 1);
	assert_false(r.loss);
	assert_string_equal(r.list.items[0].text, "guessed 1");
	remarks_release(&r);
}

static void remark_loss__counts_what_is_said_again(void **state)
{
	struct remarks r = REMARKS_INIT;
	remark_loss(&r, "page lost");
	remark_loss(&r, "page lost");
	remark_info(&r, "page lost");
	assert_true(r.loss);
	assert_int_equal(r.list.len, 2);
	assert_int_equal(r.list.items[0].count, 2);
	remarks_release(&r);
}

static void remark_loss__is_bounded(void **state)
{
	struct remarks r = REMARKS_INIT;
	for (int i = 0; i < 1000; i++)
		remark_loss(&r, "frame %d lost", i);
	assert_int_equal(r.list.len, 200);
	assert_int_equal(r.dropped, 800);
	remarks_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(remark_info__is_no_loss),
		cmocka_unit_test(remark_loss__counts_what_is_said_again),
		cmocka_unit_test(remark_loss__is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
