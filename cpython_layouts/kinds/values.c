/* Small classes of the standard library that are written in Python: Fraction, UUID, paths,
 * ChainMap, UserDict and its like. Told by the module and name of the function that is their
 * __repr__, read through their attributes. */
#include "cpython_layouts/kinds/list.h"

static addr_t attribute(struct repr *r, const struct object *o, const char *name)
{
	return object_attribute(r->rt, o, name);
}

/* str(x) of an int: without 2.7's L. */
static void number_write(struct repr *r, addr_t at)
{
	size_t before = r->out->len;
	repr_value(r, at);
	if (r->out->len > before && r->out->buf[r->out->len - 1] == 'L')
		str_truncate(r->out, r->out->len - 1);
}

static bool fraction_repr(struct repr *r, const struct object *o)
{
	addr_t numerator = attribute(r, o, "_numerator"),
	       denominator = attribute(r, o, "_denominator");
	if (!numerator || !denominator)
		return false;
	repr_printf(r, "%s(", r->l->version.major < 3 ? "Fraction" : type_name(o->type));
	number_write(r, numerator);
	repr_adds(r, ", ");
	number_write(r, denominator);
	repr_adds(r, ")");
	return true;
}

/* --- UUID ------------------------------------------------------------------------------------ */

/* The low 128 bits of an int of at most 5 digits of 30 bits, or 9 of 15. */
static bool int128_of(struct repr *r, addr_t at, unsigned __int128 *ret)
{
	struct integer i;
	struct object o;
	unsigned __int128 value = 0;
	if (!object_load(r->rt, at, &o))
		return false;
	int64_t small;
	if (object_int64(r->rt, at, &small)) {
		*ret = (unsigned __int128)small;
		return small >= 0;
	}
	if (!(o.type->flags & TPFLAGS_LONG_SUBCLASS) || !integer_load(r->rt, at, &i) ||
	    i.negative || i.count * i.shift > 150)
		return false;
	for (size_t n = i.count; n-- > 0;)
		value = value << i.shift | integer_digit(&i, n);
	*ret = value;
	return true;
}

static bool uuid_repr(struct repr *r, const struct object *o)
{
	unsigned __int128 value;
	addr_t at = attribute(r, o, "int");
	if (!at || !int128_of(r, at, &value))
		return false;
	uint64_t high = (uint64_t)(value >> 64), low = (uint64_t)value;
	repr_printf(r, "%s('%08x-%04x-%04x-%04x-%012" PRIx64 "')",
		    r->l->version.major < 3 ? "UUID" : type_name(o->type), (unsigned)(high >> 32),
		    (unsigned)(high >> 16 & 0xffff), (unsigned)(high & 0xffff),
		    (unsigned)(low >> 48), low & UINT64_C(0xffffffffffff));
	return true;
}

/* --- Python containers around another --------------------------------------------------------- */

static bool chain_map_repr(struct repr *r, const struct object *o)
{
	size_t count;
	addr_t items;
	if (!object_sequence(r->rt, attribute(r, o, "maps"), &count, &items))
		return false;
	if (!repr_enter(r, o->at, "..."))
		return true;
	repr_printf(r, "%s(", type_name(o->type));
	repr_items(r, items, count, count);
	repr_adds(r, ")");
	repr_leave(r);
	return true;
}

/* UserDict, UserList, UserString: repr(self.data) */
static bool data_repr(struct repr *r, const struct object *o)
{
	addr_t data = attribute(r, o, "data");
	if (!data)
		return false;
	repr_value(r, data);
	return true;
}

const struct kind kinds_values[] = {
	{ .name = "fractions.Fraction", .repr = fraction_repr },
	{ .name = "uuid.UUID", .repr = uuid_repr },
	{ .name = "collections.ChainMap", .repr = chain_map_repr },
	{ .name = "collections.UserDict", .repr = data_repr },
	{ .name = "collections.UserList", .repr = data_repr },
	{ .name = "collections.UserString", .repr = data_repr },
	{ 0 },
};
