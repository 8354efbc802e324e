/* A report being written: records go in, one form comes out, unbuffered. Owns its output; a write
 * error (a closed pipe, a full disk) is remembered and told by report_end(). */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <stdio.h>
#include "report/record.h"

enum report_form { REPORT_TEXT, REPORT_JSON };
enum note_level { NOTE_INFO, NOTE_LOSS };

struct report;

struct report_options {
	enum report_form form;
	bool color;
	bool quiet;			/* text without NOTE_INFO */
	unsigned width;			/* of the terminal; 0: unlimited */
	const char *command, *version;	/* for JSON's "pycore" object */
};

/* root: the record whose columns and children are the document; it is opened by report_new with
 * no values of its own. out is borrowed. NULL: out of memory. */
struct report *report_new(const struct record *root, const struct report_options *options, FILE *out);
/* One record: its values, in the order of its columns. Returns false once writing has failed. */
bool report_open(struct report *r, const struct record *record, const struct value *values);
bool report_close(struct report *r);
bool report_row(struct report *r, const struct record *record, const struct value *values);
/* A note: on a line of its own in text (after what is open), collected for "notes" in JSON. */
void report_note(struct report *r, enum note_level level, const char *text);
/* Notes, closing brackets, flush. false: the output could not be written. */
bool report_end(struct report *r);
void report_free(struct report *r);
/* Has a NOTE_LOSS come? */
bool report_has_loss(const struct report *r);
/* Why it failed: "No space left on device"; NULL: it has not. *ret_reader_left (may be NULL): the
 * reader of a pipe has seen enough (`| head`), which is no fault. */
const char *report_failure(const struct report *r, bool *ret_reader_left);

/* The JSON Schema (2020-12) of a command's document, made from its root record. */
bool report_schema(const struct record *root, const char *command, FILE *out);

#endif
