/* Generated: see docs/adding-a-python.md. Not to be edited.
 * vocabulary ff0ff978
 */
#include "cpython_layouts/tables/table.h"

static const struct table_field fields[] = {
	PLACE(_gc_runtime_state, generations, 20, 0)
};

static const struct table_size sizes[] = {
	SIZE(_PyRuntimeState, 283376)
	SIZE(PyInterpreterState, 194976)
};

const struct layout_table layout_table_3_13_5_debian = {
	.name = "3.13.5-debian",
	.base = "3.13",
	.e_machine = EM_X86_64,
	.first = { 3, 13, 0, 0xf, 0, false, false },
	.last = { 3, 13, 10, 0xf, 0, false, false },
	.origin = "CPython 3.13.5 (debian) headers",
	.fields = fields,
	.field_count = ARRAY_SIZE(fields),
	.sizes = sizes,
	.size_count = ARRAY_SIZE(sizes),
};
