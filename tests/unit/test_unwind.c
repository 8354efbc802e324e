#include "symbols/unwind.h"
#include "tests/unit/cfi_rig.h"

/* A process with one thread and one module, and no file:
 *
 *	0x0000  ELF header with PT_LOAD and PT_GNU_EH_FRAME	(MODULE + ...)
 *	0x1000  code: 0x1000..0x1040 pushes rbp; 0x1040..0x1080 has no caller
 *	0x2000  .eh_frame_hdr
 *	0x3000  .eh_frame
 *	STACK   0x1000 bytes */
enum {
	MODULE_SIZE = 0x4000,
	STACK = 0x70000,
	STACK_SIZE = 0x1000,
	OUTER = 0x1040,
	REGISTERS = 27,
	RIP = 16,
	RSP = 19,
	RBP = 4,
};

struct rig {
	struct target target;
	struct symbols *symbols;
	struct unwinder *unwinder;
	uint8_t image[MODULE_SIZE], stack[STACK_SIZE];
	uint64_t registers[REGISTERS];
	struct os_thread thread;
};

static void word_to(struct rig *r, addr_t at, uint64_t value)
{
	assert_true(at >= STACK && at + 8 <= STACK + STACK_SIZE);
	memcpy(r->stack + (at - STACK), &value, 8);
}

static void draw_header(struct rig *r)
{
	Elf64_Ehdr h = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_DYN,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(h),
		.e_ehsize = sizeof(h),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 2,
	};
	const Elf64_Phdr segments[2] = {
		{ .p_type = PT_LOAD, .p_filesz = MODULE_SIZE, .p_memsz = MODULE_SIZE },
		{ .p_type = PT_GNU_EH_FRAME, .p_vaddr = 0x2000, .p_filesz = 0x100 },
	};
	memcpy(r->image, &h, sizeof(h));
	memcpy(r->image + sizeof(h), segments, sizeof(segments));
}

static void draw_cfi(struct rig *r)
{
	static const uint8_t no_caller[] = { DW_CFA_undefined, 16 };
	struct bytes frames = { .len = 0 }, header = { .len = 0 };
	size_t cie = draw_cie(&frames, "zR", cie_program, sizeof(cie_program));
	size_t inner =
		draw_fde(&frames, cie, CFI_CODE, CFI_CODE_SIZE, fde_program, sizeof(fde_program));
	size_t outer = draw_fde(&frames, cie, OUTER, 0x40, no_caller, sizeof(no_caller));
	put_number(&frames, 0, 4);
	put8(&header, 1);
	put8(&header, DW_EH_PE_pcrel | DW_EH_PE_sdata4);
	put8(&header, DW_EH_PE_udata4);
	put8(&header, DW_EH_PE_datarel | DW_EH_PE_sdata4);
	put_number(&header, CFI_AT_ADDRESS - 0x2004, 4);
	put_number(&header, 2, 4);
	put_number(&header, (uint64_t)CFI_CODE - 0x2000, 4);
	put_number(&header, CFI_AT_ADDRESS + inner - 0x2000, 4);
	put_number(&header, (uint64_t)OUTER - 0x2000, 4);
	put_number(&header, CFI_AT_ADDRESS + outer - 0x2000, 4);
	memcpy(r->image + 0x2000, header.data, header.len);
	memcpy(r->image + CFI_AT_ADDRESS, frames.data, frames.len);
}

static void rig_open(struct rig *r, addr_t pc, addr_t sp, addr_t fp)
{
	const struct extent image = { .start = 0,
				      .end = MODULE_SIZE,
				      .host = r->image,
				      .flags = EXTENT_READ | EXTENT_EXECUTE };
	const struct extent stack = { .start = STACK, .end = STACK + STACK_SIZE, .host = r->stack };
	r->target.machine = machine_find(EM_X86_64, ELFCLASS64, ELFDATA2LSB);
	draw_header(r);
	draw_cfi(r);
	assert_true(memory_add(&r->target.memory, &image));
	assert_true(memory_add(&r->target.memory, &stack));
	assert_true(memory_seal(&r->target.memory));
	struct module *m = vec_push(&r->target.modules);
	*m = (struct module){
		.start = 0, .end = MODULE_SIZE, .path = "/lib/drawn.so", .file_note = "no such file"
	};
	r->registers[RIP] = pc;
	r->registers[RSP] = sp;
	r->registers[RBP] = fp;
	r->thread = (struct os_thread){
		.tid = 1, .registers = (const uint8_t *)r->registers, .pc = pc, .sp = sp, .fp = fp
	};
	assert_null(symbols_load(&r->target, NULL, &r->symbols));
	assert_null(unwinder_new(&r->target, r->symbols, &r->unwinder));
}

static void rig_close(struct rig *r)
{
	unwinder_free(r->unwinder);
	symbols_free(r->symbols);
	vec_release(&r->target.modules);
	memory_release(&r->target.memory);
	free(r);
}

static struct rig *rig_new(void)
{
	struct rig *r = calloc(1, sizeof(*r));
	assert_non_null(r);
	return r;
}

static void unwind_next__follows_the_rules_to_the_outermost(void **state)
{
	struct rig *r = rig_new();
	/* inner, at its first instruction <- inner, with its frame <- outer */
	word_to(r, STACK + 0x100, CFI_CODE + 0x20);
	word_to(r, STACK + 0x200, 0x7777);
	word_to(r, STACK + 0x208, OUTER + 0x10);
	rig_open(r, CFI_CODE, STACK + 0x100, STACK + 0x200);
	struct unwind u = unwind_thread(r->unwinder, &r->thread);
	struct native_frame f;
	assert_true(unwind_next(&u, &f));
	assert_int_equal(f.pc, CFI_CODE);
	assert_int_equal(f.lookup, CFI_CODE);
	assert_int_equal(f.cfa, STACK + 0x108);
	assert_int_equal(f.by, UNWIND_REGISTERS);
	assert_true(unwind_next(&u, &f));
	assert_int_equal(f.pc, CFI_CODE + 0x20);
	assert_int_equal(f.lookup, CFI_CODE + 0x1f);
	assert_int_equal(f.cfa, STACK + 0x210);
	assert_int_equal(f.by, UNWIND_CFI);
	assert_true(unwind_next(&u, &f));
	assert_int_equal(f.pc, OUTER + 0x10);
	assert_int_equal(u.registers.value[6], 0x7777);
	assert_false(unwind_next(&u, &f));
	assert_int_equal(u.end, UNWIND_OUTERMOST);
	rig_close(r);
}

/* abort() never returns: behind the call lies another function, or nothing at all. */
static void unwind_next__looks_a_return_address_up_in_the_call(void **state)
{
	struct rig *r = rig_new();
	word_to(r, STACK + 0x100, OUTER); /* the call was the last instruction of inner */
	word_to(r, STACK + 0x208, OUTER + 0x10);
	rig_open(r, CFI_CODE, STACK + 0x100, STACK + 0x200);
	struct unwind u = unwind_thread(r->unwinder, &r->thread);
	struct native_frame f;
	assert_true(unwind_next(&u, &f));
	assert_true(unwind_next(&u, &f));
	assert_int_equal(f.lookup, OUTER - 1);
	assert_int_equal(f.cfa, STACK + 0x210);
	rig_close(r);
}

static void unwind_next__explains_a_lost_stack(void **state)
{
	struct rig *r = rig_new();
	rig_open(r, CFI_CODE, 0x99990000, 0);
	struct unwind u = unwind_thread(r->unwinder, &r->thread);
	struct native_frame f;
	_str_ struct str words = STR_INIT;
	assert_true(unwind_next(&u, &f));
	assert_false(unwind_next(&u, &f));
	assert_int_equal(u.end, UNWIND_NO_MEMORY);
	assert_int_equal(u.at, 0x99990000);
	unwind_end_words(&u, &words);
	assert_string_equal(words.buf, "the stack at 0x99990000 cannot be read");
	rig_close(r);
}

static void unwind_next__ends_where_the_stack_turns_inwards(void **state)
{
	struct rig *r = rig_new();
	/* the frame pointer leads back to below the stack pointer */
	word_to(r, STACK + 0x108, CFI_CODE + 0x20);
	word_to(r, STACK + 0x100, STACK + 0x100);
	rig_open(r, CFI_CODE + 0x20, STACK + 0x200, STACK + 0x100);
	struct unwind u = unwind_thread(r->unwinder, &r->thread);
	struct native_frame f;
	size_t count = 0;
	while (unwind_next(&u, &f))
		count++;
	assert_int_equal(count, 1);
	assert_int_equal(u.end, UNWIND_NO_PROGRESS);
	rig_close(r);
}

static void unwind_next__uses_the_frame_pointer_without_rules(void **state)
{
	struct rig *r = rig_new();
	word_to(r, STACK + 0x200, STACK + 0x300);
	word_to(r, STACK + 0x208, OUTER + 8);
	rig_open(r, 0x1800, STACK + 0x100, STACK + 0x200);
	struct unwind u = unwind_thread(r->unwinder, &r->thread);
	struct native_frame f;
	assert_true(unwind_next(&u, &f));
	assert_true(unwind_next(&u, &f));
	assert_int_equal(f.pc, OUTER + 8);
	assert_int_equal(f.sp, STACK + 0x210);
	assert_int_equal(f.by, UNWIND_POINTER);
	rig_close(r);
}

static void unwind_next__says_what_it_lacks(void **state)
{
	struct rig *r = rig_new();
	rig_open(r, 0x1800, STACK + 0x100, 0);
	struct unwind u = unwind_thread(r->unwinder, &r->thread);
	struct native_frame f;
	_str_ struct str words = STR_INIT;
	assert_true(unwind_next(&u, &f));
	assert_false(unwind_next(&u, &f));
	assert_int_equal(u.end, UNWIND_NO_RULES);
	unwind_end_words(&u, &words);
	assert_string_equal(words.buf,
			    "how to go on from 0x1800 is not known: /lib/drawn.so no such "
			    "file");
	rig_close(r);
}

static void unwind_next__returns_from_a_call_to_nowhere(void **state)
{
	struct rig *r = rig_new();
	word_to(r, STACK + 0x100, OUTER + 8);
	rig_open(r, 0x5550000, STACK + 0x100, 0);
	struct unwind u = unwind_thread(r->unwinder, &r->thread);
	struct native_frame f;
	assert_true(unwind_next(&u, &f));
	assert_int_equal(f.pc, 0x5550000);
	assert_true(unwind_next(&u, &f));
	assert_int_equal(f.pc, OUTER + 8);
	assert_int_equal(f.by, UNWIND_CALL);
	assert_int_equal(f.lookup, OUTER + 7);
	rig_close(r);
}

/* The kernel's frame: ucontext at sp, its registers at +40, rip behind them. */
static void unwind_next__steps_out_of_a_signal_handler(void **state)
{
	static const uint8_t trampoline[] = { 0x48, 0xc7, 0xc0, 15, 0, 0, 0, 0x0f, 0x05 };
	struct rig *r = rig_new();
	memcpy(r->image + 0x1900, trampoline, sizeof(trampoline));
	word_to(r, STACK + 0x40 + 40 + 15 * 8, STACK + 0x400); /* rsp */
	word_to(r, STACK + 0x40 + 40 + 16 * 8, CFI_CODE);      /* rip */
	word_to(r, STACK + 0x400, OUTER + 8);
	rig_open(r, 0x1900, STACK + 0x40, 0);
	struct unwind u = unwind_thread(r->unwinder, &r->thread);
	struct native_frame f;
	assert_true(unwind_next(&u, &f));
	assert_true(f.is_signal);
	assert_true(unwind_next(&u, &f));
	assert_int_equal(f.by, UNWIND_SIGNAL);
	assert_int_equal(f.pc, CFI_CODE);
	assert_int_equal(f.lookup, CFI_CODE); /* interrupted, not called from */
	assert_int_equal(f.cfa, STACK + 0x408);
	assert_true(unwind_next(&u, &f));
	assert_int_equal(f.pc, OUTER + 8);
	rig_close(r);
}

static void unwind_function_at__gives_the_extent_of_a_function(void **state)
{
	struct rig *r = rig_new();
	addr_t start, end;
	rig_open(r, CFI_CODE, STACK, 0);
	assert_true(unwind_function_at(r->unwinder, CFI_CODE + 5, &start, &end));
	assert_int_equal(start, CFI_CODE);
	assert_int_equal(end, CFI_CODE + CFI_CODE_SIZE);
	assert_false(unwind_function_at(r->unwinder, 0x1800, &start, &end));
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unwind_next__follows_the_rules_to_the_outermost),
		cmocka_unit_test(unwind_next__looks_a_return_address_up_in_the_call),
		cmocka_unit_test(unwind_next__explains_a_lost_stack),
		cmocka_unit_test(unwind_next__ends_where_the_stack_turns_inwards),
		cmocka_unit_test(unwind_next__uses_the_frame_pointer_without_rules),
		cmocka_unit_test(unwind_next__says_what_it_lacks),
		cmocka_unit_test(unwind_next__returns_from_a_call_to_nowhere),
		cmocka_unit_test(unwind_next__steps_out_of_a_signal_handler),
		cmocka_unit_test(unwind_function_at__gives_the_extent_of_a_function),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
