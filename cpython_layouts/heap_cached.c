/* Chunks that glibc's malloc keeps for the next request of a thread (malloc/malloc.c, tcache_put):
 * their neighbours say that they are in use.
 *
 *	chunk | prev_size | size, flags | next, mangled from 2.32 on | mark | ...
 *
 * mangled (PROTECT_PTR): next ^ (its own address >> 12), so that the last of a list has its own
 * address there. The mark, which tells a second free(), is the address of the thread's cache in 2.29
 * to 2.33 (a chunk too, which leads to the first of each list), since then a random number of the
 * process, the same in all of them. */
#include "core/checked.h"
#include "cpython_layouts/heap_parts.h"

enum { CACHE_MAX = 0x800 }; /* bytes of a tcache_perthread_struct at most; 0x280 in 2.30 to 2.41 */

static bool word_at_address(const struct pyheap *heap, addr_t at, addr_t *ret)
{
	return target_read_word(heap->rt->target, at, ret);
}

static bool is_chunk(const struct pyheap *heap, addr_t at)
{
	const struct heap_part *part = at ? heap_part_at(heap, at) : NULL;
	return part && part->source == HEAP_CHUNK && at % (2 * heap->rt->target->machine->word) == 0;
}

static bool has_mark(const struct pyheap *heap, addr_t block, addr_t mark)
{
	addr_t found;
	return is_chunk(heap, block) &&
	       word_at_address(heap, block + heap->rt->target->machine->word, &found) &&
	       found == mark;
}

/* Is there a thread's cache, that leads to a chunk with its own address as the mark? */
static bool is_cache(const struct pyheap *heap, addr_t cache)
{
	uint64_t word = heap->rt->target->machine->word;
	addr_t size, block;
	if (!is_chunk(heap, cache) || !word_at_address(heap, cache - word, &size))
		return false;
	for (addr_t i = 0; i < MIN(size, (addr_t)CACHE_MAX); i += word)
		if (word_at_address(heap, cache + i, &block) && has_mark(heap, block, cache))
			return true;
	return false;
}

bool pyheap_is_cached(const struct pyheap *heap, addr_t block)
{
	enum { SHIFT = 12 };
	addr_t next, mark;
	if (!is_chunk(heap, block) || !word_at_address(heap, block, &next) ||
	    !word_at_address(heap, block + heap->rt->target->machine->word, &mark) || !mark)
		return false;
	next ^= block >> SHIFT;
	return !next || has_mark(heap, next, mark) || is_cache(heap, mark);
}
