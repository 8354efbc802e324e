/* What one run of a command costs:
 *
 *	measure OUTPUT COMMAND [ARGUMENT ...]
 *
 * prints its CPU and wall time in microseconds, its largest resident set in KiB, and its exit code.
 * Small on purpose: the kernel counts the memory of who forked a process as that process's own. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long microseconds(struct timeval t)
{
	return t.tv_sec * 1000000ll + t.tv_usec;
}

int main(int argc, char **argv)
{
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
	if (wait4(child, &status, 0, &used) != child)
		return 2;
	clock_gettime(CLOCK_MONOTONIC, &after);
	printf("%lld %lld %ld %d\n", microseconds(used.ru_utime) + microseconds(used.ru_stime),
	       (after.tv_sec - before.tv_sec) * 1000000ll + (after.tv_nsec - before.tv_nsec) / 1000,
	       used.ru_maxrss, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return 0;
}
