/* pycore slim: run bt, and heap where that is asked for, see which pages they touched, and write a core
 * of those alone. */
#include "analyzers/session.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "analyzers/source.h"
#include "analyzers/words.h"
#include "core/checked.h"
#include "core/redact.h"
#include "core/slim.h"
#include "core/str.h"
#include "core/touched.h"
#include "report/text.h"

extern const struct analyzer analyzer_bt, analyzer_crash, analyzer_heap, analyzer_gc, analyzer_object;

struct slim_config {
	const char *locals, *compress, *source;
	bool heap;
};

static const char *const locals_choices[] = { "short", "full", NULL };
static const char *const compress_choices[] = { "none", "zstd", NULL };
static const char *const source_choices[] = { "auto", "off", NULL };

#define AT(member) .offset = offsetof(struct slim_config, member)

static const struct option slim_options[] = {
	{ "locals", 'l', OPTION_CHOICE, .help = "keep what bt --locals needs; =full what bt --locals=full needs",
	  AT(locals), .choices = locals_choices, .optional_argument = true },
	{ "heap", 0, OPTION_FLAG, .help = "keep what heap, gc and object need: every object", AT(heap) },
	{ "compress", 0, OPTION_CHOICE, .help = "zstd, or none; pycore opens both", AT(compress),
	  .choices = compress_choices },
	{ "source", 0, OPTION_CHOICE,
	  .help = "take along the source lines that bt shows (auto), or none (off)", AT(source),
	  .choices = source_choices },
	{ 0 },
};

enum slim_column { SLIM_FILE, SLIM_PAGES, SLIM_BYTES_IN, SLIM_BYTES_OUT, SLIM_COLUMNS };

static const struct column slim_columns[] = {
	[SLIM_FILE] = COLUMN("file", STRING, "what was written"),
	[SLIM_PAGES] = COLUMN("pages", UINT, "kept, of 4 KiB"),
	[SLIM_BYTES_IN] = COLUMN("bytes_in", UINT, "size of the core, unpacked"),
	[SLIM_BYTES_OUT] = COLUMN("bytes_out", UINT, "size of the file that was written"),
};

static void slim_text(struct text *out, const struct value *values)
{
	_str_ struct str line = STR_INIT;
	text_put(out, "\n", 1);
	text_value(out, &slim_columns[SLIM_FILE], &values[SLIM_FILE]);
	str_printf(&line, ": %" PRIu64 " pages kept, ", values[SLIM_PAGES].u);
	words_bytes(&line, values[SLIM_BYTES_OUT].u);
	str_adds(&line, " of ");
	words_bytes(&line, values[SLIM_BYTES_IN].u);
	text_printf(out, "%s\n", line.buf);
}

static const struct record slim_record = {
	.name = "slim", .doc = "the written core", COLUMNS(slim_columns), .text = slim_text,
};

static const struct record *const slim_children[] = { &slim_record, NULL };

static const struct record slim_root = {
	.name = "slim", .doc = "a core with only the pages that bt needs", .children = slim_children,
};

static ssize_t swallow(void *nobody, const char *bytes, size_t len)
{
	return (ssize_t)len;
}

/* A command as it runs by itself, in its longest form, shown to nobody. */
static struct error *run_unseen(struct session *s, const struct analyzer *command, char *config)
{
	/* Not /dev/null: in a sandbox nothing can be opened. */
	FILE *nowhere = fopencookie(NULL, "w", (cookie_io_functions_t){ .write = swallow });
	struct report_options options = {
		.form = REPORT_JSON, .command = command->name, .version = PYCORE_VERSION
	};
	struct report *report = nowhere ? report_new(command->root, &options, nowhere) : NULL;
	struct error *err = report ? command->run(s, config, report) : error_nomem();
	if (report) {
		report_end(report);
		report_free(report);
	}
	if (nowhere)
		fclose(nowhere);
	return err;
}

/* option: what to set to value; NULL: nothing. */
static struct error *run_with(struct session *s, const struct analyzer *command, const char *option,
			      const char *value)
{
	_free_ char *config = calloc(1, command->config_size + 1);
	if (!config)
		return error_nomem();
	if (option)
		*(const char **)analyzer_option(command, config, option) = value;
	return run_unseen(s, command, config);
}

/* C frames and what crash looks at. What is lost of them is no loss of what slim is for. */
static void run_native(struct session *s)
{
	struct remarks *remarks = &s->target->remarks, saved = *remarks;
	*remarks = (struct remarks)REMARKS_INIT;
	error_free(run_with(s, &analyzer_bt, "native", "all"));
	error_free(run_with(s, &analyzer_crash, NULL, NULL));
	remarks_release(remarks);
	*remarks = saved;
}

/* Every object with its size and references, the allocators' own memory, what the collector knows, and
 * all roots. */
static const struct unseen {
	const struct analyzer *command;
	const char *flags[2];
} heap_commands[] = {
	{ &analyzer_heap, { NULL } },
	{ &analyzer_heap, { "overview" } },
	{ &analyzer_heap, { "pinned" } },
	{ &analyzer_gc, { NULL } },
	{ &analyzer_object, { "referrers", "why" } },
};

static struct error *run_heap(struct session *s)
{
	struct session quiet = *s;
	struct error *err = NULL;
	quiet.subject = "sys.modules";
	for (size_t i = 0; !err && i < ARRAY_SIZE(heap_commands); i++) {
		const struct unseen *u = &heap_commands[i];
		_free_ char *config = calloc(1, u->command->config_size + 1);
		if (!config)
			return error_nomem();
		for (size_t j = 0; j < ARRAY_SIZE(u->flags) && u->flags[j]; j++)
			*(bool *)analyzer_option(u->command, config, u->flags[j]) = true;
		err = run_unseen(&quiet, u->command, config);
	}
	return err;
}

/* Everything is looked up again: nothing that another run had cached is missed. */
static struct error *look_up(struct session *again, const struct session *session,
			     const struct redaction *redaction)
{
	*again = *session;
	again->symbols = NULL;
	again->runtime = NULL;
	again->source_log = NULL;
	again->text_form = false;
	again->redaction = redaction;
	struct error *err = symbols_load(again->target, again->files, &again->symbols);
	if (!err)
		err = runtime_locate(again->target, again->symbols, &again->runtime);
	if (!err)
		again->runtime->redaction = redaction;
	return err;
}

static void let_go(struct session *again)
{
	if (again->runtime)
		runtime_free(again->runtime);
	if (again->symbols)
		symbols_free(again->symbols);
}

/* What takes tables to work out, of symbols, calls and allocators, is kept as answers. */
static struct error *keep_answers(const struct session *session)
{
	struct session again;
	struct error *err = look_up(&again, session, NULL);
	session->target->kept.keeping = true;
	if (!err)
		run_native(&again);
	session->target->kept.keeping = false;
	let_go(&again);
	return err;
}

static bool is_known(const struct symbol_hint *symbols, size_t count, const struct symbol *symbol)
{
	for (size_t i = 0; i < count; i++)
		if (symbols[i].addr == symbol->addr && streq(symbols[i].name, symbol->name))
			return true;
	return false;
}

/* Symbols that only a symbol table had, and _PyRuntime when its section was how it was found. */
static struct error *write_slim(struct session *s, bool compress, const struct source_log *log,
				const struct touched *bytes, struct slim_result *ret)
{
	const struct symbol *found;
	size_t count = symbols_found(s->symbols, &found), kept = 0;
	_free_ struct symbol_hint *symbols = calloc(count + 1, sizeof(*symbols));
	if (!symbols)
		return error_nomem();
	for (size_t i = 0; i < count; i++)
		if (found[i].source != SYMBOL_DYNSYM && !is_known(symbols, kept, &found[i]))
			symbols[kept++] = (struct symbol_hint){ found[i].name, found[i].addr, found[i].size };
	if (s->runtime && s->runtime->evidence == FOUND_BY_SECTION)
		symbols[kept++] = (struct symbol_hint){ "_PyRuntime", s->runtime->address, 0 };
	struct slim_extras extras = { symbols, kept, log->lines.items, log->lines.len, bytes };
	return slim_write(s->target, &extras, s->made, compress, ret);
}

static struct error *slim_run(struct session *session, const void *config_, struct report *report)
{
	const struct slim_config *config = config_;
	struct slim_result result = { 0 };
	if (!session->made)
		return error_new(ERROR_USAGE, "slim: where to? give -o FILE");
	/* Who searches memory for Python reads all of it. */
	if (session->redaction && session->runtime->evidence == FOUND_BY_SEARCH)
		return error_new(ERROR_UNSUPPORTED, "slim --redact: needs the program that crashed, to find its "
				 "Python without a search: give it, or where it is with --sysroot or --search");
	if (session->redaction && config->heap)
		return error_new(ERROR_USAGE, "slim: --heap keeps every value, --redact none: choose one");
	/* With --redact no values are kept: what is not read is not, and C stacks may hold any. */
	const struct redaction *redaction = session->redaction ? redaction_all() : NULL;
	struct session again;
	struct source_log log = { 0 };
	_cleanup_(owned_touched_free) struct touched *bytes = redaction ? touched_new() : NULL;
	if (redaction && !bytes)
		return error_nomem();
	struct error *err = redaction ? NULL : keep_answers(session);
	if (err)
		return err;
	/* From here on each page that is needed is seen. */
	memory_record_touches(&session->target->memory, true);
	memory_record_bytes(&session->target->memory, bytes);
	err = look_up(&again, session, redaction);
	/* Source has literals. */
	again.source_log = bytes || (config->source && streq(config->source, "off")) ? NULL : &log;
	if (!err)
		err = run_with(&again, &analyzer_bt, "locals", config->locals);
	if (!err && !redaction)
		run_native(&again);
	if (!err && config->heap)
		err = run_heap(&again);
	source_log_sort(&log);
	if (!err)
		err = write_slim(&again, config->compress && streq(config->compress, "zstd"), &log, bytes,
				 &result);
	source_log_release(&log);
	memory_record_touches(&session->target->memory, false);
	memory_record_bytes(&session->target->memory, NULL);
	let_go(&again);
	if (err)
		return err;
	struct value values[SLIM_COLUMNS] = {
		[SLIM_FILE] = value_str(session->output),
		[SLIM_PAGES] = value_uint(result.pages),
		[SLIM_BYTES_IN] = value_uint(session->target->core.size),
		[SLIM_BYTES_OUT] = value_uint(result.bytes),
	};
	report_row(report, &slim_record, values);
	return NULL;
}

const struct analyzer analyzer_slim = {
	.api = PYCORE_PLUGIN_API,
	.name = "slim",
	.summary = "write a small core that gives the same bt",
	.description =
		"Runs bt and crash, and writes a new, valid core with only the pages that these touched, those\n"
		"of the libraries included: some hundred KiB instead of gigabytes. The small file alone gives\n"
		"the same traceback, C frames too, and the same crash report on a machine that has neither the\n"
		"binaries nor the sources. Everything that they do not need is left out, and so are most\n"
		"secrets, but not all: names, source paths, the source lines that bt shows, C stacks and, with\n"
		"--locals, values are in it.\n"
		"With --heap it gives the same heap, gc and object too, and every value is in it.\n"
		"With --redact every byte of the process's memory that bt did not read is zero, no source\n"
		"line and no C stack is taken along, and of variables only types, lengths and shapes are kept.",
	.example =
		"pycore slim core.1234 -o small.core\n"
		"pycore slim core.1234 /usr/bin/python3 --locals --compress=zstd -o small.core.zst",
	.options = slim_options,
	.config_size = sizeof(struct slim_config),
	.root = &slim_root,
	.needs = NEEDS_TARGET | NEEDS_RUNTIME | OWNS_OUTPUT,
	.run = slim_run,
};
