/* Generated: see docs/adding-a-python.md. Not to be edited.
 * vocabulary ff0ff978
 */
#include "cpython_layouts/tables/table.h"

static const struct table_size sizes[] = {
	SIZE(_gil_runtime_state, 232)
};

const struct layout_table layout_table_3_14_3t_aarch64 = {
	.name = "3.14.3t-aarch64",
	.base = "3.14.3t",
	.e_machine = EM_AARCH64,
	.first = { 3, 14, 0, 0xf, 0, false, true },
	.last = { 3, 14, 4, 0xf, 0, false, true },
	.origin = "CPython 3.14.3 headers -DPy_GIL_DISABLED=1, aarch64",
	.sizes = sizes,
	.size_count = ARRAY_SIZE(sizes),
};
