/* The call frame information of one module, found on first use: unwind.c's inner part. */
#ifndef SYMBOLS_UNWIND_MODULE_H
#define SYMBOLS_UNWIND_MODULE_H

#include "symbols/cfi.h"
#include "core/elffile.h"
#include "symbols/symbols.h"

/* Of a section without a sorted table: where each FDE is, in the order of its code. */
struct cfi_index_entry {
	addr_t start, end;
	uint64_t offset;
};

struct cfi_index {
	bool tried;
	struct cfi_section section;
	VEC(struct cfi_index_entry) entries;
};

struct unwind_module {
	const struct module *module;
	bool tried, has_table;
	struct cfi_table table;    /* .eh_frame_hdr */
	struct cfi_section frames; /* the .eh_frame that it sorts */
	struct cfi_index eh_frame, debug_frame;
};

/* The FDE that covers pc, and its section (borrowed); false: none. */
bool unwind_module_find(struct target *target, struct symbols *symbols, struct unwind_module *m,
			addr_t pc, const struct cfi_section **ret_section, struct cfi_entry *ret);
void unwind_module_release(struct unwind_module *m);

#endif
