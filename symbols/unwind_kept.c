#include "symbols/unwind_kept.h"

enum { FLAG_SIGNAL = 1, FLAG_SIGNED = 2, CFA = CFI_REGISTERS, EXPRESSION_MAX = 4096 };

static bool is_expression(unsigned kind)
{
	return kind == CFI_AT_EXPRESSION || kind == CFI_IS_EXPRESSION;
}

static void write_rule(const struct cfi_rule *rule, const struct cfi_section *section,
		       unsigned reg, struct str *out)
{
	kept_put(out, reg);
	kept_put(out, rule->kind);
	kept_put(out, rule->base);
	if (!is_expression(rule->kind)) {
		kept_put(out, (uint64_t)rule->offset);
		return;
	}
	bool there = rule->expression <= section->size &&
		     rule->size <= section->size - rule->expression;
	kept_put(out, there ? rule->size : 0);
	if (there)
		str_add(out, (const char *)section->data + rule->expression, rule->size);
}

void unwind_row_write(const struct cfi_row *row, const struct cfi_section *section, addr_t start,
		      addr_t end, struct str *out)
{
	kept_put(out, start);
	kept_put(out, end);
	if (!end)
		return;
	kept_put(out, row->return_column);
	kept_put(out, (row->signal_frame ? FLAG_SIGNAL : 0u) |
			      (row->return_signed ? FLAG_SIGNED : 0u));
	uint64_t count = 1;
	for (unsigned reg = 0; reg < CFI_REGISTERS; reg++)
		count += row->rules[reg].kind != CFI_UNCHANGED;
	kept_put(out, count);
	write_rule(&row->cfa, section, CFA, out);
	for (unsigned reg = 0; reg < CFI_REGISTERS; reg++)
		if (row->rules[reg].kind != CFI_UNCHANGED)
			write_rule(&row->rules[reg], section, reg, out);
}

static bool read_rule(struct kept_reader *r, const struct cfi_section *section,
		      struct cfi_row *row)
{
	uint64_t reg = kept_get(r), kind = kept_get(r), base = kept_get(r), number = kept_get(r);
	struct cfi_rule rule = { .kind = (uint8_t)kind, .base = (uint8_t)base };
	bool is_cfa = reg == CFA;
	if (r->failed || reg > CFA || kind > CFI_IS_EXPRESSION || base >= CFI_REGISTERS ||
	    (is_cfa && kind != CFI_REGISTER && kind != CFI_IS_EXPRESSION) ||
	    (!is_cfa && kind == CFI_REGISTER && number >= CFI_REGISTERS))
		return false;
	if (is_expression((unsigned)kind)) {
		rule.expression = (uint64_t)(r->at - section->data);
		rule.size = (uint32_t)number;
		if (number > EXPRESSION_MAX || !kept_get_bytes(r, number))
			return false;
	} else {
		rule.offset = (int64_t)number;
	}
	if (is_cfa)
		row->cfa = rule;
	else
		row->rules[reg] = rule;
	return true;
}

bool unwind_row_read(const struct kept_answer *answer, const struct machine *machine,
		     struct cfi_row *ret, struct cfi_section *ret_section, addr_t *ret_start,
		     addr_t *ret_end)
{
	struct kept_reader r = kept_read(answer);
	*ret = (struct cfi_row){ 0 };
	*ret_section = (struct cfi_section){
		.machine = machine, .data = answer->data, .size = answer->len
	};
	*ret_start = kept_get(&r);
	*ret_end = kept_get(&r);
	if (r.failed || !*ret_end)
		return !r.failed;
	uint64_t column = kept_get(&r), flags = kept_get(&r), count = kept_get(&r);
	if (r.failed || column >= CFI_REGISTERS || count > CFI_REGISTERS + 1)
		return false;
	ret->return_column = (uint8_t)column;
	ret->signal_frame = flags & FLAG_SIGNAL;
	ret->return_signed = flags & FLAG_SIGNED;
	while (count-- > 0)
		if (!read_rule(&r, ret_section, ret))
			return false;
	return ret->cfa.kind == CFI_REGISTER || ret->cfa.kind == CFI_IS_EXPRESSION;
}
