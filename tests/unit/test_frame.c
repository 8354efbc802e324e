#include "tests/unit/frame_rig.h"

static const struct drawn_code drawn_handler = {
	.name = "handler", .locals = "a b x", .cells = "b c", .frees = "d", .positional = 2,
	.flags = CODE_OPTIMIZED, .first_traceable = 1,
};
static const struct drawn_code drawn_main = { .name = "main", .first_traceable = 1 };

static struct pythread thread_of(struct frame_rig *f)
{
	return (struct pythread){ .at = rig_state(0) };
}

/* "handler:12 main:10", innermost first, and how the chain ended */
static void expect_frames(struct frame_rig *f, const char *expected, enum chain_end end)
{
	struct pythread thread = thread_of(f);
	struct frame_iter it = frames_of(&f->rig->rt, &thread);
	struct frame frame;
	_str_ struct str got = STR_INIT;
	while (frame_next(&it, &frame))
		str_printf(&got, "%s%s:%" PRId64, got.len ? " " : "", frame.code->name,
			   frame.position.line);
	assert_string_equal(got.buf, expected);
	assert_int_equal(it.chain.end, end);
}

static void frame_next__walks_every_design(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(frame_tables); i++) {
		struct frame_rig *f = frame_rig_named(frame_tables[i]);
		addr_t outer = frame_draw(
			f, &(struct drawn_frame){ .code = frame_code(f, &drawn_main), .lasti = 2 });
		addr_t inner = frame_draw(f, &(struct drawn_frame){
			.code = frame_code(f, &drawn_handler), .previous = outer, .lasti = 6 });
		frame_enter(f, 0, inner);
		expect_frames(f, "handler:12 main:10", CHAIN_END);
		frame_rig_free(f);
	}
}

static void frame_next__has_none_where_none_is(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(frame_tables); i++) {
		struct frame_rig *f = frame_rig_named(frame_tables[i]);
		expect_frames(f, "", CHAIN_END);
		PUT(f->rig, rig_state(0), PyThreadState, cframe, 0);
		expect_frames(f, "", CHAIN_END);
		frame_rig_free(f);
	}
}

static void frame_next__passes_over_what_has_not_begun(void **state)
{
	static const char *const tables[] = { "3.11", "3.12", "3.13", "3.14", "3.15" };
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		struct frame_rig *f = frame_rig_named(tables[i]);
		addr_t code =
			frame_code(f, &(struct drawn_code){ .name = "main", .first_traceable = 2 });
		addr_t outer = frame_draw(f, &(struct drawn_frame){ .code = code, .lasti = 4 });
		addr_t begun = frame_draw(
			f, &(struct drawn_frame){ .code = code, .lasti = 2, .previous = outer });
		frame_enter(f, 0, begun);
		expect_frames(f, "main:12", CHAIN_END);
		/* but a generator's own frame counts from its creation on */
		PUT(f->rig, begun, _PyInterpreterFrame, owner, f->l->dialect.owner_generator);
		expect_frames(f, "main:10 main:12", CHAIN_END);
		frame_rig_free(f);
	}
}

static void frame_next__passes_over_shims(void **state)
{
	static const char *const tables[] = { "3.12", "3.13", "3.13t", "3.14", "3.15" };
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		struct frame_rig *f = frame_rig_named(tables[i]);
		addr_t outer = frame_draw(
			f, &(struct drawn_frame){ .code = frame_code(f, &drawn_main), .lasti = 2 });
		addr_t shim = frame_draw(f, &(struct drawn_frame){
			.code = RIG_NONE, .owner = f->l->dialect.owner_c, .previous = outer });
		addr_t inner = frame_draw(f, &(struct drawn_frame){
			.code = frame_code(f, &drawn_handler), .previous = shim, .lasti = 6 });
		frame_enter(f, 0, inner);
		expect_frames(f, "handler:12 main:10", CHAIN_END);
		struct frame frame;
		addr_t previous;
		bool is_shim;
		assert_true(frame_load(&f->rig->rt, inner, &frame, &previous, &is_shim));
		assert_true(frame.is_entry);
		assert_int_equal(previous, shim);
		assert_false(frame_load(&f->rig->rt, shim, &frame, &previous, &is_shim));
		assert_true(is_shim);
		assert_int_equal(previous, outer);
		frame_rig_free(f);
	}
}

static void frame_next__goes_on_behind_a_frame_without_code(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(frame_tables); i++) {
		struct frame_rig *f = frame_rig_named(frame_tables[i]);
		addr_t outer = frame_draw(
			f, &(struct drawn_frame){ .code = frame_code(f, &drawn_main), .lasti = 2 });
		addr_t inner = frame_draw(
			f, &(struct drawn_frame){ .code = 0xdead0000, .previous = outer });
		frame_enter(f, 0, inner);
		struct pythread thread = thread_of(f);
		struct frame_iter it = frames_of(&f->rig->rt, &thread);
		struct frame frame;
		assert_true(frame_next(&it, &frame));
		assert_string_equal(frame.code->name, "main");
		assert_false(frame_next(&it, &frame));
		assert_int_equal(it.broken, 1);
		assert_int_equal(it.skipped, 0);
		frame_rig_free(f);
	}
}

static void frame_next__gives_up_where_nothing_is_a_frame(void **state)
{
	struct frame_rig *f = frame_rig_named("3.12");
	addr_t last = 0;
	for (int i = 0; i < 100; i++)
		last = frame_draw(f, &(struct drawn_frame){ .code = RIG_DICT, .previous = last });
	frame_enter(f, 0, last);
	struct pythread thread = thread_of(f);
	struct frame_iter it = frames_of(&f->rig->rt, &thread);
	struct frame frame;
	assert_false(frame_next(&it, &frame));
	assert_int_equal(it.chain.end, CHAIN_FAULT);
	assert_true(it.broken < 20);
	frame_rig_free(f);
}

static void frame_next__tells_where_the_chain_broke(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(frame_tables); i++) {
		struct frame_rig *f = frame_rig_named(frame_tables[i]);
		addr_t code = frame_code(f, &drawn_main);
		addr_t frame = frame_draw(
			f,
			&(struct drawn_frame){ .code = code, .previous = 0xdead0000, .lasti = 2 });
		frame_enter(f, 0, frame);
		expect_frames(f, "main:10", CHAIN_FAULT);
		PUT(f->rig, frame, PyFrameObject, f_back, frame);
		if (f->l->dialect.frames != FRAMES_OBJECTS)
			PUT(f->rig, frame, _PyInterpreterFrame, previous, frame);
		expect_frames(f, "main:10", CHAIN_CYCLE);
		frame_rig_free(f);
	}
}

static void frames_of__tells_a_lost_state(void **state)
{
	struct frame_rig *f = frame_rig_named("3.12");
	struct pythread thread = { .at = 0xdead0000 };
	struct frame_iter it = frames_of(&f->rig->rt, &thread);
	struct frame frame;
	assert_false(frame_next(&it, &frame));
	assert_int_equal(it.chain.end, CHAIN_FAULT);
	PUT(f->rig, rig_state(0), PyThreadState, cframe, 0xdead0000);
	expect_frames(f, "", CHAIN_FAULT);
	frame_rig_free(f);
}

static void frame_load__loses_a_line_but_not_the_frame(void **state)
{
	struct frame_rig *f = frame_rig_named("3.13");
	addr_t at = frame_draw(
		f, &(struct drawn_frame){ .code = frame_code(f, &drawn_main), .lasti = 2 });
	struct frame frame;
	addr_t previous;
	bool is_shim;
	PUT(f->rig, at, _PyInterpreterFrame, instr_ptr, 0xdead0000);
	assert_true(frame_load(&f->rig->rt, at, &frame, &previous, &is_shim));
	assert_true(frame.position_lost);
	assert_int_equal(frame.position.line, 0);
	frame_rig_free(f);
}

/* 3.14t: the thread runs a copy of the code units */
static void frame_load__counts_from_the_thread_s_own_bytecode(void **state)
{
	struct frame_rig *f = frame_rig_named("3.14t");
	addr_t code = frame_code(f, &drawn_main);
	addr_t copy = frame_alloc(f, FRAME_CODE_BYTES), array = frame_alloc(f, 64);
	PUT(f->rig, array, _PyCodeArray, size, 2);
	rig_word(f->rig, array + OFFSET(f->l, _PyCodeArray, entries) + 8, 8, copy);
	PUT(f->rig, code, PyCodeObject, co_tlbc, array);
	addr_t at = frame_draw(f, &(struct drawn_frame){ .code = code });
	PUT(f->rig, at, _PyInterpreterFrame, tlbc_index, 1);
	PUT(f->rig, at, _PyInterpreterFrame, instr_ptr, copy + 6);
	frame_enter(f, 0, at);
	expect_frames(f, "main:12", CHAIN_END);
	/* an index beyond the copies: the line is lost, the frame is not */
	PUT(f->rig, at, _PyInterpreterFrame, tlbc_index, 2);
	expect_frames(f, "main:0", CHAIN_END);
	frame_rig_free(f);
}

static void expect_locals(struct frame_rig *f, addr_t at, const char *expected)
{
	static const char letters[] = "alcf";
	struct frame frame;
	addr_t previous;
	bool is_shim;
	assert_true(frame_load(&f->rig->rt, at, &frame, &previous, &is_shim));
	struct local_iter it = locals_of(&f->rig->rt, &frame);
	struct local local;
	_str_ struct str got = STR_INIT;
	while (local_next(&it, &local))
		str_printf(&got, "%s%s:%c=%" PRIx64 "%s", got.len ? " " : "", local.name,
			   letters[local.kind], local.value, local.is_int ? "i" : "");
	assert_string_equal(got.buf, expected);
}

static void local_next__reads_slots_and_cells(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(frame_tables); i++) {
		struct frame_rig *f = frame_rig_named(frame_tables[i]);
		addr_t values[5];
		for (int k = 0; k < 5; k++)
			values[k] = frame_value(f);
		addr_t b = frame_cell(f, values[1]), c = frame_cell(f, values[3]),
		       d = frame_cell(f, values[4]);
		struct drawn_frame drawn = { .code = frame_code(f, &drawn_handler), .lasti = 6 };
		/* up to 3.10 b's slot among the arguments is empty (2.7: stale), and its cell
		 * comes later */
		addr_t old[] = { values[0], f->l->version.major == 2 ? values[2] : 0,
				 values[2], b,
				 c,         d };
		addr_t new[] = { values[0], b, values[2], c, d };
		if (f->l->dialect.frames == FRAMES_OBJECTS)
			memcpy(drawn.slots, old, sizeof(old));
		else
			memcpy(drawn.slots, new, sizeof(new));
		_str_ struct str expected = STR_INIT;
		str_printf(&expected,
			   "a:a=%" PRIx64 " b:a=%" PRIx64 " x:l=%" PRIx64 " c:c=%" PRIx64
			   " d:f=%" PRIx64,
			   values[0], values[1], values[2], values[3], values[4]);
		expect_locals(f, frame_draw(f, &drawn), expected.buf);
		frame_rig_free(f);
	}
}

static void local_next__passes_over_unbound_ones(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(frame_tables); i++) {
		struct frame_rig *f = frame_rig_named(frame_tables[i]);
		addr_t null = f->l->dialect.references == REFERENCES_TAGGED;
		struct drawn_frame drawn = { .code = frame_code(f, &drawn_handler),
					     .lasti = 6,
					     .slots = { null, null, null, null, frame_cell(f, 0),
							null } };
		expect_locals(f, frame_draw(f, &drawn), "");
		frame_rig_free(f);
	}
}

static void local_next__takes_tags_off(void **state)
{
	struct frame_rig *f = frame_rig_named("3.14");
	addr_t value = frame_value(f);
	struct drawn_code code = { .locals = "a b", .flags = CODE_OPTIMIZED };
	struct drawn_frame drawn = { .code = frame_code(f, &code), .lasti = 6,
				     .slots = { value | 1, (uint64_t)-5 << 2 | 3 } };
	_str_ struct str expected = STR_INIT;
	str_printf(&expected, "a:l=%" PRIx64 " b:l=%" PRIx64 "i", value, (uint64_t)-5);
	expect_locals(f, frame_draw(f, &drawn), expected.buf);
	frame_rig_free(f);
}

/* keys: header | 8 index bytes | { key, value } ... */
static addr_t draw_dict(struct frame_rig *f, const char *name, addr_t value)
{
	addr_t dict = frame_alloc(f, SIZEOF(f->l, PyDictObject));
	addr_t keys = frame_alloc(f, 256);
	rig_object(f->rig, dict, RIG_DICT);
	PUT(f->rig, dict, PyDictObject, ma_used, 1);
	PUT(f->rig, dict, PyDictObject, ma_keys, keys);
	PUT(f->rig, keys, PyDictKeysObject, dk_log2_size, 3);
	PUT(f->rig, keys, PyDictKeysObject, dk_log2_index_bytes, 3);
	PUT(f->rig, keys, PyDictKeysObject, dk_kind, 1);
	PUT(f->rig, keys, PyDictKeysObject, dk_nentries, 1);
	addr_t entry = keys + OFFSET(f->l, PyDictKeysObject, dk_indices) + 8;
	PUT(f->rig, entry, PyDictUnicodeEntry, me_key, frame_text(f, name));
	PUT(f->rig, entry, PyDictUnicodeEntry, me_value, value);
	return dict;
}

static void local_next__reads_a_class_body_s_namespace(void **state)
{
	static const char *const tables[] = { "3.11", "3.12", "3.13", "3.14", "3.15" };
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		struct frame_rig *f = frame_rig_named(tables[i]);
		addr_t value = frame_value(f);
		/* its cell __class__ is no variable to locals() */
		struct drawn_code code = { .cells = "__class__", .flags = 0 };
		struct drawn_frame drawn = { .code = frame_code(f, &code), .lasti = 6,
					     .f_locals = draw_dict(f, "attribute", value),
					     .slots = { frame_cell(f, value) } };
		_str_ struct str expected = STR_INIT;
		str_printf(&expected, "attribute:l=%" PRIx64, value);
		expect_locals(f, frame_draw(f, &drawn), expected.buf);
		frame_rig_free(f);
	}
}

static void local_next__reads_slots_of_27_s_functions_with_exec(void **state)
{
	struct frame_rig *f = frame_rig_named("2.7");
	addr_t value = frame_value(f);
	struct drawn_frame drawn = { .code = frame_code(f, &(struct drawn_code){ .locals = "x" }),
				     .lasti = 6,
				     .slots = { value } };
	_str_ struct str expected = STR_INIT;
	str_printf(&expected, "x:l=%" PRIx64, value);
	expect_locals(f, frame_draw(f, &drawn), expected.buf);
	frame_rig_free(f);
}

static void frames__are_read_in_the_other_byte_order(void **state)
{
	const struct machine *big = machine_find(EM_S390, ELFCLASS64, ELFDATA2MSB);
	assert_non_null(big);
	struct frame_rig *f = frame_rig_of("3.12", big);
	addr_t value = frame_value(f);
	struct drawn_frame drawn = { .code = frame_code(f, &drawn_handler),
				     .lasti = 6,
				     .slots = { value } };
	addr_t at = frame_draw(f, &drawn);
	frame_enter(f, 0, at);
	expect_frames(f, "handler:12", CHAIN_END);
	_str_ struct str expected = STR_INIT;
	str_printf(&expected, "a:a=%" PRIx64, value);
	expect_locals(f, at, expected.buf);
	frame_rig_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frame_next__walks_every_design),
		cmocka_unit_test(frame_next__has_none_where_none_is),
		cmocka_unit_test(frame_next__passes_over_what_has_not_begun),
		cmocka_unit_test(frame_next__passes_over_shims),
		cmocka_unit_test(frame_next__goes_on_behind_a_frame_without_code),
		cmocka_unit_test(frame_next__gives_up_where_nothing_is_a_frame),
		cmocka_unit_test(frame_next__tells_where_the_chain_broke),
		cmocka_unit_test(frames_of__tells_a_lost_state),
		cmocka_unit_test(frame_load__loses_a_line_but_not_the_frame),
		cmocka_unit_test(frame_load__counts_from_the_thread_s_own_bytecode),
		cmocka_unit_test(local_next__reads_slots_and_cells),
		cmocka_unit_test(local_next__passes_over_unbound_ones),
		cmocka_unit_test(local_next__takes_tags_off),
		cmocka_unit_test(local_next__reads_a_class_body_s_namespace),
		cmocka_unit_test(local_next__reads_slots_of_27_s_functions_with_exec),
		cmocka_unit_test(frames__are_read_in_the_other_byte_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
