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

/* The ELF magic, 40,000 zeros, "tail": as each program packs it. */
#define GZIP_BYTES \
	"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xed\xc1\xb1\x0d\x00\x20\x08\x00\x30\x9e\x93\x89\x27" \
	"\x18\x4d\x1c\xd9\x7d\xdd\xcd\x2b\xda\xde\x55\x19\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" \
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" \
	"\x00\x00\x00\x00\xc0\x37\xbd\xcf\x03\x6d\xfe\xf0\xf6\x48\x9c\x00\x00"
#define BZIP2_BYTES \
	"\x42\x5a\x68\x31\x31\x41\x59\x26\x53\x59\x8a\x36\x1f\x64\x00\x01\x3d\xc5\x82\xc0\x00\x03\x04" \
	"\x20\x24\x04\x00\x80\x40\x00\x08\x20\x00\x31\x00\xd3\x4d\x02\x2a\x0d\x18\x58\x2a\x1c\xda\xa2" \
	"\x2d\x44\x57\xe6\xee\x51\x50\xc1\x77\x24\x53\x85\x09\x08\xa3\x61\xf6\x40"
#define XZ_BYTES \
	"\xfd\x37\x7a\x58\x5a\x00\x00\x01\x69\x22\xde\x36\x02\x00\x21\x01\x0c\x00\x00\x00\x8f\x98\x41" \
	"\x9c\xe0\x9c\x47\x00\x4e\x5d\x00\x3f\x91\x45\x84\x68\x33\x69\xa2\xa3\x88\x44\x3f\xa8\xaf\x18" \
	"\xe9\x7c\xa0\x3c\x00\x00\x53\x4b\x2f\xbe\x9d\x88\xb9\xe1\x1e\xc4\x4a\xc3\x00\x1a\x88\x2a\x1a" \
	"\x60\xcc\xd7\x56\xb6\x66\xe7\x47\xd2\x2b\xf9\x30\x91\x09\x39\x18\xa3\xd4\xa7\x88\x47\x9b\xc1" \
	"\x59\xe9\x74\x6b\x3c\x76\x05\xc0\x0b\x24\x12\xb0\x3a\x27\x1b\x06\xc0\x00\x00\x00\x6d\xfe\xf0" \
	"\xf6\x00\x01\x66\xc8\xb8\x02\x00\x00\x9b\x29\xdf\x1f\x3e\x30\x0d\x8b\x02\x00\x00\x00\x00\x01" \
	"\x59\x5a"
#define LZ4_BYTES \
	"\x04\x22\x4d\x18\x64\x40\xa7\xab\x00\x00\x00\x5f\x7f\x45\x4c\x46\x00\x01\x00\xff\xff\xff\xff" \
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" \
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" \
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" \
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" \
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" \
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" \
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xc7\x50\x00\x74\x61\x69\x6c\x00\x00" \
	"\x00\x00\x11\xc8\xec\x47"

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
	memcpy(plain, "\x7f" "ELF", 4);	/* what is no ELF file is not unpacked to its end */
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
		{ "\xfd" "7zXZ\0", 6, "xz says it is cut" },
		{ "\xfd" "7zXZ\0garbage garbage", 21, "xz says invalid" },
		{ "\x1f\x8b\x08", 3, "gzip says it is cut" },
		{ "\x1f\x8b\x08 garbage garbage", 19, "gzip says invalid" },
		{ "BZh9garbage garbage", 19, "bzip2 says invalid" },
		{ "\x04\x22\x4d\x18garbage garbage", 19, "lz4 says ERROR" },
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

struct sample { const char *bytes; size_t size; };
#define SAMPLE(bytes) { bytes, sizeof(bytes) - 1 }
static const struct sample samples[] = {
	SAMPLE(GZIP_BYTES), SAMPLE(BZIP2_BYTES), SAMPLE(XZ_BYTES), SAMPLE(LZ4_BYTES),
};
static const struct sample twice[] = {
	SAMPLE(GZIP_BYTES GZIP_BYTES "\0\0padding"), SAMPLE(BZIP2_BYTES BZIP2_BYTES "\0\0padding"),
	SAMPLE(XZ_BYTES XZ_BYTES), SAMPLE(LZ4_BYTES LZ4_BYTES),
};
enum { SAMPLE_SIZE = 4 + 40000 + 4 };

static bool is_sample(const uint8_t *p)
{
	bool zeros = true;
	for (size_t i = 4; i < SAMPLE_SIZE - 4; i++)
		zeros &= !p[i];
	return zeros && !memcmp(p, "\x7f" "ELF", 4) && !memcmp(p + SAMPLE_SIZE - 4, "tail", 4);
}

static void inflate_file__knows_each_compressor(void **state)
{
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct mapped_file file = file_of((const uint8_t *)samples[i].bytes, samples[i].size);
		bool cut = true;
		assert_null(inflate_file(&nobody, &file, &cut));
		assert_false(cut);
		assert_int_equal(file.size, SAMPLE_SIZE);
		assert_true(is_sample(file.data));
		mapped_file_release(&file);
	}
}

static void inflate_file__reads_streams_behind_each_other_and_no_padding(void **state)
{
	for (size_t i = 0; i < sizeof(twice) / sizeof(*twice); i++) {
		struct mapped_file file = file_of((const uint8_t *)twice[i].bytes, twice[i].size);
		bool cut = true;
		assert_null(inflate_file(&nobody, &file, &cut));
		assert_false(cut);
		assert_int_equal(file.size, 2 * SAMPLE_SIZE);
		assert_true(is_sample(file.data) && is_sample(file.data + SAMPLE_SIZE));
		mapped_file_release(&file);
	}
}

static void inflate_file__takes_a_stream_cut_anywhere(void **state)
{
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		for (size_t size = 6; size < samples[i].size; size++) {
			struct mapped_file file = file_of((const uint8_t *)samples[i].bytes, size);
			bool cut = false;
			struct error *err = inflate_file(&nobody, &file, &cut);
			/* Nothing at all came out; or some of it, and it is said that it is cut. */
			assert_true(err ? err->code == ERROR_UNSUPPORTED : cut && file.size <= SAMPLE_SIZE);
			error_free(err);
			mapped_file_release(&file);
		}
	}
}

static void inflate_file__stops_at_the_limit_of_bytes(void **state)
{
	struct files few = { .unpack_bytes = SIZE - 1 };
	struct mapped_file file = file_of(packed, packed_size);
	bool cut;
	struct error *err = inflate_file(&few, &file, &cut);
	assert_non_null(err);
	assert_int_equal(err->code, ERROR_UNSUPPORTED);
	assert_non_null(strstr(err->message, "more than 9 MiB"));
	error_free(err);
	few.unpack_bytes = SIZE;
	assert_null(inflate_file(&few, &file, &cut));
	mapped_file_release(&file);
}

static void inflate_file__unpacks_no_more_of_what_is_no_elf_file(void **state)
{
	_free_ uint8_t *zeros = calloc(1, SIZE);
	_free_ uint8_t *bomb = malloc(ZSTD_compressBound(SIZE));
	size_t size = ZSTD_compress(bomb, ZSTD_compressBound(SIZE), zeros, SIZE, 1);
	struct mapped_file file = file_of(bomb, size);
	bool cut = true;
	assert_null(inflate_file(&nobody, &file, &cut));
	assert_false(cut);
	assert_true(file.size < SIZE / 8);
	mapped_file_release(&file);
}

static void inflate_spool__stops_at_the_limit_of_bytes(void **state)
{
	struct files few = { .unpack_bytes = 1 << 20 };
	struct mapped_file file = { 0 };
	int fd = open("/dev/zero", O_RDONLY);
	struct error *err = inflate_spool(&few, fd, "descriptor 7", &file);
	assert_non_null(err);
	assert_non_null(strstr(err->message, "descriptor 7: unpacked it has more than 1 MiB"));
	error_free(err);
	close(fd);
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

static void inflate_copy__is_found_under_the_name_it_is_given(void **state)
{
	struct files *files;
	struct mapped_file file = { 0 };
	int fd = -1;
	assert_null(files_new(NULL, &files));
	assert_null(inflate_copy(files, plain, SIZE, "journal:1", &fd));
	assert_null(files_give(files, "journal:1", fd));
	assert_null(files_map_given(files, "journal:1", &file));
	assert_int_equal(file.size, SIZE);
	assert_memory_equal(file.data, plain, SIZE);
	mapped_file_release(&file);
	files->unpack_bytes = SIZE - 1;
	struct error *err = inflate_copy(files, plain, SIZE, "journal:2", &fd);
	assert_non_null(strstr(err->message, "journal:2: unpacked it has more than"));
	error_free(err);
	files_free(files);
}

static void inflate_small__unpacks_as_much_as_it_may(void **state)
{
	enum { TEXT = 600000, LIMIT = 1 << 20 };
	char *text = malloc(TEXT), *stream = malloc(TEXT);
	assert_non_null(text);
	assert_non_null(stream);
	for (size_t i = 0; i < TEXT; i++)
		text[i] = (char)(i * i >> 7);
	size_t len = ZSTD_compress(stream, TEXT, text, TEXT, 1);
	assert_false(ZSTD_isError(len));
	_str_ struct str out = STR_INIT;
	assert_true(inflate_small((uint8_t *)stream, len, LIMIT, &out));
	assert_int_equal(out.len, TEXT);
	assert_memory_equal(out.buf, text, TEXT);
	str_reset(&out);
	assert_false(inflate_small((uint8_t *)stream, len, TEXT - 1, &out));
	assert_true(out.len <= TEXT - 1);
	str_reset(&out);
	assert_false(inflate_small((uint8_t *)stream, len / 2, LIMIT, &out));
	str_reset(&out);
	assert_false(inflate_small((uint8_t *)text, TEXT, LIMIT, &out));
	assert_false(inflate_small(NULL, 0, LIMIT, &out));
	free(text);
	free(stream);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inflate_format__goes_by_magic),
		cmocka_unit_test(inflate_file__gives_back_what_was_packed),
		cmocka_unit_test(inflate_file__keeps_what_came_before_the_stream_broke_off),
		cmocka_unit_test(inflate_file__says_what_is_wrong),
		cmocka_unit_test(inflate_file__knows_each_compressor),
		cmocka_unit_test(inflate_file__reads_streams_behind_each_other_and_no_padding),
		cmocka_unit_test(inflate_file__takes_a_stream_cut_anywhere),
		cmocka_unit_test(inflate_file__stops_at_the_limit_of_bytes),
		cmocka_unit_test(inflate_file__unpacks_no_more_of_what_is_no_elf_file),
		cmocka_unit_test(inflate_small__unpacks_as_much_as_it_may),
		cmocka_unit_test(inflate_spool__stops_at_the_limit_of_bytes),
		cmocka_unit_test(inflate_spool__takes_all_of_a_pipe),
		cmocka_unit_test(inflate_copy__is_found_under_the_name_it_is_given),
		cmocka_unit_test(inflate_spool__maps_a_regular_file_as_it_is),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
