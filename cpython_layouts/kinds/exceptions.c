/* Exceptions: Name(args), whatever the class. */
#include "cpython_layouts/kinds/list.h"

/* Objects/exceptions.c, BaseException_repr(): up to 3.6 the args as the tuple that they are. */
static bool exception_repr(struct repr *r, const struct object *o)
{
	size_t count;
	addr_t items;
	if (!object_sequence(r->rt, GET(r->l, o->p, PyBaseExceptionObject, args), &count, &items))
		return false;
	if (!repr_enter(r, o->at, "..."))
		return true;
	repr_printf(r, "%s(", type_name(o->type));
	repr_items(r, items, count, count);
	repr_adds(r, count == 1 && !since(r, 3, 7) ? ",)" : ")");
	repr_leave(r);
	return true;
}

const struct kind kinds_exceptions[] = {
	{ .name = "BaseException", .fields = { FIELD_PyBaseExceptionObject_args }, .repr = exception_repr },
	{ .name = "exceptions.BaseException", .fields = { FIELD_PyBaseExceptionObject_args },
	  .repr = exception_repr },
	{ 0 },
};
