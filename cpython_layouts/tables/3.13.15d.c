/* Generated: see docs/adding-a-python.md. Not to be edited.
 * vocabulary ff0ff978
 */
#include "cpython_layouts/tables/table.h"

static const struct table_field fields[] = {
	PLACE(_PyRuntimeState, managed_static_types, 26496, 0)
};

static const struct table_size sizes[] = {
	SIZE(_PyRuntimeState, 299424)
	SIZE(PyInterpreterState, 195000)
	SIZE(PyThreadState, 312)
	SIZE(PyBaseExceptionGroupObject, 96)
};

const struct layout_table layout_table_3_13_15d = {
	.name = "3.13.15d",
	.base = "3.13d",
	.e_machine = EM_X86_64,
	.first = { 3, 13, 11, 0xf, 0, true, false },
	.last = { 3, 13, 99, 0xf, 0, true, false },
	.origin = "CPython 3.13.15 headers -DPy_DEBUG",
	.fields = fields,
	.field_count = ARRAY_SIZE(fields),
	.sizes = sizes,
	.size_count = ARRAY_SIZE(sizes),
};
