/* The bash completion: commands, each one's options, their choices; directories and files else. */
#include "cli/help.h"

#include "cli/options.h"

static void put_options(FILE *out, const struct option *options)
{
	const struct option *option;
	option_each(option, options) {
		bool wants_value = option->type != OPTION_FLAG && !option->optional_argument;
		fprintf(out, " --%s%s", option->name, wants_value ? "=" : "");
		for (const char *const *c = option->optional_argument ? option->choices : NULL;
		     c && *c; c++)
			fprintf(out, " --%s=%s", option->name, *c);
	}
}

static void put_choices(FILE *out, const char *command, const struct option *options)
{
	const struct option *option;
	option_each(option, options) {
		if (!option->choices)
			continue;
		fprintf(out, "\t%s:--%s) choices=\"", command, option->name);
		for (const char *const *c = option->choices; *c; c++)
			fprintf(out, "%s%s", c == option->choices ? "" : " ", *c);
		fputs("\" ;;\n", out);
	}
}

void completion_generate(const struct commands *commands, FILE *out)
{
	const struct analyzer **command;
	fputs("# bash completion of pycore, made by pycore itself.\n"
	      "_pycore()\n"
	      "{\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	      "\tlocal command=${COMP_WORDS[1]} commands=\"help", out);
	vec_each(command, &commands->list)
		fprintf(out, " %s", (*command)->name);
	fputs("\" options choices=\n"
	      "\tCOMPREPLY=()\n"
	      "\t# bash makes words of \"--color\" \"=\" \"al\"\n"
	      "\tif [[ $cur == = ]]; then\n"
	      "\t\tcur=\n"
	      "\telif [[ $prev == = && $COMP_CWORD -gt 2 ]]; then\n"
	      "\t\tprev=${COMP_WORDS[COMP_CWORD-2]}\n"
	      "\tfi\n"
	      "\t[[ \" $commands \" == *\" $command \"* && $COMP_CWORD -gt 1 ]] || command=bt\n"
	      "\tcase $command:$prev in\n", out);
	put_choices(out, "*", common_options);
	vec_each(command, &commands->list)
		put_choices(out, (*command)->name, (*command)->options);
	fputs("\t*:--sysroot|*:--search) COMPREPLY=($(compgen -d -- \"$cur\")); return ;;\n"
	      "\tesac\n"
	      "\tif [[ $choices ]]; then\n"
	      "\t\tCOMPREPLY=($(compgen -W \"$choices\" -- \"$cur\"))\n"
	      "\t\treturn\n"
	      "\tfi\n"
	      "\tif [[ $cur == -* ]]; then\n"
	      "\t\tcase $command in\n", out);
	vec_each(command, &commands->list) {
		fprintf(out, "\t\t%s) options=\"", (*command)->name);
		put_options(out, (*command)->options);
		fputs("\" ;;\n", out);
	}
	fputs("\t\tesac\n"
	      "\t\tCOMPREPLY=($(compgen -W \"$options", out);
	put_options(out, common_options);
	fputs("\" -- \"$cur\"))\n"
	      "\t\t[[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace\n"
	      "\t\treturn\n"
	      "\tfi\n"
	      "\t[[ $COMP_CWORD -eq 1 || $prev == help ]] && COMPREPLY=($(compgen -W \"$commands\" -- \"$cur\"))\n"
	      "\t[[ $prev == help ]] || COMPREPLY+=($(compgen -f -- \"$cur\"))\n"
	      "}\n"
	      "complete -o filenames -F _pycore pycore\n",
	      out);
}
