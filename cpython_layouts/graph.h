/* The whole graph of references by numbers (heap_numbers.h): which objects does this one refer to?
 *
 *	slab     objects [0, 65536)      [65536, 131072)     ...
 *	starts   | 0 | 3 | 3 | 4 | ...   where in targets each object's begin
 *	targets  | 17 | 9 | 4 | 2 | ...  numbers
 *
 * Made in one walk over all objects in address order, by several threads; 4 bytes for each
 * reference and 4 for each object: about 15 an object. It is the same whatever their number. What
 * does not fit in the budget is not kept: those references are looked at anew whenever they are
 * asked for, which is slower by far, and true.
 *
 * References to objects that no allocator shows are followed until no more are found; these get
 * numbers of their own (numbers_add()). What references are called is not kept: edges.h tells. */
#ifndef CPYTHON_LAYOUTS_GRAPH_H
#define CPYTHON_LAYOUTS_GRAPH_H

#include "cpython_layouts/heap_numbers.h"

struct graph_options {
	bool weak;			/* weak references too */
	uint64_t jobs;			/* threads; 0: as many as are worth it */
	struct budget *budget;		/* NULL: no limit */
	struct progress *progress;	/* NULL: nobody is watching */
};

struct graph;

/* ERROR_INTERNAL: out of memory. It borrows from the numbers, and may add some. */
struct error *graph_make(struct numbers *numbers, const struct graph_options *options,
			 struct graph **ret) _must_check_;
void graph_free(struct graph *graph);
OWNED(struct graph, graph_free);

uint64_t graph_edges(const struct graph *graph);
/* Of how many objects the references are not kept. */
uint32_t graph_unkept(const struct graph *graph);
/* References that were left out, as there is no memory to look at what they lead to. */
uint64_t graph_skipped(const struct graph *graph);

/* Does any object refer to this one, of those that have no bit in besides? Where references are not
 * kept: maybe. */
bool graph_has_referrer(const struct graph *graph, uint32_t number, const uint64_t *besides);

/* Asking is for one thread, with a reader of its own. NULL: out of memory. */
struct graph_reader;
struct graph_reader *graph_reader_new(const struct graph *graph);
/* The numbers of what it refers to, as often as it does, NO_NUMBER where no object is there; valid
 * until the next call. */
const uint32_t *graph_referents(struct graph_reader *r, uint32_t number, size_t *ret_count);
void graph_reader_free(struct graph_reader *r);
OWNED(struct graph_reader, graph_reader_free);

#endif
