/* What heap counts, of a pool of three objects. */
#include "tests/unit/pools_rig.h"

#include "analyzers/heap_census.h"

static struct census count(struct drawn *d, const struct census_options *options)
{
	struct census ret;
	load(d);
	assert_null(census_take(&d->h->rt, d->heap, options, &ret));
	return ret;
}

static const struct census_row *row_named(const struct census *c, const char *name)
{
	const struct census_row *row;
	vec_each(row, &c->rows)
		if (streq(row->name, name))
			return row;
	return NULL;
}

static void census_take__counts_each_type(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(with_pools); i++) {
		struct drawn d = draw_objects(with_pools[i]);
		struct census c = count(&d, &(struct census_options){ .jobs = 1 });
		uint64_t size = SIZEOF(d.h->l, PyObject) + 16, head = SIZEOF(d.h->l, PyGC_Head);
		assert_int_equal(c.total.count, 3);
		assert_int_equal(c.rows.len, 2);
		assert_int_equal(row_named(&c, "plain")->count, 2);
		assert_int_equal(row_named(&c, "plain")->bytes, 2 * size);
		assert_int_equal(row_named(&c, "plain")->max, size);
		assert_int_equal(row_named(&c, "collected")->bytes, size + head);
		assert_int_equal(row_named(&c, "collected")->tracked, 0);
		assert_int_equal(c.total.bytes, 3 * size + head);
		/* the largest sum first */
		assert_string_equal(c.rows.items[0].name, "plain");
		census_release(&c);
		undraw(&d);
	}
}

static void census_take__counts_what_is_tracked(void **state)
{
	struct drawn d = draw_objects("3.12");
	addr_t object = block(4) + SIZEOF(d.h->l, PyGC_Head);
	draw_links(&d, object, d.gc, d.gc);
	struct census c = count(&d, &(struct census_options){ .jobs = 1 });
	assert_int_equal(row_named(&c, "collected")->tracked, 1);
	assert_int_equal(row_named(&c, "collected")->tracked_bytes,
			 row_named(&c, "collected")->bytes);
	assert_int_equal(c.total.tracked, 1);
	census_release(&c);
	undraw(&d);
}

static void census_take__gives_the_same_with_any_number_of_threads(void **state)
{
	struct drawn d = draw_objects("3.14");
	for (unsigned jobs = 1; jobs < 9; jobs++) {
		struct census c = count(&d, &(struct census_options){ .jobs = jobs });
		assert_int_equal(c.total.count, 3);
		assert_int_equal(c.rows.len, 2);
		assert_string_equal(c.rows.items[0].name, "plain");
		census_release(&c);
	}
	undraw(&d);
}

static void census_take__leaves_out_types_of_other_names(void **state)
{
	struct drawn d = draw_objects("3.13");
	struct census c = count(&d, &(struct census_options){ .jobs = 1, .glob = "coll*" });
	assert_int_equal(c.rows.len, 1);
	assert_int_equal(c.total.count, 1);
	census_release(&c);
	c = count(&d, &(struct census_options){ .jobs = 1, .glob = "nothing" });
	assert_int_equal(c.rows.len, 0);
	assert_true(c.any);
	census_release(&c);
	undraw(&d);
}

static void census_take__groups_and_sorts(void **state)
{
	struct drawn d = draw_objects("3.15");
	struct census c =
		count(&d, &(struct census_options){ .jobs = 1, .sort = CENSUS_SORT_NAME });
	assert_string_equal(c.rows.items[0].name, "collected");
	census_release(&c);
	c = count(&d, &(struct census_options){ .jobs = 1, .sort = CENSUS_SORT_MAX });
	assert_string_equal(c.rows.items[0].name, "collected");
	census_release(&c);
	c = count(&d, &(struct census_options){ .jobs = 1, .by = CENSUS_BY_SIZE });
	assert_int_equal(c.rows.len, 1);
	assert_string_equal(c.rows.items[0].name, "32..63");
	assert_int_equal(c.rows.items[0].count, 3);
	census_release(&c);
	c = count(&d, &(struct census_options){ .jobs = 1, .by = CENSUS_BY_MODULE });
	assert_int_equal(c.rows.len, 1);
	assert_int_equal(c.rows.items[0].count, 3);
	census_release(&c);
	undraw(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(census_take__counts_each_type),
		cmocka_unit_test(census_take__counts_what_is_tracked),
		cmocka_unit_test(census_take__gives_the_same_with_any_number_of_threads),
		cmocka_unit_test(census_take__leaves_out_types_of_other_names),
		cmocka_unit_test(census_take__groups_and_sorts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
