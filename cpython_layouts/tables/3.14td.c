/* Generated: see docs/adding-a-python.md. Not to be edited.
 * vocabulary ff0ff978
 */
#include "cpython_layouts/tables/table.h"

static const struct table_field fields[] = {
	PLACE(_PyRuntimeState, managed_static_types, 26696, 0)
	PLACE(PyInterpreterState, obmalloc, 17336, 0)
	PLACE(PyInterpreterState, types_builtins, 186056, 0)
	PLACE(PyInterpreterState, types_for_extensions, 195672, 0)
	PLACE(mi_page_t, xthread_free, 72, 8)
	PLACE(mi_page_t, keys, 56, 0)
};

static const struct table_size sizes[] = {
	SIZE(_PyRuntimeState, 381696)
	SIZE(PyInterpreterState, 250040)
	SIZE(mi_segment_t, 65952)
	SIZE(mi_page_t, 128)
};

const struct layout_table layout_table_3_14td = {
	.name = "3.14td",
	.base = "3.14t",
	.e_machine = EM_X86_64,
	.first = { 3, 14, 5, 0xf, 0, true, true },
	.last = { 3, 14, 99, 0xf, 0, true, true },
	.origin = "CPython 3.14.10 headers -DPy_DEBUG -DPy_GIL_DISABLED=1",
	.fields = fields,
	.field_count = ARRAY_SIZE(fields),
	.sizes = sizes,
	.size_count = ARRAY_SIZE(sizes),
};
