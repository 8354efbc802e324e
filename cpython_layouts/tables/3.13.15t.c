/* Generated: see docs/adding-a-python.md. Not to be edited.
 * vocabulary ff0ff978
 */
#include "cpython_layouts/tables/table.h"

static const struct table_field fields[] = {
	PLACE(_PyRuntimeState, managed_static_types, 10496, 0)
};

static const struct table_size sizes[] = {
	SIZE(_PyRuntimeState, 328384)
	SIZE(PyThreadState, 312)
	SIZE(PyBaseExceptionGroupObject, 112)
};

const struct layout_table layout_table_3_13_15t = {
	.name = "3.13.15t",
	.base = "3.13t",
	.e_machine = EM_X86_64,
	.first = { 3, 13, 11, 0xf, 0, false, true },
	.last = { 3, 13, 99, 0xf, 0, false, true },
	.origin = "CPython 3.13.15 headers -DPy_GIL_DISABLED=1",
	.fields = fields,
	.field_count = ARRAY_SIZE(fields),
	.sizes = sizes,
	.size_count = ARRAY_SIZE(sizes),
};
