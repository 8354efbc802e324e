/* Whose is a block without an object, in heaps that are written through every table. */
#include "tests/unit/heap_rig.h"

#include "analyzers/heap_owners.h"

static struct owners owners_in(struct heap *h)
{
	return (struct owners){ .rt = &h->rt, .start = HEAP_BASE, .end = HEAP_BASE + HEAP_SIZE };
}

/* before: bytes of its block that lie in front of it. */
static bool see(struct owners *owners, addr_t at, uint64_t before)
{
	struct heap_object o = { .block = at - before, .block_size = before + 64 };
	assert_true(object_load(owners->rt, at, &o.object));
	return owners_see(owners, &o);
}

static const char *name_of(const struct owners *owners, addr_t at, uint64_t size)
{
	const struct pytype *type = owner_of(owners, at, size);
	return type ? type->full_name : "";
}

static void owner_of__is_who_leads_anywhere_into_the_block(void **state)
{
	HEAP_EACH(h, v) {
		struct owners owners = owners_in(h);
		addr_t one = heap_int(h, 1), items;
		addr_t list = heap_list(h, 3, (addr_t[]){ one, one, one });
		assert_true(target_read_word(&h->target, list + OFFSET(h->l, PyListObject, ob_item), &items));
		assert_true(see(&owners, list, 0));
		owners_sort(&owners);
		assert_string_equal(name_of(&owners, items, 1), "list");
		assert_string_equal(name_of(&owners, items - 8, 9), "list");
		assert_string_equal(name_of(&owners, items - 8, 8), "");
		assert_string_equal(name_of(&owners, items + 1, 64), "");
		owners_release(&owners);
	}
}

static void owner_of__is_the_first_s_type_whatever_was_seen_first(void **state)
{
	for (int turn = 0; turn < 2; turn++) {
		struct heap *h = heap_new(&(struct heap_variant){ "3.12", 8, false });
		struct owners owners = owners_in(h);
		size_t head = SIZEOF(h->l, PyObject);
		addr_t low = heap_object(h, heap_type(h, "low", h->object_type, 0, head + 8), 64);
		addr_t high = heap_object(h, heap_type(h, "high", h->object_type, 0, head + 8), 64);
		addr_t memory = heap_alloc(h, 64);
		heap_word(h, low + head, memory);
		heap_word(h, high + head, memory + 16);
		assert_true(see(&owners, turn ? low : high, 0) && see(&owners, turn ? high : low, 0));
		owners_sort(&owners);
		assert_string_equal(name_of(&owners, memory, 64), "low");
		assert_string_equal(name_of(&owners, memory + 8, 56), "high");
		owners_release(&owners);
		heap_free(h);
	}
}

/* int, tuple, bytes: but a class that was made of one may have more. */
static void owners_see__passes_over_what_has_no_memory_beside(void **state)
{
	struct heap *h = heap_new(&(struct heap_variant){ "3.12", 8, false });
	struct owners owners = owners_in(h);
	addr_t one = heap_int(h, 1), memory = heap_alloc(h, 64);
	size_t head = OFFSET(h->l, PyTupleObject, ob_item);
	addr_t class = heap_class(h, "app", "Tuple", h->tuple_type, TPFLAGS_TUPLE_SUBCLASS, head + 8);
	addr_t made = heap_object(h, class, head + 8);
	addr_t bytes = heap_bytes(h, "abc", 3);
	heap_word(h, bytes + SIZEOF(h->l, PyVarObject), memory); /* its hash */
	heap_word(h, made + head, memory);
	assert_true(see(&owners, one, 0) && see(&owners, heap_tuple(h, 1, &one), 0) && see(&owners, bytes, 0));
	assert_int_equal(owners.places.len, 0);
	assert_true(see(&owners, made, 0));
	owners_sort(&owners);
	assert_string_equal(name_of(&owners, memory, 64), "app.Tuple");
	owners_release(&owners);
	heap_free(h);
}

/*	word -> values | dict | object    3.12 stores a pointer to values less one
 *
 * Where a dict is found by its type's offset, nothing of an instance lies in front. */
static void owners_see__looks_in_front_of_instances_that_keep_values_there(void **state)
{
	static const struct {
		const char *table, *owner;
	} cases[] = { { "3.10", "" }, { "3.11", "plain" }, { "3.12", "plain" }, { "3.13", "plain" } };
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct heap *h = heap_new(&(struct heap_variant){ cases[i].table, 8, false });
		struct owners owners = owners_in(h);
		size_t head = SIZEOF(h->l, PyObject), gc = SIZEOF(h->l, PyGC_Head);
		addr_t values = heap_alloc(h, 64), collector = heap_alloc(h, 64);
		addr_t at = heap_object(h, heap_type(h, "plain", h->object_type, TPFLAGS_HAVE_GC, head), 64);
		heap_word(h, at - gc - 16, values | 1);
		heap_word(h, at - gc, collector);
		assert_true(see(&owners, at, gc + 16));
		owners_sort(&owners);
		assert_string_equal(name_of(&owners, values, 1), cases[i].owner);
		assert_string_equal(name_of(&owners, collector, 64), "");
		owners_release(&owners);
		heap_free(h);
	}
}

/* The blocks of a deque, the last of which leads back to the first. */
static void owners_see__follows_the_blocks_of_a_deque(void **state)
{
	HEAP_EACH(h, v) {
		struct owners owners = owners_in(h);
		addr_t type = heap_type(h, "collections.deque", h->object_type, 0, SIZEOF(h->l, dequeobject));
		addr_t deque = heap_object(h, type, SIZEOF(h->l, dequeobject)), blocks[3];
		for (size_t i = 0; i < 3; i++)
			blocks[i] = heap_alloc(h, 1024);
		for (size_t i = 0; i < 3; i++)
			HPUT(h, blocks[i], block, rightlink, blocks[(i + 1) % 3]);
		HPUT(h, deque, dequeobject, leftblock, blocks[0]);
		assert_true(see(&owners, deque, 0));
		owners_sort(&owners);
		for (size_t i = 0; i < 3; i++)
			assert_string_equal(name_of(&owners, blocks[i], 1024), "collections.deque");
		owners_release(&owners);
	}
}

static void owners_see__remembers_what_the_budget_allows(void **state)
{
	struct heap *h = heap_new(&(struct heap_variant){ "3.12", 8, false });
	struct budget budget = { .limit = 2 * sizeof(struct owned_place) };
	struct owners owners = owners_in(h);
	size_t head = SIZEOF(h->l, PyObject);
	owners.budget = &budget;
	addr_t at = heap_object(h, heap_type(h, "plain", h->object_type, 0, head + 40), 64);
	addr_t memory = heap_alloc(h, 64);
	for (unsigned i = 0; i < 4; i++)
		heap_word(h, at + head + 8 * i, memory + 8 * i);
	heap_word(h, at + head + 32, HEAP_BASE + HEAP_SIZE); /* not in the heap */
	assert_true(see(&owners, at, 0));
	assert_int_equal(owners.places.len, 2);
	assert_int_equal(owners.left_out, 2);
	assert_int_equal(budget.used, budget.limit);
	owners_release(&owners);
	assert_int_equal(budget.used, 0);
	heap_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(owner_of__is_who_leads_anywhere_into_the_block),
		cmocka_unit_test(owner_of__is_the_first_s_type_whatever_was_seen_first),
		cmocka_unit_test(owners_see__passes_over_what_has_no_memory_beside),
		cmocka_unit_test(owners_see__looks_in_front_of_instances_that_keep_values_there),
		cmocka_unit_test(owners_see__follows_the_blocks_of_a_deque),
		cmocka_unit_test(owners_see__remembers_what_the_budget_allows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
