/* Cores that cannot be mapped as they are: compressed ones and pipes. They are written out to an
 * unlinked temporary file ($TMPDIR, /var/tmp, /tmp), zeros as holes, and that file is mapped.
 *
 * A small file can promise endless bytes, and the ratio tells nothing (a real core's zeros pack a
 * thousandfold), so the limits are absolute: bytes, seconds, and what the disk has free. What does
 * not begin as an ELF file is not unpacked any further. */
#ifndef CORE_INFLATE_H
#define CORE_INFLATE_H

#include <stdbool.h>
#include "core/files.h"
#include "core/str.h"

#define INFLATE_BYTES ((uint64_t)64 << 30)
enum { INFLATE_SECONDS = 600 };

/* Load now what unpacking the given files of f, or a pipe, may need to load: no file can be opened
 * in a sandbox. */
void inflate_prepare(const struct files *f);

/* "zstd", "xz", ... by magic; NULL: not compressed. */
const char *inflate_format(const uint8_t *data, size_t size);

/* file->data begins with a compressor's magic: replace it by what is in it. A stream that breaks
 * off is no error: what came before is kept, and *ret_cut tells. */
struct error *inflate_file(struct files *f, struct mapped_file *file, bool *ret_cut) _must_check_;

/* A small thing, such as a section, of at most limit bytes when unpacked; false: not compressed, larger
 * than that, or damaged. */
bool inflate_small(const uint8_t *data, size_t size, size_t limit, struct str *ret);

/* Bytes that something else has unpacked, as a file. *ret: open on it, the caller's. */
struct error *inflate_copy(struct files *f, const void *data, size_t size, const char *path,
			   int *ret) _must_check_;

/* All of fd (a pipe) as a file; path is for messages. */
struct error *inflate_spool(struct files *f, int fd, const char *path, struct mapped_file *ret) _must_check_;

#endif
