#include "tests/unit/test.h"

#include <stdatomic.h>
#include "core/budget.h"
#include "core/jobs.h"

struct worker {
	atomic_uint *next;
	unsigned done;
};

enum { WORK = 1000 };

static void *work(void *arg)
{
	struct worker *w = arg;
	while (atomic_fetch_add(w->next, 1) < WORK)
		w->done++;
	return NULL;
}

static void jobs_run__does_all_the_work_with_any_number_of_threads(void **state)
{
	for (unsigned jobs = 1; jobs <= 5; jobs++) {
		struct worker workers[5] = { 0 };
		atomic_uint next = 0;
		unsigned done = 0;
		for (unsigned i = 0; i < jobs; i++)
			workers[i].next = &next;
		jobs_run(jobs, work, workers, sizeof(workers[0]));
		for (unsigned i = 0; i < 5; i++)
			done += workers[i].done;
		assert_int_equal(done, WORK);
	}
}

static void jobs_for__is_what_was_asked_for_within_bounds(void **state)
{
	assert_int_equal(jobs_for(3, 0, 1), 3);
	assert_int_equal(jobs_for(JOBS_MAX + 1, 0, 1), JOBS_MAX);
	/* little work is worth one thread, whatever the machine has */
	assert_int_equal(jobs_for(0, 99, 100), 1);
	assert_true(jobs_for(0, UINT64_MAX / 2, 1) >= 1);
}

static void budget_take__stops_at_the_limit_and_takes_nothing_then(void **state)
{
	struct budget b = { .limit = 100 };
	assert_true(budget_take(&b, 60));
	assert_false(budget_take(&b, 41));
	assert_false(budget_take(&b, UINT64_MAX));
	assert_true(budget_take(&b, 40));
	budget_give(&b, 40);
	assert_true(budget_take(&b, 30));
	assert_int_equal(b.used, 90);
}

static void budget_take__knows_no_limit_where_there_is_none(void **state)
{
	struct budget b = { .limit = 0 };
	assert_true(budget_take(&b, UINT64_C(1) << 60));
	assert_true(budget_take(NULL, UINT64_C(1) << 60));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jobs_run__does_all_the_work_with_any_number_of_threads),
		cmocka_unit_test(jobs_for__is_what_was_asked_for_within_bounds),
		cmocka_unit_test(budget_take__stops_at_the_limit_and_takes_nothing_then),
		cmocka_unit_test(budget_take__knows_no_limit_where_there_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
