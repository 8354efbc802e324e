/* Which kind a type is, and whose __repr__ it has: from names, flags, bases and the functions
 * themselves, none of which is to be believed where it does not fit. */
#include "tests/unit/heap_rig.h"

#include "cpython_layouts/kinds/list.h"

static void kind_by_name__finds_each_of_the_families(void **state)
{
	(void)state;
	static const struct kind *const families[] = { KIND_FAMILIES };
	size_t count = 0;
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		for (const struct kind *k = families[i]; k->name; k++, count++) {
			assert_ptr_equal(kind_by_name(k->name), k);
			assert_non_null(k->repr);
		}
	}
	assert_true(count > 90);
	assert_ptr_equal(kind_by_name("object"), &kind_object);
}

static void kind_by_name__knows_whole_names_only(void **state)
{
	(void)state;
	static const char *const unknown[] = {
		"", "dic", "dict ", "Dict", "builtins.dict", "Counter", "<type at 0x10>"
	};
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
		assert_null(kind_by_name(unknown[i]));
}

/* --- what an instance is --------------------------------------------------------------------- */

static void kind_of_type__is_the_nearest_base_s(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		uint32_t size = SIZEOF(h->l, PyListObject);
		addr_t first = heap_class(h, "app", "First", h->list_type, 0, size);
		addr_t second = heap_class(h, "app", "Second", first, 0, size);
		addr_t plain = heap_class(h, "app", "Plain", h->object_type, 0, size);
		const struct pytype *type = pytype_at(&h->rt, second);
		assert_string_equal(type->kind->name, "list");
		assert_false(type->is_exact_kind);
		assert_true(pytype_at(&h->rt, h->list_type)->is_exact_kind);
		assert_ptr_equal(pytype_at(&h->rt, plain)->kind, &kind_object);
		assert_false(pytype_at(&h->rt, plain)->is_exact_kind);
	}
}

/* Its name is that of a builtin only because its __module__ is lost. */
static void kind_of_type__of_a_class_without_a_module_is_not_by_name(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		uint32_t size = SIZEOF(h->l, PyListObject);
		addr_t class = heap_type(h, "", h->object_type, TPFLAGS_HEAPTYPE, size);
		HPUT(h, class, PyHeapTypeObject, ht_name, heap_text(h, "list"));
		HPUT(h, class, PyHeapTypeObject, ht_qualname, heap_text(h, "list"));
		const struct pytype *type = pytype_at(&h->rt, class);
		assert_string_equal(type->full_name, "list");
		assert_ptr_equal(type->kind, &kind_object);
		assert_false(type->is_exact_kind);
	}
}

static void kind_of_type__goes_by_flags_where_names_are_lost(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		addr_t type =
			heap_type(h, "x", 0, TPFLAGS_LIST_SUBCLASS, SIZEOF(h->l, PyListObject));
		HPUT(h, type, PyTypeObject, tp_name, 0x99999990);
		addr_t list = heap_list(h, 1, (addr_t[]){ heap_int(h, 1) });
		HPUT(h, list, PyObject, ob_type, type);
		assert_repr(h, v, list, "[1]");
	}
}

/* tp_basicsize 16 of a "list": what the kind would read lies behind the object. */
static void kind_of_type__is_none_that_does_not_fit(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		addr_t type = heap_type(h, "list", h->object_type, TPFLAGS_LIST_SUBCLASS,
					SIZEOF(h->l, PyObject));
		assert_ptr_equal(pytype_at(&h->rt, type)->kind, &kind_object);
	}
}

/* --- whose __repr__ it has -------------------------------------------------------------------- */

static addr_t draw_function(struct heap *h, const char *module, const char *qualname)
{
	const struct layout *l = h->l;
	addr_t type = heap_type(h, "function", h->object_type, 0, SIZEOF(l, PyFunctionObject));
	addr_t at = heap_object(h, type, SIZEOF(l, PyFunctionObject));
	HPUT(h, at, PyFunctionObject, func_name, heap_text(h, "__repr__"));
	HPUT(h, at, PyFunctionObject, func_qualname,
	     qualname ? heap_text(h, qualname) : 0x99999990);
	HPUT(h, at, PyFunctionObject, func_module, module ? heap_text(h, module) : 0x99999990);
	return at;
}

/* A slot of C code, as type objects hand it out: list.__repr__. */
static addr_t draw_wrapper(struct heap *h, addr_t of)
{
	const struct layout *l = h->l;
	addr_t type =
		heap_type(h, "wrapper_descriptor", h->object_type, 0, SIZEOF(l, PyDescrObject));
	addr_t at = heap_object(h, type, SIZEOF(l, PyDescrObject));
	HPUT(h, at, PyDescrObject, d_type, of);
	HPUT(h, at, PyDescrObject, d_name, heap_text(h, "__repr__"));
	return at;
}

static addr_t class_with_repr(struct heap *h, addr_t base, size_t size, addr_t method)
{
	addr_t class = heap_class(h, "app", "Own", base, 0, size);
	HPUT(h, class, PyTypeObject, tp_dict,
	     heap_dict(h, 2,
		       (addr_t[]){ heap_text(h, "__module__"), heap_text(h, "app"),
				   heap_text(h, "__repr__"), method }));
	return class;
}

static const struct kind *shown(struct heap *h, addr_t type_at)
{
	const struct pytype *type = pytype_at(&h->rt, type_at);
	assert_non_null(type);
	return kind_shown(&h->rt, type);
}

/* The program's own: it cannot be run. */
static void kind_shown__of_a_class_with_its_own_repr_is_opaque(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		addr_t own = draw_function(h, "app", "Own.__repr__");
		addr_t class =
			class_with_repr(h, h->dict_type, SIZEOF(h->l, PyDictObject) + 32, own);
		assert_string_equal(pytype_at(&h->rt, class)->kind->name, "dict");
		assert_ptr_equal(shown(h, class), &kind_opaque);
	}
}

/* A function tells where it was written, wherever it was put since. 2.7 does not know that. */
static void kind_shown__follows_a_function_to_the_class_it_was_written_in(void **state)
{
	(void)state;
	const struct kind *counter = kind_by_name("collections.Counter");
	assert_non_null(counter);
	HEAP_EACH(h, v)
	{
		addr_t method = draw_function(h, "collections", "Counter.__repr__");
		addr_t class =
			class_with_repr(h, h->dict_type, SIZEOF(h->l, PyDictObject) + 32, method);
		assert_ptr_equal(shown(h, class),
				 h->l->dialect.unicode_27 ? &kind_opaque : counter);
	}
}

static void kind_shown__is_opaque_where_a_function_s_names_tell_nothing(void **state)
{
	(void)state;
	static const struct { const char *module, *qualname; } names[] = {
		{ NULL, "Counter.__repr__" },
		{ "collections", NULL },
		{ "collections", "" },
		{ "collections", "__repr__" },
		{ "collections", ".__repr__" },
		{ "collections", "Counter" },
		{ "collections", "Counter.__str__" },
		{ "collections", "Counter.__repr__x" },
		{ "collections", "outer.<locals>.Counter.__repr__" },
		{ "", "collections.Counter.__repr__" },
		{ "collections.Counter", "__repr__" },
	};
	HEAP_EACH(h, v)
	{
		for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
			addr_t method = draw_function(h, names[i].module, names[i].qualname);
			addr_t class = class_with_repr(h, h->dict_type,
						       SIZEOF(h->l, PyDictObject) + 32, method);
			if (shown(h, class) != &kind_opaque)
				fail_msg("%s: %s", v->table, names[i].qualname);
		}
	}
}

static void kind_shown__is_opaque_where_the_method_is_none(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		uint32_t size = SIZEOF(h->l, PyListObject);
		const addr_t methods[] = { 0x99999990, heap_int(h, 1),
					   heap_text(h, "list.__repr__") };
		for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
			assert_ptr_equal(
				shown(h, class_with_repr(h, h->list_type, size, methods[i])),
				&kind_opaque);
	}
}

/* __repr__ = list.__repr__, written in the class's body. */
static void kind_shown__follows_a_slot_to_its_type(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		uint32_t size = SIZEOF(h->l, PyListObject);
		addr_t of_list = draw_wrapper(h, h->list_type),
		       of_object = draw_wrapper(h, h->object_type);
		addr_t of_own = draw_wrapper(h, heap_class(h, "app", "C", h->list_type, 0, size));
		assert_string_equal(shown(h, class_with_repr(h, h->list_type, size, of_list))->name,
				    "list");
		assert_ptr_equal(shown(h, class_with_repr(h, h->list_type, size, of_object)),
				 &kind_object);
		assert_ptr_equal(shown(h, class_with_repr(h, h->list_type, size, of_own)),
				 &kind_opaque);
		assert_ptr_equal(shown(h, class_with_repr(h, h->list_type, size,
							  draw_wrapper(h, 0x99999990))),
				 &kind_opaque);
	}
}

/* An object of 16 bytes that has list's __repr__: what that would read lies behind it. */
static void kind_shown__is_none_that_does_not_fit(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		addr_t method = draw_wrapper(h, h->list_type);
		addr_t class = class_with_repr(h, h->object_type, SIZEOF(h->l, PyObject), method);
		assert_ptr_equal(shown(h, class), &kind_opaque);
	}
}

static void kind_shown__inherits_along_the_mro(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		uint32_t size = SIZEOF(h->l, PyListObject);
		addr_t base = class_with_repr(h, h->list_type, size,
					      draw_function(h, "app", "Own.__repr__"));
		addr_t child = heap_class(h, "app", "Child", base, 0, size);
		HPUT(h, child, PyTypeObject, tp_mro,
		     heap_tuple(h, 4, (addr_t[]){ child, base, h->list_type, h->object_type }));
		assert_ptr_equal(shown(h, child), &kind_opaque);
		assert_true(pytype_at(&h->rt, child)->shown_by == base);
		/* and where nobody has one, as its memory is laid out */
		addr_t without = heap_class(h, "app", "Without", h->list_type, 0, size);
		assert_string_equal(shown(h, without)->name, "list");
	}
}

/* os.stat_result and its like, by what their dict alone has. */
static void kind_shown__tells_c_s_named_tuples_by_their_dict(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		addr_t type = heap_type(h, "posix.things", h->tuple_type, TPFLAGS_TUPLE_SUBCLASS,
					OFFSET(h->l, PyTupleObject, ob_item));
		HPUT(h, type, PyTypeObject, tp_dict,
		     heap_dict(h, 2,
			       (addr_t[]){ heap_text(h, "__repr__"), draw_wrapper(h, type),
					   heap_text(h, "n_sequence_fields"), heap_int(h, 2) }));
		assert_ptr_equal(shown(h, type), &kind_structseq);
		type = heap_type(h, "ext.things", h->tuple_type, TPFLAGS_TUPLE_SUBCLASS,
				 OFFSET(h->l, PyTupleObject, ob_item));
		HPUT(h, type, PyTypeObject, tp_dict,
		     heap_dict(h, 1,
			       (addr_t[]){ heap_text(h, "__repr__"), draw_wrapper(h, type) }));
		assert_ptr_equal(shown(h, type), &kind_opaque);
	}
}

static void kind_shown__is_decided_once(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		addr_t own = draw_function(h, "app", "Own.__repr__");
		addr_t class = class_with_repr(h, h->list_type, SIZEOF(h->l, PyListObject), own);
		assert_ptr_equal(shown(h, class), &kind_opaque);
		HPUT(h, class, PyTypeObject, tp_dict, heap_dict(h, 0, NULL));
		assert_ptr_equal(shown(h, class), &kind_opaque);
	}
}

/* A list stays a list where its type's dict is lost: its bases' __repr__ is not taken for it. Of a
 * class of the program nobody knows what it has. */
static void kind_shown__does_not_look_past_a_lost_dict(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		char expected[64];
		addr_t one = heap_int(h, 1);
		addr_t own = heap_class(h, "app", "Own", h->list_type, 0, 64);
		addr_t list = heap_list(h, 1, &one), other = heap_list(h, 1, &one);
		HPUT(h, other, PyObject, ob_type, own);
		HPUT(h, h->object_type, PyTypeObject, tp_dict,
		     heap_dict(h, 1, (addr_t[]){ heap_text(h, "__repr__"), one }));
		HPUT(h, h->list_type, PyTypeObject, tp_mro,
		     heap_tuple(h, 2, (addr_t[]){ h->list_type, h->object_type }));
		HPUT(h, h->list_type, PyTypeObject, tp_dict, 0x10);
		HPUT(h, own, PyTypeObject, tp_mro,
		     heap_tuple(h, 3, (addr_t[]){ own, h->list_type, h->object_type }));
		assert_non_null(pytype_at(&h->rt, own));
		HPUT(h, own, PyTypeObject, tp_dict, 0x10);
		assert_repr(h, v, list, "[1]");
		snprintf(expected, sizeof(expected), "<app.Own object at 0x%" PRIx64 ">", other);
		assert_repr(h, v, other, expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kind_by_name__finds_each_of_the_families),
		cmocka_unit_test(kind_by_name__knows_whole_names_only),
		cmocka_unit_test(kind_of_type__is_the_nearest_base_s),
		cmocka_unit_test(kind_of_type__of_a_class_without_a_module_is_not_by_name),
		cmocka_unit_test(kind_of_type__goes_by_flags_where_names_are_lost),
		cmocka_unit_test(kind_of_type__is_none_that_does_not_fit),
		cmocka_unit_test(kind_shown__of_a_class_with_its_own_repr_is_opaque),
		cmocka_unit_test(kind_shown__follows_a_function_to_the_class_it_was_written_in),
		cmocka_unit_test(kind_shown__is_opaque_where_a_function_s_names_tell_nothing),
		cmocka_unit_test(kind_shown__is_opaque_where_the_method_is_none),
		cmocka_unit_test(kind_shown__follows_a_slot_to_its_type),
		cmocka_unit_test(kind_shown__is_none_that_does_not_fit),
		cmocka_unit_test(kind_shown__inherits_along_the_mro),
		cmocka_unit_test(kind_shown__tells_c_s_named_tuples_by_their_dict),
		cmocka_unit_test(kind_shown__is_decided_once),
		cmocka_unit_test(kind_shown__does_not_look_past_a_lost_dict),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
