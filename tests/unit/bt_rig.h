/* A session over frame_rig.h's dead process, and the report of an analyzer as text. */
#ifndef TESTS_UNIT_BT_RIG_H
#define TESTS_UNIT_BT_RIG_H

#include "tests/unit/frame_rig.h"

#include "analyzers/session.h"
#include "cli/options.h"

struct bt_rig {
	struct frame_rig *f;
	struct session session;
};

static inline struct bt_rig *bt_rig_named(const char *table)
{
	struct bt_rig *b = calloc(1, sizeof(*b));
	assert_non_null(b);
	b->f = frame_rig_named(table);
	b->session.target = &b->f->rig->target;
	b->session.runtime = &b->f->rig->rt;
	b->session.symbols = b->f->rig->symbols;
	b->session.text_form = true;
	assert_null(files_new(NULL, &b->session.files));
	return b;
}

static inline void bt_rig_free(struct bt_rig *b)
{
	error_free(b->session.runtime_error);
	files_free(b->session.files);
	frame_rig_free(b->f);
	free(b);
}

/* Thread state 2 is the crashed one; main is called by nobody and calls handler. */
static inline void bt_rig_stacks(struct bt_rig *b)
{
	struct frame_rig *f = b->f;
	addr_t main_code =
		frame_code(f, &(struct drawn_code){ .name = "main", .qualname = "main" });
	addr_t handler = frame_code(f, &(struct drawn_code){ .name = "handler",
							     .qualname = "App.handler",
							     .locals = "a b",
							     .positional = 1,
							     .cells = "c",
							     .frees = "d",
							     .flags = CODE_OPTIMIZED });
	addr_t outer = frame_draw(f, &(struct drawn_frame){ .code = main_code, .lasti = 2 });
	bool is_old = f->l->dialect.frames == FRAMES_OBJECTS;
	addr_t cell = frame_cell(f, RIG_NONE);
	struct drawn_frame inner = { .code = handler, .previous = outer, .lasti = 6,
				     .slots = { RIG_NONE, is_old ? 0 : 1, cell, cell } };
	frame_enter(f, 2, frame_draw(f, &inner));
	frame_enter(f, 1, outer);
	b->session.target->process.signal = 11;
	b->session.target->process.has_fault_address = true;
	b->session.target->process.fault_address = 0x10;
}

/* Run the analyzer with options ("--limit 3") as the command line would, or, without an analyzer,
 * report the process alone. The text is the caller's; *ret_err as run() gave it. */
static inline char *bt_rig_run(struct bt_rig *b, const struct analyzer *analyzer,
			       const char *options, bool json, struct error **ret_err)
{
	char *argv[16], *written = NULL;
	int argc = 0;
	_free_ char *copy = strdup(options);
	char *rest = copy;
	for (char *word; (word = strsep(&rest, " ")) && argc < 16;)
		if (*word)
			argv[argc++] = word;
	_free_ void *config = calloc(1, (analyzer ? analyzer->config_size : 0) + 1);
	const struct option_table table = { analyzer ? analyzer->options : NULL, config };
	struct arguments arguments = { 0 };
	assert_null(options_parse(&table, 1, argc, argv, &arguments));
	const struct record *const process_only[] = { &process_record, NULL };
	const struct record process_root = { .name = "process", .children = process_only };
	size_t len = 0;
	FILE *out = open_memstream(&written, &len);
	const struct report_options report_options = {
		.form = json ? REPORT_JSON : REPORT_TEXT, .command = "bt", .version = "1.2",
	};
	b->session.text_form = !json;
	struct report *report =
		report_new(analyzer ? analyzer->root : &process_root, &report_options, out);
	assert_non_null(report);
	if (analyzer)
		*ret_err = analyzer->run(&b->session, config, report);
	else
		assert_true(process_report(&b->session, report));
	session_report_remarks(&b->session, report);
	assert_true(report_end(report));
	report_free(report);
	fclose(out);
	options_release(&table);
	arguments_release(&arguments);
	return written;
}

/* What is compared must say what it was when it is not equal. */
static inline void bt_rig_expect(struct bt_rig *b, const struct analyzer *analyzer,
				 const char *options, const char *expected)
{
	struct error *err = NULL;
	_free_ char *got = bt_rig_run(b, analyzer, options, false, &err);
	assert_null(err);
	assert_string_equal(got, expected);
}

static inline void bt_rig_contains(struct bt_rig *b, const struct analyzer *analyzer,
				   const char *options, bool json, const char *part)
{
	struct error *err = NULL;
	_free_ char *got = bt_rig_run(b, analyzer, options, json, &err);
	assert_null(err);
	if (!strstr(got, part))
		fail_msg("'%s' is not in\n%s", part, got);
}

#endif
