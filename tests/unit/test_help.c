#include "tests/unit/commands_rig.h"

static char *help_of(const struct analyzer *analyzer)
{
	static char *text;	/* static: gcc 12 takes a local for dangling */
	static size_t len;
	FILE *out = open_memstream(&text, &len);
	help_command(analyzer, out);
	fclose(out);
	return text;
}

static void help_all__lists_every_command_and_common_option(void **state)
{
	char *text = all_of(help_all);
	expect(text, "  walk        what a summary says\n");
	expect(text, "  bare        no options at all\n");
	expect(text, "  -o, --output FILE ");
	free(text);
}

static void help_command__wraps_and_aligns(void **state)
{
	char *text = help_of(&command);
	expect(text, "Usage: pycore walk [OPTIONS] [CORE [EXECUTABLE]]\n");
	expect(text,
	       "      --locals[=short|full]\n                            with each variable\n");
	expect(text,
	       "  -k, --check EXE           compare a table with what the debug information of\n"
	       "                            that executable says of it, member by member\n");
	expect(text, "Example:\n  pycore walk core\n  pycore walk --json core\n");
	for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
		assert_true(strcspn(line, "\n") <= 79);
	free(text);
	text = help_of(&bare);
	expect(text, "Usage: pycore bare [OPTIONS] CORE [EXECUTABLE]\n");
	assert_null(strstr(text, "\nOptions:\n"));
	free(text);
}

static void is_plain_name__takes_commands(void **state)
{
	assert_true(is_plain_name("bt"));
	assert_true(is_plain_name("gc-roots2"));
	assert_false(is_plain_name("2gc"));
	assert_false(is_plain_name("a.b"));
	assert_false(is_plain_name(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(help_all__lists_every_command_and_common_option),
		cmocka_unit_test(help_command__wraps_and_aligns),
		cmocka_unit_test(is_plain_name__takes_commands),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
