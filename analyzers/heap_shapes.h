/* heap --by shape: instances and dicts grouped by their type and their set of keys, whatever order
 * these came in. Keys that are no str count by their type; more than SHAPE_KEYS_MAX keys are a
 * table, and no shape.
 *
 *	app.Session {user, started}      dict {id, name, tags}      dict {<int>}      dict {...}
 *
 * Each thread has shapes of its own; one shape has the same hash in all of them, and may be called by
 * another order of keys. */
#ifndef ANALYZERS_HEAP_SHAPES_H
#define ANALYZERS_HEAP_SHAPES_H

#include "core/arena.h"
#include "core/budget.h"
#include "core/map.h"
#include "cpython_layouts/heap.h"

enum { SHAPE_KEYS_MAX = 64 };

struct shape {
	uint64_t hash;		/* of its type and keys */
	const char *label;	/* in the arena it was asked for with */
	addr_t example;		/* the first object of it, in address order */
};

struct shapes {
	struct runtime *rt;
	struct arena arena;	/* for labels */
	struct budget *budget;	/* NULL: no limit */
	uint64_t taken;
	bool over;		/* the limit: not all have their shape */
	struct map by_hash;	/* hash of type and keys -> index */
	VEC(struct shape) list;
};

/* The index of the object's shape in shapes->list; SIZE_MAX: it has none, its type says all, or
 * there is no room for it (shapes->over); *failed: out of memory. */
size_t shape_of(struct shapes *shapes, const struct object *o, bool *failed);
void shapes_release(struct shapes *shapes);

#endif
