#include "core/touched.h"

#include "core/arena.h"
#include "core/checked.h"
#include "core/map.h"

enum { PAGE = 4096 };

struct touched {
	struct map pages;		/* address of a page: its bits, in the arena */
	struct arena arena;
	bool failed;
};

struct touched *touched_new(void)
{
	return calloc(1, sizeof(struct touched));
}

void touched_free(struct touched *t)
{
	map_release(&t->pages);
	arena_release(&t->arena);
	free(t);
}

bool touched_failed(const struct touched *t)
{
	return t->failed;
}

static uint8_t *bits_of(struct touched *t, uint64_t page)
{
	bool is_new;
	uint64_t *slot = map_insert(&t->pages, page, &is_new);
	if (slot && is_new)
		*slot = (uintptr_t)arena_alloc(&t->arena, PAGE / 8);
	return slot ? (uint8_t *)(uintptr_t)*slot : NULL;
}

void touched_add(struct touched *t, uint64_t addr, size_t len)
{
	while (len && !t->failed) {
		size_t from = addr % PAGE, part = MIN(len, PAGE - from);
		uint8_t *bits = bits_of(t, addr - from);
		t->failed = !bits;
		for (size_t i = from; bits && i < from + part; i++)
			bits[i / 8] |= (uint8_t)(1 << i % 8);
		addr += part;
		len -= part;
	}
}

void touched_keep(const struct touched *t, uint64_t addr, uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t at = (addr + i) % PAGE;
		const uint64_t *slot = map_find(&t->pages, addr + i - at);
		const uint8_t *bits = slot ? (const uint8_t *)(uintptr_t)*slot : NULL;
		size_t end = MIN(len, i + PAGE - at);
		for (; i < end; i++, at++)
			if (!bits || !(bits[at / 8] & 1 << at % 8))
				bytes[i] = 0;
	}
}
