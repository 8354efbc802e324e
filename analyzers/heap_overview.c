/* See the header. The address space is dealt out in the order of how sure we are: heaps first, then
 * frames and stacks, then what files map; each gets what is still free. Of heaps the blocks are
 * added up; what is left of them is overhead. */
#include "analyzers/heap_overview.h"

#include "analyzers/heap_owners.h"
#include "analyzers/ranges.h"
#include "core/checked.h"
#include "core/map.h"
#include "cpython_layouts/sizes.h"

enum {
	STACK_MOST = 64 << 20,	/* bytes of a thread's stack, where its end is not known */
	TCB_BYTES = 4096,	/* behind a thread's own pointer, with which its stack ends */
	PAGE = 4096,		/* the least that anything is mapped by */
	VVAR_PAGES = 16,
	CHUNKS_MOST = 1 << 16,	/* of a thread's data stack */
	THREAD_HEAP = 64 << 20,	/* malloc's heaps of threads lie at multiples of it */
	SPARSE = 4,		/* less than one in that many */
};
#define RESERVE (UINT64_C(1) << 30)	/* mimalloc takes that much at once */

/* What a range is for, besides the heaps (their enum heap_kind). */
enum {
	SORT_ARENA = HEAP_KINDS,	/* of an arena: never used, or the way to its first pool */
	SORT_HEAP_HEAD,			/* of malloc's heaps */
	SORT_LISTED,
	SORT_INTERPRETER,
	SORT_FRAMES,
	SORT_STACK,
	SORT_TCB,			/* of a thread whose stack the kernel made */
	SORT_DATA,
	SORT_CODE,
	SORT_FILE,
	SORT_KERNEL,
	SORT_RESERVE,			/* mimalloc's */
	SORTS,
};

struct place {
	addr_t at;
	bool is_thread;
};

struct work {
	struct session *s;
	struct runtime *rt;
	struct pyheap *heap;
	struct overview *o;
	struct owners owners;
	struct ranges ranges;
	VEC(struct place) states;	/* of interpreters and threads, sorted */
	struct map by_type;		/* struct pytype -> index into buffers */
	VEC(struct use) buffers;
	uint64_t mapped[SORTS], lost[SORTS], counts[SORTS];
	uint64_t state_bytes, state_count, thread_bytes, thread_count;
	uint64_t listed_count;
	uint64_t static_objects, static_count, static_in_state;
};

/* --- dealing out the address space ------------------------------------------------------------ */

static bool want_heaps(struct work *w)
{
	const struct heap_arena *arenas;
	size_t count = pyheap_arenas(w->heap, &arenas);
	bool ok = true;
	for (size_t i = 0; ok && i < pyheap_parts(w->heap); i++) {
		struct heap_stretch part = pyheap_part(w->heap, i);
		w->o->heaps[part.kind].parts++;
		if (part.kind < HEAP_KIND_STATIC)
			ok = ranges_want(&w->ranges, part.start, part.end, part.kind);
	}
	ok = ok && ranges_settle(&w->ranges);
	for (size_t i = 0; ok && i < count; i++)
		ok = ranges_want(&w->ranges, arenas[i].start, arenas[i].end, SORT_ARENA);
	for (size_t i = 0; ok && i < pyheap_parts(w->heap); i++) {
		struct heap_stretch part = pyheap_part(w->heap, i);
		if (part.kind == HEAP_KIND_THREADS)
			ok = ranges_want(&w->ranges, part.start & ~(addr_t)(THREAD_HEAP - 1),
					 part.start, SORT_HEAP_HEAD);
	}
	w->o->arenas = count;
	return ok && ranges_settle(&w->ranges);
}

/* The chunks that the frames of a thread lie in (3.11+, Python/pystate.c, push_chunk()). */
static bool want_frames(struct work *w, addr_t tstate)
{
	struct runtime *rt = w->rt;
	addr_t at;
	uint64_t size, previous;
	if (!READ(rt, tstate, PyThreadState, datastack_chunk, &at))
		return true;
	struct chain chain = chain_start(at, CHUNKS_MOST);
	while (chain_goes_on(&chain)) {
		if (!READ(rt, chain.at, _PyStackChunk, size, &size) ||
		    !READ(rt, chain.at, _PyStackChunk, previous, &previous) || size > STACK_MOST)
			break;
		w->counts[SORT_FRAMES]++;
		if (!ranges_want(&w->ranges, chain.at, chain.at + size, SORT_FRAMES))
			return false;
		chain_step(&chain, previous);
	}
	return true;
}

static bool add_state(struct work *w, addr_t at, bool is_thread)
{
	struct place *place = vec_push(&w->states);
	if (place)
		*place = (struct place){ at, is_thread };
	return place;
}

static int compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	return x->at < y->at ? -1 : x->at > y->at;
}

static bool want_interpreters(struct work *w)
{
	const struct layout *l = &w->rt->layout;
	struct interpreter_iter it = interpreters(w->rt);
	struct interpreter interp;
	bool ok = true;
	if (w->rt->address)
		ok = ranges_want(&w->ranges, w->rt->address,
				 w->rt->address + SIZEOF(l, _PyRuntimeState), SORT_INTERPRETER);
	while (ok && interpreter_next(&it, &interp)) {
		struct pythread_iter threads = pythreads(w->rt, &interp);
		struct pythread thread;
		ok = ranges_want(&w->ranges, interp.at,
				 interp.at + SIZEOF(l, PyInterpreterState), SORT_INTERPRETER) &&
		     add_state(w, interp.at, false);
		w->counts[SORT_INTERPRETER]++;
		while (ok && pythread_next(&threads, &thread))
			ok = add_state(w, thread.at, true) && want_frames(w, thread.at);
	}
	vec_sort(&w->states, compare_places);
	return ok && ranges_settle(&w->ranges);
}

static bool want_stacks(struct work *w)
{
	const struct target *t = w->s->target;
	const struct os_thread *thread;
	vec_each(thread, &t->threads) {
		const struct extent *e = memory_extent(&t->memory, thread->sp);
		if (!e || !thread->sp)
			continue;
		/* What lies behind may be anything that mmap() gave. */
		addr_t end = e->end;
		if (thread->tp > thread->sp && thread->tp < end)
			end = (thread->tp + TCB_BYTES - 1) & ~(addr_t)(TCB_BYTES - 1);
		addr_t start = e->start;
		if (end - start > STACK_MOST)
			start = thread->sp & ~(addr_t)(TCB_BYTES - 1);
		end = MIN(end, start + STACK_MOST);
		w->counts[SORT_STACK]++;
		if (!ranges_want(&w->ranges, start, end, SORT_STACK))
			return false;
	}
	return ranges_settle(&w->ranges);
}

/* The first thread's control block is in memory that the loader took: of that the page which it
 * begins in is sure, or on aarch64 ends in. */
static bool want_control_blocks(struct work *w)
{
	const struct target *t = w->s->target;
	const struct os_thread *thread;
	vec_each(thread, &t->threads) {
		const struct extent *e = memory_extent(&t->memory, thread->tp);
		addr_t page = thread->tp & ~(addr_t)(PAGE - 1);
		if (e && thread->tp && e->flags & EXTENT_WRITE &&
		    !ranges_want(&w->ranges, MAX(page, e->start), MIN(page + PAGE, e->end), SORT_TCB))
			return false;
	}
	return ranges_settle(&w->ranges);
}

static bool want_files(struct work *w)
{
	const struct target *t = w->s->target;
	const struct extent *e;
	const struct mapping *mapping;
	vec_each(e, &t->memory.extents) {
		for (addr_t at = e->start; at < e->end;) {
			const struct module *module = target_module_at(t, at);
			if (!module)
				break;
			/* nobody else has the rest of its last page */
			addr_t end = MIN(e->end - 1, (module->end - 1) | (PAGE - 1)) + 1;
			if (!ranges_want(&w->ranges, at, end,
					 e->flags & EXTENT_WRITE ? SORT_DATA : SORT_CODE))
				return false;
			at = end;
		}
	}
	if (!ranges_settle(&w->ranges))
		return false;
	vec_each(mapping, &t->mappings)
		if (!ranges_want(&w->ranges, mapping->start, mapping->end, SORT_FILE))
			return false;
	return ranges_settle(&w->ranges);
}

/* What the vdso reads is mapped in front of it, read-only, in one or two mappings. */
static addr_t vvar_start(const struct target *t, const struct extent *vdso)
{
	addr_t start = vdso->start;
	for (const struct extent *e = vdso; t->mappings.len && e > t->memory.extents.items; e--) {
		const struct extent *front = e - 1;
		if (front->end != start || front->flags != EXTENT_READ ||
		    vdso->start - front->start > (uint64_t)VVAR_PAGES * t->machine->page_size)
			break;
		start = front->start;
	}
	return start;
}

/* The vdso, what it reads, and the page of system calls of old. */
static bool want_rest(struct work *w)
{
	const struct target *t = w->s->target;
	const addr_t user_end = UINT64_C(1) << 63;
	const struct extent *e;
	bool ok = true;
	vec_each(e, &t->memory.extents) {
		bool is_vdso = t->at_sysinfo_ehdr && t->at_sysinfo_ehdr >= e->start &&
			       t->at_sysinfo_ehdr < e->end;
		if (ok && (is_vdso || e->start >= user_end))
			ok = ranges_want(&w->ranges, is_vdso ? vvar_start(t, e) : e->start, e->end,
					 SORT_KERNEL);
	}
	ok = ok && ranges_settle(&w->ranges);
	addr_t reserve_end = 0;
	for (size_t i = 0; ok && i < pyheap_parts(w->heap); i++) {
		struct heap_stretch part = pyheap_part(w->heap, i);
		e = memory_extent(&t->memory, part.start);
		if (part.kind != HEAP_KIND_PAGES || !e || part.start < reserve_end)
			continue;
		reserve_end = MIN(e->end, part.start + RESERVE);
		ok = ranges_want(&w->ranges, part.start, reserve_end, SORT_RESERVE);
	}
	return ok && ranges_settle(&w->ranges);
}

/* --- adding up ------------------------------------------------------------------------------- */

static void add_extent(struct work *w, const struct extent *e, size_t *next)
{
	struct overview *o = w->o;
	uint64_t size = e->end - e->start, sure = 0;
	/* what has bytes could be read, whatever was said of it */
	bool is_reserved = !e->flags && !e->host;
	o->mappings++;
	*(is_reserved ? &o->reserved : &o->bytes) += size;
	o->in_core += e->host ? size : 0;
	while (*next < w->ranges.sure.len && w->ranges.sure.items[*next].end <= e->start)
		++*next;
	for (size_t i = *next; !is_reserved && i < w->ranges.sure.len; i++) {
		const struct range *r = &w->ranges.sure.items[i];
		if (r->start >= e->end)
			break;
		uint64_t bytes = MIN(r->end, e->end) - MAX(r->start, e->start);
		w->mapped[r->sort] += bytes;
		w->lost[r->sort] += e->host ? 0 : bytes;
		sure += bytes;
	}
	if (!is_reserved)
		o->unaccounted += size - sure;
}

static bool add_buffer(struct work *w, const struct pytype *type, uint64_t size)
{
	bool is_new;
	uint64_t *slot = map_insert(&w->by_type, (uintptr_t)type, &is_new);
	struct use *use = slot && is_new ? vec_push(&w->buffers) : NULL;
	if (!slot || (is_new && !use))
		return false;
	if (is_new) {
		*slot = w->buffers.len - 1;
		*use = (struct use){ "buffers", type->full_name, 0, 0 };
	}
	use = &w->buffers.items[*slot];
	use->bytes += size;
	use->count++;
	return true;
}

static const struct place *state_in(const struct work *w, const struct heap_block *block)
{
	size_t low = 0, high = w->states.len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (w->states.items[middle].at < block->at)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == w->states.len || w->states.items[low].at - block->at >= block->size)
		return NULL;
	return &w->states.items[low];
}

static bool add_used(struct work *w, struct heap_share *share, const struct heap_block *block)
{
	/* states are large: few blocks need to be looked at */
	enum { STATE_LEAST = 128 };
	const struct pytype *owner = owner_of(&w->owners, block->at, block->size);
	const struct place *state = block->size >= STATE_LEAST ? state_in(w, block) : NULL;
	if (state) {
		*(state->is_thread ? &w->thread_bytes : &w->state_bytes) += block->size;
		*(state->is_thread ? &w->thread_count : &w->state_count) += 1;
		share->buffers += block->size;
		share->buffer_count++;
		return true;
	}
	if (!owner) {
		share->other += block->size;
		share->other_count++;
		return true;
	}
	share->buffers += block->size;
	share->buffer_count++;
	return add_buffer(w, owner, block->size);
}

static bool add_block(struct work *w, struct heap_share *share, const struct heap_block *block)
{
	switch ((enum heap_block_state)block->state) {
	case BLOCK_OBJECT:
		share->objects += block->size;
		share->object_count++;
		return true;
	case BLOCK_USED:
		return add_used(w, share, block);
	case BLOCK_FREE:
		share->free += block->size;
		share->free_count++;
		return true;
	case BLOCK_EMPTY:
		share->empty += block->size;
		return true;
	case BLOCK_LOST:
		share->lost += block->size;
		return true;
	default:
		share->damaged += block->size;
		return true;
	}
}

/* An object in a module's data is as long as it says, but not longer than the way to the next. */
static void add_static(struct work *w, const struct heap_object *o, addr_t next)
{
	uint64_t size;
	if (!object_size(w->rt, &o->object, &size))
		size = MIN(size, (uint64_t)o->object.type->fixed);
	size = MIN((size + 7) & ~UINT64_C(7), next - o->object.at);
	w->static_objects += size;
	w->static_count++;
	const struct range *r = ranges_at(&w->ranges, o->object.at);
	if (r && r->sort == SORT_INTERPRETER)
		w->static_in_state += size;
}

static bool add_part(struct work *w, size_t index, struct heap_blocks *it)
{
	struct heap_stretch part = pyheap_part(w->heap, index);
	struct heap_share *share = &w->o->heaps[part.kind], sum = { 0 };
	struct heap_block block = { 0 };
	struct heap_object last = { 0 };
	heap_blocks_move(it, index);
	while (heap_blocks_next(it, &block)) {
		if (part.kind == HEAP_KIND_STATIC) {
			if (last.object.at)
				add_static(w, &last, block.at);
			last = block.state == BLOCK_OBJECT ? block.object : last;
		} else if (part.kind == HEAP_KIND_LISTED) {
			uint64_t size;
			w->listed_count++;
			object_size(w->rt, &block.object.object, &size);
			if (!ranges_want(&w->ranges, block.at, block.at + size, SORT_LISTED))
				return false;
		} else if (!add_block(w, &sum, &block)) {
			return false;
		}
	}
	if (last.object.at)
		add_static(w, &last, part.end);
	uint64_t used = sum.objects + sum.buffers + sum.other;
	if (part.kind == HEAP_KIND_POOLS) {
		w->o->arenas_free += used == 0;
		w->o->arenas_sparse += used && used < (part.end - part.start) / SPARSE;
	}
	const uint64_t *from = &sum.objects;
	uint64_t *to = &share->objects;
	for (size_t i = 0; i < (sizeof(sum) - offsetof(struct heap_share, objects)) / sizeof(*to);
	     i++)
		to[i] += from[i];
	return true;
}

static bool see_owners(struct work *w)
{
	_cleanup_(owned_heap_iter_free) struct heap_iter *it =
		heap_objects(w->heap, 0, pyheap_parts(w->heap));
	struct heap_object o;
	uint64_t n = 0;
	bool ok = it;
	w->owners.start = UINT64_MAX;
	for (size_t i = 0; i < pyheap_parts(w->heap); i++) {
		struct heap_stretch part = pyheap_part(w->heap, i);
		if (part.kind >= HEAP_KIND_STATIC)
			continue;
		w->owners.start = MIN(w->owners.start, part.start);
		w->owners.end = MAX(w->owners.end, part.end);
	}
	while (ok && heap_next(it, &o)) {
		ok = owners_see(&w->owners, &o);
		if (++n % 65536 == 0)
			progress_show(w->s->files->progress, "looking at objects", n, 0);
	}
	owners_sort(&w->owners);
	return ok;
}

static bool add_parts(struct work *w)
{
	_cleanup_(owned_heap_blocks_free) struct heap_blocks *it = heap_blocks_of(w->heap);
	size_t count = pyheap_parts(w->heap);
	for (size_t i = 0; it && i < count; i++) {
		if (!add_part(w, i, it))
			return false;
		progress_show(w->s->files->progress, "adding up memory", i, count);
	}
	progress_end(w->s->files->progress);
	return it;
}

/* --- the uses -------------------------------------------------------------------------------- */

static bool use(struct work *w, const char *group, const char *name, uint64_t bytes, uint64_t count)
{
	struct use *place = bytes ? vec_push(&w->o->uses) : NULL;
	if (place)
		*place = (struct use){ group, name, bytes, count };
	return place || !bytes;
}

/* What blocks claim beyond what is mapped (a heap with holes) is taken back; the rest of what is
 * mapped are headers and what is lost in rounding. */
static void settle_share(struct heap_share *share)
{
	uint64_t *give[] = { &share->lost,  &share->empty,   &share->free,   &share->damaged,
			     &share->other, &share->buffers, &share->objects };
	uint64_t sum = 0;
	for (size_t i = 0; i < ARRAY_SIZE(give); i++)
		sum += *give[i];
	for (size_t i = 0; i < ARRAY_SIZE(give) && sum > share->mapped; i++) {
		uint64_t bytes = MIN(sum - share->mapped, *give[i]);
		*give[i] -= bytes;
		sum -= bytes;
	}
	share->overhead = share->mapped - sum;
}

static const struct {
	const char *objects, *other, *free, *empty, *overhead;
} heap_names[HEAP_KIND_STATIC] = {
	[HEAP_KIND_POOLS] = { "in obmalloc's pools", "obmalloc's blocks", "blocks of obmalloc's pools",
			      "empty pools of arenas", "obmalloc's pools" },
	[HEAP_KIND_PAGES] = { "in mimalloc's pages", "mimalloc's blocks", "blocks of mimalloc's pages",
			      "free pages of segments", "mimalloc's segments" },
	[HEAP_KIND_BRK] = { "in malloc's main heap", "malloc's main heap",
			    "chunks of malloc's main heap", "", "malloc's main heap" },
	[HEAP_KIND_THREADS] = { "in malloc's other heaps", "malloc's other heaps",
				"chunks of malloc's other heaps", "", "malloc's other heaps" },
	[HEAP_KIND_MAPPED] = { "in mappings of their own", "mappings of malloc's", "",
			       "", "malloc's mappings" },
};

static bool add_heap_uses(struct work *w)
{
	bool ok = true;
	for (size_t i = 0; ok && i < HEAP_KIND_STATIC; i++) {
		struct heap_share *share = &w->o->heaps[i];
		share->mapped = w->mapped[i];
		settle_share(share);
		w->o->lost += share->lost + share->damaged;
		ok = use(w, "objects", heap_names[i].objects, share->objects,
			 share->object_count) &&
		     use(w, "in use", heap_names[i].other, share->other, share->other_count) &&
		     use(w, "free", heap_names[i].free, share->free, share->free_count) &&
		     use(w, "free", heap_names[i].empty, share->empty, 0) &&
		     use(w, "overhead", heap_names[i].overhead, share->overhead, 0);
	}
	return ok;
}

static bool add_other_uses(struct work *w)
{
	struct overview *o = w->o;
	uint64_t in_state = MIN(w->static_in_state, w->mapped[SORT_INTERPRETER]);
	uint64_t in_data = MIN(w->static_objects - w->static_in_state, w->mapped[SORT_DATA]);
	uint64_t states = w->state_bytes + w->thread_bytes;
	return use(w, "objects", "in modules' data", in_state + in_data, w->static_count) &&
	       use(w, "objects", "elsewhere", w->mapped[SORT_LISTED], w->listed_count) &&
	       use(w, "free", "never used of arenas", w->mapped[SORT_ARENA], 0) &&
	       use(w, "free", "mimalloc's reserve", w->mapped[SORT_RESERVE], 0) &&
	       use(w, "overhead", "heads of malloc's heaps", w->mapped[SORT_HEAP_HEAD], 0) &&
	       use(w, "interpreter", "states of interpreters and threads",
		   w->mapped[SORT_INTERPRETER] - in_state + states,
		   w->counts[SORT_INTERPRETER] + w->thread_count) &&
	       use(w, "interpreter", "Python frames", w->mapped[SORT_FRAMES],
		   w->counts[SORT_FRAMES]) &&
	       use(w, "stacks", "C stacks of threads", w->mapped[SORT_STACK],
		   w->counts[SORT_STACK]) &&
	       use(w, "files", "code and constants", w->mapped[SORT_CODE], 0) &&
	       use(w, "files", "data of modules", w->mapped[SORT_DATA] - in_data, 0) &&
	       use(w, "files", "other mapped files", w->mapped[SORT_FILE], 0) &&
	       use(w, "system", "the kernel's", w->mapped[SORT_KERNEL], 0) &&
	       use(w, "system", "thread control blocks", w->mapped[SORT_TCB], 0) &&
	       use(w, "lost", "of the heap, not in the core or damaged", o->lost, 0) &&
	       use(w, "unaccounted", "anonymous memory", o->unaccounted, 0);
}

static int group_of(const struct use *use)
{
	static const char *const groups[] = { "objects", "buffers", "in use",  "free",
					      "overhead", "interpreter", "stacks", "files",
					      "system",	 "lost",    "unaccounted" };
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		if (streq(use->group, groups[i]))
			return (int)i;
	return ARRAY_SIZE(groups);
}

static int compare_uses(const void *a, const void *b)
{
	const struct use *x = a, *y = b;
	int by_group = group_of(x) - group_of(y);
	if (by_group)
		return by_group;
	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return strcmp(x->name, y->name);
}

static int compare_names(const void *a, const void *b)
{
	const struct use *x = a, *y = b;
	return strcmp(x->name, y->name);
}

/* Types of one name are one use. What was taken back of the blocks of a heap with holes, the
 * largest give. */
static bool add_buffer_uses(struct work *w)
{
	uint64_t given = w->state_bytes + w->thread_bytes, most = 0;
	for (size_t i = 0; i < HEAP_KIND_STATIC; i++)
		most += w->o->heaps[i].buffers;
	vec_sort(&w->buffers, compare_names);
	for (size_t i = 0; i < w->buffers.len;) {
		struct use sum = w->buffers.items[i];
		for (i++; i < w->buffers.len && streq(w->buffers.items[i].name, sum.name); i++) {
			sum.bytes += w->buffers.items[i].bytes;
			sum.count += w->buffers.items[i].count;
		}
		uint64_t room = most > given ? most - given : 0;
		sum.bytes = MIN(sum.bytes, room);
		given += sum.bytes;
		if (!use(w, "buffers", sum.name, sum.bytes, sum.count))
			return false;
	}
	return true;
}

static bool take_all(struct work *w)
{
	const struct extent *e;
	size_t next = 0;
	bool ok = want_heaps(w) && want_interpreters(w) && see_owners(w) && add_parts(w) &&
		  ranges_settle(&w->ranges) && want_stacks(w) && want_files(w) && want_rest(w) &&
		  want_control_blocks(w);
	if (!ok)
		return false;
	vec_each(e, &w->s->target->memory.extents)
		add_extent(w, e, &next);
	ok = add_heap_uses(w) && add_other_uses(w) && add_buffer_uses(w);
	vec_sort(&w->o->uses, compare_uses);
	w->o->left_out = w->owners.left_out;
	return ok;
}

struct error *overview_take(struct session *s, struct pyheap *heap, struct budget *budget,
			    struct overview *ret)
{
	struct overview o = { 0 };
	struct work w = { .s = s,
			  .rt = s->runtime,
			  .heap = heap,
			  .o = &o,
			  .owners = { .rt = s->runtime, .budget = budget } };
	bool ok = take_all(&w);
	owners_release(&w.owners);
	ranges_release(&w.ranges);
	vec_release(&w.states);
	vec_release(&w.buffers);
	map_release(&w.by_type);
	if (ok)
		*ret = o;
	else
		overview_release(&o);
	return ok ? NULL : error_nomem();
}

void overview_release(struct overview *o)
{
	vec_release(&o->uses);
}

double overview_share(const struct overview *o)
{
	uint64_t unknown = o->unaccounted + o->lost;
	return o->bytes ? (double)(o->bytes - unknown) / (double)o->bytes : 1;
}
