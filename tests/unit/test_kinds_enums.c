/* Members of enums, by what they keep: _name_ and _value_. */
#include "tests/unit/heap_rig.h"

static bool at_least(const struct heap *h, unsigned minor)
{
	return h->l->version.major > 2 && h->l->version.minor >= minor;
}

static addr_t draw_class(struct heap *h, const char *kind, const char *name)
{
	addr_t base = heap_class_with_dict(h, "enum", kind, h->object_type);
	return heap_class_with_dict(h, "app", name, base);
}

static addr_t draw_member(struct heap *h, addr_t class, addr_t name, addr_t value)
{
	return heap_instance(
		h, class, 2,
		(addr_t[]){ heap_text(h, "_value_"), value, heap_text(h, "_name_"), name });
}

static void enum__shows_name_and_value(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		addr_t class = draw_class(h, "Enum", "Color");
		assert_repr(h, v, draw_member(h, class, heap_text(h, "RED"), heap_int(h, 1)),
			    "<Color.RED: 1>");
		assert_repr(h, v, draw_member(h, class, heap_text(h, "TWO"), heap_text(h, "b")),
			    "<Color.TWO: 'b'>");
	}
}

static void flag__without_a_name_is_taken_apart_before_311(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		if (h->l->dialect.unicode_27)
			continue;
		addr_t class = draw_class(h, "Flag", "Perm");
		addr_t one = heap_int(h, 1), two = heap_int(h, 2), four = heap_int(h, 4);
		addr_t x = draw_member(h, class, heap_text(h, "X"), one),
		       w = draw_member(h, class, heap_text(h, "W"), two);
		addr_t both = draw_member(h, class, heap_none(h), heap_int(h, 3));
		addr_t other = draw_member(h, class, heap_none(h), four);
		addr_t map = heap_dict(
			h, 4, (addr_t[]){ one, x, two, w, heap_int(h, 3), both, four, other });
		HPUT(h, class, PyTypeObject, tp_dict,
		     heap_dict(h, 1, (addr_t[]){ heap_text(h, "_value2member_map_"), map }));
		bool newer = at_least(h, 11);
		assert_repr(h, v, both, newer ? "<Perm: 3>" : "<Perm.W|X: 3>");
		assert_repr(h, v, other, newer ? "<Perm: 4>" : "<Perm.4: 4>");
		assert_repr(h, v, w, "<Perm.W: 2>");
	}
}

static void enum__without_a_value_is_lost(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		char expected[64];
		addr_t at = heap_instance(h, draw_class(h, "Enum", "Color"), 0, NULL);
		snprintf(expected, sizeof(expected), "<lost 0x%" PRIx64 ">", at);
		assert_repr(h, v, at, expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(enum__shows_name_and_value),
		cmocka_unit_test(flag__without_a_name_is_taken_apart_before_311),
		cmocka_unit_test(enum__without_a_value_is_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
