/* The datetime module: bytes of the fields, most significant first, behind the hash.
 *
 *	date      year(2) month day
 *	datetime  year(2) month day hour minute second microsecond(3)
 *	time      hour minute second microsecond(3)
 *	          then fold, and tzinfo where there is one */
#include "cpython_layouts/kinds/list.h"

/* tp_name as C prints it: "datetime.date", a subclass without its module. */
static const char *printed_name(const struct object *o)
{
	return o->type->flags & TPFLAGS_HEAPTYPE && !o->type->is_exact_kind ? type_name(o->type)
									    : o->type->full_name;
}

static bool date_repr(struct repr *r, const struct object *o)
{
	const uint8_t *p = o->p + OFFSET(r->l, PyDateTime_Date, data);
	repr_printf(r, "%s(%d, %d, %d)", printed_name(o), p[0] << 8 | p[1], p[2], p[3]);
	return true;
}

static void fold_write(struct repr *r, uint64_t fold)
{
	if (fold)
		repr_printf(r, ", fold=%u", (unsigned)fold);
}

static void zone_write(struct repr *r, addr_t zone)
{
	if (!zone)
		return;
	repr_adds(r, ", tzinfo=");
	repr_value(r, zone);
}

static void seconds_write(struct repr *r, unsigned second, unsigned microsecond)
{
	if (microsecond)
		repr_printf(r, ", %u, %u", second, microsecond);
	else if (second)
		repr_printf(r, ", %u", second);
}

/* A time without a zone is allocated without room for one: tzinfo may lie behind the object. */
static addr_t zone_of(struct repr *r, const struct object *o, bool has_zone, enum field f)
{
	return has_zone ? layout_get(r->l, o->p, f) : 0;
}

static bool datetime_repr(struct repr *r, const struct object *o)
{
	const struct layout *l = r->l;
	const uint8_t *p = o->p + OFFSET(l, PyDateTime_DateTime, data);
	bool has_zone = GET(l, o->p, PyDateTime_DateTime, hastzinfo);
	repr_printf(r, "%s(%d, %d, %d, %d, %d", printed_name(o), p[0] << 8 | p[1], p[2], p[3], p[4],
		    p[5]);
	seconds_write(r, p[6], (unsigned)(p[7] << 16 | p[8] << 8 | p[9]));
	fold_write(r, GET_OR(l, o->p, PyDateTime_DateTime, fold, 0));
	zone_write(r, zone_of(r, o, has_zone, FIELD_PyDateTime_DateTime_tzinfo));
	repr_adds(r, ")");
	return true;
}

static bool time_repr(struct repr *r, const struct object *o)
{
	const struct layout *l = r->l;
	const uint8_t *p = o->p + OFFSET(l, PyDateTime_Time, data);
	bool has_zone = GET(l, o->p, PyDateTime_Time, hastzinfo);
	repr_printf(r, "%s(%d, %d", printed_name(o), p[0], p[1]);
	seconds_write(r, p[2], (unsigned)(p[3] << 16 | p[4] << 8 | p[5]));
	zone_write(r, zone_of(r, o, has_zone, FIELD_PyDateTime_Time_tzinfo));
	fold_write(r, GET_OR(l, o->p, PyDateTime_Time, fold, 0));
	repr_adds(r, ")");
	return true;
}

/* Modules/_datetimemodule.c, delta_repr(): keywords from 3.7 on. */
static bool delta_repr(struct repr *r, const struct object *o)
{
	const struct layout *l = r->l;
	int64_t days = GETS(l, o->p, PyDateTime_Delta, days);
	int64_t seconds = GETS(l, o->p, PyDateTime_Delta, seconds);
	int64_t micro = GETS(l, o->p, PyDateTime_Delta, microseconds);
	const char *between = "";
	repr_printf(r, "%s(", printed_name(o));
	if (!since(r, 3, 7)) {
		repr_printf(r, "%" PRId64, days);
		if (seconds || micro)
			repr_printf(r, ", %" PRId64, seconds);
		if (micro)
			repr_printf(r, ", %" PRId64, micro);
		repr_adds(r, ")");
		return true;
	}
	if (days) {
		repr_printf(r, "days=%" PRId64, days);
		between = ", ";
	}
	if (seconds) {
		repr_printf(r, "%sseconds=%" PRId64, between, seconds);
		between = ", ";
	}
	if (micro)
		repr_printf(r, "%smicroseconds=%" PRId64, between, micro);
	else if (!days && !seconds)
		repr_adds(r, "0");
	repr_adds(r, ")");
	return true;
}

static bool delta_is_zero(struct repr *r, addr_t at)
{
	struct object o;
	const struct layout *l = r->l;
	return object_load(r->rt, at, &o) && is_kind(&o, "datetime.timedelta") &&
	       !GETS(l, o.p, PyDateTime_Delta, days) && !GETS(l, o.p, PyDateTime_Delta, seconds) &&
	       !GETS(l, o.p, PyDateTime_Delta, microseconds);
}

/* timezone.utc is the one without name or offset: asking for another gives it back. */
static bool timezone_repr(struct repr *r, const struct object *o)
{
	addr_t offset = GET(r->l, o->p, PyDateTime_TimeZone, offset);
	addr_t name = GET(r->l, o->p, PyDateTime_TimeZone, name);
	if (!name && delta_is_zero(r, offset)) {
		repr_adds(r, "datetime.timezone.utc");
		return true;
	}
	repr_printf(r, "%s(", printed_name(o));
	repr_value(r, offset);
	if (name) {
		repr_adds(r, ", ");
		repr_value(r, name);
	}
	repr_adds(r, ")");
	return true;
}

/* Modules/_zoneinfo.c: { object header, key, file_repr, ... } */
static bool zoneinfo_repr(struct repr *r, const struct object *o)
{
	size_t word = r->l->machine->word, at = SIZEOF(r->l, PyObject);
	struct characters c;
	if (o->type->fixed < at + 2 * word)
		return false;
	addr_t key = word_at(r->rt, o->p + at, 0), file = word_at(r->rt, o->p + at, 1);
	if (key && characters_load(r->rt, key, 0, &c)) {
		repr_printf(r, "%s(key=", printed_name(o));
		repr_value(r, key);
	} else {
		repr_printf(r, "%s.from_file(", printed_name(o));
		repr_text(r, file);
	}
	repr_adds(r, ")");
	return true;
}

const struct kind kinds_datetimes[] = {
	{ .name = "datetime.date",
	  .bytes = 4,
	  .fields = { FIELD_PyDateTime_Date_data },
	  .repr = date_repr },
	{ .name = "datetime.datetime",
	  .bytes = 10,
	  .fields = { FIELD_PyDateTime_DateTime_data, FIELD_PyDateTime_DateTime_tzinfo },
	  .repr = datetime_repr },
	{ .name = "datetime.time",
	  .bytes = 6,
	  .fields = { FIELD_PyDateTime_Time_data, FIELD_PyDateTime_Time_tzinfo },
	  .repr = time_repr },
	{ .name = "datetime.timedelta",
	  .fields = { FIELD_PyDateTime_Delta_days, FIELD_PyDateTime_Delta_seconds,
		      FIELD_PyDateTime_Delta_microseconds },
	  .repr = delta_repr },
	{ .name = "datetime.timezone",
	  .fields = { FIELD_PyDateTime_TimeZone_offset, FIELD_PyDateTime_TimeZone_name },
	  .repr = timezone_repr },
	{ .name = "zoneinfo.ZoneInfo", .repr = zoneinfo_repr },
	{ 0 },
};
