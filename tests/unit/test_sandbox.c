#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/sandbox.h"
#include "core/sanitized.h"

static const struct sandbox limits = { -1, -1, 64 << 20, 1 << 20, 60 };
static struct sandbox_lack lack;
static int scratch;		/* open for reading and writing, before */
static int pair[2];		/* a connected socket */

/* Runs evil() in a sandboxed process. Its number: 0 when the evil was done. */
static int in_sandbox(int (*evil)(void))
{
	fflush(NULL);
	pid_t child = fork();
	if (!child)
		_exit(sandbox_enter(&limits, &lack) ? evil() : 200);
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* 0 when a call was done, 1 when it was refused. */
static int refused(long result)
{
	return result == -1 && (errno == EPERM || errno == EACCES);
}

static int opens_a_file(void) { return refused(open("/etc/passwd", O_RDONLY)); }
static int opens_a_directory(void) { return refused(open("/", O_PATH)); }
static int creates_a_file(void) { return refused(open("/tmp/pycore-evil", O_CREAT | O_WRONLY, 0600)); }
static int removes_a_file(void) { return refused(unlink("/tmp/pycore-evil")); }
static int makes_a_directory(void) { return refused(mkdir("/tmp/pycore-evil", 0700)); }
static int renames(void) { return refused(rename("/tmp/pycore-evil", "/tmp/pycore-worse")); }
static int makes_a_socket(void) { return refused(socket(AF_INET, SOCK_STREAM, 0)); }
static int makes_a_local_socket(void) { return refused(socket(AF_UNIX, SOCK_DGRAM, 0)); }
static int executes(void) { return refused(execl("/bin/true", "true", (char *)NULL)); }
static int forks(void) { return refused(fork()); }
static int traces_its_parent(void) { return refused(ptrace(PTRACE_ATTACH, getppid(), 0, 0)); }
static int kills_its_parent(void) { return refused(kill(getppid(), 0)); }
static int becomes_dumpable(void) { return refused(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)); }
static int becomes_root(void) { return refused(setuid(0)); }
static int writes_into_a_file(void) { return refused(open("/dev/null", O_WRONLY)); }

static int connects(void)
{
	return refused(connect(pair[0], (struct sockaddr *)&(struct sockaddr_un){ AF_UNIX, "/x" }, 4));
}

static int opens_by_another_call(void)
{
	return refused(syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", &(uint64_t[3]){ 0 }, 24));
}

static int executes_by_another_call(void)
{
	return refused(syscall(SYS_execveat, scratch, "", (char *[]){ "x", NULL }, NULL,
		       AT_EMPTY_PATH));
}

static int lets_the_kernel_work(void)
{
	return refused(syscall(SYS_io_uring_setup, 1, &(uint8_t[120]){ 0 }));
}

static int makes_a_file_in_memory(void) { return refused(syscall(SYS_memfd_create, "x", 0)); }
static int makes_a_name_space(void) { return refused(unshare(CLONE_NEWUSER)); }

static int writes_into_its_parent(void)
{
	return refused(syscall(SYS_process_vm_writev, getppid(), NULL, 0, NULL, 0, 0));
}

static int sends_a_descriptor(void) { return refused(sendmsg(pair[0], &(struct msghdr){ 0 }, 0)); }

static int makes_code(void)
{
	return refused((long)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

static int makes_memory_code(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return page == MAP_FAILED ? 100 : refused(mprotect(page, 4096, PROT_READ | PROT_EXEC));
}

static int raises_its_limits(void)
{
	return refused(setrlimit(RLIMIT_CPU, &(struct rlimit){ RLIM_INFINITY, RLIM_INFINITY }));
}

static void sandbox_enter__leaves_nothing_that_does_harm(void **state)
{
	static const struct { const char *name; int (*evil)(void); } cases[] = {
#define CASE(name) { #name, name }
		CASE(opens_a_file), CASE(opens_a_directory), CASE(creates_a_file), CASE(removes_a_file),
		CASE(makes_a_directory), CASE(renames), CASE(makes_a_socket), CASE(makes_a_local_socket),
		CASE(executes), CASE(forks), CASE(traces_its_parent), CASE(kills_its_parent),
		CASE(becomes_dumpable), CASE(becomes_root), CASE(makes_code), CASE(makes_memory_code),
		CASE(raises_its_limits), CASE(writes_into_a_file), CASE(connects), CASE(opens_by_another_call),
		CASE(executes_by_another_call), CASE(lets_the_kernel_work), CASE(makes_a_file_in_memory),
		CASE(makes_a_name_space), CASE(writes_into_its_parent), CASE(sends_a_descriptor),
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int code = in_sandbox(cases[i].evil);
		if (code != 1)
			fail_msg("a sandboxed process %s (%d)", cases[i].name, code);
	}
}

static int works(void)
{
	char bytes[4] = "abc";
	char *memory = malloc(1 << 20);
	if (!memory || pwrite(scratch, bytes, 4, 0) != 4 || pread(scratch, memory, 4, 0) != 4)
		return 1;
	struct stat st;
	void *mapped = mmap(NULL, 4, PROT_READ, MAP_PRIVATE, scratch, 0);
	if (fstat(scratch, &st) < 0 || mapped == MAP_FAILED || memcmp(mapped, "abc", 4) != 0)
		return 2;
	free(memory);
	return fprintf(stderr, "%s", "") < 0 ? 3 : 0;
}

static void sandbox_enter__leaves_what_reading_needs(void **state)
{
	assert_int_equal(in_sandbox(works), 0);
}

static int takes_much_memory(void)
{
	/* A compiler may leave out memory that nobody sees. */
	static void *volatile taken;
	for (int i = 0; i < 128; i++) {
		taken = malloc(1 << 20);
		if (!taken)
			return 1;
	}
	return 0;
}

static int writes_much(void)
{
	static const char block[4096];
	signal(SIGXFSZ, SIG_IGN);
	for (off_t at = 0; at < 4 << 20; at += (off_t)sizeof(block))
		if (pwrite(scratch, block, sizeof(block), at) < 0)
			return errno == EFBIG;
	return 0;
}

static int is_somebody(void)
{
	return geteuid() == 0;
}

static void sandbox_enter__limits_memory_and_files(void **state)
{
	assert_int_equal(in_sandbox(takes_much_memory), 1);
	assert_int_equal(in_sandbox(writes_much), 1);
}

static void sandbox_enter__stays_root_for_nobody(void **state)
{
	assert_int_equal(in_sandbox(is_somebody), 0);
}

static int aborts(void)
{
	abort();
}

static void sandbox_enter__lets_a_bug_end_as_one(void **state)
{
	assert_int_equal(in_sandbox(aborts), 1000 + SIGABRT);
}

static int set_up(void **state)
{
	char path[] = "/tmp/pycore-unit-XXXXXX";
	scratch = mkstemp(path);
	return scratch < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0 ? -1 : unlink(path);
}

/* Where the machine has no seccomp filters there is nothing to be tested. */
static bool is_complete(void)
{
	int status = 1;
	pid_t child = SANITIZED ? -1 : fork();
	if (!child)
		_exit(!sandbox_enter(&limits, &lack) || lack.seccomp || lack.user);
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sandbox_enter__leaves_nothing_that_does_harm),
		cmocka_unit_test(sandbox_enter__leaves_what_reading_needs),
		cmocka_unit_test(sandbox_enter__limits_memory_and_files),
		cmocka_unit_test(sandbox_enter__stays_root_for_nobody),
		cmocka_unit_test(sandbox_enter__lets_a_bug_end_as_one),
	};
	if (!is_complete()) {
		puts("no sandbox can be made here, or a sanitizer is in its way");
		return 0;
	}
	return cmocka_run_group_tests(tests, set_up, NULL);
}
