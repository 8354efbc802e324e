/* Every byte of a drawn arena, block by block. */
#include "tests/unit/graph_rig.h"

#include "cpython_layouts/heap_blocks.h"

static uint64_t sum_of(struct pyheap *heap, uint64_t *ret_states)
{
	struct heap_blocks *it = heap_blocks_of(heap);
	uint64_t sum = 0;
	assert_non_null(it);
	memset(ret_states, 0, BLOCK_STATES * sizeof(*ret_states));
	for (size_t i = 0; i < pyheap_parts(heap); i++) {
		struct heap_block b;
		addr_t reached = pyheap_part(heap, i).start;
		if (pyheap_part(heap, i).kind != HEAP_KIND_POOLS)
			continue;
		heap_blocks_move(it, i);
		while (heap_blocks_next(it, &b)) {
			/* in order, and none lies in another */
			assert_true(b.at >= reached);
			reached = b.at + b.size;
			assert_true(reached <= pyheap_part(heap, i).end);
			ret_states[b.state] += b.size;
			sum += b.size;
		}
	}
	heap_blocks_free(it);
	return sum;
}

static void heap_blocks_next__gives_objects_free_blocks_and_what_was_never_used(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(with_pools); i++) {
		struct graph_rig g = graph_rig(with_pools[i]);
		uint64_t states[BLOCK_STATES];
		uint64_t blocks = (POOL - HEADER) / BLOCK;
		load(&g.d);
		uint64_t sum = sum_of(g.d.heap, states);
		assert_int_equal(states[BLOCK_OBJECT], 3 * BLOCK);
		assert_int_equal(states[BLOCK_USED], 0);
		assert_int_equal(states[BLOCK_FREE], (blocks - 3) * BLOCK);
		/* the arena's second pool */
		assert_int_equal(states[BLOCK_EMPTY], POOL);
		assert_int_equal(sum, blocks * BLOCK + POOL);
		graph_rig_release(&g);
	}
}

static void heap_blocks_next__tells_used_blocks_of_no_object(void **state)
{
	struct graph_rig g = graph_rig("3.14");
	uint64_t states[BLOCK_STATES];
	memset(heap_at(g.d.h, node(1)), 0, BLOCK);
	load(&g.d);
	sum_of(g.d.heap, states);
	assert_int_equal(states[BLOCK_OBJECT], 2 * BLOCK);
	assert_int_equal(states[BLOCK_USED], BLOCK);
	graph_rig_release(&g);
}

static void heap_blocks_next__tells_damaged_pools(void **state)
{
	struct graph_rig g = graph_rig("3.12");
	uint64_t states[BLOCK_STATES];
	HPUT(g.d.h, AREA + POOL, pool_header, ref_count, 1);
	HPUT(g.d.h, AREA + POOL, pool_header, szidx, 77);
	load(&g.d);
	sum_of(g.d.heap, states);
	assert_int_equal(states[BLOCK_OBJECT], 3 * BLOCK);
	assert_int_equal(states[BLOCK_DAMAGED], POOL);
	assert_int_equal(states[BLOCK_EMPTY], 0);
	graph_rig_release(&g);
}

static void pyheap_arenas__gives_the_whole_arena(void **state)
{
	struct graph_rig g = graph_rig("3.13");
	const struct heap_arena *arenas;
	load(&g.d);
	assert_int_equal(pyheap_arenas(g.d.heap, &arenas), 1);
	assert_int_equal(arenas[0].start, AREA);
	assert_int_equal(arenas[0].end, AREA + 64 * POOL);
	assert_int_equal(arenas[0].first, AREA);
	assert_int_equal(arenas[0].unused, AREA + 2 * POOL);
	graph_rig_release(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			heap_blocks_next__gives_objects_free_blocks_and_what_was_never_used),
		cmocka_unit_test(heap_blocks_next__tells_used_blocks_of_no_object),
		cmocka_unit_test(heap_blocks_next__tells_damaged_pools),
		cmocka_unit_test(pyheap_arenas__gives_the_whole_arena),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
