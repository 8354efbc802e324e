/* heap --pinned: an arena can be given back to the system when nothing in it is in use. Of those of
 * which little is, here is what it is. The same for mimalloc's segments. */
#include "analyzers/heap_reports.h"

#include "analyzers/words.h"
#include "core/checked.h"
#include "core/map.h"
#include "cpython_layouts/heap_blocks.h"
#include "report/text.h"

enum { SPARSE = 4 }; /* less than one in that many bytes is in use */
#define NO_OBJECT "memory of no object"

struct pin {
	const char *type;	/* NO_OBJECT where it is none's */
	uint64_t count, bytes, areas;
	addr_t example;
	size_t last_area;	/* counted in areas; from 1 */
};

struct area {
	struct heap_stretch stretch;
	uint64_t used, objects;
	addr_t example;		/* an object in it, the first; 0: there is none */
	const char *type;	/* of which most bytes are */
};

struct pinned {
	struct pyheap *heap;
	VEC(struct pin) pins;
	struct map by_type;	/* struct pytype -> index; 0: no object */
	VEC(struct area) areas;
	uint64_t all, bytes, used; /* areas; bytes of those that are sparse; of these in use */
};

/* --- records --------------------------------------------------------------------------------- */

enum pin_column { PIN_TYPE, PIN_COUNT, PIN_BYTES, PIN_AREAS, PIN_EXAMPLE, PIN_FIRST, PIN_COLUMNS };

static const struct column pin_columns[] = {
	[PIN_TYPE] = COLUMN("type", STRING, "of the objects; '" NO_OBJECT "': buffers and C's"),
	[PIN_COUNT] = COLUMN("count", UINT, "objects in nearly empty areas"),
	[PIN_BYTES] = COLUMN("bytes", UINT, "of their blocks"),
	[PIN_AREAS] = COLUMN("areas", UINT, "in how many of them"),
	[PIN_EXAMPLE] = COLUMN("example", ADDRESS, "one of them: pycore object CORE ADDRESS"),
	[PIN_FIRST] = { .name = "first", .type = VALUE_BOOL, .hidden = true },
};

static void pin_text(struct text *out, const struct value *values)
{
	if (values[PIN_FIRST].b) {
		text_style(out, STYLE_HEADING);
		text_printf(out, "\n%10s%12s%8s  %-18s %s\n", "Count", "Size", "Areas", "Example",
			    "Kind");
		text_style(out, STYLE_PLAIN);
	}
	text_printf(out, "%10" PRIu64 "%12" PRIu64 "%8" PRIu64 "  0x%-16" PRIx64 " ",
		    values[PIN_COUNT].u, values[PIN_BYTES].u, values[PIN_AREAS].u,
		    values[PIN_EXAMPLE].u);
	text_value(out, &pin_columns[PIN_TYPE], &values[PIN_TYPE]);
	text_put(out, "\n", 1);
}

static const struct record pin_record = {
	.name = "types", .list = true, .doc = "what is in nearly empty areas, in most of them first",
	COLUMNS(pin_columns), .text = pin_text,
};

enum area_column {
	AREA_ADDRESS, AREA_KIND, AREA_BYTES, AREA_USED, AREA_OBJECTS, AREA_EXAMPLE, AREA_TYPE,
	AREA_FIRST, AREA_COLUMNS,
};

static const struct column area_columns[] = {
	[AREA_ADDRESS] = COLUMN("address", ADDRESS, "where it begins"),
	[AREA_KIND] = COLUMN("kind", STRING, "arena or segment"),
	[AREA_BYTES] = COLUMN("bytes", UINT, "that were taken for it"),
	[AREA_USED] = COLUMN("used", UINT, "bytes of blocks in use"),
	[AREA_OBJECTS] = COLUMN("objects", UINT, "in it"),
	[AREA_EXAMPLE] = COLUMN("example", ADDRESS, "one of them; null: there is none"),
	[AREA_TYPE] = COLUMN("type", STRING, "the example's"),
	[AREA_FIRST] = { .name = "first", .type = VALUE_BOOL, .hidden = true },
};

static void area_text(struct text *out, const struct value *values)
{
	if (values[AREA_FIRST].b) {
		text_style(out, STYLE_HEADING);
		text_printf(out, "\n%-18s%12s%12s%10s  %s\n", "Emptiest", "Size", "Used", "Objects",
			    "Example");
		text_style(out, STYLE_PLAIN);
	}
	text_printf(out, "0x%-16" PRIx64 "%12" PRIu64 "%12" PRIu64 "%10" PRIu64 "  ",
		    values[AREA_ADDRESS].u, values[AREA_BYTES].u, values[AREA_USED].u,
		    values[AREA_OBJECTS].u);
	if (values[AREA_EXAMPLE].state == VALUE_PRESENT) {
		text_printf(out, "0x%" PRIx64 " ", values[AREA_EXAMPLE].u);
		text_value(out, &area_columns[AREA_TYPE], &values[AREA_TYPE]);
	}
	text_put(out, "\n", 1);
}

static const struct record area_record = {
	.name = "areas", .list = true, .doc = "nearly empty ones, the emptiest first",
	COLUMNS(area_columns), .text = area_text,
};

enum pinned_column { PINNED_ALL, PINNED_SPARSE, PINNED_BYTES, PINNED_USED, PINNED_COLUMNS };

static const struct column pinned_columns[] = {
	[PINNED_ALL] = COLUMN("areas_in_all", UINT, "arenas and segments with anything in use"),
	[PINNED_SPARSE] = COLUMN("sparse", UINT, "less than a quarter of them in use"),
	[PINNED_BYTES] = COLUMN("bytes", UINT, "of the sparse ones"),
	[PINNED_USED] = COLUMN("used", UINT, "bytes in use of these: the others could be given "
					     "back without them"),
};

static void pinned_text(struct text *out, const struct value *values)
{
	_str_ struct str used = STR_INIT, bytes = STR_INIT;
	words_bytes(&used, values[PINNED_USED].u);
	words_bytes(&bytes, values[PINNED_BYTES].u);
	text_printf(out,
		    "\n%" PRIu64 " of %" PRIu64 " arenas have less than a quarter in use: %s keep %s "
		    "alive\n",
		    values[PINNED_SPARSE].u, values[PINNED_ALL].u, used.buf, bytes.buf);
}

static const struct record *const pinned_children[] = { &pin_record, &area_record, NULL };
const struct record heap_pinned_record = {
	.name = "pinned", .doc = "with --pinned: what keeps nearly empty arenas alive",
	COLUMNS(pinned_columns), .children = pinned_children, .text = pinned_text,
};

/* --- adding up ------------------------------------------------------------------------------- */

static bool add_pin(struct pinned *p, const struct heap_block *block)
{
	const struct pytype *type =
		block->state == BLOCK_OBJECT ? block->object.object.type : NULL;
	bool is_new;
	uint64_t *slot = map_insert(&p->by_type, (uintptr_t)type, &is_new);
	struct pin *pin = slot && is_new ? vec_push(&p->pins) : NULL;
	if (!slot || (is_new && !pin))
		return false;
	if (is_new) {
		*slot = p->pins.len - 1;
		pin->type = type ? type->full_name : NO_OBJECT;
		pin->example = type ? block->object.object.at : block->at;
	}
	pin = &p->pins.items[*slot];
	pin->count++;
	pin->bytes += block->size;
	pin->areas += pin->last_area != p->areas.len;
	pin->last_area = p->areas.len;
	return true;
}

/* The stretch that could be given back with the part: all of its arena. */
static struct heap_stretch area_of(const struct pyheap *heap, struct heap_stretch part)
{
	const struct heap_arena *arenas;
	size_t count = pyheap_arenas(heap, &arenas);
	for (size_t i = 0; part.kind == HEAP_KIND_POOLS && i < count; i++) {
		if (arenas[i].first != part.start)
			continue;
		part.start = arenas[i].start;
		part.end = arenas[i].end;
		break;
	}
	return part;
}

static bool is_used(const struct heap_block *block)
{
	return block->state == BLOCK_OBJECT || block->state == BLOCK_USED;
}

static bool look_at(struct pinned *p, struct heap_blocks *it, size_t index)
{
	struct heap_stretch part = pyheap_part(p->heap, index);
	struct heap_block block;
	struct area area = { .stretch = part };
	if (part.kind != HEAP_KIND_POOLS && part.kind != HEAP_KIND_PAGES)
		return true;
	heap_blocks_move(it, index);
	while (heap_blocks_next(it, &block)) {
		bool is_object = block.state == BLOCK_OBJECT;
		area.used += is_used(&block) ? block.size : 0;
		area.objects += is_object;
		if (is_object && !area.example) {
			area.example = block.object.object.at;
			area.type = block.object.object.type->full_name;
		}
	}
	p->all += area.used > 0;
	if (!area.used || area.used >= (part.end - part.start) / SPARSE)
		return true;
	area.stretch = area_of(p->heap, part);
	p->bytes += area.stretch.end - area.stretch.start;
	p->used += area.used;
	struct area *place = vec_push(&p->areas);
	if (!place)
		return false;
	*place = area;
	bool ok = true;
	heap_blocks_move(it, index);
	while (ok && heap_blocks_next(it, &block))
		ok = !is_used(&block) || add_pin(p, &block);
	return ok;
}

/* Types of one name stay apart, each with an example of its own. */
static int compare_names(const void *a, const void *b)
{
	const struct pin *x = a, *y = b;
	int by_name = strcmp(x->type, y->type);
	return by_name ? by_name : x->example < y->example ? -1 : x->example > y->example;
}

static int compare_pins(const void *a, const void *b)
{
	const struct pin *x = a, *y = b;
	if (x->areas != y->areas)
		return x->areas < y->areas ? 1 : -1;
	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return compare_names(a, b);
}

static int compare_areas(const void *a, const void *b)
{
	const struct area *x = a, *y = b;
	if (x->used != y->used)
		return x->used < y->used ? -1 : 1;
	return x->stretch.start < y->stretch.start ? -1 : x->stretch.start > y->stretch.start;
}

/* --- reporting ------------------------------------------------------------------------------- */

static bool report_all(const struct pinned *p, uint64_t rows, struct report *report)
{
	for (size_t i = 0; i < p->pins.len && i < rows; i++) {
		const struct pin *pin = &p->pins.items[i];
		const struct value values[PIN_COLUMNS] = {
			[PIN_TYPE] = value_str(pin->type),
			[PIN_COUNT] = value_uint(pin->count),
			[PIN_BYTES] = value_uint(pin->bytes),
			[PIN_AREAS] = value_uint(pin->areas),
			[PIN_EXAMPLE] = value_uint(pin->example),
			[PIN_FIRST] = value_bool(i == 0),
		};
		if (!report_row(report, &pin_record, values))
			return false;
	}
	for (size_t i = 0; i < p->areas.len && i < rows; i++) {
		const struct area *area = &p->areas.items[i];
		bool is_segment = area->stretch.kind == HEAP_KIND_PAGES;
		const struct value values[AREA_COLUMNS] = {
			[AREA_ADDRESS] = value_uint(area->stretch.start),
			[AREA_KIND] = value_str(is_segment ? "segment" : "arena"),
			[AREA_BYTES] = value_uint(area->stretch.end - area->stretch.start),
			[AREA_USED] = value_uint(area->used),
			[AREA_OBJECTS] = value_uint(area->objects),
			[AREA_EXAMPLE] = area->example ? value_uint(area->example) : value_absent(),
			[AREA_TYPE] = value_str(area->type),
			[AREA_FIRST] = value_bool(i == 0),
		};
		if (!report_row(report, &area_record, values))
			return false;
	}
	return true;
}

struct error *heap_pinned(struct session *s, struct pyheap *heap, uint64_t rows,
			  struct report *report)
{
	struct pinned p = { .heap = heap };
	_cleanup_(owned_heap_blocks_free) struct heap_blocks *it = heap_blocks_of(heap);
	size_t count = pyheap_parts(heap);
	bool ok = it;
	for (size_t i = 0; ok && i < count; i++) {
		ok = look_at(&p, it, i);
		progress_show(s->files->progress, "looking at arenas", i, count);
	}
	progress_end(s->files->progress);
	if (ok) {
		vec_sort(&p.pins, compare_pins);
		vec_sort(&p.areas, compare_areas);
		const struct value values[PINNED_COLUMNS] = {
			[PINNED_ALL] = value_uint(p.all),
			[PINNED_SPARSE] = value_uint(p.areas.len),
			[PINNED_BYTES] = value_uint(p.bytes),
			[PINNED_USED] = value_uint(p.used),
		};
		if (report_open(report, &heap_pinned_record, values))
			report_all(&p, rows, report);
		report_close(report);
	}
	vec_release(&p.pins);
	vec_release(&p.areas);
	map_release(&p.by_type);
	return ok ? NULL : error_nomem();
}
