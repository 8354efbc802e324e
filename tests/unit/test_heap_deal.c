#include "tests/unit/graph_rig.h"

#include "cpython_layouts/heap_deal.h"

/* Two hands take turns: each part is dealt once, and at the end all bytes are done. */
static void heap_deal_next__deals_each_part_once(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(with_pools); i++) {
		struct graph_rig g = graph_rig(with_pools[i]);
		load(&g.d);
		struct heap_deal deal = heap_deal(g.d.heap, NULL, "dealing");
		struct heap_iter *it = heap_objects(g.d.heap, 0, 0);
		struct heap_hand hands[2] = { 0 };
		size_t dealt = 0;
		bool more = true;
		assert_true(pyheap_parts(g.d.heap) > 0);
		for (size_t turn = 0; more; turn++) {
			struct heap_hand *hand = &hands[turn % 2];
			more = heap_deal_next(&deal, it, hand);
			assert_int_equal(more, dealt < pyheap_parts(g.d.heap));
			if (!more)
				break;
			assert_int_equal(hand->first, dealt);
			assert_true(hand->end > hand->first);
			dealt = hand->end;
		}
		for (size_t h = 0; h < 2; h++)
			assert_false(heap_deal_next(&deal, it, &hands[h]));
		assert_int_equal(deal.done, deal.bytes);
		heap_iter_free(it);
		graph_rig_release(&g);
	}
}

static uint64_t shown_done, shown_total;

static void note_progress(struct progress *p, const char *what, uint64_t done, uint64_t total)
{
	if (!what)
		return;
	assert_string_equal(what, "dealing");
	shown_done = done;
	shown_total = total;
}

static void heap_deal_next__shows_the_progress_of_all(void **state)
{
	struct graph_rig g = graph_rig("3.12");
	struct progress progress = { .show = note_progress };
	load(&g.d);
	struct heap_deal deal = heap_deal(g.d.heap, &progress, "dealing");
	struct heap_iter *it = heap_objects(g.d.heap, 0, 0);
	struct heap_hand other = { 0 }, hand = { .is_main = true };
	while (heap_deal_next(&deal, it, &other))
		;
	assert_int_equal(shown_total, 0);
	struct heap_deal again = heap_deal(g.d.heap, &progress, "dealing");
	while (heap_deal_next(&again, it, &hand))
		;
	assert_int_equal(shown_done, again.bytes);
	assert_int_equal(shown_total, again.bytes);
	heap_iter_free(it);
	graph_rig_release(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heap_deal_next__deals_each_part_once),
		cmocka_unit_test(heap_deal_next__shows_the_progress_of_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
