#include "tests/unit/report_rig.h"

#include "report/form.h"

static void expect_escaped(const char *bytes, size_t len, const char *expected)
{
	char *written = NULL;
	size_t size;
	struct output *o = calloc(1, sizeof(*o));
	assert_non_null(o);
	o->file = open_memstream(&written, &size);
	struct text t = { .output = o };
	text_escaped(&t, bytes, len);
	assert_true(output_flush(o));
	assert_string_equal(written, expected);
	fclose(o->file);
	free(o);
	free(written);
}

static void text_escaped__keeps_text_of_every_script(void **state)
{
	expect_escaped("naïve λ 東京 🎉", strlen("naïve λ 東京 🎉"), "naïve λ 東京 🎉");
}

static void text_escaped__shows_what_would_move_the_terminal(void **state)
{
	expect_escaped("\x1b]0;x\x07", 6, "\\x1b]0;x\\x07");
	expect_escaped("a\nb\rc\td\0e", 9, "a\\nb\\rc\\td\\x00e");
	expect_escaped("\x7f\xc2\x9b", 3, "\\x7f\\x9b");
	expect_escaped("\xe2\x80\xae\xe2\x81\xa6", 6, "\\u202e\\u2066");
	expect_escaped("\xf3\xa0\x81\x81", 4, "\\U000e0041");
}

static void text_escaped__shows_what_is_not_utf8(void **state)
{
	expect_escaped("a\xff" "b\xe6\x97", 5, "a\\ufffdb\\ufffd");
	expect_escaped("\xed\xb2\x80", 3, "\\udc80");
}

static void text_printf__writes_more_than_its_buffer(void **state)
{
	struct rig *rig = rig_new(&rig_root, (struct report_options){ .form = REPORT_TEXT });
	text_printf(&rig->report->text, "%01500d|", 7);
	text_printf(&rig->report->text, "%01023d|", 7);
	assert_true(report_end(rig->report));
	assert_int_equal(rig->len, 2525);
	assert_memory_equal(rig->written + 1499, "7|0", 3);
	assert_memory_equal(rig->written + 2523, "7|", 2);
	rig_free(rig);
}

static void text__puts_notes_at_the_end_on_lines_of_their_own(void **state)
{
	struct rig *rig = rig_new(&rig_root, (struct report_options){ .form = REPORT_TEXT });
	report_open(rig->report, &rig_thread, rig_thread_values(5, "x"));
	report_note(rig->report, NOTE_LOSS, "the page at 0x1000\x1b");
	report_row(rig->report, &rig_frame, rig_frame_values("a\n.py", 0));
	report_close(rig->report);
	report_note(rig->report, NOTE_INFO, "guessed");
	rig_expect(rig, "Thread 5\n  File a\\n.py, line <lost 0x1234>\nend\n\n"
			"lost: the page at 0x1000\\x1b\nnote: guessed\n");
}

static void text__leaves_remarks_out_when_quiet_but_never_losses(void **state)
{
	struct rig *rig =
		rig_new(&rig_root, (struct report_options){ .form = REPORT_TEXT, .quiet = true });
	report_note(rig->report, NOTE_INFO, "guessed");
	report_note(rig->report, NOTE_LOSS, "a page");
	rig_expect(rig, "\nlost: a page\n");
}

static void text_style__is_silent_without_colour(void **state)
{
	struct rig *rig = rig_new(&rig_root, (struct report_options){ .form = REPORT_TEXT });
	report_row(rig->report, &rig_thread, rig_thread_values(5, "x"));
	rig_expect(rig, "Thread 5\nend\n");
	rig = rig_new(&rig_root, (struct report_options){ .form = REPORT_TEXT, .color = true });
	report_row(rig->report, &rig_thread, rig_thread_values(5, "x"));
	rig_expect(rig, "\x1b[0;1mThread 5\x1b[0m\nend\n");
}

static void text_value__shows_absent_and_lost(void **state)
{
	struct rig *rig = rig_new(&rig_root, (struct report_options){ .form = REPORT_TEXT });
	struct column strings = COLUMN("s", STRINGS, NULL), flag = COLUMN("b", BOOL, NULL),
		      when = COLUMN("t", TIME, NULL), address = COLUMN("a", ADDRESS, NULL);
	static const char *const words[] = { "a", NULL, "b\x1b" };
	struct value absent = value_absent(), lost = value_lost(0xabc),
		     list = value_strings(words, 3), yes = value_bool(true), time = value_int(0),
		     zero = value_uint(0);
	struct text *t = &rig->report->text;
	text_value(t, &strings, &absent);
	text_put(t, "|", 1);
	text_value(t, &strings, &lost);
	text_put(t, "|", 1);
	text_value(t, &strings, &list);
	text_put(t, "|", 1);
	text_value(t, &flag, &yes);
	text_put(t, "|", 1);
	text_value(t, &when, &time);
	text_put(t, "|", 1);
	text_value(t, &address, &zero);
	rig_expect(rig, "?|<lost 0xabc>|a ? b\\x1b|yes|1970-01-01T00:00:00Z|0x0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_escaped__keeps_text_of_every_script),
		cmocka_unit_test(text_escaped__shows_what_would_move_the_terminal),
		cmocka_unit_test(text_escaped__shows_what_is_not_utf8),
		cmocka_unit_test(text_printf__writes_more_than_its_buffer),
		cmocka_unit_test(text__puts_notes_at_the_end_on_lines_of_their_own),
		cmocka_unit_test(text__leaves_remarks_out_when_quiet_but_never_losses),
		cmocka_unit_test(text_style__is_silent_without_colour),
		cmocka_unit_test(text_value__shows_absent_and_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
