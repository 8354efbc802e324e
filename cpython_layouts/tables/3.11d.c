/* Generated: see docs/adding-a-python.md. Not to be edited.
 * vocabulary ff0ff978
 */
#include "cpython_layouts/tables/table.h"

const struct layout_table layout_table_3_11d = {
	.name = "3.11d",
	.base = "3.11",
	.e_machine = EM_X86_64,
	.first = { 3, 11, 0, 0xf, 0, true, false },
	.last = { 3, 11, 99, 0xf, 0, true, false },
	.origin = "CPython 3.11.7 headers -DPy_DEBUG",
};
