/* Sizes of objects drawn into the heap of heap_rig.h. */
#ifndef TESTS_UNIT_SIZES_RIG_H
#define TESTS_UNIT_SIZES_RIG_H

#include "cpython_layouts/sizes.h"
#include "tests/unit/heap_rig.h"

static inline void sizes_fail(int line, const struct heap_variant *v, const char *what,
			      uint64_t size, uint64_t expected)
{
	fail_msg("line %d, %s, %u bit%s: %s %" PRIu64 ", expected %" PRIu64, line, v->table,
		 v->word * 8u, v->swap ? ", swapped" : "", what, size, expected);
}

static inline void sizes_check(int line, struct heap *h, const struct heap_variant *v, addr_t at,
			       bool known, uint64_t expected)
{
	struct object o;
	uint64_t size = 0;
	if (!object_load(&h->rt, at, &o))
		fail_msg("line %d, %s: no object", line, v->table);
	if (object_size(&h->rt, &o, &size) != known)
		sizes_fail(line, v, known ? "not known:" : "known:", size, expected);
	if (size != expected)
		sizes_fail(line, v, "is", size, expected);
}

#define assert_size(h, v, at, expected) sizes_check(__LINE__, h, v, at, true, (uint64_t)(expected))
/* Not known; at least that much. */
#define assert_size_unknown(h, v, at, least)                                                       \
	sizes_check(__LINE__, h, v, at, false, (uint64_t)(least))

/* The version that a variant is of. */
static inline bool sizes_since(const struct heap *h, unsigned major, unsigned minor)
{
	return size_since(&h->rt, major, minor);
}

/* A type that Python or C made, with `method` (0: none) as its __sizeof__. */
static inline addr_t sizes_class(struct heap *h, const char *name, addr_t base, uint64_t flags,
				 size_t basicsize, addr_t method)
{
	addr_t at = heap_class(h, "app", name, base, flags, basicsize);
	addr_t module = heap_text(h, "__module__"), app = heap_text(h, "app");
	addr_t items[] = { module, app, heap_text(h, "__sizeof__"), method };
	HPUT(h, at, PyTypeObject, tp_dict, heap_dict(h, method ? 2 : 1, items));
	return at;
}

/* The method __sizeof__ that C wrote for a class. */
static inline addr_t sizes_method(struct heap *h, addr_t class)
{
	addr_t type =
		heap_type(h, "method_descriptor", h->object_type, 0, SIZEOF(h->l, PyDescrObject));
	addr_t at = heap_object(h, type, SIZEOF(h->l, PyDescrObject));
	HPUT(h, at, PyDescrObject, d_type, class);
	return at;
}

#endif
