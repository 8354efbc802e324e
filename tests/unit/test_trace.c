#include "tests/unit/test.h"

#include "core/trace.h"

static void trace_parse__sets_each_named_topic(void **state)
{
	const char *unknown = NULL;

	trace_mask = 0;
	assert_true(trace_parse("memory,layout", &unknown));
	assert_int_equal(trace_mask, TRACE_MEMORY | TRACE_LAYOUT);
	assert_true(trace_parse("", &unknown));
	assert_true(trace_parse("all", &unknown));
	assert_true(trace_mask & TRACE_OBJECTS);
	trace_mask = 0;
}

static void trace_parse__names_the_word_that_it_does_not_know(void **state)
{
	const char *unknown = NULL;

	assert_false(trace_parse("elf,memroy,files", &unknown));
	assert_int_equal(strncmp(unknown, "memroy", 6), 0);
	trace_mask = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trace_parse__sets_each_named_topic),
		cmocka_unit_test(trace_parse__names_the_word_that_it_does_not_know),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
