/* Compressed files of any bytes: each codec (the first bytes choose it, as in a file), with little
 * room and time. What comes out is never more than was allowed, and an error has words. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "core/inflate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 4 << 20 };

static struct files *shared_files(void)
{
	static struct files *files;
	if (files)
		return files;
	struct error *err = files_new(NULL, &files);
	if (err)
		abort();
	files->unpack_bytes = ROOM;
	files->unpack_seconds = 10;
	return files;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mapped_file file;
	bool cut = false;
	int fd = memfd_create("packed", 0);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	struct error *err = files_map_fd(fd, "packed", &file);
	if (err || close(fd) < 0)
		abort();
	if (inflate_format(file.data, file.size)) {
		err = inflate_file(shared_files(), &file, &cut);
		if (!err && file.size > ROOM)
			abort();
		if (err && !err->message)
			abort();
		error_free(err);
	}
	mapped_file_release(&file);
	return 0;
}
