#include "report/form.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "core/redact.h"
#include "core/str.h"

struct report *report_new(const struct record *root, const struct report_options *options,
			  FILE *out)
{
	struct report *r = malloc(sizeof(*r));
	if (!r)
		return NULL;
	/* The output's buffer stays untouched: a short report then costs a page of it, not 16. */
	memset(r, 0, offsetof(struct report, output));
	r->output.file = out;
	r->output.error = 0;
	r->output.begun = false;
	r->output.len = 0;
	r->options = *options;
	r->text = (struct text){ &r->output, options->color, options->width, STYLE_PLAIN };
	r->form = options->form == REPORT_JSON ? &json_form : &text_form;
	r->levels[r->depth++] = (struct level){ root, root->children, NULL };
	r->form->begin(r);
	return r;
}

void report_free(struct report *r)
{
	if (!r)
		return;
	struct note *note;
	vec_each(note, &r->notes)
		free(note->text);
	vec_release(&r->notes);
	free(r);
}

static bool failed(const struct report *r)
{
	return r->misuse || r->output.error;
}

static bool misused(struct report *r, const char *how)
{
	r->misuse = how;
	return false;
}

static bool comes_later(const struct level *parent, const struct record *record)
{
	for (const struct record *const *kind = parent->next; kind && *kind; kind++) {
		if (*kind == record)
			return true;
	}
	return false;
}

static void end_current(struct report *r, struct level *parent)
{
	if (parent->current)
		r->form->end_kind(r, parent->current, false);
	parent->current = NULL;
}

/* With secrets taken out of the strings, whatever analyzer has put them there. */
static bool open_redacted(struct report *r, const struct record *record, const struct value *values,
			  bool first)
{
	struct arena arena = ARENA_INIT;
	struct value *clean = arena_alloc(&arena, (record->column_count + 1) * sizeof(*clean));
	bool ok = clean;
	for (size_t i = 0; ok && i < record->column_count; i++) {
		_str_ struct str text = STR_INIT;
		clean[i] = values[i];
		if (record->columns[i].type != VALUE_STRING || values[i].state != VALUE_PRESENT)
			continue;
		str_add(&text, values[i].s.bytes, values[i].s.len);
		redact_text(r->options.redaction, &text, 0);
		clean[i] = value_bytes(arena_copy(&arena, text.buf, text.len), text.len);
		ok = clean[i].s.bytes && !text.failed;
	}
	if (ok)
		r->form->open(r, clean, first);
	arena_release(&arena);
	return ok;
}

bool report_open(struct report *r, const struct record *record, const struct value *values)
{
	if (failed(r))
		return false;
	if (r->depth == REPORT_DEPTH)
		return misused(r, "records are nested too deeply");
	struct level *parent = &r->levels[r->depth - 1];
	bool first = parent->current != record;
	if (!first && !record->list)
		return misused(r, "a record that is no list came twice");
	if (first) {
		if (!comes_later(parent, record))
			return misused(r, "a record came where its parent does not name it");
		end_current(r, parent);
		for (; *parent->next != record; parent->next++)
			r->form->end_kind(r, *parent->next, true);
		parent->next++;
		parent->current = record;
	}
	r->levels[r->depth++] = (struct level){ record, record->children, NULL };
	if (!r->options.redaction)
		r->form->open(r, values, first);
	else if (!open_redacted(r, record, values, first))
		r->output.error = ENOMEM;
	return !failed(r);
}

static void close_top(struct report *r)
{
	struct level *top = &r->levels[r->depth - 1];
	end_current(r, top);
	for (; top->next && *top->next; top->next++)
		r->form->end_kind(r, *top->next, true);
}

bool report_close(struct report *r)
{
	if (failed(r))
		return false;
	if (r->depth <= 1)
		return misused(r, "more records were closed than opened");
	close_top(r);
	r->form->close(r);
	r->depth--;
	return !failed(r);
}

bool report_row(struct report *r, const struct record *record, const struct value *values)
{
	return report_open(r, record, values) && report_close(r);
}

void report_note(struct report *r, enum note_level level, const char *text)
{
	r->loss |= level == NOTE_LOSS;
	_str_ struct str clean = STR_INIT;
	str_adds(&clean, text);
	redact_text(r->options.redaction, &clean, 0);
	char *copy = r->notes.len < REPORT_NOTES ? str_detach(&clean) : NULL;
	struct note *note = copy ? vec_push(&r->notes) : NULL;
	if (!note) {
		free(copy);
		r->notes_dropped++;
		return;
	}
	note->level = level;
	note->text = copy;
}

bool report_end(struct report *r)
{
	while (r->depth > 1 && report_close(r))
		;
	if (!failed(r)) {
		close_top(r);
		r->form->end(r);
	}
	output_flush(&r->output);
	return !failed(r);
}

bool report_discard(struct report *r)
{
	if (r->output.begun)
		return false;
	r->output.len = 0;
	return true;
}

bool report_has_loss(const struct report *r)
{
	return r->loss;
}

const char *report_failure(const struct report *r, bool *ret_reader_left)
{
	if (ret_reader_left)
		*ret_reader_left = !r->misuse && r->output.error == EPIPE;
	if (r->misuse)
		return r->misuse;
	return r->output.error ? strerror(r->output.error) : NULL;
}
