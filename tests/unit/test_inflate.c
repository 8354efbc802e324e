#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zstd.h>
#include <cmocka.h>

#include "core/inflate.h"

/* 9 MiB: words that differ, then a long run of zeros, then an odd tail. */
enum { SIZE = (9 << 20) + 13, ZEROS_FROM = 1 << 20, ZEROS_TO = 9 << 20 };

static struct files nobody;	/* nobody watches the progress */
static uint8_t *plain, *packed;
static size_t packed_size;

static int set_up(void **state)
{
	plain = calloc(1, SIZE);
	packed = malloc(ZSTD_compressBound(SIZE));
	for (size_t i = 0; i < SIZE; i++)
		if (i < ZEROS_FROM || i >= ZEROS_TO)
			plain[i] = (uint8_t)(i * 2654435761u >> 24 | 1);
	packed_size = ZSTD_compress(packed, ZSTD_compressBound(SIZE), plain, SIZE, 1);
	return ZSTD_isError(packed_size) ? -1 : 0;
}

static int tear_down(void **state)
{
	free(plain);
	free(packed);
	return 0;
}

/* A mapped file that holds these bytes. */
static struct mapped_file file_of(const uint8_t *bytes, size_t size)
{
	struct mapped_file file = { 0 };
	char path[] = "/tmp/pycore-unit-XXXXXX";
	int fd = mkstemp(path);
	unlink(path);
	assert_int_equal(write(fd, bytes, size), size);
	assert_null(files_map_fd(fd, "core.zst", &file));
	close(fd);
	return file;
}

static void inflate_format__goes_by_magic(void **state)
{
	assert_string_equal(inflate_format(packed, packed_size), "zstd");
	assert_string_equal(inflate_format((const uint8_t *)"\xfd" "7zXZ\0", 6), "xz");
	assert_string_equal(inflate_format((const uint8_t *)"\x1f\x8b\x08", 3), "gzip");
	assert_string_equal(inflate_format((const uint8_t *)"BZh9", 4), "bzip2");
	assert_string_equal(inflate_format((const uint8_t *)"\x04\x22\x4d\x18", 4), "lz4");
	assert_null(inflate_format((const uint8_t *)"\x7f" "ELF", 4));
	assert_null(inflate_format(packed, 3));
	assert_null(inflate_format(NULL, 0));
}

static void inflate_file__gives_back_what_was_packed(void **state)
{
	struct mapped_file file = file_of(packed, packed_size);
	bool cut = true;
	int64_t mtime = file.mtime;
	assert_null(inflate_file(&nobody, &file, &cut));
	assert_false(cut);
	assert_int_equal(file.size, SIZE);
	assert_memory_equal(file.data, plain, SIZE);
	assert_string_equal(file.path, "core.zst");
	assert_int_equal(file.mtime, mtime);
	mapped_file_release(&file);
}

static void inflate_file__keeps_what_came_before_the_stream_broke_off(void **state)
{
	struct mapped_file file = file_of(packed, packed_size - 100);
	bool cut = false;
	assert_null(inflate_file(&nobody, &file, &cut));
	assert_true(cut);
	assert_true(file.size > 0 && file.size < SIZE);
	assert_memory_equal(file.data, plain, file.size);
	mapped_file_release(&file);
}

static void inflate_file__says_what_is_wrong(void **state)
{
	static const struct { const char *bytes; size_t size; const char *says; } cases[] = {
		{ "\x28\xb5\x2f\xfd", 4, "cannot be unpacked" },
		{ "\x28\xb5\x2f\xfd garbage garbage", 20, "cannot be unpacked" },
		{ "\xfd" "7zXZ\0", 6, "compressed with xz; decompress it first" },
		{ "\x1f\x8b\x08", 3, "compressed with gzip" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct mapped_file file = file_of((const uint8_t *)cases[i].bytes, cases[i].size);
		bool cut = false;
		struct error *err = inflate_file(&nobody, &file, &cut);
		assert_non_null(err);
		assert_int_equal(err->code, ERROR_UNSUPPORTED);
		assert_non_null(strstr(err->message, cases[i].says));
		error_free(err);
		mapped_file_release(&file);
	}
}

static void inflate_spool__takes_all_of_a_pipe(void **state)
{
	struct mapped_file file = { 0 };
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	if (!child) {
		close(ends[0]);
		for (size_t at = 0; at < SIZE;) {
			ssize_t n = write(ends[1], plain + at, SIZE - at);
			if (n <= 0)
				_exit(1);
			at += (size_t)n;
		}
		_exit(0);
	}
	close(ends[1]);
	assert_null(inflate_spool(&nobody, ends[0], "standard input", &file));
	assert_int_equal(file.size, SIZE);
	assert_memory_equal(file.data, plain, SIZE);
	assert_int_equal(file.mtime, -1);
	mapped_file_release(&file);
	close(ends[0]);
	waitpid(child, NULL, 0);
}

static void inflate_spool__maps_a_regular_file_as_it_is(void **state)
{
	struct mapped_file file = { 0 };
	char path[] = "/tmp/pycore-unit-XXXXXX";
	int fd = mkstemp(path);
	assert_int_equal(write(fd, "abc", 3), 3);
	assert_null(inflate_spool(&nobody, fd, "standard input", &file));
	assert_int_equal(file.size, 3);
	struct stat st;
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(file.inode, st.st_ino);
	mapped_file_release(&file);
	close(fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inflate_format__goes_by_magic),
		cmocka_unit_test(inflate_file__gives_back_what_was_packed),
		cmocka_unit_test(inflate_file__keeps_what_came_before_the_stream_broke_off),
		cmocka_unit_test(inflate_file__says_what_is_wrong),
		cmocka_unit_test(inflate_spool__takes_all_of_a_pipe),
		cmocka_unit_test(inflate_spool__maps_a_regular_file_as_it_is),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
