#include "tests/unit/test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "analyzers/source.h"
#include "core/checked.h"
#include "core/str.h"

static void expect_line(const char *bytes, size_t len, int64_t number, const char *expected)
{
	struct source s;
	const char *line;
	size_t line_len;
	assert_true(source_init(&s, bytes, len));
	if (!expected) {
		assert_false(source_line(&s, number, &line, &line_len));
	} else {
		assert_true(source_line(&s, number, &line, &line_len));
		assert_int_equal(line_len, strlen(expected));
		assert_memory_equal(line, expected, line_len);
	}
	source_release(&s);
}
#define LINE(text, number, expected) expect_line(text, sizeof(text) - 1, number, expected)

static void source_line__ends_as_python_s_universal_newlines(void **state)
{
	LINE("one\ntwo\n", 1, "one");
	LINE("one\ntwo\n", 2, "two");
	LINE("one\ntwo\n", 3, NULL);
	LINE("one\ntwo", 2, "two");
	LINE("one\r\ntwo\rthree\n\rfive", 1, "one");
	LINE("one\r\ntwo\rthree\n\rfive", 2, "two");
	LINE("one\r\ntwo\rthree\n\rfive", 3, "three");
	LINE("one\r\ntwo\rthree\n\rfive", 4, "");
	LINE("one\r\ntwo\rthree\n\rfive", 5, "five");
	LINE("", 1, NULL);
	LINE("x", 0, NULL);
	LINE("x", -1, NULL);
	LINE("x", INT64_MAX, NULL);
	LINE("x\f\v\x1cy\n", 1, "x\f\v\x1cy");
}

static void source_init__decodes_what_the_cookie_says(void **state)
{
	LINE("x = '\xc3\xa9'\n", 1, "x = '\xc3\xa9'");
	LINE("# -*- coding: latin-1 -*-\nx = '\xe9'\n", 2, "x = '\xc3\xa9'");
	LINE("#!/usr/bin/python\n# vim: set fileencoding=ISO_8859-1 :\nx = '\xe9'\n", 3,
	     "x = '\xc3\xa9'");
	LINE("# coding=utf8\nx = '\xc3\xa9'\n", 2, "x = '\xc3\xa9'");
	LINE("\xef\xbb\xbfx = 1\n", 1, "x = 1");
	/* behind code, or on the third line, it is none */
	LINE("x = 1\n# coding: latin-1\ny = '\xc3\xa9'\n", 3, "y = '\xc3\xa9'");
	LINE("\n\n# coding: koi8-r\n", 3, "# coding: koi8-r");
	LINE("x = 'coding: latin-1 \xc3\xa9'\n", 1, "x = 'coding: latin-1 \xc3\xa9'");
}

static void source_init__refuses_other_encodings(void **state)
{
	struct source s;
	assert_false(source_init(&s, "# coding: koi8-r\n", 17));
	assert_false(source_init(&s, "# coding: a-very-long-name-of-a-codec\n", 38));
}

struct place {
	char dir[64];
	struct target target;
	struct session session;
	struct sources *sources;
};

static void write_file(struct place *p, const char *name, const char *text, int64_t mtime)
{
	_str_ struct str path = STR_INIT;
	str_printf(&path, "%s/%s", p->dir, name);
	_close_ int fd = open(path.buf, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	const struct timespec times[2] = { { .tv_sec = mtime }, { .tv_sec = mtime } };
	assert_int_equal(futimens(fd, times), 0);
}

/* A sysroot with /srv/app.py, older than the crash, and /srv/new.py, younger. */
static struct place *place_new(void)
{
	struct place *p = calloc(1, sizeof(*p));
	assert_non_null(p);
	strcpy(p->dir, "/tmp/pycore-test-source-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	_str_ struct str path = STR_INIT;
	str_printf(&path, "%s/srv", p->dir);
	assert_int_equal(mkdir(path.buf, 0755), 0);
	write_file(p, "srv/app.py", "one\ntwo\n", 1000);
	write_file(p, "srv/new.py", "three\n", 3000);
	p->target.process.time = 2000;
	p->session.target = &p->target;
	assert_null(files_new(p->dir, &p->session.files));
	p->sources = sources_new(&p->session);
	assert_non_null(p->sources);
	return p;
}

static void place_free(struct place *p)
{
	static const char *const names[] = { "srv/app.py", "srv/new.py", "srv", "" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		_str_ struct str path = STR_INIT;
		str_printf(&path, "%s/%s", p->dir, names[i]);
		remove(path.buf);
	}
	sources_free(p->sources);
	files_free(p->session.files);
	remarks_release(&p->target.remarks);
	vec_release(&p->target.excerpts);
	free(p);
}

static void sources_find__looks_below_the_sysroot(void **state)
{
	struct place *p = place_new();
	const struct source *s = sources_find(p->sources, "/srv/app.py");
	assert_non_null(s);
	const char *line;
	size_t len;
	assert_true(source_line(s, 2, &line, &len));
	assert_memory_equal(line, "two", 3);
	assert_null(sources_find(p->sources, "/srv/gone.py"));
	assert_int_equal(p->target.remarks.list.len, 0);
	place_free(p);
}

static void sources_find__loads_a_file_once(void **state)
{
	struct place *p = place_new();
	char again[] = "/srv/app.py";
	const struct source *s = sources_find(p->sources, "/srv/app.py");
	write_file(p, "srv/app.py", "other\n", 1000);
	assert_ptr_equal(sources_find(p->sources, "/srv/app.py"), s);
	assert_ptr_equal(sources_find(p->sources, again), s);
	place_free(p);
}

static void sources_find__opens_no_pseudo_file(void **state)
{
	struct place *p = place_new();
	write_file(p, "<string>", "x\n", 1000);
	assert_null(sources_find(p->sources, "<string>"));
	assert_null(sources_find(p->sources, "<frozen os>"));
	assert_null(sources_find(p->sources, ""));
	_str_ struct str path = STR_INIT;
	str_printf(&path, "%s/<string>", p->dir);
	remove(path.buf);
	place_free(p);
}

static void sources_find__remarks_a_file_younger_than_the_crash_once(void **state)
{
	struct place *p = place_new();
	assert_non_null(sources_find(p->sources, "/srv/new.py"));
	assert_non_null(sources_find(p->sources, "/srv/new.py"));
	assert_int_equal(p->target.remarks.list.len, 1);
	assert_int_equal(p->target.remarks.list.items[0].count, 1);
	assert_false(p->target.remarks.loss);
	assert_non_null(strstr(p->target.remarks.list.items[0].text, "new.py"));
	place_free(p);
}

static void sources_find__finds_relative_names_by_search(void **state)
{
	struct place *p = place_new();
	assert_null(sources_find(p->sources, "app.py"));
	_str_ struct str dir = STR_INIT;
	str_printf(&dir, "%s/srv", p->dir);
	assert_null(files_add_search(p->session.files, dir.buf));
	assert_non_null(sources_find(p->sources, "./app.py"));
	place_free(p);
}

static void sources_find__refuses_directories_and_endless_names(void **state)
{
	struct place *p = place_new();
	assert_null(sources_find(p->sources, "/srv"));
	_free_ char *longest = malloc(10001);
	memset(longest, 'x', 10000);
	longest[0] = '/';
	longest[10000] = '\0';
	assert_null(sources_find(p->sources, longest));
	place_free(p);
}

/* --- a slim core's lines --------------------------------------------------------------------- */

static void bring(struct place *p, const char *path, uint64_t line, const char *text)
{
	struct source_excerpt *excerpt = vec_push(&p->target.excerpts);
	assert_non_null(excerpt);
	*excerpt = (struct source_excerpt){ path, line, text, strlen(text) };
}

/* text NULL: there is no such line. */
static void expect_brought(struct place *p, const char *path, int64_t number, const char *text)
{
	const struct source *s = sources_find(p->sources, path);
	const char *line;
	size_t len;
	assert_non_null(s);
	assert_int_equal(source_line(s, number, &line, &len), text != NULL);
	if (text) {
		assert_int_equal(len, strlen(text));
		assert_memory_equal(line, text, len);
	}
}

/* Of a file that is here too, and is another one since. */
static void sources_find__prefers_the_lines_that_a_slim_core_brought(void **state)
{
	struct place *p = place_new();
	bring(p, "/srv/a.py", 1, "a");
	bring(p, "/srv/app.py", 2, "\tx = 'caf\xc3\xa9'");
	bring(p, "/srv/app.py", 9, "");
	bring(p, "/srv/app.py", 11, "y = 2");
	bring(p, "/srv/app.py2", 1, "z");
	bring(p, "/srv/new.py", 1, "new");
	static const int64_t missing[] = { INT64_MIN, -1, 0, 1, 3, 10, 12, INT64_MAX };
	for (size_t i = 0; i < ARRAY_SIZE(missing); i++)
		expect_brought(p, "/srv/app.py", missing[i], NULL);
	expect_brought(p, "/srv/app.py", 2, "\tx = 'caf\xc3\xa9'");
	expect_brought(p, "/srv/app.py", 9, "");
	expect_brought(p, "/srv/app.py", 11, "y = 2");
	expect_brought(p, "/srv/a.py", 1, "a");
	expect_brought(p, "/srv/a.py", 2, NULL);
	expect_brought(p, "/srv/app.py2", 1, "z");
	expect_brought(p, "/srv/new.py", 1, "new");
	assert_int_equal(p->target.remarks.list.len, 0);	/* no word of a younger file */
	place_free(p);
}

static void sources_find__looks_for_the_file_of_which_a_slim_core_brought_nothing(void **state)
{
	struct place *p = place_new();
	bring(p, "/srv/other.py", 1, "other");
	expect_brought(p, "/srv/app.py", 1, "one");
	assert_null(sources_find(p->sources, "/srv/othe"));
	assert_null(sources_find(p->sources, "/srv/other.pyc"));
	place_free(p);
}

/* A line's number costs nothing, however far it is: it is the core that says it. */
static void sources_find__takes_a_slim_core_s_lines_as_far_as_they_are(void **state)
{
	struct place *p = place_new();
	bring(p, "/srv/far.py", 0, "none");
	bring(p, "/srv/far.py", 3000000, "far");
	bring(p, "/srv/far.py", INT64_MAX, "farther");
	bring(p, "/srv/far.py", UINT64_MAX, "farthest");
	expect_brought(p, "/srv/far.py", 0, NULL);
	expect_brought(p, "/srv/far.py", -1, NULL);
	expect_brought(p, "/srv/far.py", 3000000, "far");
	expect_brought(p, "/srv/far.py", INT64_MAX, "farther");
	place_free(p);
}

/* Nobody else may write into the report by a line that is several. */
static void source_line__of_a_slim_core_is_one_line(void **state)
{
	struct place *p = place_new();
	bring(p, "/srv/lines.py", 1, "one\ntwo");
	bring(p, "/srv/lines.py", 2, "one\r\ntwo");
	bring(p, "/srv/lines.py", 3, "\rtwo");
	bring(p, "/srv/lines.py", 4, "four");
	expect_brought(p, "/srv/lines.py", 1, "one");
	expect_brought(p, "/srv/lines.py", 2, "one");
	expect_brought(p, "/srv/lines.py", 3, "");
	expect_brought(p, "/srv/lines.py", 4, "four");
	place_free(p);
}

/* Sorted, says target.h; a core may say otherwise, and then loses lines, no more. */
static void sources_find__ends_on_a_slim_core_s_lines_in_disorder(void **state)
{
	struct place *p = place_new();
	uint32_t random = 7;
	static const char *const paths[] = { "/srv/a.py", "/srv/b.py", "/srv/c.py" };
	for (int i = 0; i < 300; i++) {
		random = random * 1664525 + 1013904223;
		bring(p, paths[random >> 16 & 1 ? random >> 17 & 1 : 2], random >> 28, paths[0]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		const struct source *s = sources_find(p->sources, paths[i]);
		const char *line;
		size_t len;
		for (int64_t n = 0; s && n < 20; n++)
			if (source_line(s, n, &line, &len))
				assert_true(n > 0 && n < 16 && len == strlen(paths[0]));
	}
	place_free(p);
}

static void source_line__notes_what_was_asked_for(void **state)
{
	struct place *p = place_new();
	struct source_log log = { 0 };
	static const struct { const char *path; int64_t line; } asked[] = {
		{ "/srv/brought.py", 5 }, { "/srv/app.py", 2 }, { "/srv/app.py", 2 },
		{ "/srv/app.py", 99 },	/* not there */
		{ "/srv/app.py", 1 },	{ "/srv/app.py", 2 }, { "/srv/brought.py", 5 },
	};
	p->session.source_log = &log;
	bring(p, "/srv/brought.py", 5, "five");
	for (size_t i = 0; i < ARRAY_SIZE(asked); i++) {
		const struct source *s = sources_find(p->sources, asked[i].path);
		const char *line;
		size_t len;
		assert_non_null(s);
		assert_int_equal(source_line(s, asked[i].line, &line, &len), asked[i].line != 99);
	}
	source_log_sort(&log);
	static const struct source_excerpt expected[] = {
		{ "/srv/app.py", 1, "one", 3 },
		{ "/srv/app.py", 2, "two", 3 },
		{ "/srv/brought.py", 5, "five", 4 },
	};
	assert_int_equal(log.lines.len, ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_string_equal(log.lines.items[i].path, expected[i].path);
		assert_int_equal(log.lines.items[i].line, expected[i].line);
		assert_int_equal(log.lines.items[i].len, expected[i].len);
		assert_memory_equal(log.lines.items[i].text, expected[i].text, expected[i].len);
	}
	source_log_release(&log);
	place_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(source_line__ends_as_python_s_universal_newlines),
		cmocka_unit_test(source_init__decodes_what_the_cookie_says),
		cmocka_unit_test(source_init__refuses_other_encodings),
		cmocka_unit_test(sources_find__looks_below_the_sysroot),
		cmocka_unit_test(sources_find__loads_a_file_once),
		cmocka_unit_test(sources_find__opens_no_pseudo_file),
		cmocka_unit_test(sources_find__remarks_a_file_younger_than_the_crash_once),
		cmocka_unit_test(sources_find__finds_relative_names_by_search),
		cmocka_unit_test(sources_find__refuses_directories_and_endless_names),
		cmocka_unit_test(sources_find__prefers_the_lines_that_a_slim_core_brought),
		cmocka_unit_test(
			sources_find__looks_for_the_file_of_which_a_slim_core_brought_nothing),
		cmocka_unit_test(sources_find__takes_a_slim_core_s_lines_as_far_as_they_are),
		cmocka_unit_test(source_line__of_a_slim_core_is_one_line),
		cmocka_unit_test(sources_find__ends_on_a_slim_core_s_lines_in_disorder),
		cmocka_unit_test(source_line__notes_what_was_asked_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
