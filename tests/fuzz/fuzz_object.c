/* Objects of every kind, whose insides are the input. The first byte chooses layout, byte order and
 * word size, the second how near the end of memory they are tried again, then a word the first that
 * is filled. Then each word of an object is, by its lowest byte, another object, a small number, or
 * any bits. So containers nest, hold each other, and have sizes that cannot be.
 *
 * Whatever comes: repr() ends, keeps to its length, and what it gives is UTF-8. */
#define TESTS_UNIT_TEST_H /* heap_rig.h without cmocka */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define assert_true(x)     ((x) ? (void)0 : abort())
#define assert_non_null(x) assert_true((x) != NULL)
#define fail_msg(...)      abort()

#include "tests/unit/heap_rig.h"

#include "cpython_layouts/kinds/list.h"

#define OBJECTS_MAX 160
#define BODY        384 /* bytes of an object that the input fills */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct kind *const families[] = { KIND_FAMILIES };

struct input {
	const uint8_t *data;
	size_t size, at;
};

static uint64_t next_word(struct input *in)
{
	uint64_t word = 0;
	for (int i = 0; i < 8; i++)
		word |= (uint64_t)(in->at < in->size ? in->data[in->at++] : 0) << 8 * i;
	return word;
}

struct zoo {
	struct heap *heap;
	addr_t objects[OBJECTS_MAX];
	size_t count, kinds; /* the first `kinds` are one of each kind */
	size_t first, filled; /* which of them the input fills; the others are the same each time */
};

static uint64_t flags_of(const struct heap *h, const char *name)
{
	static const struct {
		const char *name;
		uint64_t flag;
	} flags[] = {
		{ "long", TPFLAGS_LONG_SUBCLASS },
		{ "dict", TPFLAGS_DICT_SUBCLASS },
		{ "collections.defaultdict", TPFLAGS_DICT_SUBCLASS },
		{ "collections.OrderedDict", TPFLAGS_DICT_SUBCLASS },
		{ "collections.Counter", TPFLAGS_DICT_SUBCLASS },
		{ "BaseException", TPFLAGS_BASE_EXC_SUBCLASS },
		{ "ImportError", TPFLAGS_BASE_EXC_SUBCLASS },
		{ "list", TPFLAGS_LIST_SUBCLASS },
		{ "tuple", TPFLAGS_TUPLE_SUBCLASS },
		{ "str", TPFLAGS_UNICODE_SUBCLASS },
		{ "unicode", TPFLAGS_UNICODE_SUBCLASS },
		{ "bytes", TPFLAGS_BYTES_SUBCLASS },
		{ "int", TPFLAGS_LONG_SUBCLASS },
		{ "bool", TPFLAGS_LONG_SUBCLASS },
	};
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (streq(flags[i].name, name))
			return flags[i].flag;
	return h->l->dialect.attributes >= ATTRIBUTES_MANAGED_311 ? TPFLAGS_MANAGED_DICT : 0;
}

/* One object of each kind, and some sound ones for them to hold. */
static void zoo_populate(struct zoo *z)
{
	struct heap *h = z->heap;
	for (size_t f = 0; f < ARRAY_SIZE(families); f++) {
		for (const struct kind *k = families[f]; k->name && z->count + 6 < OBJECTS_MAX;
		     k++) {
			addr_t type =
				heap_type(h, k->name, h->object_type, flags_of(h, k->name), BODY);
			z->objects[z->count++] = heap_object(h, type, BODY + 64);
		}
	}
	z->kinds = z->count;
	z->objects[z->count++] = heap_text(h, "name");
	z->objects[z->count++] = heap_int(h, 3);
	z->objects[z->count++] = heap_none(h);
	z->objects[z->count++] = heap_list(h, 1, z->objects);
	z->objects[z->count++] = heap_dict(h, 1, z->objects);
}

/* From a first one on, as many as there is input for. */
static void zoo_fill(struct zoo *z, struct input *in)
{
	struct heap *h = z->heap;
	unsigned word = h->machine.word;
	z->first = next_word(in) % z->count;
	for (z->filled = 0; z->filled < z->count && in->at < in->size; z->filled++) {
		size_t i = (z->first + z->filled) % z->count;
		for (size_t at = SIZEOF(h->l, PyObject); at < BODY; at += word) {
			uint64_t w = next_word(in);
			uint8_t sort = (uint8_t)w;
			if (sort < 0x60)
				heap_word(h, z->objects[i] + at, z->objects[(w >> 8) % z->count]);
			else if (sort < 0xc0)
				heap_word(h, z->objects[i] + at, w >> 8 & 0xff);
			else if (sort < 0xf0)
				heap_word(h, z->objects[i] + at, HEAP_BASE + (w >> 8) % HEAP_SIZE);
			else
				heap_word(h, z->objects[i] + at, w);
		}
	}
}

static void check_text(const struct str *out, const struct repr_limits *limits)
{
	size_t characters = 0;
	for (size_t i = 0; i < out->len; i++)
		characters += ((uint8_t)out->buf[i] & 0xc0) != 0x80;
	if (characters > limits->length)
		abort();
}

static void look_at(struct heap *h, addr_t at)
{
	static const struct repr_limits *const all[] = {
		&repr_limits_text,
		&repr_limits_json,
		&repr_limits_full,
	};
	struct object o;
	const char *name;
	addr_t value;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		_str_ struct str out = STR_INIT;
		object_repr(&h->rt, at, all[i], &out);
		check_text(&out, all[i]);
	}
	if (!object_load(&h->rt, at, &o))
		return;
	struct attribute_iter *it = attributes_of(&h->rt, &o);
	for (int i = 0; i < 1000 && attribute_next(it, &name, &value); i++)
		if (!name[0] && !value)
			abort();
	attribute_iter_free(it);
}

/* An object that ends where memory ends, shorter than it should be: nothing behind it may be read. */
static void look_at_the_edge(struct zoo *z, size_t i, size_t words)
{
	struct heap *h = z->heap;
	size_t size = SIZEOF(h->l, PyObject) + words * h->machine.word;
	addr_t at = HEAP_BASE + HEAP_SIZE - size;
	addr_t type = GET(h->l, heap_at(h, z->objects[i]), PyObject, ob_type);
	memcpy(heap_at(h, at), heap_at(h, z->objects[i]), size);
	HPUT(h, type, PyTypeObject, tp_basicsize, size);
	runtime_forget(&h->rt);
	look_at(h, at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size, 2 };
	struct zoo z = { 0 };
	if (size < 2)
		return 0;
	z.heap = heap_new(&heap_variants[data[0] % ARRAY_SIZE(heap_variants)]);
	zoo_populate(&z);
	zoo_fill(&z, &in);
	for (size_t i = 0; i < z.filled; i++)
		look_at(z.heap, z.objects[(z.first + i) % z.count]);
	for (size_t i = 0; i < z.filled; i++)
		if ((z.first + i) % z.count < z.kinds)
			look_at_the_edge(&z, (z.first + i) % z.count, data[1] % 12);
	heap_free(z.heap);
	return 0;
}
