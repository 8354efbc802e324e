#include "cpython_layouts/layout.h"

const char *const structure_names[STRUCT_COUNT] = {
#define STRUCT(S, names) #S,
#include "cpython_layouts/fields.def"
};

const char *const structure_aliases[STRUCT_COUNT] = {
#define STRUCT(S, names) names,
#include "cpython_layouts/fields.def"
};

const struct field_info field_infos[FIELD_COUNT] = {
#define FIELD(S, m, kind, paths) { #m, paths, STRUCT_##S, KIND_##kind },
#include "cpython_layouts/fields.def"
};
