#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/broker.h"

/*	DIR/lib/libx.so  "\x7f" "ELF..."        DIR/app.py   source, by its name
 *	DIR/script       "#!/usr/bin/python3"   DIR/shadow   neither
 *	DIR/link -> shadow, by another name: link.so */
static char dir[] = "/tmp/pycore-unit-XXXXXX";
static struct files *parent, *reader;
static pid_t server;

static void put(const char *name, const char *text)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *out = fopen(path, "w");
	assert_non_null(out);
	fputs(text, out);
	assert_int_equal(fclose(out), 0);
}

static int set_up(void **state)
{
	int ends[2];
	char path[128];
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/lib", dir);
	mkdir(path, 0700);
	put("lib/libx.so", "\x7f" "ELF and so on");
	put("script", "#!/usr/bin/python3\n");
	put("app.py", "import os\n");
	put("shadow", "root:secret\n");
	snprintf(path, sizeof(path), "%s/link.so", dir);
	if (symlink("shadow", path) < 0 || files_new(dir, &parent) || files_new(dir, &reader) ||
	    files_add_search(parent, "/usr") || !broker_pair(ends))
		return -1;
	parent->temporaries_left = 1;
	server = fork();
	if (!server) {
		close(ends[1]);
		while (broker_answer(ends[0], parent))
			continue;
		_exit(0);
	}
	close(ends[0]);
	reader->broker = ends[1];
	return 0;
}

static int tear_down(void **state)
{
	int status;
	close(reader->broker);
	waitpid(server, &status, 0);
	files_free(parent);
	files_free(reader);
	char command[128];
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command) || status;
}

static int ask(int where, const char *path)
{
	int fd = files_open_below(reader, where, path);
	if (fd >= 0)
		close(fd);
	return fd >= 0 ? 0 : errno;
}

static void broker__opens_elf_files_and_source_below_the_root(void **state)
{
	assert_int_equal(ask(BROKER_ROOT, "/lib/libx.so"), 0);
	assert_int_equal(ask(BROKER_ROOT, "/../../lib/libx.so"), 0);
	assert_int_equal(ask(BROKER_ROOT, "/script"), 0);
	assert_int_equal(ask(BROKER_ROOT, "/app.py"), 0);
}

static void broker__gives_the_bytes_and_no_more_than_reading(void **state)
{
	struct mapped_file file;
	assert_true(files_map_named(reader, "/app.py (deleted)", &file));
	assert_int_equal(file.size, 10);
	assert_memory_equal(file.data, "import os\n", 10);
	mapped_file_release(&file);
	int fd = files_open_below(reader, BROKER_ROOT, "/app.py");
	assert_int_equal(write(fd, "x", 1), -1);
	close(fd);
}

static void broker__refuses_what_reading_a_core_does_not_need(void **state)
{
	assert_int_equal(ask(BROKER_ROOT, "/shadow"), EACCES);
	assert_int_equal(ask(BROKER_ROOT, "/link.so"), EACCES);
	assert_int_equal(ask(BROKER_ROOT, "/lib"), EACCES);
	assert_int_equal(ask(BROKER_ROOT, "/nowhere"), ENOENT);
	assert_int_equal(ask(0, "../etc/passwd"), EINVAL);
	assert_int_equal(ask(0, "/etc/passwd"), EINVAL);
	assert_int_equal(ask(1, "lib/libx.so"), EINVAL);
	assert_int_equal(ask(-3, "lib/libx.so"), EINVAL);
	char endless[5000];
	memset(endless, 'a', sizeof(endless));
	endless[sizeof(endless) - 1] = '\0';
	assert_int_equal(ask(BROKER_ROOT, endless), ENAMETOOLONG);
}

static void broker__makes_so_many_temporary_files(void **state)
{
	int fd = files_temporary(reader);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
	assert_int_equal(files_temporary(reader), -1);
	assert_int_equal(errno, EDQUOT);
}

static void broker_answer__ends_with_who_talks_nonsense(void **state)
{
	static const char nonsense[][8] = { "", "\xff\xff\xff\xff", "\xff\xff\xff\xff/etc" };
	static const size_t sizes[] = { 1, 4, 8 };
	for (size_t i = 0; i < 3; i++) {
		int ends[2];
		assert_true(broker_pair(ends));
		assert_int_equal(send(ends[1], nonsense[i], sizes[i], 0), sizes[i]);
		assert_false(broker_answer(ends[0], parent));
		close(ends[1]);
		assert_false(broker_answer(ends[0], parent));
		close(ends[0]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(broker__opens_elf_files_and_source_below_the_root),
		cmocka_unit_test(broker__gives_the_bytes_and_no_more_than_reading),
		cmocka_unit_test(broker__refuses_what_reading_a_core_does_not_need),
		cmocka_unit_test(broker__makes_so_many_temporary_files),
		cmocka_unit_test(broker_answer__ends_with_who_talks_nonsense),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
