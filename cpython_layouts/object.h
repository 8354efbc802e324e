/* Python objects in the core, by value: an address, the host bytes of its fixed part, its type.
 *
 *	gc head (16) | pre-header | ob_refcnt ob_type | body ... | inline values | items
 *	                          ^ object.at, object.p
 *
 * object_load() may fail; what it filled cannot. A pytype is cached for the whole session. */
#ifndef CPYTHON_LAYOUTS_OBJECT_H
#define CPYTHON_LAYOUTS_OBJECT_H

#include "core/str.h"
#include "cpython_layouts/runtime.h"

/* tp_flags (Include/object.h, every version) */
enum {
	TPFLAGS_INLINE_VALUES = 1u << 2,	/* 3.13+ */
	TPFLAGS_MANAGED_WEAKREF = 1u << 3,	/* 3.12+ */
	TPFLAGS_MANAGED_DICT = 1u << 4,		/* 3.11+ */
	TPFLAGS_HEAPTYPE = 1u << 9,
	TPFLAGS_READY = 1u << 12,
	TPFLAGS_HAVE_GC = 1u << 14,
	TPFLAGS_INT_SUBCLASS = 1u << 23,	/* 2.7's int */
	TPFLAGS_LONG_SUBCLASS = 1u << 24,
	TPFLAGS_LIST_SUBCLASS = 1u << 25,
	TPFLAGS_TUPLE_SUBCLASS = 1u << 26,
	TPFLAGS_BYTES_SUBCLASS = 1u << 27,
	TPFLAGS_UNICODE_SUBCLASS = 1u << 28,
	TPFLAGS_DICT_SUBCLASS = 1u << 29,
	TPFLAGS_BASE_EXC_SUBCLASS = 1u << 30,
	TPFLAGS_TYPE_SUBCLASS = 1u << 31,
};

struct kind;	/* how to decode one sort of object; cpython_layouts/kinds/kind.h */
struct size_rule; /* how large an object is; cpython_layouts/sizes.h */
struct edge_plan;

struct pytype {
	addr_t at;
	const uint8_t *p;		/* SIZEOF(PyTypeObject) host bytes */
	const char *name;		/* tp_name, or found otherwise; NULL: lost (not dumped) */
	const char *c_name;		/* a heap type's tp_name where C gave it one with a module:
					 * "re.Pattern"; NULL: it is name */
	const char *module;		/* __module__; "builtins" for builtins; NULL: unknown */
	const char *qualname;		/* without the module */
	const char *full_name;		/* "dict", "app.Session": plain for builtins; never NULL */
	uint64_t flags;
	int64_t basicsize, itemsize, dictoffset, weaklistoffset;
	const struct pytype *base;	/* tp_base; NULL: object, or lost */
	const struct kind *kind;	/* never NULL: the nearest built-in kind, or `object` */
	bool is_exact_kind;		/* the kind's own type, not a subclass of it */
	uint32_t fixed;			/* bytes of an instance that object_load() makes sure of */
	const struct kind *shown;	/* whose repr() it has, decided on the first repr; NULL: not yet */
	addr_t shown_by;		/* the class whose __repr__ that is */
	struct {
		const struct size_rule *rule;	/* whose __sizeof__ it has; NULL: not yet asked */
		uint16_t head;			/* bytes before an instance that count */
		bool of_heap_types;		/* the head counts for heap types among them alone */
		uint8_t doubt;			/* enum size_doubt */
	} size;				/* sizes.h */
	const struct edge_plan *edges;	/* how its instances refer; NULL: not yet asked; edges.h */
};

struct object {
	addr_t at;
	const uint8_t *p;		/* type->fixed host bytes: all of the kind's fixed part */
	const struct pytype *type;
};

/* The type object at addr, from the cache or checked now (its own type is a type, flags READY,
 * sizes sane). NULL: no type is there. */
const struct pytype *pytype_at(struct runtime *rt, addr_t addr);
/* false: unreadable, or its ob_type is no type. */
bool object_load(struct runtime *rt, addr_t addr, struct object *ret);
/* The type of what is there, and nothing else of it is read; NULL: no object. */
const struct pytype *object_type(struct runtime *rt, addr_t addr);
/* Is `type` the type of that full name or a subclass of it ("collections.OrderedDict")? */
bool pytype_is(const struct pytype *type, const char *full_name);
bool pytype_is_subtype(const struct pytype *type, addr_t base);
/* runtime_free() calls this; NULL is allowed. To be called too (and rt->types set to NULL) when
 * another layout is tried on the same runtime. */
void types_free(struct types *types);

/* References as they are stored in frames: a tagged word made plain.
 * *is_int: it was a tagged small int and *ret is its value. */
bool reference_decode(const struct layout *l, addr_t word, addr_t *ret, bool *is_int);

/* --- reading built-in objects (also used by names, attributes, analyzers) -------------------- */

/* A str (unicode; in 2.7 also str) as UTF-8, appended; at most max code points, *cut tells. A lone
 * surrogate becomes its three bytes. false: not a str, or its bytes are lost (out is unchanged). */
bool object_text(struct runtime *rt, addr_t addr, size_t max, struct str *out, bool *cut);
/* A C string of its text in the runtime's arena, cached by address; NULL: lost. For names. */
const char *object_name(struct runtime *rt, addr_t addr);
/* bytes (2.7: str): host bytes and length. */
const uint8_t *object_bytes(struct runtime *rt, addr_t addr, size_t *ret_len);
/* An int that fits; false otherwise. 2.7: int and long. bool too. */
bool object_int64(struct runtime *rt, addr_t addr, int64_t *ret);
/* tuple or list items: count, and the i-th (0: lost or NULL). count is bounded by what is readable. */
bool object_sequence(struct runtime *rt, addr_t addr, size_t *ret_count, addr_t *ret_items);

/* A dict's pairs in insertion order: combined, split (values of the instance) and 2.7's table. */
struct dict_iter {
	struct runtime *rt;
	addr_t entries;			/* key_count or count of them can be seen */
	const uint8_t *window;		/* host bytes of the entries from window_start to window_end */
	size_t window_start, window_end;
	const uint8_t *values;		/* split tables: the values beside them; NULL: in the entries */
	const uint8_t *order;		/* split tables: insertion order bytes; NULL: entry order */
	size_t index, count;		/* of the entries, or of the order */
	size_t key_count;		/* split tables: keys and values that can be seen */
	uint8_t entry_size, key_offset, value_offset;
	bool reversed_order;		/* the order bytes run downwards (3.11, 3.12) */
	bool lost;			/* the table says more entries than can be read */
	size_t used;			/* ma_used */
};
bool dict_iter_start(struct runtime *rt, addr_t dict, struct dict_iter *ret);
bool dict_next(struct dict_iter *it, addr_t *ret_key, addr_t *ret_value);
/* dict[name] for a str key, by walking; *ret is 0 where it is not there. false: that cannot be
 * told, as some of the dict is lost. */
bool dict_find(struct runtime *rt, addr_t dict, const char *name, addr_t *ret);
/* The same where it does not matter why it is not there. */
addr_t dict_get(struct runtime *rt, addr_t dict, const char *name);

/* An instance's attributes: __dict__ (split, managed, inline, materialised), then __slots__ and
 * member descriptors along the mro. name lives in the runtime's arena. */
struct attribute_iter;
struct attribute_iter *attributes_of(struct runtime *rt, const struct object *o);
bool attribute_next(struct attribute_iter *it, const char **ret_name, addr_t *ret_value);
void attribute_iter_free(struct attribute_iter *it);
/* One attribute from the instance (not its class); 0: none. */
addr_t object_attribute(struct runtime *rt, const struct object *o, const char *name);
/* The instance's own __dict__ object; 0: none or not materialised. */
addr_t object_dict(struct runtime *rt, const struct object *o);

/* --- repr ---------------------------------------------------------------------------------- */

struct repr_limits {
	unsigned depth;		/* nested containers shown */
	size_t length;		/* characters of the whole; then cut */
	size_t items;		/* per container */
	size_t text;		/* code points of a str, bytes of a bytes */
	bool attributes;	/* --locals=full: instances with their attributes */
	bool dots;		/* what was cut at length ends in "..." */
};
extern const struct repr_limits repr_limits_text, repr_limits_json, repr_limits_full;

/* What repr() would give in the process, appended to out without running code: exact for the
 * kinds we know, `<module.Class object at 0x...>` for the others, `<lost 0x...>` for what cannot
 * be read. Not escaped for the terminal beyond what repr() itself escapes (the renderer does).
 * Returns what is not there, 0: nothing. */
enum {
	REPR_CUT = 1,	/* by the limits */
	REPR_LOST = 2,	/* it could not be read; out says where it is missing */
};
unsigned object_repr(struct runtime *rt, addr_t addr, const struct repr_limits *limits,
		     struct str *out);

#endif
