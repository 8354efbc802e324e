/* Where instances keep their attributes, in every dialect. */
#include "tests/unit/heap_rig.h"

static void assert_attributes(struct heap *h, addr_t at, const char *expected)
{
	struct object o;
	const char *name;
	addr_t value;
	int64_t number;
	_str_ struct str out = STR_INIT;
	assert_true(object_load(&h->rt, at, &o));
	struct attribute_iter *it = attributes_of(&h->rt, &o);
	while (attribute_next(it, &name, &value)) {
		assert_true(object_int64(&h->rt, value, &number));
		str_printf(&out, "%s=%" PRId64 " ", name, number);
		assert_true(object_attribute(&h->rt, &o, name) == value);
	}
	attribute_iter_free(it);
	assert_string_equal(out.buf, expected);
	assert_true(object_attribute(&h->rt, &o, "missing") == 0);
}

/* A class whose instances have a dict where the dialect puts it; *ret_offset is where from the
 * object's start. */
static addr_t class_with_dict(struct heap *h, int64_t *ret_offset)
{
	const struct layout *l = h->l;
	int64_t word = h->machine.word;
	uint32_t head = SIZEOF(l, PyObject);
	if (l->dialect.attributes == ATTRIBUTES_DICTOFFSET) {
		addr_t class = heap_class(h, "app", "C", h->object_type, 0, head + (size_t)word);
		HPUT(h, class, PyTypeObject, tp_dictoffset, head);
		*ret_offset = head;
		return class;
	}
	uint64_t flags = TPFLAGS_MANAGED_DICT;
	if (l->dialect.attributes >= ATTRIBUTES_INLINE_313)
		flags |= TPFLAGS_INLINE_VALUES;
	*ret_offset = HAS(l, PyObject, ob_tid) ? -word : -3 * word;
	return heap_class(h, "app", "C", h->object_type, flags, head);
}

static addr_t draw_instance(struct heap *h, addr_t class)
{
	return heap_object(h, class, SIZEOF(h->l, PyObject) + 128);
}

static void attributes_of__reads_a_dict(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		int64_t offset;
		addr_t class = class_with_dict(h, &offset);
		addr_t at = draw_instance(h, class);
		assert_attributes(h, at, "");
		addr_t dict = heap_dict(h, 2,
					(addr_t[]){ heap_text(h, "a"), heap_int(h, 1),
						    heap_text(h, "b"), heap_int(h, 2) });
		heap_word(h, at + (uint64_t)offset, dict);
		assert_attributes(h, at, "a=1 b=2 ");
		struct object o;
		assert_true(object_load(&h->rt, at, &o));
		assert_true(object_dict(&h->rt, &o) == dict);
	}
}

/* Two values, set in the order b a, written where the dialect has them. */
static void draw_values(struct heap *h, addr_t at, addr_t *ret_pointer)
{
	const struct layout *l = h->l;
	unsigned word = h->machine.word;
	addr_t one = heap_int(h, 1), two = heap_int(h, 2);
	if (HAS(l, PyDictValues, capacity)) {
		addr_t values = at + SIZEOF(l, PyObject);
		addr_t first = values + OFFSET(l, PyDictValues, values);
		HPUT(h, values, PyDictValues, capacity, 2);
		HPUT(h, values, PyDictValues, size, 2);
		HPUT(h, values, PyDictValues, valid, 1);
		heap_words(h, first, 2, (addr_t[]){ one, two });
		heap_number(h, first + 2 * word, 1, 1);
		heap_number(h, first + 2 * word + 1, 1, 0);
		*ret_pointer = 0;
		return;
	}
	addr_t values = heap_alloc(h, 8 + 2 * word) + 8;
	heap_words(h, values, 2, (addr_t[]){ one, two });
	heap_number(h, values - 1, 1, 8);
	heap_number(h, values - 2, 1, 2);
	heap_number(h, values - 3, 1, 1);
	heap_number(h, values - 4, 1, 0);
	*ret_pointer = values;
}

static void attributes_of__reads_values_without_a_dict(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		if (h->l->dialect.attributes == ATTRIBUTES_DICTOFFSET)
			continue;
		int64_t offset, word = h->machine.word;
		addr_t values, class = class_with_dict(h, &offset);
		addr_t keys = heap_keys(h, 3, 2, 2,
					(addr_t[]){ heap_text(h, "a"), 0, heap_text(h, "b"), 0 });
		HPUT(h, class, PyHeapTypeObject, ht_cached_keys, keys);
		addr_t at = draw_instance(h, class);
		draw_values(h, at, &values);
		if (h->l->dialect.attributes == ATTRIBUTES_MANAGED_311)
			heap_word(h, at - 4 * (uint64_t)word, values);
		else if (values)
			heap_word(h, at - 3 * (uint64_t)word, values - 1);
		assert_attributes(h, at, "b=2 a=1 ");
		struct object o;
		assert_true(object_load(&h->rt, at, &o));
		assert_true(object_dict(&h->rt, &o) == 0);
		if (!values) /* no longer valid: a dict took over, and was deleted */
			HPUT(h, at + SIZEOF(h->l, PyObject), PyDictValues, valid, 0);
		else
			HPUT(h, class, PyHeapTypeObject, ht_cached_keys, 0);
		assert_attributes(h, at, "");
	}
}

static void attributes_of__counts_a_negative_offset_from_the_end(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		if (h->l->dialect.attributes > ATTRIBUTES_MANAGED_311 || h->l->dialect.unicode_27)
			continue;
		int64_t word = h->machine.word;
		uint32_t head = OFFSET(h->l, PyTupleObject, ob_item);
		addr_t class = heap_class(h, "app", "T", h->tuple_type, TPFLAGS_TUPLE_SUBCLASS,
					  head + (size_t)word);
		HPUT(h, class, PyTypeObject, tp_itemsize, word);
		HPUT(h, class, PyTypeObject, tp_dictoffset, -word);
		addr_t one = heap_int(h, 1);
		addr_t at = heap_tuple(h, 3, (addr_t[]){ one, one, one });
		HPUT(h, at, PyObject, ob_type, class);
		heap_alloc(h, 0);
		addr_t dict = heap_dict(h, 1, (addr_t[]){ heap_text(h, "tag"), one });
		heap_word(h, at + head + 3 * (uint64_t)word, dict);
		assert_attributes(h, at, "tag=1 ");
	}
}

static void attributes_of__reads_slots_along_the_mro(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		size_t word = h->machine.word, head = SIZEOF(l, PyObject),
		       def = SIZEOF(l, PyMemberDef);
		addr_t base = heap_class(h, "app", "Base", h->object_type, 0, head + word);
		heap_alloc(h, 3 * def); /* the members stand right behind the class */
		addr_t child = heap_class(h, "app", "Child", base, 0, head + 2 * word);
		heap_alloc(h, 3 * def);
		addr_t classes[] = { base, child };
		for (size_t i = 0; i < 2; i++) {
			addr_t member = classes[i] + SIZEOF(l, PyHeapTypeObject);
			memset(heap_at(h, member), 0, def);
			HPUT(h, classes[i], PyVarObject, ob_size, 1);
			HPUT(h, member, PyMemberDef, name,
			     heap_raw(h, i ? "right" : "left", i ? 5 : 4));
			HPUT(h, member, PyMemberDef, type, 16);
			HPUT(h, member, PyMemberDef, offset, head + i * word);
		}
		addr_t at = draw_instance(h, child);
		heap_words(h, at + head, 2, (addr_t[]){ heap_int(h, 1), heap_int(h, 2) });
		assert_attributes(h, at, "right=2 left=1 ");
		heap_word(h, at + head, 0); /* deleted */
		assert_attributes(h, at, "right=2 ");
		/* beyond the instance */
		HPUT(h, child + SIZEOF(l, PyHeapTypeObject), PyMemberDef, offset, 4096);
		assert_attributes(h, at, "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attributes_of__reads_a_dict),
		cmocka_unit_test(attributes_of__reads_values_without_a_dict),
		cmocka_unit_test(attributes_of__counts_a_negative_offset_from_the_end),
		cmocka_unit_test(attributes_of__reads_slots_along_the_mro),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
