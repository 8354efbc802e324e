#include "cli/common.h"

#include <stdlib.h>
#include <string.h>

static const char *const color_choices[] = { "auto", "always", "never", NULL };
static const char *const sandbox_choices[] = { "auto", "require", "off", NULL };

static const char *const redact_choices[] = { "secrets", "all", "off", NULL };

#define AT(member) .offset = offsetof(struct common, member)

const struct option common_options[] = {
	{ "json", 0, OPTION_FLAG, .help = "one JSON document instead of text", AT(json) },
	{ "output", 'o', OPTION_STRING, "FILE", "write to FILE instead of standard output",
	  AT(output) },
	{ "core", 'c', OPTION_STRING, "CORE", "the core, as gdb takes it: EXECUTABLE -c CORE",
	  AT(core) },
	{ "core-fd", 0, OPTION_STRING, "N", "the core is what descriptor N is open on: a file or a pipe",
	  AT(core_fd) },
	{ "sysroot", 0, OPTION_STRING, "DIR", "look below DIR for the files that the core names",
	  AT(sysroot) },
	{ "search", 0, OPTION_LIST, "DIR",
	  "look in DIR and below it too, by file name and by build-id; may be given again", AT(search) },
	{ "maps", 0, OPTION_STRING, "FILE",
	  "the text of /proc/PID/maps: used where the core's own list of mapped files is missing or cut",
	  AT(maps) },
	{ "auxv", 0, OPTION_STRING, "FILE",
	  "the bytes of /proc/PID/auxv: used where the core has none of its own", AT(auxv) },
	{ "no-debuginfod", 0, OPTION_FLAG,
	  .help = "do not ask the servers of DEBUGINFOD_URLS for files that are not here", AT(no_debuginfod) },
	{ "unpack-limit", 0, OPTION_NUMBER, "MIB",
	  "unpack no more than that of a compressed or piped core (65536)", AT(unpack_mib),
	  .min = 1, .max = UINT32_MAX },
	{ "unpack-seconds", 0, OPTION_NUMBER, "N", "nor for longer than that (600)", AT(unpack_seconds),
	  .min = 1, .max = UINT32_MAX },
	{ "sandbox", 0, OPTION_CHOICE,
	  .help = "read the core in a process without rights: as far as this kernel can (auto), all or "
		  "nothing (require), not (off)",
	  AT(sandbox), .choices = sandbox_choices, .optional_argument = true },
	{ "redact", 0, OPTION_CHOICE,
	  .help = "take out what looks like a secret, by name and by value; =all: all values but their "
		  "types and lengths",
	  AT(redact), .choices = redact_choices, .optional_argument = true },
	{ "redact-also", 0, OPTION_LIST, "REGEX", "with --redact: names and texts like that, too", AT(redact_also) },
	{ "color", 0, OPTION_CHOICE, .help = "colours: on a terminal (auto), always or never",
	  AT(color), .choices = color_choices },
	{ "quiet", 'q', OPTION_FLAG, .help = "no progress, and no notes but on losses", AT(quiet) },
	{ "verbose", 'v', OPTION_FLAG, .help = "tell on standard error which files are opened and how the Python is found",
	  AT(verbose) },
	{ "schema", 0, OPTION_FLAG, .help = "print the JSON Schema of the command's document",
	  AT(schema) },
	{ "help", 'h', OPTION_FLAG, .help = "print this", AT(help) },
	{ 0 },
};

bool commands_init(struct commands *commands, const struct analyzer *const *builtin)
{
	for (; *builtin; builtin++) {
		const struct analyzer **command = vec_push(&commands->list);
		if (!command)
			return false;
		*command = *builtin;
	}
	return true;
}

void commands_release(struct commands *commands)
{
	vec_release(&commands->list);
}

const struct analyzer *commands_find(const struct commands *commands, const char *name)
{
	const struct analyzer **command;
	vec_each(command, &commands->list) {
		if (strcmp((*command)->name, name) == 0)
			return *command;
	}
	return NULL;
}

bool composed_init(struct composed *ret, const struct record *root, const struct record *process)
{
	size_t count = 0;
	while (root->children && root->children[count])
		count++;
	const struct record **children = calloc(count + 2, sizeof(*children));
	if (!children)
		return false;
	children[0] = process;
	for (size_t i = 0; i < count; i++)
		children[i + 1] = root->children[i];
	ret->root = *root;
	ret->root.children = children;
	ret->children = children;
	return true;
}

void composed_release(struct composed *composed)
{
	free(composed->children);
}
