#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/elfcore.h"
#include "core/slim.h"
#include "core/target.h"
#include "tests/unit/draw_core.h"

/*	0x10000 "first"    16 pages, of which the test touches some
 *	0x40000            4 pages, not dumped
 *	0x80000 "second"   writable, 2 pages */
static uint8_t first[16 * 4096], second[2 * 4096];

static struct target *open_file(const char *name)
{
	struct files *f = NULL;
	struct target *t = NULL;
	assert_null(files_new(drawing_dir, &f));
	struct error *err = target_open_core(f, drawing_path(name), NULL, &t);
	if (err)
		fail_msg("%s", err->message);
	files_free(f);
	return t;
}

static struct target *open_drawn(uint16_t e_machine, size_t cut)
{
	struct drawing d = drawing_of(e_machine);
	uint8_t ballast[512] = { 0 };
	for (size_t i = 0; i < sizeof(first); i++)
		first[i] = (uint8_t)(i >> 12 ^ i);
	memset(second, 's', sizeof(second));
	draw_thread(&d, 4242, 11);
	draw_note(&d, "CORE", NT_FPREGSET, ballast, sizeof(ballast));
	draw_load(&d, 0x10000, PF_R, first, sizeof(first), sizeof(first));
	draw_load(&d, 0x40000, PF_R | PF_X, "", 0, 0x4000);
	draw_load(&d, 0x80000, PF_R | PF_W, second, sizeof(second), sizeof(second));
	d.cut = cut;
	draw_file(&d, "core");
	return open_file("core");
}

/* What was written, opened; t is gone. */
static struct target *written(struct target *t, const struct slim_extras *extras, bool compress,
			      struct slim_result *result)
{
	char path[2 * PATH_MAX];
	struct new_file file;
	snprintf(path, sizeof(path), "%s/small", drawing_dir);
	struct error *err = files_create(path, &file);
	if (!err)
		err = slim_write(t, extras, &file, compress, result);
	if (!err)
		err = files_commit(&file);
	if (err)
		fail_msg("%s", err->message);
	new_file_release(&file);
	target_free(t);
	return open_file("small");
}

static struct target *slim_of(struct target *t, const struct symbol_hint *symbols, size_t count, bool compress,
			      struct slim_result *result)
{
	return written(t, &(struct slim_extras){ .symbols = symbols, .symbol_count = count }, compress, result);
}

static void touch(struct target *t, addr_t addr, size_t len)
{
	memory_record_touches(&t->memory, true);
	assert_non_null(memory_at(&t->memory, addr, len));
}

static void slim_write__keeps_what_was_touched_and_says_so_of_the_rest(void **state)
{
	static const uint16_t machines[] = { EM_X86_64, EM_AARCH64 };
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
		struct slim_result result;
		struct target *t = open_drawn(machines[i], 0);
		touch(t, 0x12ffc, 8);
		touch(t, 0x18000, 1);
		touch(t, 0x80000, 1);
		t = slim_of(t, NULL, 0, false, &result);
		assert_true(t->slim);
		/* and the first of the first segment, where opening looked for an ELF header */
		assert_int_equal(result.pages, 5);
		assert_int_equal(t->core.size, result.bytes);
		assert_memory_equal(memory_at(&t->memory, 0x12000, 0x2000), first + 0x2000, 0x2000);
		assert_memory_equal(memory_at(&t->memory, 0x18000, 0x1000), first + 0x8000, 0x1000);
		assert_memory_equal(memory_at(&t->memory, 0x80000, 0x1000), second, 0x1000);
		static const addr_t left_out[] = { 0x11000, 0x11fff, 0x14000, 0x1f000, 0x40000, 0x81000 };
		for (size_t a = 0; a < ARRAY_SIZE(left_out); a++) {
			assert_null(memory_at(&t->memory, left_out[a], 1));
			assert_string_equal(memory_extent(&t->memory, left_out[a])->why,
					    "left out by pycore slim");
		}
		assert_null(memory_extent(&t->memory, 0x20000));
		assert_int_equal(memory_extent(&t->memory, 0x80000)->flags, EXTENT_READ | EXTENT_WRITE);
		assert_string_equal(t->machine->name, i ? "aarch64" : "x86_64");
		assert_int_equal(t->threads.items[0].tid, 4242);
		assert_int_equal(t->process.signal, 11);
		assert_false(t->truncated || t->remarks.loss);
		target_free(t);
	}
}

static void slim_write__of_a_slim_core_is_the_same(void **state)
{
	struct slim_result once, twice;
	const struct symbol_hint symbol = { "interp_head", 0x80010, 8 };
	struct target *t = open_drawn(EM_X86_64, 0);
	touch(t, 0x12000, 8);
	t = slim_of(t, &symbol, 1, false, &once);
	touch(t, 0x12000, 8);
	t = slim_of(t, NULL, 0, false, &twice);
	assert_int_equal(once.bytes, twice.bytes);
	assert_int_equal(t->hints.len, 1);
	assert_non_null(memory_at(&t->memory, 0x12000, 0x1000));
	target_free(t);
}

static void slim_write__keeps_symbols_and_the_time_of_death(void **state)
{
	struct slim_result result;
	const struct symbol_hint symbols[] = { { "interp_head", 0x80010, 8 }, { "collecting", 0x80020, 0 } };
	struct target *t = open_drawn(EM_X86_64, 0);
	t->process.time = 1234567890;
	t = slim_of(t, symbols, 2, false, &result);
	assert_int_equal(t->process.time, 1234567890);
	assert_int_equal(t->hints.len, 2);
	assert_string_equal(t->hints.items[0].name, "interp_head");
	assert_int_equal(t->hints.items[0].addr, 0x80010);
	assert_int_equal(t->hints.items[0].size, 8);
	assert_string_equal(t->hints.items[1].name, "collecting");
	target_free(t);
}

static void slim_write__takes_source_lines_along(void **state)
{
	const struct source_excerpt lines[] = {
		{ "/srv/app.py", 7, "x = 1", 5 },
		{ "/srv/app.py", 9, "\ttéa()", 7 },
	};
	struct slim_result result;
	struct target *t = open_drawn(EM_X86_64, 0);
	t = written(t, &(struct slim_extras){ .excerpts = lines, .excerpt_count = 2 }, false, &result);
	assert_int_equal(t->excerpts.len, 2);
	assert_string_equal(t->excerpts.items[0].path, "/srv/app.py");
	assert_int_equal(t->excerpts.items[1].line, 9);
	assert_int_equal(t->excerpts.items[1].len, 7);
	assert_memory_equal(t->excerpts.items[1].text, "\ttéa()", 7);
	target_free(t);
}

static void slim_write__remembers_that_the_core_was_truncated(void **state)
{
	struct slim_result result;
	struct target *t = open_drawn(EM_X86_64, 4096 + 3 * 4096);
	touch(t, 0x11000, 1);
	t = slim_of(t, NULL, 0, false, &result);
	assert_false(t->truncated);
	assert_true(t->remarks.loss);
	target_free(t);
}

static void slim_write__remembers_which_files_it_was_made_without(void **state)
{
	static const struct module modules[] = {
		{ .start = 0x10000, .path = "/lib/a.so", .file_state = MODULE_FILE_MISSING },
		{ .start = 0x12000, .path = "/lib/b.so", .file_state = MODULE_FILE_DIFFERS },
		{ .start = 0x14000, .path = "/lib/c.so", .file_state = MODULE_FILE_UNVERIFIED },
		{ .start = 0x16000, .path = "/lib/d.so", .file_state = MODULE_FILE_MATCHES },
	};
	static const enum module_file_state then[] = { MODULE_FILE_MISSING, MODULE_FILE_MISSING,
						       MODULE_FILE_UNVERIFIED, MODULE_FILE_MATCHES };
	struct slim_result result;
	struct target *t = open_drawn(EM_X86_64, 0);
	for (size_t i = 0; i < ARRAY_SIZE(modules); i++)
		*vec_push(&t->modules) = modules[i];
	t = slim_of(t, NULL, 0, false, &result);
	for (size_t i = 0; i < ARRAY_SIZE(modules); i++) {
		struct module now = modules[i];
		now.file_state = MODULE_FILE_MISSING;
		assert_int_equal(modulefiles_state(t, &now), then[i]);
		now.file_state = MODULE_FILE_DIFFERS;	/* one that is here tells by itself */
		assert_int_equal(modulefiles_state(t, &now), MODULE_FILE_DIFFERS);
	}
	target_free(t);
}

static void slim_write__compresses(void **state)
{
	struct slim_result result;
	struct target *t = open_drawn(EM_X86_64, 0);
	touch(t, 0x80000, 0x2000);
	t = slim_of(t, NULL, 0, true, &result);
	assert_true(result.bytes < 1000);
	assert_memory_equal(memory_at(&t->memory, 0x80000, 0x2000), second, 0x2000);
	target_free(t);
}

static void slim_write__says_that_it_cannot_write(void **state)
{
	struct slim_result result = { 0 };
	struct target *t = open_drawn(EM_X86_64, 0);
	char path[] = "full";
	struct new_file full = { .fd = open("/dev/full", O_WRONLY), .path = path };
	struct error *err = slim_write(t, &(struct slim_extras){ 0 }, &full, false, &result);
	assert_non_null(err);
	assert_non_null(strstr(err->message, "full: cannot be written"));
	error_free(err);
	close(full.fd);
	target_free(t);
}

/* More runs than a 16-bit count holds: every other page of 140,000. */
static void slim_write__writes_more_than_65535_segments(void **state)
{
	enum { PAGES = 140000 };
	struct slim_result result;
	struct drawing d = drawing_of(EM_X86_64);
	uint8_t *many = calloc(PAGES, 4096);
	for (size_t i = 0; i < PAGES; i++)
		memcpy(many + i * 4096, &i, sizeof(i));
	draw_thread(&d, 1, 11);
	draw_load(&d, 0x100000, PF_R, many, PAGES * 4096ul, PAGES * 4096ul);
	free(many);
	draw_file(&d, "core");
	struct target *t = open_file("core");
	for (addr_t i = 0; i < PAGES; i += 2)
		touch(t, 0x100000 + i * 4096, 1);
	t = slim_of(t, NULL, 0, false, &result);
	assert_int_equal(result.pages, PAGES / 2);
	for (size_t i = 0; i < PAGES; i++) {
		const uint8_t *p = memory_at(&t->memory, 0x100000 + i * 4096, sizeof(i));
		assert_true(i % 2 ? !p : p && memcmp(p, &i, sizeof(i)) == 0);
	}
	target_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slim_write__keeps_what_was_touched_and_says_so_of_the_rest),
		cmocka_unit_test(slim_write__of_a_slim_core_is_the_same),
		cmocka_unit_test(slim_write__keeps_symbols_and_the_time_of_death),
		cmocka_unit_test(slim_write__takes_source_lines_along),
		cmocka_unit_test(slim_write__remembers_that_the_core_was_truncated),
		cmocka_unit_test(slim_write__remembers_which_files_it_was_made_without),
		cmocka_unit_test(slim_write__compresses),
		cmocka_unit_test(slim_write__says_that_it_cannot_write),
		cmocka_unit_test(slim_write__writes_more_than_65535_segments),
	};
	return cmocka_run_group_tests(tests, drawings_begin, drawings_end);
}
