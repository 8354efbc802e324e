#include "tests/unit/report_rig.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

static void report_open__refuses_a_record_that_its_parent_does_not_name(void **state)
{
	struct rig *rig = rig_new(&rig_root, (struct report_options){ .form = REPORT_JSON });
	assert_false(report_open(rig->report, &rig_frame, rig_frame_values("a.py", 1)));
	bool reader_left = true;
	assert_string_equal(report_failure(rig->report, &reader_left),
			    "a record came where its parent does not name it");
	assert_false(reader_left);
	assert_false(report_end(rig->report));
	rig_free(rig);
}

static void report_open__refuses_kinds_out_of_order(void **state)
{
	struct rig *rig = rig_new(&rig_root, (struct report_options){ .form = REPORT_TEXT });
	struct value pid = value_int(1);
	assert_true(report_row(rig->report, &rig_thread, rig_thread_values(1, "a")));
	assert_false(report_row(rig->report, &rig_process, &pid));
	assert_non_null(report_failure(rig->report, NULL));
	rig_free(rig);
}

static void report_open__refuses_a_second_record_of_a_kind_that_is_no_list(void **state)
{
	struct rig *rig = rig_new(&rig_root, (struct report_options){ .form = REPORT_TEXT });
	struct value pid = value_int(1);
	assert_true(report_row(rig->report, &rig_process, &pid));
	assert_false(report_row(rig->report, &rig_process, &pid));
	rig_free(rig);
}

static void report_close__refuses_to_close_the_document(void **state)
{
	struct rig *rig = rig_new(&rig_root, (struct report_options){ .form = REPORT_JSON });
	assert_false(report_close(rig->report));
	assert_false(report_end(rig->report));
	rig_free(rig);
}

static const struct record *const nested_children[];
static const struct record nested = { .name = "nested", .list = true, .children = nested_children };
static const struct record *const nested_children[] = { &nested, NULL };

static void report_open__refuses_to_nest_without_end(void **state)
{
	struct rig *rig = rig_new(&nested, (struct report_options){ .form = REPORT_JSON });
	size_t depth = 1;
	while (report_open(rig->report, &nested, NULL))
		depth++;
	assert_int_equal(depth, 16);
	assert_string_equal(report_failure(rig->report, NULL), "records are nested too deeply");
	rig_free(rig);
}

static void report_has_loss__tells_losses_from_remarks(void **state)
{
	struct rig *rig = rig_new(&rig_root, (struct report_options){ .form = REPORT_TEXT });
	report_note(rig->report, NOTE_INFO, "by the way");
	assert_false(report_has_loss(rig->report));
	report_note(rig->report, NOTE_LOSS, "a page");
	assert_true(report_has_loss(rig->report));
	rig_free(rig);
}

static void report_note__keeps_a_thousand_and_counts_the_others(void **state)
{
	struct rig *rig = rig_new(&rig_root, (struct report_options){ .form = REPORT_TEXT });
	for (int i = 0; i < 1005; i++)
		report_note(rig->report, NOTE_INFO, "again");
	assert_true(report_end(rig->report));
	assert_non_null(strstr(rig->written, "note: 5 more notes\n"));
	rig_free(rig);
}

static void report_end__closes_what_was_left_open(void **state)
{
	struct rig *rig = rig_new(&rig_root, (struct report_options){ .form = REPORT_TEXT });
	report_open(rig->report, &rig_thread, rig_thread_values(1, NULL));
	report_open(rig->report, &rig_frame, rig_frame_values("a.py", 3));
	rig_expect(rig, "Thread 1\n  File a.py, line 3\nend\n");
}

static void report_discard__takes_back_only_what_was_not_written(void **state)
{
	struct rig *rig = rig_new(&rig_root, (struct report_options){ .form = REPORT_TEXT });
	report_row(rig->report, &rig_thread, rig_thread_values(1, NULL));
	assert_true(report_discard(rig->report));
	assert_true(report_end(rig->report));
	assert_string_equal(rig->written, "");
	rig_free(rig);

	rig = rig_new(&rig_root, (struct report_options){ .form = REPORT_TEXT });
	for (int i = 0; i < 10000; i++)
		report_row(rig->report, &rig_thread, rig_thread_values(1, NULL));
	assert_false(report_discard(rig->report));
	assert_true(report_end(rig->report));
	assert_int_equal(rig->len, 10000 * strlen("Thread 1\nend\n"));
	rig_free(rig);
}

static void report_end__tells_that_the_disk_is_full(void **state)
{
	FILE *full = fopen("/dev/full", "w");
	if (!full)
		skip();
	struct report_options options = { .form = REPORT_JSON, .command = "bt", .version = "1" };
	struct report *report = report_new(&rig_root, &options, full);
	assert_true(report_row(report, &rig_thread, rig_thread_values(1, "a")));
	assert_false(report_end(report));
	bool reader_left = true;
	assert_string_equal(report_failure(report, &reader_left), strerror(ENOSPC));
	assert_false(reader_left);
	report_free(report);
	fclose(full);
}

static void report_end__knows_a_reader_that_left(void **state)
{
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	FILE *out = fdopen(ends[1], "w");
	assert_non_null(out);
	struct report_options options = { .form = REPORT_JSON, .command = "bt", .version = "1" };
	struct report *report = report_new(&rig_root, &options, out);
	assert_false(report_end(report));
	bool reader_left = false;
	assert_non_null(report_failure(report, &reader_left));
	assert_true(reader_left);
	report_free(report);
	fclose(out);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(report_open__refuses_a_record_that_its_parent_does_not_name),
		cmocka_unit_test(report_open__refuses_kinds_out_of_order),
		cmocka_unit_test(report_open__refuses_a_second_record_of_a_kind_that_is_no_list),
		cmocka_unit_test(report_close__refuses_to_close_the_document),
		cmocka_unit_test(report_open__refuses_to_nest_without_end),
		cmocka_unit_test(report_has_loss__tells_losses_from_remarks),
		cmocka_unit_test(report_note__keeps_a_thousand_and_counts_the_others),
		cmocka_unit_test(report_end__closes_what_was_left_open),
		cmocka_unit_test(report_discard__takes_back_only_what_was_not_written),
		cmocka_unit_test(report_end__tells_that_the_disk_is_full),
		cmocka_unit_test(report_end__knows_a_reader_that_left),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
