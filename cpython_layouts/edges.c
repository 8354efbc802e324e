/* How the instances of a type refer to others, found out once per type.
 *
 *	class statement:  slots of each such base | __dict__ or values | type | the native base's
 *	C type:           rule | or tp_members and guesses              | type (heap types, 3.9+)
 *
 * as Objects/typeobject.c, subtype_traverse(), goes about it. */
#include <stdlib.h>
#include "cpython_layouts/edges_walk.h"

/* Include/structmember.h (all versions) */
#define MEMBER_OBJECT    6
#define MEMBER_OBJECT_EX 16

#define BASES_MAX        64
#define WORDS_MAX        2048
#define MEMBERS_MAX      1000
#define NAME_MAX_BYTES   1000
#define GUESSES_MAX      4096 /* bytes of an instance that are looked through */

void edge_plans_free(struct edge_plans *plans)
{
	free(plans);
}

/* --- what a process has one of -------------------------------------------------------- */

static addr_t traverse_of(struct runtime *rt, const struct pytype *type)
{
	return GET(&rt->layout, type->p, PyTypeObject, tp_traverse);
}

/* Classes of the standard library that every interpreter has imported before it runs anything. */
static const struct {
	const char *module, *class;
} class_statements[] = {
	{ "_frozen_importlib", "ModuleSpec" },
	{ "_frozen_importlib", "BuiltinImporter" },
	{ "abc", "ABCMeta" },
	{ "warnings", "WarningMessage" },
	{ "site", "_Printer" },
	{ "codecs", "CodecInfo" },
	{ "codecs", "Codec" },
};

static addr_t traverse_of_classes(struct runtime *rt)
{
	const struct layout *l = &rt->layout;
	addr_t modules = 0;
	if (!rt->interpreters || !READ(rt, rt->interpreters, PyInterpreterState, modules, &modules))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(class_statements); i++) {
		struct object module;
		addr_t at = dict_get(rt, modules, class_statements[i].module);
		if (!at || !object_load(rt, at, &module) ||
		    module.type->fixed < SIZEOF(l, PyModuleObject))
			continue;
		at = dict_get(rt, GET(l, module.p, PyModuleObject, md_dict),
			      class_statements[i].class);
		const struct pytype *class = at ? pytype_at(rt, at) : NULL;
		if (class && class->flags & TPFLAGS_HEAPTYPE && class->flags & TPFLAGS_HAVE_GC)
			return traverse_of(rt, class);
	}
	return 0;
}

/* Up to 3.10 what a dict's keys are is told by a function pointer. The dict of a type's subclasses
 * has ints for keys (Objects/typeobject.c, add_subclass(), 3.5+). */
static addr_t lookup_of_subclasses(struct runtime *rt)
{
	const struct layout *l = &rt->layout;
	const struct pytype *type = rt->type_type ? pytype_at(rt, rt->type_type) : NULL;
	if (!HAS(l, PyDictKeysObject, dk_size) || !type || !type->base)
		return 0;
	addr_t dict = GET(l, type->base->p, PyTypeObject, tp_subclasses);
	const uint8_t *p = memory_at(&rt->target->memory, dict, SIZEOF(l, PyDictObject));
	addr_t keys = p ? GET(l, p, PyDictObject, ma_keys) : 0;
	/* dk_lookup lies before dk_usable (Objects/dict-common.h 3.6 - 3.10). */
	addr_t lookup = 0;
	if (keys)
		target_read_word(rt->target,
				 keys + OFFSET(l, PyDictKeysObject, dk_usable) - l->machine->word,
				 &lookup);
	return lookup;
}

static struct edge_plans *plans_of(struct runtime *rt)
{
	if (!rt->edge_plans)
		rt->edge_plans = calloc(1, sizeof(*rt->edge_plans));
	struct edge_plans *plans = rt->edge_plans;
	if (plans && !plans->is_ready) {
		plans->is_ready = true;
		plans->subtype_traverse = traverse_of_classes(rt);
		plans->general_lookup = lookup_of_subclasses(rt);
	}
	return plans;
}

/* --- words ----------------------------------------------------------------------------- */

struct draft {
	struct runtime *rt;
	const struct pytype *type;
	VEC(struct edge_word) words;
	struct edge_plan plan;
	bool failed;
};

static void add_word(struct draft *d, uint64_t offset, uint8_t kind, uint8_t flags, bool is_guess,
		     const char *name)
{
	uint64_t size = d->rt->layout.machine->word;
	if (offset < SIZEOF(&d->rt->layout, PyObject) && kind != EDGE_CLASS)
		return;
	if (offset + size > d->type->fixed || d->words.len >= WORDS_MAX)
		return;
	struct edge_word *w = vec_push(&d->words);
	if (!w) {
		d->failed = true;
		return;
	}
	*w = (struct edge_word){ .offset = (uint32_t)offset,
				 .kind = kind,
				 .flags = flags,
				 .is_guess = is_guess,
				 .name = name };
}

static void add_walk(struct draft *d, edge_walk *walk)
{
	if (walk && d->plan.walk_count < WALKS_MAX)
		d->plan.walks[d->plan.walk_count++] = walk;
}

/* "a b~ -*3 >c": see struct edge_rule. */
static void add_words_of_rule(struct draft *d, const char *words)
{
	uint64_t offset = SIZEOF(&d->rt->layout, PyObject), word = d->rt->layout.machine->word;
	for (const char *s = words; *s;) {
		size_t len = strcspn(s, " "), n = 1;
		if (*s == '-') {
			if (s[1] == '*')
				n = strtoul(s + 2, NULL, 10);
		} else {
			uint8_t kind = *s == '>' ? EDGE_FIELD : EDGE_ATTRIBUTE;
			uint8_t flags = s[len - 1] == '~'   ? EDGE_BEYOND
					: s[len - 1] == '!' ? EDGE_WEAK
							    : 0;
			size_t skip = kind == EDGE_FIELD;
			const char *name =
				arena_copy(&d->rt->arena, s + skip, len - skip - (flags != 0));
			add_word(d, offset, kind, flags, false, name);
		}
		offset += n * word;
		s += len;
		s += strspn(s, " ");
	}
}

/* The members that a PyMemberDef array describes. count 0: until its end. What only_ex: a class
 * statement's slots, which are T_OBJECT_EX alone. */
static void add_members(struct draft *d, addr_t members, size_t count, bool only_ex, uint8_t flags)
{
	const struct layout *l = &d->rt->layout;
	const struct memory *m = &d->rt->target->memory;
	size_t size = SIZEOF(l, PyMemberDef);
	if (!members || !size)
		return;
	for (size_t i = 0; i < (count ? MIN(count, (size_t)MEMBERS_MAX) : MEMBERS_MAX); i++) {
		size_t len;
		const uint8_t *p = memory_at(m, members + i * size, size);
		if (!p || (!count && !GET(l, p, PyMemberDef, name)))
			return;
		int64_t type = GETS(l, p, PyMemberDef, type);
		int64_t offset = GETS(l, p, PyMemberDef, offset);
		if (offset < 0 || (type != MEMBER_OBJECT_EX && (only_ex || type != MEMBER_OBJECT)))
			continue;
		const char *name =
			memory_string(m, GET(l, p, PyMemberDef, name), NAME_MAX_BYTES, &len);
		add_word(d, (uint64_t)offset, EDGE_ATTRIBUTE, flags, !only_ex,
			 name ? arena_copy(&d->rt->arena, name, len) : NULL);
	}
}

/* __slots__: PyMemberDef[ob_size] behind the type object. */
static void add_slots(struct draft *d, const struct pytype *class, uint8_t flags)
{
	const struct layout *l = &d->rt->layout;
	const struct pytype *metatype = pytype_at(d->rt, GET(l, class->p, PyObject, ob_type));
	int64_t count = GETS(l, class->p, PyVarObject, ob_size);
	if (metatype && count > 0 && count <= MEMBERS_MAX)
		add_members(d, class->at + (uint64_t)metatype->basicsize, (size_t)count, true,
			    flags);
}

/* --- C types ---------------------------------------------------------------------------- */

/* The nearest type that something is known of and that traverses as this one does. */
static const struct edge_rule *rule_of(struct runtime *rt, const struct pytype *native)
{
	for (const struct pytype *t = native; t; t = t->base) {
		if (traverse_of(rt, t) != traverse_of(rt, native))
			break;
		const struct edge_rule *rule = edge_rule_of(&rt->layout, t->full_name);
		if (!rule && t->c_name)
			rule = edge_rule_of(&rt->layout, t->c_name);
		if (rule)
			return rule;
	}
	static const struct edge_rule structseq = { .walks = { walk_structseq } };
	if (native->flags & TPFLAGS_TUPLE_SUBCLASS && native->name)
		return &structseq;
	/* The names are lost: flags tell the most common ones. */
	static const struct {
		uint64_t flag;
		const char *name;
	} flagged[] = { { TPFLAGS_LIST_SUBCLASS, "list" },
			{ TPFLAGS_TUPLE_SUBCLASS, "tuple" },
			{ TPFLAGS_DICT_SUBCLASS, "dict" },
			{ TPFLAGS_TYPE_SUBCLASS, "type" },
			{ TPFLAGS_BASE_EXC_SUBCLASS, "BaseException" } };
	for (size_t i = 0; !native->name && i < ARRAY_SIZE(flagged); i++)
		if (native->flags & flagged[i].flag)
			return edge_rule_of(&rt->layout, flagged[i].name);
	return NULL;
}

static bool is_atomic(const struct pytype *native)
{
	static const char *const names[] = { "int", "long",    "float", "complex",    "bool",
					     "str", "unicode", "bytes", "basestring", "object" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (streq(native->full_name, names[i]))
			return true;
	return native->flags & (TPFLAGS_LONG_SUBCLASS | TPFLAGS_INT_SUBCLASS |
				TPFLAGS_UNICODE_SUBCLASS | TPFLAGS_BYTES_SUBCLASS);
}

/* Nothing is known: what its members say, then what its words look like. */
static void add_guesses(struct draft *d, const struct pytype *native)
{
	const struct layout *l = &d->rt->layout;
	size_t base = 0;
	for (const struct pytype *t = native; t && base < BASES_MAX; t = t->base, base++)
		add_members(d, GET(l, t->p, PyTypeObject, tp_members), 0, false, EDGE_INFERRED);
	if (native->basicsize <= (int64_t)SIZEOF(l, PyObject))
		return;
	d->plan.guess_start = SIZEOF(l, PyObject);
	d->plan.guess_end = (uint32_t)MIN((uint64_t)native->basicsize, (uint64_t)GUESSES_MAX);
	add_walk(d, walk_guesses);
}

static bool is_since(const struct draft *d, unsigned major, unsigned minor)
{
	return edge_version(&d->rt->layout) >= V(major, minor, 0);
}

static void add_native(struct draft *d, const struct pytype *native, bool *visits_type)
{
	const struct edge_rule *rule = rule_of(d->rt, native);
	*visits_type = is_since(d, 3, 9);
	if (rule) {
		if (rule->words)
			add_words_of_rule(d, rule->words);
		for (size_t i = 0; i < ARRAY_SIZE(rule->walks); i++)
			add_walk(d, rule->walks[i]);
		if (rule->flags & RULE_NO_TYPE)
			*visits_type = false;
	} else if (!is_atomic(native)) {
		add_guesses(d, native);
	}
}

/* --- the plan --------------------------------------------------------------------------- */

static bool is_managed(const struct draft *d, const struct pytype *type)
{
	return type->flags & TPFLAGS_MANAGED_DICT &&
	       d->rt->layout.dialect.attributes != ATTRIBUTES_DICTOFFSET;
}

static void add_parts(struct draft *d, struct edge_plans *plans)
{
	const struct pytype *type = d->type, *native = type;
	addr_t subtype = plans->subtype_traverse;
	/* A class without HAVE_GC inherits no traverse, but may have slots that hold atoms. */
	for (int i = 0; i < BASES_MAX && native->base; i++, native = native->base) {
		addr_t traverse = traverse_of(d->rt, native);
		if (!(native->flags & TPFLAGS_HEAPTYPE) ||
		    (traverse ? traverse != subtype : native->flags & TPFLAGS_HAVE_GC))
			break;
		add_slots(d, native, 0);
	}
	bool native_is_heap = native->flags & TPFLAGS_HEAPTYPE, visits_type = false;
	if (native == type ? is_managed(d, type) : is_managed(d, type) && !is_managed(d, native))
		add_walk(d, walk_values);
	else if (native != type && type->dictoffset != native->dictoffset)
		add_walk(d, walk_dict_at_offset);
	else if (is_managed(d, type))
		add_walk(d, walk_values);
	add_native(d, native, &visits_type);
	if (type->flags & TPFLAGS_HEAPTYPE) {
		bool by_subtype = native != type && (!is_since(d, 3, 9) || !native_is_heap ||
						     !traverse_of(d->rt, native));
		add_word(d, OFFSET(&d->rt->layout, PyObject, ob_type), EDGE_CLASS,
			 by_subtype || (native_is_heap && visits_type) ? 0 : EDGE_BEYOND, false,
			 NULL);
	}
}

static const struct edge_plan *plan_make(struct runtime *rt, struct edge_plans *plans,
					 const struct pytype *type)
{
	struct draft d = { .rt = rt, .type = type, .plan.type = type };
	d.plan.is_collected = type->flags & TPFLAGS_HAVE_GC && traverse_of(rt, type);
	d.plan.is_of_types = type->flags & TPFLAGS_TYPE_SUBCLASS;
	add_parts(&d, plans);
	struct edge_plan *plan = arena_alloc(&rt->arena, sizeof(*plan));
	size_t bytes = d.words.len * sizeof(*d.words.items);
	struct edge_word *words = bytes ? arena_alloc(&rt->arena, bytes) : NULL;
	if (d.failed || !plan || (bytes && !words)) {
		vec_release(&d.words);
		return NULL;
	}
	if (bytes)
		memcpy(words, d.words.items, bytes);
	d.plan.words = words;
	d.plan.word_count = d.words.len;
	vec_release(&d.words);
	*plan = d.plan;
	return plan;
}

static const struct edge_plan *plan_of(struct runtime *rt, const struct pytype *type)
{
	struct pytype *known = (struct pytype *)type; /* ours, from the cache */
	const struct edge_plan *plan = __atomic_load_n(&known->edges, __ATOMIC_ACQUIRE);
	if (plan)
		return plan;
	runtime_lock(rt);
	struct edge_plans *plans = plans_of(rt);
	plan = known->edges;
	if (!plan && plans)
		plan = plan_make(rt, plans, type);
	__atomic_store_n(&known->edges, plan, __ATOMIC_RELEASE);
	runtime_unlock(rt);
	return plan;
}

bool edge_object_at(struct runtime *rt, addr_t at)
{
	struct object o;
	return at && object_load(rt, at, &o);
}

/* --- iterating -------------------------------------------------------------------------- */

/* The fields that each walk begins with are all zeroed: the rest is written before it is read. */
bool edges_of(struct runtime *rt, const struct object *o, struct edge_iter *ret)
{
	const struct edge_plan *plan = plan_of(rt, o->type);
	if (!plan)
		return false;
	ret->rt = rt;
	ret->object = *o;
	ret->plan = plan;
	ret->is_traversed = plan->is_collected;
	if (plan->is_of_types && o->type->fixed >= SIZEOF(&rt->layout, PyTypeObject) &&
	    !(GET(&rt->layout, o->p, PyTypeObject, tp_flags) & TPFLAGS_HEAPTYPE))
		ret->is_traversed = false;
	ret->lost = ret->begun = false;
	ret->word = ret->walk = 0;
	ret->index = ret->count = 0;
	ret->items = NULL;
	ret->pending.to = 0;
	return true;
}

static bool word_edge(struct edge_iter *it, const struct edge_word *w, struct edge *ret)
{
	addr_t to = load_word(it->rt->layout.machine, it->object.p + w->offset);
	if (!to || (w->is_guess && !edge_object_at(it->rt, to)))
		return false;
	*ret = (struct edge){ .to = to, .kind = w->kind, .flags = w->flags, .name = w->name };
	return true;
}

static bool next(struct edge_iter *it, struct edge *ret)
{
	const struct edge_plan *plan = it->plan;
	while (it->word < plan->word_count)
		if (word_edge(it, &plan->words[it->word++], ret))
			return true;
	if (it->pending.to) {
		*ret = it->pending;
		it->pending.to = 0;
		return true;
	}
	for (; it->walk < plan->walk_count; it->walk++) {
		if (plan->walks[it->walk](it, ret))
			return true;
		it->begun = false;
		it->index = it->count = 0;
		it->items = NULL;
	}
	return false;
}

bool edge_next(struct edge_iter *it, struct edge *ret)
{
	if (!next(it, ret))
		return false;
	if (!it->is_traversed && !(ret->flags & EDGE_WEAK))
		ret->flags |= EDGE_BEYOND;
	return true;
}
