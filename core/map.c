#include "core/map.h"

#include <stdlib.h>

/* Fibonacci hashing: addresses differ in their middle bits, the product spreads them upwards. */
static inline size_t map_hash(uint64_t key, size_t mask)
{
	return (size_t)((key * 0x9e3779b97f4a7c15ull) >> 20) & mask;
}

void map_release(struct map *m)
{
	free(m->slots);
	*m = (struct map)MAP_INIT;
}

static struct map_slot *map_slot_for(struct map_slot *slots, size_t mask, uint64_t key)
{
	size_t i = map_hash(key, mask);

	while (slots[i].key != 0 && slots[i].key != key)
		i = (i + 1) & mask;
	return &slots[i];
}

uint64_t *map_find(const struct map *m, uint64_t key)
{
	struct map_slot *slot;

	if (key == 0)
		return m->has_zero ? (uint64_t *)&m->zero_value : NULL;
	if (!m->slots)
		return NULL;
	slot = map_slot_for(m->slots, m->mask, key);
	return slot->key ? &slot->value : NULL;
}

/* Keeps at least a quarter of the slots free, so that a probe always ends. */
static bool map_grow(struct map *m)
{
	size_t mask = m->slots ? m->mask * 2 + 1 : 15;
	struct map_slot *slots = calloc(mask + 1, sizeof(*slots));

	if (!slots)
		return false;
	for (size_t i = 0; m->slots && i <= m->mask; i++) {
		if (m->slots[i].key)
			*map_slot_for(slots, mask, m->slots[i].key) = m->slots[i];
	}
	free(m->slots);
	m->slots = slots;
	m->mask = mask;
	return true;
}

uint64_t *map_insert(struct map *m, uint64_t key, bool *is_new)
{
	struct map_slot *slot;
	bool fresh;

	if (key == 0) {
		fresh = !m->has_zero;
		m->has_zero = true;
		if (is_new)
			*is_new = fresh;
		return &m->zero_value;
	}
	if ((!m->slots || m->len >= (m->mask + 1) / 4 * 3) && !map_grow(m))
		return NULL;
	slot = map_slot_for(m->slots, m->mask, key);
	fresh = slot->key == 0;
	if (fresh) {
		slot->key = key;
		slot->value = 0;
		m->len++;
	}
	if (is_new)
		*is_new = fresh;
	return &slot->value;
}
