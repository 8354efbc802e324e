/* Compares pycore's line tables and carets with what a Python says (truth.py's output on standard
 * input). Prints the first differences; the exit code is 1 when there is any. */
#include <inttypes.h>
#include <stdio.h>

#include "analyzers/traceback.h"
#include "core/trace.h"

enum { MAX_SHOWN = 10 };

static unsigned long checked, differing;

static bool differs(void)
{
	return differing++ < MAX_SHOWN;
}

/* --- line tables --------------------------------------------------------------------------- */

struct table {
	char kind[16];
	int64_t first_line;
	uint8_t *bytes;
	size_t len;
};

static void read_table(const char *line, struct table *t)
{
	int at = 0;
	free(t->bytes);
	sscanf(line, "T %15s %" SCNd64 " %n", t->kind, &t->first_line, &at);
	const char *hex = line + at;
	size_t digits = strspn(hex, "0123456789abcdef");
	t->len = digits / 2;
	t->bytes = malloc(t->len + 1);
	for (size_t i = 0; t->bytes && i < t->len; i++)
		sscanf(hex + 2 * i, "%2hhx", &t->bytes[i]);
}

static void check_position(const char *line, const struct table *t)
{
	int64_t lasti, want[4] = { 0, 0, -1, -1 }, got_line = 0;
	int n = sscanf(line, "Q %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64, &lasti,
		       &want[0], &want[1], &want[2], &want[3]);
	struct position got = { .column = -1, .end_column = -1 };
	checked++;
	if (streq(t->kind, "locations"))
		lines_locations(t->bytes, t->len, t->first_line, lasti, &got);
	else if (streq(t->kind, "linetable"))
		lines_linetable(t->bytes, t->len, t->first_line, lasti, &got_line);
	else
		lines_lnotab(t->bytes, t->len, streq(t->kind, "signed"), t->first_line, lasti,
			     &got_line);
	if (n < 4)
		got.line = got_line;
	bool same = got.line == want[0] && got.end_line == want[1] && got.column == want[2] &&
		    got.end_column == want[3];
	if (!same && differs())
		printf("table %s at %" PRId64 ": %" PRId64 "-%" PRId64 ":%" PRId64 "-%" PRId64
		       ", not %" PRId64 "-%" PRId64 ":%" PRId64 "-%" PRId64 "\n",
		       t->kind, lasti, got.line, got.end_line, got.column, got.end_column, want[0],
		       want[1], want[2], want[3]);
}

/* --- carets -------------------------------------------------------------------------------- */

struct carets {
	struct traceback_rule rule;
	struct source source;
	char *text, *path;		/* the file's */
	struct position position;
	bool pending;
	struct str expected;
};

static void check_carets(struct carets *c)
{
	if (!c->pending)
		return;
	_str_ struct str got = STR_INIT;
	traceback_source(&c->rule, &c->source, &c->position, &got);
	checked++;
	if (!streq(got.buf, c->expected.buf) && differs())
		printf("%s:%" PRId64 "-%" PRId64 ":%" PRId64 "-%" PRId64
		       "\n--- pycore\n%s--- python\n%s",
		       c->path, c->position.line, c->position.end_line, c->position.column,
		       c->position.end_column, got.buf, c->expected.buf);
	c->pending = false;
}

static void open_source(struct carets *c, const char *path)
{
	check_carets(c);
	source_release(&c->source);
	free(c->text);
	free(c->path);
	c->text = NULL;
	c->path = strdup(path);
	FILE *file = fopen(path, "re");
	size_t len = 0;
	if (!file || getdelim(&c->text, &len, EOF, file) < 0)
		fprintf(stderr, "%s: cannot be read\n", path);
	if (c->text)
		source_init(&c->source, c->text, strlen(c->text));
	if (file)
		fclose(file);
}

static void read_line(char *line, struct table *t, struct carets *c)
{
	struct python_version v = { 0 };
	switch (line[0]) {
	case 'T': read_table(line, t); break;
	case 'Q': check_position(line, t); break;
	case 'V':
		sscanf(line, "V %hhu %hhu %hhu", &v.major, &v.minor, &v.micro);
		c->rule = traceback_rule_for(&v);
		break;
	case 'F': open_source(c, line + 2); break;
	case 'P':
		check_carets(c);
		sscanf(line, "P %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64, &c->position.line,
		       &c->position.end_line, &c->position.column, &c->position.end_column);
		str_reset(&c->expected);
		c->pending = true;
		break;
	case 'E':
		str_adds(&c->expected, line + 2);
		str_addc(&c->expected, '\n');
		break;
	}
}

int main(void)
{
	struct table table = { 0 };
	struct carets carets = { .expected = STR_INIT };
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	while ((len = getline(&line, &size, stdin)) > 0) {
		if (line[len - 1] == '\n')
			line[len - 1] = '\0';
		read_line(line, &table, &carets);
	}
	check_carets(&carets);
	printf("%lu positions, %lu differ\n", checked, differing);
	source_release(&carets.source);
	str_release(&carets.expected);
	free(carets.text);
	free(carets.path);
	free(table.bytes);
	free(line);
	return differing != 0 || checked == 0;
}
