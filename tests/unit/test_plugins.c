#include "tests/unit/test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "cli/plugins.h"

static struct error *run(struct session *session, const void *config, struct report *report)
{
	return NULL;
}

static const struct record root = { .name = "x" };
static const struct analyzer bt = { .name = "bt" };

static struct analyzer good(void)
{
	return (struct analyzer){
		.api = PYCORE_PLUGIN_API, .name = "depth", .summary = "s", .root = &root, .run = run
	};
}

static const char *fault_of(const struct analyzer *analyzer)
{
	const struct analyzer *const builtin[] = { &bt, NULL };
	struct commands commands = { 0 };
	assert_true(commands_init(&commands, builtin));
	const char *fault = plugin_fault(&commands, analyzer);
	commands_release(&commands);
	return fault;
}

static void plugin_fault__finds_none_in_a_good_one(void **state)
{
	struct analyzer a = good();
	assert_null(fault_of(&a));
}

static void plugin_fault__looks_at_nothing_else_when_the_api_differs(void **state)
{
	struct analyzer a = good();
	a.api = PYCORE_PLUGIN_API + 1;
	a.name = (const char *)1;
	assert_non_null(strstr(fault_of(&a), "another plugin API"));
}

static void plugin_fault__keeps_the_names_that_exist(void **state)
{
	struct analyzer a = good();
	a.name = "bt";
	assert_string_equal(fault_of(&a), "has the name of a command that exists");
	a.name = "help";
	assert_string_equal(fault_of(&a), "has the name of a command that exists");
}

/* Names go into a man page and a shell script. */
static void plugin_fault__refuses_names_that_need_quoting(void **state)
{
	const char *const names[] = { NULL, "", "a b", "A", "-x", "3d", "a;b", "x\n", "$(x)" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct analyzer a = good();
		a.name = names[i];
		assert_string_equal(fault_of(&a), "has no name made of a-z, 0-9 and -");
	}
}

static void plugin_fault__refuses_what_cannot_run(void **state)
{
	struct analyzer a = good();
	a.run = NULL;
	assert_non_null(fault_of(&a));
	a = good();
	a.root = NULL;
	assert_non_null(fault_of(&a));
	a = good();
	a.summary = NULL;
	assert_non_null(fault_of(&a));
}

static void plugin_fault__refuses_options_that_every_command_has(void **state)
{
	struct option options[] = { { .name = "json", .help = "h" }, { 0 } };
	struct analyzer a = good();
	a.options = options;
	assert_string_equal(fault_of(&a), "has an option that every command has already");
	options[0] = (struct option){ .name = "mine", .letter = 'o', .help = "h" };
	assert_string_equal(fault_of(&a), "has an option that every command has already");
	options[0] = (struct option){ .name = "mine", .letter = 'm', .help = "h" };
	assert_null(fault_of(&a));
	options[0].type = OPTION_CHOICE;
	assert_string_equal(fault_of(&a), "has a choice without choices");
	options[0] = (struct option){ .name = "mine" };
	assert_string_equal(fault_of(&a), "has an option without a name or a help line");
}

static void plugins_load__tells_what_it_leaves_out(void **state)
{
	char directory[] = "/tmp/pycore-plugins-XXXXXX", path[64], list[128];
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/broken.so", directory);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs("not ELF", file);
	fclose(file);
	snprintf(list, sizeof(list), "/nonexistent::%s", directory);

	struct commands commands = { 0 };
	char *said = NULL;
	size_t len;
	FILE *warnings = open_memstream(&said, &len);
	plugins_load(&commands, list, warnings);
	fclose(warnings);
	assert_int_equal(commands.list.len, 0);
	assert_non_null(strstr(said, "no plugins from /nonexistent: "));
	assert_non_null(strstr(said, "broken.so is left out: "));
	free(said);
	commands_release(&commands);
	unlink(path);
	rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plugin_fault__finds_none_in_a_good_one),
		cmocka_unit_test(plugin_fault__looks_at_nothing_else_when_the_api_differs),
		cmocka_unit_test(plugin_fault__keeps_the_names_that_exist),
		cmocka_unit_test(plugin_fault__refuses_names_that_need_quoting),
		cmocka_unit_test(plugin_fault__refuses_what_cannot_run),
		cmocka_unit_test(plugin_fault__refuses_options_that_every_command_has),
		cmocka_unit_test(plugins_load__tells_what_it_leaves_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
