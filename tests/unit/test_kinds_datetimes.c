/* The datetime module's objects from their bytes. */
#include "tests/unit/heap_rig.h"

static bool since_37(const struct heap *h)
{
	return h->l->version.major > 2 && h->l->version.minor >= 7;
}

static addr_t draw(struct heap *h, const char *name, enum structure s, enum field data,
		   const uint8_t *bytes, size_t len)
{
	size_t size = MAX((size_t)h->l->size[s], (size_t)h->l->slot[data].offset + 16);
	addr_t at = heap_object(h, heap_type(h, name, h->object_type, 0, size), size);
	if (bytes)
		memcpy(heap_at(h, at + h->l->slot[data].offset), bytes, len);
	return at;
}

static void date__has_four_bytes(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		static const uint8_t bytes[] = { 0x07, 0xe4, 2, 29 };
		addr_t at = draw(h, "datetime.date", STRUCT_PyDateTime_Date,
				 FIELD_PyDateTime_Date_data, bytes, 4);
		assert_repr(h, v, at, "datetime.date(2020, 2, 29)");
	}
}

static void time__shows_what_is_not_zero(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		const struct layout *l = h->l;
		static const uint8_t noon[6] = { 12, 30 }, exact[6] = { 1, 2, 3, 0x0f, 0x42, 0x3f };
		addr_t at = draw(h, "datetime.time", STRUCT_PyDateTime_Time,
				 FIELD_PyDateTime_Time_data, noon, 6);
		assert_repr(h, v, at, "datetime.time(12, 30)");
		at = draw(h, "datetime.time", STRUCT_PyDateTime_Time, FIELD_PyDateTime_Time_data,
			  exact, 6);
		assert_repr(h, v, at, "datetime.time(1, 2, 3, 999999)");
		if (!HAS(l, PyDateTime_Time, fold) || v->word == 4)
			continue;
		HPUT(h, at, PyDateTime_Time, fold, 1);
		assert_repr(h, v, at, "datetime.time(1, 2, 3, 999999, fold=1)");
	}
}

static void datetime__has_a_zone_only_where_it_says_so(void **state)
{
	(void)state;
	static const uint8_t bytes[10] = { 0x07, 0xe4, 1, 2, 3, 4, 5, 0, 0, 0 };
	HEAP_EACH(h, v)
	{
		addr_t at = draw(h, "datetime.datetime", STRUCT_PyDateTime_DateTime,
				 FIELD_PyDateTime_DateTime_data, bytes, 10);
		if (v->word == 4)
			continue; /* narrow layouts have the members behind elsewhere */
		HPUT(h, at, PyDateTime_DateTime, tzinfo, 0x99999990);
		assert_repr(h, v, at, "datetime.datetime(2020, 1, 2, 3, 4, 5)");
		HPUT(h, at, PyDateTime_DateTime, hastzinfo, 1);
		HPUT(h, at, PyDateTime_DateTime, tzinfo, heap_text(h, "zone"));
		assert_repr(h, v, at, "datetime.datetime(2020, 1, 2, 3, 4, 5, tzinfo='zone')");
	}
}

static addr_t draw_delta(struct heap *h, int64_t days, int64_t seconds, int64_t microseconds)
{
	addr_t at = draw(h, "datetime.timedelta", STRUCT_PyDateTime_Delta,
			 FIELD_PyDateTime_Delta_days, NULL, 0);
	HPUT(h, at, PyDateTime_Delta, days, days);
	HPUT(h, at, PyDateTime_Delta, seconds, seconds);
	HPUT(h, at, PyDateTime_Delta, microseconds, microseconds);
	return at;
}

static void timedelta__has_keywords_since_37(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		bool k = since_37(h);
		assert_repr(h, v, draw_delta(h, 0, 0, 0), "datetime.timedelta(0)");
		assert_repr(h, v, draw_delta(h, 1, 0, 0),
			    k ? "datetime.timedelta(days=1)" : "datetime.timedelta(1)");
		assert_repr(h, v, draw_delta(h, 0, 5, 0),
			    k ? "datetime.timedelta(seconds=5)" : "datetime.timedelta(0, 5)");
		assert_repr(h, v, draw_delta(h, -1, 0, 7),
			    k ? "datetime.timedelta(days=-1, microseconds=7)"
			      : "datetime.timedelta(-1, 0, 7)");
	}
}

static void timezone__without_name_or_offset_is_utc(void **state)
{
	(void)state;
	HEAP_EACH(h, v)
	{
		if (!SIZEOF(h->l, PyDateTime_TimeZone) || !since_37(h))
			continue;
		addr_t at = draw(h, "datetime.timezone", STRUCT_PyDateTime_TimeZone,
				 FIELD_PyDateTime_TimeZone_offset, NULL, 0);
		HPUT(h, at, PyDateTime_TimeZone, offset, draw_delta(h, 0, 0, 0));
		assert_repr(h, v, at, "datetime.timezone.utc");
		HPUT(h, at, PyDateTime_TimeZone, name, heap_text(h, "Z"));
		assert_repr(h, v, at, "datetime.timezone(datetime.timedelta(0), 'Z')");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(date__has_four_bytes),
		cmocka_unit_test(time__shows_what_is_not_zero),
		cmocka_unit_test(datetime__has_a_zone_only_where_it_says_so),
		cmocka_unit_test(timedelta__has_keywords_since_37),
		cmocka_unit_test(timezone__without_name_or_offset_is_utc),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
