#include "core/store.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "core/checked.h"
#include "core/elf.h"
#include "core/files.h"
#include "core/journal.h"
#include "core/stored.h"
#include "core/str.h"
#include "core/target.h"

enum { ENTRIES_MAX = 100000, JOURNAL_MAX = 20000, ITEM_MAX = PATH_MAX };

static const char *const suffixes[] = { "", ".zst", ".lz4", ".xz" };

void store_release(struct store *s)
{
	struct store_entry *e;
	vec_each(e, &s->entries) {
		free(e->path);
		free(e->maps);
		free(e->name);
		free(e->executable);
		free(e->hostname);
		free(e->unit);
		free(e->cursor);
	}
	vec_release(&s->entries);
}

static bool number(const char *text, size_t len, int64_t *ret)
{
	int64_t value = 0;
	if (!len || len > 18)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)text[i]))
			return false;
		value = value * 10 + (text[i] - '0');
	}
	*ret = value;
	return true;
}

/* An entry for the regular file `name` in `directory`; NULL: it is none (or memory is out, *ok). */
static struct store_entry *add(struct store *s, int directory, const char *shown, const char *name,
			       const char *keeper, bool *ok)
{
	struct stat st;
	if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
		return NULL;
	_str_ struct str path = STR_INIT;
	str_printf(&path, "%s/%s", shown, name);
	struct store_entry *e = path.failed ? NULL : vec_push(&s->entries);
	if (!e) {
		*ok = false;
		return NULL;
	}
	*e = (struct store_entry){
		.path = str_detach(&path),
		.keeper = keeper,
		.size = (uint64_t)st.st_size,
		.time = (int64_t)st.st_mtime * 1000000,
		.pid = -1, .uid = -1, .gid = -1, .signal = -1,
	};
	return e;
}

/* A core that is not packed tells by its own headers that it is not whole. (A packed one would have
 * to be unpacked.) */
static enum store_state state_of(int fd, uint64_t size)
{
	enum { HEAD = 1 << 16 };
	struct elf_header h;
	struct elf_phdr segment;
	_free_ uint8_t *head = fd >= 0 ? malloc(HEAD) : NULL;
	ssize_t n = head ? pread(fd, head, HEAD, 0) : -1;
	if (fd < 0)
		return STORE_INACCESSIBLE;
	if (n <= 0 || !elf_header_load(head, (size_t)n, &h) || h.type != ET_CORE || !h.machine)
		return STORE_PRESENT;
	for (size_t i = 0; i < h.phnum && elf_phdr_at(&h, head, (size_t)n, i, &segment); i++)
		if (segment.filesz && (segment.offset > size || segment.filesz > size - segment.offset))
			return STORE_TRUNCATED;
	return STORE_PRESENT;
}

/* --- systemd-coredump ----------------------------------------------------------------------- */

/* comm is written with \x2e for a dot, and so on (xescape() with "./ "). */
static char *unescape(const char *text, size_t len)
{
	char *name = malloc(len + 1), *to = name;
	for (size_t i = 0; name && i < len; i++) {
		unsigned value;
		if (text[i] == '\\' && i + 3 < len && text[i + 1] == 'x' &&
		    sscanf(text + i + 2, "%2x", &value) == 1 && value) {
			*to++ = (char)value;
			i += 3;
		} else {
			*to++ = text[i];
		}
	}
	if (name)
		*to = '\0';
	return name;
}

/* core.NAME.UID.BOOTID.PID.MICROSECONDS, its end already without the compressor's suffix. */
static bool parse_name(const char *name, size_t len, struct store_entry *ret)
{
	size_t dots[4], end = len;
	if (len < 5 || strncmp(name, "core.", 5) != 0)
		return false;
	for (int i = 3; i >= 0; i--) {
		const char *dot = end ? memrchr(name, '.', end) : NULL;
		if (!dot || dot - name < 5)
			return false;
		dots[i] = end = (size_t)(dot - name);
	}
	if (dots[2] - dots[1] != 33 || !number(name + dots[0] + 1, dots[1] - dots[0] - 1, &ret->uid) ||
	    !number(name + dots[2] + 1, dots[3] - dots[2] - 1, &ret->pid) ||
	    !number(name + dots[3] + 1, len - dots[3] - 1, &ret->time))
		return false;
	ret->name = unescape(name + 5, dots[0] - 5);
	return true;
}

static bool take_name(const char *name, struct store_entry *ret)
{
	size_t len = strlen(name);
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		size_t suffix = strlen(suffixes[i]);
		if (len > suffix && streq(name + len - suffix, suffixes[i]) &&
		    parse_name(name, len - suffix, ret))
			return true;
	}
	return false;
}

static void take_attributes(int fd, struct store_entry *ret)
{
	struct stored *stored = stored_read(fd);
	if (!stored)
		return;
	ret->pid = stored->pid >= 0 ? stored->pid : ret->pid;
	ret->uid = stored->uid >= 0 ? stored->uid : ret->uid;
	ret->gid = stored->gid;
	ret->signal = stored->signal;
	ret->time = stored->timestamp >= 0 ? stored->timestamp : ret->time;
	if (stored->name) {
		free(ret->name);
		ret->name = take(stored->name);
	}
	ret->executable = take(stored->executable);
	ret->hostname = take(stored->hostname);
	stored_free(stored);
}

static bool load_systemd(struct store *s, int directory, const char *shown, const char *name)
{
	bool ok = true;
	struct store_entry parsed = { 0 };
	if (!take_name(name, &parsed))
		return true;
	struct store_entry *e = add(s, directory, shown, name, "systemd-coredump", &ok);
	if (!e) {
		free(parsed.name);
		return ok;
	}
	e->pid = parsed.pid;
	e->uid = parsed.uid;
	e->time = parsed.time;
	e->name = parsed.name;
	_close_ int fd = files_open_beside(directory, name);
	e->state = state_of(fd, e->size);
	if (fd >= 0)
		take_attributes(fd, e);
	return true;
}

/* --- abrt ----------------------------------------------------------------------------------- */

/* A small text file, without its line's end; NULL: none. */
static char *item(int directory, const char *name)
{
	_close_ int fd = files_open_beside(directory, name);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return NULL;
	char *text = malloc(ITEM_MAX + 1);
	ssize_t len = text ? read(fd, text, ITEM_MAX) : -1;
	if (len < 0) {
		free(text);
		return NULL;
	}
	text[len] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return text;
}

static int64_t number_item(int directory, const char *name)
{
	_free_ char *text = item(directory, name);
	int64_t value;
	return text && number(text, strlen(text), &value) ? value : -1;
}

/* "python3.12 killed by SIGSEGV" */
static int64_t signal_of(const char *reason)
{
	const char *name = reason ? strstr(reason, " killed by SIG") : NULL;
	for (int i = 1; name && i < 65; i++) {
		const char *known = signal_name(i);
		if (known && streq(known, name + strlen(" killed by ")))
			return i;
	}
	return -1;
}

static void take_items(int directory, struct store_entry *ret)
{
	int64_t time = number_item(directory, "time");
	ret->time = time >= 0 && time < INT64_MAX / 1000000 ? time * 1000000 : ret->time;
	/* pid is the container's own; the host knows it as global_pid. */
	ret->pid = number_item(directory, "global_pid");
	if (ret->pid < 0)
		ret->pid = number_item(directory, "pid");
	ret->uid = number_item(directory, "uid");
	ret->executable = item(directory, "executable");
	ret->hostname = item(directory, "hostname");
	_free_ char *reason = item(directory, "reason");
	ret->signal = signal_of(reason);
	const char *slash = ret->executable ? strrchr(ret->executable, '/') : NULL;
	ret->name = slash ? strdup(slash + 1) : NULL;
}

static bool load_abrt(struct store *s, int parent, const char *shown, const char *name)
{
	bool ok = true;
	_close_ int directory = files_open_directory(parent, name);
	_str_ struct str below = STR_INIT, file = STR_INIT;
	str_printf(&below, "%s/%s", shown, name);
	if (directory < 0) {
		s->unreadable |= errno == EACCES;
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(suffixes) && ok; i++) {
		str_reset(&file);
		str_printf(&file, "coredump%s", suffixes[i]);
		struct store_entry *e = add(s, directory, below.buf, file.buf, "abrt", &ok);
		if (!e)
			continue;
		take_items(directory, e);
		_close_ int fd = files_open_beside(directory, file.buf);
		e->state = state_of(fd, e->size);
		_close_ int maps = files_open_beside(directory, "maps");
		if (maps >= 0 && asprintf(&e->maps, "%s/maps", below.buf) < 0)
			e->maps = NULL;
		break;
	}
	return ok;
}

/* --- both ------------------------------------------------------------------------------------ */

static const struct {
	const char *path;
	bool (*load)(struct store *s, int directory, const char *shown, const char *name);
} keepers[] = {
	{ "/var/lib/systemd/coredump", load_systemd },
	{ "/var/spool/abrt", load_abrt },
};

static bool load_keeper(struct store *s, const char *sysroot, size_t keeper)
{
	_str_ struct str path = STR_INIT;
	str_printf(&path, "%s%s", sysroot ? sysroot : "", keepers[keeper].path);
	int fd = files_open_directory(AT_FDCWD, path.buf);
	s->unreadable |= fd < 0 && errno == EACCES;
	DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
	if (!directory) {
		if (fd >= 0)
			close(fd);
		return true;
	}
	bool ok = true;
	struct dirent *d;
	while (ok && s->entries.len < ENTRIES_MAX && (d = readdir(directory)))
		if (d->d_name[0] != '.')
			ok = keepers[keeper].load(s, fd, path.buf, d->d_name);
	closedir(directory);
	return ok;
}

/* --- the journal ----------------------------------------------------------------------------- */

struct joined {
	struct store *store;
	const char *directory;		/* systemd's, below the sysroot */
	size_t files;			/* entries that are files, sorted by path */
	bool ok;
};

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct store_entry *)a)->path, ((const struct store_entry *)b)->path);
}

static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

/* What the journal knows and the file does not say. */
static void complete(struct store_entry *e, const struct journal_crash *c)
{
	if (e->state == STORE_PRESENT && c->truncated)
		e->state = STORE_TRUNCATED;
	e->time = c->time >= 0 ? c->time : e->time;
	e->pid = c->pid >= 0 ? c->pid : e->pid;
	e->uid = c->uid >= 0 ? c->uid : e->uid;
	e->gid = c->gid >= 0 ? c->gid : e->gid;
	e->signal = c->signal >= 0 ? c->signal : e->signal;
	e->name = e->name ? e->name : copy(c->name);
	e->executable = e->executable ? e->executable : copy(c->executable);
	e->hostname = e->hostname ? e->hostname : copy(c->hostname);
	e->unit = e->unit ? e->unit : copy(c->unit);
}

/* DIRECTORY/NAME below the sysroot; NULL: the core is said to be elsewhere, or nowhere. */
static char *path_of(const struct joined *joined, const char *file)
{
	_str_ struct str path = STR_INIT;
	const char *home = keepers[0].path;
	size_t len = strlen(home);
	if (!file || strncmp(file, home, len) != 0 || file[len] != '/' || strchr(file + len + 1, '/'))
		return NULL;
	str_printf(&path, "%s%s", joined->directory, file + len);
	return path.failed ? NULL : str_detach(&path);
}

static bool join(void *arg, const struct journal_crash *c)
{
	struct joined *joined = arg;
	struct store_entry key = { .path = path_of(joined, c->file) };
	struct store_entry *e = key.path && joined->files ?
		bsearch(&key, joined->store->entries.items, joined->files, sizeof(key), by_path) : NULL;
	if (e) {
		free(key.path);
		complete(e, c);
		return true;
	}
	e = vec_push(&joined->store->entries);
	joined->ok = e;
	if (!e) {
		free(key.path);
		return false;
	}
	*e = (struct store_entry){
		.path = key.path,
		.keeper = "systemd-coredump",
		.state = key.path ? STORE_MISSING : c->in_journal ? STORE_JOURNAL : STORE_NONE,
		.time = -1, .pid = -1, .uid = -1, .gid = -1, .signal = -1,
		.cursor = copy(c->cursor),
	};
	complete(e, c);
	return true;
}

static bool load_journal(struct store *s, const char *sysroot)
{
	_str_ struct str directory = STR_INIT;
	struct joined joined = { .store = s, .files = s->entries.len, .ok = true };
	str_printf(&directory, "%s%s", sysroot ? sysroot : "", keepers[0].path);
	joined.directory = directory.buf;
	vec_sort(&s->entries, by_path);
	journal_crashes(sysroot, JOURNAL_MAX, join, &joined);
	return joined.ok && !directory.failed;
}

static int newest_first(const void *a_, const void *b_)
{
	const struct store_entry *a = a_, *b = b_;
	if (a->time != b->time)
		return a->time < b->time ? 1 : -1;
	return strcmp(a->path ? a->path : "", b->path ? b->path : "");
}

struct error *store_load(const char *sysroot, struct store *ret)
{
	struct store s = { .unreadable = false };
	for (size_t i = 0; i < ARRAY_SIZE(keepers); i++) {
		if (!load_keeper(&s, sysroot, i)) {
			store_release(&s);
			return error_nomem();
		}
	}
	if (!load_journal(&s, sysroot)) {
		store_release(&s);
		return error_nomem();
	}
	vec_sort(&s.entries, newest_first);
	*ret = s;
	return NULL;
}

const struct store_entry *store_find(const struct store *s, const char *word)
{
	int64_t pid = -1;
	bool last = streq(word, "last"), by_pid = number(word, strlen(word), &pid);
	const struct store_entry *e;
	/* Also one that cannot be opened: better an error than the core of another crash. */
	vec_each(e, &s->entries) {
		const char *name = strchr(word, '/') ? e->executable : e->name;
		if (last || (by_pid ? e->pid == pid : name && streq(name, word)))
			return e;
	}
	return NULL;
}
