/* Ints of any size and floats, as Python prints them. */
#include "tests/unit/test.h"

#include <math.h>
#include "core/checked.h"
#include "core/str.h"
#include "cpython_layouts/number.h"

static const struct machine little = { .word = 8 };
static const struct machine big = { .word = 8, .swap = true };

#define assert_double(value, expected)                                                             \
	do {                                                                                       \
		_str_ struct str out_ = STR_INIT;                                                  \
		double_format(value, &out_);                                                       \
		assert_string_equal(out_.buf, expected);                                           \
	} while (0)

static void double_format__writes_the_shortest_form(void **state)
{
	(void)state;
	assert_double(0.0, "0.0");
	assert_double(-0.0, "-0.0");
	assert_double(0.1, "0.1");
	assert_double(0.1 + 0.2, "0.30000000000000004");
	assert_double(1.0 / 3, "0.3333333333333333");
	assert_double(2.0 / 3, "0.6666666666666666");
	assert_double(100, "100.0");
	assert_double(-1234.5678, "-1234.5678");
	assert_double(9007199254740993.0, "9007199254740992.0");
}

static void double_format__changes_to_exponents_where_python_does(void **state)
{
	(void)state;
	assert_double(1e15, "1000000000000000.0");
	assert_double(1e16, "1e+16");
	assert_double(123456789012345678.0, "1.2345678901234568e+17");
	assert_double(0.0001, "0.0001");
	assert_double(0.00001, "1e-05");
	assert_double(1.5e-10, "1.5e-10");
	assert_double(1e100, "1e+100");
	assert_double(1.7976931348623157e308, "1.7976931348623157e+308");
}

static void double_format__knows_subnormals_and_powers_of_two(void **state)
{
	(void)state;
	assert_double(5e-324, "5e-324");
	assert_double(1.2e-322, "1.2e-322");
	assert_double(2.2250738585072014e-308, "2.2250738585072014e-308");
	/* The nearest 16 digits do not read back; the next ones above do. */
	assert_double(ldexp(1, -44), "5.684341886080802e-14");
	assert_double(ldexp(1, -24), "5.960464477539063e-08");
}

static void double_format__names_what_is_no_number(void **state)
{
	(void)state;
	assert_double(INFINITY, "inf");
	assert_double(-INFINITY, "-inf");
	assert_double(NAN, "nan");
	assert_double(-NAN, "nan");
}

static void double_format__reads_back_for_any_bits(void **state)
{
	(void)state;
	uint64_t bits = 88172645463325252u;
	for (int i = 0; i < 20000; i++) {
		bits ^= bits << 13;
		bits ^= bits >> 7;
		bits ^= bits << 17;
		double value;
		memcpy(&value, &bits, sizeof(value));
		_str_ struct str out = STR_INIT;
		double_format(value, &out);
		if (isfinite(value) && strtod(out.buf, NULL) != value)
			fail_msg("%s is not %a", out.buf, value);
	}
}

#define assert_complex(re, im, expected)                                                           \
	do {                                                                                       \
		_str_ struct str out_ = STR_INIT;                                                  \
		complex_format(re, im, &out_);                                                     \
		assert_string_equal(out_.buf, expected);                                           \
	} while (0)

static void complex_format__leaves_out_a_real_part_of_zero(void **state)
{
	(void)state;
	assert_complex(0, 1, "1j");
	assert_complex(0, -0.0, "-0j");
	assert_complex(-0.0, -0.0, "(-0-0j)");
	assert_complex(1, 2, "(1+2j)");
	assert_complex(1.5, -INFINITY, "(1.5-infj)");
	assert_complex(NAN, INFINITY, "(nan+infj)");
	assert_complex(1, NAN, "(1+nanj)");
	assert_complex(1e20, 1e-7, "(1e+20+1e-07j)");
}

/* --- ints ------------------------------------------------------------------------------------ */

/* 2^bits - 1 in digits of either width. */
struct ones {
	uint8_t bytes[16384 * 4];
	struct integer integer;
};

static void ones_draw(struct ones *o, const struct machine *m, uint8_t shift, size_t bits,
		      bool negative)
{
	size_t count = (bits + shift - 1) / shift;
	memset(o->bytes, 0, sizeof(o->bytes));
	for (size_t i = 0; i < count; i++) {
		unsigned width = shift > 16 ? 4 : 2;
		unsigned in_this = (unsigned)MIN((size_t)shift, bits - i * shift);
		uint32_t digit = (1u << in_this) - 1;
		for (unsigned b = 0; b < width; b++)
			o->bytes[i * width + (m->swap ? width - 1 - b : b)] =
				(uint8_t)(digit >> 8 * b);
	}
	o->integer = (struct integer){ m, o->bytes, count, shift, negative };
}

static void assert_integer(const struct integer *i, size_t max, const char *expected,
			   bool expect_cut)
{
	_str_ struct str out = STR_INIT;
	bool cut = false;
	integer_format(i, max, &out, &cut);
	assert_string_equal(out.buf, expected);
	assert_int_equal(cut, expect_cut);
}

static void integer_format__converts_any_digits_and_byte_order(void **state)
{
	(void)state;
	static struct ones o;
	static const struct machine *const machines[] = { &little, &big };
	static const uint8_t shifts[] = { 15, 30 };
	for (size_t i = 0; i < 4; i++) {
		const struct machine *m = machines[i & 1];
		uint8_t shift = shifts[i >> 1];
		ones_draw(&o, m, shift, 0, false);
		assert_integer(&o.integer, 100, "0", false);
		ones_draw(&o, m, shift, 63, true);
		assert_integer(&o.integer, 100, "-9223372036854775807", false);
		ones_draw(&o, m, shift, 64, false);
		assert_integer(&o.integer, 100, "18446744073709551615", false);
		ones_draw(&o, m, shift, 128, true);
		assert_integer(&o.integer, 100, "-340282366920938463463374607431768211455", false);
		assert_integer(&o.integer, 10, "-3402823669...", true);
	}
}

static void integer_int64__refuses_what_does_not_fit(void **state)
{
	(void)state;
	static struct ones o;
	int64_t value;
	ones_draw(&o, &little, 30, 63, false);
	assert_true(integer_int64(&o.integer, &value));
	assert_true(value == INT64_MAX);
	ones_draw(&o, &little, 30, 64, false);
	assert_false(integer_int64(&o.integer, &value));
	uint32_t lowest[] = { 0, 0, 8 }; /* 2^63 */
	struct integer i = { &little, (uint8_t *)lowest, 3, 30, true };
	assert_true(integer_int64(&i, &value));
	assert_true(value == INT64_MIN);
	i.negative = false;
	assert_false(integer_int64(&i, &value));
	uint32_t high[] = { 0, 0, 0, 1u << 29 };
	i = (struct integer){ &little, (uint8_t *)high, 4, 30, false };
	assert_false(integer_int64(&i, &value));
}

/* str(2**30000 - 1)[:60] is still converted whole; str(2**400000 - 1)[:60] is not. */
static void integer_format__knows_the_leading_digits_of_a_huge_number(void **state)
{
	(void)state;
	static struct ones o;
	_str_ struct str exact = STR_INIT, leading = STR_INIT;
	bool cut = false;
	ones_draw(&o, &little, 30, 30000, false);
	integer_format(&o.integer, 1000, &exact, &cut);
	ones_draw(&o, &little, 30, 400000, false);
	integer_format(&o.integer, 60, &leading, &cut);
	assert_true(cut);
	assert_string_equal(leading.buf,
			    "996014342993704967932486400013609278281240687801612263704313...");
	assert_string_equal(exact.buf + 1000, "...");
	assert_memory_equal(exact.buf,
			    "794090351913296032413251784349270251399372812520869285560834", 60);
}

static void integer_format__ends_on_zeros_without_end(void **state)
{
	(void)state;
	static struct ones o;
	ones_draw(&o, &little, 30, 60, false);
	o.integer.count = 5;
	assert_integer(&o.integer, 100, "1152921504606846975", false);
	ones_draw(&o, &little, 30, 0, true);
	o.integer.count = 5;
	assert_integer(&o.integer, 100, "0", false);
	o.integer.count = 16000;
	assert_integer(&o.integer, 100, "0", true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(double_format__writes_the_shortest_form),
		cmocka_unit_test(double_format__changes_to_exponents_where_python_does),
		cmocka_unit_test(double_format__knows_subnormals_and_powers_of_two),
		cmocka_unit_test(double_format__names_what_is_no_number),
		cmocka_unit_test(double_format__reads_back_for_any_bits),
		cmocka_unit_test(complex_format__leaves_out_a_real_part_of_zero),
		cmocka_unit_test(integer_format__converts_any_digits_and_byte_order),
		cmocka_unit_test(integer_int64__refuses_what_does_not_fit),
		cmocka_unit_test(integer_format__knows_the_leading_digits_of_a_huge_number),
		cmocka_unit_test(integer_format__ends_on_zeros_without_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
