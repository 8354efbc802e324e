/* Classes, modules, cells, weak references and 2.7's classic classes. */
#include "tests/unit/heap_rig.h"

static bool is_old(const struct heap *h)
{
	return h->l->version.major < 3;
}

static void type__is_told_from_a_class_in_27(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		assert_repr(h, v, h->dict_type, is_old(h) ? "<type 'dict'>" : "<class 'dict'>");
		assert_repr(h, v, h->rt.type_type, is_old(h) ? "<type 'type'>" : "<class 'type'>");
	}
}

static addr_t draw_module(struct heap *h, size_t pairs, const addr_t *items)
{
	size_t size = SIZEOF(h->l, PyModuleObject);
	addr_t at = heap_object(h, heap_type(h, "module", h->object_type, 0, size), size);
	HPUT(h, at, PyModuleObject, md_dict, heap_dict(h, pairs, items));
	return at;
}

static void module__is_named_with_its_file(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		addr_t items[] = { heap_text(h, "__name__"), heap_text(h, "json"),
				   heap_text(h, "__file__"), heap_text(h, "/lib/json.py") };
		assert_repr(h, v, draw_module(h, 2, items), "<module 'json' from '/lib/json.py'>");
		assert_repr(h, v, draw_module(h, 1, items),
			    is_old(h) ? "<module 'json' (built-in)>" : "<module 'json'>");
	}
}

static void module__asks_its_spec_first(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		if (is_old(h))
			continue;
		/* a spec with a dict of its own, where dialects before 3.11 have it */
		if (l->dialect.attributes != ATTRIBUTES_DICTOFFSET)
			continue;
		addr_t class = heap_class(h, "_frozen_importlib", "ModuleSpec", h->object_type, 0,
					  SIZEOF(l, PyObject) + h->machine.word);
		HPUT(h, class, PyTypeObject, tp_dictoffset, SIZEOF(l, PyObject));
		addr_t spec = heap_object(h, class, 64);
		addr_t items[] = { heap_text(h, "name"),          heap_text(h, "sys"),
				   heap_text(h, "origin"),        heap_text(h, "built-in"),
				   heap_text(h, "_set_fileattr"), heap_int(h, 0) };
		heap_word(h, spec + SIZEOF(l, PyObject), heap_dict(h, 3, items));
		addr_t at = draw_module(h, 2,
					(addr_t[]){ heap_text(h, "__name__"), heap_text(h, "other"),
						    heap_text(h, "__spec__"), spec });
		assert_repr(h, v, at, "<module 'sys' (built-in)>");
		HPUT(h, items[5], PyVarObject, ob_size, 0);
		items[5] = heap_int(h, 1);
		heap_word(h, spec + SIZEOF(l, PyObject), heap_dict(h, 3, items));
		assert_repr(h, v, at, "<module 'sys' from 'built-in'>");
	}
}

static void cell__shows_the_type_of_what_it_holds(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		char expected[96];
		size_t size = SIZEOF(h->l, PyCellObject);
		addr_t at = heap_object(h, heap_type(h, "cell", h->object_type, 0, size), size);
		snprintf(expected, sizeof(expected), "<cell at 0x%" PRIx64 ": empty>", at);
		assert_repr(h, v, at, expected);
		addr_t held = heap_int(h, 5);
		HPUT(h, at, PyCellObject, ob_ref, held);
		snprintf(expected, sizeof(expected),
			 "<cell at 0x%" PRIx64 ": int object at 0x%" PRIx64 ">", at, held);
		assert_repr(h, v, at, expected);
	}
}

static void weakref__is_dead_or_says_to_what(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		char expected[96];
		size_t size = SIZEOF(h->l, PyWeakReference);
		addr_t at = heap_object(h, heap_type(h, "weakref", h->object_type, 0, size), size);
		HPUT(h, at, PyWeakReference, wr_object, heap_none(h));
		snprintf(expected, sizeof(expected), "<weakref at 0x%" PRIx64 "; dead>", at);
		assert_repr(h, v, at, expected);
		addr_t to = heap_int(h, 5);
		HPUT(h, at, PyWeakReference, wr_object, to);
		snprintf(expected, sizeof(expected),
			 "<weakref at 0x%" PRIx64 "; to 'int' at 0x%" PRIx64 ">", at, to);
		assert_repr(h, v, at, expected);
	}
}

static void classic__classes_and_instances(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		if (!HAS_STRUCT(l, PyClassObject))
			continue;
		char expected[64];
		addr_t class = heap_object(
			h, heap_type(h, "classobj", h->object_type, 0, SIZEOF(l, PyClassObject)),
			SIZEOF(l, PyClassObject));
		addr_t at = heap_object(
			h, heap_type(h, "instance", h->object_type, 0, SIZEOF(l, PyInstanceObject)),
			SIZEOF(l, PyInstanceObject));
		HPUT(h, class, PyClassObject, cl_name, heap_text(h, "Old"));
		HPUT(h, class, PyClassObject, cl_dict,
		     heap_dict(h, 1,
			       (addr_t[]){ heap_text(h, "__module__"), heap_text(h, "app") }));
		HPUT(h, at, PyInstanceObject, in_class, class);
		snprintf(expected, sizeof(expected), "<class app.Old at 0x%" PRIx64 ">", class);
		assert_repr(h, v, class, expected);
		snprintf(expected, sizeof(expected), "<app.Old instance at 0x%" PRIx64 ">", at);
		assert_repr(h, v, at, expected);
	}
}

static void namespace__is_sorted_before_39(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		size_t size = SIZEOF(h->l, PySimpleNamespace);
		if (!size)
			continue;
		addr_t at = heap_object(
			h, heap_type(h, "types.SimpleNamespace", h->object_type, 0, size), size);
		addr_t dict = heap_dict(
			h, 2,
			(addr_t[]){ heap_text(h, "b"), heap_int(h, 1), heap_text(h, "a"), at });
		HPUT(h, at, PySimpleNamespace, ns_dict, dict);
		assert_repr(h, v, at,
			    h->l->version.minor < 9 ? "namespace(a=namespace(...), b=1)"
						    : "namespace(b=1, a=namespace(...))");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(type__is_told_from_a_class_in_27),
		cmocka_unit_test(module__is_named_with_its_file),
		cmocka_unit_test(module__asks_its_spec_first),
		cmocka_unit_test(cell__shows_the_type_of_what_it_holds),
		cmocka_unit_test(weakref__is_dead_or_says_to_what),
		cmocka_unit_test(classic__classes_and_instances),
		cmocka_unit_test(namespace__is_sorted_before_39),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
