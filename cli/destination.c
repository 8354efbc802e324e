#include "cli/destination.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/syslog.h"
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

FILE *destination_stream(const struct destination *d)
{
	return d->syslog ? d->entry : d->out;
}

static struct error *open_entry(struct destination *d, const struct syslog_options *syslog)
{
	const struct syslog_fields fields = { syslog->fields.items, syslog->fields.count };
	struct error *err = syslog_check(&fields);
	if (err)
		return err;
	d->syslog = syslog;
	d->entry = open_memstream(&d->bytes, &d->len);
	return d->entry ? NULL : error_nomem();
}

/* The entry to the journal, and its text to who asked for a file. */
static struct error *send_entry(struct destination *d)
{
	const struct syslog_fields fields = { d->syslog->fields.items, d->syslog->fields.count };
	_str_ struct str message = STR_INIT;
	struct error *err = syslog_send("", d->bytes, d->len, &fields, &message);
	/* A write that fails is noticed when the file is closed. */
	if (d->path)
		fwrite(message.buf, 1, message.len, d->out);
	return err;
}

static struct error *close_entry(struct destination *d, bool keep)
{
	struct error *err = NULL;
	if (fclose(take(d->entry)) != 0)
		err = error_nomem();
	else if (keep)
		err = send_entry(d);
	free(take(d->bytes));
	return err;
}

static struct error *open_path(struct destination *d, bool filled, const struct files *files)
{
	struct stat st;
	if (!filled && stat(d->path, &st) == 0 && !S_ISREG(st.st_mode)) {
		d->out = fopen(d->path, "we");
		return d->out ? NULL : cannot_write(d->path);
	}
	struct error *err = files_create(d->path, &d->file);
	if (err)
		return err;
	if (!filled)
		d->out = fdopen(dup(d->file.fd), "w");
	if (d->out && own_as_core(files, d->file.fd))
		return NULL;
	err = cannot_write(d->path);
	if (d->out && d->out != stdout)
		fclose(d->out);
	new_file_release(&d->file);
	return err;
}

struct error *destination_open(struct destination *ret, const char *path, bool filled,
			       const struct syslog_options *syslog, const struct files *files)
{
	/* In its place: the entry's stream keeps a pointer to it. */
	*ret = (struct destination){ .out = stdout, .path = path, .file = { .fd = -1 } };
	struct error *err = syslog ? open_entry(ret, syslog) : NULL;
	if (!err && path)
		err = open_path(ret, filled, files);
	if (err && ret->entry)
		error_free(close_entry(ret, false));
	return err;
}

struct error *destination_close(struct destination *d, bool keep)
{
	struct error *err = NULL;
	/* Where nobody listens the file is still the report. */
	struct error *unsent = d->entry ? close_entry(d, keep) : NULL;
	if (d->out != stdout && fclose(d->out) != 0 && keep)
		err = error_new(ERROR_INTERNAL, "cannot write %s: %s", d->path, strerror(errno));
	if (d->file.path && keep && !err)
		err = files_commit(&d->file);
	new_file_release(&d->file);
	if (!err)
		return unsent;
	error_free(unsent);
	return err;
}
