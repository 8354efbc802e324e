/* Generated: see docs/adding-a-python.md. Not to be edited.
 * vocabulary ff0ff978
 */
#include "cpython_layouts/tables/table.h"

static const struct table_field fields[] = {
	PLACE(PyInterpreterState, obmalloc, 17656, 0)
	PLACE(PyInterpreterState, types_builtins, 186376, 0)
	PLACE(PyInterpreterState, types_for_extensions, 195992, 0)
	PLACE(mi_segment_t, used, 208, 8)
	PLACE(mi_segment_t, segment_slices, 224, 8)
	PLACE(mi_segment_t, segment_info_slices, 232, 8)
	PLACE(mi_segment_t, kind, 240, 4)
	PLACE(mi_segment_t, slice_entries, 248, 8)
	PLACE(mi_segment_t, slices, 264, 0)
	BITS(mi_page_t, heap_tag, 8, 1, 3, 4)
	PLACE(mi_page_t, used, 24, 4)
	PLACE(mi_page_t, block_size, 28, 4)
	GONE(mi_page_t, page_start)
	PLACE(mi_page_t, local_free, 32, 8)
	PLACE(mi_page_t, xthread_free, 56, 8)
	PLACE(mi_page_t, keys, 40, 0)
};

static const struct table_size sizes[] = {
	SIZE(_PyRuntimeState, 380800)
	SIZE(PyInterpreterState, 249088)
	SIZE(mi_segment_t, 57720)
	SIZE(mi_page_t, 112)
	SIZE(PyThreadState, 824)
	SIZE(PyBaseExceptionGroupObject, 104)
};

const struct layout_table layout_table_3_14_3td = {
	.name = "3.14.3td",
	.base = "3.14td",
	.e_machine = EM_X86_64,
	.first = { 3, 14, 0, 0xf, 0, true, true },
	.last = { 3, 14, 4, 0xf, 0, true, true },
	.origin = "CPython 3.14.3 headers -DPy_DEBUG -DPy_GIL_DISABLED=1",
	.fields = fields,
	.field_count = ARRAY_SIZE(fields),
	.sizes = sizes,
	.size_count = ARRAY_SIZE(sizes),
};
