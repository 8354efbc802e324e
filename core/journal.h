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
#include "core/files.h"

#define JOURNAL_CRASH "fc2e22bc6ee647b6b90729ab34a250b1"

struct journal_crash {
	char *file;			/* where the core was stored; NULL: nowhere */
	char *name, *executable, *hostname, *unit;	/* NULL: not told */
	int64_t time;			/* microseconds since the epoch; -1 */
	int64_t pid, uid, gid, signal;	/* -1: not told */
	bool truncated;
	char *cursor;			/* of the entry, for journal_core(); NULL: memory is out */
	bool in_journal;		/* the core itself is in the entry (Storage=journal) */
};

/* Newest first; the entry is the callee's to look at only. Ends when that returns false, or after
 * so many. sysroot: NULL for "/". false: there is no journal to be read here. */
bool journal_crashes(const char *sysroot, unsigned most,
		     bool (*crash)(void *arg, const struct journal_crash *c), void *arg);

/* Write the core that is in an entry to an unlinked file of f's, at most what f allows to unpack.
 * *ret: open on it, the caller's. All of it is in our memory until then: journald takes no field
 * above 768 MiB (DATA_SIZE_MAX, systemd 252, src/libsystemd/sd-journal/journal-importer.h).
 * name is for messages. */
struct error *journal_core(struct files *f, const char *cursor, const char *name,
			   int *ret) _must_check_;

#endif
