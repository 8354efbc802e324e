/* See the header. Counts are made in the order of the heap, by several threads; what is alive is
 * followed in that order too, where it leads forwards. */
#include "analyzers/gc_garbage.h"

#include "core/checked.h"
#include "core/jobs.h"
#include "cpython_layouts/edges.h"
#include "cpython_layouts/heap_deal.h"

enum {
	OBJECTS_AT_ONCE = 1 << 15,
	REFS_MAX = INT32_MAX,
};
#define NOT_TRACKED UINT32_MAX

/* By number: references that are not accounted for yet, or NOT_TRACKED. At the end 0 is garbage. */
struct reckoning {
	struct runtime *rt;
	struct heap_deal deal;		/* of which nobody sees how far it is */
	struct numbers *numbers;
	const struct numbers_options *options;
	_Atomic uint32_t *refs;
	uint32_t count;
	atomic_size_t next;		/* number */
	atomic_bool failed;		/* out of memory */
	VEC(uint32_t) behind;		/* alive, and to be followed */
};

struct reckoner {
	struct reckoning *all;
	bool is_main;
};

/* Include/internal/pycore_gc.h (free-threaded): their references from stacks are not counted. */
static bool is_deferred(const struct layout *l, const struct object *o)
{
	enum { GC_BITS_DEFERRED = 64 };
	return HAS(l, PyObject, ob_gc_bits) &&
	       GET(l, o->p, PyObject, ob_gc_bits) & GC_BITS_DEFERRED;
}

/* PyObject_IS_GC(): static types are not. */
static bool is_collected(const struct layout *l, const struct object *o)
{
	bool is_type = o->type->flags & TPFLAGS_TYPE_SUBCLASS &&
		       o->type->fixed >= SIZEOF(l, PyTypeObject);
	return o->type->flags & TPFLAGS_HAVE_GC &&
	       (!is_type || GET(l, o->p, PyTypeObject, tp_flags) & TPFLAGS_HEAPTYPE);
}

/* 3.14.0 - 3.14.4, free-threaded: a collection begins by giving up tuples that hold nothing of the
 * collector's (Python/gc.c, _PyTuple_MaybeUntrack()); else those that are alive end so. */
static bool is_given_up(struct runtime *rt, const struct object *o)
{
	const struct python_version *v = &rt->layout.version;
	bool by_increments = v->major == 3 && v->minor == 14 && v->micro < 5;
	struct edge_iter it;
	struct edge e;
	if (!(by_increments || v->free_threaded) || !o->type->is_exact_kind ||
	    !(o->type->flags & TPFLAGS_TUPLE_SUBCLASS) || !edges_of(rt, o, &it))
		return false;
	while (edge_next(&it, &e)) {
		struct object item;
		if (e.kind != EDGE_ITEM || !object_load(rt, e.to, &item) ||
		    !is_collected(&rt->layout, &item))
			continue;
		bool is_tuple = item.type->is_exact_kind &&
				item.type->flags & TPFLAGS_TUPLE_SUBCLASS;
		if (!is_tuple || object_is_tracked(rt, &item))
			return false;
	}
	return !it.lost;
}

static uint32_t refs_of(struct runtime *rt, const struct heap_object *o)
{
	int64_t count;
	if (!o->tracked || o->frozen || object_is_frozen(rt, &o->object) ||
	    !object_refcount(rt, &o->object, &count) || is_given_up(rt, &o->object))
		return NOT_TRACKED;
	if (is_deferred(&rt->layout, &o->object))
		return REFS_MAX;
	return (uint32_t)MIN(MAX(count, 0), (int64_t)REFS_MAX);
}

static void *count_parts(void *arg)
{
	struct reckoner *r = arg;
	struct reckoning *all = r->all;
	_cleanup_(owned_heap_iter_free) struct heap_iter *it = heap_objects(all->deal.heap, 0, 0);
	struct heap_object o;
	struct heap_hand hand = { 0 };
	if (!it)
		all->failed = true;
	while (it && heap_deal_next(&all->deal, it, &hand))
		while (heap_next(it, &o)) {
			uint32_t number = number_of(all->numbers, o.object.at);
			if (number < all->count)
				atomic_store_explicit(&all->refs[number], refs_of(all->rt, &o),
						      memory_order_relaxed);
		}
	return NULL;
}

/* No less than 0: a damaged count must not become a great one. */
static void take_one(_Atomic uint32_t *refs)
{
	uint32_t old = atomic_load_explicit(refs, memory_order_relaxed);
	while (old != 0 && old < REFS_MAX &&
	       !atomic_compare_exchange_weak_explicit(refs, &old, old - 1, memory_order_relaxed,
						      memory_order_relaxed))
		;
}

static void subtract(struct reckoning *all, const struct object *o)
{
	struct edge_iter it;
	struct edge e;
	if (!edges_of(all->rt, o, &it)) {
		all->failed = true;
		return;
	}
	while (edge_next(&it, &e)) {
		if (!edge_is_traversed(&e))
			continue;
		uint32_t to = number_of(all->numbers, e.to);
		if (to < all->count)
			take_one(&all->refs[to]);
	}
}

static void *subtract_all(void *arg)
{
	struct reckoner *r = arg;
	struct reckoning *all = r->all;
	_cleanup_(owned_numbers_iter_free) struct numbers_iter *it =
		numbered_objects(all->numbers, 0, 0);
	struct object o;
	size_t first;
	uint32_t number;
	if (!it)
		all->failed = true;
	while (it && (first = atomic_fetch_add(&all->next, OBJECTS_AT_ONCE)) < all->count) {
		uint32_t end = (uint32_t)MIN(first + OBJECTS_AT_ONCE, (size_t)all->count);
		numbers_iter_move(it, (uint32_t)first, end);
		while (!all->failed && numbers_next(it, &number, &o))
			if (all->refs[number] != NOT_TRACKED)
				subtract(all, &o);
		if (r->is_main)
			progress_show(all->options->progress, "looking for garbage",
				      all->deal.bytes / all->count * end / 2, all->deal.bytes);
	}
	return NULL;
}

/* What is met for the first time is alive from now on; what lies behind the place that the walk
 * has come to is not met by it again. */
static void follow(struct reckoning *all, const struct object *o, uint32_t place)
{
	struct edge_iter it;
	struct edge e;
	if (!edges_of(all->rt, o, &it)) {
		all->failed = true;
		return;
	}
	while (edge_next(&it, &e)) {
		if (e.flags & EDGE_WEAK)
			continue;
		uint32_t to = number_of(all->numbers, e.to);
		if (to >= all->count || all->refs[to] != 0)
			continue;
		all->refs[to] = 1;
		if (to > place)
			continue;
		uint32_t *later = vec_push(&all->behind);
		if (later)
			*later = to;
		else
			all->failed = true;
	}
}

static void follow_all(struct reckoning *all)
{
	_cleanup_(owned_numbers_iter_free) struct numbers_iter *it =
		numbered_objects(all->numbers, 0, all->count);
	_cleanup_(owned_numbers_iter_free) struct numbers_iter *back =
		numbered_objects(all->numbers, 0, 0);
	struct object o;
	uint32_t number;
	if (!it || !back)
		all->failed = true;
	while (!all->failed && numbers_next(it, &number, &o)) {
		if (all->refs[number] == 0 || all->refs[number] == NOT_TRACKED)
			continue;
		follow(all, &o, number);
		while (all->behind.len && !all->failed) {
			uint32_t other = all->behind.items[--all->behind.len];
			if (numbers_load(back, other, &o))
				follow(all, &o, number);
		}
		if (number % OBJECTS_AT_ONCE == 0)
			progress_show(all->options->progress, "looking for garbage",
				      all->deal.bytes / all->count * number / 2 + all->deal.bytes / 2,
				      all->deal.bytes);
	}
}

/* The counts, which are needed no more, become the members' places. */
static bool gather(struct reckoning *all, struct garbage *ret)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < all->count; i++)
		count += all->refs[i] == 0;
	if (!budget_take(all->options->budget, count * sizeof(uint32_t)))
		return false;
	uint32_t *members = malloc((count + 1) * sizeof(*members));
	if (!members)
		return false;
	ret->count = 0;
	for (uint32_t i = 0; i < all->count; i++) {
		bool is_garbage = all->refs[i] == 0;
		if (is_garbage)
			members[ret->count] = i;
		all->refs[i] = is_garbage ? ret->count++ : NOT_GARBAGE;
	}
	ret->members = members;
	ret->index = (uint32_t *)take(all->refs);
	return true;
}

static void reckon(struct reckoning *all)
{
	struct reckoner reckoners[JOBS_MAX];
	unsigned jobs = heap_deal_jobs(&all->deal, all->options->jobs);
	for (unsigned i = 0; i < jobs; i++)
		reckoners[i] = (struct reckoner){ all, i == 0 };
	runtime_share(all->rt, true);
	jobs_run(jobs, count_parts, reckoners, sizeof(reckoners[0]));
	if (!all->failed)
		jobs_run(jobs, subtract_all, reckoners, sizeof(reckoners[0]));
	runtime_share(all->rt, false);
	if (!all->failed)
		follow_all(all);
	progress_end(all->options->progress);
}

struct error *garbage_find(struct runtime *rt, struct pyheap *heap,
			   const struct numbers_options *options, struct garbage *ret)
{
	struct reckoning all = {
		.rt = rt, .options = options, .deal = heap_deal(heap, NULL, "looking for garbage"),
	};
	struct garbage g = { .rt = rt };
	struct error *err = numbers_make(heap, options, &g.numbers);
	if (err)
		return err;
	all.numbers = g.numbers;
	all.count = numbers_count(g.numbers);
	bool fits = budget_take(options->budget, all.count * sizeof(uint32_t));
	all.refs = fits ? malloc((all.count + 1) * sizeof(*all.refs)) : NULL;
	for (uint32_t i = 0; all.refs && i < all.count; i++)
		all.refs[i] = NOT_TRACKED;
	if (all.refs)
		reckon(&all);
	if (!all.refs || all.failed || !gather(&all, &g))
		err = fits ? error_nomem()
			   : error_new(ERROR_UNSUPPORTED, "the objects that are garbage cannot be "
							  "found within --memory-limit");
	vec_release(&all.behind);
	free(all.refs);
	if (err)
		garbage_release(&g);
	else
		*ret = g;
	return err;
}

void garbage_release(struct garbage *g)
{
	if (g->numbers)
		numbers_free(g->numbers);
	free(g->members);
	free(g->index);
	*g = (struct garbage){ 0 };
}
