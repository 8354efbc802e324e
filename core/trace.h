/* PYCORE_TRACE=memory,layout,... : the only way that code below cli/ writes to stderr.
 * The mask is the one global of the program. */
#ifndef CORE_TRACE_H
#define CORE_TRACE_H

#include <stdbool.h>
#include "core/owned.h"

enum trace_topic {
	TRACE_MEMORY = 1 << 0,
	TRACE_ELF = 1 << 1,
	TRACE_FILES = 1 << 2,
	TRACE_SYMBOLS = 1 << 3,
	TRACE_LAYOUT = 1 << 4,
	TRACE_LOCATE = 1 << 5,
	TRACE_FRAMES = 1 << 6,
	TRACE_OBJECTS = 1 << 7,
};

extern unsigned trace_mask;

/* "memory,layout" or "all"; returns false and names the first unknown word in *unknown. */
bool trace_parse(const char *list, const char **unknown);

void trace_print(enum trace_topic topic, const char *fmt, ...) _printf_(2, 3);

#define trace(topic, ...)                                                                          \
	do {                                                                                       \
		if (__builtin_expect(trace_mask & (TRACE_##topic), 0))                             \
			trace_print(TRACE_##topic, __VA_ARGS__);                                   \
	} while (0)

#endif
