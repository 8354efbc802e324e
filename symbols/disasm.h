/* What a piece of machine code refers to: the global data that it loads or takes the address of.
 * For finding static variables that no symbol names, through an exported function that uses them
 * (capstone; x86-64 and aarch64). */
#ifndef SYMBOLS_DISASM_H
#define SYMBOLS_DISASM_H

#include <stdbool.h>
#include <stddef.h>
#include "core/machine.h"
#include "core/memory.h"

struct code_reference {
	addr_t addr;		/* what is named */
	bool is_load;		/* its content is loaded; false: its address is taken */
};

/* The references of the function at `at`, whose len bytes are code, in order, up to its first
 * return or undecodable instruction. Returns how many of max were written. */
size_t disasm_references(const struct machine *machine, const uint8_t *code, size_t len, addr_t at,
			 struct code_reference *ret, size_t max);

#endif
