/* How to undo a call at a pc, as an answer of a slim core (core/kept.h):
 *
 *	start, end, return column, flags | count | (register, kind, base, offset or size and bytes)...
 *
 * where the first is the CFA's, and rules that leave a register alone are left out. */
#ifndef SYMBOLS_UNWIND_KEPT_H
#define SYMBOLS_UNWIND_KEPT_H

#include "core/kept.h"
#include "symbols/cfi.h"

/* section: what the expressions of the row are offsets in; NULL: there is no row. */
void unwind_row_write(const struct cfi_row *row, const struct cfi_section *section, addr_t start,
		      addr_t end, struct str *out);
/* false: it makes no sense. *ret_section is what its expressions are offsets in: the answer. */
bool unwind_row_read(const struct kept_answer *answer, const struct machine *machine,
		     struct cfi_row *ret, struct cfi_section *ret_section, addr_t *ret_start,
		     addr_t *ret_end);

#endif
