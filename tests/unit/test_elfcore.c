#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/target.h"
#include "tests/unit/draw_core.h"

static uint8_t page[2][8192];

static struct files *no_files(void)
{
	struct files *f = NULL;
	assert_null(files_new(drawing_dir, &f));
	return f;
}

static struct target *open_drawn(struct drawing *d)
{
	struct files *f = no_files();
	struct target *t = NULL;
	struct error *err = target_open_core(f, draw_file(d, "core"), NULL, &t);
	if (err)
		fail_msg("%s", err->message);
	files_free(f);
	return t;
}

static void refused(struct drawing *d, const char *says)
{
	struct files *f = no_files();
	struct target *t = NULL;
	struct error *err = target_open_core(f, draw_file(d, "core"), NULL, &t);
	assert_non_null(err);
	assert_null(t);
	assert_int_equal(err->code, ERROR_UNSUPPORTED);
	if (!strstr(err->message, says))
		fail_msg("'%s' does not say '%s'", err->message, says);
	error_free(err);
	files_free(f);
}

static bool remarked(const struct target *t, enum remark_level level, const char *says)
{
	const struct remark *r;
	vec_each(r, &t->remarks.list)
		if (r->level == level && strstr(r->text, says))
			return true;
	return false;
}

/*	0x30000 page[1] | 0x10000 page[0], half of it not dumped     (not in address order) */
static struct drawing two_segments(void)
{
	struct drawing d = drawing_of(EM_X86_64);
	memset(page[0], 'a', sizeof(page[0]));
	memset(page[1], 'b', sizeof(page[1]));
	draw_thread(&d, 7, 11);
	draw_load(&d, 0x30000, PF_R | PF_W, page[1], 8192, 8192);
	draw_load(&d, 0x10000, PF_R, page[0], 4096, 8192);
	return d;
}

static void elfcore__takes_segments_in_any_order(void **state)
{
	struct drawing d = two_segments();
	struct target *t = open_drawn(&d);
	assert_int_equal(*memory_at(&t->memory, 0x30000, 8192), 'b');
	assert_int_equal(*memory_at(&t->memory, 0x10fff, 1), 'a');
	assert_null(memory_at(&t->memory, 0x11000, 1));
	assert_string_equal(memory_extent(&t->memory, 0x11000)->why, "not dumped");
	assert_int_equal(memory_extent(&t->memory, 0x30000)->flags, EXTENT_READ | EXTENT_WRITE);
	assert_false(t->truncated);
	assert_int_equal(t->remarks.list.len, 0);
	target_free(t);
}

static void elfcore__truncated_memory_is_a_loss_and_the_rest_is_read(void **state)
{
	struct drawing d = two_segments();
	d.cut = 4096 + 4096 + 100;
	struct target *t = open_drawn(&d);
	assert_true(t->truncated);
	assert_int_equal(t->expected_size, 4096 + 8192 + 4096);
	assert_non_null(memory_at(&t->memory, 0x30000, 4096 + 100));
	assert_null(memory_at(&t->memory, 0x30000, 4096 + 101));
	assert_string_equal(memory_extent(&t->memory, 0x31fff)->why, "core truncated");
	assert_string_equal(memory_extent(&t->memory, 0x10000)->why, "core truncated");
	assert_true(remarked(t, REMARK_LOSS, "core is truncated: 8292 of 16384 bytes"));
	target_free(t);
}

/* Every length there is, against the rules: an error only while nothing at all is left. */
static void elfcore__any_truncation_opens_or_says_so(void **state)
{
	struct files *f = no_files();
	size_t opened = 0;
	for (size_t cut = 1; cut < 4096 + 8192; cut += cut < 800 ? 1 : 97) {
		struct drawing d = two_segments();
		struct target *t = NULL;
		d.cut = cut;
		struct error *err = target_open_core(f, draw_file(&d, "core"), NULL, &t);
		if (!err) {
			assert_true(t->truncated && t->remarks.loss);
			opened++;
			target_free(t);
			continue;
		}
		assert_int_equal(err->code, ERROR_UNSUPPORTED);
		assert_true(cut < 700 || cut <= 4096);
		error_free(err);
	}
	assert_true(opened > 80);
	files_free(f);
}

static void elfcore__a_segment_with_more_file_than_memory_is_cut_to_memory(void **state)
{
	struct drawing d = drawing_of(EM_X86_64);
	draw_load(&d, 0x10000, PF_R, page[0], 8192, 4096);
	struct target *t = open_drawn(&d);
	assert_non_null(memory_at(&t->memory, 0x10fff, 1));
	assert_null(memory_extent(&t->memory, 0x11000));
	target_free(t);
}

static void elfcore__a_segment_that_wraps_the_address_space_is_cut(void **state)
{
	struct drawing d = drawing_of(EM_X86_64);
	draw_load(&d, 0x10000, PF_R, page[0], 4096, 4096);
	draw_load(&d, UINT64_MAX - 0xfff, PF_R, page[0], 8192, UINT64_MAX);
	struct target *t = open_drawn(&d);
	assert_non_null(memory_at(&t->memory, UINT64_MAX - 1, 1));
	assert_null(memory_at(&t->memory, 0, 1));
	target_free(t);
}

static void elfcore__a_count_beyond_16_bits_that_is_lost_is_found_again(void **state)
{
	struct drawing d = two_segments();
	d.phnum = PN_XNUM;	/* and no section header 0 */
	struct target *t = open_drawn(&d);
	assert_non_null(memory_at(&t->memory, 0x30000, 8192));
	assert_non_null(memory_at(&t->memory, 0x10000, 4096));
	assert_int_equal(t->threads.len, 1);
	assert_true(remarked(t, REMARK_LOSS, "the number of its segments is lost; 3 were found"));
	target_free(t);
}

/* 70,000 segments, their count where the kernel puts it: in section header 0, at the end. */
static void elfcore__reads_more_than_65535_segments(void **state)
{
	enum { COUNT = 70000 };
	const struct machine *m = machine_find(EM_X86_64, ELFCLASS64, ELFDATA2LSB);
	struct drawing d = { .m = m, .type = ET_CORE, .phnum = PN_XNUM };
	struct str out = STR_INIT;
	draw_header(&d, &out, 0);
	uint64_t begin = out.len + (uint64_t)COUNT * sizeof(Elf64_Phdr);
	for (size_t i = 0; i < COUNT; i++) {
		struct elf_phdr s = { PT_LOAD, PF_R, begin, 0x100000 + i * 8192, 4096, 4096, 4096 };
		draw_phdr(m, &out, &s);
	}
	str_add(&out, (const char *)page[0], 4096);
	put(m, (uint8_t *)out.buf + offsetof(Elf64_Ehdr, e_shoff), 8, out.len);
	uint8_t section[sizeof(Elf64_Shdr)] = { 0 };
	put(m, section + offsetof(Elf64_Shdr, sh_info), 4, COUNT);
	str_add(&out, (const char *)section, sizeof(section));
	FILE *file = fopen(drawing_path("core"), "w");
	assert_int_equal(fwrite(out.buf, 1, out.len, file), out.len);
	fclose(file);
	str_release(&out);

	struct files *f = no_files();
	struct target *t = NULL;
	assert_null(target_open_core(f, drawing_path("core"), NULL, &t));
	assert_int_equal(t->memory.extents.len, COUNT);
	assert_non_null(memory_at(&t->memory, 0x100000 + (COUNT - 1) * 8192ul, 4096));
	assert_false(t->truncated);
	target_free(t);
	files_free(f);
}

static void elfcore__says_when_no_writable_memory_was_dumped(void **state)
{
	struct drawing d = drawing_of(EM_X86_64);
	draw_load(&d, 0x10000, PF_R, page[0], 4096, 4096);
	draw_load(&d, 0x20000, PF_R | PF_W, page[0], 0, 4096);
	struct target *t = open_drawn(&d);
	assert_true(remarked(t, REMARK_LOSS, "coredump_filter"));
	target_free(t);
}

static void elfcore__refuses_a_core_without_segments(void **state)
{
	struct drawing d = drawing_of(EM_X86_64);
	refused(&d, "without segments and notes");
}

static void elfcore__refuses_a_core_of_which_nothing_is_left(void **state)
{
	struct drawing d = two_segments();
	d.cut = 64 + 30;
	refused(&d, "before its program headers");
	d = two_segments();
	d.cut = 64 + 3 * sizeof(Elf64_Phdr) + 8;
	refused(&d, "neither memory nor threads are left");
	d = two_segments();
	d.cut = 20;
	refused(&d, "within its ELF header");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elfcore__takes_segments_in_any_order),
		cmocka_unit_test(elfcore__truncated_memory_is_a_loss_and_the_rest_is_read),
		cmocka_unit_test(elfcore__any_truncation_opens_or_says_so),
		cmocka_unit_test(elfcore__a_segment_with_more_file_than_memory_is_cut_to_memory),
		cmocka_unit_test(elfcore__a_segment_that_wraps_the_address_space_is_cut),
		cmocka_unit_test(elfcore__a_count_beyond_16_bits_that_is_lost_is_found_again),
		cmocka_unit_test(elfcore__reads_more_than_65535_segments),
		cmocka_unit_test(elfcore__says_when_no_writable_memory_was_dumped),
		cmocka_unit_test(elfcore__refuses_a_core_without_segments),
		cmocka_unit_test(elfcore__refuses_a_core_of_which_nothing_is_left),
	};
	return cmocka_run_group_tests(tests, drawings_begin, drawings_end);
}
