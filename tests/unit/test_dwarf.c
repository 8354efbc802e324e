/* The reader against the compiler: this program's own debug information must say what offsetof()
 * says; other forms of it come from small files compiled here and now. */
#include "tests/unit/test.h"

#include <unistd.h>
#include "core/isolated.h"
#include "symbols/dwarf.h"

/*	inner:  | a:1 b:5 c:9 (2 bytes) | . . | wide |
 *	outer:  | ob_base { first | second } | kind | union { left, right } | state | tail ... */
struct rig_inner {
	unsigned a : 1;
	unsigned b : 5;
	unsigned c : 9;
	long wide;
};
typedef struct {
	int first;
	void *second;
} rig_base;
struct rig_outer {
	rig_base ob_base;
	char kind;
	union {
		int left;
		struct {
			short low;
			short high;
		};
	};
	struct rig_inner state;
	short numbers[6];
	const volatile unsigned short *const pointer;
	long tail[];
};
typedef struct rig_outer rig_typedef;
struct rig_mark {
	int only;
};
typedef struct {
	int nothing_we_ask_for;
} rig_other;

static rig_typedef outer_used;		/* so that the compiler describes them */
static rig_other other_used;
static struct rig_mark mark_used;

static struct files *files;

static int set_up(void **state)
{
	(void)state;
	struct error *err = files_new(NULL, &files);
	assert_null(err);
	return outer_used.kind + other_used.nothing_we_ask_for + mark_used.only;
}

static int tear_down(void **state)
{
	(void)state;
	files_free(files);
	return 0;
}

static struct mapped_file map_self(void)
{
	struct mapped_file file = { 0 };
	struct error *err = files_map_given(files, "/proc/self/exe", &file);
	assert_null(err);
	return file;
}

static bool read_one(const struct mapped_file *file, const char *names, const char *paths,
		     struct dwarf_member *ret, uint64_t *ret_size)
{
	struct dwarf_member member = { .paths = paths };
	struct dwarf_struct wanted = { .names = names, .members = &member, .count = 1 };
	struct error *err = dwarf_read_structs(file, &wanted, 1);
	assert_null(err);
	*ret = member;
	*ret_size = wanted.size;
	return member.found;
}

static void expect(const struct mapped_file *file, const char *names, const char *paths,
		   size_t offset, size_t size)
{
	struct dwarf_member m;
	uint64_t whole;
	if (!read_one(file, names, paths, &m, &whole))
		fail_msg("%s: %s is not found", names, paths);
	assert_int_equal(m.offset, offset);
	assert_int_equal(m.size, size);
	assert_int_equal(m.bits, 0);
}

static void dwarf__says_what_offsetof_says(void **state)
{
	(void)state;
	struct mapped_file self = map_self();
	expect(&self, "rig_outer", "kind", offsetof(struct rig_outer, kind), 1);
	expect(&self, "rig_typedef", "kind", offsetof(struct rig_outer, kind), 1);
	expect(&self, "rig_outer", "state.wide", offsetof(struct rig_outer, state.wide),
	       sizeof(long));
	expect(&self, "rig_outer", "pointer", offsetof(struct rig_outer, pointer), sizeof(void *));
	expect(&self, "rig_outer", "tail", offsetof(struct rig_outer, tail), 0);
	mapped_file_release(&self);
}

static void dwarf__looks_through_bases_and_anonymous_members(void **state)
{
	(void)state;
	struct mapped_file self = map_self();
	expect(&self, "rig_outer", "second", offsetof(struct rig_outer, ob_base.second),
	       sizeof(void *));
	expect(&self, "rig_outer", "left", offsetof(struct rig_outer, left), sizeof(int));
	expect(&self, "rig_outer", "high", offsetof(struct rig_outer, high), sizeof(short));
	mapped_file_release(&self);
}

static void dwarf__takes_the_first_alternative_that_is_there(void **state)
{
	(void)state;
	struct mapped_file self = map_self();
	expect(&self, "rig_newest|rig_outer", "no.such|kind.no|kind|first",
	       offsetof(struct rig_outer, kind), 1);
	/* both are defined, but only the second has such a member */
	expect(&self, "rig_other|rig_mark", "only", 0, sizeof(int));
	mapped_file_release(&self);
}

static void dwarf__tells_an_array_from_its_items(void **state)
{
	(void)state;
	struct mapped_file self = map_self();
	struct dwarf_member m;
	uint64_t size;
	assert_true(read_one(&self, "rig_outer", "numbers", &m, &size));
	assert_int_equal(m.size, 6 * sizeof(short));
	assert_int_equal(m.element, sizeof(short));
	assert_int_equal(size, sizeof(struct rig_outer));
	mapped_file_release(&self);
}

/* Load as a decoder does, so that shift and width are tried and not only compared. */
static uint64_t load_bits(const void *p, const struct dwarf_member *m)
{
	uint64_t v = 0;
	memcpy(&v, (const uint8_t *)p + m->offset, m->size);
	return v >> m->bit & ((1u << m->bits) - 1);
}

static void check_bit_fields(const struct mapped_file *file)
{
	struct rig_inner inner = { .a = 1, .b = 0x15, .c = 0x133 };
	struct dwarf_member m;
	uint64_t size;
	assert_true(read_one(file, "rig_inner", "a", &m, &size));
	assert_int_equal(m.bits, 1);
	assert_int_equal(load_bits(&inner, &m), 1);
	assert_true(read_one(file, "rig_inner", "b", &m, &size));
	assert_int_equal(m.bits, 5);
	assert_int_equal(m.size, 1);
	assert_int_equal(load_bits(&inner, &m), 0x15);
	assert_true(read_one(file, "rig_inner", "c", &m, &size));
	assert_int_equal(m.bits, 9);
	assert_int_equal(m.size, 2);
	assert_int_equal(load_bits(&inner, &m), 0x133);
}

static void dwarf__places_bit_fields(void **state)
{
	(void)state;
	struct mapped_file self = map_self();
	check_bit_fields(&self);
	mapped_file_release(&self);
}

static void dwarf__leaves_unknown_structs_and_members_alone(void **state)
{
	(void)state;
	struct mapped_file self = map_self();
	struct dwarf_member m;
	uint64_t size;
	assert_false(read_one(&self, "no_such_struct|nor_such", "kind", &m, &size));
	assert_int_equal(size, 0);
	assert_false(read_one(&self, "rig_outer", "kind.x|state.nothing|", &m, &size));
	mapped_file_release(&self);
}

/* --- other compilers' forms ----------------------------------------------------------------- */

static const char source[] =
	"struct rig_inner { unsigned a : 1; unsigned b : 5; unsigned c : 9; long wide; };\n"
	"struct rig_later;\n"
	"typedef struct rig_later rig_alias;\n"
	"struct rig_later { char pad[3]; struct { rig_alias *next; } link; } later;\n"
	"struct rig_inner inner; struct rig_later *pointer = &later;\n";

/* Compile the source with these flags into path (mkstemp's). false: no compiler here. */
static bool compile(const char *flags, char *path)
{
	char command[512];
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	snprintf(command, sizeof(command),
		 "${CC:-cc} %s -shared -fPIC -nostdlib -x c - -o %s 2>/dev/null", flags, path);
	FILE *compiler = popen(command, "w");
	assert_non_null(compiler);
	fputs(source, compiler);
	return pclose(compiler) == 0;
}

static void with_flags(const char *flags, void (*check)(const struct mapped_file *))
{
	char path[] = "/tmp/test_dwarf-XXXXXX";
	struct mapped_file file;
	if (!compile(flags, path)) {
		print_message("SKIPPED: %s: no compiler that takes it\n", flags);
		unlink(path);
		return;
	}
	struct error *err = files_map_given(files, path, &file);
	assert_null(err);
	check(&file);
	mapped_file_release(&file);
	unlink(path);
}

static void check_declared_first(const struct mapped_file *file)
{
	expect(file, "rig_alias|rig_later", "link.next", sizeof(void *), sizeof(void *));
}

static void check_everything(const struct mapped_file *file)
{
	check_bit_fields(file);
	check_declared_first(file);
}

static void dwarf__reads_each_version_of_the_format(void **state)
{
	(void)state;
	with_flags("-gdwarf-2 -gstrict-dwarf", check_everything);
	with_flags("-gdwarf-3 -gstrict-dwarf", check_everything);
	with_flags("-gdwarf-4", check_everything);
	with_flags("-gdwarf-5", check_everything);
}

static void dwarf__reads_compressed_sections(void **state)
{
	(void)state;
	with_flags("-g -gz=zlib", check_everything);
}

static void dwarf__passes_a_declaration_over_for_the_definition(void **state)
{
	(void)state;
	with_flags("-g", check_declared_first);
}

/* --- what is no debug information ---------------------------------------------------- */

static void expect_refused(const void *data, size_t size)
{
	struct mapped_file file = { .data = data, .size = size, .path = (char *)"the file" };
	struct dwarf_member member = { .paths = "a" };
	struct dwarf_struct wanted = { .names = "rig_inner", .members = &member, .count = 1 };
	struct error *err = dwarf_read_structs(&file, &wanted, 1);
	assert_non_null(err);
	assert_int_equal(err->code, ERROR_UNSUPPORTED);
	assert_non_null(strstr(err->message, "the file"));
	error_free(err);
	assert_false(member.found);
}

static void dwarf__refuses_what_is_not_elf(void **state)
{
	(void)state;
	static const char text[] = "#!/usr/bin/python3\nprint('no ELF file, only a script')\n";
	expect_refused(NULL, 0);
	expect_refused(text, sizeof(text));
	expect_refused("\177ELF", 4);
}

static void check_no_debug_information(const struct mapped_file *file)
{
	expect_refused(file->data, file->size);
}

static void dwarf__says_when_there_is_no_debug_information(void **state)
{
	(void)state;
	with_flags("-g0", check_no_debug_information);
}

/* Any answer will do, but there must be one. */
static void check_mutations(const struct mapped_file *file)
{
	uint8_t *copy = malloc(file->size);
	uint32_t random = 12345;
	assert_non_null(copy);
	for (int round = 0; round < 300; round++) {
		struct dwarf_member member = { .paths = "link.next|b|c" };
		struct dwarf_struct wanted = { .names = "rig_later|rig_inner",
					       .members = &member,
					       .count = 1 };
		size_t size = round % 3 ? file->size : file->size * (size_t)(round + 1) / 300;
		memcpy(copy, file->data, file->size);
		for (int i = 0; i < 20; i++) {
			random = random * 1664525 + 1013904223;
			copy[random % file->size] ^= (uint8_t)(1u << (random >> 29));
		}
		struct mapped_file mutated = { .data = copy,
					       .size = size,
					       .path = (char *)"mutated" };
		error_free(dwarf_read_structs(&mutated, &wanted, 1));
		if (member.found)
			assert_true(member.size <= 8 || member.bits == 0);
	}
	free(copy);
}

static void dwarf__survives_damaged_files(void **state)
{
	(void)state;
	with_flags("-g", check_mutations);
}

/* Who is in a sandbox asks a process that waits, which sees only parts of the file. */
static void dwarf__reads_the_same_out_of_a_sandbox(void **state)
{
	(void)state;
	assert_true(isolated_prepare());
	with_flags("-gdwarf-4", check_everything);
	with_flags("-gdwarf-5", check_everything);
	with_flags("-g -gz=zlib", check_everything);
	with_flags("-g0", check_no_debug_information);
	dwarf__refuses_what_is_not_elf(state);
	with_flags("-g", check_everything);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dwarf__says_what_offsetof_says),
		cmocka_unit_test(dwarf__looks_through_bases_and_anonymous_members),
		cmocka_unit_test(dwarf__takes_the_first_alternative_that_is_there),
		cmocka_unit_test(dwarf__tells_an_array_from_its_items),
		cmocka_unit_test(dwarf__places_bit_fields),
		cmocka_unit_test(dwarf__leaves_unknown_structs_and_members_alone),
		cmocka_unit_test(dwarf__reads_each_version_of_the_format),
		cmocka_unit_test(dwarf__reads_compressed_sections),
		cmocka_unit_test(dwarf__passes_a_declaration_over_for_the_definition),
		cmocka_unit_test(dwarf__refuses_what_is_not_elf),
		cmocka_unit_test(dwarf__says_when_there_is_no_debug_information),
		cmocka_unit_test(dwarf__survives_damaged_files),
		/* There is no way back: it is the last. */
		cmocka_unit_test(dwarf__reads_the_same_out_of_a_sandbox),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
