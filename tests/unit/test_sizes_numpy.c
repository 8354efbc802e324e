#include "tests/unit/sizes_rig.h"

enum { OWNDATA = 4, NPY_INT = 5, NPY_STRING = 18 };

/* A dtype; size: of those that have none of their own (2.x keeps it behind 8 bytes of flags). */
static addr_t dtype(struct heap *h, int type, uint32_t size, bool old)
{
	uint32_t word = h->machine.word, at = SIZEOF(h->l, PyObject) + word;
	addr_t made = heap_object(h, h->object_type, at + 32);
	heap_number(h, made + at + 4, 4, (uint64_t)type);
	heap_number(h, made + at + 8, 4, old ? size : 0);
	heap_number(h, made + at + 12, 4, old);
	if (!old)
		heap_word(h, made + at + 16, size);
	return made;
}

static addr_t array(struct heap *h, uint32_t dimensions, const addr_t *shape, addr_t descr,
		    uint32_t flags)
{
	uint32_t word = h->machine.word, body = SIZEOF(h->l, PyObject), size = body + 10 * word;
	addr_t type = heap_type(h, "numpy.ndarray", h->object_type, 0, size);
	addr_t at = heap_object(h, type, size), lengths = heap_alloc(h, 64);
	heap_words(h, lengths, dimensions, shape);
	heap_number(h, at + body + word, 4, dimensions);
	heap_word(h, at + body + 2 * word, lengths);
	heap_word(h, at + body + 5 * word, descr);
	heap_number(h, at + body + 6 * word, 4, flags);
	return at;
}

static void size_of_array__counts_data_of_its_own(void **state)
{
	static const addr_t shape[] = { 3, 5 };
	HEAP_EACH(h, v)
	{
		uint32_t word = h->machine.word, size = SIZEOF(h->l, PyObject) + 10 * word;
		addr_t ints = dtype(h, NPY_INT, 0, false);
		assert_size(h, v, array(h, 0, NULL, ints, OWNDATA), size + 4);
		assert_size(h, v, array(h, 2, shape, ints, OWNDATA), size + 4 * word + 60);
		assert_size(h, v, array(h, 2, shape, ints, 0), size + 4 * word);
		assert_size(h, v, array(h, 2, shape, dtype(h, NPY_STRING, 7, true), OWNDATA),
			    size + 4 * word + 105);
		assert_size(h, v, array(h, 2, shape, dtype(h, NPY_STRING, 7, false), OWNDATA),
			    size + 4 * word + 105);
	}
}

static void size_of_array__refuses_what_cannot_be(void **state)
{
	HEAP_EACH(h, v)
	{
		uint32_t word = h->machine.word, size = SIZEOF(h->l, PyObject) + 10 * word;
		addr_t huge[] = { UINT64_MAX, UINT64_MAX }, ints = dtype(h, NPY_INT, 0, false);
		assert_size_unknown(h, v, array(h, 2, huge, ints, OWNDATA), size);
		assert_size_unknown(h, v, array(h, 1, huge, HEAP_BASE + HEAP_SIZE, OWNDATA), size);
		addr_t many = array(h, 1, huge, ints, OWNDATA);
		heap_number(h, many + SIZEOF(h->l, PyObject) + word, 4, 65);
		assert_size_unknown(h, v, many, size);
	}
}

static void size_of_scalar__counts_its_value(void **state)
{
	HEAP_EACH(h, v)
	{
		uint32_t word = h->machine.word, head = SIZEOF(h->l, PyVarObject);
		uint32_t size = head + 4 * word;
		addr_t generic = heap_type(h, "numpy.generic", h->object_type, 0, size);
		addr_t half = heap_type(h, "numpy.float16", generic, 0, size);
		addr_t own = heap_type(h, "app.Half", half, 0, size);
		addr_t bytes = heap_type(h, "numpy.bytes_", generic, 0, size);
		addr_t other = heap_type(h, "numpy.mystery", generic, 0, size);
		addr_t structured = heap_type(h, "numpy.void", generic, 0, size);
		assert_size(h, v, heap_object(h, half, size), size + 2);
		assert_size(h, v, heap_object(h, own, size), size + 2);
		assert_size_unknown(h, v, heap_object(h, other, size), size);
		HPUT(h, bytes, PyTypeObject, tp_itemsize, 1);
		addr_t at = heap_object(h, bytes, size);
		HPUT(h, at, PyVarObject, ob_size, 3);
		assert_size(h, v, at, size + 6);
		at = heap_object(h, structured, size);
		heap_word(h, at + head + word, dtype(h, NPY_STRING, 12, false));
		assert_size(h, v, at, size + 12);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(size_of_array__counts_data_of_its_own),
		cmocka_unit_test(size_of_array__refuses_what_cannot_be),
		cmocka_unit_test(size_of_scalar__counts_its_value),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
