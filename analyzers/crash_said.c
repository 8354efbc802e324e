#include "analyzers/crash.h"

#include <errno.h>
#include <signal.h>
#include "core/checked.h"

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

/* What malloc's texts mean (malloc/malloc.c, malloc_printerr); "": they do not say it. */
static const char *malloc_meaning(const char *text)
{
	static const char *const meanings[][2] = {
		{ "double free detected", " (a block was freed twice)" },
		{ "double free or corruption",
		  " (a block was freed twice, or the head of one was overwritten by an overrun)" },
		{ "invalid pointer",
		  " (what was freed is no block, or the head of it was overwritten)" },
		{ "size", " (the head of a block was overwritten: an overrun of the one before it)" },
		{ "corrupted", " (a block was written to after it was freed, or overrun)" },
		{ "chunk", " (a block was written to after it was freed, or overrun)" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(meanings); i++)
		if (strstr(text, meanings[i][0]))
			return meanings[i][1];
	return "";
}

bool crash_judge_message(struct crash *c)
{
	_str_ struct str text = STR_INIT, place = STR_INIT;
	if (c->signal != SIGABRT || !abort_message(c, &text))
		return false;
	static const char *const names[] = { "malloc_printerr", "__libc_free", "_int_free",
					     "_int_malloc", "__libc_realloc" };
	size_t index = 0;
	bool is_heap = crash_find_call(c, names, ARRAY_SIZE(names), &index) ||
		       strstr(text.buf, "free") || strstr(text.buf, "alloc");
	const struct bt_call *culprit = crash_culprit(c, index);
	if (culprit)
		crash_words_place(c, culprit, &place);
	if (strstr(text.buf, "Assertion `"))
		return crash_verdict(c, "an assertion failed: glibc said \"%s\"", text.buf);
	if (strstr(text.buf, "stack smashing"))
		return crash_verdict(c, "a buffer on the stack was overrun: glibc said \"%s\"",
				     text.buf);
	if (strstr(text.buf, "buffer overflow"))
		return crash_verdict(c, "a buffer was overrun: glibc said \"%s\", in a call by %s",
				     text.buf, place.buf);
	if (is_heap)
		return crash_verdict(c,
				     "the C heap is damaged, or was used wrongly%s: glibc said "
				     "\"%s\", in a call by %s",
				     malloc_meaning(text.buf), text.buf, place.buf);
	return crash_verdict(c, "the C library gave up: glibc said \"%s\"", text.buf);
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

/* The texts that the code of a function names. What it says last may stand behind the call: several
 * ways may lead to one. */
struct texts {
	addr_t list[64];
	size_t count;
	bool on_stack[64];
	bool is_straight; /* there is one, and nothing leads past it to the call */
};

static void add_texts(struct crash *c, const struct code_reference *list, size_t count,
		      struct texts *ret)
{
	size_t unused;
	for (size_t k = 0; k < count && ret->count < ARRAY_SIZE(ret->list); k++) {
		bool is_new = !list[k].is_load && fatal_text_at(c, list[k].addr, &unused);
		for (size_t i = 0; i < ret->count; i++)
			is_new &= ret->list[i] != list[k].addr;
		if (is_new)
			ret->list[ret->count++] = list[k].addr;
	}
}

/* The caller of Py_FatalError(text), or of _Py_FatalErrorFunc(function, text) (3.9+), loads the
 * text's address. */
static void find_texts(struct crash *c, const struct bt_call *caller, struct texts *ret)
{
	enum { REFERENCES = 1024, LONGEST = 1 << 16 };
	const struct target *t = c->session->target;
	addr_t start, end;
	*ret = (struct texts){ 0 };
	if (!caller || !unwind_function_at(c->unwinder, caller->frame.lookup, &start, &end) ||
	    end - start > LONGEST)
		return;
	size_t len = end - start, count;
	const uint8_t *code = memory_at(&t->memory, start, len);
	_free_ struct code_reference *list = calloc(REFERENCES, sizeof(*list));
	if (!code || !list)
		return;
	count = disasm_straight_references(t->machine, code, len, start, caller->frame.pc, list,
					   REFERENCES);
	add_texts(c, list, count, ret);
	ret->is_straight = ret->count == 1;
	if (ret->is_straight)
		return;
	count = disasm_all_references(t->machine, code, len, start, list, REFERENCES);
	add_texts(c, list, count, ret);
}

static void mark_text(struct texts *texts, addr_t word)
{
	for (size_t i = 0; i < texts->count; i++)
		texts->on_stack[i] |= texts->list[i] == word;
}

/* Which of them are still in a register or in a slot of the stack, between abort() and that
 * function (at index); without any, the first text of a constant that is. */
static const char *text_on_stack(struct crash *c, size_t index, struct texts *texts,
				 size_t *ret_len)
{
	enum { SLOTS = 128 };
	struct target *t = c->session->target;
	struct unwind u = unwind_thread(c->unwinder, c->os);
	struct native_frame f;
	const char *first = NULL;
	for (size_t i = 0; i <= index && unwind_next(&u, &f); i++) {
		for (unsigned reg = 0; reg < CFI_REGISTERS; reg++) {
			if (!(u.registers.known >> reg & 1))
				continue;
			mark_text(texts, u.registers.value[reg]);
			if (!first)
				first = fatal_text_at(c, u.registers.value[reg], ret_len);
		}
		addr_t at = f.sp, word;
		for (unsigned slot = 0; slot < SLOTS && at < f.cfa; slot++) {
			if (target_read_word(t, at, &word)) {
				mark_text(texts, word);
				if (!first)
					first = fatal_text_at(c, word, ret_len);
			}
			at += t->machine->word;
		}
	}
	return first;
}

/* *is_sure: the evidence names no other. */
static const char *fatal_text(struct crash *c, size_t index, size_t *ret_len, bool *is_sure)
{
	struct texts texts;
	size_t kept = 0, last = 0;
	find_texts(c, crash_call_at(c, index + 1), &texts);
	const char *other = text_on_stack(c, index, &texts, ret_len);
	for (size_t i = texts.count; i-- > 0;) {
		kept += texts.on_stack[i];
		if (texts.on_stack[i])
			last = i;
	}
	*is_sure = texts.is_straight || !texts.count || kept == 1;
	return texts.count ? fatal_text_at(c, texts.list[last], ret_len) : other;
}

static bool is_fatal_name(const char *name)
{
	return name && (strstr(name, "FatalError") || has_prefix(name, "fatal_error"));
}

/* What is known of some of them; "": nothing. */
static const char *fatal_meaning(const char *text, size_t len)
{
	static const char *const meanings[][2] = {
		{ "trailing pad byte", "a buffer on the heap was overrun: " },
		{ "leading pad byte", "memory in front of a buffer on the heap was overwritten: " },
		{ "bad ID: Allocated", "memory was freed by another allocator than gave it: " },
		{ "emory", "out of memory: " },
		{ "he GIL", "Python's API was called without the GIL: " },
		{ "no current thread", "Python's API was called without the GIL: " },
		{ "ref count", "a reference was dropped too often: " },
		{ "recover from stack overflow", "recursion without end: " },
	};
	for (size_t i = 0; i < ARRAY_SIZE(meanings); i++)
		if (memmem(text, len, meanings[i][0], strlen(meanings[i][0])))
			return meanings[i][1];
	return "";
}

/* Debug builds look at each count that they lower: _Py_NegativeRefcount() (Objects/object.c). Its
 * caller is Py_DecRef() or, where that is inlined, who dropped the reference. */
static bool judge_refcount(struct crash *c)
{
	static const char *const names[] = { "_Py_NegativeRefcount" };
	size_t index;
	_str_ struct str place = STR_INIT;
	if (!crash_find_call(c, names, ARRAY_SIZE(names), &index))
		return false;
	const struct bt_call *culprit = crash_culprit(c, index + 1);
	if (culprit)
		crash_words_place(c, culprit, &place);
	return crash_verdict(c,
			     "a reference was dropped too often: Fatal Python error: object has "
			     "negative ref count (in a call by %s)",
			     culprit ? place.buf : "the interpreter");
}

static void judge_fatal_text(struct crash *c, size_t index)
{
	size_t len;
	const struct bt_call *caller = crash_call_at(c, index + 1);
	const struct bt_call *culprit = crash_culprit(c, index + 1);
	_str_ struct str place = STR_INIT;
	if (caller)
		crash_words_place(c, caller, &place);
	else
		str_adds(&place, "the interpreter");
	if (culprit && culprit != caller) {
		str_adds(&place, ", in a call by ");
		crash_words_place(c, culprit, &place);
	}
	bool is_sure;
	const char *text = fatal_text(c, index, &len, &is_sure);
	if (text && is_sure)
		crash_verdict(c, "%sFatal Python error: %.*s (given up by %s)",
			      fatal_meaning(text, len), (int)len, text, place.buf);
	else if (text)
		crash_verdict(c,
			      "Python itself gave up (Fatal Python error), called by %s; its text "
			      "was perhaps \"%.*s\"",
			      place.buf, (int)len, text);
	else
		crash_verdict(c,
			      "Python itself gave up (Fatal Python error), called by %s; its text "
			      "was not found",
			      place.buf);
}

bool crash_judge_fatal(struct crash *c)
{
	static const char *const names[] = { "Py_FatalError", "_Py_FatalError", "fatal_error" };
	size_t index = 0;
	if (c->signal != SIGABRT ||
	    !crash_find_call(c, names, ARRAY_SIZE(names), &index))
		return false;
	while (index + 1 < c->frames->calls.len &&
	       is_fatal_name(crash_call_at(c, index + 1)->symbol.name))
		index++;
	if (!judge_refcount(c))
		judge_fatal_text(c, index);
	return true;
}

/* --- errno ---------------------------------------------------------------------------------- */

/* __errno_location() adds the thread pointer to a word that the dynamic linker filled in: where
 * libc's errno is in each thread (x86-64, aarch64: initial-exec thread-local storage). */
bool crash_lacked_memory(struct crash *c)
{
	enum { LONGEST = 64, MAX = 4, NEAR = 1 << 20 };
	const struct target *t = c->session->target;
	struct code_reference list[MAX];
	struct symbol s;
	addr_t offset;
	if (!c->os->tp ||
	    !symbols_find_exported(c->session->symbols, "__errno_location", "libc", &s))
		return false;
	uint64_t len = memory_span(&t->memory, s.addr, LONGEST);
	const uint8_t *code = len ? memory_at(&t->memory, s.addr, len) : NULL;
	size_t count = code ? disasm_references(t->machine, code, len, s.addr, list, MAX) : 0;
	for (size_t i = 0; i < count; i++) {
		if (!list[i].is_load || !target_read_word(t, list[i].addr, &offset) ||
		    offset + NEAR > 2 * (addr_t)NEAR)
			continue;
		const uint8_t *p = memory_at(&t->memory, c->os->tp + offset, 4);
		return p && load_u32(t->machine, p) == ENOMEM;
	}
	return false;
}
