#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/owner.h"
#include "tests/unit/draw_core.h"

/*	core --- notes: PRPSINFO uid 1000 gid 1001, AUXV uid euid gid egid secure */
static const char *draw(uint32_t uid, uint64_t euid, uint64_t secure)
{
	struct drawing d = drawing_of(EM_X86_64);
	uint8_t info[256] = { 0 };
	const uint64_t auxv[] = { AT_UID, uid, AT_EUID, euid, AT_GID, 1001, AT_EGID, 1001,
				  AT_SECURE, secure, AT_NULL, 0 };
	put(d.m, info + d.m->pr_ps_pid - 8, 4, uid);
	put(d.m, info + d.m->pr_ps_pid - 4, 4, 1001);
	draw_note(&d, "CORE", NT_PRPSINFO, info, d.m->prpsinfo_size);
	draw_note(&d, "CORE", NT_AUXV, auxv, sizeof(auxv));
	const char *path = draw_file(&d, "core");
	assert_int_equal(chown(path, 0, 0), 0);
	removexattr(path, "user.coredump.uid");
	return path;
}

static struct owner owner_of(const char *first, const char *second)
{
	struct files *files = NULL;
	struct owner owner;
	assert_null(files_new(NULL, &files));
	assert_null(files_open_given(files, first));
	if (second)
		assert_null(files_open_given(files, second));
	owner_find(files, &owner);
	files_free(files);
	return owner;
}

static void owner_find__believes_the_notes_of_a_file_of_root_s(void **state)
{
	struct owner owner = owner_of(draw(1000, 1000, 0), NULL);
	assert_int_equal(owner.uid, 1000);
	assert_int_equal(owner.gid, 1001);
	assert_int_equal(owner.file_uid, 0);
}

static void owner_find__gives_a_user_s_file_to_that_user(void **state)
{
	const char *path = draw(1000, 1000, 0);
	assert_int_equal(chown(path, 2000, 2001), 0);
	struct owner owner = owner_of(path, NULL);
	assert_int_equal(owner.uid, 2000);
	assert_int_equal(owner.gid, 2001);
	assert_int_equal(owner.file_uid, 2000);
	assert_int_equal(owner.file_gid, 2001);
}

static void owner_find__of_a_process_with_more_rights_is_nobody(void **state)
{
	assert_int_equal(owner_of(draw(1000, 0, 0), NULL).uid, -1);
	assert_int_equal(owner_of(draw(1000, 1000, 1), NULL).uid, -1);
}

static void owner_find__of_root_s_process_is_nobody(void **state)
{
	assert_int_equal(owner_of(draw(0, 0, 0), NULL).uid, -1);
}

static void owner_find__is_nobody_where_two_witnesses_disagree(void **state)
{
	const char *path = draw(1000, 1000, 0);
	if (setxattr(path, "user.coredump.uid", "1000", 4, 0) < 0)
		skip();
	assert_int_equal(owner_of(path, NULL).uid, 1000);
	assert_int_equal(setxattr(path, "user.coredump.uid", "1002", 4, 0), 0);
	assert_int_equal(owner_of(path, NULL).uid, -1);
}

static void owner_find__knows_the_core_by_its_content(void **state)
{
	assert_int_equal(owner_of("/proc/self/exe", draw(1000, 1000, 0)).uid, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(owner_find__believes_the_notes_of_a_file_of_root_s),
		cmocka_unit_test(owner_find__gives_a_user_s_file_to_that_user),
		cmocka_unit_test(owner_find__of_a_process_with_more_rights_is_nobody),
		cmocka_unit_test(owner_find__of_root_s_process_is_nobody),
		cmocka_unit_test(owner_find__is_nobody_where_two_witnesses_disagree),
		cmocka_unit_test(owner_find__knows_the_core_by_its_content),
	};
	if (geteuid() != 0) {
		puts("only root's files are judged by what is in them");
		return 0;
	}
	return cmocka_run_group_tests(tests, drawings_begin, drawings_end);
}
