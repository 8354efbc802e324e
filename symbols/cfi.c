#include "symbols/cfi.h"

#include <dwarf.h>
#include <string.h>
#include "core/checked.h"
#include "symbols/cursor.h"

enum { LENGTH_64 = 0xffffffff, AUGMENTATION_MAX = 16 };

/* DW_CFA_* that <dwarf.h> does not have everywhere. */
enum { CFA_AARCH64_NEGATE_RA_STATE_WITH_PC = 0x2c };

/* --- encoded pointers ----------------------------------------------------------------------- */

/* DW_EH_PE_*: how it is written below, what it counts from above. */
static bool encoded_value(struct cursor *c, uint8_t encoding, uint64_t *ret)
{
	switch (encoding & 0x0f) {
	case DW_EH_PE_absptr:
		*ret = cursor_word(c);
		break;
	case DW_EH_PE_uleb128:
		*ret = cursor_uleb(c);
		break;
	case DW_EH_PE_udata2:
		*ret = cursor_u16(c);
		break;
	case DW_EH_PE_udata4:
		*ret = cursor_u32(c);
		break;
	case DW_EH_PE_udata8:
		*ret = cursor_u64(c);
		break;
	case DW_EH_PE_sleb128:
		*ret = (uint64_t)cursor_sleb(c);
		break;
	case DW_EH_PE_sdata2:
		*ret = (uint64_t)(int16_t)cursor_u16(c);
		break;
	case DW_EH_PE_sdata4:
		*ret = (uint64_t)(int32_t)cursor_u32(c);
		break;
	case DW_EH_PE_sdata8:
		*ret = cursor_u64(c);
		break;
	default:
		return false;
	}
	return !c->failed;
}

static bool encoded_pointer(const struct cfi_section *s, struct cursor *c, uint8_t encoding,
			    addr_t *ret)
{
	addr_t here = s->at + c->at;
	uint64_t value;
	if (encoding == DW_EH_PE_omit || (encoding & DW_EH_PE_indirect) ||
	    !encoded_value(c, encoding, &value))
		return false;
	switch (encoding & 0x70) {
	case DW_EH_PE_absptr:
		*ret = value + (s->is_debug_frame ? s->bias : 0);
		return true;
	case DW_EH_PE_pcrel:
		*ret = here + value;
		return true;
	case DW_EH_PE_datarel:
		*ret = s->at + value;
		return true;
	}
	return false;
}

/* --- CIE and FDE ---------------------------------------------------------------------------- */

struct piece {
	struct cursor c; /* behind the identifier, limited to the piece */
	uint64_t id_at;  /* offset of the identifier */
	uint64_t id;
	bool is_cie;
};

static struct cursor cursor_in(const struct cfi_section *s, uint64_t from, uint64_t to)
{
	return cursor_at(s->machine, s->data, MIN(to, (uint64_t)s->size), from);
}

/* A length of zero ends .eh_frame. */
static bool piece_load(const struct cfi_section *s, uint64_t offset, struct piece *ret,
		       uint64_t *ret_next)
{
	struct cursor c = cursor_in(s, offset, s->size);
	uint64_t length = cursor_u32(&c), end;
	bool is_64 = length == LENGTH_64;
	if (is_64)
		length = cursor_u64(&c);
	if (c.failed || !length || !checked_add(c.at, length, &end) || end > s->size)
		return false;
	*ret_next = end;
	c.size = end;
	ret->id_at = c.at;
	ret->id = is_64 && s->is_debug_frame ? cursor_u64(&c) : cursor_u32(&c);
	uint64_t mark = !s->is_debug_frame ? 0 : is_64 ? UINT64_MAX : UINT32_MAX;
	ret->is_cie = ret->id == mark;
	ret->c = c;
	return true;
}

/* 'z' says how long the data is, so that letters which we do not know may follow. */
static bool augmentation_load(struct cursor *c, const char *letters, struct cfi_cie *ret)
{
	uint64_t length, end;
	if (letters[0] != 'z')
		return letters[0] == 0;
	length = cursor_uleb(c);
	if (c->failed || !checked_add(c->at, length, &end) || end > c->size)
		return false;
	ret->sized = true;
	for (const char *p = letters + 1; *p; p++) {
		uint64_t personality;
		if (*p == 'R') {
			ret->pointers = cursor_u8(c);
		} else if (*p == 'L') {
			cursor_u8(c);
		} else if (*p == 'P') {
			uint8_t encoding = cursor_u8(c);
			if (!encoded_value(c, encoding, &personality))
				return false;
		} else if (*p == 'S') {
			ret->signal_frame = true;
		} else if (*p != 'B' && *p != 'G') { /* aarch64: key B; memory tags */
			break;
		}
	}
	c->at = end;
	return true;
}

static bool cie_load(const struct cfi_section *s, uint64_t offset, struct cfi_cie *ret)
{
	struct piece piece;
	uint64_t next;
	char letters[AUGMENTATION_MAX];
	if (!piece_load(s, offset, &piece, &next) || !piece.is_cie)
		return false;
	struct cursor *c = &piece.c;
	uint8_t version = cursor_u8(c);
	if ((version != 1 && version != 3 && version != 4) ||
	    !cursor_string(c, letters, sizeof(letters)))
		return false;
	*ret = (struct cfi_cie){ .pointers = DW_EH_PE_absptr };
	if (version == 4 && (cursor_u8(c) != s->machine->word || cursor_u8(c) != 0))
		return false;
	ret->code_align = cursor_uleb(c);
	ret->data_align = cursor_sleb(c);
	ret->return_column = version == 1 ? cursor_u8(c) : cursor_uleb(c);
	if (!augmentation_load(c, letters, ret) || c->failed || ret->return_column >= CFI_REGISTERS)
		return false;
	ret->program = c->at;
	ret->program_end = next;
	return true;
}

static bool fde_load(const struct cfi_section *s, struct piece *piece, uint64_t next,
		     struct cfi_entry *ret)
{
	struct cursor *c = &piece->c;
	struct cfi_entry e = { 0 };
	uint64_t cie = s->is_debug_frame ? piece->id : piece->id_at - piece->id, size;
	if ((!s->is_debug_frame && piece->id > piece->id_at) || !cie_load(s, cie, &e.cie) ||
	    !encoded_pointer(s, c, e.cie.pointers, &e.start) ||
	    !encoded_value(c, e.cie.pointers & 0x0f, &size) || !checked_add(e.start, size, &e.end))
		return false;
	if (e.cie.sized) {
		uint64_t length = cursor_uleb(c);
		if (c->failed || length > c->size - c->at)
			return false;
		c->at += length;
	}
	e.program = c->at;
	e.program_end = next;
	*ret = e;
	return true;
}

bool cfi_next(const struct cfi_section *s, uint64_t *offset, struct cfi_entry *ret,
	      bool *ret_is_fde)
{
	struct piece piece;
	uint64_t next;
	if (!piece_load(s, *offset, &piece, &next))
		return false;
	*ret_is_fde = !piece.is_cie && fde_load(s, &piece, next, ret);
	*offset = next;
	return true;
}

bool cfi_entry_load(const struct cfi_section *s, uint64_t offset, struct cfi_entry *ret)
{
	struct piece piece;
	uint64_t next;
	return piece_load(s, offset, &piece, &next) && !piece.is_cie &&
	       fde_load(s, &piece, next, ret);
}

/* --- programs ------------------------------------------------------------------------------- */

struct execution {
	const struct cfi_section *section;
	const struct cfi_cie *cie;
	struct cfi_row *row;
	const struct cfi_row *initial; /* after the CIE's program; NULL: in it */
	struct cfi_row remembered[CFI_REMEMBERED];
	unsigned depth;
	addr_t at, pc;
};

static bool set_rule(struct execution *x, uint64_t reg, enum cfi_kind kind, int64_t offset)
{
	/* Floating-point and vector registers are of no use here. */
	if (reg < CFI_REGISTERS)
		x->row->rules[reg] = (struct cfi_rule){ .kind = (uint8_t)kind, .offset = offset };
	return true;
}

static bool restore_rule(struct execution *x, uint64_t reg)
{
	if (!x->initial)
		return false;
	if (reg < CFI_REGISTERS)
		x->row->rules[reg] = x->initial->rules[reg];
	return true;
}

static bool set_cfa(struct execution *x, uint64_t reg, int64_t offset)
{
	if (reg >= CFI_REGISTERS)
		return false;
	x->row->cfa =
		(struct cfi_rule){ .kind = CFI_REGISTER, .base = (uint8_t)reg, .offset = offset };
	return true;
}

static int64_t factored(const struct execution *x, uint64_t n)
{
	return (int64_t)(n * (uint64_t)x->cie->data_align);
}

static bool take_expression(struct cursor *c, enum cfi_kind kind, struct cfi_rule *ret)
{
	uint64_t size = cursor_uleb(c);
	if (c->failed || size > c->size - c->at || size > UINT32_MAX)
		return false;
	*ret = (struct cfi_rule){ .kind = (uint8_t)kind,
				  .size = (uint32_t)size,
				  .expression = c->at };
	c->at += size;
	return true;
}

static bool set_expression(struct execution *x, struct cursor *c, enum cfi_kind kind)
{
	uint64_t reg = cursor_uleb(c);
	struct cfi_rule rule;
	if (!take_expression(c, kind, &rule))
		return false;
	if (reg < CFI_REGISTERS)
		x->row->rules[reg] = rule;
	return true;
}

static bool advance(struct execution *x, uint64_t units)
{
	uint64_t bytes;
	return checked_mul(units, x->cie->code_align, &bytes) && checked_add(x->at, bytes, &x->at);
}

/* The operand is in the operation's low six bits. */
static bool execute_packed(struct execution *x, struct cursor *c, uint8_t op)
{
	switch (op & 0xc0) {
	case DW_CFA_advance_loc:
		return advance(x, op & 0x3f);
	case DW_CFA_offset:
		return set_rule(x, op & 0x3f, CFI_AT, factored(x, cursor_uleb(c)));
	default:
		return restore_rule(x, op & 0x3f);
	}
}

static bool execute_cfa(struct execution *x, struct cursor *c, uint8_t op)
{
	struct cfi_rule *cfa = &x->row->cfa;
	uint64_t reg;
	switch (op) {
	case DW_CFA_def_cfa:
		reg = cursor_uleb(c);
		return set_cfa(x, reg, (int64_t)cursor_uleb(c));
	case DW_CFA_def_cfa_sf:
		reg = cursor_uleb(c);
		return set_cfa(x, reg, factored(x, (uint64_t)cursor_sleb(c)));
	case DW_CFA_def_cfa_register:
		return cfa->kind == CFI_REGISTER && set_cfa(x, cursor_uleb(c), cfa->offset);
	case DW_CFA_def_cfa_offset:
		return cfa->kind == CFI_REGISTER && set_cfa(x, cfa->base, (int64_t)cursor_uleb(c));
	case DW_CFA_def_cfa_offset_sf:
		return cfa->kind == CFI_REGISTER &&
		       set_cfa(x, cfa->base, factored(x, (uint64_t)cursor_sleb(c)));
	default:
		return take_expression(c, CFI_IS_EXPRESSION, cfa);
	}
}

static bool execute_state(struct execution *x, uint8_t op)
{
	if (op == DW_CFA_remember_state) {
		if (x->depth == CFI_REMEMBERED)
			return false;
		x->remembered[x->depth++] = *x->row;
		return true;
	}
	if (!x->depth)
		return false;
	*x->row = x->remembered[--x->depth];
	return true;
}

static bool execute_rule(struct execution *x, struct cursor *c, uint8_t op)
{
	uint64_t reg = cursor_uleb(c);
	switch (op) {
	case DW_CFA_offset_extended:
		return set_rule(x, reg, CFI_AT, factored(x, cursor_uleb(c)));
	case DW_CFA_offset_extended_sf:
		return set_rule(x, reg, CFI_AT, factored(x, (uint64_t)cursor_sleb(c)));
	case DW_CFA_val_offset:
		return set_rule(x, reg, CFI_IS, factored(x, cursor_uleb(c)));
	case DW_CFA_val_offset_sf:
		return set_rule(x, reg, CFI_IS, factored(x, (uint64_t)cursor_sleb(c)));
	case DW_CFA_GNU_negative_offset_extended:
		return set_rule(x, reg, CFI_AT, factored(x, -cursor_uleb(c)));
	case DW_CFA_register:
		return set_rule(x, reg, CFI_REGISTER, (int64_t)cursor_uleb(c));
	case DW_CFA_restore_extended:
		return restore_rule(x, reg);
	case DW_CFA_undefined:
		return set_rule(x, reg, CFI_UNDEFINED, 0);
	default:
		return set_rule(x, reg, CFI_UNCHANGED, 0);
	}
}

static bool execute(struct execution *x, struct cursor *c, uint8_t op)
{
	if (op & 0xc0)
		return execute_packed(x, c, op);
	switch (op) {
	case DW_CFA_nop:
		return true;
	case DW_CFA_set_loc:
		return encoded_pointer(x->section, c, x->cie->pointers, &x->at);
	case DW_CFA_advance_loc1:
		return advance(x, cursor_u8(c));
	case DW_CFA_advance_loc2:
		return advance(x, cursor_u16(c));
	case DW_CFA_advance_loc4:
		return advance(x, cursor_u32(c));
	case DW_CFA_def_cfa:
	case DW_CFA_def_cfa_sf:
	case DW_CFA_def_cfa_register:
	case DW_CFA_def_cfa_offset:
	case DW_CFA_def_cfa_offset_sf:
	case DW_CFA_def_cfa_expression:
		return execute_cfa(x, c, op);
	case DW_CFA_remember_state:
	case DW_CFA_restore_state:
		return execute_state(x, op);
	case DW_CFA_offset_extended:
	case DW_CFA_offset_extended_sf:
	case DW_CFA_val_offset:
	case DW_CFA_val_offset_sf:
	case DW_CFA_GNU_negative_offset_extended:
	case DW_CFA_register:
	case DW_CFA_restore_extended:
	case DW_CFA_undefined:
	case DW_CFA_same_value:
		return execute_rule(x, c, op);
	case DW_CFA_expression:
		return set_expression(x, c, CFI_AT_EXPRESSION);
	case DW_CFA_val_expression:
		return set_expression(x, c, CFI_IS_EXPRESSION);
	case DW_CFA_GNU_args_size:
		cursor_uleb(c);
		return true;
	/* aarch64's negate_ra_state has SPARC's number. */
	case CFA_AARCH64_NEGATE_RA_STATE_WITH_PC:
	case DW_CFA_GNU_window_save:
		x->row->return_signed ^= true;
		return true;
	}
	return false;
}

/* Up to the row of pc; a program that breaks off at its end is all there is. */
static bool run(struct execution *x, uint64_t from, uint64_t to)
{
	struct cursor c = cursor_in(x->section, from, to);
	while (c.at < c.size) {
		uint8_t op = cursor_u8(&c);
		addr_t before = x->at;
		if (!execute(x, &c, op) || c.failed || x->at < before)
			return false;
		if (x->at > x->pc)
			return true;
	}
	return true;
}

bool cfi_row_at(const struct cfi_section *s, const struct cfi_entry *entry, addr_t pc,
		struct cfi_row *ret)
{
	struct cfi_row initial;
	memset(ret, 0, sizeof(*ret));
	struct execution x = {
		.section = s, .cie = &entry->cie, .row = ret, .at = entry->start, .pc = pc
	};
	if (!run(&x, entry->cie.program, entry->cie.program_end))
		return false;
	initial = *ret;
	x.initial = &initial;
	x.at = entry->start;
	if (!run(&x, entry->program, entry->program_end))
		return false;
	ret->return_column = (uint8_t)entry->cie.return_column;
	ret->signal_frame = entry->cie.signal_frame;
	return ret->cfa.kind == CFI_REGISTER || ret->cfa.kind == CFI_IS_EXPRESSION;
}

/* --- .eh_frame_hdr -------------------------------------------------------------------------- */

bool cfi_table_load(const struct cfi_section *header, struct cfi_table *ret)
{
	struct cursor c = cursor_in(header, 0, header->size);
	uint8_t version = cursor_u8(&c), frames = cursor_u8(&c), count = cursor_u8(&c);
	struct cfi_table t = { .section = *header, .encoding = cursor_u8(&c) };
	if (c.failed || version != 1 || !encoded_pointer(header, &c, frames, &t.frames) ||
	    count == DW_EH_PE_omit || !encoded_value(&c, count & 0x0f, &t.count))
		return false;
	/* Relative to the header, four or eight bytes each: what ld, gold, lld and mold write. */
	if (t.encoding != (DW_EH_PE_datarel | DW_EH_PE_sdata4) &&
	    t.encoding != (DW_EH_PE_datarel | DW_EH_PE_sdata8))
		return false;
	t.width = (t.encoding & 0x0f) == DW_EH_PE_sdata4 ? 4 : 8;
	t.entries = c.at;
	t.count = MIN(t.count, (header->size - c.at) / (2 * t.width));
	*ret = t;
	return true;
}

static addr_t table_address(const struct cfi_table *t, uint64_t entry, unsigned half)
{
	const uint8_t *p = t->section.data + t->entries + (entry * 2 + half) * t->width;
	uint64_t value = t->width == 4 ? (uint64_t)(int32_t)load_u32(t->section.machine, p)
				       : load_u64(t->section.machine, p);
	return t->section.at + value;
}

bool cfi_table_find(const struct cfi_table *t, addr_t pc, addr_t *ret_entry)
{
	uint64_t low = 0, high = t->count;
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		if (table_address(t, middle, 0) <= pc)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return false;
	*ret_entry = table_address(t, low - 1, 1);
	return true;
}
