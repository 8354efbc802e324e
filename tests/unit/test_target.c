#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <zstd.h>
#include <cmocka.h>

#include "core/target.h"
#include "tests/unit/draw_core.h"

/* The directory holds, by set_up(): core, executable, second.core, text, empty, zeros, s390.core, ... */
static void put_file(const char *name, const void *bytes, size_t size)
{
	FILE *file = fopen(drawing_path(name), "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	fclose(file);
}

static void draw_simple(uint16_t e_machine, uint16_t type, const char *name)
{
	static const uint8_t page[4096] = "a page";
	struct drawing d = drawing_of(e_machine);
	d.type = type;
	draw_thread(&d, 4242, 11);
	draw_load(&d, 0x10000, PF_R, page, sizeof(page), sizeof(page));
	draw_file(&d, name);
}

static int set_up(void **state)
{
	uint8_t zeros[4096] = { 0 };
	if (drawings_begin(state))
		return -1;
	draw_simple(EM_X86_64, ET_CORE, "core");
	draw_simple(EM_X86_64, ET_CORE, "second.core");
	draw_simple(EM_AARCH64, ET_CORE, "aarch64.core");
	draw_simple(EM_X86_64, ET_DYN, "executable");
	draw_simple(EM_X86_64, ET_REL, "object");
	draw_simple(EM_S390, ET_CORE, "s390.core");
	draw_simple(EM_386, ET_CORE, "i386.core");
	put_file("text", "#!/bin/sh\n", 10);
	put_file("empty", "", 0);
	put_file("zeros", zeros, sizeof(zeros));
	put_file("unknown", "\x7f" "ELF\2\1\1\0\0\0\0\0\0\0\0\0\4\0\xff\xff....................................", 56);
	return 0;
}

static struct error *open_two(const char *first, const char *second, struct target **ret)
{
	struct files *f = NULL;
	char one[2 * PATH_MAX], two[2 * PATH_MAX];
	snprintf(one, sizeof(one), "%s/%s", drawing_dir, first);
	snprintf(two, sizeof(two), "%s/%s", drawing_dir, second ? second : "");
	assert_null(files_new(drawing_dir, &f));
	struct error *err = target_open_core(f, one, second ? two : NULL, ret);
	files_free(f);
	return err;
}

static void refused(const char *first, const char *second, const char *says)
{
	struct target *t = NULL;
	struct error *err = open_two(first, second, &t);
	assert_non_null(err);
	assert_null(t);
	if (!strstr(err->message, says) || strchr(err->message, '\n'))
		fail_msg("'%s' does not say '%s'", err->message, says);
	error_free(err);
}

static struct target *opened(const char *first, const char *second)
{
	struct target *t = NULL;
	struct error *err = open_two(first, second, &t);
	if (err)
		fail_msg("%s", err->message);
	return t;
}

static void target_open_core__opens_a_core(void **state)
{
	struct target *t = opened("core", NULL);
	assert_string_equal(t->machine->name, "x86_64");
	assert_int_equal(t->process.signal, 11);
	assert_int_equal(t->threads.items[0].tid, 4242);
	assert_string_equal((const char *)memory_at(&t->memory, 0x10000, 7), "a page");
	assert_false(t->slim);
	assert_true(t->process.time > 1500000000);
	addr_t word = 0;
	assert_true(target_read_word(t, 0x10000, &word));
	assert_memory_equal(&word, "a page\0", 8);
	assert_false(target_read_word(t, 0x10ffc, &word));
	target_free(t);
	t = opened("aarch64.core", NULL);
	assert_string_equal(t->machine->name, "aarch64");
	target_free(t);
}

static void target_open_core__takes_core_and_executable_in_any_order(void **state)
{
	struct target *t = opened("core", "executable");
	assert_non_null(strstr(t->path, "/core"));
	target_free(t);
	t = opened("executable", "core");
	assert_non_null(strstr(t->path, "/core"));
	target_free(t);
}

static void target_open_core__a_given_file_that_is_no_executable_is_a_remark(void **state)
{
	struct target *t = opened("core", "text");
	assert_int_equal(t->remarks.list.len, 1);
	assert_non_null(strstr(t->remarks.list.items[0].text, "text is not an executable for x86_64"));
	assert_false(t->remarks.loss);
	target_free(t);
}

static void target_open_core__says_what_a_file_is_instead(void **state)
{
	refused("nothing", NULL, "no such file");
	refused("empty", NULL, "is empty");
	refused("zeros", NULL, "begins with zeros");
	refused("text", NULL, "is not an ELF file");
	refused(".", NULL, "is a directory");
	refused("executable", NULL, "is an executable, not a core; call pycore bt CORE [EXECUTABLE]");
	refused("object", NULL, "is an ELF file, but not a core");
	refused("core", "nothing", "no such file");
	refused("core", "second.core", "are both cores");
	refused("executable", "text", "text: is not an ELF file");
}

static void target_open_core__names_the_machine_it_cannot_read(void **state)
{
	refused("s390.core", NULL, "64-bit s390x process");
	refused("i386.core", NULL, "32-bit i686 process");
	refused("unknown", NULL, "ELF machine 65535");
}

static void target_open_core__opens_a_compressed_core_by_its_content(void **state)
{
	uint8_t plain[65536], packed[65536];
	FILE *file = fopen(drawing_path("core"), "r");
	size_t size = fread(plain, 1, sizeof(plain), file);
	fclose(file);
	/* With a checksum behind the data, so that only that is cut off below. */
	ZSTD_CCtx *context = ZSTD_createCCtx();
	ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
	size = ZSTD_compress2(context, packed, sizeof(packed), plain, size);
	ZSTD_freeCCtx(context);
	put_file("packed", packed, size);
	struct target *t = opened("packed", "executable");
	assert_int_equal(t->threads.items[0].tid, 4242);
	assert_false(t->remarks.loss);
	target_free(t);
	t = opened("executable", "packed");
	assert_int_equal(t->threads.items[0].tid, 4242);
	target_free(t);
	put_file("packed", packed, size - 4);
	t = opened("packed", NULL);
	assert_true(t->remarks.loss);
	target_free(t);
	put_file("packed", "\xfd" "7zXZ\0and more", 15);
	refused("packed", NULL, "cannot be unpacked: xz says");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(target_open_core__opens_a_core),
		cmocka_unit_test(target_open_core__takes_core_and_executable_in_any_order),
		cmocka_unit_test(target_open_core__a_given_file_that_is_no_executable_is_a_remark),
		cmocka_unit_test(target_open_core__says_what_a_file_is_instead),
		cmocka_unit_test(target_open_core__names_the_machine_it_cannot_read),
		cmocka_unit_test(target_open_core__opens_a_compressed_core_by_its_content),
	};
	return cmocka_run_group_tests(tests, set_up, drawings_end);
}
