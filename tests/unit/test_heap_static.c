/* Objects in the writable data of a module, drawn one behind the other as a linker puts them. */
#include "tests/unit/heap_rig.h"

#include "cpython_layouts/heap.h"
#include "cpython_layouts/heap_parts.h"

struct drawn {
	struct heap *h;
	addr_t next; /* where the next object begins */
};

static struct drawn draw(const char *table)
{
	const struct heap_variant variant = { table, 8, false };
	struct drawn d = { .h = heap_new(&variant) };
	struct module *module = vec_push(&d.h->target.modules);
	assert_non_null(module);
	*module = (struct module){ .start = HEAP_BASE, .end = HEAP_BASE + HEAP_SIZE };
	d.next = heap_alloc(d.h, 8192);
	return d;
}

static void undraw(struct drawn *d)
{
	vec_release(&d->h->target.modules);
	heap_free(d->h);
}

/* size bytes of an object or of what looks like one: a count, the address of a type */
static addr_t put(struct drawn *d, uint64_t count, addr_t type, size_t size)
{
	addr_t at = d->next;
	d->next += (size + 7) & ~(size_t)7;
	HPUT(d->h, at, PyObject, ob_refcnt, count);
	HPUT(d->h, at, PyObject, ob_ref_local, count);
	HPUT(d->h, at, PyObject, ob_type, type);
	return at;
}

static void assert_found(struct drawn *d, addr_t at, bool expected)
{
	struct pyheap *heap = NULL;
	struct heap_object o;
	size_t found = 0;
	assert_null(pyheap_load(&d->h->rt, NULL, &heap));
	struct heap_iter *it = heap_objects(heap, 0, pyheap_parts(heap));
	assert_non_null(it);
	while (heap_next(it, &o))
		found += o.source == HEAP_STATIC && o.object.at == at;
	heap_iter_free(it);
	pyheap_free(heap);
	assert_int_equal(found, expected);
}

static const char *const tables[] = { "2.7",  "3.6",  "3.8",   "3.10", "3.11",
				      "3.12", "3.13", "3.13t", "3.14", "3.15" };

/* It is shorter than its own type says its instances are: those are heap types. */
static void heap_static__a_static_type_ends_before_the_next_object(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		struct drawn d = draw(tables[i]);
		uint32_t size = SIZEOF(d.h->l, PyTypeObject), head = SIZEOF(d.h->l, PyObject);
		addr_t type = put(&d, 1, d.h->rt.type_type, size);
		addr_t none = put(&d, 1, d.h->none_type, head);
		assert_found(&d, type, true);
		assert_found(&d, none, true);
		undraw(&d);
	}
}

static void heap_static__what_a_heap_type_has_is_no_object(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		struct drawn d = draw(tables[i]);
		uint32_t size = SIZEOF(d.h->l, PyTypeObject), head = SIZEOF(d.h->l, PyObject);
		addr_t type = put(&d, 1, d.h->rt.type_type, size);
		HPUT(d.h, type, PyTypeObject, tp_flags, TPFLAGS_HEAPTYPE);
		addr_t within = put(&d, 1, d.h->none_type, head);
		assert_found(&d, type, true);
		assert_found(&d, within, false);
		undraw(&d);
	}
}

/* { &PyLong_Type, 1 }, { &PyUnicode_Type, 1 } ...: the runtime's list of static types */
static void heap_static__a_list_of_types_with_counts_is_no_object(void **state)
{
	static const char *const listed[] = { "3.13", "3.14", "3.15" };
	for (size_t i = 0; i < ARRAY_SIZE(listed); i++) {
		struct drawn d = draw(listed[i]);
		uint32_t head = SIZEOF(d.h->l, PyObject);
		addr_t first = put(&d, 1, d.h->none_type, head);
		addr_t second = put(&d, 1, d.h->object_type, head);
		addr_t last = put(&d, 1, d.h->none_type, head);
		d.next += 64;
		addr_t alone = put(&d, 1, d.h->none_type, head);
		assert_found(&d, first, false);
		assert_found(&d, second, false);
		assert_found(&d, last, false);
		assert_found(&d, alone, true);
		undraw(&d);
	}
}

/* { 1, &PyExc_Error }, { 2, ... }: nobody makes exceptions so, but for one that lives forever. */
static void heap_static__a_table_with_a_type_in_it_is_no_object(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		struct drawn d = draw(tables[i]);
		uint32_t head = SIZEOF(d.h->l, PyObject);
		addr_t error = heap_type(d.h, "Error", d.h->object_type, TPFLAGS_HAVE_GC, 88);
		addr_t entry = put(&d, 1, error, head);
		addr_t none = put(&d, 999999999, d.h->none_type, head);
		d.next += 128;
		addr_t last = put(&d, 999999999, error, 88);
		assert_found(&d, entry, false);
		assert_found(&d, none, true);
		assert_found(&d, last, true);
		undraw(&d);
	}
}

/* datetime.time without a zone: its last member is not there. */
static void heap_recognize__knows_an_object_shorter_than_its_type(void **state)
{
	static const struct {
		const char *name;
		enum structure structure;
		enum field zone;
	} times[] = {
		{ "datetime.time", STRUCT_PyDateTime_Time, FIELD_PyDateTime_Time_tzinfo },
		{ "datetime.datetime", STRUCT_PyDateTime_DateTime,
		  FIELD_PyDateTime_DateTime_tzinfo },
	};
	for (size_t i = 0; i < ARRAY_SIZE(tables) * ARRAY_SIZE(times); i++) {
		struct drawn d = draw(tables[i / ARRAY_SIZE(times)]);
		const struct layout *l = d.h->l;
		size_t which = i % ARRAY_SIZE(times);
		uint32_t size = l->size[times[which].structure];
		uint32_t zone = l->slot[times[which].zone].offset;
		addr_t type = heap_type(d.h, times[which].name, d.h->object_type, 0, size);
		addr_t own = heap_type(d.h, "app.Time", type, 0, size);
		addr_t naive = put(&d, 1, type, size), other = put(&d, 1, own, size);
		struct pyheap *heap = NULL;
		struct heap_object o;
		assert_null(pyheap_load(&d.h->rt, NULL, &heap));
		struct recognizer *r = calloc(1, sizeof(*r));
		assert_non_null(r);
		r->heap = heap;
		assert_true(heap_recognize(r, naive, heap_at(d.h, naive), zone, 0, &o));
		assert_false(heap_recognize(r, naive, heap_at(d.h, naive), zone - 1, 0, &o));
		assert_false(heap_recognize(r, other, heap_at(d.h, other), zone, 0, &o));
		assert_true(heap_recognize(r, other, heap_at(d.h, other), size, 0, &o));
		free(r);
		pyheap_free(heap);
		undraw(&d);
	}
}

/* In front of an object's count are links to other objects, which look like an object too where the
 * addresses are low. */
static void heap_static__links_in_front_of_an_object_are_none(void **state)
{
	static const char *const linked[] = { "2.7d", "3.6d", "3.7d" };
	for (size_t i = 0; i < ARRAY_SIZE(linked); i++) {
		struct drawn d = draw(linked[i]);
		uint32_t head = SIZEOF(d.h->l, PyObject), count = OFFSET(d.h->l, PyObject, ob_refcnt);
		assert_int_equal(count, 16);
		addr_t none = put(&d, 1, d.h->none_type, head);
		/* the next object is the chain's end, which has no type; the one before is a type */
		heap_word(d.h, none, HEAP_BASE + HEAP_SIZE - 64);
		heap_word(d.h, none + 8, d.h->none_type);
		assert_found(&d, none, true);
		assert_found(&d, none - 16, false);
		undraw(&d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heap_static__a_static_type_ends_before_the_next_object),
		cmocka_unit_test(heap_static__what_a_heap_type_has_is_no_object),
		cmocka_unit_test(heap_static__a_list_of_types_with_counts_is_no_object),
		cmocka_unit_test(heap_static__a_table_with_a_type_in_it_is_no_object),
		cmocka_unit_test(heap_recognize__knows_an_object_shorter_than_its_type),
		cmocka_unit_test(heap_static__links_in_front_of_an_object_are_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
