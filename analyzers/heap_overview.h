/* heap --overview: where the memory went, each byte once.
 *
 *	all that was mapped
 *	  objects        by the allocator that they came from
 *	  buffers        used blocks of no object, by the type of the object that leads into them
 *	  in use         used blocks that no object leads into: memory of C code
 *	  free           blocks, pools, pages and chunks
 *	  overhead       headers and rounding of allocators
 *	  stacks, interpreter, files, system
 *	  lost           of the allocators' memory: not in the core
 *	  unaccounted    anonymous memory of which nothing is known */
#ifndef ANALYZERS_HEAP_OVERVIEW_H
#define ANALYZERS_HEAP_OVERVIEW_H

#include "analyzers/session.h"
#include "core/budget.h"
#include "core/vec.h"
#include "cpython_layouts/heap_blocks.h"

struct use {
	const char *group, *name;	/* borrowed */
	uint64_t bytes, count;
};

/* What a heap's memory is used for. */
struct heap_share {
	uint64_t parts;			/* arenas, segments, stretches of chunks */
	uint64_t mapped;		/* bytes, of which all others are shares */
	uint64_t objects, buffers, other, free, empty, lost, damaged, overhead;
	uint64_t object_count, buffer_count, other_count, free_count;
};

struct overview {
	uint64_t mappings, bytes;	/* that can be accessed */
	uint64_t reserved;		/* address space that cannot: not counted in bytes */
	uint64_t in_core;		/* of bytes: in the core, or in files that are at hand */
	uint64_t unaccounted, lost;
	uint64_t arenas, arenas_free;	/* obmalloc's; those with no used block */
	uint64_t arenas_sparse;		/* less than a quarter of them used */
	struct heap_share heaps[HEAP_KINDS];
	VEC(struct use) uses;		/* group by group, the largest first; they add up to bytes */
	uint64_t left_out;		/* words not remembered, for want of memory */
};

/* ERROR_INTERNAL: out of memory. */
struct error *overview_take(struct session *s, struct pyheap *heap, struct budget *budget,
			    struct overview *ret) _must_check_;
void overview_release(struct overview *o);

/* The share that is explained, 0 to 1. */
double overview_share(const struct overview *o);

#endif
