/* Generated: see docs/adding-a-python.md. Not to be edited.
 * vocabulary ff0ff978
 */
#include "cpython_layouts/tables/table.h"

static const struct table_field fields[] = {
	PLACE(_PyRuntimeState, managed_static_types, 26472, 0)
	PLACE(PyInterpreterState, obmalloc, 10808, 0)
	PLACE(PyInterpreterState, types_builtins, 182984, 0)
	PLACE(PyInterpreterState, types_for_extensions, 192600, 0)
	PLACE(mi_page_t, xthread_free, 56, 8)
	PLACE(mi_page_t, keys, 40, 0)
};

static const struct table_size sizes[] = {
	SIZE(_PyRuntimeState, 299336)
	SIZE(PyInterpreterState, 194984)
	SIZE(mi_segment_t, 49512)
	SIZE(mi_page_t, 96)
};

const struct layout_table layout_table_3_13d = {
	.name = "3.13d",
	.base = "3.13",
	.e_machine = EM_X86_64,
	.first = { 3, 13, 0, 0xf, 0, true, false },
	.last = { 3, 13, 10, 0xf, 0, true, false },
	.origin = "CPython 3.13.0 headers -DPy_DEBUG",
	.fields = fields,
	.field_count = ARRAY_SIZE(fields),
	.sizes = sizes,
	.size_count = ARRAY_SIZE(sizes),
};
