/* str, bytes, bytearray; 2.7's str and unicode. */
#include "cpython_layouts/kinds/list.h"

/* Which quote repr() chooses depends on the whole text, also where only its start is shown. */
#define QUOTE_SCAN (1 << 20)

static bool characters_for_repr(struct repr *r, const struct object *o, struct characters *c)
{
	return characters_load(r->rt, o->at, MAX((size_t)QUOTE_SCAN, r->limits->text), c) ||
	       characters_load(r->rt, o->at, r->limits->text, c);
}

static bool str_repr(struct repr *r, const struct object *o)
{
	struct characters c;
	if (!characters_for_repr(r, o, &c))
		return false;
	characters_repr(&c, r->limits->text, r->l->dialect.unicode_27, r->out, &r->cut);
	return true;
}

static bool unicode_repr(struct repr *r, const struct object *o)
{
	repr_adds(r, "u");
	return str_repr(r, o);
}

static bool bytes_object_repr(struct repr *r, const struct object *o)
{
	const struct memory *m = r->m;
	if (o->type->fixed < SIZEOF(r->l, PyVarObject))
		return false;
	int64_t len = GETS(r->l, o->p, PyVarObject, ob_size);
	if (len < 0)
		return false;
	addr_t data = o->at + OFFSET(r->l, PyBytesObject, ob_sval);
	size_t seen = bytes_looked_at(r, readable_items(r->rt, data, (uint64_t)len, 1));
	repr_adds(r, "b");
	bytes_shown(r, memory_at(m, data, seen), seen, (uint64_t)len, false);
	return seen || !len;
}

size_t bytes_looked_at(const struct repr *r, size_t seen)
{
	return MIN(seen, MAX((size_t)QUOTE_SCAN, r->limits->text));
}

void bytes_shown(struct repr *r, const uint8_t *p, size_t seen, uint64_t len, bool escape_single)
{
	size_t shown = MIN(seen, r->limits->text);
	char quote = bytes_quote(p, MIN(seen, (size_t)QUOTE_SCAN));
	str_addc(r->out, quote);
	bytes_escape(p, shown, quote, escape_single, r->out);
	if (shown < len) {
		repr_adds(r, "...");
		r->cut = true;
	}
	str_addc(r->out, quote);
}

/* 3.15 keeps the bytes in a bytes object; before, ob_start points into a buffer; 2.7 has no
 * ob_start. */
static bool bytearray_repr(struct repr *r, const struct object *o)
{
	int64_t len = GETS(r->l, o->p, PyVarObject, ob_size);
	addr_t data = HAS(r->l, PyByteArrayObject, ob_start)
			      ? GET(r->l, o->p, PyByteArrayObject, ob_start)
			      : GET(r->l, o->p, PyByteArrayObject, ob_bytes);
	if (len < 0)
		return false;
	size_t seen = bytes_looked_at(r, readable_items(r->rt, data, (uint64_t)len, 1));
	if (len && !seen)
		return false;
	repr_adds(r, since(r, 3, 7) ? type_name(o->type) : "bytearray");
	repr_adds(r, "(b");
	/* Up to 3.14 a single quote is escaped whatever the quotes around are. */
	bytes_shown(r, seen ? memory_at(r->m, data, seen) : NULL, seen, (uint64_t)len,
		    !since(r, 3, 15));
	repr_adds(r, ")");
	return true;
}

const struct kind kinds_text[] = {
	{ .name = "str", .repr = str_repr },
	{ .name = "unicode", .repr = unicode_repr },
	{ .name = "bytes", .fields = { FIELD_PyVarObject_ob_size }, .repr = bytes_object_repr },
	{ .name = "bytearray",
	  .fields = { FIELD_PyVarObject_ob_size, FIELD_PyByteArrayObject_ob_bytes,
		      FIELD_PyByteArrayObject_ob_start },
	  .repr = bytearray_repr },
	{ 0 },
};
