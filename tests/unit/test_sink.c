#include "core/sink.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include "core/files.h"
#include "core/inflate.h"
#include "core/str.h"

static char directory[] = "/tmp/pycore-test-sink-XXXXXX";

static int make_directory(void **state)
{
	(void)state;
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
	(void)state;
	return rmdir(directory);
}

/* A file without a name that lies there. */
static int unnamed(void)
{
	char path[64];
	snprintf(path, sizeof(path), "%s/out", directory);
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	unlink(path);
	return fd;
}

static void sink_form_of__goes_by_the_end_of_the_name(void **state)
{
	(void)state;
	assert_int_equal(sink_form_of("map.json"), SINK_PLAIN);
	assert_int_equal(sink_form_of("map.json.gz"), SINK_GZIP);
	assert_int_equal(sink_form_of("a.zst"), SINK_ZSTD);
	assert_int_equal(sink_form_of(".gz"), SINK_PLAIN);
	assert_int_equal(sink_form_of("-"), SINK_PLAIN);
	assert_int_equal(sink_form_of("gz"), SINK_PLAIN);
}

static void assert_comes_back(enum sink_form form, size_t lines)
{
	_close_ int fd = unnamed();
	_str_ struct str all = STR_INIT;
	struct sink out;
	assert_null(sink_begin(&out, fd, "out", form, 3));
	str_add(&all, "\177ELF", 4);	/* else core/inflate.h does not unpack it */
	sink_put(&out, all.buf, all.len);
	for (size_t i = 0; i < lines; i++) {
		char line[32];
		int len = snprintf(line, sizeof(line), "line %zu of it\n", i * i);
		sink_put(&out, line, (size_t)len);
		str_add(&all, line, (size_t)len);
	}
	assert_null(sink_finish(&out));
	assert_int_equal(out.taken, all.len);
	assert_true(form == SINK_PLAIN ? out.written == all.len : out.written != all.len);
	struct mapped_file file = { 0 };
	struct files *files = NULL;
	assert_null(files_new(NULL, &files));
	struct stat st;
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, out.written);
	assert_null(files_map_fd(fd, "out", &file));
	bool is_cut = false;
	if (form != SINK_PLAIN)
		assert_null(inflate_file(files, &file, &is_cut));
	assert_false(is_cut);
	assert_int_equal(file.size, all.len);
	if (all.len)
		assert_memory_equal(file.data, all.buf, all.len);
	mapped_file_release(&file);
	files_free(files);
	sink_release(&out);
}

static void sink_put__writes_what_unpacks_to_the_same(void **state)
{
	(void)state;
	assert_comes_back(SINK_PLAIN, 20000);
	assert_comes_back(SINK_ZSTD, 20000);
	assert_comes_back(SINK_GZIP, 20000);
	assert_comes_back(SINK_ZSTD, 1);
	assert_comes_back(SINK_GZIP, 1);
}

static void sink_finish__says_that_the_disk_is_full(void **state)
{
	(void)state;
	for (enum sink_form form = SINK_PLAIN; form <= SINK_GZIP; form++) {
		_close_ int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
		struct sink out;
		if (fd < 0)
			skip();
		assert_null(sink_begin(&out, fd, "map.json", form, 1));
		sink_put(&out, "text", 4);
		sink_put(&out, "more", 4);
		struct error *err = sink_finish(&out);
		assert_non_null(err);
		assert_int_equal(err->code, ERROR_UNSUPPORTED);
		assert_string_equal(err->message,
				    "map.json: cannot be written: No space left on device");
		error_free(err);
		sink_release(&out);
	}
}

static void sink_put__stops_at_a_signal_that_is_held_back(void **state)
{
	(void)state;
	sigset_t held, before;
	int number;
	_close_ int fd = unnamed();
	struct sink out;
	sigemptyset(&held);
	sigaddset(&held, SIGTERM);
	assert_int_equal(sigprocmask(SIG_BLOCK, &held, &before), 0);
	assert_null(sink_begin(&out, fd, "map.json", SINK_PLAIN, 0));
	sink_put(&out, "text", 4);
	raise(SIGTERM);
	sink_put(&out, "more", 4);
	struct error *err = sink_finish(&out);
	sigwait(&held, &number);
	sigprocmask(SIG_SETMASK, &before, NULL);
	assert_non_null(err);
	assert_string_equal(err->message, "map.json: cannot be written: interrupted");
	assert_int_equal(out.written, 4);
	error_free(err);
	sink_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sink_form_of__goes_by_the_end_of_the_name),
		cmocka_unit_test(sink_put__writes_what_unpacks_to_the_same),
		cmocka_unit_test(sink_finish__says_that_the_disk_is_full),
		cmocka_unit_test(sink_put__stops_at_a_signal_that_is_held_back),
	};
	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
