/* The rules one by one; tests/positions compares with Python's own module over many lines. */
#include "tests/unit/test.h"

#include "analyzers/traceback.h"

static void expect(unsigned minor, unsigned micro, const char *text, struct position at,
		   const char *expected)
{
	const struct python_version version = { .major = 3,
						.minor = (uint8_t)minor,
						.micro = (uint8_t)micro };
	struct traceback_rule rule = traceback_rule_for(&version);
	struct source source;
	_str_ struct str out = STR_INIT;
	assert_true(source_init(&source, text, strlen(text)));
	traceback_source(&rule, &source, &at, &out);
	source_release(&source);
	assert_string_equal(out.buf, expected);
}

#define AT(line_, end_line_, column_, end_column_)                                                 \
	((struct position){ .line = line_, .end_line = end_line_, .column = column_,               \
			    .end_column = end_column_ })

static void traceback_source__strips_the_line(void **state)
{
	expect(9, 1, "def f():\n\t  return  x \r\n", AT(2, 0, -1, -1), "    return  x\n");
	expect(12, 1, "   x\n", AT(1, 0, -1, -1), "    x\n");
	expect(13, 0, "   x\n", AT(1, 1, -1, -1), "    x\n");
}

static void traceback_source__shows_nothing_where_nothing_is(void **state)
{
	for (unsigned minor = 9; minor <= 15; minor++) {
		expect(minor, 1, "x\n   \n", AT(2, 2, 0, 3), "");
		expect(minor, 1, "x\n", AT(7, 9, 0, 3), "");
		expect(minor, 1, "x\n", AT(0, 0, 0, 1), "");
		expect(minor, 1, "x\n", AT(-5, 3, 0, 1), "");
		expect(minor, 1, "", AT(1, 1, 0, 1), "");
	}
}

static void traceback_source__marks_operators_and_subscripts_from_311_on(void **state)
{
	static const char text[] = "  return table[key] + 1\n";
	for (unsigned minor = 11; minor <= 15; minor++) {
		expect(minor, 9, text, AT(1, 1, 9, 19), "    return table[key] + 1\n"
							"           ~~~~~^^^^^\n");
		expect(minor, 9, text, AT(1, 1, 9, 23), "    return table[key] + 1\n"
							"           ~~~~~~~~~~~^~~\n");
	}
	expect(10, 9, text, AT(1, 1, 9, 19), "    return table[key] + 1\n");
}

static void traceback_source__marks_calls_from_313_on(void **state)
{
	expect(12, 1, "  f(x) + g(y)\n", AT(1, 1, 9, 13), "    f(x) + g(y)\n"
							  "           ^^^^\n");
	expect(13, 0, "  f(x) + g(y)\n", AT(1, 1, 9, 13), "    f(x) + g(y)\n"
							  "           ~^^^\n");
}

static void traceback_source__marks_no_whole_line(void **state)
{
	expect(11, 9, "  f(x)\n", AT(1, 1, 2, 6), "    f(x)\n");
	expect(13, 0, "  return f(x)\n", AT(1, 1, 9, 13), "    return f(x)\n");
	expect(13, 0, "  y = a.f(x)\n", AT(1, 1, 6, 12), "    y = a.f(x)\n");
	expect(13, 0, "  raise x\n", AT(1, 1, 2, 9), "    raise x\n");
}

static void traceback_source__spans_lines_from_313_on(void **state)
{
	static const char text[] = "x = f(a,\n"
				   "      b,\n"
				   "      c,\n"
				   "      d,\n"
				   "      e,\n"
				   "      g) + 1\n";
	expect(12, 1, text, AT(1, 6, 4, 8), "    x = f(a,\n"
					    "        ^^^^\n");
	expect(13, 0, text, AT(1, 6, 4, 8), "    x = f(a,\n"
					    "        ~^^^\n"
					    "          b,\n"
					    "          ^^\n"
					    "    ...<2 lines>...\n"
					    "          e,\n"
					    "          ^^\n"
					    "          g) + 1\n"
					    "          ^^\n");
	expect(13, 0, text, AT(1, 3, 4, 8), "    x = f(a,\n"
					    "        ^^^^\n"
					    "          b,\n"
					    "          ^^\n"
					    "          c,\n"
					    "          ^^\n");
}

static void traceback_source__counts_wide_characters_twice(void **state)
{
	static const char text[] = "日本 = é[語] + 1\n";
	expect(11, 6, text, AT(1, 1, 9, 16), "    日本 = é[語] + 1\n"
					     "         ~^^^\n");
	expect(11, 7, text, AT(1, 1, 9, 16), "    日本 = é[語] + 1\n"
					     "           ~^^^^\n");
	expect(13, 0, text, AT(1, 1, 9, 16), "    日本 = é[語] + 1\n"
					     "           ~^^^^\n");
}

static void traceback_source__survives_columns_that_do_not_fit(void **state)
{
	for (unsigned minor = 11; minor <= 15; minor++)
		expect(minor, 9, "ab\n", AT(1, 1, 0, 900), "    ab\n");
	expect(13, 0, "ab\ncd\n", AT(1, 2, 900, 0), "    ab\n    \n    cd\n    \n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(traceback_source__strips_the_line),
		cmocka_unit_test(traceback_source__shows_nothing_where_nothing_is),
		cmocka_unit_test(traceback_source__marks_operators_and_subscripts_from_311_on),
		cmocka_unit_test(traceback_source__marks_calls_from_313_on),
		cmocka_unit_test(traceback_source__marks_no_whole_line),
		cmocka_unit_test(traceback_source__spans_lines_from_313_on),
		cmocka_unit_test(traceback_source__counts_wide_characters_twice),
		cmocka_unit_test(traceback_source__survives_columns_that_do_not_fit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
