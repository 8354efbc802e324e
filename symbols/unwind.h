/* The C stack of a thread: from its registers outwards, call by call, through our own memory.
 *
 *	pc, sp, ...  --CFI-->  caller's pc, sp, ...  --CFI-->  ...  -->  _start or clone3
 *
 * Each step uses the first of these that there is:
 *	UNWIND_CFI      the module's .eh_frame (found through .eh_frame_hdr by binary search), else
 *	                the .debug_frame of its file or of its debug file
 *	UNWIND_SIGNAL   a signal trampoline, known by its instructions
 *	UNWIND_POINTER  the frame pointer: code without CFI, or whose file is not here
 *	UNWIND_CALL     only the innermost: a call to where no code is; its return address is plain
 * The last two are guesses, and say so.
 *
 * A return address is one byte behind its call. After a call to a function that does not return
 * that byte may belong to another function: look names up at .lookup, not at .pc.
 *
 * Files and memory are hostile. A step that makes no way ends the walk, and UNWIND_LIMIT frames do;
 * the end has a name. The rules of a pc are worked out once and shared by all threads. */
#ifndef SYMBOLS_UNWIND_H
#define SYMBOLS_UNWIND_H

#include "core/str.h"
#include "symbols/cfi.h"
#include "symbols/symbols.h"

enum { UNWIND_LIMIT = 200000 };

struct unwinder; /* owned by the caller; refers to the target and its symbols */

enum unwind_by { UNWIND_REGISTERS, UNWIND_CFI, UNWIND_SIGNAL, UNWIND_POINTER, UNWIND_CALL };

enum unwind_end {
	UNWIND_OPEN,
	UNWIND_OUTERMOST,    /* its CFI says that it has no caller, or the return address is 0 */
	UNWIND_NO_REGISTERS, /* the core has none of this thread, or of this machine */
	UNWIND_NO_RULES,     /* no CFI for .at, and no frame pointer that makes sense */
	UNWIND_NO_MEMORY,    /* the stack at .at cannot be read */
	UNWIND_NO_PROGRESS,  /* .at is no caller: the stack is damaged */
	UNWIND_TOO_MANY,
};

struct native_frame {
	addr_t pc;
	addr_t lookup;     /* pc, or pc - 1 of a return address */
	addr_t sp;         /* the stack pointer in it */
	addr_t cfa;        /* the stack pointer before it was called; 0: the walk ends here */
	bool is_signal;    /* the trampoline that a signal handler returns to */
	enum unwind_by by; /* how it was found from the one that it called */
};

struct unwind {
	struct unwinder *unwinder;
	struct cfi_registers registers; /* by DWARF's numbers, in the frame that comes next */
	addr_t pc;
	bool is_exact; /* pc was interrupted here; else it is a return address */
	enum unwind_by by;
	size_t count;
	enum unwind_end end;
	addr_t at; /* where it ended; see unwind_end */
};

struct error *unwinder_new(struct target *target, struct symbols *symbols,
			   struct unwinder **ret) _must_check_;
void unwinder_free(struct unwinder *u);
OWNED(struct unwinder, unwinder_free);

struct unwind unwind_thread(struct unwinder *u, const struct os_thread *thread);
/* Innermost first. false: no more; u->end says why. */
bool unwind_next(struct unwind *u, struct native_frame *ret);
/* "the stack at 0x... cannot be read (not dumped)"; nothing for a walk that reached its end. */
void unwind_end_words(const struct unwind *u, struct str *out);

/* How the core names a register, by DWARF's number; NULL: it has none. */
const char *unwind_register_name(const struct unwinder *u, unsigned reg);
/* By that name; false: not known in this frame. */
bool unwind_register(const struct unwinder *u, const struct cfi_registers *registers,
		     const char *name, uint64_t *ret);

/* The module that an address lies in, the vdso ([vdso]) included; NULL: none. */
const struct module *unwind_module_at(struct unwinder *u, addr_t addr);
/* Its symbol, also of the vdso; false: none. The name lives as long as the unwinder and symbols. */
bool unwind_symbol_at(struct unwinder *u, addr_t addr, struct symbol *ret);
/* [start, end) of the function that its CFI gives for an address; false: it has none. */
bool unwind_function_at(struct unwinder *u, addr_t addr, addr_t *ret_start, addr_t *ret_end);

#endif
