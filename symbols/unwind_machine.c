#include "symbols/unwind_machine.h"

#include <elf.h>
#include <string.h>
#include "core/checked.h"

static void keep(struct cfi_registers *r, unsigned reg, uint64_t value)
{
	r->value[reg] = value;
	r->known |= (uint64_t)1 << reg;
}

/* --- x86-64 ------------------------------------------------------------------------------------
 *
 * The trampoline's call frame information is glibc's own business; musl has none. At its first
 * instruction the return address is popped and sp is at the kernel's struct ucontext: flags, link,
 * stack (40 bytes), then struct sigcontext (arch/x86/include/uapi/asm/sigcontext.h), r8 first. */

static bool x86_64_signal_frame(const struct target *t, addr_t pc, addr_t sp,
				struct cfi_registers *ret, addr_t *ret_pc)
{
	enum { REGISTERS_AT = 40 };
	/* mov $15, %rax (rt_sigreturn); syscall */
	static const uint8_t code[] = { 0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05 };
	static const uint8_t order[] = { 8, 9, 10, 11, 12, 13, 14, 15, 5, 4, 6, 3, 1, 0, 2, 7 };
	uint8_t saved[(ARRAY_SIZE(order) + 1) * 8];
	const uint8_t *p = memory_at(&t->memory, pc, sizeof(code));
	if (!p || memcmp(p, code, sizeof(code)) != 0 ||
	    !memory_read(&t->memory, sp + REGISTERS_AT, saved, sizeof(saved)))
		return false;
	*ret = (struct cfi_registers){ .known = 0 };
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		keep(ret, order[i], load_u64(t->machine, saved + i * 8));
	*ret_pc = load_u64(t->machine, saved + ARRAY_SIZE(order) * 8);
	return true;
}

/* --- aarch64 --------------------------------------------------------------------------------
 *
 * The vdso's trampoline has no call frame information that says anything. At sp lies struct
 * rt_sigframe (arch/arm64/kernel/signal.c): siginfo (128 bytes), struct ucontext with a signal mask
 * of 128 bytes, then aligned to 16 struct sigcontext: fault address, x0..x30, sp, pc. */

static bool aarch64_signal_frame(const struct target *t, addr_t pc, addr_t sp,
				 struct cfi_registers *ret, addr_t *ret_pc)
{
	enum { REGISTERS_AT = 128 + 176 + 8, COUNT = 33 };
	/* mov x8, #139 (rt_sigreturn); svc #0 */
	static const uint32_t code[] = { 0xd2801168, 0xd4000001 };
	uint8_t saved[COUNT * 8];
	const uint8_t *p = memory_at(&t->memory, pc, sizeof(code));
	if (!p || load_u32(t->machine, p) != code[0] || load_u32(t->machine, p + 4) != code[1] ||
	    !memory_read(&t->memory, sp + REGISTERS_AT, saved, sizeof(saved)))
		return false;
	*ret = (struct cfi_registers){ .known = 0 };
	for (unsigned i = 0; i < COUNT - 1; i++)
		keep(ret, i, load_u64(t->machine, saved + i * 8));
	*ret_pc = load_u64(t->machine, saved + (COUNT - 1) * 8);
	return true;
}

/* --- the rows ------------------------------------------------------------------------------- */

static const struct unwind_machine machines[] = {
	{
		/* rax rdx rcx rbx rsi rdi rbp rsp r8..r15, the return address (rip) */
		.e_machine = EM_X86_64,
		.sp = 7,
		.fp = 6,
		.pc = 16,
		.link = 7,
		.pc_mask = UINT64_MAX,
		.prstatus = { 10, 12, 11, 5,  13, 14, 4,  19, 9,  8,  7,  6,
			      3,  2,  1,  0,  16, -1, -1, -1, -1, -1, -1, -1,
			      -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1 },
		.signal_frame = x86_64_signal_frame,
	},
	{
		/* x0..x30, sp. A signed return address carries its code above the 48th bit. */
		.e_machine = EM_AARCH64,
		.sp = 31,
		.fp = 29,
		.pc = 32,
		.link = 30,
		.pc_mask = 0x0000ffffffffffff,
		.prstatus = { 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11,
			      12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,
			      24, 25, 26, 27, 28, 29, 30, 31, 32, -1, -1 },
		.signal_frame = aarch64_signal_frame,
	},
};

const struct unwind_machine *unwind_machine_find(const struct machine *machine)
{
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (machines[i].e_machine == machine->e_machine)
			return &machines[i];
	return NULL;
}
