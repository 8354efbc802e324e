/* An arena of two pools in a heap written through the tables: a few blocks, some free, objects in
 * the others. */
#ifndef TESTS_UNIT_POOLS_RIG_H
#define TESTS_UNIT_POOLS_RIG_H

#include "tests/unit/heap_rig.h"

#include "cpython_layouts/heap.h"
#include "cpython_layouts/heap_parts.h"

enum {
	POOL = 16384,
	HEADER = 48,
	BLOCK = 96,
	USED = 5,			/* blocks ever used of the first pool */
	AREA = HEAP_BASE + 0x40000,	/* an arena of two pools */
};

static const char *const with_pools[] = { "3.12", "3.13", "3.14", "3.15" };

struct drawn {
	struct heap *h;
	struct pyheap *heap;
	addr_t plain, collected;	/* types: nothing in front; a head of the collector */
	addr_t gc;			/* the interpreter's collector */
	uint8_t *pages;
};

static inline void draw_pool(struct heap *h, addr_t at, unsigned count, unsigned used,
			     addr_t freeblock)
{
	HPUT(h, at, pool_header, ref_count, count);
	HPUT(h, at, pool_header, szidx, BLOCK / 16 - 1);
	HPUT(h, at, pool_header, maxnextoffset, POOL - BLOCK);
	HPUT(h, at, pool_header, nextoffset, HEADER + used * BLOCK);
	HPUT(h, at, pool_header, freeblock, freeblock);
}

static inline addr_t block(unsigned i)
{
	return AREA + HEADER + i * BLOCK;
}

static inline void draw_object(struct heap *h, addr_t at, addr_t type)
{
	HPUT(h, at, PyObject, ob_refcnt, 1);
	HPUT(h, at, PyObject, ob_ref_local, 1);
	HPUT(h, at, PyObject, ob_type, type);
}

static inline void draw_links(struct drawn *d, addr_t object, addr_t next, addr_t prev)
{
	addr_t head = object - SIZEOF(d->h->l, PyGC_Head);
	HPUT(d->h, head, PyGC_Head, gc_next, next);
	HPUT(d->h, head, PyGC_Head, gc_prev, prev);
}

static inline void draw_interpreter(struct drawn *d)
{
	struct heap *h = d->h;
	const struct layout *l = h->l;
	enum { SIZE = 0x8000 };
	addr_t interp = heap_alloc(h, SIZE),
	       state = interp + OFFSET(l, PyInterpreterState, obmalloc);
	if (!HAS(l, PyInterpreterState, obmalloc_arenas)) {
		addr_t pointed = heap_alloc(h, 1024);
		heap_word(h, state, pointed);
		state = pointed;
	}
	addr_t arenas = heap_alloc(h, 2 * SIZEOF(l, arena_object));
	HPUT(h, state, _obmalloc_state, arenas, arenas);
	HPUT(h, state, _obmalloc_state, maxarenas, 2);
	HPUT(h, arenas, arena_object, address, AREA);
	HPUT(h, arenas, arena_object, pool_address, AREA + 2 * POOL);
	HPUT(h, arenas, arena_object, ntotalpools, 64);
	h->rt.interpreters = interp;
	d->gc = interp + OFFSET(l, PyInterpreterState, gc);
}

static inline struct drawn draw(const char *table)
{
	const struct heap_variant variant = { table, 8, false };
	struct drawn d = { .h = heap_new(&variant) };
	uint64_t size = SIZEOF(d.h->l, PyObject) + 16;
	d.plain = heap_type(d.h, "plain", d.h->object_type, 0, size);
	d.collected = heap_type(d.h, "collected", d.h->object_type, TPFLAGS_HAVE_GC, size);
	draw_interpreter(&d);
	return d;
}

/* The heap of what was drawn, anew. */
static inline void load(struct drawn *d)
{
	pyheap_free(d->heap);
	d->heap = NULL;
	assert_null(pyheap_load(&d->h->rt, NULL, &d->heap));
}

static inline void undraw(struct drawn *d)
{
	pyheap_free(d->heap);
	heap_free(d->h);
	free(d->pages);
}

/* Five blocks, the second and the fourth free. */
static inline struct drawn draw_objects(const char *table)
{
	struct drawn d = draw(table);
	uint64_t head = SIZEOF(d.h->l, PyGC_Head);
	draw_pool(d.h, AREA, USED - 2, USED, block(1));
	for (unsigned i = 0; i < USED; i++)
		draw_object(d.h, block(i), d.plain);
	heap_word(d.h, block(1), block(3));
	heap_word(d.h, block(3), 0);
	draw_object(d.h, block(4) + head, d.collected);
	heap_word(d.h, block(4), 0);
	heap_word(d.h, block(4) + 8, 0);
	return d;
}

#endif
