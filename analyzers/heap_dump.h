/* Every object and its references as meliae's dump has them: a line of JSON each, which meliae's
 * loader.load() reads, with simplejson or without.
 *
 *	{"address": 140, "type": "dict", "size": 232, "len": 1, "refs": [150, 160]}
 *	         modules, functions, types: "name"; text, numbers, frames: "value"
 *
 * Keys, their order, spacing and escapes are those of meliae 0.5.1 (meliae/_scanner_core.c), and so
 * are references: what tp_traverse visits. Other than there:
 *
 *   - before each value that is visited its key is written, which meliae's refs_as_dict() counts on
 *     (CPython 3.3+ visits no keys that are str); an instance whose attributes are not in a dict yet
 *     (3.11+) has the same pairs and then its type, which is what meliae's loader makes of an
 *     instance and its dict,
 *   - items of lists and tuples run forwards, and the type of an instance comes last,
 *   - "size" is what sys.getsizeof() says, and "type" is module.qualname but for builtins, as in
 *     heap --summarize,
 *   - names have a "?" where meliae's loader cannot read what its scanner writes (it refuses
 *     backslashes), and so has text of classes derived from str beyond latin-1.
 *
 * Each address that is referred to has a line: what is no object, or cannot be read, is of type
 * "<unknown>" and size 0. The lines are in the order of addresses, those of what lies outside of
 * the heap behind them. Memory: 2 to 3 bytes an object,
 * and 40 for each address outside of the heap. */
#ifndef ANALYZERS_HEAP_DUMP_H
#define ANALYZERS_HEAP_DUMP_H

#include "core/files.h"
#include "cpython_layouts/heap.h"
#include "report/record.h"

struct heap_dumped {
	uint64_t objects;	/* lines of objects of the heap */
	uint64_t others;	/* lines of what else is referred to */
	uint64_t bytes;		/* of the file */
	struct heap_skipped skipped;
};

struct heap_dump_options {
	const char *path;	/* ends in .gz or .zst: it is compressed */
	uint64_t jobs;		/* threads; 0: as many as are worth it */
	struct progress *progress;
};

/* to: open, and the caller's to commit. ERROR_UNSUPPORTED: it cannot be written. */
struct error *heap_dump(struct runtime *rt, struct pyheap *heap, const struct new_file *to,
			const struct heap_dump_options *options,
			struct heap_dumped *ret) _must_check_;

extern const struct record heap_dump_record;
bool report_dump(struct report *report, const char *path, const struct heap_dumped *dumped);

#endif
