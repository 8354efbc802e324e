/* How much memory of our own may be taken for what grows with the target: --memory-limit. What does
 * not fit is not done, and told; what is small is not counted. Threads may share one. */
#ifndef CORE_BUDGET_H
#define CORE_BUDGET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct budget {
	uint64_t limit;			/* bytes; 0: any number */
	atomic_uint_least64_t used;	/* the most there was may be asked for at the end */
};

/* false: it does not fit, and nothing was taken. b NULL: no limit. */
static inline bool budget_take(struct budget *b, uint64_t bytes)
{
	if (!b)
		return true;
	uint64_t before = atomic_fetch_add(&b->used, bytes);
	if (!b->limit || (before + bytes >= bytes && before + bytes <= b->limit))
		return true;
	atomic_fetch_sub(&b->used, bytes);
	return false;
}

static inline void budget_give(struct budget *b, uint64_t bytes)
{
	if (b)
		atomic_fetch_sub(&b->used, bytes);
}

#endif
