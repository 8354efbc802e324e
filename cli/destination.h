/* Where a report goes: standard output, or a file that appears there whole or not at all.
 *
 * Such a file is readable by its owner alone, and its owner is the core's, where that is ours to
 * say: what is in it came out of the core. No link is followed; what is no file (a pipe,
 * /dev/stderr) is written to as it is. */
#ifndef CLI_DESTINATION_H
#define CLI_DESTINATION_H

#include <stdio.h>

#include "analyzers/analyzer.h"
#include "core/files.h"

struct destination {
	FILE *out;
	/* To the journal: what is written comes to bytes, and goes there in the end; out is then not
	 * where people read. */
	const struct syslog_options *syslog;	/* NULL: not to it */
	FILE *entry;
	char *bytes;
	size_t len;
	const char *path;		/* NULL: standard output; borrowed */
	struct new_file file;		/* .path NULL: it is not one */
};

/* path NULL: standard output, or nowhere else than to the journal. filled: whoever works fills
 * .file, and reports to standard output. */
struct error *destination_open(struct destination *ret, const char *path, bool filled,
			       const struct syslog_options *syslog, const struct files *files) _must_check_;
/* Where the report is to be written. */
FILE *destination_stream(const struct destination *d);
/* keep: the report is whole. Releases all of it, whatever comes back. */
struct error *destination_close(struct destination *d, bool keep) _must_check_;

#endif
