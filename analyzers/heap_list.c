#include "analyzers/heap_list.h"

#include <fnmatch.h>
#include "core/map.h"
#include "cpython_layouts/sizes.h"
#include "report/text.h"

enum column_of_list {
	LIST_ADDRESS,
	LIST_TYPE,
	LIST_BYTES,
	LIST_TRACKED,
	LIST_FROZEN,
	LIST_COLUMNS
};

static const struct column list_columns[] = {
	[LIST_ADDRESS] = COLUMN("address", ADDRESS, "id() of the object"),
	[LIST_TYPE] = COLUMN("type", STRING, "plain for builtins, module.qualname else"),
	[LIST_BYTES] = COLUMN("bytes", UINT, "what sys.getsizeof() would say"),
	[LIST_TRACKED] = COLUMN("gc_tracked", BOOL, "gc.is_tracked()"),
	[LIST_FROZEN] = COLUMN("frozen", BOOL,
			       "in the permanent generation, which gc.get_objects() "
			       "leaves out"),
};

static void list_text(struct text *out, const struct value *values)
{
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

static bool report_object(struct runtime *rt, const struct heap_object *o, struct report *report)
{
	uint64_t size = 0;
	object_size(rt, &o->object, &size);
	const struct value values[LIST_COLUMNS] = {
		[LIST_ADDRESS] = value_uint(o->object.at),
		[LIST_TYPE] = value_str(o->object.type->full_name),
		[LIST_BYTES] = value_uint(size),
		[LIST_TRACKED] = value_bool(o->tracked),
		[LIST_FROZEN] = value_bool(o->frozen),
	};
	return report_row(report, &heap_list_record, values);
}

struct error *heap_list(struct runtime *rt, struct pyheap *heap, const char *glob, uint64_t limit,
			struct report *report)
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
		if (ok && *slot == 1 && (n++, !report_object(rt, &o, report)))
			break;
	}
	map_release(&wanted);
	return ok ? NULL : error_nomem();
}
