/* Decimals: words of digits, and the specification's notation. */
#include "tests/unit/heap_rig.h"

static addr_t draw(struct heap *h, unsigned flags, int64_t exponent, size_t len,
		   const uint64_t *words)
{
	const struct layout *l = h->l;
	addr_t at = heap_object(
		h, heap_type(h, "decimal.Decimal", h->object_type, 0, SIZEOF(l, PyDecObject)),
		SIZEOF(l, PyDecObject));
	addr_t data = heap_alloc(h, (len + 1) * h->machine.word);
	for (size_t i = 0; i < len; i++)
		heap_word(h, data + i * h->machine.word, words[i]);
	HPUT(h, at, PyDecObject, dec_flags, flags);
	HPUT(h, at, PyDecObject, dec_exp, exponent);
	HPUT(h, at, PyDecObject, dec_len, len);
	HPUT(h, at, PyDecObject, dec_data, data);
	return at;
}

static void decimal__changes_notation_with_the_exponent(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		if (!HAS(h->l, PyDecObject, dec_flags))
			continue;
		static const uint64_t n[] = { 123 }, zero[] = { 0 };
		assert_repr(h, v, draw(h, 0, 0, 1, n), "Decimal('123')");
		assert_repr(h, v, draw(h, 1, -2, 1, n), "Decimal('-1.23')");
		assert_repr(h, v, draw(h, 0, -3, 1, n), "Decimal('0.123')");
		assert_repr(h, v, draw(h, 0, -8, 1, n), "Decimal('0.00000123')");
		assert_repr(h, v, draw(h, 0, -9, 1, n), "Decimal('1.23E-7')");
		assert_repr(h, v, draw(h, 0, 5, 1, n), "Decimal('1.23E+7')");
		assert_repr(h, v, draw(h, 0, -2, 1, zero), "Decimal('0.00')");
		assert_repr(h, v, draw(h, 0, 3, 1, zero), "Decimal('0E+3')");
	}
}

static void decimal__joins_its_words(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		if (!HAS(h->l, PyDecObject, dec_flags))
			continue;
		static const uint64_t words[] = { 5, 12 };
		assert_repr(h, v, draw(h, 0, 0, 2, words),
			    v->word == 8 ? "Decimal('120000000000000000005')"
					 : "Decimal('12000000005')");
	}
}

static void decimal__knows_what_is_no_number(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		if (!HAS(h->l, PyDecObject, dec_flags))
			continue;
		static const uint64_t n[] = { 7 };
		char expected[64];
		assert_repr(h, v, draw(h, 2, 0, 0, NULL), "Decimal('Infinity')");
		assert_repr(h, v, draw(h, 3, 0, 0, NULL), "Decimal('-Infinity')");
		assert_repr(h, v, draw(h, 4, 0, 0, NULL), "Decimal('NaN')");
		assert_repr(h, v, draw(h, 4, 0, 1, n), "Decimal('NaN7')");
		assert_repr(h, v, draw(h, 8, 0, 0, NULL), "Decimal('sNaN')");
		addr_t at = draw(h, 0, 0, 1, n);
		HPUT(h, at, PyDecObject, dec_len, 1 << 20);
		snprintf(expected, sizeof(expected), "<lost 0x%" PRIx64 ">", at);
		assert_repr(h, v, at, expected);
	}
}

static void decimal__of_27_is_made_of_python(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		if (h->l->version.major > 2)
			continue;
		addr_t class = heap_class_with_dict(h, "decimal", "Decimal", h->object_type);
		addr_t items[] = { heap_text(h, "_sign"), heap_int(h, 1),
				   heap_text(h, "_int"),  heap_text(h, "15"),
				   heap_text(h, "_exp"),  heap_int(h, -1) };
		assert_repr(h, v, heap_instance(h, class, 3, items), "Decimal('-1.5')");
		items[5] = heap_text(h, "F");
		assert_repr(h, v, heap_instance(h, class, 3, items), "Decimal('-Infinity')");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decimal__changes_notation_with_the_exponent),
		cmocka_unit_test(decimal__joins_its_words),
		cmocka_unit_test(decimal__knows_what_is_no_number),
		cmocka_unit_test(decimal__of_27_is_made_of_python),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
