/* Disjoint ranges of addresses, each of one sort. What is added later gets only what is still free:
 * so no byte is counted twice.
 *
 *	first    |--- heap ---|         |- heap -|
 *	then         |------ stack ------|
 *	is       |--- heap ---|- stack -|- heap -| */
#ifndef ANALYZERS_RANGES_H
#define ANALYZERS_RANGES_H

#include <stdbool.h>
#include "core/memory.h"
#include "core/vec.h"

struct range {
	addr_t start, end;	/* end is exclusive */
	unsigned sort;
};

struct ranges {
	VEC(struct range) sure;		/* sorted, disjoint */
	VEC(struct range) wanted;	/* since the last settling */
};

/* false: out of memory. An empty range is ignored. */
bool ranges_want(struct ranges *r, addr_t start, addr_t end, unsigned sort);
/* Give those that were wanted what is free; of two, the one that begins first. */
bool ranges_settle(struct ranges *r);
/* The settled one that covers the address; NULL: none. */
const struct range *ranges_at(const struct ranges *r, addr_t at);
void ranges_release(struct ranges *r);

#endif
