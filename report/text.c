/* The report as text: each record's own text(), then the notes on lines of their own. */
#include "report/form.h"
#include "report/utf8.h"

#include <stdio.h>
#include <stdlib.h>

void text_put(struct text *t, const char *bytes, size_t len)
{
	output_put(t->output, bytes, len);
}

void text_printf(struct text *t, const char *fmt, ...)
{
	char line[1024], *large = NULL;
	va_list ap, again;
	va_start(ap, fmt);
	va_copy(again, ap);
	int len = vsnprintf(line, sizeof(line), fmt, ap);
	if (len >= (int)sizeof(line) && vasprintf(&large, fmt, again) >= 0)
		text_put(t, large, (size_t)len);
	else if (len > 0)
		text_put(t, line, (size_t)len < sizeof(line) ? (size_t)len : sizeof(line) - 1);
	free(large);
	va_end(again);
	va_end(ap);
}

void text_style(struct text *t, enum style style)
{
	/* The file, line and name are magenta where Python 3.13 and later paint them so. */
	static const char *const codes[] = {
		[STYLE_PLAIN] = "\x1b[0m",    [STYLE_HEADING] = "\x1b[0;1m",
		[STYLE_DIM] = "\x1b[0;2m",    [STYLE_FILE] = "\x1b[0;35m",
		[STYLE_LINE] = "\x1b[0;35m",  [STYLE_NAME] = "\x1b[0;35m",
		[STYLE_BAD] = "\x1b[0;1;31m", [STYLE_MARK] = "\x1b[0;31m",
	};
	if (!t->color || t->style == style || (size_t)style >= sizeof(codes) / sizeof(codes[0]))
		return;
	t->style = style;
	output_puts(t->output, codes[style]);
}

unsigned text_width(const struct text *t)
{
	return t->width;
}

static void put_visible(struct text *t, uint32_t c)
{
	switch (c) {
	case '\n': text_put(t, "\\n", 2); break;
	case '\r': text_put(t, "\\r", 2); break;
	case '\t': text_put(t, "\\t", 2); break;
	case UTF8_INVALID: text_put(t, "\\ufffd", 6); break;
	default: text_printf(t, c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
	}
}

void text_escaped(struct text *t, const char *bytes, size_t len)
{
	const uint8_t *p = (const uint8_t *)bytes, *end = p + len, *run = p;
	while (p < end) {
		if (*p >= 0x20 && *p < 0x7f) {
			p++;
			continue;
		}
		uint32_t c;
		size_t used = utf8_next(p, end, &c);
		if (c == UTF8_INVALID || utf8_is_surrogate(c) || utf8_is_unsafe(c)) {
			text_put(t, (const char *)run, (size_t)(p - run));
			put_visible(t, c);
			run = p + used;
		}
		p += used;
	}
	text_put(t, (const char *)run, (size_t)(end - run));
}

static void put_strings(struct text *t, const struct value *v)
{
	for (size_t i = 0; i < v->list.count; i++) {
		if (i)
			text_put(t, " ", 1);
		if (v->list.items[i])
			text_escaped(t, v->list.items[i], strlen(v->list.items[i]));
		else
			text_put(t, "?", 1);
	}
}

void text_value(struct text *t, const struct column *c, const struct value *v)
{
	struct output *o = t->output;
	if (v->state == VALUE_ABSENT) {
		text_put(t, "?", 1);
		return;
	}
	if (v->state == VALUE_LOST) {
		output_puts(o, "<lost ");
		output_address(o, v->u);
		output_char(o, '>');
		return;
	}
	switch (c->type) {
	case VALUE_BOOL: output_puts(o, v->b ? "yes" : "no"); break;
	case VALUE_INT: output_int(o, v->i); break;
	case VALUE_UINT: output_uint(o, v->u); break;
	case VALUE_FLOAT: text_printf(t, "%g", v->f); break;
	case VALUE_ADDRESS: output_address(o, v->u); break;
	case VALUE_STRING: text_escaped(t, v->s.bytes, v->s.len); break;
	case VALUE_STRINGS: put_strings(t, v); break;
	case VALUE_TIME: output_time(o, v->i); break;
	}
}

static void form_begin(struct report *r)
{
}

static void form_open(struct report *r, const struct value *values, bool first)
{
	const struct record *record = r->levels[r->depth - 1].record;
	if (record->text)
		record->text(&r->text, values);
}

static void form_close(struct report *r)
{
	const struct record *record = r->levels[r->depth - 1].record;
	if (record->text_close)
		record->text_close(&r->text);
}

static void form_end_kind(struct report *r, const struct record *kind, bool missing)
{
}

static void put_note(struct text *t, enum style style, const char *kind, const char *text)
{
	text_style(t, style);
	output_puts(t->output, kind);
	text_style(t, STYLE_PLAIN);
	text_escaped(t, text, strlen(text));
	text_put(t, "\n", 1);
}

static void form_end(struct report *r)
{
	const struct note *note;
	text_style(&r->text, STYLE_PLAIN);
	bool any = false;
	vec_each(note, &r->notes) {
		if (r->options.quiet && note->level == NOTE_INFO)
			continue;
		if (!any)
			text_put(&r->text, "\n", 1);
		any = true;
		if (note->level == NOTE_LOSS)
			put_note(&r->text, STYLE_BAD, "lost: ", note->text);
		else
			put_note(&r->text, STYLE_DIM, "note: ", note->text);
	}
	if (r->notes_dropped && !r->options.quiet)
		text_printf(&r->text, "note: %llu more notes\n",
			    (unsigned long long)r->notes_dropped);
}

const struct form text_form = { form_begin, form_open, form_close, form_end_kind, form_end };
