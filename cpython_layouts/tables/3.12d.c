/* Generated: see docs/adding-a-python.md. Not to be edited.
 * vocabulary ff0ff978
 */
#include "cpython_layouts/tables/table.h"

static const struct table_field fields[] = {
	PLACE(PyInterpreterState, threads_main, 383264, 8)
	PLACE(PyInterpreterState, interpreter_trampoline, 381752, 8)
	PLACE(PyInterpreterState, types_builtins, 373720, 0)
};

static const struct table_size sizes[] = {
	SIZE(_PyRuntimeState, 475960)
	SIZE(PyInterpreterState, 383568)
};

const struct layout_table layout_table_3_12d = {
	.name = "3.12d",
	.base = "3.12",
	.e_machine = EM_X86_64,
	.first = { 3, 12, 1, 0xf, 0, true, false },
	.last = { 3, 12, 99, 0xf, 0, true, false },
	.origin = "CPython 3.12.1 headers -DPy_DEBUG",
	.fields = fields,
	.field_count = ARRAY_SIZE(fields),
	.sizes = sizes,
	.size_count = ARRAY_SIZE(sizes),
};
