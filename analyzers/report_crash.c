#include "analyzers/report_crash.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "analyzers/words.h"
#include "core/sha256.h"
#include "core/str.h"
#include "report/utf8.h"

enum { FINGERPRINT_FRAMES = 16, SHOWN_OF_RUN = 3, SHOWN_OF_VALUE = 200 };

const char *crash_function(const struct json *frame)
{
	const char *name = json_text(json_get(frame, "qualname"));
	return name ? name : json_text(json_get(frame, "name"));
}

const char *crash_file(const struct json *frame)
{
	const char *file = json_text(json_get(frame, "file"));
	return file ? file : "?";
}

const char *crash_base(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash && slash[1] ? slash + 1 : path;
}

const char *crash_release(const struct crash *c, const char *name, struct str *ret)
{
	size_t len = strlen(name);
	for (const char *p = c->distribution; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : "") {
		if (strncmp(p, name, len) != 0 || p[len] != '=')
			continue;
		p += len + 1;
		bool quoted = *p == '"';
		str_add(ret, p + quoted, strcspn(p + quoted, quoted ? "\"\n" : "\n"));
		return ret->buf;
	}
	return NULL;
}

void crash_put(struct output *o, const char *text)
{
	const uint8_t *p = (const uint8_t *)text, *end = p + strlen(text);
	while (p < end) {
		uint32_t c;
		size_t used = utf8_next(p, end, &c);
		char escape[16];
		if (c == UTF8_INVALID || utf8_is_surrogate(c) || utf8_is_unsafe(c)) {
			snprintf(escape, sizeof(escape), c == UTF8_INVALID ? "\\ufffd" :
				 c > 0xffff ? "\\U%08x" : c > 0xff ? "\\u%04x" : "\\x%02x", c);
			output_puts(o, escape);
		} else {
			output_put(o, (const char *)p, used);
		}
		p += used;
	}
}

bool crash_is_native(const struct json *frame)
{
	const char *kind = json_text(json_get(frame, "kind"));
	return kind && streq(kind, "native");
}

static void python_line(struct output *o, const struct json *frame)
{
	const char *function = crash_function(frame);
	output_puts(o, "  File \"");
	crash_put(o, crash_file(frame));
	output_puts(o, "\", line ");
	output_int(o, json_int(json_get(frame, "line"), 0));
	output_puts(o, ", in ");
	crash_put(o, function ? function : "?");
	output_char(o, '\n');
}

/* As bt has it, without the address: "  [C] memcpy+0x38 (libc.so.6+0x16d838) at memcpy.S:12" */
static void native_line(struct output *o, const struct json *frame)
{
	const char *name = json_text(json_get(frame, "name")), *module = json_text(json_get(frame, "module"));
	const char *offset = json_text(json_get(frame, "offset")), *file = json_text(json_get(frame, "file"));
	_str_ struct str text = STR_INIT;
	str_adds(&text, name ? name : "<no symbol>");
	if (json_true(json_get(frame, "inlined")))
		str_adds(&text, " (inlined)");
	else if (name)
		str_printf(&text, "+0x%" PRIx64, json_int(json_get(frame, "symbol_offset"), 0));
	if (module && !json_true(json_get(frame, "inlined")))
		str_printf(&text, " (%s+%s)", crash_base(module), offset ? offset : "?");
	if (file)
		str_printf(&text, " at %s:%" PRId64, file, json_int(json_get(frame, "line"), 0));
	output_puts(o, "  [C] ");
	crash_put(o, text.buf);
	output_char(o, '\n');
}

static void local_lines(struct output *o, const struct json *frame, const char *prefix)
{
	json_each(local, json_get(frame, "locals")) {
		const char *name = json_text(json_get(local, "name")), *repr = json_text(json_get(local, "repr"));
		_str_ struct str shown = STR_INIT;
		/* What a module has for Python's own use is no news. */
		if (name && has_prefix(name, "__"))
			continue;
		str_adds(&shown, repr ? repr : "<lost>");
		if (shown.len > SHOWN_OF_VALUE) {
			str_truncate(&shown, SHOWN_OF_VALUE);
			str_adds(&shown, "...");
		}
		output_puts(o, prefix);
		output_puts(o, "    ");
		crash_put(o, name ? name : "?");
		output_puts(o, " = ");
		crash_put(o, shown.buf);
		output_char(o, '\n');
	}
}

/* Of a recursion three calls are shown, as Python's own traceback does. */
static bool same_line(const struct json *a, const struct json *b)
{
	if (crash_is_native(a) || crash_is_native(b))
		return false;
	const char *one = crash_function(a), *two = crash_function(b);
	return json_int(json_get(a, "line"), 0) == json_int(json_get(b, "line"), 0) && one && two &&
	       streq(one, two) && streq(crash_file(a), crash_file(b));
}

void crash_traceback(struct output *o, const struct crash_thread *thread, enum crash_lines lines,
		     const char *prefix)
{
	const struct json **frames = lines == LINES_ALL ? thread->all : thread->frames;
	output_puts(o, prefix);
	output_puts(o, "Traceback (most recent call last):\n");
	size_t run = 0;
	for (size_t i = lines == LINES_ALL ? thread->all_count : thread->count, count = i; i--;) {
		const struct json *frame = frames[i];
		bool folded = lines == LINES_ALL && i + 1 < count && same_line(frames[i + 1], frame);
		run = folded ? run + 1 : 0;
		bool last = !i || !same_line(frames[i - 1], frame);
		if (run >= SHOWN_OF_RUN && !last)
			continue;
		output_puts(o, prefix);
		if (run >= SHOWN_OF_RUN) {
			output_puts(o, "  [Previous line repeated ");
			output_uint(o, run + 1 - SHOWN_OF_RUN);
			output_puts(o, run == SHOWN_OF_RUN ? " more time]\n" : " more times]\n");
		} else if (crash_is_native(frame)) {
			native_line(o, frame);
		} else {
			python_line(o, frame);
			if (lines == LINES_ALL)
				local_lines(o, frame, prefix);
		}
	}
}

void crash_death(const struct crash *c, struct str *ret)
{
	if (c->target && c->target->process.signal)
		words_signal(ret, &c->target->process);
	else if (c->signal_name)
		str_printf(ret, "died of %s", c->signal_name);
	else
		str_adds(ret, "lived on: its core was taken by a debugger");
}

/* --- loading -------------------------------------------------------------------------------- */

static bool load_thread(struct arena *arena, const struct json *json, struct crash_thread *ret)
{
	size_t count = 0, all = 0;
	const struct json *frames = json_get(json, "frames");
	json_each(frame, frames) {
		count += !crash_is_native(frame);
		all++;
	}
	*ret = (struct crash_thread){
		.json = json,
		.count = count,
		.all_count = all,
		.frames = arena_alloc(arena, (count + 1) * sizeof(*ret->frames)),
		.all = arena_alloc(arena, (all + 1) * sizeof(*ret->all)),
	};
	if (!ret->frames || !ret->all)
		return false;
	json_each(frame, frames) {
		ret->all[--all] = frame;
		if (!crash_is_native(frame))
			ret->frames[--count] = frame;
	}
	return true;
}

static bool load_natives(struct crash *c, struct arena *arena, const struct json *threads)
{
	size_t count = 0;
	json_each(thread, threads)
		count++;
	c->natives = arena_alloc(arena, (count + 1) * sizeof(*c->natives));
	json_each(thread, threads) {
		if (!c->natives || !load_thread(arena, thread, &c->natives[c->native_count]))
			return false;
		c->native_count += c->natives[c->native_count].all_count > 0;
	}
	return c->natives;
}

static bool load_threads(struct crash *c, struct arena *arena, const struct json *threads)
{
	size_t count = 0, at = 1;
	const struct json *first = NULL;
	json_each(thread, threads) {
		if (!first || json_true(json_get(thread, "crashed")))
			first = thread;
		count++;
	}
	c->threads = arena_alloc(arena, (count + 1) * sizeof(*c->threads));
	c->thread_count = count;
	if (!c->threads || (first && !load_thread(arena, first, &c->threads[0])))
		return false;
	json_each(thread, threads)
		if (thread != first && !load_thread(arena, thread, &c->threads[at++]))
			return false;
	return true;
}

/* Interactive and generated files have numbers in their names that are never the same twice. */
static void add_file(struct str *out, const char *path)
{
	const char *name = path[0] == '<' ? path : crash_base(path);
	bool generated = name[0] == '<', digit = false;
	for (; *name; name++) {
		bool is_digit = generated && *name >= '0' && *name <= '9';
		if (!is_digit)
			str_addc(out, *name);
		else if (!digit)
			str_addc(out, '#');
		digit = is_digit;
	}
}

void crash_identity(const struct crash *c, struct str *ret)
{
	const struct crash_thread *thread = c->thread_count ? c->threads : NULL;
	str_printf(ret, "pycore 1\n%s\n", c->signal_name ? c->signal_name : "-");
	_str_ struct str last = STR_INIT, line = STR_INIT;
	size_t used = 0;
	for (size_t i = 0; thread && i < thread->count && used < FINGERPRINT_FRAMES; i++) {
		const char *function = crash_function(thread->frames[i]);
		str_reset(&line);
		add_file(&line, crash_file(thread->frames[i]));
		str_printf(&line, ":%s\n", function ? function : "?");
		/* A recursion is as deep as it happened to be. */
		if (streq(line.buf, last.buf))
			continue;
		str_add(ret, line.buf, line.len);
		str_reset(&last);
		str_add(&last, line.buf, line.len);
		used++;
	}
	/* No Python in it: where it was in the binaries, and whose it was. */
	const char *executable = json_text(json_get(c->process, "executable"));
	if (!used)
		str_printf(ret, "no frames of %s\n", executable ? crash_base(executable) : "?");
}

static bool name_it(struct crash *c, struct arena *arena)
{
	_str_ struct str text = STR_INIT, title = STR_INIT;
	uint8_t hash[32];
	crash_identity(c, &text);
	sha256(text.buf, text.len, hash);
	for (size_t i = 0; i < 16; i++)
		snprintf(c->fingerprint + 2 * i, 3, "%02x", hash[i]);
	const struct json *top = c->thread_count && c->threads->count ? c->threads->frames[0] : NULL;
	str_adds(&title, c->signal_name ? c->signal_name : "stopped");
	if (top) {
		const char *function = crash_function(top);
		str_printf(&title, " in %s (%s)", function ? function : "?", crash_base(crash_file(top)));
	}
	c->title = arena_copy(arena, title.buf, title.len);
	return !text.failed && !title.failed && c->title;
}

bool crash_load(struct crash *c, struct arena *arena, const char *text, size_t text_len)
{
	const struct json *document = json_parse(arena, text, text_len);
	if (!document)
		return false;
	c->text = text;
	c->text_len = text_len;
	c->process = json_get(document, "process");
	c->signal = json_get(c->process, "signal");
	c->python = json_get(c->process, "python");
	c->notes = json_get(document, "notes");
	c->signal_name = json_text(json_get(c->signal, "name"));
	c->heap = json_get(document, "heap");
	c->modules = json_get(document, "python_modules");
	return load_threads(c, arena, json_get(document, "threads")) &&
	       load_natives(c, arena, json_get(document, "native_threads")) && name_it(c, arena);
}
