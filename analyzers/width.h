/* How many columns of a terminal a character takes, as Python's traceback module reckons when it
 * places carets. */
#ifndef ANALYZERS_WIDTH_H
#define ANALYZERS_WIDTH_H

#include <stdbool.h>
#include <stdint.h>

enum width_rule {
	WIDTH_NONE,		/* every character is one column (3.11.0 - 3.11.6, 3.12.0) */
	WIDTH_EAST_ASIAN,	/* wide and full-width ones are two (3.11.7, 3.12.1 - 3.14) */
	WIDTH_COMBINING,	/* and combining and format ones none (3.15) */
};

unsigned char_width(enum width_rule rule, uint32_t c);
/* str.isspace() */
bool char_is_space(uint32_t c);

#endif
