#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "core/checked.h"
#include "core/str.h"
#include "cpython_layouts/chain.h"

/* next[i] is where item i leads; items are numbered from 1, 0 ends. */
static struct chain walk(const addr_t *next, size_t limit)
{
	struct chain c = chain_start(1, limit);
	while (chain_goes_on(&c))
		chain_step(&c, next[c.at]);
	return c;
}

static void chain__of_nothing_ends_at_once(void **state)
{
	struct chain c = chain_start(0, 10);
	assert_false(chain_goes_on(&c));
	assert_int_equal(c.end, CHAIN_END);
	assert_int_equal(c.count, 0);
}

static void chain__counts_the_items_of_a_straight_walk(void **state)
{
	/* 1 -> 2 -> 3 -> end */
	static const addr_t next[] = { 0, 2, 3, 0 };
	struct chain c = walk(next, 10);
	assert_int_equal(c.end, CHAIN_END);
	assert_int_equal(c.count, 3);
}

static void chain__stops_at_its_limit(void **state)
{
	static const addr_t next[] = { 0, 2, 3, 4, 0 };
	struct chain c = walk(next, 3);
	assert_int_equal(c.end, CHAIN_LIMIT);
	assert_int_equal(c.count, 3);
	c = walk(next, 4);
	assert_int_equal(c.end, CHAIN_END);
}

static void chain__finds_every_cycle_soon(void **state)
{
	/* a tail of m items, then a ring of n */
	for (size_t m = 0; m < 40; m++) {
		for (size_t n = 1; n < 40; n++) {
			addr_t next[100];
			for (size_t i = 1; i < m + n; i++)
				next[i] = i + 1;
			next[m + n] = m + 1;
			struct chain c = walk(next, 100000);
			assert_int_equal(c.end, CHAIN_CYCLE);
			assert_true(c.count <= 3 * (m + n) + 2);
			assert_true(c.at > m);
		}
	}
}

static void chain__remembers_where_it_broke(void **state)
{
	struct chain c = chain_start(0x1000, 10);
	chain_step(&c, 0x2000);
	chain_fault(&c);
	assert_false(chain_goes_on(&c));
	assert_int_equal(c.end, CHAIN_FAULT);
	assert_int_equal(c.at, 0x2000);
	chain_step(&c, 0x3000);
	assert_int_equal(c.at, 0x2000);
	char buf[80];
	assert_string_equal(chain_end_text(&c, buf, sizeof(buf)),
			    "leads to 0x2000, which cannot be read");
	assert_string_equal(chain_end_text(&c, buf, 6), "leads");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(chain__of_nothing_ends_at_once),
		cmocka_unit_test(chain__counts_the_items_of_a_straight_walk),
		cmocka_unit_test(chain__stops_at_its_limit),
		cmocka_unit_test(chain__finds_every_cycle_soon),
		cmocka_unit_test(chain__remembers_where_it_broke),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
