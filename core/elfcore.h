/* A core file being read: what its loaders hand on to each other. Only core/ includes this.
 *
 *	target.c       which of the given files is the core; the order of what follows
 *	elfcore.c      program headers -> the core's extents
 *	notes.c        threads, process, mapped files, the auxiliary vector
 *	process.c      argv from the stack
 *	maps.c         mapped files by the text of /proc/PID/maps, where the notes lack them
 *	modules.c      mapped files, or what linkmap.c finds without them -> modules
 *	modulefiles.c  the modules' files on this machine, and the extents that these fill
 *
 * Damage becomes remarks; only out of memory, or nothing at all left, is an error. */
#ifndef CORE_ELFCORE_H
#define CORE_ELFCORE_H

#include "core/elf.h"
#include "core/target.h"

/* Our own notes in a slim core, see core/slim.h. */
#define SLIM_OWNER "pycore"
enum {
	SLIM_NOTE_MARK = 1,
	SLIM_NOTE_SYMBOL = 2,
	SLIM_NOTE_SOURCE = 3,
	SLIM_NOTE_ANSWER = 4,
	SLIM_NOTE_FILE = 5,
};
enum { SLIM_TRUNCATED = 1, SLIM_REDACTED = 2 };	/* flags of the mark */

struct elfcore {
	struct target *target;
	struct elf_header header;
	VEC(struct elf_phdr) segments;	/* PT_LOAD */
	VEC(struct elf_phdr) notes;	/* PT_NOTE */
	const uint8_t *auxv;		/* NT_AUXV's bytes; NULL: none */
	size_t auxv_size;
	bool mappings_whole;		/* NT_FILE is there, and not cut */
	/* What was given to stand in for the two (files->maps, files->auxv); data NULL: nothing. */
	struct mapped_file maps, given_auxv;
	addr_t at_random, at_execfn;	/* 0: unknown */
	uint64_t at_phnum;
	bool by_gdb;			/* gcore's: of a process that may have lived on */
};

/* Fills segments and notes, the target's truncated and expected_size. */
struct error *elfcore_load(struct elfcore *core) _must_check_;
/* The bytes that the file has, and LOST extents for what it promises but does not have. */
bool elfcore_add_bytes(struct elfcore *core);
/* The access of the target's mappings. */
void elfcore_read_access(struct elfcore *core);
/* LOST extents for what was mapped and not dumped; added last, behind what modules know better. */
bool elfcore_add_undumped(struct elfcore *core);

/* false: out of memory. What the notes lack is taken from what stands in for it. */
bool notes_load(struct elfcore *core);
/* Adds to the target's mappings what core->maps says of addresses that these do not. */
bool maps_take(struct elfcore *core);

/* Two struct mapping, by address: as vec_sort() wants it. */
int mapping_compare(const void *a, const void *b);

/* Modules in address order: from NT_FILE, else the link map, else where ELF headers lie in the
 * core; then their files. `given` is the executable that the user named (data NULL: none): its
 * mapping moves to the module that it belongs to, and stays where it is none's. */
bool modules_load(struct elfcore *core, struct files *files, struct mapped_file *given);
/* Fill the module's identity from its ELF header in memory at start. false: there is none. */
bool module_load_header(struct elfcore *core, addr_t start, struct module *ret);

/* No NT_FILE: modules from the dynamic linker's list (linkmap.c). */
bool linkmap_load(struct elfcore *core, struct files *files, const struct mapped_file *given);

/* The modules' files on this machine (modulefiles.c), and what the user named. */
bool modulefiles_attach(struct elfcore *core, struct files *files, struct mapped_file *given);
/* Where the bytes of its file come from. A slim core has brought them, and needs no file: then it
 * is the state when it was made. */
enum module_file_state modulefiles_state(const struct target *t, const struct module *module);
/* FILE extents from the files that belong, LOST ones with a reason where they do not. */
bool modulefiles_add_extents(struct elfcore *core);
/* Where a file's PT_LOADs lie: [*ret_start, *ret_end) of the file's own addresses. */
bool modulefiles_span(const struct elf_header *h, const uint8_t *data, size_t size, addr_t *ret_start,
		      addr_t *ret_end);

/* argv: from the stack, else from what psargs kept. */
bool process_load_argv(struct elfcore *core, const char *psargs);

#endif
