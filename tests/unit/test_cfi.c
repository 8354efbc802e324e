#include "tests/unit/cfi_rig.h"

static struct cfi_row row_at(const struct bytes *b, size_t fde, addr_t pc)
{
	struct cfi_section s = cfi_section_of(b);
	struct cfi_entry e;
	struct cfi_row row;
	assert_true(cfi_entry_load(&s, fde, &e));
	assert_true(cfi_row_at(&s, &e, pc, &row));
	return row;
}

static void cfi_entry_load__reads_what_an_fde_covers(void **state)
{
	struct bytes b = { .len = 0 };
	size_t fde = draw_frames(&b);
	struct cfi_section s = cfi_section_of(&b);
	struct cfi_entry e;
	assert_true(cfi_entry_load(&s, fde, &e));
	assert_int_equal(e.start, CFI_CODE);
	assert_int_equal(e.end, CFI_CODE + CFI_CODE_SIZE);
	assert_int_equal(e.cie.return_column, 16);
	assert_false(e.cie.signal_frame);
	assert_false(cfi_entry_load(&s, 0, &e)); /* the CIE */
}

static void cfi_row_at__gives_each_instruction_its_rules(void **state)
{
	struct bytes b = { .len = 0 };
	size_t fde = draw_frames(&b);
	struct cfi_row row = row_at(&b, fde, CFI_CODE);
	assert_int_equal(row.cfa.kind, CFI_REGISTER);
	assert_int_equal(row.cfa.base, 7);
	assert_int_equal(row.cfa.offset, 8);
	assert_int_equal(row.rules[16].kind, CFI_AT);
	assert_int_equal(row.rules[16].offset, -8);
	assert_int_equal(row.rules[6].kind, CFI_UNCHANGED);
	row = row_at(&b, fde, CFI_CODE + 1);
	assert_int_equal(row.cfa.offset, 16);
	assert_int_equal(row.rules[6].offset, -16);
	assert_int_equal(row.cfa.base, 7);
	row = row_at(&b, fde, CFI_CODE + 0x3f);
	assert_int_equal(row.cfa.base, 6);
	assert_int_equal(row.cfa.offset, 16);
}

static void cfi_row_at__remembers_and_restores(void **state)
{
	static const uint8_t program[] = {
		DW_CFA_advance_loc | 1,
		DW_CFA_def_cfa_offset,
		24,
		DW_CFA_offset | 3,
		2,
		DW_CFA_remember_state,
		DW_CFA_advance_loc | 1,
		DW_CFA_def_cfa_offset,
		8,
		DW_CFA_restore | 3,
		DW_CFA_advance_loc | 1,
		DW_CFA_restore_state,
	};
	struct bytes b = { .len = 0 };
	size_t cie = draw_cie(&b, "zR", cie_program, sizeof(cie_program));
	size_t fde = draw_fde(&b, cie, CFI_CODE, 16, program, sizeof(program));
	struct cfi_row row = row_at(&b, fde, CFI_CODE + 2);
	assert_int_equal(row.cfa.offset, 8);
	assert_int_equal(row.rules[3].kind, CFI_UNCHANGED);
	row = row_at(&b, fde, CFI_CODE + 3);
	assert_int_equal(row.cfa.offset, 24);
	assert_int_equal(row.rules[3].kind, CFI_AT);
}

static void cfi_row_at__refuses_what_no_compiler_writes(void **state)
{
	static const uint8_t restore_without[] = { DW_CFA_restore_state };
	static const uint8_t register_too_far[] = { DW_CFA_def_cfa, 99, 8 };
	static const uint8_t expression_too_long[] = { DW_CFA_def_cfa_expression, 0x7f,
						       DW_OP_lit0 };
	static const uint8_t unknown[] = { 0x3f };
	uint8_t remembers[CFI_REMEMBERED + 1];
	memset(remembers, DW_CFA_remember_state, sizeof(remembers));
	const struct {
		const uint8_t *p;
		size_t len;
	} programs[] = {
		{ restore_without, sizeof(restore_without) },
		{ register_too_far, sizeof(register_too_far) },
		{ expression_too_long, sizeof(expression_too_long) },
		{ unknown, sizeof(unknown) },
		{ remembers, sizeof(remembers) },
	};
	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
		struct bytes b = { .len = 0 };
		size_t cie = draw_cie(&b, "zR", cie_program, sizeof(cie_program));
		size_t fde = draw_fde(&b, cie, CFI_CODE, 16, programs[i].p, programs[i].len);
		struct cfi_section s = cfi_section_of(&b);
		struct cfi_entry e;
		struct cfi_row row;
		assert_true(cfi_entry_load(&s, fde, &e));
		assert_false(cfi_row_at(&s, &e, CFI_CODE + 15, &row));
	}
}

static void cfi_next__walks_all_pieces_and_ends(void **state)
{
	struct bytes b = { .len = 0 };
	draw_frames(&b);
	struct cfi_section s = cfi_section_of(&b);
	struct cfi_entry e;
	uint64_t at = 0;
	bool is_fde;
	assert_true(cfi_next(&s, &at, &e, &is_fde));
	assert_false(is_fde);
	assert_true(cfi_next(&s, &at, &e, &is_fde));
	assert_true(is_fde);
	assert_int_equal(e.start, CFI_CODE);
	assert_false(cfi_next(&s, &at, &e, &is_fde));
}

/* The length of each piece and each place where it could break off. */
static void cfi_entry_load__survives_every_cut(void **state)
{
	struct bytes b = { .len = 0 };
	size_t fde = draw_frames(&b);
	for (size_t size = 0; size < b.len - 4; size++) {
		uint8_t *exact = malloc(size ? size : 1);
		memcpy(exact, b.data, size);
		struct cfi_section s = cfi_section_of(&b);
		struct cfi_entry e;
		s.data = exact;
		s.size = size;
		assert_false(cfi_entry_load(&s, fde, &e));
		free(exact);
	}
}

static void cfi_entry_load__knows_signal_frames(void **state)
{
	struct bytes b = { .len = 0 };
	size_t cie = draw_cie(&b, "zRS", cie_program, sizeof(cie_program));
	size_t fde = draw_fde(&b, cie, CFI_CODE, 16, NULL, 0);
	assert_true(row_at(&b, fde, CFI_CODE).signal_frame);
}

static void draw_table(struct bytes *b, const uint32_t (*pairs)[2], uint32_t count)
{
	put8(b, 1);
	put8(b, DW_EH_PE_pcrel | DW_EH_PE_sdata4);
	put8(b, DW_EH_PE_udata4);
	put8(b, DW_EH_PE_datarel | DW_EH_PE_sdata4);
	put_number(b, 0x100, 4);
	put_number(b, count, 4);
	for (uint32_t i = 0; i < 3; i++) {
		put_number(b, pairs[i][0] - CFI_AT_ADDRESS, 4);
		put_number(b, pairs[i][1] - CFI_AT_ADDRESS, 4);
	}
}

static const uint32_t three[][2] = { { 0x1000, 0x3100 }, { 0x1040, 0x3120 }, { 0x1080, 0x3140 } };

static void cfi_table_find__searches_the_sorted_header(void **state)
{
	struct bytes b = { .len = 0 };
	draw_table(&b, three, 3);
	struct cfi_section header = cfi_section_of(&b);
	struct cfi_table t;
	addr_t entry;
	assert_true(cfi_table_load(&header, &t));
	assert_int_equal(t.frames, CFI_AT_ADDRESS + 4 + 0x100);
	assert_int_equal(t.count, 3);
	assert_false(cfi_table_find(&t, 0xfff, &entry));
	assert_true(cfi_table_find(&t, 0x1000, &entry));
	assert_int_equal(entry, 0x3100);
	assert_true(cfi_table_find(&t, 0x107f, &entry));
	assert_int_equal(entry, 0x3120);
	assert_true(cfi_table_find(&t, 0x99999, &entry));
	assert_int_equal(entry, 0x3140);
}

static void cfi_table_load__believes_no_count(void **state)
{
	struct bytes b = { .len = 0 };
	draw_table(&b, three, UINT32_MAX);
	struct cfi_section header = cfi_section_of(&b);
	struct cfi_table t;
	addr_t entry;
	assert_true(cfi_table_load(&header, &t));
	assert_int_equal(t.count, 3);
	assert_true(cfi_table_find(&t, UINT64_MAX, &entry));
	header.size = 3;
	assert_false(cfi_table_load(&header, &t));
}

/* --- expressions ---------------------------------------------------------------------------- */

static bool evaluate(const uint8_t *expression, uint32_t size, uint64_t *ret)
{
	static const uint8_t word[8] = { 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11 };
	struct cfi_section s = {
		.machine = machine_find(EM_X86_64, ELFCLASS64, ELFDATA2LSB),
		.data = expression,
		.size = size,
	};
	struct cfi_registers r = { .value = { [7] = 0x7000, [16] = 0x100b },
				   .known = 1 << 7 | 1 << 16 };
	struct memory m = MEMORY_INIT;
	const struct extent e = { .start = 0x7008, .end = 0x7010, .host = word };
	assert_true(memory_add(&m, &e));
	assert_true(memory_seal(&m));
	bool good = cfi_evaluate(&s, 0, size, &r, &m, NULL, ret);
	memory_release(&m);
	return good;
}
#define EVALUATE(ret, ...)                                                                         \
	({                                                                                         \
		static const uint8_t bytes_[] = { __VA_ARGS__ };                                   \
		evaluate(bytes_, sizeof(bytes_), ret);                                             \
	})

static void cfi_evaluate__computes_what_a_plt_entry_needs(void **state)
{
	/* rsp + 8 + ((rip & 15) >= 11) << 3, as ld writes it for .plt */
	uint64_t value;
	assert_true(EVALUATE(&value, DW_OP_breg0 + 7, 8, DW_OP_breg0 + 16, 0, DW_OP_lit0 + 15,
			     DW_OP_and, DW_OP_lit0 + 11, DW_OP_ge, DW_OP_lit0 + 3, DW_OP_shl,
			     DW_OP_plus));
	assert_int_equal(value, 0x7010);
}

static void cfi_evaluate__reads_memory(void **state)
{
	uint64_t value;
	assert_true(EVALUATE(&value, DW_OP_breg0 + 7, 8, DW_OP_deref));
	assert_int_equal(value, 0x1122334455667788);
	assert_true(EVALUATE(&value, DW_OP_breg0 + 7, 8, DW_OP_deref_size, 2));
	assert_int_equal(value, 0x7788);
	assert_false(EVALUATE(&value, DW_OP_breg0 + 7, 0, DW_OP_deref));
}

static void cfi_evaluate__is_bounded(void **state)
{
	uint64_t value;
	assert_false(EVALUATE(&value, DW_OP_skip, 0xfd, 0xff));             /* for ever */
	assert_false(EVALUATE(&value, DW_OP_lit0, DW_OP_skip, 0xfc, 0xff)); /* deeper and deeper */
	assert_false(EVALUATE(&value, DW_OP_skip, 0, 0x80));                /* before its start */
	assert_false(EVALUATE(&value, DW_OP_plus));
	assert_false(EVALUATE(&value, DW_OP_breg0 + 3, 0)); /* not known */
	assert_false(EVALUATE(&value, DW_OP_const8u, 1, 2));
	assert_false(EVALUATE(&value, DW_OP_call2, 0, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cfi_entry_load__reads_what_an_fde_covers),
		cmocka_unit_test(cfi_row_at__gives_each_instruction_its_rules),
		cmocka_unit_test(cfi_row_at__remembers_and_restores),
		cmocka_unit_test(cfi_row_at__refuses_what_no_compiler_writes),
		cmocka_unit_test(cfi_next__walks_all_pieces_and_ends),
		cmocka_unit_test(cfi_entry_load__survives_every_cut),
		cmocka_unit_test(cfi_entry_load__knows_signal_frames),
		cmocka_unit_test(cfi_table_find__searches_the_sorted_header),
		cmocka_unit_test(cfi_table_load__believes_no_count),
		cmocka_unit_test(cfi_evaluate__computes_what_a_plt_entry_needs),
		cmocka_unit_test(cfi_evaluate__reads_memory),
		cmocka_unit_test(cfi_evaluate__is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
