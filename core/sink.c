#include "core/sink.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>
#include "core/checked.h"
#include "core/str.h"

enum { BUFFER = 1 << 16, PIECE = 1 << 30 };	/* zlib counts in unsigned int */

static bool ends_with(const char *s, const char *end)
{
	size_t len = strlen(s), n = strlen(end);
	return len > n && streq(s + len - n, end);
}

enum sink_form sink_form_of(const char *path)
{
	return ends_with(path, ".gz") ? SINK_GZIP : ends_with(path, ".zst") ? SINK_ZSTD : SINK_PLAIN;
}

/* --- to the descriptor ------------------------------------------------------------------------ */

/* Pending is only what somebody blocks. */
static bool is_interrupted(void)
{
	sigset_t pending;
	return sigpending(&pending) == 0 &&
	       (sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1 ||
		sigismember(&pending, SIGHUP) == 1);
}

static void fail(struct sink *s, const char *why)
{
	if (!s->err)
		s->err = error_new(ERROR_UNSUPPORTED, "%s: cannot be written: %s", s->path, why);
}

static void write_out(struct sink *s, const uint8_t *p, size_t len)
{
	if (!s->err && is_interrupted())
		fail(s, "interrupted");
	while (!s->err && len) {
		ssize_t n = write(s->fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			fail(s, strerror(errno));
			return;
		}
		p += n;
		len -= (size_t)n;
		s->written += (uint64_t)n;
	}
}

/* --- zstd ------------------------------------------------------------------------------------- */

static void put_zstd(struct sink *s, const void *p, size_t len, ZSTD_EndDirective how)
{
	ZSTD_inBuffer in = { p, len, 0 };
	size_t left = 1;
	while (!s->err && (in.pos < in.size || (how == ZSTD_e_end && left))) {
		ZSTD_outBuffer out = { s->buffer, BUFFER, 0 };
		left = ZSTD_compressStream2(s->state, &out, &in, how);
		if (ZSTD_isError(left))
			s->err = error_new(ERROR_INTERNAL, "zstd: %s", ZSTD_getErrorName(left));
		else
			write_out(s, s->buffer, out.pos);
	}
}

/* --- gzip ------------------------------------------------------------------------------------- */

static void put_gzip(struct sink *s, const uint8_t *p, size_t len, int how)
{
	z_stream *z = s->state;
	int code = Z_OK;
	z->next_in = (Bytef *)p;
	z->avail_in = 0;
	do {
		uInt piece = (uInt)MIN(len, (size_t)PIECE);
		if (!z->avail_in) {
			z->avail_in = piece;
			len -= piece;
		}
		z->next_out = s->buffer;
		z->avail_out = BUFFER;
		code = deflate(z, how);
		if (code == Z_STREAM_ERROR)
			s->err = error_new(ERROR_INTERNAL, "gzip: the stream is damaged");
		else
			write_out(s, s->buffer, BUFFER - z->avail_out);
	} while (!s->err && (z->avail_in || len || !z->avail_out ||
			     (how == Z_FINISH && code != Z_STREAM_END)));
}

static z_stream *begin_gzip(int level)
{
	enum { GZIP_WRAPPER = 16, WINDOW = 15, MEMORY_LEVEL = 8 };
	z_stream *z = calloc(1, sizeof(*z));
	if (z && deflateInit2(z, level, Z_DEFLATED, WINDOW + GZIP_WRAPPER, MEMORY_LEVEL,
			      Z_DEFAULT_STRATEGY) != Z_OK) {
		free(z);
		return NULL;
	}
	return z;
}

/* --- all -------------------------------------------------------------------------------------- */

struct error *sink_begin(struct sink *ret, int fd, const char *path, enum sink_form form, int level)
{
	*ret = (struct sink){ .fd = fd, .path = path, .form = form };
	if (form == SINK_PLAIN)
		return NULL;
	ret->buffer = malloc(BUFFER);
	ret->state = form == SINK_GZIP ? (void *)begin_gzip(level) : (void *)ZSTD_createCCtx();
	if (!ret->buffer || !ret->state)
		return error_nomem();
	if (form == SINK_ZSTD)
		ZSTD_CCtx_setParameter(ret->state, ZSTD_c_compressionLevel, level);
	return NULL;
}

void sink_put(struct sink *s, const void *bytes, size_t len)
{
	s->taken += len;
	if (s->err || !len)
		return;
	if (s->form == SINK_PLAIN)
		write_out(s, bytes, len);
	else if (s->form == SINK_ZSTD)
		put_zstd(s, bytes, len, ZSTD_e_continue);
	else
		put_gzip(s, bytes, len, Z_NO_FLUSH);
}

struct error *sink_finish(struct sink *s)
{
	if (!s->err && s->form == SINK_ZSTD)
		put_zstd(s, NULL, 0, ZSTD_e_end);
	else if (!s->err && s->form == SINK_GZIP)
		put_gzip(s, NULL, 0, Z_FINISH);
	return take(s->err);
}

void sink_release(struct sink *s)
{
	if (s->form == SINK_ZSTD)
		ZSTD_freeCCtx(s->state);
	if (s->form == SINK_GZIP && s->state) {
		deflateEnd(s->state);
		free(s->state);
	}
	free(s->buffer);
	error_free(s->err);
	*s = (struct sink){ .fd = -1 };
}
