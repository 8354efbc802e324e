#include "tests/unit/sizes_rig.h"

static addr_t made(struct heap *h, const char *name, size_t size)
{
	return heap_object(h, heap_type(h, name, h->object_type, 0, size), size);
}

static void size_of_buffered__counts_its_buffer(void **state)
{
	static const char *const kinds[] = { "_io.BufferedReader", "_io.BufferedWriter",
					     "_io.BufferedRandom" };
	HEAP_EACH(h, v)
	{
		uint32_t head = SIZEOF(h->l, buffered);
		for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
			addr_t at = made(h, kinds[i], head);
			HPUT(h, at, buffered, buffer_size, 8192);
			assert_size(h, v, at, head);
			HPUT(h, at, buffered, buffer, HEAP_BASE);
			assert_size(h, v, at, head + 8192);
		}
	}
}

static void size_of_bytesio__counts_bytes_that_are_its_own(void **state)
{
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		uint32_t head = SIZEOF(l, bytesio);
		addr_t at = made(h, "_io.BytesIO", head), bytes = heap_bytes(h, "hello", 5);
		assert_size(h, v, at, head);
		HPUT(h, at, bytesio, buf, bytes);
		HPUT(h, at, bytesio, buf_size, 70);
		if (HAS(l, bytesio, buf_size)) {
			assert_size(h, v, at, head + 70);
			continue;
		}
		assert_size(h, v, at, head + OFFSET(l, PyBytesObject, ob_sval) + 6);
		HPUT(h, bytes, PyObject, ob_refcnt, 2);
		HPUT(h, bytes, PyObject, ob_ref_local, 2);
		assert_size(h, v, at, head);
		HPUT(h, at, bytesio, buf, HEAP_BASE + HEAP_SIZE);
		assert_size_unknown(h, v, at, head);
	}
}

static void size_of_struct__counts_codes_up_to_the_last(void **state)
{
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		uint32_t head = SIZEOF(l, PyStructObject), each = SIZEOF(l, formatcode);
		static const char *const kinds[] = { "_struct.Struct", "Struct" };
		for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
			addr_t at = made(h, kinds[i], head), codes = heap_alloc(h, 3 * each);
			HPUT(h, codes, formatcode, fmtdef, HEAP_BASE);
			HPUT(h, codes + each, formatcode, fmtdef, HEAP_BASE);
			HPUT(h, at, PyStructObject, s_codes, codes);
			assert_size(h, v, at, head + 3 * each);
			HPUT(h, at, PyStructObject, s_codes, 0);
			assert_size_unknown(h, v, at, head);
		}
	}
}

/* Codes without end. */
static void size_of_struct__stops(void **state)
{
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		uint32_t head = SIZEOF(l, PyStructObject), bytes = 5000 * SIZEOF(l, formatcode);
		addr_t at = made(h, "_struct.Struct", head), codes = heap_alloc(h, bytes);
		memset(heap_at(h, codes), 1, bytes);
		HPUT(h, at, PyStructObject, s_codes, codes);
		assert_size_unknown(h, v, at, head);
	}
}

static void size_of_array__counts_what_is_allocated(void **state)
{
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		uint32_t head = SIZEOF(l, arrayobject);
		addr_t at = made(h, "array.array", head);
		addr_t descr = heap_alloc(h, SIZEOF(l, arraydescr));
		HPUT(h, descr, arraydescr, itemsize, 4);
		HPUT(h, at, arrayobject, allocated, 9);
		HPUT(h, at, arrayobject, ob_descr, descr);
		assert_size(h, v, at, head + 36);
		HPUT(h, at, arrayobject, ob_descr, 0);
		assert_size_unknown(h, v, at, head);
	}
}

static void size_of_decimal__counts_words_of_its_own(void **state)
{
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		uint32_t head = SIZEOF(l, PyDecObject);
		if (!head)
			continue;
		addr_t at = made(h, "decimal.Decimal", head);
		HPUT(h, at, PyDecObject, dec_alloc, 7);
		assert_size(h, v, at, head + 7 * h->machine.word);
		/* MPD_STATIC_DATA: within the object */
		HPUT(h, at, PyDecObject, dec_flags, 32);
		assert_size(h, v, at, head);
	}
}

static void size_of_queue__counts_its_ring(void **state)
{
	HEAP_EACH(h, v)
	{
		uint32_t head = SIZEOF(h->l, simplequeueobject);
		if (!head)
			continue;
		addr_t at = made(h, "_queue.SimpleQueue", head);
		HPUT(h, at, simplequeueobject, items_cap, 16);
		assert_size(h, v, at, head + (sizes_since(h, 3, 15) ? 16 * h->machine.word : 0));
	}
}

static void size_of_itertools__counts_indices(void **state)
{
	static const addr_t items[5];
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		uint32_t word = h->machine.word;
		if (!HAS_STRUCT(l, productobject))
			continue;
		addr_t five = heap_tuple(h, 5, items);
		addr_t at = made(h, "itertools.product", SIZEOF(l, productobject));
		HPUT(h, at, productobject, pools, five);
		assert_size(h, v, at, SIZEOF(l, productobject) + 5 * word);
		at = made(h, "itertools.permutations", SIZEOF(l, permutationsobject));
		HPUT(h, at, permutationsobject, pool, five);
		HPUT(h, at, permutationsobject, r, 2);
		assert_size(h, v, at, SIZEOF(l, permutationsobject) + 7 * word);
		at = made(h, "itertools.combinations", SIZEOF(l, combinationsobject));
		HPUT(h, at, combinationsobject, r, 3);
		assert_size(h, v, at, SIZEOF(l, combinationsobject) + 3 * word);
		at = made(h, "itertools.combinations_with_replacement", SIZEOF(l, combinationsobject));
		HPUT(h, at, combinationsobject, r, 4);
		assert_size(h, v, at, SIZEOF(l, combinationsobject) + 4 * word);
	}
}

static void size_of_element__counts_children_that_are_elsewhere(void **state)
{
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		uint32_t head = SIZEOF(l, ElementObject), more = SIZEOF(l, ElementObjectExtra);
		if (!head)
			continue;
		addr_t at = made(h, "xml.etree.ElementTree.Element", head);
		assert_size(h, v, at, head);
		addr_t extra = heap_alloc(h, more);
		HPUT(h, at, ElementObject, extra, extra);
		HPUT(h, extra, ElementObjectExtra, allocated, 4);
		HPUT(h, extra, ElementObjectExtra, children,
		     extra + OFFSET(l, ElementObjectExtra, _children));
		assert_size(h, v, at, head + more);
		HPUT(h, extra, ElementObjectExtra, children, HEAP_BASE);
		assert_size(h, v, at, head + more + 4 * h->machine.word);
	}
}

static void ctypes_info(struct heap *h, addr_t at)
{
	HPUT(h, at, StgInfo, initialized, 1);
	HPUT(h, at, StgInfo, length, 2);
	HPUT(h, at, StgInfo, elements, HEAP_BASE);
	HPUT(h, at, StgInfo, ndim, 1);
	HPUT(h, at, StgInfo, format, heap_raw(h, "<i", 3));
}

static void size_of_ctypes__counts_what_a_class_is_made_of(void **state)
{
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		uint32_t head = SIZEOF(l, StgInfo), beside = 3 + 4 * h->machine.word;
		if (!head || !sizes_since(h, 3, 7) || sizes_since(h, 3, 13))
			continue;
		addr_t type = heap_type(h, "StgDict", h->dict_type, TPFLAGS_DICT_SUBCLASS, head);
		addr_t at = heap_dict_of(h, type, head, 0, NULL);
		HPUT(h, GET(l, heap_at(h, at), PyDictObject, ma_keys), PyDictKeysObject, dk_refcnt, 2);
		ctypes_info(h, at);
		/* The struct twice: its dict's own __sizeof__ has counted it. */
		assert_size(h, v, at, head + head - SIZEOF(l, PyDictObject) + beside);
	}
}

static void size_of_ctypes__finds_it_behind_the_type(void **state)
{
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		uint32_t head = SIZEOF(l, PyHeapTypeObject), behind = (head + 15) & ~15u;
		if (!sizes_since(h, 3, 13))
			continue;
		uint32_t basic = behind + SIZEOF(l, StgInfo);
		addr_t meta = heap_type(h, "_ctypes.CType_Type", h->rt.type_type,
					TPFLAGS_TYPE_SUBCLASS | TPFLAGS_HEAPTYPE, basic);
		HPUT(h, meta, PyTypeObject, tp_dict,
		     heap_dict(h, 1,
			       (addr_t[]){ heap_text(h, "__sizeof__"), sizes_method(h, meta) }));
		HPUT(h, meta, PyHeapTypeObject, ht_name, heap_text(h, "CType_Type"));
		HPUT(h, meta, PyHeapTypeObject, ht_qualname, heap_text(h, "_ctypes.CType_Type"));
		addr_t class = heap_object(h, meta, basic);
		HPUT(h, class, PyTypeObject, tp_flags, TPFLAGS_HEAPTYPE);
		assert_size(h, v, class, basic);
		ctypes_info(h, class + behind);
		assert_size(h, v, class, basic + 3 + 4 * h->machine.word);
	}
}

/* Words behind the header: the same structs in every build. */
static void size_of_pickle__tells_its_forms_by_their_size(void **state)
{
	static const struct {
		unsigned pickler, out;
		unsigned unpickler, line, encoding, marks;
	} forms[] = {
		{ 15, 5, 30, 17, 24, 26 }, { 16, 5, 31, 16, 25, 27 }, { 17, 6, 32, 17, 26, 28 },
		{ 17, 6, 33, 17, 26, 28 }, { 17, 6, 35, 17, 28, 30 }, { 17, 6, 36, 18, 29, 31 },
	};
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		uint32_t word = h->machine.word, head = SIZEOF(l, PyObject);
		for (size_t i = 0; i < ARRAY_SIZE(forms) && l->version.major >= 3; i++) {
			uint32_t size = head + forms[i].pickler * word;
			addr_t at = made(h, "_pickle.Pickler", size), memo = heap_alloc(h, 64);
			heap_word(h, memo + 2 * word, 8);
			heap_word(h, at + head, memo);
			heap_word(h, at + head + forms[i].out * word, heap_bytes(h, "out", 3));
			assert_size(h, v, at,
				    size + (4 + 16) * word + OFFSET(l, PyBytesObject, ob_sval) + 4);
			size = head + forms[i].unpickler * word;
			at = made(h, "_pickle.Unpickler", size);
			heap_word(h, at + head + word, HEAP_BASE);
			heap_word(h, at + head + 2 * word, 32);
			heap_word(h, at + head + forms[i].marks * word, HEAP_BASE);
			heap_word(h, at + head + (forms[i].marks + 2) * word, 20);
			heap_word(h, at + head + forms[i].line * word, heap_raw(h, "line", 5));
			heap_word(h, at + head + forms[i].encoding * word, heap_raw(h, "ascii", 6));
			heap_word(h, at + head + (forms[i].encoding + 1) * word,
				  heap_raw(h, "strict", 7));
			assert_size(h, v, at, size + 52 * word + 5 + 6 + 7);
		}
		if (l->version.major < 3)
			continue;
		uint32_t other = head + 40 * word;
		assert_size_unknown(h, v, made(h, "_pickle.Pickler", other), other);
		assert_size_unknown(h, v, made(h, "_pickle.Unpickler", other), other);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(size_of_buffered__counts_its_buffer),
		cmocka_unit_test(size_of_bytesio__counts_bytes_that_are_its_own),
		cmocka_unit_test(size_of_struct__counts_codes_up_to_the_last),
		cmocka_unit_test(size_of_struct__stops),
		cmocka_unit_test(size_of_array__counts_what_is_allocated),
		cmocka_unit_test(size_of_decimal__counts_words_of_its_own),
		cmocka_unit_test(size_of_queue__counts_its_ring),
		cmocka_unit_test(size_of_itertools__counts_indices),
		cmocka_unit_test(size_of_element__counts_children_that_are_elsewhere),
		cmocka_unit_test(size_of_ctypes__counts_what_a_class_is_made_of),
		cmocka_unit_test(size_of_ctypes__finds_it_behind_the_type),
		cmocka_unit_test(size_of_pickle__tells_its_forms_by_their_size),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
