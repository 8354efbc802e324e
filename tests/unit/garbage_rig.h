/* Objects in an arena that the collector tracks, and that refer to each other:
 *
 *	0 <-> 1 -> 2        garbage: a ring of two, and what hangs on it
 *	outside -> 3 <-> 4  alive, as 3 has one reference more than these account for
 *
 * Each is a slice: a C type of three words, all of them visited. */
#ifndef TESTS_UNIT_GARBAGE_RIG_H
#define TESTS_UNIT_GARBAGE_RIG_H

#include "tests/unit/pools_rig.h"

static inline addr_t sliced(const struct drawn *d, unsigned i)
{
	return block(i) + SIZEOF(d->h->l, PyGC_Head);
}

static inline void draw_slice(struct drawn *d, unsigned i, addr_t type, unsigned references)
{
	draw_object(d->h, sliced(d, i), type);
	HPUT(d->h, sliced(d, i), PyObject, ob_refcnt, references);
	draw_links(d, sliced(d, i), block(i), block(i));
}

static inline void put_words(struct drawn *d, unsigned i, addr_t a, addr_t b, addr_t c)
{
	heap_words(d->h, sliced(d, i) + SIZEOF(d->h->l, PyObject), 3, (addr_t[]){ a, b, c });
}

static inline struct drawn draw_garbage(const char *table)
{
	struct drawn d = draw(table);
	size_t size = SIZEOF(d.h->l, PyObject) + 3 * 8;
	addr_t type = heap_type(d.h, "slice", d.h->object_type, TPFLAGS_HAVE_GC, size);
	HPUT(d.h, type, PyTypeObject, tp_traverse, 0x1000);
	draw_pool(d.h, AREA, USED, USED, 0);
	for (unsigned i = 0; i < USED; i++)
		draw_slice(&d, i, type, i == 3 ? 2 : 1);
	put_words(&d, 0, 0, sliced(&d, 1), 0);
	put_words(&d, 1, sliced(&d, 0), 0, sliced(&d, 2));
	put_words(&d, 2, 0, 0, 0);
	put_words(&d, 3, sliced(&d, 4), 0, 0);
	put_words(&d, 4, 0, 0, sliced(&d, 3));
	load(&d);
	return d;
}

#endif
