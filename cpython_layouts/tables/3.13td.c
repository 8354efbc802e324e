/* Generated: see docs/adding-a-python.md. Not to be edited.
 * vocabulary ff0ff978
 */
#include "cpython_layouts/tables/table.h"

static const struct table_field fields[] = {
	PLACE(_PyRuntimeState, managed_static_types, 26480, 0)
	PLACE(PyInterpreterState, obmalloc, 17496, 0)
	PLACE(PyInterpreterState, types_builtins, 186136, 0)
	PLACE(PyInterpreterState, types_for_extensions, 195752, 0)
	PLACE(mi_page_t, xthread_free, 56, 8)
	PLACE(mi_page_t, keys, 40, 0)
};

static const struct table_size sizes[] = {
	SIZE(_PyRuntimeState, 346752)
	SIZE(PyInterpreterState, 218112)
	SIZE(mi_segment_t, 57720)
	SIZE(mi_page_t, 112)
};

const struct layout_table layout_table_3_13td = {
	.name = "3.13td",
	.base = "3.13t",
	.e_machine = EM_X86_64,
	.first = { 3, 13, 0, 0xf, 0, true, true },
	.last = { 3, 13, 10, 0xf, 0, true, true },
	.origin = "CPython 3.13.0 headers -DPy_DEBUG -DPy_GIL_DISABLED=1",
	.fields = fields,
	.field_count = ARRAY_SIZE(fields),
	.sizes = sizes,
	.size_count = ARRAY_SIZE(sizes),
};
