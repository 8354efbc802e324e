/* AVX-512 instructions, of which capstone 4 knows few: how long they are and what memory they use.
 *
 * glibc's strlen(), memcpy() and their kin are made of them on today's processors, so that a null
 * pointer given to C is most often noticed by one. Encoding: Intel's Software Developer's Manual,
 * volume 2, 2.7 (the EVEX prefix) and 2.1.5 (ModR/M and SIB). */
#ifndef SYMBOLS_EVEX_H
#define SYMBOLS_EVEX_H

#include <stdbool.h>
#include <stddef.h>
#include "symbols/disasm.h"

/* How many of the len bytes at code are one such instruction; 0: they are none. *ret: what it does
 * to memory, of which direction 0 is not known; has_access false: nothing, or that is not known. */
size_t evex_decode(const uint8_t *code, size_t len, struct memory_access *ret, bool *ret_has_access);

#endif
