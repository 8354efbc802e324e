/* Types: checked, named and given their kind once, then cached by address. */
#include "cpython_layouts/type.h"

#include <inttypes.h>
#include "core/checked.h"
#include "cpython_layouts/kinds/kind.h"

#define BASES_MAX        64 /* of a chain of tp_base */
#define MRO_MAX          256
#define METATYPES_MAX    8
#define INSTANCE_MAX     (1 << 20) /* bytes of tp_basicsize that are believed */
#define STATIC_TYPES_MAX 4096      /* managed static types of an interpreter */
#define NAME_MAX_BYTES   1024

struct types *types_of(struct runtime *rt)
{
	if (!rt->types)
		rt->types = calloc(1, sizeof(*rt->types));
	return rt->types;
}

void types_free(struct types *types)
{
	if (!types)
		return;
	map_release(&types->by_address);
	map_release(&types->texts);
	map_release(&types->static_names);
	free(types);
}

/* --- is it a type? -------------------------------------------------------------------------- */

/* Metatypes end in type(type) is type, whatever metaclasses lie between. */
static bool is_metatype(struct runtime *rt, addr_t at)
{
	const struct layout *l = &rt->layout;
	for (int i = 0; i < METATYPES_MAX; i++) {
		if (rt->type_type && at == rt->type_type)
			return true;
		if (!at || at % l->machine->word)
			return false;
		const uint8_t *p = memory_at(&rt->target->memory, at, SIZEOF(l, PyTypeObject));
		if (!p || !(GET(l, p, PyTypeObject, tp_flags) & TPFLAGS_TYPE_SUBCLASS))
			return false;
		addr_t above = GET(l, p, PyObject, ob_type);
		if (above == at)
			return !rt->type_type;
		at = above;
	}
	return false;
}

static const uint8_t *type_view(struct runtime *rt, addr_t at)
{
	const struct layout *l = &rt->layout;
	if (!at || at % l->machine->word)
		return NULL;
	const uint8_t *p = memory_at(&rt->target->memory, at, SIZEOF(l, PyTypeObject));
	if (!p || !head_is_live(l, p))
		return NULL;
	int64_t basicsize = GETS(l, p, PyTypeObject, tp_basicsize);
	int64_t itemsize = GETS(l, p, PyTypeObject, tp_itemsize);
	if (basicsize < (int64_t)SIZEOF(l, PyObject) || basicsize > INSTANCE_MAX || itemsize < 0 ||
	    itemsize > INSTANCE_MAX)
		return NULL;
	return is_metatype(rt, GET(l, p, PyObject, ob_type)) ? p : NULL;
}

/* --- names --------------------------------------------------------------------------------- */

/* Where static types are found by name; their full names are "prefix" and the attribute's. */
static const struct {
	const char *module, *prefix;
} modules_of_types[] = {
	{ "types", NULL }, /* its names are its own: see renamed[] */
	{ "_collections_abc", "" },
	{ "_abcoll", "" },
	{ "datetime", "datetime." },
	{ "collections", "collections." },
	{ "_collections", "collections." },
	{ "decimal", "decimal." },
	{ "_decimal", "decimal." },
	{ "array", "array." },
	{ "functools", "functools." },
	{ "_functools", "functools." },
	{ "itertools", "itertools." },
	{ "weakref", "weakref." },
	{ "_thread", "_thread." },
	{ "_io", "_io." },
	{ "_struct", "_struct." },
	{ "_random", "_random." },
};

/* Attributes that are not called as their types are; NULL: another name for a type that has one. */
static const struct {
	const char *module, *attribute, *name;
} renamed[] = {
	{ "types", "FunctionType", "function" },
	{ "types", "CodeType", "code" },
	{ "types", "MethodType", "method" },
	{ "types", "GeneratorType", "generator" },
	{ "types", "CoroutineType", "coroutine" },
	{ "types", "AsyncGeneratorType", "async_generator" },
	{ "types", "FrameType", "frame" },
	{ "types", "BuiltinFunctionType", "builtin_function_or_method" },
	{ "types", "ModuleType", "module" },
	{ "types", "TracebackType", "traceback" },
	{ "types", "CellType", "cell" },
	{ "types", "MappingProxyType", "mappingproxy" },
	{ "types", "SimpleNamespace", "types.SimpleNamespace" },
	{ "types", "WrapperDescriptorType", "wrapper_descriptor" },
	{ "types", "MethodWrapperType", "method-wrapper" },
	{ "types", "MethodDescriptorType", "method_descriptor" },
	{ "types", "ClassMethodDescriptorType", "classmethod_descriptor" },
	{ "types", "GetSetDescriptorType", "getset_descriptor" },
	{ "types", "MemberDescriptorType", "member_descriptor" },
	{ "types", "GenericAlias", "types.GenericAlias" },
	{ "types", "UnionType", "types.UnionType" },
	{ "types", "ClassType", "classobj" },
	{ "types", "InstanceType", "instance" },
	{ "types", "DictProxyType", "dictproxy" },
	{ "weakref", "ReferenceType", "weakref" },
	{ "weakref", "ref", NULL },
	{ "weakref", "ProxyType", "weakproxy" },
	{ "weakref", "CallableProxyType", "weakcallableproxy" },
	{ "array", "ArrayType", NULL },
};

/* Objects whose types no module names. */
static const struct {
	const char *attribute, *type;
} singletons[] = {
	{ "None", "NoneType" },
	{ "Ellipsis", "ellipsis" },
	{ "NotImplemented", "NotImplementedType" },
};

static void static_name_add(struct types *types, addr_t type, const char *name)
{
	bool is_new;
	uint64_t *slot = map_insert(&types->static_names, type, &is_new);
	if (slot && is_new)
		*slot = (uintptr_t)name;
}

/* module.attribute's own name: "" is none worth keeping. */
static const char *static_name_of(struct runtime *rt, const char *module, const char *prefix,
				  const char *attribute)
{
	bool old = rt->layout.version.major < 3;
	if (old && streq(attribute, "MethodType"))
		return "instancemethod";
	for (size_t i = 0; i < ARRAY_SIZE(renamed); i++)
		if (streq(renamed[i].module, module) && streq(renamed[i].attribute, attribute))
			return renamed[i].name ? renamed[i].name : "";
	if (!prefix || (old && streq(attribute, "bytes")))
		return "";
	_str_ struct str full = STR_INIT;
	str_printf(&full, "%s%s", prefix, attribute);
	const char *name = arena_copy(&rt->arena, full.buf, full.len);
	return name ? name : "";
}

static void static_names_from(struct runtime *rt, addr_t dict, const char *module,
			      const char *prefix)
{
	const struct layout *l = &rt->layout;
	struct dict_iter it;
	addr_t key, value;
	if (!dict_iter_start(rt, dict, &it))
		return;
	for (size_t n = 0; n < STATIC_TYPES_MAX && dict_next(&it, &key, &value); n++) {
		const uint8_t *p;
		uint64_t flags;
		if (!head_load(rt, value, &p, &flags) ||
		    GET(l, p, PyObject, ob_type) != rt->type_type)
			continue;
		const char *attribute = object_name(rt, key);
		const char *name = attribute ? static_name_of(rt, module, prefix, attribute) : "";
		if (*name)
			static_name_add(rt->types, value, name);
	}
}

static void static_names_of_singletons(struct runtime *rt, addr_t builtins)
{
	for (size_t i = 0; i < ARRAY_SIZE(singletons); i++) {
		const uint8_t *p;
		uint64_t flags;
		if (head_load(rt, dict_get(rt, builtins, singletons[i].attribute), &p, &flags))
			static_name_add(rt->types, GET(&rt->layout, p, PyObject, ob_type),
					singletons[i].type);
	}
}

static void static_names_of_module(struct runtime *rt, addr_t modules, const char *name,
				   const char *prefix)
{
	const struct layout *l = &rt->layout;
	addr_t module = modules ? dict_get(rt, modules, name) : 0;
	const uint8_t *p =
		module ? memory_at(&rt->target->memory, module, SIZEOF(l, PyModuleObject)) : NULL;
	if (p)
		static_names_from(rt, GET(l, p, PyModuleObject, md_dict), name, prefix);
}

/* The kernel does not dump .rodata: without the file a static type's tp_name is lost. The modules
 * still know their types by name. */
static void static_names_learn(struct runtime *rt)
{
	const struct layout *l = &rt->layout;
	addr_t builtins = 0, modules = 0;
	rt->types->static_names_known = true;
	if (rt->type_type)
		static_name_add(rt->types, rt->type_type, "type");
	if (!rt->interpreters)
		return;
	addr_t at = rt->interpreters;
	if (HAS(l, PyInterpreterState, modules))
		target_read_word(rt->target, at + OFFSET(l, PyInterpreterState, modules), &modules);
	/* 2.7: before the builtins, which have them too, without their module. */
	static_names_of_module(rt, modules, "exceptions", "exceptions.");
	if (HAS(l, PyInterpreterState, builtins) &&
	    target_read_word(rt->target, at + OFFSET(l, PyInterpreterState, builtins), &builtins)) {
		static_names_from(rt, builtins, "builtins", "");
		static_names_of_singletons(rt, builtins);
	}
	for (size_t i = 0; i < ARRAY_SIZE(modules_of_types); i++)
		static_names_of_module(rt, modules, modules_of_types[i].module,
				       modules_of_types[i].prefix);
}

/* tp_name, when it can be read and is plain ASCII. */
static const char *written_name(struct runtime *rt, const struct pytype *type, size_t *len)
{
	addr_t at = GET(&rt->layout, type->p, PyTypeObject, tp_name);
	const char *name = memory_string(&rt->target->memory, at, NAME_MAX_BYTES, len);
	if (!name || *len == 0)
		return NULL;
	for (size_t i = 0; i < *len; i++)
		if (name[i] < ' ' || name[i] >= 0x7f)
			return NULL;
	return name;
}

static const char *static_name(struct runtime *rt, const struct pytype *type)
{
	size_t len;
	const char *name = written_name(rt, type, &len);
	if (name)
		return name;
	if (!rt->types->static_names_known)
		static_names_learn(rt);
	uint64_t *known = map_find(&rt->types->static_names, type->at);
	return known ? (const char *)(uintptr_t)*known : NULL;
}

/* tp_name of a static type: "dict", or "datetime.date" with the module before the last dot. */
static void name_static(struct runtime *rt, struct pytype *type)
{
	type->name = static_name(rt, type);
	if (!type->name)
		return;
	const char *dot = strrchr(type->name, '.');
	type->qualname = dot ? dot + 1 : type->name;
	type->module = dot ? arena_copy(&rt->arena, type->name, (size_t)(dot - type->name))
		       : rt->layout.version.major < 3 ? "__builtin__"
						      : "builtins";
	type->full_name = type->name;
}

/* A class statement makes tp_name the plain name; PyType_FromSpec() keeps what C wrote, module and
 * all. */
static const char *name_by_c(struct runtime *rt, const struct pytype *type)
{
	size_t len, tail = type->name ? strlen(type->name) : 0;
	const char *name = written_name(rt, type, &len);
	if (!tail || !name || len < tail + 2 || name[len - tail - 1] != '.')
		return NULL;
	return streq(name + len - tail, type->name) ? name : NULL;
}

static void name_heap(struct runtime *rt, struct pytype *type)
{
	const struct layout *l = &rt->layout;
	const uint8_t *p = memory_at(&rt->target->memory, type->at, SIZEOF(l, PyHeapTypeObject));
	if (!p)
		return;
	type->name = object_name(rt, GET(l, p, PyHeapTypeObject, ht_name));
	type->c_name = name_by_c(rt, type);
	if (HAS(l, PyHeapTypeObject, ht_qualname))
		type->qualname = object_name(rt, GET(l, p, PyHeapTypeObject, ht_qualname));
	if (!type->qualname)
		type->qualname = type->name;
	addr_t module = dict_get(rt, pytype_dict(rt, type), "__module__");
	type->module = module ? object_name(rt, module) : NULL;
}

static void name_in_full(struct runtime *rt, struct pytype *type)
{
	_str_ struct str full = STR_INIT;
	if (type->full_name)
		return;
	if (!type->qualname) {
		str_printf(&full, "<type at 0x%" PRIx64 ">", type->at);
	} else {
		if (type->module && !streq(type->module, "builtins") &&
		    !streq(type->module, "__builtin__"))
			str_printf(&full, "%s.", type->module);
		str_adds(&full, type->qualname);
	}
	type->full_name = arena_copy(&rt->arena, full.buf, full.len);
	if (!type->full_name)
		type->full_name = "?";
}

/* --- the cache ----------------------------------------------------------------------------- */

/* 3.11+: str's tp_basicsize is that of the longest form, more than a short compact one has. */
static uint32_t fixed_part(const struct layout *l, const struct pytype *type)
{
	if (type->flags & TPFLAGS_UNICODE_SUBCLASS && HAS_STRUCT(l, PyASCIIObject))
		return SIZEOF(l, PyASCIIObject);
	return (uint32_t)type->basicsize;
}

static struct pytype *type_new(struct runtime *rt, addr_t at, const uint8_t *p,
			       const struct pytype *base)
{
	const struct layout *l = &rt->layout;
	struct pytype *type = arena_alloc(&rt->arena, sizeof(*type));
	if (!type)
		return NULL;
	type->at = at;
	type->p = p;
	type->flags = GET(l, p, PyTypeObject, tp_flags);
	type->basicsize = GETS(l, p, PyTypeObject, tp_basicsize);
	type->itemsize = GETS(l, p, PyTypeObject, tp_itemsize);
	type->dictoffset = GETS(l, p, PyTypeObject, tp_dictoffset);
	type->weaklistoffset = GETS(l, p, PyTypeObject, tp_weaklistoffset);
	type->base = base;
	/* In the cache before it is named: a name may need this very type. */
	type->full_name = NULL;
	type->kind = &kind_object;
	type->fixed = fixed_part(l, type);
	uint64_t *slot = map_insert(&rt->types->by_address, at, NULL);
	if (!slot)
		return NULL;
	*slot = (uintptr_t)type;
	if (type->flags & TPFLAGS_HEAPTYPE)
		name_heap(rt, type);
	else
		name_static(rt, type);
	name_in_full(rt, type);
	type->kind = kind_of_type(l, type, &type->is_exact_kind);
	return type;
}

static const struct pytype *type_cached(const struct types *types, addr_t at)
{
	uint64_t *slot = map_find(&types->by_address, at);
	return slot ? (const struct pytype *)(uintptr_t)*slot : NULL;
}

static const struct pytype *type_find(struct runtime *rt, addr_t addr)
{
	struct types *types = types_of(rt);
	if (!types)
		return NULL;
	if (types->last_at == addr && addr)
		return types->last;
	const struct pytype *type = type_cached(types, addr);
	addr_t chain[BASES_MAX];
	const uint8_t *views[BASES_MAX];
	size_t n = 0;
	/* Down to the first base that is known, then up again, so that nothing recurses. */
	for (addr_t at = addr; !type && n < BASES_MAX; n++) {
		views[n] = type_view(rt, at);
		if (!views[n])
			break;
		chain[n] = at;
		at = GET(&rt->layout, views[n], PyTypeObject, tp_base);
		type = at ? type_cached(types, at) : NULL;
		if (!at || type) {
			n++;
			break;
		}
	}
	while (n-- > 0) {
		const struct pytype *known = type_cached(types, chain[n]);
		type = known ? known : type_new(rt, chain[n], views[n], type);
		if (!type)
			return NULL;
	}
	if (type) {
		types->last_at = addr;
		types->last = type;
	}
	return type;
}

const struct pytype *pytype_at(struct runtime *rt, addr_t addr)
{
	runtime_lock(rt);
	const struct pytype *type = type_find(rt, addr);
	runtime_unlock(rt);
	return type;
}

bool pytype_is_subtype(const struct pytype *type, addr_t base)
{
	for (int i = 0; type && i <= BASES_MAX; i++, type = type->base)
		if (type->at == base)
			return true;
	return false;
}

bool pytype_is(const struct pytype *type, const char *full_name)
{
	for (int i = 0; type && i <= BASES_MAX; i++, type = type->base)
		if (streq(type->full_name, full_name))
			return true;
	return false;
}

/* --- the type's dict and mro ----------------------------------------------------------------- */

/* Objects/typeobject.c (3.12), managed_static_type_state_get(): tp_subclasses of such a type is
 * its index plus one. */
static addr_t managed_dict(struct runtime *rt, const struct pytype *type, enum field array)
{
	const struct layout *l = &rt->layout;
	addr_t dict;
	uint64_t index = GET(l, type->p, PyTypeObject, tp_subclasses) - 1;
	if (l->slot[array].source == SLOT_NONE || index >= STATIC_TYPES_MAX)
		return 0;
	addr_t at = rt->interpreters + l->slot[array].offset +
		    index * SIZEOF(l, managed_static_type_state);
	const uint8_t *p = memory_at(&rt->target->memory, at, SIZEOF(l, managed_static_type_state));
	if (!p || GET(l, p, managed_static_type_state, type) != type->at)
		return 0;
	dict = GET(l, p, managed_static_type_state, tp_dict);
	return dict;
}

addr_t pytype_dict(struct runtime *rt, const struct pytype *type)
{
	const struct layout *l = &rt->layout;
	addr_t dict = GET(l, type->p, PyTypeObject, tp_dict);
	if (dict || type->flags & TPFLAGS_HEAPTYPE || !rt->interpreters ||
	    !HAS_STRUCT(l, managed_static_type_state))
		return dict;
	dict = managed_dict(rt, type, FIELD_PyInterpreterState_types_builtins);
	return dict ? dict : managed_dict(rt, type, FIELD_PyInterpreterState_types_for_extensions);
}

size_t pytype_mro(struct runtime *rt, const struct pytype *type, addr_t *ret, size_t max)
{
	size_t count;
	addr_t items;
	addr_t mro = GET(&rt->layout, type->p, PyTypeObject, tp_mro);
	if (max && object_sequence(rt, mro, &count, &items) && count) {
		const uint8_t *p = memory_at(&rt->target->memory, items,
					     MIN(count, max) * rt->layout.machine->word);
		for (size_t i = 0; p && i < MIN(count, max); i++)
			ret[i] = word_at(rt, p, i);
		if (p)
			return MIN(count, max);
	}
	size_t n = 0;
	for (; type && n < max; type = type->base)
		ret[n++] = type->at;
	return n;
}

addr_t pytype_lookup(struct runtime *rt, const struct pytype *type, const char *name,
		     addr_t *ret_owner)
{
	addr_t mro[MRO_MAX];
	size_t count = pytype_mro(rt, type, mro, MRO_MAX);
	for (size_t i = 0; i < count; i++) {
		/* 2.7's classic classes may stand in an mro; they are no types. */
		const struct pytype *class = pytype_at(rt, mro[i]);
		addr_t value = 0, dict = class ? pytype_dict(rt, class) : 0;
		bool is_certain = !dict || dict_find(rt, dict, name, &value);
		if (!value && is_certain)
			continue;
		if (ret_owner)
			*ret_owner = mro[i];
		return value;
	}
	return 0;
}
