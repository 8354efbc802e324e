/* Layouts: loads, tables chosen, debug offsets merged, nonsense refused. Heaps here are written by
 * put(), which knows nothing of how layout_get() reads. */
#include "tests/unit/test.h"

#include <elf.h>
#include "core/checked.h"
#include "cpython_layouts/layout.h"
#include "tests/unit/debug_offsets_rig.h"

static const struct machine x86_64 = { .e_machine = EM_X86_64, .name = "x86_64", .word = 8 };
static const struct machine aarch64 = { .e_machine = EM_AARCH64, .name = "aarch64", .word = 8 };
static const struct machine riscv64 = { .e_machine = EM_RISCV, .name = "riscv64", .word = 8 };
static const struct machine big64 = { .e_machine = EM_S390, .name = "s390x", .word = 8, .swap = true };
static const struct machine big32 = { .e_machine = EM_PPC, .name = "ppc", .word = 4, .swap = true };
static const struct machine little32 = { .e_machine = EM_386, .name = "i686", .word = 4 };

static struct layout *layout_of(const char *name, const struct machine *machine)
{
	struct layout *l = calloc(1, sizeof(*l));
	const struct layout_table *table = layout_table_named(name);
	assert_non_null(l);
	assert_non_null(table);
	struct error *err = layout_from_table(table, machine, l);
	if (err)
		fail_msg("%s", err->message);
	return l;
}

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

/* What a file does not define stays as the table says; what it does, loses what it has not. */
static void layout_overlay_dwarf__replaces_whole_structs(void **state)
{
	(void)state;
	struct layout *l = layout_of("3.12", &x86_64), before = *l;
	struct layout *dwarf = calloc(1, sizeof(*dwarf));
	assert_non_null(dwarf);
	dwarf->size[STRUCT_PyListObject] = 48;
	dwarf->size_source[STRUCT_PyListObject] = SLOT_DWARF;
	dwarf->slot[FIELD_PyListObject_ob_item] = (struct slot){ .offset = 32, .width = 8, .source = SLOT_DWARF };
	layout_overlay_dwarf(l, dwarf);
	assert_int_equal(SIZEOF(l, PyListObject), 48);
	assert_int_equal(OFFSET(l, PyListObject, ob_item), 32);
	assert_int_equal(l->slot[FIELD_PyListObject_ob_item].source, SLOT_DWARF);
	assert_false(HAS(l, PyListObject, allocated));
	assert_int_equal(OFFSET(l, PyTupleObject, ob_item), before.slot[FIELD_PyTupleObject_ob_item].offset);
	assert_int_equal(l->slot[FIELD_PyTupleObject_ob_item].source, SLOT_TABLE);
	free(dwarf);
	free(l);
}

static void layout_difference_next__compares_what_the_file_defines(void **state)
{
	(void)state;
	struct layout *l = layout_of("3.12", &x86_64), dwarf = { .machine = &x86_64 };
	struct layout_comparison c = { l, &dwarf, 0 };
	struct layout_difference d;
	assert_false(layout_difference_next(&c, &d));	/* it defines nothing */
	dwarf.size[STRUCT_PyListObject] = l->size[STRUCT_PyListObject] + 8;
	dwarf.size_source[STRUCT_PyListObject] = SLOT_DWARF;
	dwarf.slot[FIELD_PyListObject_ob_item] = l->slot[FIELD_PyListObject_ob_item];
	c.at = 0;
	assert_true(layout_difference_next(&c, &d));
	assert_int_equal(d.field, FIELD_PyListObject_allocated);	/* absent there */
	assert_true(layout_difference_next(&c, &d));
	assert_int_equal(d.structure, STRUCT_PyListObject);
	assert_int_equal(d.field, -1);
	assert_false(layout_difference_next(&c, &d));
	free(l);
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

/* --- debug offsets ---------------------------------------------------------------------------- */

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
	assert_int_equal(OFFSET(l, PyASCIIObject, kind), before.slot[FIELD_PyASCIIObject_kind].offset + 4);
	assert_int_equal(l->slot[FIELD_PyASCIIObject_kind].bit, before.slot[FIELD_PyASCIIObject_kind].bit);
	assert_int_equal(OFFSET(l, PyASCIIObject, ascii), before.slot[FIELD_PyASCIIObject_ascii].offset + 4);
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
		{ 0, 0 },			/* no cookie */
		{ 1, 0x030c00f0 },		/* 3.12 has none */
		{ 1, 0x1030d00f0 },		/* no PY_VERSION_HEX */
		{ 152 / 8, 0 },			/* sizeof(PyThreadState) */
		{ 152 / 8, 1u << 21 },
		{ 152 / 8, UINT64_MAX },
		{ 168 / 8, 297 },		/* next: its last byte lies behind the struct */
		{ 168 / 8, UINT64_MAX - 3 },	/* wraps */
		{ 168 / 8, 1u << 20 },
		{ 144 / 8, 0 },			/* the GIL's holder, before the GIL */
		{ 216 / 8, 302 },		/* _status */
		{ 544 / 8, UINT64_MAX },	/* unicode_object.state */
		{ 368 / 8, 16 },		/* a type object too small for what only the table knows */
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
		cmocka_unit_test(layout_get__reads_what_was_written_through_every_table),
		cmocka_unit_test(layout_get__reads_words_of_4_in_both_byte_orders),
		cmocka_unit_test(layout_get__gives_0_for_an_absent_member),
		cmocka_unit_test(layout_from_table__refuses_another_word_size),
		cmocka_unit_test(layout_from_table__lays_a_delta_over_its_base),
		cmocka_unit_test(layout_overlay_dwarf__replaces_whole_structs),
		cmocka_unit_test(layout_difference_next__compares_what_the_file_defines),
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
		cmocka_unit_test(debug_offsets__of_real_builds_confirm_their_tables),
		cmocka_unit_test(debug_offsets__correct_a_table_of_another_patch_release),
		cmocka_unit_test(debug_offsets__are_read_in_the_target_s_byte_order),
		cmocka_unit_test(debug_offsets__move_bit_fields_with_their_struct),
		cmocka_unit_test(debug_offsets__with_nonsense_in_them_change_nothing),
		cmocka_unit_test(debug_offsets__cut_short_are_refused),
		cmocka_unit_test(debug_offsets__of_random_words_do_no_harm),
		cmocka_unit_test(debug_offsets__of_an_unknown_version_are_tried),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
