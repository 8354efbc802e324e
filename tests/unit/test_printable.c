/* str.isprintable() by the generated table of Unicode 17. */
#include "tests/unit/test.h"

#include "core/checked.h"
#include "cpython_layouts/unicode.h"

struct range { uint32_t first, last; };

static void expect_all(const struct range *ranges, size_t count, bool printable)
{
	for (size_t i = 0; i < count; i++)
		for (uint32_t c = ranges[i].first; c <= ranges[i].last; c++)
			if (character_is_printable(c) != printable)
				fail_msg("U+%04X is %sprintable", c, printable ? "not " : "");
}

static void character_is_printable__of_ascii_without_the_table(void **state)
{
	static const struct range shown[] = { { 0x20, 0x7e } };
	static const struct range escaped[] = { { 0, 0x1f }, { 0x7f, 0x7f } };
	(void)state;
	expect_all(shown, 1, true);
	expect_all(escaped, 2, false);
}

/* What would move the cursor, hide, reorder text or begin an escape sequence on a terminal. */
static void character_is_printable__never_of_what_a_terminal_acts_on(void **state)
{
	static const struct range escaped[] = {
		{ 0x80, 0x9f },			/* C1: CSI, OSC, ... */
		{ 0xa0, 0xa0 }, { 0xad, 0xad },	/* no-break space, soft hyphen */
		{ 0x61c, 0x61c },		/* Arabic letter mark */
		{ 0x180e, 0x180e },
		{ 0x2000, 0x200f },		/* spaces, zero width ones, marks of direction */
		{ 0x2028, 0x202f },		/* separators, overrides of direction */
		{ 0x205f, 0x206f },		/* isolates of direction */
		{ 0x3000, 0x3000 },
		{ 0xd800, 0xdfff },		/* surrogates */
		{ 0xe000, 0xf8ff },		/* private use */
		{ 0xfdd0, 0xfdef },		/* no characters */
		{ 0xfeff, 0xfeff }, { 0xfff9, 0xfffb }, { 0xfffe, 0xffff },
		{ 0xe0001, 0xe007f },		/* tags */
		{ 0xf0000, 0x10ffff },
	};
	(void)state;
	expect_all(escaped, ARRAY_SIZE(escaped), false);
}

static void character_is_printable__of_letters_marks_and_signs(void **state)
{
	static const struct range shown[] = {
		{ 0xa1, 0xac }, { 0xae, 0x377 },	/* Latin to Greek */
		{ 0x410, 0x44f },
		{ 0x5d0, 0x5ea },
		{ 0x2010, 0x2027 }, { 0x2030, 0x205e },
		{ 0x3001, 0x303f },
		{ 0x4e00, 0x9fff }, { 0xac00, 0xd7a3 },	/* Han, Hangul */
		{ 0xfffc, 0xfffd },
		{ 0x1f600, 0x1f64f },
		{ 0x20000, 0x2a6df },
		{ 0xe0100, 0xe01ef },			/* the last of all */
	};
	(void)state;
	expect_all(shown, ARRAY_SIZE(shown), true);
}

/* Unicode 17.0 has 159,801 characters. 172 are for formatting, and 16 are spaces other
 * than U+0020: repr() escapes both. */
static void character_is_printable__of_as_many_as_the_standard_has(void **state)
{
	unsigned count = 0;
	(void)state;
	for (uint32_t c = 0; c <= 0x10ffff; c++)
		count += character_is_printable(c);
	assert_int_equal(count, 159801 - 172 - 16);
}

static void character_is_printable__of_nothing_that_is_no_character(void **state)
{
	static const uint32_t none[] = { 0x110000, 0x110041, 0x80000041, UINT32_MAX };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		assert_false(character_is_printable(none[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(character_is_printable__of_ascii_without_the_table),
		cmocka_unit_test(character_is_printable__never_of_what_a_terminal_acts_on),
		cmocka_unit_test(character_is_printable__of_letters_marks_and_signs),
		cmocka_unit_test(character_is_printable__of_as_many_as_the_standard_has),
		cmocka_unit_test(character_is_printable__of_nothing_that_is_no_character),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
