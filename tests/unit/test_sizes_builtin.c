#include "tests/unit/sizes_rig.h"

/* An object of a type that the rig does not have. */
static addr_t made(struct heap *h, const char *name, size_t size)
{
	return heap_object(h, heap_type(h, name, h->object_type, 0, size), size);
}

/* --- numbers --------------------------------------------------------------------------------- */

static void size_of_int__counts_digits(void **state)
{
	HEAP_EACH(h, v)
	{
		static const uint32_t digits[] = { 1, 2, 3, 4, 5 };
		const struct layout *l = h->l;
		uint32_t head = OFFSET(l, PyLongObject, ob_digit);
		uint32_t width = l->dialect.long_shift > 16 ? 4 : 2;
		addr_t type = h->int_type;
		if (l->version.major < 3)
			type = heap_type(h, "long", h->object_type, TPFLAGS_LONG_SUBCLASS, head);
		HPUT(h, type, PyTypeObject, tp_itemsize, width);
		uint32_t least = sizes_since(h, 3, 11) ? width : 0;
		assert_size(h, v, heap_digits(h, type, false, digits, 0), head + least);
		assert_size(h, v, heap_digits(h, type, false, digits, 1), head + width);
		assert_size(h, v, heap_digits(h, type, true, digits, 5), head + 5 * width);
	}
}

static void size_of_int__of_27_is_as_long_as_its_type(void **state)
{
	HEAP_EACH(h, v)
	{
		if (h->l->version.major < 3)
			assert_size(h, v, heap_int(h, 5), SIZEOF(h->l, PyIntObject));
	}
}

/* Up to 3.11 what a subclass adds is left out, from 3.12 on it is not. */
static void size_of_int__of_a_subclass(void **state)
{
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		uint32_t head = OFFSET(l, PyLongObject, ob_digit), digit[] = { 1 };
		if (l->version.major < 3)
			continue;
		addr_t type = heap_type(h, "app.Int", h->int_type, TPFLAGS_LONG_SUBCLASS, head + 32);
		HPUT(h, type, PyTypeObject, tp_itemsize, 4);
		uint32_t more = sizes_since(h, 3, 12) ? 32 : 0;
		uint32_t width = l->dialect.long_shift > 16 ? 4 : 2;
		assert_size(h, v, heap_digits(h, type, false, digit, 1), head + more + width);
	}
}

/* --- strings --------------------------------------------------------------------------------- */

static void size_of_str__compact(void **state)
{
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		static const uint32_t units[] = { 'a', 0xe9, 'c' };
		if (l->dialect.unicode_27) {
			uint32_t end = OFFSET(l, PyBytesObject, ob_sval) + 1;
			assert_size(h, v, heap_text(h, "abc"), end + 3);
			assert_size(h, v, heap_unicode(h, 4, units, 3),
				    SIZEOF(l, PyUnicodeObject) + 4 * l->unicode_unit);
			continue;
		}
		uint32_t head = SIZEOF(l, PyCompactUnicodeObject);
		assert_size(h, v, heap_text(h, ""), SIZEOF(l, PyASCIIObject) + 1);
		assert_size(h, v, heap_text(h, "hello"), SIZEOF(l, PyASCIIObject) + 6);
		assert_size(h, v, heap_unicode(h, 1, units, 3), head + 4);
		assert_size(h, v, heap_unicode(h, 2, units, 3), head + 8);
		assert_size(h, v, heap_unicode(h, 4, units, 3), head + 16);
	}
}

static void size_of_str__with_a_cached_form(void **state)
{
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		static const uint32_t units[] = { 'a', 0xe9, 'c' };
		if (l->dialect.unicode_27)
			continue;
		uint32_t size = SIZEOF(l, PyCompactUnicodeObject) + 4;
		addr_t at = heap_unicode(h, 1, units, 3), data = at + SIZEOF(l, PyCompactUnicodeObject);
		HPUT(h, at, PyCompactUnicodeObject, utf8, data);
		HPUT(h, at, PyCompactUnicodeObject, utf8_length, 3);
		assert_size(h, v, at, size);
		HPUT(h, at, PyCompactUnicodeObject, utf8, HEAP_BASE);
		HPUT(h, at, PyCompactUnicodeObject, utf8_length, 4);
		assert_size(h, v, at, size + 5);
		if (!HAS(l, PyASCIIObject, wstr))
			continue;
		HPUT(h, at, PyASCIIObject, wstr, data);
		HPUT(h, at, PyCompactUnicodeObject, wstr_length, 3);
		assert_size(h, v, at, size + 5);
		HPUT(h, at, PyASCIIObject, wstr, HEAP_BASE);
		assert_size(h, v, at, size + 5 + 16);
		addr_t ascii = heap_text(h, "abc");
		HPUT(h, ascii, PyASCIIObject, wstr, HEAP_BASE);
		assert_size(h, v, ascii, SIZEOF(l, PyASCIIObject) + 4 + 16);
	}
}

/* A subclass of str keeps its text elsewhere, and shares it with the UTF-8 form if it is ASCII. */
static void size_of_str__in_two_blocks(void **state)
{
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		if (l->dialect.unicode_27)
			continue;
		uint32_t head = SIZEOF(l, PyUnicodeObject);
		addr_t at = heap_object(h, h->str_type, head);
		HPUT(h, at, PyASCIIObject, length, 5);
		HPUT(h, at, PyASCIIObject, kind, 2);
		HPUT(h, at, PyASCIIObject, ready, 1);
		assert_size(h, v, at, head);
		HPUT(h, at, PyUnicodeObject, data, HEAP_BASE);
		assert_size(h, v, at, head + 12);
		HPUT(h, at, PyCompactUnicodeObject, utf8, HEAP_BASE);
		HPUT(h, at, PyCompactUnicodeObject, utf8_length, 5);
		assert_size(h, v, at, head + 12);
	}
}

/* Up to 3.11: made from wchar_t, not yet asked for anything. */
static void size_of_str__not_ready(void **state)
{
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		if (!HAS(l, PyASCIIObject, wstr))
			continue;
		addr_t at = heap_object(h, h->str_type, SIZEOF(l, PyUnicodeObject));
		HPUT(h, at, PyASCIIObject, wstr, HEAP_BASE);
		HPUT(h, at, PyCompactUnicodeObject, wstr_length, 7);
		assert_size(h, v, at, SIZEOF(l, PyUnicodeObject) + 32);
	}
}

static void size_of_bytearray__counts_what_is_allocated(void **state)
{
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		uint32_t head = SIZEOF(l, PyByteArrayObject);
		addr_t at = made(h, "bytearray", head);
		assert_size(h, v, at, head);
		HPUT(h, at, PyVarObject, ob_size, 3);
		HPUT(h, at, PyByteArrayObject, ob_alloc, 100);
		uint32_t more = sizes_since(h, 3, 15) ? OFFSET(l, PyBytesObject, ob_sval) + 1 : 0;
		assert_size(h, v, at, head + 100 + more);
		HPUT(h, at, PyByteArrayObject, ob_alloc, -1);
		assert_size_unknown(h, v, at, head);
	}
}

/* --- list, set, deque ------------------------------------------------------------------------ */

static void size_of_list__counts_what_is_allocated(void **state)
{
	HEAP_EACH(h, v)
	{
		uint32_t head = SIZEOF(h->l, PyListObject);
		addr_t at = heap_list(h, 2, (addr_t[]){ 0, 0 });
		HPUT(h, at, PyListObject, allocated, 9);
		assert_size(h, v, at, head + 9 * h->machine.word);
		HPUT(h, at, PyListObject, allocated, INT32_MAX);
		assert_size_unknown(h, v, at, head);
	}
}

static void size_of_set__counts_a_table_of_its_own(void **state)
{
	static const char *const names[] = { "set", "frozenset" };
	HEAP_EACH(h, v)
	{
		uint32_t head = SIZEOF(h->l, PySetObject);
		for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
			addr_t at = made(h, names[i], head);
			HPUT(h, at, PySetObject, mask, 7);
			HPUT(h, at, PySetObject, table, at + OFFSET(h->l, PySetObject, smalltable));
			assert_size(h, v, at, head);
			HPUT(h, at, PySetObject, mask, 31);
			HPUT(h, at, PySetObject, table, HEAP_BASE);
			assert_size(h, v, at, head + 32 * SIZEOF(h->l, setentry));
			HPUT(h, at, PySetObject, mask, -2);
			assert_size_unknown(h, v, at, head);
		}
	}
}

static void size_of_deque__counts_blocks(void **state)
{
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		uint32_t head = SIZEOF(l, dequeobject), items = l->dialect.deque_block;
		const struct {
			int64_t left, len, blocks;
		} cases[] = {
			{ 31, 0, 1 },	 { 31, items - 31, 1 }, { 31, items - 30, 2 },
			{ 0, items, 1 }, { 0, items + 1, 2 },	{ 5, 10 * items, 11 },
		};
		for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
			addr_t at = made(h, "collections.deque", head);
			HPUT(h, at, dequeobject, leftindex, cases[i].left);
			HPUT(h, at, dequeobject, len, cases[i].len);
			if (!HAS(l, dequeobject, len))
				HPUT(h, at, PyVarObject, ob_size, cases[i].len);
			assert_size(h, v, at, head + cases[i].blocks * SIZEOF(l, block));
			HPUT(h, at, dequeobject, leftindex, items + 1);
			assert_size_unknown(h, v, at, head);
		}
	}
}

/* --- dict ------------------------------------------------------------------------------------ */

static uint32_t keys_size(const struct layout *l, unsigned log2, uint64_t entry)
{
	return OFFSET(l, PyDictKeysObject, dk_indices) + (1u << log2) +
	       (uint32_t)((UINT64_C(2) << log2) / 3 * entry);
}

static void size_of_dict__with_keys_of_its_own(void **state)
{
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		uint64_t entry = SIZEOF(l, PyDictKeyEntry);
		addr_t at = heap_dict(h, 2, (addr_t[]){ 1, 1, 2, 2 });
		struct object o;
		assert_true(object_load(&h->rt, at, &o));
		uint64_t head = (uint64_t)o.type->basicsize;
		if (l->version.major < 3) {
			assert_size(h, v, at, head + 8 * entry);
			HPUT(h, at, PyDictObject, ma_table,
			     at + OFFSET(l, PyDictObject, ma_smalltable));
			assert_size(h, v, at, head);
			continue;
		}
		assert_size(h, v, at, head + keys_size(l, 3, entry));
		HPUT(h, at, PyDictObject, ma_keys, heap_keys(h, 5, 1, 0, NULL));
		bool unicode = HAS(l, PyDictKeysObject, dk_kind);
		assert_size(h, v, at,
			    head + keys_size(l, 5, unicode ? SIZEOF(l, PyDictUnicodeEntry) : entry));
		addr_t shared = heap_keys(h, 3, 0, 0, NULL);
		HPUT(h, shared, PyDictKeysObject, dk_refcnt, 2);
		HPUT(h, at, PyDictObject, ma_keys, shared);
		assert_size(h, v, at, head);
	}
}

static void size_of_dict__with_shared_keys(void **state)
{
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		uint32_t word = h->machine.word;
		if (l->version.major < 3)
			continue;
		addr_t at = heap_dict(h, 0, NULL), keys = heap_keys(h, 3, 2, 2, (addr_t[4]){ 0 });
		struct object o;
		assert_true(object_load(&h->rt, at, &o));
		uint64_t head = (uint64_t)o.type->basicsize;
		HPUT(h, keys, PyDictKeysObject, dk_refcnt, 3);
		HPUT(h, keys, PyDictKeysObject, dk_usable, 1);
		HPUT(h, at, PyDictObject, ma_keys, keys);
		HPUT(h, at, PyDictObject, ma_values, HEAP_BASE);
		/* 2 of 3 that this class may have, or 5 that 8 slots have room for */
		assert_size(h, v, at, head + (sizes_since(h, 3, 11) ? 3 : 5) * word);
	}
}

static void size_of_dict__with_large_indices(void **state)
{
	static const struct {
		unsigned log2, bytes;
	} widths[] = { { 7, 1 }, { 8, 2 }, { 12, 2 } };
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		struct object o;
		for (size_t i = 0; i < ARRAY_SIZE(widths) && l->version.major >= 3; i++) {
			uint32_t size = 1u << widths[i].log2;
			addr_t at = heap_dict(h, 0, NULL);
			addr_t keys = heap_alloc(h, SIZEOF(l, PyDictKeysObject) + 64);
			HPUT(h, keys, PyDictKeysObject, dk_refcnt, 1);
			HPUT(h, keys, PyDictKeysObject, dk_size, size);
			HPUT(h, keys, PyDictKeysObject, dk_log2_size, widths[i].log2);
			HPUT(h, keys, PyDictKeysObject, dk_log2_index_bytes,
			     widths[i].log2 + widths[i].bytes / 2);
			HPUT(h, at, PyDictObject, ma_keys, keys);
			assert_true(object_load(&h->rt, at, &o));
			assert_size(h, v, at,
				    (uint64_t)o.type->basicsize +
					    OFFSET(l, PyDictKeysObject, dk_indices) +
					    size * widths[i].bytes +
					    size * 2 / 3 * SIZEOF(l, PyDictKeyEntry));
		}
	}
}

static void size_of_dict__is_lost_with_its_keys(void **state)
{
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		addr_t at = heap_dict(h, 1, (addr_t[]){ 1, 1 });
		struct object o;
		assert_true(object_load(&h->rt, at, &o));
		HPUT(h, at, PyDictObject, ma_keys, HEAP_BASE + HEAP_SIZE);
		HPUT(h, at, PyDictObject, ma_mask, INT64_MAX);
		assert_size_unknown(h, v, at, o.type->basicsize);
		if (l->version.major < 3)
			continue;
		addr_t keys = heap_keys(h, 3, 0, 0, NULL);
		HPUT(h, keys, PyDictKeysObject, dk_log2_size, 200);
		HPUT(h, keys, PyDictKeysObject, dk_size, INT64_MAX);
		HPUT(h, at, PyDictObject, ma_keys, keys);
		assert_size_unknown(h, v, at, o.type->basicsize);
	}
}

static void size_of_odict__counts_its_nodes(void **state)
{
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		if (!HAS_STRUCT(l, PyODictObject))
			continue;
		uint32_t head = SIZEOF(l, PyODictObject), keys;
		addr_t type = heap_type(h, "collections.OrderedDict", h->dict_type,
					TPFLAGS_DICT_SUBCLASS, head);
		addr_t at = heap_dict_of(h, type, head, 2, (addr_t[]){ 1, 1, 2, 2 });
		keys = keys_size(l, 3, SIZEOF(l, PyDictKeyEntry));
		HPUT(h, at, PyODictObject, od_fast_nodes_size, 8);
		uint32_t fast = 8 * h->machine.word;
		assert_size(h, v, at, head + keys + fast);
		HPUT(h, at, PyODictObject, od_first, HEAP_BASE);
		assert_size(h, v, at, head + keys + fast + 2 * SIZEOF(l, _ODictNode));
	}
}

/* --- type ------------------------------------------------------------------------------------ */

static void size_of_type__counts_the_keys_that_instances_share(void **state)
{
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		if (!HAS(l, PyHeapTypeObject, ht_cached_keys))
			continue;
		uint32_t head = SIZEOF(l, PyHeapTypeObject);
		uint64_t entry = HAS_STRUCT(l, PyDictUnicodeEntry) ? SIZEOF(l, PyDictUnicodeEntry)
								   : SIZEOF(l, PyDictKeyEntry);
		addr_t class = heap_class(h, "app", "C", h->object_type, 0, 64);
		assert_size(h, v, class, head);
		HPUT(h, class, PyHeapTypeObject, ht_cached_keys, heap_keys(h, 4, 2, 0, NULL));
		assert_size(h, v, class, head + keys_size(l, 4, entry));
		HPUT(h, class, PyHeapTypeObject, ht_cached_keys, HEAP_BASE + HEAP_SIZE);
		assert_size_unknown(h, v, class, SIZEOF(l, PyHeapTypeObject));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(size_of_int__counts_digits),
		cmocka_unit_test(size_of_int__of_27_is_as_long_as_its_type),
		cmocka_unit_test(size_of_int__of_a_subclass),
		cmocka_unit_test(size_of_str__compact),
		cmocka_unit_test(size_of_str__with_a_cached_form),
		cmocka_unit_test(size_of_str__in_two_blocks),
		cmocka_unit_test(size_of_str__not_ready),
		cmocka_unit_test(size_of_bytearray__counts_what_is_allocated),
		cmocka_unit_test(size_of_list__counts_what_is_allocated),
		cmocka_unit_test(size_of_set__counts_a_table_of_its_own),
		cmocka_unit_test(size_of_deque__counts_blocks),
		cmocka_unit_test(size_of_dict__with_keys_of_its_own),
		cmocka_unit_test(size_of_dict__with_shared_keys),
		cmocka_unit_test(size_of_dict__with_large_indices),
		cmocka_unit_test(size_of_dict__is_lost_with_its_keys),
		cmocka_unit_test(size_of_odict__counts_its_nodes),
		cmocka_unit_test(size_of_type__counts_the_keys_that_instances_share),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
