/* pycore info: what the core holds, before any question about Python is asked. */
#include "analyzers/mapped.h"
#include "analyzers/session.h"

#include <inttypes.h>
#include "analyzers/words.h"
#include "core/checked.h"
#include "core/stored.h"
#include "report/text.h"

static void put_label(struct text *out, const char *label)
{
	text_style(out, STYLE_HEADING);
	text_printf(out, "%-10s", label);
	text_style(out, STYLE_PLAIN);
}

/* Lines below a label; each value is a sentence made beforehand. */
static void put_lines(struct text *out, const char *label, const struct value *lines)
{
	text_put(out, "\n", 1);
	for (size_t i = 0; i < lines->list.count; i++) {
		put_label(out, i ? "" : label);
		text_escaped(out, lines->list.items[i], strlen(lines->list.items[i]));
		text_put(out, "\n", 1);
	}
}

#define LINES_COLUMN                                                                               \
	{ .name = "lines", .type = VALUE_STRINGS, .hidden = true, .doc = "as text says it" }

/* --- the core file -------------------------------------------------------------------------- */

enum core_column {
	CORE_PATH,
	CORE_SIZE,
	CORE_EXPECTED,
	CORE_SLIM,
	CORE_TIME,
	CORE_LINES,
	CORE_COLUMNS
};

static const struct column core_columns[] = {
	[CORE_PATH] = COLUMN("path", STRING, "as it was given"),
	[CORE_SIZE] = COLUMN("size", UINT, "bytes, unpacked"),
	[CORE_EXPECTED] = COLUMN("expected_size", UINT, "bytes that its program headers promise"),
	[CORE_SLIM] = COLUMN("slim", BOOL, "made by pycore slim"),
	[CORE_TIME] = COLUMN("time", TIME, "of death, as the file's own time tells"),
	[CORE_LINES] = LINES_COLUMN,
};

static void core_text(struct text *out, const struct value *values)
{
	put_lines(out, "Core", &values[CORE_LINES]);
}

static const struct record core_record = {
	.name = "core", .doc = "the file", COLUMNS(core_columns), .text = core_text,
};

static bool report_core(const struct target *t, struct report *report)
{
	_str_ struct str file = STR_INIT, time = STR_INIT;
	str_printf(&file, "%s, ", t->path);
	words_bytes(&file, t->core.size);
	str_adds(&file, t->slim ? ", made by pycore slim" : "");
	if (t->truncated) {
		str_adds(&file, ", truncated: ");
		words_bytes(&file, t->expected_size);
		str_adds(&file, " were to be written");
	}
	str_adds(&time, "written ");
	words_time(&time, t->process.time);
	const char *lines[] = { file.buf, time.buf };
	struct value values[CORE_COLUMNS] = {
		[CORE_PATH] = value_str(t->path),
		[CORE_SIZE] = value_uint(t->core.size),
		[CORE_EXPECTED] = value_uint(t->expected_size),
		[CORE_SLIM] = value_bool(t->slim),
		[CORE_LINES] = value_strings(lines, t->process.time >= 0 ? 2 : 1),
	};
	if (t->process.time >= 0)
		values[CORE_TIME] = value_int(t->process.time);
	return report_row(report, &core_record, values);
}

/* --- who ran it, who ended it --------------------------------------------------------------- */

enum owner_column {
	OWNER_PPID, OWNER_UID, OWNER_GID, OWNER_NAME, OWNER_ARGV_CUT, OWNER_SIGNAL_MEANING,
	OWNER_SENDER_PID, OWNER_SENDER_UID, OWNER_LINES, OWNER_COLUMNS,
};

static const struct column owner_columns[] = {
	[OWNER_PPID] = COLUMN("ppid", INT, "the parent's"),
	[OWNER_UID] = COLUMN("uid", INT, "real user"),
	[OWNER_GID] = COLUMN("gid", INT, "real group"),
	[OWNER_NAME] = COLUMN("name", STRING, "the kernel's: at most 15 bytes"),
	[OWNER_ARGV_CUT] = COLUMN("argv_cut", BOOL,
				  "process.argv comes from the 80 bytes that the kernel keeps"),
	[OWNER_SIGNAL_MEANING] = COLUMN("signal_meaning", STRING, "si_code in words"),
	[OWNER_SENDER_PID] = COLUMN("sender_pid", INT, "who sent the signal with kill(2)"),
	[OWNER_SENDER_UID] = COLUMN("sender_uid", INT, "its user"),
	[OWNER_LINES] = LINES_COLUMN,
};

static void owner_text(struct text *out, const struct value *values)
{
	put_lines(out, "Process", &values[OWNER_LINES]);
}

static const struct record owner_record = {
	.name = "owner", .doc = "who ran the process and who ended it",
	COLUMNS(owner_columns), .text = owner_text,
};

static struct value known_int(int64_t number)
{
	return number >= 0 ? value_int(number) : value_absent();
}

static void add_id(struct str *out, const char *name, int64_t id)
{
	if (id >= 0)
		str_printf(out, "%s%s %" PRId64, out->len ? ", " : "", name, id);
}

static bool report_owner(const struct process *p, struct report *report)
{
	char build_id[2 * BUILD_ID_MAX + 1];
	_str_ struct str ids = STR_INIT, program = STR_INIT;
	add_id(&ids, "pid", p->pid);
	add_id(&ids, "parent", p->ppid);
	add_id(&ids, "uid", p->uid);
	add_id(&ids, "gid", p->gid);
	if (p->name)
		str_printf(&ids, "%sname %s", ids.len ? ", " : "", p->name);
	build_id_format(&p->build_id, build_id);
	str_printf(&program, "%s, %s%s", p->executable ? p->executable : "executable unknown",
		   p->build_id.len ? "build-id " : "no build-id", build_id);
	const char *lines[3] = { program.buf, ids.buf };
	size_t count = ids.len ? 2 : 1;
	if (p->argv_cut)
		lines[count++] =
			"the command line may be cut: the stack that holds it was not dumped";
	const struct value values[OWNER_COLUMNS] = {
		[OWNER_PPID] = known_int(p->ppid),
		[OWNER_UID] = known_int(p->uid),
		[OWNER_GID] = known_int(p->gid),
		[OWNER_NAME] = value_str(p->name),
		[OWNER_ARGV_CUT] = value_bool(p->argv_cut),
		[OWNER_SIGNAL_MEANING] =
			value_str(p->has_siginfo ? signal_code_text(p->signal, p->si_code) : NULL),
		[OWNER_SENDER_PID] = p->has_sender ? known_int(p->sender_pid) : value_absent(),
		[OWNER_SENDER_UID] = p->has_sender ? known_int(p->sender_uid) : value_absent(),
		[OWNER_LINES] = value_strings(lines, count),
	};
	return report_row(report, &owner_record, values);
}

/* --- what systemd-coredump stored beside the core ------------------------------------------- */

enum stored_column {
	STORED_PID, STORED_TID, STORED_UID, STORED_GID, STORED_SIGNAL, STORED_TIME, STORED_RLIMIT,
	STORED_HOSTNAME, STORED_NAME, STORED_THREAD_NAME, STORED_EXECUTABLE, STORED_LINES,
	STORED_COLUMNS,
};

static const struct column stored_columns[] = {
	[STORED_PID] = COLUMN("pid", INT, "in the host's namespace"),
	[STORED_TID] = COLUMN("tid", INT, "of the thread that took the signal, as the host counts"),
	[STORED_UID] = COLUMN("uid", INT, "user"),
	[STORED_GID] = COLUMN("gid", INT, "group"),
	[STORED_SIGNAL] = COLUMN("signal", INT, "its number"),
	[STORED_TIME] = COLUMN("time", TIME, "of death"),
	[STORED_RLIMIT] = COLUMN("rlimit", UINT, "RLIMIT_CORE in bytes; null: no limit"),
	[STORED_HOSTNAME] = COLUMN("hostname", STRING, "of the machine"),
	[STORED_NAME] = COLUMN("name", STRING, "the kernel's: at most 15 bytes"),
	[STORED_THREAD_NAME] = COLUMN("thread_name", STRING, "of that thread"),
	[STORED_EXECUTABLE] = COLUMN("executable", STRING, "path, as seen from within the process"),
	[STORED_LINES] = LINES_COLUMN,
};

static void stored_text(struct text *out, const struct value *values)
{
	put_lines(out, "Stored", &values[STORED_LINES]);
}

static const struct record stored_record = {
	.name = "stored",
	.doc = "what systemd-coredump noted beside the file (user.coredump.*); null: nothing",
	COLUMNS(stored_columns), .text = stored_text,
};

static bool report_stored(const struct target *t, struct report *report)
{
	const struct stored *s = t->core.stored;
	if (!s)
		return true;
	_str_ struct str ids = STR_INIT, who = STR_INIT;
	add_id(&ids, "pid", s->pid);
	add_id(&ids, "thread", s->tid);
	add_id(&ids, "uid", s->uid);
	add_id(&ids, "gid", s->gid);
	add_id(&ids, "signal", s->signal);
	str_printf(&who, "%s%s%s, on %s", s->executable ? s->executable : "executable not told",
		   s->name ? ", name " : "", s->name ? s->name : "", s->hostname ? s->hostname : "?");
	const char *lines[] = { who.buf, ids.buf };
	struct value values[STORED_COLUMNS] = {
		[STORED_PID] = known_int(s->pid),
		[STORED_TID] = known_int(s->tid),
		[STORED_UID] = known_int(s->uid),
		[STORED_GID] = known_int(s->gid),
		[STORED_SIGNAL] = known_int(s->signal),
		[STORED_TIME] = known_int(s->timestamp >= 0 ? s->timestamp / 1000000 : -1),
		[STORED_RLIMIT] = s->rlimit == UINT64_MAX ? value_absent() : value_uint(s->rlimit),
		[STORED_HOSTNAME] = value_str(s->hostname),
		[STORED_NAME] = value_str(s->name),
		[STORED_THREAD_NAME] = value_str(s->thread_name),
		[STORED_EXECUTABLE] = value_str(s->executable),
		[STORED_LINES] = value_strings(lines, ids.len ? 2 : 1),
	};
	return report_row(report, &stored_record, values);
}

/* --- the Python found ----------------------------------------------------------------------- */

enum found_column {
	FOUND_EVIDENCE, FOUND_MODULE, FOUND_RUNTIME, FOUND_VERSION_EVIDENCE, FOUND_VERSION_TEXT,
	FOUND_VERSION_KNOWN, FOUND_TABLE, FOUND_PROOFS, FOUND_PROOFS_FAILED, FOUND_FINALIZING,
	FOUND_LINES, FOUND_COLUMNS,
};

static const struct column found_columns[] = {
	[FOUND_EVIDENCE] = COLUMN("evidence", STRING, "symbol, code, section, cookie or search"),
	[FOUND_MODULE] = COLUMN("module", STRING, "the file that Python's own data lies in"),
	[FOUND_RUNTIME] = COLUMN("runtime", ADDRESS, "of _PyRuntime; null before 3.7"),
	[FOUND_VERSION_EVIDENCE] = COLUMN("version_evidence", STRING, "where the version was read"),
	[FOUND_VERSION_TEXT] = COLUMN("version_text", STRING, "sys.version"),
	[FOUND_VERSION_KNOWN] =
		COLUMN("version_known", BOOL, "false: a version that pycore has no table for"),
	[FOUND_TABLE] = COLUMN("table", STRING, "the table of offsets that is used"),
	[FOUND_PROOFS] =
		COLUMN("proofs", UINT, "truths about the layout that were tried on the core"),
	[FOUND_PROOFS_FAILED] = COLUMN("proofs_failed", UINT, "those that did not hold"),
	[FOUND_FINALIZING] = COLUMN("finalizing", BOOL, "Py_Finalize had begun"),
	[FOUND_LINES] = LINES_COLUMN,
};

static void found_text(struct text *out, const struct value *values)
{
	put_lines(out, "Python", &values[FOUND_LINES]);
}

static const struct record found_record = {
	.name = "found",
	.doc = "how Python was found, and how sure that is; null when there is none",
	COLUMNS(found_columns),
	.text = found_text,
};

static const char *const evidence_names[] = {
	[FOUND_BY_SYMBOL] = "symbol",
	[FOUND_BY_CODE] = "code",
	[FOUND_BY_SECTION] = "section",
	[FOUND_BY_COOKIE] = "cookie",
	[FOUND_BY_SEARCH] = "search",
};
static const char *const evidence_words[] = {
	[FOUND_BY_SYMBOL] = "found by its symbols",
	[FOUND_BY_CODE] = "found through PyInterpreterState_Head()'s instructions",
	[FOUND_BY_SECTION] = "found by the section .PyRuntime",
	[FOUND_BY_COOKIE] = "found by the debug offsets' cookie",
	[FOUND_BY_SEARCH] = "found by searching the writable memory",
};

static bool report_found(const struct runtime *rt, struct report *report)
{
	const struct layout *l = &rt->layout;
	_str_ struct str version = STR_INIT, where = STR_INIT, layout = STR_INIT;
	words_python(&version, rt);
	if (rt->version_text)
		str_printf(&version, ": %s", rt->version_text);
	str_printf(&where, "%s", evidence_words[rt->evidence]);
	if (rt->module)
		str_printf(&where, " in %s", rt->module->path);
	if (rt->version_evidence)
		str_printf(&where, ", version by %s", rt->version_evidence);
	str_printf(
		&layout, "layout %s: %u of %u proofs hold%s", l->table ? l->table : "?",
		rt->proofs - rt->proofs_failed, rt->proofs,
		l->version_known
			? ""
			: "; a version without a table of its own, read through its debug offsets");
	const char *lines[4] = { version.buf, where.buf, layout.buf };
	size_t count = 3;
	if (rt->finalizing)
		lines[count++] = "the interpreter was shutting down";
	const struct value values[FOUND_COLUMNS] = {
		[FOUND_EVIDENCE] = value_str(evidence_names[rt->evidence]),
		[FOUND_MODULE] = value_str(rt->module ? rt->module->path : NULL),
		[FOUND_RUNTIME] = rt->address ? value_uint(rt->address) : value_absent(),
		[FOUND_VERSION_EVIDENCE] = value_str(rt->version_evidence),
		[FOUND_VERSION_TEXT] = value_str(rt->version_text),
		[FOUND_VERSION_KNOWN] = value_bool(l->version_known),
		[FOUND_TABLE] = value_str(l->table),
		[FOUND_PROOFS] = value_uint(rt->proofs),
		[FOUND_PROOFS_FAILED] = value_uint(rt->proofs_failed),
		[FOUND_FINALIZING] = value_bool(rt->finalizing),
		[FOUND_LINES] = value_strings(lines, count),
	};
	return report_row(report, &found_record, values);
}

/* --- threads -------------------------------------------------------------------------------- */

enum counts_column { COUNTS_OS, COUNTS_PYTHON, COUNTS_INTERPRETERS, COUNTS_LINES, COUNTS_COLUMNS };

static const struct column counts_columns[] = {
	[COUNTS_OS] = COLUMN("os", UINT, "threads in the core"),
	[COUNTS_PYTHON] = COLUMN("python", UINT, "Python thread states; null without Python"),
	[COUNTS_INTERPRETERS] = COLUMN("interpreters", UINT, "null without Python"),
	[COUNTS_LINES] = LINES_COLUMN,
};

static void counts_text(struct text *out, const struct value *values)
{
	put_lines(out, "Threads", &values[COUNTS_LINES]);
}

static const struct record counts_record = {
	.name = "threads", .doc = "how many; see bt", COLUMNS(counts_columns), .text = counts_text,
};

static bool report_counts(struct session *s, struct report *report)
{
	_str_ struct str line = STR_INIT;
	uint64_t states = 0, count = 0;
	words_count(&line, s->target->threads.len, "thread");
	struct value values[COUNTS_COLUMNS] = { [COUNTS_OS] = value_uint(s->target->threads.len) };
	if (s->runtime) {
		struct interpreter_iter it = interpreters(s->runtime);
		struct interpreter interp;
		struct pythread thread;
		for (; interpreter_next(&it, &interp); count++)
			for (struct pythread_iter t = pythreads(s->runtime, &interp);
			     pythread_next(&t, &thread);)
				states++;
		str_adds(&line, ", ");
		words_count(&line, states, "Python thread state");
		str_adds(&line, " in ");
		words_count(&line, count, "interpreter");
		values[COUNTS_PYTHON] = value_uint(states);
		values[COUNTS_INTERPRETERS] = value_uint(count);
	}
	const char *lines[] = { line.buf };
	values[COUNTS_LINES] = value_strings(lines, 1);
	return report_row(report, &counts_record, values);
}

/* --- memory --------------------------------------------------------------------------------- */

enum memory_column {
	MEMORY_SOURCE,
	MEMORY_WHY,
	MEMORY_BYTES,
	MEMORY_EXTENTS,
	MEMORY_FIRST,
	MEMORY_COLUMNS
};

static const struct column memory_columns[] = {
	[MEMORY_SOURCE] = COLUMN("source", STRING, "core, file, zero or lost"),
	[MEMORY_WHY] = COLUMN("why", STRING, "for what is lost"),
	[MEMORY_BYTES] = COLUMN("bytes", UINT, "of address space"),
	[MEMORY_EXTENTS] = COLUMN("extents", UINT, "pieces"),
	[MEMORY_FIRST] = { .name = "first",
			   .type = VALUE_BOOL,
			   .hidden = true,
			   .doc = "has the label" },
};

static void memory_text(struct text *out, const struct value *values)
{
	_str_ struct str bytes = STR_INIT;
	words_bytes(&bytes, values[MEMORY_BYTES].u);
	if (values[MEMORY_FIRST].b)
		text_put(out, "\n", 1);
	put_label(out, values[MEMORY_FIRST].b ? "Memory" : "");
	text_printf(out, "%10s  ", bytes.buf);
	text_value(out, &memory_columns[MEMORY_SOURCE], &values[MEMORY_SOURCE]);
	if (values[MEMORY_WHY].state == VALUE_PRESENT) {
		text_printf(out, ": ");
		text_value(out, &memory_columns[MEMORY_WHY], &values[MEMORY_WHY]);
	}
	text_put(out, "\n", 1);
}

static const struct record memory_record = {
	.name = "memory",
	.list = true,
	.doc = "where the bytes come from, and why the rest is lost",
	COLUMNS(memory_columns),
	.text = memory_text,
};

struct memory_sum {
	uint8_t source;
	const char *why;
	uint64_t bytes, extents;
};

static bool same_why(const char *a, const char *b)
{
	return a == b || (a && b && streq(a, b));
}

/* Reasons are few; so many different ones that they do not fit go into the last. */
enum { MAX_SUMS = 64 };
static struct memory_sum *sum_for(struct memory_sum *sums, size_t *count, const struct extent *e)
{
	for (size_t i = 0; i < *count; i++)
		if (sums[i].source == e->source && same_why(sums[i].why, e->why))
			return &sums[i];
	if (*count == MAX_SUMS)
		return &sums[MAX_SUMS - 1];
	sums[*count] = (struct memory_sum){ .source = e->source, .why = e->why };
	return &sums[(*count)++];
}

static bool report_memory(const struct target *t, struct report *report)
{
	static const char *const names[] = {
		[EXTENT_CORE] = "core", [EXTENT_FILE] = "file", [EXTENT_LOST] = "lost",
	};
	struct memory_sum sums[MAX_SUMS];
	size_t count = 0;
	const struct extent *extent;
	vec_each(extent, &t->memory.extents) {
		struct memory_sum *sum = sum_for(sums, &count, extent);
		sum->bytes += extent->end - extent->start;
		sum->extents++;
	}
	bool ok = true, first = true;
	for (unsigned source = EXTENT_CORE; ok && source <= EXTENT_LOST; source++) {
		for (size_t i = 0; ok && i < count; i++) {
			if (sums[i].source != source)
				continue;
			const struct value values[MEMORY_COLUMNS] = {
				[MEMORY_SOURCE] = value_str(names[source]),
				[MEMORY_WHY] = value_str(sums[i].why),
				[MEMORY_BYTES] = value_uint(sums[i].bytes),
				[MEMORY_EXTENTS] = value_uint(sums[i].extents),
				[MEMORY_FIRST] = value_bool(first),
			};
			first = false;
			ok = report_row(report, &memory_record, values);
		}
	}
	return ok;
}

/* --- the whole ------------------------------------------------------------------------------ */

static const struct record *const info_children[] = {
	&core_record,   &owner_record,  &stored_record, &found_record,
	&counts_record, &memory_record, &mapped_record, NULL,
};

static const struct record info_root = {
	.name = "info", .doc = "what the core holds", .children = info_children,
};

static struct error *run_info(struct session *s, const void *config, struct report *report)
{
	bool ok = report_core(s->target, report) && report_owner(&s->target->process, report) &&
		  report_stored(s->target, report);
	if (ok && s->runtime)
		ok = report_found(s->runtime, report);
	if (ok && report_counts(s, report) && report_memory(s->target, report))
		mapped_report(s->target, report);
	return NULL;
}

const struct analyzer analyzer_info = {
	.api = PYCORE_PLUGIN_API,
	.name = "info",
	.summary = "what the core holds: process, signal, Python, modules, missing memory",
	.description = "Says what the file is, which process it was and how it died, which Python "
		       "was found in it and "
		       "how sure that is, how many threads it had, where its memory comes from and "
		       "what of it is lost, "
		       "and for each module whether its file is here and is the same build.\n"
		       "It works for cores of programs without Python too.",
	.example = "pycore info core.1234\n"
		   "pycore info --json core.1234 | jq '.modules[] | select(.file != \"matches\")'",
	.root = &info_root,
	.needs = NEEDS_TARGET | WANTS_RUNTIME,
	.run = run_info,
};
