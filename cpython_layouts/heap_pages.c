/* mimalloc (Objects/mimalloc/, 3.13+), which free-threaded builds take all objects from, and others
 * under PYTHONMALLOC=mimalloc.
 *
 *	segment, at a multiple of 32 MiB, cut into slices of 64 KiB
 *	| header and slices[] | page | page of several slices | free | ...
 *	page  | block | block | ...    of one size and one sort, capacity of them ever used
 *
 * Segments are recognised by their header and by their slices, which cover them without a gap: so
 * those of threads that ended are found too, which no list of a live thread names. A page's tag
 * says what is in it (Include/internal/pycore_mimalloc.h): memory, objects, objects that the
 * collector knows, and those with a pre-header. Free blocks are on one of the page's three
 * lists. */
#include "core/checked.h"
#include "cpython_layouts/heap_parts.h"

enum {
	SLICES_MAX = 512,
	HUGE_SLICES_MAX = 1 << 24, /* a TiB */
	INFO_MAX = 8,
	TAG_MEMORY = 0,
	TAG_OBJECT = 1,
	TAG_GC = 2,
	TAG_GC_PRE = 3,
	KIND_HUGE = 1,
};
#define SEGMENT (UINT64_C(32) << 20)

static uint64_t slices_at(const struct layout *l, addr_t segment, uint64_t i)
{
	return segment + OFFSET(l, mi_segment_t, slices) + i * SIZEOF(l, mi_page_t);
}

struct segment {
	uint64_t info, entries, slices; /* slices of the header; slices with an entry; all */
	bool huge;
};

static bool segment_view(struct runtime *rt, addr_t at, struct segment *ret)
{
	uint64_t used, kind;
	if (!READ(rt, at, mi_segment_t, segment_info_slices, &ret->info) || !ret->info ||
	    ret->info >= INFO_MAX || !READ(rt, at, mi_segment_t, slice_entries, &ret->entries) ||
	    ret->entries > SLICES_MAX || ret->entries < ret->info ||
	    !READ(rt, at, mi_segment_t, used, &used) || !used || used > SLICES_MAX ||
	    !READ(rt, at, mi_segment_t, kind, &kind) || kind > KIND_HUGE ||
	    !READ(rt, at, mi_segment_t, segment_slices, &ret->slices) || ret->slices < ret->entries)
		return false;
	ret->huge = kind == KIND_HUGE;
	return true;
}

/* The slices cover the segment. */
static bool slices_add_up(struct runtime *rt, addr_t at, const struct segment *s)
{
	uint64_t count, i = s->info;
	while (i < s->entries) {
		if (!READ(rt, slices_at(&rt->layout, at, i), mi_page_t, slice_count, &count) ||
		    !count)
			return false;
		i += count;
	}
	return i == s->entries || s->huge;
}

/* Where the first one could begin; wraps where there is none. */
static addr_t segment_from(addr_t addr)
{
	return (addr + SEGMENT - 1) & ~(SEGMENT - 1);
}

bool heap_find_pages(struct pyheap *heap)
{
	struct runtime *rt = heap->rt;
	struct heap_region_iter it = { .target = rt->target };
	struct heap_region region;
	struct heap_account *account = &heap->accounts[HEAP_PAGE];
	if (!HAS_STRUCT(&rt->layout, mi_segment_t))
		return true;
	while (heap_region_next(&it, &region)) {
		addr_t at = segment_from(region.start);
		for (; at >= region.start && at < region.end; at += SEGMENT) {
			struct segment s;
			/* A damaged core may have lost more than could ever be stepped through. */
			const struct extent *e = memory_extent(&rt->target->memory, at);
			if (e && !e->host) {
				addr_t next = segment_from(e->end);
				if (next <= at)
					break;
				at = next - SEGMENT;
				continue;
			}
			if (!segment_view(rt, at, &s) || !slices_add_up(rt, at, &s))
				continue;
			/* Slices that were given back are holes (PROT_NONE in debug builds): it may
			 * reach beyond this region. */
			uint64_t bytes = MIN(s.slices, (uint64_t)HUGE_SLICES_MAX) * HEAP_SLICE;
			addr_t end = at + bytes;
			account->bytes += bytes;
			const struct heap_part part = { .start = at,
							.end = end,
							.source = HEAP_PAGE };
			if (end < at || !heap_add_part(heap, &part))
				return end < at;
			at += (end - at - 1) & ~(SEGMENT - 1);
		}
	}
	return true;
}

/* Up to 2.1.2 no page says where its blocks begin: small ones keep a distance, so that they do not
 * all fall into the same cache lines (segment.c, _mi_segment_page_start_from_slice). */
static addr_t blocks_of(const struct layout *l, const uint8_t *p, addr_t segment, uint64_t slice,
			uint64_t block_size)
{
	enum { SMALL = 64, MEDIUM = 512 };
	if (HAS(l, mi_page_t, page_start))
		return GET(l, p, mi_page_t, page_start);
	uint64_t distance = 0;
	if (block_size >= l->machine->word && block_size <= MEDIUM)
		distance = block_size <= SMALL ? 3 * block_size : block_size;
	return segment + slice * HEAP_SLICE + distance;
}

/* A next pointer, as it is kept in a free block (mi_block_nextx): encoded with the page's keys in
 * debug builds, where the page's own address stands for the end. */
static addr_t decode_link(const struct layout *l, const uint8_t *page, addr_t page_at,
			  uint64_t word)
{
	if (!HAS(l, mi_page_t, keys))
		return word;
	const uint8_t *keys = page + OFFSET(l, mi_page_t, keys);
	uint64_t first = load_u64(l->machine, keys), second = load_u64(l->machine, keys + 8);
	unsigned shift = first & 63;
	uint64_t plain = word - first;
	plain = (shift ? plain >> shift | plain << (64 - shift) : plain) ^ second;
	return plain == page_at ? 0 : plain;
}

struct page {
	addr_t at, blocks; /* mi_page_t; its first block */
	const uint8_t *p, *blocks_p;
	uint64_t block_size, capacity;
	uint64_t bytes; /* of blocks that can be seen */
};

static bool mark_list(struct heap_iter *it, const struct page *page, addr_t first)
{
	const struct layout *l = &it->recognizer.heap->rt->layout;
	addr_t block = first;
	for (uint64_t n = 0; block && n <= page->capacity; n++) {
		uint64_t offset = block - page->blocks, index = offset / page->block_size;
		if (block < page->blocks || offset % page->block_size || index >= page->capacity ||
		    heap_is_free(it, index))
			return false;
		heap_mark_free(it, index);
		if (offset + l->machine->word > page->bytes)
			return false;
		block = decode_link(l, page->p, page->at,
				    load_word(l->machine, page->blocks_p + offset));
	}
	return true;
}

static bool page_unit(struct heap_iter *it, const struct page *page, uint64_t tag)
{
	const struct layout *l = &it->recognizer.heap->rt->layout;
	enum { THREAD_FREE_FLAGS = 3 };
	memset(it->free_bits, 0, (page->capacity / 64 + 1) * sizeof(it->free_bits[0]));
	bool whole = mark_list(it, page, GET(l, page->p, mi_page_t, free));
	whole &= mark_list(it, page, GET(l, page->p, mi_page_t, local_free));
	whole &= mark_list(it, page,
			   GET(l, page->p, mi_page_t, xthread_free) & ~(uint64_t)THREAD_FREE_FLAGS);
	if (!whole)
		it->skipped.damaged += page->block_size;
	it->unit = (struct heap_unit){
		.at = page->blocks,
		.p = page->blocks_p,
		.block_size = page->block_size,
		.seen = MIN(page->block_size, page->bytes),
		.count = page->bytes >= page->block_size ? page->bytes / page->block_size
			 : page->capacity                ? 1
							 : 0,
		.any_free = true,
		.place = !l->version.free_threaded ? HEAP_ANY_PLACE
			 : tag == TAG_MEMORY       ? HEAP_MEMORY
			 : tag == TAG_GC_PRE       ? 2 * l->machine->word
						   : 0,
	};
	return it->unit.count > 0;
}

enum heap_step heap_next_page(struct heap_iter *it)
{
	struct runtime *rt = it->recognizer.heap->rt;
	const struct layout *l = &rt->layout;
	const struct memory *m = &rt->target->memory;
	addr_t segment = it->now->start;
	struct segment s;
	if (!segment_view(rt, segment, &s))
		return STEP_END;
	/* cursor: the slice; below the segment's own address, which it begins with */
	uint64_t slice = it->cursor == segment ? s.info : it->cursor;
	if (slice >= s.entries)
		return STEP_END;
	struct page page = { .at = slices_at(l, segment, slice) };
	page.p = memory_at(m, page.at, SIZEOF(l, mi_page_t));
	uint64_t slices = page.p ? GET(l, page.p, mi_page_t, slice_count) : 0;
	if (!slices)
		return STEP_END;
	it->cursor = slice + slices;
	uint64_t tag = GET(l, page.p, mi_page_t, heap_tag);
	page.block_size = GET(l, page.p, mi_page_t, block_size);
	page.capacity = GET(l, page.p, mi_page_t, capacity);
	/* a free span has block size 0 or 1 */
	bool is_memory = l->version.free_threaded && tag == TAG_MEMORY;
	if (page.block_size <= 1 || !page.capacity || tag > TAG_GC_PRE || (is_memory && !it->all))
		return STEP_NOTHING;
	page.blocks = blocks_of(l, page.p, segment, slice, page.block_size);
	addr_t end = it->now->end;
	if (page.blocks < segment || page.blocks >= end) {
		it->skipped.damaged += page.capacity * page.block_size;
		return STEP_NOTHING;
	}
	uint64_t room = end - page.blocks, wanted = MIN(room, page.capacity * page.block_size);
	page.bytes = memory_span(m, page.blocks, wanted);
	it->skipped.lost += wanted - page.bytes;
	page.blocks_p = page.bytes ? memory_at(m, page.blocks, page.bytes) : NULL;
	if (!page.blocks_p)
		return STEP_NOTHING;
	return page_unit(it, &page, tag) ? STEP_UNIT : STEP_NOTHING;
}
