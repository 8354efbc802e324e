/* See the header. */
#include "analyzers/heap_shapes.h"

#include "core/str.h"
#include "cpython_layouts/type.h"

enum { LABEL_KEYS = 8 /* shown */, SHAPE_BYTES = 256 /* that one takes, about */ };

/* A set of keys, as it is gathered. */
struct keys {
	struct str label;
	uint64_t hash;		/* of all keys, in any order */
	size_t count;
	addr_t others[4];	/* types of keys that are no str, each told once */
	size_t other_count;
};

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 33) * UINT64_C(0xff51afd7ed558ccd);
	x = (x ^ x >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
	return x ^ x >> 33;
}

static uint64_t hash_text(const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
	return hash;
}

static void add_key(struct keys *keys, const char *name)
{
	keys->hash += mix(hash_text(name));
	if (keys->count++ < LABEL_KEYS)
		str_printf(&keys->label, "%s%s", keys->label.len ? ", " : "", name);
}

static void add_other(struct runtime *rt, struct keys *keys, addr_t key)
{
	struct object o;
	const struct pytype *type = object_load(rt, key, &o) ? o.type : NULL;
	addr_t at = type ? type->at : 0;
	for (size_t i = 0; i < keys->other_count; i++)
		if (keys->others[i] == at)
			return;
	if (keys->other_count == sizeof(keys->others) / sizeof(keys->others[0]))
		return;
	keys->others[keys->other_count++] = at;
	keys->hash += mix(at);
	str_printf(&keys->label, "%s<%s>", keys->label.len ? ", " : "",
		   type ? type->full_name : "lost");
}

/* false: more keys than a shape has. */
static bool dict_keys(struct runtime *rt, addr_t dict, struct keys *keys)
{
	struct dict_iter it;
	addr_t key, value;
	if (!dict_iter_start(rt, dict, &it))
		return true;
	for (size_t n = 0; dict_next(&it, &key, &value); n++) {
		const char *name = object_name(rt, key);
		if (n == SHAPE_KEYS_MAX)
			return false;
		if (name)
			add_key(keys, name);
		else
			add_other(rt, keys, key);
	}
	return true;
}

static bool instance_keys(struct runtime *rt, const struct object *o, struct keys *keys)
{
	struct attribute_iter *it = attributes_of(rt, o);
	const char *name;
	addr_t value;
	size_t n = 0;
	while (it && n <= SHAPE_KEYS_MAX && attribute_next(it, &name, &value)) {
		add_key(keys, name ? name : "?");
		n++;
	}
	attribute_iter_free(it);
	return n <= SHAPE_KEYS_MAX;
}

static size_t shape_named(struct shapes *shapes, const struct object *o, const struct keys *keys,
			  bool *failed)
{
	bool is_new;
	uint64_t hash = keys->hash ^ mix(o->type->at);
	uint64_t *slot = map_find(&shapes->by_hash, hash);
	if (slot) {
		*failed = false;
		return *slot;
	}
	if (shapes->over || !budget_take(shapes->budget, SHAPE_BYTES)) {
		shapes->over = true;
		*failed = false;
		return SIZE_MAX;
	}
	shapes->taken += SHAPE_BYTES;
	slot = map_insert(&shapes->by_hash, hash, &is_new);
	struct shape *shape = slot && is_new ? vec_push(&shapes->list) : NULL;
	if (shape) {
		_str_ struct str label = STR_INIT;
		str_printf(&label, "%s {%s%s}", o->type->full_name, keys->label.buf,
			   keys->count > LABEL_KEYS ? ", ..." : "");
		shape->hash = hash;
		shape->example = o->at;
		shape->label = arena_copy(&shapes->arena, label.buf, label.len);
		*slot = shapes->list.len - 1;
	}
	*failed = !slot || (is_new && (!shape || !shape->label));
	return *failed ? SIZE_MAX : *slot;
}

size_t shape_of(struct shapes *shapes, const struct object *o, bool *failed)
{
	uint64_t flags = o->type->flags;
	bool dict = flags & TPFLAGS_DICT_SUBCLASS;
	*failed = false;
	if (!dict && (!(flags & TPFLAGS_HEAPTYPE) || flags & TPFLAGS_TYPE_SUBCLASS))
		return SIZE_MAX;
	struct keys keys = { .label = STR_INIT };
	bool whole = dict ? dict_keys(shapes->rt, o->at, &keys)
			  : instance_keys(shapes->rt, o, &keys);
	if (!whole) {
		str_reset(&keys.label);
		str_adds(&keys.label, "...");
		keys.hash = UINT64_MAX;
		keys.count = LABEL_KEYS;
	}
	size_t shape = !dict && whole && !keys.count ? SIZE_MAX
						     : shape_named(shapes, o, &keys, failed);
	str_release(&keys.label);
	return shape;
}

void shapes_release(struct shapes *shapes)
{
	budget_give(shapes->budget, shapes->taken);
	map_release(&shapes->by_hash);
	vec_release(&shapes->list);
	arena_release(&shapes->arena);
}
