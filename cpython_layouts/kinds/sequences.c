/* list, tuple, deque, range (2.7: xrange), slice, array, memoryview. */
#include "cpython_layouts/kinds/list.h"

static bool list_repr(struct repr *r, const struct object *o)
{
	int64_t said = GETS(r->l, o->p, PyVarObject, ob_size);
	addr_t items = GET(r->l, o->p, PyListObject, ob_item);
	if (said < 0)
		return false;
	size_t count = readable_items(r->rt, items, (uint64_t)said, r->l->machine->word);
	if (said && !count)
		return false;
	if (!repr_enter(r, o->at, "[...]"))
		return true;
	repr_adds(r, "[");
	repr_items(r, items, count, (size_t)said);
	repr_adds(r, "]");
	repr_leave(r);
	return true;
}

/* ("password", "hunter2"), as in a list of headers */
static void repr_pair(struct repr *r, addr_t items)
{
	const uint8_t *p = memory_at(r->m, items, 2 * r->l->machine->word);
	if (!repr_item(r, 0))
		return;
	repr_value(r, p ? word_at(r->rt, p, 0) : 0);
	if (repr_item(r, 1))
		repr_keyed(r, p ? word_at(r->rt, p, 0) : 0, p ? word_at(r->rt, p, 1) : 0);
}

static bool tuple_repr(struct repr *r, const struct object *o)
{
	int64_t said = GETS(r->l, o->p, PyVarObject, ob_size);
	addr_t items = o->at + OFFSET(r->l, PyTupleObject, ob_item);
	if (said < 0)
		return false;
	size_t count = readable_items(r->rt, items, (uint64_t)said, r->l->machine->word);
	if (said && !count)
		return false;
	if (!repr_enter(r, o->at, "(...)"))
		return true;
	repr_adds(r, "(");
	if (said == 2 && count == 2 && r->rt->redaction)
		repr_pair(r, items);
	else
		repr_items(r, items, count, (size_t)said);
	repr_adds(r, said == 1 ? ",)" : ")");
	repr_leave(r);
	return true;
}

/* --- deque ---------------------------------------------------------------------------------
 *
 *	leftblock -> [ . . a b ] <-> [ c d e f ] <-> [ g . . . ] <- rightblock
 *	                   ^ leftindex                ^ rightindex */
static void deque_items(struct repr *r, const struct object *o, uint64_t len)
{
	const struct layout *l = r->l;
	addr_t block = GET(l, o->p, dequeobject, leftblock);
	uint64_t index = GET(l, o->p, dequeobject, leftindex);
	const uint8_t *p = NULL;
	for (uint64_t i = 0; i < len; i++) {
		if (!repr_item(r, i))
			return;
		if (index >= l->dialect.deque_block) {
			p = memory_at(r->m, block, SIZEOF(l, block));
			block = p ? GET(l, p, block, rightlink) : 0;
			index = 0;
		}
		p = memory_at(r->m, block, SIZEOF(l, block));
		if (!p || index >= l->dialect.deque_block) {
			repr_lost(r, block);
			r->cut = true;
			return;
		}
		repr_value(r, word_at(r->rt, p + OFFSET(l, block, data), index++));
	}
}

static bool deque_repr(struct repr *r, const struct object *o)
{
	const struct layout *l = r->l;
	int64_t len = HAS(l, dequeobject, len) ? GETS(l, o->p, dequeobject, len)
					       : GETS(l, o->p, PyVarObject, ob_size);
	int64_t maxlen = GETS(l, o->p, dequeobject, maxlen);
	if (len < 0 || !HAS_STRUCT(l, block) ||
	    SIZEOF(l, block) < OFFSET(l, block, data) + l->dialect.deque_block * l->machine->word)
		return false;
	if (!repr_enter(r, o->at, "[...]"))
		return true;
	repr_adds(r, since(r, 3, 7) ? type_name(o->type) : "deque");
	repr_adds(r, "([");
	deque_items(r, o, (uint64_t)len);
	repr_adds(r, "]");
	if (maxlen >= 0)
		repr_printf(r, ", maxlen=%" PRId64, maxlen);
	repr_adds(r, ")");
	repr_leave(r);
	return true;
}

/* --- range, slice -------------------------------------------------------------------------- */

static bool range_repr(struct repr *r, const struct object *o)
{
	const struct layout *l = r->l;
	int64_t step;
	addr_t step_at = GET(l, o->p, rangeobject, step);
	repr_adds(r, "range(");
	repr_value(r, GET(l, o->p, rangeobject, start));
	repr_adds(r, ", ");
	repr_value(r, GET(l, o->p, rangeobject, stop));
	if (!object_int64(r->rt, step_at, &step) || step != 1) {
		repr_adds(r, ", ");
		repr_value(r, step_at);
	}
	repr_adds(r, ")");
	return true;
}

/* 2.7: three C longs, and the length instead of the end */
static bool xrange_repr(struct repr *r, const struct object *o)
{
	const struct layout *l = r->l;
	int64_t start = GETS(l, o->p, rangeobject, start), step = GETS(l, o->p, rangeobject, step);
	int64_t len = GETS(l, o->p, rangeobject, len);
	int64_t stop = (int64_t)((uint64_t)start + (uint64_t)len * (uint64_t)step);
	if (start == 0 && step == 1)
		repr_printf(r, "xrange(%" PRId64 ")", stop);
	else if (step == 1)
		repr_printf(r, "xrange(%" PRId64 ", %" PRId64 ")", start, stop);
	else
		repr_printf(r, "xrange(%" PRId64 ", %" PRId64 ", %" PRId64 ")", start, stop, step);
	return true;
}

static bool slice_repr(struct repr *r, const struct object *o)
{
	repr_adds(r, "slice(");
	repr_value(r, GET(r->l, o->p, PySliceObject, start));
	repr_adds(r, ", ");
	repr_value(r, GET(r->l, o->p, PySliceObject, stop));
	repr_adds(r, ", ");
	repr_value(r, GET(r->l, o->p, PySliceObject, step));
	repr_adds(r, ")");
	return true;
}

/* --- array --------------------------------------------------------------------------------- */

static uint64_t item_unsigned(const struct machine *m, const uint8_t *p, size_t size)
{
	switch (size) {
	case 1:
		return *p;
	case 2:
		return load_u16(m, p);
	case 4:
		return load_u32(m, p);
	default:
		return load_u64(m, p);
	}
}

void scalar_write(struct repr *r, const uint8_t *p, size_t size, char type)
{
	uint64_t value = item_unsigned(r->l->machine, p, size);
	unsigned spare = 64 - (unsigned)size * 8;
	if (type == 'f' && size == 4) {
		uint32_t bits = (uint32_t)value;
		float single;
		memcpy(&single, &bits, sizeof(single));
		double_format(single, r->out);
	} else if (type == 'f') {
		double_format(double_at(r->l->machine, p), r->out);
	} else if (type == 'i') {
		repr_printf(r, "%" PRId64, (int64_t)(value << spare) >> spare);
	} else {
		repr_printf(r, "%" PRIu64, value);
	}
}

static void array_numbers(struct repr *r, const uint8_t *p, size_t count, uint64_t said,
			  size_t size, char code)
{
	char type = code == 'f' || code == 'd' ? 'f' : code >= 'a' ? 'i' : 'u';
	size_t i = 0;
	repr_adds(r, "[");
	for (; i < count && repr_item(r, i); i++) {
		scalar_write(r, p + i * size, size, type);
		if (type == 'u' && size >= 4 && r->l->version.major < 3)
			repr_adds(r, "L");
	}
	if (i == count && count < said) {
		repr_adds(r, count ? ", ..." : "...");
		r->cut = true;
	}
	repr_adds(r, "]");
}

static void array_text(struct repr *r, const uint8_t *p, size_t count, uint64_t said, size_t size)
{
	if (r->l->dialect.unicode_27)
		repr_adds(r, "u");
	struct characters c = {
		.machine = r->l->machine,
		.data = p,
		.len = said,
		.seen = count,
		.unit = (uint8_t)size,
		.utf16 = size == 2,
	};
	characters_repr(&c, r->limits->text, r->l->dialect.unicode_27, r->out, &r->cut);
}

static bool array_repr(struct repr *r, const struct object *o)
{
	const struct layout *l = r->l;
	int64_t said = GETS(l, o->p, PyVarObject, ob_size);
	const uint8_t *descr =
		memory_at(r->m, GET(l, o->p, arrayobject, ob_descr), SIZEOF(l, arraydescr));
	if (said < 0)
		return false;
	if (!descr) { /* read-only data of the module, not dumped: the type of the items is lost */
		repr_default(r, o);
		return true;
	}
	char code = (char)GET(l, descr, arraydescr, typecode);
	uint64_t size = GET(l, descr, arraydescr, itemsize);
	if (!strchr("bBuwhHiIlLqQfdc", code) || !code ||
	    (size != 1 && size != 2 && size != 4 && size != 8))
		return false;
	addr_t items = GET(l, o->p, arrayobject, ob_item);
	size_t count = readable_items(r->rt, items, (uint64_t)said, size);
	count = strchr("cuw", code) ? bytes_looked_at(r, count) : MIN(count, r->limits->items);
	const uint8_t *p = count ? memory_at(r->m, items, count * size) : NULL;
	if (said && !p)
		return false;
	repr_printf(r, "%s('%c'", since(r, 3, 7) ? type_name(o->type) : "array", code);
	if (said) {
		repr_adds(r, ", ");
		if (code == 'c')
			bytes_shown(r, p, count, (uint64_t)said, false);
		else if (code == 'u' || code == 'w')
			array_text(r, p, count, (uint64_t)said, size);
		else
			array_numbers(r, p, count, (uint64_t)said, size, code);
	}
	repr_adds(r, ")");
	return true;
}

const struct kind kinds_sequences[] = {
	{ .name = "list",
	  .fields = { FIELD_PyVarObject_ob_size, FIELD_PyListObject_ob_item },
	  .repr = list_repr },
	{ .name = "tuple", .fields = { FIELD_PyVarObject_ob_size }, .repr = tuple_repr },
	{ .name = "collections.deque",
	  .fields = { FIELD_PyVarObject_ob_size, FIELD_dequeobject_leftblock,
		      FIELD_dequeobject_leftindex, FIELD_dequeobject_maxlen,
		      FIELD_dequeobject_len },
	  .repr = deque_repr },
	{ .name = "range",
	  .fields = { FIELD_rangeobject_start, FIELD_rangeobject_stop, FIELD_rangeobject_step },
	  .repr = range_repr },
	{ .name = "xrange",
	  .fields = { FIELD_rangeobject_start, FIELD_rangeobject_len, FIELD_rangeobject_step },
	  .repr = xrange_repr },
	{ .name = "slice",
	  .fields = { FIELD_PySliceObject_start, FIELD_PySliceObject_stop,
		      FIELD_PySliceObject_step },
	  .repr = slice_repr },
	{ .name = "array.array",
	  .fields = { FIELD_PyVarObject_ob_size, FIELD_arrayobject_ob_item,
		      FIELD_arrayobject_ob_descr },
	  .repr = array_repr },
	{ 0 },
};
