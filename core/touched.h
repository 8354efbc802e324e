/* Which bytes of the target were read, page by page: what is left of a core that shall hold nothing
 * else (slim --redact).
 *
 *	page 0x7f..2000  one bit for each of its 4096 bytes */
#ifndef CORE_TOUCHED_H
#define CORE_TOUCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/owned.h"

struct touched;

/* NULL: out of memory. */
struct touched *touched_new(void);
void touched_free(struct touched *t);
OWNED(struct touched, touched_free);

/* Out of memory is remembered: touched_failed(). */
void touched_add(struct touched *t, uint64_t addr, size_t len);
bool touched_failed(const struct touched *t);
/* bytes: a copy of [addr, addr + len); those that were not read become zeros. */
void touched_keep(const struct touched *t, uint64_t addr, uint8_t *bytes, size_t len);

#endif
