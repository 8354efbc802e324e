#include "analyzers/crash.h"

#include <inttypes.h>
#include <signal.h>
#include "analyzers/words.h"
#include "core/checked.h"
#include "core/map.h"

/* Each verdict names its evidence, and none is given without. They stand in the order in which they
 * were found: what the process itself said comes first. */

enum { NULL_PAGE = 0x10000 }; /* vm.mmap_min_addr: nothing is mapped below */

static bool verdict(struct crash *c, const char *fmt, ...) _printf_(2, 3);
static bool verdict(struct crash *c, const char *fmt, ...)
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

/* The function in which it happened, or the first one beyond libc's, for blame. */
static const struct bt_call *call_at(const struct crash *c, size_t i)
{
	return i < c->frames->calls.len ? &c->frames->calls.items[i] : NULL;
}

static const struct bt_call *find_call(const struct crash *c, const char *const *names,
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

/* --- what the process said ------------------------------------------------------------------ */

/* glibc keeps what it printed before abort() (assert/assert.c, sysdeps/posix/libc_fatal.c): a
 * pointer __abort_msg to { unsigned size; char text[]; }. */
static bool abort_message(struct crash *c, struct str *ret)
{
	struct target *t = c->session->target;
	const struct module *module;
	vec_each(module, &t->modules) {
		struct symbol symbol;
		addr_t at;
		size_t len;
		const char *slash = strrchr(module->path, '/');
		if (!has_prefix(slash ? slash + 1 : module->path, "libc") ||
		    !symbols_find_exported_in(c->session->symbols, module, "__abort_msg",
					      &symbol) ||
		    !target_read_word(t, symbol.addr, &at) || !at)
			continue;
		const char *text = memory_string(&t->memory, at + 4, 4096, &len);
		while (text && len && (text[len - 1] == '\n' || text[len - 1] == ' '))
			len--;
		if (text && len)
			str_add(ret, text, len);
		return text && len;
	}
	return false;
}

static bool judge_abort_message(struct crash *c)
{
	_str_ struct str text = STR_INIT;
	if (c->signal != SIGABRT || !abort_message(c, &text))
		return false;
	static const char *const names[] = { "malloc_printerr", "__libc_free", "_int_free",
					     "_int_malloc", "__libc_realloc" };
	size_t index;
	bool is_heap = strstr(text.buf, "free") || strstr(text.buf, "alloc") ||
		       find_call(c, names, ARRAY_SIZE(names), &index);
	const char *what = strstr(text.buf, "Assertion `") ? "an assertion failed"
			   : strstr(text.buf, "stack smashing")
				   ? "a buffer on the stack was overrun"
			   : strstr(text.buf, "buffer overflow") ? "a buffer was overrun"
			   : is_heap ? "the C heap is damaged, or was used wrongly"
				     : "the C library gave up";
	return verdict(c, "%s: glibc said \"%s\"", what, text.buf);
}

/* A string constant of the program: in a part of a module that nobody writes to. */
static const char *constant_at(struct crash *c, addr_t at, size_t *ret_len)
{
	enum { LONGEST = 300, SHORTEST = 4 };
	const struct memory *m = &c->session->target->memory;
	const struct extent *e = memory_extent(m, at);
	if (!e || (e->flags & EXTENT_WRITE) || !unwind_module_at(c->unwinder, at))
		return NULL;
	const char *text = memory_string(m, at, LONGEST, ret_len);
	if (!text || *ret_len < SHORTEST)
		return NULL;
	for (size_t i = 0; i < *ret_len; i++)
		if (text[i] < ' ' || text[i] > '~')
			return NULL;
	return text;
}

/* What could be such a text: it has a blank, is no format, and not what Python says around it. */
static const char *fatal_text_at(struct crash *c, addr_t at, size_t *ret_len)
{
	const char *text = constant_at(c, at, ret_len);
	return text && memchr(text, ' ', *ret_len) && !strchr(text, '%') &&
			       !has_prefix(text, "Fatal Python error") &&
			       !has_prefix(text, "Python runtime")
		       ? text
		       : NULL;
}

/* The caller of Py_FatalError(text), or of _Py_FatalErrorFunc(function, text) (3.9+), loads the
 * text's address just before: the last that its code names. */
static const char *fatal_text(struct crash *c, const struct bt_call *caller, size_t *ret_len)
{
	enum { REFERENCES = 256, LONGEST = 1 << 14 };
	const struct target *t = c->session->target;
	struct code_reference *list;
	addr_t start, end;
	if (!caller || !unwind_function_at(c->unwinder, caller->frame.lookup, &start, &end) ||
	    caller->frame.pc - start > LONGEST)
		return NULL;
	size_t len = caller->frame.pc - start, count = 0;
	const uint8_t *code = memory_at(&t->memory, start, len);
	list = calloc(REFERENCES, sizeof(*list));
	if (code && list)
		count = disasm_references(t->machine, code, len, start, list, REFERENCES);
	const char *text = NULL;
	while (!text && count-- > 0)
		text = list[count].is_load ? NULL : fatal_text_at(c, list[count].addr, ret_len);
	free(list);
	return text;
}

/* Else it is still in a register or a slot of the stack between that function and abort(). */
static const char *fatal_text_on_stack(struct crash *c, size_t index, size_t *ret_len)
{
	enum { SLOTS = 64 };
	struct target *t = c->session->target;
	struct unwind u = unwind_thread(c->unwinder, c->os);
	struct native_frame f;
	for (size_t i = 0; i <= index && unwind_next(&u, &f); i++) {
		const char *text = NULL;
		for (unsigned reg = 0; !text && reg < CFI_REGISTERS; reg++)
			if (u.registers.known >> reg & 1)
				text = fatal_text_at(c, u.registers.value[reg], ret_len);
		addr_t at = f.sp, word;
		for (unsigned slot = 0; !text && slot < SLOTS && at < f.cfa; slot++) {
			if (target_read_word(t, at, &word))
				text = fatal_text_at(c, word, ret_len);
			at += t->machine->word;
		}
		if (text)
			return text;
	}
	return NULL;
}

static bool is_fatal_name(const char *name)
{
	return name && (strstr(name, "FatalError") || has_prefix(name, "fatal_error"));
}

static bool judge_fatal(struct crash *c)
{
	static const char *const names[] = { "Py_FatalError", "_Py_FatalError", "fatal_error" };
	size_t index = 0, len;
	if (c->signal != SIGABRT || !find_call(c, names, ARRAY_SIZE(names), &index))
		return false;
	while (index + 1 < c->frames->calls.len &&
	       is_fatal_name(call_at(c, index + 1)->symbol.name))
		index++;
	const struct bt_call *caller = call_at(c, index + 1);
	_str_ struct str place = STR_INIT;
	if (caller)
		crash_words_place(c, caller, &place);
	const char *text = fatal_text(c, caller, &len);
	if (!text)
		text = fatal_text_on_stack(c, index, &len);
	if (text)
		return verdict(c, "Fatal Python error: %.*s (given up by %s)", (int)len, text,
			       caller ? place.buf : "the interpreter");
	return verdict(c,
		       "Python itself gave up (Fatal Python error), called by %s; its text was "
		       "not found",
		       caller ? place.buf : "the interpreter");
}

/* --- not a crash ---------------------------------------------------------------------------- */

static bool judge_signal(struct crash *c)
{
	const struct process *p = &c->session->target->process;
	if (!p->signal)
		return verdict(c, "not a crash: the core is a snapshot of a process that lived on");
	if (p->has_sender && p->sender_pid != p->pid && p->sender_pid > 0)
		return verdict(c, "not a crash of its own: process %" PRId64 " sent it %s",
			       p->sender_pid,
			       signal_name(p->signal) ? signal_name(p->signal) : "a signal");
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
		return verdict(
			c,
			"the C stack overflowed: %zu Python frames deep, of %s() again and again "
			"(%zu C frames; most often %s)",
			python, c->frames->list.items[0].code->name, c->frames->calls.len,
			place.buf);
	return verdict(c, "the C stack overflowed: %s calls itself without end (%zu C frames)",
		       place.buf, c->frames->calls.len);
}

static bool judge_jump(struct crash *c)
{
	const struct extent *e = memory_extent(&c->session->target->memory, c->pc);
	const struct bt_call *caller = call_at(c, c->first_call + 1);
	_str_ struct str place = STR_INIT;
	if (c->signal != SIGSEGV || (e && (e->flags & EXTENT_EXECUTE)) ||
	    (e && e->source == EXTENT_LOST))
		return false;
	if (caller)
		crash_words_place(c, caller, &place);
	else
		str_adds(&place, "an unknown place");
	if (c->pc < NULL_PAGE)
		return verdict(c, "a null function pointer was called, from %s", place.buf);
	return verdict(c,
		       "a function pointer led to " ADDR_FMT ", which is no code; called from %s",
		       c->pc, place.buf);
}

/* What the debug hooks of Python's allocator fill memory with: Objects/obmalloc.c, FORBIDDENBYTE,
 * DEADBYTE, CLEANBYTE (0xfb 0xdb 0xcb up to 3.7, 0xfd 0xdd 0xcd since). */
static const char *fill_name(uint64_t value)
{
	switch (value) {
	case 0xdddddddddddddddd:
	case 0xdbdbdbdbdbdbdbdb:
		return "memory that was freed before";
	case 0xcdcdcdcdcdcdcdcd:
	case 0xcbcbcbcbcbcbcbcb:
		return "memory that was never written";
	case 0xfdfdfdfdfdfdfdfd:
	case 0xfbfbfbfbfbfbfbfb:
		return "beyond the end of a block";
	}
	return NULL;
}

static bool is_text(uint64_t value)
{
	for (int i = 0; i < 8; i++, value >>= 8)
		if ((value & 0xff) < 0x20 || (value & 0xff) > 0x7e)
			return false;
	return true;
}

/* The base register's value is what was wrong, the rest is the member's offset. */
static bool judge_pointer(struct crash *c)
{
	const struct bt_call *call = call_at(c, c->first_call);
	const char *verb = c->bad && c->bad->direction == ACCESS_WRITE ? "write to" : "read of";
	_str_ struct str place = STR_INIT;
	uint64_t base = 0;
	if (c->signal != SIGSEGV || !call)
		return false;
	crash_words_place(c, call, &place);
	if (!c->bad && c->has_fault && c->fault < NULL_PAGE)
		return verdict(
			c, "an access of " ADDR_FMT ", which looks like a null pointer%s, by %s",
			c->fault, c->fault ? " plus an offset" : "", place.buf);
	if (!c->bad)
		return false;
	if (c->bad->base[0])
		unwind_register(c->unwinder, &c->registers, c->bad->base, &base);
	if (c->bad_address < NULL_PAGE && base == 0)
		return verdict(c, "a null pointer%s: %s " ADDR_FMT " by %s",
			       c->bad_address ? " plus an offset" : "", verb, c->bad_address,
			       place.buf);
	if (c->bad_address < NULL_PAGE)
		return false;
	if (fill_name(base))
		return verdict(c,
			       "a pointer was taken from %s (%s is " ADDR_FMT
			       ", the fill of Python's debug "
			       "allocator): %s in %s",
			       fill_name(base), c->bad->base, base, verb, place.buf);
	if (is_text(base)) {
		char text[9] = { 0 };
		memcpy(text, &base, 8);
		return verdict(c, "a pointer was overwritten with text: %s is \"%s\", in %s",
			       c->bad->base, text, place.buf);
	}
	const struct extent *e = memory_extent(&c->session->target->memory, c->bad_address);
	if (e && e->source != EXTENT_LOST && c->bad->direction == ACCESS_WRITE &&
	    !(e->flags & EXTENT_WRITE)) {
		const struct module *module = unwind_module_at(c->unwinder, c->bad_address);
		return verdict(c, "a write to read-only memory%s%s, by %s", module ? " of " : "",
			       module ? module->path : "", place.buf);
	}
	return false;
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
	return verdict(c,
		       "the mapped file %s ends before byte %" PRIu64
		       " of it, which was accessed: it "
		       "has become shorter, or its device is full",
		       m->path, c->fault - m->start + m->file_offset);
}

static bool judge_instruction(struct crash *c)
{
	const struct bt_call *call = call_at(c, c->first_call);
	_str_ struct str place = STR_INIT;
	uint64_t value;
	if (!c->has_facts || !call)
		return false;
	crash_words_place(c, call, &place);
	if ((c->signal == SIGILL || c->signal == SIGTRAP) && c->facts.is_trap)
		return verdict(
			c,
			"%s ran into %s: a place that its compiler took for unreachable, or a "
			"check that failed",
			place.buf, c->facts.mnemonic);
	if (c->signal == SIGILL)
		return verdict(c, "this processor does not know %s, in %s", c->facts.mnemonic,
			       place.buf);
	if (c->signal != SIGFPE || !c->facts.is_division)
		return false;
	for (size_t i = 0; i < c->facts.register_count; i++)
		if (unwind_register(c->unwinder, &c->registers, c->facts.registers[i], &value) &&
		    !value)
			return verdict(c, "an integer was divided by zero, in %s", place.buf);
	return false;
}

/* Inside the interpreter, or what it called, though another thread or none holds the GIL. */
static bool judge_gil(struct crash *c)
{
	const struct runtime *rt = c->session->runtime;
	const struct bt_call *call = call_at(c, c->first_call);
	static const char *const waits[] = {
		"take_gil",    "drop_gil",  "PyEval_",
		"PyGILState_", "PyThread_", "_PyEval_EvalFrameDefault"
	};
	size_t index;
	if (!rt || rt->layout.version.free_threaded || c->signal != SIGSEGV || !call ||
	    call->module != rt->module || !call->module || (c->has_thread && c->thread.holds_gil) ||
	    (c->has_thread && c->thread.gil == GIL_UNKNOWN) || rt->finalizing)
		return false;
	const struct bt_call *wait = find_call(c, waits, ARRAY_SIZE(waits) - 1, &index);
	if (wait && index <= c->first_call + 1)
		return false;
	/* Who called in from outside? */
	for (size_t i = c->first_call; i < c->frames->calls.len; i++) {
		const struct bt_call *outer = call_at(c, i);
		_str_ struct str inside = STR_INIT, outside = STR_INIT;
		if (outer->activation != SIZE_MAX)
			return false;
		if (outer->module == rt->module)
			continue;
		crash_words_place(c, call_at(c, i - 1), &inside);
		crash_words_place(c, outer, &outside);
		return verdict(c, "Python's API was called without the GIL: %s by %s", inside.buf,
			       outside.buf);
	}
	return false;
}

bool crash_judge(struct crash *c)
{
	if (judge_signal(c))
		return true;
	bool said = judge_abort_message(c);
	said |= judge_fatal(c);
	if (judge_gil(c))
		said = true;
	if (judge_overflow(c) || judge_jump(c) || judge_pointer(c))
		return true;
	said |= judge_bus(c) || judge_instruction(c);
	if (!said && c->signal == SIGABRT && c->frames->calls.len) {
		static const char *const names[] = { "abort" };
		size_t index;
		if (find_call(c, names, 1, &index) && index + 1 < c->frames->calls.len) {
			_str_ struct str place = STR_INIT;
			crash_words_place(c, call_at(c, index + 1), &place);
			verdict(c, "abort() was called, by %s", place.buf);
		}
	}
	return true;
}
