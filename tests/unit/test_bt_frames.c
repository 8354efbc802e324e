/* One thread's frames: collected from memory that may be damaged, and reported as Python does. */
#include "tests/unit/bt_rig.h"

#include "analyzers/bt.h"

extern const struct analyzer analyzer_bt;

/* --- collecting ------------------------------------------------------------------------------ */

static struct bt bt_of(struct bt_rig *b, uint64_t limit)
{
	return (struct bt){ .session = &b->session, .limit = limit, .frames_left = 1000 };
}

/* "c b a": the frames' names, innermost first */
static void expect_collected(struct bt *bt, unsigned thread, const char *expected,
			     struct bt_frames *ret)
{
	const struct pythread t = { .at = rig_state(thread) };
	const struct frame *frame;
	_str_ struct str got = STR_INIT;
	assert_true(bt_frames_collect(bt, &t, ret));
	vec_each(frame, &ret->list)
		str_printf(&got, "%s%s", got.len ? " " : "", frame->code->name);
	assert_string_equal(got.len ? got.buf : "", expected);
}

/* Frames called names[0], names[1], ... outermost first; their addresses are in ret. */
static void draw_chain(struct bt_rig *b, unsigned thread, const char *names, addr_t *ret)
{
	addr_t last = 0;
	for (size_t i = 0; names[i]; i++) {
		const char name[] = { names[i], '\0' };
		addr_t code =
			frame_code(b->f, &(struct drawn_code){ .name = name, .qualname = name });
		ret[i] = last = frame_draw(b->f, &(struct drawn_frame){ .code = code, .lasti = 2,
									.previous = last });
	}
	frame_enter(b->f, thread, last);
}

static void bt_frames_collect__keeps_the_innermost_within_the_limit(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(frame_tables); i++) {
		static const struct {
			uint64_t limit;
			const char *names;
			uint64_t omitted;
		} cases[] = {
			{ 0, "d c b a", 0 },
			{ 1, "d", 3 },
			{ 3, "d c b", 1 },
			{ 4, "d c b a", 0 },
			{ UINT64_MAX, "d c b a", 0 },
		};
		struct bt_rig *b = bt_rig_named(frame_tables[i]);
		struct bt_frames frames = { 0 };
		addr_t at[4];
		draw_chain(b, 0, "abcd", at);
		for (size_t k = 0; k < ARRAY_SIZE(cases); k++) {
			struct bt bt = bt_of(b, cases[k].limit);
			expect_collected(&bt, 0, cases[k].names, &frames);
			assert_int_equal(frames.omitted, cases[k].omitted);
			assert_int_equal(frames.chain.end, CHAIN_END);
			assert_int_equal(frames.broken, 0);
			assert_int_equal(bt.frames_left, 1000 - 4);
		}
		bt_frames_release(&frames);
		bt_rig_free(b);
	}
}

/* One struct is used for all threads: nothing of the last one stays. */
static void bt_frames_collect__begins_anew(void **state)
{
	struct bt_rig *b = bt_rig_named("3.12");
	struct bt_frames frames = { 0 };
	struct bt bt = bt_of(b, 1);
	addr_t at[4];
	draw_chain(b, 0, "abcd", at);
	draw_chain(b, 1, "e", at);
	expect_collected(&bt, 0, "d", &frames);
	expect_collected(&bt, 1, "e", &frames);
	assert_int_equal(frames.omitted, 0);
	frame_enter(b->f, 1, 0xdead0000);
	expect_collected(&bt, 1, "", &frames);
	assert_int_equal(frames.chain.end, CHAIN_FAULT);
	expect_collected(&bt, 2, "", &frames);
	assert_int_equal(frames.chain.end, CHAIN_END);
	bt_frames_release(&frames);
	bt_rig_free(b);
}

static void set_previous(struct bt_rig *b, addr_t frame, addr_t previous)
{
	PUT(b->f->rig, frame, PyFrameObject, f_back, previous);
	PUT(b->f->rig, frame, _PyInterpreterFrame, previous, previous);
}

static void bt_frames_collect__ends_in_a_cycle(void **state)
{
	static const char *const tables[] = { "2.7", "3.8", "3.10" };
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		struct bt_rig *b = bt_rig_named(tables[i]);
		struct bt_frames frames = { 0 };
		struct bt bt = bt_of(b, 2);
		addr_t at[3];
		draw_chain(b, 0, "abc", at);
		set_previous(b, at[0], at[1]);
		expect_collected(&bt, 0, "c b", &frames);
		assert_int_equal(frames.chain.end, CHAIN_CYCLE);
		assert_in_range(frames.omitted, 1, 20);
		bt_frames_release(&frames);
		bt_rig_free(b);
	}
}

/* A thread's frames are its own: more of them than fit into the memory are some met twice. */
static void bt_frames_collect__ends_where_no_more_frames_are_possible(void **state)
{
	struct bt_rig *b = bt_rig_named("3.12");
	struct bt_frames frames = { 0 };
	struct bt bt = bt_of(b, 0);
	addr_t at[4];
	draw_chain(b, 0, "abcd", at);
	bt.frames_left = 6;
	expect_collected(&bt, 0, "d c b a", &frames);
	assert_int_equal(frames.chain.end, CHAIN_END);
	expect_collected(&bt, 0, "d c", &frames);
	assert_int_equal(frames.chain.end, CHAIN_LIMIT);
	expect_collected(&bt, 0, "", &frames);
	assert_int_equal(frames.chain.end, CHAIN_LIMIT);
	bt_frames_release(&frames);
	bt_rig_free(b);
}

static void bt_frames_collect__passes_over_frames_without_code(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(frame_tables); i++) {
		struct bt_rig *b = bt_rig_named(frame_tables[i]);
		struct bt_frames frames = { 0 };
		struct bt bt = bt_of(b, 0);
		addr_t at[3];
		bool is_tagged = b->f->l->dialect.references == REFERENCES_TAGGED;
		draw_chain(b, 0, "abc", at);
		PUT(b->f->rig, at[1], PyFrameObject, f_code, RIG_DICT);
		PUT(b->f->rig, at[1], _PyInterpreterFrame, f_executable, RIG_DICT | is_tagged);
		expect_collected(&bt, 0, "c a", &frames);
		assert_int_equal(frames.broken, 1);
		bt_frames_release(&frames);
		bt_rig_free(b);
	}
}

/* --- frames ---------------------------------------------------------------------------------- */

static void bt_frames_report__shows_the_qualified_name_from_311_on(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(frame_tables); i++) {
		struct bt_rig *b = bt_rig_named(frame_tables[i]);
		bt_rig_stacks(b);
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

static void bt_frames_report__folds_recursion_as_python_does(void **state)
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

/* Two lines take turns, or the run is broken by another: nothing is folded that Python shows. */
static void bt_frames_report__folds_a_run_of_one_line_alone(void **state)
{
	struct bt_rig *b = bt_rig_named("3.9");
	addr_t code = frame_code(b->f, &(struct drawn_code){ .name = "rec" });
	addr_t other = frame_code(b->f, &(struct drawn_code){ .name = "other" });
	addr_t last = 0;
	for (int i = 0; i < 8; i++)
		last = frame_draw(b->f, &(struct drawn_frame){ .code = code, .lasti = i & 1 ? 2 : 6,
							       .previous = last });
	frame_enter(b->f, 2, last);
	bt_rig_contains(b, &analyzer_bt, "", false,
			REC(12) REC(10) REC(12) REC(10) REC(12) REC(10) REC(12) REC(10) "\n");
	last = 0;
	for (int i = 0; i < 9; i++)
		last = frame_draw(b->f, &(struct drawn_frame){ .code = i == 4 ? other : code,
							       .lasti = 6,
							       .previous = last });
	frame_enter(b->f, 2, last);
	bt_rig_contains(b, &analyzer_bt, "", false,
			REC(12) REC(12) REC(12) "  [Previous line repeated 1 more time]\n"
			"  File \"/app.py\", line 12, in other\n"
			REC(12) REC(12) REC(12) "  [Previous line repeated 1 more time]\n\n");
	bt_rig_free(b);
}

/* Names that are lost are not the same: two frames of which nothing is known are shown both. */
static void bt_frames_report__does_not_fold_what_it_does_not_know(void **state)
{
	struct bt_rig *b = bt_rig_named("3.9");
	addr_t code = frame_code(b->f, &(struct drawn_code){ .name = "rec" });
	PUT(b->f->rig, code, PyCodeObject, co_filename, 0xdead0000);
	addr_t last = 0;
	for (int i = 0; i < 5; i++)
		last = frame_draw(
			b->f, &(struct drawn_frame){ .code = code, .lasti = 6, .previous = last });
	frame_enter(b->f, 2, last);
	struct error *err = NULL;
	_free_ char *got = bt_rig_run(b, &analyzer_bt, "--thread 4202", false, &err);
	assert_null(err);
	size_t shown = 0;
	for (const char *p = got; (p = strstr(p, ", line 12, in rec")); p++)
		shown++;
	assert_int_equal(shown, 5);
	assert_null(strstr(got, "Previous line"));
	bt_rig_free(b);
}

/* What is folded in text is whole in JSON, its variables too. */
static void bt_frames_report__folds_nothing_in_json(void **state)
{
	struct bt_rig *b = bt_rig_named("3.9");
	struct error *err = NULL;
	struct drawn_frame frame = {
		.code = frame_code(b->f, &(struct drawn_code){ .name = "rec", .locals = "n",
							       .flags = CODE_OPTIMIZED }),
		.lasti = 6, .slots = { RIG_NONE },
	};
	for (int i = 0; i < 20; i++)
		frame.previous = frame_draw(b->f, &frame);
	frame_enter(b->f, 2, frame.previous);
	_free_ char *got = bt_rig_run(b, &analyzer_bt, "--locals --thread 4202", true, &err);
	size_t frames = 0, variables = 0;
	assert_null(err);
	for (const char *p = got; (p = strstr(p, "\"name\": \"rec\"")); p++)
		frames++;
	for (const char *p = got; (p = strstr(p, "\"name\": \"n\"")); p++)
		variables++;
	assert_int_equal(frames, 20);
	assert_int_equal(variables, 20);
	bt_rig_free(b);
}

static void bt_frames_report__says_that_a_value_s_line_is_lost(void **state)
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

static void bt_frames_report__escapes_names_for_the_terminal(void **state)
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

/* A source line is whoever's the file is: a tab may pass, an escape sequence not. */
static void bt_frames_report__escapes_source_lines(void **state)
{
	struct bt_rig *b = bt_rig_named("3.9");
	struct drawn_code drawn = { .file = "/app.py", .name = "f" };
	static const char line[] = "\tx = '\x1b]0;title\x07'\t# \xe2\x80\xae";
	struct source_excerpt *excerpt = vec_push(&b->session.target->excerpts);
	assert_non_null(excerpt);
	*excerpt = (struct source_excerpt){ "/app.py", 10, line, sizeof(line) - 1 };
	frame_enter(b->f, 2,
		    frame_draw(b->f, &(struct drawn_frame){ .code = frame_code(b->f, &drawn),
							    .lasti = 2 }));
	bt_rig_contains(b, &analyzer_bt, "", false,
			"line 10, in f\n    x = '\\x1b]0;title\\x07'\t# \\u202e\n");
	vec_release(&b->session.target->excerpts);
	bt_rig_free(b);
}

/* --- variables ------------------------------------------------------------------------------- */

static void bt_frames_report__tells_kinds_of_variables_apart(void **state)
{
	struct bt_rig *b = bt_rig_named("3.12");
	bt_rig_stacks(b);
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

static void bt_frames_report__shows_a_tagged_int(void **state)
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

static void bt_frames_report__counts_what_is_lost_of_variables(void **state)
{
	struct bt_rig *b = bt_rig_named("3.12");
	struct drawn_code code = { .locals = "a b c", .flags = CODE_OPTIMIZED };
	struct drawn_frame frame = { .code = frame_code(b->f, &code), .lasti = 2,
				     .slots = { RIG_NONE, 0xdead0000, 0xdead1000 } };
	frame_enter(b->f, 2, frame_draw(b->f, &frame));
	bt_rig_contains(b, &analyzer_bt, "--locals --thread 4202", false,
			"      a = None\n"
			"      b = <lost 0xdead0000>\n"
			"      c = <lost 0xdead1000>\n");
	assert_true(b->session.target->remarks.loss);
	bt_rig_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bt_frames_collect__keeps_the_innermost_within_the_limit),
		cmocka_unit_test(bt_frames_collect__begins_anew),
		cmocka_unit_test(bt_frames_collect__ends_in_a_cycle),
		cmocka_unit_test(bt_frames_collect__ends_where_no_more_frames_are_possible),
		cmocka_unit_test(bt_frames_collect__passes_over_frames_without_code),
		cmocka_unit_test(bt_frames_report__shows_the_qualified_name_from_311_on),
		cmocka_unit_test(bt_frames_report__folds_recursion_as_python_does),
		cmocka_unit_test(bt_frames_report__folds_a_run_of_one_line_alone),
		cmocka_unit_test(bt_frames_report__does_not_fold_what_it_does_not_know),
		cmocka_unit_test(bt_frames_report__folds_nothing_in_json),
		cmocka_unit_test(bt_frames_report__says_that_a_value_s_line_is_lost),
		cmocka_unit_test(bt_frames_report__escapes_names_for_the_terminal),
		cmocka_unit_test(bt_frames_report__escapes_source_lines),
		cmocka_unit_test(bt_frames_report__tells_kinds_of_variables_apart),
		cmocka_unit_test(bt_frames_report__shows_a_tagged_int),
		cmocka_unit_test(bt_frames_report__counts_what_is_lost_of_variables),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
