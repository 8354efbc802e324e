#include "cli/options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct parser {
	const struct option_table *tables;
	size_t count;
	int argc;
	char **argv;
};

/* Edits between two words, a swap of neighbours counted as one; for words short enough to be
 * commands and options. */
static size_t edit_distance(const char *a, const char *b)
{
	enum { LONGEST = 31 };
	size_t rows[3][LONGEST + 1], la = strlen(a), lb = strlen(b);
	if (la > LONGEST || lb > LONGEST)
		return SIZE_MAX;
	size_t *before = rows[0], *above = rows[1], *row = rows[2];
	for (size_t j = 0; j <= lb; j++)
		above[j] = j;
	for (size_t i = 1; i <= la; i++) {
		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t best = above[j - 1] + (a[i - 1] != b[j - 1]);
			if (above[j] + 1 < best)
				best = above[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			row[j] = best;
		}
		size_t *oldest = before;
		before = above;
		above = row;
		row = oldest;
	}
	return above[lb];
}

void suggestion_try(struct suggestion *s, const char *word)
{
	size_t wanted = strlen(s->wanted), distance = edit_distance(s->wanted, word);
	/* A word begun is as good as one slip. */
	if (wanted >= 2 && strncmp(word, s->wanted, wanted) == 0)
		distance = 1;
	if (distance > 1 + wanted / 4 || (s->nearest && distance >= s->distance))
		return;
	s->nearest = word;
	s->distance = distance;
}

void option_spelling(const struct option *option, struct str *out)
{
	const char *separator = option->optional_argument ? "[=" : option->argument ? " " : "=";
	str_printf(out, "--%s", option->name);
	if (option->argument) {
		str_printf(out, "%s%s", separator, option->argument);
	} else {
		for (const char *const *c = option->choices; c && *c; c++) {
			str_printf(out, "%s%s", separator, *c);
			separator = "|";
		}
	}
	if (option->optional_argument)
		str_addc(out, ']');
}

static void *field(const struct option_table *table, const struct option *option)
{
	return (char *)table->config + option->offset;
}

static struct error *set_number(uint64_t *ret, const struct option *option, const char *value)
{
	char *end;
	errno = 0;
	bool hexadecimal = value[0] == '0' && (value[1] == 'x' || value[1] == 'X');
	uint64_t number = strtoull(value, &end, hexadecimal ? 16 : 10);
	if (*value < '0' || *value > '9' || *end || errno)
		return error_new(ERROR_USAGE, "--%s wants a number, not '%s'", option->name, value);
	if (number < option->min)
		return error_new(ERROR_USAGE, "--%s must be at least %" PRIu64, option->name,
				 option->min);
	if (option->max && number > option->max)
		return error_new(ERROR_USAGE, "--%s must be at most %" PRIu64, option->name,
				 option->max);
	*ret = number;
	return NULL;
}

/* Powers of 1024, as in 512M, 512MB and 512MiB. */
static struct error *set_size(uint64_t *ret, const struct option *option, const char *value)
{
	static const char units[] = "KMGT";
	char *end;
	errno = 0;
	uint64_t size = strtoull(value, &end, 10);
	const char *unit = *end ? strchr(units, *end & ~0x20) : NULL;
	unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
	if (unit)
		end++;
	if (unit && *end == 'i')
		end++;
	if (*end == 'B')
		end++;
	if (*value < '0' || *value > '9' || *end || errno || size > UINT64_MAX >> shift)
		return error_new(ERROR_USAGE, "--%s wants a size, as 512M or 2G, not '%s'",
				 option->name, value);
	size <<= shift;
	if (size < option->min || (option->max && size > option->max))
		return error_new(ERROR_USAGE, "--%s must be at least %" PRIu64 " bytes",
				 option->name, option->min);
	*ret = size;
	return NULL;
}

static struct error *set_choice(const char **ret, const struct option *option, const char *value)
{
	_str_ struct str all = STR_INIT;
	for (const char *const *c = option->choices; *c; c++) {
		if (!value || streq(*c, value)) {
			*ret = *c;
			return NULL;
		}
		str_printf(&all, "%s%s", all.len ? ", " : "", *c);
	}
	return error_new(ERROR_USAGE, "--%s does not know '%s': it takes %s", option->name, value,
			 all.buf);
}

static struct error *add_item(struct option_list *list, const char *value)
{
	const char **items = realloc(list->items, (list->count + 1) * sizeof(*items));
	if (!items)
		return error_nomem();
	items[list->count++] = value;
	list->items = items;
	return NULL;
}

/* value NULL: the option stood alone, as it may. */
static struct error *set(const struct option_table *table, const struct option *option,
			 const char *value)
{
	void *at = field(table, option);
	switch (option->type) {
	case OPTION_FLAG:
		*(bool *)at = true;
		return NULL;
	case OPTION_NUMBER:
		return set_number(at, option, value);
	case OPTION_STRING:
		*(const char **)at = value;
		return NULL;
	case OPTION_CHOICE:
		return set_choice(at, option, value);
	case OPTION_LIST:
		return add_item(at, value);
	case OPTION_SIZE:
		return set_size(at, option, value);
	}
	return NULL;
}

/* Set an option whose argument, if it has come with it, is `value`; else take the next word. */
static struct error *take_option(struct parser *p, const struct option_table *table,
				 const struct option *option, const char *value)
{
	if (option->type == OPTION_FLAG) {
		if (value)
			return error_new(ERROR_USAGE, "--%s takes no value", option->name);
	} else if (!value && !option->optional_argument) {
		if (p->argc == 0)
			return error_new(ERROR_USAGE, "--%s wants a value", option->name);
		value = *p->argv;
		p->argv++;
		p->argc--;
	}
	return set(table, option, value);
}

static struct error *parse_long(struct parser *p, const char *word)
{
	const char *equals = strchr(word, '=');
	_str_ struct str name = STR_INIT;
	str_add(&name, word, equals ? (size_t)(equals - word) : strlen(word));
	if (name.failed)
		return error_nomem();
	struct suggestion near = { .wanted = name.buf };
	for (size_t i = 0; i < p->count; i++) {
		const struct option *option;
		option_each(option, p->tables[i].options) {
			if (streq(option->name, name.buf))
				return take_option(p, &p->tables[i], option,
						   equals ? equals + 1 : NULL);
			suggestion_try(&near, option->name);
		}
	}
	if (near.nearest)
		return error_new(ERROR_USAGE, "unknown option --%s (did you mean --%s?)", name.buf,
				 near.nearest);
	return error_new(ERROR_USAGE, "unknown option --%s", name.buf);
}

static const struct option *find_letter(const struct parser *p, char letter,
					const struct option_table **ret)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct option *option;
		option_each(option, p->tables[i].options) {
			if (option->letter == letter) {
				*ret = &p->tables[i];
				return option;
			}
		}
	}
	return NULL;
}

/* -qv, -oFILE, -o FILE */
static struct error *parse_letters(struct parser *p, const char *letters)
{
	for (; *letters; letters++) {
		const struct option_table *table;
		const struct option *option = find_letter(p, *letters, &table);
		if (!option)
			return error_new(ERROR_USAGE, "unknown option -%c", *letters);
		bool takes_rest =
			option->type != OPTION_FLAG && !option->optional_argument && letters[1];
		struct error *err = take_option(p, table, option, takes_rest ? letters + 1 : NULL);
		if (err || takes_rest)
			return err;
	}
	return NULL;
}

struct error *options_parse(const struct option_table *tables, size_t count, int argc, char **argv,
			    struct arguments *ret)
{
	struct parser p = { tables, count, argc, argv };
	bool ended = false;
	while (p.argc > 0) {
		const char *word = *p.argv;
		struct error *err = NULL;
		p.argv++;
		p.argc--;
		if (ended || word[0] != '-' || word[1] == '\0') {
			const char **argument = vec_push(&ret->words);
			if (!argument)
				return error_nomem();
			*argument = word;
		} else if (streq(word, "--")) {
			ended = true;
		} else if (word[1] == '-') {
			err = parse_long(&p, word + 2);
		} else {
			err = parse_letters(&p, word + 1);
		}
		if (err)
			return err;
	}
	return NULL;
}

void options_release(const struct option_table *table)
{
	const struct option *option;
	option_each(option, table->options) {
		if (option->type != OPTION_LIST)
			continue;
		struct option_list *list = field(table, option);
		free(list->items);
		*list = (struct option_list){ 0 };
	}
}

void arguments_release(struct arguments *arguments)
{
	vec_release(&arguments->words);
}
