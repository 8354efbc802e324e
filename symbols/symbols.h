/* Names for addresses. Knows ELF; knows no Python.
 * Per module and on first use: .dynsym of the file or, without the file, of what was dumped
 * (DT_SYMTAB); .symtab of the file; .symtab of what it carries packed (.gnu_debugdata); .symtab of its
 * separate debug file (.gnu_debuglink, .build-id tree, debuginfod). */
#ifndef SYMBOLS_SYMBOLS_H
#define SYMBOLS_SYMBOLS_H

#include "core/target.h"

struct symbols;		/* owned by the caller; refers to the target */

enum symbol_source { SYMBOL_DYNSYM, SYMBOL_SYMTAB, SYMBOL_DEBUG_FILE };

struct symbol {
	const char *name;	/* lives as long as the symbols */
	addr_t addr;		/* in the process */
	uint64_t size;		/* bytes; 0: unknown */
	enum symbol_source source;
	const struct module *module;
};

struct error *symbols_load(struct target *target, struct files *files, struct symbols **ret) _must_check_;
void symbols_free(struct symbols *s);
OWNED(struct symbols, symbols_free);

/* A defined symbol by name: the executable first, then modules whose file name looks like
 * `prefer` ("libpython"; may be NULL), then the others in address order. Versions ("@@") are ignored. */
bool symbols_find(struct symbols *s, const char *name, const char *prefer, struct symbol *ret);
/* The same in the dynamic symbols alone: some 100 ns a module, found or not. */
bool symbols_find_exported(struct symbols *s, const char *name, const char *prefer, struct symbol *ret);
bool symbols_find_exported_in(struct symbols *s, const struct module *module, const char *name,
			      struct symbol *ret);
/* In one module. A local (static) symbol that GCC renamed ("version.0", "interp_head.lto_priv.0")
 * is found under its plain name. */
bool symbols_find_in(struct symbols *s, const struct module *module, const char *name, struct symbol *ret);
/* What was found by name so far (for slim, which keeps the addresses where it drops the tables). */
size_t symbols_found(const struct symbols *s, const struct symbol **ret);
/* The symbol that covers addr (pc - 1 for return addresses); false: none. */
bool symbols_at(struct symbols *s, addr_t addr, struct symbol *ret);

/* A section of the module's file, where it lies in the process. false: no file, or no section. */
bool symbols_section(struct symbols *s, const struct module *module, const char *name,
		     addr_t *ret_addr, uint64_t *ret_size);

/* The module's debug information as a libdw handle's own file: the module itself when it has
 * .debug_info, else the separate debug file. NULL: there is none. */
const struct mapped_file *symbols_debug_file(struct symbols *s, const struct module *module);

#endif
