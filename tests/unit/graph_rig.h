/* Three objects in a pool, whose two words each refer to what a test says, and sys.modules:
 *
 *	pool      node(0)  node(1)  node(2)      each | header | word | word |
 *	beside    sys.modules = {'app': {...}}   where no allocator shows it */
#ifndef TESTS_UNIT_GRAPH_RIG_H
#define TESTS_UNIT_GRAPH_RIG_H

#include "tests/unit/pools_rig.h"

#include "analyzers/roots.h"

struct graph_rig {
	struct drawn d;
	struct session s;
};

static inline addr_t node(unsigned i)
{
	return block(2 * i);
}

/* app: pairs of key and value, of which the keys are texts. */
static inline void graph_rig_modules(struct graph_rig *g, size_t count, const char *const *names,
				     const addr_t *values)
{
	struct heap *h = g->d.h;
	addr_t pairs[16] = { 0 };
	assert_true(count <= 8);
	for (size_t i = 0; i < count; i++) {
		pairs[2 * i] = heap_text(h, names[i]);
		pairs[2 * i + 1] = values[i];
	}
	addr_t app = heap_dict(h, count, pairs);
	HPUT(h, h->rt.interpreters, PyInterpreterState, modules,
	     heap_dict(h, 1, (addr_t[]){ heap_text(h, "app"), app }));
}

static inline struct graph_rig graph_rig(const char *table)
{
	struct graph_rig g = { .d = draw(table) };
	/* as much as was drawn of it: its words are looked through */
	g.d.h->rt.layout.size[STRUCT_PyInterpreterState] = 0x8000;
	draw_pool(g.d.h, AREA, 3, USED, block(1));
	for (unsigned i = 0; i < 3; i++)
		draw_object(g.d.h, node(i), g.d.plain);
	heap_word(g.d.h, block(1), block(3));
	heap_word(g.d.h, block(3), 0);
	assert_null(files_new(NULL, &g.s.files));
	g.s.target = &g.d.h->target;
	g.s.runtime = &g.d.h->rt;
	return g;
}

static inline void graph_rig_refer(struct graph_rig *g, unsigned from, unsigned word, addr_t to)
{
	heap_word(g->d.h, node(from) + SIZEOF(g->d.h->l, PyObject) + 8 * word, to);
}

static inline void graph_rig_release(struct graph_rig *g)
{
	remarks_release(&g->s.target->remarks);
	files_free(g->s.files);
	undraw(&g->d);
}

#endif
