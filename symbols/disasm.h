/* Machine code made readable (capstone; x86-64 and aarch64).
 *
 * What a piece of it refers to, the global data that it loads or takes the address of: for finding
 * static variables that no symbol names, through an exported function that uses them. And what the
 * instruction that crashed was about to do, with which registers. */
#ifndef SYMBOLS_DISASM_H
#define SYMBOLS_DISASM_H

#include <stdbool.h>
#include <stddef.h>
#include "core/machine.h"
#include "core/memory.h"

struct code_reference {
	addr_t addr;		/* what is named */
	bool is_load;		/* its content is loaded; false: its address is taken */
};

/* The references of the function at `at`, whose len bytes are code, in order, up to its first
 * return or undecodable instruction. Returns how many of max were written. */
size_t disasm_references(const struct machine *machine, const uint8_t *code, size_t len, addr_t at,
			 struct code_reference *ret, size_t max);
/* The same of all len bytes, whatever returns are among them. Where there are more than max, the
 * last of them are written. */
size_t disasm_all_references(const struct machine *machine, const uint8_t *code, size_t len,
			     addr_t at, struct code_reference *ret, size_t max);

/* Of the function at `at` those references that surely were made just before `before`, a return
 * address in it: behind the last call, jump, or target of a jump in front of that call. */
size_t disasm_straight_references(const struct machine *machine, const uint8_t *code, size_t len,
				  addr_t at, addr_t before, struct code_reference *ret,
				  size_t max);

struct instruction {
	addr_t at;
	uint8_t size;			/* bytes */
	char text[200];			/* "mov rax, qword ptr [rdi + 0x10]" */
};

/* The instructions from `at` on, whose len bytes are code; at most max, up to one that is none. */
size_t disasm_list(const struct machine *machine, const uint8_t *code, size_t len, addr_t at,
		   struct instruction *ret, size_t max);

enum { ACCESS_READ = 1, ACCESS_WRITE = 2 };

/* What an instruction does to memory, and which registers it uses: its explicit operands, and the
 * stack of push, pop, call and ret. */
struct memory_access {
	char base[8], index[8];		/* registers as the core names them; "": none */
	int64_t displacement;
	uint8_t scale;			/* of the index */
	unsigned direction;		/* ACCESS_READ | ACCESS_WRITE */
	bool is_relative;		/* displacement counts from the next instruction */
	bool has_segment;		/* fs: or gs:, thread-local data */
};

struct instruction_facts {
	struct memory_access accesses[4];
	size_t access_count;
	char registers[8][8];		/* read as plain operands, as the core names them */
	size_t register_count;
	char mnemonic[32];
	bool is_division, is_trap;	/* idiv ...; ud2, int3, brk, udf */
};

/* false: no instruction there. */
bool disasm_facts(const struct machine *machine, const uint8_t *code, size_t len, addr_t at,
		  struct instruction_facts *ret);

#endif
