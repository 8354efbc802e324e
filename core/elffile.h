/* An ELF file's sections and symbols, read in place: no allocation, every offset checked against the
 * size. Headers and notes are core/elf.h's.
 *
 *	data  | header | program headers | ... sections' contents ... | section headers |
 *
 * libelf would do as well, but opening it costs more than all look-ups of a `pycore bt`. */
#ifndef CORE_ELFFILE_H
#define CORE_ELFFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/elf.h"
#include "core/files.h"
#include "core/machine.h"

struct elffile {
	const uint8_t *data;
	size_t size;
	const struct machine *machine;
	struct elf_header header;
	uint32_t shnum, shstrndx;	/* 0: no section headers, or they lie outside the file */
};

struct elf_section {
	const char *name;		/* in the file; "" when it has none */
	uint32_t type;			/* SHT_* */
	uint64_t flags, addr, offset, size, align;
	uint32_t link;
};

struct elf_symbol {
	uint32_t name;			/* offset into the string table */
	uint8_t type, bind;		/* STT_*, STB_* */
	uint16_t section;		/* SHN_UNDEF: only used here */
	uint64_t value, size;
};

/* A string table and the symbols that use it. */
struct elf_symtab {
	const uint8_t *symbols;
	size_t count;
	const char *strings;
	size_t strings_size;
};

/* false: not an ELF file of this machine. data may be a part of one (a dumped first page): tables
 * that lie outside are taken for absent. */
bool elffile_open(const uint8_t *data, size_t size, const struct machine *machine, struct elffile *ret);
bool elffile_segment(const struct elffile *f, uint32_t index, struct elf_phdr *ret);
bool elffile_section(const struct elffile *f, uint32_t index, struct elf_section *ret);
/* By name, or (name NULL) by type. */
bool elffile_find_section(const struct elffile *f, const char *name, uint32_t type,
			  struct elf_section *ret);
/* A section's bytes; NULL: NOBITS, compressed, or outside the file. */
const uint8_t *elffile_section_data(const struct elffile *f, const struct elf_section *s);
/* The symbol table of that type (SHT_SYMTAB, SHT_DYNSYM) with its strings. false: there is none. */
bool elffile_symtab(const struct elffile *f, uint32_t type, struct elf_symtab *ret);
/* The bytes that the file maps at vaddr; NULL: none, or fewer than len. */
const uint8_t *elffile_at(const struct elffile *f, uint64_t vaddr, size_t len);
/* len 0 when it has none. */
void elffile_build_id(const struct elffile *f, struct build_id *ret);

size_t elf_symbol_size(const struct machine *m);
void elf_symbol_load(const struct machine *m, const uint8_t *p, struct elf_symbol *ret);
/* The i-th name of a table; NULL: not in the strings, or not terminated. */
const char *elf_symtab_name(const struct elf_symtab *t, uint32_t offset);

#endif
