/* Work on several processors: the same function in some threads, each with an item of its own.
 *
 *	struct worker workers[n] = ...;
 *	jobs_run(n, work, workers, sizeof(workers[0]));
 *
 * Who deals work out does it with an atomic counter that the workers share, so that it does not
 * matter how many there are. */
#ifndef CORE_JOBS_H
#define CORE_JOBS_H

#include <stddef.h>
#include <stdint.h>

enum { JOBS_MAX = 64 };

/* How many threads that much work is worth: asked for, else one for each processor that this
 * process may use, but not more than bytes / each + 1. */
unsigned jobs_for(uint64_t asked, uint64_t bytes, uint64_t each);

/* Calls run(items + i * size) for each i below jobs, the first in the calling thread, and waits for
 * all. One for which no thread can be had is not called: the others do its work. */
void jobs_run(unsigned jobs, void *(*run)(void *item), void *items, size_t size);

#endif
