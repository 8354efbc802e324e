/* Objects of pools, chunks and pages that are drawn through the tables, whole and damaged ones. */
#include "tests/unit/pools_rig.h"

/* The objects of one source, in the order in which they come. */
static size_t objects_of(struct drawn *d, enum heap_source source, struct heap_object *ret,
			 size_t max, struct heap_skipped *ret_skipped)
{
	struct heap_iter *it = heap_objects(d->heap, 0, pyheap_parts(d->heap));
	struct heap_object o;
	size_t n = 0;
	assert_non_null(it);
	while (heap_next(it, &o))
		if (o.source == source && n < max)
			ret[n++] = o;
	*ret_skipped = heap_iter_skipped(it);
	heap_iter_free(it);
	return n;
}

#define ASSERT_OBJECTS(d, source, ...)                                                             \
	assert_objects(d, source, (addr_t[]){ __VA_ARGS__ },                                       \
		       sizeof((addr_t[]){ __VA_ARGS__ }) / sizeof(addr_t))
static struct heap_skipped assert_objects(struct drawn *d, enum heap_source source,
					  const addr_t *wanted, size_t count)
{
	struct heap_object found[32];
	struct heap_skipped skipped;
	load(d);
	assert_int_equal(objects_of(d, source, found, ARRAY_SIZE(found), &skipped), count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(found[i].object.at, wanted[i]);
	return skipped;
}

static void heap_pools__give_used_blocks_in_order(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(with_pools); i++) {
		struct drawn d = draw_objects(with_pools[i]);
		addr_t last = block(4) + SIZEOF(d.h->l, PyGC_Head);
		struct heap_skipped skipped =
			ASSERT_OBJECTS(&d, HEAP_POOL, block(0), block(2), last);
		assert_int_equal(skipped.damaged, 0);
		assert_int_equal(skipped.lost, 0);
		undraw(&d);
	}
}

static void heap_pools__pass_over_objects_without_references(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(with_pools); i++) {
		struct drawn d = draw_objects(with_pools[i]);
		addr_t last = block(4) + SIZEOF(d.h->l, PyGC_Head);
		heap_word(d.h, block(0), 0);
		ASSERT_OBJECTS(&d, HEAP_POOL, block(2), last);
		undraw(&d);
	}
}

static void heap_pools__pass_over_what_only_looks_like_objects(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(with_pools); i++) {
		struct drawn d = draw_objects(with_pools[i]);
		addr_t last = block(4) + SIZEOF(d.h->l, PyGC_Head);
		/* a name in front of what was an ob_type; two types in a row */
		memcpy(heap_at(d.h, block(0)), "name\0\0\0", 8);
		heap_word(d.h, block(2), d.collected);
		ASSERT_OBJECTS(&d, HEAP_POOL, last);
		/* a type whose objects have a head in front, at the block's start */
		heap_word(d.h, block(0), 1);
		heap_word(d.h, block(0) + 8, d.collected);
		ASSERT_OBJECTS(&d, HEAP_POOL, last);
		/* an ob_type that is no type */
		heap_word(d.h, block(0) + 8, block(2));
		ASSERT_OBJECTS(&d, HEAP_POOL, last);
		undraw(&d);
	}
}

static void heap_pools__see_objects_behind_debug_padding(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(with_pools); i++) {
		struct drawn d = draw_objects(with_pools[i]);
		addr_t last = block(4) + SIZEOF(d.h->l, PyGC_Head);
		const uint8_t padding[] = { 0, 0, 0, 0, 0, 0, 0, 32, 'o', 0xfd,
					    0xfd, 0xfd, 0xfd, 0xfd, 0xfd, 0xfd };
		memcpy(heap_at(d.h, block(0)), padding, sizeof(padding));
		draw_object(d.h, block(0) + 16, d.plain);
		ASSERT_OBJECTS(&d, HEAP_POOL, block(0) + 16, block(2), last);
		/* memory of another kind */
		heap_at(d.h, block(0))[8] = 'm';
		ASSERT_OBJECTS(&d, HEAP_POOL, block(2), last);
		undraw(&d);
	}
}

static void heap_pools__end_chains_that_run_in_circles(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(with_pools); i++) {
		struct drawn d = draw_objects(with_pools[i]);
		addr_t last = block(4) + SIZEOF(d.h->l, PyGC_Head);
		heap_word(d.h, block(3), block(1));
		ASSERT_OBJECTS(&d, HEAP_POOL, block(0), block(2), last);
		/* out of the pool, and into the middle of a block: the fourth is taken for used */
		draw_object(d.h, block(3), d.plain);
		heap_word(d.h, block(1), AREA + 8 * POOL);
		assert_int_not_equal(
			ASSERT_OBJECTS(&d, HEAP_POOL, block(0), block(2), block(3), last).damaged,
			0);
		heap_word(d.h, block(1), block(3) + 8);
		assert_int_not_equal(
			ASSERT_OBJECTS(&d, HEAP_POOL, block(0), block(2), block(3), last).damaged,
			0);
		undraw(&d);
	}
}

static void heap_pools__skip_headers_that_contradict_themselves(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(with_pools); i++) {
		struct drawn d = draw_objects(with_pools[i]);
		/* the second pool's block size is not that of its class */
		draw_pool(d.h, AREA + POOL, 1, 1, 0);
		HPUT(d.h, AREA + POOL, pool_header, szidx, 1);
		addr_t last = block(4) + SIZEOF(d.h->l, PyGC_Head);
		struct heap_skipped skipped =
			ASSERT_OBJECTS(&d, HEAP_POOL, block(0), block(2), last);
		assert_int_equal(skipped.damaged, POOL);
		/* more blocks in use than there are */
		draw_pool(d.h, AREA + POOL, 100, 1, 0);
		skipped = ASSERT_OBJECTS(&d, HEAP_POOL, block(0), block(2), last);
		assert_int_equal(skipped.damaged, POOL);
		undraw(&d);
	}
}

static void heap_pools__bound_the_array_of_arenas(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(with_pools); i++) {
		struct drawn d = draw_objects(with_pools[i]);
		const struct layout *l = d.h->l;
		addr_t at = d.h->rt.interpreters + OFFSET(l, PyInterpreterState, obmalloc);
		if (!HAS(l, PyInterpreterState, obmalloc_arenas))
			assert_true(target_read_word(&d.h->target, at, &at));
		HPUT(d.h, at, _obmalloc_state, maxarenas, UINT32_MAX);
		addr_t last = block(4) + SIZEOF(l, PyGC_Head);
		ASSERT_OBJECTS(&d, HEAP_POOL, block(0), block(2), last);
		undraw(&d);
	}
}

static void heap__knows_what_is_tracked_and_what_frozen(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(with_pools); i++) {
		struct drawn d = draw_objects(with_pools[i]);
		const struct layout *l = d.h->l;
		addr_t object = block(4) + SIZEOF(l, PyGC_Head), head = block(4);
		addr_t permanent = d.gc + OFFSET(l, _gc_runtime_state, permanent_generation) +
				   OFFSET(l, gc_generation, head);
		struct heap_object found[4];
		struct heap_skipped skipped;
		load(&d);
		assert_int_equal(objects_of(&d, HEAP_POOL, found, 4, &skipped), 3);
		assert_false(found[2].tracked);
		draw_links(&d, object, permanent, permanent);
		load(&d);
		assert_int_equal(objects_of(&d, HEAP_POOL, found, 4, &skipped), 3);
		assert_true(found[2].tracked);
		assert_false(found[2].frozen);
		HPUT(d.h, permanent, PyGC_Head, gc_next, head);
		load(&d);
		assert_int_equal(objects_of(&d, HEAP_POOL, found, 4, &skipped), 3);
		assert_true(found[2].frozen);
		undraw(&d);
	}
}

static void gc_list_next__ends_where_a_list_runs_in_circles(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(with_pools); i++) {
		struct drawn d = draw_objects(with_pools[i]);
		struct gc_list lists[8];
		addr_t at, object = block(4) + SIZEOF(d.h->l, PyGC_Head);
		assert_int_equal(gc_lists(&d.h->rt, lists, 8), 4);
		/* it comes back to itself, not to the list's head */
		draw_links(&d, object, block(4), block(4));
		HPUT(d.h, lists[0].head, PyGC_Head, gc_next, block(4));
		struct gc_list_iter it = gc_list_objects(&d.h->rt, &lists[0]);
		size_t n = 0;
		while (gc_list_next(&it, &at) && n < 10) {
			assert_int_equal(at, object);
			n++;
		}
		assert_in_range(n, 1, 3);
		assert_int_equal(it.chain.end, CHAIN_CYCLE);
		undraw(&d);
	}
}

static void heap__finds_large_objects_through_their_neighbours(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(with_pools); i++) {
		struct drawn d = draw_objects(with_pools[i]);
		struct gc_list lists[8];
		uint64_t head = SIZEOF(d.h->l, PyGC_Head);
		/* two that lie in no pool; the second is known to the first alone */
		addr_t first = heap_alloc(d.h, 256) + head, second = heap_alloc(d.h, 256) + head;
		addr_t object = block(4) + head;
		draw_object(d.h, first, d.collected);
		draw_object(d.h, second, d.collected);
		assert_int_equal(gc_lists(&d.h->rt, lists, 8), 4);
		HPUT(d.h, lists[0].head, PyGC_Head, gc_next, object - head);
		draw_links(&d, object, first - head, lists[0].head);
		draw_links(&d, first, second - head, object - head);
		draw_links(&d, second, lists[0].head, first - head);
		ASSERT_OBJECTS(&d, HEAP_LISTED, first, second);
		undraw(&d);
	}
}

static void pyheap_find__tells_objects_from_free_blocks(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(with_pools); i++) {
		struct drawn d = draw_objects(with_pools[i]);
		struct heap_object o;
		load(&d);
		assert_int_equal(pyheap_find(d.heap, block(2) + 40, &o), HEAP_OBJECT);
		assert_int_equal(o.object.at, block(2));
		assert_int_equal(o.block, block(2));
		assert_int_equal(o.block_size, BLOCK);
		assert_int_equal(pyheap_find(d.heap, block(3) + 8, &o), HEAP_FREE);
		assert_int_equal(pyheap_find(d.heap, block(7), &o), HEAP_FREE);
		assert_int_equal(pyheap_find(d.heap, AREA + 3 * POOL, &o), HEAP_NOWHERE);
		assert_true(pyheap_object_at(d.heap, block(0), &o));
		assert_false(pyheap_object_at(d.heap, block(0) + 16, &o));
		assert_false(pyheap_object_at(d.heap, block(1), &o));
		undraw(&d);
	}
}

/* --- malloc's chunks -------------------------------------------------------------------------- */

static void heap_chunks__give_objects_of_used_chunks(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(with_pools); i++) {
		struct chunks c = draw_chunks(with_pools[i]);
		ASSERT_OBJECTS(&c.d, HEAP_CHUNK, REGION_AT + 0x2a0, REGION_AT + 0x12a0,
			       MAPPED_AT + 0x1010);
		struct heap_object o;
		assert_int_equal(pyheap_find(c.d.heap, REGION_AT + 0x12a8, &o), HEAP_OBJECT);
		assert_int_equal(o.object.at, REGION_AT + 0x12a0);
		undraw_chunks(&c);
	}
}

static void pyheap_find__knows_free_chunks(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(with_pools); i++) {
		struct chunks c = draw_chunks(with_pools[i]);
		struct heap_object o;
		struct heap_where where;
		load(&c.d);
		assert_int_equal(pyheap_find(c.d.heap, REGION_AT + 0xaf8, &o), HEAP_FREE);
		assert_int_equal(o.block, REGION_AT + 0xaa0);
		assert_int_equal(o.block_size, 0x7f8);
		assert_true(pyheap_where(c.d.heap, REGION_AT + 0xaf8, &where));
		assert_int_equal(where.source, HEAP_CHUNK);
		assert_int_equal(where.pool, 0);
		assert_false(pyheap_where(c.d.heap, 0xdead0000, &where));
		undraw_chunks(&c);
		struct drawn d = draw_objects(with_pools[i]);
		load(&d);
		assert_true(pyheap_where(d.heap, block(2), &where));
		assert_int_equal(where.source, HEAP_POOL);
		assert_int_equal(where.pool, AREA);
		undraw(&d);
	}
}

static void pyheap_is_cached__reads_malloc_s_links(void **state)
{
	struct chunks c = draw_chunks("3.12");
	const addr_t first = REGION_AT + 0x2a0, second = REGION_AT + 0x12a0;
	enum { FIRST = 0x2a0, SECOND = 0x12a0, CACHE = 0x10 };
	load(&c.d);
	assert_false(pyheap_is_cached(c.d.heap, first));
	/* 2.32 and later: the last of its list, with a number as the mark */
	put_word(c.region, FIRST, first >> 12);
	put_word(c.region, FIRST + 8, 0x123456789abcdef1);
	assert_true(pyheap_is_cached(c.d.heap, first));
	/* one that leads to it, and has the same mark or another */
	put_word(c.region, SECOND, first ^ second >> 12);
	put_word(c.region, SECOND + 8, 0x123456789abcdef1);
	assert_true(pyheap_is_cached(c.d.heap, second));
	put_word(c.region, SECOND + 8, 0x123456789abcdef2);
	assert_false(pyheap_is_cached(c.d.heap, second));
	/* 2.29 to 2.31: the mark is the cache, which leads there */
	put_word(c.region, SECOND, 0);
	put_word(c.region, SECOND + 8, REGION_AT + CACHE);
	assert_false(pyheap_is_cached(c.d.heap, second));
	put_word(c.region, CACHE + 0x100, second);
	assert_true(pyheap_is_cached(c.d.heap, second));
	assert_false(pyheap_is_cached(c.d.heap, 0xdead0000));
	undraw_chunks(&c);
}

static void pyheap_load__looks_at_no_more_than_it_is_asked_about(void **state)
{
	struct chunks c = draw_chunks("3.12");
	struct pyheap *heap;
	struct heap_object o;
	const addr_t near[] = { MAPPED_AT + 0x1010 };
	const struct pyheap_options options = { .near = near, .near_count = 1 };
	assert_null(pyheap_load(&c.d.h->rt, &options, &heap));
	assert_int_equal(pyheap_find(heap, MAPPED_AT + 0x1010, &o), HEAP_OBJECT);
	assert_int_equal(pyheap_find(heap, REGION_AT + 0x2a0, &o), HEAP_NOWHERE);
	pyheap_free(heap);
	undraw_chunks(&c);
}

static void heap_chunks__are_believed_only_when_they_lead_to_the_end(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(with_pools); i++) {
		struct chunks c = draw_chunks(with_pools[i]);
		/* one beyond the region; one of no size; one that is no multiple of 16 */
		static const uint64_t sizes[] = { REGION | 1, 1, 0x808 | 1, UINT64_MAX };
		for (size_t n = 0; n < ARRAY_SIZE(sizes); n++) {
			put_word(c.region, 0xa90 + 8, sizes[n]);
			ASSERT_OBJECTS(&c.d, HEAP_CHUNK, MAPPED_AT + 0x1010);
		}
		/* a mapped one that is longer than its region */
		put_word(c.mapped, 0x1000 + 8, 0x3000 | 2);
		load(&c.d);
		assert_int_equal(pyheap_account(c.d.heap, HEAP_CHUNK)->parts, 0);
		undraw_chunks(&c);
	}
}

/* --- mimalloc's pages ------------------------------------------------------------------------- */

static void heap_pages__give_used_blocks_of_pages_for_objects(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(with_pages); i++) {
		struct drawn d = draw_segment(with_pages[i]);
		struct heap_object found[8];
		struct heap_skipped skipped;
		ASSERT_OBJECTS(&d, HEAP_PAGE, SEGMENT + page_block(&d, 2, 0),
			       SEGMENT + page_block(&d, 2, 3), SEGMENT + page_block(&d, 3, 0),
			       SEGMENT + page_block(&d, 3, 3));
		assert_int_equal(objects_of(&d, HEAP_PAGE, found, 8, &skipped), 4);
		assert_false(found[1].tracked);
		assert_true(found[2].tracked);
		assert_int_equal(skipped.damaged, 0);
		undraw(&d);
	}
}

static void heap_pages__bound_lists_and_counts(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(with_pages); i++) {
		struct drawn d = draw_segment(with_pages[i]);
		/* a list that runs in a circle; more blocks than the segment has room for */
		put_word(d.pages, page_block(&d, 2, 1), SEGMENT + page_block(&d, 2, 1));
		MEMBER(&d, slice(&d, 3), mi_page_t, capacity, UINT16_MAX);
		MEMBER(&d, slice(&d, 3), mi_page_t, block_size, SLICE_BYTES);
		load(&d);
		struct heap_object found[8];
		struct heap_skipped skipped;
		assert_in_range(objects_of(&d, HEAP_PAGE, found, 8, &skipped), 2, 4);
		assert_int_not_equal(skipped.damaged, 0);
		/* slices that cover more, or nothing: no segment */
		MEMBER(&d, slice(&d, 1), mi_page_t, slice_count, 7);
		load(&d);
		assert_int_equal(pyheap_account(d.heap, HEAP_PAGE)->parts, 0);
		MEMBER(&d, slice(&d, 1), mi_page_t, slice_count, 0);
		load(&d);
		assert_int_equal(pyheap_account(d.heap, HEAP_PAGE)->parts, 0);
		undraw(&d);
	}
}

/* What the array of arenas names, where no pool is. */
static void heap_pools__an_arena_is_proved_by_its_pools(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(with_pools); i++) {
		struct drawn d = draw_objects(with_pools[i]);
		memset(heap_at(d.h, AREA), 0xee, 2 * POOL);
		load(&d);
		assert_int_equal(pyheap_account(d.heap, HEAP_POOL)->parts, 0);
		undraw(&d);
	}
}

/* Without the array pools are found by their headers, which name the same arena. */
static void heap_pools__are_found_where_the_array_of_arenas_is_lost(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(with_pools); i++) {
		struct drawn d = draw_objects(with_pools[i]);
		struct heap_object found[32];
		struct heap_skipped skipped;
		for (unsigned k = 1; k < 4; k++)
			draw_pool(d.h, AREA + k * POOL, 1, 1, 0);
		draw_object(d.h, AREA + 3 * POOL + HEADER, d.plain);
		d.h->rt.interpreters = 0;
		load(&d);
		assert_int_equal(pyheap_account(d.heap, HEAP_POOL)->parts, 1);
		assert_int_equal(objects_of(&d, HEAP_POOL, found, ARRAY_SIZE(found), &skipped), 4);
		assert_int_equal(found[3].object.at, AREA + 3 * POOL + HEADER);
		/* two in a row are an accident */
		HPUT(d.h, AREA + POOL, pool_header, szidx, 77);
		HPUT(d.h, AREA + 2 * POOL, pool_header, szidx, 77);
		load(&d);
		assert_int_equal(pyheap_account(d.heap, HEAP_POOL)->parts, 0);
		undraw(&d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heap_pools__give_used_blocks_in_order),
		cmocka_unit_test(heap_pools__pass_over_objects_without_references),
		cmocka_unit_test(heap_pools__pass_over_what_only_looks_like_objects),
		cmocka_unit_test(heap_pools__see_objects_behind_debug_padding),
		cmocka_unit_test(heap_pools__end_chains_that_run_in_circles),
		cmocka_unit_test(heap_pools__skip_headers_that_contradict_themselves),
		cmocka_unit_test(heap_pools__bound_the_array_of_arenas),
		cmocka_unit_test(heap__knows_what_is_tracked_and_what_frozen),
		cmocka_unit_test(gc_list_next__ends_where_a_list_runs_in_circles),
		cmocka_unit_test(heap__finds_large_objects_through_their_neighbours),
		cmocka_unit_test(pyheap_find__tells_objects_from_free_blocks),
		cmocka_unit_test(heap_chunks__give_objects_of_used_chunks),
		cmocka_unit_test(pyheap_find__knows_free_chunks),
		cmocka_unit_test(pyheap_is_cached__reads_malloc_s_links),
		cmocka_unit_test(pyheap_load__looks_at_no_more_than_it_is_asked_about),
		cmocka_unit_test(heap_chunks__are_believed_only_when_they_lead_to_the_end),
		cmocka_unit_test(heap_pages__give_used_blocks_of_pages_for_objects),
		cmocka_unit_test(heap_pages__bound_lists_and_counts),
		cmocka_unit_test(heap_pools__an_arena_is_proved_by_its_pools),
		cmocka_unit_test(heap_pools__are_found_where_the_array_of_arenas_is_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
