/* A hash map from a 64-bit key (an address, an id) to a 64-bit value (an index, a pointer of ours).
 * Open addressing, no deletion, 16 bytes a slot. Any key is allowed, 0 too. */
#ifndef CORE_MAP_H
#define CORE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map {
	struct map_slot { uint64_t key, value; } *slots;
	size_t len, mask;	/* mask + 1 slots, a power of two, when slots is set */
	uint64_t zero_value;	/* key 0 is kept aside: 0 marks a free slot */
	bool has_zero;
};

#define MAP_INIT { 0 }

void map_release(struct map *m);
/* The value's place, or NULL. */
uint64_t *map_find(const struct map *m, uint64_t key);
/* The value's place, made with value 0 when new (*is_new, may be NULL, tells); NULL when out of
 * memory. Valid until the next insertion. */
uint64_t *map_insert(struct map *m, uint64_t key, bool *is_new);

#endif
