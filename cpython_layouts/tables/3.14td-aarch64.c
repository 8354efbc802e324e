/* Generated: see docs/adding-a-python.md. Not to be edited.
 * vocabulary ff0ff978
 */
#include "cpython_layouts/tables/table.h"

static const struct table_field fields[] = {
	PLACE(PyInterpreterState, obmalloc, 17352, 0)
	PLACE(PyInterpreterState, types_builtins, 186072, 0)
	PLACE(PyInterpreterState, types_for_extensions, 195688, 0)
};

static const struct table_size sizes[] = {
	SIZE(_PyRuntimeState, 381712)
	SIZE(PyInterpreterState, 250056)
	SIZE(_gil_runtime_state, 232)
};

const struct layout_table layout_table_3_14td_aarch64 = {
	.name = "3.14td-aarch64",
	.base = "3.14td",
	.e_machine = EM_AARCH64,
	.first = { 3, 14, 5, 0xf, 0, true, true },
	.last = { 3, 14, 99, 0xf, 0, true, true },
	.origin = "CPython 3.14.10 headers -DPy_DEBUG -DPy_GIL_DISABLED=1, aarch64",
	.fields = fields,
	.field_count = ARRAY_SIZE(fields),
	.sizes = sizes,
	.size_count = ARRAY_SIZE(sizes),
};
