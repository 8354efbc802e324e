/* Long work says how far it is, to whoever wants to show it (cli/progress.c, on a terminal). */
#ifndef CORE_PROGRESS_H
#define CORE_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

struct progress {
	/* total 0: nobody knows. May be called often: the callee keeps it cheap. what NULL: it is
	 * done, and something else may be written. */
	void (*show)(struct progress *p, const char *what, uint64_t done, uint64_t total);
};

/* p NULL: nobody is watching. */
static inline void progress_show(struct progress *p, const char *what, uint64_t done, uint64_t total)
{
	if (p)
		p->show(p, what, done, total);
}

static inline void progress_end(struct progress *p)
{
	if (p)
		p->show(p, NULL, 0, 0);
}

#endif
