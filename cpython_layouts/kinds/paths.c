/* pathlib: what a path keeps changed over the versions.
 *
 *	3.6 - 3.11   _drv, _root, _parts; _str once it was asked for
 *	3.12+        _raw_paths, as given; _drv, _root, _tail_cached once it was parsed; _str */
#include "cpython_layouts/kinds/list.h"

#define PATH_MAX_CHARACTERS 8192
#define PARTS_MAX           4096

/* Append the i-th str of a list. */
static bool part_add(struct repr *r, addr_t items, size_t i, struct str *out)
{
	addr_t part;
	return target_read_word(r->rt->target, items + i * r->l->machine->word, &part) &&
	       object_text(r->rt, part, PATH_MAX_CHARACTERS, out, NULL);
}

static bool is_windows(const struct object *o)
{
	return pytype_is(o->type, "pathlib.PureWindowsPath") ||
	       pytype_is(o->type, "pathlib._local.PureWindowsPath");
}

/* drive + root + parts; the first of _parts repeats drive and root. */
static bool from_parsed(struct repr *r, const struct object *o, const char *parts_name,
			bool repeated, struct str *out)
{
	size_t count;
	addr_t items;
	addr_t drive = object_attribute(r->rt, o, "_drv"),
	       root = object_attribute(r->rt, o, "_root");
	addr_t parts = object_attribute(r->rt, o, parts_name);
	if (!drive || !root || !object_sequence(r->rt, parts, &count, &items) ||
	    count > PARTS_MAX || !object_text(r->rt, drive, PATH_MAX_CHARACTERS, out, NULL) ||
	    !object_text(r->rt, root, PATH_MAX_CHARACTERS, out, NULL))
		return false;
	size_t first = repeated && out->len ? 1 : 0;
	for (size_t i = first; i < count; i++) {
		if (i > first)
			str_addc(out, '/');
		if (!part_add(r, items, i, out))
			return false;
	}
	return true;
}

/* posixpath.join() of what was given; an absolute part begins anew. */
static bool joined_raw(struct repr *r, const struct object *o, struct str *out)
{
	size_t count;
	addr_t items;
	_str_ struct str part = STR_INIT;
	if (!object_sequence(r->rt, object_attribute(r->rt, o, "_raw_paths"), &count, &items) ||
	    count > PARTS_MAX)
		return false;
	for (size_t i = 0; i < count; i++) {
		str_reset(&part);
		if (!part_add(r, items, i, &part))
			return false;
		if (part.len && part.buf[0] == '/')
			str_reset(out);
		else if (out->len && out->buf[out->len - 1] != '/')
			str_addc(out, '/');
		str_add(out, part.buf, part.len);
	}
	return true;
}

/* posixpath.splitroot(), then the parts without "" and "."; exactly two slashes stay two. */
static void normalised(const char *path, struct str *out)
{
	size_t slashes = strspn(path, "/");
	if (slashes)
		str_adds(out, slashes == 2 ? "//" : "/");
	bool first = true;
	for (const char *p = path + slashes; *p;) {
		size_t len = strcspn(p, "/");
		if (len && !(len == 1 && *p == '.')) {
			if (!first)
				str_addc(out, '/');
			str_add(out, p, len);
			first = false;
		}
		p += len + (p[len] == '/');
	}
}

static bool path_text(struct repr *r, const struct object *o, struct str *out)
{
	addr_t text = object_attribute(r->rt, o, "_str");
	if (text && object_text(r->rt, text, PATH_MAX_CHARACTERS, out, NULL))
		return true;
	if (object_attribute(r->rt, o, "_parts"))
		return from_parsed(r, o, "_parts", true, out);
	if (object_attribute(r->rt, o, "_tail_cached"))
		return from_parsed(r, o, "_tail_cached", false, out);
	_str_ struct str raw = STR_INIT;
	if (is_windows(o) || !joined_raw(r, o, &raw))
		return false;
	normalised(raw.buf, out);
	return true;
}

static bool path_repr(struct repr *r, const struct object *o)
{
	_str_ struct str text = STR_INIT;
	if (!path_text(r, o, &text)) {
		repr_default(r, o);
		return true;
	}
	if (!text.len)
		str_addc(&text, '.');
	if (is_windows(o))
		for (size_t i = 0; i < text.len; i++)
			if (text.buf[i] == '\\')
				text.buf[i] = '/';
	repr_printf(r, "%s(", type_name(o->type));
	utf8_repr(text.buf, text.len, r->out);
	repr_adds(r, ")");
	return true;
}

const struct kind kinds_paths[] = {
	{ .name = "pathlib.PurePath", .repr = path_repr },
	{ .name = "pathlib._local.PurePath", .repr = path_repr },
	{ 0 },
};
