/* Text in the core: str of 3.x in all its forms, and both string types of 2.7.
 *
 *	PyASCIIObject | ascii bytes                      compact, ascii
 *	PyCompactUnicodeObject | 1, 2 or 4 byte units    compact
 *	PyUnicodeObject -> units                         subclasses of str
 *	PyASCIIObject.wstr -> wchar_t                    not ready (up to 3.11)
 *	2.7: PyUnicodeObject.str -> Py_UNICODE           2 (with surrogates) or 4 byte units
 */
#ifndef CPYTHON_LAYOUTS_UNICODE_H
#define CPYTHON_LAYOUTS_UNICODE_H

#include "cpython_layouts/object.h"

struct characters {
	const struct machine *machine;
	const uint8_t *data; /* host bytes of the first `seen` units; NULL when seen is 0 */
	uint64_t len;        /* units, as the object says */
	size_t seen;         /* units that are at hand: no more than asked for */
	uint8_t unit;        /* bytes: 1, 2, 4 */
	bool ascii;          /* all below 128, says the object */
	bool utf16;          /* 2.7 with two-byte units: surrogate pairs are one character */
	bool bytes;          /* 2.7's str: bytes, no characters */
};

/* The str (2.7: str or unicode) at addr; at most max units are made sure of. false: no text. */
bool characters_load(struct runtime *rt, addr_t addr, size_t max, struct characters *ret);
/* The character at unit *i, which is moved on. *i < seen. */
uint32_t characters_next(const struct characters *c, size_t *i);

/* str.isprintable() of a character, by the Unicode database of the newest Python; characters that
 * a version's own database does not have yet show as themselves where it would have escaped
 * them. */
bool character_is_printable(uint32_t c);

/* repr() of text: quotes chosen, backslashes, controls and unprintable characters escaped.
 * At most max units; *cut tells. In 2.7: unicode_27 escapes all that is not ASCII. */
void characters_repr(const struct characters *c, size_t max, bool unicode_27, struct str *out,
		     bool *cut);
/* The same for text of ours, in UTF-8 (3.x). */
void utf8_repr(const char *text, size_t len, struct str *out);
/* The quote that repr() of these bytes chooses: double where only single ones occur. */
char bytes_quote(const uint8_t *p, size_t len);
/* The bytes between the quotes. escape_single: a single quote is escaped in double ones too. */
void bytes_escape(const uint8_t *p, size_t len, char quote, bool escape_single, struct str *out);

#endif
