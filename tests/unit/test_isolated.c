/* What a process that is no more leaves behind: an answer, or a reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/isolated.h"

static bool says_the_request(const void *request, struct str *answer)
{
	str_adds(answer, request);
	return true;
}

static bool dies(const void *request, struct str *answer)
{
	str_adds(answer, "half of ");
	raise(SIGKILL);
	return true;
}

static bool finds_nothing(const void *request, struct str *answer)
{
	str_adds(answer, "half of ");
	return false;
}

static bool talks(const void *request, struct str *answer)
{
	for (int i = 0; i < 100000; i++)
		str_adds(answer, "all that work, and no play");
	return true;
}

static bool never_ends(const void *request, struct str *answer)
{
	for (volatile bool on = true; on;)
		continue;
	return true;
}

/* 1: the path of a file could be opened, or the descriptor that was open could be used. */
static bool looks_around(const void *request, struct str *answer)
{
	int fd = open("/etc/passwd", O_RDONLY);
	char byte;
	str_printf(answer, "%d%d", fd >= 0, pread(*(const int *)request, &byte, 1, 0) == 1);
	return true;
}

static const char *ask(isolated_work *work, const void *request, const struct isolated_limits *limits,
		       struct str *answer)
{
	const char *why;
	if (isolated_ask(work, request, limits, answer, &why))
		return NULL;
	assert_non_null(why);
	assert_int_equal(answer->len, 0);
	return why;
}

static void isolated_ask__brings_the_answer(void **state)
{
	_str_ struct str answer = STR_INIT;
	assert_null(ask(says_the_request, "what it knew", &isolated_defaults, &answer));
	assert_string_equal(answer.buf, "what it knew");
}

static void isolated_ask__says_how_it_ended_and_keeps_no_half_of_an_answer(void **state)
{
	_str_ struct str answer = STR_INIT;
	assert_string_equal(ask(dies, NULL, &isolated_defaults, &answer), "it was killed");
	assert_string_equal(ask(finds_nothing, NULL, &isolated_defaults, &answer), "it found no answer");
}

static void isolated_ask__bounds_what_is_said_and_how_long_it_takes(void **state)
{
	_str_ struct str answer = STR_INIT;
	const struct isolated_limits few = { 20, 1 << 26, 1000 }, quick = { 1, 1 << 26, 1000 };
	assert_string_equal(ask(talks, NULL, &few, &answer), "it says too much");
	const char *why = ask(never_ends, NULL, &quick, &answer);
	/* The clock or the limit on processor time, whichever comes first. */
	assert_true(strcmp(why, "it took too long") == 0 || strcmp(why, "it was killed") == 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void isolated_ask__leaves_it_no_file(void **state)
{
	_str_ struct str answer = STR_INIT;
	int fd = open("/proc/self/exe", O_RDONLY);
	assert_true(fd >= 0);
	assert_null(ask(looks_around, &fd, &isolated_defaults, &answer));
	/* Without Landlock and seccomp here a path can still be opened; never what was open. */
	assert_int_equal(answer.buf[1], '0');
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(isolated_ask__brings_the_answer),
		cmocka_unit_test(isolated_ask__says_how_it_ended_and_keeps_no_half_of_an_answer),
		cmocka_unit_test(isolated_ask__bounds_what_is_said_and_how_long_it_takes),
		cmocka_unit_test(isolated_ask__leaves_it_no_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
