/* The dead process: its memory, OS threads, modules, and what the core's notes say of it.
 * Knows ELF; knows no Python.
 *
 *	target --- memory       what can be read at which address
 *	       --- threads[]    one per NT_PRSTATUS; [0] is the one that took the signal
 *	       --- modules[]    one per mapped ELF file, in address order
 *	       --- mappings[]   NT_FILE's lines
 *	       --- process      pid, argv, signal ...
 *	       --- remarks      what is damaged or missing
 *
 * Everything is owned by the target and lives until target_free(). */
#ifndef CORE_TARGET_H
#define CORE_TARGET_H

#include "core/arena.h"
#include "core/error.h"
#include "core/files.h"
#include "core/kept.h"
#include "core/machine.h"
#include "core/map.h"
#include "core/memory.h"
#include "core/remarks.h"
#include "core/vec.h"

struct os_thread {
	uint64_t tid;			/* LWP; pr_pid */
	int signal;			/* pr_cursig */
	bool crashed;			/* the first PRSTATUS, when the process died of a signal */
	const uint8_t *registers;	/* machine->registers words, host bytes in the core */
	addr_t pc, sp, fp;
	addr_t tp;			/* thread pointer; 0: unknown */
};

/* A line of NT_FILE (or of the link map, when there is no NT_FILE). */
struct mapping {
	addr_t start, end;
	uint64_t file_offset;		/* bytes */
	const char *path;		/* as in the core, " (deleted)" included */
	uint8_t access;			/* EXTENT_READ | ..., as the program headers say; 0: not known */
};

enum module_file_state {
	MODULE_FILE_MISSING,	/* no such file here */
	MODULE_FILE_MATCHES,	/* build-id equal */
	MODULE_FILE_DIFFERS,	/* there is one, but of another build: not used */
	MODULE_FILE_UNVERIFIED,	/* used, though no build-id could be compared (headers agree) */
};

struct module {
	addr_t start, end;		/* of all its mappings */
	addr_t bias;			/* what to add to the file's p_vaddr */
	const char *path;		/* as in the core, without " (deleted)" */
	bool deleted;			/* the core said " (deleted)" */
	bool is_executable;		/* AT_PHDR / AT_ENTRY lies in it: the program itself */
	struct build_id build_id;	/* from the first page in the core */
	enum module_file_state file_state;
	struct mapped_file file;	/* .data NULL unless MATCHES or UNVERIFIED */
	const char *file_note;		/* why not: "no such file", "is another build (ab12..)" */
};

struct process {
	int64_t pid, ppid;		/* -1: unknown */
	int64_t uid, gid;		/* -1: unknown */
	const char *name;		/* pr_fname: at most 15 characters; NULL unknown */
	const char *const *argv;	/* from the stack when it was dumped, else split pr_psargs */
	size_t argc;
	bool argv_cut;			/* came from pr_psargs (80 bytes), may be cut */
	const char *executable;		/* path; NULL unknown */
	struct build_id build_id;	/* of the executable */
	/* signal 0: none recorded (gcore of a live process) */
	int signal, si_code, si_errno;
	bool has_siginfo, has_fault_address, has_sender;
	addr_t fault_address;		/* SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP */
	int64_t sender_pid, sender_uid;	/* kill(2), si_code <= 0 */
	int64_t time;			/* of death, seconds since the epoch: as stored, else the file's mtime; -1 */
};

/* A name that slim keeps the address of, because it drops the symbol table that had it. */
struct symbol_hint {
	const char *name;
	addr_t addr;			/* in the process */
	uint64_t size;
};

/* A line of source that a slim core brings along, because bt showed it. */
struct source_excerpt {
	const char *path;		/* as code objects name it */
	uint64_t line;			/* from 1 */
	const char *text;		/* UTF-8, without its end */
	size_t len;
};

struct target {
	char *path;			/* of the core */
	struct mapped_file core;	/* .stored: what systemd-coredump noted of it */
	const struct machine *machine;
	struct memory memory;
	VEC(struct os_thread) threads;
	VEC(struct mapping) mappings;
	VEC(struct module) modules;
	struct process process;
	struct remarks remarks;
	struct arena arena;
	/* What stood in for notes that the core lacks: its mappings, or some of them, and the bytes of
	 * its auxiliary vector (in the arena; NULL: it has them itself). */
	bool mappings_given;
	const uint8_t *auxv_given;
	size_t auxv_given_size;
	bool truncated;			/* the file ends before its segments do */
	uint64_t expected_size;		/* bytes the program headers promise */
	bool slim;			/* made by pycore slim */
	bool redacted;			/* ... --redact: what is zero may have been something else */
	VEC(struct symbol_hint) hints;	/* of a slim core */
	struct kept kept;		/* answers of a slim core, or those to be kept in one */
	VEC(struct source_excerpt) excerpts;	/* of a slim core; by path, then line */
	struct map files_then;		/* of a slim core: a module's start -> its file_state when made */
	addr_t at_entry, at_phdr, at_base, at_sysinfo_ehdr;	/* AUXV; 0: unknown */
};

/* path "-": what files->input is open on, a pipe spooled to an unlinked file first. Recognised by
 * content, also when compressed. `executable` may be NULL: it is then found from the core. A given one of
 * another build is a remark, not an error; what is found to be the core and what the executable
 * is decided by content, so the two may come in either order. */
struct error *target_open_core(struct files *files, const char *path, const char *executable,
			       struct target **ret) _must_check_;
void target_free(struct target *t);
OWNED(struct target, target_free);

/* NULL: no module there. */
const struct module *target_module_at(const struct target *t, addr_t addr);
/* A note of the module's image in memory, or of its file; false: none, or lost. */
struct elf_note;
bool target_module_note(const struct target *t, const struct module *module, const char *owner,
			uint32_t type, struct elf_note *ret);
/* By thread pointer or LWP; NULL: none. */
const struct os_thread *target_thread_by_tid(const struct target *t, uint64_t tid);
/* "SIGSEGV"; NULL: no such number. */
const char *signal_name(int number);
/* "address not mapped to object", as siginfo(2) names si_code for this signal; NULL: unknown. */
const char *signal_code_text(int number, int code);

static inline addr_t target_word(const struct target *t, const void *p)
{
	return load_word(t->machine, p);
}
/* A pointer at addr; false when it cannot be read. */
bool target_read_word(const struct target *t, addr_t addr, addr_t *ret);

#endif
