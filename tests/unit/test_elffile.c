#include "tests/unit/elf_rig.h"

#include "core/elffile.h"

static struct elf_rig *rig_new(void)
{
	struct elf_rig *rig = malloc(sizeof(*rig));
	assert_non_null(rig);
	elf_rig_init(rig);
	elf_rig_local(rig, "here", ELF_TEXT, 16);
	elf_rig_finish(rig);
	return rig;
}

static void elffile_open__refuses_what_is_not_this_machine_s(void **state)
{
	struct elf_rig *rig = rig_new();
	struct elffile f;
	assert_true(elffile_open(rig->bytes, ELF_SIZE, elf_rig_machine(), &f));
	assert_false(elffile_open(rig->bytes, ELF_SIZE, machine_find(EM_AARCH64, ELFCLASS64, ELFDATA2LSB), &f));
	assert_false(elffile_open(rig->bytes, 40, elf_rig_machine(), &f));
	assert_false(elffile_open(NULL, 0, elf_rig_machine(), &f));
	rig->bytes[0] = 0;
	assert_false(elffile_open(rig->bytes, ELF_SIZE, elf_rig_machine(), &f));
	free(rig);
}

static void elffile_find_section__by_name_and_type(void **state)
{
	struct elf_rig *rig = rig_new();
	struct elffile f;
	struct elf_section s;
	assert_true(elffile_open(rig->bytes, ELF_SIZE, elf_rig_machine(), &f));
	assert_true(elffile_find_section(&f, ".text", 0, &s));
	assert_int_equal(s.addr, ELF_TEXT);
	assert_int_equal(s.size, 0x800);
	assert_ptr_equal(elffile_section_data(&f, &s), rig->bytes + ELF_TEXT);
	assert_true(elffile_find_section(&f, NULL, SHT_NOTE, &s));
	assert_string_equal(s.name, ".note.gnu.build-id");
	assert_false(elffile_find_section(&f, ".debug_info", 0, &s));
	s.size = ELF_SIZE;
	assert_null(elffile_section_data(&f, &s));
	s.size = UINT64_MAX;
	assert_null(elffile_section_data(&f, &s));
	free(rig);
}

static void elffile__takes_tables_outside_the_file_for_absent(void **state)
{
	struct elf_rig *rig = rig_new();
	struct elffile f;
	struct elf_section s;
	struct elf_symtab t;
	Elf64_Ehdr *header = (Elf64_Ehdr *)rig->bytes;
	header->e_shoff = UINT64_MAX - 10;
	assert_true(elffile_open(rig->bytes, ELF_SIZE, elf_rig_machine(), &f));
	assert_false(elffile_section(&f, 0, &s));
	assert_false(elffile_symtab(&f, SHT_SYMTAB, &t));
	header->e_shoff = ELF_SIZE - 64;
	assert_true(elffile_open(rig->bytes, ELF_SIZE, elf_rig_machine(), &f));
	assert_false(elffile_section(&f, 0, &s));
	free(rig);
}

static void elffile__counts_past_the_header_s_16_bits(void **state)
{
	struct elf_rig *rig = rig_new();
	struct elffile f;
	struct elf_section s;
	Elf64_Ehdr *header = (Elf64_Ehdr *)rig->bytes;
	Elf64_Shdr *first = (Elf64_Shdr *)(rig->bytes + ELF_SECTIONS);
	first->sh_size = header->e_shnum;
	first->sh_link = header->e_shstrndx;
	header->e_shnum = 0;
	header->e_shstrndx = SHN_XINDEX;
	assert_true(elffile_open(rig->bytes, ELF_SIZE, elf_rig_machine(), &f));
	assert_int_equal(f.shnum, rig->sections);
	assert_true(elffile_find_section(&f, ".text", 0, &s));
	first->sh_size = UINT64_MAX;
	assert_true(elffile_open(rig->bytes, ELF_SIZE, elf_rig_machine(), &f));
	assert_false(elffile_section(&f, 1, &s));
	free(rig);
}

static void elffile_symtab__gives_symbols_with_their_names(void **state)
{
	struct elf_rig *rig = rig_new();
	struct elffile f;
	struct elf_symtab t;
	struct elf_symbol e;
	assert_true(elffile_open(rig->bytes, ELF_SIZE, elf_rig_machine(), &f));
	assert_true(elffile_symtab(&f, SHT_SYMTAB, &t));
	assert_int_equal(t.count, 2);
	elf_symbol_load(f.machine, t.symbols + elf_symbol_size(f.machine), &e);
	assert_string_equal(elf_symtab_name(&t, e.name), "here");
	assert_int_equal(e.value, ELF_TEXT);
	assert_int_equal(e.type, STT_FUNC);
	assert_int_equal(e.bind, STB_LOCAL);
	assert_null(elf_symtab_name(&t, 0x400));
	/* a last name without its NUL */
	memset(rig->bytes + ELF_STRTAB + 0x3f0, 'x', 16);
	assert_null(elf_symtab_name(&t, 0x3f0));
	free(rig);
}

static void elffile_at__stays_within_the_segment(void **state)
{
	struct elf_rig *rig = rig_new();
	struct elffile f;
	assert_true(elffile_open(rig->bytes, ELF_SIZE, elf_rig_machine(), &f));
	assert_ptr_equal(elffile_at(&f, ELF_DATA, 8), rig->bytes + ELF_DATA);
	assert_non_null(elffile_at(&f, ELF_SIZE - 8, 8));
	assert_null(elffile_at(&f, ELF_SIZE - 8, 9));
	assert_null(elffile_at(&f, ELF_SIZE, 0));
	assert_null(elffile_at(&f, UINT64_MAX, 8));
	free(rig);
}

static void elffile_build_id__is_read_from_sections_or_segments(void **state)
{
	struct elf_rig *rig = rig_new();
	struct elffile f;
	struct build_id id;
	assert_true(elffile_open(rig->bytes, ELF_SIZE, elf_rig_machine(), &f));
	elffile_build_id(&f, &id);
	assert_int_equal(id.len, 20);
	assert_int_equal(id.bytes[19], 0xab);
	((Elf64_Ehdr *)rig->bytes)->e_shnum = 0;
	((Elf64_Ehdr *)rig->bytes)->e_shoff = 0;
	assert_true(elffile_open(rig->bytes, ELF_SIZE, elf_rig_machine(), &f));
	elffile_build_id(&f, &id);
	assert_int_equal(id.len, 20);
	/* a description longer than the note */
	((uint32_t *)(rig->bytes + ELF_NOTE))[1] = 0xfffffff0;
	elffile_build_id(&f, &id);
	assert_int_equal(id.len, 0);
	free(rig);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(elffile_open__refuses_what_is_not_this_machine_s),
		cmocka_unit_test(elffile_find_section__by_name_and_type),
		cmocka_unit_test(elffile__takes_tables_outside_the_file_for_absent),
		cmocka_unit_test(elffile__counts_past_the_header_s_16_bits),
		cmocka_unit_test(elffile_symtab__gives_symbols_with_their_names),
		cmocka_unit_test(elffile_at__stays_within_the_segment),
		cmocka_unit_test(elffile_build_id__is_read_from_sections_or_segments),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
