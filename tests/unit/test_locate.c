/* Which Python it is, and what is said when there is none. */
#include "tests/unit/process_rig.h"

#include "core/checked.h"
#include "cpython_layouts/locate.h"
#include "tests/unit/debug_offsets_rig.h"

static struct runtime *locate(struct process_rig *rig)
{
	struct runtime *rt;
	struct error *err = runtime_locate(&rig->target, rig->symbols, &rt);
	if (err)
		fail_msg("%s: %s", rig->rt.layout.table, err->message);
	return rt;
}

static void expect_error(struct process_rig *rig, const char *part)
{
	struct runtime *rt = NULL;
	struct error *err = runtime_locate(&rig->target, rig->symbols, &rt);
	assert_null(rt);
	assert_non_null(err);
	assert_int_equal(err->code, ERROR_UNSUPPORTED);
	if (!strstr(err->message, part))
		fail_msg("\"%s\" does not say \"%s\"", err->message, part);
	assert_null(strchr(err->message, '\n'));
	error_free(err);
}

static void expect_remark(struct process_rig *rig, const char *part)
{
	for (size_t i = 0; i < rig->target.remarks.list.len; i++) {
		if (strstr(rig->target.remarks.list.items[i].text, part))
			return;
	}
	fail_msg("no remark says \"%s\"", part);
}

static void write_debug_offsets(struct process_rig *rig, const uint64_t *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		rig_word(rig, RIG_RUNTIME + i * 8, 8, words[i]);
}
#define WRITE_DEBUG_OFFSETS(rig, words) write_debug_offsets(rig, words, ARRAY_SIZE(words))

/* --- versions -------------------------------------------------------------------------------- */

static void version_from_name__reads_what_files_are_called(void **state)
{
	static const struct { const char *name; int major, minor; bool debug, free_threaded; } cases[] = {
		{ "python2.7", 2, 7, false, false },
		{ "python3.9", 3, 9, false, false },
		{ "python3.11d", 3, 11, true, false },
		{ "libpython3.6m.so.1.0", 3, 6, false, false },
		{ "libpython3.7dm.so.1.0", 3, 7, true, false },
		{ "libpython3.13td.so.1.0", 3, 13, true, true },
		{ "python3.16", 3, 16, false, false },
	};
	struct python_version v;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_true(version_from_name(cases[i].name, &v));
		assert_int_equal(v.major, cases[i].major);
		assert_int_equal(v.minor, cases[i].minor);
		assert_int_equal(v.debug, cases[i].debug);
		assert_int_equal(v.free_threaded, cases[i].free_threaded);
		assert_int_equal(v.micro, 0xff);
	}
	assert_false(version_from_name("python", &v));
	assert_false(version_from_name("python3", &v));
	assert_false(version_from_name("python2.6", &v));
	assert_false(version_from_name("libffi.so.8.1.2", &v));
	assert_false(version_from_name("", &v));
}

static void version_from_text__reads_sys_version(void **state)
{
	static const struct { const char *text; int major, minor, micro; bool free_threaded; } cases[] = {
		{ "2.7.18 (default, May  9 2026, 07:29:50) \n[GCC 12.2.0]", 2, 7, 18, false },
		{ "3.6.15 (default, May  9", 3, 6, 15, false },
		{ "3.13.0rc1+ experimental free-threading build (main, Jul", 3, 13, 0, true },
		{ "3.15.0a3 free-threading build (tags", 3, 15, 0, true },
		{ "3.10.13 (main, May", 3, 10, 13, false },
	};
	struct python_version v;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_true(version_from_text(cases[i].text, strlen(cases[i].text), &v));
		assert_int_equal(v.major, cases[i].major);
		assert_int_equal(v.minor, cases[i].minor);
		assert_int_equal(v.micro, cases[i].micro);
		assert_int_equal(v.free_threaded, cases[i].free_threaded);
	}
	assert_true(version_from_text("3.13.0rc12+ (x", 14, &v));
	assert_int_equal(v.minor, 13);
	assert_int_equal(v.micro, 0);
	assert_int_equal(v.level, 0xc);
	assert_int_equal(v.serial, 12);
	static const char *const others[] = {
		"", "3", "3.", "3.9", "3.9.", "3.9.1", "3.9.1(", "3.9.1 ", "2.26.1 (x)", "3.9.1.2 (x)",
		"3.9.1 something that goes on and on without any bracket (", "3.x.1 (y)", "300.1.1 (y)",
	};
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(version_from_text(others[i], strlen(others[i]), &v));
}

/* --- layouts --------------------------------------------------------------------------------- */

static bool is_x86(const struct layout_table *t)
{
	return t->e_machine == EM_X86_64;
}

/* _PyRuntime's address and the minor version are all that is known; from 3.11 on the release too. */
static void runtime_locate__chooses_the_layout_that_the_heap_confirms(void **state)
{
	size_t tried = 0;
	for (size_t i = 0; layout_tables[i]; i++) {
		const struct layout_table *t = layout_tables[i];
		if (!is_x86(t) || t->first.major != 3 || t->first.minor < 7 || t->first.minor > 12)
			continue;
		struct process_rig *rig = rig_of(t, NULL);
		char path[64];
		snprintf(path, sizeof(path), "/usr/lib/libpython3.%u.so.1.0", t->first.minor);
		rig->target.modules.items[0].path = path;
		rig_symbol(rig, "_PyRuntime", RIG_RUNTIME, 0);
		if (t->first.minor >= 11) {
			rig_symbol(rig, "Py_Version", RIG_ITEM, 8);
			rig_word(rig, RIG_ITEM, 8, 0x030000f0 | t->first.minor << 16 | t->first.micro << 8);
		}
		if (t->first.debug)
			rig_symbol(rig, "_Py_NegativeRefcount", RIG_NAMES, 0);
		struct runtime *rt = locate(rig);
		assert_int_equal(rt->layout.version.minor, t->first.minor);
		assert_string_equal(rt->layout.table, t->name);
		assert_int_equal(rt->evidence, FOUND_BY_SYMBOL);
		assert_int_equal(rt->address, RIG_RUNTIME);
		assert_int_equal(rt->interpreters, RIG_INTERP);
		assert_int_equal(rt->type_type, RIG_TYPE);
		assert_int_equal(rt->proofs_failed, 0);
		assert_true(rt->proofs >= 8);
		assert_true(rt->layout.version_known);
		runtime_free(rt);
		rig_free(rig);
		tried++;
	}
	assert_true(tried >= 12);
}

static void runtime_locate__reads_the_cookie(void **state)
{
	static const struct { const char *table; const uint64_t *words; size_t count; } cases[] = {
		{ "3.13", offsets_3_13, ARRAY_SIZE(offsets_3_13) },
		{ "3.13.15t", offsets_3_13t, ARRAY_SIZE(offsets_3_13t) },
		{ "3.14", offsets_3_14, ARRAY_SIZE(offsets_3_14) },
		{ "3.14.3", offsets_3_14_3, ARRAY_SIZE(offsets_3_14_3) },
		{ "3.15", offsets_3_15, ARRAY_SIZE(offsets_3_15) },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct process_rig *rig = rig_named(cases[i].table);
		write_debug_offsets(rig, cases[i].words, cases[i].count);
		struct runtime *rt = locate(rig);
		assert_string_equal(rt->layout.table, cases[i].table);
		assert_int_equal(rt->evidence, FOUND_BY_COOKIE);
		assert_int_equal(rt->address, RIG_RUNTIME);
		assert_int_equal(rt->proofs_failed, 0);
		assert_int_equal(rt->layout.version.micro, cases[i].words[1] >> 8 & 0xff);
		assert_int_equal(rt->layout.version.free_threaded, cases[i].words[2]);
		runtime_free(rt);
		rig_free(rig);
	}
}

static void runtime_locate__says_that_a_version_is_not_known_and_tries_it(void **state)
{
	struct process_rig *rig = rig_named("3.15");
	WRITE_DEBUG_OFFSETS(rig, offsets_3_15);
	rig_word(rig, RIG_RUNTIME + 8, 8, 0x031001f0);
	struct runtime *rt = locate(rig);
	assert_int_equal(rt->layout.version.minor, 16);
	assert_int_equal(rt->layout.version.micro, 1);
	assert_false(rt->layout.version_known);
	assert_string_equal(rt->layout.table, "3.15");
	expect_remark(rig, "Python 3.16 is not known to this pycore");
	runtime_free(rt);
	rig_free(rig);
}

static void runtime_locate__refuses_an_unknown_version_whose_offsets_are_nonsense(void **state)
{
	struct process_rig *rig = rig_named("3.15");
	WRITE_DEBUG_OFFSETS(rig, offsets_3_15);
	rig_word(rig, RIG_RUNTIME + 8, 8, 0x031001f0);
	rig_word(rig, RIG_RUNTIME + 48, 8, 0x7fffffffffff);
	expect_error(rig, "Python 3.16");
	rig_free(rig);
}

static void runtime_locate__tells_a_python_that_was_not_started(void **state)
{
	struct process_rig *rig = rig_named("3.12");
	rig_symbol(rig, "_PyRuntime", RIG_RUNTIME, 0);
	rig_symbol(rig, "Py_Version", RIG_ITEM, 0);
	rig_word(rig, RIG_ITEM, 8, 0x030c04f0);
	PUT(rig, RIG_RUNTIME, _PyRuntimeState, interpreters_head, 0);
	struct runtime *rt = locate(rig);
	assert_int_equal(rt->interpreters, 0);
	assert_int_equal(rt->layout.version.minor, 12);
	assert_int_equal(rt->layout.version.micro, 4);
	assert_string_equal(rt->version_evidence, "Py_Version");
	expect_remark(rig, "has no interpreter");
	runtime_free(rt);
	rig_free(rig);
}

static void runtime_locate__sees_a_finalization(void **state)
{
	struct process_rig *rig = rig_named("3.12");
	rig_symbol(rig, "_PyRuntime", RIG_RUNTIME, 0);
	struct runtime *rt = locate(rig);
	assert_false(rt->finalizing);
	runtime_free(rt);
	PUT(rig, RIG_RUNTIME, _PyRuntimeState, finalizing, rig_state(2));
	rt = locate(rig);
	assert_true(rt->finalizing);
	runtime_free(rt);
	rig_free(rig);
}

/* --- none ------------------------------------------------------------------------------------ */

static struct process_rig *without_python(const char *path)
{
	struct process_rig *rig = rig_named("3.12");
	memset(rig->bytes, 0, RIG_END - RIG_START);
	rig->target.modules.items[0].path = path;
	rig->target.process.name = "cat";
	rig->target.process.executable = path;
	return rig;
}

static void runtime_locate__names_the_program_without_python(void **state)
{
	static const uint8_t file[1];
	struct process_rig *rig = without_python("/bin/cat");
	expect_error(rig, "no Python found in cat (/bin/cat): /bin/cat could not be looked into (no such file)");
	rig->target.modules.items[0].file.data = file;
	expect_error(rig, "no Python found in cat (/bin/cat): nothing in it looks like CPython");
	rig->target.truncated = true;
	expect_error(rig, "truncated");
	rig_free(rig);
}

static void runtime_locate__recognises_pypy(void **state)
{
	struct process_rig *rig = without_python("/usr/lib/libpypy3.9-c.so");
	expect_error(rig, "is PyPy");
	rig_free(rig);
}

static void runtime_locate__refuses_a_machine_without_layouts(void **state)
{
	struct process_rig *rig = rig_named("3.12");
	rig->target.machine = machine_find(EM_386, ELFCLASS32, ELFDATA2LSB);
	expect_error(rig, "i686");
	rig_free(rig);
}

static void runtime_locate__says_when_no_layout_fits(void **state)
{
	struct process_rig *rig = rig_named("3.12");
	rig_symbol(rig, "_PyRuntime", RIG_RUNTIME, 0);
	for (int i = 0; i < RIG_STATES; i++)
		PUT(rig, rig_state(i), PyThreadState, interp, RIG_ITEM);
	PUT(rig, RIG_TYPE, PyObject, ob_type, 0);
	expect_error(rig, "no layout known to pycore fits");
	rig_free(rig);
}

/* The address is known from the symbols, but the core ends before it. */
static void runtime_locate__of_a_truncated_core_says_what_is_missing(void **state)
{
	struct process_rig *rig = rig_named("3.12");
	struct extent lost = { RIG_END, RIG_END + 0x1000, NULL, EXTENT_LOST, EXTENT_READ, "core truncated" };
	assert_true(memory_add(&rig->target.memory, &lost));
	assert_true(memory_seal(&rig->target.memory));
	memset(rig->bytes, 0, RIG_END - RIG_START);
	rig_symbol(rig, "_PyRuntime", RIG_END, 0);
	rig_symbol(rig, "Py_Version", RIG_ITEM, 0);
	rig_word(rig, RIG_ITEM, 8, 0x030c04f0);
	rig->target.truncated = true;
	struct runtime *rt = locate(rig);
	assert_int_equal(rt->interpreters, 0);
	assert_int_equal(rt->layout.version.micro, 4);
	assert_true(rig->target.remarks.loss);
	expect_remark(rig, "Python 3.12 is in /usr/bin/python, but the memory that leads to its threads is not in "
			   "the core, which is truncated");
	runtime_free(rt);
	rig_free(rig);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(version_from_name__reads_what_files_are_called),
		cmocka_unit_test(version_from_text__reads_sys_version),
		cmocka_unit_test(runtime_locate__chooses_the_layout_that_the_heap_confirms),
		cmocka_unit_test(runtime_locate__reads_the_cookie),
		cmocka_unit_test(runtime_locate__says_that_a_version_is_not_known_and_tries_it),
		cmocka_unit_test(runtime_locate__refuses_an_unknown_version_whose_offsets_are_nonsense),
		cmocka_unit_test(runtime_locate__tells_a_python_that_was_not_started),
		cmocka_unit_test(runtime_locate__sees_a_finalization),
		cmocka_unit_test(runtime_locate__names_the_program_without_python),
		cmocka_unit_test(runtime_locate__recognises_pypy),
		cmocka_unit_test(runtime_locate__refuses_a_machine_without_layouts),
		cmocka_unit_test(runtime_locate__says_when_no_layout_fits),
		cmocka_unit_test(runtime_locate__of_a_truncated_core_says_what_is_missing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
