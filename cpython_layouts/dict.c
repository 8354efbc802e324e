/* Dicts in all their forms.
 *
 *	2.7         ma_table: (mask + 1) x { hash, key, value }, in the table's order
 *	3.6+        ma_keys: header | index bytes | entries { hash, key, value } in insertion order
 *	3.11+       ... or { key, value } when every key is a str (dk_kind 1, split 2)
 *	split       keys shared by the instances of a class; ma_values beside them
 *	3.11+       values | ... insertion order as one byte per attribute
 *
 * All sizes come from the target: what is iterated is what can be seen of the table. */
#include "core/checked.h"
#include "cpython_layouts/type.h"

/* A table of more entries than this is taken for damaged. */
#define LOG2_SIZE_MAX 40
/* So many free entries in a row end the iteration, so many entries a search: a dict may be crafted. */
#define FREE_MAX (1 << 20)
#define SEARCH_MAX 200000
#define ENTRIES_AT_ONCE 64

static bool entries_see(struct dict_iter *it, addr_t at, uint64_t count)
{
	it->entries = at;
	it->count = readable_items(it->rt, at, count, it->entry_size);
	it->lost = it->count < count;
	return true;
}

/* Entries are touched some at a time: of a big dict only the first may be shown. */
static const uint8_t *entry_at(struct dict_iter *it, size_t i, size_t count)
{
	if (i < it->window_start || i >= it->window_end) {
		it->window_start = i;
		it->window_end = MIN(count, i + ENTRIES_AT_ONCE);
		it->window = memory_at(&it->rt->target->memory, it->entries + i * it->entry_size,
				       (it->window_end - i) * it->entry_size);
		if (!it->window)
			it->window_end = i;
	}
	return it->window ? it->window + (i - it->window_start) * it->entry_size : NULL;
}

static void entries_are(struct dict_iter *it, bool with_hash)
{
	const struct layout *l = &it->rt->layout;
	if (with_hash) {
		it->entry_size = (uint8_t)SIZEOF(l, PyDictKeyEntry);
		it->key_offset = (uint8_t)OFFSET(l, PyDictKeyEntry, me_key);
		it->value_offset = (uint8_t)OFFSET(l, PyDictKeyEntry, me_value);
	} else {
		it->entry_size = (uint8_t)SIZEOF(l, PyDictUnicodeEntry);
		it->key_offset = (uint8_t)OFFSET(l, PyDictUnicodeEntry, me_key);
		it->value_offset = (uint8_t)OFFSET(l, PyDictUnicodeEntry, me_value);
	}
}

static bool table_27(struct dict_iter *it, const uint8_t *p)
{
	const struct layout *l = &it->rt->layout;
	int64_t mask = GETS(l, p, PyDictObject, ma_mask);
	if (mask < 0 || mask >> LOG2_SIZE_MAX || (mask & (mask + 1)))
		return false;
	entries_are(it, true);
	return it->entry_size &&
	       entries_see(it, GET(l, p, PyDictObject, ma_table), (uint64_t)mask + 1);
}

bool dict_keys_load(struct runtime *rt, addr_t at, struct dict_keys *ret)
{
	const struct layout *l = &rt->layout;
	const uint8_t *k = memory_at(&rt->target->memory, at, SIZEOF(l, PyDictKeysObject));
	if (!k)
		return false;
	*ret = (struct dict_keys){ .p = k };
	if (HAS(l, PyDictKeysObject, dk_log2_size)) {
		uint64_t log2 = GET(l, k, PyDictKeysObject, dk_log2_size);
		uint64_t log2_index = GET(l, k, PyDictKeysObject, dk_log2_index_bytes);
		if (log2 > LOG2_SIZE_MAX || log2_index > LOG2_SIZE_MAX + 3)
			return false;
		ret->size = UINT64_C(1) << log2;
		ret->index_bytes = UINT64_C(1) << log2_index;
		ret->without_hash = GET(l, k, PyDictKeysObject, dk_kind) != 0;
		return true;
	}
	/* Objects/dictobject.c (3.6), DK_IXSIZE */
	uint64_t size = GET(l, k, PyDictKeysObject, dk_size);
	if (size == 0 || size >> LOG2_SIZE_MAX || (size & (size - 1)))
		return false;
	ret->size = size;
	ret->index_bytes = size * (size <= 0xff         ? 1
				   : size <= 0xffff     ? 2
				   : size <= 0xffffffff ? 4
							: 8);
	return true;
}

/* The entries of a keys object; *ret_size is how many it has room for. */
static bool keys_see(struct dict_iter *it, addr_t at, uint64_t *ret_size)
{
	const struct layout *l = &it->rt->layout;
	struct dict_keys keys;
	if (!dict_keys_load(it->rt, at, &keys))
		return false;
	entries_are(it, !keys.without_hash);
	int64_t entries = GETS(l, keys.p, PyDictKeysObject, dk_nentries);
	if (entries < 0 || (uint64_t)entries > keys.size || !it->entry_size)
		return false;
	*ret_size = keys.size;
	at += OFFSET(l, PyDictKeysObject, dk_indices) + keys.index_bytes;
	return entries_see(it, at, (uint64_t)entries);
}

/* 3.13+: { capacity, size, embedded, valid } values[capacity] order[capacity] */
static bool values_with_header(struct dict_iter *it, addr_t values)
{
	const struct layout *l = &it->rt->layout;
	const struct memory *m = &it->rt->target->memory;
	const uint8_t *head = memory_at(m, values, SIZEOF(l, PyDictValues));
	if (!head)
		return false;
	size_t capacity = GET(l, head, PyDictValues, capacity);
	size_t used = GET(l, head, PyDictValues, size);
	addr_t at = values + OFFSET(l, PyDictValues, values);
	size_t word = l->machine->word;
	if (used > capacity)
		return false;
	it->values = memory_at(m, at, capacity * word + used);
	if (!it->values)
		return false;
	it->order = it->values + capacity * word;
	it->key_count = MIN(it->count, capacity);
	it->count = used;
	return true;
}

/* 3.11, 3.12: the byte before the values is the size of what precedes them, the one before that
 * the number of attributes, then come their indices, downwards (Include/internal/pycore_dict.h). */
static bool values_with_prefix(struct dict_iter *it, addr_t values)
{
	const struct layout *l = &it->rt->layout;
	const struct memory *m = &it->rt->target->memory;
	const uint8_t *prefix = memory_at(m, values - 2, 2);
	if (!prefix)
		return false;
	size_t used = prefix[0], prefix_size = prefix[1];
	if (used + 2 > prefix_size)
		return false;
	const uint8_t *p = memory_at(m, values - 2 - used, 2 + used + it->count * l->machine->word);
	if (!p)
		return false;
	it->values = p + used + 2;
	it->order = p + used - 1;
	it->reversed_order = true;
	it->key_count = it->count;
	it->count = used;
	return true;
}

static bool values_see(struct dict_iter *it, addr_t values)
{
	const struct layout *l = &it->rt->layout;
	if (HAS(l, PyDictValues, capacity))
		return values_with_header(it, values);
	if (HAS(l, PyDictKeysObject, dk_log2_size))
		return values_with_prefix(it, values);
	it->values = memory_at(&it->rt->target->memory, values, it->count * l->machine->word);
	it->key_count = it->count;
	return it->values;
}

bool dict_iter_of_values(struct runtime *rt, addr_t keys, addr_t values, struct dict_iter *ret)
{
	struct dict_iter it = { .rt = rt };
	uint64_t size;
	if (!keys_see(&it, keys, &size))
		return false;
	if (values && !values_see(&it, values))
		return false;
	*ret = it;
	return true;
}

bool dict_iter_of_struct(struct runtime *rt, const uint8_t *p, struct dict_iter *ret)
{
	const struct layout *l = &rt->layout;
	int64_t used = GETS(l, p, PyDictObject, ma_used);
	if (used < 0)
		return false;
	if (HAS(l, PyDictObject, ma_table)) {
		struct dict_iter it = { .rt = rt };
		if (!table_27(&it, p))
			return false;
		*ret = it;
	} else if (!dict_iter_of_values(rt, GET(l, p, PyDictObject, ma_keys),
					GET(l, p, PyDictObject, ma_values), ret)) {
		return false;
	}
	ret->used = (size_t)used;
	return true;
}

bool dict_iter_start(struct runtime *rt, addr_t dict, struct dict_iter *ret)
{
	const uint8_t *p;
	uint64_t flags;
	if (!head_load(rt, dict, &p, &flags) || !(flags & TPFLAGS_DICT_SUBCLASS))
		return false;
	p = memory_at(&rt->target->memory, dict, SIZEOF(&rt->layout, PyDictObject));
	return p && dict_iter_of_struct(rt, p, ret);
}

bool dict_next(struct dict_iter *it, addr_t *ret_key, addr_t *ret_value)
{
	for (size_t n = 0; it->index < it->count; n++) {
		size_t i = it->index++;
		if (n == FREE_MAX) {
			it->lost = true;
			it->index = it->count;
			return false;
		}
		if (it->order) {
			i = it->reversed_order ? *(it->order - i) : it->order[i];
			if (i >= it->key_count)
				continue;
		}
		const uint8_t *entry = entry_at(it, i, it->values ? it->key_count : it->count);
		if (!entry) {
			it->lost = true;
			continue;
		}
		addr_t key = word_at(it->rt, entry + it->key_offset, 0);
		addr_t value = it->values ? word_at(it->rt, it->values, i)
					  : word_at(it->rt, entry + it->value_offset, 0);
		if (!key || !value)
			continue;
		*ret_key = key;
		*ret_value = value;
		return true;
	}
	return false;
}

bool dict_find(struct runtime *rt, addr_t dict, const char *name, addr_t *ret)
{
	struct dict_iter it;
	addr_t key, value;
	size_t len = strlen(name);
	*ret = 0;
	if (!dict_iter_start(rt, dict, &it))
		return false;
	for (size_t n = 0; n < SEARCH_MAX && dict_next(&it, &key, &value); n++) {
		if (text_equals(rt, key, name, len)) {
			*ret = value;
			return true;
		}
	}
	return !it.lost && it.index >= it.count;
}

addr_t dict_get(struct runtime *rt, addr_t dict, const char *name)
{
	addr_t value;
	dict_find(rt, dict, name, &value);
	return value;
}
