/* repr() of what is in every heap, in all layouts, byte orders and word sizes; and its limits. */
#include "tests/unit/heap_rig.h"

static void repr__shows_numbers(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		assert_repr(h, v, heap_int(h, 0), "0");
		assert_repr(h, v, heap_int(h, -42), "-42");
		assert_repr(h, v, heap_int(h, 1 << 30), "1073741824");
		assert_repr(h, v, heap_float(h, 0.1), "0.1");
		assert_repr(h, v, heap_none(h), "None");
		assert_repr(h, v, heap_int_of(h, h->bool_type, 1), "True");
		assert_repr(h, v, heap_int_of(h, h->bool_type, 0), "False");
	}
}

static void repr__shows_text_and_bytes(void **state)
{
	(void)state;
	static const uint32_t latin[] = { 'a', 0xe9 }, greek[] = { 0x3b1, '\'' },
			      emoji[] = { 0x1f600 };
	HEAP_EACH(h, v)
	{
		bool old = h->l->dialect.unicode_27;
		assert_repr(h, v, heap_text(h, "it's\n"), "\"it's\\n\"");
		assert_repr(h, v, heap_bytes(h, "a\xff", 2), old ? "'a\\xff'" : "b'a\\xff'");
		assert_repr(h, v, heap_unicode(h, 1, latin, 2), old ? "u'a\\xe9'" : "'a\u00e9'");
		assert_repr(h, v, heap_unicode(h, 2, greek, 2),
			    old ? "u\"\\u03b1'\"" : "\"\u03b1'\"");
		assert_repr(h, v, heap_unicode(h, 4, emoji, 1),
			    old ? "u'\\U0001f600'" : "'\U0001f600'");
	}
}

static void repr__shows_containers(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		addr_t one = heap_int(h, 1), x = heap_text(h, "x"), none = heap_none(h);
		addr_t list = heap_list(h, 2, (addr_t[]){ one, x });
		addr_t tuple = heap_tuple(h, 1, (addr_t[]){ list });
		assert_repr(h, v, heap_list(h, 0, NULL), "[]");
		assert_repr(h, v, heap_tuple(h, 0, NULL), "()");
		assert_repr(h, v, tuple, "([1, 'x'],)");
		assert_repr(h, v, heap_dict(h, 0, NULL), "{}");
		assert_repr(h, v, heap_dict(h, 3, (addr_t[]){ x, tuple, one, 0, one, none }),
			    "{'x': ([1, 'x'],), 1: None}");
	}
}

static void repr__shows_a_cycle_as_python_does(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		addr_t list = heap_list(h, 1, (addr_t[]){ 0 });
		addr_t tuple = heap_tuple(h, 1, (addr_t[]){ list });
		heap_word(h, GET(h->l, heap_at(h, list), PyListObject, ob_item), tuple);
		assert_repr(h, v, list, "[([...],)]");
		assert_repr(h, v, tuple, "([(...)],)");
	}
}

static void repr__names_a_class_that_it_does_not_know(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		char expected[64];
		addr_t class = heap_class(h, "app", "Outer.Session", h->object_type, 0,
					  SIZEOF(h->l, PyObject));
		addr_t at = heap_object(h, class, 64);
		snprintf(expected, sizeof(expected), "<app.%s object at 0x%" PRIx64 ">",
			 h->l->dialect.unicode_27 ? "Session" : "Outer.Session", at);
		assert_repr(h, v, at, expected);
		snprintf(expected, sizeof(expected), "<class 'app.%s'>",
			 h->l->dialect.unicode_27 ? "Session" : "Outer.Session");
		assert_repr(h, v, class, expected);
	}
}

static const struct heap_variant one = { "3.12", 8, false };

static void repr__says_what_is_lost(void **state)
{
	(void)state;
	struct heap *h = heap_new(&one);
	addr_t freed = heap_int(h, 5);
	HPUT(h, freed, PyObject, ob_refcnt, 0);
	addr_t linked = heap_int(h, 5);
	HPUT(h, linked, PyObject, ob_refcnt, 0x7f0012345678);
	char expected[200];
	snprintf(expected, sizeof(expected),
		 "[<lost 0x99999990>, <lost 0x%" PRIx64 ">, <lost 0x%" PRIx64 ">, <NULL>]", freed,
		 linked);
	assert_repr(h, &one, heap_list(h, 4, (addr_t[]){ 0x99999990, freed, linked, 0 }), expected);
	addr_t list = heap_list(h, 1, (addr_t[]){ freed });
	HPUT(h, list, PyListObject, ob_item, 0x77777770);
	snprintf(expected, sizeof(expected), "<lost 0x%" PRIx64 ">", list);
	assert_repr(h, &one, list, expected);
	heap_free(h);
}

static void repr__cuts_at_its_length(void **state)
{
	(void)state;
	struct heap *h = heap_new(&one);
	_str_ struct str out = STR_INIT;
	addr_t items[300];
	static const uint32_t greek[] = { 0x3b1, 0x3b2 };
	for (size_t i = 0; i < ARRAY_SIZE(items); i++)
		items[i] = heap_unicode(h, 2, greek, 2);
	addr_t list = heap_list(h, ARRAY_SIZE(items), items);
	assert_true(object_repr(&h->rt, list, &repr_limits_json, &out));
	size_t characters = 0;
	for (size_t i = 0; i < out.len; i++)
		characters += ((uint8_t)out.buf[i] & 0xc0) != 0x80;
	assert_int_equal(characters, 1000);
	assert_true(has_prefix(out.buf, "['\u03b1\u03b2', '\u03b1\u03b2', "));
	str_reset(&out);
	assert_true(object_repr(&h->rt, list, &repr_limits_text, &out));
	assert_string_equal(out.buf + out.len - 3, "...");
	heap_free(h);
}

static void repr__keeps_to_depth_items_and_text(void **state)
{
	(void)state;
	struct heap *h = heap_new(&one);
	const struct repr_limits limits = {
		.depth = 2, .length = 100, .items = 2, .text = 3, .dots = true
	};
	_str_ struct str out = STR_INIT;
	addr_t deep =
		heap_list(h, 1, (addr_t[]){ heap_list(h, 1, (addr_t[]){ heap_list(h, 0, NULL) }) });
	assert_true(object_repr(&h->rt, deep, &limits, &out));
	assert_string_equal(out.buf, "[[[...]]]");
	str_reset(&out);
	addr_t n = heap_int(h, 7);
	assert_true(object_repr(&h->rt, heap_tuple(h, 3, (addr_t[]){ n, n, n }), &limits, &out));
	assert_string_equal(out.buf, "(7, 7, ...)");
	str_reset(&out);
	assert_true(object_repr(&h->rt, heap_text(h, "abcdef"), &limits, &out));
	assert_string_equal(out.buf, "'abc...'");
	heap_free(h);
}

static void repr__ends_on_nonsense(void **state)
{
	(void)state;
	struct heap *h = heap_new(&one);
	_str_ struct str out = STR_INIT;
	/* A chain of 1000 lists, each the other's only item: deeper than any limit. */
	addr_t inner = heap_list(h, 0, NULL);
	for (int i = 0; i < 1000; i++)
		inner = heap_list(h, 1, &inner);
	assert_true(object_repr(&h->rt, inner, &repr_limits_json, &out));
	addr_t list = heap_list(h, 1, &inner);
	HPUT(h, list, PyVarObject, ob_size, INT64_C(1) << 60);
	str_reset(&out);
	assert_true(object_repr(&h->rt, list, &repr_limits_json, &out));
	addr_t dict = heap_dict(h, 1, (addr_t[]){ inner, inner });
	addr_t keys = GET(h->l, heap_at(h, dict), PyDictObject, ma_keys);
	HPUT(h, keys, PyDictKeysObject, dk_log2_size, 200);
	char expected[64];
	snprintf(expected, sizeof(expected), "<lost 0x%" PRIx64 ">", dict);
	assert_repr(h, &one, dict, expected);
	heap_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(repr__shows_numbers),
		cmocka_unit_test(repr__shows_text_and_bytes),
		cmocka_unit_test(repr__shows_containers),
		cmocka_unit_test(repr__shows_a_cycle_as_python_does),
		cmocka_unit_test(repr__names_a_class_that_it_does_not_know),
		cmocka_unit_test(repr__says_what_is_lost),
		cmocka_unit_test(repr__cuts_at_its_length),
		cmocka_unit_test(repr__keeps_to_depth_items_and_text),
		cmocka_unit_test(repr__ends_on_nonsense),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
