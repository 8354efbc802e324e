#include "core/str.h"

#include <stdio.h>

char str_empty[1];

void str_release(struct str *s)
{
	if (s->alloc)
		free(s->buf);
	*s = (struct str)STR_INIT;
}

bool str_reserve(struct str *s, size_t extra)
{
	size_t want, alloc;
	char *buf;

	if (s->failed)
		return false;
	if (__builtin_add_overflow(s->len, extra, &want) || want > SIZE_MAX / 4) {
		s->failed = true;
		return false;
	}
	if (want < s->alloc)
		return true;
	alloc = s->alloc ? s->alloc * 2 : 64;
	if (alloc <= want)
		alloc = want + 1;
	buf = realloc(s->alloc ? s->buf : NULL, alloc);
	if (!buf) {
		s->failed = true;
		return false;
	}
	buf[s->len] = '\0';
	s->buf = buf;
	s->alloc = alloc;
	return true;
}

void str_add(struct str *s, const char *bytes, size_t len)
{
	if (len == 0 || !str_reserve(s, len))
		return;
	memcpy(s->buf + s->len, bytes, len);
	s->len += len;
	s->buf[s->len] = '\0';
}

void str_adds(struct str *s, const char *text)
{
	str_add(s, text, strlen(text));
}

void str_addc(struct str *s, char c)
{
	str_add(s, &c, 1);
}

void str_vprintf(struct str *s, const char *fmt, va_list ap)
{
	va_list again;
	int len;

	va_copy(again, ap);
	len = vsnprintf(s->alloc ? s->buf + s->len : NULL, s->alloc ? s->alloc - s->len : 0, fmt, ap);
	if (len < 0) {
		s->failed = true;
	} else if ((size_t)len < (s->alloc ? s->alloc - s->len : 0)) {
		s->len += len;
	} else if (str_reserve(s, len)) {
		vsnprintf(s->buf + s->len, s->alloc - s->len, fmt, again);
		s->len += len;
	}
	if (s->alloc)
		s->buf[s->len] = '\0';
	va_end(again);
}

void str_printf(struct str *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	str_vprintf(s, fmt, ap);
	va_end(ap);
}

void str_add_utf8(struct str *s, uint32_t c)
{
	char b[4];

	if (c > 0x10ffff)
		c = 0xfffd;
	if (c < 0x80) {
		b[0] = c;
		str_add(s, b, 1);
	} else if (c < 0x800) {
		b[0] = 0xc0 | c >> 6;
		b[1] = 0x80 | (c & 0x3f);
		str_add(s, b, 2);
	} else if (c < 0x10000) {
		b[0] = 0xe0 | c >> 12;
		b[1] = 0x80 | (c >> 6 & 0x3f);
		b[2] = 0x80 | (c & 0x3f);
		str_add(s, b, 3);
	} else {
		b[0] = 0xf0 | c >> 18;
		b[1] = 0x80 | (c >> 12 & 0x3f);
		b[2] = 0x80 | (c >> 6 & 0x3f);
		b[3] = 0x80 | (c & 0x3f);
		str_add(s, b, 4);
	}
}

void str_truncate(struct str *s, size_t len)
{
	if (len >= s->len)
		return;
	s->len = len;
	s->buf[len] = '\0';
}

char *str_detach(struct str *s)
{
	char *buf = NULL;

	if (!s->failed)
		buf = s->alloc ? s->buf : calloc(1, 1);
	else if (s->alloc)
		free(s->buf);
	*s = (struct str)STR_INIT;
	return buf;
}
