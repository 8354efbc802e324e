/* The report as one JSON document. A record is one line with its columns; its children stand below
 * it, one deeper, so that grep finds whole records:
 *
 *	{"pycore": {"format": 1, "command": "bt", "version": "0.1.0"},
 *	 "process": {"pid": 42, "argv": ["python3", "app.py"], ...},
 *	 "threads": [
 *	  {"tid": 42, "name": "MainThread", ...,
 *	   "frames": [
 *	    {"file": "app.py", "line": 3, ..., "locals": []}]}],
 *	 "notes": []}
 */
#include "report/form.h"
#include "report/utf8.h"

#include <math.h>

/* What stands for itself in a string: printable ASCII but the quote and the backslash. */
static inline bool is_plain(uint8_t c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void put_escape(struct output *o, uint32_t c)
{
	static const char hex[] = "0123456789abcdef";
	static const char letters[] = "\bb\ff\nn\rr\tt\"\"\\\\";
	char unit[6] = "\\u";
	for (int i = 0; i < 4; i++)
		unit[2 + i] = hex[c >> (12 - 4 * i) & 15];
	bool may_be_letter = c < 0x20 || c == '"' || c == '\\';
	const char *letter = c && may_be_letter ? strchr(letters, (int)c) : NULL;
	if (c == UTF8_INVALID) {
		output_put(o, "\xef\xbf\xbd", 3);
	} else if (letter) {
		char pair[2] = { '\\', letter[1] };
		output_put(o, pair, 2);
	} else if (c >= 0x10000) {
		put_escape(o, 0xd800 + ((c - 0x10000) >> 10));
		put_escape(o, 0xdc00 + ((c - 0x10000) & 0x3ff));
	} else {
		output_put(o, unit, 6);
	}
}

void json_string(struct output *o, const char *bytes, size_t len)
{
	const uint8_t *p = (const uint8_t *)bytes, *end = p + len, *run = p;
	output_char(o, '"');
	while (p < end) {
		if (is_plain(*p)) {
			p++;
			continue;
		}
		uint32_t c;
		size_t used = utf8_next(p, end, &c);
		/* Two surrogates that happen to form a pair are read back as one character:
		 * JSON has no way to keep them apart. */
		if (c == UTF8_INVALID || c == '"' || c == '\\' || utf8_is_surrogate(c) ||
		    utf8_is_unsafe(c)) {
			output_put(o, (const char *)run, (size_t)(p - run));
			put_escape(o, c);
			run = p + used;
		}
		p += used;
	}
	output_put(o, (const char *)run, (size_t)(end - run));
	output_char(o, '"');
}

static void put_address(struct output *o, uint64_t at)
{
	output_char(o, '"');
	output_address(o, at);
	output_char(o, '"');
}

static void put_strings(struct output *o, const struct value *v)
{
	output_char(o, '[');
	for (size_t i = 0; i < v->list.count; i++) {
		const char *item = v->list.items[i];
		if (i)
			output_put(o, ", ", 2);
		if (item)
			json_string(o, item, strlen(item));
		else
			output_put(o, "null", 4);
	}
	output_char(o, ']');
}

static void put_present(struct output *o, enum value_type type, const struct value *v)
{
	switch (type) {
	case VALUE_BOOL:
		output_puts(o, v->b ? "true" : "false");
		break;
	case VALUE_INT:
		output_int(o, v->i);
		break;
	case VALUE_UINT:
		output_uint(o, v->u);
		break;
	case VALUE_FLOAT:	/* JSON knows neither infinity nor NaN */
		if (isfinite(v->f))
			output_double(o, v->f);
		else
			output_put(o, "null", 4);
		break;
	case VALUE_ADDRESS:
		put_address(o, v->u);
		break;
	case VALUE_STRING:
		json_string(o, v->s.bytes, v->s.len);
		break;
	case VALUE_STRINGS:
		put_strings(o, v);
		break;
	case VALUE_TIME:
		output_char(o, '"');
		output_time(o, v->i);
		output_char(o, '"');
		break;
	}
}

static void put_value(struct output *o, enum value_type type, const struct value *v)
{
	if (!v || v->state == VALUE_ABSENT) {
		output_put(o, "null", 4);
	} else if (v->state == VALUE_LOST) {
		output_puts(o, "{\"lost\": ");
		put_address(o, v->u);
		output_char(o, '}');
	} else {
		put_present(o, type, v);
	}
}

/* Keys come from our own tables and need no escaping. */
static void put_key(struct output *o, const char *name)
{
	output_char(o, '"');
	output_puts(o, name);
	output_put(o, "\": ", 3);
}

static void new_line(struct output *o, size_t depth)
{
	static const char newline[2 * REPORT_DEPTH + 3] = "\n                                 ";
	output_put(o, newline, 1 + depth);
}

/* Does anything stand in the open record before what comes now? Its own columns, or a kind. */
static bool is_first_member(const struct report *r, const struct level *level)
{
	if (level == r->levels)
		return false;	/* "pycore" */
	for (size_t i = 0; i < level->record->column_count; i++) {
		if (!level->record->columns[i].hidden)
			return false;
	}
	return level->next == level->record->children;
}

/* Each open record indents by one, and by one more when it stands in a list. */
static size_t indent(const struct report *r, size_t depth)
{
	size_t spaces = 1;
	for (size_t i = 1; i < depth; i++)
		spaces += 1 + r->levels[i].record->list;
	return spaces;
}

static void json_begin(struct report *r)
{
	struct output *o = &r->output;
	output_puts(o, "{\"pycore\": {\"format\": 1, \"command\": ");
	json_string(o, r->options.command, strlen(r->options.command));
	output_puts(o, ", \"version\": ");
	json_string(o, r->options.version, strlen(r->options.version));
	output_char(o, '}');
}

static void json_open(struct report *r, const struct value *values, bool first)
{
	struct output *o = &r->output;
	const struct level *level = &r->levels[r->depth - 1], *parent = level - 1;
	const struct record *record = level->record;
	size_t spaces = indent(r, r->depth - 1);
	if (first) {
		/* report.c has stepped over this kind already: only what was before it counts. */
		struct level before = *parent;
		before.next--;
		if (parent == r->levels || !is_first_member(r, &before))
			output_char(o, ',');
		new_line(o, spaces);
		put_key(o, record->name);
		if (record->list)
			output_char(o, '[');
	} else {
		output_char(o, ',');
	}
	if (record->list)
		new_line(o, spaces + 1);
	output_char(o, '{');
	bool comma = false;
	for (size_t i = 0; i < record->column_count; i++) {
		const struct column *column = &record->columns[i];
		if (column->hidden)
			continue;
		if (comma)
			output_put(o, ", ", 2);
		comma = true;
		put_key(o, column->name);
		put_value(o, column->type, values ? &values[i] : NULL);
	}
}

static void json_close(struct report *r)
{
	output_char(&r->output, '}');
}

static void json_end_kind(struct report *r, const struct record *kind, bool missing)
{
	struct output *o = &r->output;
	if (!missing) {
		if (kind->list)
			output_char(o, ']');
		return;
	}
	if (!is_first_member(r, &r->levels[r->depth - 1]))
		output_put(o, ", ", 2);
	put_key(o, kind->name);
	output_puts(o, kind->list ? "[]" : "null");
}

static void json_end(struct report *r)
{
	struct output *o = &r->output;
	const struct note *note;
	output_puts(o, ",\n \"notes\": [");
	vec_each(note, &r->notes) {
		output_puts(o, note == r->notes.items ? "\n  " : ",\n  ");
		output_puts(o, note->level == NOTE_LOSS ? "{\"level\": \"loss\", \"text\": " :
							  "{\"level\": \"info\", \"text\": ");
		json_string(o, note->text, strlen(note->text));
		output_char(o, '}');
	}
	if (r->notes_dropped) {
		output_puts(o, ",\n  {\"level\": \"info\", \"text\": \"");
		output_uint(o, r->notes_dropped);
		output_puts(o, " more notes\"}");
	}
	output_puts(o, "]}\n");
}

const struct form json_form = { json_begin, json_open, json_close, json_end_kind, json_end };
