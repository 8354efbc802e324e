/* Generated: see docs/adding-a-python.md. Not to be edited.
 * vocabulary ff0ff978
 */
#include "cpython_layouts/tables/table.h"

static const struct table_field fields[] = {
	PLACE(dequeobject, maxlen, 56, 8)
	PLACE(block, leftlink, 0, 8)
	PLACE(block, data, 16, 0)
	PLACE(block, rightlink, 8, 8)
};

const struct layout_table layout_table_2_7_5 = {
	.name = "2.7.5",
	.base = "2.7.14",
	.e_machine = EM_X86_64,
	.first = { 2, 7, 0, 0xf, 0, false, false },
	.last = { 2, 7, 5, 0xf, 0, false, false },
	.origin = "CPython 2.7.5 headers",
	.fields = fields,
	.field_count = ARRAY_SIZE(fields),
};
