/* See the header. */
#include "analyzers/gc_cycles.h"

#include <inttypes.h>
#include "analyzers/roots.h"
#include "core/checked.h"
#include "cpython_layouts/edges.h"
#include "cpython_layouts/sizes.h"
#include "cpython_layouts/type.h"

enum { STEPS_SHOWN = 12, ALIKE_SHOWN = 2, TYPES_SHOWN = 6, BASES_MAX = 64 };
#define UNSEEN UINT32_MAX

/* --- finalizers ------------------------------------------------------------------------------- */

/* Include/cpython/object.h (all versions): tp_weaklist tp_del tp_version_tag tp_finalize, the last
 * one from 3.4 on. */
static bool has_slot(struct runtime *rt, const struct pytype *type, unsigned behind)
{
	const struct layout *l = &rt->layout;
	uint64_t at = OFFSET(l, PyTypeObject, tp_weaklist) + behind * l->machine->word;
	return HAS(l, PyTypeObject, tp_weaklist) &&
	       at + l->machine->word <= SIZEOF(l, PyTypeObject) &&
	       load_word(l->machine, type->p + at);
}

/* 2.7: a class of the old kind, or one of its bases, has __del__. */
static bool class_has_del(struct runtime *rt, addr_t class)
{
	const struct layout *l = &rt->layout;
	addr_t todo[BASES_MAX] = { class };
	size_t count = 1;
	for (size_t i = 0; i < count; i++) {
		struct object o;
		size_t bases;
		addr_t items, base;
		if (!object_load(rt, todo[i], &o) || o.type->fixed < SIZEOF(l, PyClassObject))
			continue;
		if (dict_get(rt, GET(l, o.p, PyClassObject, cl_dict), "__del__"))
			return true;
		if (!object_sequence(rt, GET(l, o.p, PyClassObject, cl_bases), &bases, &items))
			continue;
		for (size_t j = 0; j < bases && count < BASES_MAX; j++)
			if (target_read_word(rt->target, items + j * l->machine->word, &base))
				todo[count++] = base;
	}
	return false;
}

static bool instance_has_del(struct runtime *rt, const struct object *o)
{
	struct edge_iter it;
	struct edge e;
	if (!HAS(&rt->layout, PyClassObject, cl_dict) || !streq(o->type->full_name, "instance") ||
	    !edges_of(rt, o, &it))
		return false;
	while (edge_next(&it, &e))
		if (e.name && streq(e.name, "__class__"))
			return class_has_del(rt, e.to);
	return false;
}

static uint8_t finalizer_flags(struct runtime *rt, const struct object *o)
{
	enum { DEL = 1, FINALIZE = 3 };
	bool is_old = rt->layout.version.major < 3;
	if (has_slot(rt, o->type, DEL) || (is_old && instance_has_del(rt, o)))
		return CYCLE_FINALIZER | CYCLE_STUCK;
	return !is_old && has_slot(rt, o->type, FINALIZE) ? CYCLE_FINALIZER : 0;
}

/* --- the graph -------------------------------------------------------------------------------- */

addr_t cycles_address(const struct cycles *c, uint32_t member)
{
	return number_address(c->garbage.numbers, c->garbage.members[member]);
}

static bool add_edges(struct cycles *c, const struct object *o, size_t *count, size_t *room)
{
	const struct garbage *g = &c->garbage;
	struct edge_iter it;
	struct edge e;
	if (!edges_of(g->rt, o, &it))
		return false;
	while (edge_next(&it, &e)) {
		uint32_t number = edge_is_traversed(&e) ? number_of(g->numbers, e.to) : NO_NUMBER;
		uint32_t to = number < numbers_count(g->numbers) ? g->index[number] : NOT_GARBAGE;
		if (to == NOT_GARBAGE)
			continue;
		if (*count == *room) {
			size_t more = *room * 2 + 1024;
			uint32_t *edges = realloc(c->edges, more * sizeof(*edges));
			if (!edges)
				return false;
			c->edges = edges;
			*room = more;
		}
		c->edges[(*count)++] = to;
	}
	return true;
}

static bool make_graph(struct cycles *c)
{
	struct garbage *g = &c->garbage;
	_cleanup_(owned_numbers_iter_free) struct numbers_iter *it =
		numbered_objects(g->numbers, 0, 0);
	size_t count = 0, room = 0;
	c->edges_of = calloc((size_t)g->count + 1, sizeof(*c->edges_of));
	c->flags = calloc((size_t)g->count + 1, sizeof(*c->flags));
	if (!it || !c->edges_of || !c->flags)
		return false;
	for (uint32_t i = 0; i < g->count; i++) {
		struct object o;
		uint64_t size = 0;
		c->edges_of[i] = count;
		if (!numbers_load(it, g->members[i], &o))
			continue;
		object_size(g->rt, &o, &size);
		c->bytes += size;
		c->flags[i] = finalizer_flags(g->rt, &o);
		c->finalizers += !!(c->flags[i] & CYCLE_FINALIZER);
		if (!add_edges(c, &o, &count, &room))
			return false;
	}
	c->edges_of[g->count] = count;
	return true;
}

/* What a stuck object leads to is stuck too. */
static bool spread_stuck(struct cycles *c)
{
	uint32_t count = c->garbage.count, len = 0;
	_free_ uint32_t *todo = malloc(((size_t)count + 1) * sizeof(*todo));
	if (!todo)
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (c->flags[i] & CYCLE_STUCK)
			todo[len++] = i;
	c->stuck = len;
	while (len) {
		uint32_t i = todo[--len];
		for (size_t e = c->edges_of[i]; e < c->edges_of[i + 1]; e++) {
			uint32_t to = c->edges[e];
			if (c->flags[to] & CYCLE_STUCK)
				continue;
			c->flags[to] |= CYCLE_STUCK;
			c->stuck++;
			todo[len++] = to;
		}
	}
	return true;
}

/* --- strongly connected components: Tarjan's algorithm, with a stack of ours -------------------- */

struct tarjan {
	struct cycles *c;
	uint32_t *index, *low;	/* by member; index UNSEEN: not visited yet */
	uint32_t *stack, *calls;	/* members */
	size_t *cursor;		/* by member: its next reference */
	uint32_t stacked, depth, visited;
};

static void visit(struct tarjan *t, uint32_t member)
{
	t->index[member] = t->low[member] = t->visited++;
	t->cursor[member] = t->c->edges_of[member];
	t->stack[t->stacked++] = member;
	t->calls[t->depth++] = member;
}

static void close_component(struct tarjan *t, uint32_t root)
{
	uint32_t member;
	do {
		member = t->stack[--t->stacked];
		t->c->component[member] = t->c->components;
	} while (member != root);
	t->c->components++;
}

/* One step of the innermost call. */
static void step(struct tarjan *t)
{
	struct cycles *c = t->c;
	uint32_t member = t->calls[t->depth - 1];
	if (t->cursor[member] < c->edges_of[member + 1]) {
		uint32_t to = c->edges[t->cursor[member]++];
		if (t->index[to] == UNSEEN)
			visit(t, to);
		else if (c->component[to] == UNSEEN)
			t->low[member] = MIN(t->low[member], t->index[to]);
		return;
	}
	t->depth--;
	if (t->low[member] == t->index[member])
		close_component(t, member);
	if (t->depth) {
		uint32_t caller = t->calls[t->depth - 1];
		t->low[caller] = MIN(t->low[caller], t->low[member]);
	}
}

static bool find_components(struct cycles *c)
{
	size_t count = (size_t)c->garbage.count + 1;
	_free_ uint32_t *words = malloc(4 * count * sizeof(*words));
	_free_ size_t *cursor = malloc(count * sizeof(*cursor));
	c->component = malloc(count * sizeof(*c->component));
	if (!words || !cursor || !c->component)
		return false;
	struct tarjan t = { .c = c, .index = words, .low = words + count,
			    .stack = words + 2 * count, .calls = words + 3 * count,
			    .cursor = cursor };
	for (uint32_t i = 0; i < c->garbage.count; i++)
		t.index[i] = c->component[i] = UNSEEN;
	for (uint32_t i = 0; i < c->garbage.count; i++) {
		if (t.index[i] != UNSEEN)
			continue;
		visit(&t, i);
		while (t.depth)
			step(&t);
	}
	return true;
}

/* Members by components, and within one in the order of addresses. */
static bool sort_members(struct cycles *c)
{
	uint32_t count = c->garbage.count;
	c->first = calloc((size_t)c->components + 2, sizeof(*c->first));
	c->order = malloc(((size_t)count + 1) * sizeof(*c->order));
	if (!c->first || !c->order)
		return false;
	for (uint32_t i = 0; i < count; i++)
		c->first[c->component[i] + 2]++;
	for (uint32_t k = 1; k <= c->components + 1; k++)
		c->first[k] += c->first[k - 1];
	/* each beginning moves on to its end, which is the next one's beginning */
	for (uint32_t i = 0; i < count; i++)
		c->order[c->first[c->component[i] + 1]++] = i;
	return true;
}

/* --- groups ----------------------------------------------------------------------------------- */

static bool refers_to_itself(const struct cycles *c, uint32_t member)
{
	for (size_t e = c->edges_of[member]; e < c->edges_of[member + 1]; e++)
		if (c->edges[e] == member)
			return true;
	return false;
}

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 32) * 0xd6e8feb86659fd93ull;
	x = (x ^ x >> 32) * 0xd6e8feb86659fd93ull;
	return x ^ x >> 32;
}

struct grouping {
	struct cycles *c;
	struct numbers_iter *it;
	struct map by_shape;	/* which types, how many of each -> group + 1 */
};

static bool add_cycle(struct grouping *s, uint32_t component)
{
	struct cycles *c = s->c;
	uint32_t first = c->first[component], end = c->first[component + 1];
	struct cycle_group one = { .cycles = 1, .objects = end - first, .example = component };
	uint64_t shape = mix(one.objects);
	for (uint32_t i = first; i < end; i++) {
		uint32_t member = c->order[i];
		struct object o;
		uint64_t size = 0;
		c->flags[member] |= CYCLE_MEMBER;
		one.finalizers += !!(c->flags[member] & CYCLE_FINALIZER);
		one.stuck |= !!(c->flags[member] & CYCLE_STUCK);
		if (!numbers_load(s->it, c->garbage.members[member], &o))
			continue;
		object_size(c->garbage.rt, &o, &size);
		one.bytes += size;
		shape += mix((uintptr_t)o.type);
	}
	uint64_t *slot = map_insert(&s->by_shape, shape, NULL);
	if (slot && !*slot && vec_push(&c->groups))
		*slot = c->groups.len;
	if (!slot || !*slot)
		return false;
	struct cycle_group *g = &c->groups.items[*slot - 1];
	one.example = g->cycles ? g->example : one.example;
	one.cycles += g->cycles;
	one.objects += g->objects;
	one.bytes += g->bytes;
	one.finalizers += g->finalizers;
	one.stuck += g->stuck;
	*g = one;
	c->cycles++;
	return true;
}

static int compare_groups(const void *a, const void *b)
{
	const struct cycle_group *x = a, *y = b;
	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return x->example < y->example ? -1 : x->example > y->example;
}

static bool find_groups(struct cycles *c)
{
	struct grouping s = { .c = c };
	_cleanup_(owned_numbers_iter_free) struct numbers_iter *it =
		numbered_objects(c->garbage.numbers, 0, 0);
	bool ok = it;
	s.it = it;
	for (uint32_t k = 0; ok && k < c->components; k++) {
		bool is_ring = c->first[k + 1] - c->first[k] > 1 ||
			       refers_to_itself(c, c->order[c->first[k]]);
		ok = !is_ring || add_cycle(&s, k);
	}
	map_release(&s.by_shape);
	vec_sort(&c->groups, compare_groups);
	return ok;
}

struct error *cycles_find(struct garbage *garbage, struct cycles *ret)
{
	struct cycles c = { .garbage = *garbage };
	*garbage = (struct garbage){ 0 };
	if (!make_graph(&c) || !spread_stuck(&c) || !find_components(&c) || !sort_members(&c) ||
	    !find_groups(&c)) {
		cycles_release(&c);
		return error_nomem();
	}
	*ret = c;
	return NULL;
}

void cycles_release(struct cycles *c)
{
	garbage_release(&c->garbage);
	free(c->flags);
	free(c->component);
	free(c->order);
	free(c->first);
	free(c->edges_of);
	free(c->edges);
	vec_release(&c->groups);
	*c = (struct cycles){ 0 };
}

/* --- one written out -------------------------------------------------------------------------- */

static const struct pytype *type_of(const struct cycles *c, uint32_t member)
{
	struct object o;
	return object_load(c->garbage.rt, cycles_address(c, member), &o) ? o.type : NULL;
}

/* An instance of a class says more than the list that it is in. */
static uint32_t most_telling(const struct cycles *c, uint32_t component)
{
	for (uint32_t i = c->first[component]; i < c->first[component + 1]; i++) {
		const struct pytype *type = type_of(c, c->order[i]);
		if (type && type->flags & TPFLAGS_HEAPTYPE &&
		    !(type->flags & TPFLAGS_TYPE_SUBCLASS))
			return c->order[i];
	}
	return c->order[c->first[component]];
}

/* Breadth first from start back to start, within its component. The ring in order, start first. */
static size_t ring_through(const struct cycles *c, uint32_t start, uint32_t *ret)
{
	uint32_t component = c->component[start];
	size_t count = c->first[component + 1] - c->first[component], len = 0, next = 0;
	struct map from = MAP_INIT;	/* member -> who led to it */
	_free_ uint32_t *queue = malloc((count + 1) * sizeof(*queue));
	uint32_t last = UNSEEN;
	if (queue)
		queue[len++] = start;
	while (next < len && last == UNSEEN) {
		uint32_t i = queue[next++];
		for (size_t e = c->edges_of[i]; e < c->edges_of[i + 1] && last == UNSEEN; e++) {
			uint32_t to = c->edges[e];
			bool is_new = false;
			if (to == start)
				last = i;
			else if (c->component[to] == component) {
				uint64_t *slot = map_insert(&from, to, &is_new);
				if (slot && is_new && len < count) {
					*slot = i;
					queue[len++] = to;
				}
			}
		}
	}
	size_t steps = 0;
	for (uint32_t i = last; i != UNSEEN && steps < count; steps++) {
		ret[steps] = i;
		const uint64_t *slot = i == start ? NULL : map_find(&from, i);
		i = slot ? (uint32_t)*slot : UNSEEN;
	}
	for (size_t i = 0, j = steps; i + 1 < j; i++) {
		uint32_t kept = ret[i];
		ret[i] = ret[--j];
		ret[j] = kept;
	}
	map_release(&from);
	return steps;
}

/* A class by its own name, all else by its type's. */
static void print_label(const struct cycles *c, uint32_t member, struct str *out)
{
	const struct pytype *type = type_of(c, member);
	if (type && type->flags & TPFLAGS_TYPE_SUBCLASS) {
		const struct pytype *named = pytype_at(c->garbage.rt, cycles_address(c, member));
		type = named ? named : type;
	}
	str_adds(out, type ? type->full_name : "?");
}

/* Steps that are written like the one before are counted, and so are those that are too many. */
struct steps {
	struct str text;	/* the last one */
	uint64_t shown, alike, left_out;
};

static void print_left_out(struct steps *told, struct str *out)
{
	if (told->left_out)
		str_printf(out, " -> ... %" PRIu64 " more", told->left_out);
	told->left_out = 0;
}

static void print_step(struct steps *told, const struct str *text, struct str *out)
{
	told->alike = told->shown && streq(told->text.buf, text->buf) ? told->alike + 1 : 0;
	if (told->alike >= ALIKE_SHOWN || told->shown >= STEPS_SHOWN) {
		told->left_out++;
		return;
	}
	print_left_out(told, out);
	str_printf(out, "%s%s", told->shown++ ? " -> " : "", text->buf);
	str_reset(&told->text);
	str_adds(&told->text, text->buf);
}

void cycle_print(const struct cycles *c, const struct cycle_group *group, struct str *out,
		 addr_t *ret)
{
	struct runtime *rt = c->garbage.rt;
	uint32_t k = group->example, start = most_telling(c, k);
	size_t count = c->first[k + 1] - c->first[k];
	_free_ uint32_t *ring = malloc((count + 1) * sizeof(*ring));
	_free_ addr_t *at = malloc((count + 2) * sizeof(*at));
	*ret = cycles_address(c, start);
	size_t steps = ring && at ? ring_through(c, start, ring) : 0;
	if (!steps)
		return;
	for (size_t i = 0; i < steps; i++)
		at[i] = cycles_address(c, ring[i]);
	at[steps] = at[0];
	struct steps told = { .text = STR_INIT };
	for (size_t i = 0; i < steps;) {
		_str_ struct str text = STR_INIT;
		struct edge e;
		print_label(c, ring[i], &text);
		size_t further = step_between(rt, at + i, steps + 1 - i, false, &e);
		if (further)
			edge_print(rt, &e, &text);
		print_step(&told, &text, out);
		i += MAX(further, (size_t)1);
	}
	print_left_out(&told, out);
	str_adds(out, " -> ");
	print_label(c, start, out);
	str_release(&told.text);
}

struct type_count {
	const struct pytype *type;
	uint64_t count;
};

static int compare_counts(const void *a, const void *b)
{
	const struct type_count *x = a, *y = b;
	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return strcmp(x->type->full_name, y->type->full_name);
}

void cycle_types(const struct cycles *c, const struct cycle_group *group, struct str *out)
{
	VEC(struct type_count) types = VEC_INIT;
	struct map places = MAP_INIT;	/* struct pytype -> place + 1 */
	uint32_t k = group->example;
	for (uint32_t i = c->first[k]; i < c->first[k + 1]; i++) {
		const struct pytype *type = type_of(c, c->order[i]);
		uint64_t *slot = type ? map_insert(&places, (uintptr_t)type, NULL) : NULL;
		if (slot && !*slot && vec_push(&types)) {
			*slot = types.len;
			types.items[types.len - 1].type = type;
		}
		if (slot && *slot)
			types.items[*slot - 1].count++;
	}
	vec_sort(&types, compare_counts);
	for (size_t i = 0; i < types.len && i < TYPES_SHOWN; i++)
		str_printf(out, "%s%" PRIu64 " %s", i ? ", " : "", types.items[i].count,
			   types.items[i].type->full_name);
	if (types.len > TYPES_SHOWN)
		str_printf(out, ", ... %zu more types", types.len - TYPES_SHOWN);
	vec_release(&types);
	map_release(&places);
}
