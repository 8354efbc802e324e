/* The outermost shape of a Python expression, from its text: where its operator, its subscript or
 * its call stands. Python's traceback module asks its parser for this to place carets; here the
 * tokens at bracket depth 0 tell the same.
 *
 *	table [ key ]            a + b * c - d            (f or g) ( x )
 *	------SUBSCRIPT          ---------OPERATOR-       ---------CALL
 *	     ^ left_end                   ^ left_end             ^ left_end (parentheses around an
 *	                                                           operand do not belong to it)
 *
 * Text is an array of code points; indices are into it. Any text is safe; what is not an
 * expression is SHAPE_OTHER. */
#ifndef ANALYZERS_EXPRESSION_H
#define ANALYZERS_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum shape {
	SHAPE_OTHER,		/* a name, a comparison, a statement, not Python, ... */
	SHAPE_OPERATOR,		/* a binary arithmetic or bit operator */
	SHAPE_SUBSCRIPT,
	SHAPE_CALL,
};

struct expression {
	enum shape shape;
	size_t left_end;	/* behind the left operand, the value, the function */
	size_t right_start;	/* OPERATOR: the right operand */
	size_t slice_end;	/* SUBSCRIPT: behind what stands between the brackets */
	size_t end;		/* behind the whole */
};

struct expression expression_parse(const uint32_t *text, size_t len);

/* Is it the statement `return NAME(...)`, or `NAME = ...(...)` with any call? Then where the call
 * stands. */
bool statement_is_plain_call(const uint32_t *text, size_t len, size_t *ret_start, size_t *ret_end);

#endif
