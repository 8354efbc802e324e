/* Generated: see docs/adding-a-python.md. Not to be edited.
 * vocabulary ff0ff978
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
	SIZE(_PyRuntimeState, 332592)
	SIZE(PyInterpreterState, 225840)
	SIZE(_gc_runtime_state, 240)
	SIZE(mi_segment_t, 49512)
	SIZE(mi_page_t, 96)
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
