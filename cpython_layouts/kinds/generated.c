/* Classes whose __repr__ the standard library writes for them: namedtuple, dataclass, Enum.
 * They are told by the function's own module and qualified name. */
#include "cpython_layouts/kinds/list.h"

#define CELLS_MAX 8

addr_t class_attribute(struct repr *r, addr_t class, const char *name)
{
	const struct pytype *type = pytype_at(r->rt, class);
	return type ? dict_get(r->rt, pytype_dict(r->rt, type), name) : 0;
}

/* --- namedtuple ------------------------------------------------------------------------------ */

static bool namedtuple_repr(struct repr *r, const struct object *o)
{
	size_t names, count;
	addr_t names_at, items;
	addr_t fields = pytype_lookup(r->rt, o->type, "_fields", NULL);
	if (!object_sequence(r->rt, fields, &names, &names_at) ||
	    !object_sequence(r->rt, o->at, &count, &items) || names != count)
		return false;
	size_t word = r->l->machine->word;
	const uint8_t *name = count ? memory_at(r->m, names_at, count * word) : NULL;
	const uint8_t *item = count ? memory_at(r->m, items, count * word) : NULL;
	if (count && (!name || !item))
		return false;
	if (!repr_enter(r, o->at, "(...)"))
		return true;
	/* 2.7's template has the name written into it. */
	const struct pytype *named =
		r->l->version.major < 3 ? pytype_at(r->rt, o->type->shown_by) : o->type;
	repr_printf(r, "%s(", type_name(named ? named : o->type));
	for (size_t i = 0; i < count && repr_item(r, i); i++) {
		if (!repr_text(r, word_at(r->rt, name, i)))
			repr_adds(r, "?");
		repr_adds(r, "=");
		repr_keyed(r, word_at(r->rt, name, i), word_at(r->rt, item, i));
	}
	repr_adds(r, ")");
	repr_leave(r);
	return true;
}

/* --- dataclass ------------------------------------------------------------------------------- */

static bool is_true(struct repr *r, addr_t value)
{
	int64_t number;
	return value && object_int64(r->rt, value, &number) && number;
}

/* Lib/dataclasses.py: a field proper (no ClassVar, no InitVar), with repr=True. */
static bool field_is_shown(struct repr *r, addr_t field)
{
	struct object o, sort;
	if (!object_load(r->rt, field, &o) || !is_true(r, object_attribute(r->rt, &o, "repr")))
		return false;
	if (!object_load(r->rt, object_attribute(r->rt, &o, "_field_type"), &sort))
		return false;
	addr_t name = object_attribute(r->rt, &sort, "name");
	return name && text_equals(r->rt, name, "_FIELD", 6);
}

static bool dataclass_repr(struct repr *r, const struct object *o)
{
	struct dict_iter it;
	addr_t name, field;
	addr_t fields = class_attribute(r, o->type->shown_by, "__dataclass_fields__");
	if (!fields || !dict_iter_start(r->rt, fields, &it))
		return false;
	if (!repr_enter(r, o->at, "..."))
		return true;
	repr_printf(r, "%s(", o->type->qualname ? o->type->qualname : "?");
	for (size_t i = 0; dict_next(&it, &name, &field);) {
		if (!field_is_shown(r, field))
			continue;
		const char *text = object_name(r->rt, name);
		if (!repr_item(r, i++))
			break;
		addr_t value = text ? object_attribute(r->rt, o, text) : 0;
		if (!value && text)
			value = pytype_lookup(r->rt, o->type, text, NULL);
		repr_named(r, text ? text : "?", value);
	}
	repr_adds(r, ")");
	repr_leave(r);
	return true;
}

/* Lib/enum.py, _dataclass_repr(): the fields of a member whose class mixes a dataclass in. */
void dataclass_fields(struct repr *r, const struct object *o, addr_t fields)
{
	struct dict_iter it;
	addr_t name, field;
	struct object f;
	if (!dict_iter_start(r->rt, fields, &it))
		return;
	for (size_t i = 0; dict_next(&it, &name, &field);) {
		const char *text = object_name(r->rt, name);
		if (!text || !object_load(r->rt, field, &f) ||
		    !is_true(r, object_attribute(r->rt, &f, "repr")))
			continue;
		if (!repr_item(r, i++))
			break;
		repr_named(r, text, object_attribute(r->rt, o, text));
	}
}

static const struct kind kind_namedtuple = { .name = "namedtuple", .repr = namedtuple_repr };
static const struct kind kind_dataclass = { .name = "dataclass", .repr = dataclass_repr };

/* A namedtuple's methods live in the module collections (3.7+), or in one called
 * "namedtuple_NAME" that its template was run in. */
static bool is_namedtuple(struct runtime *rt, const struct pytype *owner, const char *module)
{
	return module && owner->flags & TPFLAGS_TUPLE_SUBCLASS &&
	       (streq(module, "collections") || has_prefix(module, "namedtuple_")) &&
	       dict_get(rt, pytype_dict(rt, owner), "_fields");
}

/* The function that the standard library's recursive_repr() wraps lies in one of its cells: that of
 * a dataclass was compiled by itself (3.7) or within __create_fn__(), not within a class. */
static bool is_dataclass_repr(struct runtime *rt, addr_t function_at)
{
	const struct layout *l = &rt->layout;
	struct object o;
	if (!object_load(rt, function_at, &o) || !is_kind(&o, "function"))
		return false;
	const char *name = object_name(rt, GET(l, o.p, PyFunctionObject, func_qualname));
	return name && (streq(name, "__repr__") || streq(name, "__create_fn__.<locals>.__repr__"));
}

static bool wraps_dataclass_repr(struct runtime *rt, const struct object *function)
{
	const struct layout *l = &rt->layout;
	size_t count;
	addr_t items, cell;
	struct object o;
	if (!object_sequence(rt, GET(l, function->p, PyFunctionObject, func_closure), &count,
			     &items))
		return false;
	for (size_t i = 0; i < MIN(count, (size_t)CELLS_MAX); i++)
		if (target_read_word(rt->target, items + i * l->machine->word, &cell) &&
		    object_load(rt, cell, &o) && is_kind(&o, "cell") &&
		    is_dataclass_repr(rt, GET(l, o.p, PyCellObject, ob_ref)))
			return true;
	return false;
}

const struct kind *kind_generated(struct runtime *rt, const struct object *function,
				  const struct pytype *owner, const char *qualname,
				  const char *module)
{
	if (is_namedtuple(rt, owner, module))
		return &kind_namedtuple;
	if (module && qualname && streq(module, "enum") && has_prefix(qualname, "global_"))
		return &kind_enum_global;
	if (dict_get(rt, pytype_dict(rt, owner), "__dataclass_fields__") &&
	    wraps_dataclass_repr(rt, function))
		return &kind_dataclass;
	return NULL;
}
