#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/elfcore.h"
#include "tests/unit/draw_core.h"

/* A process with memory at 0x10000-0x20000 and 0x7f0000000000-0x7f0000010000, and what its core's own
 * list of mapped files has. */
struct rig {
	struct target t;
	struct elfcore core;
};

static void rig_begin(struct rig *r)
{
	*r = (struct rig){ .t.machine = machine_find(EM_X86_64, ELFCLASS64, ELFDATA2LSB) };
	r->core.target = &r->t;
	for (size_t i = 0; i < 2; i++) {
		addr_t start = i ? 0x7f0000000000 : 0x10000;
		const struct extent e = { .start = start, .end = start + 0x10000, .source = EXTENT_LOST, .why = "" };
		assert_true(memory_add(&r->t.memory, &e));
	}
	assert_true(memory_seal(&r->t.memory));
}

static void rig_take_bytes(struct rig *r, const char *text, size_t size)
{
	r->core.maps = (struct mapped_file){ .data = (const uint8_t *)text, .size = size, .path = (char *)"maps" };
	assert_true(maps_take(&r->core));
}

static void rig_take(struct rig *r, const char *text)
{
	rig_take_bytes(r, text, strlen(text));
}

static void rig_own(struct rig *r, addr_t start, addr_t end)
{
	struct mapping *m = vec_push(&r->t.mappings);
	assert_non_null(m);
	*m = (struct mapping){ .start = start, .end = end, .path = "/own" };
}

static void rig_end(struct rig *r)
{
	vec_release(&r->t.mappings);
	memory_release(&r->t.memory);
	remarks_release(&r->t.remarks);
	arena_release(&r->t.arena);
}

static bool says(const struct rig *r, const char *what)
{
	const struct remark *remark;
	vec_each(remark, &r->t.remarks.list)
		if (strstr(remark->text, what))
			return true;
	return false;
}

/* The first paths, one letter each: "ab". */
static void expect(const struct rig *r, const char *letters)
{
	assert_int_equal(r->t.mappings.len, strlen(letters));
	for (size_t i = 0; letters[i]; i++) {
		assert_int_equal(r->t.mappings.items[i].path[1], letters[i]);
		assert_int_equal(strlen(r->t.mappings.items[i].path), 2);
	}
}

static void maps_take__reads_what_the_kernel_prints(void **state)
{
	struct rig r;
	rig_begin(&r);
	rig_take(&r,
		 "00010000-00011000 r--p 00000000 fd:01 123                       /usr/bin/python3\n"
		 "00011000-00012000 r-xp 00001000 fd:01 123                       /usr/bin/python3\n"
		 "00012000-00013000 rw-p 00000000 00:00 0 \n"
		 "00013000-00014000 rw-p 00000000 00:00 0                         [heap]\n"
		 "00014000-00015000 rw-s 7ffffffff000 00:01 18446744073709551615  /tmp/a b\\012c (deleted)\n"
		 "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0         [vsyscall]\n");
	assert_int_equal(r.t.mappings.len, 3);
	const struct mapping *m = r.t.mappings.items;
	assert_int_equal(m[0].start, 0x10000);
	assert_int_equal(m[0].end, 0x11000);
	assert_int_equal(m[0].access, EXTENT_READ);
	assert_string_equal(m[0].path, "/usr/bin/python3");
	assert_int_equal(m[1].file_offset, 0x1000);
	assert_int_equal(m[1].access, EXTENT_READ | EXTENT_EXECUTE);
	assert_string_equal(m[1].path, "/usr/bin/python3");
	assert_int_equal(m[2].file_offset, 0x7ffffffff000);
	assert_int_equal(m[2].access, EXTENT_READ | EXTENT_WRITE);
	assert_string_equal(m[2].path, "/tmp/a b\nc (deleted)");
	assert_false(r.t.remarks.loss);
	assert_true(says(&r, "3 of 3 lines"));
	assert_true(r.t.mappings_given);
	rig_end(&r);
}

static void maps_take__adds_only_where_the_core_says_nothing(void **state)
{
	struct rig r;
	rig_begin(&r);
	rig_own(&r, 0x12000, 0x13000);
	rig_own(&r, 0x10000, 0x11000);
	rig_take(&r, "10000-11000 r--p 0 1:1 1 /a\n"	/* the same */
		     "11000-12000 r--p 0 1:1 1 /b\n"	/* between */
		     "12fff-14000 r--p 0 1:1 1 /c\n"	/* a byte too much */
		     "14000-15000 r--p 0 1:1 1 /d\n");
	assert_int_equal(r.t.mappings.len, 4);
	static const char *const paths[] = { "/own", "/b", "/own", "/d" };
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(r.t.mappings.items[i].path, paths[i]);
	assert_true(says(&r, "2 of 4 lines"));
	rig_end(&r);
}

static void maps_take__refuses_another_process(void **state)
{
	static const char *const texts[] = {
		("55d2c76e5000-55d2c76e6000 r--p 00000000 fd:01 1 /a\n"
		 "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]\n"),
		"root:x:0:0:root:/root:/bin/bash\n", "", "\n\n",
	};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct rig r;
		rig_begin(&r);
		rig_own(&r, 0x10000, 0x11000);
		rig_take(&r, texts[i]);
		assert_int_equal(r.t.mappings.len, 1);
		assert_false(r.t.mappings_given);
		assert_true(r.t.remarks.loss);
		assert_true(says(&r, "maps: is no /proc/PID/maps of this process: not used"));
		rig_end(&r);
	}
}

static void maps_take__passes_over_what_is_no_line(void **state)
{
	static const char *const lines[] = {
		"11000-12000", "11000 12000 r--p 0 1:1 1 /x", "-12000 r--p 0 1:1 1 /x", "g1000-12000 r--p 0 1:1 1 /x",
		"12000-11000 r--p 0 1:1 1 /x", "11000-11000 r--p 0 1:1 1 /x", "00000000000011000-12000 r--p 0 1:1 1 /x",
		"11000-12000 rwx 0 1:1 1 /x", "11000-12000 xwrp 0 1:1 1 /x", "11000-12000 r--q 0 1:1 1 /x",
		"11000-12000 r--p 0 1.1 1 /x", "11000-12000 r--p 0 1:1 f /x", "11000-12000 r--p 0 1:1 1/x",
		"11000-12000 r--p  0 1:1 1 /x", "0-1 r--p 0 1:1 1 /x", "10fff-12000 r--p 0 1:1 1 /x",
	};
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct str text = STR_INIT;
		struct rig r;
		rig_begin(&r);
		str_printf(&text, "10000-11000 r--p 0 1:1 1 /a\n%s\n12000-13000 r--p 0 1:1 1 /b\n", lines[i]);
		rig_take(&r, text.buf);
		expect(&r, "ab");
		assert_true(says(&r, "no /proc/PID/maps in places"));
		assert_true(r.t.remarks.loss);
		rig_end(&r);
		str_release(&text);
	}
}

static void maps_take__refuses_what_no_path_is_like(void **state)
{
	static const char nul[] = "10000-11000 r--p 0 1:1 1 /a\n11000-12000 r--p 0 1:1 1 /x\0y\n";
	struct str text = STR_INIT;
	struct rig r;
	rig_begin(&r);
	rig_take_bytes(&r, nul, sizeof(nul) - 1);
	expect(&r, "a");
	rig_end(&r);
	str_adds(&text, "10000-11000 r--p 0 1:1 1 /a\n11000-12000 r--p 0 1:1 1 /");
	for (size_t i = 0; i < 5 * PATH_MAX; i++)
		str_addc(&text, 'x');
	str_adds(&text, "\n12000-13000 r--p 0 1:1 1 /b\n");
	rig_begin(&r);
	rig_take(&r, text.buf);
	expect(&r, "ab");
	rig_end(&r);
	str_release(&text);
}

/* systemd-coredump puts "..." behind what it cut; journalctl a newline behind that. */
static void maps_take__knows_a_text_that_was_cut(void **state)
{
	static const char *const ends[] = { "11000-12000 r--p 0 1:1 1 /usr/li...", "11000-12000 r--p 0 1:1 1 /usr/li...\n",
					    "11000-1...", "..." };
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		struct str text = STR_INIT;
		struct rig r;
		rig_begin(&r);
		str_printf(&text, "10000-11000 r--p 0 1:1 1 /a\n%s", ends[i]);
		rig_take(&r, text.buf);
		expect(&r, "a");
		assert_true(says(&r, "maps: is cut"));
		assert_true(r.t.remarks.loss);
		rig_end(&r);
		str_release(&text);
	}
	/* Without a newline at its end it is whole: who keeps it may have taken that away. */
	struct rig r;
	rig_begin(&r);
	rig_take(&r, "10000-11000 r--p 0 1:1 1 /a\n11000-12000 r--p 0 1:1 1 /b");
	expect(&r, "ab");
	assert_false(r.t.remarks.loss);
	rig_end(&r);
}

/* --- which of the two --- */

static void load_notes(struct rig *r, struct drawing *d)
{
	r->t.core.data = (const uint8_t *)d->notes.buf;
	r->t.core.size = d->notes.len;
	*vec_push(&r->core.notes) = (struct elf_phdr){ .type = PT_NOTE, .filesz = d->notes.len, .align = 4 };
	assert_true(notes_load(&r->core));
	vec_release(&r->core.notes);
	vec_release(&r->t.threads);
}

/* So many mappings from 0x10000 on, with the name of the first: of two it is cut. */
static void draw_list(struct drawing *d, uint64_t count)
{
	struct str desc = STR_INIT;
	add_word(d->m, &desc, count);
	add_word(d->m, &desc, 4096);
	for (uint64_t i = 0; i < count; i++) {
		add_word(d->m, &desc, 0x10000 + i * 0x1000);
		add_word(d->m, &desc, 0x11000 + i * 0x1000);
		add_word(d->m, &desc, 0);
	}
	str_add(&desc, "/o", 3);
	draw_note(d, "CORE", NT_FILE, desc.buf, desc.len);
	str_release(&desc);
}

static void notes__what_was_given_stands_in_for_what_they_lack(void **state)
{
	static const char text[] = "10000-11000 r--p 0 1:1 1 /a\n11000-12000 r--p 0 1:1 1 /b\n";
	static const struct { uint64_t listed; const char *paths; } cases[] = {
		{ 0, "ab" }, { 1, "o" }, { 2, "ob" },	/* none, a whole one, one that is cut */
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct drawing d = drawing_of(EM_X86_64);
		struct rig r;
		rig_begin(&r);
		draw_thread(&d, 1, 11);
		if (cases[i].listed)
			draw_list(&d, cases[i].listed);
		r.core.maps = (struct mapped_file){ .data = (const uint8_t *)text, .size = sizeof(text) - 1,
						    .path = (char *)"maps" };
		load_notes(&r, &d);
		expect(&r, cases[i].paths);
		assert_int_equal(r.t.mappings_given, cases[i].listed != 1);
		rig_end(&r);
		str_release(&d.notes);
	}
}

static void notes__their_own_auxiliary_vector_comes_first(void **state)
{
	uint8_t own[32] = { 0 }, given[32] = { 0 };
	for (int has_own = 0; has_own < 2; has_own++) {
		struct drawing d = drawing_of(EM_X86_64);
		struct rig r;
		rig_begin(&r);
		put(d.m, own, 8, AT_ENTRY);
		put(d.m, own + 8, 8, 0x1111);
		put(d.m, given, 8, AT_ENTRY);
		put(d.m, given + 8, 8, 0x2222);
		draw_thread(&d, 1, 11);
		if (has_own)
			draw_note(&d, "CORE", NT_AUXV, own, sizeof(own));
		r.core.given_auxv = (struct mapped_file){ .data = given, .size = sizeof(given), .path = (char *)"auxv" };
		load_notes(&r, &d);
		assert_int_equal(r.t.at_entry, has_own ? 0x1111 : 0x2222);
		assert_int_equal(r.t.auxv_given != NULL, !has_own);
		rig_end(&r);
		str_release(&d.notes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(maps_take__reads_what_the_kernel_prints),
		cmocka_unit_test(maps_take__adds_only_where_the_core_says_nothing),
		cmocka_unit_test(maps_take__refuses_another_process),
		cmocka_unit_test(maps_take__passes_over_what_is_no_line),
		cmocka_unit_test(maps_take__refuses_what_no_path_is_like),
		cmocka_unit_test(maps_take__knows_a_text_that_was_cut),
		cmocka_unit_test(notes__what_was_given_stands_in_for_what_they_lack),
		cmocka_unit_test(notes__their_own_auxiliary_vector_comes_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
