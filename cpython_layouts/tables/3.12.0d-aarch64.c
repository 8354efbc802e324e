/* Generated: see docs/adding-a-python.md. Not to be edited.
 * vocabulary ff0ff978
 */
#include "cpython_layouts/tables/table.h"

static const struct table_field fields[] = {
	PLACE(PyInterpreterState, obmalloc, 3976, 0)
	PLACE(PyInterpreterState, obmalloc_arenas, 4488, 8)
	PLACE(PyInterpreterState, interpreter_trampoline, 381768, 8)
	PLACE(PyInterpreterState, types_builtins, 373736, 0)
};

static const struct table_size sizes[] = {
	SIZE(_PyRuntimeState, 475920)
	SIZE(PyInterpreterState, 383552)
	SIZE(_gil_runtime_state, 224)
};

const struct layout_table layout_table_3_12_0d_aarch64 = {
	.name = "3.12.0d-aarch64",
	.base = "3.12.0d",
	.e_machine = EM_AARCH64,
	.first = { 3, 12, 0, 0xf, 0, true, false },
	.last = { 3, 12, 0, 0xf, 0, true, false },
	.origin = "CPython 3.12.0 headers -DPy_DEBUG, aarch64",
	.fields = fields,
	.field_count = ARRAY_SIZE(fields),
	.sizes = sizes,
	.size_count = ARRAY_SIZE(sizes),
};
