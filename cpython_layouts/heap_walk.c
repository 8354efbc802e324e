/* Which blocks hold objects. Threads that walk parts share the heap, and each has a recognizer
 * with a cache of types of its own, so that the hot path takes no lock. */
#include "core/checked.h"
#include "cpython_layouts/heap_parts.h"
#include "cpython_layouts/kinds/kind.h"
#include "cpython_layouts/sizes.h"

/* --- types ----------------------------------------------------------------------------------- */

uint64_t pytype_presize(const struct runtime *rt, const struct pytype *type)
{
	const struct layout *l = &rt->layout;
	uint64_t size = 0;
	if (type->flags & TPFLAGS_HAVE_GC && !l->version.free_threaded)
		size += SIZEOF(l, PyGC_Head);
	/* Include/internal/pycore_object.h (3.11+), _PyType_PreHeaderSize() */
	if ((type->flags & TPFLAGS_MANAGED_DICT &&
	     l->dialect.attributes >= ATTRIBUTES_MANAGED_311) ||
	    (type->flags & TPFLAGS_MANAGED_WEAKREF &&
	     l->dialect.attributes >= ATTRIBUTES_MANAGED_312))
		size += 2 * l->machine->word;
	return size;
}

static struct heap_type *slot_of(struct heap_type *slots, addr_t at)
{
	return &slots[(at >> 4 ^ at >> 14) % HEAP_TYPE_SLOTS];
}

/* A time without a time zone has no room for one (Modules/_datetimemodule.c, time_alloc()); those
 * of a subclass do. */
static uint32_t least_of(const struct layout *l, const struct pytype *type)
{
	if (type->is_exact_kind && streq(type->kind->name, "datetime.time"))
		return MIN(type->fixed, OFFSET(l, PyDateTime_Time, tzinfo));
	if (type->is_exact_kind && streq(type->kind->name, "datetime.datetime"))
		return MIN(type->fixed, OFFSET(l, PyDateTime_DateTime, tzinfo));
	return type->fixed;
}

const struct heap_type *heap_type_at(struct recognizer *r, addr_t at)
{
	struct heap_type *slot = slot_of(r->types, at);
	if (slot->at == at && at)
		return slot;
	/* What is no type is remembered apart, so that it drives no type out. */
	struct heap_type *other = slot_of(r->others, at);
	if (other->at == at || !at || at % r->heap->rt->layout.machine->word)
		return NULL;
	runtime_lock(r->heap->rt);
	const struct pytype *type = pytype_at(r->heap->rt, at);
	if (type)
		size_resolve(r->heap->rt, type);
	runtime_unlock(r->heap->rt);
	if (!type) {
		other->at = at;
		return NULL;
	}
	*slot = (struct heap_type){ at, type, (uint32_t)pytype_presize(r->heap->rt, type),
				    least_of(&r->heap->rt->layout, type) };
	return slot;
}

/* --- one block ------------------------------------------------------------------------------- */

/* Debug hooks (Objects/obmalloc.c, _PyMem_DebugRawAlloc) put in front of a block its size, the
 * letter of its domain and 7 forbidden bytes: 0xfd from 3.7.4 on, 0xfb before. Is that there? */
static bool is_padded(const struct machine *machine, const uint8_t *p, uint64_t size)
{
	enum { OLD = 0xfb, NEW = 0xfd };
	const uint8_t *mark = p + machine->word;
	return size >= 4 * machine->word && (mark[1] == NEW || mark[1] == OLD) &&
	       !memcmp(mark + 1, mark + 2, machine->word - 2);
}

/* Bytes of padding in front of what may be an object; -1: the block is memory of another kind. 'o'
 * is the domain of objects, 'm' and 'r' are not: but a large object is 'o' within 'r'. */
static int64_t padding_of(const struct machine *machine, const uint8_t *p, uint64_t size)
{
	uint64_t padding = 0;
	char domain = 'o';
	while (padding <= 2 * machine->word && is_padded(machine, p + padding, size - padding)) {
		domain = (char)p[padding + machine->word];
		padding += 2 * machine->word;
	}
	return domain == 'o' ? (int64_t)padding : -1;
}

bool heap_count_is_pointer(struct recognizer *r, const uint8_t *p)
{
	const struct layout *l = &r->heap->rt->layout;
	enum { LOWEST = 0x10000 };
	if (!HAS(l, PyObject, ob_refcnt))
		return false;
	addr_t at = load_word(l->machine, p + OFFSET(l, PyObject, ob_refcnt));
	if (at < LOWEST || at % l->machine->word)
		return false;
	const uint8_t *q = memory_at(&r->heap->rt->target->memory, at, SIZEOF(l, PyObject));
	return q && heap_type_at(r, GET(l, q, PyObject, ob_type));
}

static bool is_tracked(const struct layout *l, const uint8_t *p, const uint8_t *head)
{
	if (HAS(l, PyObject, ob_gc_bits))
		return GET(l, p, PyObject, ob_gc_bits) & 1;
	return heap_head_is_tracked(l, head);
}

/* Is it rather a short text in front of what a freed object left: `name\0` and its ob_type? */
static bool is_text(const struct layout *l, const uint8_t *p)
{
	enum { SHORTEST = 3 };
	unsigned length = 0, i = 0;
	if (!HAS(l, PyObject, ob_refcnt))
		return false;
	p += OFFSET(l, PyObject, ob_refcnt);
	for (; i < l->machine->word && p[i]; i++, length++)
		if (p[i] < 0x20 || p[i] > 0x7e)
			return false;
	for (; i < l->machine->word; i++)
		if (p[i])
			return false;
	return length >= SHORTEST;
}

/* Links of a tracked object are addresses; 3.8+ keeps only a flag of one that is not tracked. */
static bool is_gc_head(const struct layout *l, const uint8_t *head, bool tracked)
{
	enum { ADDRESS_BITS = 56, LOWEST = 0x1000 };
	uint64_t next = GET(l, head, PyGC_Head, gc_next), prev = GET(l, head, PyGC_Head, gc_prev);
	if (tracked)
		return next >= LOWEST && !(next >> ADDRESS_BITS) && !(prev >> ADDRESS_BITS);
	return HAS(l, PyGC_Head, gc_refs) || prev <= 3;
}

/* Up to 3.7 a new untracked object's head says so in gc_refs and holds garbage else: what a freed
 * object left there, which may look like one. Is there such a head, and an object behind it? */
static bool is_behind_garbage(struct recognizer *r, const uint8_t *p, uint64_t size)
{
	const struct pyheap *heap = r->heap;
	const struct layout *l = &heap->rt->layout;
	if (!HAS(l, PyGC_Head, gc_refs) || heap->gc_head + SIZEOF(l, PyObject) > size ||
	    heap_head_is_tracked(l, p) || !head_is_live(l, p + heap->gc_head))
		return false;
	const struct heap_type *type =
		heap_type_at(r, GET(l, p + heap->gc_head, PyObject, ob_type));
	return type && type->presize == heap->gc_head && heap->gc_head + type->least <= size;
}

bool heap_recognize(struct recognizer *r, addr_t block, const uint8_t *p, uint64_t size,
		    int64_t place, struct heap_object *ret)
{
	const struct pyheap *heap = r->heap;
	const struct layout *l = &heap->rt->layout;
	uint64_t header = SIZEOF(l, PyObject);
	bool bare = place == HEAP_BARE;
	int64_t padding = bare ? 0 : padding_of(l->machine, p, size);
	if (padding < 0)
		return false;
	size_t count = place == HEAP_ANY_PLACE ? heap->place_count : 1;
	for (size_t i = 0; i < count; i++) {
		uint64_t presize = place == HEAP_ANY_PLACE ? heap->places[i]
				   : bare                  ? 0
							   : (uint64_t)place;
		uint64_t offset = (uint64_t)padding + presize;
		if (offset + header > size)
			return false;
		const uint8_t *q = p + offset;
		bool gc_bit = HAS(l, PyObject, ob_gc_bits) && GET(l, q, PyObject, ob_gc_bits) & 1;
		if (!head_is_live(l, q) && !gc_bit)
			continue;
		addr_t type_at = GET(l, q, PyObject, ob_type);
		const struct heap_type *type = heap_type_at(r, type_at);
		if (!type || (!bare && type->presize != presize) || offset + type->least > size)
			continue;
		if (place == HEAP_ANY_PLACE && !presize && is_behind_garbage(r, q, size - offset))
			continue;
		bool has_head = type->type->flags & TPFLAGS_HAVE_GC && !bare;
		bool tracked = has_head && is_tracked(l, q, q - heap->gc_head);
		if (has_head && heap->gc_head && !is_gc_head(l, q - heap->gc_head, tracked))
			continue;
		if (!bare && (heap_count_is_pointer(r, q) || (!tracked && is_text(l, q))))
			continue;
		/* who reads it may look at all of the fixed part */
		if (type->least < type->type->fixed &&
		    !memory_at(&heap->rt->target->memory, block + offset, type->type->fixed))
			continue;
		ret->object = (struct object){ block + offset, q, type->type };
		ret->tracked = tracked;
		return true;
	}
	return false;
}

/* --- block after block ----------------------------------------------------------------------- */

struct heap_iter *heap_objects(struct pyheap *heap, size_t first, size_t end)
{
	struct heap_iter *it = calloc(1, sizeof(*it));
	if (!it)
		return NULL;
	it->recognizer.heap = heap;
	it->part = first;
	it->last = MIN(end, heap->parts.len);
	return it;
}

void heap_iter_move(struct heap_iter *it, size_t first, size_t end)
{
	it->part = first;
	it->last = MIN(end, it->recognizer.heap->parts.len);
	it->now = NULL;
	it->unit.count = it->index = 0;
}

void heap_iter_free(struct heap_iter *it)
{
	free(it);
}

struct heap_skipped heap_iter_skipped(const struct heap_iter *it)
{
	return it->skipped;
}

enum heap_step heap_next_unit(struct heap_iter *it)
{
	static enum heap_step (*const steps[])(struct heap_iter *) = {
		[HEAP_POOL] = heap_next_pool,     [HEAP_PAGE] = heap_next_page,
		[HEAP_CHUNK] = heap_next_chunk,   [HEAP_STATIC] = heap_next_static,
		[HEAP_LISTED] = heap_next_listed,
	};
	it->index = 0;
	return steps[it->now->source](it);
}

static bool next_unit(struct heap_iter *it)
{
	for (;;) {
		enum heap_step step = it->now ? heap_next_unit(it) : STEP_END;
		if (step == STEP_UNIT)
			return true;
		if (step == STEP_NOTHING)
			continue;
		if (it->part >= it->last)
			return false;
		it->now = &it->recognizer.heap->parts.items[it->part++];
		it->cursor = it->now->start;
	}
}

bool heap_object_in(struct heap_iter *it, size_t index, struct heap_object *ret)
{
	const struct pyheap *heap = it->recognizer.heap;
	const struct heap_unit *unit = &it->unit;
	if (unit->place == HEAP_MEMORY || (unit->any_free && heap_is_free(it, index)))
		return false;
	uint64_t offset = index * unit->block_size;
	if (!heap_recognize(&it->recognizer, unit->at + offset, unit->p + offset, unit->seen,
			    unit->place, ret))
		return false;
	ret->source = it->now->source;
	bool has_block = ret->source != HEAP_STATIC && ret->source != HEAP_LISTED;
	ret->block = has_block ? unit->at + offset : ret->object.at;
	ret->block_size = has_block ? unit->block_size : 0;
	if (ret->source == HEAP_LISTED)
		ret->tracked = object_is_tracked(heap->rt, &ret->object);
	ret->frozen = ret->tracked && heap_is_frozen(heap, it->now, ret->object.at);
	return true;
}

bool heap_next(struct heap_iter *it, struct heap_object *ret)
{
	do {
		while (it->index < it->unit.count)
			if (heap_object_in(it, it->index++, ret))
				return true;
	} while (next_unit(it));
	it->unit.count = it->index = 0;
	return false;
}

/* --- where an address lies -------------------------------------------------------------------- */

const struct heap_part *heap_part_at(const struct pyheap *heap, addr_t addr)
{
	size_t low = 0, high = heap->sorted;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (heap->parts.items[middle].end <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == heap->sorted || addr < heap->parts.items[low].start)
		return NULL;
	return &heap->parts.items[low];
}

size_t pyheap_parts(const struct pyheap *heap)
{
	return heap->parts.len;
}

uint64_t pyheap_part_size(const struct pyheap *heap, size_t part)
{
	const struct heap_part *p = &heap->parts.items[part];
	return p->end - p->start;
}
