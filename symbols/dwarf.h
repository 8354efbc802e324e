/* Where structs keep their members, read from the DWARF of any ELF file. Knows no Python.
 *
 *	struct dwarf_member members[] = { { .paths = "long_value.ob_digit|ob_digit" } };
 *	struct dwarf_struct wanted = { .names = "PyLongObject|_longobject", members, 1 };
 *	err = dwarf_read_structs(&file, &wanted, 1);
 *
 * Names are typedefs or struct tags, alternatives separated by |, the first that is defined with at
 * least one of the members wins: one name may mean different things in different source files. A
 * path is made of member names with dots, as one writes it in C; anonymous members and members
 * called ob_base, _base or base are looked through, the nearest level first.
 *
 * The file must be linked (an executable, a shared object, its separate debug file): the
 * relocations of an object file are not applied. libdw reads in a process of its own
 * (core/isolated.h): hostile DWARF costs time, bounded, or is an error. */
#ifndef SYMBOLS_DWARF_H
#define SYMBOLS_DWARF_H

#include "core/error.h"
#include "core/files.h"

struct dwarf_member {
	const char *paths;
	/* out */
	bool found;
	uint32_t offset;	/* bytes from the struct's start */
	uint32_t size;		/* bytes; of a bit field: the fewest to load; 0: flexible */
	uint32_t element;	/* bytes of one item of an array; else as size */
	uint8_t bit, bits;	/* a bit field's shift after that load, and width; bits 0: none */
};

struct dwarf_struct {
	const char *names;
	struct dwarf_member *members;
	size_t count;
	/* out */
	uint64_t size;		/* bytes; 0: not defined in this file */
};

/* Fill in what the file defines; what it does not define stays as it was. ERROR_UNSUPPORTED: not
 * ELF, or without debug information. */
struct error *dwarf_read_structs(const struct mapped_file *file, struct dwarf_struct *structs,
				 size_t count) _must_check_;

#endif
