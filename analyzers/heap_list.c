#include "analyzers/heap_list.h"

#include <fnmatch.h>
#include "core/map.h"
#include "cpython_layouts/sizes.h"
#include "report/text.h"

enum column_of_list {
	LIST_ADDRESS, LIST_TYPE, LIST_BYTES, LIST_TRACKED, LIST_FROZEN, LIST_FORM, LIST_COLUMNS,
};
enum { FORM_TABLE, FORM_CSV, FORM_CSV_FIRST };

static const struct column list_columns[] = {
	[LIST_ADDRESS] = COLUMN("address", ADDRESS, "id() of the object"),
	[LIST_TYPE] = COLUMN("type", STRING, "plain for builtins, module.qualname else"),
	[LIST_BYTES] = COLUMN("bytes", UINT, "what sys.getsizeof() would say"),
	[LIST_TRACKED] = COLUMN("gc_tracked", BOOL, "gc.is_tracked()"),
	[LIST_FROZEN] = COLUMN("frozen", BOOL, "in the permanent generation, which "
					       "gc.get_objects() leaves out"),
	[LIST_FORM] = { .name = "form", .type = VALUE_UINT, .hidden = true },
};

void put_csv_name(struct text *out, const struct value *name)
{
	const char *at = name->s.bytes, *end = at + name->s.len;
	bool quoted = memchr(at, ',', name->s.len) || memchr(at, '"', name->s.len);
	if (quoted)
		text_put(out, "\"", 1);
	while (at < end) {
		const char *quote = memchr(at, '"', (size_t)(end - at));
		text_escaped(out, at, (size_t)((quote ? quote : end) - at));
		if (quote)
			text_put(out, "\"\"", 2);
		at = quote ? quote + 1 : end;
	}
	if (quoted)
		text_put(out, "\"", 1);
}

static void list_csv(struct text *out, const struct value *values)
{
	if (values[LIST_FORM].u == FORM_CSV_FIRST)
		text_printf(out, "address,type,bytes,gc_tracked,frozen\n");
	text_printf(out, "0x%" PRIx64 ",", values[LIST_ADDRESS].u);
	put_csv_name(out, &values[LIST_TYPE]);
	text_printf(out, ",%" PRIu64 ",%d,%d\n", values[LIST_BYTES].u, values[LIST_TRACKED].b,
		    values[LIST_FROZEN].b);
}

static void list_text(struct text *out, const struct value *values)
{
	if (values[LIST_FORM].u != FORM_TABLE) {
		list_csv(out, values);
		return;
	}
	text_printf(out, "%#18" PRIx64 "%10" PRIu64 " ", values[LIST_ADDRESS].u,
		    values[LIST_BYTES].u);
	text_value(out, &list_columns[LIST_TYPE], &values[LIST_TYPE]);
	text_put(out, "\n", 1);
}

const struct record heap_list_record = {
	.name = "objects",
	.list = true,
	.doc = "with --list: the objects, in the order of their addresses",
	COLUMNS(list_columns),
	.text = list_text,
};

static bool report_object(struct runtime *rt, const struct heap_object *o, unsigned form,
			  struct report *report)
{
	uint64_t size = 0;
	object_size(rt, &o->object, &size);
	const struct value values[LIST_COLUMNS] = {
		[LIST_ADDRESS] = value_uint(o->object.at),
		[LIST_TYPE] = value_str(o->object.type->full_name),
		[LIST_BYTES] = value_uint(size),
		[LIST_TRACKED] = value_bool(o->tracked),
		[LIST_FROZEN] = value_bool(o->frozen),
		[LIST_FORM] = value_uint(form),
	};
	return report_row(report, &heap_list_record, values);
}

struct error *heap_list(struct runtime *rt, struct pyheap *heap, const char *glob, uint64_t limit,
			bool csv, struct report *report)
{
	_cleanup_(owned_heap_iter_free) struct heap_iter *it =
		heap_objects(heap, 0, pyheap_parts(heap));
	struct map wanted = MAP_INIT; /* struct pytype -> 1: matches; 2: does not */
	struct heap_object o;
	bool ok = it != NULL;
	for (uint64_t n = 0; ok && n < limit && heap_next(it, &o);) {
		uint64_t *slot = map_insert(&wanted, (uintptr_t)o.object.type, NULL);
		ok = slot != NULL;
		if (ok && !*slot)
			*slot = !glob || fnmatch(glob, o.object.type->full_name, 0) == 0 ? 1 : 2;
		if (!ok || *slot != 1)
			continue;
		unsigned form = !csv ? FORM_TABLE : n ? FORM_CSV : FORM_CSV_FIRST;
		n++;
		if (!report_object(rt, &o, form, report))
			break;
	}
	map_release(&wanted);
	return ok ? NULL : error_nomem();
}
