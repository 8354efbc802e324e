#include "core/journal.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/checked.h"
#include "core/inflate.h"
#include "core/owned.h"
#include "core/str.h"

/* systemd/sd-journal.h, of which this is all that is needed: nobody has to install it. */
struct sd_journal;
enum { LOCAL_ONLY = 1 << 0, OS_ROOT = 1 << 4 };
enum { VALUE_MAX = 1 << 16 };

struct library {
	int (*open)(struct sd_journal **ret, int flags);
	int (*open_directory)(struct sd_journal **ret, const char *path, int flags);
	int (*add_match)(struct sd_journal *j, const void *data, size_t size);
	int (*seek_tail)(struct sd_journal *j);
	int (*previous)(struct sd_journal *j);
	int (*seek_cursor)(struct sd_journal *j, const char *cursor);
	int (*next)(struct sd_journal *j);
	int (*get_cursor)(struct sd_journal *j, char **ret);
	int (*test_cursor)(struct sd_journal *j, const char *cursor);
	int (*set_data_threshold)(struct sd_journal *j, size_t size);
	int (*get_data)(struct sd_journal *j, const char *field, const void **data, size_t *len);
	void (*close)(struct sd_journal *j);
};

static bool find_library(struct library *ret)
{
	void *handle = dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);
	if (!handle)
		return false;
	ret->open = dlsym(handle, "sd_journal_open");
	ret->open_directory = dlsym(handle, "sd_journal_open_directory");
	ret->add_match = dlsym(handle, "sd_journal_add_match");
	ret->seek_tail = dlsym(handle, "sd_journal_seek_tail");
	ret->previous = dlsym(handle, "sd_journal_previous");
	ret->seek_cursor = dlsym(handle, "sd_journal_seek_cursor");
	ret->next = dlsym(handle, "sd_journal_next");
	ret->get_cursor = dlsym(handle, "sd_journal_get_cursor");
	ret->test_cursor = dlsym(handle, "sd_journal_test_cursor");
	ret->set_data_threshold = dlsym(handle, "sd_journal_set_data_threshold");
	ret->get_data = dlsym(handle, "sd_journal_get_data");
	ret->close = dlsym(handle, "sd_journal_close");
	return ret->open && ret->open_directory && ret->add_match && ret->seek_tail && ret->previous &&
	       ret->seek_cursor && ret->next && ret->get_cursor && ret->test_cursor &&
	       ret->set_data_threshold && ret->get_data && ret->close;
}

/* At none of its entries yet; those that are no crashes as systemd-coredump tells them are passed
 * over. NULL: there is no journal to be read here. */
static struct sd_journal *open_journal(const struct library *l, const char *sysroot)
{
	static const char message[] = "MESSAGE_ID=" JOURNAL_CRASH, comm[] = "_COMM=systemd-coredum";
	struct sd_journal *j = NULL;
	int code = sysroot ? l->open_directory(&j, sysroot, OS_ROOT) : l->open(&j, LOCAL_ONLY);
	if (code < 0)
		return NULL;
	if (l->add_match(j, message, sizeof(message) - 1) >= 0 &&
	    l->add_match(j, comm, sizeof(comm) - 1) >= 0)
		return j;
	l->close(j);
	return NULL;
}

/* The value of a field, which the library gives as NAME=VALUE; NULL: none, or no text. */
static char *text_of(const struct library *l, struct sd_journal *j, const char *name)
{
	const void *data;
	size_t len, skip = strlen(name) + 1;
	if (l->get_data(j, name, &data, &len) < 0 || len < skip || len - skip > VALUE_MAX ||
	    memchr(data, '\0', len))
		return NULL;
	return strndup((const char *)data + skip, len - skip);
}

static int64_t number_of(const struct library *l, struct sd_journal *j, const char *name)
{
	_free_ char *text = text_of(l, j, name);
	size_t digits = text ? strspn(text, "0123456789") : 0;
	return digits && digits < 19 && !text[digits] ? strtoll(text, NULL, 10) : -1;
}

static bool has_field(const struct library *l, struct sd_journal *j, const char *name)
{
	const void *data;
	size_t len;
	return l->get_data(j, name, &data, &len) >= 0;
}

static bool is_trusted(const struct library *l, struct sd_journal *j)
{
	_free_ char *unit = text_of(l, j, "_SYSTEMD_UNIT");
	return (unit && has_prefix(unit, "systemd-coredump@")) || number_of(l, j, "_UID") == 0;
}

static bool tell(const struct library *l, struct sd_journal *j,
		 bool (*crash)(void *arg, const struct journal_crash *c), void *arg)
{
	struct journal_crash c = {
		.file = text_of(l, j, "COREDUMP_FILENAME"),
		.name = text_of(l, j, "COREDUMP_COMM"),
		.executable = text_of(l, j, "COREDUMP_EXE"),
		.hostname = text_of(l, j, "COREDUMP_HOSTNAME"),
		.unit = text_of(l, j, "COREDUMP_UNIT"),
		.time = number_of(l, j, "COREDUMP_TIMESTAMP"),
		.pid = number_of(l, j, "COREDUMP_PID"),
		.uid = number_of(l, j, "COREDUMP_UID"),
		.gid = number_of(l, j, "COREDUMP_GID"),
		.signal = number_of(l, j, "COREDUMP_SIGNAL"),
		.truncated = number_of(l, j, "COREDUMP_TRUNCATED") == 1,
		.in_journal = has_field(l, j, "COREDUMP"),
	};
	if (l->get_cursor(j, &c.cursor) < 0)
		c.cursor = NULL;
	bool more = crash(arg, &c);
	free(c.file);
	free(c.name);
	free(c.executable);
	free(c.hostname);
	free(c.unit);
	free(c.cursor);
	return more;
}

bool journal_crashes(const char *sysroot, unsigned most,
		     bool (*crash)(void *arg, const struct journal_crash *c), void *arg)
{
	struct library l = { 0 };
	struct sd_journal *j = find_library(&l) ? open_journal(&l, sysroot) : NULL;
	if (!j)
		return false;
	bool ok = l.seek_tail(j) >= 0;
	for (bool more = ok; more && most && l.previous(j) > 0;) {
		if (!is_trusted(&l, j))
			continue;
		most--;
		more = tell(&l, j, crash, arg);
	}
	l.close(j);
	return ok;
}

/* The entry's field; it is the journal's, until that is closed. */
static bool find_core(const struct library *l, struct sd_journal *j, const char *cursor,
		      const void **ret, size_t *ret_len)
{
	static const char prefix[] = "COREDUMP=";
	const void *data;
	size_t len, skip = sizeof(prefix) - 1;
	if (l->seek_cursor(j, cursor) < 0 || l->next(j) <= 0 || l->test_cursor(j, cursor) <= 0 ||
	    !is_trusted(l, j) || l->set_data_threshold(j, 0) < 0 ||
	    l->get_data(j, "COREDUMP", &data, &len) < 0 || len < skip)
		return false;
	*ret = (const char *)data + skip;
	*ret_len = len - skip;
	return true;
}

struct error *journal_core(struct files *f, const char *cursor, const char *name, int *ret)
{
	struct library l = { 0 };
	struct sd_journal *j = find_library(&l) ? open_journal(&l, f->sysroot) : NULL;
	const void *core;
	size_t len;
	struct error *err;
	if (j && find_core(&l, j, cursor, &core, &len))
		err = inflate_copy(f, core, len, name, ret);
	else
		err = error_new(ERROR_UNSUPPORTED, "%s: its core is no longer in the journal", name);
	if (j)
		l.close(j);
	return err;
}
