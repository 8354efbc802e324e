#include "cpython_layouts/runtime.h"
#include "core/checked.h"

#include "cpython_layouts/code.h"
#include "cpython_layouts/edges.h"
#include "cpython_layouts/object.h"
#include "cpython_layouts/threads.h"

enum { INTERPRETERS_MAX = 10000, STATES_MAX = 100000, EXCEPTIONS_MAX = 10000 };

void runtime_forget(struct runtime *rt)
{
	types_free(take(rt->types));
	codes_free(take(rt->codes));
	threads_free(take(rt->threads));
	edge_plans_free(take(rt->edge_plans));
	arena_release(&rt->arena);
}

void runtime_share(struct runtime *rt, bool on)
{
	pthread_mutexattr_t recursive;
	if (on) {
		/* loading a type loads its name, which is an object */
		pthread_mutexattr_init(&recursive);
		pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
		pthread_mutex_init(&rt->lock, &recursive);
		pthread_mutexattr_destroy(&recursive);
	} else if (rt->shared) {
		pthread_mutex_destroy(&rt->lock);
	}
	rt->shared = on;
}

void runtime_free(struct runtime *rt)
{
	runtime_forget(rt);
	free(rt);
}

bool runtime_field(struct runtime *rt, addr_t at, enum field f, uint64_t *ret)
{
	struct slot slot = rt->layout.slot[f];
	if (slot.source == SLOT_NONE || !at)
		return false;
	const uint8_t *p = memory_at(&rt->target->memory, at + slot.offset, slot.width);
	if (!p)
		return false;
	slot.offset = 0;
	*ret = layout_load(&rt->layout, p, &slot);
	return true;
}

/* The member, or 0 where it is absent or lost. */
static uint64_t field_or_0(struct runtime *rt, addr_t at, enum field f)
{
	uint64_t value;
	return runtime_field(rt, at, f, &value) ? value : 0;
}
#define READ_OR_0(rt, at, S, m) field_or_0(rt, at, FIELD_##S##_##m)

/* --- interpreters ---------------------------------------------------------------------------- */

struct interpreter_iter interpreters(struct runtime *rt)
{
	return (struct interpreter_iter){
		.rt = rt, .chain = chain_start(rt->interpreters, INTERPRETERS_MAX)
	};
}

/* Where the lock of this interpreter is: the interpreter points to it (3.12+), or it is part of
 * _PyRuntime (3.7 - 3.11). 0: a static variable, as before. */
static addr_t gil_at(struct runtime *rt, addr_t interp)
{
	const struct layout *l = &rt->layout;
	if (HAS(l, PyInterpreterState, ceval_gil))
		return READ_OR_0(rt, interp, PyInterpreterState, ceval_gil);
	return HAS(l, _PyRuntimeState, ceval_gil) && rt->address
		       ? rt->address + OFFSET(l, _PyRuntimeState, ceval_gil)
		       : 0;
}

/* Python/ceval_gil.c: locked is -1 until the lock is made, then 0 or 1; last_holder stays when the
 * lock is given up. Up to 3.11 the current thread state is cleared at the same moment. */
static addr_t gil_holder(struct runtime *rt, addr_t interp)
{
	const struct layout *l = &rt->layout;
	uint64_t locked, enabled;
	if (HAS(l, PyInterpreterState, ceval_gil)) {
		addr_t gil = gil_at(rt, interp);
		if (READ(rt, gil, _gil_runtime_state, enabled, &enabled) && !enabled)
			return 0;
		return READ(rt, gil, _gil_runtime_state, locked, &locked) && (int32_t)locked == 1
			       ? READ_OR_0(rt, gil, _gil_runtime_state, last_holder)
			       : 0;
	}
	if (HAS(l, _PyRuntimeState, tstate_current))
		return READ_OR_0(rt, rt->address, _PyRuntimeState, tstate_current);
	addr_t holder;
	return rt->current_at && target_read_word(rt->target, rt->current_at, &holder) ? holder : 0;
}

/* Whether a collection runs: gc.collecting of the interpreter (3.9+), of _PyRuntime (3.7, 3.8), or
 * the static variable. */
static bool collecting(struct runtime *rt, addr_t interp_gc)
{
	const struct layout *l = &rt->layout;
	addr_t gc = interp_gc;
	if (!gc && HAS(l, _PyRuntimeState, gc) && rt->address)
		gc = rt->address + OFFSET(l, _PyRuntimeState, gc);
	if (gc)
		return READ_OR_0(rt, gc, _gc_runtime_state, collecting) != 0;
	const uint8_t *p = rt->collecting_at ? memory_at(&rt->target->memory, rt->collecting_at, 4)
					     : NULL;
	return p && load_u32(rt->target->machine, p);
}

bool interpreter_next(struct interpreter_iter *it, struct interpreter *ret)
{
	struct runtime *rt = it->rt;
	const struct layout *l = &rt->layout;
	if (!chain_goes_on(&it->chain))
		return false;
	addr_t at = it->chain.at;
	uint64_t next, head;
	if (!READ(rt, at, PyInterpreterState, next, &next) ||
	    !READ(rt, at, PyInterpreterState, tstate_head, &head)) {
		chain_fault(&it->chain);
		return false;
	}
	*ret = (struct interpreter){
		.at = at,
		/* Before 3.7 they had no numbers; the main interpreter is the first one made and so
		 * the last one listed. */
		.id = HAS(l, PyInterpreterState, id)
			      ? (int64_t)READ_OR_0(rt, at, PyInterpreterState, id)
			      : next != 0,
		.threads_head = head,
		.modules = READ_OR_0(rt, at, PyInterpreterState, modules),
		.sysdict = READ_OR_0(rt, at, PyInterpreterState, sysdict),
		.builtins = READ_OR_0(rt, at, PyInterpreterState, builtins),
		.gil_holder = gil_holder(rt, at),
		.gc = HAS(l, PyInterpreterState, gc) ? at + OFFSET(l, PyInterpreterState, gc) : 0,
	};
	ret->gc_collecting = collecting(rt, ret->gc);
	chain_step(&it->chain, next);
	return true;
}

/* --- threads --------------------------------------------------------------------------------- */

struct pythread_iter pythreads(struct runtime *rt, const struct interpreter *interp)
{
	return (struct pythread_iter){
		.rt = rt, .interp = *interp, .chain = chain_start(interp->threads_head, STATES_MAX)
	};
}

static bool is_something(struct runtime *rt, addr_t object)
{
	return object && object != rt->none;
}

/* The exception that the innermost except block handles. From 3.7 on generators push an item of
 * their own, so the topmost one that is not empty counts (_PyErr_GetTopmostException). */
static void read_handled(struct runtime *rt, const uint8_t *p, struct pythread *ret)
{
	const struct layout *l = &rt->layout;
	addr_t type = 0, value = 0;
	if (HAS(l, PyThreadState, exc_info)) {
		struct chain items = chain_start(GET(l, p, PyThreadState, exc_info), EXCEPTIONS_MAX);
		while (chain_goes_on(&items) && !is_something(rt, type) && !is_something(rt, value)) {
			uint64_t previous;
			value = READ_OR_0(rt, items.at, _PyErr_StackItem, exc_value);
			type = READ_OR_0(rt, items.at, _PyErr_StackItem, exc_type);
			if (READ(rt, items.at, _PyErr_StackItem, previous_item, &previous))
				chain_step(&items, previous);
			else
				chain_fault(&items);
		}
	} else {
		type = GET_OR(l, p, PyThreadState, exc_type, 0);
		value = GET_OR(l, p, PyThreadState, exc_value, 0);
	}
	type = is_something(rt, type) ? type : 0;
	value = is_something(rt, value) ? value : 0;
	if (!type && value)
		type = READ_OR_0(rt, value, PyObject, ob_type);
	ret->handled_exception = value ? value : type;
	ret->handled_type = type;
}

static void read_current(struct runtime *rt, const uint8_t *p, struct pythread *ret)
{
	const struct layout *l = &rt->layout;
	addr_t value = GET_OR(l, p, PyThreadState, current_exception,
			      GET_OR(l, p, PyThreadState, curexc_value, 0));
	addr_t type = GET_OR(l, p, PyThreadState, curexc_type, 0);
	ret->current_exception = is_something(rt, value) ? value : is_something(rt, type) ? type : 0;
	ret->current_type = ret->current_exception && is_something(rt, type) ? type : 0;
}

static bool can_know_holder(struct runtime *rt, const struct interpreter *interp)
{
	const struct layout *l = &rt->layout;
	uint64_t enabled;
	if (HAS(l, PyInterpreterState, ceval_gil)) {
		addr_t gil = gil_at(rt, interp->at);
		return gil && (!READ(rt, gil, _gil_runtime_state, enabled, &enabled) || enabled);
	}
	return HAS(l, _PyRuntimeState, tstate_current) || rt->current_at;
}

/* Before 3.7 the lock was static variables, which only the symbol table names: four of 3.6's
 * Python/ceval_gil.h, and what interpreter_lock of 2.7's Python/ceval.c points to, a sem_t. */
enum { SEMAPHORE_BYTES = 32 };

static enum gil_state static_gil_state(struct runtime *rt, const struct os_thread *os)
{
	static const char *const parts[] = { "gil_cond", "gil_mutex", "switch_cond", "switch_mutex" };
	enum gil_state state = GIL_UNKNOWN;
	struct symbol symbol;
	addr_t lock;
	if (!rt->module || !os)
		return state;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (!symbols_find_in(rt->symbols, rt->module, parts[i], &symbol))
			continue;
		if (threads_waits_in(rt, os, symbol.addr, symbol.addr + symbol.size))
			return GIL_WAITS;
		state = GIL_RELEASED;
	}
	if (state == GIL_UNKNOWN &&
	    symbols_find_in(rt->symbols, rt->module, "interpreter_lock", &symbol) &&
	    target_read_word(rt->target, symbol.addr, &lock) && lock)
		state = threads_waits_in(rt, os, lock, lock + SEMAPHORE_BYTES) ? GIL_WAITS :
										 GIL_RELEASED;
	return state;
}

static enum gil_state gil_state(struct runtime *rt, const uint8_t *p, const struct pythread *thread)
{
	const struct layout *l = &rt->layout;
	if (!can_know_holder(rt, &thread->interp))
		return GIL_UNKNOWN;
	if (thread->holds_gil)
		return GIL_HOLDS;
	if (GET_OR(l, p, PyThreadState, gil_requested, 0))
		return GIL_WAITS;
	/* The condition variables that wait for it are part of the lock. */
	addr_t gil = gil_at(rt, thread->interp.at);
	if (!gil)
		return static_gil_state(rt, thread->os);
	if (thread->os &&
	    threads_waits_in(rt, thread->os, gil, gil + SIZEOF(l, _gil_runtime_state)))
		return GIL_WAITS;
	return GIL_RELEASED;
}

static bool is_main(struct runtime *rt, addr_t at, const struct pythread *thread)
{
	uint64_t main;
	if (READ(rt, thread->interp.at, PyInterpreterState, threads_main, &main) && main)
		return main == at;
	if (READ(rt, rt->address, _PyRuntimeState, main_thread, &main) && main)
		return main == thread->pthread;
	return thread->tid && (int64_t)thread->tid == rt->target->process.pid;
}

/* A collection is run by the thread that has the interpreter to itself: the holder of its GIL or,
 * in a free-threaded build, the only one still attached. */
enum { ATTACHED = 1 };

static bool collects(const struct pythread *thread)
{
	return thread->interp.gc_collecting &&
	       (thread->holds_gil ||
		(thread->gil == GIL_UNKNOWN && thread->attached == ATTACHED));
}

bool pythread_next(struct pythread_iter *it, struct pythread *ret)
{
	struct runtime *rt = it->rt;
	const struct layout *l = &rt->layout;
	if (!chain_goes_on(&it->chain))
		return false;
	addr_t at = it->chain.at;
	const uint8_t *p = memory_at(&rt->target->memory, at, SIZEOF(l, PyThreadState));
	if (!p) {
		chain_fault(&it->chain);
		return false;
	}
	uint64_t native = GET_OR(l, p, PyThreadState, native_thread_id, 0);
	*ret = (struct pythread){
		.at = at,
		.interp = it->interp,
		.pthread = GET(l, p, PyThreadState, thread_id),
		.holds_gil = it->interp.gil_holder == at,
		.attached = l->version.free_threaded ? (int)GETS_OR(l, p, PyThreadState, state, -1) : -1,
		.id = GET_OR(l, p, PyThreadState, id, 0),
	};
	ret->os = threads_os(rt, ret->pthread, native);
	ret->tid = ret->os ? ret->os->tid : native;
	ret->crashed = ret->os && ret->os->crashed && threads_has_crashed(rt, at);
	ret->is_main = is_main(rt, at, ret);
	ret->gil = gil_state(rt, p, ret);
	ret->gc_collecting = collects(ret);
	read_handled(rt, p, ret);
	read_current(rt, p, ret);
	chain_step(&it->chain, GET(l, p, PyThreadState, next));
	return true;
}
