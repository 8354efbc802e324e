/* Failure: our own inability to go on. NULL is success.
 *
 * What is wrong with the *target* is not an error but data: a value that is lost, or a remark
 * (core/remarks.h). A struct error is for "no such file", "not a core", "no Python in it".
 *
 *	struct error *err = target_open_core(files, path, &target);
 *	if (err)
 *		return err;
 *
 * Whoever receives a non-NULL error owns it: return it, or error_free() it. */
#ifndef CORE_ERROR_H
#define CORE_ERROR_H

#include "core/owned.h"

/* The values are the process's exit codes. */
enum error_code {
	ERROR_USAGE = 2,	/* the command line asks for what does not exist */
	ERROR_UNSUPPORTED = 3,	/* this cannot be analyzed: missing file, not a core, no Python, ... */
	ERROR_INTERNAL = 4,	/* out of memory, or a bug of ours */
};

struct error {
	enum error_code code;
	char *message;		/* one line, lower case, names the thing and says what to do next */
};

/* Never NULL: when memory is out, a static error that says so. */
struct error *error_new(enum error_code code, const char *fmt, ...) _printf_(2, 3) _must_check_;

/* ENOMEM as an error. */
struct error *error_nomem(void) _must_check_;

/* "WHAT: MESSAGE": takes err and gives it back with a prefix; NULL stays NULL. */
struct error *error_prefix(struct error *err, const char *fmt, ...) _printf_(2, 3) _must_check_;

void error_free(struct error *err);	/* NULL is allowed */

OWNED(struct error, error_free);
#define _error_ _cleanup_(owned_error_free)

#endif
