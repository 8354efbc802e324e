/* heap --overview as records: the uses, group by group, and the allocators. */
#include "analyzers/heap_overview.h"
#include "analyzers/heap_reports.h"

#include <stdio.h>
#include "analyzers/words.h"
#include "core/checked.h"
#include "report/text.h"

enum use_column {
	USE_GROUP, USE_NAME, USE_BYTES, USE_COUNT, USE_SHARE, USE_FIRST, USE_BAR, USE_SHOWN, USE_REST,
	USE_REST_BYTES, USE_COLUMNS,
};
#define HIDDEN(name_) { .name = name_, .type = VALUE_UINT, .hidden = true }

static const struct column use_columns[] = {
	[USE_GROUP] = COLUMN("group", STRING,
			     "objects, buffers, in use, free, overhead, interpreter, stacks, files, "
			     "system, lost, unaccounted"),
	[USE_NAME] = COLUMN("name", STRING,
			    "what it is; of buffers the type of the objects that own them"),
	[USE_BYTES] = COLUMN("bytes", UINT, "of address space; no byte is in two rows"),
	[USE_COUNT] = COLUMN("count", UINT, "objects, blocks, chunks, stacks; 0: not counted"),
	[USE_SHARE] = COLUMN("share", FLOAT, "of all that is mapped, 0 to 1"),
	[USE_FIRST] = { .name = "first", .type = VALUE_UINT, .hidden = true },
	[USE_BAR] = HIDDEN("bar"),
	[USE_SHOWN] = { .name = "shown", .type = VALUE_BOOL, .hidden = true },
	[USE_REST] = HIDDEN("rest"),
	[USE_REST_BYTES] = HIDDEN("rest_bytes"),
};

static void put_size(struct text *out, uint64_t bytes, double share)
{
	_str_ struct str size = STR_INIT;
	words_bytes(&size, bytes);
	text_printf(out, "%12s %5.1f %%", size.buf, 100 * share);
}

/* In eighths of a column, where a terminal is wide enough for it. */
static void put_bar(struct text *out, uint64_t permille)
{
	static const char *const eighths[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
	enum { BAR = 20, BEFORE = 68 };
	if (text_width(out) < BEFORE + BAR)
		return;
	uint64_t length = permille * BAR * 8 / 1000;
	text_printf(out, "  ");
	text_style(out, STYLE_DIM);
	for (uint64_t i = 0; i < length / 8; i++)
		text_printf(out, "█");
	text_printf(out, "%s", eighths[length % 8]);
	text_style(out, STYLE_PLAIN);
}

/* The group's sum stands above its first row. */
static void use_text(struct text *out, const struct value *values)
{
	enum { NAME = 40 };
	if (values[USE_FIRST].state == VALUE_PRESENT) {
		text_style(out, STYLE_HEADING);
		text_printf(out, "%-*s", NAME + 2, values[USE_GROUP].s.bytes);
		text_style(out, STYLE_PLAIN);
		_str_ struct str size = STR_INIT;
		words_bytes(&size, values[USE_FIRST].u);
		text_printf(out, "%12s\n", size.buf);
	}
	if (!values[USE_SHOWN].b) {
		_str_ struct str size = STR_INIT;
		words_bytes(&size, values[USE_REST_BYTES].u);
		if (values[USE_REST].u)
			text_printf(out, "  ... and %" PRIu64 " more%*s%12s\n", values[USE_REST].u,
				    NAME - 13 - (int)snprintf(NULL, 0, "%" PRIu64,
							      values[USE_REST].u),
				    "", size.buf);
		return;
	}
	text_printf(out, "  ");
	text_value(out, &use_columns[USE_NAME], &values[USE_NAME]);
	text_printf(out, "%*s", (int)(NAME - MIN(values[USE_NAME].s.len, (size_t)NAME)), "");
	put_size(out, values[USE_BYTES].u, values[USE_SHARE].f);
	if (values[USE_COUNT].u)
		text_printf(out, "%11" PRIu64, values[USE_COUNT].u);
	else
		text_printf(out, "%11s", "");
	put_bar(out, values[USE_BAR].u);
	text_put(out, "\n", 1);
}

static const struct record use_record = {
	.name = "uses", .list = true, .doc = "of the memory: they add up to bytes",
	COLUMNS(use_columns), .text = use_text,
};

enum allocator_column {
	ALLOCATOR_NAME, ALLOCATOR_PARTS, ALLOCATOR_BYTES, ALLOCATOR_OBJECTS, ALLOCATOR_BUFFERS,
	ALLOCATOR_OTHER, ALLOCATOR_FREE, ALLOCATOR_OVERHEAD, ALLOCATOR_LOST, ALLOCATOR_FIRST,
	ALLOCATOR_COLUMNS,
};

static const struct column allocator_columns[] = {
	[ALLOCATOR_NAME] = COLUMN("name", STRING, "obmalloc, mimalloc, malloc's main heap, ..."),
	[ALLOCATOR_PARTS] = COLUMN("parts", UINT, "arenas, segments, heaps or mappings"),
	[ALLOCATOR_BYTES] = COLUMN("bytes", UINT, "that it holds; the other columns add up to it"),
	[ALLOCATOR_OBJECTS] = COLUMN("objects", UINT, "bytes of blocks with a Python object"),
	[ALLOCATOR_BUFFERS] = COLUMN("buffers", UINT, "bytes of blocks that an object owns"),
	[ALLOCATOR_OTHER] = COLUMN("other", UINT, "bytes of other used blocks"),
	[ALLOCATOR_FREE] = COLUMN("free", UINT, "bytes of free blocks, pools, pages, chunks"),
	[ALLOCATOR_OVERHEAD] = COLUMN("overhead", UINT, "bytes of headers and rounding"),
	[ALLOCATOR_LOST] = COLUMN("lost", UINT, "bytes that are not in the core, or damaged"),
	[ALLOCATOR_FIRST] = { .name = "first", .type = VALUE_BOOL, .hidden = true },
};

static void allocator_text(struct text *out, const struct value *values)
{
	if (values[ALLOCATOR_FIRST].b) {
		text_style(out, STYLE_HEADING);
		text_printf(out, "\n%-24s%12s%12s%12s%12s%12s%12s\n", "allocators", "all", "objects",
			    "buffers", "other use", "free", "overhead");
		text_style(out, STYLE_PLAIN);
	}
	text_printf(out, "  %-22s", values[ALLOCATOR_NAME].s.bytes);
	for (unsigned i = ALLOCATOR_BYTES; i <= ALLOCATOR_OVERHEAD; i++) {
		_str_ struct str size = STR_INIT;
		words_bytes(&size, values[i].u);
		text_printf(out, "%12s", size.buf);
	}
	text_put(out, "\n", 1);
}

static const struct record allocator_record = {
	.name = "allocators", .list = true, .doc = "of Python and of C", COLUMNS(allocator_columns),
	.text = allocator_text,
};

enum overview_column {
	OVERVIEW_BYTES, OVERVIEW_MAPPINGS, OVERVIEW_IN_CORE, OVERVIEW_RESERVED, OVERVIEW_ANALYZED,
	OVERVIEW_UNACCOUNTED, OVERVIEW_LOST, OVERVIEW_ARENAS, OVERVIEW_ARENAS_FREE,
	OVERVIEW_ARENAS_SPARSE, OVERVIEW_COLUMNS,
};

static const struct column overview_columns[] = {
	[OVERVIEW_BYTES] = COLUMN("bytes", UINT, "of address space that could be accessed"),
	[OVERVIEW_MAPPINGS] = COLUMN("mappings", UINT, "stretches of it"),
	[OVERVIEW_IN_CORE] = COLUMN("readable", UINT, "bytes in the core, or in files at hand"),
	[OVERVIEW_RESERVED] = COLUMN("reserved", UINT, "bytes that could not be accessed: they "
						       "count nowhere else"),
	[OVERVIEW_ANALYZED] = COLUMN("analyzed", FLOAT, "the share that is explained, 0 to 1"),
	[OVERVIEW_UNACCOUNTED] = COLUMN("unaccounted", UINT, "bytes of which nothing is known"),
	[OVERVIEW_LOST] = COLUMN("lost", UINT, "bytes of heaps, not in the core or damaged"),
	[OVERVIEW_ARENAS] = COLUMN("arenas", UINT, "obmalloc's"),
	[OVERVIEW_ARENAS_FREE] = COLUMN("arenas_free", UINT, "with no block in use"),
	[OVERVIEW_ARENAS_SPARSE] = COLUMN("arenas_sparse", UINT,
					  "with less than a quarter in use: see --pinned"),
};

static void overview_text(struct text *out, const struct value *values)
{
	_str_ struct str line = STR_INIT;
	words_bytes(&line, values[OVERVIEW_BYTES].u);
	str_printf(&line, " in %" PRIu64 " mappings, analyzed %.1f %%", values[OVERVIEW_MAPPINGS].u,
		   100 * values[OVERVIEW_ANALYZED].f);
	if (values[OVERVIEW_ARENAS].u)
		str_printf(&line, "\n%" PRIu64 " arenas: %" PRIu64 " free, %" PRIu64
				  " with less than a quarter in use",
			   values[OVERVIEW_ARENAS].u, values[OVERVIEW_ARENAS_FREE].u,
			   values[OVERVIEW_ARENAS_SPARSE].u);
	text_printf(out, "\n%s\n\n", line.buf);
}

static const struct record *const overview_children[] = { &use_record, &allocator_record, NULL };
const struct record heap_overview_record = {
	.name = "overview",
	.doc = "with --overview: where the memory went",
	COLUMNS(overview_columns),
	.children = overview_children,
	.text = overview_text,
};

/* --- reporting ------------------------------------------------------------------------------- */

static bool report_uses(const struct overview *o, uint64_t rows, struct report *report)
{
	uint64_t largest = 0, in_group = 0;
	const struct use *use;
	vec_each(use, &o->uses)
		largest = MAX(largest, use->bytes);
	for (size_t i = 0; i < o->uses.len; i++) {
		use = &o->uses.items[i];
		struct value first = value_absent();
		uint64_t rest = 0, rest_bytes = 0;
		if (!i || !streq(use[-1].group, use->group)) {
			uint64_t sum = 0;
			in_group = 0;
			for (size_t k = i; k < o->uses.len; k++)
				if (streq(o->uses.items[k].group, use->group))
					sum += o->uses.items[k].bytes;
			first = value_uint(sum);
		}
		for (size_t k = i; in_group == rows && k < o->uses.len &&
				   streq(o->uses.items[k].group, use->group);
		     k++, rest++)
			rest_bytes += o->uses.items[k].bytes;
		const struct value values[USE_COLUMNS] = {
			[USE_GROUP] = value_str(use->group),
			[USE_NAME] = value_str(use->name),
			[USE_BYTES] = value_uint(use->bytes),
			[USE_COUNT] = value_uint(use->count),
			[USE_SHARE] = value_float(o->bytes ? (double)use->bytes / (double)o->bytes : 0),
			[USE_FIRST] = first,
			[USE_BAR] = value_uint(largest ? (uint64_t)((double)use->bytes * 1000 /
								    (double)largest)
						       : 0),
			[USE_SHOWN] = value_bool(in_group++ < rows),
			[USE_REST] = value_uint(rest),
			[USE_REST_BYTES] = value_uint(rest_bytes),
		};
		if (!report_row(report, &use_record, values))
			return false;
	}
	return true;
}

static bool report_allocators(const struct overview *o, struct report *report)
{
	static const char *const names[HEAP_KIND_STATIC] = {
		[HEAP_KIND_POOLS] = "obmalloc",
		[HEAP_KIND_PAGES] = "mimalloc",
		[HEAP_KIND_BRK] = "malloc's main heap",
		[HEAP_KIND_THREADS] = "malloc's other heaps",
		[HEAP_KIND_MAPPED] = "malloc's mappings",
	};
	bool first = true;
	for (size_t i = 0; i < HEAP_KIND_STATIC; i++) {
		const struct heap_share *h = &o->heaps[i];
		const struct value values[ALLOCATOR_COLUMNS] = {
			[ALLOCATOR_NAME] = value_str(names[i]),
			[ALLOCATOR_PARTS] = value_uint(h->parts),
			[ALLOCATOR_BYTES] = value_uint(h->mapped),
			[ALLOCATOR_OBJECTS] = value_uint(h->objects),
			[ALLOCATOR_BUFFERS] = value_uint(h->buffers),
			[ALLOCATOR_OTHER] = value_uint(h->other),
			[ALLOCATOR_FREE] = value_uint(h->free + h->empty),
			[ALLOCATOR_OVERHEAD] = value_uint(h->overhead),
			[ALLOCATOR_LOST] = value_uint(h->lost + h->damaged),
			[ALLOCATOR_FIRST] = value_bool(first),
		};
		if (!h->mapped)
			continue;
		first = false;
		if (!report_row(report, &allocator_record, values))
			return false;
	}
	return true;
}

struct error *heap_overview(struct session *s, struct pyheap *heap, uint64_t rows,
			    struct budget *budget, struct report *report)
{
	struct overview o;
	struct error *err = overview_take(s, heap, budget, &o);
	if (err)
		return err;
	const struct value values[OVERVIEW_COLUMNS] = {
		[OVERVIEW_BYTES] = value_uint(o.bytes),
		[OVERVIEW_MAPPINGS] = value_uint(o.mappings),
		[OVERVIEW_IN_CORE] = value_uint(o.in_core),
		[OVERVIEW_RESERVED] = value_uint(o.reserved),
		[OVERVIEW_ANALYZED] = value_float(overview_share(&o)),
		[OVERVIEW_UNACCOUNTED] = value_uint(o.unaccounted),
		[OVERVIEW_LOST] = value_uint(o.lost),
		[OVERVIEW_ARENAS] = value_uint(o.arenas),
		[OVERVIEW_ARENAS_FREE] = value_uint(o.arenas_free),
		[OVERVIEW_ARENAS_SPARSE] = value_uint(o.arenas_sparse),
	};
	if (o.left_out)
		remark_info(&s->target->remarks,
			    "--memory-limit: %" PRIu64 " words that may lead to buffers were not "
			    "remembered: some buffers are named as other memory in use", o.left_out);
	if (report_open(report, &heap_overview_record, values) && report_uses(&o, rows, report))
		report_allocators(&o, report);
	report_close(report);
	overview_release(&o);
	return NULL;
}
