#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "report/json.h"

static struct arena arena;

static const struct json *parse(const char *text)
{
	return json_parse(&arena, text, strlen(text));
}

static int tear_down(void **state)
{
	arena_release(&arena);
	return 0;
}

static void json_parse__reads_each_type(void **state)
{
	const struct json *j = parse(" {\"a\": [1, -2.5e3, true, false, null, \"x\"],\n\"b\": {}, \"c\": []} ");
	assert_non_null(j);
	const struct json *list = json_get(j, "a"), *item = list->children;
	assert_int_equal(json_int(item, 0), 1);
	item = item->next;
	assert_string_equal(item->text, "-2.5e3");
	assert_int_equal(json_int(item, 7), 7);
	item = item->next;
	assert_true(json_true(item));
	item = item->next;
	assert_int_equal(item->type, JSON_BOOL);
	assert_false(json_true(item));
	item = item->next;
	assert_int_equal(item->type, JSON_NULL);
	item = item->next;
	assert_string_equal(json_text(item), "x");
	assert_null(item->next);
	assert_int_equal(json_get(j, "b")->type, JSON_OBJECT);
	assert_null(json_get(j, "b")->children);
	assert_int_equal(json_get(j, "c")->type, JSON_LIST);
	assert_null(json_get(j, "d"));
}

static void json_parse__decodes_strings(void **state)
{
	assert_string_equal(json_text(parse("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"")), "\"\\/\b\f\n\r\t");
	assert_string_equal(json_text(parse("\"Zo\\u00eb \\u20AC\"")), "Zo\xc3\xab \xe2\x82\xac");
	assert_string_equal(json_text(parse("\"\\ud83d\\ude00\"")), "\xf0\x9f\x98\x80");
	assert_string_equal(json_text(parse("\"\\udc80\"")), "\xed\xb2\x80");
	assert_string_equal(json_text(parse("\"\\ud83dx\"")), "\xed\xa0\xbdx");
}

static void json_int__reads_addresses(void **state)
{
	assert_int_equal(json_int(parse("\"0x7f00\""), -1), 0x7f00);
	assert_true(json_int(parse("\"0xffffffffff600000\""), 0) == (int64_t)0xffffffffff600000);
	assert_int_equal(json_int(parse("\"7f00\""), -1), -1);
	assert_int_equal(json_int(parse("99999999999999999999"), -1), -1);
	assert_int_equal(json_int(NULL, -1), -1);
}

static void json_get__takes_null_for_nothing(void **state)
{
	assert_null(json_get(parse("{\"a\": null}"), "a"));
	assert_null(json_get(parse("[1]"), "a"));
	assert_null(json_get(NULL, "a"));
	assert_null(json_text(parse("1")));
}

static void json_parse__refuses_what_is_no_json(void **state)
{
	static const char *const cases[] = {
		"", " ", "{", "[", "[1", "[1,", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}",
		"{a:1}", "\"a", "\"\\x\"", "\"\\u12\"", "\"\\ud83d\\u12\"", "tru", "nul", "1 2", "[1}",
		"{]", "]", "'a'",
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (parse(cases[i]))
			fail_msg("took %s", cases[i]);
}

static void json_parse__bounds_how_deep_it_goes(void **state)
{
	char deep[2 * 1000 + 1] = { 0 };
	memset(deep, '[', JSON_DEPTH);
	memset(deep + JSON_DEPTH, ']', JSON_DEPTH);
	assert_non_null(parse(deep));
	memset(deep, '[', 1000);
	memset(deep + 1000, ']', 1000);
	assert_null(parse(deep));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_parse__reads_each_type),
		cmocka_unit_test(json_parse__decodes_strings),
		cmocka_unit_test(json_int__reads_addresses),
		cmocka_unit_test(json_get__takes_null_for_nothing),
		cmocka_unit_test(json_parse__refuses_what_is_no_json),
		cmocka_unit_test(json_parse__bounds_how_deep_it_goes),
	};
	return cmocka_run_group_tests(tests, NULL, tear_down);
}
