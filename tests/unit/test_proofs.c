/* The truths: a heap written through a table confirms that table, and refuses others. */
#include "tests/unit/process_rig.h"

#include "cpython_layouts/proofs.h"

static struct proofs run(struct process_rig *rig)
{
	struct proofs p = PROOFS_INIT;
	runtime_forget(&rig->rt);
	proofs_run(&rig->rt, &p);
	return p;
}

static void expect_failure(struct process_rig *rig, const char *what)
{
	struct proofs p = run(rig);
	if (!strstr(p.failures.buf, what))
		fail_msg("\"%s\" does not name \"%s\"", p.failures.buf, what);
	proofs_release(&p);
}

static void expect_all(struct process_rig *rig, unsigned at_least)
{
	struct proofs p = run(rig);
	if (p.failed || p.passed < at_least || !p.credible || p.type_type != RIG_TYPE)
		fail_msg("%s: %u hold, %u fail: %s", rig->rt.layout.table, p.passed, p.failed,
			 p.failures.buf);
	proofs_release(&p);
}

static void proofs_run__confirms_every_table_on_its_own_heap(void **state)
{
	for (size_t i = 0; layout_tables[i]; i++) {
		struct process_rig *rig = rig_of(layout_tables[i], NULL);
		expect_all(rig, 6);
		rig_free(rig);
	}
}

static void proofs_run__refuses_the_heap_of_another_version(void **state)
{
	static const char *const names[] = { "2.7", "3.6", "3.7", "3.8", "3.9", "3.11", "3.12", "3.13",
					     "3.14", "3.15" };
	enum { COUNT = sizeof(names) / sizeof(names[0]) };
	for (size_t i = 0; i < COUNT; i++) {
		struct process_rig *rig = rig_named(names[i]);
		for (size_t j = 0; j < COUNT; j++) {
			bool known;
			const struct layout_table *other = layout_table_named(names[j]);
			struct python_version v = other->first;
			assert_null(layout_from_table(other, rig->target.machine, &rig->rt.layout));
			rig->rt.layout.version = v;
			rig->rt.layout.dialect = dialects_for(&v, &known);
			struct proofs p = run(rig);
			if ((i == j) != (p.credible && !p.failed))
				fail_msg("%s's heap read as %s: %u hold, %u fail: %s", names[i], names[j],
					 p.passed, p.failed, p.failures.buf);
			proofs_release(&p);
		}
		rig_free(rig);
	}
}

static void proofs_run__names_the_truth_that_fails(void **state)
{
	struct process_rig *rig = rig_named("3.12");
	PUT(rig, RIG_INTERP, PyInterpreterState, id, 7);
	expect_failure(rig, "one has id 0");
	PUT(rig, RIG_INTERP, PyInterpreterState, id, 0);

	PUT(rig, RIG_INTERP, PyInterpreterState, next, RIG_INTERP);
	expect_failure(rig, "the list of interpreters ends");
	PUT(rig, RIG_INTERP, PyInterpreterState, next, 0);

	PUT(rig, RIG_RUNTIME, _PyRuntimeState, interpreters_main, RIG_INTERP_2);
	expect_failure(rig, "interpreters.main");
	PUT(rig, RIG_RUNTIME, _PyRuntimeState, interpreters_main, RIG_INTERP);

	PUT(rig, rig_state(1), PyThreadState, interp, RIG_INTERP_2);
	expect_failure(rig, "leads back");
	PUT(rig, rig_state(1), PyThreadState, interp, RIG_INTERP);

	PUT(rig, rig_state(1), PyThreadState, prev, rig_state(2));
	expect_failure(rig, "leads back");
	PUT(rig, rig_state(1), PyThreadState, prev, rig_state(0));

	PUT(rig, RIG_TYPE, PyObject, ob_type, RIG_DICT);
	expect_failure(rig, "type(type)");
	PUT(rig, RIG_TYPE, PyObject, ob_type, RIG_TYPE);

	PUT(rig, RIG_DICT, PyTypeObject, tp_flags, TPFLAGS_READY);
	expect_failure(rig, "are dicts");
	PUT(rig, RIG_DICT, PyTypeObject, tp_flags, TPFLAGS_READY | TPFLAGS_DICT_SUBCLASS);

	PUT(rig, RIG_CODE_OBJECT, PyObject, ob_type, RIG_DICT);
	expect_failure(rig, "frames run code");
	PUT(rig, RIG_CODE_OBJECT, PyObject, ob_type, RIG_CODE);

	PUT(rig, rig_gil(rig), _gil_runtime_state, locked, 77);
	expect_failure(rig, "lock's holder");
	PUT(rig, rig_gil(rig), _gil_runtime_state, locked, 1);

	addr_t gc = RIG_INTERP + OFFSET(&rig->rt.layout, PyInterpreterState, gc);
	PUT(rig, gc, _gc_runtime_state, generation0, gc);
	expect_failure(rig, "generation0");
	rig_collector(rig);

	PUT(rig, gc + OFFSET(&rig->rt.layout, _gc_runtime_state, generations), PyGC_Head, gc_next,
	    RIG_ITEM);
	expect_failure(rig, "lists close");
	rig_collector(rig);

	for (int i = 0; i < RIG_STATES; i++) {
		PUT(rig, rig_state(i), PyThreadState, thread_id, 1);
		PUT(rig, rig_state(i), PyThreadState, native_thread_id, 1);
	}
	expect_failure(rig, "OS thread");
	rig_states(rig, RIG_INTERP, 0, RIG_STATES);
	expect_all(rig, 8);
	rig_free(rig);
}

/* 24 bytes or 32: which of 3.7's layouts it is, only the collector's lists tell. */
static void proofs_run__tells_the_gc_head_s_size(void **state)
{
	struct process_rig *rig = rig_named("3.7");
	addr_t first = RIG_RUNTIME + OFFSET(&rig->rt.layout, _PyRuntimeState, gc) +
		       OFFSET(&rig->rt.layout, _gc_runtime_state, generations);
	addr_t head = RIG_ITEM, size = SIZEOF(&rig->rt.layout, PyGC_Head);
	assert_int_equal(size, 32);
	PUT(rig, first, PyGC_Head, gc_next, head);
	PUT(rig, first, PyGC_Head, gc_prev, head);
	PUT(rig, head, PyGC_Head, gc_next, first);
	PUT(rig, head, PyGC_Head, gc_prev, first);
	rig_object(rig, head + size, RIG_DICT);
	expect_all(rig, 9);
	rig->rt.layout.size[STRUCT_PyGC_Head] = 24;
	expect_failure(rig, "behind their heads");
	rig_free(rig);
}

static void proofs_run__counts_for_nothing_what_is_lost(void **state)
{
	/* tp_name's page was not dumped, and the process has no thread that could be compared */
	struct process_rig *rig = rig_named("3.9");
	struct extent lost = { 0x500000, 0x501000, NULL, EXTENT_LOST, EXTENT_READ, "not dumped" };
	assert_true(memory_add(&rig->target.memory, &lost));
	assert_true(memory_seal(&rig->target.memory));
	PUT(rig, RIG_TYPE, PyTypeObject, tp_name, 0x500000);
	PUT(rig, RIG_DICT, PyTypeObject, tp_name, 0x500008);
	PUT(rig, RIG_CODE, PyTypeObject, tp_name, 0x500010);
	rig->target.threads.len = 0;
	expect_all(rig, 5);
	/* nor are the types themselves there */
	PUT(rig, RIG_CODE_OBJECT, PyObject, ob_type, 0x500000);
	PUT(rig, RIG_SYSDICT, PyObject, ob_type, 0x500000);
	struct proofs p = run(rig);
	assert_int_equal(p.failed, 0);
	assert_true(p.credible);
	assert_int_equal(p.type_type, 0);
	proofs_release(&p);
	PUT(rig, RIG_CODE_OBJECT, PyObject, ob_type, RIG_CODE);
	PUT(rig, RIG_SYSDICT, PyObject, ob_type, RIG_DICT);
	/* where nothing was mapped is no name */
	PUT(rig, RIG_TYPE, PyTypeObject, tp_name, 0x600000);
	expect_failure(rig, "type(type)");
	rig->target.threads.len = RIG_STATES;
	rig_free(rig);
}

static void proofs_run__is_credible_where_no_thread_is_left(void **state)
{
	struct process_rig *rig = rig_named("3.12");
	rig_states(rig, RIG_INTERP, 0, 0);
	rig_hold_gil(rig, 0);
	struct proofs p = run(rig);
	assert_true(p.credible);
	assert_false(p.leads_back);
	assert_int_equal(p.failed, 0);
	proofs_release(&p);
	rig_free(rig);
}

static void proofs_type_of_types__goes_through_metaclasses(void **state)
{
	struct process_rig *rig = rig_named("3.8");
	rig_type(rig, RIG_NONE_TYPE, "Meta", TPFLAGS_TYPE_SUBCLASS);
	rig_object(rig, RIG_KEY_ERROR, RIG_NONE_TYPE);
	assert_int_equal(proofs_type_of_types(&rig->rt, RIG_EXCEPTION), RIG_TYPE);
	assert_int_equal(proofs_type_of_types(&rig->rt, RIG_TYPE), RIG_TYPE);
	assert_int_equal(proofs_type_of_types(&rig->rt, RIG_ITEM), 0);
	assert_int_equal(proofs_type_of_types(&rig->rt, 3), 0);
	/* types that go round and round */
	rig_object(rig, RIG_NONE_TYPE, RIG_KEY_ERROR);
	assert_int_equal(proofs_type_of_types(&rig->rt, RIG_EXCEPTION), 0);
	rig_free(rig);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(proofs_run__confirms_every_table_on_its_own_heap),
		cmocka_unit_test(proofs_run__refuses_the_heap_of_another_version),
		cmocka_unit_test(proofs_run__names_the_truth_that_fails),
		cmocka_unit_test(proofs_run__tells_the_gc_head_s_size),
		cmocka_unit_test(proofs_run__counts_for_nothing_what_is_lost),
		cmocka_unit_test(proofs_run__is_credible_where_no_thread_is_left),
		cmocka_unit_test(proofs_type_of_types__goes_through_metaclasses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
