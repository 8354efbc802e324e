/* Types, as the readers of objects use them among themselves; the contract for all is object.h.
 *
 * A type is checked, named and given its kind once, then found by its address: no object costs a
 * string comparison. The cheap readers (text, dict entries, ints) need no struct pytype at all:
 * head_load() looks at tp_flags alone, so that naming a type never leads back to naming a type. */
#ifndef CPYTHON_LAYOUTS_TYPE_H
#define CPYTHON_LAYOUTS_TYPE_H

#include "core/map.h"
#include "cpython_layouts/object.h"

struct types {
	struct map by_address;   /* type object -> struct pytype */
	struct map texts;        /* str object -> NUL-terminated copy in the runtime's arena */
	struct map static_names; /* static type -> its full name, where tp_name was not dumped */
	bool static_names_known;
	addr_t last_at; /* the type found last; locals come in runs of one type */
	const struct pytype *last;
	uint8_t numpy_major; /* its version; 0: not asked for yet */
	uint64_t mapped; /* bytes of all extents, sizes.c; 0: not yet added up */
};

/* Made on first use; NULL: out of memory. */
struct types *types_of(struct runtime *rt);

/* The type's own __dict__ object; 0: none. Static builtin types keep it in the interpreter from
 * 3.12 on. */
addr_t pytype_dict(struct runtime *rt, const struct pytype *type);
/* The classes of the mro, nearest first, at most max; the type itself when tp_mro is lost. */
size_t pytype_mro(struct runtime *rt, const struct pytype *type, addr_t *ret, size_t max);
/* The attribute along the mro, and in which class's dict it was (may be NULL); 0: none, or, where
 * there is an owner, its dict is lost, and so is which attribute Python would find. */
addr_t pytype_lookup(struct runtime *rt, const struct pytype *type, const char *name,
		     addr_t *ret_owner);

/* An object's header and its type's tp_flags, without the type cache. false: unreadable, or freed
 * memory (a refcount that no live object has). */
bool head_load(struct runtime *rt, addr_t addr, const uint8_t **ret, uint64_t *ret_flags);
/* Has the object a reference count that a live object can have? */
bool head_is_live(const struct layout *l, const uint8_t *p);

/* How many of count items of size bytes can be seen from addr on, without a gap. They are
 * not touched yet: who shows some of them asks for those. */
size_t readable_items(struct runtime *rt, addr_t addr, uint64_t count, size_t size);
/* The pointer at host bytes p, index i. */
static inline addr_t word_at(const struct runtime *rt, const uint8_t *p, size_t i)
{
	const struct machine *m = rt->target->machine;
	return load_word(m, p + i * m->word);
}

/* What the head of a keys object says of its table (PyDictKeysObject, 3.6+). */
struct dict_keys {
	const uint8_t *p;		/* the head */
	uint64_t size;			/* places in the index: a power of two; two thirds are entries */
	uint64_t index_bytes;
	bool without_hash;		/* PyDictUnicodeEntry (3.11+) */
};
/* false: not readable, or no such head. */
bool dict_keys_load(struct runtime *rt, addr_t at, struct dict_keys *ret);
/* Start from a keys object, and values beside it (0: the entries have their own). order_at: where
 * insertion order bytes begin. For instances whose attributes have no dict object. */
bool dict_iter_of_values(struct runtime *rt, addr_t keys, addr_t values, struct dict_iter *ret);
/* The dict whose struct is at host bytes p, whatever its type says. */
bool dict_iter_of_struct(struct runtime *rt, const uint8_t *p, struct dict_iter *ret);
/* Is the str at addr exactly this (ASCII) name? */
bool text_equals(struct runtime *rt, addr_t addr, const char *name, size_t len);

#endif
