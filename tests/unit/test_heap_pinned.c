/* What keeps nearly empty arenas and segments alive, of drawn ones. */
#include "tests/unit/pools_rig.h"
#include "tests/unit/report_rig.h"

#include "analyzers/heap_reports.h"

static const struct record *const children[] = { &heap_pinned_record, NULL };
static const struct record root = { .name = "heap", .children = children };

/* The report of it; the caller's to free. */
static char *pinned(struct drawn *d, enum report_form form, uint64_t rows)
{
	struct files *files;
	struct rig *rig = rig_new(&root, (struct report_options){ .form = form });
	assert_null(files_new(NULL, &files));
	struct session s = { .files = files, .target = &d->h->target, .runtime = &d->h->rt };
	load(d);
	assert_null(heap_pinned(&s, d->heap, rows, rig->report));
	assert_true(report_end(rig->report));
	char *text = strdup(rig->written);
	assert_non_null(text);
	rig_free(rig);
	files_free(files);
	return text;
}

/* Its lines as one. */
static void join(char *text)
{
	char *to = text;
	for (const char *from = text; *from; from++)
		if (*from == '\n')
			from += strspn(from + 1, " ");
		else
			*to++ = *from;
	*to = '\0';
}

static void expect(struct drawn *d, const char *part)
{
	_free_ char *text = pinned(d, REPORT_JSON, 10);
	join(text);
	if (!strstr(text, part))
		fail_msg("no %s in %s", part, text);
}

/* Of an arena of 1 MiB two pools were ever used: objects in blocks 0, 2 and 4. */
static void heap_pinned__tells_who_is_in_an_arena_of_which_little_is_used(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(with_pools); i++) {
		struct drawn d = draw_objects(with_pools[i]);
		_str_ struct str types = STR_INIT, areas = STR_INIT;
		expect(&d, "\"areas_in_all\": 1, \"sparse\": 1, \"bytes\": 1048576, \"used\": 288");
		str_printf(&types, "\"types\": [{\"type\": \"plain\", \"count\": 2, \"bytes\": 192, \"areas\": "
			   "1, \"example\": \"0x%" PRIx64 "\"},{\"type\": \"collected\", \"count\": 1", block(0));
		str_printf(&areas, "\"areas\": [{\"address\": \"0x%x\", \"kind\": \"arena\", \"bytes\": 1048576, "
			   "\"used\": 288, \"objects\": 3, \"example\": \"0x%" PRIx64 "\", \"type\": \"plain\"}]",
			   AREA, block(0));
		expect(&d, types.buf);
		expect(&d, areas.buf);
		undraw(&d);
	}
}

static void heap_pinned__is_silent_where_a_quarter_of_the_pools_is_used(void **state)
{
	enum { QUARTER = (2 * POOL / 4 + BLOCK - 1) / BLOCK };
	for (unsigned used = QUARTER - 1; used <= QUARTER; used++) {
		struct drawn d = draw("3.12");
		draw_pool(d.h, AREA, used, used, 0);
		for (unsigned i = 0; i < used; i++)
			draw_object(d.h, block(i), d.plain);
		expect(&d, used < QUARTER ? "\"sparse\": 1" : "\"areas_in_all\": 1, \"sparse\": 0, \"bytes\": 0, "
							      "\"used\": 0, \"types\": [], \"areas\": []");
		undraw(&d);
	}
}

static void heap_pinned__names_memory_that_is_no_object(void **state)
{
	struct drawn d = draw("3.12");
	_str_ struct str types = STR_INIT;
	draw_pool(d.h, AREA, 3, 3, 0);
	memset(heap_at(d.h, block(0)), 0, BLOCK);
	draw_object(d.h, block(1), d.plain);
	draw_object(d.h, block(2), d.plain);
	str_printf(&types, "[{\"type\": \"plain\", \"count\": 2, \"bytes\": 192, \"areas\": 1, \"example\": "
		   "\"0x%" PRIx64 "\"},{\"type\": \"memory of no object\", \"count\": 1, \"bytes\": 96, "
		   "\"areas\": 1, \"example\": \"0x%" PRIx64 "\"}]", block(1), block(0));
	expect(&d, types.buf);
	/* nor is there an example where it is alone */
	draw_pool(d.h, AREA, 1, 1, 0);
	expect(&d, "\"objects\": 0, \"example\": null, \"type\": null}]");
	undraw(&d);
}

static void heap_pinned__has_nothing_to_say_of_an_empty_arena(void **state)
{
	struct drawn d = draw("3.12");
	draw_pool(d.h, AREA, 0, 0, 0);
	expect(&d, "\"areas_in_all\": 0, \"sparse\": 0");
	undraw(&d);
}

/* Of each of its three pages two blocks of four are free. */
static void heap_pinned__tells_of_segments_as_of_arenas(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(with_pages); i++) {
		struct drawn d = draw_segment(with_pages[i]);
		expect(&d, "\"address\": \"0x2000000\", \"kind\": \"segment\", \"bytes\": 262144, \"used\": 576");
		expect(&d, "{\"type\": \"memory of no object\", \"count\": 2, \"bytes\": 192");
		undraw(&d);
	}
}

static void heap_pinned__shows_as_many_rows_as_are_wanted(void **state)
{
	struct drawn d = draw_objects("3.12");
	_free_ char *all = pinned(&d, REPORT_TEXT, 10), *one = pinned(&d, REPORT_TEXT, 1);
	assert_non_null(strstr(all, "1 of 1 arenas have less than a quarter in use: 288 B keep 1.0 MiB alive"));
	assert_non_null(strstr(all, " collected\n"));
	assert_non_null(strstr(one, " plain\n"));
	assert_null(strstr(one, " collected\n"));
	undraw(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heap_pinned__tells_who_is_in_an_arena_of_which_little_is_used),
		cmocka_unit_test(heap_pinned__is_silent_where_a_quarter_of_the_pools_is_used),
		cmocka_unit_test(heap_pinned__names_memory_that_is_no_object),
		cmocka_unit_test(heap_pinned__has_nothing_to_say_of_an_empty_arena),
		cmocka_unit_test(heap_pinned__tells_of_segments_as_of_arenas),
		cmocka_unit_test(heap_pinned__shows_as_many_rows_as_are_wanted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
