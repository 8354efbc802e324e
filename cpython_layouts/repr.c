/* repr() of any object, within limits. What each kind of object looks like is in kinds/.
 *
 * Depth is bounded by REPR_DEPTH_MAX whatever the limits say, width by the length of what was
 * written, and the work by a budget, so that no damaged object costs more than a sound one. */
#include "cpython_layouts/kinds/kind.h"

#define BUDGET 200000 /* objects and table slots looked at for one repr() */

const struct repr_limits repr_limits_text = {
	.depth = 5,
	.length = 240,
	.items = 40,
	.text = 160,
	.dots = true,
};
/* The contract: whole up to 1,000 characters, then cut there. The other limits lie beyond. */
const struct repr_limits repr_limits_json = {
	.depth = REPR_DEPTH_MAX,
	.length = 1000,
	.items = 1001,
	.text = 1001,
};
const struct repr_limits repr_limits_full = {
	.depth = 8,
	.length = 4000,
	.items = 200,
	.text = 1000,
	.attributes = true,
	.dots = true,
};

/* --- limits -------------------------------------------------------------------------------- */

static size_t character_count(const char *p, size_t len)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++)
		n += ((uint8_t)p[i] & 0xc0) != 0x80;
	return n;
}

static bool is_long_enough(struct repr *r)
{
	if (r->out->len <= r->end)
		return false;
	size_t have = character_count(r->out->buf + r->start, r->out->len - r->start);
	if (have > r->limits->length)
		return true;
	/* Not all of it was ASCII: look again when the missing characters may be there. */
	r->end = r->out->len + (r->limits->length - have);
	return false;
}

bool repr_spend(struct repr *r)
{
	if (r->budget == 0) {
		r->cut = true;
		return false;
	}
	r->budget--;
	return true;
}

bool repr_item(struct repr *r, size_t index)
{
	if (index >= r->limits->items || is_long_enough(r) || r->out->failed || !repr_spend(r)) {
		str_adds(r->out, index ? ", ..." : "...");
		r->cut = true;
		return false;
	}
	if (index)
		str_add(r->out, ", ", 2);
	return true;
}

bool repr_enter(struct repr *r, addr_t addr, const char *instead)
{
	for (unsigned i = 0; i < r->depth; i++) {
		if (r->open[i] == addr) {
			str_adds(r->out, instead);
			return false;
		}
	}
	if (r->depth >= MIN(r->limits->depth, (unsigned)REPR_DEPTH_MAX)) {
		str_adds(r->out, instead);
		r->cut = true;
		return false;
	}
	r->open[r->depth++] = addr;
	return true;
}

void repr_leave(struct repr *r)
{
	r->depth--;
}

/* --- writing ------------------------------------------------------------------------------- */

void repr_adds(struct repr *r, const char *text)
{
	str_adds(r->out, text);
}

void repr_printf(struct repr *r, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	str_vprintf(r->out, fmt, ap);
	va_end(ap);
}

bool repr_text(struct repr *r, addr_t addr)
{
	bool cut = false;
	if (!object_text(r->rt, addr, r->limits->length + 1, r->out, &cut))
		return false;
	r->cut |= cut;
	return true;
}

void repr_address(struct repr *r, addr_t addr)
{
	str_printf(r->out, "0x%" PRIx64, addr);
}

void repr_lost(struct repr *r, addr_t addr)
{
	str_printf(r->out, "<lost 0x%" PRIx64 ">", addr);
	r->lost = true;
}

const char *type_name(const struct pytype *type)
{
	const char *name = type->flags & TPFLAGS_HEAPTYPE ? type->name : type->qualname;
	if (name)
		return name;
	if (type->kind == &kind_object)
		return "?";
	const char *dot = strrchr(type->kind->name, '.');
	return dot ? dot + 1 : type->kind->name;
}

const char *c_type_name(const struct pytype *type)
{
	if (type->c_name)
		return type->c_name;
	return type->flags & TPFLAGS_HEAPTYPE ? type_name(type) : type->full_name;
}

/* --- redaction ------------------------------------------------------------------------------ */

void repr_named(struct repr *r, const char *name, addr_t value)
{
	str_printf(r->out, "%s=", name);
	if (redacts_name(r->rt->redaction, name) && !redacts_all(r->rt->redaction))
		str_adds(r->out, REDACTED);
	else
		repr_value(r, value);
}

/* Keys of 2.7 and of protocols may be bytes. */
static bool is_secret_key(struct repr *r, addr_t key)
{
	enum { LONGEST = 128 };
	_str_ struct str name = STR_INIT;
	struct object o;
	bool cut;
	size_t len;
	if (!r->rt->redaction || redacts_all(r->rt->redaction) || !object_load(r->rt, key, &o))
		return false;
	if (o.type->flags & TPFLAGS_UNICODE_SUBCLASS) {
		object_text(r->rt, key, LONGEST, &name, &cut);
	} else if (o.type->flags & TPFLAGS_BYTES_SUBCLASS) {
		const uint8_t *bytes = object_bytes(r->rt, key, &len);
		str_add(&name, (const char *)bytes, bytes ? MIN(len, (size_t)LONGEST) : 0);
	}
	return name.len && redacts_name(r->rt->redaction, name.buf);
}

void repr_keyed(struct repr *r, addr_t key, addr_t value)
{
	if (is_secret_key(r, key))
		str_adds(r->out, REDACTED);
	else
		repr_value(r, value);
}

/* What shows nothing itself but its shape, and names. */
static bool is_shape(const struct kind *kind)
{
	static const char *const names[] = {
		"list", "tuple", "dict", "set", "frozenset", "frozendict", "mappingproxy", "dictproxy",
		"collections.deque", "collections.defaultdict", "collections.OrderedDict",
		"collections.Counter", "collections.ChainMap", "collections.UserDict",
		"collections.UserList", "dict_keys", "dict_values", "dict_items", "odict_keys",
		"odict_values", "odict_items", "namedtuple", "dataclass", "structseq",
		"types.SimpleNamespace", "functools.partial", "BaseException",
		"exceptions.BaseException", "BaseExceptionGroup", "ImportError", "NoneType", "ellipsis",
		"NotImplementedType", "type", "enum.EnumMeta", "enum.EnumType", "classobj", "instance",
		"module", "function", "method", "instancemethod", "builtin_function_or_method",
		"method_descriptor", "classmethod_descriptor", "wrapper_descriptor", "getset_descriptor",
		"member_descriptor", "method-wrapper", "staticmethod", "classmethod", "generator",
		"coroutine", "async_generator", "code", "cell",
	};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (streq(kind->name, names[i]))
			return true;
	return false;
}

/* A signed word of the object's head; -1: it cannot be read. */
static int64_t length_at(struct repr *r, addr_t at)
{
	addr_t len;
	return target_read_word(r->rt->target, at, &len) ? (int64_t)len : -1;
}

/* "<str of 8>", "<int>": the contents are not even read. false: it is a shape, or nothing. */
static bool repr_shape(struct repr *r, addr_t at)
{
	const struct layout *l = r->l;
	const struct pytype *type = object_type(r->rt, at);
	const struct kind *kind = type ? kind_shown(r->rt, type) : NULL;
	int64_t len = -1;
	if ((kind == &kind_object || kind == &kind_opaque) && !streq(type->full_name, "instance")) {
		/* Of its attributes none needs what C keeps within it. */
		const struct object o = { at, memory_at(r->m, at, SIZEOF(l, PyObject)), type };
		r->nested++;
		repr_default(r, &o);
		r->nested--;
		return true;
	}
	if (!kind || is_shape(kind))
		return false;
	if (type->flags & TPFLAGS_UNICODE_SUBCLASS)
		len = length_at(r, at + (HAS_STRUCT(l, PyASCIIObject) ? OFFSET(l, PyASCIIObject, length)
								       : OFFSET(l, PyUnicodeObject, length)));
	else if (type->flags & TPFLAGS_BYTES_SUBCLASS || streq(type->kind->name, "bytearray") ||
		 streq(type->kind->name, "array.array"))
		len = length_at(r, at + OFFSET(l, PyVarObject, ob_size));
	str_printf(r->out, "<%s", type->full_name);
	if (len >= 0)
		str_printf(r->out, " of %" PRId64, len);
	str_addc(r->out, '>');
	return true;
}

static void repr_attributes(struct repr *r, const struct object *o)
{
	const char *name;
	addr_t value;
	if (!repr_enter(r, o->at, " {...}"))
		return;
	struct attribute_iter *it = attributes_of(r->rt, o);
	size_t n = 0;
	str_adds(r->out, " {");
	while (it && attribute_next(it, &name, &value) && repr_item(r, n)) {
		repr_named(r, name, value);
		n++;
	}
	str_addc(r->out, '}');
	attribute_iter_free(it);
	repr_leave(r);
}

/* Objects/typeobject.c, object_repr() */
void repr_default(struct repr *r, const struct object *o)
{
	str_addc(r->out, '<');
	str_adds(r->out, o->type->full_name);
	str_adds(r->out, " object at ");
	repr_address(r, o->at);
	str_addc(r->out, '>');
	if (r->limits->attributes)
		repr_attributes(r, o);
}

void repr_items(struct repr *r, addr_t items, size_t count, size_t said)
{
	size_t word = r->l->machine->word;
	for (size_t i = 0; i < count; i++) {
		if (!repr_item(r, i))
			return;
		const uint8_t *p = memory_at(r->m, items + i * word, word);
		repr_value(r, p ? word_at(r->rt, p, 0) : 0);
	}
	if (count < said) {
		str_adds(r->out, count ? ", ..." : "...");
		r->cut = r->lost = true;
	}
}

void repr_pairs(struct repr *r, struct dict_iter *it)
{
	addr_t key, value;
	str_addc(r->out, '{');
	for (size_t i = 0; dict_next(it, &key, &value); i++) {
		if (!repr_item(r, i))
			break;
		repr_value(r, key);
		str_add(r->out, ": ", 2);
		repr_keyed(r, key, value);
	}
	if (it->lost) {
		str_adds(r->out, ", ...");
		r->cut = r->lost = true;
	}
	str_addc(r->out, '}');
}

void repr_value(struct repr *r, addr_t addr)
{
	struct object o;
	size_t before = r->out->len;
	bool cut = r->cut;
	if (!addr) {
		str_adds(r->out, "<NULL>");
		return;
	}
	if (r->nested >= REPR_DEPTH_MAX || !repr_spend(r)) {
		str_adds(r->out, "...");
		r->cut = true;
		return;
	}
	if (redacts_all(r->rt->redaction) && repr_shape(r, addr))
		return;
	if (!object_load(r->rt, addr, &o)) {
		repr_lost(r, addr);
		return;
	}
	r->nested++;
	unsigned depth = r->depth;
	if (!kind_shown(r->rt, o.type)->repr(r, &o)) {
		str_truncate(r->out, before);
		r->depth = depth;
		r->cut = cut;
		repr_lost(r, addr);
	}
	r->nested--;
}

/* Where the character of that number begins; len when there are fewer. */
static size_t character_offset(const char *p, size_t len, size_t number)
{
	size_t i = 0;
	for (size_t n = 0; i < len; i++)
		if (((uint8_t)p[i] & 0xc0) != 0x80 && n++ == number)
			return i;
	return len;
}

unsigned object_repr(struct runtime *rt, addr_t addr, const struct repr_limits *limits,
		     struct str *out)
{
	struct repr r = {
		.rt = rt,
		.l = &rt->layout,
		.m = &rt->target->memory,
		.limits = limits,
		.out = out,
		.start = out->len,
		.end = out->len + limits->length,
		.budget = BUDGET,
	};
	repr_value(&r, addr);
	if (!redacts_all(rt->redaction))
		redact_text(rt->redaction, out, r.start);
	if (is_long_enough(&r)) {
		size_t keep = limits->length - (limits->dots ? MIN(limits->length, (size_t)3) : 0);
		str_truncate(out, r.start + character_offset(out->buf + r.start, out->len - r.start,
							     keep));
		if (limits->dots)
			str_adds(out, "...");
		r.cut = true;
	}
	return (r.cut ? REPR_CUT : 0) | (r.lost ? REPR_LOST : 0);
}
