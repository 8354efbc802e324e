#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/store.h"
#include "core/str.h"

#define BOOT "0123456789abcdef0123456789abcdef"
#define SYSTEMD "/var/lib/systemd/coredump/"
#define ABRT "/var/spool/abrt/ccpp-2026-11-23-10:00:00.5-77/"

static char root[] = "/tmp/pycore-unit-XXXXXX";

static void put(const char *path, const char *text)
{
	_str_ struct str full = STR_INIT;
	str_printf(&full, "mkdir -p '%s%.*s'", root, (int)(strrchr(path, '/') - path), path);
	assert_int_equal(system(full.buf), 0);
	str_reset(&full);
	str_printf(&full, "%s%s", root, path);
	FILE *out = fopen(full.buf, "w");
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static int set_up(void **state)
{
	return mkdtemp(root) ? 0 : -1;
}

static int empty(void **state)
{
	_str_ struct str command = STR_INIT;
	str_printf(&command, "rm -rf %s/var", root);
	return system(command.buf);
}

static int tear_down(void **state)
{
	empty(state);
	return rmdir(root);
}

static void store_load__finds_nothing_where_nothing_is(void **state)
{
	struct store s;
	assert_null(store_load(root, &s));
	assert_int_equal(s.entries.len, 0);
	assert_false(s.unreadable);
	assert_null(store_find(&s, "last"));
	store_release(&s);
}

static void store_load__reads_the_names_that_systemd_gives(void **state)
{
	struct store s;
	put(SYSTEMD "core.my\\x2eapp.1000." BOOT ".4711.1790000001000000.zst", "12345");
	put(SYSTEMD "core.a.b.33." BOOT ".4712.1790000002000000", "");
	put(SYSTEMD "core.x.1000." BOOT ".4711", "one part is missing");
	put(SYSTEMD "core.x.1000.0123.4711.1790000001000000", "no boot id");
	put(SYSTEMD "core.x.-1." BOOT ".4711.1790000001000000", "no user");
	put(SYSTEMD "core.x.1000." BOOT ".47z1.1790000001000000.lz4", "no process");
	put(SYSTEMD "notes.txt", "");
	assert_null(store_load(root, &s));
	assert_int_equal(s.entries.len, 2);
	const struct store_entry *e = &s.entries.items[0];
	assert_int_equal(e->pid, 4712);
	assert_string_equal(e->name, "a.b");
	e++;
	assert_string_equal(e->name, "my.app");
	assert_int_equal(e->pid, 4711);
	assert_int_equal(e->uid, 1000);
	assert_int_equal(e->signal, -1);
	assert_int_equal(e->time, 1790000001000000);
	assert_int_equal(e->size, 5);
	assert_string_equal(e->keeper, "systemd-coredump");
	assert_null(e->executable);
	store_release(&s);
}

static void store_load__reads_the_items_of_abrt(void **state)
{
	struct store s;
	put(ABRT "coredump.zst", "123");
	put(ABRT "pid", "12");
	put(ABRT "global_pid", "77");
	put(ABRT "uid", "1000\n");
	put(ABRT "time", "1790000003");
	put(ABRT "executable", "/usr/bin/python3.12");
	put(ABRT "reason", "python3.12 killed by SIGSEGV");
	put(ABRT "maps", "");
	put("/var/spool/abrt/Python3-2026/backtrace", "no core in it");
	assert_null(store_load(root, &s));
	assert_int_equal(s.entries.len, 1);
	const struct store_entry *e = s.entries.items;
	assert_int_equal(e->pid, 77);
	assert_int_equal(e->uid, 1000);
	assert_int_equal(e->signal, 11);
	assert_int_equal(e->time, 1790000003000000);
	assert_string_equal(e->executable, "/usr/bin/python3.12");
	assert_string_equal(e->name, "python3.12");
	assert_string_equal(e->keeper, "abrt");
	assert_non_null(strstr(e->path, "/coredump.zst"));
	assert_non_null(strstr(e->maps, "-77/maps"));
	store_release(&s);
}

static void store_load__follows_no_link(void **state)
{
	struct store s;
	_str_ struct str path = STR_INIT;
	put(SYSTEMD "x", "");
	str_printf(&path, "%s" SYSTEMD "core.x.1000." BOOT ".1.1790000001000000", root);
	assert_int_equal(symlink("/etc/passwd", path.buf), 0);
	put("/var/spool/abrt/x/pid", "");
	str_reset(&path);
	str_printf(&path, "%s/var/spool/abrt/x/coredump", root);
	assert_int_equal(symlink("/etc/passwd", path.buf), 0);
	assert_null(store_load(root, &s));
	assert_int_equal(s.entries.len, 0);
	store_release(&s);
}

static void store_find__chooses_as_coredumpctl_does(void **state)
{
	struct store s;
	put(SYSTEMD "core.app.1." BOOT ".10.1790000001000000", "");
	put(SYSTEMD "core.app.1." BOOT ".11.1790000002000000", "");
	put(SYSTEMD "core.other.1." BOOT ".10.1790000003000000", "");
	put(ABRT "coredump", "");
	put(ABRT "time", "1790000000");
	put(ABRT "executable", "/opt/app/run");
	assert_null(store_load(root, &s));
	assert_int_equal(store_find(&s, "last")->pid, 10);
	assert_string_equal(store_find(&s, "last")->name, "other");
	assert_string_equal(store_find(&s, "10")->name, "other");
	assert_int_equal(store_find(&s, "11")->pid, 11);
	assert_int_equal(store_find(&s, "app")->pid, 11);
	assert_string_equal(store_find(&s, "/opt/app/run")->keeper, "abrt");
	assert_null(store_find(&s, "12"));
	assert_null(store_find(&s, "ap"));
	store_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(store_load__finds_nothing_where_nothing_is, empty),
		cmocka_unit_test_teardown(store_load__reads_the_names_that_systemd_gives, empty),
		cmocka_unit_test_teardown(store_load__reads_the_items_of_abrt, empty),
		cmocka_unit_test_teardown(store_load__follows_no_link, empty),
		cmocka_unit_test_teardown(store_find__chooses_as_coredumpctl_does, empty),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
