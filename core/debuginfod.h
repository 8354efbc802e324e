/* Files by their build-id from the servers of DEBUGINFOD_URLS, by elfutils' libdebuginfod, which is
 * loaded when the first file is asked for. It keeps what it got in a cache of its own.
 *
 * A core decides which build-ids are asked for, and so tells a server which they are: never in a
 * hook, and never where the user has not named servers. */
#ifndef CORE_DEBUGINFOD_H
#define CORE_DEBUGINFOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/owned.h"
#include "core/progress.h"

struct debuginfod;	/* owned by the caller */

/* NULL: no server is named (or out of memory). progress (may be NULL) is borrowed. */
struct debuginfod *debuginfod_new(struct progress *progress);
void debuginfod_free(struct debuginfod *d);

/* An open file of 1 to 64 bytes of build-id: the debug file, or the program or library itself.
 * -1: no server has it. A server that cannot be reached is not asked again. */
int debuginfod_fetch(struct debuginfod *d, const uint8_t *id, size_t len, bool want_debug);
/* Why no server is asked any more: "libdebuginfod.so.1 is not on this machine"; NULL: they are, or never
 * were (d NULL). */
const char *debuginfod_fault(const struct debuginfod *d);

#endif
