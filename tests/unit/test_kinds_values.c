/* Small classes written in Python, by their attributes. */
#include "tests/unit/heap_rig.h"

static void fraction__has_no_l_in_27(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		addr_t class = heap_class_with_dict(h, "fractions", "Fraction", h->object_type);
		addr_t items[] = { heap_text(h, "_numerator"), heap_int(h, -3),
				   heap_text(h, "_denominator"), heap_int(h, 7) };
		assert_repr(h, v, heap_instance(h, class, 2, items), "Fraction(-3, 7)");
	}
}

static void uuid__is_formatted_from_its_int(void **state)
{
	(void)state;
	static const uint32_t wide[] = { 0x14174000 & 0x3fffffff, 0x00000000, 0x11111111,
					 0x22222222, 0xff };
	HEAP_EACH(h, v)
	{
		addr_t class = heap_class_with_dict(h, "uuid", "UUID", h->object_type);
		addr_t items[] = { heap_text(h, "int"), heap_int(h, 5) };
		assert_repr(h, v, heap_instance(h, class, 1, items),
			    "UUID('00000000-0000-0000-0000-000000000005')");
		if (h->l->dialect.unicode_27 || h->l->dialect.long_shift != 30)
			continue;
		items[1] = heap_digits(h, h->int_type, false, wide, 5);
		assert_repr(h, v, heap_instance(h, class, 1, items),
			    "UUID('ff888888-8911-1111-1000-000014174000')");
	}
}

static void chain_map__shows_its_maps(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		addr_t class = heap_class_with_dict(h, "collections", "ChainMap", h->object_type);
		addr_t maps =
			heap_list(h, 2, (addr_t[]){ heap_dict(h, 0, NULL), heap_dict(h, 0, NULL) });
		assert_repr(h, v,
			    heap_instance(h, class, 1, (addr_t[]){ heap_text(h, "maps"), maps }),
			    "ChainMap({}, {})");
	}
}

static void user_dict__shows_its_data(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		addr_t class = heap_class_with_dict(h, "collections", "UserDict", h->object_type);
		addr_t data = heap_dict(h, 1, (addr_t[]){ heap_text(h, "a"), heap_int(h, 1) });
		assert_repr(h, v,
			    heap_instance(h, class, 1, (addr_t[]){ heap_text(h, "data"), data }),
			    "{'a': 1}");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fraction__has_no_l_in_27),
		cmocka_unit_test(uuid__is_formatted_from_its_int),
		cmocka_unit_test(chain_map__shows_its_maps),
		cmocka_unit_test(user_dict__shows_its_data),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
