/* The plan of a type's references, between edges.c, which makes it, edges_rules.c, which knows
 * CPython's own types, and the walks. The contract for all is cpython_layouts/edges.h. */
#ifndef CPYTHON_LAYOUTS_EDGES_WALK_H
#define CPYTHON_LAYOUTS_EDGES_WALK_H

#include "core/checked.h"
#include "cpython_layouts/edges.h"
#include "cpython_layouts/frame.h"
#include "cpython_layouts/type.h"

/* One reference at a fixed place of the instance. */
struct edge_word {
	uint32_t offset;	/* bytes from the object's start */
	uint8_t kind, flags;	/* as struct edge has them */
	bool is_guess;		/* only when an object is there */
	const char *name;
};

/* Gives the next edge of a part of the object that has many. it->begun is false on the first call;
 * all else of where it stands is zero then. */
typedef bool edge_walk(struct edge_iter *it, struct edge *ret);

enum { WALKS_MAX = 8 };

struct edge_plan {
	const struct pytype *type;
	const struct edge_word *words;
	size_t word_count;
	edge_walk *walks[WALKS_MAX];
	size_t walk_count;
	bool is_collected;	/* tp_flags has HAVE_GC, and there is a tp_traverse */
	bool is_of_types;	/* instances are types: static ones are not collected */
	uint32_t guess_start, guess_end;	/* words of unknown meaning */
};

struct edge_plans {
	addr_t subtype_traverse;	/* tp_traverse of Python classes; 0: unknown */
	addr_t general_lookup;	/* dk_lookup of dicts whose keys are not all str (3.6 - 3.10) */
	bool is_ready;
};

/* What is known of a type whose instances C lays out. */
struct edge_rule {
	const char *type;	/* full name */
	uint32_t since, until;	/* V(3, 8, 0): from this version on; until: before it; 0: all */
	/* The words behind the object header, in order. "-" no reference, "-*3" three of them;
	 * name: an attribute of that name; >name: a member that Python does not show.
	 * Behind it ~: strong, but not traversed; !: weak. */
	const char *words;
	edge_walk *walks[3];
	uint8_t flags;		/* RULE_... */
};

enum {
	RULE_NO_TYPE = 1,	/* a heap type's traverse that does not visit the type */
};

#define V(major, minor, micro)                                                                     \
	((unsigned)(major) << 16 | (unsigned)(minor) << 8 | (unsigned)(micro))

/* The process's version, as V() writes it. */
static inline unsigned edge_version(const struct layout *l)
{
	return V(l->version.major, l->version.minor, l->version.micro);
}

/* From 3.13.13 and 3.14.4 on (gh-130327) an instance with values of its own and a dict made of them
 * leaves the values to the dict; before, the dict left them to the instance (Objects/dictobject.c,
 * PyObject_VisitManagedDict(), dict_traverse()). Debian's 3.13.5 of trixie has that change too. */
static inline bool edge_dict_has_values(const struct layout *l)
{
	unsigned v = edge_version(l);
	bool is_debian = l->table && strstr(l->table, "debian");
	return v >= V(3, 14, 4) ||
	       (v >= V(3, 13, is_debian ? 5 : 13) && v < V(3, 14, 0));
}

/* NULL: nothing is known. */
const struct edge_rule *edge_rule_of(const struct layout *l, const char *full_name);

edge_walk walk_tuple, walk_list, walk_dict, walk_set, walk_deque, walk_odict, walk_lru_cache,
	walk_tee_data, walk_hamt_array, walk_hamt_pairs, walk_structseq;
edge_walk walk_ctype, walk_element;
edge_walk walk_values, walk_dict_at_offset;
edge_walk walk_type, walk_module_state, walk_guesses, walk_code;
edge_walk walk_frame_slots, walk_frame_object, walk_generator_frame;

/* The object that a word points to is one: its type is a type. */
bool edge_object_at(struct runtime *rt, addr_t at);

#endif
