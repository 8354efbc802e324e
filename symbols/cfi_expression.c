#include "symbols/cfi.h"

#include <dwarf.h>
#include "core/checked.h"
#include "symbols/cursor.h"

/* The part of DWARF's stack machine (DWARF 4, section 2.5) that call frame information uses: PLT
 * entries compute their CFA from the pc, glibc's signal trampolines find the saved registers. */

struct stack {
	const struct cfi_section *section;
	const struct cfi_registers *registers;
	const struct memory *memory;
	uint64_t items[CFI_STACK];
	unsigned depth;
	bool failed;
};

static void push(struct stack *s, uint64_t value)
{
	if (s->depth == CFI_STACK)
		s->failed = true;
	else
		s->items[s->depth++] = value;
}

static uint64_t pop(struct stack *s)
{
	if (!s->depth) {
		s->failed = true;
		return 0;
	}
	return s->items[--s->depth];
}

static void push_register(struct stack *s, uint64_t reg, int64_t offset)
{
	if (reg >= CFI_REGISTERS || !(s->registers->known >> reg & 1))
		s->failed = true;
	else
		push(s, s->registers->value[reg] + (uint64_t)offset);
}

static void push_memory(struct stack *s, uint8_t size)
{
	const struct machine *m = s->section->machine;
	uint8_t scratch[8];
	addr_t at = pop(s);
	if (size != 1 && size != 2 && size != 4 && size != 8)
		size = 0;
	const uint8_t *p = size ? memory_view(s->memory, at, scratch, size) : NULL;
	if (!p) {
		s->failed = true;
		return;
	}
	push(s, size == 1   ? *p
		: size == 2 ? load_u16(m, p)
		: size == 4 ? load_u32(m, p)
			    : load_u64(m, p));
}

static void push_copy(struct stack *s, unsigned index)
{
	if (index >= s->depth)
		s->failed = true;
	else
		push(s, s->items[s->depth - 1 - index]);
}

static void rotate(struct stack *s, unsigned count)
{
	if (s->depth < count) {
		s->failed = true;
		return;
	}
	uint64_t *top = &s->items[s->depth - count], last = top[count - 1];
	for (unsigned i = count - 1; i > 0; i--)
		top[i] = top[i - 1];
	top[0] = last;
}

static uint64_t arithmetic(struct stack *s, uint8_t op, uint64_t a, uint64_t b)
{
	int64_t x = (int64_t)a, y = (int64_t)b;
	switch (op) {
	case DW_OP_and:
		return a & b;
	case DW_OP_or:
		return a | b;
	case DW_OP_xor:
		return a ^ b;
	case DW_OP_plus:
		return a + b;
	case DW_OP_minus:
		return a - b;
	case DW_OP_mul:
		return a * b;
	case DW_OP_shl:
		return b < 64 ? a << b : 0;
	case DW_OP_shr:
		return b < 64 ? a >> b : 0;
	case DW_OP_shra:
		return (uint64_t)(x >> (b < 64 ? b : 63));
	case DW_OP_eq:
		return a == b;
	case DW_OP_ne:
		return a != b;
	case DW_OP_ge:
		return x >= y;
	case DW_OP_gt:
		return x > y;
	case DW_OP_le:
		return x <= y;
	case DW_OP_lt:
		return x < y;
	}
	s->failed = true;
	return 0;
}

static bool push_constant(struct stack *s, struct cursor *c, uint8_t op)
{
	switch (op) {
	case DW_OP_addr:
		push(s, cursor_word(c));
		return true;
	case DW_OP_const1u:
		push(s, cursor_u8(c));
		return true;
	case DW_OP_const1s:
		push(s, (uint64_t)(int8_t)cursor_u8(c));
		return true;
	case DW_OP_const2u:
		push(s, cursor_u16(c));
		return true;
	case DW_OP_const2s:
		push(s, (uint64_t)(int16_t)cursor_u16(c));
		return true;
	case DW_OP_const4u:
		push(s, cursor_u32(c));
		return true;
	case DW_OP_const4s:
		push(s, (uint64_t)(int32_t)cursor_u32(c));
		return true;
	case DW_OP_const8u:
	case DW_OP_const8s:
		push(s, cursor_u64(c));
		return true;
	case DW_OP_constu:
		push(s, cursor_uleb(c));
		return true;
	case DW_OP_consts:
		push(s, (uint64_t)cursor_sleb(c));
		return true;
	}
	return false;
}

static bool move_stack(struct stack *s, struct cursor *c, uint8_t op)
{
	switch (op) {
	case DW_OP_dup:
		push_copy(s, 0);
		return true;
	case DW_OP_drop:
		pop(s);
		return true;
	case DW_OP_over:
		push_copy(s, 1);
		return true;
	case DW_OP_pick:
		push_copy(s, cursor_u8(c));
		return true;
	case DW_OP_swap:
		rotate(s, 2);
		return true;
	case DW_OP_rot:
		rotate(s, 3);
		return true;
	}
	return false;
}

static void jump(struct stack *s, struct cursor *c, bool taken)
{
	int64_t by = (int16_t)cursor_u16(c);
	if (!taken)
		return;
	int64_t to = (int64_t)c->at + by;
	if (to < 0 || (uint64_t)to > c->size)
		s->failed = true;
	else
		c->at = (uint64_t)to;
}

static void step(struct stack *s, struct cursor *c, uint8_t op)
{
	if (push_constant(s, c, op) || move_stack(s, c, op))
		return;
	if (op >= DW_OP_lit0 && op <= DW_OP_lit31) {
		push(s, op - DW_OP_lit0);
	} else if (op >= DW_OP_breg0 && op <= DW_OP_breg31) {
		push_register(s, op - DW_OP_breg0, cursor_sleb(c));
	} else if (op == DW_OP_bregx) {
		uint64_t reg = cursor_uleb(c);
		push_register(s, reg, cursor_sleb(c));
	} else if (op == DW_OP_deref) {
		push_memory(s, s->section->machine->word);
	} else if (op == DW_OP_deref_size) {
		push_memory(s, cursor_u8(c));
	} else if (op == DW_OP_plus_uconst) {
		uint64_t by = cursor_uleb(c);
		push(s, pop(s) + by);
	} else if (op == DW_OP_neg) {
		push(s, -pop(s));
	} else if (op == DW_OP_not) {
		push(s, ~pop(s));
	} else if (op == DW_OP_skip) {
		jump(s, c, true);
	} else if (op == DW_OP_bra) {
		jump(s, c, pop(s) != 0);
	} else if (op != DW_OP_nop) {
		uint64_t b = pop(s), a = pop(s);
		push(s, arithmetic(s, op, a, b));
	}
}

bool cfi_evaluate(const struct cfi_section *section, uint64_t expression, uint32_t size,
		  const struct cfi_registers *registers, const struct memory *memory,
		  const uint64_t *first, uint64_t *ret)
{
	struct stack s = { .section = section, .registers = registers, .memory = memory };
	if (expression > section->size || size > section->size - expression)
		return false;
	struct cursor c = cursor_at(section->machine, section->data + expression, size, 0);
	if (first)
		push(&s, *first);
	for (unsigned steps = 0; c.at < c.size; steps++) {
		uint8_t op = cursor_u8(&c);
		step(&s, &c, op);
		if (s.failed || c.failed || steps == CFI_STEPS)
			return false;
	}
	*ret = pop(&s);
	return !s.failed;
}
