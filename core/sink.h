/* Output to a descriptor, compressed on the way where that is wanted.
 *
 *	struct sink out;
 *	err = sink_begin(&out, file.fd, path, SINK_ZSTD, 12);
 *	if (!err) {
 *		sink_put(&out, bytes, len);		as often as needed
 *		err = sink_finish(&out);
 *	}
 *	sink_release(&out);
 *
 * The first failure stays and what comes later is ignored, so that a writer may put a million lines
 * and look once. A signal that new_file (core/files.h) holds back is a failure too: whoever writes
 * stops, the file is removed, and then the signal comes. */
#ifndef CORE_SINK_H
#define CORE_SINK_H

#include <stddef.h>
#include <stdint.h>
#include "core/error.h"

enum sink_form { SINK_PLAIN, SINK_ZSTD, SINK_GZIP };

struct sink {
	int fd;				/* borrowed */
	const char *path;		/* for messages; borrowed */
	enum sink_form form;
	void *state;			/* the library's */
	uint8_t *buffer;		/* of compressed bytes */
	uint64_t taken, written;	/* bytes: before and behind compression */
	struct error *err;		/* the first failure */
};

/* By the end of the name: .gz, .zst; else plain. */
enum sink_form sink_form_of(const char *path);

/* level: the library's own scale. What is not to be released on failure: nothing, but *ret may be
 * released in any case. */
struct error *sink_begin(struct sink *ret, int fd, const char *path, enum sink_form form,
			 int level) _must_check_;
void sink_put(struct sink *s, const void *bytes, size_t len);
/* All is written, or why not; the error is the caller's. */
struct error *sink_finish(struct sink *s) _must_check_;
void sink_release(struct sink *s);

#endif
