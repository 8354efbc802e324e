/* Generated: see docs/adding-a-python.md. Not to be edited.
 * vocabulary ff0ff978
 */
#include "cpython_layouts/tables/table.h"

static const struct table_field fields[] = {
	PLACE(_PyRuntimeState, tstate_current, 1384, 8)
};

static const struct table_size sizes[] = {
	SIZE(_PyRuntimeState, 1480)
	SIZE(_gil_runtime_state, 224)
};

const struct layout_table layout_table_3_8_aarch64 = {
	.name = "3.8-aarch64",
	.base = "3.8",
	.e_machine = EM_AARCH64,
	.first = { 3, 8, 0, 0xf, 0, false, false },
	.last = { 3, 8, 99, 0xf, 0, false, false },
	.origin = "CPython 3.8.18 headers, aarch64",
	.fields = fields,
	.field_count = ARRAY_SIZE(fields),
	.sizes = sizes,
	.size_count = ARRAY_SIZE(sizes),
};
