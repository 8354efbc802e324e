#include "tests/unit/graph_rig.h"

#include "analyzers/referrers.h"

static struct referrers find(struct graph_rig *g, addr_t target, uint64_t jobs,
			     struct budget *budget)
{
	struct referrers ret = { 0 };
	load(&g->d);
	assert_null(referrers_find(
		g->s.runtime, g->d.heap, target,
		&(struct referrers_options){ .jobs = jobs, .budget = budget }, &ret));
	return ret;
}

static void referrers_find__gives_each_once_in_address_order(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(with_pools); i++) {
		struct graph_rig g = graph_rig(with_pools[i]);
		graph_rig_refer(&g, 2, 0, node(1));
		graph_rig_refer(&g, 0, 0, node(1));
		graph_rig_refer(&g, 0, 1, node(1));
		for (uint64_t jobs = 1; jobs < 4; jobs++) {
			struct referrers r = find(&g, node(1), jobs, NULL);
			assert_int_equal(r.list.len, 2);
			assert_int_equal(r.list.items[0], node(0));
			assert_int_equal(r.list.items[1], node(2));
			referrers_release(&r);
		}
		graph_rig_release(&g);
	}
}

static void referrers_find__tells_what_the_limit_left_out(void **state)
{
	struct graph_rig g = graph_rig("3.12");
	struct budget budget = { .limit = 8 };
	graph_rig_refer(&g, 0, 0, node(1));
	graph_rig_refer(&g, 1, 0, node(1));
	graph_rig_refer(&g, 2, 0, node(1));
	struct referrers r = find(&g, node(1), 1, &budget);
	assert_int_equal(r.list.len, 1);
	assert_int_equal(r.left_out, 2);
	referrers_release(&r);
	graph_rig_release(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(referrers_find__gives_each_once_in_address_order),
		cmocka_unit_test(referrers_find__tells_what_the_limit_left_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
