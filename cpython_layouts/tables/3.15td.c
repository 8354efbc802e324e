/* Generated: see docs/adding-a-python.md. Not to be edited.
 * vocabulary ff0ff978
 */
#include "cpython_layouts/tables/table.h"

static const struct table_field fields[] = {
	PLACE(_PyRuntimeState, managed_static_types, 26808, 0)
	PLACE(PyInterpreterState, obmalloc, 17288, 0)
	PLACE(PyInterpreterState, types_builtins, 186024, 0)
	PLACE(PyInterpreterState, types_for_extensions, 195784, 0)
	PLACE(mi_page_t, xthread_free, 72, 8)
	PLACE(mi_page_t, keys, 56, 0)
};

static const struct table_size sizes[] = {
	SIZE(_PyRuntimeState, 425368)
	SIZE(PyInterpreterState, 250392)
	SIZE(mi_segment_t, 65952)
	SIZE(mi_page_t, 128)
};

const struct layout_table layout_table_3_15td = {
	.name = "3.15td",
	.base = "3.15t",
	.e_machine = EM_X86_64,
	.first = { 3, 15, 0, 0xf, 0, true, true },
	.last = { 3, 15, 99, 0xf, 0, true, true },
	.origin = "CPython 3.15.2 headers -DPy_DEBUG -DPy_GIL_DISABLED=1",
	.fields = fields,
	.field_count = ARRAY_SIZE(fields),
	.sizes = sizes,
	.size_count = ARRAY_SIZE(sizes),
};
