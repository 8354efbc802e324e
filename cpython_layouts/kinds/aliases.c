/* list[int], int | str, memoryview, and C's named tuples (time.struct_time). Their structs are
 * private to CPython's .c files; what is read of them did not move since they appeared. */
#include "cpython_layouts/kinds/list.h"

#define MEMORYVIEW_RELEASED 1 /* _Py_MEMORYVIEW_RELEASED, Include/memoryobject.h */
#define FIELD_NAME_MAX      256

static addr_t body_word(struct repr *r, const struct object *o, size_t index)
{
	size_t word = r->l->machine->word, at = SIZEOF(r->l, PyObject) + index * word;
	return at + word <= o->type->fixed ? word_at(r->rt, o->p + at, 0) : 0;
}

/* Objects/genericaliasobject.c, ga_repr_item(): a class without <class ...> around its name. */
static void alias_item(struct repr *r, addr_t at)
{
	struct object o;
	if (object_load(r->rt, at, &o) && streq(o.type->full_name, "ellipsis")) {
		repr_adds(r, "...");
		return;
	}
	const struct pytype *type = pytype_at(r->rt, at);
	if (!type)
		repr_value(r, at);
	else if (streq(type->full_name, "NoneType"))
		repr_adds(r, "None");
	else
		repr_adds(r, type->full_name);
}

static bool alias_items(struct repr *r, addr_t tuple, const char *between)
{
	size_t count, word = r->l->machine->word;
	addr_t items, item;
	if (!object_sequence(r->rt, tuple, &count, &items))
		return false;
	for (size_t i = 0; i < count && target_read_word(r->rt->target, items + i * word, &item);
	     i++) {
		if (i)
			repr_adds(r, between);
		if (i >= r->limits->items || !repr_spend(r)) {
			repr_adds(r, "...");
			r->cut = true;
			break;
		}
		alias_item(r, item);
	}
	return true;
}

/* gaobject { origin, args, ... } (3.9+) */
static bool generic_alias_repr(struct repr *r, const struct object *o)
{
	alias_item(r, body_word(r, o, 0));
	repr_adds(r, "[");
	if (!alias_items(r, body_word(r, o, 1), ", "))
		return false;
	repr_adds(r, "]");
	return true;
}

/* unionobject { args, ... } (3.10+; typing.Union from 3.14 on) */
static bool union_repr(struct repr *r, const struct object *o)
{
	return alias_items(r, body_word(r, o, 0), " | ");
}

/* PyMemoryViewObject ends { ..., int flags, Py_ssize_t exports, Py_buffer view, ... } */
static bool memoryview_repr(struct repr *r, const struct object *o)
{
	size_t back = 2u * r->l->machine->word;
	size_t view = OFFSET(r->l, PyMemoryViewObject, view);
	bool released = r->l->version.major >= 3 && view >= back &&
			load_u32(r->l->machine, o->p + view - back) & MEMORYVIEW_RELEASED;
	repr_printf(r, "<%smemory at 0x%" PRIx64 ">", released ? "released " : "", o->at);
	return true;
}

/* --- Objects/structseq.c ---------------------------------------------------------------------- */

static const char *field_name(struct repr *r, addr_t members, size_t i)
{
	size_t len;
	const uint8_t *p =
		memory_at(r->m, members + i * SIZEOF(r->l, PyMemberDef), SIZEOF(r->l, PyMemberDef));
	return p ? memory_string(r->m, GET(r->l, p, PyMemberDef, name), FIELD_NAME_MAX, &len)
		 : NULL;
}

/* The names are in tp_members, in order, those of unnamed fields left out. */
static bool structseq_repr(struct repr *r, const struct object *o)
{
	const struct pytype *owner = pytype_at(r->rt, o->type->shown_by);
	size_t word = r->l->machine->word;
	addr_t item, items = o->at + OFFSET(r->l, PyTupleObject, ob_item);
	if (!owner || o->type->fixed < SIZEOF(r->l, PyVarObject))
		return false;
	/* No tuple in 2.7, but laid out as one. */
	int64_t said = GETS(r->l, o->p, PyVarObject, ob_size);
	size_t count = said > 0 ? readable_items(r->rt, items, (uint64_t)said, word) : 0;
	addr_t members = GET(r->l, owner->p, PyTypeObject, tp_members);
	if (count && !field_name(r, members, 0)) {
		repr_default(r, o);
		return true;
	}
	if (!repr_enter(r, o->at, "(...)"))
		return true;
	repr_printf(r, "%s(", o->type->full_name);
	for (size_t i = 0; i < count && repr_item(r, i); i++) {
		const char *name = field_name(r, members, i);
		repr_named(r, name ? name : "?",
			   target_read_word(r->rt->target, items + i * word, &item) ? item : 0);
	}
	repr_adds(r, ")");
	repr_leave(r);
	return true;
}

const struct kind kind_structseq = { .name = "structseq", .repr = structseq_repr };

const struct kind kinds_aliases[] = {
	{ .name = "types.GenericAlias", .repr = generic_alias_repr },
	{ .name = "types.UnionType", .repr = union_repr },
	{ .name = "typing.Union", .repr = union_repr },
	{ .name = "memoryview",
	  .fields = { FIELD_PyMemoryViewObject_view },
	  .repr = memoryview_repr },
	{ 0 },
};
