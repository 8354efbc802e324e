#include "tests/unit/test.h"

#include "cli/help.h"

struct config { const char *locals, *file; bool flag; };

static const char *const choices[] = { "short", "full", NULL };
static const struct option options[] = {
	{ .name = "locals", .type = OPTION_CHOICE, .choices = choices, .optional_argument = true,
	  .help = "with each variable" },
	{ .name = "check", .letter = 'k', .type = OPTION_STRING, .argument = "EXE",
	  .help = "compare a table with what the debug information of that executable says of it, member by member" },
	{ 0 },
};
static const struct record root = { .name = "x" };
static const struct analyzer command = {
	.name = "walk", .summary = "what a summary says",
	.description = ".first words with a \\ in them\n\nA second paragraph that goes on and on until it "
		       "has to be wrapped somewhere, as every long paragraph has to be.",
	.example = "pycore walk core\npycore walk --json core", .options = options, .root = &root,
};
static const struct analyzer bare = { .name = "bare", .summary = "no options at all", .root = &root,
				      .needs = NEEDS_TARGET };

static char *all_of(void (*generate)(const struct commands *, FILE *))
{
	const struct analyzer *const builtin[] = { &command, &bare, NULL };
	struct commands commands = { 0 };
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	assert_true(commands_init(&commands, builtin));
	generate(&commands, out);
	fclose(out);
	commands_release(&commands);
	return text;
}

static char *help_of(const struct analyzer *analyzer)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	help_command(analyzer, out);
	fclose(out);
	return text;
}

static void expect(const char *text, const char *part)
{
	if (!strstr(text, part))
		print_message("%s", text);
	assert_non_null(strstr(text, part));
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
	expect(text, "      --locals[=short|full]\n                            with each variable\n");
	expect(text, "  -k, --check EXE           compare a table with what the debug information of\n"
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

static void man_generate__escapes_what_roff_would_take(void **state)
{
	char *text = all_of(man_generate);
	expect(text, ".SS pycore walk\n");
	expect(text, ".PP\n\\&.first words with a \\e in them\n.PP\n");
	expect(text, ".B \\-k, \\-\\-check EXE\n");
	expect(text, "pycore walk core\npycore walk \\-\\-json core\n.EE");
	free(text);
}

static void completion_generate__offers_options_and_choices(void **state)
{
	char *text = all_of(completion_generate);
	expect(text, "commands=\"help walk bare\"");
	expect(text, "walk:--locals) choices=\"short full\" ;;");
	expect(text, "walk) options=\" --locals --locals=short --locals=full --check=\" ;;");
	expect(text, "*:--color) choices=\"auto always never\" ;;");
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
		cmocka_unit_test(man_generate__escapes_what_roff_would_take),
		cmocka_unit_test(completion_generate__offers_options_and_choices),
		cmocka_unit_test(is_plain_name__takes_commands),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
