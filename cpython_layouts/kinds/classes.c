/* Classes, modules, 2.7's classic classes, cells, weak references, super, SimpleNamespace. */
#include "cpython_layouts/kinds/list.h"

#define MRO_MAX 64

/* Objects/typeobject.c, type_repr() */
static bool type_repr(struct repr *r, const struct object *o)
{
	const struct pytype *type = pytype_at(r->rt, o->at);
	if (!type)
		return false;
	bool type_27 = r->l->version.major < 3 && !(type->flags & TPFLAGS_HEAPTYPE);
	repr_printf(r, type_27 ? "<type '%s'>" : "<class '%s'>", type->full_name);
	return true;
}

static bool has_in_mro(struct repr *r, const struct pytype *type, const char *full_name)
{
	addr_t mro[MRO_MAX];
	size_t n = pytype_mro(r->rt, type, mro, MRO_MAX);
	for (size_t i = 0; i < n; i++) {
		const struct pytype *class = pytype_at(r->rt, mro[i]);
		if (class && streq(class->full_name, full_name))
			return true;
	}
	return false;
}

/* Lib/enum.py, EnumMeta.__repr__ (EnumType from 3.11 on, where flags are told apart) */
static bool enum_class_repr(struct repr *r, const struct object *o)
{
	const struct pytype *type = pytype_at(r->rt, o->at);
	if (!type)
		return false;
	bool flag = since(r, 3, 11) && has_in_mro(r, type, "enum.Flag");
	repr_printf(r, flag ? "<flag '%s'>" : "<enum '%s'>", type_name(type));
	return true;
}

/* --- 2.7's classic classes -------------------------------------------------------------------- */

/* "module.Class"; a name without a module when __module__ is not a str. */
static void classic_name(struct repr *r, const uint8_t *p)
{
	addr_t module = dict_get(r->rt, GET(r->l, p, PyClassObject, cl_dict), "__module__");
	if (module && repr_text(r, module))
		repr_adds(r, ".");
	else
		repr_adds(r, "?.");
	if (!repr_text(r, GET(r->l, p, PyClassObject, cl_name)))
		repr_adds(r, "?");
}

static bool classobj_repr(struct repr *r, const struct object *o)
{
	repr_adds(r, "<class ");
	classic_name(r, o->p);
	repr_printf(r, " at 0x%" PRIx64 ">", o->at);
	return true;
}

/* Objects/classobject.c (2.7), instance_repr() where no class defines __repr__ */
static bool instance_repr(struct repr *r, const struct object *o)
{
	struct object class;
	if (!object_load(r->rt, GET(r->l, o->p, PyInstanceObject, in_class), &class) ||
	    !is_kind(&class, "classobj"))
		return false;
	repr_adds(r, "<");
	classic_name(r, class.p);
	repr_printf(r, " instance at 0x%" PRIx64 ">", o->at);
	return true;
}

/* --- modules ---------------------------------------------------------------------------------- */

static bool is_none(struct repr *r, addr_t at)
{
	struct object o;
	if (!at)
		return true;
	if (r->rt->none)
		return at == r->rt->none;
	return object_load(r->rt, at, &o) && streq(o.type->full_name, "NoneType");
}

static bool is_text(struct repr *r, addr_t at)
{
	struct characters c;
	return at && characters_load(r->rt, at, 0, &c);
}

/* <module 'name' from 'file'> */
static void module_parts(struct repr *r, addr_t name, const char *between, addr_t origin,
			 bool quoted, const char *end)
{
	repr_adds(r, "<module ");
	if (is_none(r, name))
		repr_adds(r, "'?'");
	else
		repr_value(r, name);
	repr_adds(r, between);
	if (origin && quoted)
		repr_value(r, origin);
	else if (origin)
		repr_text(r, origin);
	repr_adds(r, end);
}

/* Up to 3.11 a loader's own module_repr() came first. */
static bool is_builtin_importer(struct repr *r, addr_t loader)
{
	const struct pytype *type = since(r, 3, 12) ? NULL : pytype_at(r->rt, loader);
	return type && streq(type->full_name, "_frozen_importlib.BuiltinImporter");
}

/* Lib/importlib/_bootstrap.py, _module_repr_from_spec() */
static bool module_repr_by_spec(struct repr *r, addr_t spec_at)
{
	struct object spec;
	if (is_none(r, spec_at) || !object_load(r->rt, spec_at, &spec))
		return false;
	addr_t name = object_attribute(r->rt, &spec, "name");
	addr_t origin = object_attribute(r->rt, &spec, "origin");
	addr_t loader = object_attribute(r->rt, &spec, "loader");
	addr_t located = object_attribute(r->rt, &spec, "_set_fileattr");
	int64_t has_location = 0;
	if (!name && !origin && !loader)
		return false;
	if (located)
		object_int64(r->rt, located, &has_location);
	if (is_text(r, origin))
		module_parts(r, name, has_location ? " from " : " (", origin, has_location,
			     has_location ? ">" : ")>");
	else if (is_none(r, loader))
		module_parts(r, name, "", 0, false, ">");
	else if (is_builtin_importer(r, loader))
		module_parts(r, name, " (built-in)", 0, false, ">");
	else
		module_parts(r, name, " (", loader, true, ")>");
	return true;
}

static bool module_repr(struct repr *r, const struct object *o)
{
	addr_t dict = GET(r->l, o->p, PyModuleObject, md_dict);
	addr_t name = dict_get(r->rt, dict, "__name__");
	addr_t file = dict_get(r->rt, dict, "__file__");
	if (r->l->version.major < 3) {
		bool from = is_text(r, file);
		if (is_text(r, name))
			module_parts(r, name, from ? " from " : " (built-in)", from ? file : 0,
				     true, ">");
		else
			repr_adds(r, "<module '?' (built-in)>");
		return true;
	}
	if (module_repr_by_spec(r, dict_get(r->rt, dict, "__spec__")))
		return true;
	addr_t loader = dict_get(r->rt, dict, "__loader__");
	if (file)
		module_parts(r, name, " from ", file, true, ">");
	else if (is_none(r, loader))
		module_parts(r, name, "", 0, false, ">");
	else
		module_parts(r, name, " (", loader, true, ")>");
	return true;
}

/* --- cells, weak references, super ------------------------------------------------------------ */

static bool cell_repr(struct repr *r, const struct object *o)
{
	struct object inner;
	addr_t ref = GET(r->l, o->p, PyCellObject, ob_ref);
	repr_printf(r, "<cell at 0x%" PRIx64 ": ", o->at);
	if (!ref)
		repr_adds(r, "empty");
	else if (object_load(r->rt, ref, &inner))
		repr_printf(r, "%.80s object at 0x%" PRIx64, c_type_name(inner.type), ref);
	else
		repr_lost(r, ref);
	repr_adds(r, ">");
	return true;
}

/* obj.__name__ as weakref's repr() looks it up: of classes, functions and modules. */
static addr_t name_attribute(struct repr *r, const struct object *o)
{
	const struct layout *l = r->l;
	if (o->type->flags & TPFLAGS_TYPE_SUBCLASS && HAS(l, PyHeapTypeObject, ht_name)) {
		const uint8_t *p = memory_at(r->m, o->at, SIZEOF(l, PyHeapTypeObject));
		const struct pytype *type = pytype_at(r->rt, o->at);
		return p && type && type->flags & TPFLAGS_HEAPTYPE
			       ? GET(l, p, PyHeapTypeObject, ht_name)
			       : 0;
	}
	if (is_kind(o, "function"))
		return GET(l, o->p, PyFunctionObject, func_name);
	return object_attribute(r->rt, o, "__name__");
}

static bool weak_repr(struct repr *r, const struct object *o, bool proxy)
{
	addr_t at = GET(r->l, o->p, PyWeakReference, wr_object);
	struct object to;
	repr_printf(r, "<%s at 0x%" PRIx64, proxy ? "weakproxy" : "weakref", o->at);
	if (is_none(r, at) && !proxy) {
		repr_adds(r, "; dead>");
		return true;
	}
	if (!object_load(r->rt, at, &to)) {
		repr_adds(r, "; to ");
		repr_lost(r, at);
		repr_adds(r, ">");
		return true;
	}
	if (proxy && !since(r, 3, 13))
		repr_printf(r, " to %s at 0x%" PRIx64, c_type_name(to.type), at);
	else
		repr_printf(r, "; to '%s' at 0x%" PRIx64, c_type_name(to.type), at);
	addr_t name = proxy ? 0 : name_attribute(r, &to);
	if (is_text(r, name)) {
		repr_adds(r, " (");
		repr_text(r, name);
		repr_adds(r, ")");
	}
	repr_adds(r, ">");
	return true;
}

static bool weakref_repr(struct repr *r, const struct object *o)
{
	return weak_repr(r, o, false);
}

static bool weakproxy_repr(struct repr *r, const struct object *o)
{
	return weak_repr(r, o, true);
}

/* Objects/typeobject.c, superobject { type, obj, obj_type } */
static bool super_repr(struct repr *r, const struct object *o)
{
	size_t word = r->l->machine->word, at = SIZEOF(r->l, PyObject);
	if (o->type->fixed < at + 3 * word)
		return false;
	const struct pytype *type = pytype_at(r->rt, word_at(r->rt, o->p + at, 0));
	const struct pytype *object_type = pytype_at(r->rt, word_at(r->rt, o->p + at, 2));
	repr_printf(r, "<super: <class '%s'>, ", type ? c_type_name(type) : "NULL");
	if (object_type)
		repr_printf(r, "<%s object>>", c_type_name(object_type));
	else
		repr_adds(r, "NULL>");
	return true;
}

/* --- SimpleNamespace -------------------------------------------------------------------------- */

struct named {
	const char *name;
	addr_t value;
};

static int named_compare(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

#define NAMESPACE_MAX 4096

/* Objects/namespaceobject.c: sorted up to 3.8, as inserted from 3.9 on. */
static bool namespace_repr(struct repr *r, const struct object *o)
{
	struct dict_iter it;
	addr_t key, value;
	size_t n = 0;
	const char *name = o->type->is_exact_kind ? "namespace" : type_name(o->type);
	_str_ struct str instead = STR_INIT;
	if (!dict_iter_start(r->rt, GET(r->l, o->p, PySimpleNamespace, ns_dict), &it))
		return false;
	_free_ struct named *items =
		calloc(MIN(it.count, (size_t)NAMESPACE_MAX) + 1, sizeof(*items));
	while (items && n < NAMESPACE_MAX && dict_next(&it, &key, &value)) {
		items[n].name = object_name(r->rt, key);
		items[n].value = value;
		n += items[n].name && *items[n].name;
	}
	if (n && !since(r, 3, 9))
		qsort(items, n, sizeof(*items), named_compare);
	str_printf(&instead, "%s(...)", name);
	if (!repr_enter(r, o->at, instead.buf))
		return true;
	repr_printf(r, "%s(", name);
	for (size_t i = 0; i < n && repr_item(r, i); i++) {
		repr_named(r, items[i].name, items[i].value);
	}
	repr_adds(r, ")");
	repr_leave(r);
	return true;
}

const struct kind kinds_classes[] = {
	{ .name = "type", .repr = type_repr },
	{ .name = "enum.EnumMeta", .repr = enum_class_repr },
	{ .name = "enum.EnumType", .repr = enum_class_repr },
	{ .name = "classobj",
	  .fields = { FIELD_PyClassObject_cl_name, FIELD_PyClassObject_cl_dict },
	  .repr = classobj_repr },
	{ .name = "instance",
	  .fields = { FIELD_PyInstanceObject_in_class, FIELD_PyInstanceObject_in_dict },
	  .repr = instance_repr },
	{ .name = "module", .fields = { FIELD_PyModuleObject_md_dict }, .repr = module_repr },
	{ .name = "cell", .fields = { FIELD_PyCellObject_ob_ref }, .repr = cell_repr },
	{ .name = "weakref", .fields = { FIELD_PyWeakReference_wr_object }, .repr = weakref_repr },
	{ .name = "weakref.ReferenceType",
	  .fields = { FIELD_PyWeakReference_wr_object },
	  .repr = weakref_repr },
	{ .name = "weakproxy",
	  .fields = { FIELD_PyWeakReference_wr_object },
	  .repr = weakproxy_repr },
	{ .name = "weakcallableproxy",
	  .fields = { FIELD_PyWeakReference_wr_object },
	  .repr = weakproxy_repr },
	{ .name = "weakref.ProxyType",
	  .fields = { FIELD_PyWeakReference_wr_object },
	  .repr = weakproxy_repr },
	{ .name = "weakref.CallableProxyType",
	  .fields = { FIELD_PyWeakReference_wr_object },
	  .repr = weakproxy_repr },
	{ .name = "super", .repr = super_repr },
	{ .name = "types.SimpleNamespace",
	  .fields = { FIELD_PySimpleNamespace_ns_dict },
	  .repr = namespace_repr },
	{ 0 },
};
