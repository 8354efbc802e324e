/* Which OS thread is whose. */
#include "tests/unit/process_rig.h"

#include "cpython_layouts/threads.h"

static const struct machine *aarch64(void)
{
	return machine_find(EM_AARCH64, ELFCLASS64, ELFDATA2LSB);
}

static void threads_os__goes_by_the_thread_pointer(void **state)
{
	struct process_rig *rig = rig_named("3.12");
	assert_ptr_equal(threads_os(&rig->rt, RIG_PTHREAD + 1, 0), &rig->target.threads.items[1]);
	/* even where native_thread_id says another, as after a fork */
	assert_ptr_equal(threads_os(&rig->rt, RIG_PTHREAD + 1, RIG_TID), &rig->target.threads.items[1]);
	assert_null(threads_os(&rig->rt, RIG_PTHREAD + 99, 0));
	assert_null(threads_os(&rig->rt, 0, 0));
	rig_free(rig);
}

static void threads_os__falls_back_to_the_lwp(void **state)
{
	struct process_rig *rig = rig_named("3.12");
	for (int i = 0; i < RIG_STATES; i++)
		rig->target.threads.items[i].tp = 0;
	assert_ptr_equal(threads_os(&rig->rt, RIG_PTHREAD + 1, RIG_TID + 2),
			 &rig->target.threads.items[2]);
	assert_null(threads_os(&rig->rt, RIG_PTHREAD + 1, 99));
	rig_free(rig);
}

/* pthread_self() -> struct pthread ... tid at 720 ... */
static void threads_os__reads_glibc_s_struct_pthread(void **state)
{
	struct process_rig *rig = rig_named("3.9");
	for (int i = 0; i < RIG_STATES; i++)
		rig->target.threads.items[i].tp = 0;
	rig_word(rig, RIG_ITEM + 720, 4, RIG_TID + 1);
	assert_ptr_equal(threads_os(&rig->rt, RIG_ITEM, 0), &rig->target.threads.items[1]);
	rig_word(rig, RIG_ITEM + 720, 4, 5);
	assert_null(threads_os(&rig->rt, RIG_ITEM, 0));
	rig_free(rig);

	rig = rig_of(layout_table_named("3.9"), aarch64());
	for (int i = 0; i < RIG_STATES; i++)
		rig->target.threads.items[i].tp = 0;
	rig_word(rig, RIG_ITEM + 208, 4, RIG_TID + 1);
	assert_ptr_equal(threads_os(&rig->rt, RIG_ITEM, 0), &rig->target.threads.items[1]);
	rig_free(rig);
}

/* aarch64: struct pthread ends where the thread pointer points to; its size is what most agree on. */
static void threads_os__finds_the_size_of_struct_pthread(void **state)
{
	struct process_rig *rig = rig_of(layout_table_named("3.9"), aarch64());
	for (int i = 0; i < RIG_STATES; i++) {
		PUT(rig, rig_state(i), PyThreadState, thread_id, 0x7f0000000000 + i * 0x800000);
		rig->target.threads.items[i].tp = 0x7f0000000000 + i * 0x800000 + 0x740;
	}
	/* one that was just made, whose number is another's */
	PUT(rig, rig_state(2), PyThreadState, thread_id, 0x7f0000800010);
	assert_ptr_equal(threads_os(&rig->rt, 0x7f0000800000, 0), &rig->target.threads.items[1]);
	assert_ptr_equal(threads_os(&rig->rt, 0x7f0001000000, 0), &rig->target.threads.items[2]);
	assert_null(threads_os(&rig->rt, 0x7f0000800010, 0));
	rig_free(rig);
}

/* Three states of one OS thread: a subinterpreter's creator leaves idle ones behind. */
static void threads_has_crashed__picks_the_state_that_ran(void **state)
{
	struct process_rig *rig = rig_named("3.9");
	for (int i = 0; i < RIG_STATES; i++) {
		PUT(rig, rig_state(i), PyThreadState, thread_id, RIG_PTHREAD + 2);
		PUT(rig, rig_state(i), PyThreadState, frame, 0);
	}
	rig_hold_gil(rig, rig_state(1));
	assert_true(threads_has_crashed(&rig->rt, rig_state(1)));
	assert_false(threads_has_crashed(&rig->rt, rig_state(0)));
	assert_false(threads_has_crashed(&rig->rt, rig_state(2)));
	/* nobody holds it, and all are idle: the newest */
	runtime_forget(&rig->rt);
	rig_hold_gil(rig, 0);
	assert_true(threads_has_crashed(&rig->rt, rig_state(0)));
	assert_false(threads_has_crashed(&rig->rt, rig_state(1)));
	rig_free(rig);
}

static void threads_waits_in__reads_the_arguments_of_the_system_call(void **state)
{
	struct process_rig *rig = rig_of(layout_table_named("3.9"), aarch64());
	struct os_thread *os = &rig->target.threads.items[0];
	uint64_t word = 0x5010, number = 98;
	memcpy(rig->registers[0], &word, 8);
	memcpy(rig->registers[0] + 64, &number, 8);
	assert_true(threads_waits_in(&rig->rt, os, 0x5000, 0x5011));
	assert_false(threads_waits_in(&rig->rt, os, 0x5000, 0x5010));
	assert_false(threads_waits_in(&rig->rt, os, 0x5011, 0x6000));
	number = 99;
	memcpy(rig->registers[0] + 64, &number, 8);
	assert_false(threads_waits_in(&rig->rt, os, 0x5000, 0x5011));
	os->registers = NULL;
	assert_false(threads_waits_in(&rig->rt, os, 0x5000, 0x5011));
	rig_free(rig);
}

static void pythread_name__of_a_thread_without_threading_is_unknown(void **state)
{
	struct process_rig *rig = rig_named("3.12");
	struct interpreter_iter it = interpreters(&rig->rt);
	struct interpreter interp;
	struct pythread thread;
	assert_true(interpreter_next(&it, &interp));
	struct pythread_iter threads = pythreads(&rig->rt, &interp);
	assert_true(pythread_next(&threads, &thread));
	_str_ struct str name = STR_INIT;
	int daemon = 7;
	assert_false(pythread_name(&rig->rt, &thread, &name, &daemon));
	assert_int_equal(daemon, -1);
	assert_int_equal(name.len, 0);
	rig_free(rig);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_os__goes_by_the_thread_pointer),
		cmocka_unit_test(threads_os__falls_back_to_the_lwp),
		cmocka_unit_test(threads_os__reads_glibc_s_struct_pthread),
		cmocka_unit_test(threads_os__finds_the_size_of_struct_pthread),
		cmocka_unit_test(threads_has_crashed__picks_the_state_that_ran),
		cmocka_unit_test(threads_waits_in__reads_the_arguments_of_the_system_call),
		cmocka_unit_test(pythread_name__of_a_thread_without_threading_is_unknown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
