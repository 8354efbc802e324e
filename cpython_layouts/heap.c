/* Loading the heap: its parts, from all allocators, in address order. */
#include "cpython_layouts/heap.h"
#include "core/checked.h"
#include "cpython_layouts/heap_parts.h"

bool heap_add_part(struct pyheap *heap, const struct heap_part *part)
{
	struct heap_part *added = vec_push(&heap->parts);
	if (!added)
		return false;
	*added = *part;
	heap->accounts[part->source].parts++;
	return true;
}

static int compare_parts(const void *a, const void *b)
{
	const struct heap_part *x = a, *y = b;
	return x->start < y->start ? -1 : x->start > y->start;
}

/* What two sources claim (a hostile core, arenas that malloc gave) belongs to the one that comes
 * first; the other loses all of it. */
void heap_sort_parts(struct pyheap *heap)
{
	size_t kept = 0;
	vec_sort(&heap->parts, compare_parts);
	for (size_t i = 0; i < heap->parts.len; i++) {
		const struct heap_part part = heap->parts.items[i];
		if (kept && part.start < heap->parts.items[kept - 1].end)
			continue;
		heap->parts.items[kept++] = part;
	}
	heap->parts.len = heap->sorted = kept;
}

bool heap_region_next(struct heap_region_iter *it, struct heap_region *ret)
{
	const struct target *t = it->target;
	const struct extent *e = t->memory.extents.items;
	size_t count = t->memory.extents.len;
	for (; it->next < count; it->next++) {
		const struct module *module = target_module_at(t, e[it->next].start);
		addr_t start = module ? MAX(e[it->next].start, module->end) : e[it->next].start;
		if (!(e[it->next].flags & EXTENT_WRITE) || start >= e[it->next].end)
			continue;
		*ret = (struct heap_region){ start, e[it->next].end, module != NULL };
		for (it->next++; it->next < count; it->next++) {
			const struct extent *next = &e[it->next];
			if (next->start != ret->end || !(next->flags & EXTENT_WRITE) ||
			    target_module_at(t, next->start))
				break;
			ret->end = next->end;
		}
		return true;
	}
	return false;
}

bool heap_is_wanted(const struct pyheap *heap, addr_t start, addr_t end)
{
	bool found = !heap->near;
	for (size_t i = 0; i < heap->near_count && !found; i++)
		found = heap->near[i] >= start && heap->near[i] < end;
	return found;
}

/* Where an object may begin in its block: at once, behind the collector's head, behind that and the
 * words for the managed dict and weak references. */
static void find_places(struct pyheap *heap)
{
	const struct layout *l = &heap->rt->layout;
	heap->gc_head = l->version.free_threaded ? 0 : SIZEOF(l, PyGC_Head);
	heap->places[heap->place_count++] = 0;
	if (heap->gc_head)
		heap->places[heap->place_count++] = heap->gc_head;
	if (l->dialect.attributes >= ATTRIBUTES_MANAGED_311)
		heap->places[heap->place_count++] = heap->gc_head + 2 * l->machine->word;
}

struct error *pyheap_load(struct runtime *rt, const struct pyheap_options *options,
			  struct pyheap **ret)
{
	_cleanup_(owned_pyheap_free) struct pyheap *heap = calloc(1, sizeof(*heap));
	if (!heap)
		return error_nomem();
	heap->rt = rt;
	heap->progress = options ? options->progress : NULL;
	heap->near = options ? options->near : NULL;
	heap->near_count = options && options->near ? options->near_count : 0;
	find_places(heap);
	if (!heap_find_pools(heap) || !heap_find_pages(heap) || !heap_find_static(heap))
		return error_nomem();
	heap_sort_parts(heap);
	if (!heap_search_pools(heap))
		return error_nomem();
	heap_sort_parts(heap);
	if (!heap_find_chunks(heap))
		return error_nomem();
	heap_sort_parts(heap);
	if (!heap->near && !heap_find_listed(heap))
		return error_nomem();
	heap_sort_parts(heap);
	if (!heap->near && !heap_find_frozen(heap))
		return error_nomem();
	*ret = take(heap);
	return NULL;
}

void pyheap_free(struct pyheap *heap)
{
	if (!heap)
		return;
	struct heap_part *part;
	vec_each(part, &heap->parts)
		free(part->frozen);
	vec_release(&heap->parts);
	map_release(&heap->frozen);
	heap_iter_free(heap->finder);
	vec_release(&heap->listed);
	vec_release(&heap->arenas);
	free(heap);
}

const struct heap_account *pyheap_account(const struct pyheap *heap, enum heap_source source)
{
	return &heap->accounts[source];
}
