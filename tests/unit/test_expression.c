#include "tests/unit/test.h"

#include "analyzers/expression.h"
#include "core/checked.h"
#include "report/utf8.h"

static uint32_t text[1 << 16];

static size_t decode(const char *source)
{
	const uint8_t *p = (const uint8_t *)source, *end = p + strlen(source);
	size_t n = 0;
	while (p < end)
		p += utf8_next(p, end, &text[n++]);
	return n;
}

static struct expression parse(const char *source)
{
	return expression_parse(text, decode(source));
}

/* The text with '<' where the left part ends; behind it for operators '>' before the right one, for
 * subscripts behind the slice. */
static void expect(const char *source, enum shape shape, size_t left_end, size_t mark)
{
	struct expression e = parse(source);
	if (e.shape != shape || e.left_end != left_end ||
	    (shape == SHAPE_OPERATOR && e.right_start != mark) ||
	    (shape == SHAPE_SUBSCRIPT && e.slice_end != mark) ||
	    (shape == SHAPE_CALL && e.end != mark))
		fail_msg("%s: shape %d, left %zu, right %zu, slice %zu, end %zu", source, e.shape,
			 e.left_end, e.right_start, e.slice_end, e.end);
}

static void expression_parse__finds_the_operator_that_binds_loosest(void **state)
{
	expect("a + b", SHAPE_OPERATOR, 1, 4);
	expect("a * b + c * d", SHAPE_OPERATOR, 5, 8);
	expect("a - b - c", SHAPE_OPERATOR, 5, 8);
	expect("a ** b ** c", SHAPE_OPERATOR, 1, 5);
	expect("-a * b", SHAPE_OPERATOR, 2, 5);
	expect("a ** -b", SHAPE_OPERATOR, 1, 5);
	expect("a << b | c >> d", SHAPE_OPERATOR, 6, 9);
	expect("await a + b", SHAPE_OPERATOR, 7, 10);
	expect("'x' 'y' % c", SHAPE_OPERATOR, 7, 10);
	expect("1e-5 + 0x_fe-1", SHAPE_OPERATOR, 12, 13);
}

static void expression_parse__leaves_parentheses_to_no_operand(void **state)
{
	expect("(a + b) * (c)", SHAPE_OPERATOR, 6, 11);
	expect("((a)) // ((b))", SHAPE_OPERATOR, 3, 11);
	expect("(a, b) + c", SHAPE_OPERATOR, 6, 9);
	expect("(x for x in y) + c", SHAPE_OPERATOR, 14, 17);
	expect("(a) + (b) + c", SHAPE_OPERATOR, 9, 12);
	expect("(a + b)", SHAPE_OPERATOR, 2, 5);
	expect("(f)(x)", SHAPE_CALL, 2, 6);
	expect("(a)[(b)]", SHAPE_SUBSCRIPT, 2, 6);
}

static void expression_parse__finds_the_last_subscript_or_call(void **state)
{
	expect("a[b]", SHAPE_SUBSCRIPT, 1, 3);
	expect("a [ b ] [c:d, e]", SHAPE_SUBSCRIPT, 7, 15);
	expect("f(a)(b)", SHAPE_CALL, 4, 7);
	expect("a.b[c](d, *e, **f)", SHAPE_CALL, 6, 18);
	expect("{}[a]", SHAPE_SUBSCRIPT, 2, 4);
	expect("... [a]", SHAPE_SUBSCRIPT, 3, 6);
	expect("日本[a]", SHAPE_SUBSCRIPT, 2, 4);
	expect("f\"{a['k']}\"[0]", SHAPE_SUBSCRIPT, 11, 13);
}

static void expression_parse__is_not_misled_by_what_strings_hold(void **state)
{
	expect("f(')', \"]\", '''\n(''', r'\\\\')", SHAPE_CALL, 1, 28);
	expect("f'{x!r:>{n + 1}}' + a", SHAPE_OPERATOR, 17, 20);
	expect("f\"{a[\"k\"]}\" + a", SHAPE_OPERATOR, 11, 14);
	expect("f'{{' + a", SHAPE_OPERATOR, 5, 8);
	expect("f'\\N{EN DASH}' + a", SHAPE_OPERATOR, 14, 17);
	expect("f(a, # ) comment\n b)", SHAPE_CALL, 1, 20);
}

static void expression_parse__refuses_everything_else(void **state)
{
	static const char *const others[] = {
		"",
		" ",
		"a",
		"a.b",
		"a < b + c",
		"a if b else c + d",
		"not a + b",
		"a and b + c",
		"a, b + c",
		"lambda: a + b",
		"-a ** b",
		"+a[b]",
		"await a(b)",
		"yield a + b",
		"x = a + b",
		"a := b + c",
		"return a + b",
		"import a",
		"[a + b]",
		"{a: b}",
		"(a, b)",
		"x for x in y + z",
		"a b",
		"a +",
		"+",
		"a[",
		"a]",
		"(a]",
		"a[b",
		"'abc",
		"'''abc",
		"f'{a",
		"f'{a + b",
		"a[]",
		"a ~ b",
		"*a",
		"a{b}",
		"a;b[c]",
		"$ + a",
		"\x01[a]",
		"class A(b): pass",
	};
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (parse(others[i]).shape != SHAPE_OTHER)
			fail_msg("%s: shape %d", others[i], parse(others[i]).shape);
}

static void expression_parse__does_not_recurse(void **state)
{
	enum { DEEP = 30000 };
	for (size_t i = 0; i < DEEP; i++)
		text[i] = '(';
	text[DEEP] = 'a';
	for (size_t i = 0; i < DEEP; i++)
		text[DEEP + 1 + i] = ')';
	assert_int_equal(expression_parse(text, 2 * DEEP + 1).shape, SHAPE_OTHER);
	/* f-strings in f-strings */
	for (size_t i = 0; i + 3 <= DEEP; i += 3) {
		text[i] = 'f';
		text[i + 1] = '"';
		text[i + 2] = '{';
	}
	assert_int_equal(expression_parse(text, DEEP).shape, SHAPE_OTHER);
}

static void statement_is_plain_call__tells_return_and_assignment(void **state)
{
	size_t start, end;
	assert_true(statement_is_plain_call(text, decode("return foo(a, b)"), &start, &end));
	assert_int_equal(start, 7);
	assert_int_equal(end, 16);
	assert_true(statement_is_plain_call(text, decode("return (foo(a))"), &start, &end));
	assert_int_equal(start, 8);
	assert_int_equal(end, 14);
	assert_true(statement_is_plain_call(text, decode("x = a.b[c](d) # why"), &start, &end));
	assert_int_equal(start, 4);
	assert_int_equal(end, 13);
	assert_true(statement_is_plain_call(text, decode("x = foo(1); y = 2"), &start, &end));
	assert_int_equal(end, 10);
	static const char *const others[] = {
		"return a.foo(b)",        "return foo",          "return",
		"x = foo(a) + 1",         "x = y = foo(a)",      "x += foo(a)",
		"a.x = foo(a)",           "x: int = foo(a)",     "foo(a)",
		"return foo(a)(b)",       "return await(a)",     "x = foo(a",
		"x = foo(a) if b else c", "if x: return foo(a)", "yield = foo(a)",
	};
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (statement_is_plain_call(text, decode(others[i]), &start, &end))
			fail_msg("%s", others[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expression_parse__finds_the_operator_that_binds_loosest),
		cmocka_unit_test(expression_parse__leaves_parentheses_to_no_operand),
		cmocka_unit_test(expression_parse__finds_the_last_subscript_or_call),
		cmocka_unit_test(expression_parse__is_not_misled_by_what_strings_hold),
		cmocka_unit_test(expression_parse__refuses_everything_else),
		cmocka_unit_test(expression_parse__does_not_recurse),
		cmocka_unit_test(statement_is_plain_call__tells_return_and_assignment),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
