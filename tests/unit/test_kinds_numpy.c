/* numpy's arrays, by both descriptors. */
#include "tests/unit/heap_rig.h"

struct drawn {
	int type, dimensions;
	int64_t shape[3], strides[3];
	char order;
	uint64_t size; /* of strings */
	bool second;   /* numpy 2's descriptor */
};

static addr_t draw_descr(struct heap *h, const struct drawn *d)
{
	unsigned word = h->machine.word;
	addr_t at = heap_object(h, heap_type(h, "numpy.dtype", h->object_type, 0, 96), 96);
	addr_t p = at + SIZEOF(h->l, PyObject) + word;
	heap_number(h, p + 2, 1, (uint8_t)d->order);
	heap_number(h, p + 4, 4, (uint64_t)d->type);
	if (d->second) {
		heap_word(h, p + 16, d->size);
	} else {
		heap_number(h, p + 8, 4, d->size);
		heap_number(h, p + 12, 4, 1);
	}
	return at;
}

static addr_t draw_array(struct heap *h, const struct drawn *d, addr_t data)
{
	unsigned word = h->machine.word;
	addr_t at = heap_object(h, heap_type(h, "numpy.ndarray", h->object_type, 0, 128), 128);
	addr_t p = at + SIZEOF(h->l, PyObject), shape = heap_alloc(h, 8 * word),
	       strides = heap_alloc(h, 8 * word);
	for (int i = 0; i < d->dimensions; i++) {
		heap_word(h, shape + (unsigned)i * word, (uint64_t)d->shape[i]);
		heap_word(h, strides + (unsigned)i * word, (uint64_t)d->strides[i]);
	}
	heap_word(h, p, data);
	heap_number(h, p + word, 4, (uint64_t)d->dimensions);
	heap_word(h, p + 2 * word, shape);
	heap_word(h, p + 3 * word, strides);
	heap_word(h, p + 5 * word, draw_descr(h, d));
	return at;
}

static addr_t draw_numbers(struct heap *h, unsigned width, size_t count, const uint64_t *values)
{
	addr_t at = heap_alloc(h, width * count);
	for (size_t i = 0; i < count; i++)
		heap_number(h, at + i * width, width, values[i]);
	return at;
}

enum {
	BOOL = 0,
	SHORT = 3,
	INT = 5,
	FLOAT = 11,
	DOUBLE = 12,
	OBJECT = 17,
	STRING = 18,
	UNICODE = 19,
	HALF = 23
};

static void array__shows_values_type_and_shape(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		static const uint64_t six[] = { 1, 2, 3, 4, 5, (uint32_t)-6 };
		addr_t data = draw_numbers(h, 4, 6, six);
		assert_repr(h, v,
			    draw_array(h,
				       &(struct drawn){ .type = INT,
							.dimensions = 1,
							.shape = { 6 },
							.strides = { 4 } },
				       data),
			    "array([1, 2, 3, 4, 5, -6], dtype=int32, shape=(6,))");
		assert_repr(h, v,
			    draw_array(h,
				       &(struct drawn){ .type = INT,
							.dimensions = 2,
							.shape = { 2, 3 },
							.strides = { 12, 4 } },
				       data),
			    "array([[1, 2, 3], [4, 5, -6]], dtype=int32, shape=(2, 3))");
		/* backwards, as [:, ::-1] makes it */
		assert_repr(h, v,
			    draw_array(h,
				       &(struct drawn){ .type = INT,
							.dimensions = 2,
							.shape = { 2, 3 },
							.strides = { 12, -4 } },
				       data + 8),
			    "array([[3, 2, 1], [-6, 5, 4]], dtype=int32, shape=(2, 3))");
		assert_repr(h, v, draw_array(h, &(struct drawn){ .type = INT }, data),
			    "array(1, dtype=int32, shape=())");
		assert_repr(h, v,
			    draw_array(h,
				       &(struct drawn){
					       .type = INT, .dimensions = 2, .shape = { 0, 3 } },
				       data),
			    "array([], dtype=int32, shape=(0, 3))");
	}
}

static void array__reads_each_type(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		static const uint64_t doubles[] = { 0x3fb999999999999a },
				      singles[] = { 0x3dcccccd }, halves[] = { 0x2e66 };
		static const uint64_t letters[] = { 'a', 0x3b1, 0 }, flags[] = { 1, 0 };
		addr_t object = heap_list(h, 0, NULL);
		struct drawn d = { .type = DOUBLE, .dimensions = 1, .shape = { 1 } };
		assert_repr(h, v, draw_array(h, &d, draw_numbers(h, 8, 1, doubles)),
			    "array([0.1], dtype=float64, shape=(1,))");
		d.type = FLOAT;
		assert_repr(h, v, draw_array(h, &d, draw_numbers(h, 4, 1, singles)),
			    "array([0.1], dtype=float32, shape=(1,))");
		d.type = HALF;
		assert_repr(h, v, draw_array(h, &d, draw_numbers(h, 2, 1, halves)),
			    "array([0.1], dtype=float16, shape=(1,))");
		d.type = OBJECT;
		assert_repr(h, v,
			    draw_array(h, &d, draw_numbers(h, v->word, 1, (uint64_t[]){ object })),
			    "array([[]], dtype=object, shape=(1,))");
		d = (struct drawn){
			.type = BOOL, .dimensions = 1, .shape = { 2 }, .strides = { 1 }
		};
		assert_repr(h, v, draw_array(h, &d, draw_numbers(h, 1, 2, flags)),
			    "array([True, False], dtype=bool, shape=(2,))");
		for (int second = 0; second < 2; second++) {
			d = (struct drawn){ .type = UNICODE,
					    .dimensions = 1,
					    .shape = { 1 },
					    .size = 12,
					    .second = second };
			assert_repr(h, v, draw_array(h, &d, draw_numbers(h, 4, 3, letters)),
				    h->l->version.major < 3
					    ? "array([u'a\\u03b1'], dtype=U3, shape=(1,))"
					    : "array(['a\u03b1'], dtype=U3, shape=(1,))");
		}
	}
}

static void array__in_the_other_byte_order_is_swapped(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		/* the rig's machine row is little-endian whatever the order of its bytes */
		struct drawn d = { .type = SHORT, .dimensions = 1, .shape = { 1 }, .order = '>' };
		assert_repr(h, v, draw_array(h, &d, draw_numbers(h, 2, 1, (uint64_t[]){ 0x0100 })),
			    "array([1], dtype=>i2, shape=(1,))");
	}
}

static void array__of_many_values_is_cut(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		_str_ struct str out = STR_INIT;
		struct drawn d = { .type = INT, .dimensions = 2, .shape = { 1000000, 1000000 } };
		assert_true(object_repr(&h->rt,
					draw_array(h, &d, draw_numbers(h, 4, 1, (uint64_t[]){ 7 })),
					&repr_limits_json, &out));
		assert_true(has_prefix(out.buf, "array([[7, 7, 7, "));
		assert_non_null(strstr(out.buf, ", ...]], dtype=int32, shape=(1000000, 1000000))"));
	}
}

static void array__with_lost_data_or_nonsense_ends(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		char expected[96];
		struct drawn d = { .type = INT, .dimensions = 1, .shape = { 1 } };
		assert_repr(h, v, draw_array(h, &d, 0x99999990),
			    "array([<lost 0x99999990>], dtype=int32, shape=(1,))");
		addr_t at = draw_array(h, &d, 0x99999990);
		heap_number(h, at + SIZEOF(h->l, PyObject) + v->word, 4, 100000);
		snprintf(expected, sizeof(expected), "<lost 0x%" PRIx64 ">", at);
		assert_repr(h, v, at, expected);
	}
}

static void scalar__is_named_since_numpy_2(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		size_t size = SIZEOF(h->l, PyObject) + 8;
		addr_t at =
			heap_object(h, heap_type(h, "numpy.int32", h->object_type, 0, size), size);
		heap_number(h, at + SIZEOF(h->l, PyObject), 4, (uint32_t)-5);
		assert_repr(h, v, at, "np.int32(-5)");
		h->rt.types->numpy_major = 1;
		assert_repr(h, v, at, "-5");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(array__shows_values_type_and_shape),
		cmocka_unit_test(array__reads_each_type),
		cmocka_unit_test(array__in_the_other_byte_order_is_swapped),
		cmocka_unit_test(array__of_many_values_is_cut),
		cmocka_unit_test(array__with_lost_data_or_nonsense_ends),
		cmocka_unit_test(scalar__is_named_since_numpy_2),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
