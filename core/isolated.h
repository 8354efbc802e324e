/* Work on hostile bytes, done by a process of its own that can do nothing else.
 *
 *	we     --- the request: what we know, since it is a copy of us --->  sandboxed (core/sandbox.h),
 *	       <-- bytes, up to a limit --------------------------------  and bounded in time and memory
 *
 * For libraries that are known to crash, hang or be taken over by crafted input (libdw, demanglers):
 * what they cost then is their answer, and the caller goes on without. What comes back is as hostile
 * as what went in: to be read with all checks.
 *
 * The process ends with its answer; starting one takes about a millisecond: ask once, for much. Who is
 * going to enter a sandbox, where none can be started, starts one before that, which waits: it
 * knows only what is shared with it. */
#ifndef CORE_ISOLATED_H
#define CORE_ISOLATED_H

#include <stdbool.h>
#include <stddef.h>
#include "core/files.h"
#include "core/str.h"

/* Before a sandbox is entered. false: it cannot be had, and isolated_ask() will have no answers. */
bool isolated_prepare(void);
/* What a request points to must be seen by the other process: data itself, or a copy that it sees, which
 * lasts until the next question was answered. NULL: there is no room. */
const void *isolated_share(const void *data, size_t size);
/* The same of a file of which some parts are enough: the rest of what the other process sees may be
 * zeros. What was read for it of a large file is given back (mapped_file_relax()). */
struct isolated_part { uint64_t offset, size; };	/* within the file */
const struct mapped_file *isolated_share_file(const struct mapped_file *file,
					      const struct isolated_part *parts, size_t count);

/* Runs in the other process, and may use what it sees. false: no answer. */
typedef bool isolated_work(const void *request, struct str *answer);

struct isolated_limits {
	unsigned seconds;	/* of processor time; thrice that by the clock */
	size_t memory;		/* bytes, beside what we have already */
	size_t answer;		/* bytes */
};

/* What suits asking libdw about a file. */
extern const struct isolated_limits isolated_defaults;

/* false: no answer; *why (static) says why not: "it died of SIGSEGV". */
bool isolated_ask(isolated_work *work, const void *request, const struct isolated_limits *limits,
		  struct str *answer, const char **why) _must_check_;

#endif
