/* For people: one page, a forge's issue, apport's report. */
#include "analyzers/report_crash.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>
#include "analyzers/words.h"
#include "core/str.h"

enum { TEXT_TYPES = 10, TEXT_VERSIONS = 40 };

static void line(struct output *o, const char *label, const char *text)
{
	if (!text)
		return;
	output_puts(o, label);
	crash_put(o, text);
	output_char(o, '\n');
}

static void thread_heading(struct output *o, const struct json *thread)
{
	const char *name = json_text(json_get(thread, "name"));
	output_puts(o, "Thread ");
	output_int(o, json_int(json_get(thread, "tid"), 0));
	if (name) {
		output_puts(o, " \"");
		crash_put(o, name);
		output_puts(o, "\"");
	}
	if (json_true(json_get(thread, "crashed")))
		output_puts(o, " (crashed)");
}

static void command_line(struct output *o, const struct crash *c)
{
	bool first = true;
	json_each(word, json_get(c->process, "argv")) {
		if (!first)
			output_char(o, ' ');
		first = false;
		crash_put(o, json_text(word) ? json_text(word) : "?");
	}
}

/* "CPython 3.12.1 (debug)"; false: none. */
static bool python_words(const struct crash *c, struct str *ret)
{
	const char *version = json_text(json_get(c->python, "version"));
	bool debug = json_true(json_get(c->python, "debug"));
	bool free_threaded = json_true(json_get(c->python, "free_threaded"));
	if (version)
		str_printf(ret, "CPython %s%s%s", version, free_threaded ? ", free-threaded" : "",
			   debug ? ", debug" : "");
	return version;
}

static void text_thread(struct output *o, const struct crash_thread *thread)
{
	output_char(o, '\n');
	thread_heading(o, thread->json);
	output_char(o, '\n');
	crash_traceback(o, thread, LINES_ALL, "");
}

/* The table's head, then the types that fill the most. */
static void heap_table(const struct crash *c, struct output *o)
{
	_str_ struct str text = STR_INIT;
	size_t rows = 0;
	if (!c->heap)
		return;
	str_printf(&text, "\nHeap: %" PRId64 " objects, ", json_int(json_get(c->heap, "objects"), 0));
	words_bytes(&text, (uint64_t)json_int(json_get(c->heap, "bytes"), 0));
	str_adds(&text, "\n      Bytes      Count  Type\n");
	output_put(o, text.buf, text.len);
	json_each(row, json_get(c->heap, "types")) {
		const char *type = json_text(json_get(row, "type"));
		if (rows++ == TEXT_TYPES)
			break;
		str_reset(&text);
		str_printf(&text, "%11" PRId64 "%11" PRId64 "  ", json_int(json_get(row, "bytes"), 0),
			   json_int(json_get(row, "count"), 0));
		output_put(o, text.buf, text.len);
		crash_put(o, type ? type : "?");
		output_char(o, '\n');
	}
}

/* Of what was imported and says so. */
static void versions(const struct crash *c, struct output *o)
{
	size_t shown = 0;
	json_each(module, c->modules) {
		const char *name = json_text(json_get(module, "name"));
		const char *version = json_text(json_get(module, "version"));
		if (!name || !version || strchr(name, '.'))
			continue;
		if (shown == TEXT_VERSIONS) {
			output_puts(o, ", ...");
			break;
		}
		output_puts(o, shown++ ? ", " : "\nVersions: ");
		crash_put(o, name);
		output_char(o, ' ');
		crash_put(o, version);
	}
	output_puts(o, shown ? "\n" : "");
}

void report_write_text(const struct crash *c, struct output *o)
{
	_str_ struct str python = STR_INIT, death = STR_INIT;
	crash_death(c, &death);
	line(o, "", c->title);
	line(o, "Death        ", death.buf);
	line(o, "Fingerprint  ", c->fingerprint);
	output_puts(o, "Process      ");
	output_int(o, json_int(json_get(c->process, "pid"), 0));
	output_puts(o, ": ");
	command_line(o, c);
	output_char(o, '\n');
	line(o, "Executable   ", json_text(json_get(c->process, "executable")));
	line(o, "Build-id     ", json_text(json_get(c->process, "build_id")));
	line(o, "Python       ", python_words(c, &python) ? python.buf : NULL);
	line(o, "Machine      ", json_text(json_get(c->process, "machine")));
	line(o, "Written by   ", "pycore " PYCORE_VERSION);
	for (size_t i = 0; i < c->thread_count; i++)
		text_thread(o, &c->threads[i]);
	for (size_t i = 0; i < c->native_count; i++)
		text_thread(o, &c->natives[i]);
	heap_table(c, o);
	versions(c, o);
	if (c->notes && c->notes->children)
		output_char(o, '\n');
	json_each(note, c->notes)
		line(o, "note: ", json_text(json_get(note, "text")));
}

void report_write_json(const struct crash *c, struct output *o)
{
	/* The document as it is, with the fingerprint before its first member. */
	output_puts(o, "{\"fingerprint\": {\"rule\": 1, \"hash\": \"");
	output_puts(o, c->fingerprint);
	output_puts(o, "\"}, \"title\": ");
	json_string(o, c->title, strlen(c->title));
	output_puts(o, ",\n ");
	const char *brace = memchr(c->text, '{', c->text_len);
	output_put(o, brace + 1, c->text_len - (size_t)(brace + 1 - c->text));
}

/* --- Markdown ------------------------------------------------------------------------------- */

/* Between backticks in a table. */
static void cell(struct output *o, const char *label, const char *text)
{
	_str_ struct str safe = STR_INIT;
	if (!text || !*text)
		return;
	for (; *text; text++) {
		if (*text == '|')
			str_addc(&safe, '\\');
		str_addc(&safe, *text == '`' ? '\'' : *text);
	}
	output_puts(o, "| ");
	output_puts(o, label);
	output_puts(o, " | `");
	crash_put(o, safe.buf);
	output_puts(o, "` |\n");
}

/* Outside of code: what HTML, and in Markdown also what that, would take for its own. */
static void prose(struct output *o, const char *text, bool html)
{
	_str_ struct str safe = STR_INIT;
	for (; *text; text++) {
		if (*text == '<' || *text == '>' || *text == '&') {
			str_adds(&safe, *text == '<' ? "&lt;" : *text == '>' ? "&gt;" : "&amp;");
			continue;
		}
		if (!html && strchr("\\`*_{}[]()#+!|~@$", *text))
			str_addc(&safe, '\\');
		str_addc(&safe, *text);
	}
	crash_put(o, safe.buf);
}

static void markdown_thread(struct output *o, const struct crash_thread *thread)
{
	/* No line of it can be a fence: each begins with "Traceback" or with "  File". */
	output_puts(o, "```\n");
	crash_traceback(o, thread, LINES_ALL, "");
	output_puts(o, "```\n");
}

static void markdown(const struct crash *c, struct output *o, bool folded)
{
	_str_ struct str python = STR_INIT;
	python_words(c, &python);
	output_puts(o, "## ");
	prose(o, c->title, false);
	output_puts(o, "\n\n| | |\n| --- | --- |\n");
	cell(o, "Signal", c->signal_name);
	cell(o, "Fault at", json_text(json_get(c->signal, "address")));
	cell(o, "Python", python.buf);
	cell(o, "Executable", json_text(json_get(c->process, "executable")));
	cell(o, "Build-id", json_text(json_get(c->process, "build_id")));
	cell(o, "Machine", json_text(json_get(c->process, "machine")));
	cell(o, "Fingerprint", c->fingerprint);
	for (size_t i = 0; i < c->thread_count; i++) {
		bool fold = folded && i > 0;
		_str_ struct str name = STR_INIT;
		const char *given = json_text(json_get(c->threads[i].json, "name"));
		str_printf(&name, "Thread %" PRId64 " %s%s", json_int(json_get(c->threads[i].json, "tid"), 0),
			   given ? given : "",
			   json_true(json_get(c->threads[i].json, "crashed")) ? " (crashed)" : "");
		output_puts(o, fold ? "\n<details><summary>" : "\n### ");
		prose(o, name.buf, fold);
		output_puts(o, fold ? "</summary>\n\n" : "\n\n");
		markdown_thread(o, &c->threads[i]);
		output_puts(o, fold ? "\n</details>\n" : "");
	}
	if (c->notes && c->notes->children)
		output_char(o, '\n');
	json_each(note, c->notes) {
		output_puts(o, "* ");
		prose(o, json_text(json_get(note, "text")) ? json_text(json_get(note, "text")) : "", false);
		output_char(o, '\n');
	}
}

void report_write_markdown(const struct crash *c, struct output *o)
{
	markdown(c, o, false);
}

void report_write_gitlab(const struct crash *c, struct output *o)
{
	markdown(c, o, true);
}

/* --- apport --------------------------------------------------------------------------------- */

/* apport's problem_report.py: "Key: value", further lines behind one space. PythonStacktrace is a
 * key of our own, since Traceback would change how apport names a crash; its end makes apport
 * remove names of people from it. */
void report_write_apport(const struct crash *c, struct output *o)
{
	const char *executable = json_text(json_get(c->process, "executable"));
	line(o, "ProblemType: ", "Crash");
	line(o, "Architecture: ", json_text(json_get(c->process, "machine")));
	if (c->target && c->target->process.time >= 0) {
		time_t seconds = (time_t)c->target->process.time;
		struct tm tm;
		char date[64];
		if (gmtime_r(&seconds, &tm) && strftime(date, sizeof(date), "%a %b %e %H:%M:%S %Y", &tm))
			line(o, "Date: ", date);
	}
	line(o, "ExecutablePath: ", executable);
	output_puts(o, "ProcCmdline: ");
	command_line(o, c);
	output_char(o, '\n');
	if (c->signal) {
		output_puts(o, "Signal: ");
		output_int(o, json_int(json_get(c->signal, "number"), 0));
		output_char(o, '\n');
		line(o, "SignalName: ", c->signal_name);
	}
	line(o, "Title: ", c->title);
	line(o, "PythonFingerprint: ", c->fingerprint);
	line(o, "PythonVersion: ", json_text(json_get(c->python, "version")));
	if (!c->thread_count)
		return;
	output_puts(o, "PythonStacktrace:\n");
	for (size_t i = 0; i < c->thread_count; i++) {
		output_char(o, ' ');
		thread_heading(o, c->threads[i].json);
		output_char(o, '\n');
		crash_traceback(o, &c->threads[i], LINES_ALL, " ");
	}
}
