#include "cli/sandboxed.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/broker.h"
#include "core/checked.h"
#include "core/inflate.h"
#include "core/isolated.h"
#include "core/owner.h"
#include "core/sandbox.h"
#include "core/target.h"

enum { TEMPORARIES = 4 };

static void tell(bool lacks, const char *what)
{
	if (lacks)
		fprintf(stderr, "pycore: sandbox: %s\n", what);
}

static void tell_lack(const struct sandbox_lack *lack)
{
	tell(lack->landlock, "this kernel has no Landlock (5.13), or it is not allowed here");
	tell(lack->seccomp, "system calls cannot be filtered here: no seccomp, or no libseccomp.so.2");
	tell(lack->user, "the rights of root cannot be given up here");
}

static int read_in_sandbox(const struct sandboxed *job, const struct sandbox *sandbox, int broker,
			   int output)
{
	struct sandbox_lack lack;
	FILE *out = fdopen(output, "w");
	/* What is loaded late must be here before no file can be opened. */
	inflate_prepare(job->files);
	/* Without it C frames have no source lines; told where they are missed. */
	(void)!isolated_prepare();
	job->files->broker = broker;
	if (!out || !sandbox_enter(sandbox, &lack)) {
		fprintf(stderr, "pycore: sandbox: %s\n", strerror(errno));
		return ERROR_UNSUPPORTED;
	}
	if (job->verbose)
		tell_lack(&lack);
	if (job->require && (lack.landlock || lack.seccomp || lack.user)) {
		fprintf(stderr, "pycore: sandbox: not all of it is to be had here, as "
			"--sandbox=require asks for; -v tells what is missing\n");
		return ERROR_UNSUPPORTED;
	}
	int code = job->work(job->arg, out);
	return fclose(out) == 0 || code > 1 || errno == EPIPE ? code : ERROR_INTERNAL;
}

static int64_t milliseconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static unsigned seconds_of(const struct sandboxed *job)
{
	return job->seconds ? job->seconds : SANDBOX_SECONDS;
}

/* One that sleeps uses no processor time. */
static int64_t deadline_of(const struct sandboxed *job)
{
	unsigned patience = job->seconds ? 0 : SANDBOX_PATIENCE + job->files->unpack_seconds;
	return milliseconds() + ((int64_t)seconds_of(job) + patience) * 1000;
}

/* Passes on what the reader writes, and opens what it asks for, until it has closed its pipe.
 * 0, or the errno of a write. */
static int serve(const struct sandboxed *job, pid_t reader, int *broker, int output, FILE *out)
{
	static char buffer[65536];
	uint64_t left = SANDBOX_REPORT;
	int64_t deadline = deadline_of(job);
	for (;;) {
		struct pollfd ends[] = { { output, POLLIN, 0 }, { *broker, POLLIN, 0 } };
		int64_t patience = MAX(deadline - milliseconds(), (int64_t)0);
		int ready = poll(ends, 2, (int)patience);
		if (ready < 0 && errno != EINTR)
			return errno;
		if (!ready) {
			kill(reader, SIGKILL);
			return EFBIG;
		}
		if (ready < 0)
			continue;
		if (ends[1].revents && !broker_answer(*broker, job->files)) {
			close(*broker);
			*broker = -1;
		}
		if (!ends[0].revents)
			continue;
		ssize_t n = read(output, buffer, sizeof(buffer));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return 0;
		if ((uint64_t)n > left) {
			kill(reader, SIGKILL);
			return EFBIG;
		}
		left -= (uint64_t)n;
		if (fwrite(buffer, 1, (size_t)n, out) != (size_t)n)
			return errno;
	}
}

static int end_of_reader(const struct sandboxed *job, pid_t reader)
{
	int status;
	while (waitpid(reader, &status, 0) < 0)
		if (errno != EINTR)
			return ERROR_INTERNAL;
	if (WIFEXITED(status))
		return WEXITSTATUS(status) <= ERROR_INTERNAL ? WEXITSTATUS(status) : ERROR_INTERNAL;
	if (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL) {
		fprintf(stderr, "pycore: reading the core was stopped: it took more than %u seconds, or "
			"more than may be reported\n", seconds_of(job));
		return ERROR_UNSUPPORTED;
	}
	const char *name = signal_name(WTERMSIG(status));
	fprintf(stderr, "pycore: the sandboxed reader died of %s: a bug of pycore's, or a core made to "
		"find one\n", name ? name : "a signal");
	return ERROR_INTERNAL;
}

static int start(const struct sandboxed *job, const struct sandbox *sandbox, const int broker[2],
		 const int output[2], FILE *out)
{
	fflush(NULL);
	pid_t parent = getpid(), reader = fork();
	if (!reader) {
		/* Not longer than who waits for it. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(ERROR_INTERNAL);
		close(broker[0]);
		close(output[0]);
		_exit(read_in_sandbox(job, sandbox, broker[1], output[1]));
	}
	close(broker[1]);
	close(output[1]);
	int asked = broker[0];
	int failed = reader < 0 ? errno : 0;
	/* What the core names is opened with the rights of whose process it was. */
	bool as_user = reader > 0 && geteuid() == 0 && sandbox->uid > 0;
	if (as_user) {
		setfsgid(sandbox->gid > 0 ? (gid_t)sandbox->gid : (gid_t)-1);
		setfsuid((uid_t)sandbox->uid);
	}
	if (reader > 0)
		failed = serve(job, reader, &asked, output[0], out);
	if (as_user) {
		setfsuid(0);
		setfsgid(getegid());
	}
	/* Its next write fails: it ends. */
	close(output[0]);
	if (asked >= 0)
		close(asked);
	int code = reader > 0 ? end_of_reader(job, reader) : ERROR_INTERNAL;
	if (!failed || failed == EPIPE || failed == EFBIG)
		return code;
	fprintf(stderr, "pycore: cannot write the report: %s\n", strerror(failed));
	return ERROR_INTERNAL;
}

int sandboxed_run(const struct sandboxed *job, FILE *out)
{
	int broker[2], output[2];
	struct owner owner;
	owner_find(job->files, &owner);
	const struct sandbox sandbox = {
		.uid = owner.uid,
		.gid = owner.gid,
		.memory = SANDBOX_MEMORY,
		.file_size = job->files->unpack_bytes ? job->files->unpack_bytes : INFLATE_BYTES,
		.seconds = seconds_of(job),
	};
	job->files->temporaries_left = TEMPORARIES;
	/* Nor does a bug here leave a core: a hook would be called for it, and again. */
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	if (!broker_pair(broker) || pipe(output) < 0) {
		fprintf(stderr, "pycore: sandbox: %s\n", strerror(errno));
		return ERROR_INTERNAL;
	}
	return start(job, &sandbox, broker, output, out);
}
