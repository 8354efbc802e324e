/* obmalloc (Objects/obmalloc.c): arenas of 256 KiB, or 1 MiB from 3.10 on, cut into pools of 4 or
 * 16 KiB, each cut into blocks of one size of at most 512 bytes.
 *
 *	pool   | header 48 | block | block | ... | never used yet | rest |
 *	                                         ^ nextoffset     ^ maxnextoffset + size
 *
 * A free block's first word leads to the next free one; pool_header.freeblock to the first.
 * The block's size is pool size - maxnextoffset (pool_init), whatever the alignment was: 8 bytes
 * up to 2.7.16, 3.6 and 3.7.3, 16 since. Full pools are in no list, so arenas are walked, not
 * lists. */
#include "core/checked.h"
#include "cpython_layouts/heap_parts.h"

enum {
	SMALL_MAX = 512, /* SMALL_REQUEST_THRESHOLD */
	ARENAS_MAX = 1 << 24,
	POOL_BYTES_OLD = 4096, /* up to 3.9 */
	POOL_BYTES = 16384,
	POOLS_IN_ARENA_MAX = 1 << 13,
	SAMPLES_MAX = 3,
	PAGE_LEAST = 4096,
	SEARCH_MAX = 64 << 20, /* bytes of module data searched for the array */
	POOLS_IN_RUN = 256,    /* an arena has at most so many, but for huge pages */
};

/* The parts of a pool's header; false: it contradicts itself. An unused pool has count 0. */
struct pool {
	uint32_t count, size,
		carved; /* blocks in use; bytes of a block; blocks used so far or ever */
	addr_t freeblock;
	uint32_t arena;
};

static bool pool_view(const struct layout *l, const uint8_t *p, uint64_t pool_size,
		      struct pool *ret)
{
	uint64_t header = (SIZEOF(l, pool_header) + 15) & ~UINT64_C(15);
	ret->count = (uint32_t)GET(l, p, pool_header, ref_count);
	ret->freeblock = GET(l, p, pool_header, freeblock);
	ret->arena = (uint32_t)GET(l, p, pool_header, arenaindex);
	uint64_t most = GET(l, p, pool_header, maxnextoffset);
	uint64_t next = GET(l, p, pool_header, nextoffset);
	uint64_t class = GET(l, p, pool_header, szidx);
	if (most >= pool_size || pool_size - most > SMALL_MAX)
		return false;
	ret->size = (uint32_t)(pool_size - most);
	if ((class + 1) * 8 != ret->size && (class + 1) * 16 != ret->size)
		return false;
	if (next < header || next > pool_size || (next - header) % ret->size)
		return false;
	ret->carved = (uint32_t)((next - header) / ret->size);
	return ret->count <= ret->carved;
}

static uint64_t header_size(const struct layout *l)
{
	return (SIZEOF(l, pool_header) + 15) & ~UINT64_C(15);
}

enum heap_step heap_next_pool(struct heap_iter *it)
{
	const struct pyheap *heap = it->recognizer.heap;
	const struct layout *l = &heap->rt->layout;
	const struct machine *machine = l->machine;
	uint64_t bytes = heap->pool_size, header = header_size(l);
	addr_t at = it->cursor;
	struct pool pool;
	if (at >= it->now->end)
		return STEP_END;
	it->cursor = at + bytes;
	const uint8_t *p = memory_at(&heap->rt->target->memory, at, bytes);
	if (!p) {
		it->skipped.lost += bytes - memory_span(&heap->rt->target->memory, at, bytes);
		return STEP_NOTHING;
	}
	bool used = GET(l, p, pool_header, ref_count);
	if (!used && !it->all)
		return STEP_NOTHING;
	if (!pool_view(l, p, bytes, &pool)) {
		it->skipped.damaged += used ? bytes : 0;
		return STEP_NOTHING;
	}
	size_t words = pool.carved / 64 + 1, free_blocks = 0;
	memset(it->free_bits, used ? 0 : 0xff, words * sizeof(it->free_bits[0]));
	for (addr_t block = used ? pool.freeblock : 0; block; free_blocks++) {
		uint64_t offset = block - at - header;
		size_t index = offset / pool.size;
		if (block < at + header || offset % pool.size || index >= pool.carved ||
		    heap_is_free(it, index))
			break;
		heap_mark_free(it, index);
		block = load_word(machine, p + header + offset);
	}
	/* A chain that was overwritten: what it should have led to may be taken for used blocks. */
	if (used && free_blocks != pool.carved - pool.count)
		it->skipped.damaged += pool.size;
	it->unit = (struct heap_unit){ .at = at + header,
				       .p = p + header,
				       .block_size = pool.size,
				       .seen = pool.size,
				       .count = pool.carved,
				       .any_free = free_blocks > 0 || !used,
				       .place = HEAP_ANY_PLACE };
	return STEP_UNIT;
}

/* --- arenas ---------------------------------------------------------------------------------- */

struct arenas {
	addr_t array; /* of arena_object */
	uint64_t count;
};

/* All pools have the same size, which an arena's first one tells: it was used once, and a header
 * stays when its pool is given back. */
static uint64_t pool_size_of(struct runtime *rt, addr_t address)
{
	static const uint64_t sizes[] = { POOL_BYTES, POOL_BYTES_OLD };
	const struct layout *l = &rt->layout;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		addr_t at = (address + sizes[i] - 1) & ~(sizes[i] - 1);
		const uint8_t *p = memory_at(&rt->target->memory, at, SIZEOF(l, pool_header));
		struct pool pool;
		if (p && pool_view(l, p, sizes[i], &pool))
			return sizes[i];
	}
	return 0;
}

static uint64_t arena_bytes(uint64_t pools, uint64_t pool_size)
{
	uint64_t bytes = pool_size;
	/* An arena that is not aligned to its pools has one less. */
	while (bytes < (pools + (pools & 1)) * pool_size)
		bytes *= 2;
	return bytes;
}

/* Is there any pool among those that it says were used? What is lost is believed. */
static bool has_pools(const struct pyheap *heap, addr_t first, addr_t end)
{
	for (addr_t at = first; at < end; at += heap->pool_size) {
		const uint8_t *p = memory_at(&heap->rt->target->memory, at,
					     SIZEOF(&heap->rt->layout, pool_header));
		struct pool pool;
		if (!p || pool_view(&heap->rt->layout, p, heap->pool_size, &pool))
			return true;
	}
	return first == end;
}

/* One arena's pools up to where they were never used. */
static bool add_arena(struct pyheap *heap, const uint8_t *p)
{
	const struct layout *l = &heap->rt->layout;
	addr_t address = GET(l, p, arena_object, address);
	addr_t unused = GET(l, p, arena_object, pool_address);
	uint64_t pools = GET(l, p, arena_object, ntotalpools);
	struct heap_account *account = &heap->accounts[HEAP_POOL];
	if (!address || !pools || pools > POOLS_IN_ARENA_MAX)
		return true;
	uint64_t bytes = arena_bytes(pools, heap->pool_size);
	addr_t first = (address + heap->pool_size - 1) & ~(heap->pool_size - 1);
	addr_t end = MIN(unused, first + pools * heap->pool_size);
	if (first < address || unused < first || unused > address + bytes ||
	    !has_pools(heap, first, end))
		return true;
	struct heap_arena *arena = vec_push(&heap->arenas);
	if (!arena)
		return false;
	*arena = (struct heap_arena){ address, address + bytes, first, end };
	account->bytes += bytes;
	account->lost += end - first - memory_span(&heap->rt->target->memory, first, end - first);
	return end == first || heap_add_part(
		heap, &(struct heap_part){ .start = first, .end = end, .source = HEAP_POOL });
}

static bool add_arenas(struct pyheap *heap, const struct arenas *arenas)
{
	const struct layout *l = &heap->rt->layout;
	size_t size = SIZEOF(l, arena_object);
	for (uint64_t i = 0; i < arenas->count; i++) {
		const uint8_t *p =
			memory_at(&heap->rt->target->memory, arenas->array + i * size, size);
		if (!p)
			break;
		addr_t address = GET(l, p, arena_object, address);
		if (address && !heap->pool_size)
			heap->pool_size = pool_size_of(heap->rt, address);
		if (address && heap->pool_size && !add_arena(heap, p))
			return false;
	}
	return true;
}

/* --- where the array is ---------------------------------------------------------------------- */

/* 3.12+: in the interpreter's obmalloc state. Interpreters may share one. */
static bool arenas_of_interpreter(struct runtime *rt, const struct interpreter *interp,
				  struct arenas *ret)
{
	const struct layout *l = &rt->layout;
	addr_t state = interp->at + OFFSET(l, PyInterpreterState, obmalloc);
	uint64_t array, count;
	if (!HAS(l, PyInterpreterState, obmalloc_arenas) &&
	    (!target_read_word(rt->target, state, &state) || !state))
		return false;
	if (!READ(rt, state, _obmalloc_state, arenas, &array) ||
	    !READ(rt, state, _obmalloc_state, maxarenas, &count) || !array)
		return false;
	*ret = (struct arenas){ array, MIN(count, (uint64_t)ARENAS_MAX) };
	return true;
}

/* Small objects that surely exist, to learn a pool and its arena from. */
static size_t sample_pools(struct runtime *rt, const struct interpreter *interp, addr_t *ret,
			   uint32_t *ret_arena)
{
	static const uint64_t sizes[] = { POOL_BYTES, POOL_BYTES_OLD };
	const struct layout *l = &rt->layout;
	const addr_t samples[SAMPLES_MAX] = { interp->modules, interp->sysdict, interp->builtins };
	size_t n = 0;
	for (size_t i = 0; i < SAMPLES_MAX; i++) {
		for (size_t k = 0; samples[i] && k < ARRAY_SIZE(sizes); k++) {
			addr_t at = samples[i] & ~(sizes[k] - 1);
			const uint8_t *p = memory_at(&rt->target->memory, at, sizes[k]);
			struct pool pool;
			if (!p || !pool_view(l, p, sizes[k], &pool) || !pool.count ||
			    pool.arena >= ARENAS_MAX || samples[i] - at < header_size(l))
				continue;
			ret[n] = at;
			ret_arena[n++] = pool.arena;
			break;
		}
	}
	return n;
}

/* Does arena_object i look like one? *is_used: it has an arena whose first pool is one. */
static bool is_arena(struct runtime *rt, addr_t array, uint64_t i, bool *is_used)
{
	const struct layout *l = &rt->layout;
	size_t size = SIZEOF(l, arena_object);
	const uint8_t *p = memory_at(&rt->target->memory, array + i * size, size);
	*is_used = false;
	if (!p)
		return false;
	addr_t address = GET(l, p, arena_object, address);
	uint64_t pools = GET(l, p, arena_object, ntotalpools);
	/* new_arena() sets address to 0 for those it has not handed out yet */
	if (!address)
		return true;
	*is_used = pool_size_of(rt, address) != 0;
	/* a power of two, or one less where the arena is not aligned to its pools */
	bool whole = !(pools & (pools + 1)) || !(pools & (pools - 1));
	return pools && pools <= POOLS_IN_ARENA_MAX && whole &&
	       GET(l, p, arena_object, nfreepools) <= pools && address % PAGE_LEAST == 0;
}

/* Does this arena_object array hold those pools in the arenas that they name? */
static bool holds_pools(struct runtime *rt, addr_t array, const addr_t *pools,
			const uint32_t *arena, size_t count)
{
	const struct layout *l = &rt->layout;
	size_t size = SIZEOF(l, arena_object);
	for (size_t i = 0; i < count; i++) {
		const uint8_t *p = memory_at(&rt->target->memory, array + arena[i] * size, size);
		if (!p)
			return false;
		addr_t address = GET(l, p, arena_object, address);
		addr_t unused = GET(l, p, arena_object, pool_address);
		uint64_t pools_there = GET(l, p, arena_object, ntotalpools);
		bool is_used;
		if (!is_arena(rt, array, arena[i], &is_used))
			return false;
		/* The first pool of a core that was cut may be lost; else it is one. */
		if (!is_used && memory_span(&rt->target->memory, address, PAGE_LEAST))
			return false;
		if (!address || pools[i] < address || pools[i] >= unused ||
		    pools_there > POOLS_IN_ARENA_MAX || unused - address > UINT64_C(1) << 24)
			return false;
	}
	return count > 0;
}

/* How long the array is: it begins with 16 arena_objects and is doubled when all are used
 * (new_arena()). Its second half counts where it has an arena, and nothing that is none. */
static uint64_t count_arenas(struct runtime *rt, addr_t array)
{
	enum { INITIAL_ARENA_OBJECTS = 16 };
	uint64_t n = INITIAL_ARENA_OBJECTS;
	for (; n < ARENAS_MAX; n *= 2) {
		bool any = false, is_used, sound = true;
		for (uint64_t i = n; i < 2 * n && sound; i++) {
			sound = is_arena(rt, array, i, &is_used);
			any |= is_used;
		}
		if (!sound || !any)
			break;
	}
	return n;
}

/* 2.7 to 3.11 keep `arenas` and `maxarenas` in static variables. */
static bool arenas_by_symbol(struct runtime *rt, struct arenas *ret)
{
	struct symbol array, count;
	uint64_t at;
	const uint8_t *p;
	if (!rt->module || !symbols_find_in(rt->symbols, rt->module, "arenas", &array) ||
	    !symbols_find_in(rt->symbols, rt->module, "maxarenas", &count) ||
	    !target_read_word(rt->target, array.addr, &at) || !at)
		return false;
	p = memory_at(&rt->target->memory, count.addr, 4);
	if (!p)
		return false;
	*ret = (struct arenas){ at, MIN(load_u32(rt->layout.machine, p), (uint32_t)ARENAS_MAX) };
	return true;
}

static bool arenas_by_search(struct runtime *rt, const addr_t *pools, const uint32_t *arena,
			     size_t count, struct arenas *ret)
{
	const struct memory *m = &rt->target->memory;
	const struct machine *machine = rt->layout.machine;
	const struct extent *e;
	uint64_t budget = SEARCH_MAX;
	vec_each(e, &m->extents) {
		if (!(e->flags & EXTENT_WRITE) || !e->host || !rt->module ||
		    e->end <= rt->module->start || e->start >= rt->module->end)
			continue;
		for (uint64_t i = 0; i + machine->word <= e->end - e->start && budget;
		     i += machine->word, budget -= machine->word) {
			addr_t at = load_word(machine, e->host + i);
			if (!at || at % machine->word || !holds_pools(rt, at, pools, arena, count))
				continue;
			*ret = (struct arenas){ at, count_arenas(rt, at) };
			return true;
		}
	}
	return false;
}

static bool find_static_arenas(struct pyheap *heap, const struct interpreter *interp)
{
	addr_t pools[SAMPLES_MAX];
	uint32_t arena[SAMPLES_MAX];
	struct arenas arenas;
	size_t count = sample_pools(heap->rt, interp, pools, arena);
	if (!count)
		return true; /* PYTHONMALLOC=malloc, or the objects are lost */
	if ((arenas_by_symbol(heap->rt, &arenas) &&
	     holds_pools(heap->rt, arenas.array, pools, arena, count)) ||
	    arenas_by_search(heap->rt, pools, arena, count, &arenas))
		return add_arenas(heap, &arenas);
	heap->pools_missing = true;
	return true;
}

bool heap_find_pools(struct pyheap *heap)
{
	struct runtime *rt = heap->rt;
	struct interpreter_iter it = interpreters(rt);
	struct interpreter interp;
	struct arenas seen[16], arenas;
	size_t n = 0;
	while (interpreter_next(&it, &interp)) {
		if (!HAS(&rt->layout, PyInterpreterState, obmalloc)) {
			if (!find_static_arenas(heap, &interp))
				return false;
			break;
		}
		if (!arenas_of_interpreter(rt, &interp, &arenas))
			continue;
		bool known = false;
		for (size_t i = 0; i < n; i++)
			known |= seen[i].array == arenas.array;
		if (n < ARRAY_SIZE(seen))
			seen[n++] = arenas;
		if (!known && !add_arenas(heap, &arenas))
			return false;
	}
	return true;
}

/* --- pools that no arena is known of --------------------------------------------------------- */

/* Pools of one arena that lie side by side: they say its index. */
struct pool_run {
	addr_t start, end;
	uint32_t arena;
	size_t pools; /* used ones */
};

static bool add_run(struct pyheap *heap, struct pool_run *run)
{
	enum { POOLS_LEAST = 3 }; /* so many in a row are no accident */
	bool ok = true;
	if (run->pools >= POOLS_LEAST) {
		struct heap_arena *arena = vec_push(&heap->arenas);
		ok = arena;
		if (arena)
			*arena = (struct heap_arena){ run->start, run->end, run->start, run->end };
		heap->accounts[HEAP_POOL].bytes += run->end - run->start;
		ok = ok && heap_add_part(heap, &(struct heap_part){ .start = run->start,
								     .end = run->end,
								     .source = HEAP_POOL });
	}
	run->pools = 0;
	return ok;
}

static bool is_used_pool(const struct pyheap *heap, const uint8_t *p, addr_t at, uint64_t bytes,
			 struct pool *ret)
{
	return pool_view(&heap->rt->layout, p, bytes, ret) && ret->count &&
	       ret->arena < ARENAS_MAX &&
	       (!ret->freeblock || (ret->freeblock > at && ret->freeblock < at + bytes));
}

static bool search_region(struct pyheap *heap, const struct heap_region *region)
{
	struct pool_run run = { 0 };
	uint64_t bytes = heap->pool_size;
	addr_t at = (region->start + bytes - 1) & ~(bytes - 1);
	/* The end of the address space may be the end: nothing here may wrap around it. */
	for (; at >= region->start && at < region->end && region->end - at >= bytes; at += bytes) {
		const struct memory *m = &heap->rt->target->memory;
		const uint8_t *p = memory_at(m, at, SIZEOF(&heap->rt->layout, pool_header));
		const struct extent *e = p ? NULL : memory_extent(m, at);
		struct pool pool;
		if (heap_part_at(heap, at) || (e && !e->host)) {
			if (!add_run(heap, &run))
				return false;
			/* what is lost may be 128 TiB, in a core that says so */
			if (e && e->end - at > bytes)
				at = ((e->end - 1) & ~(bytes - 1)) - bytes;
			continue;
		}
		if (!p || !is_used_pool(heap, p, at, bytes, &pool))
			continue; /* one that is free now, within an arena; or the end of it */
		if (run.pools && (pool.arena != run.arena || at - run.end > POOLS_IN_RUN * bytes) &&
		    !add_run(heap, &run))
			return false;
		if (!run.pools)
			run = (struct pool_run){ .start = at, .arena = pool.arena };
		run.end = at + bytes;
		run.pools++;
	}
	return add_run(heap, &run);
}

bool heap_search_pools(struct pyheap *heap)
{
	struct runtime *rt = heap->rt;
	const struct python_version *v = &rt->layout.version;
	struct heap_region_iter it = { .target = rt->target };
	struct heap_region region;
	if (v->free_threaded || !HAS_STRUCT(&rt->layout, pool_header) ||
	    (heap->accounts[HEAP_POOL].parts && !rt->target->truncated))
		return true;
	if (!heap->pool_size)
		heap->pool_size = v->major == 2 || v->minor < 10 ? POOL_BYTES_OLD : POOL_BYTES;
	while (heap_region_next(&it, &region))
		if (heap_is_wanted(heap, region.start, region.end) &&
		    !search_region(heap, &region))
			return false;
	if (heap->pools_missing && !heap->accounts[HEAP_POOL].parts)
		remark_loss(&rt->target->remarks,
			    "obmalloc's arenas were not found: only objects that the collector "
			    "tracks are seen");
	return true;
}
