/* pycore report: what bt says, as other programs and forms want it. */
#include "analyzers/report_crash.h"

#include <stdio.h>
#include <string.h>
#include "analyzers/session.h"
#include "core/checked.h"
#include "core/str.h"
#include "report/text.h"

extern const struct analyzer analyzer_bt, analyzer_heap, analyzer_modules;

enum {
	RELAX_BYTES = 4 << 20,
	HEAP_ROWS = 50,
};
/* Counting takes about a second for each GiB. */
#define HEAP_BYTES ((uint64_t)4 << 30)


struct report_config {
	struct syslog_options syslog;
	const char *format, *locals, *heap;
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
	{ "journal", report_write_journal },
	{ 0 },
};

static const char *const format_choices[] = {
	"text", "json", "markdown", "gitlab", "apport", "satyr-python", "satyr-core", "ureport", "sentry",
	"otel", "journal", NULL,
};

static const char *const locals_choices[] = { "short", "full", NULL };
static const char *const heap_choices[] = { "auto", "always", "off", NULL };

#define AT(member) .offset = offsetof(struct report_config, member)

static const struct option report_options_table[] = {
	{ "format", 'f', OPTION_CHOICE, .help = "what to write (text)", AT(format),
	  .choices = format_choices },
	{ "locals", 'l', OPTION_CHOICE,
	  .help = "variables too, where the format has a place for them, secrets taken out (--redact)",
	  AT(locals), .choices = locals_choices, .optional_argument = true },
	{ "syslog", 0, OPTION_FLAG,
	  .help = "to the journal, or where there is none to syslog; a file (--output) gets the text too",
	  AT(syslog.wanted) },
	{ "syslog-field", 0, OPTION_LIST, "NAME=VALUE",
	  "with --syslog: another field of the entry, OBJECT_SYSTEMD_UNIT=shop.service; may be given again",
	  AT(syslog.fields) },
	{ "heap", 0, OPTION_CHOICE,
	  .help = "count objects by type: of cores up to 4 GiB (auto), always or not (off)", AT(heap),
	  .choices = heap_choices },
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

/* --- the document ---------------------------------------------------------------------------- */

/* A core is gone through once, and given back as we go: a hook's memory is small. */
struct frugal {
	struct progress progress;
	struct progress *watched;	/* who else is told */
	const struct mapped_file *core;
	uint64_t last;
};

static void show_frugally(struct progress *progress, const char *what, uint64_t done, uint64_t total)
{
	struct frugal *f = (struct frugal *)progress;
	if (done < f->last || done - f->last >= RELAX_BYTES) {
		mapped_file_relax(f->core);
		f->last = done;
	}
	if (f->watched)
		f->watched->show(f->watched, what, done, total);
}

static const struct analyzer *const parts[] = { &analyzer_bt, &analyzer_heap, &analyzer_modules };

static bool is_wanted(struct session *s, const struct report_config *config, const struct analyzer *part)
{
	const struct target *t = s->target;
	if (part == &analyzer_bt)
		return true;
	/* A slim core has what bt needs. */
	if (t->slim)
		return false;
	if (part != &analyzer_heap)
		return true;
	if (config->heap && streq(config->heap, "off"))
		return false;
	if (config->heap && streq(config->heap, "always"))
		return true;
	if (t->core.size <= HEAP_BYTES)
		return true;
	remark_info(&s->target->remarks, "the heap was not counted, as the core is so large; --heap=always does");
	return false;
}

static struct error *run_part(struct session *s, const struct report_config *config,
			      const struct analyzer *part, struct report *report)
{
	static const char *const brief = "brief";
	_free_ void *options = calloc(1, part->config_size + 1);
	if (!options)
		return error_nomem();
	if (part == &analyzer_bt) {
		*(const char **)analyzer_option(part, options, "locals") = config->locals;
		/* Nor has it the stacks. */
		*(const char **)analyzer_option(part, options, "native") = s->target->slim ? NULL : brief;
	} else if (part == &analyzer_heap) {
		*(uint64_t *)analyzer_option(part, options, "top") = HEAP_ROWS;
	}
	struct error *err = part->run(s, options, report);
	/* Whatever the heap is like, there is a crash to be told of. */
	if (!err || part == &analyzer_bt)
		return err;
	remark_loss(&s->target->remarks, "%s: %s", part->name, err->message);
	error_free(err);
	return NULL;
}

static struct error *write_parts(struct session *s, const struct report_config *config, struct report *report)
{
	struct session again = *s;
	struct files files = *s->files;
	struct frugal frugal = {
		.progress.show = show_frugally,
		.watched = s->files->progress,
		.core = &s->target->core,
	};
	struct error *err = NULL;
	files.progress = &frugal.progress;
	again.files = &files;
	again.text_form = false;
	if (!process_report(s, report))
		return NULL;
	for (size_t i = 0; !err && i < ARRAY_SIZE(parts); i++)
		if (is_wanted(s, config, parts[i]))
			err = run_part(&again, config, parts[i], report);
	return err;
}

/* What each part has, behind the process: one document. */
static bool compose(const struct record **children, size_t room)
{
	size_t count = 0;
	children[count++] = &process_record;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		const struct record *const *child = parts[i]->root->children;
		for (; *child && count + 1 < room; child++)
			children[count++] = *child;
		if (*child)
			return false;
	}
	children[count] = NULL;
	return true;
}

static struct error *write_document(struct session *s, const struct report_config *config, FILE *out,
				    bool *ret_loss)
{
	struct report_options options = { .form = REPORT_JSON, .command = "report", .version = PYCORE_VERSION,
					  .redaction = s->redaction };
	const struct record *children[24];
	struct record root = { .name = "report", .children = children };
	struct report *report = compose(children, ARRAY_SIZE(children)) ? report_new(&root, &options, out) : NULL;
	if (!report)
		return error_nomem();
	struct error *err = write_parts(s, config, report);
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

/* --- the forms -------------------------------------------------------------------------------- */

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
		return error_new(ERROR_INTERNAL, "report: the document cannot be read back");
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

/* NULL: what was asked for cannot be had both ways. */
static const char *format_of(const struct report_config *config)
{
	const char *format = config->format;
	if (!config->syslog.wanted)
		return format ? format : "text";
	return !format || streq(format, "text") || streq(format, "journal") ? "journal" : NULL;
}

static unsigned report_needs(const void *config_)
{
	const struct report_config *config = config_;
	return NEEDS_TARGET | NEEDS_RUNTIME | WANTS_SANDBOX | REDACTS | RAW_TEXT |
	       (config->syslog.wanted ? TO_SYSLOG : 0);
}

static struct error *report_run(struct session *session, const void *config_, struct report *report)
{
	const struct report_config *config = config_;
	const char *format = format_of(config);
	if (!format || (config->syslog.wanted && !session->text_form))
		return error_new(ERROR_USAGE, "--syslog has a form of its own: leave --format and --json away");
	char *document = NULL;
	size_t len = 0;
	bool loss = false;
	FILE *memory = open_memstream(&document, &len);
	struct arena arena = ARENA_INIT;
	struct error *err = memory ? write_document(session, config, memory, &loss) : error_nomem();
	if (memory && fclose(memory) != 0 && !err)
		err = error_nomem();
	if (!err)
		err = write_report(session, format, document, len, &arena,
				   report);
	if (!err && loss)
		remark_loss(&session->target->remarks, "something is lost: see the notes of the report");
	arena_release(&arena);
	free(document);
	return err;
}

const struct analyzer analyzer_report = {
	.api = PYCORE_PLUGIN_API,
	.name = "report",
	.summary = "write the crash down for people, bug trackers and crash stores",
	.description =
		"One page as text: the death, every thread with its C frames, the types that fill the heap,\n"
		"versions. markdown and gitlab are for an issue; satyr-python, satyr-core and ureport are abrt's\n"
		"and FAF's; apport is Ubuntu's; sentry is an envelope, to be sent with sentry-cli\n"
		"send-envelope; otel is an OTLP log record in JSON; journal is the journal's export format.\n"
		"Nothing is sent anywhere but to the journal or syslog of this machine, with --syslog. Secrets\n"
		"are taken out unless --redact=off. The fingerprint is the same for the same crash on another\n"
		"machine: it is made of the signal and of the innermost functions with their files' names, not\n"
		"of paths, addresses or line numbers.\n\n"
		"The core is read in a sandbox, unless --sandbox=off.",
	.example =
		"pycore report core.1234\n"
		"pycore report --format=markdown core.1234\n"
		"pycore report --format=sentry last --output event.envelope",
	.options = report_options_table,
	.config_size = sizeof(struct report_config),
	.root = &report_root,
	.needs = NEEDS_TARGET | NEEDS_RUNTIME | WANTS_SANDBOX | REDACTS | RAW_TEXT,
	.needs_of = report_needs,
	.run = report_run,
};
