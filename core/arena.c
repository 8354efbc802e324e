#include "core/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_FIRST = 4096, ARENA_LARGEST = 1 << 20, ARENA_ALIGN = 16 };

struct arena_chunk {
	struct arena_chunk *older;
	_Alignas(ARENA_ALIGN) char bytes[];
};

void arena_release(struct arena *a)
{
	while (a->chunk) {
		struct arena_chunk *older = a->chunk->older;
		free(a->chunk);
		a->chunk = older;
	}
	*a = (struct arena)ARENA_INIT;
}

void *arena_alloc(struct arena *a, size_t size)
{
	void *p;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	if (!a->chunk || size > a->size - a->used) {
		size_t grown = a->size ? a->size * 2 : ARENA_FIRST;
		struct arena_chunk *chunk;

		if (grown > ARENA_LARGEST)
			grown = ARENA_LARGEST;
		if (grown < size)
			grown = size;
		chunk = malloc(sizeof(*chunk) + grown);
		if (!chunk)
			return NULL;
		chunk->older = a->chunk;
		a->chunk = chunk;
		a->used = 0;
		a->size = grown;
	}
	p = a->chunk->bytes + a->used;
	a->used += size;
	return memset(p, 0, size);
}

char *arena_copy(struct arena *a, const char *bytes, size_t len)
{
	char *copy = len < SIZE_MAX ? arena_alloc(a, len + 1) : NULL;

	if (copy)
		memcpy(copy, bytes, len);
	return copy;
}
