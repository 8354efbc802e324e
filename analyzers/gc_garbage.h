/* What a collection would have found unreachable, by the collector's own reckoning (Modules/
 * gcmodule.c up to 3.12, Python/gc.c later: deduce_unreachable()):
 *
 *	of each object that it looks after:	references counted  -  references from the others
 *	what remains above 0 is referred to from outside: alive, and so is all that it leads to
 *
 * It looks after what it tracks and has not set aside (frozen, and from 3.12 on immortal). So this
 * is exact as far as the references are known that tp_traverse visits: of C types that pycore knows
 * no layout of they are guessed (edges.h), and free-threaded builds do not count all of those to
 * functions, types and modules, which are taken for alive here.
 *
 * Memory: 4 bytes an object of the heap beside its numbers, 4 more for each that is unreachable. */
#ifndef ANALYZERS_GC_GARBAGE_H
#define ANALYZERS_GC_GARBAGE_H

#include "cpython_layouts/heap_numbers.h"

#define NOT_GARBAGE UINT32_MAX

struct garbage {
	struct runtime *rt;
	struct numbers *numbers;
	uint32_t *members;	/* the numbers of what is unreachable, ascending */
	uint32_t count;
	uint32_t *index;	/* by number: which member it is, or NOT_GARBAGE */
};

/* Errors: as numbers_make(). */
struct error *garbage_find(struct runtime *rt, struct pyheap *heap,
			   const struct numbers_options *options, struct garbage *ret) _must_check_;
void garbage_release(struct garbage *g);

#endif
