/* The Python in the process: which version, where its roots are, how sure we are.
 *
 *	_PyRuntime.interpreters.head -> PyInterpreterState -> next ...
 *	                                  threads.head -> PyThreadState -> next ...
 *
 * (2.7 and 3.6 have no _PyRuntime but a static interp_head.) */
#ifndef CPYTHON_LAYOUTS_RUNTIME_H
#define CPYTHON_LAYOUTS_RUNTIME_H

#include <pthread.h>
#include "core/target.h"
#include "cpython_layouts/chain.h"
#include "cpython_layouts/layout.h"
#include "symbols/symbols.h"

enum runtime_evidence {
	FOUND_BY_SYMBOL,	/* _PyRuntime, interp_head in .dynsym, .symtab or a debug file */
	FOUND_BY_CODE,		/* PyInterpreterState_Head()'s instructions name interp_head */
	FOUND_BY_SECTION,	/* .PyRuntime */
	FOUND_BY_COOKIE,	/* _Py_DebugOffsets' "xdebugpy" in writable memory */
	FOUND_BY_SEARCH,	/* a scan of writable memory, proved by the layout's truths */
};

struct types;		/* the cache of types, cpython_layouts/type.c */
struct codes;		/* the cache of code objects, cpython_layouts/code.c */
struct edge_plans;	/* how types refer to others, cpython_layouts/edges.h */
struct threads;		/* OS threads by pthread and LWP, names: cpython_layouts/threads.c */

struct runtime {
	struct target *target;
	struct symbols *symbols;	/* borrowed */
	struct layout layout;
	addr_t address;			/* of _PyRuntime; 0 before 3.7 */
	addr_t interpreters;		/* the first PyInterpreterState */
	addr_t type_type;		/* &PyType_Type, proved: its type is itself */
	addr_t none;			/* &_Py_NoneStruct; 0: not found */
	/* 2.7 and 3.6, which keep them in static variables; 0: not found */
	addr_t current_at;		/* &_PyThreadState_Current */
	addr_t collecting_at;		/* gcmodule.c's collecting */
	addr_t finalizing_at;		/* &_Py_Finalizing (3.6) */
	const struct module *module;	/* python or libpython; NULL: in no module */
	enum runtime_evidence evidence;
	const char *version_text;	/* sys.version's first line, or NULL; the target's arena */
	const char *version_evidence;	/* "the debug offsets' version", "Py_Version", ... */
	unsigned proofs, proofs_failed;	/* of the layout, see layout's truths in locate.c */
	uint32_t datastack_steps;	/* taken so far; datastack.c bounds them */
	bool finalizing;		/* Py_Finalize had begun */
	addr_t gil_holder;		/* main interpreter's; a PyThreadState; 0: nobody or unknown */
	struct types *types;
	struct codes *codes;		/* runtime_free() calls codes_free() */
	struct threads *threads;
	struct edge_plans *edge_plans;
	const struct redaction *redaction;	/* what values may not show; NULL: they may show all.
						 * Borrowed */
	struct arena arena;
	pthread_mutex_t lock;		/* over these caches, while shared */
	bool shared;
};

/* ERROR_UNSUPPORTED with one line that says why and what to do: no Python in it (names the
 * program), PyPy, an unknown version whose debug offsets do not suffice, 32-bit. */
struct error *runtime_locate(struct target *target, struct symbols *symbols, struct runtime **ret) _must_check_;
void runtime_free(struct runtime *rt);
OWNED(struct runtime, runtime_free);

/* While it is shared several threads may load objects, types, code and edges at once: what is cached
 * is then cached under a lock, that is, only where a type or a code object is new to a thread. All
 * other readers of the runtime are for one thread. Who starts threads shares it before and takes it
 * back after. */
void runtime_share(struct runtime *rt, bool on);

static inline void runtime_lock(struct runtime *rt)
{
	if (rt->shared)
		pthread_mutex_lock(&rt->lock);
}

static inline void runtime_unlock(struct runtime *rt)
{
	if (rt->shared)
		pthread_mutex_unlock(&rt->lock);
}

/* Drop what was cached, because the layout changes. */
void runtime_forget(struct runtime *rt);
/* One member of a struct that is too big to be asked for whole: a PyInterpreterState is up to
 * 400 KB, and no more of it shall be looked at (nor kept by slim) than is used. false: this build
 * has no such member, or it cannot be read. */
bool runtime_field(struct runtime *rt, addr_t at, enum field f, uint64_t *ret);
#define READ(rt, at, S, m, ret) runtime_field(rt, at, FIELD_##S##_##m, ret)

struct interpreter {
	addr_t at;
	int64_t id;		/* 0: the main interpreter */
	addr_t threads_head, modules, sysdict, builtins;
	addr_t gil_holder;	/* PyThreadState that holds this interpreter's GIL; 0: nobody */
	addr_t gc;		/* its _gc_runtime_state; 0: runtime-wide or static */
	bool gc_collecting;	/* a collection is running */
};

struct interpreter_iter {
	struct runtime *rt;
	struct chain chain;
};
struct interpreter_iter interpreters(struct runtime *rt);
/* false: no more; then it->chain.end says why. */
bool interpreter_next(struct interpreter_iter *it, struct interpreter *ret);

enum gil_state { GIL_UNKNOWN, GIL_HOLDS, GIL_WAITS, GIL_RELEASED };

struct pythread {
	addr_t at;			/* the PyThreadState */
	struct interpreter interp;
	uint64_t pthread;		/* thread_id: pthread_self() */
	uint64_t tid;			/* LWP; 0: unknown */
	const struct os_thread *os;	/* NULL: no such thread in the core */
	bool is_main;			/* the interpreter's main thread */
	bool crashed, holds_gil, gc_collecting;
	enum gil_state gil;
	int attached;			/* free-threaded: PyThreadState.state; -1: not known */
	addr_t current_exception;	/* being raised now; 0: none */
	addr_t current_type;		/* its type object (up to 3.11, where it may not be an instance
					 * yet but its argument, or the type alone); 0: the object's own */
	addr_t handled_exception;	/* innermost except block's value (2.7-3.10: value or type); 0 */
	addr_t handled_type;		/* its type object; 0: none */
	uint64_t id;			/* PyThreadState.id; 0 when there is none */
};

struct pythread_iter {
	struct runtime *rt;
	struct interpreter interp;
	struct chain chain;
};
struct pythread_iter pythreads(struct runtime *rt, const struct interpreter *interp);
bool pythread_next(struct pythread_iter *it, struct pythread *ret);

/* What `threading` says of a thread. false: it has no entry (started by C, or threading was not
 * imported). name is appended as UTF-8; *daemon -1: unknown. */
struct str;
bool pythread_name(struct runtime *rt, const struct pythread *thread, struct str *name, int *daemon);

#endif
