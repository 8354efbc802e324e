/* See the header. Over the units that heap_walk.c goes over too; here what is between them counts as
 * well. */
#include "cpython_layouts/heap_blocks.h"

#include <stdlib.h>
#include "core/checked.h"
#include "cpython_layouts/heap_parts.h"

struct heap_blocks {
	struct heap_iter *it;
	struct heap_block behind; /* of the unit, to be given after it; size 0: nothing */
};

struct heap_stretch pyheap_part(const struct pyheap *heap, size_t part)
{
	static const uint8_t kinds[] = {
		[HEAP_POOL] = HEAP_KIND_POOLS,
		[HEAP_PAGE] = HEAP_KIND_PAGES,
		[HEAP_STATIC] = HEAP_KIND_STATIC,
		[HEAP_LISTED] = HEAP_KIND_LISTED,
	};
	static const uint8_t chunks[] = {
		[CHUNKS_BRK] = HEAP_KIND_BRK,
		[CHUNKS_THREAD] = HEAP_KIND_THREADS,
		[CHUNKS_MAPPED] = HEAP_KIND_MAPPED,
	};
	const struct heap_part *p = &heap->parts.items[part];
	return (struct heap_stretch){ p->start, p->end,
				      p->source == HEAP_CHUNK ? chunks[p->sort]
							      : kinds[p->source] };
}

size_t pyheap_arenas(const struct pyheap *heap, const struct heap_arena **ret)
{
	*ret = heap->arenas.items;
	return heap->arenas.len;
}

struct heap_blocks *heap_blocks_of(struct pyheap *heap)
{
	struct heap_blocks *b = calloc(1, sizeof(*b));
	if (!b)
		return NULL;
	b->it = heap_objects(heap, 0, 0);
	if (!b->it) {
		free(b);
		return NULL;
	}
	return b;
}

void heap_blocks_free(struct heap_blocks *b)
{
	if (!b)
		return;
	heap_iter_free(b->it);
	free(b);
}

void heap_blocks_move(struct heap_blocks *b, size_t part)
{
	struct heap_iter *it = b->it;
	heap_iter_move(it, part, part + 1);
	it->now = &it->recognizer.heap->parts.items[part];
	it->cursor = it->now->start;
	it->part = it->last;
	/* a pool all of which is free is one block */
	it->all = it->now->source != HEAP_POOL;
	b->behind.size = 0;
}

/* What the step passed over: [from, cursor) in pools and chunks. */
static bool passed_over(struct heap_blocks *b, addr_t from, const struct heap_skipped *before,
			struct heap_block *ret)
{
	struct heap_iter *it = b->it;
	uint64_t lost = it->skipped.lost - before->lost;
	uint64_t damaged = it->skipped.damaged - before->damaged;
	addr_t end = MIN(it->cursor, it->now->end);
	bool is_page = it->now->source == HEAP_PAGE;
	*ret = (struct heap_block){ .at = from };
	if (it->now->source == HEAP_STATIC || it->now->source == HEAP_LISTED)
		return false;
	if (lost || damaged) {
		ret->state = lost ? BLOCK_LOST : BLOCK_DAMAGED;
		ret->size = lost ? lost : damaged;
	} else if (is_page && from != it->now->start && it->cursor > from) {
		/* of a segment the cursor counts slices */
		ret->at = it->now->start + from * HEAP_SLICE;
		ret->size = (it->cursor - from) * HEAP_SLICE;
		ret->state = BLOCK_EMPTY;
	} else if (!is_page && end > from) {
		ret->state = it->now->source == HEAP_POOL ? BLOCK_EMPTY : BLOCK_FREE;
		ret->size = end - from;
	}
	return ret->size;
}

/* Blocks of a pool that were never used. */
static void see_behind(struct heap_blocks *b)
{
	struct heap_iter *it = b->it;
	const struct heap_unit *unit = &it->unit;
	b->behind.size = 0;
	if (it->now->source != HEAP_POOL)
		return;
	addr_t used_end = unit->at + unit->count * unit->block_size;
	if (it->cursor <= used_end)
		return;
	b->behind = (struct heap_block){
		.at = used_end,
		.size = (it->cursor - used_end) / unit->block_size * unit->block_size,
		.state = BLOCK_FREE,
	};
}

static void block_at(struct heap_blocks *b, size_t index, struct heap_block *ret)
{
	struct heap_iter *it = b->it;
	const struct heap_unit *unit = &it->unit;
	bool has_blocks = it->now->source != HEAP_STATIC && it->now->source != HEAP_LISTED;
	ret->at = unit->at + index * unit->block_size;
	ret->size = has_blocks ? unit->block_size : unit->seen;
	ret->state = BLOCK_USED;
	if (unit->any_free && heap_is_free(it, index))
		ret->state = BLOCK_FREE;
	else if (heap_object_in(it, index, &ret->object))
		ret->state = BLOCK_OBJECT;
}

bool heap_blocks_next(struct heap_blocks *b, struct heap_block *ret)
{
	struct heap_iter *it = b->it;
	for (;;) {
		if (it->index < it->unit.count) {
			block_at(b, it->index++, ret);
			return true;
		}
		if (b->behind.size) {
			*ret = b->behind;
			b->behind.size = 0;
			return true;
		}
		addr_t from = it->cursor;
		struct heap_skipped before = it->skipped;
		enum heap_step step = heap_next_unit(it);
		if (step == STEP_UNIT) {
			see_behind(b);
			continue;
		}
		it->unit.count = it->index = 0;
		if (passed_over(b, from, &before, ret)) {
			if (step == STEP_END)
				it->cursor = it->now->end;
			return true;
		}
		if (step == STEP_END)
			return false;
	}
}
