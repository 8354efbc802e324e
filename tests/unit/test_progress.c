#include "tests/unit/test.h"

#include "cli/progress.h"

struct screen {
	struct progress_line line;
	char *said;
	size_t len;
};

static void screen_open(struct screen *screen)
{
	screen->said = NULL;
	screen->len = 0;
	FILE *out = open_memstream(&screen->said, &screen->len);
	assert_non_null(out);
	progress_line_init(&screen->line, out);
}

static void screen_close(struct screen *screen)
{
	fclose(screen->line.out);
	free(screen->said);
}

static void progress_line__is_silent_on_quick_work(void **state)
{
	struct screen screen;
	screen_open(&screen);
	progress_show(&screen.line.progress, "unpacking", 1 << 20, 2 << 20);
	progress_line_erase(&screen.line);
	assert_int_equal(screen.len, 0);
	screen_close(&screen);
}

static void progress_line__shows_long_work_and_takes_it_away(void **state)
{
	struct screen screen;
	screen_open(&screen);
	screen.line.begun -= 1000;
	progress_show(&screen.line.progress, "unpacking", 5 << 20, 7 << 20);
	assert_string_equal(screen.said, "\r\x1b[Kunpacking: 5 of 7 MiB");
	/* Again at once: not shown. */
	progress_show(&screen.line.progress, "unpacking", 6 << 20, 7 << 20);
	assert_string_equal(screen.said, "\r\x1b[Kunpacking: 5 of 7 MiB");
	screen.line.shown -= 1000;
	progress_show(&screen.line.progress, "reading", 6 << 20, 0);
	assert_string_equal(screen.said, "\r\x1b[Kunpacking: 5 of 7 MiB\r\x1b[Kreading: 6 MiB");
	progress_line_erase(&screen.line);
	assert_string_equal(screen.said + screen.len - 4, "\r\x1b[K");
	size_t len = screen.len;
	progress_line_erase(&screen.line);
	assert_int_equal(screen.len, len);
	screen_close(&screen);
}

static void progress_show__needs_nobody(void **state)
{
	progress_show(NULL, "reading", 1, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(progress_line__is_silent_on_quick_work),
		cmocka_unit_test(progress_line__shows_long_work_and_takes_it_away),
		cmocka_unit_test(progress_show__needs_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
