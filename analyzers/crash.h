/* The parts of the crash analyzer among themselves: crash.c gathers and reports, crash_site.c looks
 * at the place where it happened, crash_call.c at the Python call that led there;
 * crash_verdicts.c says what the evidence means, crash_said.c what the process itself had said, and
 * crash_cpp.c which C++ exception nobody caught. */
#ifndef ANALYZERS_CRASH_H
#define ANALYZERS_CRASH_H

#include "analyzers/address.h"
#include "analyzers/bt.h"
#include "symbols/disasm.h"
#include "symbols/unwind.h"

struct crash_register {
	const char *name; /* as the core calls it */
	uint64_t value;
	struct address_facts facts; /* what it points to */
};

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
	struct addresses *addresses;
	struct crash_register list[CFI_REGISTERS]; /* where it happened */
	size_t register_count;
	VEC(char *) verdicts;
};

/* --- crash_site.c --------------------------------------------------------------------------- */

void crash_site_find(struct crash *c);
/* Fill c->list and c->addresses; false: out of memory. */
bool crash_registers_find(struct crash *c);
/* In words; nothing of small numbers. repr: as in address_words(). */
void crash_words_address(struct crash *c, const struct address_facts *f, size_t repr,
			 struct str *out);
/* The address that an operand comes to; false: a register in it is not known. */
bool crash_access_address(const struct crash *c, const struct memory_access *a, addr_t *ret);
/* Can this address not be reached in that way? */
bool crash_is_mapped(const struct crash *c, addr_t addr);
/* "read_next in _crashlib.so" */
void crash_words_place(struct crash *c, const struct bt_call *call, struct str *out);

/* The exception that is being raised, as repr() would have it were it an instance. false: none. */
bool crash_words_raised(struct crash *c, const struct repr_limits *limits, struct str *out,
			const struct pytype **ret_type);

/* --- crash_call.c --------------------------------------------------------------------------- */

/* The innermost Python frame, the C function that it called, and the arguments. */
extern const struct record crash_call_record;
bool crash_report_call(struct crash *c, struct report *report);

/* --- crash_verdicts.c ----------------------------------------------------------------------- */

/* Fill c->verdicts; false: out of memory. */
bool crash_judge(struct crash *c);

/* For those who judge. Each returns true when it gave one. */
bool crash_verdict(struct crash *c, const char *fmt, ...) _printf_(2, 3);
const struct bt_call *crash_call_at(const struct crash *c, size_t i);
/* The innermost of these; a name matches when it begins so. */
const struct bt_call *crash_find_call(const struct crash *c, const char *const *names,
				      size_t count, size_t *ret_index);
/* The innermost from index on that is neither Python's own nor of libc: who is to blame; else who called
 * the module of the one at index; else that one. NULL: there is none. */
const struct bt_call *crash_culprit(const struct crash *c, size_t index);

/* --- crash_said.c, crash_cpp.c -------------------------------------------------------------- */

bool crash_judge_message(struct crash *c); /* glibc's */
bool crash_judge_fatal(struct crash *c);   /* Fatal Python error */
bool crash_judge_cpp(struct crash *c);     /* std::terminate() */
/* errno of that thread is ENOMEM; x86-64 and aarch64 where libc says where it keeps it. */
bool crash_lacked_memory(struct crash *c);

#endif
