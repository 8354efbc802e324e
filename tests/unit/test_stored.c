#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/stored.h"

static int fd;

/* -1 (skip): not every file system has user attributes. */
static bool has_attributes(void)
{
	char path[] = "/tmp/pycore-unit-XXXXXX";
	fd = mkstemp(path);
	unlink(path);
	return fsetxattr(fd, "user.other", "1", 1, 0) == 0;
}

static void note(const char *name, const char *value)
{
	char full[64] = "user.coredump.";
	strcat(full, name);
	assert_int_equal(fsetxattr(fd, full, value, strlen(value), 0), 0);
}

static void stored_read__reads_what_systemd_writes(void **state)
{
	if (!has_attributes())
		skip();
	assert_null(stored_read(fd));
	note("pid", "4242");
	note("tid", "4243");
	note("uid", "1000");
	note("gid", "100");
	note("signal", "11");
	note("timestamp", "1790000000000000");
	note("rlimit", "18446744073709551615");
	note("hostname", "web1");
	note("comm", "python3");
	note("exe", "/usr/bin/python3.11");
	struct stored *s = stored_read(fd);
	assert_non_null(s);
	assert_int_equal(s->pid, 4242);
	assert_int_equal(s->tid, 4243);
	assert_int_equal(s->uid, 1000);
	assert_int_equal(s->gid, 100);
	assert_int_equal(s->signal, 11);
	assert_int_equal(s->timestamp, 1790000000000000);
	assert_true(s->rlimit == UINT64_MAX);
	assert_string_equal(s->hostname, "web1");
	assert_string_equal(s->name, "python3");
	assert_null(s->thread_name);
	assert_string_equal(s->executable, "/usr/bin/python3.11");
	stored_free(s);
	close(fd);
}

static void stored_read__believes_no_number_that_is_none(void **state)
{
	if (!has_attributes())
		skip();
	note("pid", "-4");
	note("uid", "12x");
	note("gid", "");
	note("signal", "99999999999999999999999");
	note("timestamp", "9223372036854775808");
	assert_int_equal(fsetxattr(fd, "user.coredump.exe", "/bin\0x", 6, 0), 0);
	struct stored *s = stored_read(fd);
	assert_non_null(s);
	assert_int_equal(s->pid, -1);
	assert_int_equal(s->uid, -1);
	assert_int_equal(s->gid, -1);
	assert_int_equal(s->signal, -1);
	assert_int_equal(s->timestamp, -1);
	assert_null(s->executable);
	stored_free(s);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stored_read__reads_what_systemd_writes),
		cmocka_unit_test(stored_read__believes_no_number_that_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
