#include "tests/unit/test.h"

#include "core/str.h"

static void str__is_an_empty_string_before_anything_is_added(void **state)
{
	_str_ struct str s = STR_INIT;
	assert_string_equal(s.buf, "");
	str_truncate(&s, 0);
	assert_int_equal(s.len, 0);
}

static void str_add__keeps_nul_bytes_and_ends_with_one(void **state)
{
	_str_ struct str s = STR_INIT;
	str_add(&s, "a\0b", 3);
	assert_int_equal(s.len, 3);
	assert_memory_equal(s.buf, "a\0b\0", 4);
}

static void str_printf__grows_past_its_first_buffer(void **state)
{
	_str_ struct str s = STR_INIT;
	for (int i = 0; i < 1000; i++)
		str_printf(&s, "%04d", i);
	assert_int_equal(s.len, 4000);
	assert_memory_equal(s.buf + 3996, "0999", 5);
}

static void str_printf__fits_exactly_at_the_end_of_the_buffer(void **state)
{
	for (size_t fill = 60; fill < 68; fill++) {
		_str_ struct str s = STR_INIT;
		for (size_t i = 0; i < fill; i++)
			str_addc(&s, 'x');
		str_printf(&s, "%s", "abc");
		assert_int_equal(s.len, fill + 3);
		assert_string_equal(s.buf + fill, "abc");
	}
}

static void str_add_utf8__encodes_each_length_and_surrogates(void **state)
{
	_str_ struct str s = STR_INIT;
	str_add_utf8(&s, 'A');
	str_add_utf8(&s, 0xe9);
	str_add_utf8(&s, 0x20ac);
	str_add_utf8(&s, 0x1f600);
	str_add_utf8(&s, 0xdc80);
	str_add_utf8(&s, 0x110000);
	assert_string_equal(s.buf, "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xed\xb2\x80\xef\xbf\xbd");
}

static void str_reserve__remembers_that_memory_was_out(void **state)
{
	_str_ struct str s = STR_INIT;
	assert_false(str_reserve(&s, SIZE_MAX));
	assert_true(s.failed);
	str_adds(&s, "ignored");
	assert_int_equal(s.len, 0);
	assert_null(str_detach(&s));
}

static void str_detach__hands_over_the_bytes(void **state)
{
	struct str s = STR_INIT;
	str_adds(&s, "kept");
	char *kept = str_detach(&s);
	assert_string_equal(kept, "kept");
	assert_int_equal(s.alloc, 0);
	free(kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(str__is_an_empty_string_before_anything_is_added),
		cmocka_unit_test(str_add__keeps_nul_bytes_and_ends_with_one),
		cmocka_unit_test(str_printf__grows_past_its_first_buffer),
		cmocka_unit_test(str_printf__fits_exactly_at_the_end_of_the_buffer),
		cmocka_unit_test(str_add_utf8__encodes_each_length_and_surrogates),
		cmocka_unit_test(str_reserve__remembers_that_memory_was_out),
		cmocka_unit_test(str_detach__hands_over_the_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
