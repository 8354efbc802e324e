/* Modules from the lines of NT_FILE, or from what was dumped. */
#include "tests/unit/library_rig.h"

static void modules__a_deleted_mark_is_told_apart_from_the_name(void **state)
{
	struct library lib;
	library_draw(&lib, 1);
	library_put(&lib, "libx.so");
	struct drawing d = process_draw(&lib, "/libx.so (deleted)", true);
	struct target *t = open_drawn(&d, NULL);
	const struct module *m = &t->modules.items[0];
	assert_string_equal(m->path, "/libx.so");
	assert_true(m->deleted);
	assert_int_equal(m->file_state, MODULE_FILE_MATCHES);
	assert_int_equal(*memory_at(&t->memory, BASE + 0x1800, 1), 'T');
	target_free(t);
}

static void modules__a_lost_header_is_made_up_for_by_the_file(void **state)
{
	struct library lib;
	library_draw(&lib, 3);
	library_put(&lib, "libx.so");
	struct drawing d = process_draw(&lib, "/libx.so", false);
	struct target *t = open_drawn(&d, NULL);
	const struct module *m = &t->modules.items[0];
	assert_int_equal(m->file_state, MODULE_FILE_UNVERIFIED);
	assert_int_equal(m->end, BASE + 0x4000);
	assert_int_equal(m->build_id.bytes[0], 3);
	assert_int_equal(*memory_at(&t->memory, BASE, 1), 0x7f);
	target_free(t);
}

static void modules__without_any_list_are_found_by_their_headers(void **state)
{
	struct library lib;
	library_draw(&lib, 6);
	struct drawing d = process_draw(&lib, NULL, true);
	struct target *t = open_drawn(&d, NULL);
	assert_int_equal(t->modules.len, 1);
	assert_int_equal(t->modules.items[0].start, BASE);
	assert_int_equal(t->modules.items[0].build_id.bytes[0], 6);
	target_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(modules__a_deleted_mark_is_told_apart_from_the_name),
		cmocka_unit_test(modules__a_lost_header_is_made_up_for_by_the_file),
		cmocka_unit_test(modules__without_any_list_are_found_by_their_headers),
	};
	return cmocka_run_group_tests(tests, drawings_begin, drawings_end);
}
