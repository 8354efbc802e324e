#include "tests/unit/test.h"

#include <elf.h>
#include "symbols/unwind_kept.h"

/* CFA = rsp + 48, rbx at CFA - 24, rbp by an expression, the return address at CFA - 8. */
static struct cfi_row draw_row(void)
{
	struct cfi_row row = { .return_column = 16, .signal_frame = true };
	row.cfa = (struct cfi_rule){ .kind = CFI_REGISTER, .base = 7, .offset = 48 };
	row.rules[3] = (struct cfi_rule){ .kind = CFI_AT, .offset = -24 };
	row.rules[6] = (struct cfi_rule){ .kind = CFI_AT_EXPRESSION, .size = 3, .expression = 2 };
	row.rules[16] = (struct cfi_rule){ .kind = CFI_AT, .offset = -8 };
	return row;
}

static const uint8_t bytes[] = { 0, 0, 0x77, 0x08, 0x10, 0 };
static const struct cfi_section section = { .data = bytes, .size = sizeof(bytes) };

static bool read_answer(const struct str *s, size_t len, struct cfi_row *ret,
			struct cfi_section *ret_section, addr_t *start, addr_t *end)
{
	const struct kept_answer answer = { .data = (const uint8_t *)s->buf, .len = len };
	return unwind_row_read(&answer, machine_find(EM_X86_64, ELFCLASS64, ELFDATA2LSB), ret,
			       ret_section, start, end);
}

static void unwind_row_read__gives_what_was_written(void **state)
{
	const struct cfi_row row = draw_row();
	struct cfi_row got;
	struct cfi_section in;
	addr_t start, end;
	_str_ struct str s = STR_INIT;
	unwind_row_write(&row, &section, 0x1000, 0x1100, &s);
	assert_true(read_answer(&s, s.len, &got, &in, &start, &end));
	assert_int_equal(start, 0x1000);
	assert_int_equal(end, 0x1100);
	assert_int_equal(got.return_column, 16);
	assert_true(got.signal_frame);
	assert_false(got.return_signed);
	assert_int_equal(got.cfa.base, 7);
	assert_int_equal(got.cfa.offset, 48);
	assert_int_equal(got.rules[3].offset, -24);
	assert_int_equal(got.rules[6].kind, CFI_AT_EXPRESSION);
	assert_int_equal(got.rules[6].size, 3);
	assert_memory_equal(in.data + got.rules[6].expression, bytes + 2, 3);
	assert_int_equal(got.rules[4].kind, CFI_UNCHANGED);
}

static void unwind_row_read__of_a_place_without_rules(void **state)
{
	const struct cfi_row row = { 0 };
	struct cfi_row got;
	struct cfi_section in;
	addr_t start, end;
	_str_ struct str s = STR_INIT;
	unwind_row_write(&row, NULL, 0, 0, &s);
	assert_true(read_answer(&s, s.len, &got, &in, &start, &end));
	assert_int_equal(end, 0);
}

static void unwind_row_read__refuses_what_is_cut_or_makes_no_sense(void **state)
{
	const struct cfi_row row = draw_row();
	struct cfi_row got;
	struct cfi_section in;
	addr_t start, end;
	_str_ struct str s = STR_INIT;
	unwind_row_write(&row, &section, 0x1000, 0x1100, &s);
	for (size_t len = 0; len < s.len; len++)
		assert_false(read_answer(&s, len, &got, &in, &start, &end));
	/* each byte changed: refused, or within bounds */
	for (size_t i = 0; i < s.len; i++) {
		char was = s.buf[i];
		s.buf[i] ^= (char)0xff;
		if (read_answer(&s, s.len, &got, &in, &start, &end))
			for (size_t reg = 0; reg < CFI_REGISTERS; reg++)
				if (got.rules[reg].kind == CFI_AT_EXPRESSION)
					assert_true(got.rules[reg].expression +
							    got.rules[reg].size <=
						    in.size);
		s.buf[i] = was;
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(unwind_row_read__gives_what_was_written),
		cmocka_unit_test(unwind_row_read__of_a_place_without_rules),
		cmocka_unit_test(unwind_row_read__refuses_what_is_cut_or_makes_no_sense),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
