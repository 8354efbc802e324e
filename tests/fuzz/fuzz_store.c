/* What crash handlers keep, of any bytes: attributes of a core, its name, abrt's items. The input is
 * pieces, each a byte that says what it is of, one with its length, and so many bytes. The last
 * byte's worth of pieces makes the words that pycore bt WORD looks for.
 *
 * Where the file system has no user attributes, the rest is tried. */
#include <fcntl.h>
#include <sys/xattr.h>
#include "core/checked.h"
#include "core/store.h"
#include "core/stored.h"
#include "core/str.h"
#include "tests/fuzz/fuzz_root.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CORES "/var/lib/systemd/coredump"
#define SPOOL "/var/spool/abrt"

static const char *const attributes[] = {
	"pid", "tid", "uid", "gid", "signal", "timestamp", "rlimit", "hostname", "comm", "exe",
	"thread_name",
};
static const char *const items[] = {
	"time", "pid", "global_pid", "uid", "executable", "hostname", "reason",
};

static void make_root(void)
{
	if (!fuzz_root_make())
		return;
	fuzz_root_mkdir(CORES);
	fuzz_root_mkdir(SPOOL "/ccpp-1");
}

static int create(const char *directory, const char *name)
{
	_str_ struct str path = STR_INIT;
	str_printf(&path, "%s%s/%s", fuzz_root, directory, name);
	return open(path.buf, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
}

static void delete(const char *directory, const char *name)
{
	_str_ struct str path = STR_INIT;
	str_printf(&path, "%s%s/%s", fuzz_root, directory, name);
	unlink(path.buf);
}

static void put_attribute(int fd, const char *name, const uint8_t *bytes, size_t len)
{
	char full[64];
	snprintf(full, sizeof(full), "user.coredump.%s", name);
	if (fd >= 0)
		fsetxattr(fd, full, bytes, len, 0);
}

static void put_item(const char *name, const uint8_t *bytes, size_t len)
{
	_close_ int fd = create(SPOOL "/ccpp-1", name);
	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
		abort();
}

static void look(const char *word)
{
	struct store store;
	const struct store_entry *e;
	struct error *err = store_load(fuzz_root, &store);
	if (err)
		abort();
	int64_t before = INT64_MAX;
	vec_each(e, &store.entries) {
		if (!e->path || !e->keeper || e->time > before || e->pid < -1 || e->signal < -1)
			abort();
		before = e->time;
	}
	store_find(&store, "last");
	store_find(&store, word);
	store_release(&store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Names that any file system takes. */
	char name[201] = "core.python3.0.0123456789abcdef0123456789abcdef.42.1790000000000000";
	make_root();
	for (size_t at = 0, pass = 0; pass < 2; at = 0, pass++) {
		/* First the name, which the attributes' file needs. */
		int fd = pass ? create(CORES, name) : -1;
		while (at + 2 <= size) {
			size_t kind = data[at] % (ARRAY_SIZE(attributes) + ARRAY_SIZE(items) + 1);
			size_t len = MIN((size_t)data[at + 1], size - at - 2);
			const uint8_t *bytes = data + at + 2;
			at += 2 + len;
			if (kind == ARRAY_SIZE(attributes) + ARRAY_SIZE(items)) {
				if (!pass && len && len < 195 && !memchr(bytes, '/', len) &&
				    !memchr(bytes, '\0', len))
					snprintf(name, sizeof(name), "core.%.*s", (int)len, (const char *)bytes);
			} else if (pass && kind < ARRAY_SIZE(attributes)) {
				put_attribute(fd, attributes[kind], bytes, len);
			} else if (pass) {
				put_item(items[kind - ARRAY_SIZE(attributes)], bytes, len);
			}
		}
		if (fd >= 0)
			close(fd);
	}
	close(create(SPOOL "/ccpp-1", "coredump.zst"));
	look(name + 5);
	delete(CORES, name);
	for (size_t i = 0; i < ARRAY_SIZE(items); i++)
		delete(SPOOL "/ccpp-1", items[i]);
	return 0;
}
