/* Which files of this machine are the process's, and which bytes are taken from them. */
#include "tests/unit/library_rig.h"

#include "core/elfcore.h"

static void modulefiles__a_file_with_the_same_build_id_fills_what_was_not_dumped(void **state)
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
static void modulefiles__writable_bytes_never_come_from_a_file(void **state)
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

static void modulefiles__a_file_of_another_build_is_not_used(void **state)
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
	assert_string_equal(m->file_note,
			    "is another build (020202020202, the process had 010101010101)");
	assert_null(memory_at(&t->memory, BASE + 0x1000, 1));
	assert_string_equal(memory_extent(&t->memory, BASE + 0x1000)->why,
			    "not dumped, and /libx.so on this machine is another build");
	assert_true(remarked(t, "1 of 1 mapped files on this machine are of another build"));
	target_free(t);
}

static void modulefiles__a_missing_file_is_named(void **state)
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

static void modulefiles__without_a_build_id_the_headers_must_agree(void **state)
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

/* An executable that is not position-independent: nothing is added to its addresses. */
static void modulefiles__a_lost_header_of_a_fixed_executable_does_not_move_it(void **state)
{
	struct library lib;
	const struct machine *m = machine_find(EM_X86_64, 2, 1);
	library_draw(&lib, 3);
	put(m, lib.bytes + offsetof(Elf64_Ehdr, e_type), 2, ET_EXEC);
	for (size_t i = 0; i < 4; i++) {
		uint8_t *vaddr =
			lib.bytes + 64 + i * sizeof(Elf64_Phdr) + offsetof(Elf64_Phdr, p_vaddr);
		put(m, vaddr, 8, load_u64(m, vaddr) + BASE);
	}
	/* nor is its dynamic section relocated */
	put(m, lib.bytes + 0x2808 + 2 * 16, 8, BASE + 0x200);
	library_put(&lib, "libx.so");
	struct drawing d = process_draw(&lib, "/libx.so", false);
	struct target *t = open_drawn(&d, NULL);
	assert_int_equal(t->modules.items[0].file_state, MODULE_FILE_UNVERIFIED);
	assert_int_equal(t->modules.items[0].bias, 0);
	assert_int_equal(t->modules.items[0].end, BASE + 0x4000);
	assert_int_equal(*memory_at(&t->memory, BASE + 0x1800, 1), 'T');
	target_free(t);
}

static void modulefiles__a_given_file_is_matched_by_its_build_id(void **state)
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

static void modulefiles__a_wrong_executable_is_remarked_with_both_build_ids(void **state)
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
	assert_true(remarked(
		t, "(build-id 0505050505050505050505050505050505050505) is not the program"));
	assert_true(remarked(t, "/bin/prog (build-id 0404040404040404040404040404040404040404)"));
	target_free(t);
}

static void modulefiles__a_debug_file_is_no_module_file(void **state)
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

/* Neither has a build-id. The file on this machine ends within its program headers: it has nothing
 * that could agree. */
static void modulefiles__a_file_without_anything_to_compare_is_not_used(void **state)
{
	static const size_t sizes[] = { 64, 64 + sizeof(Elf64_Phdr) - 1 };
	struct library lib;
	library_draw(&lib, 0);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		FILE *file = fopen(drawing_path("libx.so"), "w");
		assert_int_equal(fwrite(lib.bytes, 1, sizes[i], file), sizes[i]);
		fclose(file);
		for (int header = 0; header < 2; header++) {
			struct drawing d = process_draw(&lib, "/libx.so", header);
			struct target *t = open_drawn(&d, NULL);
			assert_int_equal(t->modules.items[0].file_state, MODULE_FILE_DIFFERS);
			assert_null(t->modules.items[0].file.data);
			target_free(t);
		}
	}
}

/* The end of its program headers, past the end of all numbers, is within its ELF header, which
 * agrees. */
static void modulefiles__a_file_whose_headers_wrap_is_not_used(void **state)
{
	struct library lib, other;
	library_draw(&lib, 0);
	other = lib;
	put(machine_find(EM_X86_64, 2, 1), other.bytes + offsetof(Elf64_Ehdr, e_phoff), 8,
	    UINT64_MAX - 4 * sizeof(Elf64_Phdr) + 1 + 16);
	library_put(&other, "libx.so");
	struct drawing d = process_draw(&lib, "/libx.so", true);
	struct target *t = open_drawn(&d, NULL);
	assert_int_equal(t->modules.items[0].file_state, MODULE_FILE_DIFFERS);
	target_free(t);
}

/* Its dynamic section is lost, its first page is not. */
static void modulefiles__without_its_dynamic_section_the_first_page_must_agree(void **state)
{
	struct library lib;
	library_draw(&lib, 0);
	for (int differs = 0; differs < 2; differs++) {
		struct library file = lib;
		if (differs)	/* PT_DYNAMIC's p_align: nothing that the segments tell */
			file.bytes[64 + 4 * sizeof(Elf64_Phdr) - 8]++;
		library_put(&file, "libx.so");
		struct drawing d = process_draw(&lib, "/libx.so", true);
		d.cut = 4096 + 4096;	/* the core ends behind it */
		struct target *t = open_drawn(&d, NULL);
		assert_int_equal(t->modules.items[0].file_state,
				 differs ? MODULE_FILE_DIFFERS : MODULE_FILE_UNVERIFIED);
		target_free(t);
	}
}

/* Both are lost: then its segments must lie where the process had them. */
static void modulefiles__without_any_page_the_segments_must_agree(void **state)
{
	struct library lib;
	library_draw(&lib, 0);
	static const struct { size_t at; uint64_t value; bool agrees; } cases[] = {
		{ offsetof(Elf64_Phdr, p_align), 4096, true },
		{ sizeof(Elf64_Phdr) + offsetof(Elf64_Phdr, p_offset), 0x1000, false },
		{ sizeof(Elf64_Phdr) + offsetof(Elf64_Phdr, p_vaddr), 0x8000, false },
		{ sizeof(Elf64_Phdr) + offsetof(Elf64_Phdr, p_vaddr), UINT64_MAX - 0xfff, false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct library file = lib;
		put(machine_find(EM_X86_64, 2, 1), file.bytes + 64 + cases[i].at, 8,
		    cases[i].value);
		library_put(&file, "libx.so");
		struct drawing d = process_draw(&lib, "/libx.so", false);
		d.cut = 4096;
		struct target *t = open_drawn(&d, NULL);
		assert_int_equal(t->modules.items[0].file_state,
				 cases[i].agrees ? MODULE_FILE_UNVERIFIED : MODULE_FILE_DIFFERS);
		target_free(t);
	}
}

/* The file with the right build-id was cut since: what it no longer has is lost. */
static void modulefiles__a_file_that_is_cut_fills_what_it_has(void **state)
{
	struct library lib;
	library_draw(&lib, 1);
	FILE *file = fopen(drawing_path("libx.so"), "w");
	assert_int_equal(fwrite(lib.bytes, 1, 0x1800, file), 0x1800);
	fclose(file);
	struct drawing d = process_draw(&lib, "/libx.so", true);
	struct target *t = open_drawn(&d, NULL);
	assert_int_equal(t->modules.items[0].file_state, MODULE_FILE_MATCHES);
	assert_non_null(memory_at(&t->memory, BASE + 0x17ff, 1));
	assert_null(memory_at(&t->memory, BASE + 0x17ff, 2));
	assert_null(memory_at(&t->memory, BASE + 0x1800, 1));
	target_free(t);
}

/* What a file's program headers say is as little to be believed as what the core's do. */
static void modulefiles__segments_that_make_no_sense_fill_nothing(void **state)
{
	static const struct { size_t at; uint64_t value; } wrong[] = {
		{ offsetof(Elf64_Phdr, p_offset), UINT64_MAX - 0xfff },
		{ offsetof(Elf64_Phdr, p_offset), SIZE },
		{ offsetof(Elf64_Phdr, p_offset), 8 }, /* not as its address lies in its page */
		{ offsetof(Elf64_Phdr, p_vaddr), UINT64_MAX - 0xfff },
		{ offsetof(Elf64_Phdr, p_filesz), 0 },
		{ offsetof(Elf64_Phdr, p_filesz), UINT64_MAX },
	};
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct library lib, file;
		library_draw(&lib, 1);
		file = lib;
		put(machine_find(EM_X86_64, 2, 1), file.bytes + 64 + wrong[i].at, 8,
		    wrong[i].value);
		library_put(&file, "libx.so");
		struct drawing d = process_draw(&lib, "/libx.so", true);
		struct target *t = open_drawn(&d, NULL);
		assert_int_equal(t->modules.items[0].file_state, MODULE_FILE_MATCHES);
		if (memory_at(&t->memory, BASE + 0x1000, 1))
			fail_msg("case %zu", i);
		target_free(t);
	}
}

/* Nothing tells what was mapped from where: the file's program headers alone do. */
static void modulefiles_add_extents__without_mappings_goes_by_the_file(void **state)
{
	static const struct { size_t at; uint64_t value; uint64_t size; } cases[] = {
		{ offsetof(Elf64_Phdr, p_align), 4096, 0x2000 },
		{ offsetof(Elf64_Phdr, p_filesz), 0x1234, 0x2000 }, /* whole pages */
		{ offsetof(Elf64_Phdr, p_filesz), 0x7000, SIZE },   /* as far as the file goes */
		{ offsetof(Elf64_Phdr, p_filesz), UINT64_MAX, 0 },
		{ offsetof(Elf64_Phdr, p_type), PT_LOAD | (uint64_t)PF_W << 32, 0 },
		{ offsetof(Elf64_Phdr, p_offset), 8, 0 }, /* not as its address lies in its page */
		{ offsetof(Elf64_Phdr, p_offset), SIZE + 0x1000, 0 },
		{ offsetof(Elf64_Phdr, p_offset), UINT64_MAX - 0xfff, 0 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct library lib;
		struct target t = { .machine = machine_find(EM_X86_64, 2, 1) };
		struct elfcore core = { .target = &t, .header.machine = t.machine };
		library_draw(&lib, 1);
		put(t.machine, lib.bytes + 64 + cases[i].at, 8, cases[i].value);
		struct module *module = vec_push(&t.modules);
		assert_non_null(module);
		*module = (struct module){ .start = BASE, .end = BASE + 0x8000, .bias = BASE,
					   .file = { .data = lib.bytes, .size = SIZE } };
		assert_true(modulefiles_add_extents(&core));
		assert_true(memory_seal(&t.memory));
		assert_int_equal(memory_span(&t.memory, BASE, 0x8000), cases[i].size);
		if (cases[i].size)
			assert_int_equal(*memory_at(&t.memory, BASE + 0x1000, 1), 'T');
		memory_release(&t.memory);
		vec_release(&t.modules);
	}
}

static bool span(struct library *lib, size_t size, addr_t *ret_start, addr_t *ret_end)
{
	struct elf_header h;
	assert_true(elf_header_load(lib->bytes, size, &h));
	return modulefiles_span(&h, lib->bytes, size, ret_start, ret_end);
}

static void modulefiles_span__covers_what_is_loaded(void **state)
{
	enum { SECOND = 64 + sizeof(Elf64_Phdr) };
	const struct machine *m = machine_find(EM_X86_64, 2, 1);
	struct library lib;
	addr_t start, end;
	library_draw(&lib, 1);
	assert_true(span(&lib, SIZE, &start, &end));
	assert_int_equal(start, 0);
	assert_int_equal(end, 0x4000);
	put(m, lib.bytes + 64 + offsetof(Elf64_Phdr, p_vaddr), 8, 0x7123);
	assert_true(span(&lib, SIZE, &start, &end));
	assert_int_equal(start, 0x2000);
	assert_int_equal(end, 0x9123);
	/* of a table that is cut, what is there */
	assert_true(span(&lib, SECOND, &start, &end));
	assert_int_equal(start, 0x7000);
	assert_false(span(&lib, SECOND - 1, &start, &end));
	/* a segment that wraps is none, and an empty one reaches nowhere */
	put(m, lib.bytes + SECOND + offsetof(Elf64_Phdr, p_memsz), 8, UINT64_MAX);
	assert_true(span(&lib, SIZE, &start, &end));
	assert_int_equal(start, 0x7000);
	put(m, lib.bytes + 64 + offsetof(Elf64_Phdr, p_memsz), 8, 0);
	assert_false(span(&lib, SIZE, &start, &end));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			modulefiles__a_file_with_the_same_build_id_fills_what_was_not_dumped),
		cmocka_unit_test(modulefiles__writable_bytes_never_come_from_a_file),
		cmocka_unit_test(modulefiles__a_file_of_another_build_is_not_used),
		cmocka_unit_test(modulefiles__a_missing_file_is_named),
		cmocka_unit_test(modulefiles__without_a_build_id_the_headers_must_agree),
		cmocka_unit_test(modulefiles__a_lost_header_of_a_fixed_executable_does_not_move_it),
		cmocka_unit_test(modulefiles__a_given_file_is_matched_by_its_build_id),
		cmocka_unit_test(modulefiles__a_wrong_executable_is_remarked_with_both_build_ids),
		cmocka_unit_test(modulefiles__a_debug_file_is_no_module_file),
		cmocka_unit_test(modulefiles__a_file_without_anything_to_compare_is_not_used),
		cmocka_unit_test(modulefiles__a_file_whose_headers_wrap_is_not_used),
		cmocka_unit_test(
			modulefiles__without_its_dynamic_section_the_first_page_must_agree),
		cmocka_unit_test(modulefiles__without_any_page_the_segments_must_agree),
		cmocka_unit_test(modulefiles__a_file_that_is_cut_fills_what_it_has),
		cmocka_unit_test(modulefiles__segments_that_make_no_sense_fill_nothing),
		cmocka_unit_test(modulefiles_add_extents__without_mappings_goes_by_the_file),
		cmocka_unit_test(modulefiles_span__covers_what_is_loaded),
	};
	return cmocka_run_group_tests(tests, drawings_begin, drawings_end);
}
