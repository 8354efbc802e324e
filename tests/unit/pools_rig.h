/* Where objects live, in a heap written through the tables: an arena of two pools, a few blocks, some
 * free, objects in the others; malloc's chunks; a segment of mimalloc's pages. */
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

/* --- malloc's chunks -------------------------------------------------------------------------- */

enum { REGION = 0x10000, MAPPED = 0x3000 };
#define REGION_AT UINT64_C(0x10000000)
#define MAPPED_AT UINT64_C(0x20000000)

struct chunks {
	struct drawn d;
	uint8_t *region, *mapped;
};

static inline void add_extent(struct heap *h, addr_t at, uint8_t *bytes, size_t size)
{
	const struct extent extent = { .start = at,
				       .end = at + size,
				       .host = bytes,
				       .source = EXTENT_CORE,
				       .flags = EXTENT_READ | EXTENT_WRITE };
	assert_true(memory_add(&h->target.memory, &extent));
	assert_true(memory_seal(&h->target.memory));
}

static inline void put_word(uint8_t *bytes, size_t at, uint64_t word)
{
	memcpy(bytes + at, &word, sizeof(word));
}

/* An object behind a chunk's header. */
static inline void put_object(struct chunks *c, uint8_t *bytes, size_t chunk, uint64_t size,
		       uint64_t flags)
{
	const struct layout *l = c->d.h->l;
	put_word(bytes, chunk + 8, size | flags);
	put_word(bytes, chunk + 16 + OFFSET(l, PyObject, ob_refcnt), 1);
	put_word(bytes, chunk + 16 + OFFSET(l, PyObject, ob_type), c->d.plain);
}

/* brk: the thread cache, a used chunk, a free one, a used one, the top.
 * mapped: a chunk of two pages, in the second page of its region. */
static inline struct chunks draw_chunks(const char *table)
{
	struct chunks c = { .d = draw(table) };
	c.region = calloc(1, REGION);
	c.mapped = calloc(1, MAPPED);
	assert_non_null(c.region);
	assert_non_null(c.mapped);
	put_word(c.region, 8, 0x290 | 1);
	put_object(&c, c.region, 0x290, 0x800, 1);
	put_object(&c, c.region, 0xa90, 0x800, 1);
	put_object(&c, c.region, 0x1290, 0x800, 0);
	put_word(c.region, 0x1a90 + 8, (REGION - 0x1a90) | 1);
	put_object(&c, c.mapped, 0x1000, 0x2000, 2);
	add_extent(c.d.h, REGION_AT, c.region, REGION);
	add_extent(c.d.h, MAPPED_AT, c.mapped, MAPPED);
	return c;
}

static inline void undraw_chunks(struct chunks *c)
{
	undraw(&c->d);
	free(c->region);
	free(c->mapped);
}

/* --- mimalloc's pages ------------------------------------------------------------------------- */

#define SEGMENT UINT64_C(0x2000000)
enum { SLICE_BYTES = 0x10000, PAGES = 4 * SLICE_BYTES, IN_PAGE = 4 };

static const char *const with_pages[] = { "3.13t", "3.14t", "3.15t" };

static inline void put_member(struct drawn *d, size_t at, enum field f, uint64_t value)
{
	const struct slot *s = &d->h->l->slot[f];
	if (s->source == SLOT_NONE)
		return;
	uint64_t old = 0;
	memcpy(&old, d->pages + at + s->offset, s->width);
	uint64_t mask = ((UINT64_C(1) << s->bits) - 1) << s->bit;
	value = s->bits ? (old & ~mask) | value << s->bit : value;
	memcpy(d->pages + at + s->offset, &value, s->width);
}
#define MEMBER(d, at, S, m, value) put_member(d, at, FIELD_##S##_##m, (uint64_t)(value))

static inline size_t slice(struct drawn *d, unsigned i)
{
	return OFFSET(d->h->l, mi_segment_t, slices) + i * SIZEOF(d->h->l, mi_page_t);
}

/* Where the first block of the page of slice i is. */
static inline size_t page_block(struct drawn *d, unsigned i, unsigned n)
{
	bool told = HAS(d->h->l, mi_page_t, page_start);
	return i * SLICE_BYTES + (told ? 0 : BLOCK) + n * BLOCK;
}

static inline void draw_page(struct drawn *d, unsigned i, unsigned tag)
{
	const struct layout *l = d->h->l;
	size_t at = slice(d, i);
	MEMBER(d, at, mi_page_t, slice_count, 1);
	MEMBER(d, at, mi_page_t, block_size, BLOCK);
	MEMBER(d, at, mi_page_t, capacity, IN_PAGE);
	MEMBER(d, at, mi_page_t, heap_tag, tag);
	MEMBER(d, at, mi_page_t, page_start, SEGMENT + page_block(d, i, 0));
	MEMBER(d, at, mi_page_t, free, SEGMENT + page_block(d, i, 1));
	MEMBER(d, at, mi_page_t, xthread_free, (SEGMENT + page_block(d, i, 2)) | 1);
	for (unsigned n = 0; n < IN_PAGE; n++) {
		size_t object = page_block(d, i, n) + (tag == 3 ? 16 : 0);
		MEMBER(d, object, PyObject, ob_ref_local, 1);
		MEMBER(d, object, PyObject, ob_gc_bits, tag >= 2);
		MEMBER(d, object, PyObject, ob_type, tag == 2 ? d->collected : d->plain);
	}
	assert_int_equal(l->version.free_threaded, true);
}

static inline struct drawn draw_segment(const char *table)
{
	struct drawn d = draw(table);
	d.h->rt.layout.version.free_threaded = true;
	d.pages = calloc(1, PAGES);
	assert_non_null(d.pages);
	MEMBER(&d, 0, mi_segment_t, used, 2);
	MEMBER(&d, 0, mi_segment_t, segment_info_slices, 1);
	MEMBER(&d, 0, mi_segment_t, slice_entries, 4);
	MEMBER(&d, 0, mi_segment_t, segment_slices, 4);
	for (unsigned i = 1; i < 4; i++)
		draw_page(&d, i, i - 1);
	add_extent(d.h, SEGMENT, d.pages, PAGES);
	return d;
}

#endif
