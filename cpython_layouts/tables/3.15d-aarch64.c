/* Generated: see docs/adding-a-python.md. Not to be edited.
 * vocabulary ff0ff978
 */
#include "cpython_layouts/tables/table.h"

static const struct table_field fields[] = {
	PLACE(PyInterpreterState, obmalloc, 10904, 0)
	PLACE(PyInterpreterState, types_builtins, 180296, 0)
	PLACE(PyInterpreterState, types_for_extensions, 190056, 0)
};

static const struct table_size sizes[] = {
	SIZE(_PyRuntimeState, 362600)
	SIZE(PyInterpreterState, 226264)
	SIZE(_gil_runtime_state, 224)
};

const struct layout_table layout_table_3_15d_aarch64 = {
	.name = "3.15d-aarch64",
	.base = "3.15d",
	.e_machine = EM_AARCH64,
	.first = { 3, 15, 0, 0xf, 0, true, false },
	.last = { 3, 15, 99, 0xf, 0, true, false },
	.origin = "CPython 3.15.2 headers -DPy_DEBUG, aarch64",
	.fields = fields,
	.field_count = ARRAY_SIZE(fields),
	.sizes = sizes,
	.size_count = ARRAY_SIZE(sizes),
};
