#include "tests/unit/test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "analyzers/source.h"
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
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
