/* Garbage as cycles: which of it refers to itself in a ring, what kinds of rings there are, and
 * what else only these hold.
 *
 *	a -> b -> c -> d	a, b, c: one cycle (a strongly connected component); d hangs on it
 *	^---------/
 *
 * Cycles of objects of the same types are one group. Bounded by the garbage, not by what it says:
 * the references are copied once (4 bytes each), then nothing recurses. */
#ifndef ANALYZERS_GC_CYCLES_H
#define ANALYZERS_GC_CYCLES_H

#include "analyzers/gc_garbage.h"
#include "core/str.h"

struct cycle_group {
	uint64_t cycles;	/* how many alike */
	uint64_t objects, bytes;	/* of all of them */
	uint64_t finalizers;	/* objects of these that have one */
	uint64_t stuck;		/* cycles that the collector would not have freed */
	uint32_t example;	/* one of them: a component */
};

/* What there is to know of one object of the garbage. */
enum {
	CYCLE_MEMBER = 1,	/* in a cycle; else it hangs on one */
	CYCLE_FINALIZER = 2,	/* __del__, or what is like it in C */
	CYCLE_STUCK = 4,	/* not freed: a finalizer of the old kind (tp_del; 2.7: __del__) has it,
				 * or leads to it */
};

struct cycles {
	struct garbage garbage;	/* owned */
	uint8_t *flags;		/* by member */
	uint32_t *component;	/* by member */
	uint32_t *order;	/* members, component by component */
	uint32_t *first;	/* of a component, in order; one more at the end */
	uint32_t components;
	size_t *edges_of;	/* by member: where its references begin; one more at the end */
	uint32_t *edges;	/* to members */
	VEC(struct cycle_group) groups;	/* the most bytes first */
	uint64_t bytes;		/* of all the garbage */
	uint64_t cycles, finalizers, stuck;	/* finalizers, stuck: objects */
};

/* Takes the garbage over, whatever comes back. */
struct error *cycles_find(struct garbage *garbage, struct cycles *ret) _must_check_;
void cycles_release(struct cycles *c);

addr_t cycles_address(const struct cycles *c, uint32_t member);
/* `__main__.Node.next -> __main__.Node.prev -> __main__.Node`: the shortest ring through the object of
 * the group's example that says most; ret: that object. */
void cycle_print(const struct cycles *c, const struct cycle_group *group, struct str *out,
		 addr_t *ret);
/* "2 list, 1 app.Session", the most first. */
void cycle_types(const struct cycles *c, const struct cycle_group *group, struct str *out);

#endif
