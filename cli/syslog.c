#include "cli/syslog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "analyzers/report_crash.h"
#include "core/checked.h"

enum { NAME_MAX_BYTES = 64, ENTRY_MAX = 8 << 20, FIELDS_MAX = 64, PRIORITY = 1 << 3 | 2 };

struct field {
	const char *name, *value;
	size_t name_len, len;
};

static bool is_name(const char *name, size_t len)
{
	if (!len || len > NAME_MAX_BYTES || name[0] == '_' || (name[0] >= '0' && name[0] <= '9'))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!(name[i] >= 'A' && name[i] <= 'Z') && !(name[i] >= '0' && name[i] <= '9') && name[i] != '_')
			return false;
	return true;
}

static bool is_called(const struct field *f, const char *name)
{
	return f->name_len == strlen(name) && memcmp(f->name, name, f->name_len) == 0;
}

/* Who speaks, and what of. */
static bool is_ours(const struct field *f)
{
	return is_called(f, "MESSAGE") || is_called(f, "MESSAGE_ID") || is_called(f, "PRIORITY") ||
	       is_called(f, "SYSLOG_IDENTIFIER");
}

static bool describes_a_crash(const struct field *f)
{
	static const char *const names[] = {
		"MESSAGE", "COREDUMP_PID", "COREDUMP_UID", "COREDUMP_TIMESTAMP", "COREDUMP_SIGNAL",
		"COREDUMP_SIGNAL_NAME", "COREDUMP_EXE",
	};
	static const char python[] = "COREDUMP_PYTHON_";
	if (f->name_len > sizeof(python) - 1 && memcmp(f->name, python, sizeof(python) - 1) == 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (is_called(f, names[i]))
			return true;
	return false;
}

static bool user_field(const char *text, struct field *ret)
{
	const char *equals = strchr(text, '=');
	if (!equals || strchr(text, '\n'))
		return false;
	*ret = (struct field){ text, equals + 1, (size_t)(equals - text), strlen(equals + 1) };
	return is_name(ret->name, ret->name_len) && !is_ours(ret);
}

struct error *syslog_check(const struct syslog_fields *fields)
{
	struct field field;
	for (size_t i = 0; i < fields->count; i++)
		if (!user_field(fields->items[i], &field))
			return error_new(ERROR_USAGE, "--syslog-field '%s': is not NAME=VALUE, with a NAME of A-Z, 0-9 "
					 "and _, other than those that pycore sets itself", fields->items[i]);
	return NULL;
}

/* --- reading the entry ------------------------------------------------------------------------ */

/* NAME=VALUE\n, or NAME\n length VALUE\n. false: no further one. */
static bool next_field(const char **p, const char *end, struct field *ret)
{
	const char *line = *p, *stop = memchr(line, '\n', (size_t)(end - line));
	if (!stop || stop == line)
		return false;
	const char *equals = memchr(line, '=', (size_t)(stop - line));
	if (equals) {
		*ret = (struct field){ line, equals + 1, (size_t)(equals - line), (size_t)(stop - equals - 1) };
		*p = stop + 1;
		return true;
	}
	uint64_t len = 0;
	if (end - stop < 10)
		return false;
	for (unsigned i = 0; i < 8; i++)
		len |= (uint64_t)(uint8_t)stop[1 + i] << 8 * i;
	if (len > (uint64_t)(end - stop - 10))
		return false;
	*ret = (struct field){ line, stop + 9, (size_t)(stop - line), (size_t)len };
	*p = stop + 9 + len + 1;
	return true;
}

static void put_field(struct str *out, const struct field *f)
{
	str_add(out, f->name, f->name_len);
	str_addc(out, '\n');
	for (unsigned i = 0; i < 8; i++)
		str_addc(out, (char)((uint64_t)f->len >> 8 * i));
	str_add(out, f->value, f->len);
	str_addc(out, '\n');
}

/* What goes out: ours, the user's, then what the entry says beside. */
static bool compose(const char *entry, size_t len, const struct syslog_fields *fields, struct str *out,
		    struct str *ret_message)
{
	struct field seen[FIELDS_MAX], field;
	size_t count = 0;
	str_adds(out, "MESSAGE_ID=" REPORT_MESSAGE_ID "\nPRIORITY=2\nSYSLOG_IDENTIFIER=pycore\n");
	for (size_t i = 0; i < fields->count && count < FIELDS_MAX; i++)
		if (user_field(fields->items[i], &seen[count]))
			put_field(out, &seen[count++]);
	const char *p = entry, *end = entry + len;
	while (count < FIELDS_MAX && p < end && next_field(&p, end, &field)) {
		bool again = false;
		for (size_t i = 0; i < count; i++)
			again |= seen[i].name_len == field.name_len &&
				 memcmp(seen[i].name, field.name, field.name_len) == 0;
		if (again || !describes_a_crash(&field) || !is_name(field.name, field.name_len))
			continue;
		seen[count++] = field;
		put_field(out, &field);
		if (is_called(&field, "MESSAGE"))
			str_add(ret_message, field.value, field.len);
	}
	str_addc(ret_message, '\n');
	return ret_message->len > 1 && !out->failed && !ret_message->failed;
}

/* --- sending ----------------------------------------------------------------------------------- */

static int open_socket(const char *root, const char *path, int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int len = snprintf(address.sun_path, sizeof(address.sun_path), "%s%s", root, path);
	_close_ int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (fd < 0 || len < 0 || (size_t)len >= sizeof(address.sun_path) ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -1;
	return take_fd(&fd);
}

/* What is too long for a datagram comes in a sealed file. */
static bool send_as_file(int journal, const struct str *entry)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	_close_ int fd = memfd_create("pycore-report", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return false;
	for (size_t done = 0; done < entry->len;) {
		ssize_t n = write(fd, entry->buf + done, entry->len - done);
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		return false;
	struct msghdr message = { .msg_control = &control, .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(journal, &message, MSG_NOSIGNAL) >= 0;
}

static bool to_journal(int journal, const struct str *entry)
{
	if (send(journal, entry->buf, entry->len, MSG_NOSIGNAL) >= 0)
		return true;
	return (errno == EMSGSIZE || errno == ENOBUFS) && send_as_file(journal, entry);
}

static bool to_syslog(int syslog, bool stream, const struct str *message)
{
	const char *p = message->buf, *end = p + message->len, *stop;
	for (; p < end && (stop = memchr(p, '\n', (size_t)(end - p))); p = stop + 1) {
		_str_ struct str line = STR_INIT;
		str_printf(&line, "<%d>pycore[%d]: ", PRIORITY, getpid());
		str_add(&line, p, (size_t)(stop - p));
		if (line.failed || send(syslog, line.buf, line.len + stream, MSG_NOSIGNAL) < 0)
			return false;
	}
	return true;
}

struct error *syslog_send(const char *root, const char *entry, size_t len,
			  const struct syslog_fields *fields, struct str *ret_message)
{
	_str_ struct str out = STR_INIT;
	if (len > ENTRY_MAX || !compose(entry, len, fields, &out, ret_message))
		return error_new(ERROR_INTERNAL, "the report is no entry for the journal");
	_close_ int journal = open_socket(root, "/run/systemd/journal/socket", SOCK_DGRAM);
	if (journal >= 0)
		return to_journal(journal, &out) ? NULL :
		       error_new(ERROR_INTERNAL, "cannot write to the journal: %s", strerror(errno));
	bool stream = false;
	_close_ int syslog = open_socket(root, "/dev/log", SOCK_DGRAM);
	if (syslog < 0 && errno == EPROTOTYPE) {
		syslog = open_socket(root, "/dev/log", SOCK_STREAM);
		stream = true;
	}
	if (syslog < 0)
		return error_new(ERROR_USAGE, "--syslog: neither a journal nor a syslog is running here");
	return to_syslog(syslog, stream, ret_message) ? NULL :
	       error_new(ERROR_INTERNAL, "cannot write to syslog: %s", strerror(errno));
}
