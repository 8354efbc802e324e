/* Types: checked, named, cached, searched. */
#include "tests/unit/heap_rig.h"

#include "cpython_layouts/kinds/kind.h"

static void pytype_at__is_cached_and_leads_to_its_base(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		const struct pytype *type = pytype_at(&h->rt, h->bool_type);
		assert_non_null(type);
		assert_string_equal(type->full_name, "bool");
		assert_string_equal(type->base->full_name, "int");
		assert_string_equal(type->base->base->full_name, "object");
		assert_null(type->base->base->base);
		assert_ptr_equal(pytype_at(&h->rt, h->bool_type), type);
		assert_ptr_equal(pytype_at(&h->rt, h->int_type), type->base);
		assert_true(pytype_is(type, "int") && pytype_is(type, "bool") &&
			    !pytype_is(type, "str"));
		assert_true(pytype_is_subtype(type, h->int_type));
		assert_false(pytype_is_subtype(type, h->str_type));
	}
}

static void pytype_at__names_classes_with_their_module(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		addr_t at = heap_class(h, "app.web", "Outer.Session", h->dict_type,
				       TPFLAGS_DICT_SUBCLASS, SIZEOF(h->l, PyDictObject) + 64);
		const struct pytype *type = pytype_at(&h->rt, at);
		assert_string_equal(type->name, "Session");
		assert_string_equal(type->module, "app.web");
		bool old = h->l->dialect.unicode_27;
		assert_string_equal(type->full_name,
				    old ? "app.web.Session" : "app.web.Outer.Session");
		assert_string_equal(type->kind->name, "dict");
		assert_false(type->is_exact_kind);
		at = heap_type(h, "datetime.date", h->object_type, 0, 64);
		type = pytype_at(&h->rt, at);
		assert_string_equal(type->module, "datetime");
		assert_string_equal(type->qualname, "date");
		assert_string_equal(type->full_name, "datetime.date");
		assert_true(type->is_exact_kind);
	}
}

static void pytype_at__refuses_what_is_no_type(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		assert_null(pytype_at(&h->rt, 0));
		assert_null(pytype_at(&h->rt, 0x99999990));
		assert_null(pytype_at(&h->rt, heap_int(h, 1)));
		addr_t huge = heap_type(h, "huge", h->object_type, 0, 1 << 30);
		assert_null(pytype_at(&h->rt, huge));
		addr_t self = heap_type(h, "self", h->object_type, TPFLAGS_TYPE_SUBCLASS, 64);
		HPUT(h, self, PyObject, ob_type, self);
		assert_null(pytype_at(&h->rt, self)); /* another type(type) than the proved one */
	}
}

static void pytype_at__accepts_metaclasses(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		addr_t meta = heap_class(h, "app", "Meta", h->rt.type_type, TPFLAGS_TYPE_SUBCLASS,
					 SIZEOF(h->l, PyHeapTypeObject));
		addr_t class = heap_class(h, "app", "C", h->object_type, 0, 64);
		HPUT(h, class, PyObject, ob_type, meta);
		assert_string_equal(pytype_at(&h->rt, class)->full_name, "app.C");
		assert_repr(h, v, class, "<class 'app.C'>");
	}
}

static void pytype_at__ends_on_a_cycle_of_bases(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		addr_t a = heap_type(h, "a", 0, 0, 64), b = heap_type(h, "b", a, 0, 64);
		HPUT(h, a, PyTypeObject, tp_base, b);
		assert_string_equal(pytype_at(&h->rt, a)->full_name, "a");
		assert_false(pytype_is(pytype_at(&h->rt, a), "c"));
		assert_false(pytype_is_subtype(pytype_at(&h->rt, b), h->int_type));
	}
}

/* Names in .rodata are not dumped: the builtins still know their types. */
static void pytype_at__finds_a_lost_name_in_the_builtins(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		addr_t interp = heap_alloc(h, SIZEOF(l, PyInterpreterState));
		addr_t dict = heap_dict(h, 2,
					(addr_t[]){ heap_text(h, "answer"), heap_int(h, 42),
						    heap_text(h, "float"), h->float_type });
		HPUT(h, h->float_type, PyTypeObject, tp_name, 0x99999990);
		HPUT(h, interp, PyInterpreterState, builtins, dict);
		h->rt.interpreters = interp;
		assert_string_equal(pytype_at(&h->rt, h->float_type)->full_name, "float");
		assert_repr(h, v, heap_float(h, 1.5), "1.5");
		addr_t unknown = heap_type(h, "x", h->object_type, 0, 64);
		HPUT(h, unknown, PyTypeObject, tp_name, 0x99999990);
		char expected[64];
		snprintf(expected, sizeof(expected), "<type at 0x%" PRIx64 ">", unknown);
		assert_string_equal(pytype_at(&h->rt, unknown)->full_name, expected);
		assert_null(pytype_at(&h->rt, unknown)->name);
	}
}

static void pytype_lookup__searches_the_mro(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		addr_t base = heap_class(h, "app", "Base", h->object_type, 0, 64);
		addr_t other = heap_class(h, "app", "Other", h->object_type, 0, 64);
		addr_t child = heap_class(h, "app", "Child", base, 0, 64);
		addr_t one = heap_int(h, 1), owner = 0;
		HPUT(h, other, PyTypeObject, tp_dict,
		     heap_dict(h, 1, (addr_t[]){ heap_text(h, "x"), one }));
		const struct pytype *type = pytype_at(&h->rt, child);
		assert_true(pytype_lookup(&h->rt, type, "x", &owner) == 0);
		HPUT(h, child, PyTypeObject, tp_mro,
		     heap_tuple(h, 4, (addr_t[]){ child, base, other, h->object_type }));
		assert_true(pytype_lookup(&h->rt, type, "x", &owner) == one);
		assert_true(owner == other);
		/* Whose dict is lost could have it too. */
		HPUT(h, base, PyTypeObject, tp_dict, 0x10);
		assert_true(pytype_lookup(&h->rt, type, "x", &owner) == 0);
		assert_true(owner == base);
	}
}

/* 3.12+: the dict of a static builtin type is in the interpreter, at the index in tp_subclasses. */
static void pytype_dict__looks_into_the_interpreter(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		if (!HAS_STRUCT(l, managed_static_type_state) || v->word == 4)
			continue;
		uint32_t array = OFFSET(l, PyInterpreterState, types_builtins);
		addr_t interp = heap_alloc(h, array + 8 * SIZEOF(l, managed_static_type_state));
		addr_t entry = interp + array + 3 * SIZEOF(l, managed_static_type_state);
		addr_t dict = heap_dict(h, 0, NULL);
		h->rt.interpreters = interp;
		HPUT(h, h->float_type, PyTypeObject, tp_subclasses, 3 + 1);
		const struct pytype *type = pytype_at(&h->rt, h->float_type);
		assert_true(pytype_dict(&h->rt, type) == 0);
		HPUT(h, entry, managed_static_type_state, type, h->float_type);
		HPUT(h, entry, managed_static_type_state, tp_dict, dict);
		assert_true(pytype_dict(&h->rt, type) == dict);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pytype_at__is_cached_and_leads_to_its_base),
		cmocka_unit_test(pytype_at__names_classes_with_their_module),
		cmocka_unit_test(pytype_at__refuses_what_is_no_type),
		cmocka_unit_test(pytype_at__accepts_metaclasses),
		cmocka_unit_test(pytype_at__ends_on_a_cycle_of_bases),
		cmocka_unit_test(pytype_at__finds_a_lost_name_in_the_builtins),
		cmocka_unit_test(pytype_lookup__searches_the_mro),
		cmocka_unit_test(pytype_dict__looks_into_the_interpreter),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
