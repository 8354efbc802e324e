/* What a collection would have freed, as records of pycore gc: sums, the cycles in groups, and where
 * asked for each object. */
#ifndef ANALYZERS_GC_UNREACHABLE_H
#define ANALYZERS_GC_UNREACHABLE_H

#include "analyzers/session.h"

struct unreachable_options {
	uint64_t limit;		/* groups that are shown */
	bool list;		/* each object too */
	uint64_t jobs, memory_limit;
};

extern const struct record unreachable_record;

struct error *report_unreachable(struct session *s, const struct unreachable_options *options,
				 struct report *report) _must_check_;

#endif
