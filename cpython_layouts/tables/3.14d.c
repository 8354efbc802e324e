/* Generated: see docs/adding-a-python.md. Not to be edited.
 * vocabulary ff0ff978
 */
#include "cpython_layouts/tables/table.h"

static const struct table_field fields[] = {
	PLACE(_PyRuntimeState, managed_static_types, 26688, 0)
	PLACE(PyInterpreterState, obmalloc, 10912, 0)
	PLACE(PyInterpreterState, types_builtins, 180256, 0)
	PLACE(PyInterpreterState, types_for_extensions, 189872, 0)
	PLACE(mi_page_t, xthread_free, 72, 8)
	PLACE(mi_page_t, keys, 56, 0)
};

static const struct table_size sizes[] = {
	SIZE(_PyRuntimeState, 332632)
	SIZE(PyInterpreterState, 225880)
	SIZE(mi_segment_t, 57744)
	SIZE(mi_page_t, 112)
};

const struct layout_table layout_table_3_14d = {
	.name = "3.14d",
	.base = "3.14",
	.e_machine = EM_X86_64,
	.first = { 3, 14, 5, 0xf, 0, true, false },
	.last = { 3, 14, 99, 0xf, 0, true, false },
	.origin = "CPython 3.14.10 headers -DPy_DEBUG",
	.fields = fields,
	.field_count = ARRAY_SIZE(fields),
	.sizes = sizes,
	.size_count = ARRAY_SIZE(sizes),
};
