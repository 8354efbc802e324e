/* Separate debug files in a sysroot of their own. */
#include "tests/unit/elf_rig.h"

#include <ftw.h>
#include <sys/stat.h>
#include "core/str.h"
#include "symbols/debugfile.h"

struct place {
	char root[64];
	struct files *files;
	struct module module;
	struct elf_rig elf;		/* the module's own file */
};

/* DIR/a/b/c: make DIR/a/b and write c. */
static void write_below(struct place *p, const char *path, const uint8_t *bytes, size_t size)
{
	_str_ struct str full = STR_INIT;
	str_printf(&full, "%s%s", p->root, path);
	for (char *slash = full.buf + strlen(p->root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = 0;
		mkdir(full.buf, 0755);
		*slash = '/';
	}
	FILE *f = fopen(full.buf, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, size, f), size);
	fclose(f);
}

static struct place *place_new(void)
{
	struct place *p = calloc(1, sizeof(*p));
	assert_non_null(p);
	strcpy(p->root, "/tmp/pycore-debugfile-XXXXXX");
	assert_non_null(mkdtemp(p->root));
	assert_null(files_new(p->root, &p->files));
	elf_rig_init(&p->elf);
	elf_rig_finish(&p->elf);
	p->module.path = "/opt/bin/app";
	p->module.file = (struct mapped_file){ .data = p->elf.bytes, .size = ELF_SIZE };
	p->module.build_id.len = 20;
	memset(p->module.build_id.bytes, 0xab, 20);
	return p;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	return remove(path);
}

static void place_free(struct place *p)
{
	nftw(p->root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	files_free(p->files);
	free(p);
}

static bool found(struct place *p)
{
	struct mapped_file file = { 0 };
	bool ret = debugfile_find(p->files, elf_rig_machine(), &p->module, &file);
	if (ret) {
		assert_int_equal(file.size, ELF_SIZE);
		mapped_file_release(&file);
	}
	return ret;
}

#define BY_BUILD_ID "/usr/lib/debug/.build-id/ab/ababababababababababababababababababab.debug"

/* Give the module a .gnu_debuglink to app.debug. */
static void link_to(struct place *p, uint32_t crc)
{
	static const char name[12] = "app.debug";
	memcpy(p->elf.bytes + ELF_DEBUGLINK, name, 12);
	memcpy(p->elf.bytes + ELF_DEBUGLINK + 12, &crc, 4);
	elf_rig_section(&p->elf, ".gnu_debuglink", SHT_PROGBITS, 0, ELF_DEBUGLINK, 16, 0);
	((Elf64_Ehdr *)p->elf.bytes)->e_shnum = (Elf64_Half)p->elf.sections;
}

static void debugfile_crc__is_that_of_zlib(void **state)
{
	assert_int_equal(debugfile_crc((const uint8_t *)"123456789", 9), 0xcbf43926);
	assert_int_equal(debugfile_crc(NULL, 0), 0);
}

static void debugfile_find__goes_by_build_id(void **state)
{
	struct place *p = place_new();
	struct elf_rig debug = p->elf;
	assert_false(found(p));
	write_below(p, BY_BUILD_ID, debug.bytes, ELF_SIZE);
	assert_true(found(p));
	/* the name is right, the content another's */
	debug.bytes[ELF_NOTE + 20]++;
	write_below(p, BY_BUILD_ID, debug.bytes, ELF_SIZE);
	assert_false(found(p));
	write_below(p, BY_BUILD_ID, (const uint8_t *)"no ELF", 6);
	assert_false(found(p));
	place_free(p);
}

static void debugfile_find__follows_the_link_with_the_right_crc(void **state)
{
	static const char *const paths[] = {
		"/opt/bin/app.debug", "/opt/bin/.debug/app.debug", "/usr/lib/debug/opt/bin/app.debug",
	};
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct place *p = place_new();
		struct elf_rig debug = p->elf;
		p->module.build_id.len = 0;
		link_to(p, debugfile_crc(debug.bytes, ELF_SIZE));
		assert_false(found(p));
		write_below(p, paths[i], debug.bytes, ELF_SIZE);
		assert_true(found(p));
		debug.bytes[ELF_TEXT]++;
		write_below(p, paths[i], debug.bytes, ELF_SIZE);
		assert_false(found(p));
		place_free(p);
	}
}

static void debugfile_find__does_not_leave_the_directory_by_a_link(void **state)
{
	struct place *p = place_new();
	p->module.build_id.len = 0;
	struct elf_rig debug = p->elf;
	link_to(p, debugfile_crc(debug.bytes, ELF_SIZE));
	memcpy(p->elf.bytes + ELF_DEBUGLINK, "../app.deb", 11);
	write_below(p, "/opt/app.deb", debug.bytes, ELF_SIZE);
	assert_false(found(p));
	/* a name without its end */
	memset(p->elf.bytes + ELF_DEBUGLINK, 'x', 16);
	assert_false(found(p));
	place_free(p);
}

static bool found_shared(struct place *p, const char *link, size_t size)
{
	struct mapped_file file = { 0 }, debug;
	struct elf_rig rig = p->elf;
	memcpy(rig.bytes + ELF_DEBUGLINK, link, size);
	elf_rig_section(&rig, ".gnu_debugaltlink", SHT_PROGBITS, 0, ELF_DEBUGLINK, size, 0);
	((Elf64_Ehdr *)rig.bytes)->e_shnum = (Elf64_Half)rig.sections;
	debug = (struct mapped_file){ .data = rig.bytes, .size = ELF_SIZE };
	bool ret = debugfile_find_shared(p->files, elf_rig_machine(), &debug, &file);
	if (ret)
		mapped_file_release(&file);
	return ret;
}

/* "NAME", NUL, twenty bytes of build-id */
#define ID "\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab"

static void debugfile_find_shared__is_proved_by_the_links_build_id(void **state)
{
	struct place *p = place_new();
	assert_false(found_shared(p, "a.dwz\0" ID, 26));
	write_below(p, "/usr/lib/debug/.dwz/a.dwz", p->elf.bytes, ELF_SIZE);
	assert_true(found_shared(p, "a.dwz\0" ID, 26));
	assert_true(found_shared(p, "../a.dwz\0" ID, 29));
	assert_false(found_shared(p, "a.dwz\0" "other", 11));
	assert_false(found_shared(p, "a.dwz\0", 6));
	assert_false(found_shared(p, "a.dwz and no end", 16));
	write_below(p, BY_BUILD_ID, p->elf.bytes, ELF_SIZE);
	assert_true(found_shared(p, "elsewhere\0" ID, 30));
	place_free(p);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(debugfile_crc__is_that_of_zlib),
		cmocka_unit_test(debugfile_find__goes_by_build_id),
		cmocka_unit_test(debugfile_find__follows_the_link_with_the_right_crc),
		cmocka_unit_test(debugfile_find__does_not_leave_the_directory_by_a_link),
		cmocka_unit_test(debugfile_find_shared__is_proved_by_the_links_build_id),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
