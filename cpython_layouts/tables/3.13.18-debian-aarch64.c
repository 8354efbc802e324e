/* Generated: see docs/adding-a-python.md. Not to be edited.
 * vocabulary ff0ff978
 */
#include "cpython_layouts/tables/table.h"

static const struct table_field fields[] = {
	PLACE(PyInterpreterState, obmalloc, 10816, 0)
	PLACE(PyInterpreterState, types_builtins, 182984, 0)
	PLACE(PyInterpreterState, types_for_extensions, 192600, 0)
};

static const struct table_size sizes[] = {
	SIZE(_PyRuntimeState, 283424)
	SIZE(PyInterpreterState, 195000)
	SIZE(_gil_runtime_state, 224)
};

const struct layout_table layout_table_3_13_18_debian_aarch64 = {
	.name = "3.13.18-debian-aarch64",
	.base = "3.13.18-debian",
	.e_machine = EM_AARCH64,
	.first = { 3, 13, 11, 0xf, 0, false, false },
	.last = { 3, 13, 99, 0xf, 0, false, false },
	.origin = "CPython 3.13.18 (debian) headers, aarch64",
	.fields = fields,
	.field_count = ARRAY_SIZE(fields),
	.sizes = sizes,
	.size_count = ARRAY_SIZE(sizes),
};
