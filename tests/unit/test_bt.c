#include "tests/unit/bt_rig.h"

extern const struct analyzer analyzer_bt;

/* Thread state 2 is the crashed one; main is called by nobody and calls handler. */
static void draw_stacks(struct bt_rig *b)
{
	struct frame_rig *f = b->f;
	addr_t main_code =
		frame_code(f, &(struct drawn_code){ .name = "main", .qualname = "main" });
	addr_t handler = frame_code(f, &(struct drawn_code){ .name = "handler",
							     .qualname = "App.handler",
							     .locals = "a b",
							     .positional = 1,
							     .cells = "c",
							     .frees = "d",
							     .flags = CODE_OPTIMIZED });
	addr_t outer = frame_draw(f, &(struct drawn_frame){ .code = main_code, .lasti = 2 });
	bool is_old = f->l->dialect.frames == FRAMES_OBJECTS;
	addr_t cell = frame_cell(f, RIG_NONE);
	struct drawn_frame inner = { .code = handler, .previous = outer, .lasti = 6,
				     .slots = { RIG_NONE, is_old ? 0 : 1, cell, cell } };
	frame_enter(f, 2, frame_draw(f, &inner));
	frame_enter(f, 1, outer);
	b->session.target->process.signal = 11;
	b->session.target->process.has_fault_address = true;
	b->session.target->process.fault_address = 0x10;
}

static void bt__prints_the_crashed_thread_first(void **state)
{
	struct bt_rig *b = bt_rig_named("3.14");
	draw_stacks(b);
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

static void bt__shows_the_qualified_name_from_311_on(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(frame_tables); i++) {
		struct bt_rig *b = bt_rig_named(frame_tables[i]);
		draw_stacks(b);
		bool is_qualified = b->f->l->dialect.lines == LINES_LOCATIONS;
		bt_rig_contains(b, &analyzer_bt, "", false,
				is_qualified ? "line 12, in App.handler\n"
					     : "line 12, in handler\n");
		bt_rig_contains(b, &analyzer_bt, "", true, "\"name\": \"handler\"");
		bt_rig_contains(b, &analyzer_bt, "", true,
				is_qualified ? "\"qualname\": \"App.handler\""
					     : "\"qualname\": null");
		bt_rig_free(b);
	}
}

static void bt__json_keeps_to_the_contract(void **state)
{
	struct bt_rig *b = bt_rig_named("3.12");
	draw_stacks(b);
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

static void bt__tells_kinds_of_variables_apart(void **state)
{
	struct bt_rig *b = bt_rig_named("3.12");
	draw_stacks(b);
	PUT(b->f->rig, RIG_STATE + 0x2000, PyThreadState, prev, 0);
	bt_rig_contains(b, &analyzer_bt, "--locals --thread 4202", false,
			"    arguments:\n"
			"      a = None\n"
			"    locals:\n"
			"      b = <lost 0x1>\n"
			"    cells:\n"
			"      c = None\n"
			"    free variables:\n"
			"      d = None\n");
	bt_rig_contains(b, &analyzer_bt, "--locals", true, "\"type\": {\"lost\": \"0x1\"}");
	bt_rig_contains(b, &analyzer_bt, "--locals", true, "\"kind\": \"free\"");
	bt_rig_free(b);
}

static void bt__shows_a_tagged_int(void **state)
{
	struct bt_rig *b = bt_rig_named("3.14");
	struct drawn_code code = { .locals = "n", .flags = CODE_OPTIMIZED };
	struct drawn_frame frame = { .code = frame_code(b->f, &code), .lasti = 2,
				     .slots = { (uint64_t)-7 << 2 | 3 } };
	frame_enter(b->f, 2, frame_draw(b->f, &frame));
	bt_rig_contains(b, &analyzer_bt, "--locals", false, "      n = -7\n");
	bt_rig_contains(b, &analyzer_bt, "--locals", true, "\"type\": \"int\"");
	bt_rig_free(b);
}

static void draw_recursion(struct bt_rig *b, int depth)
{
	addr_t code = frame_code(b->f, &(struct drawn_code){ .name = "rec", .qualname = "rec" });
	addr_t last = frame_draw(b->f, &(struct drawn_frame){ .code = code, .lasti = 2 });
	for (int i = 0; i < depth; i++)
		last = frame_draw(
			b->f, &(struct drawn_frame){ .code = code, .lasti = 6, .previous = last });
	frame_enter(b->f, 2, last);
}

#define REC(line) "  File \"/app.py\", line " #line ", in rec\n"

static void bt__folds_recursion_as_python_does(void **state)
{
	static const struct { int depth; const char *expected; } cases[] = {
		{ 3, REC(10) REC(12) REC(12) REC(12) "\n" },
		{ 4, REC(12) REC(12) REC(12) "  [Previous line repeated 1 more time]\n\n" },
		{ 90, REC(12) REC(12) REC(12) "  [Previous line repeated 87 more times]\n\n" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bt_rig *b = bt_rig_named("3.9");
		draw_recursion(b, cases[i].depth);
		bt_rig_contains(b, &analyzer_bt, "", false, cases[i].expected);
		bt_rig_free(b);
	}
	struct bt_rig *b = bt_rig_named("2.7");
	draw_recursion(b, 5);
	bt_rig_contains(b, &analyzer_bt, "", false, REC(12) REC(12) REC(12) REC(12) REC(12) "\n");
	bt_rig_free(b);
}

static void bt__limits_to_the_innermost_frames(void **state)
{
	struct bt_rig *b = bt_rig_named("3.12");
	draw_stacks(b);
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
	draw_stacks(b);
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
	draw_stacks(b);
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

static void bt__says_that_a_value_s_line_is_lost(void **state)
{
	struct bt_rig *b = bt_rig_named("3.12");
	addr_t code = frame_code(b->f, &(struct drawn_code){ .name = "main" });
	PUT(b->f->rig, code, PyCodeObject, co_linetable, 0xdead0000);
	PUT(b->f->rig, code, PyCodeObject, co_filename, 0xdead0000);
	frame_enter(b->f, 2, frame_draw(b->f, &(struct drawn_frame){ .code = code, .lasti = 2 }));
	bt_rig_contains(b, &analyzer_bt, "", true, "\"line\": {\"lost\": \"0xdead0000\"}");
	bt_rig_contains(b, &analyzer_bt, "", false, ", line <lost 0xdead0000>, in App.run\n");
	bt_rig_free(b);
}

static void bt__escapes_names_for_the_terminal(void **state)
{
	struct bt_rig *b = bt_rig_named("3.12");
	struct drawn_code drawn = { .file = "/a\x1b[2J.py", .qualname = "f\ng" };
	frame_enter(b->f, 2,
		    frame_draw(b->f, &(struct drawn_frame){ .code = frame_code(b->f, &drawn),
							    .lasti = 2 }));
	bt_rig_contains(b, &analyzer_bt, "", false,
			"  File \"/a\\x1b[2J.py\", line 10, in f\\ng\n");
	bt_rig_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bt__prints_the_crashed_thread_first),
		cmocka_unit_test(bt__shows_the_qualified_name_from_311_on),
		cmocka_unit_test(bt__json_keeps_to_the_contract),
		cmocka_unit_test(bt__tells_kinds_of_variables_apart),
		cmocka_unit_test(bt__shows_a_tagged_int),
		cmocka_unit_test(bt__folds_recursion_as_python_does),
		cmocka_unit_test(bt__limits_to_the_innermost_frames),
		cmocka_unit_test(bt__shows_the_threads_that_are_asked_for),
		cmocka_unit_test(bt__says_where_a_chain_broke),
		cmocka_unit_test(bt__counts_frames_without_code),
		cmocka_unit_test(bt__lists_threads_that_python_does_not_know),
		cmocka_unit_test(bt__says_that_a_value_s_line_is_lost),
		cmocka_unit_test(bt__escapes_names_for_the_terminal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
