#include "tests/unit/test.h"

#include "analyzers/plugin.h"
#include "analyzers/session.h"

/*	0x1000  "abcdefgh"  CORE
 *	0x1008  lost */
static void draw(struct target *target)
{
	static const uint8_t bytes[] = "abcdefgh";
	struct extent core = {
		.start = 0x1000, .end = 0x1008, .host = bytes, .source = EXTENT_CORE
	};
	struct extent lost = {
		.start = 0x1008, .end = 0x1010, .source = EXTENT_LOST, .why = "not dumped"
	};
	assert_true(memory_add(&target->memory, &core));
	assert_true(memory_add(&target->memory, &lost));
	assert_true(memory_seal(&target->memory));
}

static void pycore_read__tells_what_is_lost(void **state)
{
	struct target target = { 0 };
	struct session s = { .target = &target };
	char buf[16];
	draw(&target);
	assert_true(pycore_read(&s, 0x1002, buf, 3));
	assert_memory_equal(buf, "cde", 3);
	assert_false(pycore_read(&s, 0x1006, buf, 3));
	assert_false(pycore_read(&s, 0x9000, buf, 1));
	memory_release(&target.memory);
	s.target = NULL;
	assert_false(pycore_read(&s, 0x1002, buf, 3));
}

/* A plugin that WANTS_RUNTIME gets a session without one. */
static void plugin__finds_nothing_without_a_python(void **state)
{
	struct session s = { 0 };
	uint64_t addr, size;
	struct pycore_thread thread;
	char repr[8] = "xxxxxxx";
	assert_int_equal(pycore_python_version(&s), 0);
	assert_false(pycore_symbol(&s, "_PyRuntime", &addr, &size));
	assert_null(pycore_type_name(&s, 0x1000));
	assert_int_equal(pycore_repr(&s, 0x1000, repr, sizeof(repr)), 0);
	assert_string_equal(repr, "");
	struct pycore_threads *threads = pycore_threads_new(&s);
	assert_non_null(threads);
	assert_null(pycore_frames_new(threads));
	assert_false(pycore_thread_next(threads, &thread));
	pycore_threads_free(threads);
}

static void pycore_python_version__is_as_python_writes_it(void **state)
{
	struct runtime *rt = calloc(1, sizeof(*rt));
	assert_non_null(rt);
	rt->layout.version = (struct python_version){
		.major = 3, .minor = 15, .micro = 1, .level = 0xf, .serial = 2
	};
	struct session s = { .runtime = rt };
	assert_int_equal(pycore_python_version(&s), 0x030f01f2);
	free(rt);
}

static void pycore_error__makes_one_line(void **state)
{
	struct error *err = pycore_error("no %s at %d", "heap", 7);
	assert_int_equal(err->code, ERROR_UNSUPPORTED);
	assert_string_equal(err->message, "no heap at 7");
	error_free(err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pycore_read__tells_what_is_lost),
		cmocka_unit_test(plugin__finds_nothing_without_a_python),
		cmocka_unit_test(pycore_python_version__is_as_python_writes_it),
		cmocka_unit_test(pycore_error__makes_one_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
