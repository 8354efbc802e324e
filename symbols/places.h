/* What DWARF says of an address: its line of source, and the calls that the compiler inlined there.
 * And readable names for those that C++ and Rust gave to linkers.
 *
 *	place_question list[] = { { module, pc - 1, "_ZN3fooEv" }, ... };
 *	places_ask(symbols, list, count, PLACES_CHEAP);
 *	places_at(symbols, pc - 1, &count)	-> [0] the innermost; [count - 1] the function itself
 *
 * The files are hostile: libdw and the demangler run in a process of their own, one for each
 * places_ask(). What that process could not tell is absent, and a remark of the target says why. */
#ifndef SYMBOLS_PLACES_H
#define SYMBOLS_PLACES_H

#include "symbols/symbols.h"

enum places_effort {
	PLACES_NONE,	/* names alone */
	PLACES_CHEAP,	/* no debug information that would have to be unpacked first, but a little */
	PLACES_ALL,
};

struct place_question {
	const struct module *module;	/* NULL, or without debug information: only the name is asked */
	addr_t addr;			/* in the process; pc - 1 of a return address */
	const char *name;		/* of the symbol there; NULL: none */
};

/* Absent is NULL or 0. All of it lives as long as the symbols. */
struct place {
	const char *function;		/* readable */
	const char *linkage;		/* as linkers know it, where that differs */
	const char *file;
	uint32_t line, column;		/* from 1 */
};

/* May be called again for more; what is known is not asked again. */
void places_ask(struct symbols *s, const struct place_question *list, size_t count,
		enum places_effort effort);
/* What was told of an address that was asked for, innermost first; each is inlined into the next.
 * NULL: nothing. */
const struct place *places_at(const struct symbols *s, addr_t addr, size_t *ret_count);
/* A symbol's name, readable; the name itself where it is so already, or nobody knows. Asks for it
 * where that was not done before. NULL: of NULL. */
const char *places_name(struct symbols *s, const char *name);

#endif
