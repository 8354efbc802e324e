/* set and frozenset: a table of { key, hash }, in the table's order. */
#include "cpython_layouts/kinds/list.h"

/* What stands for a removed item: in 2.7 the str "<dummy key>", later an object of its own type. */
static bool is_dummy(struct repr *r, addr_t key, int64_t hash)
{
	static const char text[] = "<dummy key>";
	if (r->l->version.major < 3)
		return text_equals(r->rt, key, text, sizeof(text) - 1);
	return hash == -1;
}

static void set_items(struct repr *r, const struct object *o)
{
	const struct layout *l = r->l;
	uint64_t mask = GET(l, o->p, PySetObject, mask);
	uint64_t used = GET(l, o->p, PySetObject, used);
	size_t size = SIZEOF(l, setentry);
	addr_t table = GET(l, o->p, PySetObject, table);
	size_t count = readable_items(r->rt, table, mask + 1, size);
	uint64_t n = 0;
	for (size_t i = 0; i < count && n < used; i++) {
		const uint8_t *entry = memory_at(r->m, table + i * size, size);
		addr_t key = entry ? GET(l, entry, setentry, key) : 0;
		if (!repr_spend(r))
			break;
		if (!key || is_dummy(r, key, GETS(l, entry, setentry, hash)))
			continue;
		if (!repr_item(r, n))
			return;
		repr_value(r, key);
		n++;
	}
	if (n < used) {
		repr_adds(r, n ? ", ..." : "...");
		r->cut = true;
	}
}

/* Objects/setobject.c, set_repr(): {1} for a set itself in 3.x, Name({1}) for the others; in 2.7
 * Name([1]). */
static bool set_repr(struct repr *r, const struct object *o)
{
	const char *name = type_name(o->type);
	_str_ struct str instead = STR_INIT;
	if (GETS(r->l, o->p, PySetObject, used) < 0 || GETS(r->l, o->p, PySetObject, mask) < 0)
		return false;
	str_printf(&instead, "%s(...)", name);
	if (!repr_enter(r, o->at, instead.buf))
		return true;
	bool old = r->l->version.major < 3;
	bool bare = !old && streq(o->type->full_name, "set");
	if (!GET(r->l, o->p, PySetObject, used) && !old) {
		repr_printf(r, "%s()", name);
	} else {
		if (!bare)
			repr_printf(r, "%s(", name);
		repr_adds(r, old ? "[" : "{");
		set_items(r, o);
		repr_adds(r, old ? "]" : "}");
		if (!bare)
			repr_adds(r, ")");
	}
	repr_leave(r);
	return true;
}

#define SET_FIELDS                                                                                 \
	{                                                                                          \
		FIELD_PySetObject_used, FIELD_PySetObject_mask, FIELD_PySetObject_table            \
	}

const struct kind kinds_sets[] = {
	{ .name = "set", .fields = SET_FIELDS, .repr = set_repr },
	{ .name = "frozenset", .fields = SET_FIELDS, .repr = set_repr },
	{ 0 },
};
