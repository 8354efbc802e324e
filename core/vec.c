#include "core/vec.h"

#include <string.h>

void *vec_push_(void **items, size_t *len, size_t *alloc, size_t size)
{
	void *item;

	if (*len == *alloc) {
		size_t more = *alloc ? *alloc * 2 : 8, bytes;
		void *bigger;

		if (__builtin_mul_overflow(more, size, &bytes))
			return NULL;
		bigger = realloc(*items, bytes);
		if (!bigger)
			return NULL;
		*items = bigger;
		*alloc = more;
	}
	item = (char *)*items + *len * size;
	(*len)++;
	return memset(item, 0, size);
}
