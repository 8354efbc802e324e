/* A kind: how one sort of object is shown.
 *
 * A type has two of them. `kind` follows the bases: the nearest class that is in the table, which
 * says how an instance lies in memory. `shown` follows __repr__: the kind whose repr() Python
 * would call. For a subclass of dict with a __repr__ of its own the first is dict, the second
 * opaque. Both are decided once per type; see kinds.c.
 *
 * Kinds are constants, one table per file:
 *
 *	const struct kind kinds_sets[] = {
 *		{ .name = "set", .fields = { FIELD_PySetObject_table }, .repr = set_repr },
 *		{ 0 },
 *	};
 *
 * repr() appends to r->out and returns false when the object itself cannot be read; what it wrote
 * is then taken back. Nothing recurses but repr_value(), which counts its depth. */
#ifndef CPYTHON_LAYOUTS_KINDS_KIND_H
#define CPYTHON_LAYOUTS_KINDS_KIND_H

#include <inttypes.h>
#include "core/checked.h"
#include "core/redact.h"
#include "cpython_layouts/number.h"
#include "cpython_layouts/type.h"
#include "cpython_layouts/unicode.h"

#define REPR_DEPTH_MAX 64

/* One repr() in progress. */
struct repr {
	struct runtime *rt;
	const struct layout *l;
	const struct memory *m;
	const struct repr_limits *limits;
	struct str *out;
	size_t start;    /* of the whole in out */
	size_t end;      /* where out is long enough, if all from start is ASCII */
	unsigned depth;  /* containers open */
	unsigned nested; /* repr_value() within repr_value() */
	unsigned budget; /* objects and table slots that may still be looked at */
	addr_t open[REPR_DEPTH_MAX];
	bool cut;  /* something was left out */
	bool lost; /* something cannot be read */
};

struct kind {
	const char *name; /* full name of the type: "dict", "collections.deque" */
	/* The members that repr needs, and how many bytes an AT member among them takes (arrays,
	 * doubles): an instance must be at least that long. */
	enum field fields[6];
	uint8_t bytes;
	bool (*repr)(struct repr *r, const struct object *o);
};

extern const struct kind kind_object; /* object.__repr__ */
extern const struct kind kind_opaque; /* a __repr__ of its own, which cannot be run */

/* By the type's full name, or NULL. */
const struct kind *kind_by_name(const char *full_name);
/* The kind of a type: is it in the table itself (*exact), else what its base or its flags say. */
const struct kind *kind_of_type(const struct layout *l, const struct pytype *type, bool *exact);
/* type->shown, decided on the first call. */
const struct kind *kind_shown(struct runtime *rt, const struct pytype *type);

/* --- for the kinds' own use ---------------------------------------------------------------- */

/* Any object; 0 is "<NULL>" as PyObject_Repr says. */
void repr_value(struct repr *r, addr_t addr);
/* Enter a container: false when it is open already (a cycle) or too deep; then `instead` was
 * written ("[...]"). Each true is followed by repr_leave(). */
bool repr_enter(struct repr *r, addr_t addr, const char *instead);
void repr_leave(struct repr *r);
/* "name=value", or that the value of such a name is filtered. */
void repr_named(struct repr *r, const char *name, addr_t value);
/* The value of that key of a dict, or that it is filtered. */
void repr_keyed(struct repr *r, addr_t key, addr_t value);
/* May another item be written? Otherwise "..." is, and the cut noted. Writes the ", " between. */
bool repr_item(struct repr *r, size_t index);
/* Spend one of the budget: false when it is used up. */
bool repr_spend(struct repr *r);

void repr_adds(struct repr *r, const char *text);
void repr_printf(struct repr *r, const char *fmt, ...) _printf_(2, 3);
/* str(x) of a str object: its text; false: lost. */
bool repr_text(struct repr *r, addr_t addr);
/* "0x7f.." as Python's %p. */
void repr_address(struct repr *r, addr_t addr);
/* "<module.Class object at 0x..>" */
void repr_default(struct repr *r, const struct object *o);
/* "<what>" where a value cannot be read */
void repr_lost(struct repr *r, addr_t addr);
/* The items of a tuple or list, or an array of pointers, separated by ", ". */
void repr_items(struct repr *r, addr_t items, size_t count, size_t said);
/* An attribute from the class's own dict; 0: none. */
addr_t class_attribute(struct repr *r, addr_t class, const char *name);
/* name=value, ... of a dataclass's __dataclass_fields__ that are to be shown. */
void dataclass_fields(struct repr *r, const struct object *o, addr_t fields);
/* {k: v, ...} from an iterator, the braces too; in cycles `{...}`. */
void repr_pairs(struct repr *r, struct dict_iter *it);
/* How many of seen bytes (or characters) are of use to bytes_shown() and characters_repr(). */
size_t bytes_looked_at(const struct repr *r, size_t seen);
/* seen of len bytes in quotes, within the limit of text. */
void bytes_shown(struct repr *r, const uint8_t *p, size_t seen, uint64_t len, bool escape_single);
/* A number of an array: type 'i' signed, 'u' unsigned, 'f' floating; size 1, 2, 4 or 8 bytes. */
void scalar_write(struct repr *r, const uint8_t *p, size_t size, char type);
/* type.__name__; never NULL. */
const char *type_name(const struct pytype *type);
/* tp_name, what C code prints of a type: a heap type's has no module. */
const char *c_type_name(const struct pytype *type);
/* Is it of that kind, and so as long as the kind's fields? To be asked before any GET of them. */
static inline bool is_kind(const struct object *o, const char *name)
{
	return streq(o->type->kind->name, name);
}
/* The version is at least major.minor. */
static inline bool since(const struct repr *r, unsigned major, unsigned minor)
{
	const struct python_version *v = &r->l->version;
	return v->major > major || (v->major == major && v->minor >= minor);
}

#endif
