/* Where Python's references begin, and ways along them: named as Python would write them.
 *
 *	sys.modules['app'].CACHE['k'].rows[3]
 *	thread 4242.frame 0.local x.name
 *
 *	thread 4242.frame 0.stack[1]                 a value that an expression is at work with
 *	interpreter state.builtins
 *	static libpython3.11.so.1.0!_PyRuntime+0x1c8     \
 *	thread 4242.register rbx                          > found by looking at every word
 *	thread 4242.C stack+0x120                        /
 *
 * Frames are counted from the innermost, 0; a thread is named by its LWP; the C stack from the stack
 * pointer. What is found by looking at words may be stale, or a number: it is inferred. */
#ifndef ANALYZERS_ROOTS_H
#define ANALYZERS_ROOTS_H

#include "analyzers/session.h"
#include "core/vec.h"
#include "cpython_layouts/edges.h"
#include "cpython_layouts/graph.h"

enum root_kind {
	ROOT_MODULES,		/* sys.modules itself */
	ROOT_LOCAL,		/* a variable of a frame */
	ROOT_FRAME,		/* what else a frame holds: its function, its code */
	ROOT_EXCEPTION,		/* being raised or handled by a thread */
	ROOT_THREAD,		/* another member of a thread state */
	ROOT_INTERPRETER,	/* a word of an interpreter's state; name NULL: an unknown one */
	ROOT_FRAME_STACK,	/* a frame's value stack, which may hold what it no longer needs */
	ROOT_REGISTER,
	ROOT_C_STACK,
	ROOT_STATIC,		/* a word of a module's writable data, or an object in it */
};

struct root {
	addr_t at;		/* the object that is held */
	enum root_kind kind;
	const char *name;	/* of the variable, member or register; may be NULL */
	uint64_t thread;	/* LWP, or the thread state's address where that is not known */
	unsigned frame;
	int64_t interpreter;	/* 0: the main one */
	uint64_t offset;	/* INTERPRETER: bytes from its start; C_STACK: from the stack pointer;
				 * FRAME_STACK: index; STATIC: the word's address */
};

struct roots {
	VEC(struct root) list;
};

/* Modules and frames: what programmers know. false: out of memory. */
bool roots_of_program(struct session *s, struct roots *ret);
/* The others, appended: exceptions, thread and interpreter states. */
bool roots_of_interpreter(struct session *s, struct roots *ret);
/* What C code may hold, and frames' value stacks, appended: words that lead to the beginning of an
 * object, looked for in the stacks and registers of all threads and in the data of all modules. */
bool roots_of_c(struct session *s, const struct numbers *numbers, struct roots *ret);
bool root_is_inferred(const struct root *root);
void roots_release(struct roots *roots);
void root_print(struct session *s, const struct root *root, struct str *out);

/* The object that an address ("0x7f..") or a path names. ERROR_USAGE: it is neither, or leads
 * nowhere; the message says how far it led. */
struct error *path_find(struct session *s, const char *path, addr_t *ret) _must_check_;

/* One way from a root to an object. */
struct way {
	struct root root;
	VEC(addr_t) objects;	/* behind the root: the object itself is the last */
	bool weak;		/* some reference on it keeps nothing alive */
};
/* What leads from objects[0] to objects[1], by its best name; x.__dict__['a'] is told as x.a, and
 * leads to objects[2]. How many objects further that is; 0: nothing leads there. */
size_t step_between(struct runtime *rt, const addr_t *objects, size_t count, bool weak,
		    struct edge *ret);
/* As a path; what the way's references are called is found anew. *ret_inferred: a step of it is
 * likely, but not sure. */
void way_print(struct session *s, const struct way *way, struct str *out, bool *ret_inferred);
void way_release(struct way *way);

struct ways_options {
	size_t max;			/* ways */
	uint64_t jobs;			/* threads; 0: as many as are worth it */
	struct budget *budget;		/* NULL: no limit */
};

/* The shortest ways to the object, no two with an inner object in common: from modules and frames
 * first, then from the interpreter's state; where there are none, from what C may hold; and where
 * nothing holds it, along weak references. ret has room for max. ERROR_INTERNAL: out of memory;
 * ERROR_UNSUPPORTED: the limit is too low. */
struct error *ways_find(struct session *s, struct pyheap *heap, addr_t target,
			const struct ways_options *options, struct way *ret,
			size_t *ret_count) _must_check_;

#endif
