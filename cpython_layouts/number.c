/* Ints of any size and floats in decimal.
 *
 * An int of up to EXACT_DIGITS digits is converted exactly, base 2^30 to base 10^9, which is
 * quadratic. Of a larger one only the leading decimal digits can be wanted: they come from its top
 * bits times a power of 1/10, in numbers of FLOAT_WORDS words, so that the cost does not grow with
 * the number. */
#include "cpython_layouts/number.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/checked.h"
#include "cpython_layouts/type.h"

#define EXACT_DIGITS 1000
#define BILLION      1000000000u

bool integer_load(struct runtime *rt, addr_t addr, struct integer *ret)
{
	const struct layout *l = &rt->layout;
	const struct memory *m = &rt->target->memory;
	const uint8_t *p;
	uint64_t count, end;
	struct integer i = { .machine = l->machine, .shift = l->dialect.long_shift };

	if (HAS(l, PyLongObject, lv_tag)) {
		/* Include/internal/pycore_long.h (3.12): two bits of sign, 0 + 1 zero 2 -, one
		 * reserved, then the number of digits. */
		p = memory_at(m, addr, OFFSET(l, PyLongObject, ob_digit));
		if (!p)
			return false;
		uint64_t tag = GET(l, p, PyLongObject, lv_tag);
		count = (tag & 3) == 1 ? 0 : tag >> 3;
		i.negative = (tag & 3) == 2;
	} else {
		p = memory_at(m, addr, SIZEOF(l, PyVarObject));
		if (!p)
			return false;
		int64_t size = GETS(l, p, PyVarObject, ob_size);
		i.negative = size < 0;
		count = size < 0 ? -(uint64_t)size : (uint64_t)size;
	}
	size_t width = i.shift > 16 ? 4 : 2;
	addr_t digits = addr + OFFSET(l, PyLongObject, ob_digit);
	if (!checked_extent(digits, count, width, &end))
		return false;
	if (count) {
		i.digits = memory_at(m, digits, count * width);
		if (!i.digits)
			return false;
	}
	i.count = count;
	*ret = i;
	return true;
}

uint32_t integer_digit(const struct integer *i, size_t index)
{
	if (i->shift > 16)
		return load_u32(i->machine, i->digits + index * 4) & ((1u << i->shift) - 1);
	return load_u16(i->machine, i->digits + index * 2) & ((1u << i->shift) - 1);
}

bool integer_int64(const struct integer *i, int64_t *ret)
{
	uint64_t value = 0;
	if (i->count > 64u / i->shift + 1) /* CPython keeps no zeros on top */
		return false;
	for (size_t n = i->count; n-- > 0;) {
		if (value >> (64 - i->shift))
			return false;
		value = value << i->shift | integer_digit(i, n);
	}
	if (value > (uint64_t)INT64_MAX + i->negative)
		return false;
	*ret = i->negative ? (int64_t)-value : (int64_t)value;
	return true;
}

/* --- decimal ------------------------------------------------------------------------------- */

/* A number in base 10^9, least significant first. */
struct billions {
	uint32_t limbs[EXACT_DIGITS * 30 / 29 + 2];
	size_t count;
};

/* b = b * 2^shift + digit */
static void billions_push(struct billions *b, unsigned shift, uint32_t digit)
{
	uint64_t carry = digit;
	for (size_t n = 0; n < b->count; n++) {
		uint64_t value = ((uint64_t)b->limbs[n] << shift) + carry;
		b->limbs[n] = (uint32_t)(value % BILLION);
		carry = value / BILLION;
	}
	while (carry && b->count < ARRAY_SIZE(b->limbs)) {
		b->limbs[b->count++] = (uint32_t)(carry % BILLION);
		carry /= BILLION;
	}
}

static void billions_write(const struct billions *b, size_t max, struct str *out, bool *cut)
{
	char text[16];
	size_t written = 0;
	for (size_t n = b->count; n-- > 0;) {
		int len = snprintf(text, sizeof(text), n + 1 == b->count ? "%u" : "%09u",
				   b->limbs[n]);
		size_t some = MIN((size_t)len, max - written);
		str_add(out, text, some);
		written += some;
		if (some < (size_t)len || (written == max && n > 0)) {
			*cut = true;
			return;
		}
	}
}

/* --- the leading digits of a huge number ---------------------------------------------------- */

#define FLOAT_WORDS 128 /* 4096 bits: 1000 decimal digits and 770 bits to lose */
#define LEADING_MAX 1000

/* words / 2^(32 * FLOAT_WORDS) * 2^exponent, least significant first, the top bit set */
struct bigfloat {
	uint32_t words[FLOAT_WORDS];
	int64_t exponent;
};

static void bigfloat_multiply(struct bigfloat *a, const struct bigfloat *b)
{
	uint32_t product[2 * FLOAT_WORDS] = { 0 };
	for (size_t i = 0; i < FLOAT_WORDS; i++) {
		uint64_t carry = 0;
		for (size_t j = 0; j < FLOAT_WORDS; j++) {
			carry += (uint64_t)a->words[i] * b->words[j] + product[i + j];
			product[i + j] = (uint32_t)carry;
			carry >>= 32;
		}
		product[i + FLOAT_WORDS] = (uint32_t)carry;
	}
	a->exponent += b->exponent;
	const uint32_t *top = product + FLOAT_WORDS;
	if (top[FLOAT_WORDS - 1] >> 31) {
		for (size_t i = 0; i < FLOAT_WORDS; i++)
			a->words[i] = top[i];
		return;
	}
	for (size_t i = 0; i < FLOAT_WORDS; i++)
		a->words[i] = top[i] << 1 | top[(ssize_t)i - 1] >> 31;
	a->exponent--;
}

static void bigfloat_tenth_power(uint64_t power, struct bigfloat *ret)
{
	struct bigfloat tenth = { .exponent = -3 }; /* 0.8 / 8 */
	for (size_t i = 0; i < FLOAT_WORDS; i++)
		tenth.words[i] = 0xcccccccc;
	*ret = (struct bigfloat){ .exponent = 1 }; /* 0.5 * 2 */
	ret->words[FLOAT_WORDS - 1] = UINT32_C(1) << 31;
	for (; power; power >>= 1) {
		if (power & 1)
			bigfloat_multiply(ret, &tenth);
		struct bigfloat square = tenth;
		bigfloat_multiply(&tenth, &square);
	}
}

static void bigfloat_from_integer(const struct integer *i, struct bigfloat *ret)
{
	*ret = (struct bigfloat){ 0 };
	size_t n = i->count;
	uint32_t top = integer_digit(i, n - 1);
	ret->exponent = (int64_t)(n * i->shift) - __builtin_clz(top) + (32 - i->shift);
	/* From the top down: `have` bits wait in `bits` for the next whole word. */
	uint64_t bits = 0;
	unsigned have = 0;
	size_t word = FLOAT_WORDS;
	while (word) {
		uint32_t digit = n ? integer_digit(i, --n) : 0;
		unsigned width = i->shift;
		if (n + 1 == i->count)
			width = 32 - (unsigned)__builtin_clz(top);
		bits = bits << width | digit;
		have += width;
		if (have < 32)
			continue;
		have -= 32;
		ret->words[--word] = (uint32_t)(bits >> have);
		bits &= (UINT64_C(1) << have) - 1;
	}
}

static void leading_digits(const struct integer *i, size_t max, struct str *out)
{
	struct bigfloat number, scale;
	bigfloat_from_integer(i, &number);
	/* 10^power brings the number down to some LEADING_MAX + 10 digits before the point. */
	uint64_t digits = (uint64_t)((double)number.exponent * 0.30102999566398);
	bigfloat_tenth_power(digits - (LEADING_MAX + 10), &scale);
	bigfloat_multiply(&number, &scale);
	struct billions decimal = { .count = 0 };
	size_t whole = (size_t)number.exponent; /* bits before the point, < 4096 */
	for (size_t bit = 0; bit < whole; bit++) {
		size_t at = FLOAT_WORDS * 32 - 1 - bit;
		billions_push(&decimal, 1, number.words[at / 32] >> at % 32 & 1);
	}
	bool cut = false;
	billions_write(&decimal, MIN(max, (size_t)LEADING_MAX), out, &cut);
}

void int64_format(int64_t value, struct str *out)
{
	char text[24];
	char *p = text + sizeof(text);
	uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
	do {
		*--p = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	if (value < 0)
		*--p = '-';
	str_add(out, p, (size_t)(text + sizeof(text) - p));
}

void integer_format(const struct integer *i, size_t max, struct str *out, bool *cut)
{
	int64_t small;
	if (integer_int64(i, &small)) {
		int64_format(small, out);
		return;
	}
	struct integer trimmed = *i; /* a damaged one may have zeros on top, without end */
	while (trimmed.count && i->count - trimmed.count < EXACT_DIGITS &&
	       integer_digit(&trimmed, trimmed.count - 1) == 0)
		trimmed.count--;
	i = &trimmed;
	if (i->count == 0 || integer_digit(i, i->count - 1) == 0) {
		str_adds(out, "0");
		*cut |= i->count > 0;
		return;
	}
	bool short_of = false;
	if (i->negative)
		str_addc(out, '-');
	if (i->count <= EXACT_DIGITS) {
		struct billions decimal = { .count = 0 };
		for (size_t n = i->count; n-- > 0;)
			billions_push(&decimal, i->shift, integer_digit(i, n));
		billions_write(&decimal, max, out, &short_of);
	} else {
		leading_digits(i, max, out);
		short_of = true;
	}
	if (short_of) {
		str_adds(out, "...");
		*cut = true;
	}
}

/* --- floats -------------------------------------------------------------------------------- */

double double_at(const struct machine *m, const uint8_t *p)
{
	uint64_t bits = load_u64(m, p);
	double value;
	memcpy(&value, &bits, sizeof(value));
	return value;
}

/* The significant digits of a finite, positive number, and where the point is: 0.ddd * 10^point. */
struct decimal {
	char digits[24];
	int count, point;
};

static bool decimal_reads_back(const struct decimal *d, double value)
{
	char text[40];
	snprintf(text, sizeof(text), "%.*se%d", d->count, d->digits, d->point - d->count);
	return strtod(text, NULL) == value;
}

static void decimal_of(double value, int precision, struct decimal *ret)
{
	char text[40];
	snprintf(text, sizeof(text), "%.*e", precision - 1, value);
	ret->count = 0;
	for (const char *p = text; *p && *p != 'e'; p++)
		if (*p >= '0' && *p <= '9')
			ret->digits[ret->count++] = *p;
	ret->point = atoi(strchr(text, 'e') + 1) + 1;
}

/* The next larger number of as many digits. */
static void decimal_increment(struct decimal *d)
{
	int n = d->count;
	while (n > 0 && d->digits[n - 1] == '9')
		d->digits[--n] = '0';
	if (n > 0) {
		d->digits[n - 1]++;
		return;
	}
	d->digits[0] = '1';
	d->point++;
}

static void decimal_shortest(double value, struct decimal *ret)
{
	int exponent;
	bool power_of_two = frexp(value, &exponent) == 0.5;
	/* Every number of 15 digits survives the way through a double (but a subnormal one), so 15
	 * digits that read back hold the shortest form, with zeros behind it. */
	int precision = value < 2.2250738585072014e-308 ? 1 : 15;
	for (; precision <= 17; precision++) {
		decimal_of(value, precision, ret);
		if (decimal_reads_back(ret, value))
			break;
		/* Above a power of two the doubles are twice as far apart as below it: the nearest
		 * decimal may fail where the next one above reads back. */
		if (power_of_two) {
			decimal_increment(ret);
			if (decimal_reads_back(ret, value))
				break;
		}
	}
	while (ret->count > 1 && ret->digits[ret->count - 1] == '0')
		ret->count--;
}

/* Python/pystrtod.c, format_float_short() with 'r': an exponent when the point lies more than 4
 * places before or 16 places behind the first digit. */
static void double_write(double value, bool point_zero, bool plus, struct str *out)
{
	if (isnan(value)) {
		str_adds(out, plus ? "+nan" : "nan");
		return;
	}
	if (signbit(value))
		str_addc(out, '-');
	else if (plus)
		str_addc(out, '+');
	if (isinf(value)) {
		str_adds(out, "inf");
		return;
	}
	/* Whole numbers of at most 15 digits are common, and their own shortest form. */
	if (fabs(value) < 1e15 && value == (double)(int64_t)value) {
		int64_format((int64_t)fabs(value), out);
		if (point_zero)
			str_adds(out, ".0");
		return;
	}
	struct decimal d;
	decimal_shortest(fabs(value), &d);
	if (d.point <= -4 || d.point > 16) {
		str_addc(out, d.digits[0]);
		if (d.count > 1)
			str_printf(out, ".%.*s", d.count - 1, d.digits + 1);
		str_printf(out, "e%c%02d", d.point > 0 ? '+' : '-', abs(d.point - 1));
		return;
	}
	if (d.point <= 0) {
		str_printf(out, "0.%.*s%.*s", -d.point, "0000", d.count, d.digits);
		return;
	}
	if (d.point < d.count) {
		str_printf(out, "%.*s.%.*s", d.point, d.digits, d.count - d.point,
			   d.digits + d.point);
		return;
	}
	str_printf(out, "%.*s%.*s", d.count, d.digits, d.point - d.count, "0000000000000000");
	if (point_zero)
		str_adds(out, ".0");
}

void double_format(double value, struct str *out)
{
	double_write(value, true, false, out);
}

/* Objects/complexobject.c, complex_repr(): a real part of +0 is left out. */
void complex_format(double real, double imag, struct str *out)
{
	if (real == 0 && !signbit(real)) {
		double_write(imag, false, false, out);
		str_addc(out, 'j');
		return;
	}
	str_addc(out, '(');
	double_write(real, false, false, out);
	double_write(imag, false, true, out);
	str_adds(out, "j)");
}
