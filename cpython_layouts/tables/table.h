/* What the generated tables are made of. A table is one file of these lines, nothing else: the
 * generator reads them back (gen/dump_table.c) when it makes a delta from a base whose headers are
 * not on the machine. */
#ifndef CPYTHON_LAYOUTS_TABLES_TABLE_H
#define CPYTHON_LAYOUTS_TABLES_TABLE_H

#include <elf.h>
#include "core/checked.h"
#include "cpython_layouts/layout.h"

#define PLACE(S, m, offset, width) { FIELD_##S##_##m, { offset, width, 0, 0, SLOT_TABLE } },
#define BITS(S, m, offset, width, bit, bits) { FIELD_##S##_##m, { offset, width, bit, bits, SLOT_TABLE } },
/* The base has it, this build has not. */
#define GONE(S, m) { FIELD_##S##_##m, { 0, 0, 0, 0, SLOT_NONE } },
#define SIZE(S, bytes) { STRUCT_##S, bytes },

#endif
