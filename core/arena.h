/* Memory that is freed all at once: names, cached types, decoded line tables.
 * Chunks grow from 4 KiB to 1 MiB; what is allocated never moves. */
#ifndef CORE_ARENA_H
#define CORE_ARENA_H

#include <stddef.h>

struct arena {
	struct arena_chunk *chunk;	/* the newest; older ones hang from it */
	size_t used, size;		/* of the newest chunk */
};

#define ARENA_INIT { 0 }

void arena_release(struct arena *a);
/* Zeroed, aligned to 16; NULL when out of memory. */
void *arena_alloc(struct arena *a, size_t size);
/* A NUL-terminated copy of len bytes. */
char *arena_copy(struct arena *a, const char *bytes, size_t len);

#endif
