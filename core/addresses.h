/* A set of addresses that lie close together, such as those of all objects of a heap: a bit for
 * each 8 bytes of every MiB that has one, 16 KiB each; single ones that are not aligned are kept
 * apart. To ask costs a few ns and allocates nothing; after the last addition threads may ask at
 * once. */
#ifndef CORE_ADDRESSES_H
#define CORE_ADDRESSES_H

#include "core/map.h"
#include "core/memory.h"

struct addresses {
	struct map blocks;	/* address / 1 MiB -> its bits */
	struct map odd;		/* those that are no multiple of 8 */
	addr_t last;		/* the block that was added to last, and its bits */
	uint64_t *last_bits;
};

#define ADDRESSES_INIT { .blocks = MAP_INIT, .odd = MAP_INIT }

void addresses_release(struct addresses *s);
/* false: out of memory. */
bool addresses_add(struct addresses *s, addr_t at);
bool addresses_has(const struct addresses *s, addr_t at);

#endif
