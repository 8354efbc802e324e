/* Where memory went, as it is shown: group by group, each with what it adds up to. */
#include "tests/unit/graph_rig.h"
#include "tests/unit/report_rig.h"

#include "analyzers/heap_reports.h"

static const struct record *const children[] = { &heap_overview_record, NULL };
static const struct record root = { .name = "heap", .children = children };

/* Of three objects in an arena the first is a list, the second's block its items. */
static struct graph_rig draw_process(void)
{
	struct graph_rig g = graph_rig("3.12");
	struct heap *h = g.d.h;
	HPUT(h, node(0), PyObject, ob_type, h->list_type);
	HPUT(h, node(0), PyListObject, ob_item, node(1));
	memset(heap_at(h, node(1)), 0, BLOCK);
	return g;
}

/* The caller's to free. */
static char *shown(struct graph_rig *g, struct report_options options, uint64_t rows, struct budget *budget)
{
	struct rig *rig = rig_new(&root, options);
	load(&g->d);
	assert_null(heap_overview(&g->s, g->d.heap, rows, budget, rig->report));
	assert_true(report_end(rig->report));
	char *text = strdup(rig->written);
	assert_non_null(text);
	rig_free(rig);
	return text;
}

static void expect(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no %s in %s", part, text);
}

static void heap_overview__tells_the_sums_and_the_share_that_is_explained(void **state)
{
	struct graph_rig g = draw_process();
	_free_ char *json = shown(&g, (struct report_options){ .form = REPORT_JSON }, 10, NULL);
	expect(json, "{\"bytes\": 524288, \"mappings\": 1, \"readable\": 524288, \"reserved\": 0, \"analyzed\": 0.");
	expect(json, "\"arenas\": 1, \"arenas_free\": 0, \"arenas_sparse\": 1");
	expect(json, "{\"group\": \"objects\", \"name\": \"in obmalloc's pools\", \"bytes\": 192, \"count\": 2, ");
	expect(json, "{\"group\": \"buffers\", \"name\": \"list\", \"bytes\": 96, \"count\": 1, \"share\": 0.000");
	expect(json, "{\"name\": \"obmalloc\", \"parts\": 1, \"bytes\": 32768, \"objects\": 192, \"buffers\": 96, "
		     "\"other\": 0, ");
	graph_rig_release(&g);
}

/* What has no memory is no row, and malloc had none here. */
static void heap_overview__heads_each_group_with_its_sum(void **state)
{
	struct graph_rig g = draw_process();
	_free_ char *text = shown(&g, (struct report_options){ .form = REPORT_TEXT }, 10, NULL);
	expect(text, "512.0 KiB in 1 mappings, analyzed ");
	expect(text, "\n1 arenas: 0 free, 1 with less than a quarter in use\n");
	expect(text, "buffers                                           96 B\n"
		     "  list                                            96 B   0.0 %          1\n");
	expect(text, "\nfree                                         255.7 KiB\n  never used");
	expect(text, "allocators                       all     objects     buffers");
	expect(text, "\n  obmalloc                  32.0 KiB       192 B        96 B         0 B");
	assert_null(strstr(text, "malloc's main heap"));
	assert_null(strstr(text, "stacks"));
	graph_rig_release(&g);
}

static void heap_overview__has_one_head_above_all_allocators(void **state)
{
	struct chunks c = draw_chunks("3.12");
	struct graph_rig g = { .d = c.d, .s = { .target = &c.d.h->target, .runtime = &c.d.h->rt } };
	assert_null(files_new(NULL, &g.s.files));
	_free_ char *text = shown(&g, (struct report_options){ .form = REPORT_TEXT }, 10, NULL);
	const char *head = strstr(text, "\nallocators ");
	assert_non_null(head);
	assert_null(strstr(head + 1, "\nallocators "));
	expect(head, "\n  malloc's main heap ");
	expect(head, "\n  malloc's mappings ");
	files_free(g.s.files);
	c.d = g.d;
	undraw_chunks(&c);
}

static void heap_overview__adds_up_the_rows_beyond_those_that_are_wanted(void **state)
{
	struct graph_rig g = draw_process();
	_free_ char *all = shown(&g, (struct report_options){ .form = REPORT_TEXT }, 10, NULL);
	_free_ char *few = shown(&g, (struct report_options){ .form = REPORT_TEXT }, 1, NULL);
	expect(all, "\n  blocks of obmalloc's pools ");
	expect(all, "\n  empty pools of arenas ");
	assert_null(strstr(all, "... and"));
	assert_null(strstr(few, "blocks of obmalloc's pools"));
	expect(few, "\n  never used of arenas                       224.0 KiB  43.8 %           \n"
		    "  ... and 2 more                              31.7 KiB\n");
	_free_ char *json = shown(&g, (struct report_options){ .form = REPORT_JSON }, 1, NULL);
	expect(json, "blocks of obmalloc's pools");
	graph_rig_release(&g);
}

static void heap_overview__draws_bars_where_there_is_room(void **state)
{
	struct graph_rig g = draw_process();
	_free_ char *wide = shown(&g, (struct report_options){ .form = REPORT_TEXT, .width = 88 }, 10, NULL);
	_free_ char *narrow = shown(&g, (struct report_options){ .form = REPORT_TEXT, .width = 87 }, 10, NULL);
	expect(wide, "  ████████████████████\n");
	assert_null(strstr(narrow, "█"));
	graph_rig_release(&g);
}

static void heap_overview__says_what_the_memory_limit_left_out(void **state)
{
	struct graph_rig g = draw_process();
	struct budget budget = { .limit = 8 };
	free(shown(&g, (struct report_options){ .form = REPORT_JSON }, 10, &budget));
	const struct remarks *said = &g.s.target->remarks;
	assert_int_equal(said->list.len, 1);
	expect(said->list.items[0].text, "--memory-limit: ");
	assert_false(said->loss);
	graph_rig_release(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heap_overview__tells_the_sums_and_the_share_that_is_explained),
		cmocka_unit_test(heap_overview__heads_each_group_with_its_sum),
		cmocka_unit_test(heap_overview__has_one_head_above_all_allocators),
		cmocka_unit_test(heap_overview__adds_up_the_rows_beyond_those_that_are_wanted),
		cmocka_unit_test(heap_overview__draws_bars_where_there_is_room),
		cmocka_unit_test(heap_overview__says_what_the_memory_limit_left_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
