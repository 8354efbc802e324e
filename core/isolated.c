#include "core/isolated.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include "core/checked.h"
#include "core/sandbox.h"
#include "core/sanitized.h"

const struct isolated_limits isolated_defaults = {
	.seconds = 20,
	.memory = (size_t)1 << 30,
	.answer = (size_t)64 << 20,
};

enum { NO_ANSWER = 3, CLOCK_FACTOR = 3 };

/* --- the other process ---------------------------------------------------------------------- */

/* Nothing stays open but the way back: not the core, not a broker, not the terminal. */
static void close_others(int answer)
{
	if (!SANITIZED)
		close(STDERR_FILENO);
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
#ifdef SYS_close_range
	if (answer > 3)
		syscall(SYS_close_range, 3u, (unsigned)answer - 1, 0u);
	if (syscall(SYS_close_range, (unsigned)answer + 1, ~0u, 0u) == 0)
		return;
#endif
	for (int fd = 3; fd < 1024; fd++)
		if (fd != answer)
			close(fd);
}

static bool enter(const struct isolated_limits *limits)
{
	struct mallinfo2 ours = mallinfo2();
	struct sandbox_lack lack;
	const struct sandbox sandbox = {
		.uid = -1,
		.gid = -1,
		.memory = SANITIZED ? UINT64_MAX : limits->memory + ours.arena + ours.hblkhd,
		.file_size = 0,
		.seconds = limits->seconds,
	};
	/* Where the kernel lacks a part of it, the limits and the other parts have to do. */
	return sandbox_enter(&sandbox, &lack);
}

static bool write_all(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(fd, bytes, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

static int answer_and_end(isolated_work *work, const void *request,
			  const struct isolated_limits *limits, int out)
{
	struct str answer = STR_INIT;
	close_others(out);
	/* Its own end is no crash of ours: no handler of ours, no message. */
	static const int fatal[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL };
	for (size_t i = 0; !SANITIZED && i < ARRAY_SIZE(fatal); i++)
		signal(fatal[i], SIG_DFL);
	if (!enter(limits) || !work(request, &answer) || answer.failed)
		return NO_ANSWER;
	return write_all(out, answer.buf, answer.len) ? 0 : NO_ANSWER;
}

/* --- one that waits -------------------------------------------------------------------------
 *
 * A process has one sandbox, and so one of these. Memory that both see is at the same addresses in
 * both; so is the program. */

enum {
	SHARED = 512 << 20,
	PAGE = 4096,		/* so that what is read can be made writable, page by page */
	PIECE = 4 << 20,
};

static struct {
	int socket;		/* 0: there is none */
	int memory;		/* what is shared, as a file; only ours; -1: it is none */
	uint8_t *shared;
	size_t used;
} standby;

struct order {
	isolated_work *work;
	const void *request;
};

struct told {
	uint64_t good, size;
};

static bool read_all(int fd, void *bytes, size_t len)
{
	for (char *p = bytes; len;) {
		ssize_t n = read(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

static void wait_for_orders(int socket)
{
	struct order order;
	close_others(socket);
	if (!enter(&isolated_defaults))
		return;
	while (read_all(socket, &order, sizeof(order))) {
		_str_ struct str answer = STR_INIT;
		struct told told = { .good = order.work(order.request, &answer) && !answer.failed };
		told.size = told.good ? answer.len : 0;
		if (!write_all(socket, (const char *)&told, sizeof(told)) ||
		    !write_all(socket, answer.buf, told.size))
			return;
	}
}

bool isolated_prepare(void)
{
	int ends[2];
	const struct timeval patience = { .tv_sec = isolated_defaults.seconds * CLOCK_FACTOR };
	_close_ int memory = memfd_create("pycore", MFD_CLOEXEC);
	/* A file of ours may have to be small (ulimit -f): then it is memory without one. */
	bool is_file = memory >= 0 && ftruncate(memory, SHARED) == 0;
	int kind = MAP_SHARED | MAP_NORESERVE | (is_file ? 0 : MAP_ANONYMOUS);
	void *shared = mmap(NULL, SHARED, PROT_READ | PROT_WRITE, kind, is_file ? memory : -1, 0);
	if (shared == MAP_FAILED || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return false;
	fflush(NULL);
	pid_t pid = fork();
	if (!pid) {
		wait_for_orders(ends[1]);
		_exit(0);
	}
	close(ends[1]);
	if (pid < 0 || setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0) {
		close(ends[0]);
		return false;
	}
	standby.socket = ends[0];
	standby.memory = is_file ? take_fd(&memory) : -1;
	standby.shared = shared;
	return true;
}

/* Zeros; NULL: there is no room. */
static uint8_t *room_for(size_t size)
{
	if (size > SHARED - standby.used)
		return NULL;
	uint8_t *room = standby.shared + standby.used;
	standby.used += MIN((size + PAGE - 1) & ~((size_t)PAGE - 1), SHARED - standby.used);
	return room;
}

static void empty_room(void)
{
	if (standby.used)
		madvise(standby.shared, standby.used, MADV_REMOVE);
	standby.used = 0;
}

const void *isolated_share(const void *data, size_t size)
{
	if (!standby.socket)
		return data;
	uint8_t *copy = room_for(size);
	return copy ? memcpy(copy, data, size) : NULL;
}

/* Written as to a file: page by page it would be met as a fault, which costs thrice as much. */
static void put(uint8_t *to, const uint8_t *bytes, size_t size)
{
	if (pwrite(standby.memory, bytes, size, to - standby.shared) != (ssize_t)size)
		memcpy(to, bytes, size);
}

const struct mapped_file *isolated_share_file(const struct mapped_file *file,
					      const struct isolated_part *parts, size_t count)
{
	if (!standby.socket)
		return file;
	struct mapped_file *ret = (void *)room_for(sizeof(*ret));
	uint8_t *copy = ret ? room_for(file->size) : NULL;
	if (!copy)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		uint64_t at = parts[i].offset, left = parts[i].size;
		while (left) {
			size_t piece = MIN(left, (uint64_t)PIECE);
			put(copy + at, file->data + at, piece);
			if (piece == PIECE)
				mapped_file_relax(file);
			at += piece;
			left -= piece;
		}
	}
	ret->data = copy;
	ret->size = file->size;
	return ret;
}

/* NULL: answered. */
static const char *order(isolated_work *work, const void *request, const struct isolated_limits *limits,
			 struct str *answer)
{
	const struct order order = { work, request };
	struct told told;
	if (!write_all(standby.socket, (const char *)&order, sizeof(order)) ||
	    !read_all(standby.socket, &told, sizeof(told)))
		return errno == EAGAIN ? "it took too long" : "it died";
	if (!told.good)
		return "it found no answer";
	if (told.size > limits->answer || !str_reserve(answer, told.size))
		return "it says too much";
	if (!read_all(standby.socket, answer->buf, told.size))
		return "it died";
	answer->len = told.size;
	answer->buf[answer->len] = '\0';
	return NULL;
}

/* --- ours ----------------------------------------------------------------------------------- */

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* NULL: all of it is there. */
static const char *receive(int in, const struct isolated_limits *limits, struct str *answer)
{
	int64_t end = now_ms() + (int64_t)limits->seconds * CLOCK_FACTOR * 1000;
	for (;;) {
		char buffer[16384];
		struct pollfd ready = { in, POLLIN, 0 };
		int64_t left = end - now_ms();
		int n = left > 0 ? poll(&ready, 1, (int)left) : 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return "it took too long";
		ssize_t got = read(in, buffer, sizeof(buffer));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? "it cannot be read" : NULL;
		if ((size_t)got > limits->answer - answer->len)
			return "it says too much";
		str_add(answer, buffer, (size_t)got);
		if (answer->failed)
			return "there is no memory for what it says";
	}
}

static const char *died_of(int number)
{
	switch (number) {
	case SIGSEGV:
		return "it died of SIGSEGV";
	case SIGABRT:
		return "it died of SIGABRT";
	case SIGXCPU:
		return "it took too long";
	case SIGKILL:
		return "it was killed";
	default:
		return "it died of a signal";
	}
}

static const char *end_of(pid_t pid)
{
	int status;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return "nobody knows how it ended";
	if (WIFSIGNALED(status))
		return died_of(WTERMSIG(status));
	return WEXITSTATUS(status) ? "it found no answer" : NULL;
}

bool isolated_ask(isolated_work *work, const void *request, const struct isolated_limits *limits,
		  struct str *answer, const char **why)
{
	int ends[2];
	*why = "no process can be started for it here";
	if (standby.socket) {
		*why = order(work, request, limits, answer);
		empty_room();
		if (*why)
			str_reset(answer);
		return !*why;
	}
	if (pipe2(ends, O_CLOEXEC) < 0)
		return false;
	pid_t parent = getpid(), pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(getppid() == parent ? answer_and_end(work, request, limits, ends[1]) : NO_ANSWER);
	}
	close(ends[1]);
	const char *fault = pid > 0 ? receive(ends[0], limits, answer) : *why;
	close(ends[0]);
	if (pid < 0)
		return false;
	if (fault)
		kill(pid, SIGKILL);
	const char *end = end_of(pid);
	*why = fault ? fault : end;
	if (*why)
		str_reset(answer);
	return !*why;
}
