/* Layouts: loads, tables chosen, nonsense refused. Structs here are written by put(), which knows
 * nothing of how layout_get() reads. */
#include "tests/unit/layout_rig.h"

static struct python_version version(unsigned major, unsigned minor, unsigned micro,
				     const char *abi)
{
	return (struct python_version){ (uint8_t)major, (uint8_t)minor, (uint8_t)micro, 0xf, 0,
					strchr(abi, 'd') != NULL, strchr(abi, 't') != NULL };
}

/* Write the low bits of value where a slot says, byte by byte. */
static void put(const struct layout *l, uint8_t *p, const struct slot *s, uint64_t value)
{
	bool big = l->machine->swap;	/* swap is against a little-endian host */
	uint64_t old = 0;
	for (unsigned i = 0; i < s->width; i++)
		old |= (uint64_t)p[s->offset + (big ? s->width - 1 - i : i)] << (8 * i);
	if (s->bits) {
		uint64_t mask = ((1ull << s->bits) - 1) << s->bit;
		value = (old & ~mask) | (value << s->bit & mask);
	}
	for (unsigned i = 0; i < s->width; i++)
		p[s->offset + (big ? s->width - 1 - i : i)] = (uint8_t)(value >> (8 * i));
}

static uint64_t mask_of(const struct slot *s)
{
	unsigned bits = s->bits ? s->bits : s->width * 8u;
	return bits >= 64 ? UINT64_MAX : (1ull << bits) - 1;
}

/* Every member of every struct, on a background that would show a byte too many: once written, it
 * reads back, unsigned and signed. */
static void write_and_read_back(const struct layout *l)
{
	static const uint64_t samples[] = { 0, 1, 0x8899aabbccddeeff, 0x7f6e5d4c3b2a1908,
					    UINT64_MAX };
	for (size_t f = 0; f < FIELD_COUNT; f++) {
		const struct slot *s = &l->slot[f];
		uint32_t size = l->size[field_infos[f].structure];
		if (s->source == SLOT_NONE || s->width == 0)
			continue;
		uint8_t *p = malloc(size);
		assert_non_null(p);
		for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
			uint64_t value = samples[i] & mask_of(s);
			memset(p, i & 1 ? 0xa5 : 0x5a, size);
			put(l, p, s, value);
			if (layout_get(l, p, f) != value)
				fail_msg("%s: %s.%s", l->table,
					 structure_names[field_infos[f].structure],
					 field_infos[f].name);
			uint64_t sign = (mask_of(s) >> 1) + 1;
			int64_t expected =
				value & sign ? (int64_t)(value | ~mask_of(s)) : (int64_t)value;
			assert_int_equal(layout_gets(l, p, f), expected);
		}
		free(p);
	}
}

static void layout_get__reads_what_was_written_through_every_table(void **state)
{
	(void)state;
	const struct machine *machines[] = { &x86_64, &big64 };
	for (size_t i = 0; layout_tables[i]; i++) {
		for (size_t m = 0; m < ARRAY_SIZE(machines); m++) {
			struct layout *l = layout_of(layout_tables[i]->name, machines[m]);
			write_and_read_back(l);
			free(l);
		}
	}
}

/* No table is for 32 bits yet; this is what a 32-bit 3.8 would be. */
static struct layout *layout_with_words_of_4(const struct machine *machine)
{
	struct layout *l = layout_of("3.8", &x86_64);
	l->machine = machine;
	l->table = "32-bit";
	for (size_t f = 0; f < FIELD_COUNT; f++) {
		struct slot *s = &l->slot[f];
		if (s->width == 8)
			s->width = 4;
		if (!s->bits)
			s->offset = s->offset / 8 * 4 + s->offset % 4;
	}
	return l;
}

static void layout_get__reads_words_of_4_in_both_byte_orders(void **state)
{
	(void)state;
	const struct machine *machines[] = { &little32, &big32 };
	for (size_t m = 0; m < ARRAY_SIZE(machines); m++) {
		struct layout *l = layout_with_words_of_4(machines[m]);
		struct error *err = layout_check(l);
		if (err)
			fail_msg("%s", err->message);
		write_and_read_back(l);
		free(l);
	}
}

static void layout_get__gives_0_for_an_absent_member(void **state)
{
	(void)state;
	struct layout *l = layout_of("3.8", &x86_64);
	uint8_t object[64];
	memset(object, 0xff, sizeof(object));
	assert_false(HAS(l, PyObject, ob_tid));
	assert_int_equal(GET(l, object, PyObject, ob_tid), 0);
	assert_int_equal(GET_OR(l, object, PyObject, ob_tid, 7), 7);
	assert_int_equal(GETS_OR(l, object, PyObject, ob_tid, -7), -7);
	assert_true(HAS(l, PyObject, ob_type));
	assert_int_equal(GET(l, object, PyObject, ob_type), UINT64_MAX);
	free(l);
}

static void layout_from_table__refuses_another_word_size(void **state)
{
	(void)state;
	struct layout l;
	struct error *err = layout_from_table(layout_table_named("3.12"), &big32, &l);
	assert_non_null(err);
	assert_int_equal(err->code, ERROR_UNSUPPORTED);
	assert_non_null(strstr(err->message, "32-bit"));
	error_free(err);
}

static void layout_from_table__lays_a_delta_over_its_base(void **state)
{
	(void)state;
	struct layout *base = layout_of("3.13", &x86_64),
		      *debian = layout_of("3.13.5-debian", &x86_64);
	struct layout *threaded = layout_of("3.13t", &x86_64);
	assert_int_equal(OFFSET(base, _gc_runtime_state, generations), 24);
	assert_int_equal(OFFSET(debian, _gc_runtime_state, generations), 20);
	assert_int_equal(OFFSET(debian, _gc_runtime_state, generation0),
			 OFFSET(base, _gc_runtime_state, generation0));
	assert_int_equal(OFFSET(threaded, PyObject, ob_type), 24);
	assert_true(HAS(base, PyObject, ob_refcnt));
	assert_false(HAS(threaded, PyObject, ob_refcnt));	/* a delta can take away */
	free(base);
	free(debian);
	free(threaded);
}

/* --- choosing ------------------------------------------------------------------------------- */

static void expect_candidates(struct python_version v, const struct machine *machine,
			      const char *expected)
{
	const struct layout_table *tables[16];
	char names[256] = "";
	size_t count = layout_candidates(&v, machine, tables, ARRAY_SIZE(tables));
	for (size_t i = 0; i < count; i++) {
		strcat(names, i ? " " : "");
		strcat(names, tables[i]->name);
	}
	assert_string_equal(names, expected);
}

static void layout_candidates__puts_the_release_s_own_table_first(void **state)
{
	(void)state;
	expect_candidates(version(3, 7, 3, ""), &x86_64, "3.7.3 3.7");
	expect_candidates(version(3, 7, 4, ""), &x86_64, "3.7 3.7.3");
	expect_candidates(version(3, 12, 0, ""), &x86_64, "3.12.0 3.12");
	expect_candidates(version(3, 12, 9, ""), &x86_64, "3.12 3.12.0");
	expect_candidates(version(3, 14, 4, ""), &x86_64, "3.14.3 3.14");
	expect_candidates(version(3, 14, 5, ""), &x86_64, "3.14 3.14.3");
	expect_candidates(version(2, 7, 6, ""), &x86_64, "2.7.14 2.7.5 2.7");
}

static void layout_candidates__offers_all_when_the_release_is_unknown(void **state)
{
	(void)state;
	expect_candidates(version(3, 7, 0xff, ""), &x86_64, "3.7 3.7.3");
	expect_candidates(version(3, 14, 0xff, "t"), &x86_64, "3.14t 3.14.3t");
}

static void layout_candidates__offers_both_collector_heads_of_3_6(void **state)
{
	(void)state;
	expect_candidates(version(3, 6, 15, ""), &x86_64, "3.6 3.6-gc32");
	expect_candidates(version(3, 6, 0, "d"), &x86_64, "3.6d 3.6d-gc32");
	struct layout *released = layout_of("3.6", &x86_64),
		      *patched = layout_of("3.6-gc32", &x86_64);
	assert_int_equal(SIZEOF(released, PyGC_Head), 24);
	assert_int_equal(SIZEOF(patched, PyGC_Head), 32);
	free(released);
	free(patched);
}

static void layout_candidates__keeps_debug_and_free_threaded_builds_apart(void **state)
{
	(void)state;
	expect_candidates(version(3, 15, 2, ""), &x86_64, "3.15");
	expect_candidates(version(3, 15, 2, "d"), &x86_64, "3.15d");
	expect_candidates(version(3, 15, 2, "t"), &x86_64, "3.15t");
	expect_candidates(version(3, 15, 2, "td"), &x86_64, "3.15td");
	expect_candidates(version(3, 8, 2, "t"), &x86_64, "");
}

static void layout_candidates__prefers_the_machine_s_own_delta(void **state)
{
	(void)state;
	expect_candidates(version(3, 12, 1, ""), &aarch64, "3.12-aarch64 3.12.0-aarch64");
	/* nothing differs: the same table */
	expect_candidates(version(2, 7, 18, ""), &aarch64, "2.7 2.7.14 2.7.5");
	expect_candidates(version(3, 11, 2, ""), &riscv64, "3.11");
	expect_candidates(version(3, 11, 2, ""), &big32, "");
}

static void layout_candidates__has_none_for_an_unknown_version(void **state)
{
	(void)state;
	expect_candidates(version(3, 16, 0, ""), &x86_64, "");
	expect_candidates(version(3, 5, 0, ""), &x86_64, "");
	expect_candidates(version(4, 0, 0, ""), &x86_64, "");
}

static void layout_candidates__writes_no_more_than_fit(void **state)
{
	(void)state;
	const struct layout_table *one[1];
	struct python_version v = version(3, 7, 3, "");
	assert_int_equal(layout_candidates(&v, &x86_64, one, 0), 0);
	assert_int_equal(layout_candidates(&v, &x86_64, one, 1), 1);
	assert_string_equal(one[0]->name, "3.7.3");
}

static void layout_nearest_table__is_the_newest_older_one_of_that_build(void **state)
{
	(void)state;
	struct python_version v = version(3, 16, 0, "");
	assert_string_equal(layout_nearest_table(&v, &x86_64)->name, "3.15");
	assert_string_equal(layout_nearest_table(&v, &aarch64)->name, "3.15-aarch64");
	v = version(3, 17, 1, "td");
	assert_string_equal(layout_nearest_table(&v, &x86_64)->name, "3.15td");
	v = version(3, 5, 0, "");
	assert_null(layout_nearest_table(&v, &x86_64));
}

/* --- dialects ------------------------------------------------------------------------------- */

static void dialects_for__follows_the_versions(void **state)
{
	(void)state;
	static const struct {
		unsigned major, minor;
		int frames, lines, attributes, references, generators, owner_c;
	} rows[] = {
		{ 2, 7, FRAMES_OBJECTS, LINES_LNOTAB_UNSIGNED, ATTRIBUTES_DICTOFFSET, REFERENCES_PLAIN,
		  GENERATORS_FRAME_OBJECT, 0xff },
		{ 3, 6, FRAMES_OBJECTS, LINES_LNOTAB_SIGNED, ATTRIBUTES_DICTOFFSET, REFERENCES_PLAIN,
		  GENERATORS_FRAME_OBJECT, 0xff },
		{ 3, 9, FRAMES_OBJECTS, LINES_LNOTAB_SIGNED, ATTRIBUTES_DICTOFFSET, REFERENCES_PLAIN,
		  GENERATORS_FRAME_OBJECT, 0xff },
		{ 3, 10, FRAMES_OBJECTS, LINES_LINETABLE, ATTRIBUTES_DICTOFFSET, REFERENCES_PLAIN,
		  GENERATORS_FRAME_OBJECT, 0xff },
		{ 3, 11, FRAMES_CFRAME, LINES_LOCATIONS, ATTRIBUTES_MANAGED_311, REFERENCES_PLAIN,
		  GENERATORS_STATE_311, 0xff },
		{ 3, 12, FRAMES_CFRAME, LINES_LOCATIONS, ATTRIBUTES_MANAGED_312, REFERENCES_PLAIN,
		  GENERATORS_STATE_311, 3 },
		{ 3, 13, FRAMES_DIRECT, LINES_LOCATIONS, ATTRIBUTES_INLINE_313, REFERENCES_PLAIN,
		  GENERATORS_STATE_313, 3 },
		{ 3, 14, FRAMES_DIRECT, LINES_LOCATIONS, ATTRIBUTES_INLINE_314, REFERENCES_TAGGED,
		  GENERATORS_STATE_313, 3 },
		{ 3, 15, FRAMES_DIRECT, LINES_LOCATIONS, ATTRIBUTES_INLINE_314, REFERENCES_TAGGED,
		  GENERATORS_STATE_315, 3 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct python_version v = version(rows[i].major, rows[i].minor, 0, "");
		bool known = false;
		struct dialects d = dialects_for(&v, &known);
		assert_true(known);
		assert_int_equal(d.frames, rows[i].frames);
		assert_int_equal(d.lines, rows[i].lines);
		assert_int_equal(d.attributes, rows[i].attributes);
		assert_int_equal(d.references, rows[i].references);
		assert_int_equal(d.generators, rows[i].generators);
		assert_int_equal(d.owner_c, rows[i].owner_c);
		assert_int_equal(d.lasti_in_units, rows[i].minor == 10);
		assert_int_equal(d.unicode_27, rows[i].major == 2);
		assert_int_equal(d.deque_block, rows[i].major == 2 ? 62 : 64);
		assert_int_equal(d.long_shift, 30);
	}
}

static void dialects_for__tells_a_guess(void **state)
{
	(void)state;
	struct python_version v = version(3, 16, 0, "");
	bool known = true;
	struct dialects d = dialects_for(&v, &known);
	assert_false(known);
	assert_int_equal(d.generators, GENERATORS_STATE_315);
	v = version(3, 13, 5, "t");
	assert_int_equal(dialects_for(&v, NULL).references, REFERENCES_DEFERRED_BIT);
}

/* --- checking --------------------------------------------------------------------------------- */

static void expect_check_fails(const struct layout *l, const char *word)
{
	struct error *err = layout_check(l);
	assert_non_null(err);
	assert_int_equal(err->code, ERROR_UNSUPPORTED);
	if (!strstr(err->message, word))
		fail_msg("'%s' does not name %s", err->message, word);
	error_free(err);
}

static void layout_check__refuses_a_member_behind_its_struct(void **state)
{
	(void)state;
	struct layout *l = layout_of("3.12", &x86_64);
	assert_null(layout_check(l));
	l->slot[FIELD_PyTupleObject_ob_item].offset = l->size[STRUCT_PyTupleObject];
	assert_null(layout_check(l));		/* a flexible tail may begin where the struct ends */
	l->slot[FIELD_PyTupleObject_ob_item].offset++;
	expect_check_fails(l, "PyTupleObject.ob_item");
	l->slot[FIELD_PyTupleObject_ob_item].offset = 0;
	l->slot[FIELD_PyListObject_ob_item].offset = l->size[STRUCT_PyListObject] - 7;
	expect_check_fails(l, "PyListObject.ob_item");
	l->slot[FIELD_PyListObject_ob_item].offset = UINT32_MAX;
	expect_check_fails(l, "PyListObject.ob_item");
	free(l);
}

static void layout_check__refuses_impossible_widths(void **state)
{
	(void)state;
	struct layout *l = layout_of("3.12", &x86_64);
	l->slot[FIELD_PyObject_ob_type].width = 4;	/* a pointer of half a word */
	expect_check_fails(l, "PyObject.ob_type");
	l->slot[FIELD_PyObject_ob_type].width = 8;
	l->slot[FIELD_PyCodeObject_co_flags].width = 3;
	expect_check_fails(l, "PyCodeObject.co_flags");
	l->slot[FIELD_PyCodeObject_co_flags].width = 4;
	l->slot[FIELD_PyASCIIObject_kind].bits = 9;
	expect_check_fails(l, "PyASCIIObject.kind");
	free(l);
}

static void layout_check__refuses_a_layout_without_the_essentials(void **state)
{
	(void)state;
	struct layout *l = layout_of("3.12", &x86_64);
	l->slot[FIELD_PyThreadState_interp] = (struct slot){ 0 };
	expect_check_fails(l, "PyThreadState.interp");
	free(l);
}

static void layout_check__refuses_giant_structs(void **state)
{
	(void)state;
	struct layout *l = layout_of("3.12", &x86_64);
	l->size[STRUCT_PyListObject] = UINT32_MAX;
	expect_check_fails(l, "PyListObject");
	free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout_get__reads_what_was_written_through_every_table),
		cmocka_unit_test(layout_get__reads_words_of_4_in_both_byte_orders),
		cmocka_unit_test(layout_get__gives_0_for_an_absent_member),
		cmocka_unit_test(layout_from_table__refuses_another_word_size),
		cmocka_unit_test(layout_from_table__lays_a_delta_over_its_base),
		cmocka_unit_test(layout_candidates__puts_the_release_s_own_table_first),
		cmocka_unit_test(layout_candidates__offers_all_when_the_release_is_unknown),
		cmocka_unit_test(layout_candidates__offers_both_collector_heads_of_3_6),
		cmocka_unit_test(layout_candidates__keeps_debug_and_free_threaded_builds_apart),
		cmocka_unit_test(layout_candidates__prefers_the_machine_s_own_delta),
		cmocka_unit_test(layout_candidates__has_none_for_an_unknown_version),
		cmocka_unit_test(layout_candidates__writes_no_more_than_fit),
		cmocka_unit_test(layout_nearest_table__is_the_newest_older_one_of_that_build),
		cmocka_unit_test(dialects_for__follows_the_versions),
		cmocka_unit_test(dialects_for__tells_a_guess),
		cmocka_unit_test(layout_check__refuses_a_member_behind_its_struct),
		cmocka_unit_test(layout_check__refuses_impossible_widths),
		cmocka_unit_test(layout_check__refuses_a_layout_without_the_essentials),
		cmocka_unit_test(layout_check__refuses_giant_structs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
