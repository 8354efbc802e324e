#include "tests/unit/test.h"

#include "core/error.h"

static void error_new__formats_its_message(void **state)
{
	_error_ struct error *err = error_new(ERROR_UNSUPPORTED, "%s: not a core", "a.out");
	assert_int_equal(err->code, ERROR_UNSUPPORTED);
	assert_string_equal(err->message, "a.out: not a core");
}

static void error_prefix__says_what_was_being_done(void **state)
{
	_error_ struct error *err = error_new(ERROR_USAGE, "no such option");
	err = error_prefix(err, "--%s", "frob");
	assert_string_equal(err->message, "--frob: no such option");
	assert_null(error_prefix(NULL, "nothing"));
}

static void error_nomem__needs_no_memory_and_is_freed_like_the_others(void **state)
{
	struct error *err = error_prefix(error_nomem(), "reading");
	assert_int_equal(err->code, ERROR_INTERNAL);
	assert_string_equal(err->message, "out of memory");
	error_free(err);
	error_free(error_nomem());
}

static char *hand_over(void)
{
	_free_ char *p = strdup("mine");
	return take(p);
}

static void take__leaves_nothing_to_be_freed(void **state)
{
	_free_ char *p = hand_over();
	assert_string_equal(p, "mine");
	int fd = 7;
	assert_int_equal(take_fd(&fd), 7);
	assert_int_equal(fd, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(error_new__formats_its_message),
		cmocka_unit_test(error_prefix__says_what_was_being_done),
		cmocka_unit_test(error_nomem__needs_no_memory_and_is_freed_like_the_others),
		cmocka_unit_test(take__leaves_nothing_to_be_freed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
