/* The cores that crash handlers keep on this machine.
 *
 *	systemd-coredump  /var/lib/systemd/coredump/core.NAME.UID.BOOTID.PID.MICROSECONDS[.zst|.lz4|.xz]
 *	                  with attributes (core/stored.h); without them, the name says the most of it
 *	abrt              /var/spool/abrt/DIRECTORY/coredump[.zst|.lz4|.xz], beside one small file per
 *	                  fact: pid, uid, executable, time, reason ...
 *
 * The journal, where libsystemd can read it, says more: which cores are not whole, and which are no
 * longer there (core/journal.h).
 *
 * Nothing is opened but what lies directly there, no link is followed, and what the entries say of
 * themselves is a claim: they are for showing and choosing. Formats: systemd 262
 * src/coredump/coredump-submit.c, libreport src/include/internal_libreport.h. */
#ifndef CORE_STORE_H
#define CORE_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include "core/error.h"
#include "core/vec.h"

enum store_state {
	STORE_PRESENT,
	STORE_INACCESSIBLE,		/* there, and not ours to read */
	STORE_TRUNCATED,		/* there, and not whole: it was larger than systemd-coredump keeps */
	STORE_MISSING,			/* known of, and gone: removed to make room */
	STORE_JOURNAL,			/* in the journal itself; no path, but a cursor */
	STORE_NONE,			/* was not kept; no path */
};

struct store_entry {
	char *path;			/* of the core; NULL: it is in no file */
	char *maps;			/* of the text of /proc/PID/maps; NULL: not kept */
	const char *keeper;		/* "systemd-coredump", "abrt"; static */
	enum store_state state;
	uint64_t size;			/* of the file, as it is packed */
	int64_t time;			/* of death, microseconds since the epoch; -1 */
	int64_t pid, uid, gid, signal;	/* -1: not told */
	char *name, *executable, *hostname, *unit;	/* NULL: not told */
	char *cursor;			/* STORE_JOURNAL: for journal_core() */
};

struct store {
	VEC(struct store_entry) entries;	/* newest first */
	bool unreadable;		/* a directory is there that may not be read */
};

/* sysroot: NULL for "/". What is not there is no error: there are no cores then. */
struct error *store_load(const char *sysroot, struct store *ret) _must_check_;
void store_release(struct store *s);

/* "last"; a process id; else a name or, with a slash, an executable: the newest such one, whatever
 * its state. NULL: none. */
const struct store_entry *store_find(const struct store *s, const char *word);

#endif
