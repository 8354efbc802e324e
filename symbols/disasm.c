#include "symbols/disasm.h"

#include <capstone/capstone.h>
#include <elf.h>
#include <string.h>
#include "core/checked.h"
#include "core/trace.h"

enum { INSTRUCTIONS_MAX = 256, REGISTERS = 31 };

/* aarch64 makes an address in two steps; what each register holds after the first is kept. */
struct walk {
	bool known[REGISTERS];
	addr_t value[REGISTERS];
	struct code_reference *ret;
	size_t count, max;
};

static void refer(struct walk *w, addr_t addr, bool is_load)
{
	if (w->count < w->max)
		w->ret[w->count++] = (struct code_reference){ addr, is_load };
}

/* mov rax, [rip + x] · lea rax, [rip + x] · mov rax, [x] · mov edi, x */
static void x86_instruction(struct walk *w, const cs_insn *insn)
{
	const cs_x86 *x = &insn->detail->x86;
	for (int i = 0; i < x->op_count; i++) {
		const cs_x86_op *op = &x->operands[i];
		if (op->type == X86_OP_IMM && insn->id == X86_INS_MOV && op->size >= 4)
			refer(w, (uint64_t)op->imm, false);
		if (op->type != X86_OP_MEM || op->mem.index != X86_REG_INVALID ||
		    op->mem.segment != X86_REG_INVALID)
			continue;
		if (op->mem.base == X86_REG_RIP)
			refer(w, insn->address + insn->size + (uint64_t)op->mem.disp,
			      insn->id != X86_INS_LEA);
		else if (op->mem.base == X86_REG_INVALID)
			refer(w, (uint64_t)op->mem.disp, insn->id != X86_INS_LEA);
	}
}

/* The number of x0..x30 (capstone numbers x29 and x30 apart); -1: another register. */
static int arm64_number(arm64_reg r)
{
	if (r >= ARM64_REG_X0 && r <= ARM64_REG_X28)
		return r - ARM64_REG_X0;
	return r == ARM64_REG_X29 ? 29 : r == ARM64_REG_X30 ? 30 : -1;
}

/* adrp x0, page; add x0, x0, #x · adrp x0, page; ldr x0, [x0, #x] · adr x0, x */
static void arm64_instruction(struct walk *w, const cs_insn *insn)
{
	const cs_arm64_op *op = insn->detail->arm64.operands;
	int count = insn->detail->arm64.op_count;
	int to = count > 0 && op[0].type == ARM64_OP_REG ? arm64_number(op[0].reg) : -1;
	addr_t made = 0;
	bool is_made = false;
	if ((insn->id == ARM64_INS_ADRP || insn->id == ARM64_INS_ADR) && count == 2 &&
	    op[1].type == ARM64_OP_IMM) {
		made = (uint64_t)op[1].imm;
		is_made = true;
		if (insn->id == ARM64_INS_ADR)
			refer(w, made, false);
	} else if (insn->id == ARM64_INS_ADD && count == 3 && op[1].type == ARM64_OP_REG &&
		   op[2].type == ARM64_OP_IMM) {
		int from = arm64_number(op[1].reg);
		is_made = from >= 0 && w->known[from];
		if (is_made) {
			made = w->value[from] + ((uint64_t)op[2].imm << op[2].shift.value);
			refer(w, made, false);
		}
	} else if (insn->id == ARM64_INS_LDR && count == 2 && op[1].type == ARM64_OP_MEM &&
		   op[1].mem.index == ARM64_REG_INVALID) {
		int from = arm64_number(op[1].mem.base);
		if (from >= 0 && w->known[from])
			refer(w, w->value[from] + (uint64_t)(int64_t)op[1].mem.disp, true);
	}
	if (to >= 0) {
		w->known[to] = is_made;
		w->value[to] = made;
	}
}

static bool open_engine(const struct machine *machine, csh *ret)
{
	cs_err err = CS_ERR_ARCH;
	if (machine->e_machine == EM_X86_64)
		err = cs_open(CS_ARCH_X86, CS_MODE_64, ret);
	else if (machine->e_machine == EM_AARCH64)
		err = cs_open(CS_ARCH_ARM64, CS_MODE_ARM, ret);
	if (err != CS_ERR_OK) {
		trace(SYMBOLS, "no disassembler for %s: %s", machine->name, cs_strerror(err));
		return false;
	}
	cs_option(*ret, CS_OPT_DETAIL, CS_OPT_ON);
	return true;
}

size_t disasm_references(const struct machine *machine, const uint8_t *code, size_t len, addr_t at,
			 struct code_reference *ret, size_t max)
{
	struct walk w = { .ret = ret, .max = max };
	csh engine;
	if (!open_engine(machine, &engine))
		return 0;
	cs_insn *insn = cs_malloc(engine);
	for (size_t n = 0; insn && n < INSTRUCTIONS_MAX; n++) {
		if (!cs_disasm_iter(engine, &code, &len, &at, insn))
			break;
		if (machine->e_machine == EM_X86_64)
			x86_instruction(&w, insn);
		else
			arm64_instruction(&w, insn);
		if (cs_insn_group(engine, insn, CS_GRP_RET))
			break;
	}
	if (insn)
		cs_free(insn, 1);
	cs_close(&engine);
	return w.count;
}
