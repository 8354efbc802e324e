/* What is built on dict, drawn in every shape. */
#include "tests/unit/heap_rig.h"

static bool is_old(const struct heap *h)
{
	return h->l->version.major < 3;
}

static bool at_least(const struct heap *h, unsigned minor)
{
	return h->l->version.major > 2 && h->l->version.minor >= minor;
}

static addr_t dict_type(struct heap *h, const char *name, size_t basicsize)
{
	return heap_type(h, name, h->dict_type, TPFLAGS_DICT_SUBCLASS,
			 MAX(basicsize, (size_t)SIZEOF(h->l, PyDictObject) + 64));
}

static void defaultdict__shows_its_factory(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		size_t size = SIZEOF(h->l, PyDictObject) + 64;
		addr_t type = dict_type(h, "collections.defaultdict",
					MAX(size, (size_t)SIZEOF(h->l, defdictobject)));
		addr_t items[] = { heap_text(h, "a"), heap_int(h, 1) };
		addr_t at = heap_dict_of(h, type, MAX(size, (size_t)SIZEOF(h->l, defdictobject)), 1,
					 items);
		assert_repr(h, v, at, "defaultdict(None, {'a': 1})");
		HPUT(h, at, defdictobject, default_factory, h->int_type);
		assert_repr(h, v, at,
			    is_old(h) ? "defaultdict(<type 'int'>, {'a': 1})"
				      : "defaultdict(<class 'int'>, {'a': 1})");
	}
}

/* The node list says b a, the dict a b. */
static void ordered_dict__follows_its_own_list(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		if (!HAS(l, PyODictObject, od_first))
			continue;
		addr_t a = heap_text(h, "a"), b = heap_text(h, "b");
		addr_t items[] = { a, heap_int(h, 1), b, heap_int(h, 2) };
		addr_t type = dict_type(h, "collections.OrderedDict", SIZEOF(l, PyODictObject));
		addr_t at = heap_dict_of(h, type, SIZEOF(l, PyODictObject), 2, items);
		addr_t first = heap_alloc(h, SIZEOF(l, _ODictNode)),
		       second = heap_alloc(h, SIZEOF(l, _ODictNode));
		HPUT(h, first, _ODictNode, key, b);
		HPUT(h, first, _ODictNode, next, second);
		HPUT(h, second, _ODictNode, key, a);
		HPUT(h, at, PyODictObject, od_first, first);
		assert_repr(h, v, at,
			    at_least(h, 12) ? "OrderedDict({'b': 2, 'a': 1})"
					    : "OrderedDict([('b', 2), ('a', 1)])");
		HPUT(h, second, _ODictNode, next, first); /* a ring that never ends */
		_str_ struct str out = STR_INIT;
		assert_true(object_repr(&h->rt, at, &repr_limits_json, &out));
		addr_t none = heap_dict_of(h, type, SIZEOF(l, PyODictObject), 0, NULL);
		assert_repr(h, v, none, "OrderedDict()");
	}
}

/* A class in Python: collections.Counter */
static void counter__begins_with_the_most_common(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		addr_t type = heap_class(h, "collections", "Counter", h->dict_type,
					 TPFLAGS_DICT_SUBCLASS, SIZEOF(h->l, PyDictObject) + 64);
		addr_t items[] = { heap_text(h, "a"), heap_int(h, 1),    heap_text(h, "b"),
				   heap_int(h, 3),    heap_text(h, "c"), heap_float(h, 1.5),
				   heap_text(h, "d"), heap_int(h, 3) };
		size_t size = SIZEOF(h->l, PyDictObject) + 64;
		assert_repr(h, v, heap_dict_of(h, type, size, 4, items),
			    "Counter({'b': 3, 'd': 3, 'c': 1.5, 'a': 1})");
		items[1] = heap_text(h, "no number");
		assert_repr(h, v, heap_dict_of(h, type, size, 2, items),
			    "Counter({'a': 'no number', 'b': 3})");
		assert_repr(h, v, heap_dict_of(h, type, size, 0, NULL), "Counter()");
	}
}

static void views__are_lists_of_what_they_view(void **state)
{
	(void)state;
	static const struct {
		const char *name, *shown;
	} views[] = {
		{ "dict_keys", "dict_keys(['a', 'b'])" },
		{ "dict_values", "dict_values([1, 2])" },
		{ "dict_items", "dict_items([('a', 1), ('b', 2)])" },
	};
	HEAP_EACH(h, v)
	{
		addr_t dict = heap_dict(h, 2,
					(addr_t[]){ heap_text(h, "a"), heap_int(h, 1),
						    heap_text(h, "b"), heap_int(h, 2) });
		for (size_t i = 0; i < ARRAY_SIZE(views); i++) {
			size_t size = SIZEOF(h->l, _PyDictViewObject);
			addr_t at = heap_object(
				h, heap_type(h, views[i].name, h->object_type, 0, size), size);
			HPUT(h, at, _PyDictViewObject, dv_dict, dict);
			assert_repr(h, v, at, views[i].shown);
		}
	}
}

static void mappingproxy__shows_its_mapping(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		size_t size = SIZEOF(h->l, mappingproxyobject);
		if (!size)
			continue;
		addr_t type = heap_type(h, is_old(h) ? "dictproxy" : "mappingproxy", h->object_type,
					0, size);
		addr_t at = heap_object(h, type, size);
		HPUT(h, at, mappingproxyobject, mapping, heap_dict(h, 0, NULL));
		assert_repr(h, v, at, is_old(h) ? "dict_proxy({})" : "mappingproxy({})");
	}
}

static void frozendict__is_no_dict(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		if (!at_least(h, 15))
			continue;
		addr_t type = heap_type(h, "frozendict", h->object_type, 0,
					SIZEOF(h->l, PyFrozenDictObject));
		addr_t items[] = { heap_text(h, "a"), heap_int(h, 1) };
		size_t size = SIZEOF(h->l, PyFrozenDictObject);
		assert_repr(h, v, heap_dict_of(h, type, size, 1, items), "frozendict({'a': 1})");
		assert_repr(h, v, heap_dict_of(h, type, size, 0, NULL), "frozendict()");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaultdict__shows_its_factory),
		cmocka_unit_test(ordered_dict__follows_its_own_list),
		cmocka_unit_test(counter__begins_with_the_most_common),
		cmocka_unit_test(views__are_lists_of_what_they_view),
		cmocka_unit_test(mappingproxy__shows_its_mapping),
		cmocka_unit_test(frozendict__is_no_dict),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
