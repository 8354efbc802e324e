/* __sizeof__ of numbers, strings and containers. */
#include "cpython_layouts/sizes.h"

#include "core/checked.h"

/* --- numbers --------------------------------------------------------------------------------- */

static uint64_t digit_bytes(const struct layout *l)
{
	return l->dialect.long_shift > 16 ? 4 : 2;
}

/* Objects/longobject.c: up to 3.10 zero has no digit, from 3.11 on it is given one. Up to 3.11 a
 * subclass is not asked for its own size. */
static bool size_of_int(struct runtime *rt, const struct object *o, uint64_t *ret)
{
	const struct layout *l = &rt->layout;
	if (HAS(l, PyLongObject, lv_tag)) {
		uint64_t digits = GET(l, o->p, PyLongObject, lv_tag) >> 3;
		*ret = size_basic(o);
		return size_add(ret, (int64_t)MAX(digits, UINT64_C(1)), digit_bytes(l));
	}
	int64_t digits = GETS(l, o->p, PyVarObject, ob_size);
	digits = digits < 0 ? (int64_t) - (uint64_t)digits : digits;
	*ret = OFFSET(l, PyLongObject, ob_digit);
	return size_add(ret, size_since(rt, 3, 11) ? MAX(digits, 1) : digits, digit_bytes(l));
}

/* 2.7's long */
static bool size_of_long(struct runtime *rt, const struct object *o, uint64_t *ret)
{
	const struct layout *l = &rt->layout;
	int64_t digits = GETS(l, o->p, PyVarObject, ob_size);
	*ret = size_basic(o);
	return size_add(ret, digits < 0 ? (int64_t) - (uint64_t)digits : digits, digit_bytes(l));
}

/* --- strings --------------------------------------------------------------------------------- */

/* Objects/unicodeobject.c: a cached UTF-8 or wchar_t form counts where it is memory of its own,
 * not the data itself. */
static bool size_of_forms(struct runtime *rt, const struct object *o, const uint8_t *p, addr_t data,
			  uint64_t *ret)
{
	const struct layout *l = &rt->layout;
	addr_t utf8 = GET(l, p, PyCompactUnicodeObject, utf8);
	if (utf8 && utf8 != data &&
	    (!size_add(ret, GETS(l, p, PyCompactUnicodeObject, utf8_length), 1) ||
	     !size_add(ret, 1, 1)))
		return false;
	addr_t wide = GET_OR(l, p, PyASCIIObject, wstr, 0);
	if (!wide || (wide == data && GET_OR(l, p, PyASCIIObject, ready, 1)))
		return true;
	return size_add(ret, GETS(l, p, PyCompactUnicodeObject, wstr_length), 4) &&
	       size_add(ret, 1, 4);
}

static bool size_of_str(struct runtime *rt, const struct object *o, uint64_t *ret)
{
	const struct layout *l = &rt->layout;
	int64_t len = GETS(l, o->p, PyASCIIObject, length);
	uint64_t unit = GET(l, o->p, PyASCIIObject, kind);
	if (len < 0 || len == INT64_MAX)
		return false;
	if (!GET(l, o->p, PyASCIIObject, compact)) {
		const uint8_t *p =
			memory_at(&rt->target->memory, o->at, SIZEOF(l, PyUnicodeObject));
		addr_t data = p ? GET(l, p, PyUnicodeObject, data) : 0;
		*ret = SIZEOF(l, PyUnicodeObject);
		return p && size_add(ret, data ? len + 1 : 0, unit) &&
		       size_of_forms(rt, o, p, data, ret);
	}
	if (GET(l, o->p, PyASCIIObject, ascii)) {
		addr_t wide = GET_OR(l, o->p, PyASCIIObject, wstr, 0);
		*ret = SIZEOF(l, PyASCIIObject);
		return size_add(ret, len + 1, 1) &&
		       (!wide || wide == o->at + SIZEOF(l, PyASCIIObject) ||
			size_add(ret, len + 1, 4));
	}
	const uint8_t *p = memory_at(&rt->target->memory, o->at, SIZEOF(l, PyCompactUnicodeObject));
	*ret = SIZEOF(l, PyCompactUnicodeObject);
	return p && size_add(ret, len + 1, unit) &&
	       size_of_forms(rt, o, p, o->at + SIZEOF(l, PyCompactUnicodeObject), ret);
}

/* 2.7's str: its last byte is a NUL. A subclass is not asked for its own size. */
static bool size_of_str_27(struct runtime *rt, const struct object *o, uint64_t *ret)
{
	const struct layout *l = &rt->layout;
	*ret = OFFSET(l, PyBytesObject, ob_sval) + 1;
	return size_add(ret, GETS(l, o->p, PyVarObject, ob_size), 1);
}

static bool size_of_unicode_27(struct runtime *rt, const struct object *o, uint64_t *ret)
{
	const struct layout *l = &rt->layout;
	*ret = SIZEOF(l, PyUnicodeObject) + l->unicode_unit;
	return size_add(ret, GETS(l, o->p, PyUnicodeObject, length), l->unicode_unit);
}

/* 3.15 keeps the bytes in a bytes object, unless there are none. */
static bool size_of_bytearray(struct runtime *rt, const struct object *o, uint64_t *ret)
{
	const struct layout *l = &rt->layout;
	int64_t allocated = GETS(l, o->p, PyByteArrayObject, ob_alloc);
	*ret = size_basic(o);
	if (HAS(l, PyByteArrayObject, ob_bytes_object) && allocated > 0)
		*ret += OFFSET(l, PyBytesObject, ob_sval) + 1;
	return size_add(ret, allocated, 1);
}

/* --- list, set, deque ------------------------------------------------------------------------ */

static bool size_of_list(struct runtime *rt, const struct object *o, uint64_t *ret)
{
	const struct layout *l = &rt->layout;
	*ret = size_basic(o);
	return size_add(ret, GETS(l, o->p, PyListObject, allocated), l->machine->word);
}

static bool size_of_set(struct runtime *rt, const struct object *o, uint64_t *ret)
{
	const struct layout *l = &rt->layout;
	*ret = size_basic(o);
	if (GET(l, o->p, PySetObject, table) == o->at + OFFSET(l, PySetObject, smalltable))
		return true;
	int64_t mask = GETS(l, o->p, PySetObject, mask);
	return mask >= 0 && mask < INT64_MAX && size_add(ret, mask + 1, SIZEOF(l, setentry));
}

static bool size_of_deque(struct runtime *rt, const struct object *o, uint64_t *ret)
{
	const struct layout *l = &rt->layout;
	int64_t len = HAS(l, dequeobject, len) ? GETS(l, o->p, dequeobject, len)
					       : GETS(l, o->p, PyVarObject, ob_size);
	int64_t left = GETS(l, o->p, dequeobject, leftindex), items = l->dialect.deque_block;
	if (left < 0 || left > items || len < 0 || len > INT64_MAX / 2)
		return false;
	*ret = size_basic(o);
	return size_add(ret, (left + len + items - 1) / items, SIZEOF(l, block));
}

/* --- dict ------------------------------------------------------------------------------------ */

struct keys {
	uint64_t bytes;      /* _PyDict_KeysSize() */
	uint64_t usable;     /* entries that it has room for */
	uint64_t references; /* dk_refcnt */
	uint64_t room;       /* of split values: dk_nentries + dk_usable */
};

static bool keys_load(struct runtime *rt, addr_t at, struct keys *ret)
{
	const struct layout *l = &rt->layout;
	struct dict_keys keys;
	if (!dict_keys_load(rt, at, &keys))
		return false;
	uint64_t entry = keys.without_hash ? SIZEOF(l, PyDictUnicodeEntry)
					   : SIZEOF(l, PyDictKeyEntry);
	ret->usable = keys.size * 2 / 3;
	ret->bytes = OFFSET(l, PyDictKeysObject, dk_indices) + keys.index_bytes + ret->usable * entry;
	ret->references = GET(l, keys.p, PyDictKeysObject, dk_refcnt);
	ret->room = GET(l, keys.p, PyDictKeysObject, dk_nentries) +
		    GET(l, keys.p, PyDictKeysObject, dk_usable);
	return true;
}

static bool size_of_dict_27(struct runtime *rt, const struct object *o, uint64_t *ret)
{
	const struct layout *l = &rt->layout;
	*ret = size_basic(o);
	if (GET(l, o->p, PyDictObject, ma_table) == o->at + OFFSET(l, PyDictObject, ma_smalltable))
		return true;
	int64_t mask = GETS(l, o->p, PyDictObject, ma_mask);
	return mask >= 0 && mask < INT64_MAX && size_add(ret, mask + 1, SIZEOF(l, PyDictKeyEntry));
}

/* Objects/dictobject.c, _PyDict_SizeOf(): keys that others share count with the class; of values
 * beside them there is room for as many as there are keys (from 3.11 on less than usable). */
bool size_of_dict(struct runtime *rt, const struct object *o, uint64_t *ret)
{
	const struct layout *l = &rt->layout;
	struct keys keys;
	if (HAS(l, PyDictObject, ma_table))
		return size_of_dict_27(rt, o, ret);
	if (!keys_load(rt, GET(l, o->p, PyDictObject, ma_keys), &keys))
		return false;
	*ret = size_basic(o);
	if (keys.references == 1)
		*ret += keys.bytes;
	if (!GET(l, o->p, PyDictObject, ma_values))
		return true;
	uint64_t room = HAS(l, PyDictKeysObject, dk_log2_size) ? keys.room : keys.usable;
	return size_add(ret, (int64_t)room, l->machine->word);
}

/* Objects/odictobject.c: the order is a list of nodes beside the dict. */
static bool size_of_odict(struct runtime *rt, const struct object *o, uint64_t *ret)
{
	const struct layout *l = &rt->layout;
	if (!size_of_dict(rt, o, ret) ||
	    !size_add(ret, GETS(l, o->p, PyODictObject, od_fast_nodes_size), l->machine->word))
		return false;
	return !GET(l, o->p, PyODictObject, od_first) ||
	       size_add(ret, GETS(l, o->p, PyDictObject, ma_used), SIZEOF(l, _ODictNode));
}

/* --- type ------------------------------------------------------------------------------------ */

/* Objects/typeobject.c, type___sizeof___impl() (3.3+): the keys that instances share are the
 * type's; what a metaclass adds to its instances is not asked for. */
static bool size_of_type(struct runtime *rt, const struct object *o, uint64_t *ret)
{
	const struct layout *l = &rt->layout;
	struct keys keys;
	if (!(GET(l, o->p, PyTypeObject, tp_flags) & TPFLAGS_HEAPTYPE)) {
		*ret = SIZEOF(l, PyTypeObject);
		return true;
	}
	const uint8_t *p = memory_at(&rt->target->memory, o->at, SIZEOF(l, PyHeapTypeObject));
	if (!p)
		return false;
	addr_t shared = GET(l, p, PyHeapTypeObject, ht_cached_keys);
	*ret = SIZEOF(l, PyHeapTypeObject);
	if (!shared)
		return true;
	if (!keys_load(rt, shared, &keys))
		return false;
	*ret += keys.bytes;
	return true;
}

const struct size_rule size_rules_builtin[] = {
	{ .name = "int",
	  .major = 3,
	  .fields = { FIELD_PyLongObject_lv_tag, FIELD_PyVarObject_ob_size },
	  .size = size_of_int },
	{ .name = "long",
	  .major = 2,
	  .fields = { FIELD_PyVarObject_ob_size },
	  .size = size_of_long },
	{ .name = "str",
	  .major = 3,
	  .fields = { FIELD_PyASCIIObject_length, FIELD_PyASCIIObject_kind,
		      FIELD_PyASCIIObject_compact, FIELD_PyASCIIObject_wstr },
	  .size = size_of_str },
	{ .name = "str",
	  .major = 2,
	  .fields = { FIELD_PyVarObject_ob_size },
	  .size = size_of_str_27 },
	{ .name = "unicode",
	  .major = 2,
	  .fields = { FIELD_PyUnicodeObject_length },
	  .size = size_of_unicode_27 },
	{ .name = "bytearray",
	  .fields = { FIELD_PyByteArrayObject_ob_alloc },
	  .size = size_of_bytearray },
	{ .name = "list", .fields = { FIELD_PyListObject_allocated }, .size = size_of_list },
	{ .name = "dict",
	  .fields = { FIELD_PyDictObject_ma_keys, FIELD_PyDictObject_ma_values,
		      FIELD_PyDictObject_ma_mask, FIELD_PyDictObject_ma_table },
	  .size = size_of_dict },
	{ .name = "frozendict",
	  .major = 3,
	  .minor = 15,
	  .fields = { FIELD_PyDictObject_ma_keys, FIELD_PyDictObject_ma_values },
	  .size = size_of_dict },
	{ .name = "collections.OrderedDict",
	  .major = 3,
	  .fields = { FIELD_PyDictObject_ma_keys, FIELD_PyDictObject_ma_values,
		      FIELD_PyODictObject_od_first, FIELD_PyODictObject_od_fast_nodes_size },
	  .size = size_of_odict },
	{ .name = "set",
	  .fields = { FIELD_PySetObject_table, FIELD_PySetObject_mask },
	  .size = size_of_set },
	{ .name = "frozenset",
	  .fields = { FIELD_PySetObject_table, FIELD_PySetObject_mask },
	  .size = size_of_set },
	{ .name = "collections.deque",
	  .fields = { FIELD_dequeobject_leftindex, FIELD_dequeobject_len,
		      FIELD_PyVarObject_ob_size },
	  .size = size_of_deque },
	{ .name = "type",
	  .major = 3,
	  .fields = { FIELD_PyTypeObject_tp_flags },
	  .size = size_of_type },
	{ 0 },
};
