/* deque, range, slice and array, drawn in every shape. */
#include "tests/unit/heap_rig.h"

static bool is_old(const struct heap *h)
{
	return h->l->version.major < 3;
}

/* Items a b c over two blocks, the first one full but for its last place. */
static addr_t draw_deque(struct heap *h, const addr_t *items, int64_t maxlen)
{
	const struct layout *l = h->l;
	unsigned word = h->machine.word, places = l->dialect.deque_block;
	addr_t type = heap_type(h, "collections.deque", h->object_type, 0, SIZEOF(l, dequeobject));
	addr_t left = heap_alloc(h, SIZEOF(l, block)), right = heap_alloc(h, SIZEOF(l, block));
	HPUT(h, left, block, rightlink, right);
	heap_word(h, left + OFFSET(l, block, data) + (places - 1) * word, items[0]);
	heap_words(h, right + OFFSET(l, block, data), 2, items + 1);
	addr_t at = heap_object(h, type, SIZEOF(l, dequeobject));
	HPUT(h, at, PyVarObject, ob_size, 3);
	HPUT(h, at, dequeobject, len, 3);
	HPUT(h, at, dequeobject, leftblock, left);
	HPUT(h, at, dequeobject, leftindex, places - 1);
	HPUT(h, at, dequeobject, maxlen, maxlen);
	return at;
}

static void deque__crosses_its_blocks(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		addr_t items[] = { heap_int(h, 1), heap_text(h, "b"), heap_none(h) };
		assert_repr(h, v, draw_deque(h, items, -1), "deque([1, 'b', None])");
		assert_repr(h, v, draw_deque(h, items, 5), "deque([1, 'b', None], maxlen=5)");
		addr_t self = draw_deque(h, items, -1);
		items[2] = self;
		addr_t right =
			GET(h->l, heap_at(h, GET(h->l, heap_at(h, self), dequeobject, leftblock)),
			    block, rightlink);
		heap_words(h, right + OFFSET(h->l, block, data), 2, items + 1);
		assert_repr(h, v, self, "deque([1, 'b', [...]])");
	}
}

static void deque__ends_where_a_block_is_lost(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		_str_ struct str out = STR_INIT;
		addr_t one = heap_int(h, 1);
		addr_t at = draw_deque(h, (addr_t[]){ one, one, one }, -1);
		HPUT(h, GET(h->l, heap_at(h, at), dequeobject, leftblock), block, rightlink,
		     0x99999990);
		assert_true(object_repr(&h->rt, at, &repr_limits_json, &out));
		assert_string_equal(out.buf, "deque([1, <lost 0x99999990>])");
	}
}

static void range__shows_its_step_when_it_has_one(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		addr_t type = heap_type(h, is_old(h) ? "xrange" : "range", h->object_type, 0,
					SIZEOF(l, rangeobject));
		addr_t at = heap_object(h, type, SIZEOF(l, rangeobject));
		if (is_old(h)) { /* start, step, len as C longs */
			HPUT(h, at, rangeobject, step, 1);
			HPUT(h, at, rangeobject, len, 5);
			assert_repr(h, v, at, "xrange(5)");
			HPUT(h, at, rangeobject, start, -1);
			assert_repr(h, v, at, "xrange(-1, 4)");
			HPUT(h, at, rangeobject, step, -3);
			assert_repr(h, v, at, "xrange(-1, -16, -3)");
			continue;
		}
		HPUT(h, at, rangeobject, start, heap_int(h, 0));
		HPUT(h, at, rangeobject, stop, heap_int(h, 9));
		HPUT(h, at, rangeobject, step, heap_int(h, 1));
		assert_repr(h, v, at, "range(0, 9)");
		HPUT(h, at, rangeobject, step, heap_int(h, -2));
		assert_repr(h, v, at, "range(0, 9, -2)");
	}
}

static void slice__shows_its_three_parts(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		addr_t type = heap_type(h, "slice", h->object_type, 0, SIZEOF(l, PySliceObject));
		addr_t at = heap_object(h, type, SIZEOF(l, PySliceObject));
		HPUT(h, at, PySliceObject, start, heap_none(h));
		HPUT(h, at, PySliceObject, stop, heap_int(h, 2));
		HPUT(h, at, PySliceObject, step, heap_none(h));
		assert_repr(h, v, at, "slice(None, 2, None)");
	}
}

static addr_t draw_array(struct heap *h, char code, unsigned size, size_t count,
			 const uint64_t *values)
{
	const struct layout *l = h->l;
	addr_t type = heap_type(h, "array.array", h->object_type, 0, SIZEOF(l, arrayobject));
	addr_t at = heap_object(h, type, SIZEOF(l, arrayobject));
	addr_t descr = heap_alloc(h, SIZEOF(l, arraydescr)),
	       items = heap_alloc(h, count * size + 1);
	HPUT(h, descr, arraydescr, typecode, code);
	HPUT(h, descr, arraydescr, itemsize, size);
	for (size_t i = 0; i < count; i++)
		heap_number(h, items + i * size, size, values[i]);
	HPUT(h, at, PyVarObject, ob_size, count);
	HPUT(h, at, arrayobject, ob_item, items);
	HPUT(h, at, arrayobject, ob_descr, descr);
	return at;
}

static void array__shows_its_numbers(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		assert_repr(h, v, draw_array(h, 'i', 4, 0, NULL), "array('i')");
		assert_repr(h, v, draw_array(h, 'h', 2, 2, (uint64_t[]){ 0xffff, 7 }),
			    "array('h', [-1, 7])");
		assert_repr(h, v, draw_array(h, 'B', 1, 1, (uint64_t[]){ 255 }),
			    "array('B', [255])");
		assert_repr(h, v, draw_array(h, 'd', 8, 1, (uint64_t[]){ 0x3fb999999999999a }),
			    "array('d', [0.1])");
		assert_repr(h, v, draw_array(h, 'f', 4, 1, (uint64_t[]){ 0x3fc00000 }),
			    "array('f', [1.5])");
		assert_repr(h, v, draw_array(h, 'u', 4, 2, (uint64_t[]){ 'a', 0x3b1 }),
			    is_old(h) ? "array('u', u'a\\u03b1')" : "array('u', 'a\u03b1')");
	}
}

static void array__of_unknown_items_is_shown_by_address(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		char expected[64];
		addr_t at = draw_array(h, 'i', 4, 1, (uint64_t[]){ 1 });
		HPUT(h, at, arrayobject, ob_descr, 0x99999990);
		snprintf(expected, sizeof(expected), "<array.array object at 0x%" PRIx64 ">", at);
		assert_repr(h, v, at, expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deque__crosses_its_blocks),
		cmocka_unit_test(deque__ends_where_a_block_is_lost),
		cmocka_unit_test(range__shows_its_step_when_it_has_one),
		cmocka_unit_test(slice__shows_its_three_parts),
		cmocka_unit_test(array__shows_its_numbers),
		cmocka_unit_test(array__of_unknown_items_is_shown_by_address),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
