#include "core/debuginfod.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "core/trace.h"

/* debuginfod/debuginfod.h.in of elfutils 0.188; the header is in a package that nothing else needs. */
struct debuginfod_client;
typedef int progress_fn(struct debuginfod_client *, long, long);
typedef void *user_data_fn(struct debuginfod_client *);
typedef void set_progress_fn(struct debuginfod_client *, progress_fn *);
typedef void set_data_fn(struct debuginfod_client *, void *);
typedef int find_fn(struct debuginfod_client *, const unsigned char *, int, char **);

struct debuginfod {
	struct progress *progress;
	struct debuginfod_client *client;
	find_fn *find_debug, *find_executable;
	void (*end)(struct debuginfod_client *);
	const char *fault;
	bool tried;
};

struct debuginfod *debuginfod_new(struct progress *progress)
{
	const char *urls = secure_getenv("DEBUGINFOD_URLS");
	if (!urls || !urls[strspn(urls, " ")])
		return NULL;
	struct debuginfod *d = calloc(1, sizeof(*d));
	if (d)
		d->progress = progress;
	return d;
}

/* Called several times a second, with bytes so far and in all; that there is no state of ours but the
 * client's own is worth a search for the function that gives it. */
static int show_progress(struct debuginfod_client *client, long done, long total)
{
	void *library = dlopen("libdebuginfod.so.1", RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
	user_data_fn *user_data = library ? dlsym(library, "debuginfod_get_user_data") : NULL;
	struct debuginfod *d = user_data ? user_data(client) : NULL;
	if (d)
		progress_show(d->progress, "debuginfod", done > 0 ? (uint64_t)done : 0,
			      total > 0 ? (uint64_t)total : 0);
	if (library)
		dlclose(library);
	return 0;
}

static void load(struct debuginfod *d)
{
	d->tried = true;
	void *library = dlopen("libdebuginfod.so.1", RTLD_NOW | RTLD_LOCAL);
	struct debuginfod_client *(*begin)(void) = NULL;
	if (library) {
		begin = dlsym(library, "debuginfod_begin");
		d->end = dlsym(library, "debuginfod_end");
		d->find_debug = dlsym(library, "debuginfod_find_debuginfo");
		d->find_executable = dlsym(library, "debuginfod_find_executable");
	}
	if (begin && d->end && d->find_debug && d->find_executable)
		d->client = begin();
	set_progress_fn *set_progress = library ? dlsym(library, "debuginfod_set_progressfn") : NULL;
	set_data_fn *set_data = library ? dlsym(library, "debuginfod_set_user_data") : NULL;
	if (d->client && d->progress && set_progress && set_data) {
		set_data(d->client, d);
		set_progress(d->client, show_progress);
	}
	if (!d->client)
		d->fault = library ? "libdebuginfod.so.1 cannot be used" :
				     "libdebuginfod.so.1 is not on this machine";
}

void debuginfod_free(struct debuginfod *d)
{
	if (!d)
		return;
	if (d->client)
		d->end(d->client);
	free(d);
}

const char *debuginfod_fault(const struct debuginfod *d)
{
	return d ? d->fault : NULL;
}

int debuginfod_fetch(struct debuginfod *d, const uint8_t *id, size_t len, bool want_debug)
{
	if (!d->tried)
		load(d);
	if (d->fault || !len || len > 64)
		return -1;
	find_fn *find = want_debug ? d->find_debug : d->find_executable;
	/* The length is not 0, which would mean that the id is text. */
	int fd = find(d->client, id, (int)len, NULL);
	progress_end(d->progress);
	trace(FILES, "debuginfod: %s", fd >= 0 ? "found" : strerror(-fd));
	/* That it has no such file is an answer; all else is waited for once only. */
	if (fd < 0 && fd != -ENOENT)
		d->fault = fd == -ETIME || fd == -ETIMEDOUT ? "its servers do not answer in time" :
			   fd == -ECONNREFUSED || fd == -EHOSTUNREACH ? "its servers cannot be reached" :
			   "its servers gave no answer";
	return fd < 0 ? -1 : fd;
}
