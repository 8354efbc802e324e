#include "analyzers/ranges.h"

#include "core/checked.h"

bool ranges_want(struct ranges *r, addr_t start, addr_t end, unsigned sort)
{
	if (end <= start)
		return true;
	struct range *place = vec_push(&r->wanted);
	if (place)
		*place = (struct range){ start, end, sort };
	return place;
}

static int compare_ranges(const void *a, const void *b)
{
	const struct range *x = a, *y = b;
	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->sort < y->sort ? -1 : x->sort > y->sort;
}

/* The pieces of one range that no sure one has, among the first `known`; *next: where to look. */
static bool add_pieces(struct ranges *r, struct range wanted, size_t known, size_t *next)
{
	while (*next < known && r->sure.items[*next].end <= wanted.start)
		++*next;
	for (size_t i = *next; wanted.start < wanted.end; i++) {
		addr_t limit = i < known ? r->sure.items[i].start : UINT64_MAX;
		addr_t behind = i < known ? r->sure.items[i].end : UINT64_MAX;
		if (wanted.start < limit) {
			struct range *piece = vec_push(&r->sure);
			if (!piece)
				return false;
			*piece = wanted;
			piece->end = MIN(wanted.end, limit);
		}
		wanted.start = MAX(wanted.start, behind);
	}
	return true;
}

bool ranges_settle(struct ranges *r)
{
	size_t known = r->sure.len, next = 0;
	addr_t reached = 0;
	vec_sort(&r->wanted, compare_ranges);
	for (size_t i = 0; i < r->wanted.len; i++) {
		struct range wanted = r->wanted.items[i];
		wanted.start = MAX(wanted.start, reached);
		reached = MAX(reached, wanted.end);
		if (!add_pieces(r, wanted, known, &next))
			return false;
	}
	r->wanted.len = 0;
	vec_sort(&r->sure, compare_ranges);
	return true;
}

const struct range *ranges_at(const struct ranges *r, addr_t at)
{
	size_t low = 0, high = r->sure.len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (r->sure.items[middle].end <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low < r->sure.len && at >= r->sure.items[low].start ? &r->sure.items[low] : NULL;
}

void ranges_release(struct ranges *r)
{
	vec_release(&r->sure);
	vec_release(&r->wanted);
}
