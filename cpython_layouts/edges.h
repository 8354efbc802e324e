/* What an object refers to, reference by reference, each with its name.
 *
 *	object --- tp_traverse's references --------> what gc.get_referents() gives: exactly these
 *	       --- BEYOND: strong, not traversed ---> a code object's names, a dict's str keys, ...
 *	       --- WEAK: borrowed ------------------> what a weakref refers to
 *
 * How a type's instances refer is found out once per type, as a plan: words at fixed places
 * (__slots__, members of C structs) and walks (items, dict entries, frame slots ...). Then an edge
 * costs the load of its word. Nothing is allocated per edge, nothing recurses.
 *
 *	struct edge_iter it;
 *	struct edge e;
 *	if (edges_of(rt, &object, &it))
 *		while (edge_next(&it, &e))
 *			...e.to...
 *	if (it.lost) some of them cannot be seen
 *
 * e.to is a word of the target and nothing more: that an object is there is for object_load() to
 * say. What is known of CPython's own types is in edges_rules.c; of other C types the members that
 * tp_members names, then every word of the instance that points to an object, marked INFERRED.
 *
 * An iterator belongs to one thread; the plans belong to the runtime. Several threads may ask at
 * once where the runtime is shared (runtime_share()). */
#ifndef CPYTHON_LAYOUTS_EDGES_H
#define CPYTHON_LAYOUTS_EDGES_H

#include "cpython_layouts/object.h"

enum edge_kind {
	EDGE_ATTRIBUTE,	/* .name; a __slots__ member, an instance's value, a C type's member */
	EDGE_FIELD,	/* ->name: a member of a C struct that Python does not show */
	EDGE_CLASS,	/* .__class__ */
	EDGE_VALUE,	/* [key] */
	EDGE_KEY,	/* the key of that entry */
	EDGE_ITEM,	/* [index] */
	EDGE_MEMBER,	/* an element of a set */
	EDGE_LOCAL,	/* a local variable of a frame or generator */
	EDGE_STACK,	/* its value stack, at index */
	EDGE_STATE,	/* a word of a module's C state; index: bytes from its start */
	EDGE_WORD,	/* a word of a C object of unknown shape; index: bytes from its start */
};

enum {
	EDGE_BEYOND = 1,	/* strong, though tp_traverse does not visit it */
	EDGE_WEAK = 2,		/* keeps nothing alive */
	EDGE_INFERRED = 4,	/* found by looking, not by knowing */
};

struct edge {
	addr_t to;
	uint8_t kind;		/* enum edge_kind */
	uint8_t flags;		/* EDGE_BEYOND ... */
	const char *name;	/* ATTRIBUTE, FIELD, LOCAL; NULL: key is a str with it, or lost */
	addr_t key;		/* VALUE, KEY: the key object; ATTRIBUTE, LOCAL: the name's */
	uint64_t index;		/* ITEM, STACK: from 0; STATE, WORD: bytes */
};

struct edge_plan;
struct code;

struct edge_iter {
	struct runtime *rt;
	struct object object;
	const struct edge_plan *plan;
	bool is_traversed;	/* the collector asks this object at all (type flags, tp_is_gc) */
	bool lost;		/* some edges cannot be seen */
	/* where it stands */
	size_t word, walk;
	bool begun;		/* the walk */
	size_t index, count;
	const uint8_t *items;
	addr_t place;
	uint64_t detail;
	uint8_t mode;
	struct edge pending;	/* to be given next; .to 0: none */
	struct dict_iter dict;
	struct chain chain;
	const struct code *code;
};

/* false: out of memory. The object was loaded by object_load() or heap_next(). */
bool edges_of(struct runtime *rt, const struct object *o, struct edge_iter *ret);
bool edge_next(struct edge_iter *it, struct edge *ret);

/* Does Python's own collector see this edge from this object? */
static inline bool edge_is_traversed(const struct edge *e)
{
	return !(e->flags & (EDGE_BEYOND | EDGE_WEAK));
}

/* As Python would write it behind the object: `.attr`, `[key]`, `[3]`, `->md_state`; keys by their
 * repr(), cut at 60 characters. */
struct str;
void edge_print(struct runtime *rt, const struct edge *e, struct str *out);

struct edge_plans;
void edge_plans_free(struct edge_plans *plans);	/* runtime_free() calls it; NULL is allowed */

#endif
