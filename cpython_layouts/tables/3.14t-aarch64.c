/* Generated: see docs/adding-a-python.md. Not to be edited.
 * vocabulary ff0ff978
 */
#include "cpython_layouts/tables/table.h"

static const struct table_field fields[] = {
	PLACE(PyInterpreterState, obmalloc, 17344, 0)
	PLACE(PyInterpreterState, types_builtins, 186048, 0)
	PLACE(PyInterpreterState, types_for_extensions, 195664, 0)
};

static const struct table_size sizes[] = {
	SIZE(_PyRuntimeState, 365640)
	SIZE(PyInterpreterState, 249992)
	SIZE(_gil_runtime_state, 232)
};

const struct layout_table layout_table_3_14t_aarch64 = {
	.name = "3.14t-aarch64",
	.base = "3.14t",
	.e_machine = EM_AARCH64,
	.first = { 3, 14, 5, 0xf, 0, false, true },
	.last = { 3, 14, 99, 0xf, 0, false, true },
	.origin = "CPython 3.14.10 headers -DPy_GIL_DISABLED=1, aarch64",
	.fields = fields,
	.field_count = ARRAY_SIZE(fields),
	.sizes = sizes,
	.size_count = ARRAY_SIZE(sizes),
};
