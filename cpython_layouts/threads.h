/* Which OS thread runs a Python thread, and what `threading` calls it. runtime.c and threads.c
 * among themselves; the contract for all is runtime.h. */
#ifndef CPYTHON_LAYOUTS_THREADS_H
#define CPYTHON_LAYOUTS_THREADS_H

#include "cpython_layouts/runtime.h"

/* The OS thread whose pthread_self() is `pthread` or, where that tells nothing, whose LWP is
 * `native`; either may be 0. NULL: it is not among the core's threads. */
const struct os_thread *threads_os(struct runtime *rt, uint64_t pthread, uint64_t native);
/* Is this the thread state with which the crashed OS thread ran? Creating a subinterpreter leaves a
 * state of the same thread behind, which runs nothing. */
bool threads_has_crashed(struct runtime *rt, addr_t state);
/* Does the thread sit in a futex(2) call on a word in [start, end)? Where the kernel keeps the
 * system call's arguments in the registers, these are proof. */
bool threads_waits_in(struct runtime *rt, const struct os_thread *os, addr_t start, addr_t end);
void threads_free(struct threads *threads);	/* NULL is allowed */

#endif
