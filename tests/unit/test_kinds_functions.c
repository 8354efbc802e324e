/* Functions, methods and what else is called, drawn in every shape. */
#include "tests/unit/heap_rig.h"

static bool is_old(const struct heap *h)
{
	return h->l->version.major < 3;
}

static addr_t draw_function(struct heap *h, const char *qualname)
{
	const struct layout *l = h->l;
	const char *dot = strrchr(qualname, '.');
	addr_t type = heap_type(h, "function", h->object_type, 0, SIZEOF(l, PyFunctionObject));
	addr_t at = heap_object(h, type, SIZEOF(l, PyFunctionObject));
	HPUT(h, at, PyFunctionObject, func_name, heap_text(h, dot ? dot + 1 : qualname));
	HPUT(h, at, PyFunctionObject, func_qualname, heap_text(h, qualname));
	return at;
}

static void function__is_called_by_its_qualified_name(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		char expected[64];
		addr_t at = draw_function(h, "C.f");
		snprintf(expected, sizeof(expected), "<function %s at 0x%" PRIx64 ">",
			 is_old(h) ? "f" : "C.f", at);
		assert_repr(h, v, at, expected);
	}
}

static void method__shows_what_it_is_bound_to(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		addr_t class = heap_class(h, "app", "C", h->object_type, 0, SIZEOF(l, PyObject));
		addr_t type = heap_type(h, is_old(h) ? "instancemethod" : "method", h->object_type,
					0, SIZEOF(l, PyMethodObject));
		addr_t at = heap_object(h, type, SIZEOF(l, PyMethodObject));
		HPUT(h, at, PyMethodObject, im_func, draw_function(h, "C.f"));
		HPUT(h, at, PyMethodObject, im_class, class);
		if (is_old(h))
			assert_repr(h, v, at, "<unbound method C.f>");
		HPUT(h, at, PyMethodObject, im_self, heap_int(h, 7));
		assert_repr(h, v, at, "<bound method C.f of 7>");
	}
}

static addr_t draw_builtin(struct heap *h, addr_t name, addr_t self)
{
	const struct layout *l = h->l;
	addr_t type = heap_type(h, "builtin_function_or_method", h->object_type, 0,
				SIZEOF(l, PyCFunctionObject));
	addr_t at = heap_object(h, type, SIZEOF(l, PyCFunctionObject));
	addr_t def = heap_alloc(h, SIZEOF(l, PyMethodDef));
	HPUT(h, def, PyMethodDef, ml_name, name);
	HPUT(h, at, PyCFunctionObject, m_ml, def);
	HPUT(h, at, PyCFunctionObject, m_self, self);
	return at;
}

static void builtin__is_a_function_or_an_objects_method(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		char expected[64];
		addr_t name = heap_raw(h, "append", 6), list = heap_list(h, 0, NULL);
		assert_repr(h, v, draw_builtin(h, name, 0), "<built-in function append>");
		snprintf(expected, sizeof(expected),
			 "<built-in method append of list object at 0x%" PRIx64 ">", list);
		assert_repr(h, v, draw_builtin(h, name, list), expected);
		assert_repr(h, v, draw_builtin(h, 0x99999990, 0), "<built-in function ?>");
	}
}

static void builtin__whose_name_was_not_dumped_is_found_in_its_module(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		addr_t module = heap_object(
			h, heap_type(h, "module", h->object_type, 0, SIZEOF(l, PyModuleObject)),
			SIZEOF(l, PyModuleObject));
		addr_t at = draw_builtin(h, 0x99999990, module);
		HPUT(h, module, PyModuleObject, md_dict,
		     heap_dict(h, 2,
			       (addr_t[]){ heap_text(h, "x"), heap_int(h, 1), heap_text(h, "sleep"),
					   at }));
		assert_repr(h, v, at, "<built-in function sleep>");
	}
}

static void descriptor__names_its_type(void **state)
{
	(void)state;
	static const struct {
		const char *type, *shown;
	} descriptors[] = {
		{ "method_descriptor", "<method 'x' of 'int' objects>" },
		{ "wrapper_descriptor", "<slot wrapper 'x' of 'int' objects>" },
		{ "getset_descriptor", "<attribute 'x' of 'int' objects>" },
		{ "member_descriptor", "<member 'x' of 'int' objects>" },
	};
	HEAP_EACH(h, v)
	{
		for (size_t i = 0; i < ARRAY_SIZE(descriptors); i++) {
			size_t size = SIZEOF(h->l, PyDescrObject);
			addr_t at = heap_object(
				h, heap_type(h, descriptors[i].type, h->object_type, 0, size),
				size);
			HPUT(h, at, PyDescrObject, d_type, h->int_type);
			HPUT(h, at, PyDescrObject, d_name, heap_text(h, "x"));
			assert_repr(h, v, at, descriptors[i].shown);
		}
	}
}

static void partial__shows_its_arguments(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		if (is_old(h) || !SIZEOF(l, partialobject))
			continue;
		addr_t at = heap_object(h,
					heap_type(h, "functools.partial", h->object_type, 0,
						  SIZEOF(l, partialobject)),
					SIZEOF(l, partialobject));
		HPUT(h, at, partialobject, fn, h->int_type);
		HPUT(h, at, partialobject, args, heap_tuple(h, 1, (addr_t[]){ heap_text(h, "1") }));
		HPUT(h, at, partialobject, kw,
		     heap_dict(h, 1, (addr_t[]){ heap_text(h, "base"), heap_int(h, 2) }));
		assert_repr(h, v, at, "functools.partial(<class 'int'>, '1', base=2)");
		HPUT(h, at, partialobject, args, heap_tuple(h, 1, (addr_t[]){ at }));
		assert_repr(h, v, at, "functools.partial(<class 'int'>, ..., base=2)");
	}
}

static void generator__has_a_name_of_its_own(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		if (!HAS(l, PyGenObject, gi_qualname))
			continue;
		char expected[64];
		size_t size = OFFSET(l, PyGenObject, gi_qualname) + h->machine.word;
		addr_t at =
			heap_object(h, heap_type(h, "generator", h->object_type, 0, size), size);
		HPUT(h, at, PyGenObject, gi_qualname, heap_text(h, "C.items"));
		snprintf(expected, sizeof(expected), "<generator object C.items at 0x%" PRIx64 ">",
			 at);
		assert_repr(h, v, at, expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(function__is_called_by_its_qualified_name),
		cmocka_unit_test(method__shows_what_it_is_bound_to),
		cmocka_unit_test(builtin__is_a_function_or_an_objects_method),
		cmocka_unit_test(builtin__whose_name_was_not_dumped_is_found_in_its_module),
		cmocka_unit_test(descriptor__names_its_type),
		cmocka_unit_test(partial__shows_its_arguments),
		cmocka_unit_test(generator__has_a_name_of_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
