/* namedtuples and dataclasses, told by the function that is their __repr__. */
#include "tests/unit/heap_rig.h"

static addr_t draw_function(struct heap *h, const char *module, const char *qualname,
			    addr_t closure)
{
	const struct layout *l = h->l;
	addr_t type = heap_type(h, "function", h->object_type, 0, SIZEOF(l, PyFunctionObject));
	addr_t at = heap_object(h, type, SIZEOF(l, PyFunctionObject));
	HPUT(h, at, PyFunctionObject, func_name, heap_text(h, "__repr__"));
	HPUT(h, at, PyFunctionObject, func_qualname, heap_text(h, qualname));
	HPUT(h, at, PyFunctionObject, func_module, heap_text(h, module));
	HPUT(h, at, PyFunctionObject, func_closure, closure);
	return at;
}

static addr_t draw_named(struct heap *h, const char *function_module)
{
	addr_t class = heap_class(h, "app", "Point", h->tuple_type, TPFLAGS_TUPLE_SUBCLASS,
				  OFFSET(h->l, PyTupleObject, ob_item));
	addr_t fields = heap_tuple(h, 2, (addr_t[]){ heap_text(h, "x"), heap_text(h, "y") });
	addr_t function = draw_function(h, function_module, "Point.__repr__", 0);
	HPUT(h, class, PyTypeObject, tp_dict,
	     heap_dict(h, 3,
		       (addr_t[]){ heap_text(h, "__module__"), heap_text(h, "app"),
				   heap_text(h, "_fields"), fields, heap_text(h, "__repr__"),
				   function }));
	addr_t at = heap_tuple(h, 2, (addr_t[]){ heap_int(h, 1), heap_text(h, "b") });
	HPUT(h, at, PyObject, ob_type, class);
	return at;
}

static void namedtuple__shows_its_fields(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		assert_repr(h, v, draw_named(h, "collections"), "Point(x=1, y='b')");
		assert_repr(h, v, draw_named(h, "namedtuple_Point"), "Point(x=1, y='b')");
	}
}

/* The same class with a __repr__ written by hand. */
static void class__with_a_repr_of_its_own_is_shown_by_address(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		char expected[64];
		addr_t at = draw_named(h, "app");
		snprintf(expected, sizeof(expected), "<app.Point object at 0x%" PRIx64 ">", at);
		assert_repr(h, v, at, expected);
	}
}

static addr_t draw_field(struct heap *h, addr_t field_class, addr_t sort_class, bool shown,
			 const char *sort)
{
	addr_t name[] = { heap_text(h, "name"), heap_text(h, sort) };
	addr_t of = heap_instance(h, sort_class, 1, name);
	addr_t items[] = { heap_text(h, "repr"), heap_int_of(h, h->bool_type, shown),
			   heap_text(h, "_field_type"), of };
	return heap_instance(h, field_class, 2, items);
}

/* wrapped: the qualified name of the function that recursive_repr() wraps */
static addr_t draw_dataclass(struct heap *h, const char *wrapped)
{
	const struct layout *l = h->l;
	addr_t cell =
		heap_object(h, heap_type(h, "cell", h->object_type, 0, SIZEOF(l, PyCellObject)),
			    SIZEOF(l, PyCellObject));
	HPUT(h, cell, PyCellObject, ob_ref, draw_function(h, "app", wrapped, 0));
	addr_t function = draw_function(h, "app", "Item.__repr__",
					heap_tuple(h, 2, (addr_t[]){ heap_none(h), cell }));
	addr_t field = heap_class_with_dict(h, "dataclasses", "Field", h->object_type);
	addr_t sort = heap_class_with_dict(h, "dataclasses", "_FIELD_BASE", h->object_type);
	addr_t fields[] = {
		heap_text(h, "a"),      draw_field(h, field, sort, true, "_FIELD"),
		heap_text(h, "hidden"), draw_field(h, field, sort, false, "_FIELD"),
		heap_text(h, "shared"), draw_field(h, field, sort, true, "_FIELD_CLASSVAR"),
		heap_text(h, "d"),      draw_field(h, field, sort, true, "_FIELD"),
	};
	addr_t class = heap_class_with_dict(h, "app", "Item", h->object_type);
	HPUT(h, class, PyTypeObject, tp_dict,
	     heap_dict(h, 4,
		       (addr_t[]){ heap_text(h, "__module__"), heap_text(h, "app"),
				   heap_text(h, "__repr__"), function,
				   heap_text(h, "__dataclass_fields__"), heap_dict(h, 4, fields),
				   heap_text(h, "d"), heap_text(h, "default") }));
	addr_t items[] = { heap_text(h, "a"), heap_int(h, 1), heap_text(h, "hidden"),
			   heap_int(h, 2) };
	return heap_instance(h, class, 2, items);
}

static void dataclass__shows_the_fields_that_are_to_be_shown(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		if (h->l->dialect.unicode_27)
			continue;
		assert_repr(h, v, draw_dataclass(h, "__create_fn__.<locals>.__repr__"),
			    "Item(a=1, d='default')");
		assert_repr(h, v, draw_dataclass(h, "__repr__"), "Item(a=1, d='default')");
	}
}

static void dataclass__with_a_decorated_repr_of_its_own_is_not_taken_for_one(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		char expected[64];
		addr_t at = draw_dataclass(h, "Item.__repr__");
		snprintf(expected, sizeof(expected), "<app.Item object at 0x%" PRIx64 ">", at);
		assert_repr(h, v, at, expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(namedtuple__shows_its_fields),
		cmocka_unit_test(class__with_a_repr_of_its_own_is_shown_by_address),
		cmocka_unit_test(dataclass__shows_the_fields_that_are_to_be_shown),
		cmocka_unit_test(dataclass__with_a_decorated_repr_of_its_own_is_not_taken_for_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
