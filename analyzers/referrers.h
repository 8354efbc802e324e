/* Which objects refer to one: all objects are looked at once, by several threads. */
#ifndef ANALYZERS_REFERRERS_H
#define ANALYZERS_REFERRERS_H

#include "core/budget.h"
#include "core/vec.h"
#include "cpython_layouts/heap.h"

struct referrers_options {
	uint64_t jobs;			/* threads; 0: as many as are worth it */
	struct budget *budget;		/* NULL: no limit */
	struct progress *progress;
};

struct referrers {
	VEC(addr_t) list;		/* objects, each once, in address order */
	uint64_t left_out;		/* how many more there were than the budget allows */
};

/* ERROR_INTERNAL: out of memory. */
struct error *referrers_find(struct runtime *rt, struct pyheap *heap, addr_t target,
			     const struct referrers_options *options,
			     struct referrers *ret) _must_check_;
void referrers_release(struct referrers *r);

#endif
