#include "analyzers/crash.h"

#include <inttypes.h>
#include <signal.h>
#include "analyzers/words.h"
#include "core/checked.h"

/* --- where it happened ----------------------------------------------------------------------
 *
 * faulthandler and others handle the signal and raise it again; then the core's siginfo is that of
 * the second one. The first fault's address is in the frame that the kernel made for the handler
 * (siginfo is there only for handlers that ask for it):
 *
 *	x86-64   ucontext at the trampoline's sp: 40 bytes, then struct sigcontext with the
 *	         registers (160), trapno, oldmask, cr2
 *	aarch64  siginfo (128), ucontext (176), then struct sigcontext, fault_address first */

static void handler_fault(struct crash *c, addr_t sp)
{
	enum { X86_64_TRAPNO = 200, X86_64_CR2 = 216, PAGE_FAULT = 14, AARCH64_FAULT = 304 };
	const struct target *t = c->session->target;
	bool is_x86 = streq(t->machine->name, "x86_64");
	addr_t trap = PAGE_FAULT;
	c->has_fault = target_read_word(t, sp + (is_x86 ? X86_64_CR2 : AARCH64_FAULT), &c->fault) &&
		       (!is_x86 ||
			(target_read_word(t, sp + X86_64_TRAPNO, &trap) && trap == PAGE_FAULT)) &&
		       (is_x86 || c->fault);
}

/* Was the signal raised from within a handler? */
static void find_reraised(struct crash *c)
{
	struct unwind u = unwind_thread(c->unwinder, c->os);
	struct native_frame f;
	enum { LOOK = 64 };
	if (c->signal != SIGSEGV && c->signal != SIGBUS && c->signal != SIGILL &&
	    c->signal != SIGFPE)
		return;
	for (size_t i = 0; i < LOOK && unwind_next(&u, &f); i++) {
		if (!f.is_signal || u.end != UNWIND_OPEN)
			continue;
		c->reraised = true;
		c->registers = u.registers;
		c->pc = u.pc;
		c->first_call = i + 1;
		c->code = 0;
		handler_fault(c, f.sp);
		return;
	}
}

static void find_access(struct crash *c)
{
	enum { MAX_LENGTH = 16 };
	const struct target *t = c->session->target;
	uint8_t code[MAX_LENGTH];
	size_t len = MIN((uint64_t)MAX_LENGTH, memory_span(&t->memory, c->pc, MAX_LENGTH));
	if (!len || !memory_read(&t->memory, c->pc, code, len))
		return;
	c->has_facts = disasm_facts(t->machine, code, len, c->pc, &c->facts);
	if (!c->has_facts || (c->signal != SIGSEGV && c->signal != SIGBUS))
		return;
	for (size_t i = 0; i < c->facts.access_count; i++) {
		const struct memory_access *a = &c->facts.accesses[i];
		addr_t at;
		if (a->has_segment || !crash_access_address(c, a, &at))
			continue;
		/* An address that is none (not canonical) comes without one from the kernel. */
		bool is_it =
			c->has_fault && c->fault ? c->fault - at < 64 : !crash_is_mapped(c, at);
		if (!is_it)
			continue;
		c->bad = a;
		c->bad_address = at;
		return;
	}
}

void crash_site_find(struct crash *c)
{
	const struct process *p = &c->session->target->process;
	struct unwind u = unwind_thread(c->unwinder, c->os);
	enum { SI_KERNEL_CODE = 0x80 };
	c->registers = u.registers;
	c->pc = c->os->pc;
	c->signal = p->signal;
	c->code = p->has_siginfo ? p->si_code : 0;
	c->has_fault = p->has_fault_address;
	c->fault = p->fault_address;
	if (p->has_siginfo && p->si_code <= 0)
		find_reraised(c);
	if (c->code == SI_KERNEL_CODE)
		c->has_fault = false;
	uint64_t sp;
	const char *name =
		c->session->target->machine->register_names[c->session->target->machine->reg_sp];
	c->sp = unwind_register(c->unwinder, &c->registers, name, &sp) ? sp : c->os->sp;
	find_access(c);
}

bool crash_access_address(const struct crash *c, const struct memory_access *a, addr_t *ret)
{
	uint64_t base = 0, index = 0;
	if (a->is_relative)
		return false; /* to where the linker put it: never the wrong one */
	if ((a->base[0] && !unwind_register(c->unwinder, &c->registers, a->base, &base)) ||
	    (a->index[0] && !unwind_register(c->unwinder, &c->registers, a->index, &index)))
		return false;
	*ret = base + index * a->scale + (uint64_t)a->displacement;
	return true;
}

bool crash_is_mapped(const struct crash *c, addr_t addr)
{
	return memory_extent(&c->session->target->memory, addr) != NULL;
}

/* --- in words ------------------------------------------------------------------------------- */

void crash_words_place(struct crash *c, const struct bt_call *call, struct str *out)
{
	if (call->symbol.name)
		str_adds(out, places_name(c->session->symbols, call->symbol.name));
	else
		str_printf(out, ADDR_FMT, call->frame.pc);
	if (call->module)
		str_printf(out, " in %s", path_base(call->module->path));
}

bool crash_registers_find(struct crash *c)
{
	addr_t near[CFI_REGISTERS];
	for (unsigned reg = 0; reg < CFI_REGISTERS; reg++) {
		const char *name = unwind_register_name(c->unwinder, reg);
		struct crash_register *r = &c->list[c->register_count];
		if (!name || !unwind_register(c->unwinder, &c->registers, name, &r->value))
			continue;
		if (streq(name, "rip") || streq(name, "pc"))
			r->value = c->pc;
		r->name = name;
		near[c->register_count++] = r->value;
	}
	c->addresses = addresses_new(c->session, c->unwinder, near, c->register_count);
	for (size_t i = 0; c->addresses && i < c->register_count; i++)
		address_find(c->addresses, c->list[i].value, &c->list[i].facts);
	return c->addresses;
}

void crash_words_address(struct crash *c, const struct address_facts *f, size_t repr,
			 struct str *out)
{
	enum { SMALL = 0x10000 };
	if (f->at >= SMALL)
		address_words(c->addresses, f, c->os, repr, out);
}

bool crash_words_raised(struct crash *c, const struct repr_limits *limits, struct str *out,
			const struct pytype **ret_type)
{
	struct runtime *rt = c->session->runtime;
	addr_t at = c->has_thread ? c->thread.current_exception : 0;
	addr_t type_at = c->has_thread ? c->thread.current_type : 0;
	struct object o;
	if (!at || !object_load(rt, at, &o))
		return false;
	const struct pytype *type = type_at ? pytype_at(rt, type_at) : o.type;
	*ret_type = type ? type : o.type;
	if (!type || type == o.type || pytype_is_subtype(o.type, type->at)) {
		object_repr(rt, at, limits, out);
		return true;
	}
	str_printf(out, "%s(", type->full_name);
	if (at != type_at)
		object_repr(rt, at, limits, out);
	str_addc(out, ')');
	return true;
}
