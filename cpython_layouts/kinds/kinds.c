/* Which kind a type is, and whose __repr__ it has. */
#include "cpython_layouts/kinds/kind.h"

#include "cpython_layouts/kinds/list.h"

static bool object_repr_default(struct repr *r, const struct object *o)
{
	repr_default(r, o);
	return true;
}

const struct kind kind_object = { .name = "object", .repr = object_repr_default };
const struct kind kind_opaque = { .name = NULL, .repr = object_repr_default };

static const struct kind *const families[] = { KIND_FAMILIES };

const struct kind *kind_by_name(const char *full_name)
{
	if (streq(full_name, kind_object.name))
		return &kind_object;
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		for (const struct kind *k = families[i]; k->name; k++)
			if (streq(k->name, full_name))
				return k;
	return NULL;
}

/* Are instances long enough for what the kind reads of them? */
static bool kind_fits(const struct layout *l, const struct kind *kind, const struct pytype *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(kind->fields); i++) {
		const struct slot *s = &l->slot[kind->fields[i]];
		uint64_t width = s->width ? s->width : kind->bytes;
		if (s->source != SLOT_NONE && s->offset + width > type->fixed)
			return false;
	}
	return true;
}

/* tp_flags name the base for the most common ones, also where all names are lost. */
static const struct {
	uint64_t flag;
	const char *name[2];
} flagged[] = {
	{ TPFLAGS_INT_SUBCLASS, { "int", NULL } },
	{ TPFLAGS_LONG_SUBCLASS, { "long", "int" } },
	{ TPFLAGS_LIST_SUBCLASS, { "list", "list" } },
	{ TPFLAGS_TUPLE_SUBCLASS, { "tuple", "tuple" } },
	{ TPFLAGS_BYTES_SUBCLASS, { "str", "bytes" } },
	{ TPFLAGS_UNICODE_SUBCLASS, { "unicode", "str" } },
	{ TPFLAGS_DICT_SUBCLASS, { "dict", "dict" } },
	{ TPFLAGS_BASE_EXC_SUBCLASS, { "BaseException", "BaseException" } },
	{ TPFLAGS_TYPE_SUBCLASS, { "type", "type" } },
};

static const struct kind *kind_by_flags(const struct layout *l, const struct pytype *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(flagged); i++) {
		const char *name = flagged[i].name[l->version.major >= 3];
		if (name && type->flags & flagged[i].flag)
			return kind_by_name(name);
	}
	return NULL;
}

/* A builtin's name is for builtins: not for a class that lost its __module__. */
static bool is_named_honestly(const struct pytype *type)
{
	return !(type->flags & TPFLAGS_HEAPTYPE) || type->module;
}

const struct kind *kind_of_type(const struct layout *l, const struct pytype *type, bool *exact)
{
	const struct kind *kind = is_named_honestly(type) ? kind_by_name(type->full_name) : NULL;
	*exact = kind;
	if (!kind && type->base && type->base->kind != &kind_object)
		kind = type->base->kind;
	if (!kind)
		kind = kind_by_flags(l, type);
	if (kind && kind_fits(l, kind, type))
		return kind;
	*exact = false;
	return &kind_object;
}

/* --- __repr__ ------------------------------------------------------------------------------ */

/* A Python function knows where it was written: "collections.Counter" from its module and
 * qualified name, wherever it was put since (enum copies its own into the classes it makes).
 * 2.7 has no qualified names: then the class that holds it is asked. */
static const struct kind *kind_of_function(struct runtime *rt, const struct object *function,
					   const struct pytype *owner)
{
	const struct layout *l = &rt->layout;
	static const char suffix[] = ".__repr__";
	const char *module = object_name(rt, GET(l, function->p, PyFunctionObject, func_module));
	const char *qualname = NULL;
	if (HAS(l, PyFunctionObject, func_qualname))
		qualname = object_name(rt, GET(l, function->p, PyFunctionObject, func_qualname));
	const struct kind *generated = kind_generated(rt, function, owner, qualname, module);
	if (generated)
		return generated;
	if (!HAS(l, PyFunctionObject, func_qualname))
		return owner->is_exact_kind ? owner->kind : NULL;
	size_t len = qualname ? strlen(qualname) : 0, tail = sizeof(suffix) - 1;
	if (!module || len <= tail || !streq(qualname + len - tail, suffix))
		return NULL;
	_str_ struct str full = STR_INIT;
	str_printf(&full, "%s.%.*s", module, (int)(len - tail), qualname);
	return kind_by_name(full.buf);
}

static const struct kind *kind_of_repr(struct runtime *rt, addr_t method,
				       const struct pytype *owner)
{
	const struct layout *l = &rt->layout;
	struct object o;
	if (!object_load(rt, method, &o))
		return NULL;
	if (is_kind(&o, "function"))
		return kind_of_function(rt, &o, owner);
	if (is_kind(&o, "wrapper_descriptor")) {
		const struct pytype *class = pytype_at(rt, GET(l, o.p, PyDescrObject, d_type));
		return class && (class->is_exact_kind || class->kind == &kind_object) ? class->kind
										      : NULL;
	}
	return NULL;
}

static const struct kind *kind_shown_find(struct runtime *rt, const struct pytype *type, addr_t *by)
{
	/* Nobody gives a static type of Python's own another __repr__. */
	if (type->is_exact_kind && !(type->flags & TPFLAGS_HEAPTYPE)) {
		*by = type->at;
		return type->kind;
	}
	addr_t owner_at = 0;
	addr_t method = pytype_lookup(rt, type, "__repr__", &owner_at);
	const struct pytype *owner = owner_at ? pytype_at(rt, owner_at) : NULL;
	if (!owner)
		return type->kind;
	*by = owner_at;
	/* The dict is lost. A class of Python's own has the repr() that we know; of others we
	 * cannot tell. */
	if (!method)
		return owner->is_exact_kind && kind_fits(&rt->layout, owner->kind, type)
			       ? owner->kind : &kind_opaque;
	const struct kind *kind = NULL;
	if (!owner->is_exact_kind && dict_get(rt, pytype_dict(rt, owner), "n_sequence_fields"))
		kind = &kind_structseq;
	else if (!(owner->flags & TPFLAGS_HEAPTYPE))
		kind = owner->is_exact_kind || owner->kind == &kind_object ? owner->kind : NULL;
	if (!kind)
		kind = kind_of_repr(rt, method, owner);
	return kind && kind_fits(&rt->layout, kind, type) ? kind : &kind_opaque;
}

const struct kind *kind_shown(struct runtime *rt, const struct pytype *type)
{
	if (!type->shown) {
		struct pytype *known = (struct pytype *)type; /* ours, from the cache */
		known->shown = kind_shown_find(rt, type, &known->shown_by);
	}
	return type->shown;
}
