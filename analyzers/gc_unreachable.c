#include "analyzers/gc_unreachable.h"

#include <inttypes.h>
#include "analyzers/gc_cycles.h"
#include "analyzers/words.h"
#include "core/checked.h"
#include "cpython_layouts/sizes.h"
#include "report/text.h"

/* --- records ---------------------------------------------------------------------------------- */

enum unreachable_column {
	UNREACHABLE_OBJECTS,
	UNREACHABLE_BYTES,
	UNREACHABLE_CYCLES,
	UNREACHABLE_FINALIZERS,
	UNREACHABLE_STUCK,
	UNREACHABLE_GROUPS,
	UNREACHABLE_COLUMNS,
};

static const struct column unreachable_columns[] = {
	[UNREACHABLE_OBJECTS] = COLUMN("objects", UINT, "tracked, and reachable from nowhere but "
							"each other"),
	[UNREACHABLE_BYTES] = COLUMN("bytes", UINT, "the sum of what sys.getsizeof() would say"),
	[UNREACHABLE_CYCLES] = COLUMN("cycle_count", UINT, "rings of references that hold them"),
	[UNREACHABLE_FINALIZERS] = COLUMN("finalizers", UINT, "objects with a finalizer: __del__, "
							      "generators, files ..."),
	[UNREACHABLE_STUCK] = COLUMN("uncollectable", UINT,
				     "objects that would have stayed: held by a finalizer of the "
				     "old kind (__del__ in 2.7, tp_del)"),
	[UNREACHABLE_GROUPS] = COLUMN("group_count", UINT, "kinds of cycles; `groups` may have "
							   "fewer (--limit)"),
};

static void unreachable_text(struct text *out, const struct value *values)
{
	_str_ struct str line = STR_INIT;
	text_printf(out, "\n");
	text_style(out, STYLE_HEADING);
	text_printf(out, "Garbage that a collection would have freed");
	text_style(out, STYLE_PLAIN);
	if (!values[UNREACHABLE_OBJECTS].u) {
		text_printf(out, ": none\n");
		return;
	}
	str_adds(&line, ": ");
	words_count(&line, values[UNREACHABLE_OBJECTS].u, "object");
	str_adds(&line, ", ");
	words_bytes(&line, values[UNREACHABLE_BYTES].u);
	str_adds(&line, ", in ");
	words_count(&line, values[UNREACHABLE_CYCLES].u, "cycle");
	if (values[UNREACHABLE_FINALIZERS].u)
		str_printf(&line, "; with finalizers: %" PRIu64, values[UNREACHABLE_FINALIZERS].u);
	if (values[UNREACHABLE_STUCK].u)
		str_printf(&line, "; held by these for good: %" PRIu64,
			   values[UNREACHABLE_STUCK].u);
	text_printf(out, "%s\n", line.buf);
}

enum group_column {
	GROUP_CYCLES,
	GROUP_OBJECTS,
	GROUP_BYTES,
	GROUP_TYPES,
	GROUP_PATH,
	GROUP_EXAMPLE,
	GROUP_FINALIZERS,
	GROUP_STUCK,
	GROUP_COLUMNS,
};

static const struct column group_columns[] = {
	[GROUP_CYCLES] = COLUMN("cycles", UINT, "how many of them there are"),
	[GROUP_OBJECTS] = COLUMN("objects", UINT, "in all of these cycles"),
	[GROUP_BYTES] = COLUMN("bytes", UINT, "in all of these cycles"),
	[GROUP_TYPES] = COLUMN("types", STRING, "what one of them is made of: \"2 list, 1 app.Node\""),
	[GROUP_PATH] = COLUMN("path", STRING, "one of them: \"app.Node.next -> app.Node\""),
	[GROUP_EXAMPLE] = COLUMN("example", ADDRESS, "the object that the path begins with"),
	[GROUP_FINALIZERS] = COLUMN("finalizers", UINT, "objects in them with a finalizer"),
	[GROUP_STUCK] = COLUMN("uncollectable", UINT, "cycles that would have stayed"),
};

static void group_text(struct text *out, const struct value *values)
{
	_str_ struct str line = STR_INIT;
	uint64_t cycles = values[GROUP_CYCLES].u;
	str_adds(&line, "  ");
	words_count(&line, cycles, "cycle");
	str_printf(&line, " of ");
	words_count(&line, values[GROUP_OBJECTS].u / (cycles ? cycles : 1), "object");
	str_adds(&line, ", ");
	words_bytes(&line, values[GROUP_BYTES].u);
	if (values[GROUP_FINALIZERS].u)
		str_printf(&line, ", with finalizers: %" PRIu64, values[GROUP_FINALIZERS].u);
	if (values[GROUP_STUCK].u)
		str_adds(&line, ", not to be freed");
	text_printf(out, "%s: ", line.buf);
	text_value(out, &group_columns[GROUP_TYPES], &values[GROUP_TYPES]);
	text_printf(out, "\n    ");
	text_style(out, STYLE_NAME);
	text_value(out, &group_columns[GROUP_PATH], &values[GROUP_PATH]);
	text_style(out, STYLE_DIM);
	text_printf(out, "  0x%" PRIx64 "\n", values[GROUP_EXAMPLE].u);
	text_style(out, STYLE_PLAIN);
}

enum member_column {
	MEMBER_ADDRESS,
	MEMBER_TYPE,
	MEMBER_BYTES,
	MEMBER_IN_CYCLE,
	MEMBER_FINALIZER,
	MEMBER_STUCK,
	MEMBER_COLUMNS,
};

static const struct column member_columns[] = {
	[MEMBER_ADDRESS] = COLUMN("address", ADDRESS, "id() of the object"),
	[MEMBER_TYPE] = COLUMN("type", STRING, "plain for builtins, module.qualname else"),
	[MEMBER_BYTES] = COLUMN("bytes", UINT, "what sys.getsizeof() would say"),
	[MEMBER_IN_CYCLE] = COLUMN("in_cycle", BOOL, "in one; else it hangs on one"),
	[MEMBER_FINALIZER] = COLUMN("finalizer", BOOL, "it has one"),
	[MEMBER_STUCK] = COLUMN("uncollectable", BOOL, "it would have stayed"),
};

static void member_text(struct text *out, const struct value *values)
{
	text_printf(out, "%#18" PRIx64 "%10" PRIu64 " ", values[MEMBER_ADDRESS].u,
		    values[MEMBER_BYTES].u);
	text_value(out, &member_columns[MEMBER_TYPE], &values[MEMBER_TYPE]);
	text_printf(out, "%s%s\n", values[MEMBER_IN_CYCLE].b ? "" : ", held by a cycle",
		    values[MEMBER_FINALIZER].b ? ", has a finalizer" : "");
}

static const struct record group_record = {
	.name = "groups",
	.list = true,
	.doc = "cycles of objects of the same types, the most bytes first",
	COLUMNS(group_columns),
	.text = group_text,
};
static const struct record member_record = {
	.name = "members",
	.list = true,
	.doc = "with --list: each object, in the order of their addresses",
	COLUMNS(member_columns),
	.text = member_text,
};
static const struct record *const unreachable_children[] = { &group_record, &member_record, NULL };

const struct record unreachable_record = {
	.name = "unreachable",
	.doc = "what a collection would have freed; null with --no-cycles",
	COLUMNS(unreachable_columns),
	.children = unreachable_children,
	.text = unreachable_text,
};

/* --- telling ---------------------------------------------------------------------------------- */

static bool report_group(const struct cycles *c, const struct cycle_group *group,
			 struct report *report)
{
	_str_ struct str types = STR_INIT, path = STR_INIT;
	addr_t example;
	cycle_types(c, group, &types);
	cycle_print(c, group, &path, &example);
	const struct value values[GROUP_COLUMNS] = {
		[GROUP_CYCLES] = value_uint(group->cycles),
		[GROUP_OBJECTS] = value_uint(group->objects),
		[GROUP_BYTES] = value_uint(group->bytes),
		[GROUP_TYPES] = value_bytes(types.buf, types.len),
		[GROUP_PATH] = value_bytes(path.buf, path.len),
		[GROUP_EXAMPLE] = value_uint(example),
		[GROUP_FINALIZERS] = value_uint(group->finalizers),
		[GROUP_STUCK] = value_uint(group->stuck),
	};
	return report_row(report, &group_record, values);
}

static bool report_member(const struct cycles *c, uint32_t member, struct report *report)
{
	struct object o;
	uint64_t size = 0;
	addr_t at = cycles_address(c, member);
	bool loaded = object_load(c->garbage.rt, at, &o);
	if (loaded)
		object_size(c->garbage.rt, &o, &size);
	const struct value values[MEMBER_COLUMNS] = {
		[MEMBER_ADDRESS] = value_uint(at),
		[MEMBER_TYPE] = loaded ? value_str(o.type->full_name) : value_lost(at),
		[MEMBER_BYTES] = value_uint(size),
		[MEMBER_IN_CYCLE] = value_bool(c->flags[member] & CYCLE_MEMBER),
		[MEMBER_FINALIZER] = value_bool(c->flags[member] & CYCLE_FINALIZER),
		[MEMBER_STUCK] = value_bool(c->flags[member] & CYCLE_STUCK),
	};
	return report_row(report, &member_record, values);
}

static void report_cycles(const struct cycles *c, const struct unreachable_options *options,
			  struct report *report)
{
	const struct value values[UNREACHABLE_COLUMNS] = {
		[UNREACHABLE_OBJECTS] = value_uint(c->garbage.count),
		[UNREACHABLE_BYTES] = value_uint(c->bytes),
		[UNREACHABLE_CYCLES] = value_uint(c->cycles),
		[UNREACHABLE_FINALIZERS] = value_uint(c->finalizers),
		[UNREACHABLE_STUCK] = value_uint(c->stuck),
		[UNREACHABLE_GROUPS] = value_uint(c->groups.len),
	};
	bool ok = report_open(report, &unreachable_record, values);
	for (size_t i = 0; ok && i < c->groups.len && i < options->limit; i++)
		ok = report_group(c, &c->groups.items[i], report);
	for (uint32_t i = 0; ok && options->list && i < c->garbage.count; i++)
		ok = report_member(c, i, report);
	if (ok)
		report_close(report);
}

/* What the reckoning cannot see makes objects seem alive, never dead. */
static void note_limits(struct session *s, const struct cycles *c, struct report *report)
{
	struct heap_skipped skipped = numbers_skipped(c->garbage.numbers);
	if (s->target->truncated || skipped.lost || skipped.damaged)
		report_note(report, NOTE_LOSS,
			    "some of the heap is lost: what seems to be referred to from there is "
			    "not counted as garbage");
	if (s->runtime->layout.version.free_threaded)
		report_note(report, NOTE_INFO,
			    "free-threaded: functions, types and modules in garbage are not told, "
			    "since not all references to them are counted");
}

struct error *report_unreachable(struct session *s, const struct unreachable_options *options,
				 struct report *report)
{
	const struct pyheap_options loading = { .progress = s->files->progress };
	struct budget budget = { .limit = options->memory_limit };
	const struct numbers_options how = { .jobs = options->jobs,
					     .budget = &budget,
					     .progress = s->files->progress };
	_cleanup_(owned_pyheap_free) struct pyheap *heap = NULL;
	struct garbage garbage = { 0 };
	struct cycles cycles = { 0 };
	struct error *err = pyheap_load(s->runtime, &loading, &heap);
	if (!err)
		err = garbage_find(s->runtime, heap, &how, &garbage);
	if (!err)
		err = cycles_find(&garbage, &cycles);
	if (err)
		return err;
	report_cycles(&cycles, options, report);
	note_limits(s, &cycles, report);
	cycles_release(&cycles);
	return NULL;
}
