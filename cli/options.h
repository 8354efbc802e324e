/* The one parser of command lines, over tables of struct option (analyzers/analyzer.h): the options
 * of every command and the command's own. Help, man page and completion read the same tables.
 *
 *	--name=value  --name value  -n value  -nvalue  -qv   and -- ends them; - is an argument
 *
 * An optional argument (--locals, --locals=full) is only taken after "=". What is given twice
 * counts the last time, but for OPTION_LIST. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "analyzers/analyzer.h"
#include "core/error.h"
#include "core/str.h"
#include "core/vec.h"

struct option_table {
	const struct option *options;	/* ends with an empty one; NULL: none */
	void *config;			/* where its offsets point into; zeroed by the caller */
};

struct arguments {
	VEC(const char *) words;	/* what is no option; borrowed from argv */
};

/* argv[0] is the first word to look at. ERROR_USAGE names the word, and the nearest known one. */
struct error *options_parse(const struct option_table *tables, size_t count, int argc, char **argv,
			    struct arguments *ret) _must_check_;
/* Free what OPTION_LIST collected. */
void options_release(const struct option_table *table);
void arguments_release(struct arguments *arguments);

#define option_each(o, table) for (o = (table); o && o->name; o++)

/* "--output FILE", "--color=auto|always|never", "--locals[=full]" */
void option_spelling(const struct option *option, struct str *out);

/* The nearest of some words, when it is near enough to be a slip. */
struct suggestion {
	const char *wanted, *nearest;	/* nearest NULL: none so far */
	size_t distance;
};
void suggestion_try(struct suggestion *s, const char *word);

#endif
