/* numpy's arrays and scalars. Not repr() but what helps in a traceback: the first values, the type
 * and the shape:
 *
 *	array([1, 2, 3, ...], dtype=int64, shape=(1000,))
 *
 * numpy/_core/include/numpy/ndarraytypes.h, stable since 1.7 but for the size in the descriptor:
 *
 *	array        header | data | int nd | dimensions* | strides* | base | descr*
 *	descr        header | typeobj | char kind, type, byteorder, flags | int type_num | ...
 *	       1.x   int elsize | int alignment
 *	       2.x   u64 flags | intp elsize */
#include "cpython_layouts/kinds/list.h"

#include <math.h>
#include <stdio.h>
#include "cpython_layouts/kinds/numpy.h"

#define DIMENSIONS_MAX 64
#define VALUES_SHOWN   20

enum {
	NPY_BOOL,
	NPY_BYTE,
	NPY_UBYTE,
	NPY_SHORT,
	NPY_USHORT,
	NPY_INT,
	NPY_UINT,
	NPY_LONG,
	NPY_ULONG,
	NPY_LONGLONG,
	NPY_ULONGLONG,
	NPY_FLOAT,
	NPY_DOUBLE,
	NPY_LONGDOUBLE,
	NPY_CFLOAT,
	NPY_CDOUBLE,
	NPY_CLONGDOUBLE,
	NPY_OBJECT,
	NPY_STRING,
	NPY_UNICODE,
	NPY_VOID,
	NPY_DATETIME,
	NPY_TIMEDELTA,
	NPY_HALF,
};

/* What an element is: 'b' bool, 'i' 'u' integers, 'f' floats, 'c' complex, 'O', 'S', 'U',
 * 'm' times, 'V' anything else. */
struct element {
	const struct machine *machine; /* its byte order may differ from the process's */
	struct machine swapped;
	char sort;
	bool foreign; /* not in the process's byte order */
	int type;     /* NPY_... */
	size_t size;
};

struct array {
	addr_t data;
	int dimensions;
	int64_t shape[DIMENSIONS_MAX], strides[DIMENSIONS_MAX];
	struct element element;
};

/* --- descriptors ------------------------------------------------------------------------------ */

static char sort_of(int type)
{
	static const char sorts[] = "biuiuiuiuiufffcccOSUVmmf";
	return type >= 0 && type < (int)sizeof(sorts) - 1 ? sorts[type] : 'V';
}

/* 0: it differs from array to array. */
static size_t fixed_size(int type, size_t word)
{
	switch (type) {
	case NPY_BOOL:
	case NPY_BYTE:
	case NPY_UBYTE:
		return 1;
	case NPY_SHORT:
	case NPY_USHORT:
	case NPY_HALF:
		return 2;
	case NPY_INT:
	case NPY_UINT:
	case NPY_FLOAT:
		return 4;
	case NPY_LONG:
	case NPY_ULONG:
	case NPY_OBJECT:
		return word;
	case NPY_LONGDOUBLE:
		return word == 8 ? 16 : 12;
	case NPY_CLONGDOUBLE:
		return word == 8 ? 32 : 24;
	case NPY_CDOUBLE:
		return 16;
	case NPY_STRING:
	case NPY_UNICODE:
	case NPY_VOID:
		return 0;
	default:
		return type > NPY_HALF ? 0 : 8;
	}
}

static bool element_load(struct runtime *rt, addr_t descr, struct element *ret)
{
	const struct machine *m = rt->layout.machine;
	size_t at = SIZEOF(&rt->layout, PyObject) + m->word; /* behind typeobj */
	const uint8_t *p = memory_at(&rt->target->memory, descr, at + 8 + 16);
	if (!p)
		return false;
	p += at;
	char order = (char)p[2];
	ret->type = (int)load_u32(m, p + 4);
	ret->sort = sort_of(ret->type);
	ret->size = fixed_size(ret->type, m->word);
	/* 1.x has the alignment, never 0, where the upper half of 2.x's flags is, always 0. */
	if (!ret->size)
		ret->size = load_u32(m, p + 12) ? load_u32(m, p + 8) : load_word(m, p + 16);
	bool big_target = m->elf_data == 2;
	ret->foreign = (order == '>' && !big_target) || (order == '<' && big_target);
	ret->swapped = *m;
	ret->swapped.swap = m->swap != ret->foreign;
	return ret->size <= INT32_MAX;
}

static void element_name(struct repr *r, const struct element *e)
{
	static const char *const prefixes[] = {
		['i'] = "int", ['u'] = "uint", ['f'] = "float", ['c'] = "complex"
	};
	if (e->foreign && strchr("iufc", e->sort)) {
		repr_printf(r, "%c%c%zu", r->l->machine->elf_data == 2 ? '<' : '>', e->sort,
			    e->size);
		return;
	}
	switch (e->sort) {
	case 'b':
		repr_adds(r, "bool");
		return;
	case 'O':
		repr_adds(r, "object");
		return;
	case 'S':
		repr_printf(r, "S%zu", e->size);
		return;
	case 'U':
		repr_printf(r, "U%zu", e->size / 4);
		return;
	case 'm':
		repr_adds(r, e->type == NPY_DATETIME ? "datetime64" : "timedelta64");
		return;
	case 'V':
		repr_printf(r, "V%zu", e->size);
		return;
	default:
		repr_printf(r, "%s%zu", prefixes[(uint8_t)e->sort], e->size * 8);
	}
}

/* --- values ----------------------------------------------------------------------------------- */

/* IEEE 754 binary16 */
static double half_value(uint16_t bits)
{
	int exponent = bits >> 10 & 31, mantissa = bits & 1023;
	double value = exponent == 31 ? (mantissa ? NAN : INFINITY)
		       : exponent     ? ldexp(mantissa + 1024, exponent - 25)
				      : ldexp(mantissa, -24);
	return bits & 0x8000 ? -value : value;
}

/* x87: 64 bits of mantissa, 15 of exponent, a sign */
static double extended_value(const struct machine *m, const uint8_t *p)
{
	uint64_t mantissa = load_u64(m, p);
	int exponent = load_u16(m, p + 8) & 0x7fff;
	double value = exponent == 0x7fff ? (mantissa << 1 ? NAN : INFINITY)
					  : ldexp((double)mantissa, exponent - 16383 - 63);
	return load_u16(m, p + 8) & 0x8000 ? -value : value;
}

/* Does the decimal read back as the same single or half? */
static bool float_reads_back(double decimal, double value, size_t size)
{
	int exponent;
	if (size == 4)
		return (float)decimal == (float)value;
	frexp(value, &exponent); /* half of the last of a half's 11 bits */
	return fabs(decimal - value) < ldexp(1, exponent - 12);
}

/* The fewest digits that give the same single or half again. */
static void float_short(struct repr *r, double value, size_t size)
{
	char text[40];
	double shortest = value;
	for (int digits = 1; value != 0 && isfinite(value) && digits <= 9; digits++) {
		snprintf(text, sizeof(text), "%.*e", digits - 1, value);
		shortest = strtod(text, NULL);
		if (float_reads_back(shortest, value, size))
			break;
	}
	double_format(shortest, r->out);
}

static double float_value(const struct element *e, const uint8_t *p, size_t size)
{
	const struct machine *m = &e->swapped;
	float single;
	uint32_t bits;
	switch (size) {
	case 2:
		return half_value(load_u16(m, p));
	case 4:
		bits = load_u32(m, p);
		memcpy(&single, &bits, sizeof(single));
		return (double)single;
	case 8:
		return double_at(m, p);
	default:
		return extended_value(m, p);
	}
}

static void integer_write(struct repr *r, const struct element *e, const uint8_t *p)
{
	uint64_t value = e->size == 1   ? *p
			 : e->size == 2 ? load_u16(&e->swapped, p)
			 : e->size == 4 ? load_u32(&e->swapped, p)
					: load_u64(&e->swapped, p);
	unsigned spare = 64 - (unsigned)e->size * 8;
	if (e->sort == 'u')
		repr_printf(r, "%" PRIu64, value);
	else
		int64_format((int64_t)(value << spare) >> spare, r->out);
}

static void text_write(struct repr *r, const struct element *e, const uint8_t *p)
{
	size_t unit = e->sort == 'U' ? 4 : 1, len = e->size / unit;
	static const uint8_t zeros[4];
	while (len && memcmp(p + (len - 1) * unit, zeros, unit) == 0)
		len--;
	if (e->sort == 'S') {
		repr_adds(r, r->l->version.major < 3 ? "" : "b");
		bytes_shown(r, p, len, len, false);
		return;
	}
	struct characters c = {
		.machine = &e->swapped, .data = p, .len = len, .seen = len, .unit = 4
	};
	repr_adds(r, r->l->dialect.unicode_27 ? "u" : "");
	characters_repr(&c, r->limits->text, r->l->dialect.unicode_27, r->out, &r->cut);
}

static void element_write(struct repr *r, const struct element *e, addr_t at)
{
	const uint8_t *p = memory_at(r->m, at, e->size);
	if (!p && e->size) {
		repr_lost(r, at);
		return;
	}
	switch (e->sort) {
	case 'b':
		repr_adds(r, *p ? "True" : "False");
		break;
	case 'i':
	case 'u':
	case 'm':
		integer_write(r, e, p);
		break;
	case 'f':
		if (e->size < 8)
			float_short(r, float_value(e, p, e->size), e->size);
		else
			double_format(float_value(e, p, e->size), r->out);
		break;
	case 'c':
		complex_format(float_value(e, p, e->size / 2),
			       float_value(e, p + e->size / 2, e->size / 2), r->out);
		break;
	case 'O':
		repr_value(r, word_at(r->rt, p, 0));
		break;
	case 'S':
	case 'U':
		text_write(r, e, p);
		break;
	default:
		repr_adds(r, "?");
	}
}

/* --- arrays ----------------------------------------------------------------------------------- */

static bool array_load(struct repr *r, const struct object *o, struct array *ret)
{
	const struct machine *m = r->l->machine;
	size_t word = m->word, at = SIZEOF(r->l, PyObject);
	if (o->type->fixed < at + 6 * word)
		return false;
	const uint8_t *p = o->p + at;
	ret->data = load_word(m, p);
	ret->dimensions = (int)load_u32(m, p + word);
	if (ret->dimensions < 0 || ret->dimensions > DIMENSIONS_MAX)
		return false;
	size_t bytes = (size_t)ret->dimensions * word;
	const uint8_t *shape = memory_at(r->m, load_word(m, p + 2 * word), bytes);
	const uint8_t *strides = memory_at(r->m, load_word(m, p + 3 * word), bytes);
	if (bytes && (!shape || !strides))
		return false;
	unsigned spare = 64 - (unsigned)word * 8;
	for (int i = 0; i < ret->dimensions; i++) {
		ret->shape[i] = (int64_t)(word_at(r->rt, shape, (size_t)i) << spare) >> spare;
		ret->strides[i] = (int64_t)(word_at(r->rt, strides, (size_t)i) << spare) >> spare;
		if (ret->shape[i] < 0)
			return false;
	}
	return element_load(r->rt, load_word(m, p + 5 * word), &ret->element);
}

static bool array_is_empty(const struct array *a)
{
	for (int i = 0; i < a->dimensions; i++)
		if (a->shape[i] == 0)
			return true;
	return false;
}

static addr_t element_at(const struct array *a, const int64_t *index)
{
	uint64_t at = a->data;
	for (int i = 0; i < a->dimensions; i++)
		at += (uint64_t)index[i] * (uint64_t)a->strides[i];
	return at;
}

static void brackets(struct repr *r, char c, int count)
{
	while (count-- > 0)
		str_addc(r->out, c);
}

/* Counting up like an odometer: how many dimensions began anew; -1: that was the last element. */
static int index_step(const struct array *a, int64_t *index)
{
	for (int i = a->dimensions - 1; i >= 0; i--) {
		if (++index[i] < a->shape[i])
			return a->dimensions - 1 - i;
		index[i] = 0;
	}
	return -1;
}

static void array_values(struct repr *r, const struct array *a)
{
	int64_t index[DIMENSIONS_MAX] = { 0 };
	size_t most = MIN(r->limits->items, (size_t)VALUES_SHOWN);
	if (array_is_empty(a)) {
		repr_adds(r, "[]");
		return;
	}
	brackets(r, '[', a->dimensions);
	for (size_t n = 1;; n++) {
		element_write(r, &a->element, element_at(a, index));
		int anew = index_step(a, index);
		if (anew < 0)
			break;
		brackets(r, ']', anew);
		repr_adds(r, ", ");
		if (n >= most || !repr_spend(r)) {
			repr_adds(r, "...");
			r->cut = true;
			brackets(r, ']', a->dimensions - anew);
			return;
		}
		brackets(r, '[', anew);
	}
	brackets(r, ']', a->dimensions);
}

static bool array_repr(struct repr *r, const struct object *o)
{
	struct array a;
	if (!array_load(r, o, &a))
		return false;
	if (!repr_enter(r, o->at, "array(...)"))
		return true;
	repr_adds(r, "array(");
	array_values(r, &a);
	repr_adds(r, ", dtype=");
	element_name(r, &a.element);
	repr_adds(r, ", shape=(");
	for (int i = 0; i < a.dimensions; i++)
		repr_printf(r, "%s%" PRId64, i ? ", " : "", a.shape[i]);
	repr_adds(r, a.dimensions == 1 ? ",))" : "))");
	repr_leave(r);
	return true;
}

static bool dtype_repr(struct repr *r, const struct object *o)
{
	struct element e;
	if (!element_load(r->rt, o->at, &e))
		return false;
	repr_adds(r, "dtype('");
	element_name(r, &e);
	repr_adds(r, "')");
	return true;
}

/* --- scalars: header | value ------------------------------------------------------------------ */

static const struct {
	const char *name;
	int type;
} scalars[] = {
	{ "numpy.bool", NPY_BOOL },          { "numpy.bool_", NPY_BOOL },
	{ "numpy.int8", NPY_BYTE },          { "numpy.uint8", NPY_UBYTE },
	{ "numpy.int16", NPY_SHORT },        { "numpy.uint16", NPY_USHORT },
	{ "numpy.int32", NPY_INT },          { "numpy.uint32", NPY_UINT },
	{ "numpy.int64", NPY_LONGLONG },     { "numpy.uint64", NPY_ULONGLONG },
	{ "numpy.longlong", NPY_LONGLONG },  { "numpy.ulonglong", NPY_ULONGLONG },
	{ "numpy.float16", NPY_HALF },       { "numpy.float32", NPY_FLOAT },
	{ "numpy.float64", NPY_DOUBLE },     { "numpy.complex64", NPY_CFLOAT },
	{ "numpy.complex128", NPY_CDOUBLE }, { "numpy.longdouble", NPY_LONGDOUBLE },
	{ "numpy.float128", NPY_LONGDOUBLE }, { "numpy.clongdouble", NPY_CLONGDOUBLE },
	{ "numpy.complex256", NPY_CLONGDOUBLE }, { "numpy.datetime64", NPY_DATETIME },
	{ "numpy.timedelta64", NPY_TIMEDELTA }, { "numpy.object_", NPY_OBJECT },
};

static int scalar_type(const char *full_name)
{
	for (size_t i = 0; i < ARRAY_SIZE(scalars); i++)
		if (streq(scalars[i].name, full_name))
			return scalars[i].type;
	return -1;
}

bool numpy_element_size(struct runtime *rt, addr_t dtype, uint64_t *ret)
{
	struct element e;
	if (!element_load(rt, dtype, &e))
		return false;
	*ret = e.size;
	return true;
}

uint64_t numpy_scalar_size(struct runtime *rt, const struct pytype *type)
{
	for (; type; type = type->base) {
		int known = scalar_type(type->full_name);
		if (known >= 0)
			return fixed_size(known, rt->layout.machine->word);
	}
	return 0;
}

/* From 2.0 on a scalar's repr() names its type. */
static bool names_scalars(struct repr *r)
{
	struct types *types = types_of(r->rt);
	const struct layout *l = r->l;
	struct object module;
	addr_t modules = 0, version = 0;
	if (types->numpy_major)
		return types->numpy_major >= 2;
	if (r->rt->interpreters && HAS(l, PyInterpreterState, modules) &&
	    target_read_word(r->rt->target,
			     r->rt->interpreters + OFFSET(l, PyInterpreterState, modules),
			     &modules) &&
	    object_load(r->rt, dict_get(r->rt, modules, "numpy"), &module))
		version = object_attribute(r->rt, &module, "__version__");
	const char *text = version ? object_name(r->rt, version) : NULL;
	types->numpy_major = text && *text == '1' ? 1 : 2;
	return types->numpy_major >= 2;
}

static bool numpy_scalar_repr(struct repr *r, const struct object *o)
{
	struct element e = { .swapped = *r->l->machine, .type = scalar_type(o->type->full_name) };
	size_t at = SIZEOF(r->l, PyObject);
	e.sort = sort_of(e.type);
	e.size = fixed_size(e.type, r->l->machine->word);
	if (e.type < 0 || o->type->fixed < at + e.size)
		return false;
	bool named = names_scalars(r);
	if (e.sort == 'b' && named) {
		repr_adds(r, o->p[at] ? "np.True_" : "np.False_");
		return true;
	}
	if (named)
		repr_printf(r, "np.%s(", o->type->full_name + strlen("numpy."));
	element_write(r, &e, o->at + at);
	if (named)
		repr_adds(r, ")");
	return true;
}

/* numpy.str_ and numpy.bytes_ are subclasses of the interpreter's own. */
static bool numpy_text_repr(struct repr *r, const struct object *o)
{
	bool text = o->type->flags & TPFLAGS_UNICODE_SUBCLASS, old = r->l->version.major < 3;
	const struct kind *kind =
		kind_by_name(text ? (old ? "unicode" : "str") : (old ? "str" : "bytes"));
	bool named = names_scalars(r);
	if (named)
		repr_adds(r, text ? "np.str_(" : "np.bytes_(");
	if (!kind->repr(r, o))
		return false;
	if (named)
		repr_adds(r, ")");
	return true;
}

#define SCALAR(n)                                                                                  \
	{                                                                                          \
		.name = "numpy." n, .repr = numpy_scalar_repr                                      \
	}

const struct kind kinds_numpy[] = {
	{ .name = "numpy.ndarray", .repr = array_repr },
	{ .name = "numpy.dtype", .repr = dtype_repr },
	SCALAR("bool"),
	SCALAR("bool_"),
	SCALAR("int8"),
	SCALAR("uint8"),
	SCALAR("int16"),
	SCALAR("uint16"),
	SCALAR("int32"),
	SCALAR("uint32"),
	SCALAR("int64"),
	SCALAR("uint64"),
	SCALAR("longlong"),
	SCALAR("ulonglong"),
	SCALAR("float16"),
	SCALAR("float32"),
	SCALAR("float64"),
	SCALAR("complex64"),
	SCALAR("complex128"),
	{ .name = "numpy.str_", .repr = numpy_text_repr },
	{ .name = "numpy.bytes_",
	  .fields = { FIELD_PyVarObject_ob_size },
	  .repr = numpy_text_repr },
	{ 0 },
};
