/* Generated: see docs/adding-a-python.md. Not to be edited.
 * vocabulary ff0ff978
 */
#include "cpython_layouts/tables/table.h"

static const struct table_field fields[] = {
	PLACE(PyInterpreterState, obmalloc, 3976, 0)
	PLACE(PyInterpreterState, obmalloc_arenas, 4488, 8)
	PLACE(PyInterpreterState, interpreter_trampoline, 381752, 8)
	PLACE(PyInterpreterState, types_builtins, 373720, 0)
};

static const struct table_size sizes[] = {
	SIZE(_PyRuntimeState, 459904)
	SIZE(PyInterpreterState, 383536)
	SIZE(_gil_runtime_state, 224)
};

const struct layout_table layout_table_3_12_0_aarch64 = {
	.name = "3.12.0-aarch64",
	.base = "3.12.0",
	.e_machine = EM_AARCH64,
	.first = { 3, 12, 0, 0xf, 0, false, false },
	.last = { 3, 12, 0, 0xf, 0, false, false },
	.origin = "CPython 3.12.0 headers, aarch64",
	.fields = fields,
	.field_count = ARRAY_SIZE(fields),
	.sizes = sizes,
	.size_count = ARRAY_SIZE(sizes),
};
