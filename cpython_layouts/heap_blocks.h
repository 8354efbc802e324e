/* All memory of the heap's parts, block by block: what --overview adds up.
 *
 *	part  | header | object | keys of a dict | free | object | never used | header | ...
 *
 * Blocks come in address order but for mimalloc's, and do not overlap; what lies between them is the
 * allocator's own. */
#ifndef CPYTHON_LAYOUTS_HEAP_BLOCKS_H
#define CPYTHON_LAYOUTS_HEAP_BLOCKS_H

#include "cpython_layouts/heap.h"

enum heap_block_state {
	BLOCK_OBJECT,
	BLOCK_USED,	/* no object: items of a list, keys of a dict, memory of C code */
	BLOCK_FREE,	/* in a pool, page or heap that has used ones too */
	BLOCK_EMPTY,	/* a pool or page all of which is free, or that was never used */
	BLOCK_LOST,	/* not in the core */
	BLOCK_DAMAGED,	/* its header contradicts itself */
	BLOCK_STATES,
};

struct heap_block {
	addr_t at;
	uint64_t size;
	uint8_t state;			/* enum heap_block_state */
	struct heap_object object;	/* OBJECT */
};

/* Which heap a part belongs to. */
enum heap_kind {
	HEAP_KIND_POOLS,	/* obmalloc's arenas */
	HEAP_KIND_PAGES,	/* mimalloc's segments */
	HEAP_KIND_BRK,		/* malloc's main heap */
	HEAP_KIND_THREADS,	/* malloc's arenas of threads */
	HEAP_KIND_MAPPED,	/* malloc's chunks that are mappings of their own */
	HEAP_KIND_STATIC,	/* data of modules */
	HEAP_KIND_LISTED,	/* objects that the collector's lists name, elsewhere */
	HEAP_KINDS,
};

struct heap_stretch {
	addr_t start, end;
	uint8_t kind;		/* enum heap_kind */
};
struct heap_stretch pyheap_part(const struct pyheap *heap, size_t part);

/* An iterator of one part; it owns nothing but its memory. */
struct heap_blocks;
/* NULL: out of memory. */
struct heap_blocks *heap_blocks_of(struct pyheap *heap);
void heap_blocks_move(struct heap_blocks *it, size_t part);
bool heap_blocks_next(struct heap_blocks *it, struct heap_block *ret);
void heap_blocks_free(struct heap_blocks *it);
OWNED(struct heap_blocks, heap_blocks_free);

/* Arenas as obmalloc got them from the system. */
struct heap_arena {
	addr_t start, end;	/* the mapping */
	addr_t first, unused;	/* its pools: from here, so far up to here */
};
size_t pyheap_arenas(const struct pyheap *heap, const struct heap_arena **ret);

#endif
