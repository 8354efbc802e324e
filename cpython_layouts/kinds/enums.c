/* Members of Enum and Flag (Lib/enum.py). */
#include "cpython_layouts/kinds/list.h"

#define MEMBERS_MAX 64

static bool none_or_lost(struct repr *r, addr_t at)
{
	struct object o;
	return !at || at == r->rt->none || !object_load(r->rt, at, &o) ||
	       streq(o.type->full_name, "NoneType");
}

/* str(name) of what may be None */
static void name_write(struct repr *r, addr_t name)
{
	if (none_or_lost(r, name))
		repr_adds(r, "None");
	else if (!repr_text(r, name))
		repr_value(r, name);
}

/* _value_repr_ is _dataclass_repr where a dataclass is mixed in (3.12+). */
static void value_write(struct repr *r, const struct object *o, addr_t value)
{
	struct object data;
	addr_t special = pytype_lookup(r->rt, o->type, "_value_repr_", NULL);
	addr_t fields = 0;
	if (!none_or_lost(r, special) && object_load(r->rt, special, &data) &&
	    is_kind(&data, "function") &&
	    text_equals(r->rt, GET(r->l, data.p, PyFunctionObject, func_name), "_dataclass_repr",
			15))
		fields = pytype_lookup(r->rt, o->type, "__dataclass_fields__", NULL);
	if (fields && object_load(r->rt, value, &data))
		dataclass_fields(r, &data, fields);
	else
		repr_value(r, value);
}

static bool enum_repr(struct repr *r, const struct object *o)
{
	addr_t value = object_attribute(r->rt, o, "_value_");
	if (!value)
		return false;
	repr_printf(r, "<%s.", type_name(o->type));
	name_write(r, object_attribute(r->rt, o, "_name_"));
	repr_adds(r, ": ");
	value_write(r, o, value);
	repr_adds(r, ">");
	return true;
}

/* --- Flag up to 3.10: a member without a name shows those it is made of ---------------------- */

struct member {
	addr_t name;
	int64_t value;
};

static int member_compare(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	return x->value > y->value ? -1 : x->value < y->value;
}

static bool is_power_of_two(int64_t value)
{
	return value > 0 && (value & (value - 1)) == 0;
}

/* _decompose(): the members whose bits are all in value, largest first. */
static size_t decompose(struct repr *r, const struct object *o, int64_t value, struct member *ret)
{
	struct dict_iter it;
	addr_t key, at;
	size_t n = 0;
	struct object member;
	addr_t map = pytype_lookup(r->rt, o->type, "_value2member_map_", NULL);
	struct member whole = { 0 };
	if (!map || !dict_iter_start(r->rt, map, &it))
		return 0;
	while (n < MEMBERS_MAX && dict_next(&it, &key, &at) && repr_spend(r)) {
		struct member m = { 0 };
		if (!object_int64(r->rt, key, &m.value) || !object_load(r->rt, at, &member))
			continue;
		m.name = object_attribute(r->rt, &member, "_name_");
		bool named = !none_or_lost(r, m.name);
		if (!named)
			m.name = 0;
		if (m.value == value)
			whole = m;
		if (!named && (value < 0 || !is_power_of_two(m.value)))
			continue;
		if (m.value && (m.value & value) == m.value)
			ret[n++] = m;
	}
	if (n == 0) {
		ret[0] = whole;
		ret[0].value = value;
		return 1;
	}
	qsort(ret, n, sizeof(*ret), member_compare);
	if (n > 1 && ret[0].value == value) {
		memmove(ret, ret + 1, (n - 1) * sizeof(*ret));
		n--;
	}
	return n;
}

static bool flag_decomposed_repr(struct repr *r, const struct object *o, addr_t value_at)
{
	struct member members[MEMBERS_MAX];
	int64_t value;
	if (!object_int64(r->rt, value_at, &value))
		return false;
	size_t n = decompose(r, o, value, members);
	repr_printf(r, "<%s.", type_name(o->type));
	for (size_t i = 0; i < n; i++) {
		if (i)
			repr_adds(r, "|");
		if (!members[i].name || !repr_text(r, members[i].name))
			repr_printf(r, "%" PRId64, members[i].value);
	}
	repr_adds(r, ": ");
	repr_value(r, value_at);
	repr_adds(r, ">");
	return true;
}

static bool flag_repr(struct repr *r, const struct object *o)
{
	addr_t name = object_attribute(r->rt, o, "_name_");
	addr_t value = object_attribute(r->rt, o, "_value_");
	if (!value)
		return false;
	if (!none_or_lost(r, name))
		return enum_repr(r, o);
	if (!since(r, 3, 11))
		return flag_decomposed_repr(r, o, value);
	repr_printf(r, "<%s: ", type_name(o->type));
	repr_value(r, value);
	repr_adds(r, ">");
	return true;
}

/* --- members that became a module's globals (3.11+): re.IGNORECASE ---------------------------- */

static const char *last_module(const struct object *o)
{
	const char *module = o->type->module ? o->type->module : "?";
	const char *dot = strrchr(module, '.');
	return dot ? dot + 1 : module;
}

static bool global_repr(struct repr *r, const struct object *o)
{
	const char *module = last_module(o);
	const char *name = NULL;
	addr_t name_at = object_attribute(r->rt, o, "_name_");
	addr_t value = object_attribute(r->rt, o, "_value_");
	if (!value)
		return false;
	if (!none_or_lost(r, name_at))
		name = object_name(r->rt, name_at);
	if (!name) {
		repr_printf(r, "%s.%s(", module, type_name(o->type));
		repr_value(r, value);
		repr_adds(r, ")");
		return true;
	}
	/* A|B of a flag: each with the module, but for a rest in numbers */
	for (bool first = true; name; first = false) {
		const char *bar = strchr(name, '|');
		if (!first)
			repr_adds(r, "|");
		if (*name < '0' || *name > '9')
			repr_printf(r, "%s.", module);
		repr_printf(r, "%.*s", bar ? (int)(bar - name) : (int)strlen(name), name);
		name = bar ? bar + 1 : NULL;
	}
	return true;
}

/* re.RegexFlag had this before there was global_flag_repr() (3.7 to 3.10). */
static bool regex_flag_repr(struct repr *r, const struct object *o)
{
	addr_t name = object_attribute(r->rt, o, "_name_");
	if (none_or_lost(r, name)) {
		repr_default(r, o);
		return true;
	}
	repr_adds(r, "re.");
	name_write(r, name);
	return true;
}

const struct kind kinds_enums[] = {
	{ .name = "enum.Enum", .repr = enum_repr },
	{ .name = "enum.Flag", .repr = flag_repr },
	{ .name = "enum.IntFlag", .repr = flag_repr },
	{ .name = "re.RegexFlag", .repr = regex_flag_repr },
	{ 0 },
};

const struct kind kind_enum_global = { .name = "enum.global", .repr = global_repr };
