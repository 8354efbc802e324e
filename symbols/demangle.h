/* Names as their authors wrote them: C++ and Rust (both manglings), by GCC's libiberty. Made for
 * linkers, not for hostile input: only in a process of its own (core/isolated.h). */
#ifndef SYMBOLS_DEMANGLE_H
#define SYMBOLS_DEMANGLE_H

#include <stdbool.h>

/* Could it be one? "_Z...", "_R...". Cheap; anywhere. */
bool demangle_wanted(const char *name);
/* malloc'ed; NULL: it is no mangled name, or libiberty was not there when pycore was built. */
char *demangle(const char *name);

#endif
