#include "tests/unit/bt_rig.h"

extern const struct analyzer analyzer_info;

static struct bt_rig *info_rig(void)
{
	struct bt_rig *b = bt_rig_named("3.12");
	struct target *t = b->session.target;
	static char path[] = "core.4242";
	t->path = path;
	t->core.size = 1536;
	t->expected_size = 1536;
	t->process.time = 1763884800;
	t->process.uid = 1000;
	t->process.ppid = t->process.gid = -1;
	t->process.name = "python3";
	b->session.runtime->evidence = FOUND_BY_SECTION;
	b->session.runtime->version_evidence = "Py_Version";
	b->session.runtime->proofs = 12;
	b->session.runtime->proofs_failed = 1;
	return b;
}

static void info__says_it_in_words(void **state)
{
	struct bt_rig *b = info_rig();
	static const char *const parts[] = {
		"Core      core.4242, 1.5 KiB\n          written 2025-11-23 08:00:00 UTC\n",
		"Process   executable unknown, no build-id\n          pid 4202, uid 1000, name "
		"python3\n",
		"Python    Python 3.12.1\n          found by the section .PyRuntime, version by "
		"Py_Version\n",
		"          layout 3.12: 11 of 12 proofs hold\n",
		"Threads   3 threads, 3 Python thread states in 1 interpreter\n",
		"Memory       3.9 MiB  core\n",
		"           0x10000  -             missing     /usr/bin/python: no such file\n",
	};
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		bt_rig_contains(b, &analyzer_info, "", false, parts[i]);
	bt_rig_free(b);
}

static void info__sums_lost_memory_by_reason(void **state)
{
	struct bt_rig *b = info_rig();
	struct memory *m = &b->session.target->memory;
	char again[] = "not dumped";
	const struct extent lost[] = {
		{ 0x1000000, 0x1001000, NULL, EXTENT_LOST, 0, "not dumped" },
		{ 0x2000000, 0x2003000, NULL, EXTENT_LOST, 0, again },
		{ 0x3000000, 0x3000800, NULL, EXTENT_LOST, 0, "core truncated" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(lost); i++)
		assert_true(memory_add(m, &lost[i]));
	assert_true(memory_seal(m));
	bt_rig_contains(b, &analyzer_info, "", false,
			"            16.0 KiB  lost: not dumped\n             2.0 KiB  lost: core "
			"truncated\n");
	bt_rig_contains(b, &analyzer_info, "", true, "\"bytes\": 16384");
	bt_rig_contains(b, &analyzer_info, "", true, "\"extents\": 2");
	bt_rig_free(b);
}

static void info__says_that_the_core_is_truncated(void **state)
{
	struct bt_rig *b = info_rig();
	b->session.target->truncated = true;
	b->session.target->expected_size = 4096;
	bt_rig_contains(b, &analyzer_info, "", false,
			"core.4242, 1.5 KiB, truncated: 4.0 KiB were to be written\n");
	bt_rig_contains(b, &analyzer_info, "", true, "\"expected_size\": 4096");
	bt_rig_free(b);
}

static void info__does_without_python(void **state)
{
	struct bt_rig *b = info_rig();
	b->session.runtime = NULL;
	bt_rig_contains(b, &analyzer_info, "", true, "\"found\": null");
	bt_rig_contains(b, &analyzer_info, "", true, "\"python\": null");
	bt_rig_contains(b, &analyzer_info, "", false, "Threads   3 threads\n");
	bt_rig_free(b);
}

static void info__names_modules_by_build_id(void **state)
{
	struct bt_rig *b = info_rig();
	struct module *module = &b->session.target->modules.items[0];
	module->build_id = (struct build_id){ .bytes = { 1, 2, 3, 4, 5, 6, 7, 8 }, .len = 8 };
	module->deleted = true;
	module->file_state = MODULE_FILE_DIFFERS;
	module->file_note = "is another build (ff00)";
	bt_rig_contains(
		b, &analyzer_info, "", false,
		"  010203040506  differs     /usr/bin/python (deleted): is another build (ff00)\n");
	bt_rig_contains(b, &analyzer_info, "", true, "\"build_id\": \"0102030405060708\"");
	bt_rig_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(info__says_it_in_words),
		cmocka_unit_test(info__sums_lost_memory_by_reason),
		cmocka_unit_test(info__says_that_the_core_is_truncated),
		cmocka_unit_test(info__does_without_python),
		cmocka_unit_test(info__names_modules_by_build_id),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
