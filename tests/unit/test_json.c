#include "tests/unit/report_rig.h"

#include <math.h>

#include "report/form.h"

static struct rig *json_rig(void)
{
	return rig_new(&rig_root, (struct report_options){ .form = REPORT_JSON });
}

#define PYCORE "{\"pycore\": {\"format\": 1, \"command\": \"bt\", \"version\": \"1.2\"}"

static void json__names_kinds_that_did_not_come(void **state)
{
	rig_expect(json_rig(), PYCORE ", \"process\": null, \"threads\": [],\n \"notes\": []}\n");
}

static void json__stands_each_record_on_a_line_of_its_own(void **state)
{
	struct rig *rig = json_rig();
	struct value pid = value_int(42), number = value_int(11), local = value_str("1");
	report_open(rig->report, &rig_process, &pid);
	report_row(rig->report, &rig_signal, &number);
	report_close(rig->report);
	report_open(rig->report, &rig_thread, rig_thread_values(42, "Main"));
	report_row(rig->report, &rig_frame, rig_frame_values("a.py", 1));
	report_open(rig->report, &rig_frame, rig_frame_values("b.py", 0));
	report_row(rig->report, &rig_local, &local);
	report_row(rig->report, &rig_local, &local);
	report_close(rig->report);
	report_close(rig->report);
	report_row(rig->report, &rig_thread, rig_thread_values(43, NULL));
	report_note(rig->report, NOTE_LOSS, "a \"page\"");
	report_note(rig->report, NOTE_INFO, "guessed");
	rig_expect(rig, PYCORE ",\n"
		" \"process\": {\"pid\": 42,\n"
		"  \"signal\": {\"number\": 11}},\n"
		" \"threads\": [\n"
		"  {\"tid\": 42, \"name\": \"Main\",\n"
		"   \"frames\": [\n"
		"    {\"file\": \"a.py\", \"line\": 1, \"locals\": []},\n"
		"    {\"file\": \"b.py\", \"line\": {\"lost\": \"0x1234\"},\n"
		"     \"locals\": [\n"
		"      {\"value\": \"1\"},\n"
		"      {\"value\": \"1\"}]}]},\n"
		"  {\"tid\": 43, \"name\": null, \"frames\": []}],\n"
		" \"notes\": [\n"
		"  {\"level\": \"loss\", \"text\": \"a \\\"page\\\"\"},\n"
		"  {\"level\": \"info\", \"text\": \"guessed\"}]}\n");
}

/* A record without columns, whose first child may be missing, must not begin with a comma. */
static const struct record *const bare_children[] = { &rig_signal, &rig_local, NULL };
static const struct record bare = { .name = "bare", .children = bare_children };
static const struct record *const bare_root_children[] = { &bare, NULL };
static const struct record bare_root = { .name = "bt", .children = bare_root_children };

static void json__puts_no_comma_before_the_first_member(void **state)
{
	struct rig *rig = rig_new(&bare_root, (struct report_options){ .form = REPORT_JSON });
	struct value number = value_int(6), local = value_str("x");
	report_open(rig->report, &bare, NULL);
	report_row(rig->report, &rig_signal, &number);
	rig_expect(
		rig, PYCORE
		",\n \"bare\": {\n  \"signal\": {\"number\": 6}, \"locals\": []},\n \"notes\": []}\n");

	rig = rig_new(&bare_root, (struct report_options){ .form = REPORT_JSON });
	report_open(rig->report, &bare, NULL);
	report_row(rig->report, &rig_local, &local);
	rig_expect(
		rig, PYCORE
		",\n \"bare\": {\"signal\": null,\n  \"locals\": [\n   {\"value\": \"x\"}]},\n \"notes\": []}\n");
}

static void expect_json(const char *bytes, size_t len, const char *expected)
{
	char *written = NULL;
	size_t size;
	FILE *out = open_memstream(&written, &size);
	struct output *o = calloc(1, sizeof(*o));
	assert_non_null(o);
	o->file = out;
	json_string(o, bytes, len);
	assert_true(output_flush(o));
	assert_string_equal(written, expected);
	free(o);
	fclose(out);
	free(written);
}

static void json_string__escapes_quotes_and_controls(void **state)
{
	expect_json("a\"b\\c", 5, "\"a\\\"b\\\\c\"");
	expect_json("\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\"");
	expect_json("\0\x1b[31m\x7f", 7, "\"\\u0000\\u001b[31m\\u007f\"");
}

static void json_string__keeps_text_of_every_script(void **state)
{
	expect_json("αβ 日本 😀 é", strlen("αβ 日本 😀 é"), "\"αβ 日本 😀 é\"");
}

static void json_string__escapes_lone_surrogates(void **state)
{
	expect_json("x\xed\xb2\x80y", 5, "\"x\\udc80y\"");
}

static void json_string__replaces_what_is_not_utf8(void **state)
{
	expect_json("a\xff" "b", 3, "\"a\xef\xbf\xbd" "b\"");
	expect_json("\xe6\x97", 2, "\"\xef\xbf\xbd\"");		/* ends too early */
	expect_json("\xc0\xaf", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\"");	/* overlong */
	expect_json("\xf4\x90\x80\x80", 4,
		      "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");	/* above 0x10ffff */
}

static void json_string__makes_bidi_and_c1_visible(void **state)
{
	expect_json("a\xe2\x80\xae" "b", 5, "\"a\\u202eb\"");
	expect_json("\xc2\x9b", 2, "\"\\u009b\"");
	expect_json("\xf3\xa0\x81\x81", 4, "\"\\udb40\\udc41\"");	/* U+E0041, a tag */
}

static const struct column every_columns[] = {
	COLUMN("bool", BOOL, NULL),       COLUMN("int", INT, NULL),
	COLUMN("uint", UINT, NULL),       COLUMN("float", FLOAT, NULL),
	COLUMN("nan", FLOAT, NULL),       COLUMN("address", ADDRESS, NULL),
	COLUMN("strings", STRINGS, NULL), COLUMN("none", STRINGS, NULL),
	COLUMN("time", TIME, NULL),
};
static const struct record every = { .name = "every", COLUMNS(every_columns) };
static const struct record *const every_children[] = { &every, NULL };
static const struct record every_root = { .name = "bt", .children = every_children };

static void json__writes_every_type(void **state)
{
	struct rig *rig = rig_new(&every_root, (struct report_options){ .form = REPORT_JSON });
	static const char *const words[] = { "a", NULL, "b\n" };
	struct value values[] = {
		value_bool(true), value_int(INT64_MIN), value_uint(UINT64_MAX),
		value_float(0.1), value_float(NAN), value_uint(0x7f00deadbeef),
		value_strings(words, 3), value_strings(NULL, 0), value_int(1700000000),
	};
	report_row(rig->report, &every, values);
	rig_expect(
		rig, PYCORE
		",\n \"every\": {\"bool\": true, \"int\": -9223372036854775808, "
		"\"uint\": 18446744073709551615, \"float\": 0.1, \"nan\": null, "
		"\"address\": \"0x7f00deadbeef\", \"strings\": [\"a\", null, \"b\\n\"], \"none\": [], "
		"\"time\": \"2023-11-14T22:13:20Z\"},\n \"notes\": []}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json__names_kinds_that_did_not_come),
		cmocka_unit_test(json__stands_each_record_on_a_line_of_its_own),
		cmocka_unit_test(json__puts_no_comma_before_the_first_member),
		cmocka_unit_test(json_string__escapes_quotes_and_controls),
		cmocka_unit_test(json_string__keeps_text_of_every_script),
		cmocka_unit_test(json_string__escapes_lone_surrogates),
		cmocka_unit_test(json_string__replaces_what_is_not_utf8),
		cmocka_unit_test(json_string__makes_bidi_and_c1_visible),
		cmocka_unit_test(json__writes_every_type),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
