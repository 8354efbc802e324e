#include "cli/session.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/journal.h"
#include "core/redact.h"

/* --core-fd N */
static struct error *inputs_from_fd(const struct common *common, const struct arguments *arguments,
				    struct inputs *ret)
{
	char *end;
	errno = 0;
	long fd = strtol(common->core_fd, &end, 10);
	if (errno || !*common->core_fd || *end || fd < 0 || fd > INT_MAX || fcntl((int)fd, F_GETFD) < 0)
		return error_new(ERROR_USAGE, "--core-fd %s: is not an open descriptor", common->core_fd);
	if (common->core || arguments->words.len > 1)
		return error_new(ERROR_USAGE, "the core is given twice: by --core-fd and by name");
	ret->core = "-";
	ret->fd = (int)fd;
	ret->executable = arguments->words.len ? arguments->words.items[0] : NULL;
	return NULL;
}

/* systemd-coredump's Storage=journal. */
static struct error *choose_in_journal(const struct store_entry *entry, struct inputs *ret)
{
	ret->cursor = entry->cursor;
	if (asprintf(&ret->name, "journal:%" PRId64 ".%" PRId64, entry->pid, entry->time) < 0) {
		ret->name = NULL;
		return error_nomem();
	}
	ret->core = ret->name;
	return NULL;
}

/* `pycore bt last`, `pycore bt 4242`, `pycore bt python3`, as coredumpctl takes them. */
static struct error *choose_stored(const struct common *common, struct inputs *ret)
{
	const char *word = ret->core;
	bool is_pid = word[strspn(word, "0123456789")] == '\0';
	if (streq(word, "-") || strchr(word, '/') || access(word, F_OK) == 0)
		return NULL;
	struct error *err = store_load(common->sysroot, &ret->store);
	if (err)
		return err;
	const struct store_entry *entry = store_find(&ret->store, word);
	if (entry && entry->state == STORE_JOURNAL && entry->cursor)
		return choose_in_journal(entry, ret);
	if (entry && !entry->path)
		return error_new(ERROR_UNSUPPORTED, "%s: its core was not kept", word);
	if (entry && entry->state == STORE_MISSING)
		return error_new(ERROR_UNSUPPORTED, "%s: its core is no longer there: it was removed to make room "
				 "(%s)", word, entry->path);
	if (!entry && (streq(word, "last") || is_pid))
		return error_new(ERROR_UNSUPPORTED, "%s: no such file, and no such core is kept by systemd-coredump "
				 "or abrt; see pycore list%s", word,
				 ret->store.unreadable ? " as root: its directory may not be read" : "");
	if (entry) {
		ret->core = entry->path;
		ret->maps = entry->maps;
	}
	return NULL;
}

void inputs_release(struct inputs *inputs)
{
	store_release(&inputs->store);
	free(inputs->name);
}

/* `pycore object CORE PATH`: the last word is taken from those that name files. */
static void take_subject(const struct common *common, unsigned needs, struct arguments *words,
			 struct inputs *ret)
{
	size_t first = common->core || common->core_fd || needs & TAKES_NO_CORE ? 0 : 1;
	if (words->words.len > first)
		ret->subject = words->words.items[--words->words.len];
}

/* "0x7f12a0", "7f12a0", "140733193388032" */
static bool is_number(const char *word)
{
	const char *digits = has_prefix(word, "0x") ? word + 2 : word;
	return *digits && !digits[strspn(digits, "0123456789abcdefABCDEF")];
}

/* `pycore whatis CORE ADDR ADDR` */
static void take_numbers(const struct common *common, struct arguments *words, struct inputs *ret)
{
	size_t first = common->core || common->core_fd ? 0 : 1;
	while (words->words.len > first && is_number(words->words.items[words->words.len - 1])) {
		words->words.len--;
		ret->numbers.count++;
	}
	ret->numbers.items = words->words.items + words->words.len;
}

struct error *inputs_from(const struct common *common, const struct arguments *all,
			  const struct analyzer *command, unsigned needs, struct inputs *ret)
{
	struct arguments files = *all;	/* all remains the owner */
	const struct arguments *arguments = &files;
	if (needs & TAKES_SUBJECT)
		take_subject(common, needs, &files, ret);
	if (needs & TAKES_NUMBERS)
		take_numbers(common, &files, ret);
	size_t given = arguments->words.len, allowed = common->core ? 1 : 2;
	const char *const *words = arguments->words.items;
	for (size_t i = 0; i < given; i++) {
		if (!*words[i])
			return error_new(ERROR_USAGE, "a file name is empty");
	}
	bool any = given || common->core || common->core_fd || common->maps || common->auxv;
	if (needs & TAKES_NO_CORE && any)
		return error_new(ERROR_USAGE, "%s takes no core; see pycore %s --help", command->name,
				 command->name);
	if (common->core_fd)
		return inputs_from_fd(common, arguments, ret);
	if (given > allowed)
		return error_new(ERROR_USAGE,
				 "too many files: '%s' is neither the core nor the executable",
				 words[allowed]);
	if (common->core) {
		ret->core = common->core;
		ret->executable = given ? words[0] : NULL;
		/* coredumpctl names it as the process had it: upgraded since, or a container's. */
		if (given && access(words[0], F_OK) != 0)
			ret->gone = take(ret->executable);
	} else {
		ret->core = given ? words[0] : NULL;
		ret->executable = given > 1 ? words[1] : NULL;
	}
	/* `pycore bt /usr/bin/python3 -`: only the core can come on standard input. */
	if (ret->executable && streq(ret->executable, "-")) {
		const char *file = ret->core;
		ret->core = ret->executable;
		ret->executable = file;
	}
	if (!ret->core && needs & NEEDS_TARGET)
		return error_new(ERROR_USAGE,
				 "which core? try: pycore %s CORE, or pycore %s --help",
				 command->name, command->name);
	if (ret->core && streq(ret->core, "-") && isatty(STDIN_FILENO))
		return error_new(ERROR_USAGE,
				 "standard input is a terminal: pipe a core into it, or name one");
	return ret->core ? choose_stored(common, ret) : NULL;
}

static struct error *find_runtime(struct session *s, unsigned needs)
{
	struct error *err = runtime_locate(s->target, s->symbols, &s->runtime);
	if (!err)
		s->runtime->redaction = s->redaction;
	if (!err || needs & NEEDS_RUNTIME)
		return err;
	s->runtime_error = err;
	return NULL;
}

static struct error *open_core(struct files *files, const struct inputs *inputs)
{
	int fd;
	if (!inputs->cursor)
		return files_open_given(files, inputs->core);
	struct error *err = journal_core(files, inputs->cursor, inputs->core, &fd);
	return err ? err : files_give(files, inputs->core, fd);
}

struct error *session_open_files(struct session *ret, const struct opening *opening)
{
	const struct common *common = opening->common;
	const struct inputs *inputs = opening->inputs;
	ret->text_form = !common->json;
	ret->output = common->output;
	ret->subject = inputs->subject;
	ret->numbers = inputs->numbers;
	ret->redaction = opening->redaction;
	struct error *err = files_new(common->sysroot, &ret->files);
	if (err)
		return err;
	ret->files->progress = opening->progress;
	ret->files->input = inputs->fd;
	ret->files->unpack_bytes = common->unpack_mib << 20;
	ret->files->unpack_seconds = (unsigned)common->unpack_seconds;
	/* What runs unasked, at a crash, tells no server of it. */
	if (!common->no_debuginfod && !(opening->needs & WANTS_SANDBOX))
		files_allow_debuginfod(ret->files);
	for (size_t i = 0; !err && i < common->search.count; i++)
		err = files_add_search(ret->files, common->search.items[i]);
	if (!err && inputs->core && !streq(inputs->core, "-"))
		err = open_core(ret->files, inputs);
	if (!err && inputs->executable)
		err = files_open_given(ret->files, inputs->executable);
	ret->files->maps = common->maps ? common->maps : inputs->maps;
	ret->files->auxv = common->auxv;
	if (!err && ret->files->maps)
		err = files_open_given(ret->files, ret->files->maps);
	if (!err && ret->files->auxv)
		err = files_open_given(ret->files, ret->files->auxv);
	return err;
}

struct error *session_open(struct session *ret, const struct opening *opening)
{
	const struct inputs *inputs = opening->inputs;
	unsigned needs = opening->needs;
	struct error *err;
	if (!inputs->core)
		return NULL;
	err = target_open_core(ret->files, inputs->core, inputs->executable, &ret->target);
	if (err)
		return err;
	if (ret->target->redacted)
		ret->redaction = redaction_all();
	if (inputs->gone)
		remark_info(&ret->target->remarks, "%s: no such file; what is found without it is used",
			    inputs->gone);
	err = symbols_load(ret->target, ret->files, &ret->symbols);
	if (err)
		return err;
	return needs & (NEEDS_RUNTIME | WANTS_RUNTIME) ? find_runtime(ret, needs) : NULL;
}

void session_release(struct session *s)
{
	if (s->runtime)
		runtime_free(s->runtime);
	if (s->symbols)
		symbols_free(s->symbols);
	if (s->target)
		target_free(s->target);
	if (s->files)
		files_free(s->files);
	error_free(s->runtime_error);
}

static bool is_file(const char *path, const struct stat *output)
{
	struct stat st;
	return path && stat(path, &st) == 0 && st.st_dev == output->st_dev &&
	       st.st_ino == output->st_ino;
}

struct error *output_check(const char *path, const struct inputs *inputs, const struct session *s)
{
	struct stat st;
	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
		return NULL;
	bool is_input = is_file(inputs->core, &st) || is_file(inputs->executable, &st) ||
			(s->files && (is_file(s->files->maps, &st) || is_file(s->files->auxv, &st)));
	const struct module *module;
	if (s->target) {
		vec_each(module, &s->target->modules) {
			is_input |= module->file.data && module->file.device == st.st_dev &&
				    module->file.inode == st.st_ino;
		}
	}
	if (!is_input)
		return NULL;
	return error_new(ERROR_USAGE, "%s is read here: name another file for --output", path);
}
