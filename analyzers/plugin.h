/* What a plugin may use: this header, and the two that it includes. A plugin is a shared library
 * with one symbol, `const struct analyzer pycore_analyzer` (docs/plugins.md has a whole one):
 *
 *	const struct analyzer pycore_analyzer = {
 *		.api = PYCORE_PLUGIN_API, .name = "count", .summary = "count the frames",
 *		.root = &root, .needs = NEEDS_TARGET | NEEDS_RUNTIME, .run = run,
 *	};
 *
 * Addresses are the dead process's: 64 bits, never pointers of yours. Whatever is read may be
 * damaged: each function says how it tells. Strings that are handed out are UTF-8 and live as long
 * as the session; they come from the core, so print them with text_escaped(). */
#ifndef ANALYZERS_PLUGIN_H
#define ANALYZERS_PLUGIN_H

#include "analyzers/analyzer.h"
#include "report/text.h"

/* An error for run() to return: one line, lower case, exit code 3. */
struct error *pycore_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Copy the process's memory; false: some of it is lost, buf is undefined. */
bool pycore_read(struct session *s, uint64_t addr, void *buf, size_t len);
/* A defined symbol of any module; size 0: not known. false: there is none. */
bool pycore_symbol(struct session *s, const char *name, uint64_t *ret_addr, uint64_t *ret_size);
/* As PY_VERSION_HEX, 0x030c01f0; 0: no Python was found. */
uint32_t pycore_python_version(const struct session *s);

/* Iterators are the caller's to free. _new gives NULL when memory is out, or when
 * nothing was given last. */
struct pycore_threads;
struct pycore_thread {
	uint64_t at;		/* its PyThreadState */
	uint64_t tid, pthread;	/* 0: unknown */
	int64_t interpreter;	/* 0: the main one */
	bool is_main, crashed, holds_gil;
};
struct pycore_threads *pycore_threads_new(struct session *s);
bool pycore_thread_next(struct pycore_threads *threads, struct pycore_thread *ret);
void pycore_threads_free(struct pycore_threads *threads);

/* The frames, innermost first, of the thread that pycore_thread_next() gave last. */
struct pycore_frames;
struct pycore_frame {
	uint64_t at;
	const char *file, *name;	/* NULL: lost */
	const char *qualname;		/* NULL: lost, or before 3.11 */
	int64_t line;			/* 0: none */
};
struct pycore_frames *pycore_frames_new(struct pycore_threads *threads);
bool pycore_frame_next(struct pycore_frames *frames, struct pycore_frame *ret);
void pycore_frames_free(struct pycore_frames *frames);

/* The bound variables of the frame that pycore_frame_next() gave last, in source order. */
struct pycore_locals;
struct pycore_local {
	const char *name;		/* NULL: lost */
	uint64_t object;		/* its value; 0: is_int */
	bool is_int;			/* no object but the number itself (3.14 and later) */
	int64_t number;
};
struct pycore_locals *pycore_locals_new(struct pycore_frames *frames);
bool pycore_local_next(struct pycore_locals *locals, struct pycore_local *ret);
void pycore_locals_free(struct pycore_locals *locals);

/* The object's type as "dict", "app.Session"; NULL: no object can be read there. */
const char *pycore_type_name(struct session *s, uint64_t object);
/* What repr() would have given, shortened as in text reports. Like snprintf: returns the length of
 * the whole, writes at most size bytes with the NUL. */
size_t pycore_repr(struct session *s, uint64_t object, char *buf, size_t size);

#endif
