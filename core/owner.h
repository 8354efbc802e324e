/* Whose core it is: whose rights are enough to read it, and to whom a report of it belongs.
 *
 *	the file is a user's    that user's; what the core says of itself counts for nothing, since
 *	                        who may write the file may write that too
 *	the file is root's      (systemd-coredump's are) the crashed process's user: as the kernel noted
 *	                        it in the core, or where that is compressed, as root noted it beside it
 *	                        (core/stored.h). Nobody's, when the two disagree, or when the process had
 *	                        more rights than its user (AT_SECURE, other effective ids): its memory
 *	                        is not for that user. Never from /proc: the number may be another's by now
 */
#ifndef CORE_OWNER_H
#define CORE_OWNER_H

#include "core/files.h"

struct owner {
	int64_t uid, gid;		/* whose rights, when root reads; -1: nobody's */
	int64_t file_uid, file_gid;	/* of the file; -1: it is none (a pipe) */
};

/* Of the core among the given files, which their content tells; else of what "-" is open on. */
void owner_find(const struct files *files, struct owner *ret);

#endif
