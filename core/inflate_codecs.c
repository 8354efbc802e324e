/* zlib, liblzma and libbz2 are in every process of ours already: libdw needs them for compressed
 * sections. liblz4 would be one library more to load at each start, so it is loaded when an lz4
 * core is met. */
#include "core/codec.h"

#include <bzlib.h>
#include <dlfcn.h>
#include <lz4frame.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>
#include "core/checked.h"
#include "core/inflate.h"

/* zlib and bzip2 count in unsigned int. */
enum { PIECE = 1 << 30 };
/* More than xz -9 needs (65 MiB); xz files may ask for 4 GiB. */
#define XZ_MEMORY ((uint64_t)256 << 20)

static void moved(struct codec_stream *s, size_t in, size_t out)
{
	s->in += in;
	s->in_left -= in;
	s->out += out;
	s->out_left -= out;
}

static enum codec_result broken(struct codec_stream *s, const char *fault)
{
	s->fault = fault;
	return CODEC_BROKEN;
}

/* --- zstd: a window of at most 128 MiB, as its library has it by default --- */

static bool begin_zstd(struct codec_stream *s)
{
	s->state = ZSTD_createDCtx();
	return s->state;
}

static enum codec_result step_zstd(struct codec_stream *s)
{
	ZSTD_inBuffer in = { s->in, s->in_left, 0 };
	ZSTD_outBuffer out = { s->out, s->out_left, 0 };
	size_t left = ZSTD_decompressStream(s->state, &out, &in);
	moved(s, in.pos, out.pos);
	if (ZSTD_isError(left))
		return broken(s, ZSTD_getErrorName(left));
	return left ? CODEC_MORE : CODEC_END;
}

static void end_zstd(struct codec_stream *s)
{
	ZSTD_freeDCtx(s->state);
}

/* --- gzip --- */

static bool begin_gzip(struct codec_stream *s)
{
	z_stream *z = calloc(1, sizeof(*z));
	if (z && inflateInit2(z, 15 + 16) != Z_OK) {
		free(z);
		z = NULL;
	}
	s->state = z;
	return z;
}

static enum codec_result step_gzip(struct codec_stream *s)
{
	z_stream *z = s->state;
	uInt in = (uInt)MIN(s->in_left, (size_t)PIECE), out = (uInt)MIN(s->out_left, (size_t)PIECE);
	z->next_in = (Bytef *)s->in;
	z->avail_in = in;
	z->next_out = s->out;
	z->avail_out = out;
	int code = inflate(z, Z_NO_FLUSH);
	moved(s, in - z->avail_in, out - z->avail_out);
	if (code == Z_STREAM_END)
		return CODEC_END;
	if (code == Z_OK || code == Z_BUF_ERROR)
		return CODEC_MORE;
	return broken(s, code == Z_MEM_ERROR ? "out of memory" : "invalid compressed data");
}

static void end_gzip(struct codec_stream *s)
{
	inflateEnd(s->state);
	free(s->state);
}

/* --- bzip2 --- */

static bool begin_bzip2(struct codec_stream *s)
{
	bz_stream *b = calloc(1, sizeof(*b));
	if (b && BZ2_bzDecompressInit(b, 0, 0) != BZ_OK) {
		free(b);
		b = NULL;
	}
	s->state = b;
	return b;
}

static enum codec_result step_bzip2(struct codec_stream *s)
{
	bz_stream *b = s->state;
	unsigned in = (unsigned)MIN(s->in_left, (size_t)PIECE), out = (unsigned)MIN(s->out_left, (size_t)PIECE);
	b->next_in = (char *)s->in;
	b->avail_in = in;
	b->next_out = (char *)s->out;
	b->avail_out = out;
	int code = BZ2_bzDecompress(b);
	moved(s, in - b->avail_in, out - b->avail_out);
	if (code == BZ_STREAM_END)
		return CODEC_END;
	return code == BZ_OK ? CODEC_MORE : broken(s, "invalid compressed data");
}

static void end_bzip2(struct codec_stream *s)
{
	BZ2_bzDecompressEnd(s->state);
	free(s->state);
}

/* --- xz --- */

static bool begin_xz(struct codec_stream *s)
{
	static const lzma_stream fresh = LZMA_STREAM_INIT;
	lzma_stream *x = malloc(sizeof(*x));
	if (!x)
		return false;
	*x = fresh;
	if (lzma_stream_decoder(x, XZ_MEMORY, 0) != LZMA_OK) {
		free(x);
		x = NULL;
	}
	s->state = x;
	return x;
}

static enum codec_result step_xz(struct codec_stream *s)
{
	lzma_stream *x = s->state;
	x->next_in = s->in;
	x->avail_in = s->in_left;
	x->next_out = s->out;
	x->avail_out = s->out_left;
	lzma_ret code = lzma_code(x, LZMA_RUN);
	moved(s, s->in_left - x->avail_in, s->out_left - x->avail_out);
	if (code == LZMA_STREAM_END)
		return CODEC_END;
	if (code == LZMA_OK || code == LZMA_BUF_ERROR)
		return CODEC_MORE;
	return broken(s, code == LZMA_MEMLIMIT_ERROR ? "it needs more than 256 MiB of memory" :
		      "invalid compressed data");
}

static void end_xz(struct codec_stream *s)
{
	lzma_end(s->state);
	free(s->state);
}

/* --- lz4, its frame format --- */

struct lz4 {
	void *library;
	LZ4F_dctx *context;
	__typeof__(LZ4F_createDecompressionContext) *create;
	__typeof__(LZ4F_freeDecompressionContext) *destroy;
	__typeof__(LZ4F_decompress) *decompress;
	__typeof__(LZ4F_isError) *is_error;
	__typeof__(LZ4F_getErrorName) *error_name;
};

static void end_lz4(struct codec_stream *s)
{
	struct lz4 *l = s->state;
	if (!l)
		return;
	if (l->context)
		l->destroy(l->context);
	/* The library stays: a second stream may follow, and fault points into it. */
	free(l);
	s->state = NULL;
}

static bool begin_lz4(struct codec_stream *s)
{
	struct lz4 *l = s->state = calloc(1, sizeof(*l));
	if (!l)
		return false;
	l->library = dlopen("liblz4.so.1", RTLD_NOW | RTLD_LOCAL);
	if (l->library) {
		l->create = dlsym(l->library, "LZ4F_createDecompressionContext");
		l->destroy = dlsym(l->library, "LZ4F_freeDecompressionContext");
		l->decompress = dlsym(l->library, "LZ4F_decompress");
		l->is_error = dlsym(l->library, "LZ4F_isError");
		l->error_name = dlsym(l->library, "LZ4F_getErrorName");
	}
	if (l->create && l->destroy && l->decompress && l->is_error && l->error_name) {
		if (!l->is_error(l->create(&l->context, LZ4F_VERSION)))
			return true;
	} else {
		s->fault = "liblz4.so.1 is not on this machine";
	}
	end_lz4(s);
	return false;
}

static enum codec_result step_lz4(struct codec_stream *s)
{
	struct lz4 *l = s->state;
	size_t in = s->in_left, out = s->out_left;
	size_t left = l->decompress(l->context, s->out, &out, s->in, &in, NULL);
	if (l->is_error(left))
		return broken(s, l->error_name(left));
	moved(s, in, out);
	return left ? CODEC_MORE : CODEC_END;
}

static const struct codec codecs[] = {
	{ "zstd", "\x28\xb5\x2f\xfd", 4, begin_zstd, step_zstd, end_zstd },
	/* A frame to be skipped, which pzstd begins with. */
	{ "zstd", "\x50\x2a\x4d\x18", 4, begin_zstd, step_zstd, end_zstd },
	{ "xz", "\xfd" "7zXZ\0", 6, begin_xz, step_xz, end_xz },
	{ "gzip", "\x1f\x8b\x08", 3, begin_gzip, step_gzip, end_gzip },
	{ "bzip2", "BZh", 3, begin_bzip2, step_bzip2, end_bzip2 },
	{ "lz4", "\x04\x22\x4d\x18", 4, begin_lz4, step_lz4, end_lz4 },
};

const struct codec *codec_find(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(codecs); i++)
		if (size >= codecs[i].magic_len &&
		    memcmp(data, codecs[i].magic, codecs[i].magic_len) == 0)
			return &codecs[i];
	return NULL;
}

void inflate_prepare(const struct files *f)
{
	const struct given_file *given;
	uint8_t magic[4];
	bool needed = !f->given.len;
	vec_each(given, &f->given)
		needed |= pread(given->fd, magic, sizeof(magic), 0) == sizeof(magic) &&
			  codec_find(magic, sizeof(magic)) == &codecs[ARRAY_SIZE(codecs) - 1];
	/* Never closed: it is found again under its name. */
	if (needed)
		dlopen("liblz4.so.1", RTLD_NOW | RTLD_LOCAL);
}

const char *inflate_format(const uint8_t *data, size_t size)
{
	const struct codec *codec = codec_find(data, size);
	return codec ? codec->name : NULL;
}
