/* heap --list: objects by address, to go on with. */
#ifndef ANALYZERS_HEAP_LIST_H
#define ANALYZERS_HEAP_LIST_H

#include "analyzers/analyzer.h"
#include "core/error.h"
#include "cpython_layouts/heap.h"

extern const struct record heap_list_record;

/* In address order; glob NULL: of all types. csv: as text, lines of comma-separated values. */
struct error *heap_list(struct runtime *rt, struct pyheap *heap, const char *glob, uint64_t limit,
			bool csv, struct report *report) _must_check_;

/* A name as a value of a CSV line (RFC 4180), escaped for the terminal like all text. */
struct text;
void put_csv_name(struct text *out, const struct value *name);

#endif
