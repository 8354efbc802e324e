/* What differs between processors when a stack is walked: one row each, as core/machine.h has. */
#ifndef SYMBOLS_UNWIND_MACHINE_H
#define SYMBOLS_UNWIND_MACHINE_H

#include "core/target.h"
#include "symbols/cfi.h"

struct unwind_machine {
	uint16_t e_machine;
	uint8_t sp, fp, pc; /* DWARF's numbers; pc: of signal frames, 255: none of its own */
	uint8_t link;       /* holds the return address of a fresh call; sp: on the stack */
	uint64_t pc_mask;   /* what of a return address is an address */
	int8_t prstatus[CFI_REGISTERS]; /* index into the thread's registers; -1: none */
	/* Is pc at the two instructions that a signal handler returns to? Then the registers that
	 * the kernel saved at sp, all of them. */
	bool (*signal_frame)(const struct target *t, addr_t pc, addr_t sp,
			     struct cfi_registers *ret, addr_t *ret_pc);
};

/* NULL: its stacks cannot be walked. */
const struct unwind_machine *unwind_machine_find(const struct machine *machine);

#endif
