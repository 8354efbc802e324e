/* The families of kinds, one per file. */
#ifndef CPYTHON_LAYOUTS_KINDS_LIST_H
#define CPYTHON_LAYOUTS_KINDS_LIST_H

#include "cpython_layouts/kinds/kind.h"

/* Each ends with a kind without a name. */
extern const struct kind kinds_numbers[], kinds_text[], kinds_sequences[], kinds_mappings[],
	kinds_sets[], kinds_functions[], kinds_classes[], kinds_exceptions[], kinds_enums[],
	kinds_datetimes[], kinds_decimals[], kinds_values[], kinds_paths[], kinds_aliases[],
	kinds_numpy[];

#define KIND_FAMILIES                                                                              \
	kinds_numbers, kinds_text, kinds_sequences, kinds_mappings, kinds_sets, kinds_functions,   \
		kinds_classes, kinds_exceptions, kinds_enums, kinds_datetimes, kinds_decimals,     \
		kinds_values, kinds_paths, kinds_aliases, kinds_numpy

/* Members of an enum that became globals of their module. */
extern const struct kind kind_enum_global;

/* C's named tuples: time.struct_time, os.stat_result, sys.version_info. */
extern const struct kind kind_structseq;
/* A __repr__ that the standard library generated for a class (dataclass, namedtuple): told by the
 * function itself, not by the class's name. qualname and module are the function's; NULL: lost. */
const struct kind *kind_generated(struct runtime *rt, const struct object *function,
				  const struct pytype *owner, const char *qualname,
				  const char *module);

#endif
