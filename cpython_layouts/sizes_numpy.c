/* __sizeof__ of numpy's arrays and scalars: numpy/core/src/multiarray/methods.c, array_sizeof(), and
 * scalartypes.c.src, gentype_sizeof(), the same from 1.x to 2.x.
 *
 *	array   header | data | int nd | dimensions* | strides* | base | descr* | int flags
 *	void    header | ob_size | value* | descr* */
#include "cpython_layouts/sizes.h"

#include "core/checked.h"
#include "cpython_layouts/kinds/numpy.h"

#define DIMENSIONS_MAX    64
#define NPY_ARRAY_OWNDATA 4

/* Bytes of all elements. */
static bool array_bytes(struct runtime *rt, addr_t shape, uint32_t dimensions, uint64_t element,
			uint64_t *ret)
{
	const struct machine *m = rt->layout.machine;
	const uint8_t *p =
		dimensions ? memory_at(&rt->target->memory, shape, dimensions * m->word) : NULL;
	if (dimensions && !p)
		return false;
	for (uint32_t i = 0; i < dimensions; i++)
		if (!checked_mul(element, word_at(rt, p, i), &element))
			return false;
	return !__builtin_add_overflow(*ret, element, ret);
}

static bool size_of_array(struct runtime *rt, const struct object *o, uint64_t *ret)
{
	const struct layout *l = &rt->layout;
	const struct machine *m = l->machine;
	uint32_t word = m->word, body = SIZEOF(l, PyObject);
	uint64_t element;
	if (o->type->fixed < body + 7 * word)
		return false;
	const uint8_t *p = o->p + body;
	uint32_t dimensions = load_u32(m, p + word), flags = load_u32(m, p + 6 * word);
	if (dimensions > DIMENSIONS_MAX)
		return false;
	*ret = size_basic(o) + 2 * dimensions * word;
	return !(flags & NPY_ARRAY_OWNDATA) ||
	       (numpy_element_size(rt, load_word(m, p + 5 * word), &element) &&
		array_bytes(rt, load_word(m, p + 2 * word), dimensions, element, ret));
}

/* The value counts, and where the class has items, they count too. */
static bool size_of_scalar(struct runtime *rt, const struct object *o, uint64_t *ret)
{
	const struct layout *l = &rt->layout;
	const struct machine *m = l->machine;
	uint64_t value = numpy_scalar_size(rt, o->type);
	uint32_t head = SIZEOF(l, PyVarObject);
	if (!size_of_object(rt, o, ret))
		return false;
	if (value)
		return size_add(ret, (int64_t)value, 1);
	if (pytype_is(o->type, "numpy.bytes_"))
		return size_add(ret, GETS(l, o->p, PyVarObject, ob_size), 1);
	return pytype_is(o->type, "numpy.void") && o->type->fixed >= head + 2u * m->word &&
	       numpy_element_size(rt, load_word(m, o->p + head + m->word), &value) &&
	       size_add(ret, (int64_t)value, 1);
}

const struct size_rule size_rules_numpy[] = {
	{ .name = "numpy.ndarray", .size = size_of_array },
	{ .name = "numpy.generic",
	  .fields = { FIELD_PyVarObject_ob_size },
	  .size = size_of_scalar },
	{ 0 },
};
