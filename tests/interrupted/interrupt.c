/* Runs a command and sends it a signal at one of its system calls:
 *
 *	interrupt STOP SIGNAL COMMAND ...
 *
 * Each call stops it twice, before and behind; at the STOPth stop the signal is sent (0: never).
 * What the command starts is let run. Says "STOPS STATUS": how often it stopped and, as wait(2)
 * gives it, how it ended. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static void run(char **command)
{
	int null = open("/dev/null", O_RDWR);
	dup2(null, 0);
	dup2(null, 1);
	dup2(null, 2);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
		_exit(125);
	execvp(command[0], command);
	_exit(126);
}

static int wait_for(pid_t pid)
{
	int status;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			exit(2);
	return status;
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	unsigned long at = strtoul(argv[1], NULL, 10), stops = 0;
	int number = atoi(argv[2]);
	pid_t pid = fork();
	if (pid == 0)
		run(argv + 3);
	int status = wait_for(pid);
	if (WIFSTOPPED(status) &&
	    ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) < 0)
		return 2;
	int pass_on = 0;
	while (WIFSTOPPED(status)) {
		bool is_call = WSTOPSIG(status) == (SIGTRAP | 0x80);
		stops += is_call;
		if (is_call && stops == at) {
			kill(pid, number);
			ptrace(PTRACE_DETACH, pid, NULL, NULL);
			status = wait_for(pid);
			break;
		}
		pass_on = is_call || WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
		if (ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)pass_on) < 0 && errno != ESRCH)
			return 2;
		status = wait_for(pid);
	}
	printf("%lu %d\n", stops, status);
	return 0;
}
