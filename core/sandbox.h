/* A process that is about to read what somebody hostile may have made, and that gives up everything
 * which reading does not need. What is left: the descriptors that are open, memory, processor time,
 * and asking its parent for further files (core/broker.h).
 *
 *	user          no longer root: the crashed process's user, else nobody's; no other groups
 *	no_new_privs  set-user-ID programs give nothing
 *	Landlock      no path can be opened, made or removed, no TCP port used (Linux 5.13; 6.7)
 *	seccomp       system calls by a list: no open, connect, exec, kill, ptrace; no memory that
 *	              can be executed. Others fail with EPERM
 *	rlimits       memory, processor time, size of what is written, no core
 *	not dumpable  its own crash leaves no copy of the core that it read, and no hook runs again
 *
 * The filter is libseccomp's, which is loaded when a sandbox is entered: without it there is none. */
#ifndef CORE_SANDBOX_H
#define CORE_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>
#include "core/error.h"

struct sandbox {
	int64_t uid, gid;		/* whose rights, when root; -1: nobody's */
	uint64_t memory;		/* bytes of its own: heap and stacks, not mapped files */
	uint64_t file_size;		/* bytes of a temporary file */
	unsigned seconds;		/* of processor time */
};

/* What this kernel lacks, or does not allow here. */
struct sandbox_lack {
	bool user, landlock, seccomp;	/* user: root, and could not be given up */
};

/* There is no way back. false: even no_new_privs and the limits could not be set (errno); what
 * else failed is told in *ret, and is the caller's to judge. */
bool sandbox_enter(const struct sandbox *s, struct sandbox_lack *ret);

#endif
