#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/broker.h"
#include "core/files.h"

/*	DIR/root/lib/libx.so             "below root"
 *	DIR/root/usr -> /                an absolute link: stays below root
 *	DIR/root/out -> ../outside       would leave root
 *	DIR/root/fifo
 *	DIR/outside                      "outside"
 *	DIR/search/liby.so, DIR/search/sub/libz.so, DIR/search/ab/cd (by build-id) */
static char dir[PATH_MAX];

static char *in(const char *name)
{
	static char path[2 * PATH_MAX];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void put(const char *name, const char *text)
{
	FILE *file = fopen(in(name), "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int set_up(void **state)
{
	static const char *const dirs[] = { "root", "root/lib", "search", "search/sub", "search/ab" };
	snprintf(dir, sizeof(dir), "%s/pycore-files-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	if (!mkdtemp(dir))
		return -1;
	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
		mkdir(in(dirs[i]), 0700);
	put("root/lib/libx.so", "below root");
	put("root/lib/empty", "");
	put("outside", "outside");
	put("search/liby.so", "y");
	put("search/sub/libz.so", "z");
	put("search/ab/cd", "by build-id");
	return symlink("/", in("root/usr")) || symlink("../outside", in("root/out")) ||
	       mkfifo(in("root/fifo"), 0600);
}

static int tear_down(void **state)
{
	char command[PATH_MAX + 16];
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

static struct files *below_root(void)
{
	struct files *f = NULL;
	char root[2 * PATH_MAX];
	snprintf(root, sizeof(root), "%s", in("root"));
	assert_null(files_new(root, &f));
	return f;
}

static void holds(struct mapped_file *file, const char *text)
{
	assert_int_equal(file->size, strlen(text));
	assert_memory_equal(file->data, text, file->size);
	mapped_file_release(file);
}

static void named(struct files *f, const char *path, const char *text)
{
	struct mapped_file file;
	bool found = files_map_named(f, path, &file);
	assert_true(found == (text != NULL));
	if (found)
		holds(&file, text);
}

static void files_map_given__says_what_is_wrong(void **state)
{
	struct files *f = below_root();
	struct mapped_file file = { 0 };
	static const struct { const char *name, *says; } cases[] = {
		{ "nothing", "no such file" },
		{ "root", "is a directory" },
		{ "root/fifo", "is not a regular file" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct error *err = files_map_given(f, in(cases[i].name), &file);
		assert_non_null(err);
		assert_int_equal(err->code, ERROR_UNSUPPORTED);
		assert_non_null(strstr(err->message, cases[i].says));
		assert_non_null(strstr(err->message, cases[i].name));
		error_free(err);
	}
	files_free(f);
}

static void files_map_given__maps_an_empty_file_as_nothing(void **state)
{
	struct files *f = below_root();
	struct mapped_file file = { 0 };
	assert_null(files_map_given(f, in("root/lib/empty"), &file));
	assert_null(file.data);
	assert_int_equal(file.size, 0);
	mapped_file_release(&file);
	files_free(f);
}

static void files_map_named__stays_below_the_sysroot(void **state)
{
	struct files *f = below_root();
	named(f, "/lib/libx.so", "below root");
	named(f, "/usr/lib/libx.so", "below root");
	named(f, "/lib/../lib/./libx.so", "below root");
	named(f, "/../../lib/libx.so", "below root");
	named(f, "/out", NULL);
	named(f, "/../outside", NULL);
	files_free(f);
}

static void files_map_named__ignores_a_deleted_mark(void **state)
{
	struct files *f = below_root();
	named(f, "/lib/libx.so (deleted)", "below root");
	files_free(f);
}

static void files_map_named__takes_regular_files_only(void **state)
{
	struct files *f = below_root();
	named(f, "/fifo", NULL);
	named(f, "/lib", NULL);
	named(f, "", NULL);
	named(f, "lib/libx.so", NULL);
	files_free(f);
}

static void files_map_named__takes_off_the_sysroot_that_a_path_begins_with(void **state)
{
	struct files *f = below_root();
	named(f, in("root/lib/libx.so"), "below root");
	files_free(f);
}

static void files_map_named__searches_by_name_and_by_subpath(void **state)
{
	struct files *f = below_root();
	assert_null(files_add_search(f, in("search")));
	named(f, "/opt/lib/liby.so", "y");
	named(f, "/opt/sub/libz.so", "z");
	named(f, "/opt/lib/libz.so", NULL);
	named(f, "/opt/../outside", NULL);
	files_free(f);
}

static bool second(const struct mapped_file *file, void *arg)
{
	return ++*(int *)arg == 2;
}

static void files_find_module__offers_candidates_until_one_is_accepted(void **state)
{
	struct files *f = below_root();
	struct mapped_file file;
	struct build_id id = { { 0xab, 0xcd }, 2 };
	int calls = 0;
	assert_null(files_add_search(f, in("search")));
	assert_true(files_find_module(f, "/opt/liby.so", &id, false, second, &calls, &file));
	holds(&file, "by build-id");
	calls = 2;
	assert_false(files_find_module(f, "/opt/liby.so", &id, false, second, &calls, &file));
	files_free(f);
}

static bool any(const struct mapped_file *file, void *arg)
{
	return true;
}

static void files_find_module__looks_through_whole_trees(void **state)
{
	struct files *f = below_root();
	struct mapped_file file;
	struct build_id id = { { 0x12, 0x34, 0x56 }, 3 };
	mkdir(in("search/far"), 0700);
	mkdir(in("search/far/below"), 0700);
	put("search/far/below/libw.so", "w");
	put("search/far/below/3456.debug", "debug");
	assert_null(files_add_search(f, in("search")));
	assert_true(files_find_module(f, "/opt/lib/libw.so", NULL, false, any, NULL, &file));
	holds(&file, "w");
	assert_true(files_find_module(f, "/opt/none.so", &id, true, any, NULL, &file));
	holds(&file, "debug");
	assert_true(files_find_linked(f, "/opt/lib/.debug/libw.so", any, NULL, &file));
	holds(&file, "w");
	/* What is no module has no proof that it is the right one. */
	named(f, "/opt/lib/libw.so", NULL);
	files_free(f);
}

static void files_open_below__gives_the_host_s_build_id_trees_and_no_more(void **state)
{
	struct files *f = below_root();
	assert_int_equal(files_open_below(f, BROKER_HOST, "/etc/passwd"), -1);
	assert_int_equal(files_open_below(f, BROKER_HOST, "/usr/lib/debug/.build-id/../../../../etc/passwd"),
			 -1);
	files_free(f);
}

static void files_new__refuses_a_sysroot_that_is_none(void **state)
{
	struct files *f = NULL;
	struct error *err = files_new(in("outside"), &f);
	assert_non_null(err);
	assert_null(f);
	assert_non_null(strstr(err->message, "--sysroot"));
	error_free(err);
}

static void build_id_equal__is_false_for_unknown_ones(void **state)
{
	struct build_id a = { { 1, 2 }, 2 }, b = a, none = { .len = 0 };
	char hex[2 * BUILD_ID_MAX + 1];
	assert_true(build_id_equal(&a, &b));
	b.bytes[1] = 3;
	assert_false(build_id_equal(&a, &b));
	assert_false(build_id_equal(&none, &none));
	build_id_format(&a, hex);
	assert_string_equal(hex, "0102");
}

/* Runs last: from here on this process has no openat2, as under an older container's filter. */
static void files_map_named__stays_below_the_sysroot_without_openat2(void **state)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(*filter), filter };
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		skip();
	files_map_named__stays_below_the_sysroot(state);
	files_map_named__takes_regular_files_only(state);
	struct files *f = NULL;
	struct mapped_file file;
	assert_null(files_new(NULL, &f));
	assert_false(files_map_named(f, "/proc/self/exe", &file));
	files_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_map_given__says_what_is_wrong),
		cmocka_unit_test(files_map_given__maps_an_empty_file_as_nothing),
		cmocka_unit_test(files_map_named__stays_below_the_sysroot),
		cmocka_unit_test(files_map_named__ignores_a_deleted_mark),
		cmocka_unit_test(files_map_named__takes_regular_files_only),
		cmocka_unit_test(files_map_named__takes_off_the_sysroot_that_a_path_begins_with),
		cmocka_unit_test(files_map_named__searches_by_name_and_by_subpath),
		cmocka_unit_test(files_find_module__offers_candidates_until_one_is_accepted),
		cmocka_unit_test(files_find_module__looks_through_whole_trees),
		cmocka_unit_test(files_open_below__gives_the_host_s_build_id_trees_and_no_more),
		cmocka_unit_test(files_new__refuses_a_sysroot_that_is_none),
		cmocka_unit_test(build_id_equal__is_false_for_unknown_ones),
		cmocka_unit_test(files_map_named__stays_below_the_sysroot_without_openat2),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
