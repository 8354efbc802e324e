/* dict and what is built on it: defaultdict, OrderedDict, Counter, views, proxies, frozendict. */
#include "cpython_layouts/kinds/list.h"

#define COUNTER_MAX (1 << 16) /* items of a Counter that are sorted */

static bool dict_repr(struct repr *r, const struct object *o)
{
	struct dict_iter it;
	if (!dict_iter_of_struct(r->rt, o->p, &it))
		return false;
	if (!repr_enter(r, o->at, "{...}"))
		return true;
	repr_pairs(r, &it);
	repr_leave(r);
	return true;
}

/* Modules/_collectionsmodule.c, defdict_repr(): a cycle shows as the inner dict's {...}. */
static bool defaultdict_repr(struct repr *r, const struct object *o)
{
	const struct layout *l = r->l;
	addr_t factory = 0;
	struct dict_iter it;
	if (!dict_iter_of_struct(r->rt, o->p, &it))
		return false;
	if (HAS(l, defdictobject, default_factory))
		factory = GET(l, o->p, defdictobject, default_factory);
	repr_adds(r, since(r, 3, 7) ? type_name(o->type) : "defaultdict");
	repr_adds(r, "(");
	if (factory)
		repr_value(r, factory);
	else
		repr_adds(r, "None");
	repr_adds(r, ", ");
	if (repr_enter(r, o->at, "{...}")) {
		repr_pairs(r, &it);
		repr_leave(r);
	}
	repr_adds(r, ")");
	return true;
}

/* --- OrderedDict ---------------------------------------------------------------------------
 *
 * In C (3.5+) the order is a list of nodes { key, hash, next } beside the dict; in 2.7 it is
 * Python: lists [previous, next, key] in a ring that begins at __root. */

struct ordered {
	struct repr *r;
	struct dict_iter values; /* the dict's own order: nearly always the same */
	const struct object *object;
	struct chain chain;
	addr_t root; /* 2.7 */
};

static bool list_item(struct repr *r, addr_t list, size_t index, addr_t *ret)
{
	size_t count;
	addr_t items;
	return object_sequence(r->rt, list, &count, &items) && index < count &&
	       target_read_word(r->rt->target, items + index * r->l->machine->word, ret);
}

static bool ordered_start(struct repr *r, const struct object *o, struct ordered *ret)
{
	const struct layout *l = r->l;
	addr_t first;
	*ret = (struct ordered){ .r = r, .object = o };
	if (!dict_iter_of_struct(r->rt, o->p, &ret->values))
		return false;
	if (l->version.major >= 3) {
		if (!HAS(l, PyODictObject, od_first))
			return false;
		first = GET(l, o->p, PyODictObject, od_first);
	} else {
		ret->root = object_attribute(r->rt, o, "_OrderedDict__root");
		if (!ret->root || !list_item(r, ret->root, 1, &first))
			return false;
		if (first == ret->root)
			first = 0;
	}
	ret->chain = chain_start(first, r->budget);
	return true;
}

static bool ordered_key(struct ordered *it, addr_t *ret)
{
	const struct layout *l = it->r->l;
	addr_t next;
	if (!chain_goes_on(&it->chain))
		return false;
	if (it->root) {
		if (!list_item(it->r, it->chain.at, 2, ret) ||
		    !list_item(it->r, it->chain.at, 1, &next)) {
			chain_fault(&it->chain);
			return false;
		}
		chain_step(&it->chain, next == it->root ? 0 : next);
		return true;
	}
	const uint8_t *p = memory_at(it->r->m, it->chain.at, SIZEOF(l, _ODictNode));
	if (!p) {
		chain_fault(&it->chain);
		return false;
	}
	*ret = GET(l, p, _ODictNode, key);
	chain_step(&it->chain, GET(l, p, _ODictNode, next));
	return true;
}

static addr_t ordered_value(struct ordered *it, addr_t key)
{
	struct dict_iter all;
	addr_t k, v;
	if (dict_next(&it->values, &k, &v) && k == key)
		return v;
	if (!dict_iter_of_struct(it->r->rt, it->object->p, &all))
		return 0;
	while (dict_next(&all, &k, &v) && repr_spend(it->r))
		if (k == key)
			return v;
	return 0;
}

static void ordered_items(struct repr *r, struct ordered *it, bool braces)
{
	addr_t key;
	for (size_t i = 0; ordered_key(it, &key); i++) {
		if (!repr_item(r, i))
			break;
		addr_t value = ordered_value(it, key);
		if (!braces)
			repr_adds(r, "(");
		repr_value(r, key);
		repr_adds(r, braces ? ": " : ", ");
		repr_keyed(r, key, value);
		if (!braces)
			repr_adds(r, ")");
	}
	if (it->chain.end > CHAIN_END) {
		repr_adds(r, ", ...");
		r->cut = true;
	}
}

static bool ordered_dict_repr(struct repr *r, const struct object *o)
{
	struct ordered it;
	bool braces = since(r, 3, 12);
	if (!ordered_start(r, o, &it))
		return false;
	if (!repr_enter(r, o->at, "..."))
		return true;
	repr_printf(r, "%s(", type_name(o->type));
	if (it.values.used) {
		repr_adds(r, braces ? "{" : "[");
		ordered_items(r, &it, braces);
		repr_adds(r, braces ? "}" : "]");
	}
	repr_adds(r, ")");
	repr_leave(r);
	return true;
}

/* --- Counter: the most common first ----------------------------------------------------------- */

struct counted {
	addr_t key, value;
	long double count;
	size_t index;
};

static int counted_compare(const void *a, const void *b)
{
	const struct counted *x = a, *y = b;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

/* A number's value for sorting; false: not a number, and Python would not sort either. */
static bool count_of(struct repr *r, addr_t value, long double *ret)
{
	int64_t integer;
	struct object o;
	if (object_int64(r->rt, value, &integer)) {
		*ret = integer;
		return true;
	}
	if (!object_load(r->rt, value, &o) || !is_kind(&o, "float"))
		return false;
	*ret = double_at(r->l->machine, o.p + OFFSET(r->l, PyFloatObject, ob_fval));
	return true;
}

static size_t counter_load(struct repr *r, struct dict_iter *it, struct counted **ret,
			   bool *sortable)
{
	size_t room = MIN(it->count, (size_t)COUNTER_MAX), n = 0;
	struct counted *items = calloc(room ? room : 1, sizeof(*items));
	*sortable = true;
	while (items && n < room && dict_next(it, &items[n].key, &items[n].value)) {
		*sortable = *sortable && count_of(r, items[n].value, &items[n].count);
		items[n].index = n;
		n++;
	}
	*ret = items;
	return items ? n : 0;
}

static bool counter_repr(struct repr *r, const struct object *o)
{
	struct dict_iter it;
	_free_ struct counted *items = NULL;
	bool sortable;
	if (!dict_iter_of_struct(r->rt, o->p, &it))
		return false;
	repr_printf(r, "%s(", type_name(o->type));
	if (it.used && repr_enter(r, o->at, "...")) {
		size_t n = counter_load(r, &it, &items, &sortable);
		if (sortable && n)
			qsort(items, n, sizeof(*items), counted_compare);
		repr_adds(r, "{");
		for (size_t i = 0; i < n && repr_item(r, i); i++) {
			repr_value(r, items[i].key);
			repr_adds(r, ": ");
			repr_keyed(r, items[i].key, items[i].value);
		}
		repr_adds(r, "}");
		repr_leave(r);
	}
	repr_adds(r, ")");
	return true;
}

/* --- views and proxies ----------------------------------------------------------------------- */

static bool mappingproxy_repr(struct repr *r, const struct object *o)
{
	repr_adds(r, r->l->version.major < 3 ? "dict_proxy(" : "mappingproxy(");
	repr_value(r, GET(r->l, o->p, mappingproxyobject, mapping));
	repr_adds(r, ")");
	return true;
}

enum view { VIEW_KEYS, VIEW_VALUES, VIEW_ITEMS };

static void view_item(struct repr *r, enum view view, addr_t key, addr_t value)
{
	if (view == VIEW_ITEMS)
		repr_adds(r, "(");
	if (view != VIEW_VALUES)
		repr_value(r, key);
	if (view == VIEW_ITEMS)
		repr_adds(r, ", ");
	if (view != VIEW_KEYS)
		repr_keyed(r, key, value);
	if (view == VIEW_ITEMS)
		repr_adds(r, ")");
}

/* Objects/dictobject.c, dictview_repr(): as a list of the keys, values or items. */
static bool view_repr(struct repr *r, const struct object *o, enum view view)
{
	struct object dict;
	struct ordered order = { 0 };
	struct dict_iter it;
	addr_t key, value;
	if (!object_load(r->rt, GET(r->l, o->p, _PyDictViewObject, dv_dict), &dict) ||
	    !dict_iter_start(r->rt, dict.at, &it))
		return false;
	bool ordered = is_kind(&dict, "collections.OrderedDict") && ordered_start(r, &dict, &order);
	if (!repr_enter(r, o->at, "..."))
		return true;
	repr_printf(r, "%s([", type_name(o->type));
	for (size_t i = 0;; i++) {
		if (ordered ? !ordered_key(&order, &key) : !dict_next(&it, &key, &value))
			break;
		if (!repr_item(r, i))
			break;
		if (ordered)
			value = ordered_value(&order, key);
		view_item(r, view, key, value);
	}
	repr_adds(r, "])");
	repr_leave(r);
	return true;
}

static bool keys_repr(struct repr *r, const struct object *o)
{
	return view_repr(r, o, VIEW_KEYS);
}

static bool values_repr(struct repr *r, const struct object *o)
{
	return view_repr(r, o, VIEW_VALUES);
}

static bool items_repr(struct repr *r, const struct object *o)
{
	return view_repr(r, o, VIEW_ITEMS);
}

/* 3.15 */
static bool frozendict_repr(struct repr *r, const struct object *o)
{
	struct dict_iter it;
	if (!dict_iter_of_struct(r->rt, o->p, &it))
		return false;
	repr_printf(r, "%s(", type_name(o->type));
	if (it.used && repr_enter(r, o->at, "{...}")) {
		repr_pairs(r, &it);
		repr_leave(r);
	}
	repr_adds(r, ")");
	return true;
}

#define DICT_FIELDS                                                                                \
	FIELD_PyDictObject_ma_used, FIELD_PyDictObject_ma_keys, FIELD_PyDictObject_ma_values,      \
		FIELD_PyDictObject_ma_table

const struct kind kinds_mappings[] = {
	{ .name = "dict", .fields = { DICT_FIELDS }, .repr = dict_repr },
	{ .name = "collections.defaultdict",
	  .fields = { DICT_FIELDS, FIELD_defdictobject_default_factory },
	  .repr = defaultdict_repr },
	{ .name = "collections.OrderedDict",
	  .fields = { DICT_FIELDS, FIELD_PyODictObject_od_first },
	  .repr = ordered_dict_repr },
	{ .name = "collections.Counter", .fields = { DICT_FIELDS }, .repr = counter_repr },
	{ .name = "frozendict", .fields = { DICT_FIELDS }, .repr = frozendict_repr },
	{ .name = "mappingproxy",
	  .fields = { FIELD_mappingproxyobject_mapping },
	  .repr = mappingproxy_repr },
	{ .name = "dictproxy",
	  .fields = { FIELD_mappingproxyobject_mapping },
	  .repr = mappingproxy_repr },
	{ .name = "dict_keys", .fields = { FIELD__PyDictViewObject_dv_dict }, .repr = keys_repr },
	{ .name = "dict_values",
	  .fields = { FIELD__PyDictViewObject_dv_dict },
	  .repr = values_repr },
	{ .name = "dict_items", .fields = { FIELD__PyDictViewObject_dv_dict }, .repr = items_repr },
	{ .name = "odict_keys", .fields = { FIELD__PyDictViewObject_dv_dict }, .repr = keys_repr },
	{ .name = "odict_values",
	  .fields = { FIELD__PyDictViewObject_dv_dict },
	  .repr = values_repr },
	{ .name = "odict_items",
	  .fields = { FIELD__PyDictViewObject_dv_dict },
	  .repr = items_repr },
	{ 0 },
};
