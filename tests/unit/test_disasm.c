#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <elf.h>
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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(disasm_references__finds_what_a_getter_loads),
		cmocka_unit_test(disasm_references__looks_past_endbr64_and_a_prologue),
		cmocka_unit_test(disasm_references__tells_an_address_from_a_load),
		cmocka_unit_test(disasm_references__stops_at_the_return),
		cmocka_unit_test(disasm_references__of_garbage_and_of_a_cut_instruction_are_none),
		cmocka_unit_test(disasm_references__joins_the_two_halves_of_an_aarch64_address),
		cmocka_unit_test(disasm_references__forgets_a_register_that_is_overwritten),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
