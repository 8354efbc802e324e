/* Reports on their way to the journal, by its native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL),
 * or where there is none to syslog, line by line.
 *
 * What a sandboxed reader wrote is not believed: of its fields only those that describe a crash go
 * on, each once, and what says who speaks is set here. */
#ifndef CLI_SYSLOG_H
#define CLI_SYSLOG_H

#include <stddef.h>
#include "core/error.h"
#include "core/str.h"

struct syslog_fields {
	const char *const *items;	/* "NAME=VALUE", the caller's own */
	size_t count;
};

/* ERROR_USAGE: not of that form, or not theirs to say. */
struct error *syslog_check(const struct syslog_fields *fields) _must_check_;
/* entry: len bytes as `pycore report --format=journal` writes them. root: where /run and /dev are
 * ("" but in tests). *ret_message: the report as people read it. */
struct error *syslog_send(const char *root, const char *entry, size_t len,
			  const struct syslog_fields *fields, struct str *ret_message) _must_check_;

#endif
