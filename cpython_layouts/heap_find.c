/* From an address to the block and the object that it lies in. One iterator is kept for it: what is
 * asked next often lies in the same pool. */
#include "core/checked.h"
#include "cpython_layouts/heap_parts.h"

static bool covers(const struct heap_iter *it, addr_t addr)
{
	const struct heap_unit *unit = &it->unit;
	uint64_t each = unit->block_size ? unit->block_size : unit->seen;
	/* of a static type more is made sure of than it has */
	if (it->now->source == HEAP_STATIC)
		each = it->cursor - unit->at;
	return unit->count && addr >= unit->at && addr - unit->at < unit->count * each;
}

/* Step to the unit that covers addr; false: it lies between units. */
static bool seek(struct heap_iter *it, const struct heap_part *part, addr_t addr)
{
	struct pyheap *heap = it->recognizer.heap;
	if (it->now == part && covers(it, addr))
		return true;
	it->now = part;
	it->cursor = part->start;
	it->unit.count = 0;
	if (part->source == HEAP_POOL)
		it->cursor += (addr - part->start) / heap->pool_size * heap->pool_size;
	for (;;) {
		enum heap_step step = heap_next_unit(it);
		if (step == STEP_END)
			return false;
		if (step == STEP_UNIT && covers(it, addr))
			return true;
		bool ordered = part->source != HEAP_PAGE;
		if (ordered && ((step == STEP_UNIT && it->unit.at > addr) ||
				(part->source == HEAP_POOL && it->cursor > addr)))
			return false;
	}
}

enum heap_place pyheap_find(struct pyheap *heap, addr_t addr, struct heap_object *ret)
{
	const struct heap_part *part = heap_part_at(heap, addr);
	bool has_blocks = part && part->source != HEAP_STATIC && part->source != HEAP_LISTED;
	*ret = (struct heap_object){ 0 };
	if (!part)
		return HEAP_NOWHERE;
	if (!heap->finder && !(heap->finder = heap_objects(heap, 0, 0)))
		return HEAP_NOWHERE;
	struct heap_iter *it = heap->finder;
	it->all = true;
	if (!seek(it, part, addr)) {
		it->unit.count = 0;
		return has_blocks ? HEAP_FREE : HEAP_NOWHERE;
	}
	size_t index = has_blocks ? (addr - it->unit.at) / it->unit.block_size : 0;
	enum heap_place place = heap_object_in(it, index, ret) ? HEAP_OBJECT : HEAP_BLOCK;
	if (!has_blocks)
		return place == HEAP_OBJECT ? place : HEAP_NOWHERE;
	ret->source = part->source;
	ret->block = it->unit.at + index * it->unit.block_size;
	ret->block_size = it->unit.block_size;
	return it->unit.any_free && heap_is_free(it, index) ? HEAP_FREE : place;
}

bool pyheap_object_at(struct pyheap *heap, addr_t addr, struct heap_object *ret)
{
	return addr % heap->rt->layout.machine->word == 0 &&
	       pyheap_find(heap, addr, ret) == HEAP_OBJECT && ret->object.at == addr;
}

bool pyheap_where(const struct pyheap *heap, addr_t addr, struct heap_where *ret)
{
	const struct heap_part *part = heap_part_at(heap, addr);
	if (!part)
		return false;
	*ret = (struct heap_where){ part->source, part->start, part->end, 0 };
	if (part->source == HEAP_POOL)
		ret->pool = addr - (addr - part->start) % heap->pool_size;
	return true;
}
