/* ELF headers, program headers and notes over bytes of any length and with any numbers in them. */
#include "tests/unit/test.h"

#include "tests/unit/draw_core.h"

/* Both word sizes, both byte orders. */
static const uint16_t shapes[] = { EM_X86_64, EM_386, EM_S390 };

static size_t header_size(const struct machine *m)
{
	return m->word == 8 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
}

/* What is read ends where the bytes end: a byte too many is the sanitizer's to see. */
static uint8_t *exactly(const void *bytes, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	assert_non_null(copy);
	memcpy(copy, bytes, size);
	return copy;
}

static void draw_image(uint16_t e_machine, struct drawing *d, struct str *out)
{
	*d = drawing_of(e_machine);
	*out = (struct str)STR_INIT;
	d->type = ET_DYN;
	draw_header(d, out, 2);
	draw_phdr(d->m, out, &(struct elf_phdr){ PT_LOAD, PF_R | PF_X, 0x1000, 0x401000, 0x2000,
						 0x3000, 0x4000 });
	draw_phdr(d->m, out, &(struct elf_phdr){ PT_NOTE, PF_R, 1, 2, 3, 4, 5 });
	put(d->m, (uint8_t *)out->buf + 24, d->m->word, 0x401234);	/* e_entry */
}

static void elf_header_load__reads_every_shape(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		struct drawing d;
		struct str out;
		struct elf_header h;
		draw_image(shapes[i], &d, &out);
		assert_true(elf_header_load((uint8_t *)out.buf, out.len, &h));
		assert_ptr_equal(h.machine, d.m);
		assert_int_equal(h.type, ET_DYN);
		assert_int_equal(h.e_machine, shapes[i]);
		assert_int_equal(h.entry, 0x401234);
		assert_int_equal(h.phoff, header_size(d.m));
		assert_int_equal(h.phnum, 2);
		assert_int_equal(h.phentsize, elf_phdr_size(d.m));
		str_release(&out);
	}
}

static void elf_header_load__refuses_a_header_that_is_cut(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		struct drawing d;
		struct str out;
		struct elf_header h;
		draw_image(shapes[i], &d, &out);
		for (size_t size = 0; size <= header_size(d.m); size++) {
			_free_ uint8_t *cut = exactly(out.buf, size);
			assert_int_equal(elf_header_load(cut, size, &h), size == header_size(d.m));
		}
		out.buf[3] = 'f';
		assert_false(elf_header_load((uint8_t *)out.buf, out.len, &h));
		str_release(&out);
	}
}

static void elf_header_load__fills_no_more_of_an_unknown_machine_than_its_kind(void **state)
{
	struct drawing d;
	struct str out;
	struct elf_header h;
	draw_image(EM_S390, &d, &out);
	put(d.m, (uint8_t *)out.buf + 18, 2, EM_SPARCV9);
	assert_true(elf_header_load((uint8_t *)out.buf, out.len, &h));
	assert_null(h.machine);
	assert_int_equal(h.type, ET_DYN);
	assert_int_equal(h.e_machine, EM_SPARCV9);
	assert_int_equal(h.phnum, 0);
	str_release(&out);
	/* a known processor, its words of another size */
	draw_image(EM_X86_64, &d, &out);
	out.buf[EI_CLASS] = ELFCLASS32;
	assert_true(elf_header_load((uint8_t *)out.buf, out.len, &h));
	assert_null(h.machine);
	str_release(&out);
}

static void elf_phdr_at__reads_every_shape(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		struct drawing d;
		struct str out;
		struct elf_header h;
		struct elf_phdr s;
		draw_image(shapes[i], &d, &out);
		assert_true(elf_header_load((uint8_t *)out.buf, out.len, &h));
		assert_true(elf_phdr_at(&h, (uint8_t *)out.buf, out.len, 0, &s));
		assert_int_equal(s.type, PT_LOAD);
		assert_int_equal(s.flags, PF_R | PF_X);
		assert_int_equal(s.offset, 0x1000);
		assert_int_equal(s.vaddr, 0x401000);
		assert_int_equal(s.filesz, 0x2000);
		assert_int_equal(s.memsz, 0x3000);
		assert_int_equal(s.align, 0x4000);
		assert_true(elf_phdr_at(&h, (uint8_t *)out.buf, out.len, 1, &s));
		assert_int_equal(s.type, PT_NOTE);
		assert_int_equal(s.align, 5);
		str_release(&out);
	}
}

static void elf_phdr_at__stays_within_the_bytes_at_hand(void **state)
{
	struct drawing d;
	struct str out;
	struct elf_header h;
	struct elf_phdr s;
	draw_image(EM_X86_64, &d, &out);
	const uint8_t *p = (uint8_t *)out.buf;
	assert_true(elf_header_load(p, out.len, &h));
	assert_false(elf_phdr_at(&h, p, out.len - 1, 1, &s));
	assert_true(elf_phdr_at(&h, p, out.len - 1, 0, &s));
	assert_false(elf_phdr_at(&h, p, out.len, 2, &s));
	assert_false(elf_phdr_at(&h, p, out.len, SIZE_MAX / sizeof(Elf64_Phdr) + 1, &s));
	static const uint64_t offsets[] = {
		UINT64_MAX,
		UINT64_MAX - sizeof(Elf64_Phdr) + 1,	/* ends at 0 */
		UINT64_MAX - 2 * sizeof(Elf64_Phdr) + 1,
	};
	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		h.phoff = offsets[i];
		assert_false(elf_phdr_at(&h, p, out.len, 0, &s));
		assert_false(elf_phdr_at(&h, p, out.len, 1, &s));
	}
	str_release(&out);
}

/* --- notes ----------------------------------------------------------------------------------- */

static void elf_note_next__walks_them_with_their_padding(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		struct drawing d = drawing_of(shapes[i]);
		struct elf_note note;
		size_t at = 0;
		draw_note(&d, "CORE", 1, "12345", 5);
		draw_note(&d, "GNU", 3, "", 0);
		const uint8_t *p = (uint8_t *)d.notes.buf;
		assert_true(elf_note_next(d.m, p, d.notes.len, 4, &at, &note));
		assert_true(elf_note_is(&note, "CORE", 1));
		assert_int_equal(note.size, 5);
		assert_memory_equal(note.desc, "12345", 5);
		assert_int_equal(at, 12 + 8 + 8);
		assert_true(elf_note_next(d.m, p, d.notes.len, 4, &at, &note));
		assert_true(elf_note_is(&note, "GNU", 3));
		assert_int_equal(note.size, 0);
		assert_int_equal(at, d.notes.len);
		assert_false(elf_note_next(d.m, p, d.notes.len, 4, &at, &note));
		assert_int_equal(at, d.notes.len);
		str_release(&d.notes);
	}
}

/* .note.gnu.property is padded to 8, and whatever else p_align may say, to 4. */
static void elf_note_next__pads_to_8_only_where_8_is_said(void **state)
{
	struct drawing d = drawing_of(EM_X86_64);
	const struct machine *m = d.m;
	struct elf_note note;
	add(m, &d.notes, 4, 4);
	add(m, &d.notes, 4, 4);
	add(m, &d.notes, 4, NT_GNU_PROPERTY_TYPE_0);
	str_add(&d.notes, "GNU\0abcd\0\0\0\0", 12);
	const uint8_t *p = (uint8_t *)d.notes.buf;
	static const struct { uint64_t align; size_t end; } cases[] = {
		{ 0, 20 }, { 1, 20 }, { 4, 20 }, { 8, 24 }, { 16, 20 }, { UINT64_MAX, 20 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t at = 0;
		assert_true(elf_note_next(m, p, d.notes.len, cases[i].align, &at, &note));
		assert_memory_equal(note.desc, "abcd", 4);
		assert_int_equal(at, cases[i].end);
	}
	str_release(&d.notes);
}

static void elf_note_next__of_a_last_one_without_its_padding_ends_at_the_end(void **state)
{
	struct drawing d = drawing_of(EM_X86_64);
	struct elf_note note;
	size_t at = 0;
	draw_note(&d, "CORE", 1, "12345", 5);
	size_t whole = 12 + 8 + 5;
	for (size_t size = 0; size < whole; size++) {
		_free_ uint8_t *cut = exactly(d.notes.buf, size);
		assert_false(elf_note_next(d.m, cut, size, 4, &at, &note));
		assert_int_equal(at, 0);
	}
	_free_ uint8_t *cut = exactly(d.notes.buf, whole);
	assert_true(elf_note_next(d.m, cut, whole, 4, &at, &note));
	assert_int_equal(at, whole);
	str_release(&d.notes);
}

static void elf_note_next__refuses_sizes_that_wrap(void **state)
{
	static const uint32_t sizes[] = { 0x7fffffff, 0xfffffff0, 0xfffffff4, 0xfffffffc,
					  UINT32_MAX };
	struct drawing d = drawing_of(EM_X86_64);
	struct elf_note note;
	size_t at = 0;
	draw_note(&d, "CORE", 1, "1234567", 7);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (size_t which = 0; which < 8; which += 4) {
			_free_ uint8_t *wrong = exactly(d.notes.buf, d.notes.len);
			put(d.m, wrong + which, 4, sizes[i]);
			assert_false(elf_note_next(d.m, wrong, d.notes.len, 4, &at, &note));
			put(d.m, wrong + 4 - which, 4, sizes[i]);	/* both */
			assert_false(elf_note_next(d.m, wrong, d.notes.len, 8, &at, &note));
			assert_int_equal(at, 0);
		}
	}
	at = d.notes.len + 1;
	assert_false(elf_note_next(d.m, (uint8_t *)d.notes.buf, d.notes.len, 4, &at, &note));
	str_release(&d.notes);
}

static void elf_note_is__compares_the_whole_name(void **state)
{
	static const struct { const char *name; size_t size; bool is; } cases[] = {
		{ "GNU", 4, true },		/* with its NUL */
		{ "GNU", 3, true },		/* some leave it out */
		{ "GN", 2, false },
		{ "GNUX", 4, false },
		{ "GNU\0\0", 5, false },
		{ "gnu", 4, false },
		{ "", 0, false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_free_ uint8_t *name = exactly(cases[i].name, cases[i].size);
		struct elf_note note = { .name = (char *)name,
					 .name_size = cases[i].size,
					 .type = 3 };
		assert_int_equal(elf_note_is(&note, "GNU", 3), cases[i].is);
		assert_false(elf_note_is(&note, "GNU", 4));
	}
}

/* --- build-ids ------------------------------------------------------------------------------- */

static void elf_notes_find__takes_the_first_of_its_owner_and_kind(void **state)
{
	struct drawing d = drawing_of(EM_X86_64);
	struct elf_note note;
	draw_note(&d, "GNU", 0xcafe1a7e, "of another", 10);
	draw_note(&d, "FDO", 3, "of another kind", 15);
	draw_note(&d, "FDO", 0xcafe1a7e, "{}", 3);
	draw_note(&d, "FDO", 0xcafe1a7e, "later", 5);
	const uint8_t *p = (uint8_t *)d.notes.buf;
	assert_true(elf_notes_find(d.m, p, d.notes.len, 4, "FDO", 0xcafe1a7e, &note));
	assert_int_equal(note.size, 3);
	assert_string_equal((const char *)note.desc, "{}");
	assert_false(elf_notes_find(d.m, p, d.notes.len, 4, "FDO", 4, &note));
	assert_false(elf_notes_find(d.m, p, 0, 4, "FDO", 0xcafe1a7e, &note));
	str_release(&d.notes);
}

static void elf_notes_build_id__passes_over_what_is_none(void **state)
{
	struct drawing d = drawing_of(EM_X86_64);
	struct build_id id = { .len = 0 };
	uint8_t bytes[BUILD_ID_MAX + 1];
	memset(bytes, 1, sizeof(bytes));
	draw_note(&d, "CORE", NT_GNU_BUILD_ID, bytes, 20);
	draw_note(&d, "GNU", NT_GNU_GOLD_VERSION, bytes, 20);
	draw_note(&d, "GNU", NT_GNU_BUILD_ID, bytes, 0);
	draw_note(&d, "GNU", NT_GNU_BUILD_ID, bytes, sizeof(bytes));
	assert_false(elf_notes_build_id(d.m, (uint8_t *)d.notes.buf, d.notes.len, 4, &id));
	assert_int_equal(id.len, 0);
	memset(bytes, 2, sizeof(bytes));
	draw_note(&d, "GNU", NT_GNU_BUILD_ID, bytes, BUILD_ID_MAX);
	assert_true(elf_notes_build_id(d.m, (uint8_t *)d.notes.buf, d.notes.len, 4, &id));
	assert_int_equal(id.len, BUILD_ID_MAX);
	assert_memory_equal(id.bytes, bytes, BUILD_ID_MAX);
	str_release(&d.notes);
}

/*	header | PT_NOTE somewhere else | PT_NOTE | notes */
static void elf_file_build_id__passes_over_notes_outside_the_file(void **state)
{
	static const struct { uint64_t offset, size; } wrong[] = {
		{ UINT64_MAX - 15, 32 },
		{ 16, UINT64_MAX - 8 },
		{ 0x10000, 32 },
		{ 0, 0x10000 },
		{ 0, 0 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct drawing d = drawing_of(EM_X86_64);
		struct str out = STR_INIT;
		struct build_id id = { .len = 0 };
		struct elf_header h;
		draw_note(&d, "GNU", NT_GNU_BUILD_ID, "\xab\xcd", 2);
		draw_header(&d, &out, 2);
		draw_phdr(d.m, &out, &(struct elf_phdr){ .type = PT_NOTE, .offset = wrong[i].offset,
							 .filesz = wrong[i].size, .align = 4 });
		uint64_t notes = out.len + sizeof(Elf64_Phdr);
		draw_phdr(d.m, &out, &(struct elf_phdr){ .type = PT_NOTE, .offset = notes,
							 .filesz = d.notes.len, .align = 4 });
		str_add(&out, d.notes.buf, d.notes.len);
		_free_ uint8_t *file = exactly(out.buf, out.len);
		assert_true(elf_header_load(file, out.len, &h));
		assert_true(elf_file_build_id(&h, file, out.len, &id));
		assert_int_equal(id.len, 2);
		assert_memory_equal(id.bytes, "\xab\xcd", 2);
		/* more program headers than the file has: those that are there are used */
		h.phnum = UINT16_MAX;
		assert_true(elf_file_build_id(&h, file, out.len, &id));
		assert_false(elf_file_build_id(&h, file, out.len - 1, &id));
		str_release(&out);
		str_release(&d.notes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elf_header_load__reads_every_shape),
		cmocka_unit_test(elf_header_load__refuses_a_header_that_is_cut),
		cmocka_unit_test(
			elf_header_load__fills_no_more_of_an_unknown_machine_than_its_kind),
		cmocka_unit_test(elf_phdr_at__reads_every_shape),
		cmocka_unit_test(elf_phdr_at__stays_within_the_bytes_at_hand),
		cmocka_unit_test(elf_note_next__walks_them_with_their_padding),
		cmocka_unit_test(elf_note_next__pads_to_8_only_where_8_is_said),
		cmocka_unit_test(elf_note_next__of_a_last_one_without_its_padding_ends_at_the_end),
		cmocka_unit_test(elf_note_next__refuses_sizes_that_wrap),
		cmocka_unit_test(elf_note_is__compares_the_whole_name),
		cmocka_unit_test(elf_notes_find__takes_the_first_of_its_owner_and_kind),
		cmocka_unit_test(elf_notes_build_id__passes_over_what_is_none),
		cmocka_unit_test(elf_file_build_id__passes_over_notes_outside_the_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
