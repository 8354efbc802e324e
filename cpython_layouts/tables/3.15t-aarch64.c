/* Generated: see docs/adding-a-python.md. Not to be edited.
 * vocabulary ff0ff978
 */
#include "cpython_layouts/tables/table.h"

static const struct table_field fields[] = {
	PLACE(PyInterpreterState, obmalloc, 17296, 0)
	PLACE(PyInterpreterState, types_builtins, 186016, 0)
	PLACE(PyInterpreterState, types_for_extensions, 195776, 0)
};

static const struct table_size sizes[] = {
	SIZE(_PyRuntimeState, 409312)
	SIZE(PyInterpreterState, 250344)
	SIZE(_gil_runtime_state, 232)
};

const struct layout_table layout_table_3_15t_aarch64 = {
	.name = "3.15t-aarch64",
	.base = "3.15t",
	.e_machine = EM_AARCH64,
	.first = { 3, 15, 0, 0xf, 0, false, true },
	.last = { 3, 15, 99, 0xf, 0, false, true },
	.origin = "CPython 3.15.2 headers -DPy_GIL_DISABLED=1, aarch64",
	.fields = fields,
	.field_count = ARRAY_SIZE(fields),
	.sizes = sizes,
	.size_count = ARRAY_SIZE(sizes),
};
