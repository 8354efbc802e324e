/* The cyclic collector's lists (Modules/gcmodule.c, Python/gc.c from 3.13 on): rings of gc heads,
 * each in front of its object.
 *
 *	gc_generation.head <-> PyGC_Head | object <-> PyGC_Head | object <-> back to the head
 *
 * Following them costs a cache miss an object on an aged heap, so the walk over all objects does
 * not: the links are in front of the objects that it sees anyway. Only what lies where no
 * allocator was recognised is found through its neighbours in the lists. */
#include "core/checked.h"
#include "cpython_layouts/heap_parts.h"
#include "cpython_layouts/sizes.h"

enum {
	GENERATIONS = 3,
	LINK_MASK = 3,           /* 3.8+: flags in the low bits (Include/internal/pycore_gc.h) */
	OBJECTS_MAX = INT32_MAX, /* of one list */
	SAMPLE_MAX = 4096,       /* of each list, from its old end */
};

static addr_t link_of(uint64_t word)
{
	return word & ~(uint64_t)LINK_MASK;
}

/* --- heads ----------------------------------------------------------------------------------- */

/* Of the lists that all interpreters share: 3.7 and 3.8 keep them in _PyRuntime, 2.7 and 3.6 in
 * static variables that the exported _PyGC_generation0 leads to. */
static addr_t shared_generations(struct runtime *rt)
{
	const struct layout *l = &rt->layout;
	struct symbol s;
	addr_t pointer;
	if (rt->address && HAS(l, _PyRuntimeState, gc))
		return rt->address + OFFSET(l, _PyRuntimeState, gc) +
		       OFFSET(l, _gc_runtime_state, generations);
	if (symbols_find_exported(rt->symbols, "_PyGC_generation0", "libpython", &s) &&
	    target_read_word(rt->target, s.addr, &pointer))
		return pointer;
	return 0;
}

static size_t add_lists(const struct layout *l, addr_t generations,
			const struct interpreter *interp, struct gc_list *ret, size_t max)
{
	static const char *const names[GENERATIONS] = { "generation 0", "generation 1",
							"generation 2" };
	size_t n = 0;
	for (unsigned i = 0; i < GENERATIONS && n < max; i++)
		ret[n++] = (struct gc_list){ names[i],
					     generations + i * SIZEOF(l, gc_generation) +
						     OFFSET(l, gc_generation, head),
					     i, *interp };
	if (HAS(l, _gc_runtime_state, permanent_generation) && n < max) {
		addr_t gc = generations - OFFSET(l, _gc_runtime_state, generations);
		ret[n++] =
			(struct gc_list){ "permanent",
					  gc + OFFSET(l, _gc_runtime_state, permanent_generation) +
						  OFFSET(l, gc_generation, head),
					  GENERATIONS, *interp };
	}
	return n;
}

size_t gc_lists(struct runtime *rt, struct gc_list *ret, size_t max)
{
	const struct layout *l = &rt->layout;
	struct interpreter_iter it = interpreters(rt);
	struct interpreter interp;
	size_t n = 0;
	if (l->version.free_threaded || !HAS_STRUCT(l, gc_generation))
		return 0;
	while (interpreter_next(&it, &interp)) {
		if (!interp.gc) {
			addr_t shared = shared_generations(rt);
			return shared ? add_lists(l, shared, &(struct interpreter){ 0 }, ret, max)
				      : 0;
		}
		n += add_lists(l, interp.gc + OFFSET(l, _gc_runtime_state, generations), &interp,
			       ret + n, max - n);
	}
	return n;
}

struct gc_list_iter gc_list_objects(struct runtime *rt, const struct gc_list *list)
{
	struct gc_list_iter it = { .rt = rt, .head = list->head };
	uint64_t first = 0;
	bool read = READ(rt, list->head, PyGC_Head, gc_next, &first);
	first = link_of(first);
	it.chain = chain_start(read && first != list->head ? first : 0, OBJECTS_MAX);
	if (!read)
		it.chain.end = CHAIN_FAULT;
	return it;
}

bool gc_list_next(struct gc_list_iter *it, addr_t *ret)
{
	uint64_t next;
	if (!chain_goes_on(&it->chain))
		return false;
	addr_t at = it->chain.at;
	if (!READ(it->rt, at, PyGC_Head, gc_next, &next)) {
		chain_fault(&it->chain);
		return false;
	}
	next = link_of(next);
	chain_step(&it->chain, next == it->head ? 0 : next);
	*ret = at + SIZEOF(&it->rt->layout, PyGC_Head);
	return true;
}

/* Up to 3.7 gc_refs is -2 where an object is untracked (from 3.4 on above one flag bit); from 3.8
 * on _gc_next is 0. */
bool heap_head_is_tracked(const struct layout *l, const uint8_t *head)
{
	if (!HAS(l, PyGC_Head, gc_refs))
		return GET(l, head, PyGC_Head, gc_next) != 0;
	int64_t refs = GETS(l, head, PyGC_Head, gc_refs);
	return (l->version.major == 2 ? refs : refs >> 1) != -2;
}

bool object_is_tracked(struct runtime *rt, const struct object *o)
{
	const struct layout *l = &rt->layout;
	if (!(o->type->flags & TPFLAGS_HAVE_GC))
		return false;
	if (HAS(l, PyObject, ob_gc_bits))
		return GET(l, o->p, PyObject, ob_gc_bits) & 1;
	/* tp_is_gc of type objects: those that are static have no head in front of them. */
	if (o->type->flags & TPFLAGS_TYPE_SUBCLASS && HAS(l, PyTypeObject, tp_flags) &&
	    !(GET(l, o->p, PyTypeObject, tp_flags) & TPFLAGS_HEAPTYPE))
		return false;
	const uint8_t *head =
		memory_at(&rt->target->memory, o->at - SIZEOF(l, PyGC_Head), SIZEOF(l, PyGC_Head));
	return head && heap_head_is_tracked(l, head);
}

/* Include/internal/pycore_gc.h (3.13+) */
bool object_is_frozen(struct runtime *rt, const struct object *o)
{
	enum { GC_BITS_FROZEN = 8 };
	const struct layout *l = &rt->layout;
	return HAS(l, PyObject, ob_gc_bits) &&
	       GET(l, o->p, PyObject, ob_gc_bits) & GC_BITS_FROZEN;
}

/* Include/refcount.h (3.12+), _Py_IsImmortal(): the lower half is negative; free-threaded, the
 * local count is at its greatest. */
bool object_refcount(struct runtime *rt, const struct object *o, int64_t *ret)
{
	const struct layout *l = &rt->layout;
	if (HAS(l, PyObject, ob_ref_local)) {
		uint64_t local = GET(l, o->p, PyObject, ob_ref_local);
		*ret = (int64_t)local + (GETS(l, o->p, PyObject, ob_ref_shared) >> 2);
		return local != UINT32_MAX;
	}
	*ret = GETS(l, o->p, PyObject, ob_refcnt);
	return !size_since(rt, 3, 12) || (int32_t)*ret >= 0;
}

/* --- the permanent generation ----------------------------------------------------------------- */

/* A collection moves what became immortal there from 3.12 on (update_refs()), gc.freeze() moves
 * all. */
static bool freeze(struct pyheap *heap, addr_t at)
{
	enum { BITS_MAX = 64 << 20 }; /* bytes of a part that has a bit for each word */
	struct heap_part *part = (struct heap_part *)heap_part_at(heap, at);
	if (!part)
		return true;
	uint64_t size = part->end - part->start, word = heap->rt->layout.machine->word;
	if (size > BITS_MAX)
		return map_insert(&heap->frozen, at, NULL) != NULL;
	if (!part->frozen && !(part->frozen = calloc(1, size / word / 8 + 1)))
		return false;
	uint64_t index = (at - part->start) / word;
	part->frozen[index / 8] |= (uint8_t)(1 << index % 8);
	return true;
}

bool heap_is_frozen(const struct pyheap *heap, const struct heap_part *part, addr_t at)
{
	uint64_t index = (at - part->start) / heap->rt->layout.machine->word;
	if (part->frozen && part->frozen[index / 8] >> index % 8 & 1)
		return true;
	return heap->frozen.len && map_find(&heap->frozen, at);
}

bool heap_find_frozen(struct pyheap *heap)
{
	struct gc_list lists[64];
	size_t count = gc_lists(heap->rt, lists, ARRAY_SIZE(lists));
	for (size_t i = 0; i < count; i++) {
		if (lists[i].generation < GENERATIONS)
			continue;
		struct gc_list_iter it = gc_list_objects(heap->rt, &lists[i]);
		addr_t at;
		while (gc_list_next(&it, &at))
			if (!freeze(heap, at))
				return false;
	}
	return true;
}

/* --- what lies nowhere else ------------------------------------------------------------------- */

struct strays {
	struct pyheap *heap;
	struct map seen;  /* object -> 1 */
	VEC(addr_t) todo; /* objects whose neighbours are still to be looked at */
	struct gc_list lists[64];
	size_t list_count;
	bool failed; /* out of memory */
};

static bool is_list_head(const struct strays *s, addr_t head)
{
	for (size_t i = 0; i < s->list_count; i++)
		if (s->lists[i].head == head)
			return true;
	return false;
}

/* A neighbour that lies in no part, and is an object that the collector tracks. */
static void consider(struct strays *s, addr_t head)
{
	struct runtime *rt = s->heap->rt;
	addr_t at = head + s->heap->gc_head;
	struct object o;
	bool is_new;
	if (!head || heap_part_at(s->heap, head) || is_list_head(s, head) ||
	    map_find(&s->seen, at) || !object_load(rt, at, &o) || !object_is_tracked(rt, &o))
		return;
	addr_t *todo = NULL;
	if (!map_insert(&s->seen, at, &is_new) || !(todo = vec_push(&s->todo)))
		s->failed = true;
	else
		*todo = at;
}

static void consider_neighbours(struct strays *s, const uint8_t *head)
{
	const struct layout *l = &s->heap->rt->layout;
	addr_t next = link_of(GET(l, head, PyGC_Head, gc_next));
	addr_t prev = link_of(GET(l, head, PyGC_Head, gc_prev));
	/* in a part: the usual case, told without a look at memory */
	if (next && !heap_part_at(s->heap, next))
		consider(s, next);
	if (prev && !heap_part_at(s->heap, prev))
		consider(s, prev);
}

/* Do the lists lead out of what is known? The oldest and the youngest of each tell: what libraries
 * allocate at start-up is large types, and it is old. */
static bool leads_out(struct strays *s)
{
	struct runtime *rt = s->heap->rt;
	for (size_t i = 0; i < s->list_count; i++) {
		struct gc_list_iter it = gc_list_objects(rt, &s->lists[i]);
		addr_t at;
		for (size_t n = 0; n < SAMPLE_MAX && gc_list_next(&it, &at); n++)
			if (!heap_part_at(s->heap, at))
				consider(s, at - s->heap->gc_head);
	}
	return s->todo.len > 0;
}

static void follow_all(struct strays *s)
{
	struct pyheap *heap = s->heap;
	_cleanup_(owned_heap_iter_free) struct heap_iter *it =
		heap_objects(heap, 0, heap->parts.len);
	struct heap_object o;
	if (!it)
		s->failed = true;
	for (uint64_t n = 0; it && !s->failed && heap_next(it, &o); n++) {
		if (o.tracked && o.object.at - heap->gc_head >= o.block)
			consider_neighbours(s, o.object.p - heap->gc_head);
		if (n % 65536 == 0)
			progress_show(heap->progress, "finding large objects",
				      (uint64_t)it->part << 20, (uint64_t)heap->parts.len << 20);
	}
}

static int compare_addresses(const void *a, const void *b)
{
	addr_t x = *(const addr_t *)a, y = *(const addr_t *)b;
	return x < y ? -1 : x > y;
}

/* The sorted addresses between two parts become one part. */
static bool add_listed_parts(struct pyheap *heap)
{
	size_t known = heap->parts.len, part = 0;
	for (size_t i = 0; i < heap->listed.len;) {
		size_t first = i;
		while (part < known && heap->parts.items[part].end <= heap->listed.items[i])
			part++;
		addr_t limit = part < known ? heap->parts.items[part].start : UINT64_MAX;
		while (i < heap->listed.len && heap->listed.items[i] < limit)
			i++;
		if (i == first) {
			i++;
			continue;
		}
		const struct heap_part added = { .start = heap->listed.items[first],
						 .end = heap->listed.items[i - 1] + 1,
						 .source = HEAP_LISTED,
						 .first = first,
						 .last = i };
		if (!heap_add_part(heap, &added))
			return false;
	}
	return true;
}

bool heap_find_listed(struct pyheap *heap)
{
	struct strays s = { .heap = heap };
	bool ok = true;
	s.list_count = gc_lists(heap->rt, s.lists, ARRAY_SIZE(s.lists));
	if (s.list_count && (leads_out(&s) || s.failed)) {
		follow_all(&s);
		for (size_t i = 0; i < s.todo.len && !s.failed; i++) {
			const uint8_t *head =
				memory_at(&heap->rt->target->memory,
					  s.todo.items[i] - heap->gc_head, heap->gc_head);
			if (head)
				consider_neighbours(&s, head);
		}
		heap->listed.items = s.todo.items;
		heap->listed.len = s.todo.len;
		heap->listed.alloc = s.todo.alloc;
		s.todo.items = NULL;
		s.todo.len = 0;
		vec_sort(&heap->listed, compare_addresses);
		ok = !s.failed && add_listed_parts(heap);
	}
	vec_release(&s.todo);
	map_release(&s.seen);
	return ok;
}

enum heap_step heap_next_listed(struct heap_iter *it)
{
	const struct pyheap *heap = it->recognizer.heap;
	struct object o;
	/* cursor: the index */
	if (it->cursor == it->now->start)
		it->cursor = it->now->first;
	if (it->cursor >= it->now->last)
		return STEP_END;
	addr_t at = heap->listed.items[it->cursor++];
	const uint8_t *p =
		memory_at(&heap->rt->target->memory, at, SIZEOF(&heap->rt->layout, PyObject));
	const struct heap_type *type =
		p ? heap_type_at(&it->recognizer, GET(&heap->rt->layout, p, PyObject, ob_type))
		  : NULL;
	p = type ? memory_at(&heap->rt->target->memory, at, type->least) : NULL;
	if (!p)
		return STEP_NOTHING;
	o = (struct object){ at, p, type->type };
	it->unit = (struct heap_unit){
		.at = o.at, .p = o.p, .seen = type->least, .count = 1, .place = HEAP_BARE
	};
	return STEP_UNIT;
}

const char *gc_generation_of(struct runtime *rt, addr_t object)
{
	enum { LISTS_MAX = 64, STEPS_MAX = 20000000 };
	struct gc_list lists[LISTS_MAX];
	size_t count = gc_lists(rt, lists, LISTS_MAX);
	uint64_t steps = 0;
	for (size_t i = 0; i < count && i < LISTS_MAX; i++) {
		struct gc_list_iter it = gc_list_objects(rt, &lists[i]);
		addr_t at;
		while (steps++ < STEPS_MAX && gc_list_next(&it, &at))
			if (at == object)
				return lists[i].name;
	}
	return NULL;
}
