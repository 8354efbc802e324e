#include "tests/unit/test.h"

#include "analyzers/width.h"

static void char_width__goes_by_the_rule(void **state)
{
	static const struct { uint32_t c; unsigned none, east_asian, combining; } cases[] = {
		{ 'a', 1, 1, 1 }, { '\t', 1, 1, 1 }, { 0xe9, 1, 1, 1 },
		{ 0x3b1, 1, 1, 1 },		/* Greek: ambiguous, but narrow */
		{ 0x1100, 1, 2, 2 },		/* the first wide one */
		{ 0x65e5, 1, 2, 2 }, { 0xff21, 1, 2, 2 }, { 0x1f40d, 1, 2, 2 },
		{ 0x301, 1, 1, 0 },		/* combining acute */
		{ 0x200d, 1, 1, 0 },		/* zero-width joiner */
		{ 0xad, 1, 1, 1 },		/* soft hyphen: shown */
		{ 0x3099, 1, 2, 0 },		/* wide and combining */
		{ 0x10ffff, 1, 1, 1 }, { 0xffffffff, 1, 1, 1 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(char_width(WIDTH_NONE, cases[i].c), cases[i].none);
		assert_int_equal(char_width(WIDTH_EAST_ASIAN, cases[i].c), cases[i].east_asian);
		assert_int_equal(char_width(WIDTH_COMBINING, cases[i].c), cases[i].combining);
	}
}

static void char_is_space__knows_what_str_isspace_knows(void **state)
{
	static const uint32_t spaces[] = { ' ',  '\t', '\n', '\v',   '\f',   '\r',  0x1c,
					   0x1f, 0x85, 0xa0, 0x2003, 0x2028, 0x3000 };
	static const uint32_t others[] = { 0, 'a', 0x1b, 0x200b, 0xfeff, 0x180e };
	for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++)
		assert_true(char_is_space(spaces[i]));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(char_is_space(others[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(char_width__goes_by_the_rule),
		cmocka_unit_test(char_is_space__knows_what_str_isspace_knows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
