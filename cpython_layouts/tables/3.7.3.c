/* Generated: see docs/adding-a-python.md. Not to be edited.
 * vocabulary ff0ff978
 */
#include "cpython_layouts/tables/table.h"

static const struct table_field fields[] = {
	PLACE(_PyRuntimeState, tstate_current, 1392, 8)
	PLACE(_PyRuntimeState, ceval_gil, 1176, 0)
	PLACE(_PyRuntimeState, gc, 312, 0)
	PLACE(_gc_runtime_state, generations, 24, 0)
	PLACE(_gc_runtime_state, generation0, 120, 8)
	PLACE(_gc_runtime_state, permanent_generation, 128, 0)
	PLACE(_gc_runtime_state, collecting, 232, 4)
	PLACE(_gc_runtime_state, garbage, 240, 8)
	PLACE(_gc_runtime_state, callbacks, 248, 8)
	PLACE(gc_generation, threshold, 24, 4)
	PLACE(gc_generation, count, 28, 4)
};

static const struct table_size sizes[] = {
	SIZE(PyGC_Head, 24)
	SIZE(_PyRuntimeState, 1424)
	SIZE(_gc_runtime_state, 272)
	SIZE(gc_generation, 32)
};

const struct layout_table layout_table_3_7_3 = {
	.name = "3.7.3",
	.base = "3.7",
	.e_machine = EM_X86_64,
	.first = { 3, 7, 0, 0xf, 0, false, false },
	.last = { 3, 7, 3, 0xf, 0, false, false },
	.origin = "CPython 3.7.3 headers",
	.fields = fields,
	.field_count = ARRAY_SIZE(fields),
	.sizes = sizes,
	.size_count = ARRAY_SIZE(sizes),
};
