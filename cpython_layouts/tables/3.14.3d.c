/* Generated: see docs/adding-a-python.md. Not to be edited.
 * vocabulary 3b588109
 */
#include "cpython_layouts/tables/table.h"

static const struct table_field fields[] = {
	PLACE(PyInterpreterState, modules, 7664, 8)
	PLACE(PyInterpreterState, sysdict, 7648, 8)
	PLACE(PyInterpreterState, builtins, 7656, 8)
	PLACE(PyInterpreterState, _gil, 7760, 0)
	PLACE(PyInterpreterState, obmalloc, 10880, 0)
	PLACE(PyInterpreterState, types_builtins, 180224, 0)
	PLACE(PyInterpreterState, types_for_extensions, 189840, 0)
	GONE(_gc_runtime_state, generation0)
};

static const struct table_size sizes[] = {
	SIZE(_PyRuntimeState, 332592)
	SIZE(PyInterpreterState, 225840)
	SIZE(_gc_runtime_state, 240)
	SIZE(PyThreadState, 824)
	SIZE(PyBaseExceptionGroupObject, 88)
};

const struct layout_table layout_table_3_14_3d = {
	.name = "3.14.3d",
	.base = "3.14d",
	.e_machine = EM_X86_64,
	.first = { 3, 14, 0, 0xf, 0, true, false },
	.last = { 3, 14, 4, 0xf, 0, true, false },
	.origin = "CPython 3.14.3 headers -DPy_DEBUG",
	.fields = fields,
	.field_count = ARRAY_SIZE(fields),
	.sizes = sizes,
	.size_count = ARRAY_SIZE(sizes),
};
