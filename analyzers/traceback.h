/* What Python prints under `  File "...", line N, in name`: the source lines of a position and,
 * from 3.11 on, carets under the part that was running. The rules are those of each version's
 * Lib/traceback.py (StackSummary.format_frame_summary, _extract_caret_anchors_from_line_segment),
 * and tests compare with that module over the standard library's own lines. */
#ifndef ANALYZERS_TRACEBACK_H
#define ANALYZERS_TRACEBACK_H

#include "analyzers/source.h"
#include "analyzers/width.h"
#include "core/str.h"
#include "cpython_layouts/code.h"

struct traceback_rule {
	enum {
		CARETS_NONE,		/* up to 3.10 */
		CARETS_ONE_LINE,	/* 3.11, 3.12: the first line; operators and subscripts */
		CARETS_MANY_LINES,	/* 3.13+: every line of note; calls too */
	} carets;
	bool exact_brackets;		/* the mark steps over parentheses to the operator */
	enum width_rule width;
};

struct traceback_rule traceback_rule_for(const struct python_version *version);

/* Append the lines, each indented by 4 and ended by a newline. Nothing when the source has no such
 * line, or a blank one. */
void traceback_source(const struct traceback_rule *rule, const struct source *source,
		      const struct position *at, struct str *out);

#endif
