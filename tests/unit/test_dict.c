/* Dicts: combined, split, with removed entries, with order bytes, and damaged. */
#include "tests/unit/heap_rig.h"

/* What iteration yields, as text: "a=1 b=2 ". */
static void assert_pairs(struct heap *h, struct dict_iter *it, const char *expected)
{
	_str_ struct str out = STR_INIT;
	addr_t key, value;
	int64_t number;
	while (dict_next(it, &key, &value)) {
		assert_true(object_text(&h->rt, key, 100, &out, NULL));
		assert_true(object_int64(&h->rt, value, &number));
		str_printf(&out, "=%" PRId64 " ", number);
	}
	assert_string_equal(out.buf, expected);
}

static void dict_next__yields_pairs_and_passes_removed_ones(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		struct dict_iter it;
		addr_t a = heap_text(h, "a"), b = heap_text(h, "b"), c = heap_text(h, "c");
		addr_t dict =
			heap_dict(h, 3, (addr_t[]){ a, heap_int(h, 1), b, 0, c, heap_int(h, 3) });
		assert_true(dict_iter_start(&h->rt, dict, &it));
		assert_int_equal(it.used, 2);
		assert_pairs(h, &it, "a=1 c=3 ");
		assert_false(it.lost);
		assert_true(dict_iter_start(&h->rt, heap_dict(h, 0, NULL), &it));
		assert_pairs(h, &it, "");
	}
}

static void dict_next__reads_entries_without_a_hash(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		if (!HAS(h->l, PyDictKeysObject, dk_kind))
			continue;
		struct dict_iter it;
		addr_t items[] = { heap_text(h, "a"), heap_int(h, 1), heap_text(h, "b"),
				   heap_int(h, 2) };
		addr_t dict = heap_dict(h, 0, NULL);
		HPUT(h, dict, PyDictObject, ma_keys, heap_keys(h, 3, 1, 2, items));
		assert_true(dict_iter_start(&h->rt, dict, &it));
		assert_pairs(h, &it, "a=1 b=2 ");
	}
}

/* Values beside shared keys x y z, of which x was never set; 3.11+ in the order z y. */
static addr_t draw_values(struct heap *h)
{
	unsigned word = h->machine.word;
	addr_t two = heap_int(h, 2), three = heap_int(h, 3);
	if (HAS(h->l, PyDictValues, capacity)) {
		uint32_t head = OFFSET(h->l, PyDictValues, values);
		addr_t at = heap_alloc(h, head + 4 * word + 4);
		HPUT(h, at, PyDictValues, capacity, 4);
		HPUT(h, at, PyDictValues, size, 2);
		HPUT(h, at, PyDictValues, valid, 1);
		heap_words(h, at + head, 3, (addr_t[]){ 0, two, three });
		heap_number(h, at + head + 4 * word, 1, 2);
		heap_number(h, at + head + 4 * word + 1, 1, 1);
		return at;
	}
	addr_t at = heap_alloc(h, 16 + 4 * word) + 16;
	heap_words(h, at, 3, (addr_t[]){ 0, two, three });
	if (HAS(h->l, PyDictKeysObject, dk_log2_size)) {
		heap_number(h, at - 1, 1, 8); /* bytes before the values */
		heap_number(h, at - 2, 1, 2); /* attributes */
		heap_number(h, at - 3, 1, 2);
		heap_number(h, at - 4, 1, 1);
	}
	return at;
}

static void dict_next__follows_the_order_of_a_split_table(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		if (HAS(h->l, PyDictObject, ma_table))
			continue;
		struct dict_iter it;
		addr_t keys = heap_keys(h, 3, 2, 3,
					(addr_t[]){ heap_text(h, "x"), 0, heap_text(h, "y"), 0,
						    heap_text(h, "z"), 0 });
		addr_t dict = heap_dict(h, 0, NULL);
		HPUT(h, dict, PyDictObject, ma_used, 2);
		HPUT(h, dict, PyDictObject, ma_keys, keys);
		HPUT(h, dict, PyDictObject, ma_values, draw_values(h));
		assert_true(dict_iter_start(&h->rt, dict, &it));
		bool ordered = HAS(h->l, PyDictKeysObject, dk_log2_size);
		assert_pairs(h, &it, ordered ? "z=3 y=2 " : "y=2 z=3 ");
	}
}

static void dict_next__ignores_order_bytes_beyond_the_keys(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		if (!HAS(h->l, PyDictValues, capacity))
			continue;
		struct dict_iter it;
		addr_t keys = heap_keys(h, 3, 2, 2,
					(addr_t[]){ heap_text(h, "x"), 0, heap_text(h, "y"), 0 });
		assert_true(dict_iter_of_values(&h->rt, keys, draw_values(h), &it));
		assert_pairs(h, &it, "y=2 ");
	}
}

static void dict_get__finds_a_name(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		addr_t a = heap_int(h, 1), ab = heap_int(h, 2);
		addr_t dict = heap_dict(h, 3,
					(addr_t[]){ heap_int(h, 9), a, heap_text(h, "ab"), ab,
						    heap_text(h, "a"), a });
		assert_true(dict_get(&h->rt, dict, "a") == a);
		assert_true(dict_get(&h->rt, dict, "ab") == ab);
		assert_true(dict_get(&h->rt, dict, "abc") == 0);
		assert_true(dict_get(&h->rt, a, "a") == 0);
		assert_true(dict_get(&h->rt, 0, "a") == 0);
		addr_t found = 1;
		assert_true(dict_find(&h->rt, dict, "a", &found) && found == a);
		assert_true(dict_find(&h->rt, dict, "abc", &found) && found == 0);
		assert_false(dict_find(&h->rt, a, "a", &found));
	}
}

static void dict_iter_start__refuses_sizes_that_cannot_be(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		struct dict_iter it;
		addr_t dict = heap_dict(h, 1, (addr_t[]){ heap_text(h, "a"), heap_int(h, 1) });
		addr_t keys = GET_OR(h->l, heap_at(h, dict), PyDictObject, ma_keys, 0);
		if (HAS(h->l, PyDictKeysObject, dk_log2_size))
			HPUT(h, keys, PyDictKeysObject, dk_log2_size, 63);
		else if (keys)
			HPUT(h, keys, PyDictKeysObject, dk_size, 7);
		else
			HPUT(h, dict, PyDictObject, ma_mask, 5);
		assert_false(dict_iter_start(&h->rt, dict, &it));
		dict = heap_dict(h, 0, NULL);
		HPUT(h, dict, PyDictObject, ma_used, -1);
		assert_false(dict_iter_start(&h->rt, dict, &it));
	}
}

static void dict_iter_start__shows_the_entries_that_are_left(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		if (HAS(h->l, PyDictObject, ma_table))
			continue;
		struct dict_iter it;
		addr_t key, value;
		addr_t dict = heap_dict(h, 1, (addr_t[]){ heap_text(h, "a"), heap_int(h, 1) });
		addr_t keys = GET(h->l, heap_at(h, dict), PyDictObject, ma_keys);
		/* more entries than the memory that is left could hold */
		HPUT(h, keys, PyDictKeysObject, dk_size, 1 << 28);
		if (HAS(h->l, PyDictKeysObject, dk_log2_size))
			HPUT(h, keys, PyDictKeysObject, dk_log2_size, 28);
		HPUT(h, keys, PyDictKeysObject, dk_nentries, 1 << 27);
		if (!HAS(h->l, PyDictKeysObject, dk_log2_size)) {
			assert_true(dict_iter_start(&h->rt, dict, &it));
			assert_true(it.lost);
			assert_false(dict_find(&h->rt, dict, "b", &key));
			assert_false(dict_next(&it, &key, &value));
			continue;
		}
		assert_true(dict_iter_start(&h->rt, dict, &it));
		assert_true(it.lost);
		assert_true(dict_next(&it, &key, &value));
	}
}

/* A table of nothing but free entries, larger than any that is searched to its end. */
static void dict_next__gives_up_on_endless_free_entries(void **state)
{
	(void)state;
	static const struct heap_variant one = { "3.12", 8, false };
	struct heap *h = heap_new(&one);
	struct dict_iter it = { .rt = &h->rt, .entry_size = 16, .value_offset = 8 };
	addr_t key, value;
	it.count = (1 << 20) + 10;
	uint8_t *entries = calloc(it.count, it.entry_size);
	assert_non_null(entries);
	it.window = entries;
	it.window_end = it.count;
	assert_false(dict_next(&it, &key, &value));
	assert_true(it.lost);
	free(entries);
	heap_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dict_next__yields_pairs_and_passes_removed_ones),
		cmocka_unit_test(dict_next__reads_entries_without_a_hash),
		cmocka_unit_test(dict_next__follows_the_order_of_a_split_table),
		cmocka_unit_test(dict_next__ignores_order_bytes_beyond_the_keys),
		cmocka_unit_test(dict_get__finds_a_name),
		cmocka_unit_test(dict_iter_start__refuses_sizes_that_cannot_be),
		cmocka_unit_test(dict_iter_start__shows_the_entries_that_are_left),
		cmocka_unit_test(dict_next__gives_up_on_endless_free_entries),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
