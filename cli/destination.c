#include "cli/destination.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/owner.h"

static struct error *cannot_write(const char *path)
{
	return error_new(ERROR_USAGE, "cannot write %s: %s", path, strerror(errno));
}

/* Only root may give a file away; for all others it is theirs, as what they may read is. */
static bool own_as_core(const struct files *files, int fd)
{
	struct owner owner;
	owner_find(files, &owner);
	if (geteuid() != 0 || owner.file_uid < 0)
		return true;
	return fchown(fd, (uid_t)owner.file_uid, (gid_t)owner.file_gid) == 0;
}

struct error *destination_open(struct destination *ret, const char *path, bool filled,
			       const struct files *files)
{
	struct destination d = { .out = stdout, .path = path, .file = { .fd = -1 } };
	struct stat st;
	if (!path) {
		*ret = d;
		return NULL;
	}
	if (!filled && stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		d.out = fopen(path, "we");
		*ret = d;
		return d.out ? NULL : cannot_write(path);
	}
	struct error *err = files_create(path, &d.file);
	if (err)
		return err;
	if (!filled)
		d.out = fdopen(dup(d.file.fd), "w");
	if (!d.out || !own_as_core(files, d.file.fd)) {
		err = cannot_write(path);
		if (d.out && d.out != stdout)
			fclose(d.out);
		new_file_release(&d.file);
		return err;
	}
	*ret = d;
	return NULL;
}

struct error *destination_close(struct destination *d, bool keep)
{
	struct error *err = NULL;
	if (d->out != stdout && fclose(d->out) != 0 && keep)
		err = error_new(ERROR_INTERNAL, "cannot write %s: %s", d->path, strerror(errno));
	if (d->file.path && keep && !err)
		err = files_commit(&d->file);
	new_file_release(&d->file);
	return err;
}
