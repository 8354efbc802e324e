/* `pycore layout`, between its two halves: layout.c lists, layout_check.c compares with DWARF. */
#ifndef ANALYZERS_LAYOUT_H
#define ANALYZERS_LAYOUT_H

#include "analyzers/session.h"

struct layout_config {
	const char *structure;		/* --struct GLOB */
	const char *check;		/* --check EXE */
};

extern const struct record layout_check_record;
struct error *layout_check_run(struct session *session, const struct layout_config *config,
			       struct report *report) _must_check_;

#endif
