/* JSON as text: writing a string, and reading a whole document into a tree. The reader is for our own
 * documents (pycore report converts what bt --json says), and takes all of RFC 8259 but what is
 * nested deeper than JSON_DEPTH. */
#ifndef REPORT_JSON_H
#define REPORT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "report/output.h"

#define JSON_DEPTH 32

/* As a JSON string with its quotes: always valid UTF-8, and safe for a terminal. A lone surrogate
 * is escaped (\udc80), bytes that are not UTF-8 become U+FFFD. */
void json_string(struct output *o, const char *bytes, size_t len);

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_LIST, JSON_OBJECT };

struct json {
	enum json_type type;
	bool truth;			/* BOOL */
	const char *text;		/* STRING, decoded, a surrogate as three bytes; NUMBER as written */
	size_t len;
	const char *key;		/* in an object; NULL else */
	struct json *children, *next;	/* LIST, OBJECT, in order */
};

/* The tree lives in the arena. NULL: not JSON, nested too deep, or memory is out. */
const struct json *json_parse(struct arena *arena, const char *text, size_t len);
/* A member of an object; NULL: none, or null, or j is no object (or NULL itself). */
const struct json *json_get(const struct json *j, const char *key);
/* NULL: no string. */
const char *json_text(const struct json *j);
/* Of a number, or of an address "0x..". otherwise: it is neither. */
int64_t json_int(const struct json *j, int64_t otherwise);
bool json_true(const struct json *j);

#define json_each(item, list)                                                                      \
	for (const struct json *item = (list) ? (list)->children : NULL; item; item = item->next)

#endif
