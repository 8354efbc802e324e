/* What pycore gc says of a drawn interpreter. */
#include "tests/unit/garbage_rig.h"

#include "analyzers/session.h"

extern const struct analyzer analyzer_gc;

/* The JSON of a run with all that grows left as it is. flag: an option to be set; NULL: none. */
static char *run(struct drawn *d, const char *flag)
{
	static char *text;	/* static: gcc 12 takes a local for dangling */
	static size_t len;
	FILE *out = open_memstream(&text, &len);
	struct files files = { 0 };
	struct session s = { .files = &files, .target = &d->h->target, .runtime = &d->h->rt };
	const struct report_options options = { .form = REPORT_JSON, .command = "gc",
						.version = "0" };
	_free_ char *config = calloc(1, analyzer_gc.config_size);
	for (const struct option *o = analyzer_gc.options; flag && o->name; o++)
		if (streq(o->name, flag))
			*(bool *)(config + o->offset) = true;
	struct report *report = report_new(analyzer_gc.root, &options, out);
	assert_non_null(report);
	struct error *err = analyzer_gc.run(&s, config, report);
	if (err)
		fail_msg("%s", err->message);
	assert_true(report_end(report));
	report_free(report);
	fclose(out);
	return text;
}

static void assert_says(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no %s in\n%s", part, text);
}

static void draw_collector(struct drawn *d)
{
	const struct layout *l = d->h->l;
	addr_t first = d->gc + OFFSET(l, _gc_runtime_state, generations);
	HPUT(d->h, d->gc, _gc_runtime_state, enabled, 1);
	for (unsigned i = 0; i < 3; i++) {
		addr_t at = first + i * SIZEOF(l, gc_generation);
		addr_t head = at + OFFSET(l, gc_generation, head);
		HPUT(d->h, at, gc_generation, threshold, 700 - i);
		HPUT(d->h, at, gc_generation, count, 5 + i);
		HPUT(d->h, head, PyGC_Head, gc_next, head);
		HPUT(d->h, head, PyGC_Head, gc_prev, head);
	}
	/* the youngest: all five, in a ring through its head */
	addr_t head = first + OFFSET(l, gc_generation, head), last = head;
	for (unsigned i = 0; i < USED; i++) {
		HPUT(d->h, last, PyGC_Head, gc_next, block(i));
		draw_links(d, sliced(d, i), head, last);
		last = block(i);
	}
	HPUT(d->h, head, PyGC_Head, gc_prev, last);
}

static void gc__counts_its_lists_and_says_their_thresholds(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(with_pools); i++) {
		struct drawn d = draw_garbage(with_pools[i]);
		draw_collector(&d);
		load(&d);
		char *text = run(&d, "no-cycles");
		assert_says(text, "\"enabled\": true");
		assert_says(text, "\"collecting\": false");
		assert_says(text, "\"name\": \"generation 0\", \"threshold\": 700, \"count\": 5, "
				  "\"objects\": 5");
		assert_says(text, "\"name\": \"generation 2\", \"threshold\": 698, \"count\": 7, "
				  "\"objects\": 0");
		assert_says(text, "\"unreachable\": null");
		free(text);
		undraw(&d);
	}
}

static void gc__names_what_a_collection_would_have_freed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(with_pools); i++) {
		char expected[64];
		struct drawn d = draw_garbage(with_pools[i]);
		draw_collector(&d);
		load(&d);
		char *text = run(&d, "list");
		assert_says(text, "\"unreachable\": {\"objects\": 3,");
		assert_says(text, "\"path\": \"slice.stop -> slice.start -> slice\"");
		snprintf(expected, sizeof(expected), "{\"address\": \"0x%" PRIx64 "\", \"type\": \"slice\"",
			 sliced(&d, 2));
		assert_says(text, expected);
		free(text);
		undraw(&d);
	}
}

static void gc__says_that_a_list_is_damaged(void **state)
{
	(void)state;
	struct drawn d = draw_garbage("3.13");
	draw_collector(&d);
	HPUT(d.h, block(2), PyGC_Head, gc_next, 0xdead0000);
	load(&d);
	char *text = run(&d, NULL);
	assert_says(text, "a list of the collector is damaged");
	free(text);
	undraw(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gc__counts_its_lists_and_says_their_thresholds),
		cmocka_unit_test(gc__names_what_a_collection_would_have_freed),
		cmocka_unit_test(gc__says_that_a_list_is_damaged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
