/* Allocators' own records, damaged. The first byte chooses where objects live and in which Python;
 * then each edit puts a word somewhere in it: which part, where, what. Then all objects are walked,
 * looked for by address, measured, and asked for what they refer to; so are the collector's lists.
 *
 * Whatever comes: the walk ends, gives addresses in order and each once, and stays in its parts; each
 * object is found by its address too, unless damage has mimalloc's pages overlap. */
#define TESTS_UNIT_TEST_H /* the rigs without cmocka */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define assert_true(x)     ((x) ? (void)0 : abort())
#define assert_non_null(x) assert_true((x) != NULL)
#define assert_null(x)     assert_true((x) == NULL)
#define assert_int_equal(a, b) assert_true((a) == (b))
#define fail_msg(...) abort()
#include "tests/unit/pools_rig.h"

#include "cpython_layouts/edges.h"
#include "cpython_layouts/sizes.h"

enum { EDITS_MAX = 256, EDGES_MAX = 100000, OBJECTS_MAX = 100000, LISTS_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *data;
	size_t size, at;
};

static uint64_t take_bytes(struct input *in, unsigned count)
{
	uint64_t value = 0;
	for (unsigned i = 0; i < count; i++)
		value = value << 8 | (in->at < in->size ? in->data[in->at++] : 0);
	return value;
}

/* A part of memory that may be written to. */
struct part {
	addr_t at;
	uint8_t *bytes;
	size_t size;
};

static size_t parts_of(struct chunks *c, struct part *ret)
{
	struct heap *h = c->d.h;
	const struct layout *l = h->l;
	addr_t state = h->rt.interpreters + OFFSET(l, PyInterpreterState, obmalloc);
	size_t n = 0;
	ret[n++] = (struct part){ AREA, heap_at(h, AREA), POOL };
	ret[n++] = (struct part){ AREA, heap_at(h, AREA), 0x400 };
	ret[n++] = (struct part){ HEAP_BASE, heap_at(h, HEAP_BASE), h->used };
	ret[n++] = (struct part){ state, heap_at(h, state), 0x100 };
	ret[n++] = (struct part){ c->d.gc, heap_at(h, c->d.gc), 0x200 };
	if (c->region)
		ret[n++] = (struct part){ REGION_AT, c->region, 0x1b00 };
	if (c->mapped)
		ret[n++] = (struct part){ MAPPED_AT, c->mapped, MAPPED };
	if (c->d.pages)
		ret[n++] = (struct part){ SEGMENT, c->d.pages, 0x800 };
	if (c->d.pages)
		ret[n++] = (struct part){ SEGMENT, c->d.pages, PAGES };
	return n;
}

static void edit(struct input *in, const struct part *parts, size_t count)
{
	const struct part *p = &parts[take_bytes(in, 1) % count];
	const struct part *to = &parts[take_bytes(in, 1) % count];
	size_t at = take_bytes(in, 3) % (p->size - 7);
	uint8_t how = (uint8_t)take_bytes(in, 1);
	uint64_t word = 0;
	switch (how % 5) {
	case 0: word = to->at + take_bytes(in, 3) % to->size; break;
	case 1: word = take_bytes(in, 1); break;
	case 2: word = take_bytes(in, 8); break;
	case 3: word = to->at + (take_bytes(in, 1) * 16 + 0) % to->size; break;
	default: word = UINT64_MAX - take_bytes(in, 1);
	}
	unsigned width = how & 0x80 ? 8 : 1u << (how >> 4 & 3);
	memcpy(p->bytes + (how & 0x40 ? at : at & ~(size_t)7), &word, width);
}

static void look_at(struct drawn *d, const struct heap_object *o, bool edited)
{
	struct edge_iter it;
	struct edge e;
	struct heap_object again;
	uint64_t bytes;
	object_size(&d->h->rt, &o->object, &bytes);
	if (edges_of(&d->h->rt, &o->object, &it))
		for (int i = 0; i < EDGES_MAX && edge_next(&it, &e); i++)
			if (e.kind > EDGE_WORD)
				abort();
	pyheap_find(d->heap, o->object.at + 8, &again);
	bool may_overlap = o->source == HEAP_PAGE && edited;
	if (o->source != HEAP_LISTED && !may_overlap &&
	    !pyheap_object_at(d->heap, o->object.at, &again))
		abort();
}

static void walk(struct drawn *d, bool edited)
{
	struct heap_iter *it = heap_objects(d->heap, 0, pyheap_parts(d->heap));
	struct heap_object o;
	addr_t last = 0;
	for (size_t i = 0; it && i < OBJECTS_MAX && heap_next(it, &o); i++) {
		if (o.object.at <= last || o.source >= HEAP_SOURCES)
			abort();
		last = o.object.at;
		look_at(d, &o, edited);
	}
	heap_iter_free(it);
}

static void walk_lists(struct drawn *d)
{
	struct gc_list lists[LISTS_MAX];
	addr_t at;
	size_t count = gc_lists(&d->h->rt, lists, LISTS_MAX);
	for (size_t i = 0; i < count; i++) {
		struct gc_list_iter it = gc_list_objects(&d->h->rt, &lists[i]);
		for (size_t n = 0; gc_list_next(&it, &at); n++)
			if (n > OBJECTS_MAX)
				abort();
	}
}

static struct chunks draw_one(uint8_t which)
{
	size_t pools = ARRAY_SIZE(with_pools), pages = ARRAY_SIZE(with_pages);
	which %= 2 * pools + pages;
	if (which < pools)
		return (struct chunks){ .d = draw_objects(with_pools[which]) };
	if (which < 2 * pools)
		return draw_chunks(with_pools[which - pools]);
	return (struct chunks){ .d = draw_segment(with_pages[which - 2 * pools]) };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size, 0 };
	struct part parts[16];
	struct chunks c = draw_one((uint8_t)take_bytes(&in, 1));
	size_t count = parts_of(&c, parts);
	for (size_t i = 0; i < EDITS_MAX && in.at < in.size; i++)
		edit(&in, parts, count);
	load(&c.d);
	walk(&c.d, in.at > 1);
	walk_lists(&c.d);
	for (size_t i = 0; i < count; i++) {
		struct heap_object o;
		pyheap_find(c.d.heap, parts[i].at + take_bytes(&in, 2) % parts[i].size, &o);
	}
	undraw_chunks(&c);
	return 0;
}
