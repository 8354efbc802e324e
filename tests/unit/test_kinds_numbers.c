/* 2.7's two ints, complex, the singletons. */
#include "tests/unit/heap_rig.h"

static void long__has_an_l_in_27_only(void **state)
{
	(void)state;
	static const uint32_t digits[] = { 0, 0, 0, 0, 0, 1 };
	HEAP_EACH(h, v)
	{
		bool old = h->l->version.major < 3;
		addr_t type = old ? heap_type(h, "long", h->object_type, TPFLAGS_LONG_SUBCLASS,
					      OFFSET(h->l, PyLongObject, ob_digit))
				  : h->int_type;
		addr_t at =
			heap_digits(h, type, true, digits, h->l->dialect.long_shift == 15 ? 6 : 4);
		assert_repr(h, v, heap_digits(h, type, false, NULL, 0), old ? "0L" : "0");
		if (h->l->dialect.long_shift == 15)
			assert_repr(h, v, at, "-37778931862957161709568L"); /* 2^75 */
	}
}

static void subclass__shows_as_its_base(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		bool old = h->l->version.major < 3;
		uint64_t flag = old ? TPFLAGS_INT_SUBCLASS : TPFLAGS_LONG_SUBCLASS;
		addr_t class = heap_class(h, "app", "Count", h->int_type, flag,
					  old ? SIZEOF(h->l, PyIntObject)
					      : OFFSET(h->l, PyLongObject, ob_digit));
		assert_repr(h, v, heap_int_of(h, class, 7), "7");
	}
}

static void complex__reads_both_parts(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		addr_t type = heap_type(h, "complex", h->object_type, 0,
					OFFSET(l, PyComplexObject, cval_imag) + 8);
		addr_t at = heap_object(h, type, OFFSET(l, PyComplexObject, cval_imag) + 8);
		heap_double(h, at + OFFSET(l, PyComplexObject, cval_real), 1.5);
		heap_double(h, at + OFFSET(l, PyComplexObject, cval_imag), -2);
		assert_repr(h, v, at, "(1.5-2j)");
	}
}

static void singletons__have_names(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		size_t size = SIZEOF(h->l, PyObject);
		assert_repr(h, v,
			    heap_object(h, heap_type(h, "ellipsis", h->object_type, 0, size), size),
			    "Ellipsis");
		assert_repr(h, v,
			    heap_object(h,
					heap_type(h, "NotImplementedType", h->object_type, 0, size),
					size),
			    "NotImplemented");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(long__has_an_l_in_27_only),
		cmocka_unit_test(subclass__shows_as_its_base),
		cmocka_unit_test(complex__reads_both_parts),
		cmocka_unit_test(singletons__have_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
