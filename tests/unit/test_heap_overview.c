/* Where the memory of a drawn process went. */
#include "tests/unit/graph_rig.h"

#include "analyzers/heap_overview.h"

static struct overview take_overview(struct graph_rig *g, struct budget *budget)
{
	struct overview o;
	load(&g->d);
	assert_null(overview_take(&g->s, g->d.heap, budget, &o));
	return o;
}

static const struct use *use_named(const struct overview *o, const char *group, const char *name)
{
	const struct use *use;
	vec_each(use, &o->uses)
		if (streq(use->group, group) && streq(use->name, name))
			return use;
	return NULL;
}

static uint64_t sum_of(const struct overview *o)
{
	const struct use *use;
	uint64_t sum = 0;
	vec_each(use, &o->uses)
		sum += use->bytes;
	return sum;
}

/* node(0) is a list whose items lie in node(1)'s block; a C stack and a thread's state beside. */
static struct graph_rig draw_process(const char *table)
{
	struct graph_rig g = graph_rig(table);
	struct heap *h = g.d.h;
	HPUT(h, node(0), PyObject, ob_type, h->list_type);
	HPUT(h, node(0), PyListObject, ob_item, node(1));
	memset(heap_at(h, node(1)), 0, BLOCK);
	addr_t stack = heap_alloc(h, 4096);
	*(struct os_thread *)vec_push(&g.s.target->threads) =
		(struct os_thread){ .tid = 1, .sp = stack, .tp = stack + 64 };
	return g;
}

static void draw_release(struct graph_rig *g)
{
	vec_release(&g->s.target->threads);
	graph_rig_release(g);
}

static void overview_take__counts_each_byte_once(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(with_pools); i++) {
		struct graph_rig g = draw_process(with_pools[i]);
		struct overview o = take_overview(&g, NULL);
		assert_int_equal(o.bytes, HEAP_SIZE);
		assert_int_equal(sum_of(&o), o.bytes);
		assert_int_equal(o.in_core, o.bytes);
		const struct heap_share *pools = &o.heaps[HEAP_KIND_POOLS];
		assert_int_equal(pools->mapped, 2 * POOL);
		assert_int_equal(pools->objects, 2 * BLOCK);
		assert_int_equal(pools->buffers, BLOCK);
		assert_int_equal(pools->other, 0);
		assert_int_equal(pools->empty, POOL);
		assert_int_equal(pools->objects + pools->buffers + pools->other + pools->free +
					 pools->empty + pools->lost + pools->damaged +
					 pools->overhead,
				 pools->mapped);
		overview_release(&o);
		draw_release(&g);
	}
}

static void overview_take__names_who_owns_a_buffer(void **state)
{
	struct graph_rig g = draw_process("3.14");
	struct overview o = take_overview(&g, NULL);
	const struct use *list = use_named(&o, "buffers", "list");
	assert_non_null(list);
	assert_int_equal(list->bytes, BLOCK);
	assert_int_equal(list->count, 1);
	assert_non_null(use_named(&o, "stacks", "C stacks of threads"));
	assert_non_null(use_named(&o, "interpreter", "states of interpreters and threads"));
	assert_non_null(use_named(&o, "unaccounted", "anonymous memory"));
	assert_int_equal(use_named(&o, "unaccounted", "anonymous memory")->bytes, o.unaccounted);
	assert_true(overview_share(&o) < 1);
	overview_release(&o);
	draw_release(&g);
}

static void overview_take__leaves_out_of_the_owners_what_does_not_fit(void **state)
{
	struct graph_rig g = draw_process("3.12");
	struct budget budget = { .limit = 8 };
	struct overview o = take_overview(&g, &budget);
	assert_true(o.left_out > 0);
	assert_null(use_named(&o, "buffers", "list"));
	assert_int_equal(o.heaps[HEAP_KIND_POOLS].other, BLOCK);
	assert_int_equal(sum_of(&o), o.bytes);
	assert_int_equal(budget.used, 0);
	overview_release(&o);
	draw_release(&g);
}

static void overview_take__counts_lost_and_reserved_memory_apart(void **state)
{
	struct graph_rig g = draw_process("3.12");
	enum { RESERVED = 1 << 20, LOST = 1 << 16 };
	struct memory *m = &g.s.target->memory;
	const struct extent reserved = { .start = 0x10000000,
					 .end = 0x10000000 + RESERVED,
					 .source = EXTENT_LOST,
					 .why = "not dumped" };
	const struct extent lost = { .start = 0x20000000,
				     .end = 0x20000000 + LOST,
				     .source = EXTENT_LOST,
				     .flags = EXTENT_READ | EXTENT_WRITE,
				     .why = "not dumped" };
	assert_true(memory_add(m, &reserved));
	assert_true(memory_add(m, &lost));
	assert_true(memory_seal(m));
	struct overview o = take_overview(&g, NULL);
	assert_int_equal(o.reserved, RESERVED);
	assert_int_equal(o.bytes, HEAP_SIZE + LOST);
	assert_int_equal(o.in_core, HEAP_SIZE);
	assert_int_equal(sum_of(&o), o.bytes);
	overview_release(&o);
	draw_release(&g);
}

static void draw_extent(struct graph_rig *g, addr_t start, addr_t size, uint8_t flags)
{
	const struct extent e = { .start = start, .end = start + size, .source = EXTENT_LOST, .flags = flags,
				  .why = "not dumped" };
	assert_true(memory_add(&g->s.target->memory, &e));
	assert_true(memory_seal(&g->s.target->memory));
}

static uint64_t bytes_of(const struct overview *o, const char *group, const char *name)
{
	const struct use *use = use_named(o, group, name);
	return use ? use->bytes : 0;
}

/*	0x10000000  read-only, 4 pages | 2 pages | vdso, 2 pages; a hole in front, and one more */
static void overview_take__knows_what_the_vdso_reads(void **state)
{
	static const struct {
		addr_t gap;
		uint8_t flags;
		bool mappings;
		uint64_t kernel;
	} cases[] = {
		{ 0, EXTENT_READ, true, 0x8000 },
		{ 0, EXTENT_READ | EXTENT_WRITE, true, 0x4000 },
		{ 0x1000, EXTENT_READ, true, 0x4000 },
		{ 0, EXTENT_READ, false, 0x2000 },	/* what is a file's is not known */
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct graph_rig g = graph_rig("3.12");
		if (cases[i].mappings)
			*vec_push(&g.s.target->mappings) = (struct mapping){ .start = 0x1000, .end = 0x2000 };
		g.s.target->at_sysinfo_ehdr = 0x10006000;
		draw_extent(&g, 0x10000000 - cases[i].gap, 0x4000, cases[i].flags);
		draw_extent(&g, 0x10004000, 0x2000, EXTENT_READ);
		draw_extent(&g, 0x10006000, 0x2000, EXTENT_READ | EXTENT_EXECUTE);
		struct overview o = take_overview(&g, NULL);
		assert_int_equal(bytes_of(&o, "system", "the kernel's"), cases[i].kernel);
		assert_int_equal(sum_of(&o), o.bytes);
		overview_release(&o);
		vec_release(&g.s.target->mappings);
		graph_rig_release(&g);
	}
}

/* The first thread's is not on its stack; a second one's is. */
static void overview_take__knows_the_first_threads_control_block(void **state)
{
	struct graph_rig g = graph_rig("3.12");
	const struct os_thread threads[] = { { .tid = 1, .sp = 0x20000100, .tp = 0x10001b80 },
					     { .tid = 2, .sp = 0x30000100, .tp = 0x30000800 } };
	for (size_t i = 0; i < 2; i++)
		*(struct os_thread *)vec_push(&g.s.target->threads) = threads[i];
	draw_extent(&g, 0x10000000, 0x4000, EXTENT_READ | EXTENT_WRITE);
	draw_extent(&g, 0x20000000, 0x2000, EXTENT_READ | EXTENT_WRITE);
	draw_extent(&g, 0x30000000, 0x1000, EXTENT_READ | EXTENT_WRITE);
	struct overview o = take_overview(&g, NULL);
	assert_int_equal(bytes_of(&o, "system", "thread control blocks"), 0x1000);
	assert_int_equal(bytes_of(&o, "stacks", "C stacks of threads"), 0x3000);
	assert_int_equal(sum_of(&o), o.bytes);
	overview_release(&o);
	draw_release(&g);
}

/* Of a module's last page the rest is its own, too; what follows in the same mapping is not. */
static void overview_take__gives_modules_their_last_page(void **state)
{
	struct graph_rig g = graph_rig("3.12");
	*vec_push(&g.s.target->modules) = (struct module){ .start = 0x10000000, .end = 0x10001234, .path = "x" };
	draw_extent(&g, 0x10000000, 0x4000, EXTENT_READ | EXTENT_WRITE);
	struct overview o = take_overview(&g, NULL);
	assert_int_equal(bytes_of(&o, "files", "data of modules"), 0x2000);
	overview_release(&o);
	vec_release(&g.s.target->modules);
	graph_rig_release(&g);
}

static void overview_take__tells_arenas_of_which_little_is_used(void **state)
{
	struct graph_rig g = draw_process("3.13");
	struct overview o = take_overview(&g, NULL);
	assert_int_equal(o.arenas, 1);
	assert_int_equal(o.arenas_sparse, 1);
	assert_int_equal(o.arenas_free, 0);
	overview_release(&o);
	draw_release(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(overview_take__counts_each_byte_once),
		cmocka_unit_test(overview_take__names_who_owns_a_buffer),
		cmocka_unit_test(overview_take__leaves_out_of_the_owners_what_does_not_fit),
		cmocka_unit_test(overview_take__counts_lost_and_reserved_memory_apart),
		cmocka_unit_test(overview_take__knows_what_the_vdso_reads),
		cmocka_unit_test(overview_take__knows_the_first_threads_control_block),
		cmocka_unit_test(overview_take__gives_modules_their_last_page),
		cmocka_unit_test(overview_take__tells_arenas_of_which_little_is_used),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
