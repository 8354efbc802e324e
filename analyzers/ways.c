/* From roots to an object: breadth first, so that the first way met is a shortest one.
 *
 * An object that was met is remembered with the one that led to it: 16 bytes in a map that is never
 * more than two thirds full, and 8 in the queue. What the references on a way are called is found
 * when it is printed, by looking at its objects' edges once more. */
#include <inttypes.h>
#include "analyzers/roots.h"
#include "core/map.h"
#include "cpython_layouts/type.h"

enum { STEP_MAX = 10000 };
/* Of a map's value: it was met from root number n; other values are addresses. */
#define FROM_ROOT (UINT64_C(1) << 63)

struct search {
	struct runtime *rt;
	addr_t target;
	const struct roots *roots;
	struct map met;            /* object -> who led to it */
	const struct map *blocked; /* inner objects of ways that were found */
	const struct way *known;   /* those ways */
	size_t known_count;
	VEC(addr_t) queue;
	size_t next;
	bool weak;     /* along weak references too */
	bool has_more; /* something else leads to the target as well */
	bool failed;
};

/* Text and numbers refer to nothing: not worth remembering. */
static bool is_leaf(const struct object *o)
{
	return !(o->type->flags & (TPFLAGS_HEAPTYPE | TPFLAGS_HAVE_GC)) &&
	       o->type->flags & (TPFLAGS_UNICODE_SUBCLASS | TPFLAGS_BYTES_SUBCLASS |
				 TPFLAGS_LONG_SUBCLASS | TPFLAGS_INT_SUBCLASS);
}

/* true: it is the target. */
static bool meet(struct search *k, addr_t at, uint64_t from)
{
	struct object o;
	bool is_new;
	/* Its head is near what led here more often than not; its place in the map never is. */
	if (at != k->target && (!object_load(k->rt, at, &o) || is_leaf(&o) ||
				(k->blocked->len && map_find(k->blocked, at))))
		return false;
	uint64_t *slot = map_insert(&k->met, at, &is_new);
	if (slot && !is_new) {
		k->has_more |= at == k->target && *slot != from;
		return false;
	}
	addr_t *place = slot ? vec_push(&k->queue) : NULL;
	if (!place) {
		k->failed = true;
		return false;
	}
	*slot = from;
	*place = at;
	return at == k->target;
}

static bool expand(struct search *k, addr_t at)
{
	struct object o;
	struct edge_iter it;
	struct edge e;
	if (!object_load(k->rt, at, &o) || !edges_of(k->rt, &o, &it))
		return false;
	while (!k->failed && !k->has_more && edge_next(&it, &e))
		if ((k->weak || !(e.flags & EDGE_WEAK)) && meet(k, e.to, at))
			return true;
	return false;
}

/* How many objects at a way's beginning may lie on others too: sys.modules itself. */
static size_t shared_start(const struct way *way)
{
	return way->root.kind == ROOT_MODULES && way->objects.len > 1;
}

/* Was this root a way of its own, with nothing between it and the target? */
static bool is_used(const struct search *k, const struct root *root)
{
	for (size_t i = 0; i < k->known_count; i++) {
		const struct root *known = &k->known[i].root;
		if (k->known[i].objects.len == 1 + shared_start(&k->known[i]) &&
		    known->kind == root->kind && known->thread == root->thread &&
		    known->frame == root->frame && known->name == root->name &&
		    known->offset == root->offset && known->interpreter == root->interpreter)
			return true;
	}
	return false;
}

static bool search(struct search *k)
{
	for (size_t i = 0; i < k->roots->list.len && !k->has_more; i++)
		if (!is_used(k, &k->roots->list.items[i]) &&
		    meet(k, k->roots->list.items[i].at, FROM_ROOT | i))
			return true;
	while (!k->failed && !k->has_more && k->next < k->queue.len)
		if (expand(k, k->queue.items[k->next++]))
			return true;
	return false;
}

/* After a way was found: does anything else lead there? Where nothing does, which is the most
 * frequent case, no other search need be made. */
static bool leads_elsewhere(struct search *k)
{
	/* The object that it was found from has not been looked at to its end. */
	if (k->next)
		k->next--;
	search(k);
	return k->has_more || k->failed;
}

/* The way back, turned round. */
static bool way_take(struct search *k, struct way *ret)
{
	*ret = (struct way){ .weak = k->weak };
	addr_t at = k->target;
	for (size_t n = 0; n < STEP_MAX; n++) {
		uint64_t *slot = map_find(&k->met, at);
		addr_t *place = slot ? vec_push(&ret->objects) : NULL;
		if (!place)
			break;
		*place = at;
		if (*slot & FROM_ROOT) {
			ret->root = k->roots->list.items[*slot & ~FROM_ROOT];
			for (size_t i = 0, j = ret->objects.len - 1; i < j; i++, j--) {
				addr_t kept = ret->objects.items[i];
				ret->objects.items[i] = ret->objects.items[j];
				ret->objects.items[j] = kept;
			}
			return true;
		}
		at = *slot;
	}
	way_release(ret);
	return false;
}

void way_release(struct way *way)
{
	vec_release(&way->objects);
}

static bool try_once(struct search k, struct way *ret, uint64_t *seen, bool *ret_more)
{
	bool found = search(&k) && way_take(&k, ret);
	*ret_more = found && leads_elsewhere(&k);
	*seen = k.met.len > *seen ? k.met.len : *seen;
	map_release(&k.met);
	vec_release(&k.queue);
	return found;
}

/* The object behind the root, sys.modules for one, may be met again; what lies between may not. */
static bool block(struct map *blocked, const struct way *way)
{
	for (size_t i = shared_start(way); i + 1 < way->objects.len; i++)
		if (!map_insert(blocked, way->objects.items[i], NULL))
			return false;
	return true;
}

size_t ways_find(struct session *s, addr_t target, size_t max, struct way *ret,
		 uint64_t *ret_seen)
{
	struct roots roots = { .list = VEC_INIT };
	struct map blocked = MAP_INIT;
	size_t n = 0;
	*ret_seen = 0;
	/* Modules and frames first, then all roots, then weak references too. */
	for (unsigned stage = 0; stage < 3 && n == 0; stage++) {
		if (stage == 0 ? !roots_of_program(s, &roots)
			       : stage == 1 && !roots_of_interpreter(s, &roots))
			break;
		struct search k = { .rt = s->runtime,
				    .target = target,
				    .roots = &roots,
				    .blocked = &blocked,
				    .known = ret,
				    .weak = stage == 2 };
		bool more = true;
		while (more && n < max && try_once(k, &ret[n], ret_seen, &more)) {
			if (!block(&blocked, &ret[n++]))
				break;
			k.known_count = n;
		}
	}
	map_release(&blocked);
	roots_release(&roots);
	return n;
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

void way_print(struct runtime *rt, const struct way *way, struct str *out)
{
	root_print(&way->root, out);
	for (size_t i = 0; i + 1 < way->objects.len; i++) {
		struct edge e, next;
		addr_t to = way->objects.items[i + 1];
		if (!edge_between(rt, way->objects.items[i], to, way->weak, &e)) {
			str_adds(out, " -> ?");
			continue;
		}
		/* x.__dict__['name'] is x.name */
		if (is_dict_of_attributes(&e) && i + 2 < way->objects.len &&
		    edge_between(rt, to, way->objects.items[i + 2], way->weak, &next) &&
		    next.kind == EDGE_VALUE && object_name(rt, next.key)) {
			next.kind = EDGE_ATTRIBUTE;
			edge_print(rt, &next, out);
			i++;
			continue;
		}
		edge_print(rt, &e, out);
	}
}
