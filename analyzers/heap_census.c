/* See the header. Each thread takes the next part until none is left, and counts for
 * itself. */
#include "analyzers/heap_census.h"

#include "analyzers/heap_shapes.h"

#include <fnmatch.h>
#include "core/checked.h"
#include "core/jobs.h"
#include "core/map.h"
#include "core/str.h"
#include "cpython_layouts/heap_deal.h"
#include "cpython_layouts/sizes.h"

enum { SIZE_ROWS = 65 };	      /* powers of two */
#define ROW_HIDDEN SIZE_MAX /* of a type that --type does not name */

struct work {
	struct runtime *rt;
	const struct census_options *options;
	struct heap_deal deal;
};

struct worker {
	struct work *work;
	struct heap_hand hand;
	VEC(struct census_row) rows;	/* a type each */
	struct map by_type;		/* struct pytype -> row */
	const struct pytype *last;	/* objects come in runs of one type */
	size_t last_row;
	struct census_row sizes[SIZE_ROWS];
	struct shapes shapes;		/* BY_SHAPE */
	VEC(struct census_row) by_shape;
	struct heap_skipped skipped;
	bool failed;			/* out of memory */
};

/* --- one thread ------------------------------------------------------------------------------ */

static bool row_of_type(struct worker *w, const struct pytype *type, size_t *ret)
{
	const char *glob = w->work->options->glob;
	bool is_new;
	if (w->last == type) {
		*ret = w->last_row;
		return true;
	}
	uint64_t *slot = map_insert(&w->by_type, (uintptr_t)type, &is_new);
	if (!slot)
		return false;
	if (is_new && glob && fnmatch(glob, type->full_name, 0) != 0) {
		*slot = ROW_HIDDEN;
	} else if (is_new) {
		struct census_row *row = vec_push(&w->rows);
		if (!row)
			return false;
		row->name = type->full_name;
		row->module = type->module ? type->module : "?";
		*slot = w->rows.len - 1;
	}
	w->last = type;
	w->last_row = *ret = *slot;
	return true;
}

static void add(struct census_row *row, uint64_t size, bool tracked, bool sure)
{
	row->count++;
	row->bytes += size;
	row->max = MAX(row->max, size);
	row->unsure += !sure;
	row->tracked += tracked;
	row->tracked_bytes += tracked ? size : 0;
}

/* What has no shape stays in its type's row alone. */
static bool count_shape(struct worker *w, const struct heap_object *o, size_t type_row,
			uint64_t size, bool sure)
{
	bool failed;
	size_t shape = shape_of(&w->shapes, &o->object, &failed);
	if (failed)
		return false;
	bool tracked = o->tracked && !o->frozen;
	if (shape == SIZE_MAX) {
		add(&w->rows.items[type_row], size, tracked, sure);
		return true;
	}
	while (w->by_shape.len <= shape)
		if (!vec_push(&w->by_shape))
			return false;
	add(&w->by_shape.items[shape], size, tracked, sure);
	return true;
}

static bool count_object(struct worker *w, const struct heap_object *o)
{
	size_t row;
	uint64_t size = 0;
	if (!row_of_type(w, o->object.type, &row))
		return false;
	if (row == ROW_HIDDEN)
		return true;
	bool sure = object_size(w->work->rt, &o->object, &size);
	bool tracked = o->tracked && !o->frozen;
	if (w->work->options->by == CENSUS_BY_SHAPE)
		return count_shape(w, o, row, size, sure);
	add(&w->rows.items[row], size, tracked, sure);
	if (w->work->options->by == CENSUS_BY_SIZE)
		add(&w->sizes[size ? 64 - __builtin_clzll(size) : 0], size, tracked, sure);
	return true;
}

static void *count_parts(void *arg)
{
	struct worker *w = arg;
	struct work *work = w->work;
	_cleanup_(owned_heap_iter_free) struct heap_iter *it = heap_objects(work->deal.heap, 0, 0);
	struct heap_object o;
	w->failed = !it;
	while (!w->failed && heap_deal_next(&work->deal, it, &w->hand))
		while (heap_next(it, &o) && !w->failed)
			w->failed = !count_object(w, &o);
	if (it)
		w->skipped = heap_iter_skipped(it);
	return NULL;
}

/* --- all threads ----------------------------------------------------------------------------- */

static void merge(struct census_row *into, const struct census_row *row)
{
	into->count += row->count;
	into->bytes += row->bytes;
	into->max = MAX(into->max, row->max);
	into->tracked += row->tracked;
	into->tracked_bytes += row->tracked_bytes;
	into->unsure += row->unsure;
	if (row->example && (!into->example || row->example < into->example))
		into->example = row->example;
}

static int compare_names(const void *a, const void *b)
{
	const struct census_row *x = a, *y = b;
	return strcmp(x->name, y->name);
}

static int compare_bytes(const void *a, const void *b)
{
	const struct census_row *x = a, *y = b;
	return x->bytes != y->bytes ? (x->bytes < y->bytes ? 1 : -1) : compare_names(a, b);
}

static int compare_counts(const void *a, const void *b)
{
	const struct census_row *x = a, *y = b;
	return x->count != y->count ? (x->count < y->count ? 1 : -1) : compare_names(a, b);
}

static int compare_largest(const void *a, const void *b)
{
	const struct census_row *x = a, *y = b;
	return x->max != y->max ? (x->max < y->max ? 1 : -1) : compare_names(a, b);
}

/* Types of one name are one row: a program that makes classes makes many of them. */
static void merge_names(struct census *c)
{
	size_t kept = 0;
	vec_sort(&c->rows, compare_names);
	for (size_t i = 0; i < c->rows.len; i++) {
		const struct census_row row = c->rows.items[i];
		if (kept && streq(c->rows.items[kept - 1].name, row.name))
			merge(&c->rows.items[kept - 1], &row);
		else
			c->rows.items[kept++] = row;
	}
	c->rows.len = kept;
}

static bool push(struct census *c, const struct census_row *row, const char *name)
{
	struct census_row *added = row->count ? vec_push(&c->rows) : NULL;
	if (added) {
		*added = *row;
		added->name = name;
	}
	return added || !row->count;
}

static bool push_sizes(struct census *c, const struct worker *w)
{
	for (unsigned i = 0; i < SIZE_ROWS; i++) {
		_str_ struct str name = STR_INIT;
		if (!w->sizes[i].count)
			continue;
		uint64_t least = i ? UINT64_C(1) << (i - 1) : 0;
		str_printf(&name, "%" PRIu64 "..%" PRIu64, least, i ? least * 2 - 1 : 0);
		const char *kept = arena_copy(&c->arena, name.buf, name.len);
		if (name.failed || !kept || !push(c, &w->sizes[i], kept))
			return false;
	}
	return true;
}

/* A shape that several threads met is one row, with the example, and the name, of the lowest address:
 * as one thread would have it. */
static bool push_shapes(struct census *c, const struct worker *w, struct map *known)
{
	for (size_t i = 0; i < w->by_shape.len; i++) {
		const struct shape *shape = &w->shapes.list.items[i];
		bool is_new;
		uint64_t *slot = map_insert(known, shape->hash, &is_new);
		merge(&c->total, &w->by_shape.items[i]);
		if (!slot)
			return false;
		if (is_new) {
			*slot = c->rows.len;
			if (!push(c, &w->by_shape.items[i], ""))
				return false;
		} else {
			merge(&c->rows.items[*slot], &w->by_shape.items[i]);
		}
		struct census_row *row = &c->rows.items[*slot];
		if (!is_new && row->example < shape->example)
			continue;
		row->example = shape->example;
		row->name = arena_copy(&c->arena, shape->label, strlen(shape->label));
		if (!row->name)
			return false;
	}
	return true;
}

static bool gather(struct census *c, const struct worker *w, enum census_by by,
		   struct map *shapes)
{
	const struct census_row *row;
	c->any |= w->by_type.len > 0;
	c->over |= w->shapes.over;
	c->skipped.lost += w->skipped.lost;
	c->skipped.damaged += w->skipped.damaged;
	vec_each(row, &w->rows) {
		merge(&c->total, row);
		const char *name = by == CENSUS_BY_MODULE ? row->module : row->name;
		if (by != CENSUS_BY_SIZE && !push(c, row, name))
			return false;
	}
	return (by != CENSUS_BY_SIZE || push_sizes(c, w)) && push_shapes(c, w, shapes);
}

static void sort_rows(struct census *c, enum census_sort sort)
{
	static int (*const compare[])(const void *, const void *) = {
		[CENSUS_SORT_SIZE] = compare_bytes,
		[CENSUS_SORT_COUNT] = compare_counts,
		[CENSUS_SORT_MAX] = compare_largest,
		[CENSUS_SORT_NAME] = compare_names,
	};
	vec_sort(&c->rows, compare[sort]);
}

struct error *census_take(struct runtime *rt, struct pyheap *heap,
			  const struct census_options *options, struct census *ret)
{
	struct work work = {
		.rt = rt, .options = options,
		.deal = heap_deal(heap, options->progress, "counting objects"),
	};
	unsigned jobs = heap_deal_jobs(&work.deal, options->jobs);
	_free_ struct worker *workers = calloc(jobs, sizeof(*workers));
	if (!workers)
		return error_nomem();
	struct census c = { .arena = ARENA_INIT };
	for (unsigned i = 0; i < jobs; i++) {
		workers[i].work = &work;
		workers[i].shapes = (struct shapes){ .rt = rt, .budget = options->budget };
	}
	workers[0].hand.is_main = true;
	runtime_share(rt, true);
	jobs_run(jobs, count_parts, workers, sizeof(*workers));
	runtime_share(rt, false);
	struct map shapes = MAP_INIT;
	bool ok = true;
	for (unsigned i = 0; i < jobs; i++) {
		ok = ok && !workers[i].failed && gather(&c, &workers[i], options->by, &shapes);
		vec_release(&workers[i].rows);
		map_release(&workers[i].by_type);
		vec_release(&workers[i].by_shape);
		shapes_release(&workers[i].shapes);
	}
	map_release(&shapes);
	progress_end(options->progress);
	if (!ok) {
		census_release(&c);
		return error_nomem();
	}
	merge_names(&c);
	sort_rows(&c, options->sort);
	*ret = c;
	return NULL;
}

void census_release(struct census *c)
{
	vec_release(&c->rows);
	arena_release(&c->arena);
}
