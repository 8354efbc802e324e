#include "core/inflate.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <zstd.h>
#include "core/checked.h"

enum { BLOCK = 4096, CHUNK = 1 << 20 };

/* A small file can promise endless zeros; and the disk is not ours to fill. */
#define SIZE_LIMIT ((uint64_t)1 << 40)
#define KEEP_FREE ((uint64_t)256 << 20)

const char *inflate_format(const uint8_t *data, size_t size)
{
	static const struct { const char *name, *magic; size_t len; } formats[] = {
		{ "zstd", "\x28\xb5\x2f\xfd", 4 },
		{ "xz", "\xfd" "7zXZ\0", 6 },
		{ "gzip", "\x1f\x8b\x08", 3 },
		{ "bzip2", "BZh", 3 },
		{ "lz4", "\x04\x22\x4d\x18", 4 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (size >= formats[i].len && memcmp(data, formats[i].magic, formats[i].len) == 0)
			return formats[i].name;
	return NULL;
}

struct sparse {
	int fd;
	uint64_t size, written, room;	/* bytes; room: that may be written */
	const char *path;
};

static struct error *sparse_open(const char *path, struct sparse *ret)
{
	int fd = files_temporary();
	struct statvfs fs;
	if (fd < 0)
		return error_new(ERROR_UNSUPPORTED, "%s: no temporary file could be made to unpack it; "
				 "set TMPDIR", path);
	uint64_t room = SIZE_LIMIT;
	if (fstatvfs(fd, &fs) == 0) {
		uint64_t left = (uint64_t)fs.f_bavail * fs.f_frsize;
		room = left > KEEP_FREE ? left - KEEP_FREE : 0;
	}
	*ret = (struct sparse){ .fd = fd, .room = room, .path = path };
	return NULL;
}

static bool is_zero(const uint8_t *p, size_t len)
{
	return !p[0] && memcmp(p, p + 1, len - 1) == 0;
}

static struct error *write_whole(struct sparse *s, const uint8_t *p, size_t len, uint64_t at)
{
	if (len > s->room - s->written)
		return error_new(ERROR_UNSUPPORTED, "%s: unpacked it does not fit on the disk; set TMPDIR to "
				 "a larger one", s->path);
	s->written += len;
	while (len) {
		ssize_t n = pwrite(s->fd, p, len, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_new(ERROR_UNSUPPORTED, "%s: cannot be unpacked: %s; set TMPDIR to another "
					 "directory", s->path, strerror(errno));
		p += n;
		len -= (size_t)n;
		at += (uint64_t)n;
	}
	return NULL;
}

/* Append; blocks of zeros are not written. */
static struct error *sparse_append(struct sparse *s, const uint8_t *p, size_t len)
{
	if (len > SIZE_LIMIT - s->size)
		return error_new(ERROR_UNSUPPORTED, "%s: unpacked it has more than 1 TiB", s->path);
	for (size_t at = 0; at < len;) {
		size_t end = at;
		while (end < len && !is_zero(p + end, MIN((size_t)BLOCK, len - end)))
			end += MIN((size_t)BLOCK, len - end);
		struct error *err = end > at ? write_whole(s, p + at, end - at, s->size + at) : NULL;
		if (err)
			return err;
		at = end;
		while (at < len && is_zero(p + at, MIN((size_t)BLOCK, len - at)))
			at += MIN((size_t)BLOCK, len - at);
	}
	s->size += len;
	return NULL;
}

static struct error *sparse_map(struct sparse *s, struct mapped_file *ret)
{
	if (ftruncate(s->fd, (off_t)s->size) < 0)
		return error_new(ERROR_UNSUPPORTED, "%s: cannot be unpacked: %s", s->path, strerror(errno));
	return files_map_fd(s->fd, s->path, ret);
}

/* *ret_cut: the stream broke off, or is damaged from here on. */
static struct error *inflate_zstd(struct files *f, const struct mapped_file *file, struct sparse *s,
				  bool *ret_cut)
{
	_free_ uint8_t *chunk = malloc(CHUNK);
	ZSTD_DCtx *context = ZSTD_createDCtx();
	ZSTD_inBuffer in = { file->data, file->size, 0 };
	struct error *err = chunk && context ? NULL : error_nomem();
	size_t left = 1, before, made = 1;
	/* When the input is used up, output may still be waiting. */
	while (!err && (in.pos < in.size || made == CHUNK)) {
		ZSTD_outBuffer out = { chunk, CHUNK, 0 };
		before = in.pos;
		left = ZSTD_decompressStream(context, &out, &in);
		made = out.pos;
		if (made)
			err = sparse_append(s, chunk, made);
		progress_show(f->progress, "unpacking", in.pos, in.size);
		if (ZSTD_isError(left) || (!made && in.pos == before))
			break;
	}
	*ret_cut = left != 0;
	if (!err && *ret_cut && !s->size)
		err = error_new(ERROR_UNSUPPORTED, "%s: cannot be unpacked: zstd says %s; is it whole?",
				file->path, ZSTD_isError(left) ? ZSTD_getErrorName(left) : "it is cut");
	ZSTD_freeDCtx(context);
	return err;
}

struct error *inflate_file(struct files *f, struct mapped_file *file, bool *ret_cut)
{
	const char *format = inflate_format(file->data, file->size);
	struct sparse s;
	struct mapped_file inflated = { 0 };
	if (!format || strcmp(format, "zstd") != 0)
		return error_new(ERROR_UNSUPPORTED, "%s: is compressed with %s; decompress it first, and give "
				 "what comes out", file->path, format ? format : "an unknown program");
	struct error *err = sparse_open(file->path, &s);
	if (err)
		return err;
	_close_ _unused_ int fd = s.fd;
	err = inflate_zstd(f, file, &s, ret_cut);
	if (!err)
		err = sparse_map(&s, &inflated);
	if (err)
		return err;
	inflated.mtime = file->mtime;
	mapped_file_release(file);
	*file = inflated;
	return NULL;
}

static struct error *spool(struct files *f, int fd, struct sparse *s)
{
	_free_ uint8_t *chunk = malloc(CHUNK);
	if (!chunk)
		return error_nomem();
	for (;;) {
		/* Whole chunks, so that zeros are met in whole blocks though a pipe gives 64 KiB. */
		size_t have = 0;
		ssize_t n = 1;
		while (have < CHUNK && (n = read(fd, chunk + have, CHUNK - have)) != 0) {
			if (n < 0 && errno != EINTR)
				return error_new(ERROR_UNSUPPORTED, "%s: %s", s->path, strerror(errno));
			have += n > 0 ? (size_t)n : 0;
		}
		struct error *err = have ? sparse_append(s, chunk, have) : NULL;
		if (err || !n)
			return err;
		progress_show(f->progress, "reading", s->size, 0);
	}
}

struct error *inflate_spool(struct files *f, int fd, const char *path, struct mapped_file *ret)
{
	struct stat st;
	struct sparse s;
	if (isatty(fd))
		return error_new(ERROR_UNSUPPORTED, "%s: is a terminal, not a core; write pycore bt - < CORE",
				 path);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return files_map_fd(fd, path, ret);
	struct error *err = sparse_open(path, &s);
	if (err)
		return err;
	_close_ _unused_ int spooled = s.fd;
	err = spool(f, fd, &s);
	if (!err)
		err = sparse_map(&s, ret);
	if (!err)
		ret->mtime = -1;
	return err;
}
