#include "analyzers/heap_owners.h"

#include "core/checked.h"
#include "cpython_layouts/chain.h"
#include "cpython_layouts/type.h"

enum { LINKS_MAX = 1 << 24 };

static bool add(struct owners *owners, addr_t at, const struct pytype *type)
{
	if (at < owners->start || at >= owners->end)
		return true;
	if (!budget_take(owners->budget, sizeof(struct owned_place))) {
		owners->left_out++;
		return true;
	}
	owners->taken += sizeof(struct owned_place);
	struct owned_place *place = vec_push(&owners->places);
	if (place)
		*place = (struct owned_place){ at, type };
	return place;
}

/* Blocks or nodes behind the first one: each link's next is at that offset. */
static bool add_links(struct owners *owners, addr_t first, uint64_t offset,
		      const struct pytype *type)
{
	struct chain chain = chain_start(first, LINKS_MAX);
	while (chain_goes_on(&chain)) {
		addr_t next;
		if (!add(owners, chain.at, type))
			return false;
		if (!target_read_word(owners->rt->target, chain.at + offset, &next))
			break;
		chain_step(&chain, next);
	}
	return true;
}

static bool add_chains(struct owners *owners, const struct object *o)
{
	const struct layout *l = &owners->rt->layout;
	if (HAS(l, PyODictObject, od_first) && o->type->flags & TPFLAGS_DICT_SUBCLASS &&
	    o->type->fixed >= SIZEOF(l, PyODictObject) &&
	    pytype_is(o->type, "collections.OrderedDict"))
		return add_links(owners, GET(l, o->p, PyODictObject, od_first),
				 OFFSET(l, _ODictNode, next), o->type);
	if (o->type->fixed >= SIZEOF(l, dequeobject) && SIZEOF(l, dequeobject) &&
	    pytype_is(o->type, "collections.deque"))
		return add_links(owners, GET(l, o->p, dequeobject, leftblock),
				 OFFSET(l, block, rightlink), o->type);
	return true;
}

/* Numbers have no memory beside, and are many. */
static bool is_plain(const struct pytype *type)
{
	return type->flags & (TPFLAGS_LONG_SUBCLASS | TPFLAGS_INT_SUBCLASS |
			      TPFLAGS_TUPLE_SUBCLASS | TPFLAGS_BYTES_SUBCLASS) &&
	       !(type->flags & TPFLAGS_HEAPTYPE);
}

bool owners_see(struct owners *owners, const struct heap_object *found)
{
	const struct object *o = &found->object;
	const struct layout *l = &owners->rt->layout;
	const struct memory *m = &owners->rt->target->memory;
	size_t word = l->machine->word;
	if (is_plain(o->type))
		return true;
	for (uint64_t i = SIZEOF(l, PyObject); i + word <= o->type->fixed; i += word)
		if (!add(owners, load_word(l->machine, o->p + i), o->type))
			return false;
	/* 3.11 and 3.12 keep an instance's values in a block of their own, which a word in front
	 * of the object leads to */
	uint64_t before = found->block_size ? o->at - found->block : 0;
	uint64_t head = o->type->flags & TPFLAGS_HAVE_GC && !l->version.free_threaded
				? SIZEOF(l, PyGC_Head)
				: 0;
	before -= MIN(before, head);
	const uint8_t *p = before ? memory_at(m, found->block, before) : NULL;
	for (uint64_t i = 0; p && i + word <= before; i += word)
		if (l->dialect.attributes != ATTRIBUTES_DICTOFFSET &&
		    !add(owners, load_word(l->machine, p + i) & ~UINT64_C(1), o->type))
			return false;
	return add_chains(owners, o);
}

static int compare_places(const void *a, const void *b)
{
	const struct owned_place *x = a, *y = b;
	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->type->at < y->type->at ? -1 : x->type->at > y->type->at;
}

void owners_sort(struct owners *owners)
{
	vec_sort(&owners->places, compare_places);
}

const struct pytype *owner_of(const struct owners *owners, addr_t at, uint64_t size)
{
	size_t low = 0, high = owners->places.len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (owners->places.items[middle].at < at)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == owners->places.len || owners->places.items[low].at - at >= size)
		return NULL;
	return owners->places.items[low].type;
}

void owners_release(struct owners *owners)
{
	budget_give(owners->budget, owners->taken);
	vec_release(&owners->places);
}
