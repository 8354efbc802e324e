/* glibc's malloc (malloc/malloc.c, malloc/arena.c): what is larger than obmalloc's blocks, and all
 * objects under PYTHONMALLOC=malloc.
 *
 *	chunk | prev_size | size, flags | user bytes ... |next chunk
 *	flags: 1 the chunk before is in use, 2 mapped on its own, 4 of another arena
 *
 * Chunks touch each other, so a heap is recognised by walking it: only what is one leads from its
 * first chunk exactly to its end. Three sorts:
 *
 *	brk      begins with a region (its first chunk is the thread cache), ends with the top chunk
 *	thread   heap_info at a multiple of 64 MiB: ar_ptr, prev, size, ...; the first of an arena
 *	         holds its malloc_state too
 *	mapped   a chunk of its own pages, flag 2; at any page of a region
 *
 * A chunk on the thread cache or in a fast bin looks used; what was an object there has lost its
 * reference count. */
#include "core/checked.h"
#include "cpython_layouts/heap_parts.h"

enum {
	CHUNK_PREV_USED = 1,
	CHUNK_MAPPED = 2,
	CHUNK_FLAGS = 7,
	PAGE = 4096,
	FIRST_PAGES = 1024, /* of a region in which its heap may begin (behind .bss) */
	STATE_MAX = 4096,   /* bytes that heap_info and malloc_state take at most */
	FIXED_MAX = 1 << 20, /* bytes of an object that are not items (2.7: random.Random 5032) */
};
#define THREAD_HEAP (UINT64_C(64) << 20) /* HEAP_MAX_SIZE on 64 bits; 1 MiB on 32 */
#define SEGMENT (UINT64_C(32) << 20) /* MI_SEGMENT_SIZE: heap_pages.c */

struct chunk {
	uint64_t size; /* bytes with the header */
	uint64_t flags;
};

static bool chunk_view(const struct pyheap *heap, addr_t at, struct chunk *ret)
{
	const struct machine *machine = heap->rt->layout.machine;
	const uint8_t *p = memory_at(&heap->rt->target->memory, at + machine->word, machine->word);
	if (!p)
		return false;
	uint64_t word = load_word(machine, p);
	*ret = (struct chunk){ word & ~(uint64_t)CHUNK_FLAGS, word & CHUNK_FLAGS };
	return true;
}

static bool is_chunk_size(const struct pyheap *heap, uint64_t size)
{
	uint64_t word = heap->rt->layout.machine->word;
	return size >= 4 * word && size % (2 * word) == 0;
}

enum heap_step heap_next_chunk(struct heap_iter *it)
{
	struct pyheap *heap = it->recognizer.heap;
	const struct memory *m = &heap->rt->target->memory;
	uint64_t header = 2 * heap->rt->layout.machine->word;
	struct chunk chunk, next;
	addr_t at = it->cursor;
	if (at >= it->now->end)
		return STEP_END;
	if (!chunk_view(heap, at, &chunk) || !is_chunk_size(heap, chunk.size)) {
		it->skipped.lost += it->now->end - at;
		return STEP_END;
	}
	it->cursor = chunk.flags & CHUNK_MAPPED ? it->now->end : at + chunk.size;
	/* The next chunk's first word belongs to this one while it is used. */
	uint64_t usable = chunk.size - header + (chunk.flags & CHUNK_MAPPED ? 0 : header / 2);
	bool used = chunk.flags & CHUNK_MAPPED ||
		    (chunk_view(heap, it->cursor, &next) && next.flags & CHUNK_PREV_USED);
	if (!used && !it->all)
		return STEP_NOTHING;
	/* The object's header is enough: a numpy array of gigabytes may be lost in part. */
	uint64_t seen = memory_span(m, at + header, MIN(usable, (uint64_t)FIXED_MAX));
	const uint8_t *p = seen ? memory_at(m, at + header, seen) : NULL;
	if (!p) {
		it->skipped.lost += usable;
		return STEP_NOTHING;
	}
	bool has_objects = !heap->rt->layout.version.free_threaded; /* all are mimalloc's */
	if (!has_objects && !it->all)
		return STEP_NOTHING;
	if (used && heap_int_block(it, at + header, p, seen))
		return STEP_UNIT;
	it->free_bits[0] = !used;
	it->unit = (struct heap_unit){ .at = at + header,
				       .p = p,
				       .block_size = usable,
				       .count = 1,
				       .seen = seen,
				       .any_free = !used,
				       .place = has_objects ? HEAP_ANY_PLACE : HEAP_MEMORY };
	return STEP_UNIT;
}

/* 2.7 keeps ints and floats in blocks of about 1000 bytes of their own (Objects/intobject.c,
 * PyIntBlock; floatobject.c): the next block, then as many objects as fit. In those that are free
 * ob_type leads to the next free one. */
bool heap_int_block(struct heap_iter *it, addr_t at, const uint8_t *p, uint64_t size)
{
	const struct layout *l = &it->recognizer.heap->rt->layout;
	enum { BLOCK_BYTES = 1000, OVERHEAD = 8, SLACK = 64 };
	uint64_t word = l->machine->word;
	if (l->version.major != 2 || size < BLOCK_BYTES - 64 || size > BLOCK_BYTES + SLACK)
		return false;
	for (int pad = 0; pad < 2; pad++) {
		uint64_t first = word + (pad ? 2 * word : 0);
		uint64_t object = SIZEOF(l, PyIntObject);
		size_t count = (BLOCK_BYTES - OVERHEAD) / object, ints = 0;
		if (first + count * object > size)
			return false;
		for (size_t i = 0; i < count; i++) {
			const uint8_t *q = p + first + i * object;
			const struct heap_type *type =
				heap_type_at(&it->recognizer, GET(l, q, PyObject, ob_type));
			bool number = type && (streq(type->type->full_name, "int") ||
					       streq(type->type->full_name, "float"));
			if (type && !number)
				break;
			ints += number;
		}
		if (ints < 1)
			continue;
		it->unit = (struct heap_unit){ .at = at + first,
					       .p = p + first,
					       .block_size = object,
					       .count = count,
					       .seen = object,
					       .place = HEAP_BARE };
		return true;
	}
	return false;
}

/* --- finding heaps ---------------------------------------------------------------------------- */

/* Memory is gone through once to find heaps in it, before any object is looked at. */
static void show_progress(const struct pyheap *heap, addr_t start, addr_t end, addr_t at, addr_t *shown)
{
	if (at - *shown < HEAP_PART_BYTES)
		return;
	*shown = at;
	progress_show(heap->progress, "finding memory", at - start, end - start);
}

struct chain_walk {
	addr_t start, end; /* where the first chunk lies; where the heap ends */
	addr_t reached;
	uint64_t chunks;
	bool lost; /* it ends at memory that is not in the core */
};

/* Walk without adding: a heap is believed by where its chunks lead. */
static bool leads_to_end(const struct pyheap *heap, struct chain_walk *walk)
{
	struct chunk chunk;
	uint64_t header = 2 * heap->rt->layout.machine->word;
	addr_t shown = walk->start;
	for (addr_t at = walk->start;; walk->chunks++) {
		walk->reached = at;
		show_progress(heap, walk->start, walk->end, at, &shown);
		if (at == walk->end)
			return walk->chunks > 1;
		/* fence posts, where a heap could not grow on */
		if (at + 2 * header >= walk->end)
			return at + header <= walk->end && walk->chunks > 1;
		if (!chunk_view(heap, at, &chunk)) {
			walk->lost = true;
			return walk->chunks > 1;
		}
		if (!is_chunk_size(heap, chunk.size) || chunk.size > walk->end - at ||
		    chunk.flags & CHUNK_MAPPED)
			return false;
		at += chunk.size;
	}
}

/* Parts of about a MiB, so that threads can share a heap. */
static bool add_heap(struct pyheap *heap, const struct chain_walk *walk, enum chunk_sort sort)
{
	struct heap_account *account = &heap->accounts[HEAP_CHUNK];
	struct chunk chunk;
	addr_t first = walk->start, at = first, shown = first;
	account->bytes += walk->end - walk->start;
	account->lost += walk->end - walk->reached > 64 ? walk->end - walk->reached : 0;
	while (at < walk->reached) {
		if (!chunk_view(heap, at, &chunk) || !chunk.size)
			break;
		at += chunk.size;
		show_progress(heap, walk->start, walk->end, at, &shown);
		if (at - first < HEAP_PART_BYTES && at < walk->reached)
			continue;
		if (!heap_add_part(heap, &(struct heap_part){
						 .start = first, .end = at, .source = HEAP_CHUNK,
						 .sort = sort }))
			return false;
		first = at;
	}
	return true;
}

static bool find_brk(struct pyheap *heap, const struct heap_region *region)
{
	/* Without address randomisation it begins behind .bss, there or at one of the next pages. */
	size_t tries = region->behind_module ? FIRST_PAGES : 1;
	addr_t align = 2 * heap->rt->layout.machine->word;
	addr_t at = (region->start + align - 1) & ~(align - 1);
	for (size_t i = 0; i < tries && at < region->end; i++) {
		struct chain_walk walk = { .start = at, .end = region->end };
		struct chunk chunk;
		/* at least one page of chunks, and the first says that none is before it */
		if (chunk_view(heap, at, &chunk) && chunk.flags & CHUNK_PREV_USED &&
		    leads_to_end(heap, &walk) && walk.reached - walk.start >= PAGE)
			return add_heap(heap, &walk, CHUNKS_BRK);
		at = (at & ~(addr_t)(PAGE - 1)) + PAGE;
	}
	return true;
}

/* heap_info: ar_ptr, prev, size, ... */
static bool find_thread_heap(struct pyheap *heap, addr_t at)
{
	const struct machine *machine = heap->rt->layout.machine;
	uint64_t word = machine->word;
	const uint8_t *p = memory_at(&heap->rt->target->memory, at, 4 * word);
	if (!p)
		return true;
	addr_t arena = load_word(machine, p), before = load_word(machine, p + word);
	uint64_t size = load_word(machine, p + 2 * word);
	if (!size || size % PAGE || size > THREAD_HEAP || before % THREAD_HEAP ||
	    arena % THREAD_HEAP < 3 * word || arena % THREAD_HEAP > 16 * word)
		return true;
	/* The first chunk is behind heap_info, and malloc_state in an arena's first heap; both grew
	 * from version to version. */
	for (uint64_t offset = 4 * word; offset < STATE_MAX; offset += 2 * word) {
		struct chain_walk walk = { .start = at + offset, .end = at + size };
		struct chunk chunk;
		if (!chunk_view(heap, walk.start, &chunk) || !(chunk.flags & CHUNK_PREV_USED) ||
		    !leads_to_end(heap, &walk))
			continue;
		return add_heap(heap, &walk, CHUNKS_THREAD);
	}
	return true;
}

/* The next page to look at behind one that cannot be seen: what is lost may be 128 TiB, in a core
 * that says so. */
static addr_t page_behind_lost(const struct memory *m, addr_t at)
{
	const struct extent *e = memory_extent(m, at);
	if (!e || e->source != EXTENT_LOST || e->end - at < PAGE)
		return at + PAGE;
	return e->end & ~(addr_t)(PAGE - 1);
}

/* mimalloc keeps 1 GiB for itself, most of it never touched (free-threaded): what begins as a
 * segment would, and with nothing, is passed over whole. */
static bool is_kept_free(const struct pyheap *heap, addr_t at, addr_t end, const uint8_t *p)
{
	const struct machine *machine = heap->rt->layout.machine;
	return heap->rt->layout.version.free_threaded && at % SEGMENT == 0 &&
	       end - at >= SEGMENT && !load_word(machine, p) &&
	       !load_word(machine, p + machine->word);
}

static bool find_mapped(struct pyheap *heap, addr_t start, addr_t end)
{
	const struct memory *m = &heap->rt->target->memory;
	uint64_t word = heap->rt->layout.machine->word;
	addr_t at = (start + PAGE - 1) & ~(addr_t)(PAGE - 1), shown = at;
	/* The end of the address space may be the end: nothing here may wrap around it. */
	while (at >= start && at < end && end - at >= PAGE) {
		show_progress(heap, start, end, at, &shown);
		const uint8_t *p = memory_at(m, at, 2 * word);
		struct chunk chunk;
		if (!p) {
			at = page_behind_lost(m, at);
			continue;
		}
		if (is_kept_free(heap, at, end, p)) {
			at += SEGMENT;
			continue;
		}
		if (load_word(heap->rt->layout.machine, p) || !chunk_view(heap, at, &chunk) ||
		    chunk.flags != CHUNK_MAPPED || chunk.size < PAGE - 2 * word ||
		    chunk.size > end - at) {
			at += PAGE;
			continue;
		}
		/* all its pages, or from glibc 2.42 or so on all but the room of a header */
		uint64_t pages = (chunk.size + PAGE - 1) & ~(uint64_t)(PAGE - 1);
		if ((pages != chunk.size && pages != chunk.size + 2 * word) || pages > end - at) {
			at += PAGE;
			continue;
		}
		struct heap_account *account = &heap->accounts[HEAP_CHUNK];
		account->bytes += pages;
		account->lost += pages - memory_span(m, at, pages);
		const struct heap_part part = { .start = at,
						.end = at + pages,
						.source = HEAP_CHUNK,
						.sort = CHUNKS_MAPPED };
		if (!heap_add_part(heap, &part))
			return false;
		at += pages;
	}
	return true;
}

static bool find_heaps_in(struct pyheap *heap, const struct heap_region *region)
{
	if (!heap_part_at(heap, region->start) && !find_brk(heap, region))
		return false;
	addr_t at = (region->start + THREAD_HEAP - 1) & ~(THREAD_HEAP - 1);
	while (at >= region->start && at < region->end) {
		const struct extent *e = memory_extent(&heap->rt->target->memory, at);
		if (e && e->source == EXTENT_LOST && e->end - at > THREAD_HEAP) {
			at = e->end & ~(THREAD_HEAP - 1);
			continue;
		}
		if (!heap_part_at(heap, at) && !find_thread_heap(heap, at))
			return false;
		at += THREAD_HEAP;
	}
	return true;
}

/* Pages of the region that lie in no part known by now. */
static bool find_mapped_in(struct pyheap *heap, const struct heap_region *region, size_t known)
{
	addr_t at = region->start;
	for (size_t i = 0; i < known && at < region->end; i++) {
		struct heap_part part = heap->parts.items[i];
		if (part.end <= at)
			continue;
		addr_t limit = MIN(part.start, region->end);
		if (at < limit && !find_mapped(heap, at, limit))
			return false;
		at = MAX(at, part.end);
	}
	return at >= region->end || find_mapped(heap, at, region->end);
}

bool heap_find_chunks(struct pyheap *heap)
{
	const struct target *target = heap->rt->target;
	struct heap_region_iter it = { .target = target };
	struct heap_region region;
	while (heap_region_next(&it, &region))
		if (heap_is_wanted(heap, region.start, region.end) && !find_heaps_in(heap, &region))
			return false;
	heap_sort_parts(heap);
	size_t known = heap->parts.len;
	it = (struct heap_region_iter){ .target = target };
	while (heap_region_next(&it, &region))
		if (heap_is_wanted(heap, region.start, region.end) &&
		    !find_mapped_in(heap, &region, known))
			return false;
	return true;
}
