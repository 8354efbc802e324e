/* pycore bt: the traceback of every Python thread. */
#include "analyzers/bt.h"

#include <errno.h>
#include <inttypes.h>
#include "analyzers/words.h"
#include "core/map.h"
#include "core/redact.h"
#include "report/text.h"

/* --- options -------------------------------------------------------------------------------- */

struct bt_config {
	struct option_list threads;
	uint64_t limit;
	const char *locals, *source, *native, *lines;
};

static const char *const locals_choices[] = { "short", "full", NULL };
static const char *const native_choices[] = { "brief", "all", NULL };
static const char *const source_choices[] = { "auto", "off", NULL };

#define AT(member) .offset = offsetof(struct bt_config, member)

static const struct option bt_options[] = {
	{ "thread", 't', OPTION_LIST, "TID", "only the thread with this id; may be given again",
	  AT(threads) },
	{ "limit", 'n', OPTION_NUMBER, "N", "only the N innermost frames of each thread", AT(limit),
	  .min = 1 },
	{ "locals", 'l', OPTION_CHOICE,
	  .help = "variables too; =full with the attributes of objects", AT(locals),
	  .choices = locals_choices, .optional_argument = true },
	{ "native", 'N', OPTION_CHOICE,
	  .help = "C frames too; =all with those of the interpreter's own calls", AT(native),
	  .choices = native_choices, .optional_argument = true },
	{ "lines", 0, OPTION_CHOICE, .help = "with --native, " LINES_HELP, AT(lines),
	  .choices = lines_choices },
	{ "source", 0, OPTION_CHOICE,
	  .help = "source lines where the files are at hand (auto), or off", AT(source),
	  .choices = source_choices },
	{ 0 },
};

/* --- records -------------------------------------------------------------------------------- */

enum crashed_column { CRASHED_TID, CRASHED_PYTHON, CRASHED_PC, CRASHED_MODULE, CRASHED_COLUMNS };

static const struct column crashed_columns[] = {
	[CRASHED_TID] = COLUMN("tid", UINT, "of the thread that took the signal"),
	[CRASHED_PYTHON] = COLUMN("python", BOOL, "has it a Python thread state?"),
	[CRASHED_PC] = COLUMN("pc", ADDRESS, "where it was"),
	[CRASHED_MODULE] = COLUMN("module", STRING, "the file mapped there; null: none"),
};

/* The first screen says it when the culprit is no Python thread. */
static void crashed_text(struct text *out, const struct value *values)
{
	if (values[CRASHED_PYTHON].b)
		return;
	text_style(out, STYLE_BAD);
	text_printf(out,
		    "The thread that crashed, %" PRIu64
		    ", has no Python state: it was in native code",
		    values[CRASHED_TID].u);
	text_style(out, STYLE_PLAIN);
	if (values[CRASHED_MODULE].state == VALUE_PRESENT) {
		text_printf(out, " of ");
		text_value(out, &crashed_columns[CRASHED_MODULE], &values[CRASHED_MODULE]);
	}
	text_printf(out, " at ");
	text_value(out, &crashed_columns[CRASHED_PC], &values[CRASHED_PC]);
	text_put(out, "\n", 1);
}

static const struct record crashed_record = {
	.name = "crashed_thread", .doc = "null when the process did not die of a signal",
	COLUMNS(crashed_columns), .text = crashed_text,
};

enum thread_column {
	THREAD_TID, THREAD_PTHREAD, THREAD_NAME, THREAD_CRASHED, THREAD_HOLDS_GIL,
	THREAD_INTERPRETER, THREAD_MAIN, THREAD_DAEMON, THREAD_GIL, THREAD_STATE,
	THREAD_GC_COLLECTING, THREAD_HANDLING, THREAD_RAISING, THREAD_COMPLETE, THREAD_OMITTED,
	THREAD_NATIVE_END, THREAD_WORDS, THREAD_ABOVE, THREAD_NO_FRAMES, THREAD_COLUMNS,
};

static const struct column thread_columns[] = {
	[THREAD_TID] = COLUMN("tid", UINT, "the kernel's thread id; null when it cannot be told"),
	[THREAD_PTHREAD] = COLUMN("pthread", ADDRESS, "pthread_self()"),
	[THREAD_NAME] =
		COLUMN("name", STRING, "as threading has it; null for threads it does not know"),
	[THREAD_CRASHED] = COLUMN("crashed", BOOL, "it took the signal"),
	[THREAD_HOLDS_GIL] = COLUMN("holds_gil", BOOL, "of its interpreter"),
	[THREAD_INTERPRETER] = COLUMN("interpreter", INT, "0: the main one"),
	[THREAD_MAIN] = COLUMN("main", BOOL, "the interpreter's main thread"),
	[THREAD_DAEMON] = COLUMN("daemon", BOOL, "null when threading does not know it"),
	[THREAD_GIL] = COLUMN("gil", STRING, "holds, waits or released; null: not known"),
	[THREAD_STATE] =
		COLUMN("state", STRING,
		       "free-threaded builds: attached, detached, suspended, shutting down"),
	[THREAD_GC_COLLECTING] = COLUMN("gc_collecting", BOOL, "in a garbage collection"),
	[THREAD_HANDLING] =
		COLUMN("handling", STRING, "type of the exception whose except block runs"),
	[THREAD_RAISING] = COLUMN("raising", STRING, "type of the exception that is on its way"),
	[THREAD_COMPLETE] = COLUMN("complete", BOOL, "no frame of it was lost"),
	[THREAD_OMITTED] = COLUMN("omitted", UINT, "older frames that --limit left out"),
	[THREAD_NATIVE_END] =
		COLUMN("native_end", STRING,
		       "with --native: why C frames are missing where the thread began"),
	[THREAD_WORDS] = { .name = "words",
			   .type = VALUE_STRING,
			   .hidden = true,
			   .doc = "what stands in parentheses behind the name" },
	[THREAD_ABOVE] = { .name = "above",
			   .type = VALUE_STRING,
			   .hidden = true,
			   .doc = "why the oldest frame shown is not the oldest" },
	[THREAD_NO_FRAMES] = { .name = "no_frames",
			       .type = VALUE_STRING,
			       .hidden = true,
			       .doc = "why there is none" },
};

static void note_line(struct text *out, const struct column *column, const struct value *value)
{
	text_style(out, STYLE_DIM);
	text_printf(out, "  <");
	text_value(out, column, value);
	text_printf(out, ">\n");
	text_style(out, STYLE_PLAIN);
}

static void thread_text(struct text *out, const struct value *values)
{
	text_put(out, "\n", 1);
	text_style(out, values[THREAD_CRASHED].b ? STYLE_BAD : STYLE_HEADING);
	text_printf(out, "Thread ");
	text_value(out, &thread_columns[THREAD_TID], &values[THREAD_TID]);
	if (values[THREAD_NAME].state == VALUE_PRESENT) {
		text_printf(out, " \"");
		text_value(out, &thread_columns[THREAD_NAME], &values[THREAD_NAME]);
		text_printf(out, "\"");
	}
	if (values[THREAD_WORDS].s.len) {
		text_printf(out, " (");
		text_value(out, &thread_columns[THREAD_WORDS], &values[THREAD_WORDS]);
		text_printf(out, ")");
	}
	text_style(out, STYLE_PLAIN);
	text_put(out, "\n", 1);
	if (values[THREAD_NO_FRAMES].state == VALUE_PRESENT) {
		note_line(out, &thread_columns[THREAD_NO_FRAMES], &values[THREAD_NO_FRAMES]);
		return;
	}
	text_printf(out, "Traceback (most recent call last):\n");
	if (values[THREAD_ABOVE].state == VALUE_PRESENT)
		note_line(out, &thread_columns[THREAD_ABOVE], &values[THREAD_ABOVE]);
	if (values[THREAD_NATIVE_END].state == VALUE_PRESENT)
		note_line(out, &thread_columns[THREAD_NATIVE_END], &values[THREAD_NATIVE_END]);
}

static const struct record *const thread_children[] = { &bt_frame_record, NULL };

static const struct record thread_record = {
	.name = "threads",
	.list = true,
	.doc = "with a Python thread state: the crashed one, the main one, then the others as they "
	       "began",
	COLUMNS(thread_columns),
	.children = thread_children,
	.text = thread_text,
};

enum native_column {
	NATIVE_TID,
	NATIVE_CRASHED,
	NATIVE_PC,
	NATIVE_MODULE,
	NATIVE_END,
	NATIVE_WALKED,
	NATIVE_WORDS,
	NATIVE_COLUMNS
};

static const struct column native_columns[] = {
	[NATIVE_TID] = COLUMN("tid", UINT, "the kernel's thread id"),
	[NATIVE_CRASHED] = COLUMN("crashed", BOOL, "it took the signal"),
	[NATIVE_PC] = COLUMN("pc", ADDRESS, "where it was"),
	[NATIVE_MODULE] = COLUMN("module", STRING, "the file mapped there; null: none"),
	[NATIVE_END] = COLUMN("native_end", STRING,
			      "with --native: why C frames are missing where the thread began"),
	[NATIVE_WALKED] = { .name = "walked", .type = VALUE_BOOL, .hidden = true,
			    .doc = "its frames follow" },
	[NATIVE_WORDS] = { .name = "words", .type = VALUE_STRING, .hidden = true,
			   .doc = "a line for all of them" },
};

static void native_text(struct text *out, const struct value *values)
{
	if (values[NATIVE_WALKED].b) {
		text_put(out, "\n", 1);
		text_style(out, values[NATIVE_CRASHED].b ? STYLE_BAD : STYLE_HEADING);
		text_printf(out, "Thread %" PRIu64 " (%snative: no Python state)",
			    values[NATIVE_TID].u, values[NATIVE_CRASHED].b ? "crashed, " : "");
		text_style(out, STYLE_PLAIN);
		text_put(out, "\n", 1);
		if (values[NATIVE_END].state == VALUE_PRESENT)
			note_line(out, &native_columns[NATIVE_END], &values[NATIVE_END]);
	}
	if (values[NATIVE_WORDS].state != VALUE_PRESENT)
		return;
	text_put(out, "\n", 1);
	text_value(out, &native_columns[NATIVE_WORDS], &values[NATIVE_WORDS]);
	text_put(out, "\n", 1);
}

static const struct record native_record = {
	.name = "native_threads", .list = true, .doc = "threads without a Python thread state",
	COLUMNS(native_columns), .children = thread_children, .text = native_text,
};

static const struct record *const bt_children[] = { &crashed_record, &thread_record, &native_record,
						    NULL };

static const struct record bt_root = {
	.name = "bt", .doc = "the traceback of every Python thread", .children = bt_children,
};

/* --- which threads -------------------------------------------------------------------------- */

struct seen_thread {
	struct pythread thread;
	size_t position;		/* in the lists, which run from the newest to the oldest */
};

struct threads {
	VEC(struct seen_thread) list;
	struct map with_state;		/* index of the OS thread */
};

static void threads_release(struct threads *threads)
{
	vec_release(&threads->list);
	map_release(&threads->with_state);
}

static void remark_chain(struct session *s, const char *what, const struct chain *chain)
{
	if (chain->end == CHAIN_END)
		return;
	char text[128];
	remark_loss(&s->target->remarks, "%s: the list %s", what,
		    chain_end_text(chain, text, sizeof(text)));
}

static bool collect_interpreter(struct session *s, const struct interpreter *interp,
				struct threads *ret)
{
	struct pythread_iter it = pythreads(s->runtime, interp);
	struct pythread thread;
	while (pythread_next(&it, &thread)) {
		struct seen_thread *place = vec_push(&ret->list);
		if (!place)
			return false;
		*place = (struct seen_thread){ thread, ret->list.len };
		if (thread.os &&
		    !map_insert(&ret->with_state, (uint64_t)(thread.os - s->target->threads.items),
				NULL))
			return false;
	}
	remark_chain(s, "Python threads", &it.chain);
	return true;
}

static bool collect_threads(struct session *s, struct threads *ret)
{
	struct interpreter_iter it = interpreters(s->runtime);
	struct interpreter interp;
	while (interpreter_next(&it, &interp))
		if (!collect_interpreter(s, &interp, ret))
			return false;
	remark_chain(s, "interpreters", &it.chain);
	return true;
}

static unsigned rank(const struct pythread *thread)
{
	if (thread->crashed)
		return 0;
	return thread->is_main && thread->interp.id == 0 ? 1 : 2;
}

static int compare_threads(const void *va, const void *vb)
{
	const struct seen_thread *a = va, *b = vb;
	unsigned rank_a = rank(&a->thread), rank_b = rank(&b->thread);
	if (rank_a != rank_b)
		return rank_a < rank_b ? -1 : 1;
	if (a->thread.interp.id != b->thread.interp.id)
		return a->thread.interp.id < b->thread.interp.id ? -1 : 1;
	return a->position > b->position ? -1 : a->position < b->position;
}

static struct error *parse_tid(const char *text, uint64_t *ret)
{
	char *end;
	errno = 0;
	*ret = strtoull(text, &end, 10);
	if (errno || !*text || *end || text[0] == '-')
		return error_new(ERROR_USAGE, "--thread takes a thread id, not '%s'", text);
	return NULL;
}

static struct error *no_such_thread(const struct threads *threads, const char *wanted)
{
	enum { MAX_NAMED = 10 };
	_str_ struct str known = STR_INIT;
	for (size_t i = 0; i < threads->list.len && i < MAX_NAMED; i++)
		str_printf(&known, "%s%" PRIu64, i ? ", " : "", threads->list.items[i].thread.tid);
	return error_new(ERROR_USAGE, "no Python thread has the id %s; there %s %s%s", wanted,
			 threads->list.len == 1 ? "is" : "are", known.len ? known.buf : "none",
			 threads->list.len > MAX_NAMED ? ", ..." : "");
}

/* Keep those that --thread names. */
static struct error *select_threads(struct threads *threads, const struct option_list *wanted)
{
	if (!wanted->count)
		return NULL;
	size_t kept = 0;
	for (size_t i = 0; i < wanted->count; i++) {
		uint64_t tid;
		struct error *err = parse_tid(wanted->items[i], &tid);
		if (err)
			return err;
		bool found = false;
		for (size_t k = 0; k < threads->list.len; k++)
			found |= threads->list.items[k].thread.tid == tid;
		if (!found)
			return no_such_thread(threads, wanted->items[i]);
	}
	for (size_t k = 0; k < threads->list.len; k++) {
		bool is_wanted = false;
		for (size_t i = 0; i < wanted->count; i++)
			is_wanted |= strtoull(wanted->items[i], NULL, 10) ==
				     threads->list.items[k].thread.tid;
		if (is_wanted)
			threads->list.items[kept++] = threads->list.items[k];
	}
	threads->list.len = kept;
	return NULL;
}

/* --- one thread ----------------------------------------------------------------------------- */

static void add_word(struct str *words, const char *word)
{
	str_printf(words, "%s%s", words->len ? ", " : "", word);
}

static const char *type_name_of(struct runtime *rt, addr_t value)
{
	struct object o;
	return value && object_load(rt, value, &o) ? o.type->full_name : NULL;
}

static const char *handled_name(struct runtime *rt, const struct pythread *thread)
{
	const struct pytype *type =
		thread->handled_type ? pytype_at(rt, thread->handled_type) : NULL;
	return type ? type->full_name : type_name_of(rt, thread->handled_exception);
}

static const char *raised_name(struct runtime *rt, const struct pythread *thread)
{
	const struct pytype *type =
		thread->current_type ? pytype_at(rt, thread->current_type) : NULL;
	return type ? type->full_name : type_name_of(rt, thread->current_exception);
}

static const char *gil_name(const struct pythread *thread)
{
	switch (thread->gil) {
	case GIL_HOLDS: return "holds";
	case GIL_WAITS: return "waits";
	case GIL_RELEASED: return "released";
	case GIL_UNKNOWN: break;
	}
	return NULL;
}

/* PyThreadState.state (Include/internal/pycore_pystate.h, _Py_THREAD_DETACHED ..., 3.13+) */
static const char *state_name(const struct pythread *thread)
{
	static const char *const names[] = { "detached", "attached", "suspended", "shutting down" };
	bool is_known =
		thread->attached >= 0 && thread->attached < (int)(sizeof(names) / sizeof(names[0]));
	return is_known ? names[thread->attached] : NULL;
}

static void thread_words(struct bt *bt, const struct pythread *thread, int daemon,
			 const struct value *values, struct str *ret)
{
	const struct process *process = &bt->session->target->process;
	if (thread->crashed) {
		str_adds(ret, "crashed: ");
		words_signal_short(ret, process);
	}
	if (thread->holds_gil)
		add_word(ret, "holds the GIL");
	else if (thread->gil == GIL_WAITS)
		add_word(ret, "waits for the GIL");
	if (values[THREAD_STATE].state == VALUE_PRESENT)
		add_word(ret, state_name(thread));
	if (thread->gc_collecting)
		add_word(ret, "in a garbage collection");
	if (daemon > 0)
		add_word(ret, "daemon");
	if (thread->interp.id != 0) {
		add_word(ret, "interpreter ");
		str_printf(ret, "%" PRId64, thread->interp.id);
	}
	if (values[THREAD_RAISING].state == VALUE_PRESENT) {
		add_word(ret, "raising ");
		str_add(ret, values[THREAD_RAISING].s.bytes, values[THREAD_RAISING].s.len);
	}
	if (values[THREAD_HANDLING].state == VALUE_PRESENT) {
		add_word(ret, "handling ");
		str_add(ret, values[THREAD_HANDLING].s.bytes, values[THREAD_HANDLING].s.len);
	}
}

static void why_lost(const struct bt *bt, addr_t at, struct str *ret)
{
	const struct extent *extent = memory_extent(&bt->session->target->memory, at);
	if (extent && extent->source == EXTENT_LOST && extent->why)
		str_printf(ret, " (%s)", extent->why);
}

/* "the chain of frames ends at 0x.., which cannot be read (not dumped)" */
static void chain_words(const struct bt *bt, const struct chain *chain, struct str *ret)
{
	char text[128];
	str_printf(ret, "the chain of frames %s", chain_end_text(chain, text, sizeof(text)));
	if (chain->end == CHAIN_FAULT)
		why_lost(bt, chain->at, ret);
}

static void gap_words(const struct bt *bt, const struct bt_frames *frames, struct str *ret)
{
	str_printf(ret, "the chain of frames leads to " ADDR_FMT, frames->gap_at);
	why_lost(bt, frames->gap_at, ret);
	str_adds(ret, "; they were found on the interpreter's data stack");
}

static void no_frames_words(struct bt *bt, const struct pythread *thread,
			    const struct bt_frames *frames, struct str *ret)
{
	str_adds(ret, "no Python frames: ");
	if (frames->chain.end != CHAIN_END)
		chain_words(bt, &frames->chain, ret);
	else if (frames->broken)
		str_adds(ret, "none of them can be read");
	else if (bt->session->runtime->finalizing)
		str_adds(ret, "the interpreter was shutting down");
	else if (!thread->os)
		str_adds(ret, "the thread has ended");
	else
		str_adds(ret, "it was running no Python code");
}

/* What is missing above the oldest frame shown. */
static void above_words(struct bt *bt, const struct bt_frames *frames, struct str *ret)
{
	if (frames->chain.end != CHAIN_END) {
		str_adds(ret, frames->gaps ? "some frames may be lost: " : "older frames are lost: ");
		chain_words(bt, &frames->chain, ret);
	} else if (frames->gaps) {
		str_adds(ret, "running generators may be missing: ");
		gap_words(bt, frames, ret);
	} else if (frames->omitted) {
		words_count(ret, frames->omitted, "older frame");
		str_adds(ret, " not shown");
	}
}

static void remark_losses(struct bt *bt, const struct pythread *thread,
			  const struct bt_frames *frames)
{
	struct remarks *remarks = &bt->session->target->remarks;
	if (frames->chain.end != CHAIN_END) {
		_str_ struct str why = STR_INIT;
		chain_words(bt, &frames->chain, &why);
		remark_loss(remarks, "thread %" PRIu64 ": %s", thread->tid, why.buf);
	} else if (frames->gaps) {
		_str_ struct str why = STR_INIT;
		gap_words(bt, frames, &why);
		remark_loss(remarks, "thread %" PRIu64 ": %s", thread->tid, why.buf);
	}
	if (frames->broken) {
		_str_ struct str count = STR_INIT;
		words_count(&count, frames->broken, "frame");
		remark_loss(remarks,
			    "thread %" PRIu64 ": %s left out: no code object can be read there",
			    thread->tid, count.buf);
	}
}

static void remark_native(struct bt *bt, uint64_t tid, const struct bt_frames *frames)
{
	struct remarks *remarks = &bt->session->target->remarks;
	_str_ struct str why = STR_INIT, count = STR_INIT;
	bt_native_end_words(frames, &why);
	if (why.len)
		remark_loss(remarks, "thread %" PRIu64 ": older C frames are lost: %s", tid,
			    why.buf);
	if (!frames->unplaced)
		return;
	words_count(&count, frames->unplaced, "Python frame");
	remark_info(remarks,
		    "thread %" PRIu64 ": no C frame was found for the oldest %s: they stand "
		    "above the C frames",
		    tid, count.buf);
}

static void thread_values(struct bt *bt, const struct pythread *thread,
			  const struct bt_frames *frames, struct value *values)
{
	struct runtime *rt = bt->session->runtime;
	if (thread->tid)
		values[THREAD_TID] = value_uint(thread->tid);
	values[THREAD_PTHREAD] = value_uint(thread->pthread);
	values[THREAD_CRASHED] = value_bool(thread->crashed);
	values[THREAD_HOLDS_GIL] = value_bool(thread->holds_gil);
	values[THREAD_INTERPRETER] = value_int(thread->interp.id);
	values[THREAD_MAIN] = value_bool(thread->is_main);
	values[THREAD_GIL] = value_str(gil_name(thread));
	values[THREAD_STATE] = value_str(state_name(thread));
	values[THREAD_GC_COLLECTING] = value_bool(thread->gc_collecting);
	values[THREAD_HANDLING] = value_str(handled_name(rt, thread));
	values[THREAD_RAISING] = value_str(raised_name(rt, thread));
	values[THREAD_COMPLETE] = value_bool(frames->chain.end == CHAIN_END && !frames->broken &&
					     !frames->gaps);
	values[THREAD_OMITTED] = value_uint(frames->omitted);
}

static bool report_thread(struct bt *bt, const struct pythread *thread,
			  const struct bt_frames *frames)
{
	int daemon = -1;
	_str_ struct str name = STR_INIT, words = STR_INIT, above = STR_INIT, native_end = STR_INIT;
	struct value values[THREAD_COLUMNS] = { 0 };
	thread_values(bt, thread, frames, values);
	if (pythread_name(bt->session->runtime, thread, &name, &daemon))
		values[THREAD_NAME] = value_bytes(name.buf, name.len);
	if (daemon >= 0)
		values[THREAD_DAEMON] = value_bool(daemon > 0);
	thread_words(bt, thread, daemon, values, &words);
	values[THREAD_WORDS] = value_bytes(words.buf, words.len);
	enum thread_column place = frames->items.len ? THREAD_ABOVE : THREAD_NO_FRAMES;
	if (frames->items.len)
		above_words(bt, frames, &above);
	else
		no_frames_words(bt, thread, frames, &above);
	if (above.len)
		values[place] = value_bytes(above.buf, above.len);
	bt_native_end_words(frames, &native_end);
	if (native_end.len)
		values[THREAD_NATIVE_END] = value_bytes(native_end.buf, native_end.len);
	remark_losses(bt, thread, frames);
	remark_native(bt, thread->tid, frames);
	return report_open(bt->report, &thread_record, values) && bt_frames_report(bt, frames) &&
	       report_close(bt->report);
}

/* --- threads that Python does not know ------------------------------------------------------ */

static struct value module_value(const struct target *target, addr_t pc)
{
	const struct module *module = target_module_at(target, pc);
	return value_str(module ? module->path : NULL);
}

static bool report_crashed(struct session *s, const struct threads *threads, struct report *report)
{
	const struct target *target = s->target;
	for (size_t i = 0; i < target->threads.len; i++) {
		const struct os_thread *thread = &target->threads.items[i];
		if (!thread->crashed)
			continue;
		const struct value values[CRASHED_COLUMNS] = {
			[CRASHED_TID] = value_uint(thread->tid),
			[CRASHED_PYTHON] = value_bool(map_find(&threads->with_state, i)),
			[CRASHED_PC] = value_uint(thread->pc),
			[CRASHED_MODULE] = module_value(target, thread->pc),
		};
		return report_row(report, &crashed_record, values);
	}
	return true;
}

static void native_words(const struct target *target, const struct threads *threads,
			 struct str *ret)
{
	enum { MAX_NAMED = 16 };
	_str_ struct str tids = STR_INIT;
	size_t count = 0;
	for (size_t i = 0; i < target->threads.len; i++) {
		if (map_find(&threads->with_state, i))
			continue;
		if (count++ < MAX_NAMED)
			str_printf(&tids, "%s%" PRIu64, count > 1 ? ", " : "",
				   target->threads.items[i].tid);
	}
	words_count(ret, count, "native thread");
	str_printf(ret, " without Python state: %s%s", tids.buf, count > MAX_NAMED ? ", ..." : "");
}

static bool report_native_thread(struct bt *bt, const struct os_thread *thread, const char *words,
				 struct bt_frames *frames)
{
	const struct target *target = bt->session->target;
	_str_ struct str end = STR_INIT;
	struct value values[NATIVE_COLUMNS] = {
		[NATIVE_TID] = value_uint(thread->tid),
		[NATIVE_CRASHED] = value_bool(thread->crashed),
		[NATIVE_PC] = value_uint(thread->pc),
		[NATIVE_MODULE] = module_value(target, thread->pc),
		[NATIVE_WALKED] = value_bool(bt->unwinder),
		[NATIVE_WORDS] = value_str(words),
	};
	frames->list.len = frames->activations.list.len = 0;
	if (!bt_native_collect(bt, thread, frames))
		return false;
	bt_native_end_words(frames, &end);
	if (end.len)
		values[NATIVE_END] = value_bytes(end.buf, end.len);
	remark_native(bt, thread->tid, frames);
	return report_open(bt->report, &native_record, values) && bt_frames_report(bt, frames) &&
	       report_close(bt->report);
}

static bool report_native(struct bt *bt, const struct threads *threads)
{
	const struct target *target = bt->session->target;
	_str_ struct str words = STR_INIT;
	struct bt_frames frames = { 0 };
	bool ok = true;
	for (size_t i = 0; ok && i < target->threads.len; i++) {
		if (map_find(&threads->with_state, i))
			continue;
		bool is_first = !words.len && !bt->unwinder;
		if (is_first)
			native_words(target, threads, &words);
		ok = report_native_thread(bt, &target->threads.items[i],
					  is_first ? words.buf : NULL, &frames);
	}
	bt_frames_release(&frames);
	return ok;
}

/* --- the whole ------------------------------------------------------------------------------ */

static enum bt_locals locals_wanted(const char *option)
{
	if (!option)
		return LOCALS_NONE;
	return streq(option, "full") ? LOCALS_FULL : LOCALS_SHORT;
}

static enum bt_native native_wanted(const char *option)
{
	if (!option)
		return NATIVE_NONE;
	return streq(option, "all") ? NATIVE_ALL : NATIVE_BRIEF;
}

static void remark_lost_values(struct bt *bt)
{
	struct target *target = bt->session->target;
	_str_ struct str count = STR_INIT;
	if (!bt->lost_values)
		return;
	words_count(&count, bt->lost_values, "variable");
	remark_loss(&target->remarks, "%s cannot be shown whole: what is marked as lost %s",
		    count.buf,
		    target->slim ? "was not kept by pycore slim, or cannot be read"
				 : "cannot be read");
}

static struct error *report_threads(struct bt *bt, const struct threads *threads)
{
	struct bt_frames frames = { 0 };
	struct error *err = NULL;
	for (size_t i = 0; i < threads->list.len; i++) {
		const struct pythread *thread = &threads->list.items[i].thread;
		if (!bt_frames_collect(bt, thread, &frames))
			err = error_nomem();
		if (err || !report_thread(bt, thread, &frames))
			break;
	}
	bt_frames_release(&frames);
	remark_lost_values(bt);
	return err;
}

/* Each frame is one thread's: more of them than fit into the memory are a few, met again and again. */
static uint64_t frames_possible(const struct runtime *rt)
{
	const struct layout *l = &rt->layout;
	uint64_t bytes = 0;
	const struct extent *e;
	vec_each(e, &rt->target->memory.extents)
		bytes += e->host ? e->end - e->start : 0;
	return bytes / (l->dialect.frames == FRAMES_OBJECTS ? SIZEOF(l, PyFrameObject)
							    : SIZEOF(l, _PyInterpreterFrame));
}

static struct error *run_bt(struct session *s, const void *config_, struct report *report)
{
	const struct bt_config *config = config_;
	struct threads threads = { 0 };
	if (!collect_threads(s, &threads)) {
		threads_release(&threads);
		return error_nomem();
	}
	vec_sort(&threads.list, compare_threads);
	struct error *err = select_threads(&threads, &config->threads);
	if (err) {
		threads_release(&threads);
		return err;
	}
	/* Only text shows source lines, and only slim keeps them. */
	bool has_sources = (s->text_form || s->source_log) &&
			   !(config->source && streq(config->source, "off")) && !redacts_all(s->redaction);
	struct bt bt = {
		.session = s,
		.report = report,
		.sources = has_sources ? sources_new(s) : NULL,
		.rule = traceback_rule_for(&s->runtime->layout.version),
		.locals = locals_wanted(config->locals),
		.native = native_wanted(config->native),
		.lines = lines_wanted(config->lines),
		.limit = config->limit,
		.frames_left = frames_possible(s->runtime),
		.source_lines = STR_INIT,
		.repr = STR_INIT,
	};
	if (bt.native != NATIVE_NONE)
		err = unwinder_new(s->target, s->symbols, &bt.unwinder);
	if (bt.unwinder)
		bt_native_ask_all(&bt);
	if (!threads.list.len && !s->target->remarks.loss)
		remark_info(&s->target->remarks,
			    "no Python thread is left: the interpreter had ended, or not begun");
	if (!err && report_crashed(s, &threads, report)) {
		err = report_threads(&bt, &threads);
		if (!err && !config->threads.count)
			report_native(&bt, &threads);
	}
	if (bt.unwinder)
		unwinder_free(bt.unwinder);
	sources_free(bt.sources);
	str_release(&bt.source_lines);
	str_release(&bt.repr);
	threads_release(&threads);
	return err;
}

const struct analyzer analyzer_bt = {
	.api = PYCORE_PLUGIN_API,
	.name = "bt",
	.summary = "the Python traceback of every thread",
	.description = "Prints, for each Python thread of the dead process, the traceback that the "
		       "process itself "
		       "would have printed: the crashed thread first, then the main thread, then "
		       "the others in the "
		       "order in which they began. Source lines are shown where the files are at "
		       "hand, with the "
		       "position marks of Python 3.11 and later.\n"
		       "With --locals each frame's variables follow, as repr() would show them: "
		       "arguments, locals, "
		       "cells and free variables. No code of the program is run.\n"
		       "Frames or values that cannot be read are left out or marked, and a note "
		       "says why; the exit "
		       "code is then 1.",
	.example = "pycore bt core.1234\n"
		   "pycore bt --locals core.1234 /usr/bin/python3\n"
		   "pycore bt --thread 1240 --limit 5 core.1234\n"
		   "pycore bt --json core.1234 | jq '.threads[0].frames'",
	.options = bt_options,
	.config_size = sizeof(struct bt_config),
	.root = &bt_root,
	.needs = NEEDS_TARGET | NEEDS_RUNTIME,
	.run = run_bt,
};
