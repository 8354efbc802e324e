/* Ownership by cleanup attribute: a variable marked here is released when it leaves its scope.
 *
 *	_free_ char *name = NULL;               free()d on every return
 *	return take(name);                      ...unless it is handed on: take() leaves NULL behind
 *
 * A type with its own destructor declares OWNED(type, destructor) beside it and is then written
 * _owned_(type). */
#ifndef CORE_OWNED_H
#define CORE_OWNED_H

#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((cleanup(f)))
#define _must_check_ __attribute__((warn_unused_result))
#define _printf_(a, b) __attribute__((format(printf, a, b)))
#define _unused_ __attribute__((unused))

static inline void owned_free(void *p)
{
	free(*(void **)p);
}

static inline void owned_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define _free_ _cleanup_(owned_free)
#define _close_ _cleanup_(owned_close)

/* Hand the pointer on: its value, with NULL left in the variable. */
#define take(p)                                                                                    \
	({                                                                                         \
		__typeof__(p) taken_ = (p);                                                        \
		(p) = NULL;                                                                        \
		taken_;                                                                            \
	})

/* The same for a file descriptor: -1 is left behind. */
static inline int take_fd(int *fd)
{
	int taken = *fd;
	*fd = -1;
	return taken;
}

/* OWNED(struct target, target_free): defines owned_target_free(struct target **). */
#define OWNED(type, destroy)                                                                       \
	static inline void owned_##destroy(type **p)                                               \
	{                                                                                          \
		if (*p)                                                                            \
			destroy(*p);                                                               \
	}                                                                                          \
	struct owned_needs_a_semicolon

#endif
