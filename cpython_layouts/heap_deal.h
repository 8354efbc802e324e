/* The parts of a heap, dealt to threads one by one: the first that is done gets the next.
 *
 *	struct heap_deal deal = heap_deal(heap, progress, "counting objects");
 *	jobs_run(heap_deal_jobs(&deal, options->jobs), work, workers, ...);
 *
 *	each thread:	struct heap_hand hand = { .is_main = ... };
 *			while (heap_deal_next(&deal, it, &hand))
 *				while (heap_next(it, &o))
 *					...
 *
 * All parts are dealt once, in the order of addresses, to however many threads there are. */
#ifndef CPYTHON_LAYOUTS_HEAP_DEAL_H
#define CPYTHON_LAYOUTS_HEAP_DEAL_H

#include <stdatomic.h>
#include "core/progress.h"
#include "cpython_layouts/heap.h"

struct heap_deal {
	struct pyheap *heap;
	struct progress *progress;		/* NULL: nobody is watching */
	const char *what;			/* that is being done */
	uint64_t bytes;				/* in all parts, as pyheap_part_size() counts them */
	atomic_size_t next;			/* part */
	atomic_uint_least64_t done;		/* bytes */
};

/* What one thread has got. It begins with nothing. */
struct heap_hand {
	size_t first, end;			/* parts */
	bool is_main;				/* the one that shows how far all are */
};

struct heap_deal heap_deal(struct pyheap *heap, struct progress *progress, const char *what);
/* How many threads that heap is worth; asked: 0, or what the user wants. */
unsigned heap_deal_jobs(const struct heap_deal *deal, uint64_t asked);
/* What the hand has is done; `it` goes on with the next part. false: there are no more. */
bool heap_deal_next(struct heap_deal *deal, struct heap_iter *it, struct heap_hand *hand);

#endif
