#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "symbols/demangle.h"

static void expect(const char *name, const char *wanted)
{
	char *got = demangle(name);
	if (wanted)
		assert_string_equal(got, wanted);
	else
		assert_null(got);
	free(got);
}

static bool is_built_in(void)
{
	char *got = demangle("_Z1fv");
	free(got);
	return got != NULL;
}

static void demangle__reads_cpp_and_both_of_rust_s(void **state)
{
	if (!is_built_in())
		skip();
	expect("_ZN4shop6BasketIlE5totalEl", "shop::Basket<long>::total(long)");
	expect("_ZN6basket5total17h05af221e174051e9E", "basket::total");
	expect("_RNvC6basket3sum", "basket::sum");
	expect("_ZN4shop6BasketIlE5totalEl.cold", "shop::Basket<long>::total(long) [clone .cold]");
}

static void demangle__leaves_c_and_nonsense_alone(void **state)
{
	static const char *const names[] = {
		"", "_", "__", "main", "_Py_Main", "_Z", "_R", "_ZZZZZZ", "_Rfoo", "_ZN4shop",
		"__Z", "_Zfoo bar", "_RNvC999999999999sum",
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		expect(names[i], NULL);
	assert_false(demangle_wanted("main"));
	assert_false(demangle_wanted("_Py_Main"));
	assert_true(demangle_wanted("_Z1fv"));
}

static void demangle__is_not_kept_by_a_name_without_end(void **state)
{
	char *name = malloc(100002);
	assert_non_null(name);
	memset(name, 'N', 100001);
	memcpy(name, "_Z", 2);
	name[100001] = 0;
	expect(name, NULL);
	free(name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(demangle__reads_cpp_and_both_of_rust_s),
		cmocka_unit_test(demangle__leaves_c_and_nonsense_alone),
		cmocka_unit_test(demangle__is_not_kept_by_a_name_without_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
