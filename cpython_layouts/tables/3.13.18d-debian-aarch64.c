/* Generated: see docs/adding-a-python.md. Not to be edited.
 * vocabulary ff0ff978
 */
#include "cpython_layouts/tables/table.h"

static const struct table_field fields[] = {
	PLACE(PyInterpreterState, obmalloc, 10824, 0)
	PLACE(PyInterpreterState, types_builtins, 183000, 0)
	PLACE(PyInterpreterState, types_for_extensions, 192616, 0)
};

static const struct table_size sizes[] = {
	SIZE(_PyRuntimeState, 299440)
	SIZE(PyInterpreterState, 195016)
	SIZE(_gil_runtime_state, 224)
};

const struct layout_table layout_table_3_13_18d_debian_aarch64 = {
	.name = "3.13.18d-debian-aarch64",
	.base = "3.13.18d-debian",
	.e_machine = EM_AARCH64,
	.first = { 3, 13, 11, 0xf, 0, true, false },
	.last = { 3, 13, 99, 0xf, 0, true, false },
	.origin = "CPython 3.13.18 (debian) headers -DPy_DEBUG, aarch64",
	.fields = fields,
	.field_count = ARRAY_SIZE(fields),
	.sizes = sizes,
	.size_count = ARRAY_SIZE(sizes),
};
