/* Generated: see docs/adding-a-python.md. Not to be edited.
 * vocabulary ff0ff978
 */
#include "cpython_layouts/tables/table.h"

static const struct table_field fields[] = {
	GONE(PyInterpreterState, threads_main)
};

static const struct table_size sizes[] = {
	SIZE(_PyRuntimeState, 459888)
	SIZE(PyInterpreterState, 383520)
};

const struct layout_table layout_table_3_12_0 = {
	.name = "3.12.0",
	.base = "3.12",
	.e_machine = EM_X86_64,
	.first = { 3, 12, 0, 0xf, 0, false, false },
	.last = { 3, 12, 0, 0xf, 0, false, false },
	.origin = "CPython 3.12.0 headers",
	.fields = fields,
	.field_count = ARRAY_SIZE(fields),
	.sizes = sizes,
	.size_count = ARRAY_SIZE(sizes),
};
