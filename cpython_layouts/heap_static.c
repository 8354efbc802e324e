/* Objects that no allocator gave: None, static types, and from 3.11 on small ints, names and more
 * (_PyRuntime.static_objects), in the writable data of python, libpython and extension modules.
 * They are where a word that names a type follows a count that a live object can have. */
#include "core/checked.h"
#include "cpython_layouts/heap_parts.h"
#include "cpython_layouts/sizes.h"
#include "cpython_layouts/type.h"

/* A reference count that only what is never to be freed begins with. */
enum { FOREVER = 500000000 };

/* Two writable pieces of one module, .data and the .bss behind it, are two parts. */
bool heap_find_static(struct pyheap *heap)
{
	const struct target *t = heap->rt->target;
	const struct extent *e;
	vec_each(e, &t->memory.extents) {
		const struct module *module = target_module_at(t, e->start);
		if (!(e->flags & EXTENT_WRITE) || !module)
			continue;
		struct heap_part part = { .start = e->start,
					  .end = MIN(e->end, module->end),
					  .source = HEAP_STATIC };
		struct heap_account *account = &heap->accounts[HEAP_STATIC];
		account->bytes += part.end - part.start;
		/* What the kernel left out was never written to: an object in use is. */
		if (!e->host)
			account->lost += t->truncated ? part.end - part.start : 0;
		else if (part.end > part.start && !heap_add_part(heap, &part))
			return false;
	}
	return true;
}

/* A static type is shorter than those of which its type says how long they are. */
static uint64_t static_size(const struct layout *l, const struct heap_type *type, const uint8_t *p)
{
	bool is_type = type->type->flags & TPFLAGS_TYPE_SUBCLASS;
	if (is_type && !(GET(l, p, PyTypeObject, tp_flags) & TPFLAGS_HEAPTYPE))
		return MIN(type->least, SIZEOF(l, PyTypeObject));
	return type->least;
}

/* The collector's objects come from an allocator; those that do not are types, or made never to be
 * freed: then they begin with a count of 999999999 (3.11) or more. Anything else that looks like one
 * is a table with a number beside the address of a type, as _decimal's and _io's are. */
static bool may_be_static(const struct layout *l, const struct pytype *type, const uint8_t *p)
{
	if (type->flags & TPFLAGS_TYPE_SUBCLASS)
		return true;
	/* no initializer can name a type that is made at run time */
	if (type->flags & TPFLAGS_HEAPTYPE)
		return false;
	if (!(type->flags & TPFLAGS_HAVE_GC))
		return true;
	return GET_OR(l, p, PyObject, ob_refcnt, 0) >= FOREVER ||
	       GET_OR(l, p, PyObject, ob_ref_local, 0) >= FOREVER;
}

/* Is it one row of a table of counts and types, such as the runtime's list of static types (3.13+,
 * Include/internal/pycore_interp_structs.h, managed_static)? The row before it or behind it is then
 * another one with the same count. Objects that are as short are immortal there. */
static bool is_row(struct heap_iter *it, const uint8_t *p, uint64_t at, uint64_t size)
{
	struct runtime *rt = it->recognizer.heap->rt;
	const struct layout *l = &rt->layout;
	uint64_t row = 2 * l->machine->word, count = load_word(l->machine, p + at);
	if (!size_since(rt, 3, 13) || SIZEOF(l, PyObject) != row || count >= FOREVER)
		return false;
	for (int side = -1; side <= 1; side += 2) {
		uint64_t other = at + (uint64_t)side * row;
		if ((side > 0 || at >= row) && other + row <= size &&
		    load_word(l->machine, p + other) == count &&
		    heap_type_at(&it->recognizer, GET(l, p + other, PyObject, ob_type)))
			return true;
	}
	return false;
}

/* Builds that link all objects (2.7 to 3.7 with debugging) have the links in front of the count: one
 * that is no count but the next object's link may look like one where addresses are low. The chain
 * begins with what is no object itself (Objects/object.c, refchain). */
static bool is_link(const struct runtime *rt, const uint8_t *p)
{
	enum { LOWEST = 0x10000 };
	const struct layout *l = &rt->layout;
	if (!HAS(l, PyObject, ob_refcnt) || !OFFSET(l, PyObject, ob_refcnt))
		return false;
	addr_t at = GET(l, p, PyObject, ob_refcnt);
	return at >= LOWEST && at % l->machine->word == 0 &&
	       memory_at(&rt->target->memory, at, SIZEOF(l, PyObject));
}

enum heap_step heap_next_static(struct heap_iter *it)
{
	struct runtime *rt = it->recognizer.heap->rt;
	const struct layout *l = &rt->layout;
	uint64_t word = l->machine->word, header = SIZEOF(l, PyObject);
	addr_t start = (it->cursor + word - 1) & ~(word - 1), end = it->now->end;
	const uint8_t *p = start < end ? memory_at(&rt->target->memory, start, end - start) : NULL;
	it->cursor = end;
	if (!p)
		return STEP_END;
	for (uint64_t i = 0; i + header <= end - start; i += word) {
		if (!head_is_live(l, p + i))
			continue;
		const struct heap_type *type =
			heap_type_at(&it->recognizer, GET(l, p + i, PyObject, ob_type));
		if (!type || !may_be_static(l, type->type, p + i) ||
		    heap_count_is_pointer(&it->recognizer, p + i) || is_link(rt, p + i) ||
		    is_row(it, p, i, end - start))
			continue;
		uint64_t size = static_size(l, type, p + i);
		/* who reads it may look at all of the fixed part, beyond .bss too */
		const uint8_t *q = memory_at(&rt->target->memory, start + i, type->type->fixed);
		if (size > end - start - i || !q)
			continue;
		/* what looks like an object within one is a part of it */
		it->cursor = start + i + ((size + word - 1) & ~(word - 1));
		it->unit = (struct heap_unit){ .at = start + i,
					       .p = q,
					       .seen = type->type->fixed,
					       .count = 1,
					       .place = HEAP_BARE };
		return STEP_UNIT;
	}
	return STEP_END;
}
