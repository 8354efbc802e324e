/* Where Python's references begin, and ways along them: named as Python would write them.
 *
 *	sys.modules['app'].CACHE['k'].rows[3]
 *	thread 4242.frame 0.local x.name
 *
 * Frames are counted from the innermost, 0; a thread is named by its LWP. */
#ifndef ANALYZERS_ROOTS_H
#define ANALYZERS_ROOTS_H

#include "analyzers/session.h"
#include "core/vec.h"
#include "cpython_layouts/edges.h"
#include "cpython_layouts/heap.h"

enum root_kind {
	ROOT_MODULES,		/* sys.modules itself */
	ROOT_LOCAL,		/* a variable of a frame */
	ROOT_FRAME,		/* what else a frame holds: its function, its code */
	ROOT_EXCEPTION,		/* being raised or handled by a thread */
	ROOT_THREAD,		/* another member of a thread state */
	ROOT_INTERPRETER,	/* a word of an interpreter's state */
};

struct root {
	addr_t at;		/* the object that is held */
	enum root_kind kind;
	const char *name;	/* of the variable or member; may be NULL */
	uint64_t thread;	/* LWP, or the thread state's address where that is not known */
	unsigned frame;
	int64_t interpreter;	/* 0: the main one */
	uint64_t offset;	/* INTERPRETER: bytes from its start */
};

struct roots {
	VEC(struct root) list;
};

/* Modules and frames: what programmers know. false: out of memory. */
bool roots_of_program(struct session *s, struct roots *ret);
/* The others, appended: exceptions, thread and interpreter states. */
bool roots_of_interpreter(struct session *s, struct roots *ret);
void roots_release(struct roots *roots);
void root_print(const struct root *root, struct str *out);

/* The object that an address ("0x7f..") or a path names. ERROR_USAGE: it is neither, or leads
 * nowhere; the message says how far it led. */
struct error *path_find(struct session *s, const char *path, addr_t *ret) _must_check_;

/* One way from a root to an object. */
struct way {
	struct root root;
	VEC(addr_t) objects;	/* behind the root: the object itself is the last */
	bool weak;		/* some reference on it keeps nothing alive */
};
/* As a path; what the way's references are called is found anew. */
void way_print(struct runtime *rt, const struct way *way, struct str *out);
void way_release(struct way *way);

/* The shortest ways to the object, at most max of them, no two with an inner object in common.
 * Returns how many were found; *ret_seen: how many objects were looked at. */
size_t ways_find(struct session *s, addr_t target, size_t max, struct way *ret,
		 uint64_t *ret_seen);

#endif
