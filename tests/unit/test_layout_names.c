/* The vocabulary, as the readers of debug information and the reports use it. */
#include "tests/unit/layout_rig.h"

static void structure_names__are_each_one_s_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < STRUCT_COUNT; i++) {
		assert_true(strlen(structure_names[i]) > 0);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(structure_names[i], structure_names[k]);
	}
	assert_string_equal(structure_names[STRUCT_PyTypeObject], "PyTypeObject");
}

/* Names with | between, in structure_aliases, and paths with dots in them: an empty part would look
 * for a member without a name, a blank for one that C cannot have. */
static void expect_alternatives(const char *text, const char *extra)
{
	const char *p = text;
	for (;;) {
		size_t len = strcspn(p, "|");
		assert_true(len > 0 && p[0] != '.' && p[len - 1] != '.');
		for (size_t i = 0; i < len; i++) {
			bool good = (p[i] >= 'a' && p[i] <= 'z') || (p[i] >= 'A' && p[i] <= 'Z') ||
				    (p[i] >= '0' && p[i] <= '9') || p[i] == '_' ||
				    strchr(extra, p[i]);
			if (!good)
				fail_msg("'%c' in %s", p[i], text);
		}
		if (!p[len])
			return;
		p += len + 1;
	}
}

static void structure_aliases__are_names_that_c_has(void **state)
{
	(void)state;
	for (size_t i = 0; i < STRUCT_COUNT; i++)
		expect_alternatives(structure_aliases[i], "");
	assert_string_equal(structure_aliases[STRUCT_PyTypeObject], "PyTypeObject|_typeobject");
}

static void field_infos__have_names_of_their_own_in_their_struct(void **state)
{
	(void)state;
	for (size_t f = 0; f < FIELD_COUNT; f++) {
		const struct field_info *info = &field_infos[f];
		expect_alternatives(info->paths, ".");
		assert_true(strlen(info->name) > 0);
		assert_in_range(info->kind, KIND_PTR, KIND_AT);
		for (size_t k = 0; k < f; k++)
			if (field_infos[k].structure == info->structure &&
			    !strcmp(field_infos[k].name, info->name))
				fail_msg("%s.%s twice", structure_names[info->structure],
					 info->name);
	}
	assert_string_equal(field_infos[FIELD_PyTypeObject_tp_name].name, "tp_name");
	assert_int_equal(field_infos[FIELD_PyTypeObject_tp_name].structure, STRUCT_PyTypeObject);
	assert_int_equal(field_infos[FIELD_PyTypeObject_tp_name].kind, KIND_PTR);
}

/* layout_apply_dwarf() hands a struct's members on as one array. */
static void field_infos__of_a_struct_are_in_one_run_and_in_its_order(void **state)
{
	(void)state;
	for (size_t f = 1; f < FIELD_COUNT; f++)
		if (field_infos[f].structure < field_infos[f - 1].structure)
			fail_msg("%s.%s", structure_names[field_infos[f].structure],
				 field_infos[f].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(structure_names__are_each_one_s_own),
		cmocka_unit_test(structure_aliases__are_names_that_c_has),
		cmocka_unit_test(field_infos__have_names_of_their_own_in_their_struct),
		cmocka_unit_test(field_infos__of_a_struct_are_in_one_run_and_in_its_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
