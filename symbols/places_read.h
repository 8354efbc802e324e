/* The other half of symbols/places.c: what runs in a process of its own (core/isolated.h).
 *
 * The answer has, for each question, u32 count and that many of
 *	u32 line, u32 column, string function, string linkage name, string file     innermost first
 * and then, for each name, a string. A string is u32 length and bytes; numbers are the host's. */
#ifndef SYMBOLS_PLACES_READ_H
#define SYMBOLS_PLACES_READ_H

#include "core/isolated.h"
#include "core/vec.h"

struct places_file {
	const struct mapped_file *file;		/* that with the debug information */
	const struct mapped_file *shared;	/* that which dwz made for it; NULL: none */
};

struct places_question {
	uint32_t file;
	uint64_t vaddr;		/* as the file counts: pc - 1 of a return address, without bias */
};

struct places_request {
	VEC(struct places_file) files;
	VEC(struct places_question) questions;
	VEC(const char *) names;	/* to be demangled; "" comes back for what is not mangled */
};

enum {
	PLACES_STRING = 2000,	/* bytes of any string in the answer: longer ones are cut */
	PLACES_DEPTH = 100,	/* inlined calls around one address */
};

bool places_read(const void *request, struct str *answer);

#endif
