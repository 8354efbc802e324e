#include "core/inflate.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>
#include "core/checked.h"
#include "core/codec.h"
#include "core/stored.h"
#include "core/str.h"

/* A hole costs more than writing what is smaller than BLOCK; a CHUNK fits the processor's cache. */
enum { BLOCK = 16 << 10, CHUNK = 256 << 10, SMALL_PIECE = 256 << 10, RELAX_BYTES = 4 << 20 };

/* The disk is not ours to fill. */
#define KEEP_FREE ((uint64_t)256 << 20)

struct sparse {
	int fd;
	uint64_t size, limit;		/* bytes, holes counted */
	uint64_t written, room;		/* bytes on the disk; room: that there may be */
	time_t deadline;		/* CLOCK_MONOTONIC */
	unsigned seconds;
	const char *path;
};

static time_t now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return t.tv_sec;
}

static struct error *sparse_open(struct files *f, const char *path, struct sparse *ret)
{
	int fd = files_temporary(f);
	struct statvfs fs;
	if (fd < 0)
		return error_new(ERROR_UNSUPPORTED, "%s: no temporary file could be made to unpack it; "
				 "set TMPDIR", path);
	uint64_t room = UINT64_MAX;
	if (fstatvfs(fd, &fs) == 0) {
		uint64_t left = (uint64_t)fs.f_bavail * fs.f_frsize;
		room = left > KEEP_FREE ? left - KEEP_FREE : 0;
	}
	unsigned seconds = f->unpack_seconds ? f->unpack_seconds : INFLATE_SECONDS;
	*ret = (struct sparse){
		.fd = fd,
		.limit = f->unpack_bytes ? f->unpack_bytes : INFLATE_BYTES,
		.room = room,
		.deadline = now() + seconds,
		.seconds = seconds,
		.path = path,
	};
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
	if (len > s->limit - s->size)
		return error_new(ERROR_UNSUPPORTED, "%s: unpacked it has more than %" PRIu64 " MiB; if that is "
				 "meant, allow it with --unpack-limit", s->path, s->limit >> 20);
	if (now() > s->deadline)
		return error_new(ERROR_UNSUPPORTED, "%s: unpacking it takes more than %u seconds; if that is "
				 "meant, allow it with --unpack-seconds", s->path, s->seconds);
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

/* One chunk of what is packed, as full as may be, so that zeros are met in whole blocks. */
static enum codec_result fill(const struct codec *codec, struct codec_stream *stream, uint8_t *chunk,
			      size_t *ret_len)
{
	enum codec_result result = CODEC_MORE;
	size_t in = stream->in_left + 1, out = CHUNK;
	stream->out = chunk;
	stream->out_left = CHUNK;
	while (result == CODEC_MORE && stream->out_left && (stream->in_left < in || stream->out_left < out)) {
		in = stream->in_left;
		out = stream->out_left;
		result = codec->step(stream);
	}
	*ret_len = CHUNK - stream->out_left;
	return result;
}

static bool is_elf_so_far(const struct sparse *s, const uint8_t *chunk, size_t len)
{
	return s->size || len < SELFMAG || memcmp(chunk, ELFMAG, SELFMAG) == 0;
}

/* One stream. *ret_whole: it came to its end. *ret_go: what follows is worth looking at. */
static struct error *inflate_stream(struct files *f, const struct codec *codec,
				    struct codec_stream *stream, const struct mapped_file *file,
				    struct sparse *s, uint8_t *chunk, bool *ret_whole, bool *ret_go)
{
	enum codec_result result;
	size_t len, relaxed_at = stream->in_left;
	do {
		result = fill(codec, stream, chunk, &len);
		*ret_go = is_elf_so_far(s, chunk, len);
		struct error *err = sparse_append(s, chunk, len);
		if (err)
			return err;
		progress_show(f->progress, "unpacking", file->size - stream->in_left, file->size);
		if (relaxed_at - stream->in_left >= RELAX_BYTES) {
			mapped_file_relax(file);
			relaxed_at = stream->in_left;
		}
	} while (result == CODEC_MORE && !stream->out_left && *ret_go);
	*ret_whole = result == CODEC_END || !*ret_go;
	*ret_go &= result == CODEC_END;
	return NULL;
}

/* All streams of the file. *ret_cut: the last one broke off, or is damaged from there on. */
static struct error *inflate_streams(struct files *f, const struct mapped_file *file,
				     struct sparse *s, bool *ret_cut)
{
	struct codec_stream stream = { .in = file->data, .in_left = file->size };
	const struct codec *codec = codec_find(stream.in, stream.in_left), *first = codec;
	_free_ uint8_t *chunk = malloc(CHUNK);
	struct error *err = chunk ? NULL : error_nomem();
	bool whole = true, go = true;
	/* What follows the last stream (gzip's padding, say) is nothing of the core. */
	while (!err && go && codec && streq(codec->name, first->name)) {
		if (!codec->begin(&stream))
			return stream.fault ? error_new(ERROR_UNSUPPORTED, "%s: is compressed with %s, and %s",
							file->path, codec->name, stream.fault) : error_nomem();
		err = inflate_stream(f, codec, &stream, file, s, chunk, &whole, &go);
		codec->end(&stream);
		codec = codec_find(stream.in, stream.in_left);
	}
	*ret_cut = !whole;
	if (!err && *ret_cut && !s->size)
		err = error_new(ERROR_UNSUPPORTED, "%s: cannot be unpacked: %s says %s; is it whole?",
				file->path, first->name, stream.fault ? stream.fault : "it is cut");
	return err;
}

struct error *inflate_file(struct files *f, struct mapped_file *file, bool *ret_cut)
{
	struct sparse s;
	struct mapped_file inflated = { 0 };
	struct error *err = sparse_open(f, file->path, &s);
	if (err)
		return err;
	_close_ _unused_ int fd = s.fd;
	err = inflate_streams(f, file, &s, ret_cut);
	if (!err)
		err = sparse_map(&s, &inflated);
	if (err)
		return err;
	inflated.mtime = file->mtime;
	inflated.stored = take(file->stored);
	mapped_file_release(file);
	*file = inflated;
	return NULL;
}

struct error *inflate_copy(struct files *f, const void *data, size_t size, const char *path, int *ret)
{
	struct sparse s;
	struct error *err = sparse_open(f, path, &s);
	if (err)
		return err;
	_close_ int fd = s.fd;
	for (size_t at = 0; !err && at < size; at += CHUNK)
		err = sparse_append(&s, (const uint8_t *)data + at, MIN((size_t)CHUNK, size - at));
	if (!err && ftruncate(fd, (off_t)size) < 0)
		err = error_new(ERROR_UNSUPPORTED, "%s: cannot be unpacked: %s", path, strerror(errno));
	if (!err)
		*ret = take_fd(&fd);
	return err;
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
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		struct error *err = files_map_fd(fd, path, ret);
		if (!err)
			ret->stored = stored_read(fd);
		return err;
	}
	struct error *err = sparse_open(f, path, &s);
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

bool inflate_small(const uint8_t *data, size_t size, size_t limit, struct str *ret)
{
	const struct codec *codec = codec_find(data, size);
	struct codec_stream s = { .in = data, .in_left = size };
	enum codec_result result = CODEC_MORE;
	if (!codec || !codec->begin(&s))
		return false;
	while (result == CODEC_MORE && ret->len < limit && str_reserve(ret, SMALL_PIECE)) {
		size_t in_left = s.in_left, room = MIN((size_t)SMALL_PIECE, limit - ret->len);
		s.out = (uint8_t *)ret->buf + ret->len;
		s.out_left = room;
		result = codec->step(&s);
		ret->len += room - s.out_left;
		ret->buf[ret->len] = '\0';
		if (s.out_left == room && s.in_left == in_left)
			break;	/* it breaks off */
	}
	codec->end(&s);
	return result == CODEC_END;
}
