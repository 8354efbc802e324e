/* pycore: from argv to an exit code. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "analyzers/session.h"
#include "cli/common.h"
#include "cli/destination.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/plugins.h"
#include "cli/progress.h"
#include "cli/sandboxed.h"
#include "cli/session.h"
#include "core/redact.h"
#include "core/trace.h"

enum { EXIT_DONE, EXIT_LOSS };

static int fail(struct error *err)
{
	int code = (int)err->code;
	fprintf(stderr, "pycore: %s\n", err->message);
	error_free(err);
	return code;
}

/* The core shrank, or its disk failed, under our mapping. Not our bug, and not a crash of ours. */
static void on_bus_error(int signal)
{
	static const char message[] =
		"pycore: a file was cut short or became unreadable while it was read; try a copy\n";
	ssize_t ignored _unused_ = write(STDERR_FILENO, message, sizeof(message) - 1);
	_exit(ERROR_UNSUPPORTED);
}

static void set_up_process(void)
{
	/* Else the core could be opened as descriptor 1, and the report written into it. */
	int fd;
	do {
		fd = open("/dev/null", O_RDONLY);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
	/* A write that fails says why by itself. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGBUS, on_bus_error);
	const char *topics = secure_getenv("PYCORE_TRACE"), *unknown;
	if (topics && !trace_parse(topics, &unknown))
		fprintf(stderr, "pycore: PYCORE_TRACE does not know '%s'\n", unknown);
}

/* One run of a command: what it is to do, and for whom. */
struct run {
	struct session *session;
	const struct analyzer *command;
	const void *config;
	const struct common *common;
	const struct inputs *inputs;
	struct progress_line *line;
	const struct redaction *redaction;
	unsigned needs;
	bool color;
	unsigned width;			/* of the terminal that the report is for */
};

static bool wants_color(const struct common *common, FILE *out)
{
	if (common->color && !streq(common->color, "auto"))
		return streq(common->color, "always");
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	return !(no_color && *no_color) && term && !streq(term, "dumb") && isatty(fileno(out));
}

static unsigned width_of(FILE *out)
{
	struct winsize size;
	return ioctl(fileno(out), TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* A reader that had enough (| head) is no fault; everything else is told, and is the exit code. */
static int tell_failure(const struct report *report, const struct common *common)
{
	bool reader_left;
	const char *why = report_failure(report, &reader_left);
	if (!why || reader_left)
		return EXIT_DONE;
	fprintf(stderr, "pycore: cannot write %s: %s\n",
		common->output ? common->output : "the report", why);
	return ERROR_INTERNAL;
}

static void note_missing_runtime(struct session *s, struct report *report)
{
	if (s->runtime_error)
		report_note(report, NOTE_INFO, s->runtime_error->message);
}

/* The records of a command, and what was lost on the way. */
static struct error *write_records(const struct run *run, struct report *report)
{
	struct session *s = run->session;
	bool raw = run->needs & RAW_TEXT && !run->common->json;
	if (s->target && !raw && !process_report(s, report))
		return NULL;
	struct error *err = run->command->run(s, run->config, report);
	note_missing_runtime(s, report);
	if (s->target && !raw)
		session_report_remarks(s, report);
	return err;
}

/* A failure is one line on stderr and no report. One that has begun to be written is ended, and
 * says that it is not whole. */
static int end_report(struct report *report, struct error *err, const struct common *common)
{
	if (err && report_discard(report))
		return fail(err);
	if (err)
		report_note(report, NOTE_LOSS, err->message);
	int code = report_end(report) ? EXIT_DONE : tell_failure(report, common);
	return err ? fail(err) : code;
}

static int write_report(const struct run *run, FILE *out)
{
	struct session *s = run->session;
	const struct new_file standard = { .fd = fileno(out), .path = (char *)"standard output" };
	if (run->needs & OWNS_STDOUT)
		s->made = &standard;
	const struct analyzer *command = run->command;
	const struct common *common = run->common;
	struct report_options options = {
		.form = common->json ? REPORT_JSON : REPORT_TEXT,
		.color = !common->json && run->color,
		.quiet = common->quiet,
		.width = run->width,
		.command = command->name,
		.version = PYCORE_VERSION,
		/* What converts a document has taken them out of that. */
		.redaction = run->needs & RAW_TEXT ? NULL : run->redaction,
	};
	struct composed composed;
	if (!composed_init(&composed, command->root, &process_record))
		return fail(error_nomem());
	struct report *report = report_new(&composed.root, &options, out);
	if (!report) {
		composed_release(&composed);
		return fail(error_nomem());
	}
	int code = end_report(report, write_records(run, report), common);
	if (code == EXIT_DONE && (report_has_loss(report) || s->incomplete ||
				  (s->target && (s->target->truncated || s->target->remarks.loss))))
		code = EXIT_LOSS;
	report_free(report);
	composed_release(&composed);
	return code;
}

static unsigned needs_of(const struct analyzer *command, const void *config)
{
	return command->needs_of ? command->needs_of(config) : command->needs;
}

static struct opening opening_of(const struct run *run)
{
	bool watched = !run->common->quiet && isatty(STDERR_FILENO);
	return (struct opening){ run->common, run->inputs, run->needs, run->redaction,
				 watched ? &run->line->progress : NULL };
}

static struct error *open_session(const struct run *run)
{
	const struct opening opening = opening_of(run);
	struct error *err = session_open(run->session, &opening);
	progress_line_erase(run->line);
	return err;
}

/* --- in a process of its own, without rights --- */

static int report_in_sandbox(void *arg, FILE *out)
{
	const struct run *run = arg;
	struct error *err = open_session(run);
	return err ? fail(err) : write_report(run, out);
}

static struct error *wants_sandbox(const struct run *run, bool *ret)
{
	const char *asked = run->common->sandbox;
	bool possible = run->inputs->core && run->needs & NEEDS_TARGET;
	*ret = possible && (asked ? !streq(asked, "off") : run->needs & WANTS_SANDBOX);
	if (!possible && asked && streq(asked, "require"))
		return error_new(ERROR_USAGE, "--sandbox=require: %s reads no core", run->command->name);
	return NULL;
}

static int run_sandboxed(const struct run *run, FILE *out)
{
	const struct common *common = run->common;
	const struct sandboxed job = {
		.files = run->session->files,
		.require = common->sandbox && streq(common->sandbox, "require"),
		.verbose = common->verbose,
		.work = report_in_sandbox,
		.arg = (void *)run,
	};
	return sandboxed_run(&job, out);
}

/* What is open by now, beside the core and the executable, must not be written over either. */
static struct error *check_output(const struct run *run)
{
	const char *output = run->common->output;
	return output ? output_check(output, run->inputs, run->session) : NULL;
}

static int run_to_destination(const struct run *run, bool sandboxed)
{
	struct destination to;
	bool filled = run->needs & OWNS_OUTPUT;
	struct error *err = destination_open(&to, run->common->output, filled,
					     run->needs & TO_SYSLOG ? run->config : NULL, run->session->files);
	if (err)
		return fail(err);
	if (filled && to.file.path)
		run->session->made = &to.file;
	int code = sandboxed ? run_sandboxed(run, destination_stream(&to)) :
			       write_report(run, destination_stream(&to));
	err = destination_close(&to, code <= EXIT_LOSS);
	return err ? fail(err) : code;
}

/* Whether in a sandbox or not. */
static int run_report(struct run *run)
{
	/* Known before anything is opened, since a sandbox can ask nobody. */
	bool to_stdout = !run->common->output || run->needs & OWNS_OUTPUT;
	bool sandboxed;
	const struct opening opening = opening_of(run);
	run->color = to_stdout ? wants_color(run->common, stdout) :
		     run->common->color && streq(run->common->color, "always");
	run->width = to_stdout ? width_of(stdout) : 0;
	struct error *err = wants_sandbox(run, &sandboxed);
	if (!err)
		err = session_open_files(run->session, &opening);
	if (!err)
		err = check_output(run);
	if (!err && !sandboxed)
		err = open_session(run);
	/* Again: now what the core names is open too. */
	if (!err && !sandboxed)
		err = check_output(run);
	return err ? fail(err) : run_to_destination(run, sandboxed);
}

static int print_schema(const struct analyzer *command)
{
	struct composed composed;
	if (!composed_init(&composed, command->root, &process_record))
		return fail(error_nomem());
	bool written = report_schema(&composed.root, command->name, stdout);
	composed_release(&composed);
	return written ? EXIT_DONE : ERROR_INTERNAL;
}

/* A file that an option of the command's own names is written as that of --output is. */
static struct error *take_output(const struct analyzer *command, const void *config,
				 struct common *common)
{
	for (const struct option *o = command->options; o && o->name; o++) {
		const char *path = o->is_output ? *(char *const *)((const char *)config + o->offset)
						: NULL;
		if (!path)
			continue;
		if (common->output)
			return error_new(ERROR_USAGE, "--%s names its file itself: leave --output "
						      "away", o->name);
		if (streq(path, "-") && common->json)
			return error_new(ERROR_USAGE, "--%s - and --json both write to standard "
						      "output", o->name);
		if (!streq(path, "-"))
			common->output = path;
	}
	return NULL;
}

static struct error *redaction_of(const struct common *common, unsigned needs, struct redaction **ret)
{
	const char *mode = common->redact;
	bool wanted = mode ? !streq(mode, "off") : needs & REDACTS || common->redact_also.count;
	if (!wanted)
		return NULL;
	return redaction_new(mode && streq(mode, "all") ? REDACT_ALL : REDACT_SECRETS,
			     common->redact_also.items, common->redact_also.count, ret);
}

/* argv: what follows the command's name. */
static int run_command(const struct analyzer *command, int argc, char **argv)
{
	struct common common = { 0 };
	struct arguments arguments = { 0 };
	struct inputs inputs = { 0 };
	struct session session = { 0 };
	struct progress_line line;
	_cleanup_(owned_redaction_free) struct redaction *redaction = NULL;
	progress_line_init(&line, stderr);
	_free_ void *config = calloc(1, command->config_size + 1);
	if (!config)
		return fail(error_nomem());
	const struct option_table tables[] = { { command->options, config },
					       { common_options, &common } };
	int code = EXIT_DONE;
	struct error *err = options_parse(tables, 2, argc, argv, &arguments);
	if (!err)
		err = take_output(command, config, &common);
	if (!err && common.help)
		help_command(command, stdout);
	else if (!err && common.schema)
		code = print_schema(command);
	else if (!err)
		err = inputs_from(&common, &arguments, command, needs_of(command, config), &inputs);
	if (!err)
		err = redaction_of(&common, needs_of(command, config), &redaction);
	if (common.verbose)
		trace_mask |= TRACE_FILES | TRACE_SYMBOLS | TRACE_LOCATE;
	struct run run = {
		.session = &session,
		.command = command,
		.config = config,
		.common = &common,
		.inputs = &inputs,
		.line = &line,
		.redaction = redaction,
		.needs = needs_of(command, config),
	};
	if (err)
		code = fail(err);
	else if (!common.help && !common.schema)
		code = run_report(&run);
	session_release(&session);
	inputs_release(&inputs);
	arguments_release(&arguments);
	options_release(&tables[0]);
	options_release(&tables[1]);
	return code;
}

/* No such command, no such file: a slip, perhaps. What has a directory or a suffix is left to who
 * opens files. */
static struct error *check_word(const struct commands *commands, const char *word, int words)
{
	if (word[0] == '-' || strpbrk(word, "/.") || access(word, F_OK) == 0 || streq(word, "last"))
		return NULL;
	struct suggestion near = { .wanted = word };
	const struct analyzer **command;
	vec_each(command, &commands->list)
		suggestion_try(&near, (*command)->name);
	suggestion_try(&near, "help");
	if (near.nearest)
		return error_new(ERROR_USAGE, "neither a command nor a file: %s (did you mean %s?)",
				 word, near.nearest);
	return error_new(words > 2 ? ERROR_USAGE : ERROR_UNSUPPORTED,
			 "neither a command nor a file: %s; see pycore help", word);
}

static int help(const struct commands *commands, const char *topic)
{
	const struct analyzer *command = topic ? commands_find(commands, topic) : NULL;
	if (topic && !command)
		return fail(error_new(ERROR_USAGE, "no such command: %s; see pycore help", topic));
	if (command)
		help_command(command, stdout);
	else
		help_all(commands, stdout);
	return EXIT_DONE;
}

static int dispatch(const struct commands *commands, int argc, char **argv)
{
	if (argc < 2) {
		help_usage(stderr);
		return ERROR_USAGE;
	}
	const char *word = argv[1];
	if (streq(word, "help") || streq(word, "--help") || streq(word, "-h"))
		return help(commands, argv[2]);
	if (streq(word, "--version")) {
		puts("pycore " PYCORE_VERSION);
		return EXIT_DONE;
	}
	if (streq(word, "--generate=man")) {
		man_generate(commands, stdout);
		return EXIT_DONE;
	}
	if (streq(word, "--generate=bash-completion")) {
		completion_generate(commands, stdout);
		return EXIT_DONE;
	}
	const struct analyzer *command = commands_find(commands, word);
	if (command)
		return run_command(command, argc - 2, argv + 2);
	struct error *err = check_word(commands, word, argc - 1);
	if (err)
		return fail(err);
	return run_command(commands_find(commands, "bt"), argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	struct commands commands = { 0 };
	set_up_process();
	if (!commands_init(&commands, analyzers))
		return fail(error_nomem());
	const char *plugins = secure_getenv("PYCORE_PLUGINS");
	if (plugins)
		plugins_load(&commands, plugins, stderr);
	int code = dispatch(&commands, argc, argv);
	commands_release(&commands);
	if (fflush(stdout) != 0 && errno != EPIPE && code <= EXIT_LOSS)
		code = fail(error_new(ERROR_INTERNAL, "cannot write: %s", strerror(errno)));
	return code;
}
