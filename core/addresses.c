#include "core/addresses.h"

#include <stdlib.h>

enum {
	BLOCK_SHIFT = 20,
	UNIT_SHIFT = 3,
	BLOCK_WORDS = 1 << (BLOCK_SHIFT - UNIT_SHIFT - 6),
};

void addresses_release(struct addresses *s)
{
	for (size_t i = 0; s->blocks.slots && i <= s->blocks.mask; i++)
		if (s->blocks.slots[i].key)
			free((void *)(uintptr_t)s->blocks.slots[i].value);
	free((void *)(uintptr_t)s->blocks.zero_value);
	map_release(&s->blocks);
	map_release(&s->odd);
	*s = (struct addresses)ADDRESSES_INIT;
}

static uint64_t *bits_of(struct addresses *s, addr_t block)
{
	if (s->last_bits && s->last == block)
		return s->last_bits;
	uint64_t *slot = map_insert(&s->blocks, block, NULL);
	if (slot && !*slot)
		*slot = (uintptr_t)calloc(BLOCK_WORDS, sizeof(uint64_t));
	if (!slot || !*slot)
		return NULL;
	s->last = block;
	return s->last_bits = (uint64_t *)(uintptr_t)*slot;
}

static size_t bit_of(addr_t at)
{
	return (at & ((UINT64_C(1) << BLOCK_SHIFT) - 1)) >> UNIT_SHIFT;
}

bool addresses_add(struct addresses *s, addr_t at)
{
	if (at & ((1 << UNIT_SHIFT) - 1))
		return map_insert(&s->odd, at, NULL) != NULL;
	uint64_t *bits = bits_of(s, at >> BLOCK_SHIFT);
	if (bits)
		bits[bit_of(at) / 64] |= UINT64_C(1) << bit_of(at) % 64;
	return bits;
}

bool addresses_has(const struct addresses *s, addr_t at)
{
	if (at & ((1 << UNIT_SHIFT) - 1))
		return map_find(&s->odd, at);
	const uint64_t *slot = map_find(&s->blocks, at >> BLOCK_SHIFT);
	return slot && *slot &&
	       ((const uint64_t *)(uintptr_t)*slot)[bit_of(at) / 64] >> bit_of(at) % 64 & 1;
}
