#include "symbols/debugfile.h"

#include <elf.h>
#include <string.h>
#include "core/checked.h"
#include "core/str.h"
#include "core/trace.h"

struct wanted {
	const struct machine *machine;
	const struct build_id *id;
	const char *link;		/* .gnu_debuglink's file name; NULL: no such section */
	uint32_t crc;
};

uint32_t debugfile_crc(const uint8_t *data, size_t size)
{
	uint32_t table[256], crc = ~0u;
	for (uint32_t i = 0; i < 256; i++) {
		table[i] = i;
		for (int bit = 0; bit < 8; bit++)
			table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320u : 0);
	}
	for (size_t i = 0; i < size; i++)
		crc = table[(crc ^ data[i]) & 0xff] ^ crc >> 8;
	return ~crc;
}

static bool belongs(const struct mapped_file *file, void *arg)
{
	const struct wanted *w = arg;
	struct elffile elf;
	if (!elffile_open(file->data, file->size, w->machine, &elf))
		return false;
	struct build_id id;
	elffile_build_id(&elf, &id);
	if (id.len && w->id->len)
		return build_id_equal(&id, w->id);
	if (w->link && debugfile_crc(file->data, file->size) == w->crc)
		return true;
	trace(FILES, "%s: not the debug file that was sought", file->path);
	return false;
}

/* The section: a file name, NUL, padding to 4 bytes, then the CRC. */
static bool debuglink(const struct elffile *elf, struct wanted *w)
{
	struct elf_section s;
	if (!elffile_find_section(elf, ".gnu_debuglink", 0, &s))
		return false;
	const uint8_t *p = elffile_section_data(elf, &s);
	const uint8_t *nul = p ? memchr(p, 0, s.size) : NULL;
	if (!nul)
		return false;
	size_t crc_at = ((size_t)(nul - p) + 1 + 3) & ~(size_t)3;
	if (crc_at + 4 > s.size || memchr(p, '/', nul - p))
		return false;
	w->link = (const char *)p;
	w->crc = load_u32(elf->machine, p + crc_at);
	return true;
}

static bool find_by_link(struct files *files, const struct module *module, struct wanted *w,
			 struct mapped_file *ret)
{
	const char *slash = strrchr(module->path, '/');
	int dir = slash ? (int)(slash - module->path) : 0;
	static const struct { const char *before, *after; } places[] = {
		{ "", "/" }, { "", "/.debug/" }, { "/usr/lib/debug", "/" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		_str_ struct str path = STR_INIT;
		str_printf(&path, "%s%.*s%s%s", places[i].before, dir, module->path,
			   places[i].after, w->link);
		/* A link to itself says nothing new. */
		if (!path.failed && !streq(path.buf, module->path) &&
		    files_find_linked(files, path.buf, belongs, w, ret))
			return true;
	}
	return false;
}

bool debugfile_find(struct files *files, const struct machine *machine, const struct module *module,
		    struct mapped_file *ret)
{
	struct wanted w = { .machine = machine, .id = &module->build_id };
	struct elffile elf;
	bool linked = elffile_open(module->file.data, module->file.size, machine, &elf) &&
		      debuglink(&elf, &w);
	if (module->build_id.len &&
	    files_find_module(files, module->path, &module->build_id, true, belongs, &w, ret))
		return true;
	return linked && find_by_link(files, module, &w, ret);
}

/* The section: a path, NUL, the build-id. A relative path begins at the debug file, wherever that came
 * from; distributions keep all of these in one place. */
bool debugfile_find_shared(struct files *files, const struct machine *machine,
			   const struct mapped_file *debug, struct mapped_file *ret)
{
	struct elffile elf;
	struct elf_section s;
	struct build_id id = { .len = 0 };
	if (!elffile_open(debug->data, debug->size, machine, &elf) ||
	    !elffile_find_section(&elf, ".gnu_debugaltlink", 0, &s))
		return false;
	const uint8_t *p = elffile_section_data(&elf, &s);
	const uint8_t *nul = p ? memchr(p, 0, s.size) : NULL;
	size_t len = nul ? s.size - (size_t)(nul - p) - 1 : 0;
	if (!len || len > BUILD_ID_MAX)
		return false;
	memcpy(id.bytes, nul + 1, len);
	id.len = (uint8_t)len;
	struct wanted w = { .machine = machine, .id = &id };
	_str_ struct str path = STR_INIT;
	const char *name = (const char *)p, *slash = strrchr(name, '/');
	str_printf(&path, "%s%s", *name == '/' ? "" : "/usr/lib/debug/.dwz/",
		   *name == '/' || !slash ? name : slash + 1);
	return !path.failed && (files_find_linked(files, path.buf, belongs, &w, ret) ||
				files_find_module(files, path.buf, &id, true, belongs, &w, ret));
}
