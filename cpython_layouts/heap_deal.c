#include "cpython_layouts/heap_deal.h"

#include "core/checked.h"
#include "core/jobs.h"

enum { WORTH_A_THREAD = 16 << 20 };	/* bytes */

struct heap_deal heap_deal(struct pyheap *heap, struct progress *progress, const char *what)
{
	struct heap_deal ret = { .heap = heap, .progress = progress, .what = what };
	for (size_t i = 0; i < pyheap_parts(heap); i++)
		ret.bytes += pyheap_part_size(heap, i);
	return ret;
}

unsigned heap_deal_jobs(const struct heap_deal *deal, uint64_t asked)
{
	return jobs_for(asked, deal->bytes, WORTH_A_THREAD);
}

bool heap_deal_next(struct heap_deal *deal, struct heap_iter *it, struct heap_hand *hand)
{
	size_t parts = pyheap_parts(deal->heap);
	for (size_t i = hand->first; i < hand->end; i++)
		atomic_fetch_add(&deal->done, pyheap_part_size(deal->heap, i));
	if (hand->is_main && hand->end)
		progress_show(deal->progress, deal->what, atomic_load(&deal->done), deal->bytes);
	hand->first = atomic_fetch_add(&deal->next, 1);
	hand->end = MIN(hand->first + 1, parts);
	if (hand->first >= parts)
		return false;
	heap_iter_move(it, hand->first, hand->end);
	return true;
}
