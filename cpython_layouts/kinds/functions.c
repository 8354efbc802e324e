/* Everything that can be called, and generators. */
#include "cpython_layouts/kinds/list.h"

#include "cpython_layouts/code.h"

#define NAME_BYTES_MAX       1000
#define PARTIAL_KEYWORDS_MAX 1000

/* The str, or "?" where it is lost. */
static void name_or_mark(struct repr *r, addr_t name)
{
	if (!name || !repr_text(r, name))
		repr_adds(r, "?");
}

/* A C string from the interpreter's read-only data; NULL where that was not dumped. */
static const char *c_name(struct repr *r, addr_t at)
{
	size_t len;
	const char *name = at ? memory_string(r->m, at, NAME_BYTES_MAX, &len) : NULL;
	for (size_t i = 0; name && i < len; i++)
		if (name[i] < ' ' || name[i] > '~')
			return NULL;
	return name;
}

/* A type by address, or NULL. */
static const struct pytype *type_of(struct repr *r, addr_t object)
{
	struct object o;
	return object && object_load(r->rt, object, &o) ? o.type : NULL;
}

static const char *method_def_name(struct repr *r, addr_t def)
{
	const uint8_t *p = memory_at(r->m, def, SIZEOF(r->l, PyMethodDef));
	return p ? c_name(r, GET(r->l, p, PyMethodDef, ml_name)) : NULL;
}

/* Where the C string was not dumped, the module that a function belongs to knows its name. */
static const char *builtin_name(struct repr *r, const struct object *o)
{
	const char *name = method_def_name(r, GET(r->l, o->p, PyCFunctionObject, m_ml));
	struct object module;
	struct dict_iter it;
	addr_t key, value;
	if (name)
		return name;
	if (!object_load(r->rt, GET(r->l, o->p, PyCFunctionObject, m_self), &module) ||
	    !is_kind(&module, "module") ||
	    !dict_iter_start(r->rt, GET(r->l, module.p, PyModuleObject, md_dict), &it))
		return "?";
	while (!name && dict_next(&it, &key, &value) && repr_spend(r))
		if (value == o->at)
			name = object_name(r->rt, key);
	return name ? name : "?";
}

/* Objects/methodobject.c, meth_get__qualname__(): with the class's name, but for a module's. */
static bool builtin_qualname(struct repr *r, const struct object *o)
{
	addr_t self = GET(r->l, o->p, PyCFunctionObject, m_self);
	const struct pytype *type = type_of(r, self);
	const char *name = builtin_name(r, o);
	if (type && type->flags & TPFLAGS_TYPE_SUBCLASS)
		type = pytype_at(r->rt, self);
	if (type && type->qualname && !streq(type->kind->name, "module"))
		repr_printf(r, "%s.", type->qualname);
	repr_adds(r, name);
	return true;
}

/* --- Python functions ------------------------------------------------------------------------ */

static addr_t function_name(struct repr *r, const uint8_t *p)
{
	return HAS(r->l, PyFunctionObject, func_qualname)
		       ? GET(r->l, p, PyFunctionObject, func_qualname)
		       : GET(r->l, p, PyFunctionObject, func_name);
}

static bool function_repr(struct repr *r, const struct object *o)
{
	repr_adds(r, "<function ");
	name_or_mark(r, function_name(r, o->p));
	repr_adds(r, " at ");
	repr_address(r, o->at);
	repr_adds(r, ">");
	return true;
}

/* Objects/classobject.c, method_repr(): __qualname__ of what is bound, else its __name__. */
static bool bound_name(struct repr *r, addr_t function)
{
	struct object o;
	if (!object_load(r->rt, function, &o))
		return false;
	if (is_kind(&o, "function"))
		return repr_text(r, function_name(r, o.p));
	if (is_kind(&o, "builtin_function_or_method"))
		return builtin_qualname(r, &o);
	addr_t name = object_attribute(r->rt, &o, "__qualname__");
	if (!name)
		name = object_attribute(r->rt, &o, "__name__");
	return name && repr_text(r, name);
}

static void class_name_27(struct repr *r, addr_t at)
{
	struct object class;
	const struct pytype *type = pytype_at(r->rt, at);
	if (type)
		repr_adds(r, type_name(type));
	else if (object_load(r->rt, at, &class) && is_kind(&class, "classobj"))
		name_or_mark(r, GET(r->l, class.p, PyClassObject, cl_name));
	else
		repr_adds(r, "?");
}

/* 2.7: the class is named too, and a method may be unbound. */
static bool method_repr_27(struct repr *r, const struct object *o)
{
	addr_t self = GET(r->l, o->p, PyMethodObject, im_self);
	struct object function;
	repr_adds(r, self ? "<bound method " : "<unbound method ");
	class_name_27(r, GET(r->l, o->p, PyMethodObject, im_class));
	repr_adds(r, ".");
	if (!object_load(r->rt, GET(r->l, o->p, PyMethodObject, im_func), &function) ||
	    !bound_name(r, function.at))
		repr_adds(r, "?");
	if (self) {
		repr_adds(r, " of ");
		repr_value(r, self);
	}
	repr_adds(r, ">");
	return true;
}

static bool method_repr(struct repr *r, const struct object *o)
{
	if (HAS(r->l, PyMethodObject, im_class))
		return method_repr_27(r, o);
	repr_adds(r, "<bound method ");
	if (!bound_name(r, GET(r->l, o->p, PyMethodObject, im_func)))
		repr_adds(r, "?");
	repr_adds(r, " of ");
	repr_value(r, GET(r->l, o->p, PyMethodObject, im_self));
	repr_adds(r, ">");
	return true;
}

/* --- C functions ----------------------------------------------------------------------------- */

/* Objects/methodobject.c, meth_repr(): a module's function is not called a method. */
static bool builtin_repr(struct repr *r, const struct object *o)
{
	addr_t self = GET(r->l, o->p, PyCFunctionObject, m_self);
	const char *name = builtin_name(r, o);
	const struct pytype *type = type_of(r, self);
	if (!type || streq(type->kind->name, "module"))
		repr_printf(r, "<built-in function %s>", name);
	else
		repr_printf(r, "<built-in method %s of %s object at 0x%" PRIx64 ">", name,
			    c_type_name(type), self);
	return true;
}

/* <WHAT 'name' of 'type' objects> */
static bool descriptor_repr(struct repr *r, const struct object *o, const char *what)
{
	const struct pytype *type = pytype_at(r->rt, GET(r->l, o->p, PyDescrObject, d_type));
	repr_printf(r, "<%s '", what);
	name_or_mark(r, GET(r->l, o->p, PyDescrObject, d_name));
	if (since(r, 3, 15) && type && streq(type->full_name, "object"))
		repr_adds(r, "'>");
	else
		repr_printf(r, "' of '%s' objects>", type ? c_type_name(type) : "?");
	return true;
}

static bool method_descriptor_repr(struct repr *r, const struct object *o)
{
	return descriptor_repr(r, o, "method");
}

static bool slot_wrapper_repr(struct repr *r, const struct object *o)
{
	return descriptor_repr(r, o, "slot wrapper");
}

static bool getset_repr(struct repr *r, const struct object *o)
{
	return descriptor_repr(r, o, "attribute");
}

static bool member_repr(struct repr *r, const struct object *o)
{
	return descriptor_repr(r, o, "member");
}

/* The words behind a header that has nothing else: structs private to a .c file. */
static addr_t body_word(struct repr *r, const struct object *o, unsigned index)
{
	size_t word = r->l->machine->word, at = SIZEOF(r->l, PyObject) + index * word;
	return at + word <= o->type->fixed ? word_at(r->rt, o->p + at, 0) : 0;
}

/* Objects/descrobject.c, wrapperobject { descr, self } */
static bool method_wrapper_repr(struct repr *r, const struct object *o)
{
	struct object descr;
	addr_t self = body_word(r, o, 1);
	const struct pytype *type = type_of(r, self);
	if (!object_load(r->rt, body_word(r, o, 0), &descr) ||
	    !is_kind(&descr, "wrapper_descriptor") || !type)
		return false;
	repr_adds(r, "<method-wrapper '");
	name_or_mark(r, GET(r->l, descr.p, PyDescrObject, d_name));
	repr_printf(r, "' of %s object at 0x%" PRIx64 ">", c_type_name(type), self);
	return true;
}

/* 3.10+ (Objects/funcobject.c, sm_repr(), cm_repr()) */
static bool wrapped_repr(struct repr *r, const struct object *o, const char *what, addr_t callable)
{
	if (!since(r, 3, 10) || !callable) {
		repr_default(r, o);
		return true;
	}
	repr_printf(r, "<%s(", what);
	repr_value(r, callable);
	repr_adds(r, ")>");
	return true;
}

static bool staticmethod_repr(struct repr *r, const struct object *o)
{
	return wrapped_repr(r, o, "staticmethod", GET_OR(r->l, o->p, staticmethod, sm_callable, 0));
}

static bool classmethod_repr(struct repr *r, const struct object *o)
{
	return wrapped_repr(r, o, "classmethod", GET_OR(r->l, o->p, classmethod, cm_callable, 0));
}

/* Modules/_functoolsmodule.c, partial_repr(); 2.7 has none. */
static bool partial_repr(struct repr *r, const struct object *o)
{
	struct dict_iter it;
	size_t count;
	addr_t items, key, value;
	if (r->l->version.major < 3) {
		repr_default(r, o);
		return true;
	}
	if (!object_sequence(r->rt, GET(r->l, o->p, partialobject, args), &count, &items))
		return false;
	if (!repr_enter(r, o->at, "..."))
		return true;
	repr_printf(r, "%s(",
		    o->type->is_exact_kind || since(r, 3, 13) ? o->type->full_name
							      : type_name(o->type));
	repr_value(r, GET(r->l, o->p, partialobject, fn));
	if (count) {
		repr_adds(r, ", ");
		repr_items(r, items, count, count);
	}
	if (dict_iter_start(r->rt, GET(r->l, o->p, partialobject, kw), &it)) {
		for (size_t i = 1; dict_next(&it, &key, &value) && repr_item(r, i); i++) {
			name_or_mark(r, key);
			repr_adds(r, "=");
			repr_keyed(r, key, value);
		}
	}
	repr_adds(r, ")");
	repr_leave(r);
	return true;
}

/* --- generators and code --------------------------------------------------------------------- */

static void code_name(struct repr *r, addr_t at)
{
	const struct code *code = code_at(r->rt, at);
	repr_adds(r, code && code->name ? code->name : "?");
}

/* Objects/genobject.c, gen_repr(): the qualified name; in 2.7 the code's. */
static bool generator_repr(struct repr *r, const struct object *o)
{
	repr_printf(r, "<%s object ", o->type->full_name);
	if (HAS(r->l, PyGenObject, gi_qualname))
		name_or_mark(r, GET(r->l, o->p, PyGenObject, gi_qualname));
	else
		code_name(r, GET_OR(r->l, o->p, PyGenObject, gi_code, 0));
	repr_adds(r, " at ");
	repr_address(r, o->at);
	repr_adds(r, ">");
	return true;
}

static bool code_repr(struct repr *r, const struct object *o)
{
	const struct code *code = code_at(r->rt, o->at);
	if (!code)
		return false;
	repr_printf(r, "<code object %s at 0x%" PRIx64 ", file \"%s\", line %" PRId64 ">",
		    code->name ? code->name : "?", o->at, code->filename ? code->filename : "???",
		    code->first_line ? code->first_line : -1);
	return true;
}

#define DESCRIPTOR_FIELDS                                                                          \
	{                                                                                          \
		FIELD_PyDescrObject_d_type, FIELD_PyDescrObject_d_name                             \
	}
#define GENERATOR_FIELDS { FIELD_PyGenObject_gi_qualname, FIELD_PyGenObject_gi_code }

const struct kind kinds_functions[] = {
	{ .name = "function",
	  .fields = { FIELD_PyFunctionObject_func_name, FIELD_PyFunctionObject_func_qualname,
		      FIELD_PyFunctionObject_func_module, FIELD_PyFunctionObject_func_closure,
		      FIELD_PyFunctionObject_func_code },
	  .repr = function_repr },
	{ .name = "method",
	  .fields = { FIELD_PyMethodObject_im_func, FIELD_PyMethodObject_im_self },
	  .repr = method_repr },
	{ .name = "instancemethod",
	  .fields = { FIELD_PyMethodObject_im_func, FIELD_PyMethodObject_im_self,
		      FIELD_PyMethodObject_im_class },
	  .repr = method_repr },
	{ .name = "builtin_function_or_method",
	  .fields = { FIELD_PyCFunctionObject_m_ml, FIELD_PyCFunctionObject_m_self },
	  .repr = builtin_repr },
	{ .name = "method_descriptor",
	  .fields = DESCRIPTOR_FIELDS,
	  .repr = method_descriptor_repr },
	{ .name = "classmethod_descriptor",
	  .fields = DESCRIPTOR_FIELDS,
	  .repr = method_descriptor_repr },
	{ .name = "wrapper_descriptor", .fields = DESCRIPTOR_FIELDS, .repr = slot_wrapper_repr },
	{ .name = "getset_descriptor", .fields = DESCRIPTOR_FIELDS, .repr = getset_repr },
	{ .name = "member_descriptor", .fields = DESCRIPTOR_FIELDS, .repr = member_repr },
	{ .name = "method-wrapper", .repr = method_wrapper_repr },
	{ .name = "staticmethod",
	  .fields = { FIELD_staticmethod_sm_callable },
	  .repr = staticmethod_repr },
	{ .name = "classmethod",
	  .fields = { FIELD_classmethod_cm_callable },
	  .repr = classmethod_repr },
	{ .name = "functools.partial",
	  .fields = { FIELD_partialobject_fn, FIELD_partialobject_args, FIELD_partialobject_kw },
	  .repr = partial_repr },
	{ .name = "generator", .fields = GENERATOR_FIELDS, .repr = generator_repr },
	{ .name = "coroutine", .fields = GENERATOR_FIELDS, .repr = generator_repr },
	{ .name = "async_generator", .fields = GENERATOR_FIELDS, .repr = generator_repr },
	{ .name = "code", .repr = code_repr },
	{ 0 },
};
