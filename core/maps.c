#include "core/elfcore.h"

#include <limits.h>
#include <string.h>
#include "core/checked.h"
#include "core/trace.h"

/* The text of /proc/PID/maps, which crash handlers keep: abrt as the item maps, systemd-coredump as
 * COREDUMP_PROC_MAPS (there cut to what fits a datagram, and "..." put behind it).
 *
 *	start-end rwxp offset device inode      path
 *	7f0c8a000000-7f0c8a021000 r--p 00001000 fd:01 1234567    /usr/lib/libc.so.6 (deleted)
 *
 * In the order of addresses, numbers hexadecimal but the inode; of a path's characters only the
 * newline is escaped (Linux 6.12, fs/proc/task_mmu.c, show_map_vma()). Without a path, or with one
 * like [heap], it is no file's. */

enum { LINES_MAX = 1 << 22, LINE_BYTES = 4 * PATH_MAX + 128 };
#define TEXT_BYTES ((size_t)256 << 20)

struct line {
	struct mapping mapping;		/* without path */
	const char *path;		/* as it stands there */
	size_t path_len;		/* 0: no file */
};

static bool number(const char **at, const char *end, unsigned base, uint64_t *ret)
{
	const char *begin = *at;
	uint64_t value = 0;
	for (int digits = base == 16 ? 16 : 20; *at < end && digits; ++*at, digits--) {
		char c = **at;
		unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0') :
				 c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : base;
		if (digit >= base)
			break;
		value = value * base + digit;
	}
	*ret = value;
	return *at > begin;
}

static bool literal(const char **at, const char *end, char c)
{
	return *at < end && *(*at)++ == c;
}

/* "r-xp" */
static bool access_of(const char **at, const char *end, uint8_t *ret)
{
	static const struct { char letter; uint8_t flag; } rights[] = {
		{ 'r', EXTENT_READ }, { 'w', EXTENT_WRITE }, { 'x', EXTENT_EXECUTE },
	};
	*ret = 0;
	for (size_t i = 0; i < ARRAY_SIZE(rights); i++) {
		if (*at == end || (**at != rights[i].letter && **at != '-'))
			return false;
		*ret |= *(*at)++ == '-' ? 0 : rights[i].flag;
	}
	return *at < end && strchr("ps", *(*at)++);
}

/* false: no line of such a text. */
static bool parse(const char *at, const char *end, struct line *ret)
{
	uint64_t unused;
	struct line line = { .path = NULL };
	struct mapping *m = &line.mapping;
	if (end - at > LINE_BYTES || memchr(at, '\0', (size_t)(end - at)) ||
	    !number(&at, end, 16, &m->start) || !literal(&at, end, '-') ||
	    !number(&at, end, 16, &m->end) || !literal(&at, end, ' ') ||
	    !access_of(&at, end, &m->access) || !literal(&at, end, ' ') ||
	    !number(&at, end, 16, &m->file_offset) || !literal(&at, end, ' ') ||
	    !number(&at, end, 16, &unused) || !literal(&at, end, ':') ||
	    !number(&at, end, 16, &unused) || !literal(&at, end, ' ') ||
	    !number(&at, end, 10, &unused) || (at < end && *at != ' ') || m->start >= m->end)
		return false;
	while (at < end && *at == ' ')
		at++;
	if (at < end && *at == '/') {
		line.path = at;
		line.path_len = (size_t)(end - at);
	}
	*ret = line;
	return true;
}

/* "\012" is a newline; NULL: out of memory. */
static char *unescape(struct arena *arena, const char *path, size_t len)
{
	static const char escape[] = "\\012";
	size_t width = sizeof(escape) - 1, kept = 0;
	char *ret = arena_copy(arena, path, len);
	for (size_t i = 0; ret && i < len; kept++) {
		bool is_escape = len - i >= width && memcmp(path + i, escape, width) == 0;
		ret[kept] = is_escape ? '\n' : path[i];
		i += is_escape ? width : 1;
	}
	if (ret)
		ret[kept] = '\0';
	return ret;
}

/* Does the core's own list, its first `own` mappings, say something of these addresses? */
static bool is_known(const struct target *t, size_t own, const struct mapping *m)
{
	size_t low = 0, high = own;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (t->mappings.items[middle].start < m->end)
			low = middle + 1;
		else
			high = middle;
	}
	return low && t->mappings.items[low - 1].end > m->start;
}

struct taking {
	struct target *t;
	size_t own, bad, known;		/* known: lines of what the core has memory of */
	addr_t end;			/* of the last line */
	struct line last;		/* that named a file: often the next one names the same */
	const char *path;
};

static bool take_line(struct taking *k, const char *at, const char *end)
{
	struct line line;
	if (!parse(at, end, &line) || line.mapping.start < k->end) {
		k->bad++;
		return true;
	}
	k->end = line.mapping.end;
	/* [vsyscall] is at the same address in each process. */
	bool is_own = line.mapping.start < (addr_t)1 << 63;
	k->known += is_own && memory_extent(&k->t->memory, line.mapping.start);
	if (!line.path_len || is_known(k->t, k->own, &line.mapping))
		return true;
	if (line.path_len != k->last.path_len || memcmp(line.path, k->last.path, line.path_len) != 0)
		k->path = unescape(&k->t->arena, line.path, line.path_len);
	k->last = line;
	struct mapping *mapping = k->path ? vec_push(&k->t->mappings) : NULL;
	if (mapping) {
		*mapping = line.mapping;
		mapping->path = k->path;
	}
	return mapping != NULL;
}

static bool has_dots(const char *at, const char *end)
{
	return end - at >= 3 && memcmp(end - 3, "...", 3) == 0;
}

bool maps_take(struct elfcore *core)
{
	struct target *t = core->target;
	struct taking k = { .t = t, .own = t->mappings.len };
	const char *at = (const char *)core->maps.data, *end = at + MIN(core->maps.size, TEXT_BYTES);
	bool cut = core->maps.size > TEXT_BYTES;
	vec_sort(&t->mappings, mapping_compare);
	for (size_t n = 0; at < end && n < LINES_MAX; n++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *stop = newline ? newline : end, *next = newline ? newline + 1 : end;
		cut |= next == end && has_dots(at, stop);
		if (!(next == end && cut) && !take_line(&k, at, stop))
			return false;
		at = next;
	}
	/* Addresses are random: not one in common is no accident. */
	if (!k.known && t->memory.extents.len) {
		t->mappings.len = k.own;
		remark_loss(&t->remarks, "%s: is no /proc/PID/maps of this process: not used", core->maps.path);
		return true;
	}
	if (k.bad || cut || at < end)
		remark_loss(&t->remarks, "%s: is %s: mapped files may be missing", core->maps.path,
			    k.bad ? "no /proc/PID/maps in places" : "cut");
	remark_info(&t->remarks, "%zu of %zu lines of the list of mapped files are from %s: the core's own "
		    "(NT_FILE) is %s", t->mappings.len - k.own, t->mappings.len, core->maps.path,
		    k.own ? "cut" : "missing");
	trace(ELF, "%s: %zu mappings, %zu bad lines", core->maps.path, t->mappings.len - k.own, k.bad);
	vec_sort(&t->mappings, mapping_compare);
	t->mappings_given = true;
	return true;
}
