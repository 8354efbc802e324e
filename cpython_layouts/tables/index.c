/* All tables, from tables.def. */
#include "cpython_layouts/layout.h"

#define TABLE(name) extern const struct layout_table layout_table_##name;
#include "cpython_layouts/tables/tables.def"
#undef TABLE

const struct layout_table *const layout_tables[] = {
#define TABLE(name) &layout_table_##name,
#include "cpython_layouts/tables/tables.def"
	NULL,
};
