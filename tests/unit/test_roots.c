/* Where Python begins: each way on its own. */
#include "tests/unit/process_rig.h"

#include "cpython_layouts/locate.h"

enum { CODE_AT = 0x40000, HEAD_AT = 0x50000, CURRENT_AT = 0x50100 };

static struct runtime *locate(struct process_rig *rig)
{
	struct runtime *rt;
	struct error *err = runtime_locate(&rig->target, rig->symbols, &rt);
	if (err)
		fail_msg("%s: %s", rig->rt.layout.table, err->message);
	return rt;
}

static void expect(struct process_rig *rig, enum runtime_evidence evidence, addr_t runtime)
{
	struct runtime *rt = locate(rig);
	assert_int_equal(rt->evidence, evidence);
	assert_int_equal(rt->address, runtime);
	assert_int_equal(rt->interpreters, RIG_INTERP);
	assert_int_equal(rt->layout.version.major, rig->rt.layout.version.major);
	assert_int_equal(rt->layout.version.minor, rig->rt.layout.version.minor);
	assert_int_equal(rt->proofs_failed, 0);
	assert_ptr_equal(rt->module, rig->target.modules.items);
	runtime_free(rt);
}

/* A 2.7 or 3.6 whose exported names are known. */
static struct process_rig *of_old(const char *table)
{
	struct process_rig *rig = rig_named(table);
	rig->target.modules.items[0].path = rig->rt.layout.version.major == 2 ? "python2.7" : "python3.6";
	rig_symbol(rig, "_PyThreadState_Current", CURRENT_AT, 8);
	rig_word(rig, CURRENT_AT, 8, rig_state(2));
	return rig;
}

static void roots_find__asks_the_code_that_returns_interp_head(void **state)
{
	static const char *const tables[] = { "2.7", "2.7d", "3.6", "3.6d" };
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		struct process_rig *rig = of_old(tables[i]);
		/* mov rax, [rip + HEAD_AT - (CODE_AT + 7)]; ret */
		static const uint8_t code[] = { 0x48, 0x8b, 0x05, 0xf9, 0xff, 0x00, 0x00, 0xc3 };
		memcpy(rig->bytes + CODE_AT - RIG_START, code, sizeof(code));
		rig_symbol(rig, "PyInterpreterState_Head", CODE_AT, sizeof(code));
		rig_word(rig, HEAD_AT, 8, RIG_INTERP);
		expect(rig, FOUND_BY_CODE, 0);
		struct runtime *rt = locate(rig);
		assert_int_equal(rt->current_at, CURRENT_AT);
		assert_int_equal(rt->gil_holder, rig_state(2));
		runtime_free(rt);
		rig_free(rig);
	}
}

static void roots_find__takes_interp_head_from_the_symbols(void **state)
{
	struct process_rig *rig = of_old("2.7");
	rig_symbol(rig, "interp_head", HEAD_AT, 8);
	rig_word(rig, HEAD_AT, 8, RIG_INTERP);
	expect(rig, FOUND_BY_SYMBOL, 0);
	rig_free(rig);
}

static void roots_find__follows_the_current_thread(void **state)
{
	struct process_rig *rig = of_old("3.6");
	expect(rig, FOUND_BY_SYMBOL, 0);
	rig_free(rig);
}

static void roots_find__tells_a_2_7_that_was_not_started(void **state)
{
	struct process_rig *rig = of_old("2.7");
	memset(rig->bytes, 0, RIG_END - RIG_START);
	struct runtime *rt = locate(rig);
	assert_int_equal(rt->interpreters, 0);
	assert_int_equal(rt->layout.version.major, 2);
	assert_int_equal(rt->target->remarks.list.len, 1);
	runtime_free(rt);
	rig_free(rig);
}

/* No symbol at all: what leads back to itself is found in the variables of a module. */
static void roots_find__searches_memory(void **state)
{
	static const struct { const char *table, *path; addr_t runtime; } cases[] = {
		{ "2.7", "/usr/bin/python2.7", 0 },
		{ "3.6", "/usr/bin/python3.6", 0 },
		{ "3.7", "/usr/lib/libpython3.7m.so.1.0", RIG_RUNTIME },
		{ "3.8", "/opt/app", RIG_RUNTIME },
		{ "3.10", "/usr/bin/python3.10", RIG_RUNTIME },
		{ "3.11", "/usr/bin/python3.11", RIG_RUNTIME },
		{ "3.12", "/opt/app", RIG_RUNTIME },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct process_rig *rig = rig_named(cases[i].table);
		rig->target.modules.items[0].path = cases[i].path;
		rig_word(rig, HEAD_AT, 8, RIG_INTERP);
		/* `version` of Python/getversion.c */
		sprintf((char *)rig->bytes + RIG_ITEM - RIG_START, "%s.1 (main, May  9 2026)",
			cases[i].table);
		expect(rig, FOUND_BY_SEARCH, cases[i].runtime);
		rig_free(rig);
	}
}

/* 3.9 and 3.10 look the same to the truths of a heap without sys: what is said of the version counts,
 * and where nothing is said, that is told. */
static void roots_find__tells_that_a_version_is_a_guess(void **state)
{
	struct process_rig *rig = rig_named("3.9");
	rig->target.modules.items[0].path = "/usr/bin/python3.9";
	struct runtime *rt = locate(rig);
	assert_int_equal(rt->layout.version.minor, 9);
	assert_string_equal(rt->version_evidence, "the name of its file");
	assert_int_equal(rig->target.remarks.list.len, 0);
	runtime_free(rt);
	rig->target.modules.items[0].path = "/usr/bin/python";
	rt = locate(rig);
	assert_string_equal(rt->version_evidence, "the layout that fits");
	assert_int_equal(rig->target.remarks.list.len, 1);
	assert_non_null(strstr(rig->target.remarks.list.items[0].text, "nothing in the core says which"));
	runtime_free(rt);
	rig_free(rig);
}

/* Where another build's _PyRuntime would be lies something that leads to the same interpreter. */
static void roots_find__is_not_taken_in_by_a_look_alike(void **state)
{
	struct process_rig *rig = rig_named("3.12");
	rig->target.modules.items[0].path = "/usr/bin/python3.12";
	for (addr_t at = 0x60000; at < 0x61000; at += 8)
		rig_word(rig, at, 8, RIG_INTERP);
	for (addr_t at = 0x60100; at < 0x60200; at += 8)
		rig_word(rig, at, 8, RIG_ITEM);
	struct runtime *rt = locate(rig);
	assert_int_equal(rt->interpreters, RIG_INTERP);
	assert_int_equal(rt->proofs_failed, 0);
	assert_int_equal(rt->layout.version.minor, 12);
	runtime_free(rt);
	rig_free(rig);
}

/* Millions of words that look like interpreters cost no more than a few tries each pass. */
static void roots_find__gives_up_on_a_memory_full_of_look_alikes(void **state)
{
	struct process_rig *rig = rig_named("3.9");
	rig->target.modules.items[0].path = "/usr/bin/python3.9";
	memset(rig->bytes, 0, RIG_END - RIG_START);
	for (addr_t at = RIG_START; at < RIG_START + (1 << 20); at += 8)
		rig_word(rig, at, 8, at & ~UINT64_C(0xff));
	struct runtime *rt = NULL;
	struct error *err = runtime_locate(&rig->target, rig->symbols, &rt);
	assert_non_null(err);
	error_free(err);
	rig_free(rig);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(roots_find__asks_the_code_that_returns_interp_head),
		cmocka_unit_test(roots_find__takes_interp_head_from_the_symbols),
		cmocka_unit_test(roots_find__follows_the_current_thread),
		cmocka_unit_test(roots_find__tells_a_2_7_that_was_not_started),
		cmocka_unit_test(roots_find__searches_memory),
		cmocka_unit_test(roots_find__tells_that_a_version_is_a_guess),
		cmocka_unit_test(roots_find__is_not_taken_in_by_a_look_alike),
		cmocka_unit_test(roots_find__gives_up_on_a_memory_full_of_look_alikes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
