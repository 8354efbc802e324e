/* What numpy keeps in its arrays and scalars, for others than repr(). */
#ifndef CPYTHON_LAYOUTS_KINDS_NUMPY_H
#define CPYTHON_LAYOUTS_KINDS_NUMPY_H

#include "cpython_layouts/type.h"

/* Bytes of an element of the dtype at an address; false: lost. */
bool numpy_element_size(struct runtime *rt, addr_t dtype, uint64_t *ret);
/* Bytes of the value of a scalar whose class says how long it is ("numpy.float64", or a subclass);
 * 0: it is none of those. */
uint64_t numpy_scalar_size(struct runtime *rt, const struct pytype *type);

#endif
