/* The parts of pycore report among themselves: report.c runs bt, heap and modules into one JSON
 * document and reads that back; report_crash.c finds the crash in it; each format (report_text.c,
 * report_satyr.c, report_events.c) writes that down in its own way. */
#ifndef ANALYZERS_REPORT_CRASH_H
#define ANALYZERS_REPORT_CRASH_H

#include "core/str.h"
#include "core/target.h"
#include "report/json.h"

struct crash_thread {
	const struct json *json;		/* one of the document's "threads", "native_threads" */
	const struct json **frames;		/* Python's, innermost first; in the arena */
	size_t count;
	const struct json **all;		/* C's between them */
	size_t all_count;
};

struct crash {
	const char *text;			/* the document itself */
	size_t text_len;
	const struct json *process, *signal, *python, *notes, *heap, *modules;	/* NULL: none */
	struct crash_thread *threads;		/* Python's, the crashed one first */
	size_t thread_count;
	struct crash_thread *natives;		/* those without a Python state that have frames */
	size_t native_count;
	char fingerprint[33];
	const char *title;			/* "SIGSEGV in ship (shop.py)" */
	const char *signal_name;		/* "SIGSEGV"; NULL: it did not die of one */
	/* What the document does not have. */
	const struct target *target;		/* for its modules; NULL: none */
	const char *distribution;		/* text of /etc/os-release; "": not known */
};

/* document: text_len bytes. Everything else lives in the arena. false: not such a document, or
 * memory is out. */
bool crash_load(struct crash *c, struct arena *arena, const char *text, size_t text_len);

/* What identifies a crash (docs/reports.md has the rule); the text that is hashed goes to *ret. */
void crash_identity(const struct crash *c, struct str *ret);

/* NULL: neither. The qualified name, as tracebacks show it. */
const char *crash_function(const struct json *frame);
const char *crash_file(const struct json *frame);	/* "?" where it is lost */
/* NAME=value or NAME="value" of os-release(5); NULL: not there. In ret. */
const char *crash_release(const struct crash *c, const char *name, struct str *ret);
const char *crash_base(const char *path);	/* its last component */
/* "died of SIGSEGV (Segmentation fault) at 0x10: address not mapped to object" */
void crash_death(const struct crash *c, struct str *ret);
/* Bytes of the core on a line of their own: what would end it, or move a cursor, is escaped. */
void crash_put(struct output *o, const char *text);
bool crash_is_native(const struct json *frame);
/* "Traceback (most recent call last):" and so on, each line behind prefix. */
enum crash_lines { LINES_PYTHON, LINES_ALL };	/* with C frames, and variables where they are known */
void crash_traceback(struct output *o, const struct crash_thread *thread, enum crash_lines lines,
		     const char *prefix);

struct report_format {
	const char *name;
	void (*write)(const struct crash *c, struct output *o);
};
extern const struct report_format report_formats[];	/* ends with an empty one */

void report_write_text(const struct crash *c, struct output *o);
void report_write_json(const struct crash *c, struct output *o);
void report_write_markdown(const struct crash *c, struct output *o);
void report_write_gitlab(const struct crash *c, struct output *o);
void report_write_apport(const struct crash *c, struct output *o);
void report_write_satyr_python(const struct crash *c, struct output *o);
void report_write_satyr_core(const struct crash *c, struct output *o);
void report_write_ureport(const struct crash *c, struct output *o);
void report_write_sentry(const struct crash *c, struct output *o);
void report_write_otel(const struct crash *c, struct output *o);
void report_write_journal(const struct crash *c, struct output *o);

/* Of our entries in the journal, and nobody else's: systemd-coredump's own would be another crash. */
#define REPORT_MESSAGE_ID "88c090267341419f907a6e410893f5ce"

/* JSON, member by member: "key": value, behind a comma unless it is the first of its object. */
void put_key(struct output *o, const char *key, bool first);
void put_text(struct output *o, const char *key, const char *text, bool first);	/* NULL: null */
void put_number(struct output *o, const char *key, int64_t number, bool first);

#endif
