/* For event stores: Sentry's envelope (getsentry/relay, relay-event-schema/src/protocol) and an
 * OpenTelemetry log record (semantic conventions for exceptions, OTLP's JSON form). Both are only
 * printed; sending them is for who has the key. */
#include "analyzers/report_crash.h"

#include <stdio.h>
#include <string.h>
#include "core/checked.h"
#include "core/sha256.h"
#include "core/stored.h"
#include "core/str.h"

/* What Sentry keeps of a stack is about that much; the innermost are what matters. */
enum { FRAMES_MAX = 250, IMAGES_MAX = 500, HEAP_TYPES = 20 };

/* The same event for the same core: sent twice, it is stored once. */
static void event_id(const struct crash *c, char ret[33])
{
	_str_ struct str text = STR_INIT;
	uint8_t hash[32];
	str_printf(&text, "%s %" PRId64 " %" PRId64 " %s", c->fingerprint,
		   json_int(json_get(c->process, "pid"), 0), c->target ? c->target->process.time : 0,
		   json_text(json_get(c->process, "build_id")) ? json_text(json_get(c->process, "build_id")) : "");
	sha256(text.buf, text.len, hash);
	for (size_t i = 0; i < 16; i++)
		snprintf(ret + 2 * i, 3, "%02x", hash[i]);
}

/* Not the interpreter's own library, nor what was installed into it. */
static bool is_application(const char *file)
{
	return file[0] != '<' && !strstr(file, "/site-packages/") && !strstr(file, "/dist-packages/") &&
	       !strstr(file, "/lib/python") && !strstr(file, "/lib64/python");
}

static void put_bool(struct output *o, const char *key, bool truth, bool first)
{
	put_key(o, key, first);
	output_puts(o, truth ? "true" : "false");
}

static void put_address(struct output *o, const char *key, addr_t at)
{
	put_key(o, key, false);
	output_char(o, '"');
	output_address(o, at);
	output_char(o, '"');
}

static void put_python_frame(struct output *o, const struct json *frame)
{
	int64_t number = json_int(json_get(frame, "line"), 0);
	int64_t column = json_int(json_get(frame, "column"), -1);
	bool first = true;
	put_text(o, "function", crash_function(frame), true);
	put_text(o, "filename", crash_file(frame), false);
	put_text(o, "abs_path", crash_file(frame), false);
	if (number > 0)
		put_number(o, "lineno", number, false);
	if (column >= 0)
		put_number(o, "colno", column + 1, false);
	put_text(o, "platform", "python", false);
	put_bool(o, "in_app", is_application(crash_file(frame)), false);
	json_each(local, json_get(frame, "locals")) {
		const char *name = json_text(json_get(local, "name"));
		if (!name)
			continue;
		output_puts(o, first ? ", \"vars\": {" : "");
		put_text(o, name, json_text(json_get(local, "repr")), first);
		first = false;
	}
	output_puts(o, first ? "" : "}");
}

static void put_native_frame(const struct crash *c, struct output *o, const struct json *frame)
{
	addr_t at = (addr_t)json_int(json_get(frame, "address"), 0);
	const struct module *module = c->target ? target_module_at(c->target, at) : NULL;
	const struct json *symbol_offset = json_get(frame, "symbol_offset");
	const char *name = json_text(json_get(frame, "name"));
	put_text(o, "function", name ? name : "<unknown>", true);
	if (json_text(json_get(frame, "module")))
		put_text(o, "package", json_text(json_get(frame, "module")), false);
	if (json_text(json_get(frame, "file")))
		put_text(o, "filename", json_text(json_get(frame, "file")), false);
	if (json_int(json_get(frame, "line"), 0) > 0)
		put_number(o, "lineno", json_int(json_get(frame, "line"), 0), false);
	put_text(o, "platform", "native", false);
	put_address(o, "instruction_addr", at);
	if (symbol_offset)
		put_address(o, "symbol_addr", at - (addr_t)json_int(symbol_offset, 0));
	if (module)
		put_address(o, "image_addr", module->start);
	put_bool(o, "in_app", false, false);
}

/* Oldest first, Python's and C's. */
static void put_frames(const struct crash *c, struct output *o, const struct crash_thread *thread)
{
	size_t count = MIN(thread->all_count, (size_t)FRAMES_MAX);
	put_key(o, "stacktrace", false);
	output_puts(o, "{\"frames\": [");
	for (size_t i = count; i--;) {
		const struct json *frame = thread->all[i];
		output_puts(o, i + 1 == count ? "\n  {" : ",\n  {");
		if (crash_is_native(frame))
			put_native_frame(c, o, frame);
		else
			put_python_frame(o, frame);
		output_puts(o, "}");
	}
	output_puts(o, "]}");
}

static void put_mechanism(const struct crash *c, struct output *o, bool chained)
{
	output_puts(o, ", \"mechanism\": {\"type\": \"pycore\", \"handled\": false, \"synthetic\": true");
	if (chained)
		put_number(o, "exception_id", 0, false);
	if (c->signal) {
		const char *code = signal_code_text((int)json_int(json_get(c->signal, "number"), 0),
						    (int)json_int(json_get(c->signal, "code"), 0));
		output_puts(o, ", \"meta\": {\"signal\": {");
		put_number(o, "number", json_int(json_get(c->signal, "number"), 0), true);
		if (json_get(c->signal, "code"))
			put_number(o, "code", json_int(json_get(c->signal, "code"), 0), false);
		put_text(o, "name", c->signal_name, false);
		if (json_get(c->signal, "code") && code)
			put_text(o, "code_name", code, false);
		output_puts(o, "}}");
	}
	output_puts(o, "}");
}

/* An exception that was on its way, or being handled, when the signal came: only its type. */
static bool put_in_flight(const struct crash *c, struct output *o)
{
	const struct json *thread = c->thread_count ? c->threads->json : NULL;
	const char *raising = json_text(json_get(thread, "raising"));
	const char *type = raising ? raising : json_text(json_get(thread, "handling"));
	if (!type)
		return false;
	output_puts(o, "{");
	put_text(o, "type", type, true);
	put_text(o, "value", raising ? "was being raised" : "was being handled", false);
	put_number(o, "thread_id", json_int(json_get(thread, "tid"), 0), false);
	output_puts(o, ", \"mechanism\": {\"type\": \"chained\", \"source\": \"__context__\", "
		       "\"exception_id\": 1, \"parent_id\": 0}}, ");
	return true;
}

static void put_exception(const struct crash *c, struct output *o)
{
	_str_ struct str value = STR_INIT;
	crash_death(c, &value);
	output_puts(o, ",\n \"exception\": {\"values\": [");
	bool chained = put_in_flight(c, o);
	output_puts(o, "{");
	put_text(o, "type", c->signal_name ? c->signal_name : "Stopped", true);
	put_text(o, "value", value.buf, false);
	put_mechanism(c, o, chained);
	if (c->thread_count) {
		put_number(o, "thread_id", json_int(json_get(c->threads->json, "tid"), 0), false);
		put_frames(c, o, c->threads);
	}
	output_puts(o, "}]}");
}

/* The first thread's stack stands on the exception. */
static void put_threads(const struct crash *c, struct output *o)
{
	output_puts(o, ",\n \"threads\": {\"values\": [");
	for (size_t i = 0; i < c->thread_count + c->native_count; i++) {
		const struct crash_thread *all = i < c->thread_count ? &c->threads[i] :
						 &c->natives[i - c->thread_count];
		const struct json *thread = all->json;
		output_puts(o, i ? ",\n  {" : "\n  {");
		put_number(o, "id", json_int(json_get(thread, "tid"), 0), true);
		put_text(o, "name", json_text(json_get(thread, "name")), false);
		put_bool(o, "crashed", json_true(json_get(thread, "crashed")), false);
		put_bool(o, "current", i == 0, false);
		put_bool(o, "main", json_true(json_get(thread, "main")), false);
		if (i || !c->thread_count)
			put_frames(c, o, all);
		output_puts(o, "}");
	}
	output_puts(o, "]}");
}

/* The build-id's first 16 bytes as a UUID whose first three fields are little-endian. */
static void debug_id(const struct build_id *id, char ret[37])
{
	static const uint8_t order[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };
	char *to = ret;
	for (size_t i = 0; i < 16; i++) {
		uint8_t byte = order[i] < id->len ? id->bytes[order[i]] : 0;
		to += snprintf(to, 4, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", byte);
	}
}

static void put_images(const struct crash *c, struct output *o)
{
	size_t count = 0;
	char build_id[2 * BUILD_ID_MAX + 1], debug[37];
	output_puts(o, ",\n \"debug_meta\": {\"images\": [");
	for (size_t i = 0; c->target && i < c->target->modules.len && count < IMAGES_MAX; i++) {
		const struct module *module = &c->target->modules.items[i];
		if (!module->build_id.len)
			continue;
		build_id_format(&module->build_id, build_id);
		debug_id(&module->build_id, debug);
		output_puts(o, count++ ? ",\n  {" : "\n  {");
		put_text(o, "type", "elf", true);
		put_text(o, "code_id", build_id, false);
		put_text(o, "debug_id", debug, false);
		put_text(o, "code_file", module->path, false);
		put_address(o, "image_addr", module->start);
		put_number(o, "image_size", (int64_t)(module->end - module->start), false);
		output_puts(o, "}");
	}
	output_puts(o, "]}");
}

/* Of what was imported and says so. */
static void put_versions(const struct crash *c, struct output *o)
{
	bool first = true;
	output_puts(o, ",\n \"modules\": {");
	json_each(module, c->modules) {
		const char *name = json_text(json_get(module, "name"));
		const char *version = json_text(json_get(module, "version"));
		if (!name || !version)
			continue;
		put_text(o, name, version, first);
		first = false;
	}
	output_puts(o, "}");
}

static void put_heap(const struct crash *c, struct output *o)
{
	bool first = true;
	size_t rows = 0;
	if (!c->heap)
		return;
	output_puts(o, ",\n \"extra\": {\"heap\": {");
	put_number(o, "objects", json_int(json_get(c->heap, "objects"), 0), true);
	put_number(o, "bytes", json_int(json_get(c->heap, "bytes"), 0), false);
	output_puts(o, ", \"types\": [");
	json_each(row, json_get(c->heap, "types")) {
		if (rows++ == HEAP_TYPES)
			break;
		output_puts(o, first ? "{" : ", {");
		first = false;
		put_text(o, "type", json_text(json_get(row, "type")), true);
		put_number(o, "count", json_int(json_get(row, "count"), 0), false);
		put_number(o, "bytes", json_int(json_get(row, "bytes"), 0), false);
		output_puts(o, "}");
	}
	output_puts(o, "]}}");
}

/* The distribution, where its os-release is at hand. */
static void put_system(const struct crash *c, struct output *o)
{
	_str_ struct str name = STR_INIT, version = STR_INIT;
	if (!crash_release(c, "NAME", &name))
		return;
	output_puts(o, "}, \"os\": {");
	put_text(o, "name", name.buf, true);
	if (crash_release(c, "VERSION_ID", &version))
		put_text(o, "version", version.buf, false);
}

static void put_event(const struct crash *c, struct output *o, const char *id)
{
	const char *version = json_text(json_get(c->python, "version"));
	const char *host = c->target && c->target->core.stored ? c->target->core.stored->hostname : NULL;
	output_puts(o, "{");
	put_text(o, "event_id", id, true);
	if (c->target && c->target->process.time >= 0)
		put_number(o, "timestamp", c->target->process.time, false);
	output_puts(o, ", \"platform\": \"python\", \"level\": \"fatal\", \"logger\": \"pycore\"");
	if (host)
		put_text(o, "server_name", host, false);
	put_text(o, "transaction", json_text(json_get(c->process, "executable")), false);
	output_puts(o, ", \"fingerprint\": [\"pycore\", \"");
	output_puts(o, c->fingerprint);
	output_puts(o, "\"]");
	output_puts(o, ",\n \"sdk\": {\"name\": \"pycore\", \"version\": \"" PYCORE_VERSION "\"}");
	output_puts(o, ",\n \"contexts\": {\"runtime\": {\"name\": \"CPython\"");
	put_text(o, "version", version, false);
	put_system(c, o);
	output_puts(o, "}, \"device\": {");
	put_text(o, "arch", json_text(json_get(c->process, "machine")), true);
	output_puts(o, "}}");
	put_exception(c, o);
	put_threads(c, o);
	put_images(c, o);
	put_versions(c, o);
	put_heap(c, o);
	output_puts(o, "}\n");
}

/* An item's length stands before it: written apart, then copied. */
void report_write_sentry(const struct crash *c, struct output *o)
{
	char id[33], *bytes = NULL;
	size_t len = 0;
	FILE *memory = open_memstream(&bytes, &len);
	struct output *event = calloc(1, sizeof(*event));
	if (memory && event) {
		event->file = memory;
		event_id(c, id);
		put_event(c, event, id);
		output_flush(event);
	}
	bool ok = memory && fclose(memory) == 0 && event && !event->error;
	free(event);
	if (ok) {
		output_puts(o, "{\"event_id\": \"");
		output_puts(o, id);
		output_puts(o, "\"}\n{\"type\": \"event\", \"content_type\": \"application/json\"");
		/* Without the line's end behind it. */
		put_number(o, "length", (int64_t)len - 1, false);
		output_puts(o, "}\n");
		output_put(o, bytes, len);
	} else {
		o->error = o->error ? o->error : 12;	/* ENOMEM */
	}
	free(bytes);
}

/* --- OpenTelemetry --------------------------------------------------------------------------- */

static void attribute(struct output *o, const char *key, const char *text, bool *first)
{
	if (!text)
		return;
	output_puts(o, *first ? "{\"key\": \"" : ", {\"key\": \"");
	*first = false;
	output_puts(o, key);
	output_puts(o, "\", \"value\": {");
	put_text(o, "stringValue", text, true);
	output_puts(o, "}}");
}

/* OTLP's JSON writes 64-bit numbers as strings. */
static void attribute_int(struct output *o, const char *key, int64_t number, bool *first)
{
	output_puts(o, *first ? "{\"key\": \"" : ", {\"key\": \"");
	*first = false;
	output_puts(o, key);
	output_puts(o, "\", \"value\": {\"intValue\": \"");
	output_int(o, number);
	output_puts(o, "\"}}");
}

static char *traceback_text(const struct crash *c)
{
	char *bytes = NULL;
	size_t len = 0;
	FILE *memory = open_memstream(&bytes, &len);
	struct output *text = calloc(1, sizeof(*text));
	if (memory && text && c->thread_count) {
		text->file = memory;
		crash_traceback(text, c->threads, LINES_PYTHON, "");
		output_flush(text);
	}
	if (memory)
		fclose(memory);
	free(text);
	return bytes;
}

static void put_resource(const struct crash *c, struct output *o)
{
	const struct json *p = c->process;
	const char *executable = json_text(json_get(p, "executable"));
	bool first = true;
	output_puts(o, "{\"resourceLogs\": [{\"resource\": {\"attributes\": [");
	attribute(o, "service.name", executable ? crash_base(executable) : "unknown_service", &first);
	attribute(o, "host.name", c->target && c->target->core.stored ?
		  c->target->core.stored->hostname : NULL, &first);
	attribute(o, "host.arch", json_text(json_get(p, "machine")), &first);
	if (json_get(p, "pid"))
		attribute_int(o, "process.pid", json_int(json_get(p, "pid"), 0), &first);
	attribute(o, "process.executable.path", executable, &first);
	attribute(o, "process.executable.name", executable ? crash_base(executable) : NULL, &first);
	attribute(o, "process.executable.build_id.gnu", json_text(json_get(p, "build_id")), &first);
	attribute(o, "process.runtime.name", "cpython", &first);
	attribute(o, "process.runtime.version", json_text(json_get(c->python, "version")), &first);
	output_puts(o, "]},\n \"scopeLogs\": [{\"scope\": {\"name\": \"pycore\", \"version\": \"" PYCORE_VERSION
		    "\"}, \"logRecords\": [{");
}

void report_write_otel(const struct crash *c, struct output *o)
{
	_str_ struct str message = STR_INIT;
	_free_ char *traceback = traceback_text(c);
	const struct json *top = c->thread_count && c->threads->count ? c->threads->frames[0] : NULL;
	bool first = true;
	crash_death(c, &message);
	put_resource(c, o);
	if (c->target && c->target->process.time >= 0) {
		output_puts(o, "\"timeUnixNano\": \"");
		output_int(o, c->target->process.time);
		output_puts(o, "000000000\", ");
	}
	output_puts(o, "\"severityNumber\": 21, \"severityText\": \"FATAL\", \"eventName\": \"exception\", "
		    "\"body\": {");
	put_text(o, "stringValue", c->title, true);
	output_puts(o, "},\n  \"attributes\": [");
	attribute(o, "exception.type", c->signal_name ? c->signal_name : "Stopped", &first);
	attribute(o, "exception.message", message.buf, &first);
	attribute(o, "exception.stacktrace", traceback, &first);
	attribute(o, "pycore.fingerprint", c->fingerprint, &first);
	if (c->thread_count) {
		attribute_int(o, "thread.id", json_int(json_get(c->threads->json, "tid"), 0), &first);
		attribute(o, "thread.name", json_text(json_get(c->threads->json, "name")), &first);
	}
	if (top) {
		attribute(o, "code.function.name", crash_function(top), &first);
		attribute(o, "code.file.path", crash_file(top), &first);
		attribute_int(o, "code.line.number", json_int(json_get(top, "line"), 0), &first);
	}
	output_puts(o, "]}]}]}]}\n");
}
