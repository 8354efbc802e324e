#include "core/memory.h"

#include <stdatomic.h>
#include <string.h>
#include "core/checked.h"
#include "core/owned.h"
#include "core/touched.h"
#include "core/trace.h"

/*	addr  |  18 bits: which GiB  |  9 bits: which block  |  9 bits: which page  |  12 bits  |
 *	          top[] ----------->     block[] ------------>   pages[k][]
 *	                                    |                        |
 *	                                    '-> extent index + 1 <---'
 *
 * A block (2 MiB) in which one extent alone has bytes names that extent; others have a table of
 * their pages. So a heap of gigabytes costs 2 KiB per GiB, and only the small mappings of the
 * libraries cost more.
 *
 * A GiB's table is made when an address in it is first asked for, and published with one compare
 * and exchange: a thread that loses the race takes the other's. LOST extents are not entered: a
 * hostile core could reserve the whole address space, and a page without bytes is NULL either way.
 * For the same reason there are at most TABLES_MAX tables; what lies in other GiBs is searched
 * for. */
enum {
	PAGE_BITS = 12,
	BLOCK_BITS = 21,
	GIB_BITS = 30,
	ADDRESS_BITS = 48,
	PAGES_PER_BLOCK = 1 << (BLOCK_BITS - PAGE_BITS),
	BLOCKS_PER_GIB = 1 << (GIB_BITS - BLOCK_BITS),
	PAGES_PER_GIB = 1 << (GIB_BITS - PAGE_BITS),
	GIBS = 1 << (ADDRESS_BITS - GIB_BITS),
	TABLES_MAX = 1024,
};

#define PAGE_BYTES ((addr_t)1 << PAGE_BITS)
#define BLOCK_BYTES ((addr_t)1 << BLOCK_BITS)
#define DIRECTORY_END ((addr_t)1 << ADDRESS_BITS)

/* More than one extent has bytes in the page: search. */
#define PAGE_SHARED UINT32_MAX
/* More than one extent has bytes in the block: the rest is an index into pages. */
#define BLOCK_SHARED (UINT32_C(1) << 31)

struct gib {
	addr_t base;
	uint32_t block[BLOCKS_PER_GIB];
	uint32_t (*pages)[PAGES_PER_BLOCK];
	_Atomic uint64_t touched[PAGES_PER_GIB / 64];
};

/* Stands for every GiB without bytes; never written. */
static struct gib gib_empty;

struct memory_directory {
	_Atomic(struct gib *) top[GIBS];
	_Atomic unsigned tables;
	struct gib *made[TABLES_MAX];	/* to be freed; losers of a race too */
};

static void directory_free(struct memory_directory *d)
{
	if (!d)
		return;
	for (unsigned i = 0; i < d->tables; i++) {
		if (d->made[i])
			free(d->made[i]->pages);
		free(d->made[i]);
	}
	free(d);
}

void memory_release(struct memory *m)
{
	directory_free(m->directory);
	vec_release(&m->extents);
	*m = (struct memory)MEMORY_INIT;
}

bool memory_add(struct memory *m, const struct extent *extent)
{
	if (extent->end <= extent->start)
		return true;
	struct extent *e = vec_push(&m->extents);
	if (!e)
		return false;
	*e = *extent;
	if (!e->host)
		e->source = EXTENT_LOST;
	if (e->source == EXTENT_LOST)
		e->host = NULL;
	return true;
}

/* Sealing: a sweep over the extents by start address. Where several cover an address the one with
 * the lowest rank is seen; rank is the order of addition, all LOST ones behind all others. */

struct ranked {
	struct extent extent;
	uint64_t rank;
};

static int ranked_compare(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	if (x->extent.start != y->extent.start)
		return x->extent.start < y->extent.start ? -1 : 1;
	return x->rank < y->rank ? -1 : x->rank > y->rank;
}

/* A binary heap of indices into items, the lowest rank on top. */
struct rank_heap {
	const struct ranked *items;
	size_t *index, len;
};

static bool rank_below(const struct rank_heap *h, size_t a, size_t b)
{
	return h->items[h->index[a]].rank < h->items[h->index[b]].rank;
}

static void rank_swap(struct rank_heap *h, size_t a, size_t b)
{
	size_t index = h->index[a];
	h->index[a] = h->index[b];
	h->index[b] = index;
}

static void rank_push(struct rank_heap *h, size_t item)
{
	size_t i = h->len++;
	h->index[i] = item;
	for (; i && rank_below(h, i, (i - 1) / 2); i = (i - 1) / 2)
		rank_swap(h, i, (i - 1) / 2);
}

static void rank_pop(struct rank_heap *h)
{
	h->index[0] = h->index[--h->len];
	for (size_t i = 0;;) {
		size_t least = i, left = 2 * i + 1;
		if (left < h->len && rank_below(h, left, least))
			least = left;
		if (left + 1 < h->len && rank_below(h, left + 1, least))
			least = left + 1;
		if (least == i)
			return;
		rank_swap(h, i, least);
		i = least;
	}
}

static bool extents_join(const struct extent *a, const struct extent *b)
{
	if (a->end != b->start || a->source != b->source || a->flags != b->flags || a->why != b->why)
		return false;
	return a->source == EXTENT_LOST || a->host + (a->end - a->start) == b->host;
}

/* Append [start, end) as `from` shows it, joined to the last one where they are one. */
static bool seal_emit(struct memory *sealed, const struct extent *from, addr_t start, addr_t end)
{
	if (start >= end)
		return true;
	struct extent piece = *from;
	piece.start = start;
	piece.end = end;
	if (piece.host)
		piece.host += start - from->start;
	if (sealed->extents.len) {
		struct extent *last = &sealed->extents.items[sealed->extents.len - 1];
		if (extents_join(last, &piece)) {
			last->end = end;
			return true;
		}
	}
	struct extent *e = vec_push(&sealed->extents);
	if (e)
		*e = piece;
	return e != NULL;
}

/* Everything in the heap up to `until` becomes pieces; what ends before is dropped. */
static bool seal_flush(struct memory *sealed, struct rank_heap *heap, addr_t *at, addr_t until)
{
	while (heap->len && *at < until) {
		const struct extent *top = &heap->items[heap->index[0]].extent;
		if (top->end <= *at) {
			rank_pop(heap);
			continue;
		}
		addr_t end = MIN(top->end, until);
		if (!seal_emit(sealed, top, *at, end))
			return false;
		*at = end;
	}
	return true;
}

static bool seal_sweep(struct ranked *items, size_t len, struct memory *sealed)
{
	_free_ size_t *index = calloc(len + 1, sizeof(*index));
	if (!index)
		return false;
	struct rank_heap heap = { items, index, 0 };
	addr_t at = 0;
	for (size_t i = 0; i < len; i++) {
		if (!seal_flush(sealed, &heap, &at, items[i].extent.start))
			return false;
		at = items[i].extent.start;
		rank_push(&heap, i);
	}
	return seal_flush(sealed, &heap, &at, UINT64_MAX);
}

/* The first extent that ends behind addr; extents.len when there is none. */
static size_t extent_lower(const struct memory *m, addr_t addr)
{
	size_t low = 0, high = m->extents.len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (m->extents.items[middle].end <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const struct extent *extent_search(const struct memory *m, addr_t addr)
{
	size_t i = extent_lower(m, addr);
	if (i == m->extents.len || m->extents.items[i].start > addr)
		return NULL;
	return &m->extents.items[i];
}

static _Atomic(struct gib *) *gib_slot(const struct memory *m, addr_t addr)
{
	return &m->directory->top[addr >> GIB_BITS];
}

static struct gib *gib_new(struct memory_directory *d)
{
	unsigned index = atomic_load(&d->tables);
	do {
		if (index == TABLES_MAX)
			return NULL;
	} while (!atomic_compare_exchange_weak(&d->tables, &index, index + 1));
	return d->made[index] = calloc(1, sizeof(struct gib));
}

/* The first and the last block of [start, end) in the GiB. */
static void blocks_of(const struct gib *gib, const struct extent *e, size_t *ret_first,
		      size_t *ret_last)
{
	addr_t end = gib->base + ((addr_t)1 << GIB_BITS);
	*ret_first = (MAX(e->start, gib->base) - gib->base) >> BLOCK_BITS;
	*ret_last = (MIN(e->end, end) - 1 - gib->base) >> BLOCK_BITS;
}

/* Who has bytes in each block; how many blocks are shared. */
static size_t gib_fill_blocks(const struct memory *m, struct gib *gib, size_t first, size_t end)
{
	size_t shared = 0, block, last;
	for (size_t i = first; i < end; i++) {
		const struct extent *e = &m->extents.items[i];
		if (!e->host)
			continue;
		for (blocks_of(gib, e, &block, &last); block <= last; block++) {
			uint32_t *slot = &gib->block[block];
			if (!*slot)
				*slot = (uint32_t)i + 1;
			else if (!(*slot & BLOCK_SHARED))
				*slot = BLOCK_SHARED | (uint32_t)shared++;
		}
	}
	return shared;
}

/* Who has bytes in each page of the shared blocks. */
static void gib_fill_pages(const struct memory *m, struct gib *gib, size_t first, size_t end)
{
	size_t block, last;
	for (size_t i = first; i < end; i++) {
		const struct extent *e = &m->extents.items[i];
		if (!e->host)
			continue;
		for (blocks_of(gib, e, &block, &last); block <= last; block++) {
			if (!(gib->block[block] & BLOCK_SHARED))
				continue;
			addr_t start = gib->base + block * BLOCK_BYTES;
			size_t page = (MAX(e->start, start) - start) >> PAGE_BITS;
			size_t to = (MIN(e->end, start + BLOCK_BYTES) - 1 - start) >> PAGE_BITS;
			uint32_t *p = gib->pages[gib->block[block] & ~BLOCK_SHARED];
			for (; page <= to; page++)
				p[page] = p[page] ? PAGE_SHARED : (uint32_t)i + 1;
		}
	}
}

/* false: out of memory, or enough tables. *ret stays NULL where the GiB has no bytes. */
static bool gib_fill(const struct memory *m, addr_t base, struct gib **ret)
{
	size_t first = extent_lower(m, base), end = first;
	bool bytes = false;
	for (; end < m->extents.len; end++) {
		const struct extent *e = &m->extents.items[end];
		if (e->start >= base + ((addr_t)1 << GIB_BITS))
			break;
		bytes = bytes || e->host;
	}
	if (!bytes)
		return true;
	struct gib *gib = gib_new(m->directory);
	if (!gib)
		return false;
	gib->base = base;
	size_t shared = gib_fill_blocks(m, gib, first, end);
	if (shared) {
		gib->pages = calloc(shared, sizeof(*gib->pages));
		if (!gib->pages)
			return false;
		gib_fill_pages(m, gib, first, end);
	}
	*ret = gib;
	return true;
}

/* NULL when there can be no table: the caller then searches. */
static __attribute__((noinline)) struct gib *gib_make(const struct memory *m, addr_t addr)
{
	addr_t base = addr & ~(((addr_t)1 << GIB_BITS) - 1);
	struct gib *gib = NULL, *seen = NULL;
	if (!gib_fill(m, base, &gib))
		return NULL;
	if (!gib)
		gib = &gib_empty;
	if (atomic_compare_exchange_strong(gib_slot(m, addr), &seen, gib))
		return gib;
	return seen;
}

static inline struct gib *gib_of(const struct memory *m, addr_t addr)
{
	struct gib *gib = atomic_load_explicit(gib_slot(m, addr), memory_order_acquire);
	return __builtin_expect(gib != NULL, 1) ? gib : gib_make(m, addr);
}

/* The extent with the byte at addr; where there is none, NULL or a LOST one. */
static inline const struct extent *extent_find(const struct memory *m, addr_t addr)
{
	if (__builtin_expect(addr >= DIRECTORY_END || !m->directory, 0))
		return extent_search(m, addr);
	const struct gib *gib = gib_of(m, addr);
	uint32_t index = gib ? gib->block[(addr >> BLOCK_BITS) & (BLOCKS_PER_GIB - 1)] : PAGE_SHARED;
	if (index & BLOCK_SHARED && index != PAGE_SHARED)
		index = gib->pages[index & ~BLOCK_SHARED][(addr >> PAGE_BITS) & (PAGES_PER_BLOCK - 1)];
	if (__builtin_expect(index == PAGE_SHARED, 0))
		return extent_search(m, addr);
	if (!index)
		return NULL;
	const struct extent *e = &m->extents.items[index - 1];
	return addr >= e->start && addr < e->end ? e : NULL;
}

static __attribute__((noinline)) void touch(const struct memory *m, addr_t addr, size_t len)
{
	addr_t last = addr + (len ? len - 1 : 0);
	for (addr_t page = addr & ~(PAGE_BYTES - 1); page <= last && page < DIRECTORY_END;
	     page += PAGE_BYTES) {
		struct gib *gib = gib_of(m, page);
		if (!gib || gib == &gib_empty)
			continue;
		size_t bit = (page >> PAGE_BITS) & (PAGES_PER_GIB - 1);
		atomic_fetch_or_explicit(&gib->touched[bit / 64], (uint64_t)1 << bit % 64,
					 memory_order_relaxed);
	}
	if (m->bytes)
		touched_add(m->bytes, addr, len);
}

/* What was touched stays touched when more extents come in. */
static void touches_move(const struct memory *from, const struct memory *to)
{
	for (unsigned t = 0; t < from->directory->tables; t++) {
		const struct gib *gib = from->directory->made[t];
		for (size_t i = 0; gib && i < PAGES_PER_GIB / 64; i++) {
			uint64_t word = gib->touched[i];
			for (; word; word &= word - 1) {
				size_t page = i * 64 + (unsigned)__builtin_ctzll(word);
				touch(to, gib->base + ((addr_t)page << PAGE_BITS), 1);
			}
		}
	}
}

bool memory_seal(struct memory *m)
{
	size_t len = m->extents.len;
	if (len >= BLOCK_SHARED / 2)
		return false;
	_free_ struct ranked *items = calloc(len + 1, sizeof(*items));
	if (!items)
		return false;
	bool sorted = true;
	for (size_t i = 0; i < len; i++) {
		const struct extent *e = &m->extents.items[i];
		items[i].extent = *e;
		items[i].rank = e->source == EXTENT_LOST ? i + len : i;
		sorted = sorted && (i == 0 || ranked_compare(&items[i - 1], &items[i]) < 0);
	}
	if (!sorted)
		qsort(items, len, sizeof(*items), ranked_compare);
	struct memory sealed = MEMORY_INIT;
	sealed.directory = calloc(1, sizeof(*sealed.directory));
	if (!sealed.directory || !seal_sweep(items, len, &sealed)) {
		memory_release(&sealed);
		return false;
	}
	trace(MEMORY, "sealed %zu extents into %zu", len, sealed.extents.len);
	sealed.recording = m->recording;
	sealed.sealed = true;
	if (m->sealed)
		touches_move(m, &sealed);
	sealed.bytes = m->bytes;
	memory_release(m);
	*m = sealed;
	return true;
}

/* How many bytes from addr on lie one after the other here too, looking no further than `want`.
 * Extents of other flags or sources may still be neighbours in the same file. */
static uint64_t contiguous(const struct memory *m, const struct extent *e, addr_t addr, uint64_t want)
{
	const struct extent *end = m->extents.items + m->extents.len;
	addr_t have = e->end - addr;
	for (; have < want && e + 1 < end; e++) {
		const struct extent *next = e + 1;
		if (next->start != e->end || next->source == EXTENT_LOST ||
		    e->host + (e->end - e->start) != next->host)
			break;
		have += next->end - next->start;
	}
	return MIN(have, want);
}

const uint8_t *memory_at(const struct memory *m, addr_t addr, size_t len)
{
	const struct extent *e = extent_find(m, addr);
	if (!e || !e->host)
		return NULL;
	if (__builtin_expect(len > e->end - addr, 0) && contiguous(m, e, addr, len) < len)
		return NULL;
	if (__builtin_expect(m->recording, 0))
		touch(m, addr, len);
	return e->host + (addr - e->start);
}

uint64_t memory_span(const struct memory *m, addr_t addr, uint64_t len)
{
	const struct extent *e = extent_find(m, addr);
	return e && e->host ? contiguous(m, e, addr, len) : 0;
}

bool memory_read(const struct memory *m, addr_t addr, void *buf, size_t len)
{
	uint8_t *to = buf;
	while (len) {
		const struct extent *e = extent_find(m, addr);
		if (!e || !e->host)
			return false;
		size_t part = MIN(e->end - addr, len);
		memcpy(to, e->host + (addr - e->start), part);
		if (m->recording)
			touch(m, addr, part);
		addr += part;
		to += part;
		len -= part;
	}
	return true;
}

const uint8_t *memory_view(const struct memory *m, addr_t addr, void *scratch, size_t len)
{
	const uint8_t *p = memory_at(m, addr, len);
	if (p || !len)
		return p;
	return memory_read(m, addr, scratch, len) ? scratch : NULL;
}

const char *memory_string(const struct memory *m, addr_t addr, size_t max, size_t *ret_len)
{
	const struct extent *e = extent_find(m, addr);
	if (!e || !e->host || !max)
		return NULL;
	const uint8_t *p = e->host + (addr - e->start);
	size_t have = MIN(e->end - addr, max);
	const uint8_t *nul = memchr(p, 0, have);
	if (!nul && have < max)
		nul = memchr(p, 0, contiguous(m, e, addr, max));
	if (!nul)
		return NULL;
	if (m->recording)
		touch(m, addr, (size_t)(nul - p) + 1);
	*ret_len = (size_t)(nul - p);
	return (const char *)p;
}

const struct extent *memory_extent(const struct memory *m, addr_t addr)
{
	return extent_search(m, addr);
}

void memory_record_touches(struct memory *m, bool on)
{
	m->recording = on;
}

void memory_record_bytes(struct memory *m, struct touched *bytes)
{
	m->bytes = bytes;
}

/* The first touched page in [addr, end), which lie in one GiB. */
static bool gib_next_touched(const struct gib *gib, addr_t addr, addr_t end, addr_t *ret)
{
	size_t page = (addr >> PAGE_BITS) & (PAGES_PER_GIB - 1);
	size_t last = ((end - 1) >> PAGE_BITS) & (PAGES_PER_GIB - 1);
	uint64_t mask = ~(uint64_t)0 << page % 64;
	for (size_t i = page / 64; i <= last / 64; i++, mask = ~(uint64_t)0) {
		uint64_t word = atomic_load_explicit(&gib->touched[i], memory_order_relaxed) & mask;
		if (!word)
			continue;
		size_t found = i * 64 + (unsigned)__builtin_ctzll(word);
		*ret = (addr >> GIB_BITS << GIB_BITS) + ((addr_t)found << PAGE_BITS);
		return found <= last;
	}
	return false;
}

/* Only where extents have bytes, and only in GiBs that were asked for. */
bool memory_next_touched(const struct memory *m, addr_t addr, addr_t *ret)
{
	if (!m->directory || addr > UINT64_MAX - PAGE_BYTES)
		return false;
	addr = (addr + PAGE_BYTES - 1) & -PAGE_BYTES;
	for (size_t i = extent_lower(m, addr); i < m->extents.len && addr < DIRECTORY_END;) {
		const struct extent *e = &m->extents.items[i];
		addr = MAX(addr, e->start & -PAGE_BYTES);
		if (!e->host || addr >= e->end || addr >= DIRECTORY_END) {
			i++;
			continue;
		}
		addr_t gib_end = ((addr >> GIB_BITS) + 1) << GIB_BITS;
		const struct gib *gib = atomic_load_explicit(gib_slot(m, addr), memory_order_acquire);
		if (!gib || gib == &gib_empty) {
			addr = gib_end;
			i = extent_lower(m, addr);
			continue;
		}
		if (gib_next_touched(gib, addr, MIN(e->end, gib_end), ret))
			return true;
		addr = MIN(e->end, gib_end);
	}
	return false;
}
