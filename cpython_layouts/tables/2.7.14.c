/* Generated: see docs/adding-a-python.md. Not to be edited.
 * vocabulary ff0ff978
 */
#include "cpython_layouts/tables/table.h"

static const struct table_size sizes[] = {
	SIZE(gc_generation, 48)
};

const struct layout_table layout_table_2_7_14 = {
	.name = "2.7.14",
	.base = "2.7",
	.e_machine = EM_X86_64,
	.first = { 2, 7, 6, 0xf, 0, false, false },
	.last = { 2, 7, 14, 0xf, 0, false, false },
	.origin = "CPython 2.7.14 headers",
	.sizes = sizes,
	.size_count = ARRAY_SIZE(sizes),
};
