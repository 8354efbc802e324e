/* A plugin: how deep is every thread's stack, and where does it stand?
 *
 *	cc -shared -fPIC -I /usr/local/include/pycore -o depth.so depth.c
 *	PYCORE_PLUGINS=. pycore depth core.1234 */
#include "analyzers/plugin.h"

struct config {
	uint64_t at_least;
	bool variables;
};

static const struct option options[] = {
	{ .name = "at-least",
	  .letter = 'n',
	  .type = OPTION_NUMBER,
	  .argument = "N",
	  .min = 1,
	  .help = "only threads with N frames or more",
	  .offset = offsetof(struct config, at_least) },
	{ .name = "variables",
	  .type = OPTION_FLAG,
	  .help = "with the variables of the innermost frame",
	  .offset = offsetof(struct config, variables) },
	{ 0 },
};

static const struct column variable_columns[] = {
	COLUMN("name", STRING, "of the variable"),
	COLUMN("type", STRING, "of its value"),
	COLUMN("repr", STRING, "what repr() would give, shortened"),
};

static void variable_text(struct text *out, const struct value *values)
{
	text_put(out, "        ", 8);
	text_value(out, &variable_columns[0], &values[0]);
	text_put(out, " = ", 3);
	text_value(out, &variable_columns[2], &values[2]);
	text_put(out, "\n", 1);
}

static const struct record variable_record = {
	.name = "variables", .list = true, COLUMNS(variable_columns), .text = variable_text,
};
static const struct record *const thread_children[] = { &variable_record, NULL };

static const struct column thread_columns[] = {
	COLUMN("tid", UINT, "the kernel's id of the thread"),
	COLUMN("depth", UINT, "how many Python frames it has"),
	COLUMN("innermost", STRING, "the function that it is in; null: none"),
};

static void thread_text(struct text *out, const struct value *values)
{
	text_style(out, STYLE_HEADING);
	text_value(out, &thread_columns[0], &values[0]);
	text_style(out, STYLE_PLAIN);
	text_printf(out, "  %6llu  ", (unsigned long long)values[1].u);
	text_value(out, &thread_columns[2], &values[2]);
	text_put(out, "\n", 1);
}

static const struct record thread_record = {
	.name = "threads", .list = true, .doc = "in the order of the interpreter",
	COLUMNS(thread_columns), .children = thread_children, .text = thread_text,
};
static const struct record *const children[] = { &thread_record, NULL };
static const struct record root = { .name = "depth",
				    .doc = "how deep every stack is",
				    .children = children };

static void report_variables(struct session *session, struct pycore_frames *frames,
			     struct report *report)
{
	struct pycore_locals *locals = pycore_locals_new(frames);
	struct pycore_local local;
	while (locals && pycore_local_next(locals, &local)) {
		char repr[200];
		size_t len = pycore_repr(session, local.object, repr, sizeof(repr));
		struct value values[] = {
			value_str(local.name),
			value_str(pycore_type_name(session, local.object)),
			len ? value_str(repr) : value_lost(local.object),
		};
		report_row(report, &variable_record, values);
	}
	pycore_locals_free(locals);
}

/* Once to count, once more to show: iterators are cheap. */
static void report_thread(struct session *session, const struct config *config,
			  struct report *report, struct pycore_threads *threads,
			  const struct pycore_thread *thread)
{
	struct pycore_frames *frames = pycore_frames_new(threads);
	struct pycore_frame frame;
	const char *innermost = NULL;
	uint64_t depth = 0;
	while (frames && pycore_frame_next(frames, &frame)) {
		if (depth++ == 0)
			innermost = frame.qualname ? frame.qualname : frame.name;
	}
	pycore_frames_free(frames);
	if (depth < config->at_least)
		return;
	struct value values[] = { value_uint(thread->tid), value_uint(depth),
				  value_str(innermost) };
	report_open(report, &thread_record, values);
	frames = config->variables ? pycore_frames_new(threads) : NULL;
	if (frames && pycore_frame_next(frames, &frame))
		report_variables(session, frames, report);
	pycore_frames_free(frames);
	report_close(report);
}

static struct error *run(struct session *session, const void *config, struct report *report)
{
	uint64_t runtime, size;
	if (pycore_python_version(session) >= 0x03070000 &&
	    !pycore_symbol(session, "_PyRuntime", &runtime, &size))
		report_note(report, NOTE_INFO, "the symbol _PyRuntime is hidden");
	struct pycore_threads *threads = pycore_threads_new(session);
	if (!threads)
		return pycore_error("out of memory");
	struct pycore_thread thread;
	while (pycore_thread_next(threads, &thread))
		report_thread(session, config, report, threads, &thread);
	pycore_threads_free(threads);
	return NULL;
}

const struct analyzer pycore_analyzer = {
	.api = PYCORE_PLUGIN_API,
	.name = "depth",
	.summary = "how deep every thread's stack is",
	.description =
		"One line for each Python thread: its id, its number of frames, the innermost function.",
	.example = "pycore depth --at-least 100 core.1234",
	.options = options,
	.config_size = sizeof(struct config),
	.root = &root,
	.needs = NEEDS_TARGET | NEEDS_RUNTIME,
	.run = run,
};
