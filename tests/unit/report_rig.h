/* A small document for the report's tests, and a report written into a string:
 *
 *	root --- process   (one)   pid
 *	     |   `- signal (one)   number
 *	     `-- threads   (list)  tid name
 *	         `- frames (list)  file line (width: hidden)
 *	            `- locals (list) value
 */
#ifndef TESTS_UNIT_REPORT_RIG_H
#define TESTS_UNIT_REPORT_RIG_H

#include "tests/unit/test.h"
#include "report/report.h"
#include "report/text.h"

static const struct column rig_signal_columns[] = { COLUMN("number", INT, "of the signal") };
static const struct record rig_signal = { .name = "signal", COLUMNS(rig_signal_columns) };

static const struct column rig_process_columns[] = {
	COLUMN("pid", INT, "process id"),
};
static const struct record *const rig_process_children[] = { &rig_signal, NULL };
static const struct record rig_process = {
	.name = "process", COLUMNS(rig_process_columns), .children = rig_process_children,
};

static const struct column rig_local_columns[] = { COLUMN("value", STRING, "its repr") };
static const struct record rig_local = { .name = "locals",
					 .list = true,
					 COLUMNS(rig_local_columns) };

static const struct column rig_frame_columns[] = {
	COLUMN("file", STRING, "where"),
	{ .name = "width", .type = VALUE_INT, .hidden = true },
	COLUMN("line", INT, "1-based"),
};
static void rig_frame_text(struct text *out, const struct value *values)
{
	text_printf(out, "  File ");
	text_value(out, &rig_frame_columns[0], &values[0]);
	text_printf(out, ", line ");
	text_value(out, &rig_frame_columns[2], &values[2]);
	text_put(out, "\n", 1);
}
static const struct record *const rig_frame_children[] = { &rig_local, NULL };
static const struct record rig_frame = {
	.name = "frames", .list = true, .doc = "oldest first", COLUMNS(rig_frame_columns),
	.children = rig_frame_children, .text = rig_frame_text,
};

static const struct column rig_thread_columns[] = {
	COLUMN("tid", UINT, "kernel's id"),
	COLUMN("name", STRING, NULL),
};
static void rig_thread_text(struct text *out, const struct value *values)
{
	text_style(out, STYLE_HEADING);
	text_printf(out, "Thread ");
	text_value(out, &rig_thread_columns[0], &values[0]);
	text_style(out, STYLE_PLAIN);
	text_put(out, "\n", 1);
}
static void rig_thread_close(struct text *out)
{
	text_put(out, "end\n", 4);
}
static const struct record *const rig_thread_children[] = { &rig_frame, NULL };
static const struct record rig_thread = {
	.name = "threads", .list = true, COLUMNS(rig_thread_columns),
	.children = rig_thread_children, .text = rig_thread_text, .text_close = rig_thread_close,
};

static const struct record *const rig_children[] = { &rig_process, &rig_thread, NULL };
static const struct record rig_root = { .name = "bt", .children = rig_children };

struct rig {
	struct report *report;
	FILE *out;
	char *written;
	size_t len;
};

static inline struct rig *rig_new(const struct record *root, struct report_options options)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	assert_non_null(rig);
	options.command = "bt";
	options.version = "1.2";
	rig->out = open_memstream(&rig->written, &rig->len);
	assert_non_null(rig->out);
	rig->report = report_new(root, &options, rig->out);
	assert_non_null(rig->report);
	return rig;
}

static inline void rig_free(struct rig *rig)
{
	report_free(rig->report);
	fclose(rig->out);
	free(rig->written);
	free(rig);
}

static inline void rig_expect(struct rig *rig, const char *expected)
{
	assert_true(report_end(rig->report));
	assert_string_equal(rig->written, expected);
	rig_free(rig);
}

static inline struct value *rig_frame_values(const char *file, int64_t line)
{
	static struct value values[3];
	values[0] = value_str(file);
	values[1] = value_int(7);
	values[2] = line ? value_int(line) : value_lost(0x1234);
	return values;
}

static inline struct value *rig_thread_values(uint64_t tid, const char *name)
{
	static struct value values[2];
	values[0] = value_uint(tid);
	values[1] = value_str(name);
	return values;
}

#endif
