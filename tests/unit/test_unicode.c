/* Text in all the forms that str had, and what its repr() escapes. */
#include "tests/unit/heap_rig.h"

#include "cpython_layouts/unicode.h"

static void object_text__reads_every_width(void **state)
{
	(void)state;
	static const uint32_t latin[] = { 'a', 0xe9 }, greek[] = { 0x3b1, 0x3b2 },
			      emoji[] = { 'x', 0x1f600 };
	HEAP_EACH(h, v)
	{
		_str_ struct str out = STR_INIT;
		bool cut = true;
		assert_true(object_text(&h->rt, heap_text(h, "plain"), 100, &out, &cut));
		assert_true(object_text(&h->rt, heap_unicode(h, 1, latin, 2), 100, &out, NULL));
		assert_true(object_text(&h->rt, heap_unicode(h, 2, greek, 2), 100, &out, NULL));
		assert_true(object_text(&h->rt, heap_unicode(h, 4, emoji, 2), 100, &out, NULL));
		assert_string_equal(out.buf, "plaina\u00e9\u03b1\u03b2x\U0001f600");
		assert_false(cut);
	}
}

static void object_text__cuts_by_characters(void **state)
{
	(void)state;
	static const uint32_t greek[] = { 0x3b1, 0x3b2, 0x3b3 };
	HEAP_EACH(h, v)
	{
		_str_ struct str out = STR_INIT;
		bool cut = false;
		assert_true(object_text(&h->rt, heap_unicode(h, 2, greek, 3), 2, &out, &cut));
		assert_string_equal(out.buf, "\u03b1\u03b2");
		assert_true(cut);
	}
}

static void object_text__joins_surrogates_of_two_byte_builds_of_27(void **state)
{
	(void)state;
	struct heap *h = heap_new(&(struct heap_variant){ "2.7", 8, false });
	h->rt.layout.unicode_unit = 2;
	static const uint32_t pair[] = { 0xd83d, 0xde00, 0xd800 };
	_str_ struct str out = STR_INIT;
	addr_t at = heap_unicode(h, 2, pair, 3);
	assert_true(object_text(&h->rt, at, 100, &out, NULL));
	assert_memory_equal(out.buf, "\U0001f600\xed\xa0\x80", out.len);
	heap_assert_repr(h, "2.7 ucs2", at, "u'\\U0001f600\\ud800'");
	heap_free(h);
}

/* Up to 3.11 a str made by the old C API had wchar_t units and nothing else until it was used. */
static void object_text__reads_a_str_that_is_not_ready(void **state)
{
	(void)state;
	static const uint32_t units[] = { 'o', 0x3b1 };
	HEAP_EACH(h, v)
	{
		if (!HAS(h->l, PyASCIIObject, wstr))
			continue;
		addr_t data = heap_alloc(h, 16);
		heap_units(h, data, 4, units, 2);
		addr_t at = heap_object(h, h->str_type, SIZEOF(h->l, PyUnicodeObject));
		HPUT(h, at, PyASCIIObject, wstr, data);
		HPUT(h, at, PyCompactUnicodeObject, wstr_length, 2);
		_str_ struct str out = STR_INIT;
		assert_true(object_text(&h->rt, at, 100, &out, NULL));
		assert_string_equal(out.buf, "o\u03b1");
	}
}

static void object_text__refuses_what_is_no_text_or_lost(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		_str_ struct str out = STR_INIT;
		str_adds(&out, "kept");
		assert_false(object_text(&h->rt, heap_int(h, 1), 100, &out, NULL));
		assert_false(object_text(&h->rt, 0, 100, &out, NULL));
		assert_false(object_text(&h->rt, 0x99999990, 100, &out, NULL));
		addr_t at = heap_text(h, "long");
		if (h->l->dialect.unicode_27)
			HPUT(h, at, PyVarObject, ob_size, INT64_C(1) << 28);
		else
			HPUT(h, at, PyASCIIObject, length, INT64_C(1) << 28);
		assert_false(object_text(&h->rt, at, SIZE_MAX, &out, NULL));
		assert_string_equal(out.buf, "kept");
	}
}

static void object_name__is_one_string_for_one_object(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		addr_t at = heap_text(h, "name");
		const char *name = object_name(&h->rt, at);
		assert_string_equal(name, "name");
		assert_ptr_equal(object_name(&h->rt, at), name);
		assert_null(object_name(&h->rt, heap_int(h, 3)));
	}
}

static void text_equals__compares_whole_names(void **state)
{
	(void)state;
	static const uint32_t wide[] = { 'n', 'a', 'm', 'e' };
	HEAP_EACH(h, v)
	{
		addr_t at = heap_text(h, "name");
		assert_true(text_equals(&h->rt, at, "name", 4));
		assert_false(text_equals(&h->rt, at, "nam", 3));
		assert_false(text_equals(&h->rt, at, "names", 5));
		assert_false(text_equals(&h->rt, at, "nome", 4));
		assert_true(text_equals(&h->rt, heap_unicode(h, 2, wide, 4), "name", 4));
	}
}

static void assert_escaped(const uint32_t *units, size_t len, bool old, const char *expected)
{
	static const struct machine host = { .word = 8 };
	struct characters c = {
		.machine = &host, .data = (const uint8_t *)units, .len = len, .seen = len, .unit = 4
	};
	_str_ struct str out = STR_INIT;
	bool cut = false;
	characters_repr(&c, 1000, old, &out, &cut);
	assert_string_equal(out.buf, expected);
	assert_false(cut);
}
#define ESCAPED(old, expected, ...)                                                                \
	assert_escaped((const uint32_t[]){ __VA_ARGS__ }, sizeof((uint32_t[]){ __VA_ARGS__ }) / 4, \
		       old, expected)

static void characters_repr__chooses_quotes_and_escapes(void **state)
{
	(void)state;
	ESCAPED(false, "'a\"b'", 'a', '"', 'b');
	ESCAPED(false, "\"it's\"", 'i', 't', '\'', 's');
	ESCAPED(false, "'\\'\"'", '\'', '"');
	ESCAPED(false, "'\\\\\\t\\n\\r\\x00\\x1b\\x7f'", '\\', '\t', '\n', '\r', 0, 0x1b, 0x7f);
	ESCAPED(false, "'\u00e9\u65e5\U0001f600'", 0xe9, 0x65e5, 0x1f600);
	ESCAPED(false, "'\\x85\\xa0\\xad\\u200b\\u202e\\u2028\\ue000\\ud800\\U000e0001'", 0x85,
		0xa0, 0xad, 0x200b, 0x202e, 0x2028, 0xe000, 0xd800, 0xe0001);
	ESCAPED(true, "'\\xe9\\u65e5\\U0001f600'", 0xe9, 0x65e5, 0x1f600);
	ESCAPED(false, "'\\U00110000'", 0x110000); /* no character at all */
}

static void bytes_escape__follows_bytes_and_bytearray(void **state)
{
	(void)state;
	static const uint8_t bytes[] = "it's \xff\n";
	_str_ struct str out = STR_INIT;
	assert_int_equal(bytes_quote(bytes, 7), '"');
	bytes_escape(bytes, 7, '"', false, &out);
	assert_string_equal(out.buf, "it's \\xff\\n");
	str_reset(&out);
	bytes_escape(bytes, 7, '"', true, &out);
	assert_string_equal(out.buf, "it\\'s \\xff\\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(object_text__reads_every_width),
		cmocka_unit_test(object_text__cuts_by_characters),
		cmocka_unit_test(object_text__joins_surrogates_of_two_byte_builds_of_27),
		cmocka_unit_test(object_text__reads_a_str_that_is_not_ready),
		cmocka_unit_test(object_text__refuses_what_is_no_text_or_lost),
		cmocka_unit_test(object_name__is_one_string_for_one_object),
		cmocka_unit_test(text_equals__compares_whole_names),
		cmocka_unit_test(characters_repr__chooses_quotes_and_escapes),
		cmocka_unit_test(bytes_escape__follows_bytes_and_bytearray),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
