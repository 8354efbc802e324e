/* __sizeof__ of the standard library's types that are written in C, and of numpy's. */
#include "cpython_layouts/sizes.h"

#include "core/checked.h"

#define FORMAT_MAX 65536 /* bytes of a C string that are looked at for its end */
#define CODES_MAX  4096  /* format codes of one struct.Struct */

/* sys.getsizeof() of the bytes object at an address, which has no head. */
static bool add_bytes_object(struct runtime *rt, addr_t at, uint64_t *ret)
{
	const struct layout *l = &rt->layout;
	const uint8_t *p = memory_at(&rt->target->memory, at, SIZEOF(l, PyVarObject));
	return p && size_add(ret, OFFSET(l, PyBytesObject, ob_sval) + 1, 1) &&
	       size_add(ret, GETS(l, p, PyVarObject, ob_size), 1);
}

/* strlen() + 1 of a string that may be NULL */
static bool add_string(struct runtime *rt, addr_t at, uint64_t *ret)
{
	size_t len;
	if (!at)
		return true;
	if (!memory_string(&rt->target->memory, at, FORMAT_MAX, &len))
		return false;
	return size_add(ret, (int64_t)len + 1, 1);
}

/* A tuple's length times a word. */
static bool add_tuple(struct runtime *rt, addr_t tuple, uint64_t *ret)
{
	const struct layout *l = &rt->layout;
	const uint8_t *p = memory_at(&rt->target->memory, tuple, SIZEOF(l, PyVarObject));
	return p && size_add(ret, GETS(l, p, PyVarObject, ob_size), l->machine->word);
}

/* --- io -------------------------------------------------------------------------------------- */

static bool size_of_buffered(struct runtime *rt, const struct object *o, uint64_t *ret)
{
	const struct layout *l = &rt->layout;
	*ret = size_basic(o);
	return !GET(l, o->p, buffered, buffer) ||
	       size_add(ret, GETS(l, o->p, buffered, buffer_size), 1);
}

/* Has the object more than one reference? */
static bool is_shared(const struct layout *l, const uint8_t *p)
{
	if (HAS(l, PyObject, ob_ref_local))
		return (int64_t)GET(l, p, PyObject, ob_ref_local) +
			       (GETS(l, p, PyObject, ob_ref_shared) >> 2) >
		       1;
	return GET(l, p, PyObject, ob_refcnt) > 1;
}

/* Modules/_io/bytesio.c (3.5+): a bytes object that others have too does not count. */
static bool size_of_bytesio(struct runtime *rt, const struct object *o, uint64_t *ret)
{
	const struct layout *l = &rt->layout;
	addr_t buf = GET(l, o->p, bytesio, buf);
	*ret = size_basic(o);
	if (!buf)
		return true;
	if (HAS(l, bytesio, buf_size))
		return size_add(ret, GETS(l, o->p, bytesio, buf_size), 1);
	const uint8_t *p = memory_at(&rt->target->memory, buf, SIZEOF(l, PyObject));
	return p && (is_shared(l, p) || add_bytes_object(rt, buf, ret));
}

/* --- struct, array, decimal, queue ----------------------------------------------------------- */

/* The codes end with one that has no fmtdef, which counts too. */
static bool size_of_struct(struct runtime *rt, const struct object *o, uint64_t *ret)
{
	const struct layout *l = &rt->layout;
	addr_t at = GET(l, o->p, PyStructObject, s_codes);
	*ret = size_basic(o);
	for (size_t i = 0; i < CODES_MAX; i++, at += SIZEOF(l, formatcode)) {
		const uint8_t *p = memory_at(&rt->target->memory, at, SIZEOF(l, formatcode));
		if (!p)
			return false;
		*ret += SIZEOF(l, formatcode);
		if (!GET(l, p, formatcode, fmtdef))
			return true;
	}
	return false;
}

static bool size_of_array(struct runtime *rt, const struct object *o, uint64_t *ret)
{
	const struct layout *l = &rt->layout;
	const uint8_t *descr = memory_at(&rt->target->memory, GET(l, o->p, arrayobject, ob_descr),
					 SIZEOF(l, arraydescr));
	*ret = size_basic(o);
	return descr && size_add(ret, GETS(l, o->p, arrayobject, allocated),
				 GET(l, descr, arraydescr, itemsize));
}

/* libmpdec's mpdecimal.h: MPD_STATIC_DATA, MPD_SHARED_DATA, MPD_CONST_DATA; else it is malloc's */
static bool size_of_decimal(struct runtime *rt, const struct object *o, uint64_t *ret)
{
	const struct layout *l = &rt->layout;
	*ret = size_basic(o);
	return GET(l, o->p, PyDecObject, dec_flags) & (32 | 64 | 128) ||
	       size_add(ret, GETS(l, o->p, PyDecObject, dec_alloc), l->machine->word);
}

static bool size_of_queue(struct runtime *rt, const struct object *o, uint64_t *ret)
{
	const struct layout *l = &rt->layout;
	*ret = size_basic(o);
	return size_add(ret, GETS(l, o->p, simplequeueobject, items_cap), l->machine->word);
}

/* --- itertools ------------------------------------------------------------------------------- */

static bool size_of_product(struct runtime *rt, const struct object *o, uint64_t *ret)
{
	*ret = size_basic(o);
	return add_tuple(rt, GET(&rt->layout, o->p, productobject, pools), ret);
}

static bool size_of_combinations(struct runtime *rt, const struct object *o, uint64_t *ret)
{
	const struct layout *l = &rt->layout;
	*ret = size_basic(o);
	return size_add(ret, GETS(l, o->p, combinationsobject, r), l->machine->word);
}

static bool size_of_permutations(struct runtime *rt, const struct object *o, uint64_t *ret)
{
	const struct layout *l = &rt->layout;
	*ret = size_basic(o);
	return add_tuple(rt, GET(l, o->p, permutationsobject, pool), ret) &&
	       size_add(ret, GETS(l, o->p, permutationsobject, r), l->machine->word);
}

/* --- ElementTree, ctypes --------------------------------------------------------------------- */

static bool size_of_element(struct runtime *rt, const struct object *o, uint64_t *ret)
{
	const struct layout *l = &rt->layout;
	addr_t extra = GET(l, o->p, ElementObject, extra);
	*ret = size_basic(o);
	if (!extra)
		return true;
	const uint8_t *p = memory_at(&rt->target->memory, extra, SIZEOF(l, ElementObjectExtra));
	if (!p)
		return false;
	*ret += SIZEOF(l, ElementObjectExtra);
	return GET(l, p, ElementObjectExtra, children) ==
		       extra + OFFSET(l, ElementObjectExtra, _children) ||
	       size_add(ret, GETS(l, p, ElementObjectExtra, allocated), l->machine->word);
}

static bool add_ctypes_info(struct runtime *rt, const uint8_t *p, uint64_t *ret)
{
	const struct layout *l = &rt->layout;
	int64_t length = GETS(l, p, StgInfo, length);
	return add_string(rt, GET(l, p, StgInfo, format), ret) &&
	       size_add(ret, GETS(l, p, StgInfo, ndim), l->machine->word) &&
	       (!GET(l, p, StgInfo, elements) ||
		(length < INT64_MAX && size_add(ret, length + 1, l->machine->word)));
}

/* Modules/_ctypes/stgdict.c (3.7 - 3.12): the dict of a ctypes class */
static bool size_of_ctypes_dict(struct runtime *rt, const struct object *o, uint64_t *ret)
{
	const struct layout *l = &rt->layout;
	return size_of_dict(rt, o, ret) &&
	       size_add(ret, (int64_t)SIZEOF(l, StgInfo) - SIZEOF(l, PyDictObject), 1) &&
	       add_ctypes_info(rt, o->p, ret);
}

/* Modules/_ctypes/_ctypes.c (3.13+): what a class is for ctypes stands behind what it is for
 * Python, at the next multiple of 16 (PyObject_GetTypeData()). */
static bool size_of_ctypes_type(struct runtime *rt, const struct object *o, uint64_t *ret)
{
	const struct layout *l = &rt->layout;
	addr_t at = o->at + ((SIZEOF(l, PyHeapTypeObject) + 15) & ~15u);
	const uint8_t *p = memory_at(&rt->target->memory, at, SIZEOF(l, StgInfo));
	if (!p || !size_of_object(rt, o, ret))
		return false;
	return !GET(l, p, StgInfo, initialized) || add_ctypes_info(rt, p, ret);
}

/* --- pickle ---------------------------------------------------------------------------------- */

/* Words of Modules/_pickle.c's objects behind their header. Releases of one minor version differ
 * (3.13.5 put back what 3.13.0 had taken out), so it is the instance's size that tells. */
static const struct pickler_form {
	uint16_t size, memo, output_buffer;
} picklers[] = {
	{ 15, 0, 5 }, /* 3.6, 3.7 */
	{ 16, 0, 5 }, /* 3.13.0 */
	{ 17, 0, 6 }, /* 3.8 - 3.12, 3.13.5+ */
};

static const struct unpickler_form {
	uint16_t size, memo, memo_size, input_line, encoding, errors, marks, marks_size;
} unpicklers[] = {
	{ 30, 1, 2, 17, 24, 25, 26, 28 }, /* 3.6, 3.7 */
	{ 31, 1, 2, 16, 25, 26, 27, 29 }, /* 3.13.0 */
	{ 32, 1, 2, 17, 26, 27, 28, 30 }, /* 3.8 - 3.12, 3.13.5 */
	{ 33, 1, 2, 17, 26, 27, 28, 30 }, /* 3.14.3 */
	{ 35, 1, 2, 17, 28, 29, 30, 32 }, /* 3.13.15, 3.14.8 */
	{ 36, 1, 2, 18, 29, 30, 31, 33 }, /* 3.15 */
};

/* The class itself, below those that Python code made of it; NULL: none such. */
static const struct pytype *pickle_class(const struct pytype *type, const char *name)
{
	while (type && !streq(type->full_name, name))
		type = type->base;
	return type;
}

/* Words behind the header of an instance of the class; 0: damaged. */
static size_t pickle_words(struct runtime *rt, const struct object *o, const char *name)
{
	const struct layout *l = &rt->layout;
	const struct pytype *class = pickle_class(o->type, name);
	if (!class || class->basicsize > o->type->fixed)
		return 0;
	return ((size_t) class->basicsize - SIZEOF(l, PyObject)) / l->machine->word;
}

static bool size_of_pickler(struct runtime *rt, const struct object *o, uint64_t *ret)
{
	const struct layout *l = &rt->layout;
	uint64_t word = l->machine->word;
	size_t words = pickle_words(rt, o, "_pickle.Pickler");
	const uint8_t *body = o->p + SIZEOF(l, PyObject);
	for (const struct pickler_form *f = picklers; f < picklers + ARRAY_SIZE(picklers); f++) {
		if (f->size != words)
			continue;
		addr_t memo = word_at(rt, body, f->memo), out = word_at(rt, body, f->output_buffer);
		*ret = size_basic(o);
		if (memo) {
			/* mt_mask, mt_used, mt_allocated, mt_table of key and value */
			const uint8_t *p = memory_at(&rt->target->memory, memo, 4 * word);
			if (!p || !size_add(ret, (int64_t)word_at(rt, p, 2), 2 * word))
				return false;
			*ret += 4 * word;
		}
		return !out || add_bytes_object(rt, out, ret);
	}
	return false;
}

static bool size_of_unpickler(struct runtime *rt, const struct object *o, uint64_t *ret)
{
	const struct layout *l = &rt->layout;
	uint64_t word = l->machine->word;
	size_t words = pickle_words(rt, o, "_pickle.Unpickler");
	const uint8_t *body = o->p + SIZEOF(l, PyObject);
	const struct unpickler_form *end = unpicklers + ARRAY_SIZE(unpicklers);
	for (const struct unpickler_form *f = unpicklers; f < end; f++) {
		if (f->size != words)
			continue;
		int64_t memo = (int64_t)word_at(rt, body, f->memo_size);
		int64_t marks = (int64_t)word_at(rt, body, f->marks_size);
		*ret = size_basic(o);
		return (!word_at(rt, body, f->memo) || size_add(ret, memo, word)) &&
		       (!word_at(rt, body, f->marks) || size_add(ret, marks, word)) &&
		       add_string(rt, word_at(rt, body, f->input_line), ret) &&
		       add_string(rt, word_at(rt, body, f->encoding), ret) &&
		       add_string(rt, word_at(rt, body, f->errors), ret);
	}
	return false;
}

const struct size_rule size_rules_modules[] = {
	{ .name = "_io.BufferedReader",
	  .fields = { FIELD_buffered_buffer, FIELD_buffered_buffer_size },
	  .size = size_of_buffered },
	{ .name = "_io.BufferedWriter",
	  .fields = { FIELD_buffered_buffer, FIELD_buffered_buffer_size },
	  .size = size_of_buffered },
	{ .name = "_io.BufferedRandom",
	  .fields = { FIELD_buffered_buffer, FIELD_buffered_buffer_size },
	  .size = size_of_buffered },
	{ .name = "_io.BytesIO",
	  .fields = { FIELD_bytesio_buf, FIELD_bytesio_buf_size },
	  .size = size_of_bytesio },
	{ .name = "_struct.Struct",
	  .fields = { FIELD_PyStructObject_s_codes },
	  .size = size_of_struct },
	/* its name up to 3.8 */
	{ .name = "Struct", .fields = { FIELD_PyStructObject_s_codes }, .size = size_of_struct },
	{ .name = "array.array",
	  .fields = { FIELD_arrayobject_allocated, FIELD_arrayobject_ob_descr },
	  .size = size_of_array },
	{ .name = "decimal.Decimal",
	  .major = 3,
	  .fields = { FIELD_PyDecObject_dec_flags, FIELD_PyDecObject_dec_alloc },
	  .size = size_of_decimal },
	{ .name = "_queue.SimpleQueue",
	  .major = 3,
	  .minor = 15,
	  .fields = { FIELD_simplequeueobject_items_cap },
	  .size = size_of_queue },
	{ .name = "itertools.product",
	  .major = 3,
	  .fields = { FIELD_productobject_pools },
	  .size = size_of_product },
	{ .name = "itertools.combinations",
	  .major = 3,
	  .fields = { FIELD_combinationsobject_r },
	  .size = size_of_combinations },
	{ .name = "itertools.combinations_with_replacement",
	  .major = 3,
	  .fields = { FIELD_combinationsobject_r },
	  .size = size_of_combinations },
	{ .name = "itertools.permutations",
	  .major = 3,
	  .fields = { FIELD_permutationsobject_pool, FIELD_permutationsobject_r },
	  .size = size_of_permutations },
	{ .name = "xml.etree.ElementTree.Element",
	  .major = 3,
	  .fields = { FIELD_ElementObject_extra },
	  .size = size_of_element },
	{ .name = "StgDict",
	  .major = 3,
	  .minor = 7,
	  .fields = { FIELD_StgInfo_length, FIELD_StgInfo_elements, FIELD_StgInfo_format,
		      FIELD_StgInfo_ndim },
	  .size = size_of_ctypes_dict },
	{ .name = "_ctypes.CType_Type", .major = 3, .minor = 13, .size = size_of_ctypes_type },
	{ .name = "_pickle.Pickler", .major = 3, .size = size_of_pickler },
	{ .name = "_pickle.Unpickler", .major = 3, .size = size_of_unpickler },
	{ 0 },
};
