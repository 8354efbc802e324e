/* pycore crash: why it died, on one screen. */
#include "analyzers/crash.h"

#include <inttypes.h>
#include <signal.h>
#include "analyzers/words.h"
#include "core/checked.h"
#include "report/text.h"

/* One screen, as it is pasted into a bug report. */
enum { SCREEN_LINES = 50, SCREEN_WIDTH = 100, STACK_SHOWN = 24, STACK_LEAST = 8,
       PYTHON_LEAST = 4, BEYOND = 5 };

struct crash_config {
	uint64_t limit;
	const char *lines;
};

static const struct option crash_options[] = {
	{ "limit", 'n', OPTION_NUMBER, "N", "the N innermost frames of the stack (24; text: what fits a screen)",
	  .offset = offsetof(struct crash_config, limit), .min = 1 },
	{ "lines", 0, OPTION_CHOICE, .help = LINES_HELP,
	  .offset = offsetof(struct crash_config, lines), .choices = lines_choices },
	{ 0 },
};

/* --- records -------------------------------------------------------------------------------- */

enum site_column {
	SITE_TID,
	SITE_PC,
	SITE_MODULE,
	SITE_OFFSET,
	SITE_FUNCTION,
	SITE_FAULT,
	SITE_ACCESS,
	SITE_RERAISED,
	SITE_WORDS,
	SITE_COLUMNS,
};

static const struct column site_columns[] = {
	[SITE_TID] = COLUMN("tid", UINT, "of the thread that took the signal"),
	[SITE_PC] = COLUMN("pc", ADDRESS, "the instruction"),
	[SITE_MODULE] = COLUMN("module", STRING, "the file mapped there; null: none"),
	[SITE_OFFSET] = COLUMN("offset", ADDRESS, "the pc as that file counts it"),
	[SITE_FUNCTION] = COLUMN("function", STRING, "its symbol"),
	[SITE_FAULT] = COLUMN("address", ADDRESS, "what could not be accessed"),
	[SITE_ACCESS] = COLUMN("access", STRING, "read, write or execute; null: not known"),
	[SITE_RERAISED] =
		COLUMN("reraised", BOOL, "a handler (faulthandler) raised the signal once more"),
	[SITE_WORDS] = { .name = "words",
			 .type = VALUE_STRING,
			 .hidden = true,
			 .doc = "as text says it" },
};

static void site_text(struct text *out, const struct value *values)
{
	text_put(out, "\n", 1);
	text_value(out, &site_columns[SITE_WORDS], &values[SITE_WORDS]);
	text_put(out, "\n", 1);
}

static const struct record site_record = {
	.name = "site",
	.doc = "where and how; null when the process did not die of a signal",
	COLUMNS(site_columns),
	.text = site_text,
};

static const struct column verdict_columns[] = {
	COLUMN("text", STRING, "what the evidence means"),
};

static void verdict_text(struct text *out, const struct value *values)
{
	text_style(out, STYLE_BAD);
	text_printf(out, "Verdict: ");
	text_style(out, STYLE_PLAIN);
	text_value(out, &verdict_columns[0], &values[0]);
	text_put(out, "\n", 1);
}

static const struct record verdict_record = {
	.name = "verdicts",
	.list = true,
	.doc = "only where there is evidence",
	COLUMNS(verdict_columns),
	.text = verdict_text,
};

enum insn_column { INSN_ADDRESS, INSN_TEXT, INSN_CURRENT, INSN_FIRST, INSN_COLUMNS };

static const struct column insn_columns[] = {
	[INSN_ADDRESS] = COLUMN("address", ADDRESS, "where it begins"),
	[INSN_TEXT] = COLUMN("text", STRING, "disassembled"),
	[INSN_CURRENT] = COLUMN("current", BOOL, "the one that failed, or that was next"),
	[INSN_FIRST] = { .name = "first",
			 .type = VALUE_BOOL,
			 .hidden = true,
			 .doc = "of the list" },
};

static void insn_text(struct text *out, const struct value *values)
{
	if (values[INSN_FIRST].b) {
		text_style(out, STYLE_HEADING);
		text_printf(out, "\nInstruction\n");
		text_style(out, STYLE_PLAIN);
	}
	bool current = values[INSN_CURRENT].b;
	text_style(out, current ? STYLE_BAD : STYLE_DIM);
	text_printf(out, "%s 0x%012" PRIx64 "  ", current ? "->" : "  ", values[INSN_ADDRESS].u);
	text_value(out, &insn_columns[INSN_TEXT], &values[INSN_TEXT]);
	text_style(out, STYLE_PLAIN);
	text_put(out, "\n", 1);
}

static const struct record insn_record = {
	.name = "instructions",
	.list = true,
	.doc = "about the pc",
	COLUMNS(insn_columns),
	.text = insn_text,
};

enum register_column { REG_NAME, REG_VALUE, REG_WHAT, REG_USED, REG_FIRST, REG_PLAIN, REG_COLUMNS };

static const struct column register_columns[] = {
	[REG_NAME] = COLUMN("name", STRING, "as the processor's manual calls it"),
	[REG_VALUE] = COLUMN("value", ADDRESS, "when it happened"),
	[REG_WHAT] = COLUMN("what", STRING, "what it points to; null: nothing known"),
	[REG_USED] = COLUMN("used", BOOL, "by the instruction's memory operand that failed"),
	[REG_FIRST] = { .name = "first", .type = VALUE_BOOL, .hidden = true, .doc = "of the list" },
	[REG_PLAIN] = { .name = "plain",
			.type = VALUE_STRING,
			.hidden = true,
			.doc = "with the last: those that are no addresses, all on a line" },
};

static void register_line(struct text *out, const struct value *values)
{
	text_style(out, values[REG_USED].b ? STYLE_BAD : STYLE_PLAIN);
	text_printf(out, "%s %-4.*s 0x%016" PRIx64, values[REG_USED].b ? "->" : "  ",
		    (int)values[REG_NAME].s.len, values[REG_NAME].s.bytes, values[REG_VALUE].u);
	text_style(out, STYLE_PLAIN);
	if (values[REG_WHAT].state == VALUE_PRESENT) {
		text_put(out, "  ", 2);
		text_value(out, &register_columns[REG_WHAT], &values[REG_WHAT]);
	}
	text_put(out, "\n", 1);
}

/* "rdx 0x2, rcx 0x4", in lines. */
static void plain_text(struct text *out, const char *text, size_t len)
{
	enum { INDENT = 3 };
	size_t column = SCREEN_WIDTH;
	while (len) {
		const char *comma = memchr(text, ',', len);
		size_t word = comma ? (size_t)(comma - text) + 1 : len;
		if (column + word + 1 > SCREEN_WIDTH) {
			text_printf(out, column == SCREEN_WIDTH ? "  " : "\n  ");
			column = INDENT - 1;
		}
		text_put(out, " ", 1);
		text_escaped(out, text, word);
		column += word + 1;
		text += word;
		len -= word;
		if (len) { /* the blank behind the comma */
			text++;
			len--;
		}
	}
	text_put(out, "\n", 1);
}

/* What is no address of anything is said in few words, behind the others. */
static void register_text(struct text *out, const struct value *values)
{
	if (values[REG_FIRST].b) {
		text_style(out, STYLE_HEADING);
		text_printf(out, "\nRegisters\n");
		text_style(out, STYLE_PLAIN);
	}
	if (values[REG_WHAT].state == VALUE_PRESENT || values[REG_USED].b)
		register_line(out, values);
	if (values[REG_PLAIN].state == VALUE_PRESENT)
		plain_text(out, values[REG_PLAIN].s.bytes, values[REG_PLAIN].s.len);
}

static const struct record register_record = {
	.name = "registers",
	.list = true,
	.doc = "and what each points to",
	COLUMNS(register_columns),
	.text = register_text,
};

enum stack_column { STACK_NAME, STACK_GIL, STACK_OMITTED, STACK_END, STACK_PYTHON, STACK_COLUMNS };

static const struct column stack_columns[] = {
	[STACK_NAME] = COLUMN("name", STRING, "of the thread, as threading has it"),
	[STACK_GIL] = COLUMN("holds_gil", BOOL, "null: Python does not know the thread"),
	[STACK_OMITTED] = COLUMN("omitted", UINT, "older frames that --limit left out"),
	[STACK_END] = COLUMN("native_end", STRING,
			     "why the oldest C frame is not where the thread began"),
	[STACK_PYTHON] = { .name = "python",
			   .type = VALUE_BOOL,
			   .hidden = true,
			   .doc = "there is a Python in the process" },
};

static void stack_text(struct text *out, const struct value *values)
{
	text_style(out, STYLE_HEADING);
	text_printf(out, "\nStack");
	text_style(out, STYLE_PLAIN);
	if (values[STACK_NAME].state == VALUE_PRESENT) {
		text_printf(out, " of \"");
		text_value(out, &stack_columns[STACK_NAME], &values[STACK_NAME]);
		text_printf(out, "\"");
	}
	if (values[STACK_GIL].state == VALUE_PRESENT)
		text_printf(out, values[STACK_GIL].b ? ", which holds the GIL"
						     : ", which does not hold the GIL");
	else if (values[STACK_PYTHON].b)
		text_printf(out, " of a thread that Python does not know");
	text_printf(out, " (most recent call last)\n");
	if (values[STACK_OMITTED].u)
		text_printf(out, "  <%" PRIu64 " older frames not shown>\n",
			    values[STACK_OMITTED].u);
}

static const struct record *const stack_children[] = { &bt_frame_record, NULL };

static const struct record stack_record = {
	.name = "stack",
	.doc = "of that thread, C and Python frames",
	COLUMNS(stack_columns),
	.children = stack_children,
	.text = stack_text,
};

enum exception_column { EXC_STATE, EXC_TYPE, EXC_REPR, EXC_FIRST, EXC_COLUMNS };

static const struct column exception_columns[] = {
	[EXC_STATE] =
		COLUMN("state", STRING, "raising: on its way; handling: its except block runs"),
	[EXC_TYPE] = COLUMN("type", STRING, "its class"),
	[EXC_REPR] = COLUMN("repr", STRING, "what repr() would give"),
	[EXC_FIRST] = { .name = "first", .type = VALUE_BOOL, .hidden = true, .doc = "of the list" },
};

static void exception_text(struct text *out, const struct value *values)
{
	if (values[EXC_FIRST].b)
		text_put(out, "\n", 1);
	text_printf(out, "Exception being %s: ",
		    values[EXC_STATE].s.len && values[EXC_STATE].s.bytes[0] == 'r' ? "raised"
										   : "handled");
	text_value(out, &exception_columns[EXC_REPR], &values[EXC_REPR]);
	text_put(out, "\n", 1);
}

static const struct record exception_record = {
	.name = "exceptions",
	.list = true,
	.doc = "in flight in that thread",
	COLUMNS(exception_columns),
	.text = exception_text,
};

static const struct record *const crash_children[] = {
	&site_record,	  &crash_call_record, &verdict_record,	 &insn_record,
	&register_record, &stack_record,      &exception_record, NULL,
};

static const struct record crash_root = {
	.name = "crash",
	.doc = "why the process died",
	.children = crash_children,
};

/* --- what is reported ----------------------------------------------------------------------- */

static const char *access_name(const struct crash *c)
{
	if (c->signal != SIGSEGV && c->signal != SIGBUS)
		return NULL;
	if (c->has_fault && c->fault == c->pc)
		return "execute";
	if (!c->bad)
		return NULL;
	return c->bad->direction == ACCESS_WRITE ? "write" : "read";
}

/* "SIGSEGV: read of address 0x10 in read_next in _crashlib.so" */
static void site_words(struct crash *c, struct str *out)
{
	const struct process *p = &c->session->target->process;
	const char *access = access_name(c), *name = signal_name(c->signal);
	const struct bt_call *call = c->first_call < c->frames->calls.len
					     ? &c->frames->calls.items[c->first_call]
					     : NULL;
	str_printf(out, "%s: ", name ? name : "signal");
	if (access && streq(access, "execute"))
		str_printf(out, "a jump to address " ADDR_FMT, c->pc);
	else if (access)
		str_printf(out, "a %s of address " ADDR_FMT, access,
			   c->has_fault ? c->fault : c->bad_address);
	else if (c->has_fault && (c->signal == SIGSEGV || c->signal == SIGBUS))
		str_printf(out, "an access of address " ADDR_FMT, c->fault);
	else
		str_adds(out, strsignal(c->signal) ? strsignal(c->signal) : "?");
	const char *code = p->has_siginfo ? signal_code_text(c->signal, c->code) : NULL;
	if (code && c->code > 0)
		str_printf(out, ", %s", code);
	if (call && !(access && streq(access, "execute"))) {
		str_adds(out, ", by ");
		crash_words_place(c, call, out);
	}
	if (c->reraised)
		str_adds(out, " (a signal handler raised it again)");
}

static bool report_site(struct crash *c, struct report *report)
{
	const struct module *module = unwind_module_at(c->unwinder, c->pc);
	_str_ struct str words = STR_INIT;
	struct symbol symbol;
	site_words(c, &words);
	struct value values[SITE_COLUMNS] = {
		[SITE_TID] = value_uint(c->os->tid),
		[SITE_PC] = value_uint(c->pc),
		[SITE_MODULE] = value_str(module ? module->path : NULL),
		[SITE_ACCESS] = value_str(access_name(c)),
		[SITE_RERAISED] = value_bool(c->reraised),
		[SITE_WORDS] = value_bytes(words.buf, words.len),
	};
	if (module)
		values[SITE_OFFSET] = value_uint(c->pc - module->bias);
	if (unwind_symbol_at(c->unwinder, c->pc, &symbol))
		values[SITE_FUNCTION] = value_str(places_name(c->session->symbols, symbol.name));
	if (c->has_fault || c->bad)
		values[SITE_FAULT] = value_uint(c->has_fault ? c->fault : c->bad_address);
	return report_row(report, &site_record, values);
}

static bool report_verdicts(struct crash *c, struct report *report)
{
	bool ok = true;
	for (size_t i = 0; ok && i < c->verdicts.len; i++)
		ok = report_row(report, &verdict_record,
				(struct value[]){ value_str(c->verdicts.items[i]) });
	return ok;
}

/* Instructions before the pc are only known from the function's beginning on: on x86-64 they have
 * different lengths. */
static bool report_instructions(struct crash *c, struct report *report)
{
	enum { BEFORE = 4, AFTER = 2, LONGEST = 1 << 16, MAX = 1 << 14 };
	const struct target *t = c->session->target;
	addr_t start, end;
	if (!unwind_function_at(c->unwinder, c->pc, &start, &end) || c->pc - start > LONGEST)
		start = c->pc;
	uint64_t len = memory_span(&t->memory, start, c->pc - start + 64);
	const uint8_t *code = len ? memory_at(&t->memory, start, len) : NULL;
	_free_ struct instruction *list = code ? calloc(MAX, sizeof(*list)) : NULL;
	size_t count = list ? disasm_list(t->machine, code, len, start, list, MAX) : 0, at = 0;
	while (at < count && list[at].at < c->pc)
		at++;
	if (at == count || list[at].at != c->pc) {
		/* The function is not what it seemed: only what is sure. */
		len = memory_span(&t->memory, c->pc, 64);
		code = len ? memory_at(&t->memory, c->pc, len) : NULL;
		count = list && code ? disasm_list(t->machine, code, len, c->pc, list, AFTER + 1)
				     : 0;
		at = 0;
	}
	bool ok = true;
	size_t first = at > BEFORE ? at - BEFORE : 0;
	for (size_t i = first; ok && i < count && i <= at + AFTER; i++) {
		const struct value values[INSN_COLUMNS] = {
			[INSN_ADDRESS] = value_uint(list[i].at),
			[INSN_TEXT] = value_str(list[i].text),
			[INSN_CURRENT] = value_bool(i == at),
			[INSN_FIRST] = value_bool(i == first),
		};
		ok = report_row(report, &insn_record, values);
	}
	return ok;
}

static bool is_used(const struct crash *c, const struct crash_register *r)
{
	return c->bad && (streq(c->bad->base, r->name) || streq(c->bad->index, r->name));
}

/* Of no news on a screen: most frames have some. */
static bool is_own_stack(const struct crash *c, const struct crash_register *r)
{
	return c->session->text_form && r->facts.kind == ADDRESS_STACK &&
	       r->facts.thread == c->os && !is_used(c, r);
}

static bool report_registers(struct crash *c, struct report *report)
{
	enum { REPR = 1000, LINE = SCREEN_WIDTH - 28 };
	_str_ struct str plain = STR_INIT;
	bool ok = true;
	for (size_t i = 0; ok && i < c->register_count; i++) {
		const struct crash_register *r = &c->list[i];
		_str_ struct str what = STR_INIT;
		crash_words_address(c, &r->facts, c->session->text_form ? LINE - 24 : REPR, &what);
		if (c->session->text_form && what.len > LINE) {
			str_truncate(&what, LINE - 3);
			str_adds(&what, "...");
		}
		bool is_stack = is_own_stack(c, r);
		if (is_stack)
			str_reset(&what);
		if (!what.len && !is_used(c, r))
			str_printf(&plain, "%s%s 0x%" PRIx64 "%s", plain.len ? ", " : "", r->name,
				   r->value, is_stack ? " (stack)" : "");
		struct value values[REG_COLUMNS] = {
			[REG_NAME] = value_str(r->name),
			[REG_VALUE] = value_uint(r->value),
			[REG_WHAT] = what.len ? value_bytes(what.buf, what.len) : value_absent(),
			[REG_USED] = value_bool(is_used(c, r)),
			[REG_FIRST] = value_bool(i == 0),
		};
		if (i + 1 == c->register_count && plain.len)
			values[REG_PLAIN] = value_bytes(plain.buf, plain.len);
		ok = report_row(report, &register_record, values);
	}
	return ok;
}

static bool report_stack(struct crash *c, struct bt *bt, struct report *report)
{
	_str_ struct str name = STR_INIT, end = STR_INIT;
	struct value values[STACK_COLUMNS] = {
		[STACK_OMITTED] = value_uint(c->frames->omitted),
		[STACK_PYTHON] = value_bool(c->session->runtime),
	};
	int daemon;
	if (c->has_thread) {
		values[STACK_GIL] = value_bool(c->thread.holds_gil);
		if (pythread_name(c->session->runtime, &c->thread, &name, &daemon))
			values[STACK_NAME] = value_bytes(name.buf, name.len);
	}
	bt_native_end_words(c->frames, &end);
	if (end.len) {
		values[STACK_END] = value_bytes(end.buf, end.len);
		remark_loss(&c->session->target->remarks, "older C frames are lost: %s", end.buf);
	}
	return report_open(report, &stack_record, values) && bt_frames_report(bt, c->frames) &&
	       report_close(report);
}

static bool report_exception(struct report *report, const char *state, const struct pytype *type,
			     const struct str *repr, bool is_first)
{
	const struct value values[EXC_COLUMNS] = {
		[EXC_STATE] = value_str(state),
		[EXC_TYPE] = value_str(type->full_name),
		[EXC_REPR] = value_bytes(repr->buf, repr->len),
		[EXC_FIRST] = value_bool(is_first),
	};
	return report_row(report, &exception_record, values);
}

static bool report_exceptions(struct crash *c, struct report *report)
{
	struct runtime *rt = c->session->runtime;
	const struct repr_limits *limits =
		c->session->text_form ? &repr_limits_text : &repr_limits_json;
	const struct pytype *type;
	struct object object;
	_str_ struct str raised = STR_INIT, handled = STR_INIT;
	bool raising = crash_words_raised(c, limits, &raised, &type);
	if (raising && !report_exception(report, "raising", type, &raised, true))
		return false;
	if (!c->has_thread || !c->thread.handled_exception ||
	    !object_load(rt, c->thread.handled_exception, &object))
		return true;
	object_repr(rt, c->thread.handled_exception, limits, &handled);
	return report_exception(report, "handling", object.type, &handled, !raising);
}

/* --- the whole ------------------------------------------------------------------------------ */

static void find_thread(struct crash *c)
{
	struct interpreter_iter it = interpreters(c->session->runtime);
	struct interpreter interp;
	while (interpreter_next(&it, &interp)) {
		struct pythread_iter threads = pythreads(c->session->runtime, &interp);
		struct pythread thread;
		while (pythread_next(&threads, &thread)) {
			if (thread.os != c->os || (c->has_thread && !thread.crashed))
				continue;
			c->thread = thread;
			c->has_thread = true;
		}
	}
}

static bool collect(struct crash *c, struct bt *bt)
{
	if (c->session->runtime)
		find_thread(c);
	crash_site_find(c);
	if (!crash_registers_find(c))
		return false;
	if (c->has_thread)
		return bt_frames_collect(bt, &c->thread, c->frames);
	return bt_native_collect(bt, c->os, c->frames);
}

static size_t lines_of(size_t characters)
{
	return (characters + SCREEN_WIDTH - 1) / SCREEN_WIDTH;
}

/* What stands above the stack and below it, about. */
static size_t lines_around(const struct crash *c)
{
	enum { HEADER = 5, SITE = 4, INSTRUCTIONS = 9, LABELS = 7, EXCEPTION = 3, VERDICT = 9, FOLDED = 2 };
	size_t lines = HEADER + SITE + INSTRUCTIONS + LABELS + FOLDED;
	for (size_t i = 0; i < c->verdicts.len; i++)
		lines += lines_of(strlen(c->verdicts.items[i]) + VERDICT);
	for (size_t i = 0; i < c->register_count; i++)
		lines += c->list[i].facts.kind != ADDRESS_NOTHING &&
			 !is_own_stack(c, &c->list[i]);
	if (c->has_thread && (c->thread.current_exception || c->thread.handled_exception))
		lines += EXCEPTION;
	return lines;
}

/* A frame's lines in text. What repeats is folded by who shows it. */
static size_t item_lines(const struct crash *c, const struct bt *bt, size_t i)
{
	const struct bt_frames *f = c->frames;
	const struct bt_item *item = &f->items.items[i];
	size_t count = 1;
	if (item->is_native) {
		places_at(c->session->symbols, f->calls.items[item->index].frame.lookup, &count);
		return MAX(count, (size_t)1);
	}
	const struct frame *frame = &f->list.items[item->index];
	bool has_source = bt->sources && frame->code->filename &&
			  sources_find(bt->sources, frame->code->filename);
	return 1u + has_source + (has_source && frame->position.end_column > 0);
}

/* How many of the innermost frames leave the whole on one screen; some of Python are worth more than
 * that, as those of C may all be a library's. */
static size_t items_shown(const struct crash *c, const struct bt *bt)
{
	size_t lines = lines_around(c), python = 0, n = 0;
	for (; n < c->frames->items.len && n < STACK_SHOWN; n++) {
		lines += item_lines(c, bt, n);
		if (lines > SCREEN_LINES && n >= STACK_LEAST &&
		    (python >= PYTHON_LEAST || lines > SCREEN_LINES + BEYOND))
			break;
		python += !c->frames->items.items[n].is_native;
	}
	return n;
}

static void limit_stack(struct crash *c, const struct bt *bt, const struct crash_config *config)
{
	size_t limit = config->limit	      ? config->limit
		       : c->session->text_form ? items_shown(c, bt)
					       : STACK_SHOWN;
	if (c->frames->items.len <= limit)
		return;
	c->frames->omitted = c->frames->items.len - limit;
	c->frames->items.len = limit;
}

static bool report_all(struct crash *c, struct bt *bt, const struct crash_config *config,
		       struct report *report)
{
	limit_stack(c, bt, config);
	return (!c->signal || report_site(c, report)) && crash_report_call(c, report) &&
	       report_verdicts(c, report) &&
	       (!c->signal || report_instructions(c, report)) && report_registers(c, report) &&
	       report_stack(c, bt, report) && report_exceptions(c, report);
}

static struct error *run_crash(struct session *s, const void *config, struct report *report)
{
	struct bt_frames frames = { 0 };
	struct crash c = { .session = s, .frames = &frames };
	if (!s->target->threads.len)
		return error_new(ERROR_UNSUPPORTED,
				 "%s: has no thread in it: nothing says how it died",
				 s->target->path);
	c.os = &s->target->threads.items[0];
	struct error *err = unwinder_new(s->target, s->symbols, &c.unwinder);
	if (err)
		return err;
	struct bt bt = {
		.session = s,
		.report = report,
		.sources = s->text_form ? sources_new(s) : NULL,
		.rule = traceback_rule_for(s->runtime ? &s->runtime->layout.version
						      : &(struct python_version){ .major = 3 }),
		.native = NATIVE_BRIEF,
		.short_paths = s->text_form,
		.lines = lines_wanted(((const struct crash_config *)config)->lines),
		.unwinder = c.unwinder,
		.frames_left = UINT32_MAX,
		.source_lines = STR_INIT,
		.repr = STR_INIT,
	};
	bool collected = collect(&c, &bt);
	if (collected)
		bt_native_ask(&bt, &frames);
	if (!collected || !crash_judge(&c))
		err = error_nomem();
	else
		report_all(&c, &bt, config, report);
	for (size_t i = 0; i < c.verdicts.len; i++)
		free(c.verdicts.items[i]);
	vec_release(&c.verdicts);
	addresses_free(c.addresses);
	bt_frames_release(&frames);
	sources_free(bt.sources);
	str_release(&bt.source_lines);
	str_release(&bt.repr);
	unwinder_free(c.unwinder);
	return err;
}

const struct analyzer analyzer_crash = {
	.api = PYCORE_PLUGIN_API,
	.name = "crash",
	.summary = "why it died: one screen for a bug report",
	.description =
		"Says what the signal was about, which instruction failed with which operands, "
		"what "
		"each register points to (Python objects, symbols, stacks), the stack of the "
		"crashed thread with C and Python frames in the order of their calls, and the "
		"exceptions that were in flight.\n"
		"Where the evidence allows, verdicts come first: a null pointer, an overflowed "
		"stack, a message of the C library, a Fatal Python error, a failed assertion, a "
		"call without the GIL, a truncated mapped file. Without evidence there is none.",
	.example = "pycore crash core.1234\n"
		   "pycore crash --json core.1234 | jq -r '.verdicts[].text'",
	.options = crash_options,
	.config_size = sizeof(struct crash_config),
	.root = &crash_root,
	.needs = NEEDS_TARGET | WANTS_RUNTIME,
	.run = run_crash,
};
