/* A layout from debug information: this program's own describes structs with CPython's names, none
 * of them as any CPython has it. */
#include "tests/unit/layout_rig.h"

#include "core/files.h"

typedef struct {
	char moved[5];
	void **ob_item;			/* allocated is gone */
} PyListObject;
typedef struct {
	int before;
	void *ob_item[];
} PyTupleObject;
typedef struct {
	short length;
	struct {
		unsigned interned : 2;
		unsigned kind : 3;
	} state;
	int wstr;			/* no pointer */
} PyASCIIObject;
typedef struct {
	struct { char odd[3]; } ob_size;	/* no number */
} PyVarObject;
typedef struct {
	char begin;
	char typecode[3];		/* its items are numbers */
} arraydescr;
typedef struct {
	void *f_back;			/* no f_localsplus, of which only the place is asked for */
} PyFrameObject;
typedef struct {
	void *im_self, *im_func;
	char rest[1ul << 33];
} PyMethodObject;

/* Named, so that the compiler describes them. */
static struct {
	PyListObject list;
	PyTupleObject *tuple;
	PyASCIIObject text;
	PyVarObject var;
	arraydescr descr;
	PyFrameObject frame;
	PyMethodObject *method;
} used;

static struct layout *layout_with_own(void)
{
	struct layout *l = layout_of("3.8", &x86_64);
	struct files *files = NULL;
	struct mapped_file self = { 0 };
	assert_null(files_new(NULL, &files));
	assert_null(files_map_given(files, "/proc/self/exe", &self));
	struct error *err = layout_apply_dwarf(l, &self);
	if (err)
		fail_msg("%s", err->message);
	mapped_file_release(&self);
	files_free(files);
	return l;
}

static void layout_apply_dwarf__takes_places_and_widths(void **state)
{
	(void)state;
	struct layout *l = layout_with_own();
	assert_int_equal(SIZEOF(l, PyListObject), sizeof(used.list));
	assert_int_equal(l->size_source[STRUCT_PyListObject], SLOT_DWARF);
	assert_int_equal(OFFSET(l, PyListObject, ob_item), offsetof(PyListObject, ob_item));
	assert_int_equal(WIDTH(l, PyListObject, ob_item), sizeof(void *));
	assert_int_equal(l->slot[FIELD_PyListObject_ob_item].source, SLOT_DWARF);
	assert_int_equal(OFFSET(l, PyTupleObject, ob_item), offsetof(PyTupleObject, ob_item));
	assert_int_equal(WIDTH(l, PyTupleObject, ob_item), 0);	/* a place alone */
	assert_int_equal(OFFSET(l, PyASCIIObject, length), 0);
	assert_int_equal(WIDTH(l, PyASCIIObject, length), sizeof(short));
	assert_int_equal(OFFSET(l, arraydescr, typecode), 1);
	assert_int_equal(WIDTH(l, arraydescr, typecode), 1);
	free(l);
}

static void layout_apply_dwarf__takes_bit_fields(void **state)
{
	(void)state;
	struct layout *l = layout_with_own();
	used.text.state.interned = 2;
	used.text.state.kind = 5;
	assert_int_equal(l->slot[FIELD_PyASCIIObject_kind].bits, 3);
	assert_int_equal(GET(l, &used.text, PyASCIIObject, kind), 5);
	assert_int_equal(GET(l, &used.text, PyASCIIObject, interned), 2);
	free(l);
}

static void layout_apply_dwarf__takes_away_what_the_file_s_struct_has_not(void **state)
{
	(void)state;
	struct layout *l = layout_of("3.8", &x86_64);
	assert_true(HAS(l, PyListObject, allocated) && HAS(l, PyASCIIObject, hash));
	assert_true(HAS(l, PyFrameObject, f_localsplus));
	free(l);
	l = layout_with_own();
	assert_false(HAS(l, PyListObject, allocated));
	assert_false(HAS(l, PyASCIIObject, hash));
	assert_false(HAS(l, PyASCIIObject, ready));
	assert_int_equal(SIZEOF(l, PyFrameObject), sizeof(used.frame));
	assert_false(HAS(l, PyFrameObject, f_localsplus));
	free(l);
}

/* Half a pointer, or a number of three bytes, is another thing of that name. */
static void layout_apply_dwarf__takes_no_member_of_another_kind(void **state)
{
	(void)state;
	struct layout *l = layout_of("3.8", &x86_64);
	assert_true(HAS(l, PyASCIIObject, wstr) && HAS(l, PyVarObject, ob_size));
	free(l);
	l = layout_with_own();
	assert_false(HAS(l, PyASCIIObject, wstr));
	assert_false(HAS(l, PyVarObject, ob_size));
	free(l);
}

static void layout_apply_dwarf__leaves_alone_what_the_file_does_not_define(void **state)
{
	(void)state;
	struct layout *l = layout_with_own(), *table = layout_of("3.8", &x86_64);
	size_t left = 0;
	for (size_t f = 0; f < FIELD_COUNT; f++) {
		if (l->size_source[field_infos[f].structure] == SLOT_DWARF)
			continue;
		assert_memory_equal(&l->slot[f], &table->slot[f], sizeof(struct slot));
		left++;
	}
	assert_true(left > FIELD_COUNT / 2);
	assert_int_equal(SIZEOF(l, PyDictObject), SIZEOF(table, PyDictObject));
	free(table);
	free(l);
}

/* A struct of 8 GiB is none of Python's; neither then are its members. */
static void layout_apply_dwarf__takes_nothing_of_a_giant(void **state)
{
	(void)state;
	struct layout *l = layout_with_own(), *table = layout_of("3.8", &x86_64);
	assert_true(sizeof(*used.method) > UINT32_MAX);
	assert_int_equal(SIZEOF(l, PyMethodObject), SIZEOF(table, PyMethodObject));
	assert_int_equal(OFFSET(l, PyMethodObject, im_func),
			 OFFSET(table, PyMethodObject, im_func));
	assert_int_equal(l->slot[FIELD_PyMethodObject_im_func].source, SLOT_TABLE);
	free(table);
	free(l);
}

static void layout_apply_dwarf__changes_nothing_when_it_fails(void **state)
{
	(void)state;
	static const char text[] = "#!/usr/bin/python3\n";
	const struct mapped_file script = { .data = (const uint8_t *)text, .size = sizeof(text),
					    .path = (char *)"the script" };
	struct layout *l = layout_of("3.8", &x86_64), before = *l;
	struct error *err = layout_apply_dwarf(l, &script);
	assert_non_null(err);
	assert_int_equal(err->code, ERROR_UNSUPPORTED);
	error_free(err);
	assert_memory_equal(l, &before, sizeof(before));
	free(l);
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
	dwarf->slot[FIELD_PyListObject_ob_item] =
		(struct slot){ .offset = 32, .width = 8, .source = SLOT_DWARF };
	layout_overlay_dwarf(l, dwarf);
	assert_int_equal(SIZEOF(l, PyListObject), 48);
	assert_int_equal(OFFSET(l, PyListObject, ob_item), 32);
	assert_int_equal(l->slot[FIELD_PyListObject_ob_item].source, SLOT_DWARF);
	assert_false(HAS(l, PyListObject, allocated));
	assert_int_equal(OFFSET(l, PyTupleObject, ob_item),
			 before.slot[FIELD_PyTupleObject_ob_item].offset);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout_apply_dwarf__takes_places_and_widths),
		cmocka_unit_test(layout_apply_dwarf__takes_bit_fields),
		cmocka_unit_test(layout_apply_dwarf__takes_away_what_the_file_s_struct_has_not),
		cmocka_unit_test(layout_apply_dwarf__takes_no_member_of_another_kind),
		cmocka_unit_test(layout_apply_dwarf__leaves_alone_what_the_file_does_not_define),
		cmocka_unit_test(layout_apply_dwarf__takes_nothing_of_a_giant),
		cmocka_unit_test(layout_apply_dwarf__changes_nothing_when_it_fails),
		cmocka_unit_test(layout_overlay_dwarf__replaces_whole_structs),
		cmocka_unit_test(layout_difference_next__compares_what_the_file_defines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
