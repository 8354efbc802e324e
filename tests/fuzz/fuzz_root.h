/* A directory below which a fuzz target makes files, removed when it ends. */
#ifndef TESTS_FUZZ_ROOT_H
#define TESTS_FUZZ_ROOT_H

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char fuzz_root[64];

static inline void fuzz_root_remove(void)
{
	char command[128];
	snprintf(command, sizeof(command), "rm -rf '%s'", fuzz_root);
	if (system(command) != 0)
		abort();
}

/* path: absolute, as seen from the root. */
static inline void fuzz_root_mkdir(const char *path)
{
	char full[256], *slash = full + strlen(fuzz_root);
	snprintf(full, sizeof(full), "%s%s/", fuzz_root, path);
	while ((slash = strchr(slash + 1, '/'))) {
		*slash = '\0';
		if (mkdir(full, 0755) < 0 && errno != EEXIST)
			abort();
		*slash = '/';
	}
}

/* false: there is one already. */
static inline bool fuzz_root_make(void)
{
	const char *tmp = getenv("TMPDIR");
	if (fuzz_root[0])
		return false;
	snprintf(fuzz_root, sizeof(fuzz_root), "%s/pycore-fuzz-XXXXXX", tmp && strlen(tmp) < 30 ? tmp : "/tmp");
	if (!mkdtemp(fuzz_root))
		abort();
	atexit(fuzz_root_remove);
	return true;
}

#endif
