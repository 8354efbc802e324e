/* Shapes of dicts and instances that are written through every table. */
#include "tests/unit/heap_rig.h"

#include "analyzers/heap_shapes.h"

struct drawn_shapes {
	struct shapes shapes;
};

static const char *label(struct drawn_shapes *d, struct heap *h, addr_t at)
{
	struct object o;
	bool failed;
	d->shapes.rt = &h->rt;
	assert_true(object_load(&h->rt, at, &o));
	size_t index = shape_of(&d->shapes, &o, &failed);
	assert_false(failed);
	return index == SIZE_MAX ? NULL : d->shapes.list.items[index].label;
}

static void release(struct drawn_shapes *d)
{
	shapes_release(&d->shapes);
}

static void shape_of__is_that_of_the_keys_in_any_order(void **state)
{
	HEAP_EACH(h, v) {
		struct drawn_shapes d = { 0 };
		addr_t a = heap_text(h, "a"), b = heap_text(h, "b"), one = heap_int(h, 1);
		addr_t again = heap_text(h, "a");
		addr_t first = heap_dict(h, 2, (addr_t[]){ a, one, b, one });
		addr_t second = heap_dict(h, 2, (addr_t[]){ b, one, again, one });
		addr_t third = heap_dict(h, 1, (addr_t[]){ a, one });
		assert_string_equal(label(&d, h, first), "dict {a, b}");
		assert_string_equal(label(&d, h, second), "dict {a, b}");
		assert_string_equal(label(&d, h, third), "dict {a}");
		assert_int_equal(d.shapes.list.len, 2);
		assert_int_equal(d.shapes.list.items[0].example, first);
		release(&d);
	}
}

static void shape_of__counts_keys_that_are_no_str_by_their_type(void **state)
{
	HEAP_EACH(h, v) {
		struct drawn_shapes d = { 0 };
		addr_t one = heap_int(h, 1), two = heap_int(h, 2);
		addr_t first = heap_dict(h, 1, (addr_t[]){ one, one });
		addr_t second = heap_dict(h, 2, (addr_t[]){ one, one, two, one });
		assert_string_equal(label(&d, h, first), "dict {<int>}");
		assert_string_equal(label(&d, h, second), "dict {<int>}");
		assert_int_equal(d.shapes.list.len, 1);
		assert_null(label(&d, h, one));
		release(&d);
	}
}

static void shape_of__ends_at_tables(void **state)
{
	HEAP_EACH(h, v) {
		struct drawn_shapes d = { 0 };
		addr_t items[2 * (SHAPE_KEYS_MAX + 1)];
		for (size_t i = 0; i <= SHAPE_KEYS_MAX; i++) {
			char name[8];
			snprintf(name, sizeof(name), "k%zu", i);
			items[2 * i] = heap_text(h, name);
			items[2 * i + 1] = items[2 * i];
		}
		addr_t empty = heap_dict(h, 0, NULL);
		addr_t small = heap_dict(h, 9, items);
		addr_t table = heap_dict(h, SHAPE_KEYS_MAX + 1, items);
		assert_string_equal(label(&d, h, empty), "dict {}");
		assert_string_equal(label(&d, h, small),
				    "dict {k0, k1, k2, k3, k4, k5, k6, k7, ...}");
		assert_string_equal(label(&d, h, table), "dict {...}");
		release(&d);
	}
}

static void shape_of__keeps_to_the_limit(void **state)
{
	const struct heap_variant variant = { "3.12", 8, false };
	struct heap *h = heap_new(&variant);
	struct budget budget = { .limit = 300 };
	struct drawn_shapes d = { .shapes = { .budget = &budget } };
	addr_t a = heap_text(h, "a"), b = heap_text(h, "b");
	addr_t first = heap_dict(h, 1, (addr_t[]){ a, a }), second = heap_dict(h, 1, (addr_t[]){ b, b });
	assert_string_equal(label(&d, h, first), "dict {a}");
	assert_null(label(&d, h, second));
	assert_true(d.shapes.over);
	/* those that are known stay so */
	assert_string_equal(label(&d, h, first), "dict {a}");
	release(&d);
	assert_int_equal(budget.used, 0);
	heap_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shape_of__is_that_of_the_keys_in_any_order),
		cmocka_unit_test(shape_of__counts_keys_that_are_no_str_by_their_type),
		cmocka_unit_test(shape_of__ends_at_tables),
		cmocka_unit_test(shape_of__keeps_to_the_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
