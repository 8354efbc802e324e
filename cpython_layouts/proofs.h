/* A layout is a guess until the core has confirmed it. Each truth below holds in every CPython
 * whose structs lie where the layout says, and almost never else:
 *
 *	the list of interpreters ends, one has id 0, and the main one is in it
 *	tstate->interp leads back; next and prev agree
 *	type(type) is type, and is called "type"; modules, sys and builtins are dicts
 *	sys.modules["sys"].__dict__ is interp->sysdict
 *	sys.hexversion names the table's minor version; gettotalrefcount is there in debug builds only
 *	a thread's id is an OS thread's
 *	what the innermost frames run are code objects
 *	the collector's lists close, and objects lie right behind their heads
 *	the GIL's last holder is a thread state
 *
 * What cannot be told because memory is lost counts for nothing. */
#ifndef CPYTHON_LAYOUTS_PROOFS_H
#define CPYTHON_LAYOUTS_PROOFS_H

#include "core/str.h"
#include "cpython_layouts/runtime.h"

struct proofs {
	unsigned passed, failed;
	bool leads_back;		/* some tstate->interp did */
	bool credible;			/* that, or all else holds where no thread is left */
	addr_t type_type;		/* 0: not found */
	uint64_t hexversion;		/* sys.hexversion; 0: lost */
	struct str failures;		/* names of those that failed, with ", " */
};

#define PROOFS_INIT { .failures = STR_INIT }

/* Try rt->layout on the interpreters at rt->interpreters. */
void proofs_run(struct runtime *rt, struct proofs *ret);
void proofs_release(struct proofs *p);

/* type(type): found from the object at addr; 0: what is there is no object. */
addr_t proofs_type_of_types(struct runtime *rt, addr_t object);

#endif
