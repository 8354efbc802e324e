/* Interpreters and threads of a heap written through every table. */
#include "tests/unit/process_rig.h"

#include "core/checked.h"

static struct interpreter main_interpreter(struct process_rig *rig)
{
	struct interpreter_iter it = interpreters(&rig->rt);
	struct interpreter ret;
	assert_true(interpreter_next(&it, &ret));
	return ret;
}

/* The state's thread, found by walking. */
static struct pythread thread_of(struct process_rig *rig, addr_t state)
{
	struct interpreter interp = main_interpreter(rig);
	struct pythread_iter it = pythreads(&rig->rt, &interp);
	struct pythread ret;
	while (pythread_next(&it, &ret)) {
		if (ret.at == state)
			return ret;
	}
	fail_msg("no thread at 0x%lx", (unsigned long)state);
	return ret;
}

static void interpreters__are_walked_in_every_layout(void **state)
{
	for (size_t i = 0; layout_tables[i]; i++) {
		struct process_rig *rig = rig_of(layout_tables[i], NULL);
		PUT(rig, RIG_INTERP_2, PyInterpreterState, next, RIG_INTERP);
		PUT(rig, RIG_INTERP_2, PyInterpreterState, id, 1);
		PUT(rig, RIG_INTERP_2, PyInterpreterState, ceval_gil, 0);
		rig->rt.interpreters = RIG_INTERP_2;
		struct interpreter_iter it = interpreters(&rig->rt);
		struct interpreter interp;
		assert_true(interpreter_next(&it, &interp));
		assert_int_equal(interp.at, RIG_INTERP_2);
		assert_int_equal(interp.id, 1);
		assert_true(interpreter_next(&it, &interp));
		assert_int_equal(interp.at, RIG_INTERP);
		assert_int_equal(interp.id, 0);
		assert_int_equal(interp.sysdict, RIG_SYSDICT);
		assert_int_equal(interp.threads_head, rig_state(0));
		assert_false(interp.gc_collecting);
		assert_false(interpreter_next(&it, &interp));
		assert_int_equal(it.chain.end, CHAIN_END);
		rig_free(rig);
	}
}

static void pythreads__are_walked_in_every_layout(void **state)
{
	for (size_t i = 0; layout_tables[i]; i++) {
		struct process_rig *rig = rig_of(layout_tables[i], NULL);
		const struct layout *l = &rig->rt.layout;
		struct interpreter interp = main_interpreter(rig);
		struct pythread_iter it = pythreads(&rig->rt, &interp);
		struct pythread thread;
		for (unsigned n = 0; n < RIG_STATES; n++) {
			assert_true(pythread_next(&it, &thread));
			assert_int_equal(thread.at, rig_state(n));
			assert_int_equal(thread.pthread, RIG_PTHREAD + n);
			assert_int_equal(thread.tid, RIG_TID + n);
			assert_ptr_equal(thread.os, &rig->target.threads.items[n]);
			assert_int_equal(thread.crashed, n == 2);
			assert_int_equal(thread.is_main, n == 2);
			assert_int_equal(thread.id, HAS(l, PyThreadState, id) ? n + 1 : 0);
			assert_int_equal(thread.handled_exception, 0);
			assert_int_equal(thread.current_exception, 0);
		}
		assert_false(pythread_next(&it, &thread));
		assert_int_equal(it.chain.end, CHAIN_END);
		rig_free(rig);
	}
}

static void pythreads__end_at_a_cycle_and_at_what_cannot_be_read(void **state)
{
	struct process_rig *rig = rig_named("3.12");
	struct interpreter interp = main_interpreter(rig);
	struct pythread thread;
	PUT(rig, rig_state(2), PyThreadState, next, rig_state(1));
	struct pythread_iter it = pythreads(&rig->rt, &interp);
	size_t n = 0;
	while (pythread_next(&it, &thread))
		n++;
	assert_int_equal(it.chain.end, CHAIN_CYCLE);
	assert_true(n >= 3 && n < 10);

	PUT(rig, rig_state(1), PyThreadState, next, 0xdead0000);
	it = pythreads(&rig->rt, &interp);
	for (n = 0; pythread_next(&it, &thread); n++)
		;
	assert_int_equal(n, 2);
	assert_int_equal(it.chain.end, CHAIN_FAULT);
	assert_int_equal(it.chain.at, 0xdead0000);
	rig_free(rig);
}

/* --- the lock -------------------------------------------------------------------------------- */

static bool knows_gil(const struct layout *l)
{
	return HAS(l, PyInterpreterState, ceval_gil) || HAS(l, _PyRuntimeState, tstate_current);
}

static void pythread__holds_the_gil_in_every_layout(void **state)
{
	for (size_t i = 0; layout_tables[i]; i++) {
		struct process_rig *rig = rig_of(layout_tables[i], NULL);
		bool knows = knows_gil(&rig->rt.layout);
		assert_int_equal(thread_of(rig, rig_state(2)).gil, knows ? GIL_HOLDS : GIL_UNKNOWN);
		assert_int_equal(thread_of(rig, rig_state(2)).holds_gil, knows);
		assert_int_equal(thread_of(rig, rig_state(0)).gil, knows ? GIL_RELEASED : GIL_UNKNOWN);
		assert_false(thread_of(rig, rig_state(0)).holds_gil);
		/* last_holder stays when nobody holds it */
		rig_hold_gil(rig, 0);
		assert_int_equal(main_interpreter(rig).gil_holder, 0);
		assert_int_equal(thread_of(rig, rig_state(0)).gil, knows ? GIL_RELEASED : GIL_UNKNOWN);
		rig_free(rig);
	}
}

static void pythread__holds_the_gil_by_the_exported_variable_of_old(void **state)
{
	struct process_rig *rig = rig_named("2.7");
	rig->rt.current_at = RIG_ITEM;
	rig_word(rig, RIG_ITEM, 8, rig_state(1));
	assert_int_equal(thread_of(rig, rig_state(1)).gil, GIL_HOLDS);
	/* Whether it waits, only a symbol of the lock could tell. */
	assert_int_equal(thread_of(rig, rig_state(0)).gil, GIL_UNKNOWN);
	rig_free(rig);
}

static void pythread__of_a_free_threaded_build_is_attached_or_not(void **state)
{
	struct process_rig *rig = rig_named("3.13t");
	PUT(rig, rig_gil(rig), _gil_runtime_state, enabled, 0);
	PUT(rig, rig_state(1), PyThreadState, state, 1);
	struct pythread thread = thread_of(rig, rig_state(1));
	assert_int_equal(thread.gil, GIL_UNKNOWN);
	assert_int_equal(thread.attached, 1);
	assert_int_equal(thread_of(rig, rig_state(0)).attached, 0);
	rig_free(rig);
	rig = rig_named("3.12");
	assert_int_equal(thread_of(rig, rig_state(1)).attached, -1);
	rig_free(rig);
}

static void set_register(struct process_rig *rig, unsigned thread, const char *name, uint64_t value)
{
	const struct machine *m = rig->target.machine;
	for (int i = 0; i < m->registers; i++) {
		if (strcmp(m->register_names[i], name) == 0)
			memcpy(rig->registers[thread] + (size_t)i * 8, &value, 8);
	}
}

static void pythread__waits_where_a_futex_call_in_the_lock_proves_it(void **state)
{
	static const char *const tables[] = { "3.7", "3.9", "3.11", "3.12", "3.13", "3.15" };
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		struct process_rig *rig = rig_named(tables[i]);
		addr_t gil = rig_gil(rig);
		set_register(rig, 0, "orig_rax", 202);
		set_register(rig, 0, "rdi", gil + 40);
		assert_int_equal(thread_of(rig, rig_state(0)).gil, GIL_WAITS);
		/* another word, or another call */
		set_register(rig, 0, "rdi", gil + SIZEOF(&rig->rt.layout, _gil_runtime_state));
		assert_int_equal(thread_of(rig, rig_state(0)).gil, GIL_RELEASED);
		set_register(rig, 0, "rdi", gil + 40);
		set_register(rig, 0, "orig_rax", 7);
		assert_int_equal(thread_of(rig, rig_state(0)).gil, GIL_RELEASED);
		rig_free(rig);
	}
}

static void pythread__waits_where_it_says_so(void **state)
{
	struct process_rig *rig = rig_named("3.15");
	PUT(rig, rig_state(1), PyThreadState, gil_requested, 1);
	assert_int_equal(thread_of(rig, rig_state(1)).gil, GIL_WAITS);
	assert_int_equal(thread_of(rig, rig_state(0)).gil, GIL_RELEASED);
	rig_free(rig);
}

static void pythread__collects_when_a_collection_runs_and_it_holds_the_gil(void **state)
{
	for (size_t i = 0; layout_tables[i]; i++) {
		struct process_rig *rig = rig_of(layout_tables[i], NULL);
		const struct layout *l = &rig->rt.layout;
		addr_t gc = HAS(l, PyInterpreterState, gc) ? RIG_INTERP + OFFSET(l, PyInterpreterState, gc)
							   : RIG_RUNTIME + OFFSET(l, _PyRuntimeState, gc);
		if (HAS_STRUCT(l, _gc_runtime_state)) {
			PUT(rig, gc, _gc_runtime_state, collecting, 1);
		} else {
			rig->rt.collecting_at = rig->rt.current_at = RIG_ITEM;
			rig_word(rig, RIG_ITEM, 8, rig_state(2));
		}
		assert_true(main_interpreter(rig).gc_collecting);
		assert_true(thread_of(rig, rig_state(2)).gc_collecting);
		assert_false(thread_of(rig, rig_state(0)).gc_collecting);
		rig_free(rig);
	}
}

/* --- exceptions ------------------------------------------------------------------------------ */

static void pythread__handles_an_exception_in_every_layout(void **state)
{
	for (size_t i = 0; layout_tables[i]; i++) {
		struct process_rig *rig = rig_of(layout_tables[i], NULL);
		const struct layout *l = &rig->rt.layout;
		addr_t item = rig_state(1) + OFFSET(l, PyThreadState, exc_state);
		if (HAS(l, PyThreadState, exc_info)) {
			PUT(rig, item, _PyErr_StackItem, exc_type, RIG_KEY_ERROR);
			PUT(rig, item, _PyErr_StackItem, exc_value, RIG_EXCEPTION);
		} else {
			PUT(rig, rig_state(1), PyThreadState, exc_type, RIG_KEY_ERROR);
			PUT(rig, rig_state(1), PyThreadState, exc_value, RIG_EXCEPTION);
		}
		struct pythread thread = thread_of(rig, rig_state(1));
		assert_int_equal(thread.handled_exception, RIG_EXCEPTION);
		assert_int_equal(thread.handled_type, RIG_KEY_ERROR);
		rig_free(rig);
	}
}

/* A generator pushes an empty item over that of the caller; None counts as empty. */
static void pythread__handles_what_the_topmost_item_that_is_not_empty_holds(void **state)
{
	struct process_rig *rig = rig_named("3.12");
	addr_t item = rig_state(1) + OFFSET(&rig->rt.layout, PyThreadState, exc_state);
	PUT(rig, rig_state(1), PyThreadState, exc_info, RIG_ITEM);
	PUT(rig, RIG_ITEM, _PyErr_StackItem, exc_value, RIG_NONE);
	PUT(rig, RIG_ITEM, _PyErr_StackItem, previous_item, item);
	assert_int_equal(thread_of(rig, rig_state(1)).handled_exception, 0);
	PUT(rig, item, _PyErr_StackItem, exc_value, RIG_EXCEPTION);
	struct pythread thread = thread_of(rig, rig_state(1));
	assert_int_equal(thread.handled_exception, RIG_EXCEPTION);
	assert_int_equal(thread.handled_type, RIG_KEY_ERROR);
	/* a chain that runs in a circle */
	PUT(rig, item, _PyErr_StackItem, exc_value, 0);
	PUT(rig, item, _PyErr_StackItem, previous_item, RIG_ITEM);
	assert_int_equal(thread_of(rig, rig_state(1)).handled_exception, 0);
	rig_free(rig);
}

static void pythread__raises_an_exception_in_every_layout(void **state)
{
	for (size_t i = 0; layout_tables[i]; i++) {
		struct process_rig *rig = rig_of(layout_tables[i], NULL);
		PUT(rig, rig_state(1), PyThreadState, curexc_type, RIG_KEY_ERROR);
		PUT(rig, rig_state(1), PyThreadState, curexc_value, RIG_EXCEPTION);
		PUT(rig, rig_state(1), PyThreadState, current_exception, RIG_EXCEPTION);
		assert_int_equal(thread_of(rig, rig_state(1)).current_exception, RIG_EXCEPTION);
		assert_int_equal(thread_of(rig, rig_state(0)).current_exception, 0);
		rig_free(rig);
	}
}

static void runtime_field__tells_the_absent_and_the_lost(void **state)
{
	struct process_rig *rig = rig_named("3.9");
	uint64_t value;
	assert_false(READ(&rig->rt, rig_state(0), PyThreadState, native_thread_id, &value));
	assert_false(READ(&rig->rt, RIG_END - 8, PyThreadState, thread_id, &value));
	assert_false(READ(&rig->rt, 0, PyThreadState, thread_id, &value));
	assert_true(READ(&rig->rt, rig_state(0), PyThreadState, thread_id, &value));
	assert_int_equal(value, RIG_PTHREAD);
	rig_free(rig);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(interpreters__are_walked_in_every_layout),
		cmocka_unit_test(pythreads__are_walked_in_every_layout),
		cmocka_unit_test(pythreads__end_at_a_cycle_and_at_what_cannot_be_read),
		cmocka_unit_test(pythread__holds_the_gil_in_every_layout),
		cmocka_unit_test(pythread__holds_the_gil_by_the_exported_variable_of_old),
		cmocka_unit_test(pythread__of_a_free_threaded_build_is_attached_or_not),
		cmocka_unit_test(pythread__waits_where_a_futex_call_in_the_lock_proves_it),
		cmocka_unit_test(pythread__waits_where_it_says_so),
		cmocka_unit_test(pythread__collects_when_a_collection_runs_and_it_holds_the_gil),
		cmocka_unit_test(pythread__handles_an_exception_in_every_layout),
		cmocka_unit_test(pythread__handles_what_the_topmost_item_that_is_not_empty_holds),
		cmocka_unit_test(pythread__raises_an_exception_in_every_layout),
		cmocka_unit_test(runtime_field__tells_the_absent_and_the_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
