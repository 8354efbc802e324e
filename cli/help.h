/* What pycore says of itself, all read off the option tables: `pycore help`, `pycore COMMAND
 * --help`, the man page and the bash completion. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include <stdio.h>

#include "cli/common.h"

void help_usage(FILE *out);		/* the short form, for who gave no argument */
void help_all(const struct commands *commands, FILE *out);
void help_command(const struct analyzer *command, FILE *out);
void man_generate(const struct commands *commands, FILE *out);
void completion_generate(const struct commands *commands, FILE *out);

/* Is this text made of letters that need no quoting in roff or shell? A plugin's names are
 * checked with it before they become a command. */
bool is_plain_name(const char *name);

#endif
