/* Exceptions: Name(args), whatever the class. */
#include "cpython_layouts/kinds/list.h"

/* Objects/exceptions.c, BaseException_repr(): up to 3.6 the args as the tuple that they are. */
static bool exception_repr(struct repr *r, const struct object *o)
{
	size_t count;
	addr_t items;
	if (!object_sequence(r->rt, GET(r->l, o->p, PyBaseExceptionObject, args), &count, &items))
		return false;
	addr_t args = GET(r->l, o->p, PyBaseExceptionObject, args);
	repr_adds(r, type_name(o->type));
	if (!repr_enter(r, args, "(...)"))
		return true;
	repr_adds(r, "(");
	repr_items(r, items, count, count);
	repr_adds(r, count == 1 && !since(r, 3, 7) ? ",)" : ")");
	repr_leave(r);
	return true;
}

/* 3.15: ImportError('text', name='module', path='file'); behind the base exception lie msg, name,
 * path (Objects/exceptions.c, ImportError_repr()). */
static bool import_error_repr(struct repr *r, const struct object *o)
{
	static const char *const names[] = { "name", "path" };
	size_t at = SIZEOF(r->l, PyBaseExceptionObject), word = r->l->machine->word;
	if (!exception_repr(r, o) || o->type->fixed < at + 3 * word)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		addr_t value = word_at(r->rt, o->p + at, i + 1);
		if (!value || value == r->rt->none || r->out->buf[r->out->len - 1] != ')')
			continue;
		str_truncate(r->out, r->out->len - 1);
		if (r->out->buf[r->out->len - 1] != '(')
			repr_adds(r, ", ");
		repr_printf(r, "%s=", names[i]);
		repr_value(r, value);
		repr_adds(r, ")");
	}
	return true;
}

const struct kind kinds_exceptions[] = {
	{ .name = "BaseException",
	  .fields = { FIELD_PyBaseExceptionObject_args },
	  .repr = exception_repr },
	{ .name = "exceptions.BaseException",
	  .fields = { FIELD_PyBaseExceptionObject_args },
	  .repr = exception_repr },
	{ .name = "BaseExceptionGroup",
	  .fields = { FIELD_PyBaseExceptionObject_args },
	  .repr = exception_repr },
	{ .name = "ImportError",
	  .fields = { FIELD_PyBaseExceptionObject_args },
	  .repr = import_error_repr },
	{ 0 },
};
