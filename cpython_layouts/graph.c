/* See the header. The addresses of references are gathered first and turned into numbers then, many
 * at once: in that loop nothing waits for anything else, so that cache misses overlap. */
#include "cpython_layouts/graph.h"

#include <stdlib.h>
#include "core/checked.h"
#include "core/jobs.h"
#include "cpython_layouts/edges.h"

enum {
	SLAB = 1 << 16,		  /* objects */
	GATHERED = 1 << 14,	  /* addresses */
	WORTH_A_THREAD = 1 << 17, /* objects */
	SLAB_EDGES_MAX = INT32_MAX,
};

struct slab {
	uint32_t first, count;
	uint32_t *starts; /* count + 1 of them, then the targets; NULL: not kept */
};

/* A reference to an object that had no number when it was met. */
struct late {
	addr_t to;
	uint32_t slab, index; /* of the slab's targets */
};

struct graph {
	struct numbers *numbers;
	bool weak;
	VEC(struct slab) slabs; /* in order; those of the walk are SLAB long but for the last */
	uint32_t walked;	/* objects in these */
	uint64_t edges, skipped, taken;
	uint32_t unkept;
	struct budget *budget;
};

struct graph_work {
	struct graph *graph;
	const struct graph_options *options;
	size_t end;	      /* of the slabs that are to be made */
	atomic_size_t next;   /* slab */
	atomic_bool failed;   /* out of memory */
};

/* One thread's, and what it works with. */
struct graph_worker {
	struct graph_work *work;
	struct numbers_iter *it;
	bool is_main, adds;		/* adds: it is alone, and may number what it meets */
	addr_t gathered[GATHERED];
	size_t gathered_count;
	uint32_t starts[SLAB + 1];
	VEC(uint32_t) targets;		/* of the slab */
	VEC(struct late) late;
	size_t slab;
	uint64_t edges, skipped, taken;
	uint32_t unkept;
};

/* --- a slab ---------------------------------------------------------------------------------- */

/* No allocator shows it: is it an object nevertheless? */
static uint32_t meet_late(struct graph_worker *w, addr_t to)
{
	struct graph *graph = w->work->graph;
	struct object o;
	if (!object_load(numbers_runtime(graph->numbers), to, &o))
		return NO_NUMBER;
	if (w->adds) {
		uint32_t number = numbers_add(graph->numbers, to);
		w->skipped += number == NO_NUMBER;
		return number;
	}
	struct late *late =
		budget_take(graph->budget, sizeof(*late)) ? vec_push(&w->late) : NULL;
	if (!late)
		w->skipped++;
	else
		*late = (struct late){ to, (uint32_t)w->slab, (uint32_t)w->targets.len };
	return NO_NUMBER;
}

static void resolve(struct graph_worker *w)
{
	const struct numbers *numbers = w->work->graph->numbers;
	for (size_t i = 0; i < w->gathered_count; i++) {
		uint32_t *place = vec_push(&w->targets);
		if (!place) {
			atomic_store(&w->work->failed, true);
			w->gathered_count = 0;
			return;
		}
		*place = number_of(numbers, w->gathered[i]);
	}
	size_t first = w->targets.len - w->gathered_count;
	for (size_t i = 0; i < w->gathered_count; i++) {
		if (w->targets.items[first + i] != NO_NUMBER)
			continue;
		/* late entries name their place among the targets */
		size_t len = w->targets.len;
		w->targets.len = first + i;
		uint32_t number = meet_late(w, w->gathered[i]);
		w->targets.len = len;
		w->targets.items[first + i] = number;
	}
	w->edges += w->gathered_count;
	w->gathered_count = 0;
}

static bool gather(struct graph_worker *w, const struct object *o)
{
	const struct graph *graph = w->work->graph;
	struct edge_iter it;
	struct edge e;
	if (!edges_of(numbers_runtime(graph->numbers), o, &it))
		return false;
	while (edge_next(&it, &e)) {
		if (e.flags & EDGE_WEAK && !graph->weak)
			continue;
		if (w->gathered_count == GATHERED)
			resolve(w);
		w->gathered[w->gathered_count++] = e.to;
	}
	return true;
}

/* Into memory of its own, as long as it is. */
static void keep(struct graph_worker *w, struct slab *slab)
{
	size_t words = (size_t)slab->count + 1 + w->targets.len;
	if (w->targets.len > SLAB_EDGES_MAX ||
	    !budget_take(w->work->graph->budget, words * sizeof(uint32_t))) {
		w->unkept += slab->count;
		return;
	}
	w->taken += words * sizeof(uint32_t);
	slab->starts = malloc(words * sizeof(uint32_t));
	if (!slab->starts) {
		atomic_store(&w->work->failed, true);
		return;
	}
	memcpy(slab->starts, w->starts, ((size_t)slab->count + 1) * sizeof(uint32_t));
	memcpy(slab->starts + slab->count + 1, w->targets.items,
	       w->targets.len * sizeof(uint32_t));
}

static void make_slab(struct graph_worker *w, size_t index)
{
	struct slab slab = w->work->graph->slabs.items[index];
	struct object o;
	uint32_t number, next = slab.first;
	w->slab = index;
	w->targets.len = 0;
	numbers_iter_move(w->it, slab.first, slab.first + slab.count);
	while (numbers_next(w->it, &number, &o)) {
		for (; next <= number; next++)
			w->starts[next - slab.first] =
				(uint32_t)(w->targets.len + w->gathered_count);
		if (!gather(w, &o))
			atomic_store(&w->work->failed, true);
	}
	resolve(w);
	for (; next <= slab.first + slab.count; next++)
		w->starts[next - slab.first] = (uint32_t)w->targets.len;
	keep(w, &slab);
	w->work->graph->slabs.items[index] = slab;
}

static void *make_slabs(void *arg)
{
	struct graph_worker *w = arg;
	struct graph_work *work = w->work;
	size_t index;
	w->it = numbered_objects(work->graph->numbers, 0, 0);
	if (!w->it)
		atomic_store(&work->failed, true);
	while (!atomic_load(&work->failed) &&
	       (index = atomic_fetch_add(&work->next, 1)) < work->end) {
		make_slab(w, index);
		if (w->is_main)
			progress_show(work->options->progress, "following references", index,
				      work->end);
	}
	return NULL;
}

/* --- all of them ----------------------------------------------------------------------------- */

static bool add_slabs(struct graph *graph, uint32_t first, uint32_t end)
{
	while (first < end) {
		struct slab *slab = vec_push(&graph->slabs);
		if (!slab)
			return false;
		slab->first = first;
		slab->count = MIN(end - first, (uint32_t)SLAB);
		first += slab->count;
	}
	return true;
}

static void take_sums(struct graph *graph, struct graph_worker *w)
{
	graph->edges += w->edges;
	graph->skipped += w->skipped;
	graph->unkept += w->unkept;
	graph->taken += w->taken;
	w->edges = w->skipped = w->unkept = w->taken = 0;
}

static int compare_late(const void *a, const void *b)
{
	const struct late *x = a, *y = b;
	return x->to < y->to ? -1 : x->to > y->to;
}

/* Numbers for what was met late, in address order whatever thread met it, and into the targets. */
static bool number_late(struct graph *graph, struct graph_worker **workers, unsigned jobs)
{
	VEC(struct late) all = VEC_INIT;
	bool ok = true;
	for (unsigned i = 0; i < jobs; i++) {
		for (size_t k = 0; ok && k < workers[i]->late.len; k++) {
			struct late *late = vec_push(&all);
			ok = late != NULL;
			if (late)
				*late = workers[i]->late.items[k];
		}
		budget_give(graph->budget, workers[i]->late.len * sizeof(struct late));
		vec_release(&workers[i]->late);
	}
	vec_sort(&all, compare_late);
	for (size_t i = 0; ok && i < all.len; i++) {
		const struct late *late = &all.items[i];
		const struct slab *slab = &graph->slabs.items[late->slab];
		uint32_t number = numbers_add(graph->numbers, late->to);
		graph->skipped += number == NO_NUMBER;
		if (slab->starts)
			slab->starts[slab->count + 1 + late->index] = number;
	}
	vec_release(&all);
	return ok;
}

/* What was met late refers to others, and these to others. */
static bool follow_late(struct graph *graph, struct graph_worker *w)
{
	struct graph_work *work = w->work;
	uint32_t done = graph->walked;
	w->adds = true;
	while (done < numbers_count(graph->numbers) && !atomic_load(&work->failed)) {
		size_t first = graph->slabs.len;
		uint32_t count = numbers_count(graph->numbers);
		if (!add_slabs(graph, done, count))
			return false;
		for (size_t i = first; i < graph->slabs.len && !atomic_load(&work->failed); i++)
			make_slab(w, i);
		done = count;
	}
	take_sums(graph, w);
	return !atomic_load(&work->failed);
}

static void workers_free(struct graph_worker **workers, unsigned jobs)
{
	for (unsigned i = 0; i < jobs && workers[i]; i++) {
		numbers_iter_free(workers[i]->it);
		vec_release(&workers[i]->targets);
		vec_release(&workers[i]->late);
		free(workers[i]);
	}
}

static void *run_worker(void *item)
{
	return make_slabs(*(struct graph_worker **)item);
}

static bool make(struct graph *graph, const struct graph_options *options)
{
	struct graph_work work = { .graph = graph, .options = options };
	struct graph_worker *workers[JOBS_MAX] = { 0 };
	struct runtime *rt = numbers_runtime(graph->numbers);
	unsigned jobs = jobs_for(options->jobs, graph->walked, WORTH_A_THREAD);
	bool ok = add_slabs(graph, 0, graph->walked);
	work.end = graph->slabs.len;
	for (unsigned i = 0; ok && i < jobs; i++) {
		workers[i] = calloc(1, sizeof(*workers[i]));
		ok = workers[i] != NULL;
		if (ok)
			*workers[i] = (struct graph_worker){ .work = &work, .is_main = i == 0 };
	}
	if (ok) {
		runtime_share(rt, true);
		jobs_run(jobs, run_worker, workers, sizeof(workers[0]));
		runtime_share(rt, false);
		for (unsigned i = 0; i < jobs; i++)
			take_sums(graph, workers[i]);
		ok = !atomic_load(&work.failed) && number_late(graph, workers, jobs) &&
		     follow_late(graph, workers[0]);
	}
	progress_end(options->progress);
	workers_free(workers, jobs);
	return ok;
}

struct error *graph_make(struct numbers *numbers, const struct graph_options *options,
			 struct graph **ret)
{
	_cleanup_(owned_graph_free) struct graph *graph = calloc(1, sizeof(*graph));
	if (!graph)
		return error_nomem();
	graph->numbers = numbers;
	graph->weak = options->weak;
	graph->budget = options->budget;
	graph->walked = numbers_count(numbers);
	if (!make(graph, options))
		return error_nomem();
	*ret = take(graph);
	return NULL;
}

void graph_free(struct graph *graph)
{
	if (!graph)
		return;
	for (size_t i = 0; i < graph->slabs.len; i++)
		free(graph->slabs.items[i].starts);
	vec_release(&graph->slabs);
	budget_give(graph->budget, graph->taken);
	free(graph);
}

uint64_t graph_edges(const struct graph *graph)
{
	return graph->edges;
}

uint32_t graph_unkept(const struct graph *graph)
{
	return graph->unkept;
}

uint64_t graph_skipped(const struct graph *graph)
{
	return graph->skipped;
}

/* --- asking ---------------------------------------------------------------------------------- */

struct graph_reader {
	const struct graph *graph;
	struct numbers_iter *it;
	VEC(uint32_t) targets; /* of an object whose slab is not kept */
};

struct graph_reader *graph_reader_new(const struct graph *graph)
{
	struct graph_reader *r = calloc(1, sizeof(*r));
	if (!r)
		return NULL;
	r->graph = graph;
	r->it = numbered_objects(graph->numbers, 0, 0);
	if (!r->it) {
		free(r);
		return NULL;
	}
	return r;
}

void graph_reader_free(struct graph_reader *r)
{
	if (!r)
		return;
	numbers_iter_free(r->it);
	vec_release(&r->targets);
	free(r);
}

static const struct slab *slab_of(const struct graph *graph, uint32_t number)
{
	size_t low = 0, high = graph->slabs.len;
	if (number < graph->walked)
		return &graph->slabs.items[number / SLAB];
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (graph->slabs.items[middle].first <= number)
			low = middle;
		else
			high = middle;
	}
	return high ? &graph->slabs.items[low] : NULL;
}

bool graph_has_referrer(const struct graph *graph, uint32_t number, const uint64_t *besides)
{
	if (graph->unkept)
		return true;
	for (size_t i = 0; i < graph->slabs.len; i++) {
		const struct slab *slab = &graph->slabs.items[i];
		const uint32_t *targets = slab->starts + slab->count + 1;
		uint32_t object = 0, count = slab->starts[slab->count];
		for (uint32_t k = 0; k < count; k++) {
			if (targets[k] != number)
				continue;
			while (slab->starts[object + 1] <= k)
				object++;
			uint32_t from = slab->first + object;
			if (!(besides[from / 64] >> (from % 64) & 1))
				return true;
		}
	}
	return false;
}

static const uint32_t *look_again(struct graph_reader *r, uint32_t number, size_t *ret_count)
{
	struct object o;
	struct edge_iter it;
	struct edge e;
	r->targets.len = 0;
	if (numbers_load(r->it, number, &o) && edges_of(numbers_runtime(r->graph->numbers), &o, &it)) {
		while (edge_next(&it, &e)) {
			uint32_t *place = !(e.flags & EDGE_WEAK) || r->graph->weak
						  ? vec_push(&r->targets)
						  : NULL;
			if (place)
				*place = number_of(r->graph->numbers, e.to);
		}
	}
	*ret_count = r->targets.len;
	return r->targets.items;
}

const uint32_t *graph_referents(struct graph_reader *r, uint32_t number, size_t *ret_count)
{
	const struct slab *slab = slab_of(r->graph, number);
	*ret_count = 0;
	if (!slab || number - slab->first >= slab->count)
		return NULL;
	if (!slab->starts)
		return look_again(r, number, ret_count);
	const uint32_t *starts = slab->starts + (number - slab->first);
	*ret_count = starts[1] - starts[0];
	return slab->starts + slab->count + 1 + starts[0];
}
