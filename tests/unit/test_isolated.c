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

enum { PAGE = 4096, LARGE = 9 << 20 };

/* Of each page whether it has bytes other than zeros: "1", "0". */
static bool says_which_pages_it_has(const void *request, struct str *answer)
{
	const struct mapped_file *file = request;
	for (size_t at = 0; at < file->size; at += PAGE)
		str_addc(answer, file->data[at] ? '1' : '0');
	return true;
}

static bool adds_up(const void *request, struct str *answer)
{
	const struct mapped_file *file = request;
	uint64_t sum = 0;
	for (size_t i = 0; i < file->size; i++)
		sum += file->data[i] * (uint64_t)(i % 251);
	str_printf(answer, "%zu %llu", file->size, (unsigned long long)sum);
	return true;
}

/* A mapped file: page n is full of n + 1. */
static struct mapped_file file_of(size_t size)
{
	struct mapped_file ret = { 0 };
	char path[] = "/tmp/pycore-unit-XXXXXX";
	int fd = mkstemp(path);
	uint8_t *bytes = malloc(size);
	assert_true(fd >= 0 && bytes);
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(i / PAGE + 1);
	assert_int_equal(write(fd, bytes, size), size);
	assert_null(files_map_fd(fd, path, &ret));
	unlink(path);
	close(fd);
	free(bytes);
	return ret;
}

/* One that waits, as for who is in a sandbox: from here on there is no other. */
static void isolated_share_file__shows_the_parts_and_nothing_of_what_was_shown_before(void **state)
{
	_str_ struct str answer = STR_INIT, expected = STR_INIT;
	struct mapped_file all = file_of(3 * PAGE), some = file_of(4 * PAGE), large = file_of(LARGE);
	const struct isolated_part whole = { 0, all.size }, two[] = { { PAGE, 1 }, { 3 * PAGE, 100 } };
	const struct isolated_part everything = { 0, LARGE };
	assert_ptr_equal(isolated_share_file(&all, &whole, 1), &all);
	assert_true(isolated_prepare());
	const struct mapped_file *shared = isolated_share_file(&all, &whole, 1);
	assert_ptr_not_equal(shared, &all);
	assert_null(ask(says_which_pages_it_has, shared, &isolated_defaults, &answer));
	assert_string_equal(answer.buf, "111");
	str_reset(&answer);
	shared = isolated_share_file(&some, two, 2);
	assert_null(ask(says_which_pages_it_has, shared, &isolated_defaults, &answer));
	assert_string_equal(answer.buf, "0101");
	/* What is given back on the way is read again. */
	str_reset(&answer);
	adds_up(&large, &expected);
	shared = isolated_share_file(&large, &everything, 1);
	assert_null(ask(adds_up, shared, &isolated_defaults, &answer));
	assert_string_equal(answer.buf, expected.buf);
	const struct mapped_file endless = { .size = (size_t)1 << 40 };
	assert_null(isolated_share_file(&endless, NULL, 0));
	mapped_file_release(&all);
	mapped_file_release(&some);
	mapped_file_release(&large);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(isolated_ask__brings_the_answer),
		cmocka_unit_test(isolated_ask__says_how_it_ended_and_keeps_no_half_of_an_answer),
		cmocka_unit_test(isolated_ask__bounds_what_is_said_and_how_long_it_takes),
		cmocka_unit_test(isolated_ask__leaves_it_no_file),
		cmocka_unit_test(isolated_share_file__shows_the_parts_and_nothing_of_what_was_shown_before),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
