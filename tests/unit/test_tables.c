/* The committed tables: each is whole, and agrees with the debug information of every CPython on
 * this machine that has some. */
#include "tests/unit/test.h"

#include <dirent.h>
#include <elf.h>
#include <glob.h>
#include "core/checked.h"
#include "core/files.h"
#include "cpython_layouts/layout.h"

static const struct machine x86_64 = { .e_machine = EM_X86_64, .name = "x86_64", .word = 8 };
static const struct machine aarch64 = { .e_machine = EM_AARCH64, .name = "aarch64", .word = 8 };

static const struct machine *machine_of(const struct layout_table *t)
{
	return t->e_machine == EM_AARCH64 ? &aarch64 : &x86_64;
}

static void load(const struct layout_table *t, struct layout *ret)
{
	struct error *err = layout_from_table(t, machine_of(t), ret);
	if (!err)
		err = layout_check(ret);
	if (err)
		fail_msg("%s: %s", t->name, err->message);
}

static void tables__all_load_and_are_sound(void **state)
{
	(void)state;
	size_t count = 0;
	for (; layout_tables[count]; count++) {
		struct layout l;
		load(layout_tables[count], &l);
		assert_true(l.version_known);
		assert_string_equal(l.table, layout_tables[count]->name);
	}
	assert_true(count > 60);
}

static void tables__have_names_of_their_own_and_an_origin(void **state)
{
	(void)state;
	for (size_t i = 0; layout_tables[i]; i++) {
		assert_ptr_equal(layout_table_named(layout_tables[i]->name), layout_tables[i]);
		assert_true(strlen(layout_tables[i]->origin) > 0);
	}
	assert_null(layout_table_named("3.5"));
}

static void tables__cover_every_version_and_build(void **state)
{
	(void)state;
	static const struct machine *const machines[] = { &x86_64, &aarch64 };
	static const uint8_t minors[] = { 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
	const struct layout_table *one[1];
	for (size_t m = 0; m < ARRAY_SIZE(machines); m++) {
		for (unsigned build = 0; build < 4; build++) {
			struct python_version v = { 2, 7, 0xff, 0xf, 0, build & 1, build >> 1 };
			if (!v.free_threaded)
				assert_int_equal(layout_candidates(&v, machines[m], one, 1), 1);
			v.major = 3;
			for (size_t i = 0; i < ARRAY_SIZE(minors); i++) {
				v.minor = minors[i];
				size_t expected = !v.free_threaded || v.minor >= 13;
				assert_int_equal(layout_candidates(&v, machines[m], one, 1),
						 expected);
			}
		}
	}
}

/* A path in fields.def that is misspelled finds nothing anywhere. */
static void tables__know_every_member_of_fields_def_in_some_version(void **state)
{
	(void)state;
	bool known[FIELD_COUNT] = { false };
	unsigned missing = 0;
	for (size_t i = 0; layout_tables[i]; i++) {
		struct layout l;
		load(layout_tables[i], &l);
		for (size_t f = 0; f < FIELD_COUNT; f++)
			known[f] |= l.slot[f].source != SLOT_NONE;
	}
	for (size_t f = 0; f < FIELD_COUNT; f++) {
		if (!known[f])
			print_error(
				"%s.%s is in no table: misspelled, or `make tables` was not run\n",
				structure_names[field_infos[f].structure], field_infos[f].name);
		missing += !known[f];
	}
	assert_int_equal(missing, 0);
}

static void tables__are_all_in_the_index(void **state)
{
	(void)state;
	DIR *dir = opendir("cpython_layouts/tables");
	if (!dir) {
		print_message("SKIPPED: not run in the project's root\n");
		skip();
	}
	for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		char name[64];
		if (sscanf(e->d_name, "%60[0-9.dta-z-].c", name) != 1 || e->d_name[0] < '0' ||
		    e->d_name[0] > '9')
			continue;
		name[strlen(name) - 2] = '\0';	/* ".c" */
		if (!layout_table_named(name))
			fail_msg("%s is not in tables.def", e->d_name);
	}
	closedir(dir);
}

/* --- against real builds ------------------------------------------------------------- */

struct score {
	unsigned differences;
	const struct layout_table *table;
	struct layout_difference first;
};

/* The table of that minor version that fits best, of any build: a file does not say which it is. */
static struct score best_table(unsigned major, unsigned minor, const struct layout *dwarf)
{
	struct score best = { .differences = UINT32_MAX };
	for (size_t i = 0; layout_tables[i]; i++) {
		const struct layout_table *t = layout_tables[i];
		struct layout l;
		if (t->first.major != major || t->first.minor != minor || t->e_machine != EM_X86_64)
			continue;
		load(t, &l);
		struct layout_comparison c = { &l, dwarf, 0 };
		struct layout_difference d;
		struct score score = { .table = t };
		while (layout_difference_next(&c, &d)) {
			if (d.field >= 0 && score.differences++ == 0)
				score.first = d;
		}
		if (score.differences < best.differences)
			best = score;
	}
	return best;
}

static bool check_build(struct files *files, const char *path)
{
	struct mapped_file file;
	struct layout dwarf = { .machine = &x86_64 };
	unsigned major, minor;
	const char *name = strrchr(path, '/'), *digits = name ? strpbrk(name, "23") : NULL;
	if (!digits || sscanf(digits, "%u.%u", &major, &minor) != 2)
		return false;
	struct error *err = files_map_given(files, path, &file);
	if (!err) {
		err = layout_apply_dwarf(&dwarf, &file);
		mapped_file_release(&file);
	}
	bool has_structs =
		!err && dwarf.size[STRUCT_PyCodeObject] && dwarf.size[STRUCT_PyThreadState];
	error_free(err);
	if (!has_structs)
		return false;
	struct score best = best_table(major, minor, &dwarf);
	if (!best.table)
		return false;
	if (best.differences)
		fail_msg("%s: %u members differ from table %s, the first %s.%s", path,
			 best.differences, best.table->name, structure_names[best.first.structure],
			 field_infos[best.first.field].name);
	print_message("%s: as table %s says\n", path, best.table->name);
	return true;
}

static void tables__agree_with_the_debug_information_of_builds_on_this_machine(void **state)
{
	(void)state;
	static const char *const patterns[] = {
		"/usr/bin/python[23].*", "/usr/bin/python[23].*-dbg",
		"/usr/lib/*/libpython*.so.1.0",
		"/usr/local/bin/python[23].*", "/usr/local/lib/libpython*.so.1.0",
	};
	unsigned checked = 0;
	char pyenv[512];
	glob_t found = { 0 };
	struct files *files;
	struct error *err = files_new(NULL, &files);
	assert_null(err);
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++)
		glob(patterns[i], i ? GLOB_APPEND : 0, NULL, &found);
	const char *home = getenv("HOME");
	snprintf(pyenv, sizeof(pyenv), "%s/.pyenv/versions/*/lib/libpython*.so.1.0", home ? home : "");
	glob(pyenv, GLOB_APPEND, NULL, &found);
	for (size_t i = 0; i < found.gl_pathc; i++)
		checked += check_build(files, found.gl_pathv[i]);
	globfree(&found);
	files_free(files);
	if (!checked) {
		print_message("SKIPPED: no CPython with debug information on this machine\n");
		skip();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables__all_load_and_are_sound),
		cmocka_unit_test(tables__have_names_of_their_own_and_an_origin),
		cmocka_unit_test(tables__cover_every_version_and_build),
		cmocka_unit_test(tables__know_every_member_of_fields_def_in_some_version),
		cmocka_unit_test(tables__are_all_in_the_index),
		cmocka_unit_test(
			tables__agree_with_the_debug_information_of_builds_on_this_machine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
