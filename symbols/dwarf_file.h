/* libdw on a file that may be made to break it: only in a process of its own (core/isolated.h). */
#ifndef SYMBOLS_DWARF_FILE_H
#define SYMBOLS_DWARF_FILE_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/files.h"

enum dwarf_wants {
	DWARF_TYPES,	/* units and types alone */
	DWARF_LINES,	/* lines and ranges of code too */
};

struct dwarf_file {
	void *copy;	/* what is read, where the mapping cannot be written to */
	Elf *elf;
	Dwarf *dwarf;
};

/* For isolated_ask(): a file of which the other process sees what dwarf_file_open() will read there.
 * NULL: there is no room. */
const struct mapped_file *dwarf_file_share(const struct mapped_file *file, enum dwarf_wants wants);

/* The file's data becomes writable, and some of its section headers are changed: the mapping must be
 * private and the process be there for this alone. *why (static) says what is wrong; false then. */
bool dwarf_file_open(const struct mapped_file *file, enum dwarf_wants wants, struct dwarf_file *ret,
		     const char **why);
void dwarf_file_close(struct dwarf_file *file);

/* What libdw would have to unpack before it can answer: bytes; 0: nothing is packed. Reads headers
 * alone, and may be called anywhere. */
uint64_t dwarf_file_packed(const uint8_t *data, size_t size, enum dwarf_wants wants);

#endif
