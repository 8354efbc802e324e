/* A compressor's reader, whichever library it is: bytes in, bytes out, one step at a time. Only
 * core/inflate*.c includes this.
 *
 * A file may hold several compressed streams behind each other (cat a.gz b.gz, pzstd); each is
 * begun, stepped to its end, and ended by itself. */
#ifndef CORE_CODEC_H
#define CORE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct codec_stream {
	const uint8_t *in;	/* moves on as it is used up */
	size_t in_left;
	uint8_t *out;		/* where the next bytes go; moves on too */
	size_t out_left;
	void *state;		/* the library's */
	const char *fault;	/* of BROKEN: what the library says; static */
};

enum codec_result {
	CODEC_MORE,		/* call again, with more room; nothing moved: the input breaks off */
	CODEC_END,		/* this stream is whole; in stands behind it */
	CODEC_BROKEN,		/* damaged from here on; what came out before is good */
};

struct codec {
	const char *name, *magic;
	size_t magic_len;
	/* false: out of memory, or no such library here (fault says which). */
	bool (*begin)(struct codec_stream *s);
	enum codec_result (*step)(struct codec_stream *s);
	void (*end)(struct codec_stream *s);
};

/* By magic; NULL: not compressed, or by nobody we know. */
const struct codec *codec_find(const uint8_t *data, size_t size);

#endif
