/* What a record's text() writes with. Text that came out of the core goes through text_escaped(),
 * which makes control, C1, bidi and invalid bytes visible (\x1b, \u202e, \ufffd) for a terminal. */
#ifndef REPORT_TEXT_H
#define REPORT_TEXT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include "report/record.h"

struct text;

enum style {
	STYLE_PLAIN, STYLE_HEADING, STYLE_DIM, STYLE_FILE, STYLE_LINE, STYLE_NAME, STYLE_BAD, STYLE_MARK,
};

void text_style(struct text *t, enum style style);	/* nothing without colour */
void text_printf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_put(struct text *t, const char *bytes, size_t len);
void text_escaped(struct text *t, const char *bytes, size_t len);
/* As text shows it: escaped, "?" when absent, "<lost 0x...>". */
void text_value(struct text *t, const struct column *c, const struct value *v);
unsigned text_width(const struct text *t);		/* of the terminal; 0: unlimited */

#endif
