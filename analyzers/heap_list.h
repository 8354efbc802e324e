/* heap --list: objects by address, to go on with. */
#ifndef ANALYZERS_HEAP_LIST_H
#define ANALYZERS_HEAP_LIST_H

#include "analyzers/analyzer.h"
#include "core/error.h"
#include "cpython_layouts/heap.h"

extern const struct record heap_list_record;

/* In address order; glob NULL: of all types. */
struct error *heap_list(struct runtime *rt, struct pyheap *heap, const char *glob, uint64_t limit,
			struct report *report) _must_check_;

#endif
