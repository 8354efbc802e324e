/* Two commands, one with everything and one with nothing, and what is generated of them. */
#ifndef TESTS_UNIT_COMMANDS_RIG_H
#define TESTS_UNIT_COMMANDS_RIG_H

#include "tests/unit/test.h"

#include "cli/help.h"

struct config { const char *locals, *file; bool flag; };

static const char *const choices[] = { "short", "full", NULL };
static const struct option options[] = {
	{ .name = "locals",
	  .type = OPTION_CHOICE,
	  .choices = choices,
	  .optional_argument = true,
	  .help = "with each variable" },
	{ .name = "check",
	  .letter = 'k',
	  .type = OPTION_STRING,
	  .argument = "EXE",
	  .help = "compare a table with what the debug information of that executable says of it, member by member" },
	{ 0 },
};
static const struct record root = { .name = "x" };
static const struct analyzer command = {
	.name = "walk",
	.summary = "what a summary says",
	.description =
		".first words with a \\ in them\n\nA second paragraph that goes on and on until it "
		"has to be wrapped somewhere, as every long paragraph has to be.",
	.example = "pycore walk core\npycore walk --json core",
	.options = options,
	.root = &root,
};
static const struct analyzer bare = { .name = "bare", .summary = "no options at all", .root = &root,
				      .needs = NEEDS_TARGET };

static inline char *all_of(void (*generate)(const struct commands *, FILE *))
{
	const struct analyzer *const builtin[] = { &command, &bare, NULL };
	struct commands commands = { 0 };
	static char *text;	/* static: gcc 12 takes a local for dangling */
	static size_t len;
	FILE *out = open_memstream(&text, &len);
	assert_true(commands_init(&commands, builtin));
	generate(&commands, out);
	fclose(out);
	commands_release(&commands);
	return text;
}

static inline void expect(const char *text, const char *part)
{
	if (!strstr(text, part))
		print_message("%s", text);
	assert_non_null(strstr(text, part));
}

#endif
