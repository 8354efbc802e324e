/* Which rule says how large an object is, and the head that counts with it. */
#include "cpython_layouts/sizes.h"

#include "core/checked.h"
#include "cpython_layouts/kinds/kind.h"

#define BASES_MAX 64 /* of a chain of tp_base */

static const struct size_rule *const families[] = {
	size_rules_builtin,
	size_rules_code,
	size_rules_modules,
	size_rules_numpy,
};

bool size_since(const struct runtime *rt, unsigned major, unsigned minor)
{
	const struct python_version *v = &rt->layout.version;
	return v->major > major || (v->major == major && v->minor >= minor);
}

/* object.__sizeof__ of a type whose instances have no items. */
static bool size_of_fixed(struct runtime *rt, const struct object *o, uint64_t *ret)
{
	*ret = size_basic(o);
	return true;
}

bool size_of_object(struct runtime *rt, const struct object *o, uint64_t *ret)
{
	*ret = size_basic(o);
	return o->type->itemsize == 0 ||
	       size_add(ret, GETS(&rt->layout, o->p, PyVarObject, ob_size),
			(uint64_t)o->type->itemsize);
}

static bool size_of_unknown(struct runtime *rt, const struct object *o, uint64_t *ret)
{
	return false;
}

static const struct size_rule rule_fixed = { .name = "object", .size = size_of_fixed };
static const struct size_rule rule_items = {
	.name = "object",
	.fields = { FIELD_PyVarObject_ob_size },
	.size = size_of_object,
};
static const struct size_rule rule_unknown = { .name = "?", .size = size_of_unknown };

/* --- which rule ------------------------------------------------------------------------------ */

static bool rule_fits(const struct layout *l, const struct size_rule *rule,
		      const struct pytype *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(rule->fields); i++) {
		const struct slot *s = &l->slot[rule->fields[i]];
		/* Field 0, the reference count, stands for no more fields: it is always there. */
		if (s->source != SLOT_NONE && s->offset + s->width > type->fixed)
			return false;
	}
	return true;
}

static const struct size_rule *rule_named(const struct runtime *rt, const char *name)
{
	const struct python_version *v = &rt->layout.version;
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		for (const struct size_rule *r = families[i]; r->name; r++)
			if ((!r->major || (r->major == v->major && r->minor <= v->minor)) &&
			    streq(r->name, name))
				return r;
	return NULL;
}

/* object's: with items or without. */
static const struct size_rule *rule_default(const struct layout *l, const struct pytype *type)
{
	if (type->itemsize <= 0)
		return &rule_fixed;
	return rule_fits(l, &rule_items, type) ? &rule_items : NULL;
}

/* Where no dict can be asked: the nearest base that C gave a rule. */
static const struct size_rule *rule_of_bases(struct runtime *rt, const struct pytype *type)
{
	for (const struct pytype *t = type; t; t = t->base) {
		const struct size_rule *rule = rule_named(rt, t->full_name);
		if (rule && !(t->flags & TPFLAGS_HEAPTYPE))
			return rule;
	}
	const struct size_rule *rule = type->kind->name ? rule_named(rt, type->kind->name) : NULL;
	return rule ? rule : rule_default(&rt->layout, type);
}

/* What C wrote is of the type that object's own __sizeof__ is of: told without its name, which may
 * be lost. */
static bool is_method_of_c(struct runtime *rt, const struct pytype *type, const struct object *o)
{
	const struct layout *l = &rt->layout;
	const uint8_t *p;
	uint64_t flags;
	if (o->type->fixed < SIZEOF(l, PyDescrObject))
		return false;
	if (streq(o->type->full_name, "method_descriptor"))
		return true;
	for (int i = 0; type->base && i < BASES_MAX; i++)
		type = type->base;
	addr_t method = dict_get(rt, pytype_dict(rt, type), "__sizeof__");
	return head_load(rt, method, &p, &flags) && GET(l, p, PyObject, ob_type) == o->type->at;
}

/* The rule of a method that was found under the name __sizeof__. */
static const struct size_rule *rule_of_method(struct runtime *rt, const struct pytype *type,
					      addr_t method, uint8_t *doubt)
{
	const struct layout *l = &rt->layout;
	struct object o;
	*doubt = SIZE_LOST;
	if (!object_load(rt, method, &o))
		return NULL;
	*doubt = is_kind(&o, "function") ? SIZE_BY_PYTHON : SIZE_BY_OTHERS;
	if (!is_method_of_c(rt, type, &o))
		return NULL;
	const struct pytype *owner = pytype_at(rt, GET(l, o.p, PyDescrObject, d_type));
	if (!owner)
		return NULL;
	const struct size_rule *rule =
		!owner->base ? rule_default(l, type) : rule_named(rt, owner->full_name);
	if (rule)
		*doubt = SIZE_EXACT;
	return rule;
}

static const struct size_rule *rule_find(struct runtime *rt, const struct pytype *type,
					 uint8_t *doubt)
{
	addr_t owner_at = 0;
	addr_t method = pytype_lookup(rt, type, "__sizeof__", &owner_at);
	const struct size_rule *rule;
	if (method) {
		rule = rule_of_method(rt, type, method, doubt);
	} else {
		/* A class statement may have had one; nobody gives one to a static type. */
		const struct pytype *owner = owner_at ? pytype_at(rt, owner_at) : NULL;
		*doubt = owner && owner->flags & TPFLAGS_HEAPTYPE ? SIZE_LOST : SIZE_EXACT;
		rule = rule_of_bases(rt, type);
	}
	if (!rule || !rule_fits(&rt->layout, rule, type)) {
		*doubt = *doubt == SIZE_EXACT ? SIZE_LOST : *doubt;
		return &rule_unknown;
	}
	return rule;
}

/* --- the head -------------------------------------------------------------------------------- */

/* Up to 3.10 sys asks PyObject_IS_GC(): a static type is none. 3.11 and 3.12 ask the type alone;
 * 3.13+ leave a static type out again, if its type is `type` itself. */
static bool head_is_of_heap_types(const struct runtime *rt, const struct pytype *type)
{
	if (!(type->flags & TPFLAGS_TYPE_SUBCLASS))
		return false;
	return !size_since(rt, 3, 11) || (size_since(rt, 3, 13) && type->at == rt->type_type);
}

static uint16_t head_of(const struct layout *l, const struct pytype *type)
{
	uint64_t before = TPFLAGS_MANAGED_DICT | TPFLAGS_MANAGED_WEAKREF;
	uint32_t head = 0;
	if (l->dialect.attributes == ATTRIBUTES_DICTOFFSET)
		before = 0; /* these bits meant other things */
	else if (l->dialect.attributes == ATTRIBUTES_MANAGED_311)
		before = TPFLAGS_MANAGED_DICT;
	if (type->flags & TPFLAGS_HAVE_GC && !l->version.free_threaded)
		head += SIZEOF(l, PyGC_Head);
	if (type->flags & before)
		head += 2u * l->machine->word;
	return (uint16_t)head;
}

/* No object is larger than all the memory there was. */
static uint64_t mapped_bytes(const struct memory *m)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < m->extents.len; i++)
		sum += m->extents.items[i].end - m->extents.items[i].start;
	return sum;
}

void size_resolve(struct runtime *rt, const struct pytype *type)
{
	const struct layout *l = &rt->layout;
	struct pytype *known = (struct pytype *)type; /* ours, from the cache */
	const struct slot *flags = &l->slot[FIELD_PyTypeObject_tp_flags];
	uint8_t doubt;
	if (type->size.rule)
		return;
	struct types *types = types_of(rt);
	if (types && !types->mapped)
		types->mapped = mapped_bytes(&rt->target->memory);
	const struct size_rule *rule = rule_find(rt, type, &doubt);
	known->size.head = head_of(l, type);
	known->size.of_heap_types = head_is_of_heap_types(rt, type);
	if (known->size.of_heap_types && flags->offset + flags->width > type->fixed) {
		known->size.of_heap_types = false;
		doubt = SIZE_LOST;
	}
	known->size.doubt = doubt;
	known->size.rule = rule;
}

enum size_doubt size_doubt(struct runtime *rt, const struct pytype *type)
{
	size_resolve(rt, type);
	return type->size.doubt;
}

/* --- an object ------------------------------------------------------------------------------- */

/* Take the head with it, if the whole is possible. */
static bool size_finish(struct runtime *rt, const struct object *o, uint64_t size, uint64_t *ret)
{
	const struct pytype *type = o->type;
	if (!type->size.of_heap_types ||
	    GET(&rt->layout, o->p, PyTypeObject, tp_flags) & TPFLAGS_HEAPTYPE)
		size += type->size.head;
	if (size > rt->types->mapped)
		return false;
	*ret = size;
	return true;
}

bool object_size(struct runtime *rt, const struct object *o, uint64_t *ret)
{
	const struct pytype *type = o->type;
	uint64_t size;
	if (!type->size.rule)
		size_resolve(rt, type);
	if (type->size.rule->size(rt, o, &size) && size_finish(rt, o, size, ret))
		return type->size.doubt == SIZE_EXACT;
	const struct size_rule *least = rule_default(&rt->layout, type);
	if (!least || !least->size(rt, o, &size) || !size_finish(rt, o, size, ret))
		*ret = 0;
	return false;
}
