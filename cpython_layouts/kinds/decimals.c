/* Decimal: libmpdec's numbers in 3.x, four slots of Python in 2.7.
 *
 *	dec.flags | exp | digits | len | data -> words of 19 digits (32-bit: 9), least first */
#include "cpython_layouts/kinds/list.h"

#include <stdio.h>

/* Modules/_decimal/libmpdec/mpdecimal.h */
enum { MPD_NEG = 1, MPD_INF = 2, MPD_NAN = 4, MPD_SNAN = 8 };

#define DECIMAL_WORDS_MAX 4096

/* The coefficient's digits, most significant first. */
static bool coefficient(struct repr *r, const struct object *o, struct str *ret)
{
	const struct layout *l = r->l;
	uint64_t len = GET(l, o->p, PyDecObject, dec_len);
	size_t word = l->machine->word;
	int digits = word == 8 ? 19 : 9;
	char text[24];
	if (len == 0 || len > DECIMAL_WORDS_MAX)
		return false;
	const uint8_t *p = memory_at(r->m, GET(l, o->p, PyDecObject, dec_data), len * word);
	if (!p)
		return false;
	for (size_t i = len; i-- > 0;) {
		int n = snprintf(text, sizeof(text), "%0*" PRIu64, i + 1 == len ? 1 : digits,
				 (uint64_t)word_at(r->rt, p, i));
		str_add(ret, text, (size_t)n);
	}
	return true;
}

/* The specification's to-scientific-string. */
static void decimal_write(struct repr *r, const char *digits, size_t count, int64_t exponent)
{
	int64_t left = (int64_t)count + exponent; /* digits before the point */
	if (exponent <= 0 && left > -6) {
		if (left <= 0) {
			repr_adds(r, "0.");
			for (int64_t i = left; i < 0; i++)
				repr_adds(r, "0");
			str_add(r->out, digits, count);
			return;
		}
		str_add(r->out, digits, (size_t)left);
		if (exponent < 0) {
			repr_adds(r, ".");
			str_add(r->out, digits + left, count - (size_t)left);
		}
		return;
	}
	str_addc(r->out, digits[0]);
	if (count > 1) {
		repr_adds(r, ".");
		str_add(r->out, digits + 1, count - 1);
	}
	repr_printf(r, "E%+" PRId64, left - 1);
}

/* 2.7: _sign 0 or 1, _int the digits as str, _exp a number or 'F', 'n', 'N' */
static bool decimal_repr_27(struct repr *r, const struct object *o)
{
	int64_t sign = 0, exponent = 0;
	addr_t exp = object_attribute(r->rt, o, "_exp");
	const char *digits = object_name(r->rt, object_attribute(r->rt, o, "_int"));
	if (!object_int64(r->rt, object_attribute(r->rt, o, "_sign"), &sign) || !digits || !exp)
		return false;
	repr_printf(r, "Decimal('%s", sign ? "-" : "");
	if (object_int64(r->rt, exp, &exponent)) {
		if (exponent > INT32_MAX || exponent < INT32_MIN || !*digits)
			return false;
		decimal_write(r, digits, strlen(digits), exponent);
	} else {
		const char *what = object_name(r->rt, exp);
		if (!what)
			return false;
		repr_adds(r, *what == 'F' ? "Infinity" : *what == 'n' ? "NaN" : "sNaN");
		if (*what != 'F')
			repr_adds(r, digits);
	}
	repr_adds(r, "')");
	return true;
}

static bool decimal_repr(struct repr *r, const struct object *o)
{
	const struct layout *l = r->l;
	_str_ struct str digits = STR_INIT;
	if (l->version.major < 3)
		return decimal_repr_27(r, o);
	if (!HAS(l, PyDecObject, dec_flags))
		return false;
	uint64_t flags = GET(l, o->p, PyDecObject, dec_flags);
	int64_t exponent = GETS(l, o->p, PyDecObject, dec_exp);
	repr_printf(r, "Decimal('%s", flags & MPD_NEG ? "-" : "");
	if (flags & MPD_INF) {
		repr_adds(r, "Infinity");
	} else if (flags & (MPD_NAN | MPD_SNAN)) {
		repr_adds(r, flags & MPD_NAN ? "NaN" : "sNaN");
		if (GET(l, o->p, PyDecObject, dec_len) && coefficient(r, o, &digits))
			str_add(r->out, digits.buf, digits.len);
	} else {
		if (!coefficient(r, o, &digits) || exponent > INT64_MAX / 2 ||
		    exponent < INT64_MIN / 2)
			return false;
		decimal_write(r, digits.buf, digits.len, exponent);
	}
	repr_adds(r, "')");
	return true;
}

#define DECIMAL_FIELDS                                                                             \
	{                                                                                          \
		FIELD_PyDecObject_dec_flags, FIELD_PyDecObject_dec_exp, FIELD_PyDecObject_dec_len, \
			FIELD_PyDecObject_dec_data                                                 \
	}

const struct kind kinds_decimals[] = {
	{ .name = "decimal.Decimal", .fields = DECIMAL_FIELDS, .repr = decimal_repr },
	{ 0 },
};
