/* Every object of the dead process, in address order.
 *
 * Where objects live, and what leads to them:
 *
 *	HEAP_POOL      obmalloc's arenas, cut into pools, cut into blocks (Objects/obmalloc.c)
 *	HEAP_PAGE      mimalloc's segments, cut into pages, cut into blocks (free-threaded 3.13+)
 *	HEAP_CHUNK     glibc's chunks: what is larger than 512 bytes, all under PYTHONMALLOC=malloc
 *	HEAP_STATIC    the writable data of python, libpython and extension modules
 *	HEAP_LISTED    nowhere of the above, but the collector's lists name it
 *
 *	block   | debug 16 | pre-header 16 | gc head 16..32 | ob_refcnt ob_type | body ...
 *	        ^ block    only with hooks, only in some types              ^ object.at
 *
 * Loading costs by the arena and by the megabyte of malloc, not by the object: it makes a list of
 * parts, which are disjoint and in address order. Walking parts in order gives the objects in
 * order; distinct parts may be walked by distinct threads at once. What tells an object from other
 * memory in a block is its type: ob_type must be a type that was proved (its own type is a type,
 * ...), the place in the block must be where objects of that type begin, the reference count one
 * that a live object can have, and the fixed part must fit. Freed blocks, and objects that a free
 * list keeps (reference count 0), are passed over.
 *
 * Nothing here is trusted: each pool, chunk and link is checked; what does not hold is skipped and
 * counted in `skipped`. Sizes are bytes. */
#ifndef CPYTHON_LAYOUTS_HEAP_H
#define CPYTHON_LAYOUTS_HEAP_H

#include "core/progress.h"
#include "cpython_layouts/object.h"

enum heap_source {
	HEAP_POOL,
	HEAP_PAGE,
	HEAP_CHUNK,
	HEAP_STATIC,
	HEAP_LISTED,
	HEAP_SOURCES,
};

struct heap_object {
	struct object object; /* at, p, type: as object_load() gives it */
	addr_t block;         /* where its block begins; STATIC, LISTED: the object itself */
	uint64_t block_size;  /* what the allocator gave it; 0: not known (STATIC, LISTED) */
	bool tracked;         /* the cyclic collector knows it (gc.is_tracked()) */
	bool frozen;          /* and set it aside: it is in the permanent generation, and so not in
			       * gc.get_objects(): by gc.freeze(), and 3.12+ when immortal */
	uint8_t source;       /* enum heap_source */
};

/* What was found of one source, and what could not be looked at. */
struct heap_account {
	uint64_t parts; /* arenas, segments, runs of chunks, data segments */
	uint64_t bytes; /* of address space that they take */
	uint64_t lost;  /* of these: not in the core */
};

struct pyheap;

struct pyheap_options {
	struct progress *progress; /* NULL: nobody is watching */
	/* Where there are some, only pyheap_find() of these will be asked: what costs by the object
	 * or by the page of memory that is far from them is left out. */
	const addr_t *near;
	size_t near_count;
};

/* ERROR_INTERNAL: out of memory. What is missing or damaged is no error: see the accounts and the
 * target's remarks. Everything is owned by the heap and borrows from the runtime. */
struct error *pyheap_load(struct runtime *rt, const struct pyheap_options *options,
			  struct pyheap **ret) _must_check_;
void pyheap_free(struct pyheap *heap);
OWNED(struct pyheap, pyheap_free);

const struct heap_account *pyheap_account(const struct pyheap *heap, enum heap_source source);

/* --- all of them ----------------------------------------------------------------------------- */

size_t pyheap_parts(const struct pyheap *heap);
/* How much work a part is, in bytes, to deal parts to threads evenly. */
uint64_t pyheap_part_size(const struct pyheap *heap, size_t part);

/* Objects of the parts [first, end). One iterator belongs to one thread; threads may share a heap.
 * The type of what it gives is known to object_size() already. */
struct heap_iter;
/* NULL: out of memory. */
struct heap_iter *heap_objects(struct pyheap *heap, size_t first, size_t end);
/* On with other parts; what it knows of types stays. */
void heap_iter_move(struct heap_iter *it, size_t first, size_t end);
/* Each object once, in address order. */
bool heap_next(struct heap_iter *it, struct heap_object *ret);
void heap_iter_free(struct heap_iter *it);
OWNED(struct heap_iter, heap_iter_free);

/* What an iterator passed over. */
struct heap_skipped {
	uint64_t lost;    /* bytes of pools, pages, chunks that are not in the core */
	uint64_t damaged; /* bytes of those whose headers contradict themselves */
};
struct heap_skipped heap_iter_skipped(const struct heap_iter *it);

/* --- one of them ----------------------------------------------------------------------------- */

enum heap_place {
	HEAP_NOWHERE, /* not in Python's memory, as far as is known */
	HEAP_OBJECT,  /* in the block of a live object: *ret is filled */
	HEAP_BLOCK,   /* in a used block with no object in it: keys of dicts, items of lists */
	HEAP_FREE,    /* in a free block, or between blocks */
};
/* In what does this address lie? Of ret: block and block_size are known wherever there is a block.
 * For one thread at a time. */
enum heap_place pyheap_find(struct pyheap *heap, addr_t addr, struct heap_object *ret);

/* Of which part of which allocator is that address? */
struct heap_where {
	enum heap_source source;
	addr_t start, end; /* the arena's used pools, the segment, a MiB or so of malloc's chunks */
	addr_t pool;       /* POOL: the pool; else 0 */
};
/* false: of none. */
bool pyheap_where(const struct pyheap *heap, addr_t addr, struct heap_where *ret);

/* Does malloc keep that chunk (its user bytes begin at block) for a thread's next request? It was
 * freed, though its neighbours say that it is in use (glibc 2.26+, malloc/malloc.c, tcache). */
bool pyheap_is_cached(const struct pyheap *heap, addr_t block);

/* Does a live object begin there, exactly? The same, for conservative
 * scans of words that may be references. */
bool pyheap_object_at(struct pyheap *heap, addr_t addr, struct heap_object *ret);

/* --- the collector's lists -------------------------------------------------------------------- */

/* The list heads: of each interpreter that has lists of its own, generations 0..2 (3: the permanent
 * one). 3.14.0-3.14.4: 0 young, 1 and 2 the old spaces. Free-threaded builds have none. */
struct gc_list {
	const char *name;          /* "generation 0", "permanent", ...; static */
	addr_t head;               /* a PyGC_Head */
	unsigned generation;       /* 0..2; 3: permanent */
	struct interpreter interp; /* .at 0: all interpreters share it (2.7 - 3.8) */
};
size_t gc_lists(struct runtime *rt, struct gc_list *ret, size_t max);

/* The name of the list that an object is in, by following them all, as nothing in the object says
 * it; NULL: in none, or it is too far down. */
const char *gc_generation_of(struct runtime *rt, addr_t object);

/* Objects of one list, in its order: slow on an aged heap (a cache miss each), so only for who asks
 * for the list itself. Low bits of links are masked. */
struct gc_list_iter {
	struct runtime *rt;
	struct chain chain; /* of gc heads; its end says how the list ended */
	addr_t head;
};
struct gc_list_iter gc_list_objects(struct runtime *rt, const struct gc_list *list);
/* The object's address: not loaded yet. */
bool gc_list_next(struct gc_list_iter *it, addr_t *ret);

/* Bytes in front of objects of this type: gc head and pre-header; without debug padding. */
uint64_t pytype_presize(const struct runtime *rt, const struct pytype *type);
/* Does the collector know an object with this header? Its gc head is read in front of o->p's place;
 * false too where there is none. */
bool object_is_tracked(struct runtime *rt, const struct object *o);
/* Free-threaded: gc.freeze() marks the objects themselves. Elsewhere they are in a list of their
 * own: struct heap_object knows. */
bool object_is_frozen(struct runtime *rt, const struct object *o);
/* How many references there are to it; false: it is immortal, they are not counted. */
bool object_refcount(struct runtime *rt, const struct object *o, int64_t *ret);

#endif
