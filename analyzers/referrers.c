/* See the header. Each thread takes the next part; what they found is sorted at the end. */
#include "analyzers/referrers.h"

#include "core/jobs.h"
#include "cpython_layouts/edges.h"
#include "cpython_layouts/heap_deal.h"

struct referrers_work {
	struct runtime *rt;
	addr_t target;
	const struct referrers_options *options;
	struct heap_deal deal;
};

struct referrers_worker {
	struct referrers_work *work;
	struct heap_hand hand;
	bool failed;
	struct referrers found;
};

static bool refers(struct referrers_worker *w, const struct object *o)
{
	struct edge_iter it;
	struct edge e;
	if (!edges_of(w->work->rt, o, &it)) {
		w->failed = true;
		return false;
	}
	while (edge_next(&it, &e))
		if (e.to == w->work->target)
			return true;
	return false;
}

static void add(struct referrers_worker *w, addr_t at)
{
	if (!budget_take(w->work->options->budget, sizeof(at))) {
		w->found.left_out++;
		return;
	}
	addr_t *place = vec_push(&w->found.list);
	w->failed |= !place;
	if (place)
		*place = at;
}

static void *look(void *arg)
{
	struct referrers_worker *w = arg;
	struct referrers_work *work = w->work;
	_cleanup_(owned_heap_iter_free) struct heap_iter *it = heap_objects(work->deal.heap, 0, 0);
	struct heap_object o;
	w->failed = !it;
	while (!w->failed && heap_deal_next(&work->deal, it, &w->hand))
		while (!w->failed && heap_next(it, &o))
			if (refers(w, &o.object))
				add(w, o.object.at);
	return NULL;
}

static int compare_addresses(const void *a, const void *b)
{
	addr_t x = *(const addr_t *)a, y = *(const addr_t *)b;
	return x < y ? -1 : x > y;
}

struct error *referrers_find(struct runtime *rt, struct pyheap *heap, addr_t target,
			     const struct referrers_options *options, struct referrers *ret)
{
	struct referrers_work work = {
		.rt = rt, .target = target, .options = options,
		.deal = heap_deal(heap, options->progress, "looking for referrers"),
	};
	struct referrers_worker workers[JOBS_MAX] = { 0 };
	struct referrers all = { 0 };
	bool ok = true;
	unsigned jobs = heap_deal_jobs(&work.deal, options->jobs);
	for (unsigned i = 0; i < jobs; i++)
		workers[i].work = &work;
	workers[0].hand.is_main = true;
	runtime_share(rt, true);
	jobs_run(jobs, look, workers, sizeof(workers[0]));
	runtime_share(rt, false);
	progress_end(options->progress);
	for (unsigned i = 0; i < jobs; i++) {
		struct referrers *found = &workers[i].found;
		ok = ok && !workers[i].failed;
		all.left_out += found->left_out;
		for (size_t k = 0; ok && k < found->list.len; k++) {
			addr_t *place = vec_push(&all.list);
			ok = place != NULL;
			if (place)
				*place = found->list.items[k];
		}
		referrers_release(found);
	}
	vec_sort(&all.list, compare_addresses);
	if (ok)
		*ret = all;
	else
		referrers_release(&all);
	return ok ? NULL : error_nomem();
}

void referrers_release(struct referrers *r)
{
	vec_release(&r->list);
}
