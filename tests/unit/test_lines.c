#include "tests/unit/test.h"

#include "core/checked.h"
#include "cpython_layouts/code.h"

static int64_t lnotab(const uint8_t *table, size_t len, bool is_signed, int64_t lasti)
{
	int64_t line = -77;
	assert_true(lines_lnotab(table, len, is_signed, 100, lasti, &line));
	return line;
}

/* bytes 0-5 line 100, 6-13 line 101, from 14 on line 141 */
static void lines_lnotab__adds_up_to_the_instruction(void **state)
{
	static const uint8_t table[] = { 6, 1, 8, 40 };
	assert_int_equal(lnotab(table, sizeof(table), true, -1), 100);
	assert_int_equal(lnotab(table, sizeof(table), true, 0), 100);
	assert_int_equal(lnotab(table, sizeof(table), true, 5), 100);
	assert_int_equal(lnotab(table, sizeof(table), true, 6), 101);
	assert_int_equal(lnotab(table, sizeof(table), true, 13), 101);
	assert_int_equal(lnotab(table, sizeof(table), true, 14), 141);
	assert_int_equal(lnotab(table, sizeof(table), true, 100000), 141);
}

static void lines_lnotab__line_increments_are_signed_from_36_on(void **state)
{
	static const uint8_t table[] = { 2, 0xff };
	assert_int_equal(lnotab(table, sizeof(table), true, 2), 99);
	assert_int_equal(lnotab(table, sizeof(table), false, 2), 355);
}

static void lines_lnotab__takes_long_jumps_in_several_pairs(void **state)
{
	/* 300 bytes and 130 lines on: (255, 0) (45, 127) (0, 3) */
	static const uint8_t table[] = { 255, 0, 45, 127, 0, 3 };
	assert_int_equal(lnotab(table, sizeof(table), true, 299), 100);
	assert_int_equal(lnotab(table, sizeof(table), true, 300), 230);
}

static void lines_lnotab__ignores_half_a_pair(void **state)
{
	static const uint8_t table[] = { 2, 1, 2 };
	assert_int_equal(lnotab(table, sizeof(table), true, 50), 101);
	assert_int_equal(lnotab(NULL, 0, true, 50), 100);
}

/* bytes 0-3 line 100, 4-5 none, 6-9 line 98 */
static void lines_linetable__knows_instructions_without_a_line(void **state)
{
	static const uint8_t table[] = { 4, 0, 2, 0x80, 4, 0xfe };
	static const struct { int64_t lasti, line; } cases[] = {
		{ -1, 100 }, { 0, 100 }, { 2, 100 }, { 4, 0 }, { 6, 98 }, { 8, 98 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t line;
		assert_true(lines_linetable(table, sizeof(table), 100, cases[i].lasti, &line));
		assert_int_equal(line, cases[i].line);
	}
}

static void lines_linetable__adds_lines_of_empty_ranges(void **state)
{
	static const uint8_t table[] = { 2, 0, 0, 127, 2, 3 };
	int64_t line;
	assert_true(lines_linetable(table, sizeof(table), 100, 2, &line));
	assert_int_equal(line, 230);
}

static void lines_linetable__ends(void **state)
{
	static const uint8_t table[] = { 4, 0, 2 };
	int64_t line = 5;
	assert_false(lines_linetable(table, sizeof(table), 100, 4, &line));
	assert_int_equal(line, 0);
	assert_false(lines_linetable(NULL, 0, 100, 0, &line));
}

#define ENTRY(kind, units) (0x80 | (kind) << 3 | ((units) - 1))

static struct position location(const uint8_t *table, size_t len, int64_t lasti)
{
	struct position p;
	assert_true(lines_locations(table, len, 100, lasti, &p));
	return p;
}

static void expect_position(struct position p, int64_t line, int64_t end_line, int64_t column,
			    int64_t end_column)
{
	assert_int_equal(p.line, line);
	assert_int_equal(p.end_line, end_line);
	assert_int_equal(p.column, column);
	assert_int_equal(p.end_column, end_column);
}

static void lines_locations__reads_each_kind_of_entry(void **state)
{
	static const uint8_t table[] = {
		ENTRY(3, 1),  0x25,             /* short: column 3 * 8 + 2, 5 wide */
		ENTRY(10, 1), 4,           200, /* the same line, columns 4-200 */
		ENTRY(12, 8), 0,           3,   /* two lines on */
		ENTRY(15, 1),                   /* nowhere */
		ENTRY(13, 1), 0x07,             /* line -3, no columns */
		ENTRY(14, 1), 0x40 | 0x00, 0x02, 3, 11,
		0x40 | 9,     2,                       /* line +64, 3 lines, 10 - 136 */
		ENTRY(14, 1), 0,           0,    0, 0, /* columns that are none */
	};
	expect_position(location(table, sizeof(table), 0), 100, 100, 26, 31);
	expect_position(location(table, sizeof(table), 2), 100, 100, 4, 200);
	expect_position(location(table, sizeof(table), 4), 102, 102, 0, 3);
	expect_position(location(table, sizeof(table), 18), 102, 102, 0, 3);
	expect_position(location(table, sizeof(table), 20), 0, 0, -1, -1);
	expect_position(location(table, sizeof(table), 22), 99, 99, -1, -1);
	expect_position(location(table, sizeof(table), 24), 163, 166, 10, 136);
	expect_position(location(table, sizeof(table), 26), 163, 163, -1, -1);
	expect_position(location(table, sizeof(table), -1), 100, 100, -1, -1);
}

static void lines_locations__refuses_damage(void **state)
{
	static const uint8_t cut_short[] = { ENTRY(3, 1) }, cut_columns[] = { ENTRY(11, 1), 3 },
			     cut_number[] = { ENTRY(13, 1), 0x40, 0x40 },
			     endless_number[] = { ENTRY(13, 1), 0x7f, 0x7f, 0x7f, 0x7f,
						  0x7f,         0x7f, 0x7f, 1 },
			     large_number[] = { ENTRY(13, 1), 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x3f },
			     no_mark[] = { 0x11, 0 }, too_few[] = { ENTRY(3, 1), 0 };
	static const struct { const uint8_t *table; size_t len; int64_t lasti;
	} cases[] = {
		{ cut_short, sizeof(cut_short), 0 },
		{ cut_columns, sizeof(cut_columns), 0 },
		{ cut_number, sizeof(cut_number), 0 },
		{ endless_number, sizeof(endless_number), 0 },
		{ large_number, sizeof(large_number), 0 },
		{ no_mark, sizeof(no_mark), 0 },
		{ too_few, sizeof(too_few), 2 },
		{ NULL, 0, 0 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct position p;
		assert_false(lines_locations(cases[i].table, cases[i].len, 1, cases[i].lasti, &p));
		expect_position(p, 0, 0, -1, -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_lnotab__adds_up_to_the_instruction),
		cmocka_unit_test(lines_lnotab__line_increments_are_signed_from_36_on),
		cmocka_unit_test(lines_lnotab__takes_long_jumps_in_several_pairs),
		cmocka_unit_test(lines_lnotab__ignores_half_a_pair),
		cmocka_unit_test(lines_linetable__knows_instructions_without_a_line),
		cmocka_unit_test(lines_linetable__adds_lines_of_empty_ranges),
		cmocka_unit_test(lines_linetable__ends),
		cmocka_unit_test(lines_locations__reads_each_kind_of_entry),
		cmocka_unit_test(lines_locations__refuses_damage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
