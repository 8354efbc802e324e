#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "cli/syslog.h"

static char root[] = "/tmp/pycore-unit-XXXXXX";

static int set_up(void **state)
{
	_str_ struct str command = STR_INIT;
	if (!mkdtemp(root))
		return -1;
	str_printf(&command, "mkdir -p %s/run/systemd/journal %s/dev", root, root);
	return system(command.buf);
}

static int tear_down(void **state)
{
	_str_ struct str command = STR_INIT;
	str_printf(&command, "rm -rf %s", root);
	return system(command.buf);
}

static int listen_at(const char *path, int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	snprintf(address.sun_path, sizeof(address.sun_path), "%s%s", root, path);
	unlink(address.sun_path);
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static void stop(int fd, const char *path)
{
	_str_ struct str full = STR_INIT;
	str_printf(&full, "%s%s", root, path);
	close(fd);
	unlink(full.buf);
}

/*	NAME \n length, 8 bytes, little-endian | VALUE \n */
static void add(struct str *out, const char *name, const char *value, size_t len)
{
	str_printf(out, "%s\n", name);
	for (unsigned i = 0; i < 8; i++)
		str_addc(out, (char)(len >> 8 * i));
	str_add(out, value, len);
	str_addc(out, '\n');
}

static bool has(const struct str *got, const char *name, const char *value)
{
	_str_ struct str wanted = STR_INIT;
	add(&wanted, name, value, strlen(value));
	return memmem(got->buf, got->len, wanted.buf, wanted.len);
}

static void receive(int fd, struct str *ret)
{
	static char buffer[1 << 20];
	ssize_t n = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);
	assert_true(n >= 0);
	str_add(ret, buffer, (size_t)n);
}

static const char *const own[] = { "OBJECT_SYSTEMD_UNIT=shop.service", "COREDUMP_EXE=/mine" };
static const struct syslog_fields fields = { own, 2 };

static void syslog_send__speaks_to_the_journal(void **state)
{
	int journal = listen_at("/run/systemd/journal/socket", SOCK_DGRAM);
	_str_ struct str entry = STR_INIT, got = STR_INIT, message = STR_INIT;
	str_adds(&entry, "PRIORITY=0\nCOREDUMP_PID=42\nCOREDUMP_EXE=/theirs\nCOREDUMP_PYTHON_VERSION=3.12.1\n");
	add(&entry, "MESSAGE", "SIGSEGV in f\nTraceback", 22);
	assert_null(syslog_send(root, entry.buf, entry.len, &fields, &message));
	receive(journal, &got);
	assert_non_null(strstr(got.buf, "MESSAGE_ID=88c090267341419f907a6e410893f5ce\nPRIORITY=2\n"));
	assert_true(has(&got, "OBJECT_SYSTEMD_UNIT", "shop.service"));
	assert_true(has(&got, "COREDUMP_EXE", "/mine"));
	assert_true(has(&got, "COREDUMP_PID", "42"));
	assert_true(has(&got, "COREDUMP_PYTHON_VERSION", "3.12.1"));
	assert_true(has(&got, "MESSAGE", "SIGSEGV in f\nTraceback"));
	assert_null(memmem(got.buf, got.len, "/theirs", 7));
	assert_string_equal(message.buf, "SIGSEGV in f\nTraceback\n");
	stop(journal, "/run/systemd/journal/socket");
}

static void syslog_send__passes_on_nothing_that_is_not_of_a_crash(void **state)
{
	int journal = listen_at("/run/systemd/journal/socket", SOCK_DGRAM);
	_str_ struct str entry = STR_INIT, got = STR_INIT, message = STR_INIT;
	str_adds(&entry, "MESSAGE_ID=fc2e22bc6ee647b6b90729ab34a250b1\nCOREDUMP_FILENAME=/evil\n"
			 "OBJECT_UID=0\n_UID=0\nCOREDUMP_PYTHON_lower=evil\nUNIT=evil\nMESSAGE=good\nMESSAGE=evil\n"
			 "SYSLOG_IDENTIFIER=evil\n");
	add(&entry, "COREDUMP_UNIT", "evil", 4);
	str_adds(&entry, "CODE_FUNC\n\xff\xff\xff\xff\xff\xff\xff\x7f" "evil\n");
	assert_null(syslog_send(root, entry.buf, entry.len, &(struct syslog_fields){ 0 }, &message));
	receive(journal, &got);
	assert_null(memmem(got.buf, got.len, "evil", 4));
	assert_null(memmem(got.buf, got.len, "fc2e", 4));
	assert_string_equal(message.buf, "good\n");
	stop(journal, "/run/systemd/journal/socket");
}

static void syslog_send__gives_a_long_entry_as_a_file(void **state)
{
	int journal = listen_at("/run/systemd/journal/socket", SOCK_DGRAM);
	enum { LONG = 4 << 20 };
	char *text = malloc(LONG);
	_str_ struct str entry = STR_INIT, message = STR_INIT;
	memset(text, 'x', LONG);
	add(&entry, "MESSAGE", text, LONG);
	assert_null(syslog_send(root, entry.buf, entry.len, &fields, &message));
	union { struct cmsghdr header; char room[CMSG_SPACE(sizeof(int))]; } control;
	struct msghdr got = { .msg_control = &control, .msg_controllen = sizeof(control) };
	int fd = -1;
	struct stat st;
	assert_int_equal(recvmsg(journal, &got, MSG_DONTWAIT), 0);
	assert_non_null(CMSG_FIRSTHDR(&got));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&got)), sizeof(fd));
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(st.st_size > LONG);
	assert_int_equal(write(fd, "x", 1), -1);
	close(fd);
	free(text);
	stop(journal, "/run/systemd/journal/socket");
}

static void syslog_send__speaks_to_syslog_in_lines(void **state)
{
	int syslog = listen_at("/dev/log", SOCK_DGRAM);
	_str_ struct str entry = STR_INIT, one = STR_INIT, two = STR_INIT, message = STR_INIT;
	add(&entry, "MESSAGE", "SIGSEGV in f\n  File", 19);
	assert_null(syslog_send(root, entry.buf, entry.len, &fields, &message));
	receive(syslog, &one);
	receive(syslog, &two);
	assert_true(has_prefix(one.buf, "<10>pycore["));
	assert_non_null(strstr(one.buf, "]: SIGSEGV in f"));
	assert_non_null(strstr(two.buf, "]:   File"));
	stop(syslog, "/dev/log");
}

static void syslog_send__says_that_nobody_listens(void **state)
{
	_str_ struct str message = STR_INIT;
	static const char entry[] = "MESSAGE=x\n";
	struct error *err = syslog_send(root, entry, sizeof(entry) - 1, &fields, &message);
	assert_non_null(err);
	assert_int_equal(err->code, ERROR_USAGE);
	/* What was to be said is there for a file. */
	assert_string_equal(message.buf, "x\n");
	error_free(err);
}

static void syslog_send__refuses_what_is_no_entry(void **state)
{
	static const char *const entries[] = { "", "\n", "MESSAGE", "MESSAGE\n\1\0\0", "PRIORITY=2\n", "=\n" };
	for (size_t i = 0; i < sizeof(entries) / sizeof(*entries); i++) {
		_str_ struct str message = STR_INIT;
		struct error *err = syslog_send(root, entries[i], strlen(entries[i]), &fields, &message);
		assert_non_null(err);
		assert_int_equal(err->code, ERROR_INTERNAL);
		error_free(err);
	}
}

static void syslog_check__knows_whose_fields_are_whose(void **state)
{
	static const char *const bad[] = { "", "=x", "lower=x", "_UID=0", "MESSAGE=x", "MESSAGE_ID=x", "A", "A=x\ny",
					   "9A=x" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct error *err = syslog_check(&(struct syslog_fields){ &bad[i], 1 });
		assert_non_null(err);
		assert_int_equal(err->code, ERROR_USAGE);
		error_free(err);
	}
	assert_null(syslog_check(&fields));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(syslog_send__speaks_to_the_journal),
		cmocka_unit_test(syslog_send__passes_on_nothing_that_is_not_of_a_crash),
		cmocka_unit_test(syslog_send__gives_a_long_entry_as_a_file),
		cmocka_unit_test(syslog_send__speaks_to_syslog_in_lines),
		cmocka_unit_test(syslog_send__says_that_nobody_listens),
		cmocka_unit_test(syslog_send__refuses_what_is_no_entry),
		cmocka_unit_test(syslog_check__knows_whose_fields_are_whose),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
