/* Generated: see docs/adding-a-python.md. Not to be edited.
 * vocabulary ff0ff978
 */
#include "cpython_layouts/tables/table.h"

static const struct table_field fields[] = {
	PLACE(_gc_runtime_state, generations, 20, 0)
};

const struct layout_table layout_table_3_13_18d_debian = {
	.name = "3.13.18d-debian",
	.base = "3.13.15d",
	.e_machine = EM_X86_64,
	.first = { 3, 13, 11, 0xf, 0, true, false },
	.last = { 3, 13, 99, 0xf, 0, true, false },
	.origin = "CPython 3.13.18 (debian) headers -DPy_DEBUG",
	.fields = fields,
	.field_count = ARRAY_SIZE(fields),
};
