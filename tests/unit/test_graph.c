#include "tests/unit/graph_rig.h"

#include "cpython_layouts/graph.h"

struct made {
	struct numbers *numbers;
	struct graph *graph;
	struct graph_reader *reader;
};

static struct made make(struct graph_rig *g, struct graph_options options)
{
	struct made m;
	load(&g->d);
	assert_null(numbers_make(g->d.heap, &(struct numbers_options){ 0 }, &m.numbers));
	assert_null(graph_make(m.numbers, &options, &m.graph));
	m.reader = graph_reader_new(m.graph);
	assert_non_null(m.reader);
	return m;
}

static void made_release(struct made *m)
{
	graph_reader_free(m->reader);
	graph_free(m->graph);
	numbers_free(m->numbers);
}

#define ASSERT_REFERENTS(m, number, ...)                                                           \
	assert_referents(m, number, (uint32_t[]){ __VA_ARGS__ },                                   \
			 sizeof((uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))
static void assert_referents(struct made *m, uint32_t number, const uint32_t *wanted, size_t count)
{
	size_t found;
	const uint32_t *to = graph_referents(m->reader, number, &found);
	assert_int_equal(found, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(to[i], wanted[i]);
}

/* 0 -> 1 and itself; 1 -> 2; 2 -> a list that no allocator shows -> 0 and a tuple -> 1 */
static struct graph_rig draw_cycle(const char *table)
{
	struct graph_rig g = graph_rig(table);
	struct heap *h = g.d.h;
	addr_t tuple = heap_tuple(h, 1, (addr_t[]){ node(1) });
	graph_rig_refer(&g, 0, 0, node(1));
	graph_rig_refer(&g, 0, 1, node(0));
	graph_rig_refer(&g, 1, 1, node(2));
	graph_rig_refer(&g, 2, 0, heap_list(h, 2, (addr_t[]){ node(0), tuple }));
	return g;
}

static void graph_make__follows_references_out_of_what_allocators_show(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(with_pools); i++) {
		struct graph_rig g = draw_cycle(with_pools[i]);
		struct made m = make(&g, (struct graph_options){ .jobs = 1 });
		assert_int_equal(numbers_count(m.numbers), 5);
		ASSERT_REFERENTS(&m, 0, 1, 0);
		ASSERT_REFERENTS(&m, 1, 2);
		ASSERT_REFERENTS(&m, 2, 3);
		ASSERT_REFERENTS(&m, 3, 0, 4);
		ASSERT_REFERENTS(&m, 4, 1);
		assert_int_equal(graph_edges(m.graph), 7);
		assert_int_equal(graph_skipped(m.graph), 0);
		made_release(&m);
		graph_rig_release(&g);
	}
}

static void graph_make__gives_the_same_with_any_number_of_threads(void **state)
{
	for (uint64_t jobs = 2; jobs < 5; jobs++) {
		struct graph_rig g = draw_cycle("3.14");
		struct made m = make(&g, (struct graph_options){ .jobs = jobs });
		ASSERT_REFERENTS(&m, 0, 1, 0);
		ASSERT_REFERENTS(&m, 2, 3);
		ASSERT_REFERENTS(&m, 3, 0, 4);
		made_release(&m);
		graph_rig_release(&g);
	}
}

static void graph_make__looks_again_at_what_does_not_fit_in_the_budget(void **state)
{
	struct graph_rig g = draw_cycle("3.12");
	struct budget budget = { .limit = 8 };
	struct made m = make(&g, (struct graph_options){ .jobs = 1, .budget = &budget });
	/* late references need memory to be remembered: what they lead to is not found */
	assert_int_equal(graph_unkept(m.graph), 3);
	assert_int_equal(graph_skipped(m.graph), 1);
	assert_int_equal(numbers_count(m.numbers), 3);
	assert_true(budget.used <= budget.limit);
	ASSERT_REFERENTS(&m, 0, 1, 0);
	ASSERT_REFERENTS(&m, 1, 2);
	made_release(&m);
	assert_int_equal(budget.used, 0);
	budget.limit = 0;
	m = make(&g, (struct graph_options){ .jobs = 1, .budget = &budget });
	assert_int_equal(graph_unkept(m.graph), 0);
	assert_true(budget.used > 0);
	made_release(&m);
	assert_int_equal(budget.used, 0);
	graph_rig_release(&g);
}

static void graph_has_referrer__leaves_out_those_that_are_marked(void **state)
{
	struct graph_rig g = draw_cycle("3.12");
	struct made m = make(&g, (struct graph_options){ .jobs = 1 });
	uint64_t besides = 0;
	assert_true(graph_has_referrer(m.graph, 1, &besides));
	besides = 1 << 0;
	assert_true(graph_has_referrer(m.graph, 1, &besides));
	besides |= 1 << 4;
	assert_false(graph_has_referrer(m.graph, 1, &besides));
	assert_false(graph_has_referrer(m.graph, 77, &besides));
	made_release(&m);
	graph_rig_release(&g);
}

static void graph_referents__has_none_for_numbers_that_there_are_not(void **state)
{
	struct graph_rig g = draw_cycle("3.12");
	struct made m = make(&g, (struct graph_options){ .jobs = 1 });
	size_t count;
	graph_referents(m.reader, 5, &count);
	assert_int_equal(count, 0);
	graph_referents(m.reader, NO_NUMBER, &count);
	assert_int_equal(count, 0);
	made_release(&m);
	graph_rig_release(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(graph_make__follows_references_out_of_what_allocators_show),
		cmocka_unit_test(graph_make__gives_the_same_with_any_number_of_threads),
		cmocka_unit_test(graph_make__looks_again_at_what_does_not_fit_in_the_budget),
		cmocka_unit_test(graph_has_referrer__leaves_out_those_that_are_marked),
		cmocka_unit_test(graph_referents__has_none_for_numbers_that_there_are_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
