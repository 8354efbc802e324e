#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <elf.h>
#include <string.h>
#include "symbols/disasm.h"

enum { MAX = 8 };

static size_t x86(const char *code, size_t len, struct code_reference *ret)
{
	const struct machine *m = machine_find(EM_X86_64, ELFCLASS64, ELFDATA2LSB);
	return disasm_references(m, (const uint8_t *)code, len, 0x400000, ret, MAX);
}

static size_t arm64(const char *code, size_t len, struct code_reference *ret)
{
	const struct machine *m = machine_find(EM_AARCH64, ELFCLASS64, ELFDATA2LSB);
	return disasm_references(m, (const uint8_t *)code, len, 0x400000, ret, MAX);
}

static void disasm_references__finds_what_a_getter_loads(void **state)
{
	/* PyInterpreterState_Head of 2.7: mov rax, [rip + 0x1000]; ret */
	static const char code[] = "\x48\x8b\x05\x00\x10\x00\x00\xc3";
	struct code_reference r[MAX];
	assert_int_equal(x86(code, sizeof(code) - 1, r), 1);
	assert_int_equal(r[0].addr, 0x400000 + 7 + 0x1000);
	assert_true(r[0].is_load);
}

static void disasm_references__looks_past_endbr64_and_a_prologue(void **state)
{
	/* endbr64; push rbp; mov rbp, rsp; mov rax, [rip + 0x10]; pop rbp; ret */
	static const char code[] =
		"\xf3\x0f\x1e\xfa\x55\x48\x89\xe5\x48\x8b\x05\x10\x00\x00\x00\x5d\xc3";
	struct code_reference r[MAX];
	assert_int_equal(x86(code, sizeof(code) - 1, r), 1);
	assert_int_equal(r[0].addr, 0x400000 + 15 + 0x10);
	assert_true(r[0].is_load);
}

static void disasm_references__tells_an_address_from_a_load(void **state)
{
	/* lea rdi, [rip - 0x100]; mov edi, 0x601000; mov rax, [0x601040]; ret */
	static const char code[] = "\x48\x8d\x3d\x00\xff\xff\xff\xbf\x00\x10\x60\x00"
				   "\x48\x8b\x04\x25\x40\x10\x60\x00\xc3";
	struct code_reference r[MAX];
	assert_int_equal(x86(code, sizeof(code) - 1, r), 3);
	assert_int_equal(r[0].addr, 0x400000 + 7 - 0x100);
	assert_false(r[0].is_load);
	assert_int_equal(r[1].addr, 0x601000);
	assert_false(r[1].is_load);
	assert_int_equal(r[2].addr, 0x601040);
	assert_true(r[2].is_load);
}

static void disasm_references__stops_at_the_return(void **state)
{
	/* ret; mov rax, [rip + 0x1000] */
	static const char code[] = "\xc3\x48\x8b\x05\x00\x10\x00\x00";
	struct code_reference r[MAX];
	assert_int_equal(x86(code, sizeof(code) - 1, r), 0);
}

static void disasm_all_references__goes_past_returns(void **state)
{
	/* ret; lea rdi, [rip + 0x10]; ret; lea rsi, [rip + 0x20] */
	static const uint8_t code[] =
		"\xc3\x48\x8d\x3d\x10\0\0\0\xc3\x48\x8d\x35\x20\0\0\0";
	const struct machine *m = machine_find(EM_X86_64, ELFCLASS64, ELFDATA2LSB);
	struct code_reference r[MAX];
	assert_int_equal(disasm_all_references(m, code, 16, 0x400000, r, MAX), 2);
	assert_int_equal(r[0].addr, 0x400008 + 0x10);
	assert_int_equal(r[1].addr, 0x400010 + 0x20);
	/* too many: the last */
	assert_int_equal(disasm_all_references(m, code, 16, 0x400000, r, 1), 1);
}

static void disasm_straight_references__begins_behind_what_may_lead_there(void **state)
{
	/* 0: lea rbx, [rip + 0x10]; 7: jne 0x10; 9: lea rsi, [rip + 0x20]; 10: lea rdi, [rip + 0x30];
	 * 17: call; 1c: */
	static const uint8_t code[] = "\x48\x8d\x1d\x10\0\0\0\x75\x07\x48\x8d\x35\x20\0\0\0"
				      "\x48\x8d\x3d\x30\0\0\0\xe8\0\0\0\0";
	uint8_t other[sizeof(code)];
	const struct machine *m = machine_find(EM_X86_64, ELFCLASS64, ELFDATA2LSB);
	struct code_reference r[MAX];
	assert_int_equal(
		disasm_straight_references(m, code, 28, 0x400000, 0x40001c, r, MAX), 1);
	assert_int_equal(r[0].addr, 0x400017 + 0x30);
	/* jne to its own end: nothing leads between */
	memcpy(other, code, sizeof(code));
	other[8] = 0;
	assert_int_equal(
		disasm_straight_references(m, other, 28, 0x400000, 0x40001c, r, MAX), 2);
	assert_int_equal(
		disasm_straight_references(m, code, 28, 0x400000, 0x500000, r, MAX), 0);
	assert_int_equal(
		disasm_straight_references(m, code, 28, 0x400000, 0x400000, r, MAX), 0);
}

static void disasm_references__of_garbage_and_of_a_cut_instruction_are_none(void **state)
{
	struct code_reference r[MAX];
	assert_int_equal(x86("\x06\x06\x06\x06", 4, r), 0);
	assert_int_equal(x86("\x48\x8b\x05\x00", 4, r), 0);
	assert_int_equal(x86("", 0, r), 0);
}

static void disasm_references__joins_the_two_halves_of_an_aarch64_address(void **state)
{
	/* adrp x0, 0x601000; ldr x0, [x0, #0x128]; ret */
	static const char load[] = "\x00\x10\x00\xb0\x00\x94\x40\xf9\xc0\x03\x5f\xd6";
	struct code_reference r[MAX];
	assert_int_equal(arm64(load, sizeof(load) - 1, r), 1);
	assert_int_equal(r[0].addr, 0x601128);
	assert_true(r[0].is_load);
	/* adrp x1, 0x601000; add x1, x1, #0x40; ldr x0, [x1, #8]; ret */
	static const char add[] =
		"\x01\x10\x00\xb0\x21\x00\x01\x91\x20\x04\x40\xf9\xc0\x03\x5f\xd6";
	assert_int_equal(arm64(add, sizeof(add) - 1, r), 2);
	assert_int_equal(r[0].addr, 0x601040);
	assert_false(r[0].is_load);
	assert_int_equal(r[1].addr, 0x601048);
	assert_true(r[1].is_load);
}

static void disasm_references__forgets_a_register_that_is_overwritten(void **state)
{
	/* adrp x0, 0x601000; mov x0, x1; ldr x0, [x0, #0x128]; ret */
	static const char code[] =
		"\x00\x10\x00\xb0\xe0\x03\x01\xaa\x00\x94\x40\xf9\xc0\x03\x5f\xd6";
	struct code_reference r[MAX];
	assert_int_equal(arm64(code, sizeof(code) - 1, r), 0);
}

static struct instruction_facts facts_of(uint16_t machine, const char *code, size_t len)
{
	struct instruction_facts f;
	assert_true(disasm_facts(machine_find(machine, ELFCLASS64, ELFDATA2LSB),
				 (const uint8_t *)code, len, 0x400000, &f));
	return f;
}
#define FACTS(machine, code) facts_of(machine, code, sizeof(code) - 1)

static void disasm_list__writes_instructions_up_to_max(void **state)
{
	/* mov rax, [rdi + 0x10]; nop; ret */
	static const uint8_t code[] = { 0x48, 0x8b, 0x47, 0x10, 0x90, 0xc3 };
	const struct machine *m = machine_find(EM_X86_64, ELFCLASS64, ELFDATA2LSB);
	struct instruction list[2];
	assert_int_equal(disasm_list(m, code, sizeof(code), 0x1000, list, 2), 2);
	assert_string_equal(list[0].text, "mov rax, qword ptr [rdi + 0x10]");
	assert_int_equal(list[0].size, 4);
	assert_int_equal(list[1].at, 0x1004);
	assert_string_equal(list[1].text, "nop");
	assert_int_equal(disasm_list(m, code, 2, 0x1000, list, 2), 0);
}

static void disasm_facts__tells_a_read_from_a_write(void **state)
{
	/* mov rax, [rdi + rcx * 8 + 0x10]; mov dword [rsi], eax */
	struct instruction_facts f = FACTS(EM_X86_64, "\x48\x8b\x44\xcf\x10");
	assert_int_equal(f.access_count, 1);
	assert_string_equal(f.accesses[0].base, "rdi");
	assert_string_equal(f.accesses[0].index, "rcx");
	assert_int_equal(f.accesses[0].scale, 8);
	assert_int_equal(f.accesses[0].displacement, 0x10);
	assert_int_equal(f.accesses[0].direction, ACCESS_READ);
	f = FACTS(EM_X86_64, "\x89\x06");
	assert_int_equal(f.accesses[0].direction, ACCESS_WRITE);
	assert_string_equal(f.accesses[0].base, "rsi");
	assert_string_equal(f.registers[0], "rax");
}

#define DIRECTION(bytes) FACTS(EM_X86_64, bytes).accesses[0].direction

static void disasm_facts__knows_vector_stores(void **state)
{
	assert_int_equal(DIRECTION("\x0f\x11\x07"), ACCESS_WRITE);	/* movups [rdi], xmm0 */
	assert_int_equal(DIRECTION("\x0f\x10\x07"), ACCESS_READ);	/* movups xmm0, [rdi] */
	assert_int_equal(DIRECTION("\xc5\xfc\x11\x07"), ACCESS_WRITE); /* vmovups [rdi], ymm0 */
	/* vmovdqu8 [rax]{k1}, ymm16: memset()'s */
	assert_int_equal(DIRECTION("\x62\xe1\x7f\x29\x7f\x00"), ACCESS_WRITE);
	assert_int_equal(DIRECTION("\x39\x07"), ACCESS_READ);		/* cmp [rdi], eax */
	assert_int_equal(DIRECTION("\x85\x07"), ACCESS_READ);		/* test [rdi], eax */
	assert_int_equal(DIRECTION("\x0f\xa3\x07"), ACCESS_READ);	/* bt [rdi], eax */
	assert_int_equal(DIRECTION("\xf3\xa6"), ACCESS_READ);		/* repe cmpsb [rsi], [rdi] */
	/* add [rdi], eax: both */
	assert_int_equal(DIRECTION("\x01\x07"), ACCESS_READ | ACCESS_WRITE);
}

static void disasm_facts__counts_the_stack_and_thread_local_data(void **state)
{
	struct instruction_facts f = FACTS(EM_X86_64, "\x55");	/* push rbp */
	assert_int_equal(f.access_count, 1);
	assert_string_equal(f.accesses[0].base, "rsp");
	assert_int_equal(f.accesses[0].displacement, -8);
	assert_int_equal(f.accesses[0].direction, ACCESS_WRITE);
	/* mov rax, fs:[0x28] */
	f = FACTS(EM_X86_64, "\x64\x48\x8b\x04\x25\x28\x00\x00\x00");
	assert_true(f.accesses[0].has_segment);
	/* lea computes, and reads nothing */
	assert_int_equal(FACTS(EM_X86_64, "\x48\x8d\x47\x10").access_count, 0);
}

static void disasm_facts__knows_divisions_and_traps(void **state)
{
	struct instruction_facts f = FACTS(EM_X86_64, "\x48\xf7\xf9");	/* idiv rcx */
	assert_true(f.is_division);
	assert_string_equal(f.registers[0], "rcx");
	assert_true(FACTS(EM_X86_64, "\x0f\x0b").is_trap);		/* ud2 */
	assert_true(FACTS(EM_AARCH64, "\x20\x00\x20\xd4").is_trap);	/* brk #1 */
}

static void disasm_facts__reads_aarch64_loads_and_stores(void **state)
{
	/* ldr x0, [x1, #16]; str w2, [x3, x4, lsl #2] */
	struct instruction_facts f = FACTS(EM_AARCH64, "\x20\x08\x40\xf9");
	assert_string_equal(f.accesses[0].base, "x1");
	assert_int_equal(f.accesses[0].displacement, 16);
	assert_int_equal(f.accesses[0].direction, ACCESS_READ);
	f = FACTS(EM_AARCH64, "\x62\x78\x24\xb8");
	assert_string_equal(f.accesses[0].base, "x3");
	assert_string_equal(f.accesses[0].index, "x4");
	assert_int_equal(f.accesses[0].scale, 4);
	assert_int_equal(f.accesses[0].direction, ACCESS_WRITE);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(disasm_references__finds_what_a_getter_loads),
		cmocka_unit_test(disasm_references__looks_past_endbr64_and_a_prologue),
		cmocka_unit_test(disasm_references__tells_an_address_from_a_load),
		cmocka_unit_test(disasm_references__stops_at_the_return),
		cmocka_unit_test(disasm_all_references__goes_past_returns),
		cmocka_unit_test(disasm_straight_references__begins_behind_what_may_lead_there),
		cmocka_unit_test(disasm_references__of_garbage_and_of_a_cut_instruction_are_none),
		cmocka_unit_test(disasm_references__joins_the_two_halves_of_an_aarch64_address),
		cmocka_unit_test(disasm_references__forgets_a_register_that_is_overwritten),
		cmocka_unit_test(disasm_list__writes_instructions_up_to_max),
		cmocka_unit_test(disasm_facts__tells_a_read_from_a_write),
		cmocka_unit_test(disasm_facts__knows_vector_stores),
		cmocka_unit_test(disasm_facts__counts_the_stack_and_thread_local_data),
		cmocka_unit_test(disasm_facts__knows_divisions_and_traps),
		cmocka_unit_test(disasm_facts__reads_aarch64_loads_and_stores),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
