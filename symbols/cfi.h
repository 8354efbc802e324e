/* Call frame information: how to undo a call, from .eh_frame or .debug_frame. Pure: bytes in, rules
 * out; knows no files, no threads and no memory of the process.
 *
 *	.eh_frame   | CIE | FDE | FDE | CIE | FDE | ...   an FDE covers [start, end) of code, and
 *	              ^------'     '-----------^          names the CIE whose program comes first
 *
 *	struct cfi_row row;                            at each pc a row of rules:
 *	    the CFA is   rsp + 48                      (the stack pointer before the call)
 *	    rbx was saved at CFA - 24, the return address at CFA - 8, the others are unchanged
 *
 * The format: "DWARF Debugging Information Format" version 4, section 6.4, and for .eh_frame the
 * Linux Standard Base, "Exception Frames". The bytes are hostile: every length is checked against
 * the section, programs are bounded by their own length, remembered states by CFI_REMEMBERED. */
#ifndef SYMBOLS_CFI_H
#define SYMBOLS_CFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/machine.h"
#include "core/memory.h"

enum {
	CFI_REGISTERS = 35, /* DWARF's numbers 0..34: aarch64 counts furthest, RA_SIGN_STATE */
	CFI_REMEMBERED = 8, /* DW_CFA_remember_state, nested */
	CFI_STACK = 64,     /* values on an expression's stack */
	CFI_STEPS = 10000,  /* operations of one expression */
};

/* The bytes of one section, and where they lie in the process. */
struct cfi_section {
	const struct machine *machine;
	const uint8_t *data;
	size_t size;
	addr_t at;   /* of data[0] in the process */
	addr_t bias; /* .debug_frame holds the file's own addresses: what to add */
	bool is_debug_frame;
};

struct cfi_cie {
	uint64_t code_align;
	int64_t data_align;
	uint64_t return_column;        /* the register that holds the return address */
	uint8_t pointers;              /* DW_EH_PE_*, of the FDE's addresses */
	bool sized;                    /* FDEs have augmentation data with a length ('z') */
	bool signal_frame;             /* the frame of a signal handler's trampoline ('S') */
	uint64_t program, program_end; /* offsets in the section */
};

struct cfi_entry {         /* an FDE */
	addr_t start, end; /* of the code that it describes, in the process */
	struct cfi_cie cie;
	uint64_t program, program_end;
};

enum cfi_kind {
	CFI_UNCHANGED,     /* or not said: callee-saved */
	CFI_UNDEFINED,     /* lost; of the return address: there is no caller */
	CFI_AT,            /* saved at CFA + offset */
	CFI_IS,            /* is CFA + offset */
	CFI_REGISTER,      /* is register `offset`; as the CFA: register plus offset */
	CFI_AT_EXPRESSION, /* saved at what the expression says */
	CFI_IS_EXPRESSION,
};

struct cfi_rule {
	uint8_t kind;
	uint8_t base;  /* the CFA's register */
	uint32_t size; /* of the expression */
	union {
		int64_t offset;
		uint64_t expression; /* its offset in the section */
	};
};

struct cfi_row {
	struct cfi_rule cfa; /* CFI_REGISTER or CFI_IS_EXPRESSION */
	struct cfi_rule rules[CFI_REGISTERS];
	uint8_t return_column;
	bool signal_frame;
	bool return_signed; /* aarch64: a pointer authentication code is in it */
};

/* What comes at the offset, which moves on behind it: *ret_is_fde tells an FDE from a CIE or from
 * one that is broken but has a length. false: the end, or nothing sensible. */
bool cfi_next(const struct cfi_section *s, uint64_t *offset, struct cfi_entry *ret,
	      bool *ret_is_fde);
/* The FDE at the offset. */
bool cfi_entry_load(const struct cfi_section *s, uint64_t offset, struct cfi_entry *ret);
/* The rules at pc, which lies within the entry. false: a program that cannot be. */
bool cfi_row_at(const struct cfi_section *s, const struct cfi_entry *entry, addr_t pc,
		struct cfi_row *ret);

/* .eh_frame_hdr: version | three encodings | where .eh_frame is | count | (code, FDE) sorted */
struct cfi_table {
	struct cfi_section section; /* .eh_frame_hdr itself */
	addr_t frames;              /* where .eh_frame begins in the process */
	uint64_t count, entries;    /* entries: offset of the first */
	uint8_t encoding, width;    /* of each half of an entry */
};
/* false: no such header, or its table is of a kind that no linker writes. */
bool cfi_table_load(const struct cfi_section *header, struct cfi_table *ret);
/* Where the FDE is that covers pc, if any does, by binary search. */
bool cfi_table_find(const struct cfi_table *table, addr_t pc, addr_t *ret_entry);

/* A DWARF expression over registers (known: bit by bit) and memory, with `first` on its stack when
 * has_first. false: it needs what is not known, or cannot be. */
struct cfi_registers {
	uint64_t value[CFI_REGISTERS];
	uint64_t known;
};
bool cfi_evaluate(const struct cfi_section *s, uint64_t expression, uint32_t size,
		  const struct cfi_registers *registers, const struct memory *memory,
		  const uint64_t *first, uint64_t *ret);

#endif
