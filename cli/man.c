/* The man page, in man(7)'s macros. */
#include "cli/help.h"

#include <string.h>

#include "cli/options.h"

/* Text as roff takes it: backslashes and leading dots are its own language, and a hyphen must stay
 * one that can be copied into a shell. Newlines inside a paragraph are kept: roff fills. */
static void put_escaped(FILE *out, const char *text, size_t len)
{
	bool line_start = true;
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		if (line_start && (c == '.' || c == '\''))
			fputs("\\&", out);
		if (c == '\\')
			fputs("\\e", out);
		else if (c == '-')
			fputs("\\-", out);
		else
			fputc(c, out);
		line_start = c == '\n';
	}
}

static void put(FILE *out, const char *text)
{
	put_escaped(out, text, strlen(text));
}

static void put_paragraphs(FILE *out, const char *text)
{
	while (text && *text) {
		const char *end = strstr(text, "\n\n");
		if (!end)
			end = text + strlen(text);
		fputs(".PP\n", out);
		put_escaped(out, text, (size_t)(end - text));
		fputc('\n', out);
		text = end + strspn(end, "\n");
	}
}

static void put_options(FILE *out, const struct option *options)
{
	const struct option *option;
	option_each(option, options) {
		_str_ struct str spelling = STR_INIT;
		option_spelling(option, &spelling);
		fputs(".TP\n.B ", out);
		if (option->letter)
			fprintf(out, "\\-%c, ", option->letter);
		put(out, spelling.buf);
		fputc('\n', out);
		put(out, option->help);
		fputc('\n', out);
	}
}

static void put_command(FILE *out, const struct analyzer *command)
{
	fprintf(out, ".SS pycore %s\n", command->name);
	put(out, command->summary);
	fputc('\n', out);
	put_paragraphs(out, command->description);
	put_options(out, command->options);
	if (command->example) {
		fputs(".PP\nExample:\n.PP\n.in +4n\n.EX\n", out);
		put(out, command->example);
		fputs("\n.EE\n.in\n", out);
	}
}

static const char before_commands[] =
	".SH NAME\n"
	"pycore \\- what was this Python process doing when it died?\n"
	".SH SYNOPSIS\n"
	".B pycore\n.I COMMAND\n[\\fIOPTIONS\\fR] \\fICORE\\fR [\\fIEXECUTABLE\\fR]\n.br\n"
	".B pycore\n.I COMMAND\n[\\fIOPTIONS\\fR] \\fIEXECUTABLE\\fR \\fB\\-c\\fR \\fICORE\\fR\n.br\n"
	".B pycore\n\\fICORE\\fR [\\fIEXECUTABLE\\fR]\n.br\n"
	".B pycore help\n"
	".SH DESCRIPTION\n"
	"pycore reads the core dump of a CPython process, of any version from 2.7 and 3.6 on, and shows\n"
	"what Python knew in it. The process is not needed any more, nor are debug symbols, nor gdb.\n"
	".PP\n"
	"What is a core and what an executable is decided by content, never by order or name. The\n"
	"executable is optional: it is found from the core. A core compressed with zstd is opened\n"
	"directly;\n.B \\-\nis a core on standard input. Without a command,\n.B bt\nis run.\n"
	".SH COMMANDS\n";

static const char after_commands[] =
	".SH EXIT STATUS\n"
	".TP\n0\nDone.\n"
	".TP\n1\nDone, but the core is damaged or incomplete in ways that the report names.\n"
	".TP\n2\nWrong usage.\n"
	".TP\n3\nThis cannot be analyzed: no such file, not a core, no Python found, unknown version. One\n"
	"line on standard error says which, and what to do.\n"
	".TP\n4\nInternal error, or the report could not be written. A reader that closed its pipe early\n"
	"(| head) is none: pycore then stops quietly.\n"
	".SH ENVIRONMENT\n"
	".TP\n.B NO_COLOR\nNo colours, unless \\-\\-color=always is given.\n"
	".TP\n.B PYCORE_PLUGINS\nDirectories, separated by colons, whose *.so are loaded as further commands.\n"
	".TP\n.B PYCORE_TRACE\nWhat to tell on standard error while working: memory, elf, files, symbols,\n"
	"layout, locate, frames, objects, separated by commas; or all.\n"
	".SH SEE ALSO\n"
	".BR core (5),\n.BR gcore (1),\n.BR coredumpctl (1)\n";

void man_generate(const struct commands *commands, FILE *out)
{
	const struct analyzer **command;
	fputs(".TH PYCORE 1 \"\" \"pycore " PYCORE_VERSION "\" \"User Commands\"\n", out);
	fputs(before_commands, out);
	vec_each(command, &commands->list)
		put_command(out, *command);
	fputs(".SH OPTIONS OF EVERY COMMAND\n", out);
	put_options(out, common_options);
	fputs(after_commands, out);
}
