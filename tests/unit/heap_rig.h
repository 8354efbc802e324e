/* A small heap of Python objects, written through a layout and read back through the readers.
 *
 *	0x100000  types, static, with names and empty dicts
 *	          objects, one behind the other, each with room for what may stand before it
 *
 *	struct heap *h = heap_new(&heap_variants[i]);
 *	addr_t list = heap_list(h, 2, (addr_t[]){ heap_int(h, 1), heap_text(h, "x") });
 *	assert_repr(h, list, "[1, 'x']");
 *
 * The variants are every layout that objects have, in both byte orders and both word sizes; tables
 * are for 64 bits, so a narrow one is made from it here: the same members in the same order, with
 * half the width. */
#ifndef TESTS_UNIT_HEAP_RIG_H
#define TESTS_UNIT_HEAP_RIG_H

#include "tests/unit/test.h"

#include <elf.h>
#include "core/checked.h"
#include "core/str.h"
#include "cpython_layouts/object.h"
#include "cpython_layouts/type.h"

#define HEAP_BASE      0x100000
#define HEAP_SIZE      (1 << 19)
#define HEAP_PREHEADER 64 /* bytes kept free before each object */

struct heap_variant {
	const char *table;
	uint8_t word;
	bool swap;
};

#define HEAP_IN_ALL_SHAPES(table)                                                                  \
	{ table, 8, false }, { table, 8, true }, { table, 4, false },                              \
	{                                                                                          \
		table, 4, true                                                                     \
	}

static const struct heap_variant heap_variants[] = {
	HEAP_IN_ALL_SHAPES("2.7"),   HEAP_IN_ALL_SHAPES("3.6"),   HEAP_IN_ALL_SHAPES("3.8"),
	HEAP_IN_ALL_SHAPES("3.10"),  HEAP_IN_ALL_SHAPES("3.11"),  HEAP_IN_ALL_SHAPES("3.12"),
	HEAP_IN_ALL_SHAPES("3.13"),  HEAP_IN_ALL_SHAPES("3.13t"), HEAP_IN_ALL_SHAPES("3.14"),
	HEAP_IN_ALL_SHAPES("3.14t"), HEAP_IN_ALL_SHAPES("3.15"),  HEAP_IN_ALL_SHAPES("3.15t"),
};

struct heap {
	struct machine machine;
	struct target target;
	struct runtime rt;
	const struct layout *l;
	uint8_t *bytes;
	size_t used;
	addr_t object_type, str_type, int_type, bool_type, float_type, bytes_type, list_type,
		tuple_type, dict_type, none_type, text_type;
};

/* --- layouts --------------------------------------------------------------------------------- */

static inline bool heap_member(const struct layout *l, size_t f, enum structure s)
{
	return field_infos[f].structure == s && l->slot[f].source != SLOT_NONE;
}

/* Half as wide: members keep their order, words become 4 bytes, arrays keep the room they had. */
static inline void heap_narrow_struct(const struct layout *l, enum structure s,
				      struct layout *narrow)
{
	uint32_t done = 0, at = UINT32_MAX;
	for (;;) {
		/* the members at the next offset: several where they are bits of one word */
		uint32_t next = UINT32_MAX, behind = l->size[s], width = 0;
		for (size_t f = 0; f < FIELD_COUNT; f++)
			if (heap_member(l, f, s) && l->slot[f].offset >= done)
				next = MIN(next, l->slot[f].offset);
		if (next == UINT32_MAX)
			break;
		for (size_t f = 0; f < FIELD_COUNT; f++) {
			if (heap_member(l, f, s) && l->slot[f].offset == next)
				width = MAX(width, l->slot[f].width);
			else if (heap_member(l, f, s) && l->slot[f].offset > next)
				behind = MIN(behind, l->slot[f].offset);
		}
		uint32_t align = width == 0 ? 4 : MIN(width, 4u);
		if (width == 0 && l->slot[FIELD_PyDateTime_Date_data].offset == next)
			align = 1; /* bytes, not words */
		/* An object's own members begin behind its header, which may not halve exactly. */
		if (at == UINT32_MAX)
			at = next < l->size[STRUCT_PyObject]
				     ? next / 2
				     : narrow->size[STRUCT_PyObject] +
					       (next - l->size[STRUCT_PyObject]) / 2;
		at = (at + align - 1) / align * align;
		for (size_t f = 0; f < FIELD_COUNT; f++) {
			if (!heap_member(l, f, s) || l->slot[f].offset != next)
				continue;
			narrow->slot[f].offset = at;
			if (l->slot[f].width == 8)
				narrow->slot[f].width = 4;
		}
		at += width == 8 ? 4 : width ? width : MAX(behind, next + 4) - next;
		done = next + 1;
	}
	if (l->size[s])
		narrow->size[s] = at == UINT32_MAX ? l->size[s] / 2 : (at + 3) & ~3u;
}

static inline void heap_layout(struct heap *h, const struct heap_variant *v)
{
	struct layout *l = &h->rt.layout;
	const struct machine *x86_64 = machine_find(EM_X86_64, ELFCLASS64, ELFDATA2LSB);
	struct error *err = layout_from_table(layout_table_named(v->table), x86_64, l);
	if (err)
		fail_msg("%s: %s", v->table, err->message);
	h->machine = *x86_64;
	h->machine.word = v->word;
	h->machine.swap = v->swap;
	l->machine = &h->machine;
	if (l->dialect.unicode_27)
		l->unicode_unit = 4;
	if (v->word == 8)
		return;
	struct layout *narrow = malloc(sizeof(*narrow));
	assert_non_null(narrow);
	*narrow = *l;
	for (size_t s = 0; s < STRUCT_COUNT; s++)
		heap_narrow_struct(l, (enum structure)s, narrow);
	*l = *narrow;
	free(narrow);
}

/* --- bytes ----------------------------------------------------------------------------------- */

static inline uint8_t *heap_at(struct heap *h, addr_t at)
{
	assert_true(at >= HEAP_BASE && at < HEAP_BASE + HEAP_SIZE);
	return h->bytes + (at - HEAP_BASE);
}

static inline addr_t heap_alloc(struct heap *h, size_t size)
{
	addr_t at = HEAP_BASE + ((h->used + HEAP_PREHEADER + 15) & ~(size_t)15);
	h->used = at - HEAP_BASE + size;
	assert_true(h->used < HEAP_SIZE);
	return at;
}

static inline void heap_number(struct heap *h, addr_t at, unsigned width, uint64_t value)
{
	uint8_t *p = heap_at(h, at);
	for (unsigned i = 0; i < width; i++)
		p[h->machine.swap ? width - 1 - i : i] = (uint8_t)(value >> 8 * i);
}

static inline void heap_word(struct heap *h, addr_t at, uint64_t value)
{
	heap_number(h, at, h->machine.word, value);
}

static inline void heap_put(struct heap *h, addr_t at, enum field field, uint64_t value)
{
	const struct slot *s = &h->l->slot[field];
	if (s->source == SLOT_NONE)
		return;
	struct slot whole = { .offset = s->offset, .width = s->width, .source = s->source };
	uint64_t old = s->bits ? layout_load(h->l, heap_at(h, at), &whole) : 0;
	heap_number(h, at + s->offset, s->width, s->bits ? old | value << s->bit : value);
}
#define HPUT(h, at, S, m, value) heap_put(h, at, FIELD_##S##_##m, (uint64_t)(value))

static inline addr_t heap_raw(struct heap *h, const void *bytes, size_t len)
{
	addr_t at = heap_alloc(h, len + 1);
	memcpy(heap_at(h, at), bytes, len);
	return at;
}

/* --- objects --------------------------------------------------------------------------------- */

static inline addr_t heap_object(struct heap *h, addr_t type, size_t size)
{
	addr_t at = heap_alloc(h, MAX(size, (size_t)SIZEOF(h->l, PyVarObject)));
	HPUT(h, at, PyObject, ob_refcnt, 1);
	HPUT(h, at, PyObject, ob_ref_local, 1);
	HPUT(h, at, PyObject, ob_type, type);
	return at;
}

static inline addr_t heap_type(struct heap *h, const char *name, addr_t base, uint64_t flags,
			       size_t basicsize)
{
	addr_t at = heap_object(h, h->rt.type_type,
				MAX(SIZEOF(h->l, PyTypeObject), SIZEOF(h->l, PyHeapTypeObject)));
	HPUT(h, at, PyTypeObject, tp_name, heap_raw(h, name, strlen(name)));
	HPUT(h, at, PyTypeObject, tp_base, base);
	HPUT(h, at, PyTypeObject, tp_flags, flags | TPFLAGS_READY);
	HPUT(h, at, PyTypeObject, tp_basicsize, MAX(basicsize, (size_t)SIZEOF(h->l, PyObject)));
	return at;
}

static inline addr_t heap_bytes(struct heap *h, const void *bytes, size_t len)
{
	addr_t at = heap_object(h, h->bytes_type, OFFSET(h->l, PyBytesObject, ob_sval) + len + 1);
	HPUT(h, at, PyVarObject, ob_size, len);
	memcpy(heap_at(h, at + OFFSET(h->l, PyBytesObject, ob_sval)), bytes, len);
	return at;
}

static inline void heap_units(struct heap *h, addr_t at, unsigned width, const uint32_t *units,
			      size_t len)
{
	for (size_t i = 0; i < len; i++)
		heap_number(h, at + i * width, width, units[i]);
}

/* A str of units of 1, 2 or 4 bytes; in 2.7 a unicode. */
static inline addr_t heap_unicode(struct heap *h, unsigned width, const uint32_t *units, size_t len)
{
	const struct layout *l = h->l;
	if (l->dialect.unicode_27) {
		addr_t data = heap_alloc(h, (len + 1) * l->unicode_unit);
		addr_t at = heap_object(h, h->text_type, SIZEOF(l, PyUnicodeObject));
		heap_units(h, data, l->unicode_unit, units, len);
		HPUT(h, at, PyUnicodeObject, length, len);
		HPUT(h, at, PyUnicodeObject, str, data);
		return at;
	}
	bool ascii = width == 1;
	for (size_t i = 0; i < len; i++)
		ascii = ascii && units[i] < 128;
	uint32_t head = ascii ? SIZEOF(l, PyASCIIObject) : SIZEOF(l, PyCompactUnicodeObject);
	addr_t at = heap_object(h, h->str_type, head + (len + 1) * width);
	HPUT(h, at, PyASCIIObject, length, len);
	HPUT(h, at, PyASCIIObject, kind, width);
	HPUT(h, at, PyASCIIObject, compact, 1);
	HPUT(h, at, PyASCIIObject, ready, 1);
	HPUT(h, at, PyASCIIObject, ascii, ascii);
	heap_units(h, at + head, width, units, len);
	return at;
}

/* What 'text' makes: a str; in 2.7 that is bytes. */
static inline addr_t heap_text(struct heap *h, const char *text)
{
	uint32_t units[256];
	size_t len = strlen(text);
	assert_true(len <= ARRAY_SIZE(units));
	if (h->l->dialect.unicode_27)
		return heap_bytes(h, text, len);
	for (size_t i = 0; i < len; i++)
		units[i] = (uint8_t)text[i];
	return heap_unicode(h, 1, units, len);
}

/* An int of these digits of 30 or 15 bits (2.7: a long). */
static inline addr_t heap_digits(struct heap *h, addr_t type, bool negative, const uint32_t *digits,
				 size_t count)
{
	const struct layout *l = h->l;
	unsigned width = l->dialect.long_shift > 16 ? 4 : 2;
	addr_t at = heap_object(h, type, OFFSET(l, PyLongObject, ob_digit) + (count + 1) * width);
	HPUT(h, at, PyLongObject, lv_tag, count << 3 | (count == 0 ? 1 : negative ? 2 : 0));
	if (!HAS(l, PyLongObject, lv_tag))
		HPUT(h, at, PyVarObject, ob_size, negative ? -(int64_t)count : (int64_t)count);
	heap_units(h, at + OFFSET(l, PyLongObject, ob_digit), width, digits, count);
	return at;
}

static inline addr_t heap_int_of(struct heap *h, addr_t type, int64_t value)
{
	uint32_t digits[5];
	size_t count = 0;
	if (HAS(h->l, PyIntObject, ob_ival)) {
		addr_t at = heap_object(h, type, SIZEOF(h->l, PyIntObject));
		HPUT(h, at, PyIntObject, ob_ival, value);
		return at;
	}
	unsigned shift = h->l->dialect.long_shift;
	for (uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value; rest; rest >>= shift)
		digits[count++] = rest & ((1u << shift) - 1);
	return heap_digits(h, type, value < 0, digits, count);
}

static inline addr_t heap_int(struct heap *h, int64_t value)
{
	return heap_int_of(h, h->int_type, value);
}

static inline void heap_double(struct heap *h, addr_t at, double value)
{
	uint64_t bits;
	memcpy(&bits, &value, sizeof(bits));
	heap_number(h, at, 8, bits);
}

static inline addr_t heap_float(struct heap *h, double value)
{
	addr_t at = heap_object(h, h->float_type, SIZEOF(h->l, PyFloatObject) + 8);
	heap_double(h, at + OFFSET(h->l, PyFloatObject, ob_fval), value);
	return at;
}

static inline addr_t heap_none(struct heap *h)
{
	if (!h->rt.none)
		h->rt.none = heap_object(h, h->none_type, SIZEOF(h->l, PyObject));
	return h->rt.none;
}

static inline void heap_words(struct heap *h, addr_t at, size_t count, const addr_t *words)
{
	for (size_t i = 0; i < count; i++)
		heap_word(h, at + i * h->machine.word, words[i]);
}

static inline addr_t heap_tuple(struct heap *h, size_t count, const addr_t *items)
{
	uint32_t head = OFFSET(h->l, PyTupleObject, ob_item);
	addr_t at = heap_object(h, h->tuple_type, head + (count + 1) * h->machine.word);
	HPUT(h, at, PyVarObject, ob_size, count);
	heap_words(h, at + head, count, items);
	return at;
}

static inline addr_t heap_list(struct heap *h, size_t count, const addr_t *items)
{
	addr_t table = heap_alloc(h, (count + 1) * h->machine.word);
	addr_t at = heap_object(h, h->list_type, SIZEOF(h->l, PyListObject));
	heap_words(h, table, count, items);
	HPUT(h, at, PyVarObject, ob_size, count);
	HPUT(h, at, PyListObject, ob_item, table);
	HPUT(h, at, PyListObject, allocated, count);
	return at;
}

/* A keys object of room for 2^log2 keys: pairs of key and value, 0 value: a removed one. kind 0
 * general, 1 unicode, 2 split (3.11+; before all are general). */
static inline addr_t heap_keys(struct heap *h, unsigned log2, unsigned kind, size_t pairs,
			       const addr_t *items)
{
	const struct layout *l = h->l;
	bool unicode = HAS(l, PyDictKeysObject, dk_kind) && kind;
	uint32_t entry = unicode ? SIZEOF(l, PyDictUnicodeEntry) : SIZEOF(l, PyDictKeyEntry);
	uint32_t key =
		unicode ? OFFSET(l, PyDictUnicodeEntry, me_key) : OFFSET(l, PyDictKeyEntry, me_key);
	uint32_t value = unicode ? OFFSET(l, PyDictUnicodeEntry, me_value)
				 : OFFSET(l, PyDictKeyEntry, me_value);
	size_t indices = (size_t)1 << log2;
	uint32_t head = OFFSET(l, PyDictKeysObject, dk_indices);
	addr_t at = heap_alloc(h, head + indices + (pairs + 1) * entry);
	HPUT(h, at, PyDictKeysObject, dk_refcnt, 1);
	HPUT(h, at, PyDictKeysObject, dk_size, indices);
	HPUT(h, at, PyDictKeysObject, dk_log2_size, log2);
	HPUT(h, at, PyDictKeysObject, dk_log2_index_bytes, log2);
	HPUT(h, at, PyDictKeysObject, dk_kind, kind);
	HPUT(h, at, PyDictKeysObject, dk_nentries, pairs);
	for (size_t i = 0; i < pairs; i++) {
		heap_word(h, at + head + indices + i * entry + key, items[2 * i]);
		if (kind != 2)
			heap_word(h, at + head + indices + i * entry + value, items[2 * i + 1]);
	}
	return at;
}

static inline addr_t heap_dict_of(struct heap *h, addr_t type, size_t size, size_t pairs,
				  const addr_t *items)
{
	const struct layout *l = h->l;
	addr_t at = heap_object(h, type, MAX(size, (size_t)SIZEOF(l, PyDictObject)));
	size_t used = 0;
	for (size_t i = 0; i < pairs; i++)
		used += items[2 * i + 1] != 0;
	HPUT(h, at, PyDictObject, ma_used, used);
	unsigned log2 = 3;
	while (((size_t)1 << log2) < pairs + pairs / 2 + 1)
		log2++;
	if (!HAS(l, PyDictObject, ma_table)) {
		HPUT(h, at, PyDictObject, ma_keys, heap_keys(h, log2, 0, pairs, items));
		return at;
	}
	/* 2.7: the pairs one after the other stand for wherever their hashes put them. */
	addr_t table = heap_alloc(h, ((size_t)1 << log2) * SIZEOF(l, PyDictKeyEntry));
	for (size_t i = 0; i < pairs; i++) {
		HPUT(h, table + i * SIZEOF(l, PyDictKeyEntry), PyDictKeyEntry, me_key,
		     items[2 * i]);
		HPUT(h, table + i * SIZEOF(l, PyDictKeyEntry), PyDictKeyEntry, me_value,
		     items[2 * i + 1]);
	}
	HPUT(h, at, PyDictObject, ma_mask, (1 << log2) - 1);
	HPUT(h, at, PyDictObject, ma_fill, pairs);
	HPUT(h, at, PyDictObject, ma_table, table);
	return at;
}

static inline addr_t heap_dict(struct heap *h, size_t pairs, const addr_t *items)
{
	return heap_dict_of(h, h->dict_type, 0, pairs, items);
}

/* A class made by a class statement. */
static inline addr_t heap_class(struct heap *h, const char *module, const char *qualname,
				addr_t base, uint64_t flags, size_t basicsize)
{
	const char *dot = strrchr(qualname, '.');
	addr_t at = heap_type(h, "", base, flags | TPFLAGS_HEAPTYPE, basicsize);
	HPUT(h, at, PyHeapTypeObject, ht_name, heap_text(h, dot ? dot + 1 : qualname));
	HPUT(h, at, PyHeapTypeObject, ht_qualname, heap_text(h, qualname));
	HPUT(h, at, PyTypeObject, tp_dict,
	     heap_dict(h, 1, (addr_t[]){ heap_text(h, "__module__"), heap_text(h, module) }));
	return at;
}

/* A class whose instances have a dict, where the dialect puts it. */
static inline addr_t heap_class_with_dict(struct heap *h, const char *module, const char *qualname,
					  addr_t base)
{
	const struct layout *l = h->l;
	uint32_t head = SIZEOF(l, PyObject);
	if (l->dialect.attributes != ATTRIBUTES_DICTOFFSET)
		return heap_class(h, module, qualname, base, TPFLAGS_MANAGED_DICT,
				  head + 2 * h->machine.word);
	addr_t class = heap_class(h, module, qualname, base, 0, head + 2 * h->machine.word);
	HPUT(h, class, PyTypeObject, tp_dictoffset, head);
	return class;
}

static inline addr_t heap_instance(struct heap *h, addr_t class, size_t pairs, const addr_t *items)
{
	const struct layout *l = h->l;
	int64_t word = h->machine.word, offset = SIZEOF(l, PyObject);
	if (l->dialect.attributes != ATTRIBUTES_DICTOFFSET)
		offset = HAS(l, PyObject, ob_tid) ? -word : -3 * word;
	addr_t dict = heap_dict(h, pairs, items);
	addr_t at = heap_object(h, class, SIZEOF(l, PyObject) + 64);
	heap_word(h, at + (uint64_t)offset, dict);
	return at;
}

/* --- the heap -------------------------------------------------------------------------------- */

static inline void heap_types(struct heap *h)
{
	const struct layout *l = h->l;
	uint64_t bytes_flag = TPFLAGS_BYTES_SUBCLASS, word = h->machine.word;
	bool old = l->dialect.unicode_27;
	h->rt.type_type =
		heap_alloc(h, MAX(SIZEOF(l, PyTypeObject), SIZEOF(l, PyHeapTypeObject)) + 64);
	addr_t type = h->rt.type_type;
	HPUT(h, type, PyObject, ob_refcnt, 1);
	HPUT(h, type, PyObject, ob_ref_local, 1);
	HPUT(h, type, PyObject, ob_type, type);
	HPUT(h, type, PyTypeObject, tp_name, heap_raw(h, "type", 4));
	HPUT(h, type, PyTypeObject, tp_flags, TPFLAGS_TYPE_SUBCLASS | TPFLAGS_READY);
	HPUT(h, type, PyTypeObject, tp_basicsize, SIZEOF(l, PyHeapTypeObject));
	addr_t object = h->object_type = heap_type(h, "object", 0, 0, SIZEOF(l, PyObject));
	HPUT(h, type, PyTypeObject, tp_base, object);
	h->bytes_type = heap_type(h, old ? "str" : "bytes", object, bytes_flag,
				  OFFSET(l, PyBytesObject, ob_sval) + 1);
	h->text_type = heap_type(h, old ? "unicode" : "str", object, TPFLAGS_UNICODE_SUBCLASS,
				 SIZEOF(l, PyUnicodeObject));
	h->str_type = h->text_type;
	h->int_type =
		old ? heap_type(h, "int", object, TPFLAGS_INT_SUBCLASS, SIZEOF(l, PyIntObject))
		    : heap_type(h, "int", object, TPFLAGS_LONG_SUBCLASS,
				OFFSET(l, PyLongObject, ob_digit));
	h->bool_type = heap_type(h, "bool", h->int_type,
				 old ? TPFLAGS_INT_SUBCLASS : TPFLAGS_LONG_SUBCLASS,
				 old ? SIZEOF(l, PyIntObject) : OFFSET(l, PyLongObject, ob_digit));
	h->float_type = heap_type(h, "float", object, 0, OFFSET(l, PyFloatObject, ob_fval) + 8);
	h->list_type = heap_type(h, "list", object, TPFLAGS_LIST_SUBCLASS, SIZEOF(l, PyListObject));
	h->tuple_type = heap_type(h, "tuple", object, TPFLAGS_TUPLE_SUBCLASS,
				  OFFSET(l, PyTupleObject, ob_item));
	h->dict_type = heap_type(h, "dict", object, TPFLAGS_DICT_SUBCLASS,
				 MAX(SIZEOF(l, PyDictObject),
				     OFFSET(l, PyDictObject, ma_used) + 4 * (uint32_t)word));
	h->none_type = heap_type(h, "NoneType", object, 0, SIZEOF(l, PyObject));
}

static inline struct heap *heap_new(const struct heap_variant *v)
{
	struct heap *h = calloc(1, sizeof(*h));
	assert_non_null(h);
	h->bytes = calloc(1, HEAP_SIZE);
	assert_non_null(h->bytes);
	h->target.machine = &h->machine;
	struct extent extent = {
		.start = HEAP_BASE,
		.end = HEAP_BASE + HEAP_SIZE,
		.host = h->bytes,
		.source = EXTENT_CORE,
		.flags = EXTENT_READ | EXTENT_WRITE,
	};
	assert_true(memory_add(&h->target.memory, &extent));
	assert_true(memory_seal(&h->target.memory));
	h->rt.target = &h->target;
	h->l = &h->rt.layout;
	heap_layout(h, v);
	heap_types(h);
	return h;
}

static inline void heap_free(struct heap *h)
{
	runtime_forget(&h->rt);
	arena_release(&h->target.arena);
	memory_release(&h->target.memory);
	remarks_release(&h->target.remarks);
	free(h->bytes);
	free(h);
}

/* --- what is read back ----------------------------------------------------------------------- */

static inline void heap_assert_repr(struct heap *h, const char *variant, addr_t at,
				    const char *expected)
{
	_str_ struct str out = STR_INIT;
	unsigned missing = object_repr(&h->rt, at, &repr_limits_json, &out);
	if (!streq(out.buf, expected) || missing & REPR_CUT)
		fail_msg("%s: %s%s, expected %s", variant, out.buf, missing & REPR_CUT ? " (cut)" : "", expected);
}

/* Run the body with a heap of each variant. */
#define HEAP_EACH(h, v)                                                                            \
	for (const struct heap_variant *v = heap_variants;                                         \
	     v < heap_variants + ARRAY_SIZE(heap_variants); v++)                                   \
		for (struct heap *h = heap_new(v); h; heap_free(h), h = NULL)
#define assert_repr(h, v, at, expected)                                                            \
	do {                                                                                       \
		char shape_[64];                                                                   \
		snprintf(shape_, sizeof(shape_), "line %d, %s, %u bit%s", __LINE__, (v)->table,    \
			 (v)->word * 8u, (v)->swap ? ", swapped" : "");                            \
		heap_assert_repr(h, shape_, at, expected);                                         \
	} while (0)

#endif
