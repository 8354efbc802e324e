/* int, 2.7's int and long, bool, float, complex, and the three singletons. */
#include "cpython_layouts/kinds/list.h"

static bool long_repr(struct repr *r, const struct object *o)
{
	struct integer i;
	bool cut = false;
	if (!integer_load(r->rt, o->at, &i))
		return false;
	integer_format(&i, r->limits->length + 1, r->out, &cut);
	if (r->l->version.major < 3 && !cut)
		repr_adds(r, "L");
	r->cut |= cut;
	return true;
}

/* 2.7's int is a C long; 3.x's is what 2.7 called long. */
static bool int_repr(struct repr *r, const struct object *o)
{
	if (!HAS(r->l, PyIntObject, ob_ival))
		return long_repr(r, o);
	int64_format(GETS(r->l, o->p, PyIntObject, ob_ival), r->out);
	return true;
}

static bool bool_repr(struct repr *r, const struct object *o)
{
	int64_t value;
	if (!object_int64(r->rt, o->at, &value))
		return false;
	repr_adds(r, value ? "True" : "False");
	return true;
}

static bool float_repr(struct repr *r, const struct object *o)
{
	double_format(double_at(r->l->machine, o->p + OFFSET(r->l, PyFloatObject, ob_fval)),
		      r->out);
	return true;
}

static bool complex_repr(struct repr *r, const struct object *o)
{
	const struct machine *m = r->l->machine;
	complex_format(double_at(m, o->p + OFFSET(r->l, PyComplexObject, cval_real)),
		       double_at(m, o->p + OFFSET(r->l, PyComplexObject, cval_imag)), r->out);
	return true;
}

static bool none_repr(struct repr *r, const struct object *o)
{
	repr_adds(r, "None");
	return true;
}

static bool ellipsis_repr(struct repr *r, const struct object *o)
{
	repr_adds(r, "Ellipsis");
	return true;
}

static bool not_implemented_repr(struct repr *r, const struct object *o)
{
	repr_adds(r, "NotImplemented");
	return true;
}

const struct kind kinds_numbers[] = {
	{ .name = "int", .fields = { FIELD_PyIntObject_ob_ival }, .repr = int_repr },
	{ .name = "long", .repr = long_repr },
	{ .name = "bool", .fields = { FIELD_PyIntObject_ob_ival }, .repr = bool_repr },
	{ .name = "float",
	  .bytes = 8,
	  .fields = { FIELD_PyFloatObject_ob_fval },
	  .repr = float_repr },
	{ .name = "complex",
	  .bytes = 8,
	  .fields = { FIELD_PyComplexObject_cval_real, FIELD_PyComplexObject_cval_imag },
	  .repr = complex_repr },
	{ .name = "NoneType", .repr = none_repr },
	{ .name = "ellipsis", .repr = ellipsis_repr },
	{ .name = "NotImplementedType", .repr = not_implemented_repr },
	{ 0 },
};
