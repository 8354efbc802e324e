/* Numbers as they lie in the core, and as Python prints them. */
#ifndef CPYTHON_LAYOUTS_NUMBER_H
#define CPYTHON_LAYOUTS_NUMBER_H

#include "cpython_layouts/object.h"

/* An int (2.7: a long): sign and digits, least significant first.
 *
 *	ob_size or lv_tag | digit 0 | digit 1 | ...      30 bits in 4 bytes, or 15 in 2 */
struct integer {
	const struct machine *machine;
	const uint8_t *digits; /* host bytes; NULL when count is 0 */
	size_t count;
	uint8_t shift; /* bits per digit */
	bool negative;
};

/* The int object at addr, whose type was checked already. false: its digits are lost. */
bool integer_load(struct runtime *rt, addr_t addr, struct integer *ret);
/* i < count */
uint32_t integer_digit(const struct integer *integer, size_t i);
bool integer_int64(const struct integer *i, int64_t *ret);
/* Its decimal digits, at most max of them: a larger number ends in "..." (*cut). */
void integer_format(const struct integer *i, size_t max, struct str *out, bool *cut);

/* The same of a number of ours. */
void int64_format(int64_t value, struct str *out);

/* A double at host bytes, in the target's byte order. */
double double_at(const struct machine *m, const uint8_t *p);
/* float.__repr__: the shortest digits that read back as the same number. */
void double_format(double value, struct str *out);
/* complex.__repr__ */
void complex_format(double real, double imag, struct str *out);

#endif
