#include "core/machine.h"

#include <elf.h>
#include "core/checked.h"

/* elf_prstatus and elf_prpsinfo: linux/elfcore.h; the register sets: each arch's asm/ptrace.h and
 * asm/elf.h (ELF_NGREG). In all 64-bit ones the registers begin at 112, in the 32-bit ones at 72. */

static const char *const x86_64_registers[] = {
	"r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx", "rsi",
	"rdi", "orig_rax", "rip", "cs", "eflags", "rsp", "ss", "fs_base", "gs_base", "ds", "es", "fs",
	"gs",
};

static const char *const aarch64_registers[] = {
	"x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14",
	"x15", "x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27",
	"x28", "x29", "x30", "sp", "pc", "pstate",
};

static const char *const i386_registers[] = {
	"ebx", "ecx", "edx", "esi", "edi", "ebp", "eax", "ds", "es", "fs", "gs", "orig_eax", "eip",
	"cs", "eflags", "esp", "ss",
};

static const char *const arm_registers[] = {
	"r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "fp", "ip", "sp", "lr",
	"pc", "cpsr", "orig_r0",
};

static const char *const s390x_registers[] = {
	"pswm", "pswa", "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11",
	"r12", "r13", "r14", "r15", "a0a1", "a2a3", "a4a5", "a6a7", "a8a9", "a10a11", "a12a13",
	"a14a15", "orig_r2",
};

static const char *const ppc64_registers[] = {
	"r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
	"r15", "r16", "r17", "r18", "r19", "r20", "r21", "r22", "r23", "r24", "r25", "r26", "r27",
	"r28", "r29", "r30", "r31", "nip", "msr", "orig_r3", "ctr", "lr", "xer", "cr", "softe", "trap",
	"dar", "dsisr", "result",
};

static const char *const riscv64_registers[] = {
	"pc", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4", "a5",
	"a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5",
	"t6",
};

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LITTLE .elf_data = ELFDATA2LSB, .swap = false
#define BIG .elf_data = ELFDATA2MSB, .swap = true
#else
#define LITTLE .elf_data = ELFDATA2LSB, .swap = true
#define BIG .elf_data = ELFDATA2MSB, .swap = false
#endif

#define BITS64                                                                                     \
	.elf_class = ELFCLASS64, .word = 8, .page_size = 4096, .pr_cursig = 12, .pr_pid = 32,      \
	.pr_reg = 112, .prpsinfo_size = 136, .pr_ps_pid = 24, .pr_fname = 40, .pr_psargs = 56
#define BITS32                                                                                     \
	.elf_class = ELFCLASS32, .word = 4, .page_size = 4096, .pr_cursig = 12, .pr_pid = 24,      \
	.pr_reg = 72, .prpsinfo_size = 124, .pr_ps_pid = 12, .pr_fname = 28, .pr_psargs = 44
#define REGISTERS(names) .registers = ARRAY_SIZE(names), .register_names = names

static const struct machine machines[] = {
	{
		.e_machine = EM_X86_64, .name = "x86_64", LITTLE, BITS64, REGISTERS(x86_64_registers),
		.prstatus_size = 336, .reg_pc = 16, .reg_sp = 19, .reg_fp = 4, .reg_tp = 21,
		.tp_is_pthread = true, .supported = true,
	}, {
		.e_machine = EM_AARCH64, .name = "aarch64", LITTLE, BITS64, REGISTERS(aarch64_registers),
		.prstatus_size = 392, .reg_pc = 32, .reg_sp = 31, .reg_fp = 29, .reg_tp = -1,
		.supported = true,
	}, {
		/* gs is a selector, not the thread pointer */
		.e_machine = EM_386, .name = "i686", LITTLE, BITS32, REGISTERS(i386_registers),
		.prstatus_size = 144, .reg_pc = 12, .reg_sp = 15, .reg_fp = 5, .reg_tp = -1,
	}, {
		.e_machine = EM_ARM, .name = "arm", LITTLE, BITS32, REGISTERS(arm_registers),
		.prstatus_size = 148, .reg_pc = 15, .reg_sp = 13, .reg_fp = 11, .reg_tp = -1,
	}, {
		/* the thread pointer is a0 and a1 together */
		.e_machine = EM_S390, .name = "s390x", BIG, BITS64, REGISTERS(s390x_registers),
		.prstatus_size = 336, .reg_pc = 1, .reg_sp = 17, .reg_fp = 13, .reg_tp = 18,
		.tp_is_pthread = true,
	}, {
		.e_machine = EM_PPC64, .name = "ppc64", BIG, BITS64, REGISTERS(ppc64_registers),
		.prstatus_size = 504, .reg_pc = 32, .reg_sp = 1, .reg_fp = 31, .reg_tp = 13,
	}, {
		.e_machine = EM_PPC64, .name = "ppc64le", LITTLE, BITS64, REGISTERS(ppc64_registers),
		.prstatus_size = 504, .reg_pc = 32, .reg_sp = 1, .reg_fp = 31, .reg_tp = 13,
	}, {
		.e_machine = EM_RISCV, .name = "riscv64", LITTLE, BITS64, REGISTERS(riscv64_registers),
		.prstatus_size = 376, .reg_pc = 0, .reg_sp = 2, .reg_fp = 8, .reg_tp = 4,
	},
};

const struct machine *machine_find(uint16_t e_machine, uint8_t elf_class, uint8_t elf_data)
{
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
		const struct machine *m = &machines[i];
		if (m->e_machine == e_machine && m->elf_class == elf_class && m->elf_data == elf_data)
			return m;
	}
	return NULL;
}
