#include "symbols/unwind.h"

#include <elf.h>
#include <string.h>
#include "core/checked.h"
#include "core/map.h"
#include "core/trace.h"
#include "symbols/unwind_kept.h"
#include "symbols/unwind_machine.h"
#include "symbols/unwind_module.h"

/* What is known of a pc: its row, or that there is none. */
struct known_row {
	struct cfi_row row;
	const struct cfi_section *section;
	struct cfi_section kept; /* of a slim core's answer: section leads here */
	addr_t start, end;	 /* of the function part; 0, 0: no rules */
};

struct unwinder {
	struct target *target;
	struct symbols *symbols;
	const struct unwind_machine *machine; /* NULL: not a machine that we can unwind */
	struct unwind_module *modules;        /* parallel to target->modules, then the vdso */
	size_t count;
	struct module vdso; /* path NULL: none */
	struct map by_pc;   /* index into rows, plus 1 */
	VEC(struct known_row *) rows;
};

/* --- the vdso -------------------------------------------------------------------------------
 *
 * No file is mapped there, so that NT_FILE does not name it; the core holds it whole. */

static void find_vdso(struct unwinder *u)
{
	enum { PAGES = 16 };
	const struct target *t = u->target;
	addr_t at = t->at_sysinfo_ehdr, low = UINT64_MAX, high = 0, end;
	const uint8_t *page = at ? memory_at(&t->memory, at, t->machine->page_size) : NULL;
	struct elffile elf;
	struct elf_phdr s;
	if (!page || target_module_at(t, at) ||
	    !elffile_open(page, t->machine->page_size, t->machine, &elf))
		return;
	for (uint32_t i = 0; elffile_segment(&elf, i, &s); i++) {
		if (s.type != PT_LOAD || !checked_add(s.vaddr, s.memsz, &end))
			continue;
		low = MIN(low, s.vaddr);
		high = MAX(high, end);
	}
	if (high <= low || high - low > PAGES * t->machine->page_size)
		return;
	u->vdso = (struct module){
		.start = at,
		.end = at + (high - low),
		.bias = at - low,
		.path = "[vdso]",
	};
}

static bool vdso_symbol(const struct unwinder *u, addr_t addr, struct symbol *ret)
{
	const struct target *t = u->target;
	const struct module *m = &u->vdso;
	size_t size = memory_span(&t->memory, m->start, m->end - m->start);
	struct elffile elf;
	struct elf_symtab table;
	if (!elffile_open(memory_at(&t->memory, m->start, size), size, t->machine, &elf) ||
	    !elffile_symtab(&elf, SHT_DYNSYM, &table))
		return false;
	bool found = false;
	for (size_t i = 0; i < table.count; i++) {
		struct elf_symbol e;
		elf_symbol_load(t->machine, table.symbols + i * elf_symbol_size(t->machine), &e);
		const char *name = elf_symtab_name(&table, e.name);
		addr_t at = m->bias + e.value;
		/* Each function has two names there; the longer says where it lives. */
		if (!name || e.section == SHN_UNDEF || addr < at || addr - at >= e.size ||
		    (found && strlen(name) < strlen(ret->name)))
			continue;
		*ret = (struct symbol){ name, at, e.size, SYMBOL_DYNSYM, m };
		found = true;
	}
	return found;
}

/* --- what lies where ------------------------------------------------------------------------ */

struct error *unwinder_new(struct target *target, struct symbols *symbols, struct unwinder **ret)
{
	_cleanup_(owned_unwinder_free) struct unwinder *u = calloc(1, sizeof(*u));
	if (!u)
		return error_nomem();
	u->target = target;
	u->symbols = symbols;
	u->machine = unwind_machine_find(target->machine);
	find_vdso(u);
	u->count = target->modules.len;
	u->modules = calloc(u->count + 1, sizeof(*u->modules));
	if (!u->modules)
		return error_nomem();
	for (size_t i = 0; i < u->count; i++)
		u->modules[i].module = &target->modules.items[i];
	u->modules[u->count].module = &u->vdso;
	*ret = take(u);
	return NULL;
}

void unwinder_free(struct unwinder *u)
{
	for (size_t i = 0; u->modules && i <= u->count; i++)
		unwind_module_release(&u->modules[i]);
	for (size_t i = 0; i < u->rows.len; i++)
		free(u->rows.items[i]);
	vec_release(&u->rows);
	map_release(&u->by_pc);
	free(u->modules);
	free(u);
}

static struct unwind_module *module_at(struct unwinder *u, addr_t addr)
{
	if (u->vdso.path && addr >= u->vdso.start && addr < u->vdso.end)
		return &u->modules[u->count];
	const struct module *module = target_module_at(u->target, addr);
	return module ? &u->modules[module - u->target->modules.items] : NULL;
}

const struct module *unwind_module_at(struct unwinder *u, addr_t addr)
{
	const struct unwind_module *m = module_at(u, addr);
	return m ? m->module : NULL;
}

/* A symbol as an answer of a slim core: address, size, source, name; or nothing. */
static bool kept_symbol(const struct kept_answer *answer, const struct module *module,
			struct symbol *ret)
{
	struct kept_reader r = kept_read(answer);
	*ret = (struct symbol){ .addr = kept_get(&r), .size = kept_get(&r), .module = module };
	uint64_t source = kept_get(&r);
	ret->source = source <= SYMBOL_DEBUG_FILE ? (enum symbol_source)source : SYMBOL_SYMTAB;
	ret->name = kept_get_text(&r);
	return ret->name;
}

static void keep_symbol(struct target *t, addr_t addr, const struct symbol *symbol)
{
	_str_ struct str out = STR_INIT;
	if (symbol) {
		kept_put(&out, symbol->addr);
		kept_put(&out, symbol->size);
		kept_put(&out, symbol->source);
		str_add(&out, symbol->name, strlen(symbol->name) + 1);
	}
	kept_add(&t->kept, KEPT_SYMBOL, addr, &out);
}

bool unwind_symbol_at(struct unwinder *u, addr_t addr, struct symbol *ret)
{
	const struct unwind_module *m = module_at(u, addr);
	struct target *t = u->target;
	if (!m)
		return false;
	const struct kept_answer *answer = kept_find(&t->kept, KEPT_SYMBOL, addr);
	if (answer)
		return kept_symbol(answer, m->module, ret);
	bool found = m->module == &u->vdso ? vdso_symbol(u, addr, ret)
					   : symbols_at(u->symbols, addr, ret);
	if (t->kept.keeping)
		keep_symbol(t, addr, found ? ret : NULL);
	return found;
}

/* --- rows ----------------------------------------------------------------------------------- */

static void find_row(struct unwinder *u, addr_t lookup, addr_t pc, struct known_row *ret)
{
	struct cfi_entry entry;
	struct unwind_module *m = module_at(u, lookup);
	if (!m || !unwind_module_find(u->target, u->symbols, m, lookup, &ret->section, &entry))
		return;
	/* A signal handler returns to the trampoline's first instruction: nothing called it. */
	if (!cfi_row_at(ret->section, &entry, entry.cie.signal_frame ? pc : lookup, &ret->row)) {
		trace(SYMBOLS, "frame description of " ADDR_FMT " is broken", lookup);
		return;
	}
	ret->start = entry.start;
	ret->end = entry.end;
}

static void find_or_keep_row(struct unwinder *u, uint64_t key, addr_t lookup, addr_t pc,
			     struct known_row *ret)
{
	struct target *t = u->target;
	const struct kept_answer *answer = kept_find(&t->kept, KEPT_ROW, key);
	if (answer) {
		if (!unwind_row_read(answer, t->machine, &ret->row, &ret->kept, &ret->start,
				     &ret->end))
			ret->start = ret->end = 0;
		ret->section = &ret->kept;
		return;
	}
	find_row(u, lookup, pc, ret);
	if (!t->kept.keeping)
		return;
	_str_ struct str out = STR_INIT;
	unwind_row_write(&ret->row, ret->section, ret->start, ret->end, &out);
	kept_add(&t->kept, KEPT_ROW, key, &out);
}

/* NULL: out of memory. */
static const struct known_row *row_of(struct unwinder *u, addr_t lookup, addr_t pc)
{
	bool is_new;
	/* pc is lookup or the byte behind it; of the two keys only one is ever asked for. */
	uint64_t key = lookup << 1 | (lookup == pc);
	uint64_t *slot = map_insert(&u->by_pc, key, &is_new);
	if (!slot)
		return NULL;
	if (is_new) {
		struct known_row *row = calloc(1, sizeof(*row)), **place = NULL;
		if (row)
			place = vec_push(&u->rows);
		if (!place) {
			free(row);
			*slot = 0;
			return NULL;
		}
		find_or_keep_row(u, key, lookup, pc, row);
		*place = row;
		*slot = u->rows.len;
	}
	return *slot ? u->rows.items[*slot - 1] : NULL;
}

bool unwind_function_at(struct unwinder *u, addr_t addr, addr_t *ret_start, addr_t *ret_end)
{
	const struct known_row *known = row_of(u, addr, addr);
	if (!known || !known->end)
		return false;
	*ret_start = known->start;
	*ret_end = known->end;
	return true;
}

/* --- one step ------------------------------------------------------------------------------- */

static bool is_code(const struct unwind *u, addr_t addr)
{
	const struct extent *e = memory_extent(&u->unwinder->target->memory, addr);
	/* Of what is lost its permissions may be too. */
	return e && ((e->flags & EXTENT_EXECUTE) ||
		     (e->source == EXTENT_LOST && unwind_module_at(u->unwinder, addr)));
}

static void fail(struct unwind *u, enum unwind_end end, addr_t at)
{
	u->end = end;
	u->at = at;
}

static bool register_known(const struct cfi_registers *r, uint64_t reg)
{
	return reg < CFI_REGISTERS && (r->known >> reg & 1);
}

static void register_set(struct cfi_registers *r, unsigned reg, uint64_t value)
{
	r->value[reg] = value;
	r->known |= (uint64_t)1 << reg;
}

static bool read_word(struct unwind *u, addr_t at, uint64_t *ret)
{
	if (target_read_word(u->unwinder->target, at, ret))
		return true;
	fail(u, UNWIND_NO_MEMORY, at);
	return false;
}

static bool compute_cfa(struct unwind *u, const struct known_row *known, addr_t *ret)
{
	const struct cfi_rule *cfa = &known->row.cfa;
	if (cfa->kind == CFI_IS_EXPRESSION) {
		if (cfi_evaluate(known->section, cfa->expression, cfa->size, &u->registers,
				 &u->unwinder->target->memory, NULL, ret))
			return true;
		fail(u, UNWIND_NO_MEMORY, u->pc);
		return false;
	}
	if (!register_known(&u->registers, cfa->base)) {
		fail(u, UNWIND_NO_RULES, u->pc);
		return false;
	}
	*ret = u->registers.value[cfa->base] + (uint64_t)cfa->offset;
	return true;
}

/* One register of the caller. false: the walk cannot go on. */
static bool restore(struct unwind *u, const struct known_row *known, unsigned reg, addr_t cfa,
		    struct cfi_registers *ret)
{
	const struct cfi_rule *rule = &known->row.rules[reg];
	const struct memory *memory = &u->unwinder->target->memory;
	uint64_t value;
	switch ((enum cfi_kind)rule->kind) {
	case CFI_UNCHANGED:
		return true;
	case CFI_UNDEFINED:
		ret->known &= ~((uint64_t)1 << reg);
		return true;
	case CFI_IS:
		value = cfa + (uint64_t)rule->offset;
		break;
	case CFI_REGISTER:
		if (!register_known(&u->registers, (uint64_t)rule->offset))
			return false;
		value = u->registers.value[rule->offset];
		break;
	case CFI_IS_EXPRESSION:
		if (!cfi_evaluate(known->section, rule->expression, rule->size, &u->registers,
				  memory, &cfa, &value))
			return false;
		break;
	case CFI_AT_EXPRESSION:
		if (!cfi_evaluate(known->section, rule->expression, rule->size, &u->registers,
				  memory, &cfa, &value) ||
		    !read_word(u, value, &value))
			return false;
		break;
	case CFI_AT:
		if (!read_word(u, cfa + (uint64_t)rule->offset, &value))
			return false;
		break;
	}
	register_set(ret, reg, value);
	return true;
}

/* The walk goes outwards: a caller's stack pointer is higher than its callee's, or in a function
 * without a frame (aarch64) equal. Signal handlers may have a stack of their own. */
static bool makes_way(struct unwind *u, const struct native_frame *frame, addr_t pc)
{
	if (frame->is_signal || frame->cfa > frame->sp || (frame->cfa == frame->sp && pc != u->pc))
		return true;
	fail(u, UNWIND_NO_PROGRESS, u->pc);
	return false;
}

static void arrive(struct unwind *u, const struct cfi_registers *registers, addr_t pc,
		   bool is_exact, enum unwind_by by)
{
	u->registers = *registers;
	u->pc = pc;
	u->is_exact = is_exact;
	u->by = by;
	if (!pc)
		fail(u, UNWIND_OUTERMOST, 0);
}

static bool step_by_row(struct unwind *u, const struct known_row *known, struct native_frame *frame)
{
	const struct unwind_machine *m = u->unwinder->machine;
	const struct cfi_row *row = &known->row;
	struct cfi_registers caller = u->registers;
	addr_t cfa, pc;
	if (!compute_cfa(u, known, &cfa))
		return false;
	frame->cfa = cfa;
	frame->is_signal = row->signal_frame;
	register_set(&caller, m->sp, cfa);
	for (unsigned reg = 0; reg < CFI_REGISTERS; reg++) {
		if (!restore(u, known, reg, cfa, &caller)) {
			/* Lost, as long as nothing needs it. */
			caller.known &= ~((uint64_t)1 << reg);
			if (reg == row->return_column || reg == m->sp) {
				if (u->end == UNWIND_OPEN)
					fail(u, UNWIND_NO_RULES, u->pc);
				return false;
			}
			u->end = UNWIND_OPEN;
		}
	}
	if (!register_known(&caller, row->return_column)) {
		fail(u, UNWIND_OUTERMOST, 0);
		return false;
	}
	pc = caller.value[row->return_column] & m->pc_mask;
	if (row->signal_frame && m->pc < CFI_REGISTERS && row->rules[m->pc].kind != CFI_UNCHANGED &&
	    register_known(&caller, m->pc))
		pc = caller.value[m->pc] & m->pc_mask;
	if (!makes_way(u, frame, pc))
		return false;
	arrive(u, &caller, pc, row->signal_frame, UNWIND_CFI);
	return true;
}

/* Saved frame pointer and return address lie side by side on both machines: (fp) (ra). */
static bool step_by_pointer(struct unwind *u, struct native_frame *frame)
{
	const struct unwind_machine *m = u->unwinder->machine;
	const struct target *t = u->unwinder->target;
	struct cfi_registers caller = { .known = 0 };
	addr_t fp = u->registers.value[m->fp], next, pc;
	unsigned word = t->machine->word;
	if (!register_known(&u->registers, m->fp) || fp < frame->sp || fp % word ||
	    !target_read_word(t, fp, &next) || !target_read_word(t, fp + word, &pc))
		return false;
	pc &= m->pc_mask;
	if (!is_code(u, pc))
		return false;
	frame->cfa = fp + 2 * word;
	register_set(&caller, m->fp, next);
	register_set(&caller, m->sp, frame->cfa);
	arrive(u, &caller, pc, false, UNWIND_POINTER);
	return true;
}

/* A call through a bad pointer: nothing of the callee ran, the registers are its caller's. */
static bool step_from_nowhere(struct unwind *u, struct native_frame *frame)
{
	const struct unwind_machine *m = u->unwinder->machine;
	struct cfi_registers caller = u->registers;
	addr_t pc = u->registers.value[m->link];
	frame->cfa = frame->sp;
	if (m->link == m->sp) {
		unsigned word = u->unwinder->target->machine->word;
		if (!target_read_word(u->unwinder->target, frame->sp, &pc))
			return false;
		frame->cfa = frame->sp + word;
		register_set(&caller, m->sp, frame->cfa);
	}
	pc &= m->pc_mask;
	if (pc == u->pc || !is_code(u, pc))
		return false;
	arrive(u, &caller, pc, false, UNWIND_CALL);
	return true;
}

/* Some _start()s have no rules, and need none. */
static bool is_entry_point(const struct target *t, addr_t addr)
{
	enum { START_SIZE = 128 };
	return t->at_entry && addr >= t->at_entry && addr - t->at_entry < START_SIZE;
}

static void step(struct unwind *u, struct native_frame *frame)
{
	const struct unwind_machine *m = u->unwinder->machine;
	const struct known_row *known = row_of(u->unwinder, frame->lookup, u->pc);
	struct cfi_registers caller;
	addr_t pc;
	if (known && known->end) {
		step_by_row(u, known, frame);
		return;
	}
	if (m->signal_frame(u->unwinder->target, u->pc, frame->sp, &caller, &pc)) {
		frame->is_signal = true;
		frame->lookup = u->pc;
		frame->cfa = caller.value[m->sp];
		arrive(u, &caller, pc & m->pc_mask, true, UNWIND_SIGNAL);
		return;
	}
	if (u->is_exact && !is_code(u, u->pc) && step_from_nowhere(u, frame))
		return;
	if (is_entry_point(u->unwinder->target, frame->lookup)) {
		fail(u, UNWIND_OUTERMOST, 0);
		return;
	}
	if (step_by_pointer(u, frame))
		return;
	if (target_read_word(u->unwinder->target, frame->sp, &pc))
		fail(u, UNWIND_NO_RULES, u->pc);
	else
		fail(u, UNWIND_NO_MEMORY, frame->sp);
}

const char *unwind_register_name(const struct unwinder *u, unsigned reg)
{
	const struct machine *machine = u->target->machine;
	int8_t index = u->machine && reg < CFI_REGISTERS ? u->machine->prstatus[reg] : -1;
	return index >= 0 && index < machine->registers ? machine->register_names[index] : NULL;
}

bool unwind_register(const struct unwinder *u, const struct cfi_registers *registers,
		     const char *name, uint64_t *ret)
{
	for (unsigned reg = 0; reg < CFI_REGISTERS; reg++) {
		const char *own = unwind_register_name(u, reg);
		if (!own || !streq(own, name) || !register_known(registers, reg))
			continue;
		*ret = registers->value[reg];
		return true;
	}
	return false;
}

/* --- the walk ------------------------------------------------------------------------------- */

struct unwind unwind_thread(struct unwinder *unwinder, const struct os_thread *thread)
{
	struct unwind u = { .unwinder = unwinder, .pc = thread->pc, .is_exact = true };
	const struct unwind_machine *m = unwinder->machine;
	const struct machine *machine = unwinder->target->machine;
	if (!m || !thread->registers) {
		fail(&u, UNWIND_NO_REGISTERS, 0);
		return u;
	}
	for (unsigned reg = 0; reg < CFI_REGISTERS; reg++) {
		int8_t index = m->prstatus[reg];
		if (index >= 0 && index < machine->registers)
			register_set(&u.registers, reg,
				     load_word(machine,
					       thread->registers + (size_t)index * machine->word));
	}
	/* A thread that kept nothing but zeros was never dumped. */
	if (!thread->pc && !thread->sp)
		fail(&u, UNWIND_NO_REGISTERS, 0);
	return u;
}

bool unwind_next(struct unwind *u, struct native_frame *ret)
{
	if (u->end != UNWIND_OPEN)
		return false;
	if (u->count == UNWIND_LIMIT) {
		fail(u, UNWIND_TOO_MANY, u->pc);
		return false;
	}
	u->count++;
	*ret = (struct native_frame){
		.pc = u->pc,
		.lookup = u->is_exact ? u->pc : u->pc - 1,
		.sp = u->registers.value[u->unwinder->machine->sp],
		.by = u->by,
	};
	step(u, ret);
	if (ret->is_signal)
		ret->lookup = ret->pc;
	return true;
}

void unwind_end_words(const struct unwind *u, struct str *out)
{
	struct target *t = u->unwinder->target;
	const struct extent *extent = memory_extent(&t->memory, u->at);
	const struct module *module = unwind_module_at(u->unwinder, u->at);
	switch (u->end) {
	case UNWIND_OPEN:
	case UNWIND_OUTERMOST:
		break;
	case UNWIND_NO_REGISTERS:
		str_adds(out, "the core has no registers of this thread");
		break;
	case UNWIND_NO_RULES:
		str_printf(out, "how to go on from " ADDR_FMT " is not known", u->at);
		if (module && module->file_note)
			str_printf(out, ": %s %s", module->path, module->file_note);
		else if (module)
			str_printf(out, ": %s has no call frame information for it", module->path);
		else
			str_adds(out, ": no file is mapped there");
		break;
	case UNWIND_NO_MEMORY:
		str_printf(out, "the stack at " ADDR_FMT " cannot be read", u->at);
		if (extent && extent->source == EXTENT_LOST && extent->why)
			str_printf(out, " (%s)", extent->why);
		break;
	case UNWIND_NO_PROGRESS:
		str_printf(out,
			   "the stack is damaged: the caller of " ADDR_FMT " would lie further in",
			   u->at);
		break;
	case UNWIND_TOO_MANY:
		str_printf(out, "it has more than %d frames", UNWIND_LIMIT);
		break;
	}
}
