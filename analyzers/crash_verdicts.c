#include "analyzers/crash.h"

#include <inttypes.h>
#include <signal.h>
#include "analyzers/words.h"
#include "core/checked.h"
#include "core/map.h"

/* Each verdict names its evidence, and none is given without. They stand in the order in which they
 * were found: what the process itself said comes first. */

enum { NULL_PAGE = 0x10000 }; /* vm.mmap_min_addr: nothing is mapped below */
enum { SMALL = 0x400 }; /* the least link of a block that glibc freed: programs begin at 0x400000 */

bool crash_verdict(struct crash *c, const char *fmt, ...)
{
	_str_ struct str text = STR_INIT;
	va_list ap;
	va_start(ap, fmt);
	str_vprintf(&text, fmt, ap);
	va_end(ap);
	char **place = vec_push(&c->verdicts);
	if (place)
		*place = str_detach(&text);
	return true;
}

const struct bt_call *crash_call_at(const struct crash *c, size_t i)
{
	return i < c->frames->calls.len ? &c->frames->calls.items[i] : NULL;
}

const struct bt_call *crash_find_call(const struct crash *c, const char *const *names,
				      size_t count, size_t *ret_index)
{
	enum { LOOK = 40 };
	for (size_t i = 0; i < MIN(c->frames->calls.len, (size_t)LOOK); i++) {
		const char *name = c->frames->calls.items[i].symbol.name;
		for (size_t k = 0; name && k < count; k++) {
			if (has_prefix(name, names[k])) {
				*ret_index = i;
				return &c->frames->calls.items[i];
			}
		}
	}
	return NULL;
}

/* Libraries that only pass calls on, or that free and abort for others. */
static bool is_go_between(const struct crash *c, const struct bt_call *call)
{
	static const char *const names[] = { "libc.so", "libc-", "libpthread", "libstdc++",
					     "libgcc", "_ctypes", "libffi", "ld-", "libm.so" };
	const struct runtime *rt = c->session->runtime;
	if (!call->module || (rt && call->module == rt->module))
		return true;
	const char *name = path_base(call->module->path);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (has_prefix(name, names[i]))
			return true;
	return false;
}

const struct bt_call *crash_culprit(const struct crash *c, size_t index)
{
	enum { LOOK = 30 };
	const struct bt_call *first = crash_call_at(c, index), *caller = first;
	for (size_t i = index; i < MIN(c->frames->calls.len, index + LOOK); i++) {
		const struct bt_call *call = crash_call_at(c, i);
		/* up to the Python code that called */
		if (call->activation != SIZE_MAX)
			break;
		if (!is_go_between(c, call))
			return call;
		/* Nobody else: then who called the library, the interpreter itself. */
		if (caller == first && call->module != first->module)
			caller = call;
	}
	return caller;
}

/* --- not a crash ---------------------------------------------------------------------------- */

static bool judge_signal(struct crash *c)
{
	const struct process *p = &c->session->target->process;
	const char *name = signal_name(p->signal) ? signal_name(p->signal) : "a signal";
	if (!p->signal)
		return crash_verdict(c, "not a crash: the core is a snapshot of a process that lived on");
	if (p->has_sender && p->sender_pid != p->pid && p->sender_pid > 0)
		return crash_verdict(c, "not a crash of its own: process %" PRId64 " sent it %s",
				     p->sender_pid, name);
	if (p->signal == SIGKILL)
		return crash_verdict(c, "not a crash of its own: it was killed (SIGKILL), by "
					"somebody or for want of memory: the kernel's log says which");
	if (p->signal == SIGXCPU || p->signal == SIGXFSZ)
		return crash_verdict(c, "a limit was reached (%s): of %s", name,
				     p->signal == SIGXCPU ? "processor time" : "the size of a file");
	if (p->signal == SIGSYS)
		return crash_verdict(c, "a system call was made that is not allowed here (SIGSYS)");
	if (p->signal == SIGSTOP || p->signal == SIGINT || p->signal == SIGQUIT ||
	    p->signal == SIGTERM || p->signal == SIGALRM)
		return crash_verdict(c, "not a crash of its own: %s was sent to it", name);
	return false;
}

/* --- bad addresses -------------------------------------------------------------------------- */

/* Which function comes again and again. */
static const struct bt_call *recursing(const struct crash *c, size_t *ret_count)
{
	const struct bt_call *best = NULL;
	size_t len = MIN(c->frames->calls.len, (size_t)2000);
	*ret_count = 0;
	struct map seen = MAP_INIT;
	for (size_t i = 0; i < len; i++) {
		const struct bt_call *call = &c->frames->calls.items[i];
		addr_t start = call->symbol.name ? call->symbol.addr : call->frame.pc;
		uint64_t *n = map_insert(&seen, start, NULL);
		if (n && ++*n > *ret_count) {
			*ret_count = *n;
			best = call;
		}
	}
	map_release(&seen);
	return best;
}

/* The stack pointer has left its mapping, and what failed lies next to it. */
static bool judge_overflow(struct crash *c)
{
	enum { NEAR = 1 << 20, PAGES = 16, DEEP = 500 };
	const struct memory *m = &c->session->target->memory;
	addr_t at = c->bad ? c->bad_address : c->fault;
	if (c->signal != SIGSEGV || (!c->bad && !c->has_fault) || at + NEAR < c->sp ||
	    at > c->sp + NEAR || c->frames->calls.len < DEEP || memory_at(m, at, 1))
		return false;
	bool is_edge = false;
	for (unsigned page = 1; page <= PAGES; page++)
		is_edge |= memory_at(m, at + page * 4096ull, 1) != NULL;
	if (!is_edge)
		return false;
	size_t again, python = c->frames->list.len;
	const struct bt_call *call = recursing(c, &again);
	_str_ struct str place = STR_INIT;
	if (call)
		crash_words_place(c, call, &place);
	/* Python recurses when Python frames take part again and again. */
	if (python > DEEP && c->frames->list.items[0].code->name)
		return crash_verdict(
			c,
			"the C stack overflowed: %zu Python frames deep, of %s() again and again "
			"(%zu C frames; most often %s)",
			python, c->frames->list.items[0].code->name, c->frames->calls.len,
			place.buf);
	return crash_verdict(c, "the C stack overflowed: %s calls itself without end (%zu C frames)",
		       place.buf, c->frames->calls.len);
}

static bool judge_jump(struct crash *c)
{
	const struct extent *e = memory_extent(&c->session->target->memory, c->pc);
	const struct bt_call *caller = crash_call_at(c, c->first_call + 1);
	_str_ struct str place = STR_INIT;
	if (c->signal != SIGSEGV || (e && (e->flags & EXTENT_EXECUTE)) ||
	    (e && e->source == EXTENT_LOST))
		return false;
	if (caller)
		crash_words_place(c, caller, &place);
	else
		str_adds(&place, "an unknown place");
	if (c->pc < NULL_PAGE)
		return crash_verdict(c, "a null function pointer was called, from %s", place.buf);
	return crash_verdict(c,
		       "a function pointer led to " ADDR_FMT ", which is no code; called from %s",
		       c->pc, place.buf);
}

static bool is_text(uint64_t value)
{
	for (int i = 0; i < 8; i++, value >>= 8)
		if ((value & 0xff) < 0x20 || (value & 0xff) > 0x7e)
			return false;
	return true;
}

/* Is that value in the block that a register points to? Then that is where it was taken from. */
static bool holds_value(const struct crash *c, const struct address_facts *f, uint64_t value)
{
	enum { LOOK = 4096 };
	const struct target *t = c->session->target;
	addr_t word;
	uint64_t size = MIN(f->found.block_size, (uint64_t)LOOK);
	for (uint64_t i = 0; i + t->machine->word <= size; i += t->machine->word)
		if (target_read_word(t, f->found.block + i, &word) && word == value)
			return true;
	return false;
}

/* Is it the first or the second word there, as ob_type is? */
static bool begins_with_value(const struct crash *c, addr_t at, uint64_t value)
{
	const struct target *t = c->session->target;
	addr_t word;
	return (target_read_word(t, at, &word) && word == value) ||
	       (target_read_word(t, at + t->machine->word, &word) && word == value);
}

/* The register that points to freed memory out of which the bad value came. */
static const struct crash_register *stale_register(const struct crash *c, uint64_t value)
{
	const struct crash_register *ret = NULL;
	for (size_t i = 0; i < c->register_count; i++) {
		const struct address_facts *f = &c->list[i].facts;
		if ((f->kind != ADDRESS_FREED && f->kind != ADDRESS_DEAD) || !f->found.block ||
		    !holds_value(c, f, value))
			continue;
		bool is_fill = address_fill_name(value, c->session->target->machine->word);
		if (begins_with_value(c, f->at, value) && (f->fill || !is_fill))
			return &c->list[i];
		ret = ret ? ret : &c->list[i];
	}
	return ret;
}

/* What was freed, and then used. fill: NULL, or what the value says by itself. */
static bool judge_stale(struct crash *c, uint64_t base, const char *fill, const char *place)
{
	const struct crash_register *r = base ? stale_register(c, base) : NULL;
	_str_ struct str what = STR_INIT;
	if (r) {
		struct address_facts facts = r->facts;
		facts.fill = NULL; /* is said of the value */
		address_words(c->addresses, &facts, c->os, 60, &what);
	}
	if (r && fill)
		return crash_verdict(c,
				     "an object or buffer was used after it was freed: %s points to "
				     "%s, and %s is " ADDR_FMT ", %s; in %s",
				     r->name, what.buf, c->bad->base, base, fill, place);
	if (r)
		return crash_verdict(c,
				     "memory was used after it was freed: %s points to %s, out of "
				     "which %s (" ADDR_FMT ") was taken; in %s",
				     r->name, what.buf, c->bad->base, base, place);
	if (fill)
		return crash_verdict(c,
				     "a pointer was taken from memory that Python's debug allocator "
				     "had filled: %s is " ADDR_FMT ", %s; in %s",
				     c->bad->base, base, fill, place);
	return false;
}

/* Was there an error that nobody looked at? While C code runs that called Python's API, an exception
 * is set only from a call that failed to the return to Python. */
static void judge_unchecked(struct crash *c)
{
	const struct repr_limits limits = { .depth = 2, .length = 200, .items = 4, .text = 160,
					    .dots = true };
	const struct pytype *type;
	_str_ struct str text = STR_INIT;
	if (crash_words_raised(c, &limits, &text, &type)) {
		bool is_memory = pytype_is(type, "MemoryError") ||
				 pytype_is(type, "exceptions.MemoryError"); /* 2.7 */
		crash_verdict(c,
			      "%sa call of Python's API had failed before, and nobody looked: %s "
			      "was being raised",
			      is_memory ? "out of memory: " : "", text.buf);
	} else if (crash_lacked_memory(c)) {
		crash_verdict(c, "out of memory, it seems: the last call of that thread's that "
				 "failed lacked memory (errno is ENOMEM)");
	}
}

static bool judge_null(struct crash *c, uint64_t base, const char *place)
{
	const char *verb = c->bad && c->bad->direction == ACCESS_WRITE ? "write to" : "read of";
	if (!c->bad && c->has_fault && c->fault < NULL_PAGE)
		crash_verdict(
			c, "an access of " ADDR_FMT ", which looks like a null pointer%s, by %s",
			c->fault, c->fault ? " plus an offset" : "", place);
	else if (c->bad && c->bad_address < NULL_PAGE && base == 0)
		crash_verdict(c, "a null pointer%s: %s " ADDR_FMT " by %s",
			      c->bad_address ? " plus an offset" : "", verb, c->bad_address, place);
	else
		return false;
	judge_unchecked(c);
	return true;
}

static bool judge_read_only(struct crash *c, const char *place)
{
	const struct memory *m = &c->session->target->memory;
	const struct extent *e = memory_extent(m, c->bad_address);
	if (!memory_at(m, c->bad_address, 1) || !e || e->source == EXTENT_LOST || c->bad->direction != ACCESS_WRITE ||
	    e->flags & EXTENT_WRITE)
		return false;
	const struct module *module = unwind_module_at(c->unwinder, c->bad_address);
	return crash_verdict(c, "a write to read-only memory%s%s, by %s", module ? " of " : "",
			     module ? module->path : "", place);
}

/* The base register's value is what was wrong, the rest is the member's offset. */
static bool judge_pointer(struct crash *c)
{
	const struct bt_call *call = crash_call_at(c, c->first_call);
	_str_ struct str place = STR_INIT;
	uint64_t base = 0;
	if (c->signal != SIGSEGV || !call)
		return false;
	crash_words_place(c, call, &place);
	if (c->bad && c->bad->base[0])
		unwind_register(c->unwinder, &c->registers, c->bad->base, &base);
	if (judge_null(c, base, place.buf))
		return true;
	if (!c->bad)
		return false;
	/* Smaller values are found anywhere; glibc shifts links by 12 bits. */
	if (base >= SMALL && judge_stale(c, base, address_fill_name(base, 8), place.buf))
		return true;
	if (c->bad_address < NULL_PAGE)
		return false;
	if (is_text(base)) {
		char text[9] = { 0 };
		memcpy(text, &base, 8);
		return crash_verdict(c,
				     "a pointer was overwritten with text: %s is \"%s\", in %s",
				     c->bad->base, text, place.buf);
	}
	return judge_read_only(c, place.buf);
}

/* --- others --------------------------------------------------------------------------------- */

static const struct mapping *mapping_of(const struct target *t, addr_t addr)
{
	const struct mapping *m;
	vec_each(m, &t->mappings)
		if (addr >= m->start && addr < m->end)
			return m;
	return NULL;
}

static bool judge_bus(struct crash *c)
{
	enum { BUS_ADRERR_CODE = 2 };
	const struct mapping *m = c->has_fault ? mapping_of(c->session->target, c->fault) : NULL;
	if (c->signal != SIGBUS || c->code != BUS_ADRERR_CODE || !m)
		return false;
	return crash_verdict(c,
		       "the mapped file %s ends before byte %" PRIu64
		       " of it, which was accessed: it "
		       "has become shorter, or its device is full",
		       m->path, c->fault - m->start + m->file_offset);
}

static bool judge_instruction(struct crash *c)
{
	const struct bt_call *call = crash_call_at(c, c->first_call);
	_str_ struct str place = STR_INIT;
	uint64_t value;
	if (!c->has_facts || !call)
		return false;
	crash_words_place(c, call, &place);
	if ((c->signal == SIGILL || c->signal == SIGTRAP) && c->facts.is_trap)
		return crash_verdict(
			c,
			"%s ran into %s: a place that its compiler took for unreachable, or a "
			"check that failed",
			place.buf, c->facts.mnemonic);
	if (c->signal == SIGILL)
		return crash_verdict(c, "this processor does not know %s, in %s", c->facts.mnemonic,
			       place.buf);
	if (c->signal != SIGFPE || !c->facts.is_division)
		return false;
	for (size_t i = 0; i < c->facts.register_count; i++)
		if (unwind_register(c->unwinder, &c->registers, c->facts.registers[i], &value) &&
		    !value)
			return crash_verdict(c, "an integer was divided by zero, in %s", place.buf);
	return false;
}

/* Inside the interpreter, or what it called, though another thread or none holds the GIL. */
static bool judge_gil(struct crash *c)
{
	const struct runtime *rt = c->session->runtime;
	const struct bt_call *call = crash_call_at(c, c->first_call);
	static const char *const waits[] = {
		"take_gil",    "drop_gil",  "PyEval_",
		"PyGILState_", "PyThread_", "_PyEval_EvalFrameDefault"
	};
	size_t index;
	if (!rt || rt->layout.version.free_threaded || c->signal != SIGSEGV || !call ||
	    call->module != rt->module || !call->module || (c->has_thread && c->thread.holds_gil) ||
	    (c->has_thread && c->thread.gil == GIL_UNKNOWN) || rt->finalizing)
		return false;
	const struct bt_call *wait = crash_find_call(c, waits, ARRAY_SIZE(waits) - 1, &index);
	if (wait && index <= c->first_call + 1)
		return false;
	/* Who called in from outside? */
	for (size_t i = c->first_call; i < c->frames->calls.len; i++) {
		const struct bt_call *outer = crash_call_at(c, i);
		_str_ struct str inside = STR_INIT, outside = STR_INIT;
		if (outer->activation != SIZE_MAX)
			return false;
		if (outer->module == rt->module)
			continue;
		crash_words_place(c, crash_call_at(c, i - 1), &inside);
		crash_words_place(c, outer, &outside);
		return crash_verdict(c, "Python's API was called without the GIL: %s by %s", inside.buf,
			       outside.buf);
	}
	return false;
}

bool crash_judge(struct crash *c)
{
	if (judge_signal(c))
		return true;
	bool said = crash_judge_message(c);
	said |= crash_judge_fatal(c);
	said |= !said && crash_judge_cpp(c);
	if (judge_gil(c))
		said = true;
	if (judge_overflow(c) || judge_jump(c) || judge_pointer(c))
		return true;
	said |= judge_bus(c) || judge_instruction(c);
	if (!said && c->signal == SIGABRT && c->frames->calls.len) {
		static const char *const names[] = { "abort" };
		size_t index;
		if (crash_find_call(c, names, 1, &index) && index + 1 < c->frames->calls.len) {
			_str_ struct str place = STR_INIT;
			crash_words_place(c, crash_call_at(c, index + 1), &place);
			crash_verdict(c, "abort() was called, by %s", place.buf);
		}
	}
	return true;
}
