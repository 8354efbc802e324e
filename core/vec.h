/* A typed growable array.
 *
 *	VEC(struct module) modules = VEC_INIT;
 *	struct module *m = vec_push(&modules);      zeroed; NULL when out of memory
 *	vec_each(m, &modules) ...
 *	vec_release(&modules);
 *
 * Pushing may move the items: keep indices, not pointers, across a push. */
#ifndef CORE_VEC_H
#define CORE_VEC_H

#include <stddef.h>
#include <stdlib.h>

#define VEC(type)                                                                                  \
	struct {                                                                                   \
		type *items;                                                                       \
		size_t len, alloc;                                                                 \
	}
#define VEC_INIT { NULL, 0, 0 }

/* Grow *items to hold one more item and zero it; NULL when out of memory. */
void *vec_push_(void **items, size_t *len, size_t *alloc, size_t size);

#define vec_push(v)                                                                                \
	((__typeof__((v)->items))vec_push_((void **)&(v)->items, &(v)->len, &(v)->alloc,           \
					   sizeof(*(v)->items)))
#define vec_release(v)                                                                             \
	do {                                                                                       \
		free((v)->items);                                                                  \
		(v)->items = NULL;                                                                 \
		(v)->len = (v)->alloc = 0;                                                         \
	} while (0)
#define vec_each(it, v)                                                                            \
	for (it = (v)->items; (v)->len && it < (v)->items + (v)->len; it++)
#define vec_sort(v, compare)                                                                       \
	do {                                                                                       \
		if ((v)->len > 1)                                                                  \
			qsort((v)->items, (v)->len, sizeof(*(v)->items), compare);                 \
	} while (0)

#endif
