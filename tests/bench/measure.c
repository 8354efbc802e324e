/* What one run of a command costs:
 *
 *	measure [--own] OUTPUT COMMAND [ARGUMENT ...]
 *
 * prints its CPU and wall time in microseconds, its largest resident set in KiB, and its exit code.
 * --own: not of files that it has mapped. No system call tells the most there ever was of that, so it
 * is looked at each millisecond; times are for runs without.
 * Small on purpose: the kernel counts the memory of who forked a process as that process's own. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long microseconds(struct timeval t)
{
	return t.tv_sec * 1000000ll + t.tv_usec;
}

/* KiB of one line of /proc/PID/status. */
static long amount(const char *status, const char *name)
{
	const char *line = strstr(status, name);
	return line ? strtol(line + strlen(name), NULL, 10) : 0;
}

/* Until it ends; the most KiB of its own that were seen. */
static long watch(pid_t child, int *status, struct rusage *used)
{
	char path[40], text[4096];
	long most = 0;
	snprintf(path, sizeof(path), "/proc/%d/status", (int)child);
	int file = open(path, O_RDONLY);
	while (!wait4(child, status, WNOHANG, used)) {
		ssize_t len = pread(file, text, sizeof(text) - 1, 0);
		text[len > 0 ? len : 0] = '\0';
		long now = amount(text, "RssAnon:") + amount(text, "RssShmem:");
		most = now > most ? now : most;
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	close(file);
	return most;
}

int main(int argc, char **argv)
{
	int own = argc > 1 && !strcmp(argv[1], "--own");
	argc -= own;
	argv += own;
	if (argc < 3)
		return 2;
	struct timespec before, after;
	clock_gettime(CLOCK_MONOTONIC, &before);
	pid_t child = fork();
	if (child < 0)
		return 2;
	if (child == 0) {
		int null = open("/dev/null", O_RDWR), out = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC, 0644);
		dup2(null, 0);
		dup2(out, 1);
		dup2(null, 2);
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	int status;
	struct rusage used;
	long most = own ? watch(child, &status, &used) : 0;
	if (!own && wait4(child, &status, 0, &used) != child)
		return 2;
	clock_gettime(CLOCK_MONOTONIC, &after);
	printf("%lld %lld %ld %d\n", microseconds(used.ru_utime) + microseconds(used.ru_stime),
	       (after.tv_sec - before.tv_sec) * 1000000ll + (after.tv_nsec - before.tv_nsec) / 1000,
	       own ? most : used.ru_maxrss, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return 0;
}
