/* What systemd-coredump wrote beside a core, as extended attributes of the file that it stored
 * (systemd 262, src/coredump/coredump-submit.c): facts of the dead process as the kernel told them,
 * which the core itself does not always have. Like all else they are claims: who may write the file
 * may write them too, so they are shown and never acted upon. */
#ifndef CORE_STORED_H
#define CORE_STORED_H

#include <stdbool.h>
#include <stdint.h>
#include "core/owned.h"

struct stored {
	int64_t pid, tid, uid, gid, signal;	/* in the initial namespaces; -1: not told */
	int64_t timestamp;			/* of death, microseconds since the epoch; -1 */
	uint64_t rlimit;			/* RLIMIT_CORE; UINT64_MAX: none, or not told */
	char *hostname, *name, *thread_name, *executable;	/* NULL: not told */
};

/* fd: an open file, of any kind. NULL: it has no such attributes (or memory is out). Owned by the
 * caller. */
struct stored *stored_read(int fd);
void stored_free(struct stored *s);
OWNED(struct stored, stored_free);

#endif
