#include "symbols/disasm.h"

#include <capstone/capstone.h>
#include <elf.h>
#include <stdio.h>
#include <string.h>
#include "core/checked.h"
#include "core/trace.h"
#include "symbols/evex.h"

enum { INSTRUCTIONS_MAX = 256, REGISTERS = 31 };

/* aarch64 makes an address in two steps; what each register holds after the first is kept. */
struct walk {
	bool known[REGISTERS];
	addr_t value[REGISTERS];
	struct code_reference *ret;
	size_t count, max;
	bool keeps_last; /* else the first */
};

static void refer(struct walk *w, addr_t addr, bool is_load)
{
	if (w->count == w->max && w->keeps_last && w->max > 1) {
		/* seldom: half of them go, so that each costs little */
		size_t half = w->max / 2;
		memmove(w->ret, w->ret + half, (w->max - half) * sizeof(*w->ret));
		w->count -= half;
	}
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

/* limit: of instructions. */
static size_t walk_code(const struct machine *machine, const uint8_t *code, size_t len, addr_t at,
			struct walk *w, size_t limit, bool past_returns)
{
	csh engine;
	if (!open_engine(machine, &engine))
		return 0;
	cs_insn *insn = cs_malloc(engine);
	for (size_t n = 0; insn && n < limit; n++) {
		if (!cs_disasm_iter(engine, &code, &len, &at, insn))
			break;
		if (machine->e_machine == EM_X86_64)
			x86_instruction(w, insn);
		else
			arm64_instruction(w, insn);
		if (!past_returns && cs_insn_group(engine, insn, CS_GRP_RET))
			break;
	}
	if (insn)
		cs_free(insn, 1);
	cs_close(&engine);
	return w->count;
}

size_t disasm_references(const struct machine *machine, const uint8_t *code, size_t len, addr_t at,
			 struct code_reference *ret, size_t max)
{
	struct walk w = { .ret = ret, .max = max };
	return walk_code(machine, code, len, at, &w, INSTRUCTIONS_MAX, false);
}

size_t disasm_all_references(const struct machine *machine, const uint8_t *code, size_t len,
			     addr_t at, struct code_reference *ret, size_t max)
{
	struct walk w = { .ret = ret, .max = max, .keeps_last = true };
	return walk_code(machine, code, len, at, &w, SIZE_MAX, true);
}

/* Where an instruction jumps to; 0: it does not, or where a register says. */
static addr_t jump_target(const struct machine *machine, csh engine, const cs_insn *insn)
{
	if (!cs_insn_group(engine, insn, CS_GRP_JUMP))
		return 0;
	if (machine->e_machine == EM_X86_64) {
		const cs_x86 *x = &insn->detail->x86;
		return x->op_count == 1 && x->operands[0].type == X86_OP_IMM
			       ? (uint64_t)x->operands[0].imm
			       : 0;
	}
	const cs_arm64 *x = &insn->detail->arm64;
	for (int i = 0; i < x->op_count; i++)
		if (x->operands[i].type == ARM64_OP_IMM && i + 1 == x->op_count)
			return (uint64_t)x->operands[i].imm;
	return 0;
}

/* The last target of a jump below `before`, and the end of the last call or jump there that is not
 * the call itself. */
static addr_t straight_from(const struct machine *machine, csh engine, const uint8_t *code,
			    size_t len, addr_t at, addr_t before)
{
	addr_t ret = at;
	cs_insn *insn = cs_malloc(engine);
	while (insn && cs_disasm_iter(engine, &code, &len, &at, insn)) {
		addr_t target = jump_target(machine, engine, insn);
		addr_t end = insn->address + insn->size;
		bool leaves = cs_insn_group(engine, insn, CS_GRP_CALL) ||
			      cs_insn_group(engine, insn, CS_GRP_JUMP) ||
			      cs_insn_group(engine, insn, CS_GRP_RET);
		if (leaves && end < before && end > ret)
			ret = end;
		if (target < before && target > ret)
			ret = target;
	}
	if (insn)
		cs_free(insn, 1);
	return ret;
}

size_t disasm_straight_references(const struct machine *machine, const uint8_t *code, size_t len,
				  addr_t at, addr_t before, struct code_reference *ret,
				  size_t max)
{
	struct walk w = { .ret = ret, .max = max };
	csh engine;
	if (before <= at || before - at > len || !open_engine(machine, &engine))
		return 0;
	addr_t from = straight_from(machine, engine, code, len, at, before);
	cs_close(&engine);
	if (from >= before)
		return 0;
	return walk_code(machine, code + (from - at), before - from, from, &w, SIZE_MAX, true);
}

/* Bytes that are an instruction, though capstone cannot tell which; 0: they are none. */
static uint8_t unknown_instruction(const struct machine *machine, const uint8_t *code, size_t len,
				   char *text, size_t size)
{
	struct memory_access access;
	bool has_access;
	size_t n = machine->e_machine == EM_X86_64 ? evex_decode(code, len, &access, &has_access)
						   : 0;
	int used = n ? snprintf(text, size, "(AVX-512)") : 0;
	for (size_t i = 0; i < n && used < (int)size; i++)
		used += snprintf(text + used, size - (size_t)used, " %02x", code[i]);
	return (uint8_t)n;
}

size_t disasm_list(const struct machine *machine, const uint8_t *code, size_t len, addr_t at,
		   struct instruction *ret, size_t max)
{
	size_t count = 0;
	csh engine;
	if (!open_engine(machine, &engine))
		return 0;
	cs_insn *insn = cs_malloc(engine);
	while (insn && count < max) {
		struct instruction *to = &ret[count];
		to->at = at;
		if (cs_disasm_iter(engine, &code, &len, &at, insn)) {
			to->size = (uint8_t)insn->size;
			snprintf(to->text, sizeof(to->text), "%s%s%s", insn->mnemonic,
				 insn->op_str[0] ? " " : "", insn->op_str);
		} else {
			to->size = unknown_instruction(machine, code, len, to->text,
						       sizeof(to->text));
			code += to->size;
			len -= to->size;
			at += to->size;
		}
		if (!to->size)
			break;
		count++;
	}
	if (insn)
		cs_free(insn, 1);
	cs_close(&engine);
	return count;
}

/* "eax" -> "rax", "w3" -> "x3": the register of the core that a part belongs to. */
static void whole_name(csh engine, const struct machine *machine, unsigned reg, char ret[8])
{
	static const struct {
		const char *part, *whole;
	} parts[] = {
		{ "al", "rax" }, { "ah", "rax" },  { "ax", "rax" }, { "bl", "rbx" },
		{ "bx", "rbx" }, { "cl", "rcx" },  { "cx", "rcx" }, { "dl", "rdx" },
		{ "dx", "rdx" }, { "sil", "rsi" }, { "si", "rsi" }, { "dil", "rdi" },
		{ "di", "rdi" }, { "fp", "x29" },  { "lr", "x30" },
	};
	const char *name = reg ? cs_reg_name(engine, reg) : NULL;
	ret[0] = 0;
	if (!name || strlen(name) >= 8)
		return;
	strcpy(ret, name);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (strcmp(name, parts[i].part) == 0)
			strcpy(ret, parts[i].whole);
	size_t len = strlen(ret);
	if (machine->e_machine == EM_AARCH64 && ret[0] == 'w' && ret[1] >= '0' && ret[1] <= '9')
		ret[0] = 'x';
	else if (machine->e_machine == EM_X86_64 && ret[0] == 'e')
		ret[0] = 'r';
	else if (machine->e_machine == EM_X86_64 && ret[0] == 'r' && ret[1] >= '0' &&
		 ret[1] <= '9' &&
		 (ret[len - 1] == 'd' || ret[len - 1] == 'w' || ret[len - 1] == 'b'))
		ret[len - 1] = 0;
}

static struct memory_access *add_access(struct instruction_facts *f, unsigned direction)
{
	if (f->access_count == ARRAY_SIZE(f->accesses))
		return NULL;
	struct memory_access *a = &f->accesses[f->access_count++];
	*a = (struct memory_access){ .scale = 1, .direction = direction };
	return a;
}

static void add_register(csh engine, const struct machine *machine, unsigned reg,
			 struct instruction_facts *f)
{
	if (f->register_count < ARRAY_SIZE(f->registers))
		whole_name(engine, machine, reg, f->registers[f->register_count++]);
}

/* push, pop, call and ret: capstone counts their stack among no operands. */
static void x86_stack(const cs_insn *insn, struct instruction_facts *f)
{
	bool writes =
		insn->id == X86_INS_PUSH || insn->id == X86_INS_CALL || insn->id == X86_INS_PUSHFQ;
	bool reads =
		insn->id == X86_INS_POP || insn->id == X86_INS_RET || insn->id == X86_INS_LEAVE;
	struct memory_access *a =
		writes || reads ? add_access(f, writes ? ACCESS_WRITE : ACCESS_READ) : NULL;
	if (!a)
		return;
	strcpy(a->base, insn->id == X86_INS_LEAVE ? "rbp" : "rsp");
	a->displacement = writes ? -8 : 0;
}

/* The first operand is the destination, but in comparisons. capstone 4 has SSE and AVX stores read
 * theirs, and says nothing of the operand of an indirect call. */
static unsigned x86_direction(const cs_insn *insn, int index, const cs_x86_op *op)
{
	unsigned ret = (op->access & CS_AC_READ ? ACCESS_READ : 0) |
		       (op->access & CS_AC_WRITE ? ACCESS_WRITE : 0);
	bool compares = strncmp(insn->mnemonic, "cmp", 3) == 0 ||
			strncmp(insn->mnemonic, "test", 4) == 0 ||
			strncmp(insn->mnemonic, "bt", 2) == 0 || strstr(insn->mnemonic, " cmps");
	if (index == 0 && insn->detail->x86.op_count > 1 && ret == ACCESS_READ && !compares)
		return ACCESS_WRITE;
	return ret ? ret : ACCESS_READ;
}

static void x86_facts(csh engine, const struct machine *machine, const cs_insn *insn,
		      struct instruction_facts *f)
{
	const cs_x86 *x = &insn->detail->x86;
	for (int i = 0; i < x->op_count; i++) {
		const cs_x86_op *op = &x->operands[i];
		if (op->type == X86_OP_REG && (op->access & CS_AC_READ))
			add_register(engine, machine, op->reg, f);
		if (op->type != X86_OP_MEM || insn->id == X86_INS_LEA || insn->id == X86_INS_NOP)
			continue;
		struct memory_access *a = add_access(f, x86_direction(insn, i, op));
		if (!a)
			continue;
		a->is_relative = op->mem.base == X86_REG_RIP;
		if (!a->is_relative)
			whole_name(engine, machine, op->mem.base, a->base);
		whole_name(engine, machine, op->mem.index, a->index);
		a->scale = (uint8_t)op->mem.scale;
		a->displacement = op->mem.disp;
		a->has_segment = op->mem.segment == X86_REG_FS || op->mem.segment == X86_REG_GS;
	}
	x86_stack(insn, f);
	f->is_division = insn->id == X86_INS_DIV || insn->id == X86_INS_IDIV;
	f->is_trap = insn->id == X86_INS_UD2 || insn->id == X86_INS_INT3;
}

/* Loads have names that begin with "ld", stores with "st". */
static void arm64_facts(csh engine, const struct machine *machine, const cs_insn *insn,
			struct instruction_facts *f)
{
	const cs_arm64 *x = &insn->detail->arm64;
	bool is_store = strncmp(insn->mnemonic, "st", 2) == 0;
	for (int i = 0; i < x->op_count; i++) {
		const cs_arm64_op *op = &x->operands[i];
		if (op->type == ARM64_OP_REG && (op->access & CS_AC_READ))
			add_register(engine, machine, op->reg, f);
		struct memory_access *a =
			op->type == ARM64_OP_MEM
				? add_access(f, is_store ? ACCESS_WRITE : ACCESS_READ)
				: NULL;
		if (!a)
			continue;
		whole_name(engine, machine, op->mem.base, a->base);
		whole_name(engine, machine, op->mem.index, a->index);
		a->scale = (uint8_t)(op->shift.type == ARM64_SFT_LSL && op->shift.value < 8
					     ? 1 << op->shift.value
					     : 1);
		a->displacement = op->mem.disp;
	}
	f->is_division = false; /* gives 0 there, no signal */
	f->is_trap = insn->id == ARM64_INS_BRK || strcmp(insn->mnemonic, "udf") == 0;
}

bool disasm_facts(const struct machine *machine, const uint8_t *code, size_t len, addr_t at,
		  struct instruction_facts *ret)
{
	csh engine;
	*ret = (struct instruction_facts){ 0 };
	if (!open_engine(machine, &engine))
		return false;
	cs_insn *insn = cs_malloc(engine);
	bool found = insn && cs_disasm_iter(engine, &code, &len, &at, insn);
	if (found) {
		snprintf(ret->mnemonic, sizeof(ret->mnemonic), "%s", insn->mnemonic);
		if (machine->e_machine == EM_X86_64)
			x86_facts(engine, machine, insn, ret);
		else
			arm64_facts(engine, machine, insn, ret);
	}
	if (insn)
		cs_free(insn, 1);
	cs_close(&engine);
	bool has_access;
	if (!found && machine->e_machine == EM_X86_64 &&
	    evex_decode(code, len, &ret->accesses[0], &has_access)) {
		ret->access_count = has_access;
		found = true;
	}
	return found;
}
