/* pycore report: what bt says, as other programs and forms want it. */
#include "analyzers/report_crash.h"

#include <stdio.h>
#include <string.h>
#include "analyzers/session.h"
#include "core/str.h"
#include "report/text.h"

extern const struct analyzer analyzer_bt;

struct report_config {
	const char *format;
};

const struct report_format report_formats[] = {
	{ "text", report_write_text },
	{ "json", report_write_json },
	{ "markdown", report_write_markdown },
	{ "gitlab", report_write_gitlab },
	{ "apport", report_write_apport },
	{ "satyr-python", report_write_satyr_python },
	{ "satyr-core", report_write_satyr_core },
	{ "ureport", report_write_ureport },
	{ "sentry", report_write_sentry },
	{ "otel", report_write_otel },
	{ 0 },
};

static const char *const format_choices[] = {
	"text", "json", "markdown", "gitlab", "apport", "satyr-python", "satyr-core", "ureport", "sentry",
	"otel", NULL,
};

static const struct option report_options_table[] = {
	{ "format", 'f', OPTION_CHOICE, .help = "what to write (text)",
	  .offset = offsetof(struct report_config, format), .choices = format_choices },
	{ 0 },
};

enum report_column { REPORT_FORMAT, REPORT_FINGERPRINT, REPORT_TITLE, REPORT_CONTENT, REPORT_COLUMNS };

static const struct column report_columns[] = {
	[REPORT_FORMAT] = COLUMN("format", STRING, "as --format says"),
	[REPORT_FINGERPRINT] = COLUMN("fingerprint", STRING,
				      "the same for the same crash elsewhere; 32 hexadecimal digits"),
	[REPORT_TITLE] = COLUMN("title", STRING, "\"SIGSEGV in ship (shop.py)\""),
	[REPORT_CONTENT] = COLUMN("content", STRING, "the report in that format"),
};

/* The formats have escaped what their readers would stumble over. */
static void content_text(struct text *out, const struct value *values)
{
	text_put(out, values[REPORT_CONTENT].s.bytes, values[REPORT_CONTENT].s.len);
}

static const struct record report_record = {
	.name = "report", .doc = "one crash", COLUMNS(report_columns), .text = content_text,
};

static const struct record *const report_children[] = { &report_record, NULL };

static const struct record report_root = {
	.name = "report", .doc = "a crash, as other programs take it", .children = report_children,
};

/* The process and bt's records, as `pycore bt --json` writes them. */
static struct error *run_bt(struct session *s, FILE *out, bool *ret_loss)
{
	struct report_options options = { .form = REPORT_JSON, .command = "bt", .version = PYCORE_VERSION };
	const struct record *children[16] = { &process_record };
	struct record root = *analyzer_bt.root;
	for (size_t i = 0; i < 14 && root.children && root.children[i]; i++)
		children[i + 1] = root.children[i];
	root.children = children;
	_free_ char *config = calloc(1, analyzer_bt.config_size + 1);
	struct report *report = config ? report_new(&root, &options, out) : NULL;
	if (!report)
		return error_nomem();
	struct session again = *s;
	again.text_form = false;
	struct error *err = process_report(s, report) ? analyzer_bt.run(&again, config, report) : NULL;
	if (!err) {
		session_report_remarks(s, report);
		*ret_loss = report_has_loss(report);
		if (!report_end(report))
			err = error_nomem();
	}
	report_free(report);
	/* The report around this one tells them again. */
	struct remark *remark;
	vec_each(remark, &s->target->remarks.list)
		remark->shown = false;
	return err;
}

/* Whose reports name the system: FAF's. */
static void read_distribution(struct session *s, struct arena *arena, struct crash *ret)
{
	struct mapped_file file;
	ret->distribution = "";
	if (!files_map_named(s->files, "/etc/os-release", &file))
		return;
	if (file.data && file.size < 65536) {
		const char *text = arena_copy(arena, (const char *)file.data, file.size);
		ret->distribution = text ? text : "";
	}
	mapped_file_release(&file);
}

static struct error *convert(const struct crash *crash, const char *name, struct str *ret)
{
	const struct report_format *format = report_formats;
	char *bytes = NULL;
	size_t len = 0;
	while (format->name && !streq(format->name, name))
		format++;
	FILE *memory = open_memstream(&bytes, &len);
	_free_ struct output *output = calloc(1, sizeof(*output));
	if (memory && output && format->name) {
		output->file = memory;
		format->write(crash, output);
		output_flush(output);
	}
	bool ok = memory && fclose(memory) == 0 && output && !output->error;
	if (ok)
		str_add(ret, bytes, len);
	free(bytes);
	return ok && !ret->failed ? NULL : error_nomem();
}

static struct error *write_report(struct session *s, const char *format, const char *document, size_t len,
				  struct arena *arena, struct report *report)
{
	struct crash crash = { .target = s->target };
	_str_ struct str content = STR_INIT;
	if (!crash_load(&crash, arena, document, len))
		return error_new(ERROR_INTERNAL, "report: bt's document cannot be read back");
	read_distribution(s, arena, &crash);
	struct error *err = convert(&crash, format, &content);
	if (err)
		return err;
	const struct value values[REPORT_COLUMNS] = {
		[REPORT_FORMAT] = value_str(format),
		[REPORT_FINGERPRINT] = value_str(crash.fingerprint),
		[REPORT_TITLE] = value_str(crash.title),
		[REPORT_CONTENT] = value_bytes(content.buf, content.len),
	};
	report_row(report, &report_record, values);
	return NULL;
}

static struct error *report_run(struct session *session, const void *config_, struct report *report)
{
	const struct report_config *config = config_;
	char *document = NULL;
	size_t len = 0;
	bool loss = false;
	FILE *memory = open_memstream(&document, &len);
	struct arena arena = ARENA_INIT;
	struct error *err = memory ? run_bt(session, memory, &loss) : error_nomem();
	if (memory && fclose(memory) != 0 && !err)
		err = error_nomem();
	if (!err)
		err = write_report(session, config->format ? config->format : "text", document, len, &arena,
				   report);
	if (!err && loss)
		remark_loss(&session->target->remarks, "something that bt reports is lost: see its notes");
	arena_release(&arena);
	free(document);
	return err;
}

const struct analyzer analyzer_report = {
	.api = PYCORE_PLUGIN_API,
	.name = "report",
	.summary = "write the crash down for people, bug trackers and crash stores",
	.description =
		"All formats say what `pycore bt --json` says, without variables. text is one page; markdown and\n"
		"gitlab are for an issue; satyr-python, satyr-core and ureport are abrt's and FAF's; apport is\n"
		"Ubuntu's; sentry is an envelope, to be sent with sentry-cli send-envelope; otel is an OTLP log\n"
		"record in JSON. Nothing is sent anywhere. The fingerprint is the same for the same crash on\n"
		"another machine: it is made of the signal and of the innermost functions with their files' names,\n"
		"not of paths, addresses or line numbers.\n\n"
		"The core is read in a sandbox, unless --sandbox=off.",
	.example =
		"pycore report core.1234\n"
		"pycore report --format=markdown core.1234\n"
		"pycore report --format=sentry last --output event.envelope",
	.options = report_options_table,
	.config_size = sizeof(struct report_config),
	.root = &report_root,
	.needs = NEEDS_TARGET | NEEDS_RUNTIME | WANTS_SANDBOX | RAW_TEXT,
	.run = report_run,
};
