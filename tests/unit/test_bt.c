#include "tests/unit/bt_rig.h"

extern const struct analyzer analyzer_bt;

static void bt__prints_the_crashed_thread_first(void **state)
{
	struct bt_rig *b = bt_rig_named("3.14");
	bt_rig_stacks(b);
	bt_rig_expect(b, &analyzer_bt, "",
		      "\n"
		      "Thread 4202 (crashed: SIGSEGV at 0x10, holds the GIL)\n"
		      "Traceback (most recent call last):\n"
		      "  File \"/app.py\", line 10, in main\n"
		      "  File \"/app.py\", line 12, in App.handler\n"
		      "\n"
		      "Thread 4201\n"
		      "Traceback (most recent call last):\n"
		      "  File \"/app.py\", line 10, in main\n"
		      "\n"
		      "Thread 4200\n"
		      "  <no Python frames: it was running no Python code>\n");
	bt_rig_free(b);
}

static void bt__json_keeps_to_the_contract(void **state)
{
	struct bt_rig *b = bt_rig_named("3.12");
	bt_rig_stacks(b);
	bt_rig_contains(b, &analyzer_bt, "", true, "\"tid\": 4202");
	bt_rig_contains(b, &analyzer_bt, "", true, "\"pthread\": \"0x7002\"");
	bt_rig_contains(b, &analyzer_bt, "", true, "\"crashed\": true");
	bt_rig_contains(b, &analyzer_bt, "", true, "\"holds_gil\": true");
	bt_rig_contains(b, &analyzer_bt, "", true, "\"interpreter\": 0");
	bt_rig_contains(b, &analyzer_bt, "", true, "\"line\": 12");
	bt_rig_contains(b, &analyzer_bt, "", true, "\"end_column\": 9");
	bt_rig_contains(b, &analyzer_bt, "", true, "\"kind\": \"python\"");
	bt_rig_free(b);
}

static void bt__limits_to_the_innermost_frames(void **state)
{
	struct bt_rig *b = bt_rig_named("3.12");
	bt_rig_stacks(b);
	bt_rig_contains(b, &analyzer_bt, "--limit 1", false,
			"Traceback (most recent call last):\n"
			"  <1 older frame not shown>\n"
			"  File \"/app.py\", line 12, in App.handler\n");
	bt_rig_contains(b, &analyzer_bt, "--limit 1", true, "\"omitted\": 1");
	bt_rig_free(b);
}

static void bt__shows_the_threads_that_are_asked_for(void **state)
{
	struct bt_rig *b = bt_rig_named("3.12");
	bt_rig_stacks(b);
	bt_rig_expect(b, &analyzer_bt, "--thread 4201 --thread 4200",
		      "\n"
		      "Thread 4201\n"
		      "Traceback (most recent call last):\n"
		      "  File \"/app.py\", line 10, in main\n"
		      "\n"
		      "Thread 4200\n"
		      "  <no Python frames: it was running no Python code>\n");
	static const struct { const char *options, *message; } wrong[] = {
		{ "--thread 17", "no Python thread has the id 17; there are 4202, 4201, 4200" },
		{ "--thread main", "--thread takes a thread id, not 'main'" },
		{ "--thread -1", "--thread takes a thread id, not '-1'" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct error *err = NULL;
		_free_ _unused_ char *got =
			bt_rig_run(b, &analyzer_bt, wrong[i].options, false, &err);
		assert_non_null(err);
		assert_int_equal(err->code, ERROR_USAGE);
		assert_string_equal(err->message, wrong[i].message);
		error_free(err);
	}
	bt_rig_free(b);
}

static void bt__says_where_a_chain_broke(void **state)
{
	struct bt_rig *b = bt_rig_named("3.12");
	addr_t code = frame_code(b->f, &(struct drawn_code){ .name = "main", .qualname = "main" });
	frame_enter(b->f, 2,
		    frame_draw(b->f, &(struct drawn_frame){
					     .code = code, .lasti = 2, .previous = 0xdead0000 }));
	frame_enter(b->f, 1, 0xbeef0000);
	struct error *err = NULL;
	_free_ char *got = bt_rig_run(b, &analyzer_bt, "", false, &err);
	assert_non_null(strstr(got, "  <older frames are lost: the chain of frames "));
	assert_non_null(strstr(got, "  File \"/app.py\", line 10, in main\n"));
	assert_non_null(strstr(got, "  <no Python frames: the chain of frames "));
	assert_non_null(strstr(got, "lost: thread 4202: the chain of frames "));
	assert_true(b->session.target->remarks.loss);
	bt_rig_free(b);
}

static void bt__counts_frames_without_code(void **state)
{
	struct bt_rig *b = bt_rig_named("3.12");
	frame_enter(b->f, 2,
		    frame_draw(b->f, &(struct drawn_frame){ .code = RIG_DICT, .lasti = 2 }));
	bt_rig_contains(b, &analyzer_bt, "", false, "<no Python frames: none of them can be read>");
	bt_rig_contains(b, &analyzer_bt, "", true, "\"complete\": false");
	assert_true(b->session.target->remarks.loss);
	bt_rig_free(b);
}

static void bt__lists_threads_that_python_does_not_know(void **state)
{
	struct bt_rig *b = bt_rig_named("3.12");
	bt_rig_stacks(b);
	/* the crashed thread's state is gone; its OS thread is still there */
	PUT(b->f->rig, rig_state(1), PyThreadState, next, 0);
	struct error *err = NULL;
	_free_ char *got = bt_rig_run(b, &analyzer_bt, "", false, &err);
	assert_ptr_equal(strstr(got, "The thread that crashed, 4202, has no Python state: "
				     "it was in native code at 0x0\n"), got);
	assert_non_null(strstr(got, "\n1 native thread without Python state: 4202\n"));
	bt_rig_contains(b, &analyzer_bt, "", true, "\"native_threads\"");
	bt_rig_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bt__prints_the_crashed_thread_first),
		cmocka_unit_test(bt__json_keeps_to_the_contract),
		cmocka_unit_test(bt__limits_to_the_innermost_frames),
		cmocka_unit_test(bt__shows_the_threads_that_are_asked_for),
		cmocka_unit_test(bt__says_where_a_chain_broke),
		cmocka_unit_test(bt__counts_frames_without_code),
		cmocka_unit_test(bt__lists_threads_that_python_does_not_know),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
