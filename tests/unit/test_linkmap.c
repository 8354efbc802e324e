/* Modules from the dynamic linker's list: whole, broken, endless; headers from memory or a file. */
#include "tests/unit/library_rig.h"

#include "core/elfcore.h"

/*	PROGRAM  a page with its program headers: PT_LOAD, PT_DYNAMIC | a page with DT_DEBUG
 *	LIBRARY  a page with an ELF header and program headers
 *	LINKS    r_debug at 0, link i at 0x100 * i, its name 0x80 behind that */
enum { PROGRAM = 0x400000, LIBRARY = 0x600000, LINKS = 0x800000, PART = 0x2000, ENTRY = 0x120 };

struct rig {
	const struct machine *m;
	struct target target;
	struct elfcore core;
	struct files *files;
	struct mapped_file given;
	uint8_t program[PART], library[PART], links[PART];
};

static void put_word(struct rig *rig, uint8_t *p, uint64_t value)
{
	put(rig->m, p, rig->m->word, value);
}

static void put_bytes(uint8_t *p, struct str *bytes)
{
	memcpy(p, bytes->buf, bytes->len);
	str_release(bytes);
}

/* Header and two program headers of an image that is position-independent and two pages long. */
static void draw_image(struct rig *rig, uint8_t *page)
{
	struct drawing d = { .m = rig->m, .type = ET_DYN };
	struct str out = STR_INIT;
	draw_header(&d, &out, 2);
	draw_phdr(rig->m, &out,
		  &(struct elf_phdr){ .type = PT_LOAD, .filesz = PART, .memsz = PART });
	draw_phdr(rig->m, &out,
		  &(struct elf_phdr){ .type = PT_DYNAMIC, .vaddr = 0x1000, .memsz = 0x100 });
	put_bytes(page, &out);
	put_word(rig, page + 24, ENTRY);
}

static size_t phdrs_at(const struct rig *rig)
{
	return rig->m->word == 8 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
}

/* Link number i, 1 the first; name NULL: an unreadable one. */
static void draw_link(struct rig *rig, size_t i, addr_t bias, const char *name, addr_t dynamic,
		      size_t next)
{
	size_t word = rig->m->word;
	uint8_t *p = rig->links + i * 0x100;
	addr_t at = LINKS + i * 0x100;
	put_word(rig, p, bias);
	put_word(rig, p + word, name ? at + 0x80 : 0x10);
	put_word(rig, p + 2 * word, dynamic);
	put_word(rig, p + 3 * word, next ? LINKS + next * 0x100 : 0);
	memset(p + 0x80, 0, 0x80);
	if (name)
		strcpy((char *)p + 0x80, name);
}

static void map(struct rig *rig, addr_t start, const uint8_t *bytes)
{
	const struct extent e = { start, start + PART, bytes, EXTENT_CORE, EXTENT_READ, NULL };
	assert_true(memory_add(&rig->target.memory, &e));
	assert_true(memory_seal(&rig->target.memory));
}

/* The program, and one library as the second link. */
static struct rig *rig_new(uint16_t e_machine)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	assert_non_null(rig);
	struct drawing d = drawing_of(e_machine);
	rig->m = d.m;
	rig->target.machine = rig->m;
	rig->core.target = &rig->target;
	rig->core.header.machine = rig->m;
	rig->core.at_phnum = 2;
	rig->target.at_phdr = PROGRAM + phdrs_at(rig);
	assert_null(files_new(drawing_dir, &rig->files));
	draw_image(rig, rig->program);
	draw_image(rig, rig->library);
	put_word(rig, rig->program + 0x1000, DT_DEBUG);
	put_word(rig, rig->program + 0x1000 + rig->m->word, LINKS);
	put_word(rig, rig->links + rig->m->word, LINKS + 0x100);
	draw_link(rig, 1, PROGRAM, "", PROGRAM + 0x1000, 2);
	draw_link(rig, 2, LIBRARY, "/lib/libx.so", LIBRARY + 0x1000, 0);
	map(rig, LINKS, rig->links);
	return rig;
}

static void rig_free(struct rig *rig)
{
	files_free(rig->files);
	mapped_file_release(&rig->given);
	memory_release(&rig->target.memory);
	vec_release(&rig->target.modules);
	remarks_release(&rig->target.remarks);
	arena_release(&rig->target.arena);
	free(rig);
}

static struct rig *rig_mapped(uint16_t e_machine)
{
	struct rig *rig = rig_new(e_machine);
	map(rig, PROGRAM, rig->program);
	map(rig, LIBRARY, rig->library);
	return rig;
}

/* What is found: "start-end path, ..." */
static void expect_modules(struct rig *rig, const char *expected)
{
	_str_ struct str got = STR_INIT;
	const struct module *module;
	assert_true(linkmap_load(&rig->core, rig->files, &rig->given));
	vec_each(module, &rig->target.modules)
		str_printf(&got, "%s%" PRIx64 "-%" PRIx64 "%s%s", got.len ? ", " : "",
			   module->start, module->end, module->path[0] ? " " : "", module->path);
	assert_string_equal(got.buf ? got.buf : "", expected);
}

static void expect_loss(struct rig *rig, const char *says)
{
	assert_true(rig->target.remarks.loss);
	if (!remarked(&rig->target, says))
		fail_msg("no remark says '%s'", says);
}

static void linkmap_load__follows_the_list_in_every_shape(void **state)
{
	static const uint16_t shapes[] = { EM_X86_64, EM_386, EM_S390 };
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		struct rig *rig = rig_mapped(shapes[i]);
		rig->target.process.executable = "/bin/prog";
		expect_modules(rig, "400000-402000 /bin/prog, 600000-602000 /lib/libx.so");
		assert_int_equal(rig->target.modules.items[1].bias, LIBRARY);
		assert_false(rig->target.remarks.loss);
		rig_free(rig);
	}
}

static void linkmap_load__takes_what_has_an_absolute_name(void **state)
{
	struct rig *rig = rig_mapped(EM_X86_64);
	draw_link(rig, 1, LIBRARY, "linux-vdso.so.1", 0, 3);
	draw_link(rig, 3, LIBRARY, NULL, 0, 4);
	draw_link(rig, 4, LIBRARY, "/lib/libx.so", 0, 0);
	expect_modules(rig, "400000-402000, 600000-602000 /lib/libx.so");
	rig_free(rig);
}

static void linkmap_load__has_nothing_to_say_without_at_phdr(void **state)
{
	struct rig *rig = rig_mapped(EM_X86_64);
	rig->target.at_phdr = 0;
	expect_modules(rig, "");
	assert_int_equal(rig->target.remarks.list.len, 0);
	rig_free(rig);
}

static void linkmap_load__of_a_static_program_is_the_program(void **state)
{
	struct rig *rig = rig_mapped(EM_X86_64);
	put(rig->m, rig->program + 64 + sizeof(Elf64_Phdr), 4, PT_NULL);
	expect_modules(rig, "400000-402000");
	rig_free(rig);
	rig = rig_mapped(EM_X86_64);
	put_word(rig, rig->program + 0x1000, DT_NULL); /* a dynamic section without DT_DEBUG */
	put_word(rig, rig->program + 0x1010, DT_DEBUG);
	put_word(rig, rig->program + 0x1018, LINKS);
	expect_modules(rig, "400000-402000");
	assert_false(rig->target.remarks.loss);
	rig_free(rig);
}

/* A dynamic section that does not end is left after so many entries, or where memory ends. */
static void linkmap_load__ends_in_a_dynamic_section_without_end(void **state)
{
	struct rig *rig = rig_mapped(EM_X86_64);
	for (size_t i = 0x1000; i < PART; i += 16)
		put_word(rig, rig->program + i, DT_NEEDED);
	expect_modules(rig, "400000-402000");
	rig_free(rig);
}

static void linkmap_load__says_where_the_list_breaks_off(void **state)
{
	struct rig *rig = rig_mapped(EM_X86_64);
	put_word(rig, rig->links + 0x200 + 3 * 8, 0xdead0000);
	expect_modules(rig, "400000-402000, 600000-602000 /lib/libx.so");
	expect_loss(rig, "list of modules breaks off at 0xdead0000");
	rig_free(rig);
	/* within a link, at the end of what is mapped */
	rig = rig_mapped(EM_X86_64);
	put_word(rig, rig->links + 0x100 + 3 * 8, LINKS + PART - 24);
	expect_modules(rig, "400000-402000");
	expect_loss(rig, "list of modules breaks off at 0x801fe8");
	rig_free(rig);
}

static void linkmap_load__says_when_the_list_has_no_end(void **state)
{
	struct rig *rig = rig_mapped(EM_X86_64);
	draw_link(rig, 2, LIBRARY, "/lib/libx.so", 0, 1);
	assert_true(linkmap_load(&rig->core, rig->files, &rig->given));
	assert_true(rig->target.modules.len >= 2);
	expect_loss(rig, "list of modules has no end");
	rig_free(rig);
	rig = rig_mapped(EM_X86_64);
	draw_link(rig, 2, LIBRARY, "vdso", 0, 2);
	expect_modules(rig, "400000-402000");
	expect_loss(rig, "list of modules has no end");
	rig_free(rig);
}

/* --- the program's headers ------------------------------------------------------------------- */

static void linkmap_load__asks_for_the_executable_when_its_headers_are_lost(void **state)
{
	struct rig *rig = rig_new(EM_X86_64);
	expect_modules(rig, "");
	expect_loss(rig, "not the program's headers: give the executable");
	rig_free(rig);
	rig = rig_new(EM_X86_64);
	rig->target.process.executable = "/bin/not-here";
	expect_modules(rig, "");
	expect_loss(rig, "give the executable, /bin/not-here");
	rig_free(rig);
}

static void linkmap_load__refuses_headers_that_make_no_sense(void **state)
{
	static const struct { size_t at; unsigned width; uint64_t value, vaddr; } wrong[] = {
		{ offsetof(Elf64_Phdr, p_type), 4, PT_NULL, 0x1000 }, /* nothing is loaded */
		{ offsetof(Elf64_Phdr, p_memsz), 8, 0, 0x1000 },
		{ offsetof(Elf64_Phdr, p_memsz), 8, UINT64_MAX, 0x1800 },	/* wraps */
		{ offsetof(Elf64_Phdr, p_offset), 8, 0x1000, 0x1000 },	/* has no headers */
		{ offsetof(Elf64_Phdr, p_filesz), 8, 64, 0x1000 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct rig *rig = rig_mapped(EM_X86_64);
		put(rig->m, rig->program + 64 + wrong[i].at, wrong[i].width, wrong[i].value);
		put(rig->m, rig->program + 64 + offsetof(Elf64_Phdr, p_vaddr), 8, wrong[i].vaddr);
		expect_modules(rig, "");
		expect_loss(rig, "not the program's headers");
		rig_free(rig);
	}
	static const uint64_t counts[] = { 0, 1025, UINT64_MAX,
					   UINT64_MAX / sizeof(Elf64_Phdr) + 2 };
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		struct rig *rig = rig_mapped(EM_X86_64);
		rig->core.at_phnum = counts[i];
		expect_modules(rig, "");
		rig_free(rig);
	}
}

/* The file's bytes, as the user gave it. */
static void give(struct rig *rig, const uint8_t *bytes, size_t size)
{
	FILE *file = fopen(drawing_path("given"), "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	fclose(file);
	mapped_file_release(&rig->given);
	assert_null(files_map_given(rig->files, drawing_path("given"), &rig->given));
}

/* qemu's cores lack the page with the headers, not the data behind it. */
static void map_data(struct rig *rig)
{
	const struct extent e = { PROGRAM + 0x1000, PROGRAM + PART, rig->program + 0x1000,
				  EXTENT_CORE,      EXTENT_READ,    NULL };
	assert_true(memory_add(&rig->target.memory, &e));
	map(rig, LIBRARY, rig->library);
}

static void linkmap_load__takes_lost_headers_from_the_executable(void **state)
{
	struct rig *rig = rig_new(EM_X86_64);
	map_data(rig);
	rig->target.at_entry = PROGRAM + ENTRY;
	rig->target.process.executable = "/given";
	give(rig, rig->program, PART);
	expect_modules(rig, "400000-402000 /given, 600000-602000 /lib/libx.so");
	rig->target.modules.len = 0;
	mapped_file_release(&rig->given); /* and found by its name, below the sysroot */
	expect_modules(rig, "400000-402000 /given, 600000-602000 /lib/libx.so");
	rig_free(rig);
}

/* Its name lies in the program's read-only part, which is lost as well; the file has it. */
static void linkmap_load__takes_the_dynamic_linkers_name_from_the_executable(void **state)
{
	enum { NAME = 0x800 };
	static const struct {
		size_t offset, size;
		const char *expected;
	} cases[] = {
		{ NAME, 13, "400000-402000 /given, 600000-602000 /lib/ld-x.so" },
		{ NAME, 12, "400000-402000 /given" },	/* it has no end */
		{ PART, 13, "400000-402000 /given" },	/* beyond the file's */
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rig *rig = rig_new(EM_X86_64);
		struct str out = STR_INIT;
		draw_phdr(rig->m, &out, &(struct elf_phdr){ .type = PT_INTERP, .offset = cases[i].offset,
							    .filesz = cases[i].size });
		memcpy(rig->program + 64 + 2 * sizeof(Elf64_Phdr), out.buf, out.len);
		str_release(&out);
		put(rig->m, rig->program + offsetof(Elf64_Ehdr, e_phnum), 2, 3);
		strcpy((char *)rig->program + NAME, "/lib/ld-x.so");
		rig->core.at_phnum = 3;
		rig->target.at_base = LIBRARY;
		rig->target.process.executable = "/given";
		map_data(rig);
		draw_link(rig, 2, LIBRARY, NULL, LIBRARY + 0x1000, 0);
		give(rig, rig->program, PART);
		expect_modules(rig, cases[i].expected);
		rig->target.modules.len = 0;
		rig->target.at_base = LIBRARY + 0x1000;	/* of another module nobody knows the name */
		expect_modules(rig, "400000-402000 /given");
		rig_free(rig);
	}
}

static void linkmap_load__refuses_an_executable_that_is_another_one(void **state)
{
	static const struct { size_t at; unsigned width; uint64_t value; } wrong[] = {
		{ offsetof(Elf64_Ehdr, e_entry), 8, ENTRY + 4 },
		{ offsetof(Elf64_Ehdr, e_phnum), 2, 3 },
		{ offsetof(Elf64_Ehdr, e_machine), 2, EM_AARCH64 },
		{ offsetof(Elf64_Ehdr, e_phoff), 8, PART - sizeof(Elf64_Phdr) },
		{ offsetof(Elf64_Ehdr, e_phoff), 8, UINT64_MAX - 2 * sizeof(Elf64_Phdr) + 1 + 64 },
		{ offsetof(Elf64_Ehdr, e_phoff), 8, UINT64_MAX },
	};
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct rig *rig = rig_new(EM_X86_64);
		uint8_t bytes[PART];
		memcpy(bytes, rig->program, PART);
		put(rig->m, bytes + wrong[i].at, wrong[i].width, wrong[i].value);
		map_data(rig);
		rig->target.at_entry = PROGRAM + ENTRY;
		give(rig, bytes, PART);
		expect_modules(rig, "");
		expect_loss(rig, "give the executable");
		rig_free(rig);
	}
}

/* --- a library's ----------------------------------------------------------------------------- */

/* Its headers lost, and no file here: it ends with the part that its dynamic section lies in. */
static void linkmap_load__measures_a_library_by_its_dynamic_section(void **state)
{
	struct rig *rig = rig_mapped(EM_X86_64);
	memset(rig->library, 0, 64);
	expect_modules(rig, "400000-402000, 600000-602000 /lib/libx.so");
	rig_free(rig);
	/* or just behind it, where that is lost too */
	rig = rig_mapped(EM_X86_64);
	draw_link(rig, 2, 0x900000, "/lib/libx.so", 0x903000, 0);
	expect_modules(rig, "400000-402000, 900000-903001 /lib/libx.so");
	rig_free(rig);
}

static void linkmap_load__leaves_out_a_library_that_ends_before_it_begins(void **state)
{
	static const addr_t dynamic[] = { 0, 0x8fffff, UINT64_MAX };
	for (size_t i = 0; i < ARRAY_SIZE(dynamic); i++) {
		struct rig *rig = rig_mapped(EM_X86_64);
		draw_link(rig, 2, 0x900000, "/lib/libx.so", dynamic[i], 0);
		expect_modules(rig, "400000-402000");
		rig_free(rig);
	}
}

/* --- the whole way --------------------------------------------------------------------------- */

/* AT_PHDR -> PT_DYNAMIC -> DT_DEBUG -> r_debug -> two links: the program (no name), and libx.so.
 *
 *	PROGRAM   its header page, as the library's file | data with the dynamic section
 *	LINKS     r_debug at 0, link_maps at 0x100 and 0x200, the name at 0x300 */
static void linkmap__gives_a_core_without_nt_file_its_modules_and_their_files(void **state)
{
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
		cmocka_unit_test(linkmap_load__follows_the_list_in_every_shape),
		cmocka_unit_test(linkmap_load__takes_what_has_an_absolute_name),
		cmocka_unit_test(linkmap_load__has_nothing_to_say_without_at_phdr),
		cmocka_unit_test(linkmap_load__of_a_static_program_is_the_program),
		cmocka_unit_test(linkmap_load__ends_in_a_dynamic_section_without_end),
		cmocka_unit_test(linkmap_load__says_where_the_list_breaks_off),
		cmocka_unit_test(linkmap_load__says_when_the_list_has_no_end),
		cmocka_unit_test(linkmap_load__asks_for_the_executable_when_its_headers_are_lost),
		cmocka_unit_test(linkmap_load__refuses_headers_that_make_no_sense),
		cmocka_unit_test(linkmap_load__takes_lost_headers_from_the_executable),
		cmocka_unit_test(linkmap_load__takes_the_dynamic_linkers_name_from_the_executable),
		cmocka_unit_test(linkmap_load__refuses_an_executable_that_is_another_one),
		cmocka_unit_test(linkmap_load__measures_a_library_by_its_dynamic_section),
		cmocka_unit_test(linkmap_load__leaves_out_a_library_that_ends_before_it_begins),
		cmocka_unit_test(linkmap__gives_a_core_without_nt_file_its_modules_and_their_files),
	};
	return cmocka_run_group_tests(tests, drawings_begin, drawings_end);
}
