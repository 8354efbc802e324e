/* Which C++ exception nobody caught. The Itanium C++ ABI, as GCC's and LLVM's runtimes have it on
 * 64-bit machines (libstdc++-v3/libsupc++/unwind-cxx.h, __cxa_exception):
 *
 *	exceptionType | destructor | ... | nextException | ... | unwind header | the object thrown
 *	-80                               -48                    ^ class "GNUCC++" ^ +32
 *
 * __cxa_throw() holds the object, the unwinder holds the header: one of them is in a register or on
 * the stack between terminate() and the function that threw. */
#include "analyzers/crash.h"

#include <signal.h>
#include "analyzers/words.h"
#include "core/checked.h"

enum {
	HEADER_TYPE = 80,	  /* bytes before the unwind header */
	HEADER_NEXT = 48,
	HEADER_SIZE = 32,	  /* of the unwind header */
	CANDIDATES = 8,
	TEXT_MAX = 1000,
	NAME_MAX_BYTES = 1000,
	BASES_MAX = 16,
};
#define CLASS_GNU	    UINT64_C(0x474e5543432b2b00) /* "GNUCC++\0" */
#define CLASS_LLVM	    UINT64_C(0x434c4e47432b2b00) /* "CLNGC++\0" */
#define CLASS_MASK	    (~UINT64_C(0xff))		  /* of a rethrown one the last byte is 1 */

struct cpp {
	struct crash *c;
	addr_t headers[CANDIDATES]; /* as they were found, outwards */
	size_t count;
};

static bool is_header(const struct target *t, addr_t at)
{
	addr_t word;
	if (at % 16 || !target_read_word(t, at, &word))
		return false;
	return (word & CLASS_MASK) == CLASS_GNU || (word & CLASS_MASK) == CLASS_LLVM;
}

static void try_word(struct cpp *cpp, addr_t word)
{
	const struct target *t = cpp->c->session->target;
	addr_t at = is_header(t, word) ? word : word - HEADER_SIZE;
	if (!is_header(t, at))
		return;
	for (size_t i = 0; i < cpp->count; i++)
		if (cpp->headers[i] == at)
			return;
	if (cpp->count < CANDIDATES)
		cpp->headers[cpp->count++] = at;
}

/* The frames up to last, and their registers. */
static void search(struct cpp *cpp, size_t last)
{
	enum { SLOTS = 2048 };
	const struct target *t = cpp->c->session->target;
	struct unwind u = unwind_thread(cpp->c->unwinder, cpp->c->os);
	struct native_frame f;
	for (size_t i = 0; i <= last && unwind_next(&u, &f); i++) {
		addr_t word;
		for (unsigned reg = 0; reg < CFI_REGISTERS; reg++)
			if (u.registers.known >> reg & 1)
				try_word(cpp, u.registers.value[reg]);
		for (unsigned slot = 0; slot < SLOTS; slot++) {
			addr_t at = f.sp + slot * t->machine->word;
			if (at >= f.cfa || !target_read_word(t, at, &word))
				break;
			try_word(cpp, word);
		}
	}
}

/* The newest: those that are being handled lead to the ones before. */
static addr_t newest(const struct cpp *cpp)
{
	addr_t at = cpp->headers[0], next;
	for (size_t n = 0; n < cpp->count; n++)
		for (size_t i = 0; i < cpp->count; i++)
			if (target_read_word(cpp->c->session->target,
					     cpp->headers[i] - HEADER_NEXT, &next) &&
			    next == at - HEADER_TYPE) {
				at = cpp->headers[i];
				break;
			}
	return at;
}

/* Name of a std::type_info, as linkers have it without "_ZTI"; NULL: it is lost. */
static const char *type_name(struct crash *c, addr_t type)
{
	struct target *t = c->session->target;
	struct symbol symbol;
	addr_t at;
	size_t len;
	if (unwind_symbol_at(c->unwinder, type, &symbol) && symbol.addr == type &&
	    has_prefix(symbol.name, "_ZTI"))
		return symbol.name + 4;
	if (!target_read_word(t, type + t->machine->word, &at))
		return NULL;
	const char *name = memory_string(&t->memory, at, NAME_MAX_BYTES, &len);
	/* '*': to be compared by address alone */
	if (name && *name == '*')
		name++, len--;
	for (size_t i = 0; name && i < len; i++)
		if (name[i] < '!' || name[i] > '~')
			return NULL;
	return name && len ? arena_copy(&t->arena, name, len) : NULL;
}

static void words_type(struct crash *c, const char *name, struct str *out)
{
	static const char prefix[] = "typeinfo for ";
	_str_ struct str symbol = STR_INIT;
	str_printf(&symbol, "_ZTI%s", name);
	const char *kept =
		arena_copy(&c->session->target->arena, symbol.buf, symbol.len);
	const char *readable = kept ? places_name(c->session->symbols, kept) : NULL;
	if (readable && has_prefix(readable, prefix))
		str_adds(out, readable + strlen(prefix));
	else
		str_adds(out, name);
}

/* Does it derive from one of the standard classes that keep a text behind their virtual table?
 * __si_class_type_info: virtual table, name, base. */
static bool keeps_text(struct crash *c, addr_t type)
{
	const struct target *t = c->session->target;
	for (unsigned i = 0; i < BASES_MAX; i++) {
		const char *name = type_name(c, type);
		if (!name)
			return false;
		if (streq(name, "St13runtime_error") || streq(name, "St11logic_error"))
			return true;
		if (!target_read_word(t, type + 2 * t->machine->word, &type))
			return false;
	}
	return false;
}

static void words_text(struct crash *c, addr_t type, const char *name, addr_t object,
		       struct str *out)
{
	const struct target *t = c->session->target;
	bool is_plain = streq(name, "PKc") || streq(name, "Pc");
	addr_t at;
	size_t len;
	if (!is_plain && !keeps_text(c, type))
		return;
	if (!target_read_word(t, is_plain ? object : object + t->machine->word, &at))
		return;
	const char *text = memory_string(&t->memory, at, TEXT_MAX, &len);
	if (text)
		str_printf(out, ": \"%.*s\"", (int)len, text);
}

static bool report_exception(struct crash *c, addr_t header, const char *place)
{
	const struct target *t = c->session->target;
	addr_t type;
	_str_ struct str words = STR_INIT;
	const char *name = target_read_word(t, header - HEADER_TYPE, &type) ? type_name(c, type)
									     : NULL;
	if (!name)
		return crash_verdict(c, "a C++ exception was not caught, thrown by %s", place);
	words_type(c, name, &words);
	words_text(c, type, name, header + HEADER_SIZE, &words);
	bool is_memory = streq(name, "St9bad_alloc") || streq(name, "St20bad_array_new_length");
	return crash_verdict(c, "%sa C++ exception was not caught: %s, thrown by %s",
			     is_memory ? "out of memory: " : "", words.buf, place);
}

static bool is_runtime(const struct bt_call *call)
{
	const char *module = call->module ? path_base(call->module->path) : "";
	const char *name = call->symbol.name ? call->symbol.name : "";
	return has_prefix(module, "libstdc++") || has_prefix(module, "libc++") ||
	       has_prefix(module, "libgcc_s") || has_prefix(name, "__cxa_") ||
	       has_prefix(name, "_Unwind_") || has_prefix(name, "_ZSt9terminatev") ||
	       has_prefix(name, "_ZN10__cxxabiv1") ||
	       has_prefix(name, "_ZN9__gnu_cxx27__verbose_terminate_handler");
}

bool crash_judge_cpp(struct crash *c)
{
	enum { LOOK = 40, LIBC = 6 };
	size_t first = 0, last;
	struct cpp cpp = { .c = c };
	_str_ struct str place = STR_INIT;
	if (c->signal != SIGABRT || c->session->target->machine->word != 8)
		return false;
	while (first < LIBC && crash_call_at(c, first) && !is_runtime(crash_call_at(c, first)))
		first++;
	if (!crash_call_at(c, first) || !is_runtime(crash_call_at(c, first)))
		return false;
	/* Up to the last of the runtime's frames: a function that may not throw stands between. */
	last = first;
	for (size_t i = first; i < first + LOOK && crash_call_at(c, i); i++) {
		if (crash_call_at(c, i)->activation != SIZE_MAX)
			break;
		if (is_runtime(crash_call_at(c, i)))
			last = i;
	}
	const struct bt_call *thrower = crash_call_at(c, last + 1);
	if (thrower)
		crash_words_place(c, thrower, &place);
	else
		str_adds(&place, "an unknown place");
	search(&cpp, last + 1);
	if (cpp.count)
		return report_exception(c, newest(&cpp), place.buf);
	return crash_verdict(c, "C++'s std::terminate() was called, by %s", place.buf);
}
