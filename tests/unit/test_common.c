#include "tests/unit/test.h"

#include "cli/common.h"
#include "cli/options.h"

static const struct record process = { .name = "process" };
static const struct record first = { .name = "first" }, second = { .name = "second" };
static const struct record *const children[] = { &first, &second, NULL };

static void composed__puts_the_process_before_the_commands_own_records(void **state)
{
	const struct record root = { .name = "bt", .doc = "d", .children = children };
	struct composed composed;
	assert_true(composed_init(&composed, &root, &process));
	assert_string_equal(composed.root.doc, "d");
	assert_ptr_equal(composed.root.children[0], &process);
	assert_ptr_equal(composed.root.children[1], &first);
	assert_ptr_equal(composed.root.children[2], &second);
	assert_null(composed.root.children[3]);
	composed_release(&composed);
}

static void composed__is_the_process_alone_when_a_command_has_no_records(void **state)
{
	const struct record root = { .name = "slim" };
	struct composed composed;
	assert_true(composed_init(&composed, &root, &process));
	assert_ptr_equal(composed.root.children[0], &process);
	assert_null(composed.root.children[1]);
	composed_release(&composed);
}

static void commands_find__knows_what_was_put_in(void **state)
{
	const struct analyzer bt = { .name = "bt" }, info = { .name = "info" };
	const struct analyzer *const builtin[] = { &bt, &info, NULL };
	struct commands commands = { 0 };
	assert_true(commands_init(&commands, builtin));
	assert_ptr_equal(commands_find(&commands, "info"), &info);
	assert_null(commands_find(&commands, "inf"));
	commands_release(&commands);
}

/* Each option that is listed reaches the struct, at a place of its own. */
static void common_options__write_each_its_own_member(void **state)
{
	char *argv[] = { "--json",       "-o",       "out", "-c",         "core",
			 "--sysroot=/s", "--search", "a",   "--search=b", "--color=never",
			 "-qv",          "--schema", "-h" };
	struct common common = { 0 };
	struct option_table table = { common_options, &common };
	struct arguments arguments = { 0 };
	struct error *err =
		options_parse(&table, 1, sizeof(argv) / sizeof(argv[0]), argv, &arguments);
	assert_null(err);
	assert_true(common.json && common.quiet && common.verbose && common.schema && common.help);
	assert_string_equal(common.output, "out");
	assert_string_equal(common.core, "core");
	assert_string_equal(common.sysroot, "/s");
	assert_string_equal(common.color, "never");
	assert_int_equal(common.search.count, 2);
	assert_int_equal(arguments.words.len, 0);
	options_release(&table);
	arguments_release(&arguments);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(composed__puts_the_process_before_the_commands_own_records),
		cmocka_unit_test(composed__is_the_process_alone_when_a_command_has_no_records),
		cmocka_unit_test(commands_find__knows_what_was_put_in),
		cmocka_unit_test(common_options__write_each_its_own_member),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
