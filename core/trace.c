#include "core/trace.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/checked.h"

unsigned trace_mask;

static const char *const topic_names[] = {
	"memory", "elf", "files", "symbols", "layout", "locate", "frames", "objects",
};

bool trace_parse(const char *list, const char **unknown)
{
	while (*list) {
		size_t len = strcspn(list, ",");
		bool known = len == 0;
		if (len == 3 && strncmp(list, "all", 3) == 0) {
			trace_mask = (1u << ARRAY_SIZE(topic_names)) - 1;
			known = true;
		}
		for (size_t i = 0; !known && i < ARRAY_SIZE(topic_names); i++) {
			if (strlen(topic_names[i]) == len && strncmp(list, topic_names[i], len) == 0) {
				trace_mask |= 1u << i;
				known = true;
			}
		}
		if (!known) {
			*unknown = list;
			return false;
		}
		list += len + (list[len] == ',');
	}
	return true;
}

void trace_print(enum trace_topic topic, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "[%s] ", topic_names[__builtin_ctz(topic)]);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}
