/* Where an instance keeps its attributes.
 *
 *	2.7 - 3.10   o + tp_dictoffset -> dict          (negative: counted from a var-sized end)
 *	3.11         values at -4 words, dict at -3     one of them
 *	3.12         one word at -3: values (bit 0 set) or dict
 *	3.13         dict at -3, else values in the object behind its header
 *	3.14+        dict at -3, else values in the object at tp_basicsize
 *	             (free-threaded: dict at -1)
 *
 * Members of __slots__ are described in the class: PyMemberDef[ob_size] behind the type object. */
#include "core/checked.h"
#include "cpython_layouts/type.h"

#define MRO_MAX       64
#define SLOTS_MAX     1000
#define SLOT_NAME_MAX 1000
#define SEARCH_MAX 20000	/* attributes of an instance that are looked through for a name */
/* Include/structmember.h (all versions) */
#define MEMBER_OBJECT    6
#define MEMBER_OBJECT_EX 16

/* --- where they are -------------------------------------------------------------------------- */

/* A dict object, or keys and values without one. */
struct instance_dict {
	addr_t dict;
	addr_t keys, values;
};

static addr_t word_before(struct runtime *rt, addr_t object, unsigned words)
{
	addr_t value;
	return target_read_word(rt->target, object - words * rt->layout.machine->word, &value)
		       ? value
		       : 0;
}

static addr_t cached_keys(struct runtime *rt, const struct pytype *type)
{
	const struct layout *l = &rt->layout;
	addr_t keys;
	if (!(type->flags & TPFLAGS_HEAPTYPE) || !HAS(l, PyHeapTypeObject, ht_cached_keys))
		return 0;
	addr_t at = type->at + OFFSET(l, PyHeapTypeObject, ht_cached_keys);
	return target_read_word(rt->target, at, &keys) ? keys : 0;
}

static bool inline_values(struct runtime *rt, const struct object *o, struct instance_dict *ret)
{
	const struct layout *l = &rt->layout;
	if (!(o->type->flags & TPFLAGS_INLINE_VALUES))
		return false;
	addr_t values = o->at + (l->dialect.attributes == ATTRIBUTES_INLINE_313
					 ? SIZEOF(l, PyObject)
					 : (uint64_t)o->type->basicsize);
	const uint8_t *p = memory_at(&rt->target->memory, values, SIZEOF(l, PyDictValues));
	if (!p || !GET(l, p, PyDictValues, valid))
		return false;
	ret->values = values;
	ret->keys = cached_keys(rt, o->type);
	return ret->keys;
}

static bool managed_dict(struct runtime *rt, const struct object *o, struct instance_dict *ret)
{
	const struct layout *l = &rt->layout;
	switch (l->dialect.attributes) {
	case ATTRIBUTES_MANAGED_311:
		ret->dict = word_before(rt, o->at, 3);
		if (!ret->dict)
			ret->values = word_before(rt, o->at, 4);
		break;
	case ATTRIBUTES_MANAGED_312: {
		addr_t word = word_before(rt, o->at, 3);
		/* Include/internal/pycore_object.h (3.12): a pointer to values is stored minus 1 */
		if (word & 1)
			ret->values = word + 1;
		else
			ret->dict = word;
		break;
	}
	default:
		ret->dict = word_before(rt, o->at, HAS(l, PyObject, ob_tid) ? 1 : 3);
		if (!ret->dict)
			return inline_values(rt, o, ret);
	}
	if (ret->values)
		ret->keys = cached_keys(rt, o->type);
	return ret->dict || (ret->values && ret->keys);
}

/* tp_dictoffset; negative: from the end of a var-sized object, whose size is rounded up to words
 * (Objects/object.c, _PyObject_GetDictPtr()). */
static addr_t dict_by_offset(struct runtime *rt, const struct object *o)
{
	const struct layout *l = &rt->layout;
	int64_t offset = o->type->dictoffset;
	uint64_t word = l->machine->word;
	addr_t dict;
	if (offset == 0)
		return 0;
	if (offset < 0) {
		const uint8_t *p = memory_at(&rt->target->memory, o->at, SIZEOF(l, PyVarObject));
		if (!p)
			return 0;
		int64_t count = GETS(l, p, PyVarObject, ob_size);
		uint64_t size;
		if (!checked_extent((uint64_t)o->type->basicsize,
				    count < 0 ? -(uint64_t)count : (uint64_t)count,
				    (uint64_t)o->type->itemsize, &size) ||
		    size >> 48)
			return 0;
		offset += (int64_t)((size + word - 1) & ~(word - 1));
		if (offset < (int64_t)SIZEOF(l, PyObject))
			return 0;
	}
	return target_read_word(rt->target, o->at + (uint64_t)offset, &dict) ? dict : 0;
}

static bool instance_dict(struct runtime *rt, const struct object *o, struct instance_dict *ret)
{
	const struct layout *l = &rt->layout;
	*ret = (struct instance_dict){ 0 };
	if (o->type->flags & TPFLAGS_MANAGED_DICT && l->dialect.attributes != ATTRIBUTES_DICTOFFSET)
		return managed_dict(rt, o, ret);
	/* 2.7's classic instances: the dict is a plain member. */
	if (HAS(l, PyInstanceObject, in_dict) && streq(o->type->full_name, "instance") &&
	    o->type->fixed >= SIZEOF(l, PyInstanceObject))
		ret->dict = GET(l, o->p, PyInstanceObject, in_dict);
	else
		ret->dict = dict_by_offset(rt, o);
	return ret->dict;
}

static bool instance_iter(struct runtime *rt, const struct object *o, struct dict_iter *ret)
{
	struct instance_dict where;
	if (!instance_dict(rt, o, &where))
		return false;
	return where.dict ? dict_iter_start(rt, where.dict, ret)
			  : dict_iter_of_values(rt, where.keys, where.values, ret);
}

addr_t object_dict(struct runtime *rt, const struct object *o)
{
	struct instance_dict where;
	return instance_dict(rt, o, &where) ? where.dict : 0;
}

/* --- slots ----------------------------------------------------------------------------------- */

/* The members of one class. */
struct slots {
	addr_t members; /* PyMemberDef[count] */
	size_t index, count;
};

static struct slots slots_of(struct runtime *rt, addr_t class)
{
	const struct layout *l = &rt->layout;
	struct slots s = { 0 };
	const struct pytype *type = pytype_at(rt, class);
	if (!type || !(type->flags & TPFLAGS_HEAPTYPE) || !HAS_STRUCT(l, PyMemberDef))
		return s;
	const struct pytype *metatype = pytype_at(rt, GET(l, type->p, PyObject, ob_type));
	int64_t count = GETS(l, type->p, PyVarObject, ob_size);
	if (!metatype || count <= 0 || count > SLOTS_MAX)
		return s;
	s.members = class + (uint64_t)metatype->basicsize;
	s.count = readable_items(rt, s.members, (uint64_t)count, SIZEOF(l, PyMemberDef));
	return s;
}

static bool slots_next(struct runtime *rt, struct slots *s, const struct object *o,
		       const char **ret_name, addr_t *ret_value)
{
	const struct layout *l = &rt->layout;
	while (s->index < s->count) {
		const uint8_t *p = memory_at(&rt->target->memory,
					     s->members + s->index++ * SIZEOF(l, PyMemberDef),
					     SIZEOF(l, PyMemberDef));
		if (!p)
			return false;
		int64_t type = GETS(l, p, PyMemberDef, type);
		int64_t offset = GETS(l, p, PyMemberDef, offset);
		size_t len;
		addr_t value;
		if ((type != MEMBER_OBJECT && type != MEMBER_OBJECT_EX) ||
		    offset < (int64_t)SIZEOF(l, PyObject) ||
		    offset > o->type->basicsize - l->machine->word)
			continue;
		const char *name = memory_string(&rt->target->memory, GET(l, p, PyMemberDef, name),
						 SLOT_NAME_MAX, &len);
		if (!name || !target_read_word(rt->target, o->at + (uint64_t)offset, &value) ||
		    !value)
			continue;
		*ret_name = name;
		*ret_value = value;
		return true;
	}
	return false;
}

/* --- both ------------------------------------------------------------------------------------ */

struct attribute_iter {
	struct runtime *rt;
	struct object object;
	struct dict_iter dict;
	bool in_dict;
	addr_t mro[MRO_MAX];
	size_t class, class_count;
	struct slots slots;
};

struct attribute_iter *attributes_of(struct runtime *rt, const struct object *o)
{
	struct attribute_iter *it = calloc(1, sizeof(*it));
	if (!it)
		return NULL;
	it->rt = rt;
	it->object = *o;
	it->in_dict = instance_iter(rt, o, &it->dict);
	it->class_count = pytype_mro(rt, o->type, it->mro, MRO_MAX);
	return it;
}

void attribute_iter_free(struct attribute_iter *it)
{
	free(it);
}

bool attribute_next(struct attribute_iter *it, const char **ret_name, addr_t *ret_value)
{
	addr_t key;
	while (it->in_dict && dict_next(&it->dict, &key, ret_value)) {
		*ret_name = object_name(it->rt, key);
		if (*ret_name)
			return true;
	}
	it->in_dict = false;
	for (;;) {
		if (slots_next(it->rt, &it->slots, &it->object, ret_name, ret_value))
			return true;
		if (it->class == it->class_count)
			return false;
		it->slots = slots_of(it->rt, it->mro[it->class ++]);
	}
}

addr_t object_attribute(struct runtime *rt, const struct object *o, const char *name)
{
	struct dict_iter it;
	addr_t key, value;
	const char *member;
	size_t len = strlen(name);
	if (instance_iter(rt, o, &it))
		for (size_t n = 0; n < SEARCH_MAX && dict_next(&it, &key, &value); n++)
			if (text_equals(rt, key, name, len))
				return value;
	addr_t mro[MRO_MAX];
	size_t count = pytype_mro(rt, o->type, mro, MRO_MAX);
	for (size_t i = 0; i < count; i++) {
		struct slots slots = slots_of(rt, mro[i]);
		while (slots_next(rt, &slots, o, &member, &value))
			if (streq(member, name))
				return value;
	}
	return 0;
}
