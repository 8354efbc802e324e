/* Inside a report: what report.c keeps, and what a form (text, JSON) must do. Only report/ includes
 * this. report.c follows the stack of open records and knows which kinds were passed over; a form
 * only writes. */
#ifndef REPORT_FORM_H
#define REPORT_FORM_H

#include "core/vec.h"
#include "report/json.h"
#include "report/output.h"
#include "report/report.h"
#include "report/text.h"

#define REPORT_DEPTH 16		/* records open at once */
#define REPORT_NOTES 1000	/* notes kept; more are counted */

struct text {
	struct output *output;
	bool color;
	unsigned width;
	enum style style;
};

/* An open record, and where in its .children it is. */
struct level {
	const struct record *record;
	const struct record *const *next;	/* kinds still to come; NULL: no children */
	const struct record *current;		/* the kind that comes now; NULL: none yet */
};

struct note {
	enum note_level level;
	char *text;
};

struct report {
	const struct form *form;
	struct report_options options;
	struct level levels[REPORT_DEPTH];
	size_t depth;				/* open records, the root among them */
	VEC(struct note) notes;
	uint64_t notes_dropped;
	bool loss;
	const char *misuse;			/* the analyzer's mistake, if it made one */
	struct text text;
	struct output output;
};

struct form {
	void (*begin)(struct report *r);
	/* The record is r->levels[r->depth - 1] already. first: none of its kind came before. */
	void (*open)(struct report *r, const struct value *values, bool first);
	void (*close)(struct report *r);
	/* No more of this kind will come; missing: none came at all. */
	void (*end_kind)(struct report *r, const struct record *kind, bool missing);
	void (*end)(struct report *r);
};

extern const struct form text_form, json_form;

#endif
