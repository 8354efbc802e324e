#include "tests/unit/test.h"

#include "report/utf8.h"

static uint32_t next(const char *bytes, size_t len, size_t *used)
{
	uint32_t c;
	*used = utf8_next((const uint8_t *)bytes, (const uint8_t *)bytes + len, &c);
	return c;
}

/* Encode by the definition, decode by ours, over every code point. */
static void utf8_next__decodes_every_code_point(void **state)
{
	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		char b[4];
		size_t len, used;
		if (c < 0x80) {
			b[0] = (char)c;
			len = 1;
		} else if (c < 0x800) {
			b[0] = (char)(0xc0 | c >> 6);
			b[1] = (char)(0x80 | (c & 0x3f));
			len = 2;
		} else if (c < 0x10000) {
			b[0] = (char)(0xe0 | c >> 12);
			b[1] = (char)(0x80 | (c >> 6 & 0x3f));
			b[2] = (char)(0x80 | (c & 0x3f));
			len = 3;
		} else {
			b[0] = (char)(0xf0 | c >> 18);
			b[1] = (char)(0x80 | (c >> 12 & 0x3f));
			b[2] = (char)(0x80 | (c >> 6 & 0x3f));
			b[3] = (char)(0x80 | (c & 0x3f));
			len = 4;
		}
		assert_int_equal(next(b, len, &used), c);
		assert_int_equal(used, len);
		if (len > 1) {
			assert_int_equal(next(b, len - 1, &used), UTF8_INVALID);
			assert_int_equal(used, len - 1);
		}
	}
}

static void utf8_next__never_takes_a_good_byte_for_bad(void **state)
{
	size_t used;
	assert_int_equal(next("\xe6\x97x", 3, &used), UTF8_INVALID);
	assert_int_equal(used, 2);
	assert_int_equal(next("\xc3(", 2, &used), UTF8_INVALID);
	assert_int_equal(used, 1);
	assert_int_equal(next("\xe0\x80\x80", 3, &used), UTF8_INVALID);
	assert_int_equal(used, 1);
	assert_int_equal(next("\x80", 1, &used), UTF8_INVALID);
	assert_int_equal(used, 1);
	assert_int_equal(next("\xf5\x80\x80\x80", 4, &used), UTF8_INVALID);
	assert_int_equal(used, 1);
}

static void utf8_is_unsafe__spares_letters(void **state)
{
	assert_false(utf8_is_unsafe('a'));
	assert_false(utf8_is_unsafe(0xe9));
	assert_false(utf8_is_unsafe(0x5d0));	/* a Hebrew letter is text, not an override */
	assert_false(utf8_is_unsafe(0x1f600));
	assert_true(utf8_is_unsafe(0x1b));
	assert_true(utf8_is_unsafe(0x85));
	assert_true(utf8_is_unsafe(0x202e));
	assert_true(utf8_is_unsafe(0x2069));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_next__decodes_every_code_point),
		cmocka_unit_test(utf8_next__never_takes_a_good_byte_for_bad),
		cmocka_unit_test(utf8_is_unsafe__spares_letters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
