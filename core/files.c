#include "core/files.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include "core/broker.h"
#include "core/debuginfod.h"
#include "core/stored.h"
#include "core/str.h"
#include "core/trace.h"

enum {
	READ_FLAGS = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
	SYMLINKS_MAX = 40,	/* as the kernel's own limit */
};

bool build_id_equal(const struct build_id *a, const struct build_id *b)
{
	return a->len && a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

void build_id_format(const struct build_id *id, char ret[2 * BUILD_ID_MAX + 1])
{
	static const char digits[] = "0123456789abcdef";
	char *p = ret;
	for (size_t i = 0; i < id->len && i < BUILD_ID_MAX; i++) {
		*p++ = digits[id->bytes[i] >> 4];
		*p++ = digits[id->bytes[i] & 15];
	}
	*p = '\0';
}

/* What strerror() says, in our own manner. */
static struct error *open_error(const char *path, int number)
{
	if (number == ENOENT)
		return error_new(ERROR_UNSUPPORTED, "%s: no such file", path);
	_str_ struct str text = STR_INIT;
	str_adds(&text, strerror(number));
	if (text.len)
		text.buf[0] = (char)tolower((unsigned char)text.buf[0]);
	return error_new(ERROR_UNSUPPORTED, "%s: %s", path, text.buf);
}

struct error *files_new(const char *sysroot, struct files **ret)
{
	struct files *f = calloc(1, sizeof(*f));
	if (!f)
		return error_nomem();
	f->host_fd = sysroot ? open("/", O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	f->root_fd = open(sysroot ? sysroot : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (f->root_fd < 0 && sysroot) {
		struct error *err = error_prefix(open_error(sysroot, errno), "--sysroot");
		files_free(f);
		return err;
	}
	if (sysroot && !(f->sysroot = strdup(sysroot))) {
		files_free(f);
		return error_nomem();
	}
	*ret = f;
	return NULL;
}

struct error *files_add_search(struct files *f, const char *dir)
{
	_close_ int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_prefix(open_error(dir, errno), "--search");
	_free_ char *copy = strdup(dir);
	char **item = copy && vec_push(&f->trees) ? vec_push(&f->search) : NULL;
	if (!item)
		return error_nomem();
	*item = take(copy);
	return NULL;
}

void files_free(struct files *f)
{
	if (!f)
		return;
	if (f->root_fd >= 0)
		close(f->root_fd);
	if (f->host_fd >= 0)
		close(f->host_fd);
	debuginfod_free(f->debuginfod);
	struct filetree *tree;
	vec_each(tree, &f->trees)
		filetree_release(tree);
	vec_release(&f->trees);
	char **dir;
	vec_each(dir, &f->search)
		free(*dir);
	vec_release(&f->search);
	struct given_file *given;
	vec_each(given, &f->given)
		close(given->fd);
	vec_release(&f->given);
	free(f->sysroot);
	free(f);
}

void mapped_file_relax(const struct mapped_file *file)
{
	if (file->data)
		madvise((void *)file->data, file->size, MADV_DONTNEED);
}

void mapped_file_release(struct mapped_file *file)
{
	if (file->data)
		munmap((void *)file->data, file->size);
	free(file->path);
	stored_free(file->stored);
	*file = (struct mapped_file){ 0 };
}

/* Map what fd is open on. 0, or an errno. */
static int map_fd(int fd, const char *path, struct mapped_file *ret)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return errno;
	struct mapped_file file = {
		.size = (size_t)st.st_size,
		.path = strdup(path),
		.device = st.st_dev,
		.inode = st.st_ino,
		.mtime = st.st_mtime,
	};
	if (!file.path)
		return ENOMEM;
	if (file.size) {
		void *data = mmap(NULL, file.size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (data == MAP_FAILED) {
			int number = errno;
			free(file.path);
			return number;
		}
		file.data = data;
	}
	*ret = file;
	return 0;
}

/* A descriptor of the caller's own; -1 and errno. */
static int open_given(struct files *f, const char *path)
{
	const struct given_file *given;
	vec_each(given, &f->given)
		if (streq(given->path, path))
			return fcntl(given->fd, F_DUPFD_CLOEXEC, 0);
	return open(path, READ_FLAGS);
}

struct error *files_open_given(struct files *f, const char *path)
{
	int fd = open_given(f, path);
	return fd < 0 ? open_error(path, errno) : files_give(f, path, fd);
}

struct error *files_give(struct files *f, const char *path, int fd)
{
	struct given_file *given = vec_push(&f->given);
	if (!given) {
		close(fd);
		return error_nomem();
	}
	*given = (struct given_file){ path, fd };
	return NULL;
}

struct error *files_map_given(struct files *f, const char *path, struct mapped_file *ret)
{
	_close_ int fd = open_given(f, path);
	if (fd < 0)
		return open_error(path, errno);
	struct stat st;
	if (fstat(fd, &st) < 0)
		return open_error(path, errno);
	if (S_ISDIR(st.st_mode))
		return error_new(ERROR_UNSUPPORTED, "%s: is a directory, not a file", path);
	if (!S_ISREG(st.st_mode))
		return error_new(ERROR_UNSUPPORTED,
				 "%s: is not a regular file; give a pipe as - (standard input)", path);
	struct error *err = files_map_fd(fd, path, ret);
	if (!err)
		ret->stored = stored_read(fd);
	return err;
}

struct error *files_map_fd(int fd, const char *path, struct mapped_file *ret)
{
	int number = map_fd(fd, path, ret);
	return number ? open_error(path, number) : NULL;
}

int files_temporary(struct files *f)
{
	if (f->broker)
		return broker_ask(f->broker, BROKER_TEMPORARY, "");
	const char *const dirs[] = { secure_getenv("TMPDIR"), "/var/tmp", "/tmp" };
	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++) {
		int fd = dirs[i] ? open(dirs[i], O_TMPFILE | O_RDWR | O_CLOEXEC, 0600) : -1;
		if (fd >= 0)
			return fd;
		/* Not every file system has O_TMPFILE. */
		_str_ struct str path = STR_INIT;
		str_printf(&path, "%s/pycore-XXXXXX", dirs[i] ? dirs[i] : "");
		sigset_t all, before;
		sigfillset(&all);
		pthread_sigmask(SIG_BLOCK, &all, &before);
		fd = dirs[i] && !path.failed ? mkostemp(path.buf, O_CLOEXEC) : -1;
		if (fd >= 0)
			unlink(path.buf);
		pthread_sigmask(SIG_SETMASK, &before, NULL);
		if (fd >= 0)
			return fd;
	}
	return -1;
}

int files_open_directory(int at, const char *path)
{
	return openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int files_open_beside(int directory, const char *name)
{
	return openat(directory, name, READ_FLAGS | O_NOFOLLOW);
}

static struct error *write_error(const char *path)
{
	return error_new(ERROR_USAGE, "cannot write %s: %s", path, strerror(errno));
}

static void hold_signals(struct new_file *file)
{
	sigset_t held;
	sigemptyset(&held);
	sigaddset(&held, SIGINT);
	sigaddset(&held, SIGTERM);
	sigaddset(&held, SIGHUP);
	file->holds_signals = pthread_sigmask(SIG_BLOCK, &held, &file->signals) == 0;
}

struct error *files_create(const char *path, struct new_file *ret)
{
	struct new_file file = { .fd = -1, .path = strdup(path) };
	_str_ struct str temporary = STR_INIT;
	str_printf(&temporary, "%s.XXXXXX", path);
	if (!file.path || temporary.failed) {
		free(file.path);
		return error_nomem();
	}
	/* Without a name until it is whole, so that nothing is left of it whenever we are killed. */
	const char *slash = strrchr(path, '/');
	_free_ char *dir = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	bool nameable = access("/proc/self/fd", F_OK) == 0;
	file.fd = dir && nameable ? open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600) : -1;
	file.nameless = file.fd >= 0;
	/* Not every file system has O_TMPFILE. */
	if (file.fd < 0) {
		hold_signals(&file);
		file.fd = mkostemp(temporary.buf, O_CLOEXEC);
	}
	if (file.fd < 0) {
		struct error *err = write_error(path);
		if (file.holds_signals)
			pthread_sigmask(SIG_SETMASK, &file.signals, NULL);
		free(file.path);
		return err;
	}
	file.temporary = str_detach(&temporary);
	*ret = file;
	return NULL;
}

static bool link_as(struct new_file *file, const char *path)
{
	char self[64];
	snprintf(self, sizeof(self), "/proc/self/fd/%d", file->fd);
	if (linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW) < 0)
		return false;
	file->nameless = false;
	return true;
}

/* For the moment between link and rename: a name that nobody else has. */
static bool give_name(struct new_file *file)
{
	char *end = file->temporary + strlen(file->temporary) - 6;
	for (unsigned i = 0; i < 1000; i++) {
		unsigned number = ((unsigned)getpid() * 1000 + i) % 1000000;
		for (int digit = 5; digit >= 0; digit--, number /= 10)
			end[digit] = (char)('0' + number % 10);
		if (link_as(file, file->temporary))
			return true;
		if (errno != EEXIST)
			return false;
	}
	return false;
}

struct error *files_commit(struct new_file *file)
{
	struct stat st;
	/* Something that is no file (/dev/null, a FIFO) must not be replaced by one. */
	if (stat(file->path, &st) == 0 && !S_ISREG(st.st_mode))
		return error_new(ERROR_UNSUPPORTED, "%s: is not a regular file", file->path);
	/* Where nothing is, by one call; over what is there, by way of another name, with no signal
	 * in between. */
	if (file->nameless && link_as(file, file->path)) {
		free(take(file->temporary));
		return NULL;
	}
	if (file->nameless && errno != EEXIST)
		return write_error(file->path);
	if (!file->holds_signals)
		hold_signals(file);
	if (file->nameless && !give_name(file))
		return write_error(file->path);
	if (rename(file->temporary, file->path) < 0)
		return write_error(file->path);
	free(take(file->temporary));
	return NULL;
}

void new_file_release(struct new_file *file)
{
	if (file->temporary && !file->nameless)
		unlink(file->temporary);
	if (file->path)
		close(file->fd);
	free(file->temporary);
	free(file->path);
	if (file->holds_signals)
		pthread_sigmask(SIG_SETMASK, &file->signals, NULL);
	*file = (struct new_file){ .fd = -1 };
}

/* Opening what the core names.
 *
 * Even opening may do harm (a device node, a FIFO), so the file is looked at through O_PATH first,
 * and opened for reading once it is known to be a regular one. */

/* The kernel does not have openat2 (before 5.6), or a seccomp filter refuses it: the same walk by
 * hand. done is the path so far, without symbolic links, so that ".." may cut its last part; links
 * are read and followed below root; procfs, where magic links are, is not entered. */
struct walk {
	int root, fd;		/* fd: open on root/done */
	struct str done, rest;
	int links;
};

static bool walk_link(struct walk *w, size_t parent, int link)
{
	char target[PATH_MAX];
	ssize_t len = readlinkat(link, "", target, sizeof(target) - 1);
	if (len <= 0 || ++w->links > SYMLINKS_MAX)
		return false;
	_str_ struct str rest = STR_INIT;
	str_add(&rest, target, (size_t)len);
	str_adds(&rest, w->rest.buf);
	str_truncate(&w->done, target[0] == '/' ? 0 : parent);
	str_reset(&w->rest);
	str_add(&w->rest, rest.buf, rest.len);
	return !rest.failed;
}

static bool walk_step(struct walk *w, const char *component)
{
	size_t parent = w->done.len;
	if (streq(component, ".."))
		str_truncate(&w->done, w->done.len ? (size_t)(strrchr(w->done.buf, '/') - w->done.buf) : 0);
	else if (!streq(component, "."))
		str_printf(&w->done, "/%s", component);
	if (w->done.failed)
		return false;
	_close_ int next = openat(w->root, w->done.len ? w->done.buf + 1 : ".",
				  O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	struct statfs fs;
	if (next < 0 || fstat(next, &st) < 0 || fstatfs(next, &fs) < 0 ||
	    fs.f_type == PROC_SUPER_MAGIC)
		return false;
	if (S_ISLNK(st.st_mode))
		return walk_link(w, parent, next);
	if (w->fd >= 0)
		close(w->fd);
	w->fd = take_fd(&next);
	return true;
}

static int walk(int root, const char *path)
{
	struct walk w = { .root = root, .fd = -1, .done = STR_INIT, .rest = STR_INIT };
	bool good = true;
	str_adds(&w.rest, path);
	while (good && !w.rest.failed) {
		const char *from = w.rest.buf + strspn(w.rest.buf, "/");
		size_t len = strcspn(from, "/");
		if (!len)
			break;
		_free_ char *component = strndup(from, len);
		_free_ char *behind = strdup(from + len);
		if (!component || !behind) {
			good = false;
			break;
		}
		str_reset(&w.rest);
		str_adds(&w.rest, behind);
		good = walk_step(&w, component);
	}
	_close_ int fd = w.fd;
	good = good && !w.rest.failed;
	str_release(&w.done);
	str_release(&w.rest);
	return good ? take_fd(&fd) : -1;
}

static int open_path(int root, const char *path, uint64_t resolve)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = resolve };
	int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		return walk(root, path);
	return fd;
}

static bool has_dotdot(const char *path)
{
	for (const char *p = path; (p = strstr(p, "..")); p += 2)
		if ((p == path || p[-1] == '/') && (p[2] == '/' || p[2] == '\0'))
			return true;
	return false;
}

static int open_regular(int root, const char *path, uint64_t resolve)
{
	_close_ int at = open_path(root, path, resolve | RESOLVE_NO_MAGICLINKS);
	struct stat st;
	if (at < 0 || fstat(at, &st) < 0)
		return -1;
	if (!S_ISREG(st.st_mode)) {
		errno = EACCES;
		return -1;
	}
	char self[64];
	snprintf(self, sizeof(self), "/proc/self/fd/%d", at);
	_close_ int fd = open(self, READ_FLAGS);
	if (fd < 0 && errno == ENOENT) {
		/* No /proc here: by name again, and it must still be the same file. */
		struct stat again;
		fd = openat(root, path + strspn(path, "/"), READ_FLAGS | O_NOFOLLOW);
		if (fd < 0 || fstat(fd, &again) < 0 || again.st_ino != st.st_ino ||
		    again.st_dev != st.st_dev)
			return -1;
	}
	return take_fd(&fd);
}

static bool in_build_id_tree(const char *path)
{
	return has_prefix(path, "/usr/lib/debug/.build-id/") || has_prefix(path, "/usr/lib/.build-id/");
}

/* "**N/NAME": the N-th of that name; what is no such pattern stays as it is. NULL: ENOENT. */
static const char *below_tree(struct files *f, size_t dir, int fd, const char *path)
{
	struct filetree *tree = &f->trees.items[dir];
	char *end;
	if (!has_prefix(path, "**"))
		return path;
	unsigned long n = strtoul(path + 2, &end, 10);
	if (!tree->loaded)
		filetree_load(tree, fd);
	path = *end == '/' ? filetree_find(tree, end + 1, n) : NULL;
	if (!path)
		errno = ENOENT;
	return path;
}

int files_open_below(struct files *f, int where, const char *path)
{
	if (f->broker)
		return broker_ask(f->broker, where, path);
	if (where == BROKER_ROOT && f->root_fd >= 0)
		return open_regular(f->root_fd, path, RESOLVE_IN_ROOT);
	if (where == BROKER_HOST && f->host_fd >= 0 && !has_dotdot(path) && in_build_id_tree(path))
		return open_regular(f->host_fd, path, RESOLVE_IN_ROOT);
	if (where < 0 || (size_t)where >= f->search.len || has_dotdot(path) || path[0] == '/') {
		errno = EINVAL;
		return -1;
	}
	_close_ int dir = open(f->search.items[where], O_PATH | O_DIRECTORY | O_CLOEXEC);
	path = dir < 0 ? NULL : below_tree(f, (size_t)where, dir, path);
	return path ? open_regular(dir, path, 0) : -1;
}

static bool map_below(struct files *f, int where, const char *path, const char *shown,
		      struct mapped_file *ret)
{
	_close_ int fd = files_open_below(f, where, path);
	if (fd < 0)
		return false;
	trace(FILES, "opened %s", shown);
	return map_fd(fd, shown, ret) == 0;
}

static bool map_in_root(struct files *f, const char *path, struct mapped_file *ret)
{
	_str_ struct str shown = STR_INIT;
	if (f->root_fd < 0 || path[0] != '/')
		return false;
	str_adds(&shown, f->sysroot ? f->sysroot : "");
	while (shown.len && shown.buf[shown.len - 1] == '/')
		str_truncate(&shown, shown.len - 1);
	size_t prefix = shown.len;
	str_adds(&shown, path);
	if (map_below(f, BROKER_ROOT, path, shown.buf, ret))
		return true;
	/* A process run inside the sysroot from outside (qemu-user) names its files with it. */
	if (!prefix || strncmp(path, f->sysroot, prefix) != 0 || path[prefix] != '/')
		return false;
	return map_below(f, BROKER_ROOT, path + prefix, path, ret);
}

static bool map_in_directory(struct files *f, size_t dir, const char *path, struct mapped_file *ret)
{
	_str_ struct str shown = STR_INIT;
	const char *name = has_prefix(path, "**") ? strchr(path, '/') : NULL;
	str_printf(&shown, "%s%s%s", f->search.items[dir], name ? "/..." : "/", name ? name : path);
	return map_below(f, (int)dir, path, shown.buf, ret);
}

/* "/usr/lib/libx.so (deleted)" is looked for without its mark. NULL: out of memory. */
static char *plain_path(const char *path)
{
	static const char mark[] = " (deleted)";
	size_t len = strlen(path);
	if (len > sizeof(mark) - 1 && streq(path + len - (sizeof(mark) - 1), mark))
		len -= sizeof(mark) - 1;
	return strndup(path, len);
}

typedef bool accept_fn(const struct mapped_file *, void *);

static bool accepted(struct mapped_file *file, accept_fn *accept, void *arg, struct mapped_file *ret)
{
	if (accept && !accept(file, arg)) {
		mapped_file_release(file);
		return false;
	}
	*ret = *file;
	return true;
}

/* /usr/lib/libx.so: DIR/usr/lib/libx.so, DIR/lib/libx.so, DIR/libx.so. */
static bool search_by_name(struct files *f, const char *path, accept_fn *accept, void *arg,
			   struct mapped_file *ret)
{
	if (has_dotdot(path))
		return false;
	for (size_t dir = 0; dir < f->search.len; dir++) {
		for (const char *tail = path; *tail; tail += strcspn(tail, "/")) {
			struct mapped_file file;
			tail += strspn(tail, "/");
			if (*tail && map_in_directory(f, dir, tail, &file) &&
			    accepted(&file, accept, arg, ret))
				return true;
		}
	}
	return false;
}

/* Whatever is called so, anywhere below; the first ones only, since a name may be anybody's. */
static bool search_trees(struct files *f, const char *name, accept_fn *accept, void *arg,
			 struct mapped_file *ret)
{
	enum { OF_ONE_NAME = 200 };
	_str_ struct str path = STR_INIT;
	if (!*name || strchr(name, '/'))
		return false;
	for (size_t dir = 0; dir < f->search.len; dir++) {
		for (unsigned n = 0; n < OF_ONE_NAME; n++) {
			struct mapped_file file;
			str_reset(&path);
			str_printf(&path, "**%u/%s", n, name);
			if (path.failed || !map_in_directory(f, dir, path.buf, &file))
				break;
			if (accepted(&file, accept, arg, ret))
				return true;
		}
	}
	return false;
}

static const char *last_component(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

static bool find_in_tree(struct files *f, const char *path, accept_fn *accept, void *arg,
			 struct mapped_file *ret)
{
	struct mapped_file file;
	if (map_in_root(f, path, &file) && accepted(&file, accept, arg, ret))
		return true;
	/* A build-id says the same on every machine: with a sysroot, this one's trees count too. */
	return f->sysroot && map_below(f, BROKER_HOST, path, path, &file) &&
	       accepted(&file, accept, arg, ret);
}

static bool fetch(struct files *f, const struct build_id *id, bool want_debug, accept_fn *accept,
		  void *arg, struct mapped_file *ret)
{
	struct mapped_file file;
	/* Who reads in a sandbox may not connect, and who opens files for it does not on its word. */
	_close_ int fd = f->debuginfod && !f->broker ? debuginfod_fetch(f->debuginfod, id->bytes, id->len, want_debug) : -1;
	return fd >= 0 && map_fd(fd, want_debug ? "debuginfod's debug file" : "debuginfod's file", &file) == 0 &&
	       accepted(&file, accept, arg, ret);
}

static bool search_by_build_id(struct files *f, const char *hex, bool want_debug, accept_fn *accept,
			       void *arg, struct mapped_file *ret)
{
	const char *suffix = want_debug ? ".debug" : "";
	struct mapped_file file;
	_str_ struct str path = STR_INIT;
	str_printf(&path, "/usr/lib/debug/.build-id/%.2s/%s%s", hex, hex + 2, suffix);
	if (find_in_tree(f, path.buf, accept, arg, ret))
		return true;
	str_reset(&path);
	str_printf(&path, "/usr/lib/.build-id/%.2s/%s", hex, hex + 2);
	if (!want_debug && find_in_tree(f, path.buf, accept, arg, ret))
		return true;
	for (size_t dir = 0; dir < f->search.len; dir++) {
		for (int in_tree = 0; in_tree < 2; in_tree++) {
			str_reset(&path);
			str_printf(&path, "%s%.2s/%s%s", in_tree ? ".build-id/" : "", hex, hex + 2, suffix);
			if (map_in_directory(f, dir, path.buf, &file) && accepted(&file, accept, arg, ret))
				return true;
		}
	}
	return false;
}

bool files_map_named(struct files *f, const char *path, struct mapped_file *ret)
{
	_free_ char *plain = plain_path(path);
	return plain && (map_in_root(f, plain, ret) || search_by_name(f, plain, NULL, NULL, ret));
}

bool files_find_module(struct files *f, const char *path, const struct build_id *id, bool want_debug,
		       accept_fn *accept, void *arg, struct mapped_file *ret)
{
	_free_ char *plain = plain_path(path ? path : "");
	struct mapped_file file;
	if (!plain)
		return false;
	if (!want_debug && map_in_root(f, plain, &file) && accepted(&file, accept, arg, ret))
		return true;
	if (search_by_name(f, plain, accept, arg, ret))
		return true;
	char hex[2 * BUILD_ID_MAX + 1] = "";
	if (id && id->len)
		build_id_format(id, hex);
	if (*hex && search_by_build_id(f, hex, want_debug, accept, arg, ret))
		return true;
	if (search_trees(f, last_component(plain), accept, arg, ret))
		return true;
	if (!*hex)
		return false;
	/* A build-id tree that lies further below. */
	_str_ struct str name = STR_INIT;
	str_printf(&name, "%s%s", hex + 2, want_debug ? ".debug" : "");
	return search_trees(f, name.buf, accept, arg, ret) || fetch(f, id, want_debug, accept, arg, ret);
}

bool files_find_linked(struct files *f, const char *path, accept_fn *accept, void *arg,
		       struct mapped_file *ret)
{
	struct mapped_file file;
	return (map_in_root(f, path, &file) && accepted(&file, accept, arg, ret)) ||
	       search_by_name(f, path, accept, arg, ret) ||
	       search_trees(f, last_component(path), accept, arg, ret);
}

void files_allow_debuginfod(struct files *f)
{
	if (!f->debuginfod)
		f->debuginfod = debuginfod_new(f->progress);
}
