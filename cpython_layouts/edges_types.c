/* What types, modules and code objects hold, and C objects of unknown shape. */
#include "cpython_layouts/edges_walk.h"

#define ITEMS_MAX 1000000   /* of an instance of unknown shape */
#define STATE_MAX (1 << 20) /* bytes of a module's state that are looked through */

/* --- types: Objects/typeobject.c, type_traverse() ------------------------------------------ */

static const struct {
	enum field field;
	uint8_t kind, flags;
	const char *name;
} type_members[] = {
	{ FIELD_PyTypeObject_tp_dict, EDGE_ATTRIBUTE, 0, "__dict__" },
	{ FIELD_PyTypeObject_tp_cache, EDGE_FIELD, 0, "tp_cache" },
	{ FIELD_PyTypeObject_tp_mro, EDGE_ATTRIBUTE, 0, "__mro__" },
	{ FIELD_PyTypeObject_tp_bases, EDGE_ATTRIBUTE, 0, "__bases__" },
	{ FIELD_PyTypeObject_tp_base, EDGE_ATTRIBUTE, 0, "__base__" },
	{ FIELD_PyHeapTypeObject_ht_module, EDGE_FIELD, 0, "ht_module" },
	{ FIELD_PyTypeObject_tp_subclasses, EDGE_FIELD, EDGE_BEYOND, "tp_subclasses" },
	{ FIELD_PyHeapTypeObject_ht_name, EDGE_ATTRIBUTE, EDGE_BEYOND, "__name__" },
	{ FIELD_PyHeapTypeObject_ht_qualname, EDGE_ATTRIBUTE, EDGE_BEYOND, "__qualname__" },
	{ FIELD_PyHeapTypeObject_ht_slots, EDGE_ATTRIBUTE, EDGE_BEYOND, "__slots__" },
};

bool walk_type(struct edge_iter *it, struct edge *ret)
{
	const struct layout *l = &it->rt->layout;
	const uint8_t *p = it->object.p;
	if (it->object.type->fixed < SIZEOF(l, PyTypeObject))
		return false;
	bool is_heap = GET(l, p, PyTypeObject, tp_flags) & TPFLAGS_HEAPTYPE;
	it->begun = true;
	while (it->index < ARRAY_SIZE(type_members)) {
		enum field f = type_members[it->index].field;
		const struct slot *s = &l->slot[f];
		addr_t to = 0;
		size_t i = it->index++;
		bool is_of_heap = field_infos[f].structure == STRUCT_PyHeapTypeObject;
		if (f == FIELD_PyTypeObject_tp_dict) {
			const struct pytype *type = pytype_at(it->rt, it->object.at);
			to = type ? pytype_dict(it->rt, type) : 0;
		} else if (s->source == SLOT_NONE || (is_of_heap && !is_heap) ||
			   s->offset + s->width > it->object.type->fixed) {
			continue;
		} else {
			to = layout_get(l, p, f);
		}
		/* A static type of 3.12+ keeps a number there. */
		if (f == FIELD_PyTypeObject_tp_subclasses && !edge_object_at(it->rt, to))
			to = 0;
		if (!to)
			continue;
		*ret = (struct edge){ .to = to,
				      .kind = type_members[i].kind,
				      .flags = type_members[i].flags,
				      .name = type_members[i].name };
		return true;
	}
	return false;
}

/* --- words that may be references ----------------------------------------------------------- */

static bool guess_next(struct edge_iter *it, enum edge_kind kind, struct edge *ret)
{
	size_t word = it->rt->layout.machine->word;
	while (it->index < it->count) {
		size_t i = it->index++;
		addr_t to = word_at(it->rt, it->items, i);
		if (!to || !edge_object_at(it->rt, to))
			continue;
		*ret = (struct edge){ .to = to,
				      .kind = kind,
				      .flags = EDGE_INFERRED,
				      .index = it->detail + i * word };
		return true;
	}
	return false;
}

static bool is_known(const struct edge_iter *it, uint64_t offset)
{
	for (size_t i = 0; i < it->plan->word_count; i++)
		if (it->plan->words[i].offset == offset)
			return true;
	return false;
}

/* Items of pointers behind the fixed part of an instance that has a length. */
static void see_items(struct edge_iter *it)
{
	const struct layout *l = &it->rt->layout;
	const struct pytype *type = it->object.type;
	size_t word = l->machine->word;
	uint64_t fixed = it->plan->guess_end - it->plan->guess_start;
	if (type->itemsize <= 0 || (uint64_t)type->itemsize % word ||
	    (uint64_t)type->basicsize != it->plan->guess_end ||
	    type->fixed < SIZEOF(l, PyVarObject))
		return;
	int64_t items = GETS(l, it->object.p, PyVarObject, ob_size);
	if (items <= 0 || items > ITEMS_MAX)
		return;
	uint64_t bytes = fixed + (uint64_t)items * (uint64_t)type->itemsize;
	addr_t at = it->object.at + it->plan->guess_start;
	bytes = memory_span(&it->rt->target->memory, at, bytes) / word * word;
	const uint8_t *p = memory_at(&it->rt->target->memory, at, bytes);
	if (!p || bytes <= fixed)
		return;
	it->items = p;
	it->count = bytes / word;
}

/* An instance of a C type that nothing is known of. tp_weaklistoffset's word is borrowed. */
bool walk_guesses(struct edge_iter *it, struct edge *ret)
{
	size_t word = it->rt->layout.machine->word;
	if (!it->begun) {
		it->begun = true;
		it->detail = it->plan->guess_start;
		it->items = it->object.p + it->detail;
		it->count = (it->plan->guess_end - it->plan->guess_start) / word;
		see_items(it);
	}
	while (guess_next(it, EDGE_WORD, ret)) {
		if ((int64_t)ret->index == it->object.type->weaklistoffset ||
		    is_known(it, ret->index))
			continue;
		if ((int64_t)ret->index == it->object.type->dictoffset) {
			ret->kind = EDGE_ATTRIBUTE;
			ret->name = "__dict__";
		}
		return true;
	}
	return false;
}

/* --- modules: Objects/moduleobject.c, module_traverse() -------------------------------------- */

/* PyModuleDef behind its object header: m_init m_index m_copy m_name m_doc m_size m_methods m_slots
 * m_traverse (Include/moduleobject.h, 3.5+). */
enum { DEF_SIZE = 5, DEF_TRAVERSE = 8, DEF_WORDS = 9 };
/* PyModuleObject behind its object header: md_dict md_def md_state (3.x), and
 * md_dict md_state md_weaklist md_name flags md_state_size md_state_traverse (3.15). */
enum {
	MODULE_DEF = 1,
	MODULE_STATE = 2,
	MODULE_STATE_315 = 1,
	MODULE_SIZE_315 = 5,
	MODULE_TRAVERSE_315 = 6
};

static void state_see(struct edge_iter *it, addr_t state, uint64_t size)
{
	it->detail = 0;
	if (!state || size == 0 || size > STATE_MAX)
		return;
	size_t word = it->rt->layout.machine->word;
	it->count = readable_items(it->rt, state, size / word, word);
	it->items = memory_at(&it->rt->target->memory, state, it->count * word);
	it->lost |= !it->items;
	if (!it->items)
		it->count = 0;
}

bool walk_module_state(struct edge_iter *it, struct edge *ret)
{
	const struct layout *l = &it->rt->layout;
	size_t head = SIZEOF(l, PyObject), word = l->machine->word;
	if (!it->begun) {
		it->begun = true;
		const uint8_t *p = it->object.p + head;
		bool is_new = edge_version(l) >= V(3, 15, 0);
		if (l->version.major < 3 ||
		    it->object.type->fixed <
			    head + (is_new ? MODULE_TRAVERSE_315 : MODULE_STATE) * word + word)
			return false;
		if (is_new) {
			if (word_at(it->rt, p, MODULE_TRAVERSE_315))
				state_see(it, word_at(it->rt, p, MODULE_STATE_315),
					  word_at(it->rt, p, MODULE_SIZE_315));
		} else {
			addr_t def = word_at(it->rt, p, MODULE_DEF);
			const uint8_t *d = def ? memory_at(&it->rt->target->memory, def + head,
							   DEF_WORDS * word)
					       : NULL;
			it->lost |= def && !d;
			if (d && word_at(it->rt, d, DEF_TRAVERSE))
				state_see(it, word_at(it->rt, p, MODULE_STATE),
					  word_at(it->rt, d, DEF_SIZE));
		}
	}
	return guess_next(it, EDGE_STATE, ret);
}

/* --- code: not collected (but free-threaded, where co_consts is visited) -------------------- */

static const struct {
	enum field field;
	const char *name;
} code_members[] = {
	{ FIELD_PyCodeObject_co_code, "co_code" },
	{ FIELD_PyCodeObject_co_names, "co_names" },
	{ FIELD_PyCodeObject_co_varnames, "co_varnames" },
	{ FIELD_PyCodeObject_co_freevars, "co_freevars" },
	{ FIELD_PyCodeObject_co_cellvars, "co_cellvars" },
	{ FIELD_PyCodeObject_co_filename, "co_filename" },
	{ FIELD_PyCodeObject_co_name, "co_name" },
	{ FIELD_PyCodeObject_co_qualname, "co_qualname" },
	{ FIELD_PyCodeObject_co_localsplusnames, "co_localsplusnames" },
	{ FIELD_PyCodeObject_co_localspluskinds, "co_localspluskinds" },
};

bool walk_code(struct edge_iter *it, struct edge *ret)
{
	const struct layout *l = &it->rt->layout;
	it->begun = true;
	while (it->index <= ARRAY_SIZE(code_members)) {
		size_t i = it->index++;
		/* co_consts lies before co_names in every version. */
		bool is_consts = i == ARRAY_SIZE(code_members);
		enum field f = is_consts ? FIELD_PyCodeObject_co_names : code_members[i].field;
		if (l->slot[f].source == SLOT_NONE ||
		    l->slot[f].offset + l->slot[f].width > it->object.type->fixed)
			continue;
		addr_t to = is_consts ? load_word(l->machine, it->object.p + l->slot[f].offset -
								      l->machine->word)
				      : layout_get(l, it->object.p, f);
		if (!to)
			continue;
		*ret = (struct edge){ .to = to,
				      .kind = EDGE_ATTRIBUTE,
				      .flags = is_consts ? 0 : EDGE_BEYOND,
				      .name = is_consts ? "co_consts" : code_members[i].name };
		return true;
	}
	return false;
}
