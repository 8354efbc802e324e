/* bytearray's three layouts, and the limit of text. */
#include "tests/unit/heap_rig.h"

static void bytearray__begins_where_it_says(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		addr_t type =
			heap_type(h, "bytearray", h->object_type, 0, SIZEOF(l, PyByteArrayObject));
		addr_t at = heap_object(h, type, SIZEOF(l, PyByteArrayObject));
		addr_t buffer = heap_raw(h, "xxit's\0", 7);
		HPUT(h, at, PyVarObject, ob_size, 5);
		HPUT(h, at, PyByteArrayObject, ob_bytes,
		     HAS(l, PyByteArrayObject, ob_start) ? buffer : buffer + 2);
		HPUT(h, at, PyByteArrayObject, ob_start, buffer + 2);
		bool newest = l->version.major == 3 && l->version.minor >= 15;
		assert_repr(h, v, at,
			    newest ? "bytearray(b\"it's\\x00\")" : "bytearray(b\"it\\'s\\x00\")");
		HPUT(h, at, PyVarObject, ob_size, 0);
		assert_repr(h, v, at, "bytearray(b'')");
	}
}

static void str__keeps_the_quote_of_the_whole_when_it_is_cut(void **state)
{
	(void)state;
	const struct repr_limits limits = { .depth = 4, .length = 100, .items = 10, .text = 3 };
	HEAP_EACH(h, v)
	{
		_str_ struct str out = STR_INIT;
		assert_true(object_repr(&h->rt, heap_text(h, "abcd'"), &limits, &out));
		assert_string_equal(out.buf, "\"abc...\"");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytearray__begins_where_it_says),
		cmocka_unit_test(str__keeps_the_quote_of_the_whole_when_it_is_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
