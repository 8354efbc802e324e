/* Loading an object: its header, its type, and the few shapes that everything else is read with. */
#include "cpython_layouts/object.h"

#include "core/checked.h"
#include "cpython_layouts/number.h"
#include "cpython_layouts/type.h"

/* No object is referred to more often than this; what a free list leaves in the first word of a
 * dead object, an address, is larger. (Immortal is 0xffffffff in 3.12 and 3.13.) */
#define REFERENCES_MAX (UINT64_C(1) << 40)

static bool free_threaded_is_live(const struct layout *l, const uint8_t *p)
{
	/* ob_ref_shared >> 2 is the shared count; a merged object has no local one. */
	return GET(l, p, PyObject, ob_ref_local) || GETS(l, p, PyObject, ob_ref_shared) >> 2;
}

bool head_is_live(const struct layout *l, const uint8_t *p)
{
	if (HAS(l, PyObject, ob_ref_local))
		return free_threaded_is_live(l, p);
	if (!HAS(l, PyObject, ob_refcnt))
		return true;
	uint64_t references = GET(l, p, PyObject, ob_refcnt);
	if (references == 0 || references >= REFERENCES_MAX)
		return false;
	/* 3.14+: 32 bits of count, 16 of overflow, 16 of flags. An address on a free list fills the
	 * overflow with its upper half. */
	if (HAS(l, PyObject, ob_flags) && WIDTH(l, PyObject, ob_refcnt) == 4)
		return load_u16(l->machine, p + OFFSET(l, PyObject, ob_refcnt) + 4) < 0x100;
	return true;
}

bool head_load(struct runtime *rt, addr_t addr, const uint8_t **ret, uint64_t *ret_flags)
{
	const struct layout *l = &rt->layout;
	const struct memory *m = &rt->target->memory;
	if (addr % l->machine->word)
		return false;
	const uint8_t *p = memory_at(m, addr, SIZEOF(l, PyObject));
	if (!p || !head_is_live(l, p))
		return false;
	addr_t type = GET(l, p, PyObject, ob_type);
	const uint8_t *t =
		type % l->machine->word ? NULL : memory_at(m, type, SIZEOF(l, PyTypeObject));
	if (!t)
		return false;
	*ret = p;
	*ret_flags = GET(l, t, PyTypeObject, tp_flags);
	return true;
}

const struct pytype *object_type(struct runtime *rt, addr_t addr)
{
	const struct layout *l = &rt->layout;
	const uint8_t *p = addr % l->machine->word ? NULL :
			   memory_at(&rt->target->memory, addr, SIZEOF(l, PyObject));
	return p && head_is_live(l, p) ? pytype_at(rt, GET(l, p, PyObject, ob_type)) : NULL;
}

bool object_load(struct runtime *rt, addr_t addr, struct object *ret)
{
	const struct pytype *type = object_type(rt, addr);
	const uint8_t *p = type ? memory_at(&rt->target->memory, addr, type->fixed) : NULL;
	if (!p)
		return false;
	*ret = (struct object){ .at = addr, .p = p, .type = type };
	return true;
}

bool reference_decode(const struct layout *l, addr_t word, addr_t *ret, bool *is_int)
{
	*is_int = false;
	switch (l->dialect.references) {
	case REFERENCES_DEFERRED_BIT:
		*ret = word & ~UINT64_C(1);
		return *ret != 0;
	case REFERENCES_TAGGED:
		/* Include/internal/pycore_stackref.h (3.14): tag 3 is an int of the remaining bits;
		 * 1 alone is NULL, 2 alone the error mark (3.15). */
		if ((word & 3) == 3) {
			*is_int = true;
			unsigned spare = 64 - l->machine->word * 8u;
			*ret = (addr_t)((int64_t)(word << spare) >> (spare + 2));
			return true;
		}
		*ret = word & ~UINT64_C(3);
		return *ret != 0;
	default:
		*ret = word;
		return word != 0;
	}
}

size_t readable_items(struct runtime *rt, addr_t addr, uint64_t count, size_t size)
{
	uint64_t bytes;
	if (!size)
		return 0;
	if (!checked_mul(count, size, &bytes))
		bytes = UINT64_MAX;
	return (size_t)(memory_span(&rt->target->memory, addr, bytes) / size);
}

const uint8_t *object_bytes(struct runtime *rt, addr_t addr, size_t *ret_len)
{
	const struct layout *l = &rt->layout;
	const struct memory *m = &rt->target->memory;
	const uint8_t *p;
	uint64_t flags, end;
	if (!head_load(rt, addr, &p, &flags) || !(flags & TPFLAGS_BYTES_SUBCLASS))
		return NULL;
	p = memory_at(m, addr, SIZEOF(l, PyVarObject));
	if (!p)
		return NULL;
	int64_t len = GETS(l, p, PyVarObject, ob_size);
	addr_t data = addr + OFFSET(l, PyBytesObject, ob_sval);
	/* One more byte, the NUL at the end: then an empty one has an address too. */
	if (len < 0 || !checked_add(data, (uint64_t)len + 1, &end))
		return NULL;
	p = memory_at(m, data, (size_t)len + 1);
	if (p)
		*ret_len = (size_t)len;
	return p;
}

bool object_int64(struct runtime *rt, addr_t addr, int64_t *ret)
{
	const struct layout *l = &rt->layout;
	const uint8_t *p;
	uint64_t flags;
	if (!head_load(rt, addr, &p, &flags))
		return false;
	if (flags & TPFLAGS_INT_SUBCLASS && HAS(l, PyIntObject, ob_ival)) {
		p = memory_at(&rt->target->memory, addr, SIZEOF(l, PyIntObject));
		if (p)
			*ret = GETS(l, p, PyIntObject, ob_ival);
		return p;
	}
	struct integer integer;
	return flags & TPFLAGS_LONG_SUBCLASS && integer_load(rt, addr, &integer) &&
	       integer_int64(&integer, ret);
}

bool object_sequence(struct runtime *rt, addr_t addr, size_t *ret_count, addr_t *ret_items)
{
	const struct layout *l = &rt->layout;
	const struct memory *m = &rt->target->memory;
	const uint8_t *p;
	uint64_t flags;
	addr_t items;
	if (!head_load(rt, addr, &p, &flags))
		return false;
	if (flags & TPFLAGS_TUPLE_SUBCLASS) {
		p = memory_at(m, addr, SIZEOF(l, PyVarObject));
		items = addr + OFFSET(l, PyTupleObject, ob_item);
	} else if (flags & TPFLAGS_LIST_SUBCLASS) {
		p = memory_at(m, addr, SIZEOF(l, PyListObject));
		items = p ? GET(l, p, PyListObject, ob_item) : 0;
	} else {
		return false;
	}
	if (!p)
		return false;
	int64_t count = GETS(l, p, PyVarObject, ob_size);
	if (count < 0)
		return false;
	*ret_count = readable_items(rt, items, (uint64_t)count, l->machine->word);
	*ret_items = items;
	return true;
}
