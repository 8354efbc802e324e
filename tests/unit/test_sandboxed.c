#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "cli/sandboxed.h"
#include "core/sanitized.h"

static struct files *files;

static int set_up(void **state)
{
	return files_new(NULL, &files) ? -1 : 0;
}

static int tear_down(void **state)
{
	files_free(files);
	return 0;
}

/* What work() wrote, and its exit code. */
static int run(int (*work)(void *, FILE *), unsigned seconds, char ret[64])
{
	const struct sandboxed job = { .files = files, .seconds = seconds, .work = work };
	FILE *out = tmpfile();
	assert_non_null(out);
	int code = sandboxed_run(&job, out);
	rewind(out);
	ret[fread(ret, 1, 63, out)] = '\0';
	fclose(out);
	return code;
}

static int reports(void *arg, FILE *out)
{
	return fputs("a report", out) < 0 ? 4 : 1;
}

static int sleeps(void *arg, FILE *out)
{
	fputs("begun", out);
	fflush(out);
	while (ppoll(NULL, 0, NULL, NULL) >= 0)
		continue;
	return 0;
}

static int works_forever(void *arg, FILE *out)
{
	volatile uint64_t i = 1;
	while (i)
		i += 2;
	return 0;
}

static int crashes(void *arg, FILE *out)
{
	abort();
}

static int has_many_exit_codes(void *arg, FILE *out)
{
	_exit(77);
}

static void sandboxed_run__passes_on_what_is_written(void **state)
{
	char text[64];
	assert_int_equal(run(reports, 0, text), 1);
	assert_string_equal(text, "a report");
}

static void sandboxed_run__stops_who_sleeps(void **state)
{
	char text[64];
	assert_int_equal(run(sleeps, 1, text), 3);
}

static void sandboxed_run__stops_who_works_forever(void **state)
{
	char text[64];
	assert_int_equal(run(works_forever, 1, text), 3);
}

static void sandboxed_run__takes_a_crash_for_a_bug(void **state)
{
	char text[64];
	assert_int_equal(run(crashes, 0, text), 4);
	assert_int_equal(run(has_many_exit_codes, 0, text), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sandboxed_run__passes_on_what_is_written),
		cmocka_unit_test(sandboxed_run__stops_who_sleeps),
		cmocka_unit_test(sandboxed_run__stops_who_works_forever),
		cmocka_unit_test(sandboxed_run__takes_a_crash_for_a_bug),
	};
	if (SANITIZED)
		return 0;
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
