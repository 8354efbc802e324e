/* Text: from its units to UTF-8, to names, and to what repr() shows. */
#include "cpython_layouts/unicode.h"

#include "core/checked.h"
#include "cpython_layouts/type.h"

#define NAME_MAX_CHARACTERS 4096

/* --- where the units are -------------------------------------------------------------------- */

static bool units_load(struct runtime *rt, addr_t data, size_t max, struct characters *c)
{
	uint64_t end;
	c->seen = MIN(c->len, (uint64_t)max);
	if (c->seen == 0)
		return true;
	if (!checked_extent(data, c->seen, c->unit, &end))
		return false;
	c->data = memory_at(&rt->target->memory, data, c->seen * c->unit);
	return c->data;
}

static bool characters_load_27(struct runtime *rt, addr_t addr, uint64_t flags, size_t max,
			       struct characters *c)
{
	const struct layout *l = &rt->layout;
	const struct memory *m = &rt->target->memory;
	int64_t len;
	addr_t data;
	if (flags & TPFLAGS_BYTES_SUBCLASS) {
		const uint8_t *p = memory_at(m, addr, SIZEOF(l, PyVarObject));
		if (!p)
			return false;
		len = GETS(l, p, PyVarObject, ob_size);
		data = addr + OFFSET(l, PyBytesObject, ob_sval);
		c->unit = 1;
		c->bytes = true;
	} else {
		const uint8_t *p = memory_at(m, addr, SIZEOF(l, PyUnicodeObject));
		if (!p || !(flags & TPFLAGS_UNICODE_SUBCLASS))
			return false;
		len = GETS(l, p, PyUnicodeObject, length);
		data = GET(l, p, PyUnicodeObject, str);
		c->unit = l->unicode_unit;
		c->utf16 = c->unit == 2;
	}
	if (len < 0 || (c->unit != 1 && c->unit != 2 && c->unit != 4))
		return false;
	c->len = (uint64_t)len;
	return units_load(rt, data, max, c);
}

/* Up to 3.11: made by the old C API and not converted yet (state.ready is 0). */
static bool characters_load_wide(struct runtime *rt, addr_t addr, const uint8_t *p, size_t max,
				 struct characters *c)
{
	const struct layout *l = &rt->layout;
	const uint8_t *whole =
		memory_at(&rt->target->memory, addr, SIZEOF(l, PyCompactUnicodeObject));
	if (!whole || !HAS(l, PyASCIIObject, wstr) || !HAS(l, PyCompactUnicodeObject, wstr_length))
		return false;
	int64_t len = GETS(l, whole, PyCompactUnicodeObject, wstr_length);
	if (len < 0)
		return false;
	c->unit = 4;
	c->len = (uint64_t)len;
	return units_load(rt, GET(l, p, PyASCIIObject, wstr), max, c);
}

bool characters_load(struct runtime *rt, addr_t addr, size_t max, struct characters *ret)
{
	const struct layout *l = &rt->layout;
	const struct memory *m = &rt->target->memory;
	struct characters c = { .machine = l->machine };
	const uint8_t *p;
	uint64_t flags;
	if (!head_load(rt, addr, &p, &flags))
		return false;
	if (l->dialect.unicode_27) {
		if (!characters_load_27(rt, addr, flags, max, &c))
			return false;
		*ret = c;
		return true;
	}
	if (!(flags & TPFLAGS_UNICODE_SUBCLASS))
		return false;
	p = memory_at(m, addr, SIZEOF(l, PyASCIIObject));
	if (!p)
		return false;
	int64_t len = GETS(l, p, PyASCIIObject, length);
	c.unit = (uint8_t)GET(l, p, PyASCIIObject, kind);
	if (HAS(l, PyASCIIObject, ready) && !GET(l, p, PyASCIIObject, ready)) {
		if (!characters_load_wide(rt, addr, p, max, &c))
			return false;
		*ret = c;
		return true;
	}
	if (len < 0 || (c.unit != 1 && c.unit != 2 && c.unit != 4))
		return false;
	c.len = (uint64_t)len;
	c.ascii = GET(l, p, PyASCIIObject, ascii) && c.unit == 1;
	addr_t data;
	if (!GET(l, p, PyASCIIObject, compact)) {
		p = memory_at(m, addr, SIZEOF(l, PyUnicodeObject));
		if (!p)
			return false;
		data = GET(l, p, PyUnicodeObject, data);
	} else {
		data = addr +
		       (c.ascii ? SIZEOF(l, PyASCIIObject) : SIZEOF(l, PyCompactUnicodeObject));
	}
	if (!units_load(rt, data, max, &c))
		return false;
	*ret = c;
	return true;
}

static uint32_t unit_at(const struct characters *c, size_t i)
{
	if (c->unit == 1)
		return c->data[i];
	if (c->unit == 2)
		return load_u16(c->machine, c->data + i * 2);
	return load_u32(c->machine, c->data + i * 4);
}

uint32_t characters_next(const struct characters *c, size_t *i)
{
	uint32_t high = unit_at(c, (*i)++);
	if (!c->utf16 || high < 0xd800 || high > 0xdbff || *i >= c->seen)
		return high;
	uint32_t low = unit_at(c, *i);
	if (low < 0xdc00 || low > 0xdfff)
		return high;
	(*i)++;
	return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

/* --- UTF-8 --------------------------------------------------------------------------------- */

static size_t ascii_run(const uint8_t *p, size_t len)
{
	size_t n = 0;
	while (n < len && p[n] < 0x80)
		n++;
	return n;
}

/* 2.7's str says nothing of its encoding: valid UTF-8 is taken as such, else each byte above 127
 * as Latin-1. */
static bool bytes_are_utf8(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len;) {
		uint8_t c = p[i++];
		unsigned more = c < 0x80   ? 0
				: c < 0xc2 ? 9
				: c < 0xe0 ? 1
				: c < 0xf0 ? 2
				: c < 0xf5 ? 3
					   : 9;
		if (more > len - i)
			return false;
		if ((c == 0xe0 && p[i] < 0xa0) || (c == 0xed && p[i] > 0x9f) ||
		    (c == 0xf0 && p[i] < 0x90) || (c == 0xf4 && p[i] > 0x8f))
			return false;
		for (; more; more--, i++)
			if ((p[i] & 0xc0) != 0x80)
				return false;
	}
	return true;
}

bool object_text(struct runtime *rt, addr_t addr, size_t max, struct str *out, bool *cut)
{
	struct characters c;
	if (!characters_load(rt, addr, max, &c))
		return false;
	if (cut)
		*cut = c.seen < c.len;
	if (c.unit == 1 &&
	    (ascii_run(c.data, c.seen) == c.seen || (c.bytes && bytes_are_utf8(c.data, c.seen)))) {
		str_add(out, (const char *)c.data, c.seen);
		return true;
	}
	for (size_t i = 0; i < c.seen;)
		str_add_utf8(out, characters_next(&c, &i));
	return true;
}

static const char *name_find(struct runtime *rt, addr_t addr)
{
	struct types *types = types_of(rt);
	uint64_t *known = types ? map_find(&types->texts, addr) : NULL;
	if (known)
		return (const char *)(uintptr_t)*known;
	_str_ struct str text = STR_INIT;
	if (!types || !object_text(rt, addr, NAME_MAX_CHARACTERS, &text, NULL) || text.failed)
		return NULL;
	char *copy = arena_copy(&rt->arena, text.buf, text.len);
	uint64_t *slot = copy ? map_insert(&types->texts, addr, NULL) : NULL;
	if (slot)
		*slot = (uintptr_t)copy;
	return copy;
}

const char *object_name(struct runtime *rt, addr_t addr)
{
	runtime_lock(rt);
	const char *name = name_find(rt, addr);
	runtime_unlock(rt);
	return name;
}

bool text_equals(struct runtime *rt, addr_t addr, const char *name, size_t len)
{
	struct characters c;
	if (!characters_load(rt, addr, len, &c) || c.len != len || c.seen != len)
		return false;
	if (c.unit == 1)
		return len == 0 || memcmp(c.data, name, len) == 0;
	for (size_t i = 0; i < len; i++)
		if (unit_at(&c, i) != (uint8_t)name[i])
			return false;
	return true;
}

/* --- repr() -------------------------------------------------------------------------------- */

/* Double quotes only where the text has single quotes and no double ones. */
static char quote_for(bool has_single, bool has_double)
{
	return has_single && !has_double ? '"' : '\'';
}

static bool escape_plain(uint32_t c, char quote, struct str *out)
{
	switch (c) {
	case '\t':
		str_add(out, "\\t", 2);
		return true;
	case '\n':
		str_add(out, "\\n", 2);
		return true;
	case '\r':
		str_add(out, "\\r", 2);
		return true;
	}
	if (c != '\\' && c != (uint8_t)quote)
		return false;
	str_addc(out, '\\');
	str_addc(out, (char)c);
	return true;
}

static void escape_code(uint32_t c, struct str *out)
{
	if (c <= 0xff)
		str_printf(out, "\\x%02x", c);
	else if (c <= 0xffff)
		str_printf(out, "\\u%04x", c);
	else
		str_printf(out, "\\U%08x", c);
}

/* Bytes that repr() shows as they are, whatever the quote. */
static bool is_plain(uint32_t c)
{
	return c >= 0x20 && c < 0x7f && c != '\\' && c != '\'' && c != '"';
}

char bytes_quote(const uint8_t *p, size_t len)
{
	return quote_for(len && memchr(p, '\'', len), len && memchr(p, '"', len));
}

void bytes_escape(const uint8_t *p, size_t len, char quote, bool escape_single, struct str *out)
{
	for (size_t i = 0; i < len;) {
		size_t run = i;
		while (run < len && is_plain(p[run]))
			run++;
		str_add(out, (const char *)p + i, run - i);
		i = run;
		if (i == len)
			break;
		uint8_t c = p[i++];
		if (escape_plain(c, quote, out))
			continue;
		if (c == '\'' && escape_single)
			str_addc(out, '\\');
		if (c >= 0x20 && c < 0x7f)
			str_addc(out, (char)c);
		else
			escape_code(c, out);
	}
}

static char characters_quote(const struct characters *c, size_t n)
{
	bool single = false, twice = false;
	if (c->unit == 1)
		return bytes_quote(c->data, n);
	for (size_t i = 0; i < n; i++) {
		uint32_t unit = unit_at(c, i);
		single |= unit == '\'';
		twice |= unit == '"';
	}
	return quote_for(single, twice);
}

void characters_repr(const struct characters *c, size_t max, bool unicode_27, struct str *out,
		     bool *cut)
{
	size_t n = MIN(c->seen, max);
	char quote = characters_quote(c, c->seen);
	str_addc(out, quote);
	for (size_t i = 0; i < n;) {
		if (c->unit == 1) {
			size_t run = i;
			while (run < n && is_plain(c->data[run]))
				run++;
			str_add(out, (const char *)c->data + i, run - i);
			i = run;
			if (i == n)
				break;
		}
		uint32_t ch = characters_next(c, &i);
		if (escape_plain(ch, quote, out))
			continue;
		if (ch < 0x7f ? ch >= 0x20 : !unicode_27 && character_is_printable(ch))
			str_add_utf8(out, ch);
		else
			escape_code(ch, out);
	}
	if (n < c->len) {
		str_adds(out, "...");
		*cut = true;
	}
	str_addc(out, quote);
}

/* Of a text that str_add_utf8() wrote: complete sequences, lone surrogates as three bytes. */
static size_t utf8_decode(const char *text, size_t len, uint32_t *ret)
{
	size_t n = 0;
	for (size_t i = 0; i < len;) {
		uint8_t c = (uint8_t)text[i++];
		unsigned more = c < 0xc0 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
		uint32_t value = more ? c & (0x3fu >> more) : c;
		for (; more && i < len; more--)
			value = value << 6 | ((uint8_t)text[i++] & 0x3f);
		ret[n++] = value;
	}
	return n;
}

void utf8_repr(const char *text, size_t len, struct str *out)
{
	static const struct machine host = { .word = sizeof(void *) };
	_free_ uint32_t *units = malloc((len + 1) * sizeof(*units));
	bool cut = false;
	if (!units)
		return;
	size_t n = utf8_decode(text, len, units);
	struct characters c = {
		.machine = &host,
		.data = (const uint8_t *)units,
		.len = n,
		.seen = n,
		.unit = 4,
	};
	characters_repr(&c, n, false, out, &cut);
}
