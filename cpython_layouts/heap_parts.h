/* What the walks of the allocators share; the contract for all is heap.h.
 *
 * A part is a stretch of address space of one source, cut into units (pools, pages, chunks), and
 * units into blocks of one size:
 *
 *	part  |- unit -|- unit -|- unit ------|
 *	unit  |header| block | block | block |
 *
 * heap_*.c of each allocator finds the parts and steps from unit to unit; heap_walk.c steps from
 * block to block and tells objects from other memory. */
#ifndef CPYTHON_LAYOUTS_HEAP_PARTS_H
#define CPYTHON_LAYOUTS_HEAP_PARTS_H

#include "core/map.h"
#include "cpython_layouts/heap.h"
#include "cpython_layouts/heap_blocks.h"

#define HEAP_UNIT_BLOCKS 65536 /* a unit has at most so many: mimalloc counts them in 16 bits */
#define HEAP_SLICE       (64 << 10) /* of a segment of mimalloc's */
#define HEAP_PART_BYTES  (UINT64_C(1) << 20) /* chunks are cut into parts of about that many */

/* Which of malloc's heaps: that of brk(), those of threads, chunks that are mappings of their own. */
enum chunk_sort { CHUNKS_BRK, CHUNKS_THREAD, CHUNKS_MAPPED };

struct heap_part {
	addr_t start, end;
	uint8_t source;     /* enum heap_source */
	uint8_t sort;       /* CHUNK: enum chunk_sort */
	size_t first, last; /* LISTED: of pyheap.listed */
	uint8_t *frozen;    /* a bit for each word of it: an object there is frozen; NULL: none */
};

struct pyheap {
	struct runtime *rt;
	VEC(struct heap_part) parts; /* disjoint */
	size_t sorted;               /* of these are in order: all but those just being found */
	VEC(struct heap_arena) arenas;
	VEC(addr_t) listed;          /* sorted: objects that lie in no other part */
	struct map frozen;           /* of parts too large for bits */
	struct heap_account accounts[HEAP_SOURCES];
	struct progress *progress;
	uint64_t pool_size; /* bytes; 0: no pools */
	bool pools_missing; /* there are some, but the array of their arenas was not found */
	uint64_t gc_head;   /* bytes of a PyGC_Head; 0: none (free-threaded) */
	uint64_t places[3]; /* where in a block an object may begin, without debug padding */
	size_t place_count;
	struct heap_iter *finder; /* pyheap_find()'s; NULL: not needed yet */
	const addr_t *near;	  /* of the options, while loading */
	size_t near_count;
};

/* Types that a thread met, and addresses that were no types. */
#define HEAP_TYPE_SLOTS 1024
struct heap_type {
	addr_t at;                 /* 0: free */
	const struct pytype *type; /* NULL: no type is there */
	uint32_t presize;          /* bytes in front of its objects */
	uint32_t least;            /* bytes that an object of it takes at least */
};
struct recognizer {
	struct pyheap *heap;
	struct heap_type types[HEAP_TYPE_SLOTS], others[HEAP_TYPE_SLOTS];
};

enum {
	HEAP_ANY_PLACE = -1, /* to be found out by the type */
	HEAP_BARE = -2,      /* at the block's start: no head of the collector, no padding */
	HEAP_MEMORY = -3,    /* there are no objects in it */
};

struct heap_unit {
	addr_t at;        /* of its first block */
	const uint8_t *p; /* host bytes of all its blocks */
	uint64_t block_size;
	uint64_t seen; /* bytes of a block that p covers; less than block_size where lost */
	size_t count;  /* of blocks */
	bool any_free; /* look into the iterator's free bits */
	int64_t place; /* bytes from block to object, or one of these */
};

struct heap_iter {
	struct recognizer recognizer;
	size_t part, last; /* parts still to come: [part, last) */
	const struct heap_part *now;
	addr_t cursor; /* the next unit of the part */
	struct heap_unit unit;
	size_t index; /* the next block of the unit */
	bool all;     /* memory without objects, and free chunks, are units too */
	struct heap_skipped skipped;
	uint64_t free_bits[HEAP_UNIT_BLOCKS / 64];
};

enum heap_step { STEP_UNIT, STEP_NOTHING, STEP_END };

/* false: out of memory. */
bool heap_add_part(struct pyheap *heap, const struct heap_part *part);
void heap_sort_parts(struct pyheap *heap);

/* The next unit of it->now. */
enum heap_step heap_next_unit(struct heap_iter *it);
/* The object in a block of the unit; false: there is none. */
bool heap_object_in(struct heap_iter *it, size_t index, struct heap_object *ret);

/* Each finds its parts; false: out of memory. */
bool heap_find_pools(struct pyheap *heap);
/* Where the array of arenas is lost, or some of it: pools by their headers. Once the parts that are
 * known are sorted. */
bool heap_search_pools(struct pyheap *heap);
bool heap_find_pages(struct pyheap *heap);
bool heap_find_chunks(struct pyheap *heap);
bool heap_find_static(struct pyheap *heap);
/* What the collector's lists name and no part holds: sorted into LISTED parts. */
bool heap_find_listed(struct pyheap *heap);
/* What is in the permanent generations; once the parts are sorted. */
bool heap_find_frozen(struct pyheap *heap);
bool heap_is_frozen(const struct pyheap *heap, const struct heap_part *part, addr_t at);

/* Fill it->unit and move it->cursor behind it: UNIT. NOTHING: there were no blocks in that one. */
enum heap_step heap_next_pool(struct heap_iter *it);
enum heap_step heap_next_page(struct heap_iter *it);
enum heap_step heap_next_chunk(struct heap_iter *it);
enum heap_step heap_next_static(struct heap_iter *it);
enum heap_step heap_next_listed(struct heap_iter *it);

/* 2.7: a block of ints or floats; fills it->unit. */
bool heap_int_block(struct heap_iter *it, addr_t at, const uint8_t *p, uint64_t size);

static inline void heap_mark_free(struct heap_iter *it, size_t index)
{
	it->free_bits[index / 64] |= UINT64_C(1) << (index % 64);
}
static inline bool heap_is_free(const struct heap_iter *it, size_t index)
{
	return it->free_bits[index / 64] >> (index % 64) & 1;
}

/* Will anything be asked of [start, end)? */
bool heap_is_wanted(const struct pyheap *heap, addr_t start, addr_t end);
/* The sorted part that addr lies in; NULL: none. */
const struct heap_part *heap_part_at(const struct pyheap *heap, addr_t addr);

/* The object in a block of size bytes at p; false: there is none. place: as in a unit. ret->source
 * and ->block are left to the caller. */
bool heap_recognize(struct recognizer *r, addr_t block, const uint8_t *p, uint64_t size,
		    int64_t place, struct heap_object *ret);
/* Is the reference count at host bytes p of an object the address of an object? So it is in an array
 * of pointers whose second names a type, on the free lists of 3.14+, and in front of a static object
 * of a build that links all objects (2.7 to 3.7 with debugging), where addresses are so low that
 * they look like counts. */
bool heap_count_is_pointer(struct recognizer *r, const uint8_t *p);
/* NULL: no type is there. */
const struct heap_type *heap_type_at(struct recognizer *r, addr_t at);

/* By the host bytes of a PyGC_Head. */
bool heap_head_is_tracked(const struct layout *l, const uint8_t *head);

/* --- regions: neighbouring writable extents of no file, lost ones included -------------------- */

struct heap_region {
	addr_t start, end;
	bool behind_module; /* it goes on from a module's .bss */
};
struct heap_region_iter {
	const struct target *target;
	size_t next; /* of the memory's extents */
};
/* Those that no module's file maps: malloc's, mmap's, stacks. */
bool heap_region_next(struct heap_region_iter *it, struct heap_region *ret);

#endif
