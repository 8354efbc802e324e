#include "tests/unit/test.h"

#include "analyzers/bt.h"

/* A C stack of frames of 0x100 bytes each, and the Python frames that some of them run. */
struct rig {
	struct runtime runtime;
	struct session session;
	struct bt bt;
	struct bt_frames frames;
	struct module python, other;
	char shown[512];
};

static void rig_init(struct rig *r, uint8_t major, uint8_t minor, enum bt_native native)
{
	memset(r, 0, sizeof(*r));
	r->runtime.layout.version = (struct python_version){ .major = major, .minor = minor };
	r->runtime.module = &r->python;
	r->session.runtime = &r->runtime;
	r->bt.session = &r->session;
	r->bt.native = native;
}

/* Innermost first; module NULL: Python's. name NULL: stripped. */
static void add_call(struct rig *r, const char *name, const struct module *module)
{
	struct bt_call *call = vec_push(&r->frames.calls);
	addr_t sp = 0x10000 + r->frames.calls.len * 0x100;
	*call = (struct bt_call){
		.frame = { .pc = 0x1000, .sp = sp, .cfa = sp + 0x100 },
		.module = module ? module : &r->python,
		.symbol = { .name = name },
		.activation = SIZE_MAX,
	};
}

static void add_python(struct rig *r, uint32_t activation)
{
	struct frame *frame = vec_push(&r->frames.list);
	frame->activation = activation;
}

/* In the C frame that was added as the n-th. */
static void add_activation(struct rig *r, size_t n)
{
	addr_t *at = vec_push(&r->frames.activations.list);
	*at = 0x10000 + n * 0x100 + 0x40;
}

/* Oldest first: "P1" is the second Python frame of the list, a C frame is its name. */
static const char *merged(struct rig *r)
{
	assert_true(bt_native_merge(&r->bt, &r->frames));
	r->shown[0] = 0;
	for (size_t i = r->frames.items.len; i-- > 0;) {
		const struct bt_item *item = &r->frames.items.items[i];
		size_t len = strlen(r->shown);
		const char *name =
			item->is_native ? r->frames.calls.items[item->index].symbol.name : NULL;
		if (item->is_native)
			snprintf(r->shown + len, sizeof(r->shown) - len, " %s", name ? name : "?");
		else
			snprintf(r->shown + len, sizeof(r->shown) - len, " P%u", item->index);
	}
	bt_frames_release(&r->frames);
	return r->shown;
}

static void bt_native_merge__gives_each_loop_one_frame_up_to_3_10(void **state)
{
	struct rig r;
	for (int all = 0; all < 2; all++) {
		rig_init(&r, 3, 9, all ? NATIVE_ALL : NATIVE_BRIEF);
		add_call(&r, "raise", &r.other);
		add_call(&r, "os_abort", NULL);
		add_call(&r, "_PyEval_EvalFrameDefault", NULL);
		add_call(&r, "function_code_fastcall", NULL);
		add_call(&r, "_PyEval_EvalFrameDefault.part.0", NULL);
		add_call(&r, "PyEval_EvalFrameEx", NULL);
		add_call(&r, "Py_BytesMain", NULL);
		add_call(&r, "_start", &r.other);
		add_python(&r, 0);
		add_python(&r, 1);
		assert_string_equal(merged(&r), all ? " _start Py_BytesMain PyEval_EvalFrameEx"
						      " _PyEval_EvalFrameDefault.part.0 P1"
						      " function_code_fastcall"
						      " _PyEval_EvalFrameDefault P0 os_abort raise"
						    : " P1 P0 os_abort raise");
	}
}

static void bt_native_merge__knows_the_loop_of_2_7(void **state)
{
	struct rig r;
	rig_init(&r, 2, 7, NATIVE_ALL);
	add_call(&r, "PyEval_EvalFrameEx", NULL);
	add_call(&r, "PyEval_EvalCodeEx", NULL);
	add_call(&r, "PyEval_EvalFrameEx", NULL);
	add_python(&r, 0);
	add_python(&r, 1);
	assert_string_equal(merged(&r),
			    " PyEval_EvalFrameEx P1 PyEval_EvalCodeEx PyEval_EvalFrameEx P0");
}

static void bt_native_merge__finds_a_loop_without_a_name_by_its_shim(void **state)
{
	struct rig r;
	rig_init(&r, 3, 13, NATIVE_BRIEF);
	add_call(&r, "crash", &r.other);
	add_call(&r, NULL, NULL); /* a loop, stripped */
	add_call(&r, "list_sort_impl", NULL);
	add_call(&r, NULL, NULL); /* no loop, stripped */
	add_call(&r, NULL, NULL); /* a loop */
	add_call(&r, "Py_RunMain", NULL);
	add_activation(&r, 2);
	add_activation(&r, 5);
	add_python(&r, 0);
	add_python(&r, 0);
	add_python(&r, 1);
	assert_string_equal(merged(&r), " P2 list_sort_impl P1 P0 crash");
}

/* The C call has begun, its Python frame has not: the next one must not move up. */
static void bt_native_merge__leaves_a_loop_empty_that_shows_no_frame(void **state)
{
	struct rig r;
	rig_init(&r, 3, 12, NATIVE_ALL);
	add_call(&r, "malloc", &r.other);
	add_call(&r, "_PyEval_EvalFrameDefault", NULL);
	add_call(&r, "map_next", NULL);
	add_call(&r, "_PyEval_EvalFrameDefault", NULL);
	add_activation(&r, 2);
	add_activation(&r, 4);
	add_python(&r, 1);
	assert_string_equal(merged(&r), " _PyEval_EvalFrameDefault P0 map_next "
					"_PyEval_EvalFrameDefault malloc");
}

static void bt_native_merge__keeps_what_an_embedder_called(void **state)
{
	struct rig r;
	rig_init(&r, 3, 8, NATIVE_BRIEF);
	add_call(&r, "_PyEval_EvalFrameDefault", NULL);
	add_call(&r, "PyRun_SimpleString", NULL);
	add_call(&r, "serve_request", &r.other);
	add_call(&r, "__libc_start_main", &r.other);
	add_python(&r, 0);
	/* where the thread stopped is always shown */
	assert_string_equal(merged(&r), " serve_request _PyEval_EvalFrameDefault P0");
}

static void bt_native_merge__says_which_frames_found_no_place(void **state)
{
	struct rig r;
	rig_init(&r, 3, 8, NATIVE_BRIEF);
	add_call(&r, "read", &r.other);
	add_call(&r, "_PyEval_EvalFrameDefault", NULL);
	add_python(&r, 0);
	add_python(&r, 1);
	assert_string_equal(merged(&r), " P1 P0 read");
	assert_int_equal(r.frames.unplaced, 1);
}

static void bt_native_merge__shows_all_of_a_thread_without_python(void **state)
{
	struct rig r;
	rig_init(&r, 3, 11, NATIVE_BRIEF);
	add_call(&r, "poll", &r.other);
	add_call(&r, "start_thread", &r.other);
	assert_string_equal(merged(&r), " start_thread poll");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bt_native_merge__gives_each_loop_one_frame_up_to_3_10),
		cmocka_unit_test(bt_native_merge__knows_the_loop_of_2_7),
		cmocka_unit_test(bt_native_merge__finds_a_loop_without_a_name_by_its_shim),
		cmocka_unit_test(bt_native_merge__leaves_a_loop_empty_that_shows_no_frame),
		cmocka_unit_test(bt_native_merge__keeps_what_an_embedder_called),
		cmocka_unit_test(bt_native_merge__says_which_frames_found_no_place),
		cmocka_unit_test(bt_native_merge__shows_all_of_a_thread_without_python),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
