/* A report being written: records go in, one form comes out, no tree is built. Only
 * notes are kept until the end. A write error (a closed pipe, a full disk) is remembered and told
 * by report_end(). What an analyzer needs of it, report_open() and so on, is in report/record.h. */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <stdio.h>
#include "report/record.h"

enum report_form { REPORT_TEXT, REPORT_JSON };

struct report_options {
	enum report_form form;
	bool color;
	bool quiet;			/* text without NOTE_INFO */
	unsigned width;			/* of the terminal; 0: unlimited */
	const char *command, *version;	/* for JSON's "pycore" object */
	const struct redaction *redaction;	/* what no string may show; NULL: nothing is kept back */
};

/* root: the record whose columns and children are the document; it is opened by report_new with
 * no values of its own. out is borrowed. NULL: out of memory. */
struct report *report_new(const struct record *root, const struct report_options *options,
			  FILE *out);
/* Notes, closing brackets, flush. false: the output could not be written. */
bool report_end(struct report *r);
void report_free(struct report *r);
/* Take back all that was reported; false: some of it has been written out already. */
bool report_discard(struct report *r);
/* Has a NOTE_LOSS come? */
bool report_has_loss(const struct report *r);
/* Why it failed: "No space left on device"; NULL: it has not. *ret_reader_left (may be NULL): the
 * reader of a pipe has seen enough (`| head`), which is no fault. */
const char *report_failure(const struct report *r, bool *ret_reader_left);

/* The JSON Schema (2020-12) of a command's document, made from its root record. */
bool report_schema(const struct record *root, const char *command, FILE *out);

#endif
