/* A journal of any bytes, read through libsystemd where there is one: what it says of cores is listed.
 * Whatever comes: numbers are known or -1, each entry has a place, and the newest comes first. Cores that
 * are in the journal itself are read.
 *
 * A journal is 8 MiB of which some 10 KiB are no zeros. The input is those: pieces, each of three bytes for
 * its place, one for its length, and so many bytes. */
#include <fcntl.h>
#include "core/checked.h"
#include "core/journal.h"
#include "core/store.h"
#include "tests/fuzz/fuzz_root.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MACHINE "/var/log/journal/0123456789abcdef0123456789abcdef"

static char path[256];

static void make_root(void)
{
	if (!fuzz_root_make())
		return;
	fuzz_root_mkdir(MACHINE);
	snprintf(path, sizeof(path), "%s" MACHINE "/system.journal", fuzz_root);
}

static void write_journal(const uint8_t *data, size_t size)
{
	enum { JOURNAL_SIZE = 8 << 20, HEAD = 4 };
	/* A new file each time: ext4 writes one out that was truncated. */
	unlink(path);
	_close_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0 || ftruncate(fd, JOURNAL_SIZE) < 0)
		abort();
	for (size_t at = 0, len; size - at > HEAD; at += HEAD + len) {
		uint32_t place = data[at] | data[at + 1] << 8 | (uint32_t)data[at + 2] << 16;
		len = MIN((size_t)data[at + 3], size - at - HEAD);
		if (place < JOURNAL_SIZE && pwrite(fd, data + at + HEAD, len, place) != (ssize_t)len)
			abort();
	}
}

static bool look(void *arg, const struct journal_crash *c)
{
	unsigned *left = arg;
	const int64_t numbers[] = { c->time, c->pid, c->uid, c->gid, c->signal };
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (numbers[i] < -1)
			abort();
	const char *const texts[] = { c->file, c->name, c->executable, c->hostname, c->unit };
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (texts[i] && strlen(texts[i]) > 1 << 16)
			abort();
	return --*left;
}

/* What an entry itself has of a core is written out, or refused. */
static void read_core(const char *cursor)
{
	struct files *files;
	int fd;
	struct error *err = files_new(fuzz_root, &files);
	if (err)
		abort();
	err = journal_core(files, cursor, "core", &fd);
	if (err)
		error_free(err);
	else
		close(fd);
	files_free(files);
}

static void list(void)
{
	struct store store;
	const struct store_entry *e;
	int64_t before = INT64_MAX;
	struct error *err = store_load(fuzz_root, &store);
	if (err)
		abort();
	vec_each(e, &store.entries) {
		if (!e->keeper || e->time > before)
			abort();
		before = e->time;
		if (e->cursor)
			read_core(e->cursor);
	}
	store_release(&store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned left = 100;
	make_root();
	write_journal(data, size);
	journal_crashes(fuzz_root, 100, look, &left);
	list();
	return 0;
}
