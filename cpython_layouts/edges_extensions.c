/* What objects of the standard library's extension modules hold outside of themselves. */
#include "cpython_layouts/edges_walk.h"

#define CHILDREN_MAX 100000000

/* --- ctypes -----------------------------------------------------------------------------
 *
 * What a class says of its instances: up to 3.12 in its __dict__, which is a StgDict; later behind
 * the type itself (Modules/_ctypes/ctypes.h). Words, from the end of the dict, or the type, on:
 *
 *	3.12   size align length ffi(3) | proto setfunc getfunc paramfunc argtypes converters
 *	       restype checker
 *	3.13   initialized size ...     | the same, then module
 *	3.14   initialized size ...     | the same, then pointer_type module */
static const char *const ctype_members[] = { "proto",        NULL,         NULL,      NULL,
					     "argtypes",     "converters", "restype", "checker",
					     "pointer_type", "module" };
enum { CTYPE_BEFORE = 6, CTYPE_MEMBERS_312 = 8, CTYPE_POINTER_TYPE = 8 };

static bool ctype_see(struct edge_iter *it)
{
	const struct layout *l = &it->rt->layout;
	size_t word = l->machine->word;
	bool is_new = edge_version(l) >= V(3, 13, 0);
	addr_t at;
	if (is_new) {
		/* PyObject_GetTypeData(): rounded up to 16 */
		at = it->object.at + ((SIZEOF(l, PyHeapTypeObject) + 15) & ~UINT64_C(15)) +
		     (CTYPE_BEFORE + 1) * word;
	} else {
		struct object dict;
		addr_t dict_at = GET(l, it->object.p, PyTypeObject, tp_dict);
		if (!object_load(it->rt, dict_at, &dict) || !dict.type->name ||
		    !streq(dict.type->name, "StgDict"))
			return false;
		at = dict_at + SIZEOF(l, PyDictObject) + CTYPE_BEFORE * word;
	}
	it->detail = edge_version(l) < V(3, 14, 0); /* no pointer_type */
	it->count = is_new ? ARRAY_SIZE(ctype_members) - it->detail : CTYPE_MEMBERS_312;
	it->items = memory_at(&it->rt->target->memory, at, it->count * word);
	it->lost |= !it->items;
	return it->items;
}

bool walk_ctype(struct edge_iter *it, struct edge *ret)
{
	if (it->object.type->fixed < SIZEOF(&it->rt->layout, PyTypeObject))
		return false;
	if (!it->begun) {
		it->begun = true;
		if (!ctype_see(it))
			it->count = 0;
	}
	while (it->index < it->count) {
		size_t i = it->index++;
		addr_t to = word_at(it->rt, it->items, i);
		if (!ctype_members[i] || !to)
			continue;
		bool is_next = it->detail && i == CTYPE_POINTER_TYPE;
		*ret = (struct edge){ .to = to,
				      .kind = EDGE_FIELD,
				      .name = ctype_members[i + is_next] };
		return true;
	}
	return false;
}

/* --- xml.etree.ElementTree.Element in C (Modules/_elementtree.c) --------------------------
 *
 *	tag text tail extra -> attrib length allocated children -> child ...
 *
 * Bit 0 of text and tail: a list of pieces that are still to be joined. */
enum {
	ELEMENT_TEXT = 1,
	ELEMENT_TAIL,
	ELEMENT_EXTRA,
	EXTRA_LENGTH = 1,
	EXTRA_CHILDREN = 3,
	EXTRA_WORDS = 4
};

static bool element_part(struct edge_iter *it, const uint8_t *body, struct edge *ret)
{
	while (it->mode <= ELEMENT_EXTRA) {
		unsigned part = it->mode++;
		addr_t to = word_at(it->rt, body, part);
		if (part < ELEMENT_EXTRA) {
			*ret = (struct edge){ .to = to & ~UINT64_C(1),
					      .kind = EDGE_ATTRIBUTE,
					      .name = part == ELEMENT_TEXT ? "text" : "tail" };
		} else {
			size_t word = it->rt->layout.machine->word;
			const uint8_t *extra =
				to ? memory_at(&it->rt->target->memory, to, EXTRA_WORDS * word)
				   : NULL;
			it->lost |= to && !extra;
			if (!extra)
				return false;
			uint64_t length = word_at(it->rt, extra, EXTRA_LENGTH);
			addr_t children = word_at(it->rt, extra, EXTRA_CHILDREN);
			if (length <= CHILDREN_MAX) {
				it->count = readable_items(it->rt, children, length, word);
				it->items = memory_at(&it->rt->target->memory, children,
						      it->count * word);
			}
			if (!it->items)
				it->count = 0;
			*ret = (struct edge){ .to = word_at(it->rt, extra, 0),
					      .kind = EDGE_ATTRIBUTE,
					      .name = "attrib" };
		}
		if (ret->to)
			return true;
	}
	return false;
}

bool walk_element(struct edge_iter *it, struct edge *ret)
{
	const struct layout *l = &it->rt->layout;
	if (it->object.type->fixed < SIZEOF(l, PyObject) + (ELEMENT_EXTRA + 1) * l->machine->word)
		return false;
	if (!it->begun) {
		it->begun = true;
		it->mode = ELEMENT_TEXT;
	}
	if (element_part(it, it->object.p + SIZEOF(l, PyObject), ret))
		return true;
	while (it->index < it->count) {
		size_t i = it->index++;
		*ret = (struct edge){ .to = word_at(it->rt, it->items, i),
				      .kind = EDGE_ITEM,
				      .index = i };
		if (ret->to)
			return true;
	}
	return false;
}
