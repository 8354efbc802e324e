/* The parts of struct symbols among themselves: symbols.c knows which file says what and finds names,
 * symbols_dynamic.c reads the dynamic symbols in the process, symbols_address.c finds what lies at an
 * address, places.c what DWARF says of it. */
#ifndef SYMBOLS_SYMBOLS_PARTS_H
#define SYMBOLS_SYMBOLS_PARTS_H

#include "core/str.h"
#include "core/elffile.h"
#include "symbols/symbols.h"

enum { SYMBOLS_MAX = 1 << 22 };

/* Where PT_DYNAMIC says the dynamic symbols are, as addresses in the process. */
struct dynamic {
	bool tried, usable;
	addr_t symtab, strtab, hash, gnu_hash;
	uint64_t strings_size;
};

struct index_entry {
	addr_t addr;
	uint64_t size;
	const char *name;
	uint8_t source, rank;		/* rank: global functions before local labels */
};

struct module_symbols {
	const struct module *module;
	struct elffile file, debug;
	bool file_tried, has_file, debug_tried, has_debug;
	bool symtab_tried, has_symtab, debug_symtab_tried, has_debug_symtab, mini_tried, has_mini;
	struct elf_symtab symtab, debug_symtab, mini;
	struct mapped_file debug_mapping;
	struct mapped_file shared_mapping;	/* what dwz moved out of it; data NULL: nothing, or not asked */
	struct str mini_file;		/* .gnu_debugdata, unpacked */
	struct dynamic dynamic;
	bool indexed, places_remarked;
	VEC(struct index_entry) index;
};

struct symbols {
	struct target *target;
	struct files *files;		/* NULL: no debug files are looked for */
	struct module_symbols *modules;	/* parallel to target->modules */
	size_t count;
	VEC(struct symbol) found;
	struct places *places;		/* NULL: nothing was asked yet */
};

struct module_symbols *symbols_of_module(struct symbols *s, const struct module *module);
/* The module's file, its debug file, and their tables, opened on first use; NULL: there is none. */
const struct elffile *symbols_file(struct symbols *s, struct module_symbols *ms);
const struct elf_symtab *symbols_symtab(struct symbols *s, struct module_symbols *ms);
const struct elf_symtab *symbols_debug_symtab(struct symbols *s, struct module_symbols *ms);
/* "MiniDebugInfo": the functions that .dynsym does not have, in an ELF file packed by xz in a section. */
const struct elf_symtab *symbols_mini_symtab(struct symbols *s, struct module_symbols *ms);
/* The module that addr belongs to; .bss lies behind what is mapped of it. */
const struct module *symbols_module_before(struct symbols *s, addr_t addr);
/* Something that is defined, and has an address. */
bool symbols_usable(const struct elf_symbol *e);

/* --- symbols_dynamic.c ----------------------------------------------------------------------- */

bool symbols_dynamic_find(struct symbols *s, struct module_symbols *ms, const char *name,
			  struct symbol *ret);
/* How many there are, and the i-th; name NULL: lost. */
uint32_t symbols_dynamic_count(struct symbols *s, struct module_symbols *ms);
bool symbols_dynamic_at(struct symbols *s, struct module_symbols *ms, uint32_t i,
			struct elf_symbol *ret, const char **ret_name);

/* --- places.c -------------------------------------------------------------------------------- */

void places_free(struct places *p);

#endif
