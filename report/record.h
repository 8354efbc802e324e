/* The narrow waist between analyzers, which find, and renderers, which show: typed records in a
 * stream. A record's description gives the JSON keys, the JSON Schema, and the docs.
 *
 *	static const struct column frame_columns[] = {
 *		COLUMN("file", STRING, "the code's co_filename"),
 *		COLUMN("line", INT, "1-based; null when lost"), ...
 *	};
 *	static const struct record frame_record = {
 *		.name = "frames", .list = true, .doc = "oldest first",
 *		COLUMNS(frame_columns), .text = frame_text,
 *	};
 *
 * In JSON a record is an object: under its name in the parent, in an array when .list is set. The
 * children of an open record come in the order in which .children names them, all of one kind
 * together; a kind that does not come is [] or null. This header is installed for plugins. */
#ifndef REPORT_RECORD_H
#define REPORT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum value_type {
	VALUE_BOOL,
	VALUE_INT,
	VALUE_UINT,
	VALUE_FLOAT,
	VALUE_ADDRESS,		/* "0x..." in JSON */
	VALUE_STRING,		/* UTF-8; lone surrogates as three bytes, escaped by the renderer */
	VALUE_STRINGS,		/* a list of strings */
	VALUE_TIME,		/* seconds since the epoch; ISO 8601 in JSON */
};

enum value_state { VALUE_ABSENT, VALUE_PRESENT, VALUE_LOST };

struct value {
	uint8_t state;			/* enum value_state; zeroed: absent (null) */
	union {
		bool b;
		int64_t i;
		uint64_t u;		/* UINT, ADDRESS; of a LOST value: where it was */
		double f;
		struct { const char *bytes; size_t len; } s;
		struct { const char *const *items; size_t count; } list;
	};
};

struct column {
	const char *name;
	enum value_type type;
	const char *doc;
	bool hidden;			/* for text() only: not in JSON */
};

struct record;
struct text;				/* report/text.h: where text() writes */

struct record {
	const char *name;		/* JSON key in the parent */
	const char *doc;
	bool list;
	const struct column *columns;
	size_t column_count;
	const struct record *const *children;	/* ends with NULL; or NULL */
	/* How text shows it; NULL: nothing. Called on open (values) and, when given, on close. */
	void (*text)(struct text *out, const struct value *values);
	void (*text_close)(struct text *out);
};

#define COLUMN(name_, type_, doc_) { .name = name_, .type = VALUE_##type_, .doc = doc_ }
#define COLUMNS(array) .columns = array, .column_count = sizeof(array) / sizeof((array)[0])

static inline struct value value_absent(void)
{
	return (struct value){ .state = VALUE_ABSENT };
}
static inline struct value value_lost(uint64_t at)
{
	return (struct value){ .state = VALUE_LOST, .u = at };
}
static inline struct value value_bool(bool b)
{
	return (struct value){ .state = VALUE_PRESENT, .b = b };
}
static inline struct value value_int(int64_t i)
{
	return (struct value){ .state = VALUE_PRESENT, .i = i };
}
static inline struct value value_uint(uint64_t u)
{
	return (struct value){ .state = VALUE_PRESENT, .u = u };
}
static inline struct value value_float(double f)
{
	return (struct value){ .state = VALUE_PRESENT, .f = f };
}
/* NULL bytes: absent. */
static inline struct value value_bytes(const char *bytes, size_t len)
{
	return (struct value){ .state = bytes ? VALUE_PRESENT : VALUE_ABSENT, .s = { bytes, len } };
}
static inline struct value value_str(const char *text)
{
	return value_bytes(text, text ? __builtin_strlen(text) : 0);
}
static inline struct value value_strings(const char *const *items, size_t count)
{
	return (struct value){ .state = VALUE_PRESENT, .list = { items, count } };
}

/* Writing: what an analyzer does with the report that its run() was given. */
struct report;
enum note_level { NOTE_INFO, NOTE_LOSS };

/* One record: its values, in the order of its columns. Returns false once writing has failed. */
bool report_open(struct report *r, const struct record *record, const struct value *values);
bool report_close(struct report *r);
bool report_row(struct report *r, const struct record *record, const struct value *values);
/* A note: shown at the end, on a line of its own in text, under "notes" in JSON. */
void report_note(struct report *r, enum note_level level, const char *text);

#endif
