/* Generated: see docs/adding-a-python.md. Not to be edited.
 * vocabulary ff0ff978
 */
#include "cpython_layouts/tables/table.h"

static const struct table_field fields[] = {
	PLACE(PyInterpreterState, obmalloc, 10928, 0)
	PLACE(PyInterpreterState, types_builtins, 180272, 0)
	PLACE(PyInterpreterState, types_for_extensions, 189888, 0)
};

static const struct table_size sizes[] = {
	SIZE(_PyRuntimeState, 332648)
	SIZE(PyInterpreterState, 225896)
	SIZE(_gil_runtime_state, 224)
};

const struct layout_table layout_table_3_14d_aarch64 = {
	.name = "3.14d-aarch64",
	.base = "3.14d",
	.e_machine = EM_AARCH64,
	.first = { 3, 14, 5, 0xf, 0, true, false },
	.last = { 3, 14, 99, 0xf, 0, true, false },
	.origin = "CPython 3.14.10 headers -DPy_DEBUG, aarch64",
	.fields = fields,
	.field_count = ARRAY_SIZE(fields),
	.sizes = sizes,
	.size_count = ARRAY_SIZE(sizes),
};
