/* The line tables of code objects, over host bytes. Pure: no runtime, no target. */
#include "cpython_layouts/code.h"

/* Pairs of bytes (address increment, line increment); Objects/lnotab_notes.txt up to 3.9. The line
 * is the sum of all increments whose addresses are not beyond lasti, as PyCode_Addr2Line has it:
 * an instruction behind the last pair belongs to the last line. */
bool lines_lnotab(const uint8_t *table, size_t len, bool is_signed, int64_t first_line,
		  int64_t lasti, int64_t *ret_line)
{
	int64_t line = first_line, address = 0;
	for (size_t i = 0; i + 1 < len; i += 2) {
		address += table[i];
		if (address > lasti)
			break;
		line += is_signed ? (int8_t)table[i + 1] : table[i + 1];
	}
	*ret_line = line;
	return true;
}

/* Pairs (bytes covered, signed line increment); Objects/lnotab_notes.txt of 3.10. -128 stands for
 * "no line" and does not count as an increment. */
bool lines_linetable(const uint8_t *table, size_t len, int64_t first_line, int64_t lasti,
		     int64_t *ret_line)
{
	enum { NO_LINE = -128 };
	if (lasti < 0) {
		*ret_line = first_line;
		return true;
	}
	int64_t line = first_line, end = 0;
	for (size_t i = 0; i + 1 < len; i += 2) {
		int8_t delta = (int8_t)table[i + 1];
		end += table[i];
		if (delta != NO_LINE)
			line += delta;
		if (end > lasti) {
			*ret_line = delta == NO_LINE ? 0 : line;
			return true;
		}
	}
	*ret_line = 0;
	return false;
}

struct bytes {
	const uint8_t *at, *end;
};

/* Six bits to a byte, the lowest first; 0x40: more follow. A number fits 32 bits. */
static bool read_varint(struct bytes *b, uint32_t *ret)
{
	uint64_t value = 0;
	for (unsigned shift = 0; shift < 36; shift += 6) {
		if (b->at >= b->end)
			return false;
		uint8_t byte = *b->at++;
		value |= (uint64_t)(byte & 0x3f) << shift;
		if (!(byte & 0x40)) {
			*ret = (uint32_t)value;
			return value <= UINT32_MAX;
		}
	}
	return false;
}

/* Bit 0 is the sign. */
static bool read_signed_varint(struct bytes *b, int64_t *ret)
{
	uint32_t value;
	if (!read_varint(b, &value))
		return false;
	*ret = value & 1 ? -(int64_t)(value >> 1) : (int64_t)(value >> 1);
	return true;
}

/* The kinds of entry (Include/internal/pycore_code.h, enum _PyCodeLocationInfoKind, 3.11+). Those
 * below ONE_LINE are the short form, whose kind is the upper part of the column. */
enum location_kind {
	LOCATION_ONE_LINE = 10,		/* to 12: 0, 1 or 2 lines on, two bytes of columns */
	LOCATION_NO_COLUMNS = 13,
	LOCATION_LONG = 14,
	LOCATION_NONE = 15,
};

/* The entry's body behind its first byte. *line is the running line. */
static bool read_location(struct bytes *b, unsigned kind, int64_t *line, struct position *ret)
{
	*ret = (struct position){ .column = -1, .end_column = -1 };
	if (kind == LOCATION_NONE)
		return true;
	if (kind >= LOCATION_NO_COLUMNS) {
		int64_t delta;
		if (!read_signed_varint(b, &delta))
			return false;
		*line += delta;
		ret->line = ret->end_line = *line;
		if (kind == LOCATION_NO_COLUMNS)
			return true;
		uint32_t lines, column, end_column;
		if (!read_varint(b, &lines) || !read_varint(b, &column) ||
		    !read_varint(b, &end_column))
			return false;
		ret->end_line += lines;
		ret->column = (int64_t)column - 1;
		ret->end_column = (int64_t)end_column - 1;
		return true;
	}
	unsigned bytes = kind >= LOCATION_ONE_LINE ? 2 : 1;
	if ((size_t)(b->end - b->at) < bytes)
		return false;
	if (kind >= LOCATION_ONE_LINE) {
		*line += kind - LOCATION_ONE_LINE;
		ret->column = b->at[0];
		ret->end_column = b->at[1];
	} else {
		ret->column = kind << 3 | b->at[0] >> 4;
		ret->end_column = ret->column + (b->at[0] & 15);
	}
	b->at += bytes;
	ret->line = ret->end_line = *line;
	return true;
}

/* Entries of 0x80 | kind << 3 | (code units - 1) and a body; Objects/locations.md, 3.11+. */
bool lines_locations(const uint8_t *table, size_t len, int64_t first_line, int64_t lasti,
		     struct position *ret)
{
	*ret = (struct position){ .column = -1, .end_column = -1 };
	if (lasti < 0) {
		ret->line = ret->end_line = first_line;
		return true;
	}
	struct bytes b = { table, table + len };
	int64_t line = first_line, end = 0;
	while (b.at < b.end) {
		uint8_t first = *b.at++;
		struct position position;
		if (!(first & 0x80) || !read_location(&b, first >> 3 & 15, &line, &position))
			return false;
		end += 2 * ((first & 7) + 1);
		if (end > lasti) {
			*ret = position;
			return true;
		}
	}
	return false;
}
