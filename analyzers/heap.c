/* heap: what fills the memory, as meliae's summarize() prints it. */
#include "cpython_layouts/heap.h"

#include "analyzers/heap_census.h"
#include "analyzers/heap_dump.h"
#include "analyzers/heap_list.h"
#include "analyzers/heap_reports.h"
#include "analyzers/session.h"
#include "analyzers/words.h"
#include "core/checked.h"
#include "report/text.h"

enum { TEXT_ROWS = 20, /* as meliae shows */ OVERVIEW_ROWS = 8 /* of each group */ };

struct heap_config {
	bool summarize, list, overview, pinned, csv;
	uint64_t top, jobs, memory_limit;
	const char *type, *by, *sort, *dump;
};

#define AT(member) .offset = offsetof(struct heap_config, member)
static const char *const by_choices[] = { "type", "module", "size", "shape", NULL };
static const char *const sort_choices[] = { "size", "count", "max", "name", NULL };

static const struct option heap_options[] = {
	{ "summarize", 's', OPTION_FLAG, .help = "count all objects, by their types (the default)",
	  AT(summarize) },
	{ "overview", 'o', OPTION_FLAG,
	  .help = "where the memory went: objects, buffers, free memory, stacks, files",
	  AT(overview) },
	{ "pinned", 'p', OPTION_FLAG,
	  .help = "what keeps nearly empty arenas alive, so that they cannot be given back",
	  AT(pinned) },
	{ "by", 'b', OPTION_CHOICE, .help = "count by type, module, size, or type and set of keys",
	  AT(by), .choices = by_choices },
	{ "sort", 0, OPTION_CHOICE, .help = "by bytes, objects, the largest object or the name",
	  AT(sort), .choices = sort_choices },
	{ "top", 'n', OPTION_NUMBER, "N", "only the first N rows (text: 20, unless you say)",
	  AT(top), .min = 1 },
	{ "type", 't', OPTION_STRING, "GLOB", "only types of that name: dict, 'app.*'", AT(type) },
	{ "list", 'l', OPTION_FLAG, .help = "name the objects instead of counting them", AT(list) },
	{ "dump", 'd', OPTION_STRING, "FILE",
	  "write all objects and their references as meliae does (-, FILE.gz, FILE.zst)", AT(dump),
	  .is_output = true },
	{ "csv", 0, OPTION_FLAG, .help = "comma-separated values instead of a table", AT(csv) },
	{ "jobs", 'j', OPTION_NUMBER, "N", "threads to count with (as many as are worth it)",
	  AT(jobs), .min = 1, .max = 64 },
	{ "memory-limit", 0, OPTION_SIZE, "SIZE",
	  "take no more memory than that for what grows with the heap: 512M, 2G", AT(memory_limit),
	  .min = 1 << 20 },
	{ 0 },
};

/* --- records --------------------------------------------------------------------------------- */

enum row_column {
	ROW_TYPE, ROW_COUNT, ROW_BYTES, ROW_MAX, ROW_TRACKED, ROW_TRACKED_BYTES, ROW_UNSURE,
	ROW_EXAMPLE,
	ROW_INDEX, ROW_COUNT_SHARE, ROW_BYTES_SHARE, ROW_SHARE_SO_FAR, ROW_BAR, ROW_NAME_WIDTH,
	ROW_COUNT_WIDTH, ROW_BYTES_WIDTH, ROW_MAX_WIDTH, ROW_CSV, ROW_COLUMNS,
};
#define HIDDEN(name_) { .name = name_, .type = VALUE_UINT, .hidden = true }

static const struct column row_columns[] = {
	[ROW_TYPE] = COLUMN("type", STRING,
			    "plain for builtins, module.qualname else; with --by "
			    "the module, or the range of sizes"),
	[ROW_COUNT] = COLUMN("count", UINT, "objects"),
	[ROW_BYTES] = COLUMN("bytes", UINT, "the sum of what sys.getsizeof() would say of each"),
	[ROW_MAX] = COLUMN("max", UINT, "bytes of the largest"),
	[ROW_TRACKED] = COLUMN("gc_tracked", UINT, "how many gc.get_objects() would hold"),
	[ROW_TRACKED_BYTES] = COLUMN("gc_bytes", UINT, "the bytes of those alone"),
	[ROW_UNSURE] = COLUMN("unsure", UINT,
			      "how many have a size that may not be what "
			      "sys.getsizeof() says: their __sizeof__ is their own"),
	[ROW_EXAMPLE] = COLUMN("example", ADDRESS, "with --by shape: one of them; else null"),
	[ROW_INDEX] = HIDDEN("index"),
	[ROW_COUNT_SHARE] = HIDDEN("count_share"),
	[ROW_BYTES_SHARE] = HIDDEN("bytes_share"),
	[ROW_SHARE_SO_FAR] = HIDDEN("share_so_far"),
	[ROW_BAR] = HIDDEN("bar"),
	[ROW_NAME_WIDTH] = HIDDEN("name_width"),
	[ROW_COUNT_WIDTH] = HIDDEN("count_width"),
	[ROW_BYTES_WIDTH] = HIDDEN("bytes_width"),
	[ROW_MAX_WIDTH] = HIDDEN("max_width"),
	[ROW_CSV] = { .name = "csv", .type = VALUE_BOOL, .hidden = true },
};

/* In eighths of a column, behind the name, where a terminal is wide enough for it. */
static void put_bar(struct text *out, const struct value *values)
{
	static const char *const eighths[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
	enum { BAR = 20, BEFORE = 54 };
	uint64_t width = values[ROW_NAME_WIDTH].u, len = values[ROW_TYPE].s.len;
	if (text_width(out) < BEFORE + width + 2 + BAR || len > width)
		return;
	uint64_t length = values[ROW_BAR].u * BAR * 8 / 1000;
	text_printf(out, "%*s", (int)(width - len + 2), "");
	text_style(out, STYLE_DIM);
	for (uint64_t i = 0; i < length / 8; i++)
		text_printf(out, "█");
	text_printf(out, "%s", eighths[length % 8]);
	text_style(out, STYLE_PLAIN);
}

static void row_csv(struct text *out, const struct value *values)
{
	put_csv_name(out, &values[ROW_TYPE]);
	for (unsigned i = ROW_COUNT; i <= ROW_UNSURE; i++)
		text_printf(out, ",%" PRIu64, values[i].u);
	text_put(out, ",", 1);
	if (values[ROW_EXAMPLE].state == VALUE_PRESENT)
		text_printf(out, "0x%" PRIx64, values[ROW_EXAMPLE].u);
	text_put(out, "\n", 1);
}

static void row_text(struct text *out, const struct value *values)
{
	if (values[ROW_CSV].b) {
		row_csv(out, values);
		return;
	}
	text_printf(out, "%6" PRIu64 "%*" PRIu64 "%4" PRIu64 "%*" PRIu64 "%4" PRIu64 "%4" PRIu64
			 "%*" PRIu64 " ",
		    values[ROW_INDEX].u, (int)values[ROW_COUNT_WIDTH].u, values[ROW_COUNT].u,
		    values[ROW_COUNT_SHARE].u, (int)values[ROW_BYTES_WIDTH].u, values[ROW_BYTES].u,
		    values[ROW_BYTES_SHARE].u, values[ROW_SHARE_SO_FAR].u,
		    (int)values[ROW_MAX_WIDTH].u, values[ROW_MAX].u);
	text_value(out, &row_columns[ROW_TYPE], &values[ROW_TYPE]);
	if (values[ROW_EXAMPLE].state == VALUE_PRESENT)
		text_printf(out, " 0x%" PRIx64, values[ROW_EXAMPLE].u);
	else
		put_bar(out, values);
	text_put(out, "\n", 1);
}

static const struct record row_record = {
	.name = "types", .list = true, .doc = "in the order asked for", COLUMNS(row_columns),
	.text = row_text,
};

enum heap_column {
	HEAP_BY, HEAP_OBJECTS, HEAP_BYTES, HEAP_TRACKED, HEAP_TRACKED_BYTES, HEAP_ROWS, HEAP_LOST,
	HEAP_DAMAGED, HEAP_SEEN, HEAP_NOUN, HEAP_COUNT_WIDTH, HEAP_BYTES_WIDTH, HEAP_MAX_WIDTH,
	HEAP_CSV, HEAP_COLUMNS,
};

static const struct column heap_columns[] = {
	[HEAP_BY] = COLUMN("by", STRING, "type, module, size or shape"),
	[HEAP_OBJECTS] = COLUMN("objects", UINT, "all of them, of the types asked for"),
	[HEAP_BYTES] = COLUMN("bytes", UINT, "of all of them"),
	[HEAP_TRACKED] = COLUMN("gc_tracked", UINT, "len(gc.get_objects()) of all interpreters"),
	[HEAP_TRACKED_BYTES] = COLUMN("gc_bytes", UINT, "the bytes of those alone"),
	[HEAP_ROWS] = COLUMN("rows", UINT, "types, modules or sizes that there are; `types` may "
					   "have fewer (--top)"),
	[HEAP_LOST] = COLUMN("lost", UINT, "bytes of Python's memory that are not in the core"),
	[HEAP_DAMAGED] = COLUMN("damaged", UINT, "bytes that were passed over, as their headers "
						 "contradict themselves"),
	[HEAP_SEEN] = COLUMN("seen", FLOAT, "how much of Python's memory is in the core: 0 to 1"),
	[HEAP_NOUN] = { .name = "noun", .type = VALUE_STRING, .hidden = true },
	[HEAP_COUNT_WIDTH] = HIDDEN("count_width"),
	[HEAP_BYTES_WIDTH] = HIDDEN("bytes_width"),
	[HEAP_MAX_WIDTH] = HIDDEN("max_width"),
	[HEAP_CSV] = { .name = "csv", .type = VALUE_BOOL, .hidden = true },
};

static void heap_text(struct text *out, const struct value *values)
{
	if (values[HEAP_CSV].b) {
		text_printf(out, "%s", values[HEAP_BY].s.bytes);
		for (unsigned i = ROW_COUNT; i <= ROW_EXAMPLE; i++)
			text_printf(out, ",%s", row_columns[i].name);
		text_put(out, "\n", 1);
		return;
	}
	text_printf(out,
		    "\nTotal %" PRIu64 " objects, %" PRIu64 " %s, Total size = %.1fMiB (%" PRIu64
		    " bytes)\n",
		    values[HEAP_OBJECTS].u, values[HEAP_ROWS].u, values[HEAP_NOUN].s.bytes,
		    (double)values[HEAP_BYTES].u / (1 << 20), values[HEAP_BYTES].u);
	text_style(out, STYLE_HEADING);
	text_printf(out, " Index%*s   %%%*s   %% Cum%*s Kind\n", (int)values[HEAP_COUNT_WIDTH].u,
		    "Count", (int)values[HEAP_BYTES_WIDTH].u, "Size", (int)values[HEAP_MAX_WIDTH].u,
		    "Max");
	text_style(out, STYLE_PLAIN);
}

static const struct record *const heap_children[] = { &row_record, NULL };
static const struct record heap_record = {
	.name = "heap", .doc = "every object of the process", COLUMNS(heap_columns),
	.children = heap_children, .text = heap_text,
};
static const struct record *const root_children[] = {
	&heap_record,	       &heap_list_record,   &heap_dump_record,
	&heap_overview_record, &heap_pinned_record, NULL,
};
static const struct record heap_root = {
	.name = "heap", .doc = "what fills the memory", .children = root_children,
};

/* --- reporting ------------------------------------------------------------------------------- */

static uint64_t share(uint64_t part, uint64_t whole, uint64_t scale)
{
	return whole ? (uint64_t)((__uint128_t)part * scale / whole) : 0;
}

/* Of the table's columns: as meliae's, wider where a number needs it. */
struct widths {
	unsigned count, bytes, max, name;
	uint64_t largest;	/* bytes of the largest row */
};

static unsigned width_of(uint64_t number, unsigned least)
{
	unsigned digits = 1;
	for (; number > 9; number /= 10)
		digits++;
	return MAX(digits + 1, least);
}

static struct widths widths_of(const struct census *c, uint64_t limit)
{
	enum { COUNT = 8, BYTES = 10, LARGEST = 8, NAME_MAX_WIDTH = 40 };
	struct widths w = { COUNT, BYTES, LARGEST, 0, 0 };
	for (size_t i = 0; i < c->rows.len && i < limit; i++) {
		const struct census_row *row = &c->rows.items[i];
		unsigned name = (unsigned)MIN(strlen(row->name), (size_t)UINT16_MAX);
		w.count = width_of(row->count, w.count);
		w.bytes = width_of(row->bytes, w.bytes);
		w.max = width_of(row->max, w.max);
		w.largest = MAX(w.largest, row->bytes);
		if (name <= NAME_MAX_WIDTH)
			w.name = MAX(w.name, name);
	}
	return w;
}

static bool report_rows(const struct census *c, uint64_t limit, const struct widths *widths,
			bool csv, struct report *report)
{
	uint64_t so_far = 0;
	for (size_t i = 0; i < c->rows.len && i < limit; i++) {
		const struct census_row *row = &c->rows.items[i];
		so_far += row->bytes;
		const struct value values[ROW_COLUMNS] = {
			[ROW_TYPE] = value_str(row->name),
			[ROW_COUNT] = value_uint(row->count),
			[ROW_BYTES] = value_uint(row->bytes),
			[ROW_MAX] = value_uint(row->max),
			[ROW_TRACKED] = value_uint(row->tracked),
			[ROW_TRACKED_BYTES] = value_uint(row->tracked_bytes),
			[ROW_UNSURE] = value_uint(row->unsure),
			[ROW_EXAMPLE] = row->example ? value_uint(row->example) : value_absent(),
			[ROW_INDEX] = value_uint(i),
			[ROW_COUNT_SHARE] = value_uint(share(row->count, c->total.count, 100)),
			[ROW_BYTES_SHARE] = value_uint(share(row->bytes, c->total.bytes, 100)),
			[ROW_SHARE_SO_FAR] = value_uint(share(so_far, c->total.bytes, 100)),
			[ROW_BAR] = value_uint(share(row->bytes, widths->largest, 1000)),
			[ROW_NAME_WIDTH] = value_uint(widths->name),
			[ROW_COUNT_WIDTH] = value_uint(widths->count),
			[ROW_BYTES_WIDTH] = value_uint(widths->bytes),
			[ROW_MAX_WIDTH] = value_uint(widths->max),
			[ROW_CSV] = value_bool(csv),
		};
		if (!report_row(report, &row_record, values))
			return false;
	}
	return true;
}

struct seen {
	uint64_t bytes, lost;	/* of all that Python's allocators took */
	bool chunks;		/* malloc's heap was recognised, or is not needed */
	bool any;		/* an object was seen at all */
};

/* What a cut core lacks of the memory that was written to: some of it was Python's. */
static uint64_t lost_bytes(const struct target *t)
{
	const struct extent *e;
	uint64_t lost = 0;
	vec_each(e, &t->memory.extents)
		if (e->source == EXTENT_LOST && e->flags & EXTENT_WRITE)
			lost += e->end - e->start;
	return lost;
}

static struct seen what_was_seen(const struct runtime *rt, const struct pyheap *heap,
				 const struct census *c)
{
	struct seen seen = { .chunks = rt->layout.version.free_threaded, .any = c->any };
	for (unsigned i = 0; i < HEAP_SOURCES; i++) {
		const struct heap_account *account = pyheap_account(heap, i);
		seen.bytes += account->bytes;
		seen.lost += account->lost;
	}
	seen.chunks |= pyheap_account(heap, HEAP_CHUNK)->parts > 0;
	uint64_t lost = rt->target->truncated ? lost_bytes(rt->target) : c->skipped.lost;
	if (lost > seen.lost) {
		seen.bytes += rt->target->truncated ? lost - seen.lost : 0;
		seen.lost = MIN(lost, seen.bytes);
	}
	return seen;
}

static double seen_share(const struct seen *seen)
{
	if (!seen->any)
		return 0;
	return seen->bytes ? (double)(seen->bytes - seen->lost) / (double)seen->bytes : 1;
}

/* What the table does not say. */
static void remark_limits(struct session *s, const struct seen *seen, const struct census *c)
{
	struct remarks *remarks = &s->target->remarks;
	_str_ struct str bytes = STR_INIT;
	if (!seen->any) {
		remark_loss(remarks, "no object can be counted: the memory that leads to them is "
				     "not in the core");
	} else if (seen->lost) {
		words_bytes(&bytes, seen->lost);
		remark_loss(remarks, "%s of Python's memory are not in the core: about %.1f %% of "
				     "it was counted", bytes.buf, 100 * seen_share(seen));
	}
	if (c->skipped.damaged) {
		str_reset(&bytes);
		words_bytes(&bytes, c->skipped.damaged);
		remark_loss(remarks, "%s of Python's memory contradict themselves: what was there "
				     "is not counted", bytes.buf);
	}
	if (!seen->chunks)
		remark_info(remarks, "malloc's memory is not laid out as glibc's: objects larger "
				     "than 512 bytes that the collector does not track are not "
				     "counted");
	if (c->total.unsure) {
		_str_ struct str objects = STR_INIT;
		words_count(&objects, c->total.unsure, "object");
		remark_info(remarks, "%s with a __sizeof__ that pycore does not know: counted with "
				     "object.__sizeof__", objects.buf);
	}
}

static const char *noun_of(const char *by)
{
	return streq(by, "type")     ? "types"
	       : streq(by, "module") ? "modules"
	       : streq(by, "size")   ? "sizes"
				     : "shapes";
}

static bool report_census(struct session *s, const struct heap_config *config,
			  const struct seen *seen, const struct census *c, struct report *report)
{
	bool short_form = s->text_form && !config->csv;
	uint64_t limit = config->top ? config->top : short_form ? TEXT_ROWS : UINT64_MAX;
	const struct widths widths = widths_of(c, limit);
	const char *by = config->by ? config->by : "type";
	const struct value values[HEAP_COLUMNS] = {
		[HEAP_BY] = value_str(by),
		[HEAP_OBJECTS] = value_uint(c->total.count),
		[HEAP_BYTES] = value_uint(c->total.bytes),
		[HEAP_TRACKED] = value_uint(c->total.tracked),
		[HEAP_TRACKED_BYTES] = value_uint(c->total.tracked_bytes),
		[HEAP_ROWS] = value_uint(c->rows.len),
		[HEAP_LOST] = value_uint(seen->lost),
		[HEAP_DAMAGED] = value_uint(c->skipped.damaged),
		[HEAP_SEEN] = value_float(seen_share(seen)),
		[HEAP_NOUN] = value_str(noun_of(by)),
		[HEAP_COUNT_WIDTH] = value_uint(widths.count),
		[HEAP_BYTES_WIDTH] = value_uint(widths.bytes),
		[HEAP_MAX_WIDTH] = value_uint(widths.max),
		[HEAP_CSV] = value_bool(config->csv),
	};
	return report_open(report, &heap_record, values) &&
	       report_rows(c, limit, &widths, config->csv, report) && report_close(report);
}

static unsigned choice(const char *const *choices, const char *chosen)
{
	for (unsigned i = 0; chosen && choices[i]; i++)
		if (streq(choices[i], chosen))
			return i;
	return 0;
}

static struct error *summarize(struct session *s, struct pyheap *heap,
			       const struct heap_config *config, struct report *report)
{
	struct budget budget = { .limit = config->memory_limit };
	struct census_options options = {
		.by = choice(by_choices, config->by),
		.sort = choice(sort_choices, config->sort),
		.glob = config->type,
		.jobs = (unsigned)config->jobs,
		.budget = &budget,
		.progress = s->files->progress,
	};
	struct heap_config shown = *config;
	struct census census;
	struct error *err = census_take(s->runtime, heap, &options, &census);
	if (!err && census.over) {
		/* some shapes without the others would mislead */
		census_release(&census);
		remark_info(&s->target->remarks,
			    "there are more sets of keys than fit in the memory limit: "
			    "counted by type");
		options.by = CENSUS_BY_TYPE;
		shown.by = "type";
		err = census_take(s->runtime, heap, &options, &census);
	}
	if (err)
		return err;
	const struct seen seen = what_was_seen(s->runtime, heap, &census);
	remark_limits(s, &seen, &census);
	report_census(s, &shown, &seen, &census, report);
	census_release(&census);
	return NULL;
}

/* meliae's dump. Of a core that lacks some of the heap it is told as with a census. */
static struct error *dump(struct session *s, struct pyheap *heap, const struct heap_config *config,
			  struct report *report)
{
	struct heap_dumped dumped;
	const struct heap_dump_options options = { config->dump, config->jobs, s->files->progress };
	struct error *err = heap_dump(s->runtime, heap, s->made, &options, &dumped);
	if (err)
		return err;
	const struct census census = { .any = dumped.objects, .skipped = dumped.skipped };
	const struct seen seen = what_was_seen(s->runtime, heap, &census);
	remark_limits(s, &seen, &census);
	if (!streq(config->dump, "-"))
		report_dump(report, config->dump, &dumped);
	return NULL;
}

static struct error *check_choice(const struct heap_config *c)
{
	bool counts = c->summarize || c->by || c->sort;
	if (counts + c->list + c->overview + c->pinned > 1)
		return error_new(ERROR_USAGE,
				 "--list names objects, --summarize, --by and --sort count them, "
				 "--overview and --pinned go over the memory: choose one");
	if (c->dump && (c->list || counts || c->overview || c->pinned || c->type || c->top || c->csv))
		return error_new(ERROR_USAGE, "--dump writes every object to a file of its own: it "
					      "goes with no other option of heap");
	return NULL;
}

static struct error *run_heap(struct session *s, const void *config_, struct report *report)
{
	const struct heap_config *config = config_;
	const struct pyheap_options options = { .progress = s->files->progress };
	_cleanup_(owned_pyheap_free) struct pyheap *heap = NULL;
	struct budget budget = { .limit = config->memory_limit };
	struct error *err = check_choice(config);
	if (!err)
		err = pyheap_load(s->runtime, &options, &heap);
	if (err)
		return err;
	if (config->dump)
		return dump(s, heap, config, report);
	progress_end(s->files->progress);
	uint64_t rows = config->top ? config->top : s->text_form ? OVERVIEW_ROWS : UINT64_MAX;
	if (config->overview)
		return heap_overview(s, heap, rows, &budget, report);
	if (config->pinned)
		return heap_pinned(s, heap, rows, report);
	if (!config->list)
		return summarize(s, heap, config, report);
	return heap_list(s->runtime, heap, config->type, config->top ? config->top : UINT64_MAX,
			 config->csv, report);
}

static unsigned heap_needs(const void *config)
{
	const struct heap_config *c = config;
	unsigned dump = !c->dump ? 0 : streq(c->dump, "-") ? OWNS_STDOUT | RAW_TEXT : OWNS_OUTPUT;
	return NEEDS_TARGET | NEEDS_RUNTIME | (c->csv ? RAW_TEXT : 0) | dump;
}

const struct analyzer analyzer_heap = {
	.api = PYCORE_PLUGIN_API,
	.name = "heap",
	.summary = "what fills the memory: every object, counted by its type",
	.description =
		"Counts every Python object in the core: those that the cyclic collector tracks, "
		"and "
		"the str, int, bytes, float, tuples and dicts that it does not. Sizes are those of "
		"sys.getsizeof(). The table is that of meliae's summarize(): objects, their share "
		"of "
		"all in %, bytes, their share, the share of this row and all above it, the largest "
		"object, and the type.\n"
		"Freed objects, and those that Python keeps for reuse, are not counted. What could "
		"not "
		"be seen is said below the table.\n"
		"--overview tells where all the memory went, each byte once: objects, the buffers "
		"that they "
		"own, what is free in each allocator, stacks, files, and what is not accounted "
		"for. --pinned "
		"tells which objects keep arenas alive of which less than a quarter is in use.",
	.example = "pycore heap core.1234\n"
		   "pycore heap --top 50 --sort count core.1234\n"
		   "pycore heap --type 'app.*' --by module core.1234\n"
		   "pycore heap --overview core.1234\n"
		   "pycore heap --pinned core.1234\n"
		   "pycore heap --type app.Session --list --top 5 core.1234\n"
		   "pycore heap --dump map.json.gz core.1234\n"
		   "pycore heap --json core.1234 | jq '.heap.types[] | select(.count > 100000)'",
	.options = heap_options,
	.config_size = sizeof(struct heap_config),
	.root = &heap_root,
	.needs = NEEDS_TARGET | NEEDS_RUNTIME,
	.needs_of = heap_needs,
	.run = run_heap,
};
