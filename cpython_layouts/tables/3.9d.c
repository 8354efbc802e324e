/* Generated: see docs/adding-a-python.md. Not to be edited.
 * vocabulary ff0ff978
 */
#include "cpython_layouts/tables/table.h"

const struct layout_table layout_table_3_9d = {
	.name = "3.9d",
	.base = "3.9",
	.e_machine = EM_X86_64,
	.first = { 3, 9, 0, 0xf, 0, true, false },
	.last = { 3, 9, 99, 0xf, 0, true, false },
	.origin = "CPython 3.9.18 headers -DPy_DEBUG",
};
