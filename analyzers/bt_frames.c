#include "analyzers/bt.h"

#include <inttypes.h>
#include "analyzers/words.h"
#include "core/redact.h"
#include "report/text.h"

/* --- records -------------------------------------------------------------------------------- */

enum local_column {
	LOCAL_NAME, LOCAL_KIND, LOCAL_TYPE, LOCAL_REPR, LOCAL_ADDRESS, LOCAL_CUT, LOCAL_SECTION,
	LOCAL_COLUMNS,
};

static const struct column local_columns[] = {
	[LOCAL_NAME] = COLUMN("name", STRING, "of the variable"),
	[LOCAL_KIND] = COLUMN("kind", STRING, "argument, local, cell or free"),
	[LOCAL_TYPE] =
		COLUMN("type", STRING, "of the value: plain for builtins, module.qualname else"),
	[LOCAL_REPR] = COLUMN("repr", STRING, "what repr() would give"),
	[LOCAL_ADDRESS] =
		COLUMN("address", ADDRESS, "of the value; null when it is in the slot itself"),
	[LOCAL_CUT] = COLUMN("cut", BOOL, "repr is not the whole"),
	[LOCAL_SECTION] = { .name = "section",
			    .type = VALUE_STRING,
			    .hidden = true,
			    .doc = "a heading above" },
};

static void local_text(struct text *out, const struct value *values)
{
	const struct value *section = &values[LOCAL_SECTION];
	if (section->state == VALUE_PRESENT) {
		text_style(out, STYLE_DIM);
		text_printf(out, "    %.*s:\n", (int)section->s.len, section->s.bytes);
		text_style(out, STYLE_PLAIN);
	}
	text_put(out, "      ", 6);
	text_value(out, &local_columns[LOCAL_NAME], &values[LOCAL_NAME]);
	text_put(out, " = ", 3);
	text_value(out, &local_columns[LOCAL_REPR], &values[LOCAL_REPR]);
	text_put(out, "\n", 1);
}

static const struct record local_record = {
	.name = "locals", .list = true, .doc = "in source order, with --locals",
	COLUMNS(local_columns), .text = local_text,
};

enum frame_column {
	FRAME_FILE, FRAME_LINE, FRAME_END_LINE, FRAME_COLUMN, FRAME_END_COLUMN, FRAME_NAME,
	FRAME_QUALNAME, FRAME_LINKAGE_NAME, FRAME_KIND, FRAME_ENTRY, FRAME_INLINED, FRAME_ADDRESS, FRAME_MODULE, FRAME_OFFSET,
	FRAME_SYMBOL_OFFSET, FRAME_FOUND_BY, FRAME_INTERNAL, FRAME_TITLE, FRAME_SOURCE,
	FRAME_FOLDED, FRAME_REPEATED, FRAME_COLUMNS,
};

static const struct column frame_columns[] = {
	[FRAME_FILE] = COLUMN("file", STRING, "the code's co_filename; of a native frame from DWARF"),
	[FRAME_LINE] = COLUMN("line", INT, "from 1; null when the instruction has none"),
	[FRAME_END_LINE] = COLUMN("end_line", INT, "null before 3.11"),
	[FRAME_COLUMN] = COLUMN("column", INT, "from 0, in UTF-8 bytes; null before 3.11; native: from 1"),
	[FRAME_END_COLUMN] = COLUMN("end_column", INT, "exclusive"),
	[FRAME_NAME] = COLUMN("name", STRING, "the code's co_name; of a native frame its symbol"),
	[FRAME_QUALNAME] = COLUMN("qualname", STRING, "the code's co_qualname; null before 3.11"),
	[FRAME_LINKAGE_NAME] = COLUMN("linkage_name", STRING,
				      "native: as linkers know it, where that differs from name"),
	[FRAME_KIND] = COLUMN("kind", STRING, "python, or with --native also native"),
	[FRAME_ENTRY] = COLUMN("entry", BOOL, "python: C called Python here"),
	[FRAME_INLINED] = COLUMN("inlined", BOOL, "native: into the frame before, which has its address"),
	[FRAME_ADDRESS] = COLUMN("address", ADDRESS, "native: the pc, or the return address"),
	[FRAME_MODULE] = COLUMN("module", STRING, "native: the file mapped there"),
	[FRAME_OFFSET] = COLUMN("offset", ADDRESS, "native: the address as that file counts it"),
	[FRAME_SYMBOL_OFFSET] = COLUMN("symbol_offset", UINT, "native: bytes from the symbol"),
	[FRAME_FOUND_BY] =
		COLUMN("found_by", STRING,
		       "native: registers, cfi, signal frame; or guessed by frame pointer, call"),
	[FRAME_INTERNAL] = COLUMN("internal", BOOL, "native: how the interpreter calls"),
	[FRAME_TITLE] = { .name = "title", .type = VALUE_STRING, .hidden = true,
			  .doc = "the name that text shows" },
	[FRAME_SOURCE] = { .name = "source", .type = VALUE_STRING, .hidden = true,
			   .doc = "source lines and carets, each with its newline" },
	[FRAME_FOLDED] = { .name = "folded", .type = VALUE_BOOL, .hidden = true,
			   .doc = "counted, not shown" },
	[FRAME_REPEATED] = { .name = "repeated", .type = VALUE_INT, .hidden = true,
			     .doc = "how many were folded up to here" },
};

/* Lines of a source file: tabs may pass, everything else that moves a cursor may not. */
static void source_text(struct text *out, const struct value *source)
{
	const char *p = source->s.bytes, *end = p + source->s.len;
	while (p < end) {
		size_t n = 0;
		while (p + n < end && p[n] != '\n' && p[n] != '\t')
			n++;
		text_escaped(out, p, n);
		if (p + n < end)
			text_put(out, p + n++, 1);
		p += n;
	}
}

static void python_text(struct text *out, const struct value *values)
{
	text_printf(out, "  File \"");
	text_style(out, STYLE_FILE);
	text_value(out, &frame_columns[FRAME_FILE], &values[FRAME_FILE]);
	text_style(out, STYLE_PLAIN);
	text_printf(out, "\", line ");
	text_style(out, STYLE_LINE);
	text_value(out, &frame_columns[FRAME_LINE], &values[FRAME_LINE]);
	text_style(out, STYLE_PLAIN);
	text_printf(out, ", in ");
	text_style(out, STYLE_NAME);
	text_value(out, &frame_columns[FRAME_TITLE], &values[FRAME_TITLE]);
	text_style(out, STYLE_PLAIN);
	text_put(out, "\n", 1);
	if (values[FRAME_SOURCE].state == VALUE_PRESENT)
		source_text(out, &values[FRAME_SOURCE]);
}

/* Not "File": tools that read tracebacks pass over a line that begins otherwise. */
static void native_text(struct text *out, const struct value *values)
{
	text_style(out, STYLE_DIM);
	text_printf(out, "  [C] 0x%012" PRIx64 " ", values[FRAME_ADDRESS].u);
	text_style(out, STYLE_NAME);
	text_value(out, &frame_columns[FRAME_TITLE], &values[FRAME_TITLE]);
	text_style(out, STYLE_PLAIN);
	if (values[FRAME_SOURCE].state == VALUE_PRESENT) {
		text_style(out, STYLE_DIM);
		text_value(out, &frame_columns[FRAME_SOURCE], &values[FRAME_SOURCE]);
		text_style(out, STYLE_PLAIN);
	}
	text_put(out, "\n", 1);
}

static void frame_text(struct text *out, const struct value *values)
{
	bool is_native = values[FRAME_ADDRESS].state == VALUE_PRESENT;
	if (!values[FRAME_FOLDED].b)
		(is_native ? native_text : python_text)(out, values);
	int64_t repeated = values[FRAME_REPEATED].i;
	if (values[FRAME_REPEATED].state == VALUE_PRESENT)
		text_printf(out, "  [Previous line repeated %" PRId64 " more time%s]\n", repeated,
			    repeated > 1 ? "s" : "");
}

static const struct record *const frame_children[] = { &local_record, NULL };

const struct record bt_frame_record = {
	.name = "frames", .list = true, .doc = "oldest first, as a traceback runs",
	COLUMNS(frame_columns), .children = frame_children, .text = frame_text,
};

/* --- frames --------------------------------------------------------------------------------- */

void bt_frames_release(struct bt_frames *frames)
{
	vec_release(&frames->list);
	vec_release(&frames->calls);
	vec_release(&frames->items);
	activations_release(&frames->activations);
}

/* --limit counts what is shown. */
static void limit_items(const struct bt *bt, struct bt_frames *frames)
{
	if (!bt->limit || !bt->unwinder || frames->items.len <= bt->limit)
		return;
	frames->omitted += frames->items.len - bt->limit;
	frames->items.len = bt->limit;
}

bool bt_frames_collect(struct bt *bt, const struct pythread *thread, struct bt_frames *ret)
{
	struct frame_iter it = frames_of(bt->session->runtime, thread);
	struct frame frame;
	ret->list.len = 0;
	ret->omitted = 0;
	if (bt->unwinder && !frame_activations(&it, &ret->activations))
		return false;
	while (frame_next(&it, &frame)) {
		if (!bt->frames_left) {
			it.chain.limit = it.chain.count;
			it.chain.end = CHAIN_LIMIT;
			break;
		}
		bt->frames_left--;
		if (bt->limit && !bt->unwinder && ret->list.len >= bt->limit) {
			ret->omitted++;
			continue;
		}
		struct frame *place = vec_push(&ret->list);
		if (!place)
			return false;
		*place = frame;
	}
	ret->broken = it.broken;
	ret->chain = it.chain;
	ret->gaps = it.gaps;
	ret->gap_at = it.gap_at;
	if (!bt_native_collect(bt, thread->os, ret))
		return false;
	limit_items(bt, ret);
	return true;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && streq(a, b));
}

static bool same_line(const struct frame *a, const struct frame *b)
{
	return a->position.line == b->position.line && a->code->filename && a->code->name &&
	       (a->code == b->code || (same_text(a->code->filename, b->code->filename) &&
				       same_text(a->code->name, b->code->name)));
}

static bool same_item(const struct bt_frames *frames, size_t a, size_t b)
{
	const struct bt_item *x = &frames->items.items[a], *y = &frames->items.items[b];
	if (x->is_native != y->is_native)
		return false;
	if (x->is_native)
		return frames->calls.items[x->index].frame.pc ==
		       frames->calls.items[y->index].frame.pc;
	return same_line(&frames->list.items[x->index], &frames->list.items[y->index]);
}

/* As _RECURSIVE_CUTOFF of Lib/traceback.py: of a run of frames on the same line three are shown.
 * 2.7 does not fold. */
enum { SHOWN_OF_RUN = 3 };
struct fold {
	bool enabled;
	size_t run;			/* frames of this line so far, this one included */
};

/* The items run innermost first, i counts down through them. */
static void fold_frame(struct fold *fold, const struct bt_frames *frames, size_t i,
		       struct value *values)
{
	bool goes_on = i + 1 < frames->items.len && same_item(frames, i, i + 1);
	fold->run = goes_on ? fold->run + 1 : 1;
	bool enabled = fold->enabled || frames->items.items[i].is_native;
	bool is_folded = enabled && fold->run > SHOWN_OF_RUN;
	bool is_last = i == 0 || !same_item(frames, i - 1, i);
	values[FRAME_FOLDED] = value_bool(is_folded);
	if (is_folded && is_last)
		values[FRAME_REPEATED] = value_int((int64_t)(fold->run - SHOWN_OF_RUN));
}

static struct value name_value(const char *name, const struct code *code)
{
	return name ? value_str(name) : value_lost(code->at);
}

static void position_values(const struct frame *frame, struct value *values)
{
	const struct position *p = &frame->position;
	if (frame->position_lost) {
		values[FRAME_LINE] = value_lost(frame->code->line_table);
		return;
	}
	if (p->line > 0)
		values[FRAME_LINE] = value_int(p->line);
	if (p->end_line > 0)
		values[FRAME_END_LINE] = value_int(p->end_line);
	if (p->column >= 0)
		values[FRAME_COLUMN] = value_int(p->column);
	if (p->end_column >= 0)
		values[FRAME_END_COLUMN] = value_int(p->end_column);
}

static void source_value(struct bt *bt, const struct frame *frame, struct value *ret)
{
	const struct source *source = bt->sources && frame->code->filename
					      ? sources_find(bt->sources, frame->code->filename)
					      : NULL;
	if (!source)
		return;
	str_reset(&bt->source_lines);
	traceback_source(&bt->rule, source, &frame->position, &bt->source_lines);
	if (bt->source_lines.len)
		*ret = value_bytes(bt->source_lines.buf, bt->source_lines.len);
}

/* --- variables ------------------------------------------------------------------------------ */

static const char *const kind_names[] = {
	[VARIABLE_ARGUMENT] = "argument",
	[VARIABLE_LOCAL] = "local",
	[VARIABLE_CELL] = "cell",
	[VARIABLE_FREE] = "free",
};
static const char *const section_names[] = {
	[VARIABLE_ARGUMENT] = "arguments",
	[VARIABLE_LOCAL] = "locals",
	[VARIABLE_CELL] = "cells",
	[VARIABLE_FREE] = "free variables",
};

static const struct repr_limits *limits_of(const struct bt *bt)
{
	if (bt->locals == LOCALS_FULL)
		return &repr_limits_full;
	return bt->session->text_form ? &repr_limits_text : &repr_limits_json;
}

static bool report_local(struct bt *bt, const struct local *local, const char *section)
{
	struct runtime *rt = bt->session->runtime;
	struct object object;
	const struct pytype *type;
	struct value values[LOCAL_COLUMNS] = {
		[LOCAL_NAME] = local->name ? value_str(local->name) : value_absent(),
		[LOCAL_KIND] = value_str(kind_names[local->kind]),
		[LOCAL_CUT] = value_bool(false),
		[LOCAL_SECTION] = value_str(section),
	};
	str_reset(&bt->repr);
	if (redacts_name(rt->redaction, local->name) && !redacts_all(rt->redaction)) {
		str_adds(&bt->repr, REDACTED);
		if (!local->is_int && object_load(rt, local->value, &object))
			values[LOCAL_TYPE] = value_str(object.type->full_name);
	} else if (local->is_int && redacts_all(rt->redaction)) {
		str_adds(&bt->repr, "<int>");
		values[LOCAL_TYPE] = value_str("int");
	} else if (local->is_int) {
		str_printf(&bt->repr, "%" PRId64, (int64_t)local->value);
		values[LOCAL_TYPE] = value_str("int");
	} else if (redacts_all(rt->redaction) && (type = object_type(rt, local->value))) {
		/* Of itself no byte is read. */
		object_repr(rt, local->value, limits_of(bt), &bt->repr);
		values[LOCAL_TYPE] = value_str(type->full_name);
		values[LOCAL_ADDRESS] = value_uint(local->value);
	} else if (object_load(rt, local->value, &object)) {
		unsigned missing = object_repr(rt, local->value, limits_of(bt), &bt->repr);
		bt->lost_values += (missing & REPR_LOST) != 0;
		values[LOCAL_CUT] = value_bool(missing & REPR_CUT);
		values[LOCAL_TYPE] = value_str(object.type->full_name);
		values[LOCAL_ADDRESS] = value_uint(local->value);
	} else {
		bt->lost_values++;
		values[LOCAL_TYPE] = values[LOCAL_REPR] = value_lost(local->value);
		values[LOCAL_ADDRESS] = value_uint(local->value);
		return report_row(bt->report, &local_record, values);
	}
	values[LOCAL_REPR] = value_bytes(bt->repr.buf, bt->repr.len);
	return report_row(bt->report, &local_record, values);
}

/* What a module's namespace holds for Python's own use is no news in text. */
static bool is_noise(const struct bt *bt, const struct local *local)
{
	if (!bt->session->text_form || !local->from_namespace)
		return false;
	size_t len = strlen(local->name);
	return len > 4 && has_prefix(local->name, "__") && streq(local->name + len - 2, "__");
}

static bool report_locals(struct bt *bt, const struct frame *frame)
{
	struct local_iter it = locals_of(bt->session->runtime, frame);
	struct local local;
	bool any = false, ok = true;
	enum variable_kind section = VARIABLE_ARGUMENT;
	while (ok && local_next(&it, &local)) {
		if (is_noise(bt, &local))
			continue;
		bool is_new = !any || local.kind != section;
		any = true;
		section = local.kind;
		ok = report_local(bt, &local, is_new ? section_names[section] : NULL);
	}
	return ok;
}

static bool report_frame(struct bt *bt, const struct frame *frame, struct value *values)
{
	const struct code *code = frame->code;
	bool has_qualname = HAS(&bt->session->runtime->layout, PyCodeObject, co_qualname);
	bool is_hidden = bt->session->text_form && values[FRAME_FOLDED].b;
	values[FRAME_FILE] = name_value(code->filename, code);
	values[FRAME_NAME] = name_value(code->name, code);
	if (has_qualname)
		values[FRAME_QUALNAME] = name_value(code->qualname, code);
	values[FRAME_TITLE] = bt->session->runtime->layout.dialect.qualname_shown && code->qualname
				      ? values[FRAME_QUALNAME]
				      : values[FRAME_NAME];
	values[FRAME_KIND] = value_str("python");
	values[FRAME_ENTRY] = value_bool(frame->is_entry);
	position_values(frame, values);
	if (!is_hidden)
		source_value(bt, frame, &values[FRAME_SOURCE]);
	bool ok = report_open(bt->report, &bt_frame_record, values);
	if (ok && bt->locals != LOCALS_NONE && !is_hidden)
		ok = report_locals(bt, frame);
	return ok && report_close(bt->report);
}

static const char *const found_names[] = {
	[UNWIND_REGISTERS] = "registers", [UNWIND_CFI] = "cfi", [UNWIND_SIGNAL] = "signal frame",
	[UNWIND_POINTER] = "frame pointer", [UNWIND_CALL] = "call",
};

/* "+0x1a (libc.so.6+0x3c3f3), found by frame pointer" */
static void call_words(const struct bt_call *call, bool with_offset, struct str *ret)
{
	const struct native_frame *f = &call->frame;
	if (call->symbol.name && !f->is_signal)
		str_printf(ret, "+0x%" PRIx64, f->pc - call->symbol.addr);
	if (call->module)
		str_printf(ret, " (%s", path_base(call->module->path));
	if (call->module && with_offset)
		str_printf(ret, "+0x%" PRIx64, f->pc - call->module->bias);
	if (call->module)
		str_addc(ret, ')');
	if (f->by == UNWIND_POINTER || f->by == UNWIND_CALL)
		str_printf(ret, ", guessed by %s",
			   f->by == UNWIND_CALL ? "the return address" : "the frame pointer");
}

/* " at Objects/dictobject.c:12" */
static void place_values(const struct bt *bt, const struct place *place, struct value *values,
			 struct str *words)
{
	if (place->file)
		values[FRAME_FILE] = value_str(place->file);
	if (place->line)
		values[FRAME_LINE] = value_int(place->line);
	if (place->column)
		values[FRAME_COLUMN] = value_int(place->column);
	if (place->file && place->line)
		str_printf(words, " at %s:%" PRIu32,
			   bt->short_paths ? path_base(place->file) : place->file, place->line);
}

/* What was inlined at the call's address: the function itself, which has been reported, then the
 * calls in it. shared: of all of them. */
static bool report_inlined(struct bt *bt, const struct place *places, size_t count,
			   const struct value *shared, const struct value *repeated)
{
	bool ok = true;
	for (size_t i = count; ok && i-- > 0;) {
		const struct place *p = &places[i];
		struct value values[FRAME_COLUMNS];
		memcpy(values, shared, sizeof(values));
		values[FRAME_INLINED] = value_bool(true);
		values[FRAME_NAME] = value_str(p->function);
		values[FRAME_LINKAGE_NAME] = value_str(p->linkage);
		values[FRAME_TITLE] = value_str(p->function ? p->function : "<no name>");
		if (i == 0)
			values[FRAME_REPEATED] = *repeated;
		str_reset(&bt->source_lines);
		str_adds(&bt->source_lines, " (inlined)");
		place_values(bt, p, values, &bt->source_lines);
		values[FRAME_SOURCE] = value_bytes(bt->source_lines.buf, bt->source_lines.len);
		ok = report_row(bt->report, &bt_frame_record, values);
	}
	return ok;
}

static bool report_call(struct bt *bt, const struct bt_call *call, struct value *values)
{
	const struct native_frame *f = &call->frame;
	struct symbols *symbols = bt->session->symbols;
	size_t count = 0;
	const struct place *places = f->is_signal ? NULL : places_at(symbols, f->lookup, &count);
	const struct value repeated = values[FRAME_REPEATED];
	struct value shared[FRAME_COLUMNS];
	values[FRAME_KIND] = value_str("native");
	values[FRAME_ADDRESS] = value_uint(f->pc);
	values[FRAME_FOUND_BY] = value_str(found_names[f->by]);
	values[FRAME_INTERNAL] = value_bool(call->is_internal);
	values[FRAME_INLINED] = value_bool(false);
	if (call->module) {
		values[FRAME_MODULE] = value_str(call->module->path);
		values[FRAME_OFFSET] = value_uint(f->pc - call->module->bias);
	}
	memcpy(shared, values, sizeof(shared));
	shared[FRAME_REPEATED] = value_absent();
	if (call->symbol.name) {
		const char *name = places_name(symbols, call->symbol.name);
		values[FRAME_NAME] = value_str(name);
		if (!streq(name, call->symbol.name))
			values[FRAME_LINKAGE_NAME] = value_str(call->symbol.name);
		values[FRAME_SYMBOL_OFFSET] = value_uint(f->pc - call->symbol.addr);
	} else if (count) {
		values[FRAME_NAME] = value_str(places[count - 1].function);
	}
	values[FRAME_TITLE] = f->is_signal ? value_str("<signal handler called>")
			      : values[FRAME_NAME].state == VALUE_PRESENT ? values[FRAME_NAME]
			      : value_str(call->module ? "<no symbol>" : "<no code there>");
	str_reset(&bt->source_lines);
	call_words(call, !bt->short_paths || !count, &bt->source_lines);
	if (count)
		place_values(bt, &places[count - 1], values, &bt->source_lines);
	if (count > 1)
		values[FRAME_REPEATED] = value_absent();
	values[FRAME_SOURCE] = value_bytes(bt->source_lines.buf, bt->source_lines.len);
	return report_row(bt->report, &bt_frame_record, values) &&
	       (count < 2 || report_inlined(bt, places, count - 1, shared, &repeated));
}

bool bt_frames_report(struct bt *bt, const struct bt_frames *frames)
{
	const struct runtime *rt = bt->session->runtime;
	struct fold fold = { .enabled = !rt || rt->layout.version.major >= 3 };
	bool ok = true;
	for (size_t i = frames->items.len; ok && i-- > 0;) {
		const struct bt_item *item = &frames->items.items[i];
		struct value values[FRAME_COLUMNS] = { 0 };
		fold_frame(&fold, frames, i, values);
		if (item->is_native)
			ok = report_call(bt, &frames->calls.items[item->index], values);
		else
			ok = report_frame(bt, &frames->list.items[item->index], values);
	}
	return ok;
}
