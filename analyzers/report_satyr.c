/* For abrt's world: satyr's two kinds of stack trace, and FAF's uReport around one. Keys and rules:
 * satyr lib/python_stacktrace.c, python_frame.c, core_stacktrace.c, core_frame.c, report.c; FAF
 * src/pyfaf/problemtypes. Formats only; what a member means is said in docs/reports.md. */
#include "analyzers/report_crash.h"

#include <ctype.h>
#include <string.h>
#include "core/str.h"

enum { FAF_TEXT_MAX = 512 };	/* of a path, and of the reason */

void put_key(struct output *o, const char *key, bool first)
{
	if (!first)
		output_puts(o, ", ");
	json_string(o, key, strlen(key));
	output_puts(o, ": ");
}

void put_text(struct output *o, const char *key, const char *text, bool first)
{
	put_key(o, key, first);
	if (text)
		json_string(o, text, strlen(text));
	else
		output_puts(o, "null");
}

void put_number(struct output *o, const char *key, int64_t number, bool first)
{
	put_key(o, key, first);
	output_int(o, number);
}

/* As satyr does it itself: whose home it was is nobody's business. */
static void anonymize(const char *path, struct str *ret)
{
	static const char home[] = "/home/";
	if (has_prefix(path, home)) {
		const char *rest = strchr(path + sizeof(home) - 1, '/');
		str_printf(ret, "/home/anonymized%s", rest ? rest : "");
	} else {
		str_adds(ret, path);
	}
}

/* "function_name": "f", or "special_function": "module" of <module>; of files alike. */
static void put_name(struct output *o, const char *plain, const char *special, const char *text, bool first)
{
	_str_ struct str value = STR_INIT;
	size_t len = strlen(text);
	bool is_special = len > 2 && text[0] == '<' && text[len - 1] == '>';
	if (is_special)
		str_add(&value, text + 1, len - 2);
	else
		anonymize(text, &value);
	put_text(o, is_special ? special : plain, value.buf, first);
}

/* Cut to so many characters: FAF refuses what is longer than its columns. */
static void cut_text(struct str *s, size_t most)
{
	size_t characters = 0;
	for (size_t i = 0; i < s->len; i++)
		if (((uint8_t)s->buf[i] & 0xc0) != 0x80 && characters++ == most)
			str_truncate(s, i);
}

/* for_faf: it wants a file_name in every frame, where satyr writes <string> as a special_file. */
static void put_file(struct output *o, const char *file, bool for_faf)
{
	_str_ struct str name = STR_INIT;
	if (!for_faf) {
		put_name(o, "file_name", "special_file", file, true);
		return;
	}
	anonymize(file, &name);
	cut_text(&name, FAF_TEXT_MAX);
	put_text(o, "file_name", name.buf, true);
}

static void put_python_frame(struct output *o, const struct json *frame, bool for_faf)
{
	/* The plain name: FAF's rule for names knows neither dots nor <locals>. */
	const char *name = json_text(json_get(frame, "name"));
	int64_t line = json_int(json_get(frame, "line"), 0);
	output_puts(o, "{");
	put_file(o, crash_file(frame), for_faf);
	if (line > 0)
		put_number(o, "file_line", line, false);
	put_name(o, "function_name", "special_function", name ? name : "<unknown>", false);
	output_puts(o, "}");
}

/* The members of a python stack trace. There was no exception: the signal stands for one. */
static void put_python(const struct crash *c, struct output *o, bool first, bool for_faf)
{
	put_text(o, "exception_name", c->signal_name ? c->signal_name : "Stopped", first);
	put_key(o, "stacktrace", false);
	output_puts(o, "[");
	for (size_t i = 0; c->thread_count && i < c->threads[0].count; i++) {
		output_puts(o, i ? ",\n  " : "\n  ");
		put_python_frame(o, c->threads[0].frames[i], for_faf);
	}
	output_puts(o, "]");
}

void report_write_satyr_python(const struct crash *c, struct output *o)
{
	output_puts(o, "{");
	put_python(c, o, true, false);
	output_puts(o, "}\n");
}

/* --- core ----------------------------------------------------------------------------------- */

static const struct module *module_at(const struct crash *c, addr_t at)
{
	return c->target ? target_module_at(c->target, at) : NULL;
}

static void put_core_frame(const struct crash *c, struct output *o, addr_t at, const char *function)
{
	char build_id[2 * BUILD_ID_MAX + 1];
	const struct module *module = module_at(c, at);
	output_puts(o, "{\"address\": ");
	output_uint(o, at);
	put_key(o, "build_id_offset", false);
	output_uint(o, module ? at - module->bias : at);
	if (module && module->build_id.len) {
		build_id_format(&module->build_id, build_id);
		put_text(o, "build_id", build_id, false);
	}
	if (module)
		put_text(o, "file_name", module->path, false);
	if (function)
		put_text(o, "function_name", function, false);
	output_puts(o, "}");
}

/* Native frames, innermost first, where bt has them; else where the thread stood. */
static void put_core_frames(const struct crash *c, struct output *o, const struct json *thread, addr_t pc)
{
	const struct json *frames = json_get(thread, "frames"), *native[256];
	size_t count = 0, total = 0;
	json_each(frame, frames) {
		const char *kind = json_text(json_get(frame, "kind"));
		/* An inlined call has no frame. */
		if (kind && streq(kind, "native") && !json_true(json_get(frame, "inlined")))
			native[total++ % 256] = frame;
	}
	bool put = false;
	while (count < total && count < 256) {
		const struct json *frame = native[(total - 1 - count++) % 256];
		int64_t at = json_int(json_get(frame, "address"), -1);
		if (at == -1)
			continue;
		output_puts(o, put ? ",\n    " : "\n    ");
		put_core_frame(c, o, (addr_t)at, json_text(json_get(frame, "name")));
		put = true;
	}
	if (!put && pc)
		put_core_frame(c, o, pc, NULL);
}

/* The members of a core's stack trace. */
static void put_core(const struct crash *c, struct output *o, bool first_member)
{
	bool first = true;
	put_number(o, "signal", json_int(json_get(c->signal, "number"), 0), first_member);
	if (json_text(json_get(c->process, "executable")))
		put_text(o, "executable", json_text(json_get(c->process, "executable")), false);
	put_key(o, "stacktrace", false);
	output_puts(o, "[");
	/* Every thread of the process, whether there is Python in it or not. */
	for (size_t i = 0; c->target && i < c->target->threads.len; i++) {
		const struct os_thread *os = &c->target->threads.items[i];
		const struct json *thread = NULL;
		for (size_t k = 0; k < c->thread_count && !thread; k++)
			if (json_int(json_get(c->threads[k].json, "tid"), -1) == (int64_t)os->tid)
				thread = c->threads[k].json;
		output_puts(o, first ? "\n  {" : ",\n  {");
		first = false;
		/* Exactly one: the kernel's first. */
		if (i == 0)
			output_puts(o, "\"crash_thread\": true, ");
		output_puts(o, "\"frames\": [");
		put_core_frames(c, o, thread, os->pc);
		output_puts(o, "]}");
	}
	output_puts(o, "]");
}

void report_write_satyr_core(const struct crash *c, struct output *o)
{
	output_puts(o, "{");
	put_core(c, o, true);
	output_puts(o, "}\n");
}

/* --- uReport 2 ------------------------------------------------------------------------------- */

/* FAF takes letters, digits, "-", "." and "_". */
static void component(const struct crash *c, struct str *ret)
{
	const char *executable = json_text(json_get(c->process, "executable"));
	for (const char *p = crash_base(executable ? executable : "python"); *p; p++)
		str_addc(ret, isalnum((unsigned char)*p) || strchr("-._", *p) ? *p : '_');
}

void report_write_ureport(const struct crash *c, struct output *o)
{
	_str_ struct str name = STR_INIT, id = STR_INIT, version = STR_INIT, reason = STR_INIT;
	component(c, &name);
	const struct json *top = c->thread_count && c->threads->count ? c->threads->frames[0] : NULL;
	str_printf(&reason, "%s in %s:%" PRId64, c->signal_name ? c->signal_name : "Stopped",
		   top ? crash_file(top) : "?", json_int(json_get(top, "line"), 0));
	cut_text(&reason, FAF_TEXT_MAX);
	output_puts(o, "{\"ureport_version\": 2");
	put_text(o, "reason", reason.buf, false);
	output_puts(o, ",\n \"reporter\": {\"name\": \"pycore\", \"version\": \"" PYCORE_VERSION "\"}");
	output_puts(o, ",\n \"os\": {");
	put_text(o, "name", crash_release(c, "ID", &id) ? id.buf : "unknown", true);
	put_text(o, "version", crash_release(c, "VERSION_ID", &version) ? version.buf : "unknown", false);
	put_text(o, "architecture", json_text(json_get(c->process, "machine")), false);
	output_puts(o, "},\n \"problem\": {");
	/* A python problem without a frame would be refused. */
	put_text(o, "type", top ? "python" : "core", true);
	put_text(o, "component", name.buf, false);
	output_puts(o, ", \"user\": {\"root\": ");
	output_puts(o, c->target && c->target->process.uid == 0 ? "true" : "false");
	output_puts(o, ", \"local\": true}, \"serial\": 1");
	if (top)
		put_python(c, o, false, true);
	else
		put_core(c, o, false);
	/* Which packages the files belong to, the reporter adds. */
	output_puts(o, "},\n \"packages\": [], \"auth\": {}}\n");
}
