/* What an analyzer works on. cli/session.c makes it; nothing else is global. */
#ifndef ANALYZERS_SESSION_H
#define ANALYZERS_SESSION_H

#include "analyzers/analyzer.h"
#include "core/files.h"
#include "core/target.h"
#include "cpython_layouts/runtime.h"
#include "report/report.h"
#include "symbols/symbols.h"

struct session {
	struct files *files;
	struct target *target;		/* NULL when not needed */
	struct symbols *symbols;
	struct runtime *runtime;	/* NULL: none found (WANTS_RUNTIME), runtime_error says why */
	struct error *runtime_error;
	bool text_form;			/* for limits that differ between text and JSON */
	struct source_log *source_log;	/* where to note the source lines shown; NULL: nowhere */
	const char *output;		/* --output FILE; NULL: standard output */
	const struct new_file *made;	/* OWNS_OUTPUT: that file, empty, for run() to fill; it gets its
					 * name when run() is done. NULL: no --output.
					 * OWNS_STDOUT: standard output */
	bool incomplete;		/* for exit code 1, where no note can say why (RAW_TEXT) */
	const struct redaction *redaction;	/* what may not be shown (core/redact.h); NULL: all may */
	const char *subject;		/* TAKES_SUBJECT: what is asked about; NULL: it was not said */
	struct option_list numbers;	/* TAKES_NUMBERS: what is asked about, as it was typed */
};

extern const struct analyzer *const analyzers[];	/* from list.def; ends with NULL */
/* Where an analyzer's config has the value of that option: for who runs one from within another. */
void *analyzer_option(const struct analyzer *analyzer, void *config, const char *name);

/* "process" and "python": the record that every command begins with (analyzers/process.c). */
extern const struct record process_record;
bool process_report(struct session *s, struct report *report);
/* Pass the target's remarks that were not shown yet to the report as notes. */
void session_report_remarks(struct session *s, struct report *report);

#endif
