/* The parts of the crash analyzer among themselves: crash.c gathers and reports, crash_site.c looks
 * at the place where it happened, crash_verdicts.c says what the evidence means. */
#ifndef ANALYZERS_CRASH_H
#define ANALYZERS_CRASH_H

#include "analyzers/bt.h"
#include "symbols/disasm.h"
#include "symbols/unwind.h"

struct crash {
	struct session *session;
	struct unwinder *unwinder;
	const struct os_thread *os; /* the thread that took the signal */
	struct pythread thread;     /* its Python state, if has_thread */
	bool has_thread;
	struct bt_frames *frames; /* its stack, both kinds */

	/* Where it really happened: the thread's registers or, where a handler (faulthandler)
	 * raised the signal again, those that the handler interrupted. */
	struct cfi_registers registers;
	addr_t pc, sp;
	size_t first_call; /* of frames->calls: the one at pc */
	int signal, code;
	bool has_fault, reraised;
	addr_t fault; /* the address, where has_fault */

	bool has_facts; /* of the instruction at pc */
	struct instruction_facts facts;
	const struct memory_access *bad; /* of facts: the one that failed; NULL: not known */
	addr_t bad_address;              /* what it comes to */
	VEC(char *) verdicts;
	struct str text;
};

/* --- crash_site.c --------------------------------------------------------------------------- */

void crash_site_find(struct crash *c);
/* "Python object: dict {'a': 1}", "libc.so.6: malloc+0x12", "the stack of thread 12" */
void crash_words_address(struct crash *c, addr_t addr, struct str *out);
/* The address that an operand comes to; false: a register in it is not known. */
bool crash_access_address(const struct crash *c, const struct memory_access *a, addr_t *ret);
/* Can this address not be reached in that way? */
bool crash_is_mapped(const struct crash *c, addr_t addr);
/* "read_next in _crashlib.so" */
void crash_words_place(struct crash *c, const struct bt_call *call, struct str *out);

/* --- crash_verdicts.c ----------------------------------------------------------------------- */

/* Fill c->verdicts; false: out of memory. */
bool crash_judge(struct crash *c);

#endif
