/* Attributes of instances, where the instance itself refers to them: __dict__, or values without a
 * dict (Objects/dictobject.c, PyObject_VisitManagedDict(); Objects/typeobject.c,
 * subtype_traverse()). Where these lie is drawn in attributes.c. */
#include "cpython_layouts/edges_walk.h"

enum { VALUES_DICT = 1, VALUES_PAIRS = 2, VALUES_BEYOND = 4 };

static bool pairs_next(struct edge_iter *it, struct edge *ret)
{
	addr_t key, value;
	if (!dict_next(&it->dict, &key, &value))
		return false;
	*ret = (struct edge){ .to = value,
			      .kind = EDGE_ATTRIBUTE,
			      .key = key,
			      .flags = it->mode & VALUES_BEYOND ? EDGE_BEYOND : 0 };
	return true;
}

static bool values_see(struct edge_iter *it, addr_t values)
{
	const struct layout *l = &it->rt->layout;
	addr_t keys;
	if (!(it->object.type->flags & TPFLAGS_HEAPTYPE) ||
	    !HAS(l, PyHeapTypeObject, ht_cached_keys) ||
	    !target_read_word(it->rt->target,
			      it->object.type->at + OFFSET(l, PyHeapTypeObject, ht_cached_keys),
			      &keys) ||
	    !keys || !dict_iter_of_values(it->rt, keys, values, &it->dict)) {
		it->lost = true;
		return false;
	}
	it->mode |= VALUES_PAIRS;
	return true;
}

static addr_t word_before(struct edge_iter *it, unsigned words)
{
	addr_t value;
	if (target_read_word(it->rt->target, it->object.at - words * it->rt->layout.machine->word,
			     &value))
		return value;
	it->lost = true;
	return 0;
}

/* 3.13+: values in the object, while valid, and the dict that was made of them: one of them is
 * visited. */
static void inline_or_dict(struct edge_iter *it)
{
	const struct layout *l = &it->rt->layout;
	it->place = word_before(it, HAS(l, PyObject, ob_tid) ? 1 : 3);
	it->detail = 0;
	if (it->object.type->flags & TPFLAGS_INLINE_VALUES) {
		addr_t values = it->object.at + (l->dialect.attributes == ATTRIBUTES_INLINE_313
							 ? SIZEOF(l, PyObject)
							 : (uint64_t)it->object.type->basicsize);
		const uint8_t *p =
			memory_at(&it->rt->target->memory, values, SIZEOF(l, PyDictValues));
		it->lost |= !p;
		if (p && GET(l, p, PyDictValues, valid) && values_see(it, values))
			it->detail = EDGE_BEYOND;
	}
	/* detail: flags of the dict; VALUES_BEYOND: of the values */
	if (it->place && edge_dict_has_values(l)) {
		it->detail = 0;
		it->mode |= VALUES_BEYOND;
	}
	it->mode |= VALUES_DICT;
}

static void values_begin(struct edge_iter *it)
{
	it->begun = true;
	it->mode = 0;
	it->detail = 0;
	addr_t word;
	switch (it->rt->layout.dialect.attributes) {
	case ATTRIBUTES_MANAGED_311:
		word = word_before(it, 4);
		it->place = word_before(it, 3);
		it->mode = VALUES_DICT;
		if (word)
			values_see(it, word);
		break;
	case ATTRIBUTES_MANAGED_312:
		word = word_before(it, 3);
		it->place = word & 1 ? 0 : word;
		it->mode = VALUES_DICT;
		if (word & 1)
			values_see(it, word + 1);
		break;
	default:
		inline_or_dict(it);
	}
}

bool walk_values(struct edge_iter *it, struct edge *ret)
{
	if (!it->begun)
		values_begin(it);
	if (it->mode & VALUES_DICT) {
		it->mode &= (uint8_t)~VALUES_DICT;
		*ret = (struct edge){ .to = it->place,
				      .kind = EDGE_ATTRIBUTE,
				      .flags = (uint8_t)it->detail,
				      .name = "__dict__" };
		if (it->place)
			return true;
	}
	if (it->mode & VALUES_PAIRS && pairs_next(it, ret))
		return true;
	it->lost |= it->mode & VALUES_PAIRS && it->dict.lost;
	return false;
}

bool walk_dict_at_offset(struct edge_iter *it, struct edge *ret)
{
	if (it->begun)
		return false;
	it->begun = true;
	addr_t dict = object_dict(it->rt, &it->object);
	*ret = (struct edge){ .to = dict, .kind = EDGE_ATTRIBUTE, .name = "__dict__" };
	return dict;
}
