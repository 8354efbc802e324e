/* UTF-8 as it comes out of a core: mostly valid, with lone surrogates as three bytes (as Python's
 * own str may hold them), and now and then not UTF-8 at all. */
#ifndef REPORT_UTF8_H
#define REPORT_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_INVALID 0xffffffffu

/* The code point at p (p < end) and how many bytes it takes. What is not UTF-8 gives UTF8_INVALID
 * for the longest beginning of a sequence that stands there, so that as many U+FFFD come out as
 * from bytes.decode(errors="replace"). */
static inline size_t utf8_next(const uint8_t *p, const uint8_t *end, uint32_t *ret)
{
	uint8_t lead = p[0], low = 0x80, high = 0xbf;
	if (lead < 0x80) {
		*ret = lead;
		return 1;
	}
	*ret = UTF8_INVALID;
	size_t need = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
	if (lead < 0xc2 || lead > 0xf4)
		return 1;
	if (lead == 0xe0)
		low = 0xa0;
	else if (lead == 0xf0)
		low = 0x90;
	else if (lead == 0xf4)
		high = 0x8f;
	uint32_t c = lead & (0x3fu >> need);
	for (size_t i = 1; i <= need; i++) {
		if (p + i >= end || p[i] < low || p[i] > high)
			return i;
		c = c << 6 | (p[i] & 0x3f);
		low = 0x80;
		high = 0xbf;
	}
	*ret = c;
	return need + 1;
}

static inline bool utf8_is_surrogate(uint32_t c)
{
	return c >= 0xd800 && c <= 0xdfff;
}

/* Would it move a terminal's cursor, change its state, reorder or hide what stands beside it?
 * C0, DEL, C1, the bidi marks and overrides, line and paragraph separators, tag characters. */
static inline bool utf8_is_unsafe(uint32_t c)
{
	if (c < 0x20 || (c >= 0x7f && c <= 0x9f))
		return true;
	if (c < 0x61c)
		return false;
	return c == 0x61c || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069) || c == 0xfeff || (c >= 0xe0000 && c <= 0xe007f);
}

#endif
