/* References of drawn objects, in every layout. */
#include "cpython_layouts/edges.h"
#include "tests/unit/heap_rig.h"

/* All edges of the object: "[0]=1 .a=2 ..."; what is beyond tp_traverse in parentheses. */
static void assert_edges(struct heap *h, addr_t at, const char *expected)
{
	struct object o;
	struct edge_iter it;
	struct edge e;
	_str_ struct str out = STR_INIT;
	assert_true(object_load(&h->rt, at, &o));
	assert_true(edges_of(&h->rt, &o, &it));
	while (edge_next(&it, &e)) {
		int64_t number;
		str_adds(&out, edge_is_traversed(&e) ? " " : " (");
		edge_print(&h->rt, &e, &out);
		if (object_int64(&h->rt, e.to, &number))
			str_printf(&out, "=%" PRId64, number);
		str_adds(&out, edge_is_traversed(&e) ? "" : ")");
	}
	assert_string_equal(out.buf, expected);
	assert_false(it.lost);
}

/* The types of the rig say nothing of the collector: one that it asks. */
static addr_t collected(struct heap *h, const char *name, addr_t base, uint64_t flags, size_t size)
{
	addr_t type = heap_type(h, name, base, flags | TPFLAGS_HAVE_GC, size);
	HPUT(h, type, PyTypeObject, tp_traverse, 0x1000 + size);
	return type;
}

static void edges_of__gives_the_items_of_a_list(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		addr_t list = heap_list(h, 3, (addr_t[]){ heap_int(h, 7), 0, heap_int(h, 8) });
		assert_edges(h, list, " ([0]=7) ([2]=8)");
	}
}

static void edges_of__visits_what_the_collector_asks(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		addr_t type = collected(h, "slice", h->object_type, 0,
					SIZEOF(l, PyObject) + 3u * h->machine.word);
		addr_t slice = heap_object(h, type, SIZEOF(l, PyObject) + 3u * h->machine.word);
		addr_t at = slice + SIZEOF(l, PyObject);
		heap_words(h, at, 3, (addr_t[]){ heap_int(h, 1), 0, heap_int(h, 3) });
		assert_edges(h, slice, " .start=1 .step=3");
	}
}

static void edges_of__gives_values_and_keys_of_a_dict(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		addr_t dict = heap_dict(h, 2,
					(addr_t[]){ heap_text(h, "a"), heap_int(h, 1),
						    heap_text(h, "b"), heap_int(h, 2) });
		assert_edges(h, dict, " (['a']=1) ( key 'a') (['b']=2) ( key 'b')");
	}
}

static void edges_of__finds_objects_in_an_unknown_type(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		unsigned word = h->machine.word;
		addr_t type = collected(h, "other.Thing", h->object_type, 0,
					SIZEOF(l, PyObject) + 4 * word);
		addr_t thing = heap_object(h, type, SIZEOF(l, PyObject) + 4 * word);
		/* a number, an object, an address of no object, nothing */
		heap_words(h, thing + SIZEOF(l, PyObject), 4,
			   (addr_t[]){ 3, heap_int(h, 5), thing + word, 0 });
		struct object o;
		struct edge_iter it;
		struct edge e;
		assert_true(object_load(&h->rt, thing, &o));
		assert_true(edges_of(&h->rt, &o, &it));
		assert_true(edge_next(&it, &e));
		assert_int_equal(e.kind, EDGE_WORD);
		assert_int_equal(e.flags, EDGE_INFERRED);
		assert_int_equal(e.index, SIZEOF(l, PyObject) + word);
		assert_false(edge_next(&it, &e));
	}
}

static void edges_of__bounds_a_list_that_lies(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		struct object o;
		struct edge_iter it;
		struct edge e;
		addr_t list = heap_list(h, 1, (addr_t[]){ heap_int(h, 7) });
		HPUT(h, list, PyVarObject, ob_size, INT32_MAX);
		assert_true(object_load(&h->rt, list, &o));
		assert_true(edges_of(&h->rt, &o, &it));
		size_t n = 0;
		while (edge_next(&it, &e))
			n++;
		assert_true(it.lost);
		assert_true(n < HEAP_SIZE);
	}
}

/* | header, ob_size 2 | a number | item | item |, and what lies behind it */
static void edges_of__looks_at_the_items_of_an_unknown_type(void **state)
{
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		unsigned word = h->machine.word;
		uint64_t fixed = SIZEOF(l, PyVarObject) + word;
		addr_t type = collected(h, "other.Row", h->object_type, 0, fixed);
		HPUT(h, type, PyTypeObject, tp_itemsize, word);
		addr_t row = heap_object(h, type, fixed + 3 * word);
		HPUT(h, row, PyVarObject, ob_size, 2);
		heap_words(h, row + SIZEOF(l, PyVarObject), 4,
			   (addr_t[]){ 3, heap_int(h, 5), heap_int(h, 6), heap_int(h, 7) });
		_str_ struct str wanted = STR_INIT;
		str_printf(&wanted, " +0x%" PRIx64 "=5  +0x%" PRIx64 "=6", fixed, fixed + word);
		_str_ struct str text = STR_INIT;
		str_printf(&text, " %s", wanted.buf);
		assert_edges(h, row, text.buf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edges_of__gives_the_items_of_a_list),
		cmocka_unit_test(edges_of__visits_what_the_collector_asks),
		cmocka_unit_test(edges_of__gives_values_and_keys_of_a_dict),
		cmocka_unit_test(edges_of__finds_objects_in_an_unknown_type),
		cmocka_unit_test(edges_of__looks_at_the_items_of_an_unknown_type),
		cmocka_unit_test(edges_of__bounds_a_list_that_lies),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
