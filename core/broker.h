/* Files for a process that may open none: it asks the one that started it, over a socket.
 *
 *	sandboxed reader                         parent
 *	files.c  --- where, path ------------->  the same files.c, which opens by the same rules
 *	         <-- a descriptor, or an errno   and hands out only ELF files and scripts
 *
 * The reader may have been taken over by the core that it reads, so what it asks for is judged
 * as if the core had asked: below the sysroot and the --search directories only, regular files,
 * and of these only what reading a core needs. A taken-over reader thus gets no private file that
 * is neither a program nor its source, whoever the parent is. */
#ifndef CORE_BROKER_H
#define CORE_BROKER_H

#include <stdbool.h>
#include "core/files.h"

/* where, beside an index into files.search */
enum { BROKER_ROOT = -1, BROKER_TEMPORARY = -2, BROKER_HOST = -3 };

/* A pair of ends: [0] the parent's, [1] the reader's. false: errno. */
bool broker_pair(int ret[2]);
/* The reader's side. A descriptor, or -1 with errno. */
int broker_ask(int socket, int where, const char *path);
/* The parent's side: one request. false: the reader has gone, or talks nonsense: answer no more. */
bool broker_answer(int socket, struct files *f);

#endif
