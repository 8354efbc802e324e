/* Counting the objects of a heap by their types, with several threads where that helps. The answer
 * is the same to the byte for any number of them: each part is counted once, and sums and greatest
 * values do not depend on the order. */
#ifndef ANALYZERS_HEAP_CENSUS_H
#define ANALYZERS_HEAP_CENSUS_H

#include "core/arena.h"
#include "core/budget.h"
#include "core/progress.h"
#include "core/vec.h"
#include "cpython_layouts/heap.h"

struct census_row {
	const char *name;	/* the type, the module, the range of sizes, the shape; borrowed */
	addr_t example;		/* BY_SHAPE: one object of it; 0: none is named */
	const char *module;	/* of a type; "?": not known */
	uint64_t count, bytes;
	uint64_t max;		/* bytes of the largest */
	uint64_t tracked, tracked_bytes;	/* of those in gc.get_objects() */
	uint64_t unsure;	/* how many have a size that is not surely sys.getsizeof()'s */
};

enum census_by { CENSUS_BY_TYPE, CENSUS_BY_MODULE, CENSUS_BY_SIZE, CENSUS_BY_SHAPE };
enum census_sort { CENSUS_SORT_SIZE, CENSUS_SORT_COUNT, CENSUS_SORT_MAX, CENSUS_SORT_NAME };

struct census_options {
	enum census_by by;
	enum census_sort sort;
	const char *glob;	/* only types whose full name matches; NULL: all */
	unsigned jobs;		/* threads; 0: as many as the machine and the heap are worth */
	struct budget *budget;	/* BY_SHAPE; NULL: no limit */
	struct progress *progress;
};

struct census {
	VEC(struct census_row) rows;	/* sorted */
	struct census_row total;	/* name NULL */
	bool any;			/* an object was seen, of whatever type */
	bool over;			/* more shapes than the budget allows: some are missing */
	struct heap_skipped skipped;
	struct arena arena;		/* names of ranges and shapes */
};

struct error *census_take(struct runtime *rt, struct pyheap *heap,
			  const struct census_options *options, struct census *ret) _must_check_;
void census_release(struct census *c);

#endif
