/* pycore batch: `pycore report` of many cores, each in a process of its own, one line each. */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "analyzers/session.h"
#include "core/checked.h"
#include "core/redact.h"
#include "core/str.h"
#include "report/json.h"
#include "report/text.h"

extern char **environ;
extern const struct analyzer analyzer_batch;

enum { JOBS_MAX = 256, SECONDS = 60, OUTPUT_MAX = 64 << 20, WORDS_MAX = 64 };

struct batch_config {
	uint64_t jobs, seconds;
	const char *resume;
	bool group;
};

#define AT(member) .offset = offsetof(struct batch_config, member)

static const struct option batch_options[] = {
	{ "jobs", 'j', OPTION_NUMBER, "N", "that many at once (as many as there are processors)", AT(jobs),
	  .min = 1, .max = JOBS_MAX },
	{ "timeout", 0, OPTION_NUMBER, "SECONDS", "no more than that for one core (60)", AT(seconds),
	  .min = 1, .max = 86400 },
	{ "resume", 0, OPTION_STRING, "FILE", "pass over the cores that FILE, an earlier output, has",
	  AT(resume) },
	{ "group", 'g', OPTION_FLAG, .help = "instead of the lines, how often each crash happened",
	  AT(group) },
	{ 0 },
};

enum core_column {
	CORE_PATH, CORE_EXIT, CORE_SECONDS, CORE_FINGERPRINT, CORE_TITLE, CORE_SIGNAL, CORE_PYTHON,
	CORE_EXECUTABLE, CORE_ERROR, CORE_REPORT, CORE_LINE, CORE_COLUMNS,
};

static const struct column core_columns[] = {
	[CORE_PATH] = COLUMN("core", STRING, "the file"),
	[CORE_EXIT] = COLUMN("exit", INT, "of pycore report; null: stopped, it took too long"),
	[CORE_SECONDS] = COLUMN("seconds", FLOAT, "that it took"),
	[CORE_FINGERPRINT] = COLUMN("fingerprint", STRING, "null: no report"),
	[CORE_TITLE] = COLUMN("title", STRING, "\"SIGSEGV in ship (shop.py)\""),
	[CORE_SIGNAL] = COLUMN("signal", STRING, "its name"),
	[CORE_PYTHON] = COLUMN("python", STRING, "its version"),
	[CORE_EXECUTABLE] = COLUMN("executable", STRING, "path, as the process had it"),
	[CORE_ERROR] = COLUMN("error", STRING, "why there is no report"),
	[CORE_REPORT] = COLUMN("report", STRING, "pycore report --format=text"),
	[CORE_LINE] = { .name = "line", .type = VALUE_STRING, .hidden = true, .doc = "the JSON line" },
};

static void line_text(struct text *out, const struct value *line)
{
	if (line->state == VALUE_PRESENT)
		text_put(out, line->s.bytes, line->s.len);
}

static void core_text(struct text *out, const struct value *values)
{
	line_text(out, &values[CORE_LINE]);
}

static const struct record core_record = {
	.name = "cores", .list = true, .doc = "as they got ready", COLUMNS(core_columns), .text = core_text,
};

enum group_column { GROUP_COUNT, GROUP_FINGERPRINT, GROUP_TITLE, GROUP_CORE, GROUP_LINE, GROUP_COLUMNS };

static const struct column group_columns[] = {
	[GROUP_COUNT] = COLUMN("count", UINT, "cores of this crash"),
	[GROUP_FINGERPRINT] = COLUMN("fingerprint", STRING, "null: no report could be made of them"),
	[GROUP_TITLE] = COLUMN("title", STRING, "of one of them"),
	[GROUP_CORE] = COLUMN("core", STRING, "one of them"),
	[GROUP_LINE] = { .name = "shown", .type = VALUE_BOOL, .hidden = true, .doc = "--group" },
};

static void group_text(struct text *out, const struct value *values)
{
	if (!values[GROUP_LINE].b)
		return;
	text_printf(out, "%7" PRIu64 "  %-32s  ", values[GROUP_COUNT].u,
		    values[GROUP_FINGERPRINT].state ? values[GROUP_FINGERPRINT].s.bytes : "-");
	if (values[GROUP_TITLE].state)
		text_escaped(out, values[GROUP_TITLE].s.bytes, values[GROUP_TITLE].s.len);
	else
		text_printf(out, "no report");
	text_printf(out, "  ");
	text_escaped(out, values[GROUP_CORE].s.bytes, values[GROUP_CORE].s.len);
	text_put(out, "\n", 1);
}

static const struct record group_record = {
	.name = "groups", .list = true, .doc = "most frequent first", COLUMNS(group_columns),
	.text = group_text,
};

static const struct record *const batch_children[] = { &core_record, &group_record, NULL };

static const struct record batch_root = {
	.name = "batch", .doc = "reports of many cores", .children = batch_children,
};

/* --- which cores ---------------------------------------------------------------------------- */

struct names { VEC(char *) list; };

static void names_release(struct names *names)
{
	char **name;
	vec_each(name, &names->list)
		free(*name);
	vec_release(&names->list);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool names_add(struct names *names, const char *bytes, size_t len)
{
	char *copy = strndup(bytes, len);
	char **name = copy ? vec_push(&names->list) : NULL;
	if (name)
		*name = copy;
	else
		free(copy);
	return name;
}

static bool names_have(const struct names *names, const char *name)
{
	return names->list.len && bsearch(&name, names->list.items, names->list.len, sizeof(char *), by_name);
}

/* Regular files below dir; no link is followed. */
static struct error *add_directory(struct names *names, const char *dir)
{
	char *const roots[] = { (char *)dir, NULL };
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	bool ok = walk;
	FTSENT *entry;
	while (ok && (entry = fts_read(walk)))
		if (entry->fts_info == FTS_F)
			ok = names_add(names, entry->fts_path, entry->fts_pathlen);
	if (walk)
		fts_close(walk);
	vec_sort(&names->list, by_name);
	return ok ? NULL : error_nomem();
}

static struct error *add_lines(struct names *names, const struct mapped_file *file)
{
	const char *p = (const char *)file->data, *end = p + file->size;
	while (p && p < end) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((stop ? stop : end) - p);
		if (len && !names_add(names, p, len))
			return error_nomem();
		p += len + 1;
	}
	return NULL;
}

static struct error *find_cores(struct session *s, struct names *ret)
{
	struct stat st;
	struct mapped_file file;
	if (!s->subject)
		return error_new(ERROR_USAGE, "which cores? pycore batch DIR, or a file with a name on each line");
	if (stat(s->subject, &st) == 0 && S_ISDIR(st.st_mode))
		return add_directory(ret, s->subject);
	struct error *err = files_map_given(s->files, s->subject, &file);
	if (err)
		return err;
	/* A core itself, and no list of names. */
	if (file.data && memchr(file.data, '\0', MIN(file.size, (size_t)4096)))
		err = names_add(ret, s->subject, strlen(s->subject)) ? NULL : error_nomem();
	else
		err = add_lines(ret, &file);
	mapped_file_release(&file);
	return err;
}

/* "core" of each line. The last one may be cut: its core is done again. */
static struct error *find_done(struct session *s, const char *path, struct names *ret)
{
	struct mapped_file file;
	struct error *err = files_map_given(s->files, path, &file);
	if (err)
		return err;
	struct arena arena = ARENA_INIT;
	const char *p = (const char *)file.data, *end = p + file.size, *stop;
	while (!err && p && p < end && (stop = memchr(p, '\n', (size_t)(end - p)))) {
		const struct json *line = json_parse(&arena, p, (size_t)(stop - p));
		const char *core = json_text(json_get(line, "core"));
		if (core && !names_add(ret, core, strlen(core)))
			err = error_nomem();
		arena_release(&arena);
		arena = (struct arena)ARENA_INIT;
		p = stop + 1;
	}
	arena_release(&arena);
	mapped_file_release(&file);
	vec_sort(&ret->list, by_name);
	return err;
}

/* --- one core ------------------------------------------------------------------------------- */

struct job {
	const char *core;
	pid_t pid;
	int ends[2];			/* its output and its errors; -1: closed */
	struct str texts[2];
	int64_t begun;			/* milliseconds */
	bool stopped;
};

struct group { char *fingerprint, *title, *core; uint64_t count; };

struct batch {
	struct session *session;
	const struct batch_config *config;
	struct report *report;
	const char *words[WORDS_MAX];	/* the command, its last word the core */
	size_t word_count;
	char program[4096];
	VEC(struct group) groups;
	uint64_t seconds, failed;
	uint64_t total, passed, done;	/* cores: all, done before (--resume), done now */
	int64_t begun, shown;		/* milliseconds; shown 0: nothing stands on the terminal */
	sigset_t before;		/* what the children are to have */
	int signals;			/* SIGINT, SIGTERM: to end with whole lines */
	bool interrupted;
};

static int64_t milliseconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* "batch: 120 of 4000 cores, 61 a second, 2 without a report", on a terminal alone. */
static void show_progress(struct batch *b)
{
	enum { DELAY = 500, INTERVAL = 100 };
	int64_t now = milliseconds();
	if (!b->session->files->progress || now - b->begun < DELAY || now - b->shown < INTERVAL)
		return;
	b->shown = now;
	fprintf(stderr, "\r\x1b[Kbatch: %" PRIu64 " of %" PRIu64 " cores, %.0f a second, %" PRIu64
		" without a report", b->passed + b->done, b->total,
		(double)b->done * 1000 / (double)MAX(now - b->begun, (int64_t)1), b->failed);
	fflush(stderr);
}

static void erase_progress(struct batch *b)
{
	if (!b->shown)
		return;
	fputs("\r\x1b[K", stderr);
	fflush(stderr);
	b->shown = 0;
}

static bool job_start(struct batch *b, const char *core, struct job *ret)
{
	int out[2], err[2];
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	if (pipe2(out, O_CLOEXEC) < 0)
		return false;
	if (pipe2(err, O_CLOEXEC) < 0) {
		close(out[0]);
		close(out[1]);
		return false;
	}
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &b->before);
	/* In groups of their own: a terminal's ^C is for us to handle. */
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out[1], 1);
	posix_spawn_file_actions_adddup2(&actions, err[1], 2);
	b->words[b->word_count] = core;
	*ret = (struct job){ core, -1, { out[0], err[0] }, { STR_INIT, STR_INIT }, milliseconds(), false };
	int failed = posix_spawn(&ret->pid, b->program, &actions, &attributes, (char **)b->words,
				 environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	close(out[1]);
	close(err[1]);
	if (!failed)
		return true;
	close(out[0]);
	close(err[0]);
	return false;
}

static bool job_is_open(const struct job *job)
{
	return job->ends[0] >= 0 || job->ends[1] >= 0;
}

static void job_stop(struct job *job)
{
	kill(-job->pid, SIGKILL);
	job->stopped = true;
}

static void job_read(struct job *job, int which)
{
	char buffer[65536];
	ssize_t n = read(job->ends[which], buffer, sizeof(buffer));
	if (n < 0 && errno == EINTR)
		return;
	if (n > 0 && job->texts[which].len + (size_t)n <= OUTPUT_MAX) {
		str_add(&job->texts[which], buffer, (size_t)n);
		return;
	}
	if (n > 0)
		job_stop(job);
	close(job->ends[which]);
	job->ends[which] = -1;
}

static struct value known(const struct json *text)
{
	return value_str(json_text(text));
}

/* The row as a line of its own: what JSON's form would write, without line breaks. */
static bool put_line(const struct value *values, struct str *ret)
{
	char *bytes = NULL;
	size_t len = 0;
	FILE *memory = open_memstream(&bytes, &len);
	_free_ struct output *o = calloc(1, sizeof(*o));
	bool ok = memory && o;
	if (ok)
		o->file = memory;
	for (size_t i = 0; ok && i < CORE_LINE; i++) {
		output_puts(o, i ? ", \"" : "{\"");
		output_puts(o, core_columns[i].name);
		output_puts(o, "\": ");
		if (!values[i].state)
			output_puts(o, "null");
		else if (core_columns[i].type == VALUE_INT)
			output_int(o, values[i].i);
		else if (core_columns[i].type == VALUE_FLOAT)
			output_double(o, values[i].f);
		else
			json_string(o, values[i].s.bytes, values[i].s.len);
	}
	if (ok)
		output_puts(o, "}\n");
	ok = ok && output_flush(o);
	if (memory)
		fclose(memory);
	if (ok)
		str_add(ret, bytes, len);
	free(bytes);
	return ok && !ret->failed;
}

static bool count_group(struct batch *b, const struct value *values)
{
	const struct value *print = &values[CORE_FINGERPRINT], *title = &values[CORE_TITLE];
	struct group *g;
	vec_each(g, &b->groups) {
		bool same = print->state && g->fingerprint ? streq(g->fingerprint, print->s.bytes) :
			    !print->state && !g->fingerprint;
		if (same)
			return ++g->count;
	}
	g = vec_push(&b->groups);
	if (!g)
		return false;
	g->count = 1;
	g->fingerprint = print->state ? strdup(print->s.bytes) : NULL;
	g->title = title->state ? strdup(title->s.bytes) : NULL;
	g->core = strdup(values[CORE_PATH].s.bytes);
	return g->core;
}

static bool job_report(struct batch *b, struct job *job, int status)
{
	struct arena arena = ARENA_INIT;
	_str_ struct str line = STR_INIT;
	const struct json *document = json_parse(&arena, job->texts[0].buf, job->texts[0].len);
	const struct json *report = json_get(document, "report"), *process = json_get(document, "process");
	struct str *error = &job->texts[1];
	while (error->len && error->buf[error->len - 1] == '\n')
		str_truncate(error, error->len - 1);
	if (job->stopped)
		str_printf(error, "%sstopped after %" PRIu64 " seconds", error->len ? "; " : "", b->seconds);
	struct value values[CORE_COLUMNS] = {
		[CORE_PATH] = value_str(job->core),
		[CORE_SECONDS] = value_float((double)(milliseconds() - job->begun) / 1000),
		[CORE_FINGERPRINT] = known(json_get(report, "fingerprint")),
		[CORE_TITLE] = known(json_get(report, "title")),
		[CORE_SIGNAL] = known(json_get(json_get(process, "signal"), "name")),
		[CORE_PYTHON] = known(json_get(json_get(process, "python"), "version")),
		[CORE_EXECUTABLE] = known(json_get(process, "executable")),
		[CORE_ERROR] = error->len ? value_bytes(error->buf, error->len) : value_absent(),
		[CORE_REPORT] = known(json_get(report, "content")),
	};
	if (WIFEXITED(status) && !job->stopped)
		values[CORE_EXIT] = value_int(WEXITSTATUS(status));
	b->failed += !values[CORE_FINGERPRINT].state;
	bool ok = count_group(b, values) && (b->config->group || put_line(values, &line));
	if (line.len)
		values[CORE_LINE] = value_bytes(line.buf, line.len);
	ok = ok && report_row(b->report, &core_record, values);
	arena_release(&arena);
	return ok;
}

/* --- all of them ---------------------------------------------------------------------------- */

static bool job_end(struct batch *b, struct job *job)
{
	int status = 0;
	while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	/* The lines may be for the same terminal. */
	erase_progress(b);
	bool ok = b->interrupted || job_report(b, job, status);
	b->done += !b->interrupted;
	str_release(&job->texts[0]);
	str_release(&job->texts[1]);
	return ok;
}

/* Waits until one of them says something or has had its time. */
static void jobs_wait(struct batch *b, struct job *jobs, size_t count)
{
	struct pollfd ends[2 * JOBS_MAX + 1];
	int64_t now = milliseconds(), most = (int64_t)b->seconds * 1000;
	int64_t patience = most;
	for (size_t i = 0; i < count; i++) {
		ends[2 * i] = (struct pollfd){ jobs[i].ends[0], POLLIN, 0 };
		ends[2 * i + 1] = (struct pollfd){ jobs[i].ends[1], POLLIN, 0 };
		if (now - jobs[i].begun >= most && !jobs[i].stopped)
			job_stop(&jobs[i]);
		else
			patience = MIN(patience, MAX(jobs[i].begun + most - now, (int64_t)10));
	}
	ends[2 * count] = (struct pollfd){ b->interrupted ? -1 : b->signals, POLLIN, 0 };
	if (poll(ends, 2 * count + 1, (int)patience) <= 0)
		return;
	if (ends[2 * count].revents) {
		b->interrupted = true;
		for (size_t i = 0; i < count; i++)
			job_stop(&jobs[i]);
	}
	for (size_t i = 0; i < 2 * count; i++)
		if (ends[i].fd >= 0 && ends[i].revents)
			job_read(&jobs[i / 2], (int)(i % 2));
}

static struct error *run_all(struct batch *b, const struct names *cores, const struct names *done)
{
	struct job jobs[JOBS_MAX];
	size_t running = 0, next = 0;
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	size_t most = b->config->jobs ? b->config->jobs : (size_t)MAX(MIN(processors, (long)JOBS_MAX), 1L);
	bool ok = true;
	while ((ok && !b->interrupted && next < cores->list.len) || running) {
		while (ok && !b->interrupted && running < most && next < cores->list.len) {
			const char *core = cores->list.items[next++];
			if (names_have(done, core))
				b->passed++;
			else if (!job_start(b, core, &jobs[running++])) {
				running--;
				ok = false;
			}
		}
		show_progress(b);
		if (running)
			jobs_wait(b, jobs, running);
		for (size_t i = 0; i < running;) {
			if (job_is_open(&jobs[i])) {
				i++;
				continue;
			}
			ok = job_end(b, &jobs[i]) && ok;
			jobs[i] = jobs[--running];
		}
	}
	erase_progress(b);
	/* What is done stands, in whole lines. */
	if (b->interrupted)
		fputs("pycore: interrupted; --resume does the rest\n", stderr);
	b->session->incomplete = b->interrupted;
	if (!ok && next < cores->list.len)
		return error_new(ERROR_INTERNAL, "not all of the cores: %s", strerror(errno));
	return NULL;
}

static int most_frequent_first(const void *a_, const void *b_)
{
	const struct group *a = a_, *b = b_;
	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	return strcmp(a->core, b->core);
}

static void report_groups(struct batch *b)
{
	struct group *g;
	vec_sort(&b->groups, most_frequent_first);
	vec_each(g, &b->groups) {
		const struct value values[GROUP_COLUMNS] = {
			[GROUP_COUNT] = value_uint(g->count),
			[GROUP_FINGERPRINT] = value_str(g->fingerprint),
			[GROUP_TITLE] = value_str(g->title),
			[GROUP_CORE] = value_str(g->core),
			[GROUP_LINE] = value_bool(b->config->group),
		};
		report_row(b->report, &group_record, values);
	}
	vec_each(g, &b->groups) {
		free(g->fingerprint);
		free(g->title);
		free(g->core);
	}
	vec_release(&b->groups);
}

static bool make_words(struct batch *b)
{
	static const char *const command[] = { "pycore", "report", "--json", "--quiet" };
	ssize_t len = readlink("/proc/self/exe", b->program, sizeof(b->program) - 1);
	if (len <= 0)
		return false;
	b->program[len] = '\0';
	memcpy(b->words, command, sizeof(command));
	b->word_count = ARRAY_SIZE(command);
	if (b->session->files->sysroot) {
		b->words[b->word_count++] = "--sysroot";
		b->words[b->word_count++] = b->session->files->sysroot;
	}
	char **dir;
	vec_each(dir, &b->session->files->search) {
		if (b->word_count + 4 > WORDS_MAX)
			return false;
		b->words[b->word_count++] = "--search";
		b->words[b->word_count++] = *dir;
	}
	const struct redaction *redaction = b->session->redaction;
	const char *pattern;
	b->words[b->word_count++] = !redaction ? "--redact=off" : redacts_all(redaction) ? "--redact=all" :
				    "--redact=secrets";
	for (size_t i = 0; (pattern = redaction_pattern(redaction, i)); i++) {
		if (b->word_count + 4 > WORDS_MAX)
			return false;
		b->words[b->word_count++] = "--redact-also";
		b->words[b->word_count++] = pattern;
	}
	b->words[b->word_count++] = "--";
	return true;
}

static struct error *batch_run(struct session *session, const void *config_, struct report *report)
{
	const struct batch_config *config = config_;
	struct batch b = { .session = session, .config = config, .report = report };
	struct names cores = { 0 }, done = { 0 };
	b.seconds = config->seconds ? config->seconds : SECONDS;
	struct error *err = find_cores(session, &cores);
	if (!err && config->resume)
		err = find_done(session, config->resume, &done);
	if (!err && !make_words(&b))
		err = error_new(ERROR_INTERNAL, "/proc/self/exe cannot be read, or there are too many "
				"--search or --redact-also");
	b.begun = milliseconds();
	b.total = cores.list.len;
	sigset_t ours;
	sigemptyset(&ours);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGTERM);
	sigprocmask(SIG_BLOCK, &ours, &b.before);
	b.signals = signalfd(-1, &ours, SFD_CLOEXEC);
	if (!err)
		err = run_all(&b, &cores, &done);
	if (b.signals >= 0)
		close(b.signals);
	size_t missed = b.failed;
	report_groups(&b);
	names_release(&cores);
	names_release(&done);
	if (!err && config->group) {
		_str_ struct str note = STR_INIT;
		double seconds = (double)MAX(milliseconds() - b.begun, (int64_t)1) / 1000;
		str_printf(&note, "%" PRIu64 " files in %.1f seconds, %.0f a second; of %zu files no report could be "
			   "made", b.done, seconds, (double)b.done / seconds, missed);
		report_note(report, NOTE_INFO, note.buf);
	}
	return err;
}

const struct analyzer analyzer_batch = {
	.api = PYCORE_PLUGIN_API,
	.name = "batch",
	.summary = "report many cores, one JSON line each, or grouped by crash",
	.description =
		"All files below a directory, or those that a file names, one on each line. Each is read by a\n"
		"pycore report of its own, so that one bad core never stops the rest; what is no core, or took too\n"
		"long, gets a line too, with an error. Lines come as they get ready. After an interruption the\n"
		"output so far is given with --resume, and only what is not in it is done.",
	.example =
		"pycore batch /var/lib/systemd/coredump >reports.ndjson\n"
		"pycore batch cores --resume reports.ndjson >>reports.ndjson\n"
		"pycore batch --group cores",
	.options = batch_options,
	.config_size = sizeof(struct batch_config),
	.root = &batch_root,
	.needs = TAKES_NO_CORE | TAKES_SUBJECT | REDACTS | RAW_TEXT,
	.run = batch_run,
};
