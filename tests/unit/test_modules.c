#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/target.h"
#include "tests/unit/draw_core.h"

/* A library, as a file and as it is mapped at BASE:
 *
 *	file     0 header, build-id | 0x1000 text 'T' | 0x2000 data 'D' | 0x3000
 *	process  BASE               | BASE+0x1000     | BASE+0x2000     | BASE+0x3000, .bss to 0x4000
 */
enum { BASE = 0x7f0000000, SIZE = 0x3000 };

struct library {
	uint8_t bytes[SIZE];
};

static void library_draw(struct library *lib, uint8_t id)
{
	struct drawing d = drawing_of(EM_X86_64);
	struct str out = STR_INIT;
	const struct elf_phdr text = { PT_LOAD, PF_R | PF_X, 0, 0, 0x2000, 0x2000, 4096 };
	const struct elf_phdr data = { PT_LOAD, PF_R | PF_W, 0x2000, 0x2000, 0x1000, 0x2000, 4096 };
	const struct elf_phdr note = { PT_NOTE, PF_R, 0x200, 0x200, 36, 36, 4 };
	const struct elf_phdr dynamic = { PT_DYNAMIC, PF_R | PF_W, 0x2800, 0x2800, 0x100, 0x100, 8 };
	uint8_t build_id[20];
	d.type = ET_DYN;
	memset(build_id, id, sizeof(build_id));
	if (id)
		draw_note(&d, "GNU", NT_GNU_BUILD_ID, build_id, sizeof(build_id));
	draw_header(&d, &out, 4);
	draw_phdr(d.m, &out, &text);
	draw_phdr(d.m, &out, &data);
	draw_phdr(d.m, &out, &note);
	draw_phdr(d.m, &out, &dynamic);
	memset(lib->bytes, 'H', 0x1000);
	memset(lib->bytes + 0x1000, 'T', 0x1000);
	memset(lib->bytes + 0x2000, 'D', 0x1000);
	memcpy(lib->bytes, out.buf, out.len);
	memset(lib->bytes + 0x200, 0, 36);
	memcpy(lib->bytes + 0x200, d.notes.buf, d.notes.len);
	for (size_t i = 0; i < 8; i++) {
		put(d.m, lib->bytes + 0x2800 + i * 16, 8, i == 7 ? DT_NULL : i + 4);
		put(d.m, lib->bytes + 0x2808 + i * 16, 8, i == 7 ? 0 : i * 0x100);
	}
	str_release(&out);
	str_release(&d.notes);
}

static void library_put(const struct library *lib, const char *name)
{
	FILE *file = fopen(drawing_path(name), "w");
	assert_int_equal(fwrite(lib->bytes, 1, SIZE, file), SIZE);
	fclose(file);
}

static void draw_mappings(struct drawing *d, const char *path)
{
	static const uint64_t lines[3][3] = {
		{ BASE, BASE + 0x1000, 0 }, { BASE + 0x1000, BASE + 0x2000, 1 },
		{ BASE + 0x2000, BASE + 0x3000, 2 },
	};
	struct str desc = STR_INIT;
	add_word(d->m, &desc, 3);
	add_word(d->m, &desc, 4096);
	for (size_t i = 0; i < 9; i++)
		add_word(d->m, &desc, lines[i / 3][i % 3]);
	for (size_t i = 0; i < 3; i++)
		str_add(&desc, path, strlen(path) + 1);
	draw_note(d, "CORE", NT_FILE, desc.buf, desc.len);
	str_release(&desc);
}

/* As the kernel dumps it: the first page, not the text, and the data, since written ('W'). */
static struct drawing process_draw(const struct library *lib, const char *path, bool header)
{
	struct drawing d = drawing_of(EM_X86_64);
	uint8_t written[0x2000];
	memset(written, 'W', sizeof(written));
	/* its dynamic section, relocated in place */
	for (size_t i = 0; i < 8; i++) {
		uint64_t value = i == 7 ? 0 : i * 0x100 + (i == 2 ? BASE : 0);
		put(d.m, written + 0x800 + i * 16, 8, i == 7 ? DT_NULL : i + 4);
		put(d.m, written + 0x808 + i * 16, 8, value);
	}
	draw_thread(&d, 1, 11);
	if (path)
		draw_mappings(&d, path);
	draw_load(&d, BASE, PF_R | PF_X, lib->bytes, header ? 0x1000 : 0, 0x2000);
	draw_load(&d, BASE + 0x2000, PF_R | PF_W, written, 0x2000, 0x2000);
	return d;
}

static struct target *open_drawn(struct drawing *d, const char *executable)
{
	struct files *f = NULL;
	struct target *t = NULL;
	char path[2 * PATH_MAX];
	assert_null(files_new(drawing_dir, &f));
	if (executable)
		snprintf(path, sizeof(path), "%s/%s", drawing_dir, executable);
	struct error *err = target_open_core(f, draw_file(d, "core"), executable ? path : NULL, &t);
	if (err)
		fail_msg("%s", err->message);
	files_free(f);
	return t;
}

static bool remarked(const struct target *t, const char *says)
{
	const struct remark *r;
	vec_each(r, &t->remarks.list)
		if (strstr(r->text, says))
			return true;
	return false;
}

static void modules__a_file_with_the_same_build_id_fills_what_was_not_dumped(void **state)
{
	struct library lib;
	library_draw(&lib, 1);
	library_put(&lib, "libx.so");
	struct drawing d = process_draw(&lib, "/libx.so", true);
	struct target *t = open_drawn(&d, NULL);
	assert_int_equal(t->modules.len, 1);
	const struct module *m = target_module_at(t, BASE + 0x3fff);
	assert_non_null(m);
	assert_int_equal(m->start, BASE);
	assert_int_equal(m->end, BASE + 0x4000);
	assert_int_equal(m->bias, BASE);
	assert_int_equal(m->file_state, MODULE_FILE_MATCHES);
	assert_int_equal(m->build_id.len, 20);
	assert_int_equal(*memory_at(&t->memory, BASE + 0x1800, 1), 'T');
	assert_int_equal(memory_extent(&t->memory, BASE + 0x1800)->source, EXTENT_FILE);
	assert_int_equal(*memory_at(&t->memory, BASE + 0x2000, 1), 'W');
	target_free(t);
}

/* The core is cut within the data: the file has bytes for it, but they are not what was there. */
static void modules__writable_bytes_never_come_from_a_file(void **state)
{
	struct library lib;
	library_draw(&lib, 1);
	library_put(&lib, "libx.so");
	struct drawing d = process_draw(&lib, "/libx.so", true);
	d.cut = 4096 + 4096 + 16;
	struct target *t = open_drawn(&d, NULL);
	assert_int_equal(*memory_at(&t->memory, BASE + 0x1800, 1), 'T');
	assert_int_equal(*memory_at(&t->memory, BASE + 0x200f, 1), 'W');
	assert_null(memory_at(&t->memory, BASE + 0x2010, 1));
	assert_string_equal(memory_extent(&t->memory, BASE + 0x2010)->why, "core truncated");
	target_free(t);
}

static void modules__a_file_of_another_build_is_not_used(void **state)
{
	struct library lib, other;
	library_draw(&lib, 1);
	library_draw(&other, 2);
	library_put(&other, "libx.so");
	struct drawing d = process_draw(&lib, "/libx.so", true);
	struct target *t = open_drawn(&d, NULL);
	const struct module *m = &t->modules.items[0];
	assert_int_equal(m->file_state, MODULE_FILE_DIFFERS);
	assert_null(m->file.data);
	assert_string_equal(m->file_note, "is another build (020202020202, the process had 010101010101)");
	assert_null(memory_at(&t->memory, BASE + 0x1000, 1));
	assert_string_equal(memory_extent(&t->memory, BASE + 0x1000)->why,
			    "not dumped, and /libx.so on this machine is another build");
	assert_true(remarked(t, "1 of 1 mapped files on this machine are of another build"));
	target_free(t);
}

static void modules__a_missing_file_is_named(void **state)
{
	struct library lib;
	library_draw(&lib, 1);
	struct drawing d = process_draw(&lib, "/nowhere/liby.so", true);
	struct target *t = open_drawn(&d, NULL);
	assert_int_equal(t->modules.items[0].file_state, MODULE_FILE_MISSING);
	assert_string_equal(memory_extent(&t->memory, BASE + 0x1000)->why,
			    "not dumped, and /nowhere/liby.so is not on this machine");
	target_free(t);
}

static void modules__a_deleted_mark_is_told_apart_from_the_name(void **state)
{
	struct library lib;
	library_draw(&lib, 1);
	library_put(&lib, "libx.so");
	struct drawing d = process_draw(&lib, "/libx.so (deleted)", true);
	struct target *t = open_drawn(&d, NULL);
	const struct module *m = &t->modules.items[0];
	assert_string_equal(m->path, "/libx.so");
	assert_true(m->deleted);
	assert_int_equal(m->file_state, MODULE_FILE_MATCHES);
	assert_int_equal(*memory_at(&t->memory, BASE + 0x1800, 1), 'T');
	target_free(t);
}

static void modules__without_a_build_id_the_headers_must_agree(void **state)
{
	struct library lib;
	library_draw(&lib, 0);
	library_put(&lib, "libx.so");
	struct drawing d = process_draw(&lib, "/libx.so", true);
	struct target *t = open_drawn(&d, NULL);
	assert_int_equal(t->modules.items[0].file_state, MODULE_FILE_UNVERIFIED);
	assert_int_equal(*memory_at(&t->memory, BASE + 0x1800, 1), 'T');
	assert_true(remarked(t, "no build-id to compare"));
	target_free(t);
	/* another dynamic section: another file */
	put(machine_find(EM_X86_64, 2, 1), lib.bytes + 0x2838, 8, 0x999);
	library_put(&lib, "libx.so");
	d = process_draw(&lib, "/libx.so", true);
	t = open_drawn(&d, NULL);
	assert_int_equal(t->modules.items[0].file_state, MODULE_FILE_DIFFERS);
	target_free(t);
}

static void modules__a_lost_header_is_made_up_for_by_the_file(void **state)
{
	struct library lib;
	library_draw(&lib, 3);
	library_put(&lib, "libx.so");
	struct drawing d = process_draw(&lib, "/libx.so", false);
	struct target *t = open_drawn(&d, NULL);
	const struct module *m = &t->modules.items[0];
	assert_int_equal(m->file_state, MODULE_FILE_UNVERIFIED);
	assert_int_equal(m->end, BASE + 0x4000);
	assert_int_equal(m->build_id.bytes[0], 3);
	assert_int_equal(*memory_at(&t->memory, BASE, 1), 0x7f);
	target_free(t);
}

/* An executable that is not position-independent: nothing is added to its addresses. */
static void modules__a_lost_header_of_a_fixed_executable_does_not_move_it(void **state)
{
	struct library lib;
	const struct machine *m = machine_find(EM_X86_64, 2, 1);
	library_draw(&lib, 3);
	put(m, lib.bytes + offsetof(Elf64_Ehdr, e_type), 2, ET_EXEC);
	for (size_t i = 0; i < 4; i++) {
		uint8_t *vaddr = lib.bytes + 64 + i * sizeof(Elf64_Phdr) + offsetof(Elf64_Phdr, p_vaddr);
		put(m, vaddr, 8, load_u64(m, vaddr) + BASE);
	}
	put(m, lib.bytes + 0x2808 + 2 * 16, 8, BASE + 0x200);	/* nor is its dynamic section relocated */
	library_put(&lib, "libx.so");
	struct drawing d = process_draw(&lib, "/libx.so", false);
	struct target *t = open_drawn(&d, NULL);
	assert_int_equal(t->modules.items[0].file_state, MODULE_FILE_UNVERIFIED);
	assert_int_equal(t->modules.items[0].bias, 0);
	assert_int_equal(t->modules.items[0].end, BASE + 0x4000);
	assert_int_equal(*memory_at(&t->memory, BASE + 0x1800, 1), 'T');
	target_free(t);
}

static void modules__a_given_file_is_matched_by_its_build_id(void **state)
{
	struct library lib, other;
	library_draw(&lib, 4);
	library_draw(&other, 5);
	library_put(&lib, "given");
	library_put(&other, "wrong");
	struct drawing d = process_draw(&lib, "/not/here.so", true);
	struct target *t = open_drawn(&d, "given");
	assert_int_equal(t->modules.items[0].file_state, MODULE_FILE_MATCHES);
	target_free(t);
	d = process_draw(&lib, "/not/here.so", true);
	t = open_drawn(&d, "wrong");
	assert_int_equal(t->modules.items[0].file_state, MODULE_FILE_MISSING);
	assert_true(remarked(t, "wrong is none of the files"));
	target_free(t);
}

static void modules__a_wrong_executable_is_remarked_with_both_build_ids(void **state)
{
	struct library lib, other;
	struct str auxv = STR_INIT;
	library_draw(&lib, 4);
	library_draw(&other, 5);
	library_put(&other, "wrong");
	struct drawing d = process_draw(&lib, "/bin/prog", true);
	add_word(d.m, &auxv, AT_PHDR);
	add_word(d.m, &auxv, BASE + 64);
	draw_note(&d, "CORE", NT_AUXV, auxv.buf, auxv.len);
	str_release(&auxv);
	struct target *t = open_drawn(&d, "wrong");
	assert_true(t->modules.items[0].is_executable);
	assert_string_equal(t->process.executable, "/bin/prog");
	assert_true(remarked(t, "(build-id 0505050505050505050505050505050505050505) is not the program"));
	assert_true(remarked(t, "/bin/prog (build-id 0404040404040404040404040404040404040404)"));
	target_free(t);
}

static void modules__a_debug_file_is_no_module_file(void **state)
{
	struct library lib;
	const struct machine *m = machine_find(EM_X86_64, 2, 1);
	library_draw(&lib, 1);
	/* one section header: .text, NOBITS */
	put(m, lib.bytes + offsetof(Elf64_Ehdr, e_shoff), 8, 0x400);
	put(m, lib.bytes + offsetof(Elf64_Ehdr, e_shnum), 2, 1);
	put(m, lib.bytes + 0x400 + offsetof(Elf64_Shdr, sh_type), 4, SHT_NOBITS);
	put(m, lib.bytes + 0x400 + offsetof(Elf64_Shdr, sh_flags), 8, SHF_ALLOC | SHF_EXECINSTR);
	library_put(&lib, "libx.so");
	struct drawing d = process_draw(&lib, "/libx.so", true);
	struct target *t = open_drawn(&d, NULL);
	assert_null(t->modules.items[0].file.data);
	target_free(t);
}

static void modules__without_any_list_are_found_by_their_headers(void **state)
{
	struct library lib;
	library_draw(&lib, 6);
	struct drawing d = process_draw(&lib, NULL, true);
	struct target *t = open_drawn(&d, NULL);
	assert_int_equal(t->modules.len, 1);
	assert_int_equal(t->modules.items[0].start, BASE);
	assert_int_equal(t->modules.items[0].build_id.bytes[0], 6);
	target_free(t);
}

/* AT_PHDR -> PT_DYNAMIC -> DT_DEBUG -> r_debug -> two links: the program (no name), and libx.so.
 *
 *	PROGRAM   its header page, as the library's file | data with the dynamic section
 *	LINKS     r_debug at 0, link_maps at 0x100 and 0x200, the name at 0x300 */
static void modules__come_from_the_link_map_without_nt_file(void **state)
{
	enum { PROGRAM = 0x400000, LINKS = 0x800000 };
	struct library lib, program;
	uint8_t data[0x1000] = { 0 }, links[0x1000] = { 0 };
	struct str auxv = STR_INIT;
	library_draw(&lib, 1);
	library_draw(&program, 2);
	library_put(&lib, "libx.so");
	struct drawing d = process_draw(&lib, NULL, false);
	const uint64_t pairs[] = { AT_PHDR, PROGRAM + 64, AT_PHNUM, 4, AT_NULL, 0 };
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		add_word(d.m, &auxv, pairs[i]);
	draw_note(&d, "CORE", NT_AUXV, auxv.buf, auxv.len);
	str_release(&auxv);
	put(d.m, data + 0x800, 8, DT_DEBUG);
	put(d.m, data + 0x808, 8, LINKS);
	put(d.m, links + 8, 8, LINKS + 0x100);
	put(d.m, links + 0x100, 8, PROGRAM);
	put(d.m, links + 0x108, 8, LINKS + 0x3f0);
	put(d.m, links + 0x118, 8, LINKS + 0x200);
	put(d.m, links + 0x200, 8, BASE);
	put(d.m, links + 0x208, 8, LINKS + 0x300);
	put(d.m, links + 0x210, 8, BASE + 0x2800);
	put(d.m, links + 0x218, 8, LINKS + 0x100);	/* a cycle: bounded */
	strcpy((char *)links + 0x300, "/libx.so");
	draw_load(&d, PROGRAM, PF_R, program.bytes, 0x1000, 0x1000);
	draw_load(&d, PROGRAM + 0x2000, PF_R | PF_W, data, 0x1000, 0x1000);
	draw_load(&d, LINKS, PF_R | PF_W, links, 0x1000, 0x1000);
	struct target *t = open_drawn(&d, NULL);
	assert_int_equal(t->modules.len, 2);
	assert_true(t->modules.items[0].is_executable);
	assert_int_equal(t->modules.items[0].build_id.bytes[0], 2);
	assert_int_equal(t->modules.items[1].start, BASE);
	assert_int_equal(t->modules.items[1].file_state, MODULE_FILE_UNVERIFIED);
	assert_int_equal(*memory_at(&t->memory, BASE + 0x1800, 1), 'T');
	target_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(modules__a_file_with_the_same_build_id_fills_what_was_not_dumped),
		cmocka_unit_test(modules__writable_bytes_never_come_from_a_file),
		cmocka_unit_test(modules__a_file_of_another_build_is_not_used),
		cmocka_unit_test(modules__a_missing_file_is_named),
		cmocka_unit_test(modules__a_deleted_mark_is_told_apart_from_the_name),
		cmocka_unit_test(modules__without_a_build_id_the_headers_must_agree),
		cmocka_unit_test(modules__a_lost_header_is_made_up_for_by_the_file),
		cmocka_unit_test(modules__a_lost_header_of_a_fixed_executable_does_not_move_it),
		cmocka_unit_test(modules__a_given_file_is_matched_by_its_build_id),
		cmocka_unit_test(modules__a_wrong_executable_is_remarked_with_both_build_ids),
		cmocka_unit_test(modules__a_debug_file_is_no_module_file),
		cmocka_unit_test(modules__without_any_list_are_found_by_their_headers),
		cmocka_unit_test(modules__come_from_the_link_map_without_nt_file),
	};
	return cmocka_run_group_tests(tests, drawings_begin, drawings_end);
}
