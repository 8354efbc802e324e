#include "core/error.h"

#include <stdarg.h>
#include <stdio.h>

static struct error out_of_memory = { ERROR_INTERNAL, "out of memory" };

static struct error *error_take(enum error_code code, char *message)
{
	struct error *err = malloc(sizeof(*err));
	if (!err || !message) {
		free(err);
		free(message);
		return &out_of_memory;
	}
	*err = (struct error){ code, message };
	return err;
}

struct error *error_new(enum error_code code, const char *fmt, ...)
{
	va_list ap;
	char *message = NULL;

	va_start(ap, fmt);
	if (vasprintf(&message, fmt, ap) < 0)
		message = NULL;
	va_end(ap);
	return error_take(code, message);
}

struct error *error_nomem(void)
{
	return &out_of_memory;
}

struct error *error_prefix(struct error *err, const char *fmt, ...)
{
	va_list ap;
	_free_ char *prefix = NULL;
	char *message = NULL;

	if (!err || err == &out_of_memory)
		return err;
	va_start(ap, fmt);
	if (vasprintf(&prefix, fmt, ap) < 0)
		prefix = NULL;
	va_end(ap);
	if (!prefix || asprintf(&message, "%s: %s", prefix, err->message) < 0)
		return err;
	free(err->message);
	err->message = message;
	return err;
}

void error_free(struct error *err)
{
	if (!err || err == &out_of_memory)
		return;
	free(err->message);
	free(err);
}
