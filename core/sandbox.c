#include "core/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
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

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#ifdef ARCHITECTURE

/* What reading, reporting and asking for files come down to. Frequent ones first. */
static const int allowed[] = {
	SYS_read, SYS_write, SYS_munmap, SYS_brk, SYS_close, SYS_madvise, SYS_mremap, SYS_fstat,
	SYS_newfstatat, SYS_lseek, SYS_pread64, SYS_pwrite64, SYS_writev, SYS_readv, SYS_ftruncate,
	SYS_fstatfs, SYS_fgetxattr, SYS_flistxattr, SYS_sendto, SYS_recvmsg, SYS_futex,
	SYS_clock_gettime, SYS_gettimeofday, SYS_clock_nanosleep, SYS_getrandom, SYS_rt_sigreturn,
	SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_sigaltstack, SYS_exit, SYS_exit_group, SYS_getpid,
	SYS_gettid, SYS_sched_yield, SYS_sched_getaffinity, SYS_set_robust_list, SYS_rseq, SYS_uname,
	SYS_getuid, SYS_geteuid, SYS_restart_syscall, SYS_ppoll,
};

/* Allowed where an argument (its low 32 bits) has none, or all, of some bits, or is a value. */
struct rule {
	int number, argument;
	enum { HAS_NONE, HAS_ALL, IS } how;
	uint32_t value;
};

static const struct rule rules[] = {
	{ SYS_mmap, 2, HAS_NONE, PROT_EXEC },
	{ SYS_mprotect, 2, HAS_NONE, PROT_EXEC },
	/* Threads, but no processes; clone3, whose flags cannot be seen here, is said to be unknown. */
	{ SYS_clone, 0, HAS_ALL, CLONE_THREAD },
	{ SYS_ioctl, 1, IS, TCGETS },
	{ SYS_ioctl, 1, IS, TIOCGWINSZ },
	/* F_GETFD, F_SETFD, F_GETFL; not the owner of signals, not leases. */
	{ SYS_fcntl, 1, IS, 1 },
	{ SYS_fcntl, 1, IS, 3 },
	{ SYS_fcntl, 1, IS, 1030 },	/* F_DUPFD_CLOEXEC */
	/* To itself alone: abort(). The pid is filled in. */
	{ SYS_tgkill, 0, IS, 0 },
};

enum { FILTER_MAX = 8 + 2 * ARRAY_SIZE(allowed) + 6 * ARRAY_SIZE(rules) };

struct filter {
	struct sock_filter code[FILTER_MAX];
	unsigned short len;
};

static void put(struct filter *f, uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
	f->code[f->len++] = (struct sock_filter){ code, yes, no, k };
}

static void load(struct filter *f, size_t offset)
{
	put(f, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void give(struct filter *f, uint32_t action)
{
	put(f, BPF_RET | BPF_K, action, 0, 0);
}

/* The number is loaded, before and after. */
static void put_rule(struct filter *f, const struct rule *r)
{
	size_t argument = offsetof(struct seccomp_data, args) + 8 * (size_t)r->argument;
	uint32_t value = r->number == SYS_tgkill ? (uint32_t)getpid() : r->value;
	put(f, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)r->number, 0, 4);
	load(f, argument);
	if (r->how == IS)
		put(f, BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
	else
		put(f, BPF_JMP | BPF_JSET | BPF_K, value, r->how == HAS_ALL ? 0 : 1,
		    r->how == HAS_ALL ? 1 : 0);
	give(f, SECCOMP_RET_ALLOW);
	load(f, offsetof(struct seccomp_data, nr));
}

static bool filter_calls(void)
{
	struct filter f = { .len = 0 };
	load(&f, offsetof(struct seccomp_data, arch));
	put(&f, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
	give(&f, SECCOMP_RET_KILL_PROCESS);
	load(&f, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++) {
		put(&f, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)allowed[i], 0, 1);
		give(&f, SECCOMP_RET_ALLOW);
	}
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		put_rule(&f, &rules[i]);
	put(&f, BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1);
	give(&f, SECCOMP_RET_ERRNO | ENOSYS);
	give(&f, SECCOMP_RET_ERRNO | EPERM);
	struct sock_fprog program = { f.len, f.code };
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

#else

static bool filter_calls(void)
{
	return false;
}

#endif

bool sandbox_enter(const struct sandbox *s, struct sandbox_lack *ret)
{
	struct sandbox_lack lack = { 0 };
	/* The limit on memory comes before anything hostile is read, and before rights to raise it go. */
	if (!limit_all(s) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return false;
	lack.user = !give_up_root(s);
	/* A change of user sets it anew, so it comes after. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return false;
	lack.landlock = !forbid_paths();
	lack.seccomp = !filter_calls();
	*ret = lack;
	return true;
}
