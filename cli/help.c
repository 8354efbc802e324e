#include "cli/help.h"

#include <string.h>

#include "cli/options.h"

enum { WIDTH = 79, OPTION_INDENT = 2, OPTION_COLUMN = 28 };

bool is_plain_name(const char *name)
{
	size_t len = name ? strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") : 0;
	return len > 0 && name[len] == '\0' && name[0] >= 'a' && name[0] <= 'z';
}

/* Words of [text, end), filled to WIDTH. The cursor stands at column, further lines begin at
 * indent. */
static void put_filled(FILE *out, const char *text, const char *end, int column, int indent)
{
	bool fresh = true;
	while (text < end) {
		text += strspn(text, " \n");
		int word = (int)strcspn(text, " \n");
		if (text >= end || word == 0)
			break;
		if (!fresh && column + 1 + word > WIDTH) {
			fprintf(out, "\n%*s", indent, "");
			column = indent;
			fresh = true;
		}
		fprintf(out, "%s%.*s", fresh ? "" : " ", word, text);
		column += word + !fresh;
		fresh = false;
		text += word;
	}
	fputc('\n', out);
}

static void put_paragraphs(FILE *out, const char *text)
{
	while (text && *text) {
		const char *end = strstr(text, "\n\n");
		if (!end)
			end = text + strlen(text);
		fputc('\n', out);
		put_filled(out, text, end, 0, 0);
		text = end + strspn(end, "\n");
	}
}

static void put_options(FILE *out, const struct option *options)
{
	const struct option *option;
	option_each(option, options) {
		_str_ struct str s = STR_INIT;
		if (option->letter)
			str_printf(&s, "%*s-%c, ", OPTION_INDENT, "", option->letter);
		else
			str_printf(&s, "%*s    ", OPTION_INDENT, "");
		option_spelling(option, &s);
		if (s.len + 2 > OPTION_COLUMN)
			fprintf(out, "%s\n%*s", s.buf, OPTION_COLUMN, "");
		else
			fprintf(out, "%-*s", OPTION_COLUMN, s.buf);
		put_filled(out, option->help, option->help + strlen(option->help), OPTION_COLUMN,
			   OPTION_COLUMN);
	}
}

void help_usage(FILE *out)
{
	fputs("usage: pycore [COMMAND] [OPTIONS] CORE [EXECUTABLE]\n"
	      "Without a command: bt. See `pycore help`.\n", out);
}

void help_all(const struct commands *commands, FILE *out)
{
	const struct analyzer **command;
	fputs("pycore " PYCORE_VERSION ": what was this Python process doing when it died?\n"
	      "\n"
	      "Usage: pycore COMMAND [OPTIONS] CORE [EXECUTABLE]\n"
	      "       pycore COMMAND [OPTIONS] EXECUTABLE -c CORE\n"
	      "       pycore COMMAND [OPTIONS] -          the core on standard input\n"
	      "       pycore CORE [EXECUTABLE]            the same as `pycore bt`\n"
	      "\n"
	      "Commands:\n", out);
	vec_each(command, &commands->list) {
		const char *summary = (*command)->summary;
		int used = fprintf(out, "  %-11s ", (*command)->name);
		put_filled(out, summary, summary + strlen(summary), used, 14);
	}
	fputs("\nOptions of every command:\n", out);
	put_options(out, common_options);
	fputs("\n`pycore COMMAND --help` tells each command's own options, with an example;\n"
	      "`pycore --version` which pycore this is.\n"
	      "\n"
	      "Exit status: 0 done, 1 done but the core is damaged or incomplete in ways that\n"
	      "the report names, 2 wrong usage, 3 this cannot be analyzed, 4 internal error.\n",
	      out);
}

void help_command(const struct analyzer *command, FILE *out)
{
	const char *core =
		command->needs & TAKES_NO_CORE ? (command->needs & TAKES_SUBJECT ? " WHAT" : "") :
		command->needs & TAKES_SUBJECT ? " CORE [EXECUTABLE] WHAT" :
		command->needs & TAKES_NUMBERS ? " CORE [EXECUTABLE] ADDR..." :
		command->needs & NEEDS_TARGET  ? " CORE [EXECUTABLE]" : " [CORE [EXECUTABLE]]";
	fprintf(out, "Usage: pycore %s [OPTIONS]%s\n\n", command->name, core);
	put_filled(out, command->summary, command->summary + strlen(command->summary), 0, 0);
	put_paragraphs(out, command->description);
	if (command->options && command->options->name) {
		fprintf(out, "\nOptions:\n");
		put_options(out, command->options);
	}
	fprintf(out, "\nOptions of every command:\n");
	put_options(out, common_options);
	if (command->example) {
		fprintf(out, "\nExample:\n");
		for (const char *line = command->example; *line;) {
			size_t len = strcspn(line, "\n");
			fprintf(out, "  %.*s\n", (int)len, line);
			line += len + (line[len] == '\n');
		}
	}
}
