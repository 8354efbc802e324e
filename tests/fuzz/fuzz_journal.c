/* A journal of any bytes, read through libsystemd where there is one: what it says of cores is listed.
 * Whatever comes: numbers are known or -1, each entry has a place, and the newest comes first. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/journal.h"
#include "core/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MACHINE "/var/log/journal/0123456789abcdef0123456789abcdef"

static char root[64], path[256];

static void remove_root(void)
{
	char command[128];
	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	if (system(command) != 0)
		abort();
}

static void make_root(void)
{
	const char *tmp = getenv("TMPDIR");
	if (root[0])
		return;
	snprintf(root, sizeof(root), "%s/pycore-fuzz-XXXXXX", tmp && strlen(tmp) < 30 ? tmp : "/tmp");
	if (!mkdtemp(root))
		abort();
	atexit(remove_root);
	snprintf(path, sizeof(path), "%s" MACHINE "/", root);
	for (char *slash = path + strlen(root); (slash = strchr(slash + 1, '/'));) {
		*slash = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			abort();
		*slash = '/';
	}
	strcat(path, "system.journal");
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

static void list(void)
{
	struct store store;
	const struct store_entry *e;
	int64_t before = INT64_MAX;
	struct error *err = store_load(root, &store);
	if (err)
		abort();
	vec_each(e, &store.entries) {
		if (!e->keeper || e->time > before)
			abort();
		before = e->time;
	}
	store_release(&store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned left = 100;
	make_root();
	FILE *file = fopen(path, "we");
	if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0)
		abort();
	journal_crashes(root, 100, look, &left);
	list();
	return 0;
}
