/* The parts of `pycore heap` besides the census, each with its record. */
#ifndef ANALYZERS_HEAP_REPORTS_H
#define ANALYZERS_HEAP_REPORTS_H

#include "analyzers/session.h"
#include "core/budget.h"
#include "cpython_layouts/heap.h"

/* --overview: where the memory went; rows: of each group, in text. */
extern const struct record heap_overview_record;
struct error *heap_overview(struct session *s, struct pyheap *heap, uint64_t rows,
			    struct budget *budget, struct report *report) _must_check_;

/* --pinned: what keeps nearly empty arenas and segments alive; rows: of types and of arenas. */
extern const struct record heap_pinned_record;
struct error *heap_pinned(struct session *s, struct pyheap *heap, uint64_t rows,
			  struct report *report) _must_check_;

#endif
