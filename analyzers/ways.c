/* From roots to an object: breadth first, so that the first way met is a shortest one, over the
 * graph by numbers: a bit for each object that was met, 4 bytes for who led to it, 4 for the queue.
 * What the references on a way are called is found when it is printed, by looking at its objects'
 * edges once more. */
#include <inttypes.h>
#include "analyzers/roots.h"
#include "analyzers/words.h"
#include "core/checked.h"
#include "cpython_layouts/type.h"

enum { STEP_MAX = 10000, SHOW_EVERY = 1 << 18 };

struct search {
	struct session *s;
	const struct ways_options *options;
	struct numbers *numbers;
	struct graph *graph;
	struct graph_reader *reader;
	struct roots roots;
	uint32_t target;
	uint64_t *blocked, *met; /* a bit for each object; inner objects of ways that were found */
	uint32_t *from, *queue;
	size_t bits;		 /* 64 of them in each word of these */
	uint64_t taken;		 /* bytes of the budget */
	struct way *ways;	 /* those that were found */
	size_t count;
};

static bool has_bit(const uint64_t *bits, uint32_t number)
{
	return bits[number / 64] >> (number % 64) & 1;
}

static void set_bit(uint64_t *bits, uint32_t number)
{
	bits[number / 64] |= UINT64_C(1) << (number % 64);
}

/* --- one search ------------------------------------------------------------------------------ */

/* How many objects at a way's beginning may lie on others too: sys.modules itself. */
static size_t shared_start(const struct way *way)
{
	return way->root.kind == ROOT_MODULES && way->objects.len > 1;
}

/* Was this root a way of its own, with nothing between it and the target? */
static bool is_used(const struct search *k, const struct root *root)
{
	for (size_t i = 0; i < k->count; i++) {
		const struct root *known = &k->ways[i].root;
		if (k->ways[i].objects.len == 1 + shared_start(&k->ways[i]) &&
		    known->kind == root->kind && known->thread == root->thread &&
		    known->frame == root->frame && known->name == root->name &&
		    known->offset == root->offset && known->interpreter == root->interpreter)
			return true;
	}
	return false;
}

/* true: it is the target. from: its own number where a root leads to it. */
static bool meet(struct search *k, uint32_t number, uint32_t from, uint32_t *end)
{
	if (number == NO_NUMBER || has_bit(k->met, number))
		return false;
	set_bit(k->met, number);
	k->from[number] = from;
	k->queue[(*end)++] = number;
	return number == k->target;
}

static bool search(struct search *k)
{
	uint32_t next = 0, end = 0;
	memcpy(k->met, k->blocked, k->bits * sizeof(k->met[0]));
	for (size_t i = 0; i < k->roots.list.len; i++) {
		const struct root *root = &k->roots.list.items[i];
		uint32_t number = number_of(k->numbers, root->at);
		if ((number != k->target || !is_used(k, root)) && meet(k, number, number, &end))
			return true;
	}
	while (next < end) {
		uint32_t from = k->queue[next++];
		size_t count;
		const uint32_t *to = graph_referents(k->reader, from, &count);
		for (size_t i = 0; i < count; i++)
			if (meet(k, to[i], from, &end))
				return true;
		if (next % SHOW_EVERY == 0)
			progress_show(k->s->files->progress, "looking for ways", next,
				      numbers_count(k->numbers));
	}
	return false;
}

/* The root that was met first; it is the target's own where nothing lies between. */
static const struct root *root_of(const struct search *k, uint32_t number)
{
	const struct root *root;
	vec_each(root, &k->roots.list)
		if (number_of(k->numbers, root->at) == number &&
		    (number != k->target || !is_used(k, root)))
			return root;
	return NULL;
}

/* The way back, turned round. false: out of memory, or longer than any that is worth telling. */
static bool way_take(struct search *k, struct way *ret)
{
	uint32_t number = k->target;
	*ret = (struct way){ 0 };
	for (size_t n = 0; n < STEP_MAX; n++) {
		addr_t *place = vec_push(&ret->objects);
		if (!place)
			break;
		*place = number_address(k->numbers, number);
		const struct root *root = k->from[number] == number ? root_of(k, number) : NULL;
		if (root) {
			ret->root = *root;
			for (size_t i = 0, j = ret->objects.len - 1; i < j; i++, j--) {
				addr_t kept = ret->objects.items[i];
				ret->objects.items[i] = ret->objects.items[j];
				ret->objects.items[j] = kept;
			}
			return true;
		}
		number = k->from[number];
	}
	way_release(ret);
	return false;
}

void way_release(struct way *way)
{
	vec_release(&way->objects);
}

/* --- all of them ----------------------------------------------------------------------------- */

/* The object behind the root, sys.modules for one, may be met again; what lies between may not. */
static void block(struct search *k, const struct way *way)
{
	for (size_t i = shared_start(way); i + 1 < way->objects.len; i++)
		set_bit(k->blocked, number_of(k->numbers, way->objects.items[i]));
}

/* Is there anything left that the target could be reached from? Where there is not, which is the
 * most frequent case, no other search need be made. */
static bool may_go_on(const struct search *k)
{
	const struct root *root;
	vec_each(root, &k->roots.list)
		if (number_of(k->numbers, root->at) == k->target && !is_used(k, root))
			return true;
	return graph_has_referrer(k->graph, k->target, k->blocked);
}

static void search_all(struct search *k, bool weak)
{
	while (k->count < k->options->max && may_go_on(k) && search(k)) {
		struct way *way = &k->ways[k->count];
		if (!way_take(k, way))
			break;
		way->weak = weak;
		k->count++;
		block(k, way);
	}
	progress_end(k->s->files->progress);
}

static void search_release(struct search *k)
{
	graph_reader_free(k->reader);
	graph_free(k->graph);
	free(k->blocked);
	free(k->met);
	free(k->from);
	free(k->queue);
	budget_give(k->options->budget, k->taken);
	k->reader = NULL;
	k->graph = NULL;
	k->blocked = k->met = NULL;
	k->from = k->queue = NULL;
	k->taken = 0;
}

static struct error *search_prepare(struct search *k, bool weak)
{
	const struct graph_options options = { .weak = weak,
					       .jobs = k->options->jobs,
					       .budget = k->options->budget,
					       .progress = k->s->files->progress };
	/* What the search itself needs comes first: without the graph it can do. */
	uint64_t count = numbers_count(k->numbers), bytes = count * 8 + count / 4 + 16;
	search_release(k);
	if (!budget_take(k->options->budget, bytes))
		return error_new(ERROR_UNSUPPORTED, "the ways to one of %" PRIu64 " objects cannot "
						    "be found within the memory limit: raise "
						    "--memory-limit", count);
	k->taken = bytes;
	struct error *err = graph_make(k->numbers, &options, &k->graph);
	if (err)
		return err;
	/* there may be more by now */
	count = numbers_count(k->numbers);
	k->bits = count / 64 + 1;
	k->blocked = calloc(k->bits, sizeof(k->blocked[0]));
	k->met = calloc(k->bits, sizeof(k->met[0]));
	k->from = malloc((count + 1) * sizeof(k->from[0]));
	k->queue = malloc((count + 1) * sizeof(k->queue[0]));
	k->reader = graph_reader_new(k->graph);
	return k->blocked && k->met && k->from && k->queue && k->reader ? NULL : error_nomem();
}

/* Roots and the target may lie where no allocator shows them. */
static bool number_roots(struct search *k, addr_t target)
{
	const struct root *root;
	struct object o;
	vec_each(root, &k->roots.list)
		if (number_of(k->numbers, root->at) == NO_NUMBER &&
		    object_load(k->s->runtime, root->at, &o))
			numbers_add(k->numbers, root->at);
	k->target = numbers_add(k->numbers, target);
	return k->target != NO_NUMBER;
}

static void remark_limits(const struct search *k)
{
	struct remarks *remarks = &k->s->target->remarks;
	_str_ struct str count = STR_INIT;
	if (graph_skipped(k->graph)) {
		words_count(&count, graph_skipped(k->graph), "reference");
		remark_loss(remarks, "%s not followed, for want of memory: there may be other ways",
			    count.buf);
	}
	if (graph_unkept(k->graph)) {
		str_reset(&count);
		words_count(&count, graph_unkept(k->graph), "object");
		remark_info(remarks, "the references of %s do not fit in the memory limit: they "
				     "were looked at again and again", count.buf);
	}
}

static struct error *find(struct search *k, addr_t target)
{
	if (!roots_of_program(k->s, &k->roots))
		return error_nomem();
	size_t first = k->roots.list.len;
	if (!roots_of_interpreter(k->s, &k->roots))
		return error_nomem();
	if (!number_roots(k, target))
		return error_nomem();
	struct error *err = search_prepare(k, false);
	if (err)
		return err;
	remark_limits(k);
	/* Modules and frames first, then all roots, then what C may hold, then weak references. */
	size_t all = k->roots.list.len;
	k->roots.list.len = first;
	search_all(k, false);
	k->roots.list.len = all;
	search_all(k, false);
	if (k->count)
		return NULL;
	if (!roots_of_c(k->s, k->numbers, &k->roots))
		return error_nomem();
	search_all(k, false);
	if (k->count)
		return NULL;
	err = search_prepare(k, true);
	if (err)
		return err;
	k->roots.list.len = first;
	search_all(k, true);
	k->roots.list.len = all;
	search_all(k, true);
	return NULL;
}

struct error *ways_find(struct session *s, struct pyheap *heap, addr_t target,
			const struct ways_options *options, struct way *ret, size_t *ret_count)
{
	const struct numbers_options numbering = { .jobs = options->jobs,
						   .budget = options->budget,
						   .progress = s->files->progress };
	_cleanup_(owned_numbers_free) struct numbers *numbers = NULL;
	struct error *err = numbers_make(heap, &numbering, &numbers);
	if (err)
		return err;
	struct search k = { .s = s, .options = options, .numbers = numbers, .ways = ret };
	err = find(&k, target);
	search_release(&k);
	roots_release(&k.roots);
	if (!err)
		*ret_count = k.count;
	return err;
}

/* --- printing ----------------------------------------------------------------- */

/* The best name among the references from one object to the next: an attribute before a key. */
static bool edge_between(struct runtime *rt, addr_t from, addr_t to, bool weak, struct edge *ret)
{
	struct object o;
	struct edge_iter it;
	struct edge e;
	bool found = false;
	if (!object_load(rt, from, &o) || !edges_of(rt, &o, &it))
		return false;
	while (edge_next(&it, &e)) {
		if (e.to != to || (!weak && e.flags & EDGE_WEAK))
			continue;
		if (!found || e.kind < ret->kind)
			*ret = e;
		found = true;
	}
	return found;
}

static bool is_dict_of_attributes(const struct edge *e)
{
	return e->kind == EDGE_ATTRIBUTE && e->name && streq(e->name, "__dict__");
}

size_t step_between(struct runtime *rt, const addr_t *objects, size_t count, bool weak,
		    struct edge *ret)
{
	struct edge next;
	if (count < 2 || !edge_between(rt, objects[0], objects[1], weak, ret))
		return 0;
	if (count < 3 || !is_dict_of_attributes(ret) ||
	    !edge_between(rt, objects[1], objects[2], weak, &next) || next.kind != EDGE_VALUE ||
	    !object_name(rt, next.key))
		return 1;
	next.kind = EDGE_ATTRIBUTE;
	next.flags |= ret->flags & EDGE_INFERRED;
	*ret = next;
	return 2;
}

void way_print(struct session *s, const struct way *way, struct str *out, bool *ret_inferred)
{
	struct runtime *rt = s->runtime;
	root_print(s, &way->root, out);
	*ret_inferred = root_is_inferred(&way->root);
	for (size_t i = 0; i + 1 < way->objects.len;) {
		struct edge e;
		size_t further = step_between(rt, way->objects.items + i, way->objects.len - i,
					      way->weak, &e);
		if (further) {
			*ret_inferred |= e.flags & EDGE_INFERRED;
			edge_print(rt, &e, out);
		} else {
			str_adds(out, " -> ?");
		}
		i += further ? further : 1;
	}
}
