/* Whose is a block that holds no object? Every object says where its own memory lies: words of its
 * fixed part that lead into the heap (a list's items, a dict's keys, the data of bytearray, array
 * and numpy arrays), the values in front of it, the blocks of a deque, the nodes of an OrderedDict.
 *
 *	for all objects: owners_see()       then owners_sort(), then for blocks in any order:
 *	owner_of(block)                     the type of an object that leads into it
 *
 * 16 bytes for each such word; what does not fit in the budget is not remembered, and told. */
#ifndef ANALYZERS_HEAP_OWNERS_H
#define ANALYZERS_HEAP_OWNERS_H

#include "core/budget.h"
#include "core/vec.h"
#include "cpython_layouts/heap.h"

struct owned_place {
	addr_t at;
	const struct pytype *type;
};

struct owners {
	struct runtime *rt;
	addr_t start, end;	/* of all parts of the heap: other words are no places */
	VEC(struct owned_place) places;
	struct budget *budget;	/* NULL: no limit */
	uint64_t left_out, taken;
};

/* false: out of memory. */
bool owners_see(struct owners *owners, const struct heap_object *o);
void owners_sort(struct owners *owners);
/* NULL: no object leads there. */
const struct pytype *owner_of(const struct owners *owners, addr_t at, uint64_t size);
void owners_release(struct owners *owners);

#endif
