/* The data stack of a thread (3.11+): where the frames of its functions lie, oldest first, each as
 * long as its code needs. Generators' frames are in their generators, and what enters the
 * interpreter from C may have a frame on the C stack.
 *
 *	datastack_chunk -> [ previous | size | top | frame frame frame ... ] datastack_top
 *	                      '-> [ previous 0 | size | top | (word) frame frame ... ] data[top]
 *
 * Python/pystate.c, push_chunk() and _PyThreadState_PopFrame(); the length of a frame:
 * co_nlocalsplus + co_stacksize + FRAME_SPECIALS_SIZE words (Include/internal/pycore_frame.h, 3.11;
 * co_framesize since 3.12). */
#ifndef CPYTHON_LAYOUTS_DATASTACK_H
#define CPYTHON_LAYOUTS_DATASTACK_H

#include "cpython_layouts/runtime.h"

/* The next older frame than the one at `before`, or the newest one where `before` is 0; *ret 0: there
 * is none. false: that cannot be told, as some of the stack is lost. Costs a walk over the stack:
 * for where the frames' own chain is lost. */
bool datastack_frame_before(struct runtime *rt, addr_t tstate, addr_t before, addr_t *ret);

/* Does that address lie in the data stack of this thread? */
bool datastack_holds(struct runtime *rt, addr_t tstate, addr_t addr);

#endif
