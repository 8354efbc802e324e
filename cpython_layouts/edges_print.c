/* References in Python's own syntax. */
#include "cpython_layouts/edges_walk.h"

enum { KEY_LENGTH = 60 };

static bool is_identifier(const char *name)
{
	if (!*name || (*name >= '0' && *name <= '9'))
		return false;
	for (; *name; name++)
		if (!((*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
		      (*name >= '0' && *name <= '9') || *name == '_' ||
		      (unsigned char)*name >= 0x80))
			return false;
	return true;
}

static void print_key(struct runtime *rt, addr_t key, struct str *out)
{
	struct repr_limits limits = repr_limits_text;
	limits.length = limits.text = KEY_LENGTH;
	object_repr(rt, key, &limits, out);
}

static void print_attribute(struct runtime *rt, const struct edge *e, struct str *out)
{
	const char *name = e->name ? e->name : object_name(rt, e->key);
	if (name && is_identifier(name)) {
		str_printf(out, ".%s", name);
	} else {
		str_adds(out, ".__dict__[");
		if (e->key)
			print_key(rt, e->key, out);
		else
			str_adds(out, "?");
		str_adds(out, "]");
	}
}

void edge_print(struct runtime *rt, const struct edge *e, struct str *out)
{
	switch ((enum edge_kind)e->kind) {
	case EDGE_ATTRIBUTE:
		print_attribute(rt, e, out);
		break;
	case EDGE_FIELD:
		str_printf(out, "->%s", e->name ? e->name : "?");
		break;
	case EDGE_CLASS:
		str_adds(out, ".__class__");
		break;
	case EDGE_VALUE:
		str_adds(out, "[");
		print_key(rt, e->key, out);
		str_adds(out, "]");
		break;
	case EDGE_KEY:
		str_adds(out, " key ");
		print_key(rt, e->key, out);
		break;
	case EDGE_ITEM:
		str_printf(out, "[%" PRIu64 "]", e->index);
		break;
	case EDGE_MEMBER:
		str_adds(out, " element");
		break;
	case EDGE_LOCAL:
		str_printf(out, " local %s", e->name ? e->name : "?");
		break;
	case EDGE_STACK:
		str_printf(out, " stack[%" PRIu64 "]", e->index);
		break;
	case EDGE_STATE:
		str_printf(out, " state+0x%" PRIx64, e->index);
		break;
	case EDGE_WORD:
		str_printf(out, " +0x%" PRIx64, e->index);
		break;
	}
}
