/* What containers of Python's own hold. */
#include "cpython_layouts/edges_walk.h"

#define CHAIN_MAX (UINT64_C(1) << 32)

/* --- tuple, list ------------------------------------------------------------------------- */

static void items_see(struct edge_iter *it, addr_t at, int64_t said)
{
	size_t word = it->rt->layout.machine->word;
	it->begun = true;
	if (said <= 0)
		return;
	it->count = readable_items(it->rt, at, (uint64_t)said, word);
	it->lost |= it->count < (uint64_t)said;
	it->items = memory_at(&it->rt->target->memory, at, it->count * word);
	if (!it->items)
		it->count = 0;
}

static bool items_next(struct edge_iter *it, struct edge *ret)
{
	while (it->index < it->count) {
		size_t i = it->index++;
		addr_t to = word_at(it->rt, it->items, i);
		if (!to)
			continue;
		*ret = (struct edge){ .to = to, .kind = EDGE_ITEM, .index = i };
		return true;
	}
	return false;
}

bool walk_tuple(struct edge_iter *it, struct edge *ret)
{
	const struct layout *l = &it->rt->layout;
	if (!it->begun)
		items_see(it, it->object.at + OFFSET(l, PyTupleObject, ob_item),
			  GETS(l, it->object.p, PyVarObject, ob_size));
	return items_next(it, ret);
}

/* os.stat_result and its like have more items than len() says (Objects/structseq.c,
 * structseq_traverse(), 3.8+). */
bool walk_structseq(struct edge_iter *it, struct edge *ret)
{
	enum { FIELDS_MAX = 1000 };
	const struct layout *l = &it->rt->layout;
	if (!it->begun) {
		int64_t count;
		addr_t fields = dict_get(it->rt, pytype_dict(it->rt, it->object.type), "n_fields");
		if (!fields || !object_int64(it->rt, fields, &count) || count > FIELDS_MAX)
			count = GETS(l, it->object.p, PyVarObject, ob_size);
		items_see(it, it->object.at + OFFSET(l, PyTupleObject, ob_item), count);
	}
	return items_next(it, ret);
}

bool walk_list(struct edge_iter *it, struct edge *ret)
{
	const struct layout *l = &it->rt->layout;
	if (!it->begun && it->object.type->fixed < SIZEOF(l, PyListObject))
		return false;
	if (!it->begun)
		items_see(it, GET(l, it->object.p, PyListObject, ob_item),
			  GETS(l, it->object.p, PyVarObject, ob_size));
	return items_next(it, ret);
}

/* --- dict --------------------------------------------------------------------------------- */

enum { DICT_KEYS_BEYOND = 1, DICT_VALUES_BEYOND = 2 };

/* Objects/dictobject.c, dict_traverse(): of tables whose keys are all str only the values are
 * visited (3.3+), and of values that lie in the instance not even those (3.13.0 - 3.13.12,
 * 3.14.0 - 3.14.3). */
static uint8_t dict_mode(struct edge_iter *it)
{
	const struct layout *l = &it->rt->layout;
	const struct memory *m = &it->rt->target->memory;
	uint8_t mode = 0;
	if (HAS(l, PyDictObject, ma_table))
		return 0;
	addr_t keys = GET(l, it->object.p, PyDictObject, ma_keys);
	addr_t values = GET(l, it->object.p, PyDictObject, ma_values);
	const uint8_t *k = memory_at(m, keys, SIZEOF(l, PyDictKeysObject));
	if (!k)
		return 0;
	if (HAS(l, PyDictKeysObject, dk_kind)) {
		if (GET(l, k, PyDictKeysObject, dk_kind) != 0)
			mode |= DICT_KEYS_BEYOND;
	} else if (values || load_word(l->machine, k + OFFSET(l, PyDictKeysObject, dk_usable) -
							   l->machine->word) !=
				     it->rt->edge_plans->general_lookup) {
		mode |= DICT_KEYS_BEYOND;
	}
	if (values && HAS(l, PyDictValues, embedded) && !edge_dict_has_values(l)) {
		const uint8_t *v = memory_at(m, values, SIZEOF(l, PyDictValues));
		if (v && GET(l, v, PyDictValues, embedded))
			mode |= DICT_VALUES_BEYOND;
	}
	return mode;
}

bool walk_dict(struct edge_iter *it, struct edge *ret)
{
	addr_t key, value;
	if (!it->begun) {
		it->begun = true;
		it->count = it->object.type->fixed >= SIZEOF(&it->rt->layout, PyDictObject) &&
			    dict_iter_of_struct(it->rt, it->object.p, &it->dict);
		it->lost |= !it->count;
		it->mode = it->count ? dict_mode(it) : 0;
	}
	if (!it->count)
		return false;
	if (!dict_next(&it->dict, &key, &value)) {
		it->lost |= it->dict.lost;
		return false;
	}
	it->pending = (struct edge){ .to = key,
				     .key = key,
				     .kind = EDGE_KEY,
				     .flags = it->mode & DICT_KEYS_BEYOND ? EDGE_BEYOND : 0 };
	*ret = (struct edge){ .to = value,
			      .key = key,
			      .kind = EDGE_VALUE,
			      .flags = it->mode & DICT_VALUES_BEYOND ? EDGE_BEYOND : 0 };
	return true;
}

/* collections.OrderedDict in C (3.5+): its nodes hold the keys once more. */
bool walk_odict(struct edge_iter *it, struct edge *ret)
{
	const struct layout *l = &it->rt->layout;
	if (!it->begun) {
		it->begun = true;
		if (!HAS(l, PyODictObject, od_first) ||
		    it->object.type->fixed < SIZEOF(l, PyODictObject))
			return false;
		it->chain = chain_start(GET(l, it->object.p, PyODictObject, od_first), CHAIN_MAX);
	}
	while (chain_goes_on(&it->chain)) {
		const uint8_t *p =
			memory_at(&it->rt->target->memory, it->chain.at, SIZEOF(l, _ODictNode));
		if (!p) {
			it->lost = true;
			chain_fault(&it->chain);
			return false;
		}
		addr_t key = GET(l, p, _ODictNode, key);
		chain_step(&it->chain, GET(l, p, _ODictNode, next));
		if (!key)
			continue;
		*ret = (struct edge){ .to = key, .kind = EDGE_KEY, .key = key };
		return true;
	}
	return false;
}

/* --- set, frozenset ----------------------------------------------------------------------- */

/* What stands for a removed item: in 2.7 the str "<dummy key>", later an object with hash -1. */
static bool is_dummy(struct edge_iter *it, addr_t key, int64_t hash)
{
	static const char text[] = "<dummy key>";
	if (it->rt->layout.version.major < 3)
		return text_equals(it->rt, key, text, sizeof(text) - 1);
	return hash == -1;
}

bool walk_set(struct edge_iter *it, struct edge *ret)
{
	const struct layout *l = &it->rt->layout;
	size_t size = SIZEOF(l, setentry);
	if (!it->begun) {
		it->begun = true;
		if (it->object.type->fixed < OFFSET(l, PySetObject, table) + l->machine->word)
			return false;
		uint64_t slots = GET(l, it->object.p, PySetObject, mask) + 1;
		it->place = GET(l, it->object.p, PySetObject, table);
		it->count = readable_items(it->rt, it->place, slots, size);
		it->lost |= it->count < slots;
		it->items = memory_at(&it->rt->target->memory, it->place, it->count * size);
		if (!it->items)
			it->count = 0;
	}
	while (it->index < it->count) {
		const uint8_t *entry = it->items + it->index++ * size;
		addr_t key = GET(l, entry, setentry, key);
		if (!key || is_dummy(it, key, GETS(l, entry, setentry, hash)))
			continue;
		*ret = (struct edge){ .to = key, .kind = EDGE_MEMBER };
		return true;
	}
	return false;
}

/* --- deque ----------------------------------------------------------------------------
 *
 *	leftblock -> [ . . a b ] <-> [ c d e f ] <-> [ g . . . ]
 *	                   ^ leftindex */
bool walk_deque(struct edge_iter *it, struct edge *ret)
{
	const struct layout *l = &it->rt->layout;
	const struct memory *m = &it->rt->target->memory;
	if (!it->begun) {
		it->begun = true;
		if (it->object.type->fixed < SIZEOF(l, dequeobject))
			return false;
		int64_t len = HAS(l, dequeobject, len)
				      ? GETS(l, it->object.p, dequeobject, len)
				      : GETS(l, it->object.p, PyVarObject, ob_size);
		it->count = len > 0 ? (size_t)len : 0;
		it->place = GET(l, it->object.p, dequeobject, leftblock);
		it->detail = GET(l, it->object.p, dequeobject, leftindex);
	}
	while (it->index < it->count) {
		const uint8_t *p = memory_at(m, it->place, SIZEOF(l, block));
		if (p && it->detail == l->dialect.deque_block) {
			it->place = GET(l, p, block, rightlink);
			it->detail = 0;
			p = memory_at(m, it->place, SIZEOF(l, block));
		}
		if (!p || it->detail >= l->dialect.deque_block) {
			it->lost = true;
			it->count = 0;
			return false;
		}
		addr_t to = word_at(it->rt, p + OFFSET(l, block, data), it->detail++);
		*ret = (struct edge){ .to = to, .kind = EDGE_ITEM, .index = it->index++ };
		if (to)
			return true;
	}
	return false;
}

/* --- functools.lru_cache ---------------------------------------------------------------
 *
 * A ring of links { prev, next, hash, key, result } behind object headers; the wrapper itself is
 * its root (Modules/_functoolsmodule.c). Up to 3.6 it is the links that are visited (and 3.10+ also
 * visits the links' type). */
enum { LINK_NEXT = 1, LINK_KEY = 3, LINK_RESULT = 4 };

static bool is_minor_since(const struct edge_iter *it, unsigned minor)
{
	const struct python_version *v = &it->rt->layout.version;
	return v->major == 3 && v->minor >= minor;
}

bool walk_lru_cache(struct edge_iter *it, struct edge *ret)
{
	const struct layout *l = &it->rt->layout;
	size_t word = l->machine->word, head = SIZEOF(l, PyObject);
	if (!it->begun) {
		it->begun = true;
		if (it->object.type->fixed < head + (LINK_RESULT + 1) * word)
			return false;
		it->mode = 0;
		addr_t first = word_at(it->rt, it->object.p + head, LINK_NEXT);
		it->chain = chain_start(first == it->object.at ? 0 : first, CHAIN_MAX);
	}
	while (chain_goes_on(&it->chain)) {
		addr_t link = it->chain.at;
		const uint8_t *p = link ? memory_at(&it->rt->target->memory, link,
						    head + (LINK_RESULT + 1) * word)
					: NULL;
		if (!p) {
			it->lost = true;
			chain_fault(&it->chain);
			return false;
		}
		addr_t key = word_at(it->rt, p + head, LINK_KEY);
		addr_t result = word_at(it->rt, p + head, LINK_RESULT);
		unsigned part = it->mode++;
		if (!is_minor_since(it, 7)) {
			*ret = (struct edge){ .to = link, .kind = EDGE_FIELD, .name = "link" };
			part = 2;
		} else if (part == 0) {
			*ret = (struct edge){ .to = key, .kind = EDGE_KEY, .key = key };
		} else if (part == 1) {
			*ret = (struct edge){ .to = result, .kind = EDGE_VALUE, .key = key };
		} else {
			*ret = (struct edge){ .to = GET(l, p, PyObject, ob_type),
					      .kind = EDGE_FIELD,
					      .name = "link.__class__" };
		}
		if (part == 2 || (part == 1 && !is_minor_since(it, 10))) {
			addr_t next = word_at(it->rt, p + head, LINK_NEXT);
			it->mode = 0;
			chain_step(&it->chain, next == it->object.at ? 0 : next);
		}
		if (ret->to)
			return true;
	}
	return false;
}

/* --- itertools.tee's shared data: { it, numread [, running], nextlink, values[57] } ----------- */

enum { TEE_NUMREAD = 1, TEE_VALUES = 3, TEE_VALUES_MAX = 57 };

bool walk_tee_data(struct edge_iter *it, struct edge *ret)
{
	size_t head = SIZEOF(&it->rt->layout, PyObject), word = it->rt->layout.machine->word;
	if (!it->begun) {
		it->begun = true;
		if (it->object.type->fixed < head + (TEE_VALUES + TEE_VALUES_MAX) * word)
			return false;
		/* an int, and from 3.10 on another one beside it */
		uint32_t read =
			load_u32(it->rt->layout.machine, it->object.p + head + TEE_NUMREAD * word);
		it->count = MIN(read, (uint32_t)TEE_VALUES_MAX);
		it->items = it->object.p + head + TEE_VALUES * word;
	}
	return items_next(it, ret);
}

/* --- contextvars' tree ------------------------------------------------------------------------ */

/* Python/hamt.c: a bitmap or collision node's array of key and value, or NULL and child. */
bool walk_hamt_pairs(struct edge_iter *it, struct edge *ret)
{
	const struct layout *l = &it->rt->layout;
	if (!it->begun)
		items_see(it, it->object.at + SIZEOF(l, PyVarObject) + l->machine->word,
			  GETS(l, it->object.p, PyVarObject, ob_size));
	return items_next(it, ret);
}

enum { HAMT_ARRAY = 32 };

bool walk_hamt_array(struct edge_iter *it, struct edge *ret)
{
	if (!it->begun)
		items_see(it, it->object.at + SIZEOF(&it->rt->layout, PyObject), HAMT_ARRAY);
	return items_next(it, ret);
}
