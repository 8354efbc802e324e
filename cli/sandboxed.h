/* A report written by a process that may do nothing but write it (core/sandbox.h).
 *
 *	parent  opens the core and the executable, forks, opens what the reader asks for
 *	   |        by core/files.c's rules, passes on what it writes, up to a limit
 *	reader  parses, reports into a pipe
 *
 * A parser that has been taken over by its core is left with what it has read. */
#ifndef CLI_SANDBOXED_H
#define CLI_SANDBOXED_H

#include <stdio.h>

#include "core/files.h"

struct sandboxed {
	struct files *files;		/* with the given files open: files_open_given() */
	bool require;			/* refuse where a part is not to be had */
	unsigned seconds;		/* of processor time, and about of time; 0: SANDBOX_SECONDS */
	bool verbose;			/* say on standard error what is not to be had */
	/* Runs in the reader; what it writes to out arrives in the parent's. Its result is an exit
	 * code. */
	int (*work)(void *arg, FILE *out);
	void *arg;
};

enum {
	SANDBOX_SECONDS = 900,
	SANDBOX_PATIENCE = 600,		/* beside these: for disks, pipes and other processes */
};
#define SANDBOX_MEMORY ((uint64_t)2 << 30)
#define SANDBOX_REPORT ((uint64_t)1 << 30)	/* bytes that are passed on */

/* The exit code; what went wrong is told in one line on standard error. */
int sandboxed_run(const struct sandboxed *job, FILE *out);

#endif
