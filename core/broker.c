#include "core/broker.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include "core/str.h"

struct request {
	int where;
	char path[PATH_MAX];	/* NUL-terminated, and no longer than that */
};

/* Room for one descriptor beside the answer. */
union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int))];
};

bool broker_pair(int ret[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret) == 0;
}

static ssize_t receive(int socket, void *bytes, size_t size, int *ret_fd)
{
	union control control;
	struct iovec part = { bytes, size };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n;
	do {
		n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	*ret_fd = -1;
	struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&message) : NULL;
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
		memcpy(ret_fd, CMSG_DATA(c), sizeof(*ret_fd));
	return n;
}

int broker_ask(int socket, int where, const char *path)
{
	struct request request = { .where = where };
	size_t len = strlen(path);
	if (len >= sizeof(request.path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(request.path, path, len + 1);
	int number = EIO, fd = -1;
	if (send(socket, &request, offsetof(struct request, path) + len + 1, MSG_NOSIGNAL) > 0 &&
	    receive(socket, &number, sizeof(number), &fd) == sizeof(number) && fd >= 0)
		return fd;
	errno = number ? number : EIO;
	return -1;
}

/* An ELF file, a script, or Python's source by its name. */
static bool is_wanted(int fd, const char *path)
{
	static const char *const suffixes[] = { ".py", ".pyw", ".pyx", ".pxi", "/os-release" };
	char magic[4] = { 0 };
	if (pread(fd, magic, sizeof(magic), 0) == sizeof(magic) &&
	    (memcmp(magic, "\x7f" "ELF", 4) == 0 || memcmp(magic, "#!", 2) == 0))
		return true;
	size_t len = strlen(path);
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
		size_t end = strlen(suffixes[i]);
		if (len > end && streq(path + len - end, suffixes[i]))
			return true;
	}
	return false;
}

static int open_wanted(struct files *f, const struct request *request)
{
	if (request->where == BROKER_TEMPORARY) {
		if (f->temporaries_left)
			return f->temporaries_left--, files_temporary(f);
		errno = EDQUOT;
		return -1;
	}
	_close_ int fd = files_open_below(f, request->where, request->path);
	if (fd < 0)
		return -1;
	if (!is_wanted(fd, request->path)) {
		errno = EACCES;
		return -1;
	}
	return take_fd(&fd);
}

static bool answer(int socket, int fd, int number)
{
	union control control = { 0 };
	struct iovec part = { &number, sizeof(number) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	if (fd >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		struct cmsghdr *c = CMSG_FIRSTHDR(&message);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	return sendmsg(socket, &message, MSG_NOSIGNAL) > 0;
}

bool broker_answer(int socket, struct files *f)
{
	struct request request;
	int sent;
	ssize_t n = receive(socket, &request, sizeof(request), &sent);
	_close_ _unused_ int unwanted = sent;
	size_t path = offsetof(struct request, path);
	if (n <= (ssize_t)path || request.path[(size_t)n - path - 1] != '\0')
		return false;
	_close_ int fd = open_wanted(f, &request);
	return answer(socket, fd, fd < 0 ? errno : 0);
}
