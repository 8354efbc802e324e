/* A growable byte string, always NUL-terminated, that may hold NULs.
 *
 *	_str_ struct str s = STR_INIT;
 *	str_printf(&s, "%d threads", n);
 *	puts(s.buf);
 *
 * Running out of memory is remembered in .failed and later appends are ignored, so that a writer
 * may append a hundred times and check once. .buf is never NULL. */
#ifndef CORE_STR_H
#define CORE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "core/owned.h"

struct str {
	char *buf;
	size_t len, alloc;	/* alloc 0: buf is the shared empty string */
	bool failed;
};

extern char str_empty[1];
#define STR_INIT { .buf = str_empty }

void str_release(struct str *s);
#define _str_ _cleanup_(str_release)

/* Make room for `extra` more bytes; false when out of memory. */
bool str_reserve(struct str *s, size_t extra);
void str_add(struct str *s, const char *bytes, size_t len);
void str_adds(struct str *s, const char *text);
void str_addc(struct str *s, char c);
void str_printf(struct str *s, const char *fmt, ...) _printf_(2, 3);
void str_vprintf(struct str *s, const char *fmt, va_list ap) _printf_(2, 0);
/* Append a code point as UTF-8; a lone surrogate is encoded as its three bytes (WTF-8), what is
 * above 0x10ffff as U+FFFD. */
void str_add_utf8(struct str *s, uint32_t code_point);
void str_truncate(struct str *s, size_t len);	/* len <= s->len */
static inline void str_reset(struct str *s)
{
	str_truncate(s, 0);
}
/* The bytes as a malloc'ed C string, leaving s empty; NULL when memory was out. */
char *str_detach(struct str *s);

static inline bool streq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static inline bool has_prefix(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

#endif
