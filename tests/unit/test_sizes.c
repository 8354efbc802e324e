#include "tests/unit/sizes_rig.h"

static void object_size__is_the_basic_size_and_that_of_the_items(void **state)
{
	HEAP_EACH(h, v)
	{
		uint32_t head = OFFSET(h->l, PyTupleObject, ob_item), word = h->machine.word;
		HPUT(h, h->tuple_type, PyTypeObject, tp_itemsize, word);
		HPUT(h, h->bytes_type, PyTypeObject, tp_itemsize, 1);
		assert_size(h, v, heap_none(h), SIZEOF(h->l, PyObject));
		assert_size(h, v, heap_tuple(h, 0, NULL), head);
		assert_size(h, v, heap_tuple(h, 3, (addr_t[]){ 0, 0, 0 }), head + 3 * word);
		assert_size(h, v, heap_bytes(h, "hello", 5),
			    OFFSET(h->l, PyBytesObject, ob_sval) + 6);
	}
}

static void object_size__counts_the_head_that_the_version_counts(void **state)
{
	HEAP_EACH(h, v)
	{
		uint32_t word = h->machine.word, body = SIZEOF(h->l, PyObject) + 2 * word;
		bool free_threaded = h->l->version.free_threaded;
		uint32_t gc = free_threaded ? 0 : SIZEOF(h->l, PyGC_Head);
		uint32_t dict = sizes_since(h, 3, 11) ? 2 * word : 0;
		uint32_t weak = sizes_since(h, 3, 12) ? 2 * word : 0;
		static const uint64_t flags[] = { TPFLAGS_HAVE_GC, TPFLAGS_MANAGED_DICT,
						  TPFLAGS_MANAGED_WEAKREF,
						  TPFLAGS_MANAGED_DICT | TPFLAGS_MANAGED_WEAKREF };
		uint32_t heads[] = { gc, dict, weak, dict };
		for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
			addr_t type = heap_type(h, "t", h->object_type, flags[i], body);
			assert_size(h, v, heap_object(h, type, body), body + heads[i]);
		}
	}
}

/* int is static, app.C is not. */
static void object_size__knows_when_a_type_has_a_head(void **state)
{
	HEAP_EACH(h, v)
	{
		uint32_t gc = h->l->version.free_threaded ? 0 : SIZEOF(h->l, PyGC_Head);
		uint32_t basic = sizes_since(h, 3, 0) ? SIZEOF(h->l, PyTypeObject)
						      : SIZEOF(h->l, PyHeapTypeObject);
		bool is_static = sizes_since(h, 3, 11) && !sizes_since(h, 3, 13);
		addr_t class = heap_class(h, "app", "C", h->object_type, 0, 64);
		HPUT(h, h->rt.type_type, PyTypeObject, tp_flags,
		     TPFLAGS_TYPE_SUBCLASS | TPFLAGS_READY | TPFLAGS_HAVE_GC);
		assert_size(h, v, class, SIZEOF(h->l, PyHeapTypeObject) + gc);
		assert_size(h, v, h->int_type, basic + (is_static ? gc : 0));
	}
}

static void object_size__follows_the_method_to_its_class(void **state)
{
	HEAP_EACH(h, v)
	{
		uint32_t basic = SIZEOF(h->l, PyListObject), word = h->machine.word;
		addr_t of_list = sizes_method(h, h->list_type);
		addr_t of_object = sizes_method(h, h->object_type);
		addr_t plain = sizes_class(h, "P", h->list_type, TPFLAGS_LIST_SUBCLASS, basic, 0);
		addr_t own =
			sizes_class(h, "L", h->list_type, TPFLAGS_LIST_SUBCLASS, basic, of_list);
		addr_t other =
			sizes_class(h, "O", h->list_type, TPFLAGS_LIST_SUBCLASS, basic, of_object);
		addr_t below = sizes_class(h, "B", other, TPFLAGS_LIST_SUBCLASS, basic, 0);
		addr_t types[] = { plain, own, other, below };
		for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
			addr_t at = heap_object(h, types[i], basic);
			HPUT(h, at, PyListObject, allocated, 5);
			assert_size(h, v, at, basic + (i < 2 ? 5 * word : 0));
		}
	}
}

static void object_size__does_not_guess_what_code_says(void **state)
{
	HEAP_EACH(h, v)
	{
		struct object o;
		uint32_t basic = SIZEOF(h->l, PyListObject);
		addr_t function =
			heap_type(h, "function", h->object_type, 0, SIZEOF(h->l, PyFunctionObject));
		addr_t foreign = heap_type(h, "ext.Thing", h->object_type, 0, basic);
		addr_t by_python =
			sizes_class(h, "P", h->list_type, TPFLAGS_LIST_SUBCLASS, basic,
				    heap_object(h, function, SIZEOF(h->l, PyFunctionObject)));
		addr_t by_others = sizes_class(h, "E", h->list_type, TPFLAGS_LIST_SUBCLASS, basic,
					       sizes_method(h, foreign));
		addr_t at = heap_object(h, by_python, basic),
		       other = heap_object(h, by_others, basic);
		HPUT(h, at, PyListObject, allocated, 5);
		assert_size_unknown(h, v, at, basic);
		assert_size_unknown(h, v, other, basic);
		assert_true(object_load(&h->rt, at, &o));
		assert_int_equal(size_doubt(&h->rt, o.type), SIZE_BY_PYTHON);
		assert_true(object_load(&h->rt, other, &o));
		assert_int_equal(size_doubt(&h->rt, o.type), SIZE_BY_OTHERS);
	}
}

/* No static type has a name where the file is not at hand: what object's own is of is C's. */
static void object_size__knows_a_method_of_c_without_its_name(void **state)
{
	HEAP_EACH(h, v)
	{
		uint32_t basic = SIZEOF(h->l, PyListObject);
		addr_t method = sizes_method(h, h->list_type),
		       own = sizes_method(h, h->object_type);
		addr_t type = GET(h->l, heap_at(h, method), PyObject, ob_type);
		HPUT(h, own, PyObject, ob_type, type);
		HPUT(h, type, PyTypeObject, tp_name, 0);
		HPUT(h, h->object_type, PyTypeObject, tp_dict,
		     heap_dict(h, 1, (addr_t[]){ heap_text(h, "__sizeof__"), own }));
		addr_t class =
			sizes_class(h, "L", h->list_type, TPFLAGS_LIST_SUBCLASS, basic, method);
		addr_t at = heap_object(h, class, basic);
		HPUT(h, at, PyListObject, allocated, 5);
		assert_size(h, v, at, basic + 5 * h->machine.word);
		assert_size(h, v, heap_none(h), SIZEOF(h->l, PyObject));
	}
}

static void object_size__is_lost_where_the_method_is(void **state)
{
	HEAP_EACH(h, v)
	{
		struct object o;
		uint32_t basic = SIZEOF(h->l, PyListObject);
		addr_t torn = sizes_class(h, "T", h->list_type, TPFLAGS_LIST_SUBCLASS, basic,
					  HEAP_BASE + HEAP_SIZE);
		addr_t lost = sizes_class(h, "D", h->list_type, TPFLAGS_LIST_SUBCLASS, basic, 0);
		HPUT(h, lost, PyTypeObject, tp_dict, HEAP_BASE + HEAP_SIZE);
		addr_t types[] = { torn, lost };
		for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
			addr_t at = heap_object(h, types[i], basic);
			assert_size_unknown(h, v, at, basic);
			assert_true(object_load(&h->rt, at, &o));
			assert_int_equal(size_doubt(&h->rt, o.type), SIZE_LOST);
		}
	}
}

static void object_size__refuses_more_than_the_process_had(void **state)
{
	HEAP_EACH(h, v)
	{
		static const int64_t sizes[] = { HEAP_SIZE, INT32_MAX, -1, INT64_MAX, INT64_MIN };
		HPUT(h, h->tuple_type, PyTypeObject, tp_itemsize, h->machine.word);
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
			addr_t at = heap_tuple(h, 0, NULL);
			HPUT(h, at, PyVarObject, ob_size, sizes[i]);
			if (h->machine.word == 4 && (int32_t)sizes[i] == 0)
				continue;
			assert_size_unknown(h, v, at, 0);
		}
	}
}

/* A class that says it is a list, but is too short for one. */
static void object_size__reads_nothing_behind_a_short_instance(void **state)
{
	HEAP_EACH(h, v)
	{
		uint32_t head = SIZEOF(h->l, PyObject);
		addr_t type = heap_type(h, "list", h->object_type, 0, head);
		addr_t meta = heap_type(h, "m", h->rt.type_type, TPFLAGS_TYPE_SUBCLASS, head);
		addr_t class = heap_object(h, meta, head);
		assert_size_unknown(h, v, heap_object(h, type, head), head);
		assert_size_unknown(h, v, class, head);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(object_size__is_the_basic_size_and_that_of_the_items),
		cmocka_unit_test(object_size__counts_the_head_that_the_version_counts),
		cmocka_unit_test(object_size__knows_when_a_type_has_a_head),
		cmocka_unit_test(object_size__follows_the_method_to_its_class),
		cmocka_unit_test(object_size__does_not_guess_what_code_says),
		cmocka_unit_test(object_size__knows_a_method_of_c_without_its_name),
		cmocka_unit_test(object_size__is_lost_where_the_method_is),
		cmocka_unit_test(object_size__refuses_more_than_the_process_had),
		cmocka_unit_test(object_size__reads_nothing_behind_a_short_instance),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
