/* _Py_DebugOffsets laid over a table: real ones, moved ones, nonsense. */
#include "tests/unit/layout_rig.h"

#include "tests/unit/debug_offsets_rig.h"

static const struct real {
	const char *table;
	const uint64_t *words;
	size_t size;
} reals[] = {
	{ "3.13", offsets_3_13, sizeof(offsets_3_13) },
	{ "3.13.15t", offsets_3_13t, sizeof(offsets_3_13t) },
	{ "3.14", offsets_3_14, sizeof(offsets_3_14) },
	{ "3.14.3", offsets_3_14_3, sizeof(offsets_3_14_3) },
	{ "3.15", offsets_3_15, sizeof(offsets_3_15) },
};

static void debug_offsets__of_real_builds_confirm_their_tables(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(reals); i++) {
		struct layout *l = layout_of(reals[i].table, &x86_64), before = *l;
		unsigned told = 0;
		struct error *err = layout_apply_debug_offsets(l, (const uint8_t *)reals[i].words,
							       reals[i].size);
		if (err)
			fail_msg("%s: %s", reals[i].table, err->message);
		for (size_t f = 0; f < FIELD_COUNT; f++) {
			told += l->slot[f].source == SLOT_DEBUG_OFFSETS;
			if (l->slot[f].offset != before.slot[f].offset)
				fail_msg("%s: %s.%s", reals[i].table,
					 structure_names[field_infos[f].structure],
					 field_infos[f].name);
		}
		assert_true(told >= 50);
		assert_int_equal(l->size_source[STRUCT_PyThreadState], SLOT_DEBUG_OFFSETS);
		free(l);
	}
}

static void debug_offsets__correct_a_table_of_another_patch_release(void **state)
{
	(void)state;
	struct layout *l = layout_of("3.14.3", &x86_64), *right = layout_of("3.14", &x86_64);
	assert_int_not_equal(OFFSET(l, PyInterpreterState, sysdict),
			     OFFSET(right, PyInterpreterState, sysdict));
	struct error *err =
		layout_apply_debug_offsets(l, (const uint8_t *)offsets_3_14, sizeof(offsets_3_14));
	assert_null(err);
	assert_int_equal(OFFSET(l, PyInterpreterState, sysdict),
			 OFFSET(right, PyInterpreterState, sysdict));
	assert_int_equal(SIZEOF(l, PyThreadState), SIZEOF(right, PyThreadState));
	assert_int_equal(l->slot[FIELD_PyInterpreterState_sysdict].source, SLOT_DEBUG_OFFSETS);
	assert_int_equal(l->slot[FIELD_PyThreadState_dict].source, SLOT_TABLE);
	free(l);
	free(right);
}

/* The words in the order of a machine whose bytes run the other way. */
static void debug_offsets__are_read_in_the_target_s_byte_order(void **state)
{
	(void)state;
	uint64_t words[ARRAY_SIZE(offsets_3_13)];
	words[0] = offsets_3_13[0];
	for (size_t i = 1; i < ARRAY_SIZE(words); i++)
		words[i] = __builtin_bswap64(offsets_3_13[i]);
	struct layout *l = layout_of("3.13", &big64);
	struct error *err = layout_apply_debug_offsets(l, (const uint8_t *)words, sizeof(words));
	assert_null(err);
	assert_int_equal(l->slot[FIELD_PyThreadState_next].source, SLOT_DEBUG_OFFSETS);
	free(l);
}

static void debug_offsets__move_bit_fields_with_their_struct(void **state)
{
	(void)state;
	uint64_t words[ARRAY_SIZE(offsets_3_13)];
	memcpy(words, offsets_3_13, sizeof(words));
	words[544 / 8] += 4;		/* unicode_object.state */
	words[560 / 8] += 8;		/* and the struct grew */
	struct layout *l = layout_of("3.13", &x86_64), before = *l;
	struct error *err = layout_apply_debug_offsets(l, (const uint8_t *)words, sizeof(words));
	assert_null(err);
	assert_int_equal(OFFSET(l, PyASCIIObject, kind),
			 before.slot[FIELD_PyASCIIObject_kind].offset + 4);
	assert_int_equal(l->slot[FIELD_PyASCIIObject_kind].bit,
			 before.slot[FIELD_PyASCIIObject_kind].bit);
	assert_int_equal(OFFSET(l, PyASCIIObject, ascii),
			 before.slot[FIELD_PyASCIIObject_ascii].offset + 4);
	free(l);
}

/* A build's own _status says where its bits are: the table's distances are kept. */
static void debug_offsets__move_the_bits_of_a_thread_s_status(void **state)
{
	(void)state;
	uint64_t words[ARRAY_SIZE(offsets_3_13)];
	memcpy(words, offsets_3_13, sizeof(words));
	words[216 / 8] += 4;		/* thread_state.status */
	struct layout *l = layout_of("3.13", &x86_64);
	l->slot[FIELD_PyThreadState_status_finalizing].offset++;	/* a byte further on */
	struct layout before = *l;
	struct error *err = layout_apply_debug_offsets(l, (const uint8_t *)words, sizeof(words));
	assert_null(err);
	static const enum field moved[] = {
		FIELD_PyThreadState__status, FIELD_PyThreadState_status_initialized,
		FIELD_PyThreadState_status_bound, FIELD_PyThreadState_status_finalizing,
	};
	for (size_t i = 0; i < ARRAY_SIZE(moved); i++) {
		assert_int_equal(l->slot[moved[i]].offset, before.slot[moved[i]].offset + 4);
		assert_int_equal(l->slot[moved[i]].bit, before.slot[moved[i]].bit);
		assert_int_equal(l->slot[moved[i]].source, SLOT_DEBUG_OFFSETS);
	}
	free(l);
}

/* Told as places in the interpreter, kept as places in its GIL. */
static void debug_offsets__keep_the_gil_s_members_relative_to_the_gil(void **state)
{
	(void)state;
	uint64_t words[ARRAY_SIZE(offsets_3_13)];
	memcpy(words, offsets_3_13, sizeof(words));
	words[120 / 8] += 16;		/* interpreter_state.gil_runtime_state */
	words[136 / 8] += 16;		/* ..._locked */
	words[144 / 8] += 16;		/* ..._holder */
	struct layout *l = layout_of("3.13", &x86_64), before = *l;
	struct error *err = layout_apply_debug_offsets(l, (const uint8_t *)words, sizeof(words));
	assert_null(err);
	assert_int_equal(OFFSET(l, PyInterpreterState, _gil),
			 before.slot[FIELD_PyInterpreterState__gil].offset + 16);
	assert_int_equal(OFFSET(l, _gil_runtime_state, locked),
			 before.slot[FIELD__gil_runtime_state_locked].offset);
	assert_int_equal(OFFSET(l, _gil_runtime_state, last_holder),
			 before.slot[FIELD__gil_runtime_state_last_holder].offset);
	assert_int_equal(l->slot[FIELD__gil_runtime_state_locked].source, SLOT_DEBUG_OFFSETS);
	free(l);
}

/* What a build lacks is told as 0, which is also the place of a first member. */
static void debug_offsets__bring_no_member_that_the_build_lacks(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(reals); i++) {
		struct layout *l = layout_of(reals[i].table, &x86_64), before = *l;
		struct error *err = layout_apply_debug_offsets(l, (const uint8_t *)reals[i].words,
							       reals[i].size);
		assert_null(err);
		for (size_t f = 0; f < FIELD_COUNT; f++)
			assert_int_equal(l->slot[f].source == SLOT_NONE,
					 before.slot[f].source == SLOT_NONE);
		free(l);
	}
}

/* Of a version that has none of its own, the table knows no _Py_DebugOffsets to read them by. */
static void debug_offsets__need_a_table_that_knows_them(void **state)
{
	(void)state;
	struct layout *l = layout_of("3.12", &x86_64), before = *l;
	struct error *err = layout_apply_debug_offsets(l, (const uint8_t *)offsets_3_13,
						       sizeof(offsets_3_13));
	assert_non_null(err);
	assert_int_equal(err->code, ERROR_UNSUPPORTED);
	assert_non_null(strstr(err->message, "nor has table 3.12"));
	error_free(err);
	assert_memory_equal(l, &before, sizeof(before));
	free(l);
}

static void expect_nonsense(const uint64_t *words, size_t size)
{
	struct layout *l = layout_of("3.13", &x86_64), before = *l;
	struct error *err = layout_apply_debug_offsets(l, (const uint8_t *)words, size);
	assert_non_null(err);
	assert_int_equal(err->code, ERROR_UNSUPPORTED);
	error_free(err);
	assert_memory_equal(l, &before, sizeof(before));	/* untouched */
	free(l);
}

static void debug_offsets__with_nonsense_in_them_change_nothing(void **state)
{
	(void)state;
	static const struct { size_t word; uint64_t value; } wrong[] = {
		{ 0, 0 },           /* no cookie */
		{ 1, 0x030c00f0 },  /* 3.12 has none */
		{ 1, 0x1030d00f0 }, /* no PY_VERSION_HEX */
		{ 152 / 8, 0 },     /* sizeof(PyThreadState) */
		{ 152 / 8, 1u << 21 },
		{ 152 / 8, UINT64_MAX },
		{ 168 / 8, 297 },            /* next: its last byte lies behind the struct */
		{ 168 / 8, UINT64_MAX - 3 }, /* wraps */
		{ 168 / 8, 1u << 20 },
		{ 144 / 8, 0 },          /* the GIL's holder, before the GIL */
		{ 216 / 8, 302 },        /* _status */
		{ 544 / 8, UINT64_MAX }, /* unicode_object.state */
		{ 368 / 8, 16 },         /* a type object too small for what only the table knows */
	};
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		uint64_t words[ARRAY_SIZE(offsets_3_13)];
		memcpy(words, offsets_3_13, sizeof(words));
		words[wrong[i].word] = wrong[i].value;
		expect_nonsense(words, sizeof(words));
	}
}

static void debug_offsets__cut_short_are_refused(void **state)
{
	(void)state;
	for (size_t size = 0; size < sizeof(offsets_3_13); size += 7) {
		uint64_t *exact = malloc(size + 1);
		assert_non_null(exact);
		memcpy(exact, offsets_3_13, size);
		expect_nonsense(exact, size);
		free(exact);
	}
}

static void debug_offsets__of_random_words_do_no_harm(void **state)
{
	(void)state;
	uint64_t random = 88172645463325252;
	for (int round = 0; round < 2000; round++) {
		uint64_t words[ARRAY_SIZE(offsets_3_15)];
		memcpy(words, offsets_3_15, sizeof(words));
		for (int i = 0; i < 3; i++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			words[2 + random % (ARRAY_SIZE(words) - 2)] = random >> (random & 63);
		}
		struct layout *l = layout_of("3.15", &x86_64);
		error_free(layout_apply_debug_offsets(l, (const uint8_t *)words, sizeof(words)));
		assert_null(layout_check(l));
		free(l);
	}
}

/* 3.16 is read as 3.15 until somebody makes a table: when it fits, and not else. */
static void debug_offsets__of_an_unknown_version_are_tried(void **state)
{
	(void)state;
	uint64_t words[ARRAY_SIZE(offsets_3_15)];
	memcpy(words, offsets_3_15, sizeof(words));
	words[1] = 0x031000f0;
	struct layout *l = layout_of("3.15", &x86_64);
	struct error *err = layout_apply_debug_offsets(l, (const uint8_t *)words, sizeof(words));
	assert_null(err);
	for (size_t i = ARRAY_SIZE(words) - 1; i > 20; i--)
		words[i] = words[i - 1];	/* a member was inserted */
	err = layout_apply_debug_offsets(l, (const uint8_t *)words, sizeof(words));
	assert_non_null(err);
	error_free(err);
	free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(debug_offsets__of_real_builds_confirm_their_tables),
		cmocka_unit_test(debug_offsets__correct_a_table_of_another_patch_release),
		cmocka_unit_test(debug_offsets__are_read_in_the_target_s_byte_order),
		cmocka_unit_test(debug_offsets__move_bit_fields_with_their_struct),
		cmocka_unit_test(debug_offsets__move_the_bits_of_a_thread_s_status),
		cmocka_unit_test(debug_offsets__keep_the_gil_s_members_relative_to_the_gil),
		cmocka_unit_test(debug_offsets__bring_no_member_that_the_build_lacks),
		cmocka_unit_test(debug_offsets__need_a_table_that_knows_them),
		cmocka_unit_test(debug_offsets__with_nonsense_in_them_change_nothing),
		cmocka_unit_test(debug_offsets__cut_short_are_refused),
		cmocka_unit_test(debug_offsets__of_random_words_do_no_harm),
		cmocka_unit_test(debug_offsets__of_an_unknown_version_are_tried),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
