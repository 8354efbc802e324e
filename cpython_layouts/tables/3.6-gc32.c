/* Generated: see docs/adding-a-python.md. Not to be edited.
 * vocabulary ff0ff978
 */
#include "cpython_layouts/tables/table.h"

static const struct table_field fields[] = {
	PLACE(gc_generation, threshold, 32, 4)
	PLACE(gc_generation, count, 36, 4)
};

static const struct table_size sizes[] = {
	SIZE(PyGC_Head, 32)
	SIZE(gc_generation, 48)
};

const struct layout_table layout_table_3_6_gc32 = {
	.name = "3.6-gc32",
	.base = "3.6",
	.e_machine = EM_X86_64,
	.first = { 3, 6, 0, 0xf, 0, false, false },
	.last = { 3, 6, 99, 0xf, 0, false, false },
	.origin = "CPython 3.6.15 headers",
	.fields = fields,
	.field_count = ARRAY_SIZE(fields),
	.sizes = sizes,
	.size_count = ARRAY_SIZE(sizes),
};
