#include "core/sandbox.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "core/checked.h"

enum { NOBODY = 65534, DESCRIPTORS = 256 };

/* --- user ---------------------------------------------------------------------------------- */

static bool give_up_root(const struct sandbox *s)
{
	if (geteuid() != 0)
		return true;
	/* Never stay root, whatever the core or its attributes say. */
	uid_t uid = s->uid > 0 ? (uid_t)s->uid : NOBODY;
	gid_t gid = s->gid > 0 ? (gid_t)s->gid : NOBODY;
	return setgroups(0, NULL) == 0 && setresgid(gid, gid, gid) == 0 && setresuid(uid, uid, uid) == 0;
}

/* --- limits -------------------------------------------------------------------------------- */

static bool limit(__rlimit_resource_t resource, uint64_t value)
{
	struct rlimit now;
	if (getrlimit(resource, &now) < 0)
		return false;
	rlim_t most = MIN((rlim_t)value, now.rlim_max);
	return setrlimit(resource, &(struct rlimit){ most, most }) == 0;
}

static bool limit_all(const struct sandbox *s)
{
	return limit(RLIMIT_CORE, 0) && limit(RLIMIT_NOFILE, DESCRIPTORS) &&
	       limit(RLIMIT_DATA, s->memory) && limit(RLIMIT_FSIZE, s->file_size) &&
	       limit(RLIMIT_CPU, s->seconds);
}

/* --- Landlock ------------------------------------------------------------------------------- */

/* The numbers are the same on every machine; older headers lack them. */
enum { LANDLOCK_CREATE = 444, LANDLOCK_RESTRICT = 446, LANDLOCK_ASK_VERSION = 1 };

/* linux/landlock.h as of 6.12; a kernel that knows less takes a shorter one. */
struct landlock_ruleset {
	uint64_t fs, net, scoped;
};

/* Everything that a version can forbid, forbidden, and no rule that allows anything. */
static bool forbid_paths(void)
{
	long version = syscall(LANDLOCK_CREATE, NULL, 0, LANDLOCK_ASK_VERSION);
	if (version < 1)
		return false;
	static const uint8_t fs_rights[] = { 13, 14, 15, 15, 16 };	/* of versions 1 to 5 */
	uint64_t count = fs_rights[MIN(version, (long)ARRAY_SIZE(fs_rights)) - 1];
	struct landlock_ruleset r = {
		.fs = ((uint64_t)1 << count) - 1,
		.net = version >= 4 ? 3 : 0,	/* bind, connect */
		.scoped = version >= 6 ? 3 : 0,	/* abstract sockets, signals */
	};
	size_t size = version >= 6 ? sizeof(r) : version >= 4 ? offsetof(struct landlock_ruleset, scoped) :
		offsetof(struct landlock_ruleset, net);
	_close_ int fd = (int)syscall(LANDLOCK_CREATE, &r, size, 0);
	return fd >= 0 && syscall(LANDLOCK_RESTRICT, fd, 0) == 0;
}

/* --- seccomp -------------------------------------------------------------------------------- */

/* Loaded when it is needed, so that other runs need not wait for it. */
struct seccomp {
	__typeof__(seccomp_init) *init;
	__typeof__(seccomp_attr_set) *set;
	__typeof__(seccomp_rule_add_array) *add;
	__typeof__(seccomp_load) *load;
	__typeof__(seccomp_release) *release;
};

/* false: not on this machine. Before Landlock: a library is a file. */
static bool find_library(struct seccomp *ret)
{
	void *library = dlopen("libseccomp.so.2", RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return false;
	ret->init = dlsym(library, "seccomp_init");
	ret->set = dlsym(library, "seccomp_attr_set");
	ret->add = dlsym(library, "seccomp_rule_add_array");
	ret->load = dlsym(library, "seccomp_load");
	ret->release = dlsym(library, "seccomp_release");
	return ret->init && ret->set && ret->add && ret->load && ret->release;
}

/* What reading, reporting and asking for files come down to. */
static const int allowed[] = {
	SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(munmap), SCMP_SYS(brk), SCMP_SYS(close),
	SCMP_SYS(madvise), SCMP_SYS(mremap), SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(lseek),
	SCMP_SYS(pread64), SCMP_SYS(pwrite64), SCMP_SYS(writev), SCMP_SYS(readv), SCMP_SYS(ftruncate),
	SCMP_SYS(fstatfs), SCMP_SYS(fgetxattr), SCMP_SYS(flistxattr), SCMP_SYS(sendto),
	SCMP_SYS(recvmsg), SCMP_SYS(futex), SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday),
	SCMP_SYS(clock_nanosleep), SCMP_SYS(getrandom), SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigpending), SCMP_SYS(sigaltstack), SCMP_SYS(exit), SCMP_SYS(exit_group),
	SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity),
	SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(uname), SCMP_SYS(getuid), SCMP_SYS(geteuid),
	SCMP_SYS(restart_syscall), SCMP_SYS(ppoll),
};

/* Allowed where the low 32 bits of an argument, under a mask, are a value. */
struct rule {
	int number;
	unsigned argument;
	uint32_t mask, value;
};

static const struct rule rules[] = {
	{ SCMP_SYS(mmap), 2, PROT_EXEC, 0 },
	{ SCMP_SYS(mprotect), 2, PROT_EXEC, 0 },
	/* Threads, but no processes; clone3, whose flags cannot be seen here, is said to be unknown. */
	{ SCMP_SYS(clone), 0, CLONE_THREAD, CLONE_THREAD },
	{ SCMP_SYS(ioctl), 1, UINT32_MAX, TCGETS },
	{ SCMP_SYS(ioctl), 1, UINT32_MAX, TIOCGWINSZ },
	/* Not the owner of signals, not leases. */
	{ SCMP_SYS(fcntl), 1, UINT32_MAX, F_GETFD },
	{ SCMP_SYS(fcntl), 1, UINT32_MAX, F_GETFL },
	{ SCMP_SYS(fcntl), 1, UINT32_MAX, F_DUPFD_CLOEXEC },
	/* To itself alone: abort(). The pid is filled in. */
	{ SCMP_SYS(tgkill), 0, UINT32_MAX, 0 },
};

static bool add_rule(const struct seccomp *s, scmp_filter_ctx filter, const struct rule *rule)
{
	uint32_t value = rule->number == SCMP_SYS(tgkill) ? (uint32_t)getpid() : rule->value;
	struct scmp_arg_cmp where = { rule->argument, SCMP_CMP_MASKED_EQ, rule->mask, value };
	return s->add(filter, SCMP_ACT_ALLOW, rule->number, 1, &where) == 0;
}

static bool filter_calls(const struct seccomp *s)
{
	scmp_filter_ctx filter = s->init(SCMP_ACT_ERRNO(EPERM));
	/* Another architecture's calls have other numbers. */
	bool ok = filter && s->set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0;
	for (size_t i = 0; ok && i < ARRAY_SIZE(allowed); i++)
		ok = s->add(filter, SCMP_ACT_ALLOW, allowed[i], 0, NULL) == 0;
	for (size_t i = 0; ok && i < ARRAY_SIZE(rules); i++)
		ok = add_rule(s, filter, &rules[i]);
	ok = ok && s->add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0, NULL) == 0 &&
	     s->load(filter) == 0;
	if (filter)
		s->release(filter);
	return ok;
}

bool sandbox_enter(const struct sandbox *s, struct sandbox_lack *ret)
{
	struct sandbox_lack lack = { 0 };
	struct seccomp seccomp = { 0 };
	bool has_library = find_library(&seccomp);
	/* The limit on memory comes before anything hostile is read, and before rights to raise it go. */
	if (!limit_all(s) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return false;
	lack.user = !give_up_root(s);
	/* A change of user sets it anew, so it comes after. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return false;
	lack.landlock = !forbid_paths();
	lack.seccomp = !has_library || !filter_calls(&seccomp);
	*ret = lack;
	return true;
}
