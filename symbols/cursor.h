/* Reading hostile bytes one after the other: what does not fit sets .failed, gives 0, and so does
 * everything behind it; a reader checks once, at its end. */
#ifndef SYMBOLS_CURSOR_H
#define SYMBOLS_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/machine.h"

struct cursor {
	const struct machine *machine;
	const uint8_t *data;
	uint64_t at, size; /* at <= size */
	bool failed;
};

static inline struct cursor cursor_at(const struct machine *m, const uint8_t *data, uint64_t size,
				      uint64_t at)
{
	return (struct cursor){ m, data, at <= size ? at : size, size, at > size };
}

/* len bytes, or NULL. */
static inline const uint8_t *cursor_take(struct cursor *c, uint64_t len)
{
	if (c->failed || len > c->size - c->at) {
		c->failed = true;
		return NULL;
	}
	c->at += len;
	return c->data + c->at - len;
}

static inline uint8_t cursor_u8(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 1);
	return p ? *p : 0;
}

static inline uint16_t cursor_u16(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 2);
	return p ? load_u16(c->machine, p) : 0;
}

static inline uint32_t cursor_u32(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 4);
	return p ? load_u32(c->machine, p) : 0;
}

static inline uint64_t cursor_u64(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 8);
	return p ? load_u64(c->machine, p) : 0;
}

static inline uint64_t cursor_word(struct cursor *c)
{
	return c->machine->word == 8 ? cursor_u64(c) : cursor_u32(c);
}

/* LEB128 (DWARF 4, section 7.6); bits beyond the 64th are dropped. */
static inline uint64_t cursor_leb(struct cursor *c, bool is_signed)
{
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte;
	do {
		byte = cursor_u8(c);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while ((byte & 0x80) && !c->failed);
	if (is_signed && shift < 64 && (byte & 0x40))
		value |= UINT64_MAX << shift;
	return value;
}

static inline uint64_t cursor_uleb(struct cursor *c)
{
	return cursor_leb(c, false);
}

static inline int64_t cursor_sleb(struct cursor *c)
{
	return (int64_t)cursor_leb(c, true);
}

/* A NUL-terminated string of less than size bytes. */
static inline bool cursor_string(struct cursor *c, char *ret, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		ret[i] = (char)cursor_u8(c);
		if (c->failed)
			return false;
		if (!ret[i])
			return true;
	}
	return false;
}

#endif
