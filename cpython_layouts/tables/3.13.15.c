/* Generated: see docs/adding-a-python.md. Not to be edited.
 * vocabulary ff0ff978
 */
#include "cpython_layouts/tables/table.h"

static const struct table_field fields[] = {
	PLACE(_PyRuntimeState, managed_static_types, 10496, 0)
};

static const struct table_size sizes[] = {
	SIZE(_PyRuntimeState, 283408)
	SIZE(PyInterpreterState, 194984)
	SIZE(PyThreadState, 312)
	SIZE(PyBaseExceptionGroupObject, 96)
};

const struct layout_table layout_table_3_13_15 = {
	.name = "3.13.15",
	.base = "3.13",
	.e_machine = EM_X86_64,
	.first = { 3, 13, 11, 0xf, 0, false, false },
	.last = { 3, 13, 99, 0xf, 0, false, false },
	.origin = "CPython 3.13.15 headers",
	.fields = fields,
	.field_count = ARRAY_SIZE(fields),
	.sizes = sizes,
	.size_count = ARRAY_SIZE(sizes),
};
