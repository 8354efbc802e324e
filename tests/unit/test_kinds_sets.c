/* set and frozenset, drawn in every shape. */
#include "tests/unit/heap_rig.h"

static bool is_old(const struct heap *h)
{
	return h->l->version.major < 3;
}

/* Slots: free, removed, then the items. */
static addr_t draw_set(struct heap *h, const char *name, size_t count, const addr_t *items)
{
	const struct layout *l = h->l;
	addr_t type = heap_type(h, name, h->object_type, 0, SIZEOF(l, PySetObject));
	addr_t at = heap_object(h, type, SIZEOF(l, PySetObject));
	addr_t table = heap_alloc(h, 8 * SIZEOF(l, setentry));
	addr_t removed = table + SIZEOF(l, setentry);
	HPUT(h, removed, setentry, key, is_old(h) ? heap_text(h, "<dummy key>") : heap_none(h));
	HPUT(h, removed, setentry, hash, -1);
	for (size_t i = 0; i < count; i++)
		HPUT(h, table + (2 + i) * SIZEOF(l, setentry), setentry, key, items[i]);
	HPUT(h, at, PySetObject, fill, count + 1);
	HPUT(h, at, PySetObject, used, count);
	HPUT(h, at, PySetObject, mask, 7);
	HPUT(h, at, PySetObject, table, table);
	return at;
}

static void set__passes_free_and_removed_slots(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		addr_t items[] = { heap_int(h, 1), heap_text(h, "x") };
		assert_repr(h, v, draw_set(h, "set", 2, items),
			    is_old(h) ? "set([1, 'x'])" : "{1, 'x'}");
		assert_repr(h, v, draw_set(h, "set", 0, NULL), is_old(h) ? "set([])" : "set()");
		assert_repr(h, v, draw_set(h, "frozenset", 1, items),
			    is_old(h) ? "frozenset([1])" : "frozenset({1})");
		assert_repr(h, v, draw_set(h, "frozenset", 0, NULL),
			    is_old(h) ? "frozenset([])" : "frozenset()");
	}
}

static void set__ends_on_a_table_that_cannot_be(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		_str_ struct str out = STR_INIT;
		addr_t at = draw_set(h, "set", 0, NULL);
		HPUT(h, at, PySetObject, used, 1 << 30);
		HPUT(h, at, PySetObject, mask, INT32_MAX);
		assert_true(object_repr(&h->rt, at, &repr_limits_json, &out));
		HPUT(h, at, PySetObject, table, 0x99999990);
		str_reset(&out);
		assert_true(object_repr(&h->rt, at, &repr_limits_json, &out));
		assert_string_equal(out.buf, is_old(h) ? "set([...])" : "{...}");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set__passes_free_and_removed_slots),
		cmocka_unit_test(set__ends_on_a_table_that_cannot_be),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
