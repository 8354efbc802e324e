/* Every object of the heap by a number: 0, 1, 2 ... in address order.
 *
 * What is to be remembered of each object (was it met, who led to it, its referents) is then an
 * array, not a hash map: 1 to 4 bytes an object instead of 24, and no search.
 *
 *	address  | 16 bits above | page of 64 KiB | block of 512 bytes | word |
 *	            directory      one bit for each word: an object begins there; and for each block
 *	                           how many objects are below it: the bit's rank is the number
 *
 * That is 12 bytes for each 512 bytes of address space that has objects: 2 to 3 bytes an object.
 * An object is found from its address without a look at it, which on 10^7 objects saves most of
 * the time: the bits stay in the processor's caches, the objects do not.
 *
 * What allocators do not show but references lead to (numbers_add()) has numbers behind all others,
 * in the order it was added.
 *
 * Once made it does not change but by numbers_add(): threads may ask at once. It borrows from the
 * heap. Meant for all that goes over the whole graph: ways from roots, cycles, the dump,
 * dominators. */
#ifndef CPYTHON_LAYOUTS_HEAP_NUMBERS_H
#define CPYTHON_LAYOUTS_HEAP_NUMBERS_H

#include "core/budget.h"
#include "cpython_layouts/heap.h"

#define NO_NUMBER UINT32_MAX	/* and so the greatest heap has 2^32 - 1 objects */

struct numbers_options {
	uint64_t jobs;			/* threads; 0: as many as are worth it */
	struct budget *budget;		/* NULL: no limit */
	struct progress *progress;	/* NULL: nobody is watching */
};

struct numbers;

/* Costs a walk over the heap. ERROR_INTERNAL: out of memory; ERROR_UNSUPPORTED: the limit is too
 * low, or there are more objects than numbers. */
struct error *numbers_make(struct pyheap *heap, const struct numbers_options *options,
			   struct numbers **ret) _must_check_;
void numbers_free(struct numbers *numbers);
OWNED(struct numbers, numbers_free);

struct runtime *numbers_runtime(const struct numbers *numbers);
uint32_t numbers_count(const struct numbers *numbers);
/* NO_NUMBER: no object begins there. */
uint32_t number_of(const struct numbers *numbers, addr_t at);
/* Where it begins; 0: there is no such number. */
addr_t number_address(const struct numbers *numbers, uint32_t number);
/* A number for an object that no allocator shows; the one it has, if it has. NO_NUMBER: out of
 * memory, over the limit. For one thread, while no other asks. */
uint32_t numbers_add(struct numbers *numbers, addr_t at);

/* What the walk passed over. */
struct heap_skipped numbers_skipped(const struct numbers *numbers);

/* Objects by their numbers, [first, end), in order: cheaper than heap_next(), as nothing needs to be
 * recognised any more. One iterator belongs to one thread. */
struct numbers_iter;
/* NULL: out of memory. */
struct numbers_iter *numbered_objects(const struct numbers *numbers, uint32_t first, uint32_t end);
/* On with others; what it knows of types stays. */
void numbers_iter_move(struct numbers_iter *it, uint32_t first, uint32_t end);
bool numbers_next(struct numbers_iter *it, uint32_t *ret_number, struct object *ret);
/* The object of a number; false: there is none. */
bool numbers_load(struct numbers_iter *it, uint32_t number, struct object *ret);
void numbers_iter_free(struct numbers_iter *it);
OWNED(struct numbers_iter, numbers_iter_free);

#endif
