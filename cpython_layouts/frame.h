/* Python frames of a thread, innermost first, in all three designs.
 *
 *	FRAMES_OBJECTS  tstate->frame -> PyFrameObject -f_back-> ...
 *	FRAMES_CFRAME   tstate->cframe->current_frame -> _PyInterpreterFrame -previous-> ...
 *	FRAMES_DIRECT   tstate->current_frame         -> _PyInterpreterFrame -previous-> ...
 *
 * Shims, C-owned and incomplete frames are passed over, as Python's own traceback does. */
#ifndef CPYTHON_LAYOUTS_FRAME_H
#define CPYTHON_LAYOUTS_FRAME_H

#include "cpython_layouts/code.h"

struct frame {
	addr_t at;
	const struct code *code;	/* never NULL */
	int64_t lasti;			/* bytes into the code; -1: not started */
	struct position position;	/* line 0: none */
	bool position_lost;		/* because the line table cannot be read */
	addr_t locals_at;		/* localsplus */
	addr_t globals, f_locals;	/* f_locals: a module's or class body's namespace; or 0 */
	addr_t function;		/* 3.11+; 0 */
	bool is_entry;			/* a C call entered the eval loop here (3.11: is_entry;
					 * up to 3.10 always; 3.12+: a shim is next older) */
	bool is_generator;		/* owned by a generator or coroutine */
	uint32_t activation;		/* frames of the same number run in one C call of the
					 * evaluation loop; 0: the innermost call */
};

/* What the C calls of the evaluation loop keep on the C stack, innermost first, so that they are
 * told from other C frames without any symbol: item n lies in the C frame that runs activation n.
 *	3.10, 3.11  a CFrame each, linked from tstate->cframe
 *	3.12+       the shim frame below the Python frames that it runs
 * Empty for 2.7 to 3.9, which keep nothing there. The last may lie elsewhere (the thread's own). */
struct activations {
	VEC(addr_t) list;
};

struct frame_iter {
	struct runtime *rt;
	struct chain chain;
	size_t skipped;			/* shims and incomplete frames */
	size_t broken;			/* frames whose code object could not be read */
	addr_t tstate, stack_frame;	/* the last one met that lies on the data stack */
	unsigned gaps;			/* lost links (C stack), after which the data stack
					 * (datastack.h) told how to go on: generators that were
					 * running there are missing */
	addr_t gap_at;			/* the first of them */
	uint32_t activation;		/* of the next frame */
	struct activations *activations;	/* NULL: not wanted */
};

/* Fills a native frame from the frame at addr. false: not readable, or (*is_shim) not to be
 * shown. */
bool frame_load(struct runtime *rt, addr_t addr, struct frame *ret, addr_t *ret_previous,
		bool *is_shim);

struct frame_iter frames_of(struct runtime *rt, const struct pythread *thread);
/* Innermost first. A frame that cannot be decoded though its `previous` can is passed over and
 * counted in it->broken; where the way to the next is lost, it is looked for on the data stack and
 * counted in it->gaps. false: the end; it->chain.end says which. */
bool frame_next(struct frame_iter *it, struct frame *ret);

/* Fill ret (emptied first) while the frames are walked; to be called before the first frame_next().
 * false: out of memory. */
bool frame_activations(struct frame_iter *it, struct activations *ret);
void activations_release(struct activations *a);

/* A local variable's value. */
struct local {
	const char *name;
	enum variable_kind kind;
	addr_t value;			/* 0: unbound (deleted, or not yet assigned); of a cell its
					 * content */
	bool is_int;			/* a tagged int (3.14+): value is the number itself */
	bool from_namespace;		/* from f_locals: module or class body */
};
struct local_iter {
	struct runtime *rt;
	const struct frame *frame;
	size_t index;
	struct dict_iter names;
	bool in_names;
	bool has_namespace;		/* a module or class body */
};
/* In source order: arguments, locals, cells, free variables; for module and class bodies what
 * f_locals holds. Unbound ones are passed over. */
struct local_iter locals_of(struct runtime *rt, const struct frame *frame);
bool local_next(struct local_iter *it, struct local *ret);

#endif
