/* What systemd-coredump told the journal of the crashes here.
 *
 * Anybody may log an entry that looks like one. Believed are those of which journald itself notes
 * that they came from systemd-coredump as root started it: _COMM, and the unit
 * systemd-coredump@...service (only root makes system units) or _UID=0. (systemd 262,
 * src/coredump/coredump-submit.c; man systemd.journal-fields.) What the fields say of the dead
 * process is still what that process wanted to be called.
 *
 * Through libsystemd, which is loaded when it is needed; without it there are no entries. */
#ifndef CORE_JOURNAL_H
#define CORE_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#define JOURNAL_CRASH "fc2e22bc6ee647b6b90729ab34a250b1"

struct journal_crash {
	char *file;			/* where the core was stored; NULL: nowhere */
	char *name, *executable, *hostname, *unit;	/* NULL: not told */
	int64_t time;			/* microseconds since the epoch; -1 */
	int64_t pid, uid, gid, signal;	/* -1: not told */
	bool truncated;
	bool in_journal;		/* the core itself is in the entry */
};

/* Newest first; the entry is the callee's to look at only. Ends when that returns false, or after
 * so many. sysroot: NULL for "/". false: there is no journal to be read here. */
bool journal_crashes(const char *sysroot, unsigned most,
		     bool (*crash)(void *arg, const struct journal_crash *c), void *arg);

#endif
