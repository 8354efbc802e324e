/* What every report begins with: which process it was, of what it died, which Python ran in it. */
#include "analyzers/session.h"

#include <inttypes.h>
#include <string.h>
#include "analyzers/words.h"
#include "core/checked.h"
#include "core/redact.h"
#include "report/text.h"

enum signal_column { SIGNAL_NUMBER, SIGNAL_NAME, SIGNAL_CODE, SIGNAL_ADDRESS, SIGNAL_COLUMNS };

static const struct column signal_columns[] = {
	[SIGNAL_NUMBER] = COLUMN("number", INT, "as the kernel counts"),
	[SIGNAL_NAME] = COLUMN("name", STRING, "\"SIGSEGV\""),
	[SIGNAL_CODE] = COLUMN("code", INT, "si_code; null when the core has no siginfo"),
	[SIGNAL_ADDRESS] =
		COLUMN("address", ADDRESS, "what could not be accessed; null for other signals"),
};

static const struct record signal_record = {
	.name = "signal", .doc = "of which the process died; null when it did not (gcore)",
	COLUMNS(signal_columns),
};

enum python_column {
	PYTHON_IMPLEMENTATION,
	PYTHON_VERSION,
	PYTHON_DEBUG,
	PYTHON_FREE_THREADED,
	PYTHON_COLUMNS
};

static const struct column python_columns[] = {
	[PYTHON_IMPLEMENTATION] = COLUMN("implementation", STRING, "\"cpython\""),
	[PYTHON_VERSION] = COLUMN("version", STRING, "\"3.12.1\""),
	[PYTHON_DEBUG] = COLUMN("debug", BOOL, "configured --with-pydebug"),
	[PYTHON_FREE_THREADED] = COLUMN("free_threaded", BOOL, "configured --disable-gil"),
};

static const struct record python_record = {
	.name = "python",
	.doc = "the Python in the process; null when none was found or looked for",
	COLUMNS(python_columns),
};

enum process_column {
	PROCESS_PID, PROCESS_ARGV, PROCESS_EXECUTABLE, PROCESS_MACHINE, PROCESS_BUILD_ID,
	PROCESS_TRUNCATED, PROCESS_WORDS, PROCESS_COLUMNS,
};

static const struct column process_columns[] = {
	[PROCESS_PID] = COLUMN("pid", INT, "null when the core does not say"),
	[PROCESS_ARGV] = COLUMN("argv", STRINGS, "the command line"),
	[PROCESS_EXECUTABLE] = COLUMN("executable", STRING, "path, as the core names it"),
	[PROCESS_MACHINE] = COLUMN("machine", STRING, "as uname -m"),
	[PROCESS_BUILD_ID] = COLUMN("build_id", STRING, "of the executable, in hexadecimal"),
	[PROCESS_TRUNCATED] =
		COLUMN("truncated", BOOL, "the core file ends before its segments do"),
	[PROCESS_WORDS] = { .name = "words",
			    .type = VALUE_STRINGS,
			    .hidden = true,
			    .doc = "the header's lines" },
};

/* The command line may be as long as a novel; the header is for the first screen. */
enum { MAX_COMMAND_BYTES = 400 };

static void put_command(struct text *out, const struct value *values)
{
	const struct value *argv = &values[PROCESS_ARGV], *executable = &values[PROCESS_EXECUTABLE];
	size_t room = MAX_COMMAND_BYTES;
	if (argv->state != VALUE_PRESENT || !argv->list.count) {
		if (executable->state == VALUE_PRESENT) {
			text_put(out, " ", 1);
			text_escaped(out, executable->s.bytes, executable->s.len);
		}
		return;
	}
	for (size_t i = 0; i < argv->list.count; i++) {
		const char *word = argv->list.items[i] ? argv->list.items[i] : "?";
		size_t len = strlen(word);
		text_put(out, " ", 1);
		text_escaped(out, word, MIN(len, room));
		if (len >= room) {
			text_printf(out, "...");
			return;
		}
		room -= len;
	}
}

static void process_text(struct text *out, const struct value *values)
{
	text_style(out, STYLE_HEADING);
	if (values[PROCESS_PID].state == VALUE_PRESENT)
		text_printf(out, "Process %" PRId64 ":", values[PROCESS_PID].i);
	else
		text_printf(out, "Process:");
	put_command(out, values);
	text_style(out, STYLE_PLAIN);
	text_put(out, "\n", 1);
	const struct value *words = &values[PROCESS_WORDS];
	for (size_t i = 0; i < words->list.count; i++) {
		text_escaped(out, words->list.items[i], strlen(words->list.items[i]));
		text_put(out, "\n", 1);
	}
}

static const struct record *const process_children[] = { &signal_record, &python_record, NULL };

const struct record process_record = {
	.name = "process", .doc = "the dead process",
	COLUMNS(process_columns), .children = process_children, .text = process_text,
};

static bool report_signal(const struct process *process, struct report *report)
{
	struct value values[SIGNAL_COLUMNS] = { 0 };
	values[SIGNAL_NUMBER] = value_int(process->signal);
	values[SIGNAL_NAME] = value_str(signal_name(process->signal));
	if (process->has_siginfo)
		values[SIGNAL_CODE] = value_int(process->si_code);
	if (process->has_fault_address)
		values[SIGNAL_ADDRESS] = value_uint(process->fault_address);
	return report_row(report, &signal_record, values);
}

static bool report_python(const struct runtime *rt, struct report *report)
{
	_str_ struct str version = STR_INIT;
	words_version(&version, &rt->layout.version);
	struct value values[PYTHON_COLUMNS] = { 0 };
	values[PYTHON_IMPLEMENTATION] = value_str("cpython");
	values[PYTHON_VERSION] = value_bytes(version.buf, version.len);
	values[PYTHON_DEBUG] = value_bool(rt->layout.version.debug);
	values[PYTHON_FREE_THREADED] = value_bool(rt->layout.version.free_threaded);
	return report_row(report, &python_record, values);
}

bool process_report(struct session *s, struct report *report)
{
	const struct target *target = s->target;
	const struct process *process = &target->process;
	char build_id[2 * BUILD_ID_MAX + 1];
	build_id_format(&process->build_id, build_id);
	_str_ struct str signal = STR_INIT, python = STR_INIT;
	words_signal(&signal, process);
	words_python(&python, s->runtime);
	if (!s->runtime)
		str_adds(&python, target->machine->name);
	else
		str_printf(&python, ", %s", target->machine->name);
	const char *words[] = { signal.buf, python.buf };
	const char *const *argv = process->argv;
	if (s->redaction && argv) {
		const char **clean = arena_alloc(&s->target->arena, (process->argc + 1) * sizeof(*clean));
		if (!clean || !redact_words(s->redaction, &s->target->arena, argv, process->argc, clean))
			return false;
		argv = clean;
	}
	struct value values[PROCESS_COLUMNS] = {
		[PROCESS_ARGV] = value_strings(argv, process->argc),
		[PROCESS_EXECUTABLE] = value_str(process->executable),
		[PROCESS_MACHINE] = value_str(target->machine->name),
		[PROCESS_TRUNCATED] = value_bool(target->truncated),
		[PROCESS_WORDS] = value_strings(words, ARRAY_SIZE(words)),
	};
	if (process->pid >= 0)
		values[PROCESS_PID] = value_int(process->pid);
	if (process->build_id.len)
		values[PROCESS_BUILD_ID] = value_str(build_id);
	bool ok = report_open(report, &process_record, values);
	if (ok && process->signal)
		ok = report_signal(process, report);
	if (ok && s->runtime)
		ok = report_python(s->runtime, report);
	return ok && report_close(report);
}

void session_report_remarks(struct session *s, struct report *report)
{
	struct remark *remark;
	vec_each(remark, &s->target->remarks.list) {
		if (remark->shown)
			continue;
		remark->shown = true;
		_str_ struct str text = STR_INIT;
		str_adds(&text, remark->text);
		if (remark->count > 1)
			str_printf(&text, " (%u times)", remark->count);
		report_note(report, remark->level == REMARK_LOSS ? NOTE_LOSS : NOTE_INFO, text.buf);
	}
	if (s->target->remarks.dropped) {
		_str_ struct str text = STR_INIT;
		str_printf(&text, "%u more remarks of this kind are not shown",
			   s->target->remarks.dropped);
		report_note(report, s->target->remarks.loss ? NOTE_LOSS : NOTE_INFO, text.buf);
		s->target->remarks.dropped = 0;
	}
}
