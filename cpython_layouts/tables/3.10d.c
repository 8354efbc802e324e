/* Generated: see docs/adding-a-python.md. Not to be edited.
 * vocabulary ff0ff978
 */
#include "cpython_layouts/tables/table.h"

const struct layout_table layout_table_3_10d = {
	.name = "3.10d",
	.base = "3.10",
	.e_machine = EM_X86_64,
	.first = { 3, 10, 0, 0xf, 0, true, false },
	.last = { 3, 10, 99, 0xf, 0, true, false },
	.origin = "CPython 3.10.13 headers -DPy_DEBUG",
};
