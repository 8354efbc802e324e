/* Every linked walk over target memory goes through here: bounded, cycle-safe (Brent), and its end
 * has a name. A chain costs nothing per step but the loads.
 *
 *	struct chain chain = chain_start(first, 1000000);
 *	while (chain_goes_on(&chain)) {
 *		const uint8_t *p = memory_at(m, chain.at, SIZEOF(l, PyThreadState));
 *		if (!p) { chain_fault(&chain); break; }
 *		...
 *		chain_step(&chain, GET(l, p, PyThreadState, next));
 *	}
 *	if (chain.end != CHAIN_END) remark_loss(..., chain_end_text(&chain)) */
#ifndef CPYTHON_LAYOUTS_CHAIN_H
#define CPYTHON_LAYOUTS_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include "core/memory.h"

enum chain_end { CHAIN_OPEN, CHAIN_END, CHAIN_FAULT, CHAIN_CYCLE, CHAIN_LIMIT };

struct chain {
	addr_t at;		/* the item to look at now; on FAULT, CYCLE: the one that broke it */
	size_t count, limit;	/* items seen so far; at most */
	enum chain_end end;
	addr_t anchor;		/* Brent's: an earlier item, moved at powers of two */
	size_t next_anchor;
};

struct chain chain_start(addr_t first, size_t limit);	/* first 0: ends at once */
bool chain_goes_on(struct chain *c);
void chain_step(struct chain *c, addr_t next);		/* next 0: END */
void chain_fault(struct chain *c);			/* the item at c->at cannot be read */
/* "ends at 0x.. which cannot be read", "comes back to 0x..", "is longer than N". */
const char *chain_end_text(const struct chain *c, char *buf, size_t size);

#endif
