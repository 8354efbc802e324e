#include "core/stored.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include "core/checked.h"
#include "core/str.h"

#define PREFIX "user.coredump."

enum { NAMES_MAX = 1 << 16, VALUE_MAX = PATH_MAX };

/* The value of PREFIX NAME, NUL-terminated; NULL: none, or too long to be true. */
static char *value_of(int fd, const char *name)
{
	_str_ struct str full = STR_INIT;
	str_printf(&full, PREFIX "%s", name);
	char *value = full.failed ? NULL : malloc(VALUE_MAX + 1);
	ssize_t len = value ? fgetxattr(fd, full.buf, value, VALUE_MAX) : -1;
	if (len < 0 || memchr(value, '\0', (size_t)len)) {
		free(value);
		return NULL;
	}
	value[len] = '\0';
	return value;
}

static bool number_of(int fd, const char *name, uint64_t *ret)
{
	_free_ char *text = value_of(fd, name);
	char *end;
	if (!text || !isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	unsigned long long number = strtoull(text, &end, 10);
	if (errno || *end)
		return false;
	*ret = number;
	return true;
}

static void read_numbers(int fd, struct stored *s)
{
	const struct { const char *name; int64_t *to; } numbers[] = {
		{ "pid", &s->pid },	{ "tid", &s->tid },	  { "uid", &s->uid },
		{ "gid", &s->gid },	{ "signal", &s->signal }, { "timestamp", &s->timestamp },
	};
	uint64_t number;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		bool known = number_of(fd, numbers[i].name, &number) && number <= INT64_MAX;
		*numbers[i].to = known ? (int64_t)number : -1;
	}
	if (!number_of(fd, "rlimit", &s->rlimit))
		s->rlimit = UINT64_MAX;
}

struct stored *stored_read(int fd)
{
	/* Most files have no attributes at all: one call tells. */
	ssize_t size = flistxattr(fd, NULL, 0);
	_free_ char *names = size > 0 && size < NAMES_MAX ? malloc((size_t)size) : NULL;
	ssize_t len = names ? flistxattr(fd, names, (size_t)size) : -1;
	bool found = false;
	for (ssize_t at = 0; at < len && !found; at += (ssize_t)strnlen(names + at, (size_t)(len - at)) + 1)
		found = strncmp(names + at, PREFIX, MIN(sizeof(PREFIX) - 1, (size_t)(len - at))) == 0;
	struct stored *s = found ? calloc(1, sizeof(*s)) : NULL;
	if (!s)
		return NULL;
	read_numbers(fd, s);
	s->hostname = value_of(fd, "hostname");
	s->name = value_of(fd, "comm");
	s->thread_name = value_of(fd, "thread_name");
	s->executable = value_of(fd, "exe");
	return s;
}

void stored_free(struct stored *s)
{
	if (!s)
		return;
	free(s->hostname);
	free(s->name);
	free(s->thread_name);
	free(s->executable);
	free(s);
}
