/* The core loader over any bytes: open, look at every extent's edges, modules and threads. Files
 * that a core names are looked for in an empty directory only. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "core/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct files *no_files(void)
{
	static struct files *files;
	char dir[] = "/tmp/pycore-fuzz-XXXXXX";
	if (files)
		return files;
	if (!mkdtemp(dir))
		abort();
	struct error *err = files_new(dir, &files);
	rmdir(dir);
	if (err)
		abort();
	return files;
}

static void look(const struct target *t)
{
	const struct extent *e;
	const struct module *module;
	volatile uint8_t sink = 0;
	char scratch[64];
	size_t len;
	vec_each(e, &t->memory.extents) {
		const uint8_t *first = memory_at(&t->memory, e->start, 1);
		const uint8_t *last = memory_at(&t->memory, e->end - 1, 1);
		if (!first != (e->source == EXTENT_LOST) || !last != !first)
			abort();
		if (first)
			sink += (uint8_t)(*first + *last);
		memory_read(&t->memory, e->end - 32, scratch, sizeof(scratch));
		memory_string(&t->memory, e->start, 256, &len);
	}
	vec_each(module, &t->modules)
		if (!module->path || target_module_at(t, module->start) != module)
			abort();
	for (size_t i = 0; i < t->threads.len; i++) {
		const struct os_thread *thread = &t->threads.items[i];
		if (thread->registers)
			sink += thread->registers[t->machine->registers * t->machine->word - 1];
	}
	for (size_t i = 0; i < t->process.argc; i++)
		sink += (uint8_t)strlen(t->process.argv[i]);
	(void)sink;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct target *target = NULL;
	char path[64];
	int fd = memfd_create("core", 0);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	struct error *err = target_open_core(no_files(), path, NULL, &target);
	if (!err) {
		look(target);
		target_free(target);
	} else if (!err->message || (err->code != ERROR_UNSUPPORTED && err->code != ERROR_INTERNAL)) {
		abort();
	}
	error_free(err);
	close(fd);
	return 0;
}
