#include "core/elfcore.h"

#include <stdio.h>
#include <string.h>
#include "core/checked.h"
#include "core/map.h"
#include "core/str.h"
#include "core/trace.h"

enum { NOTES_MAX = 64 << 10, PHNUM_MAX = 1024 };

/* The header and program headers of an ELF image in the process: usually its dumped first page. */
static bool image_headers(const struct target *t, addr_t start, struct elf_header *ret,
			  const uint8_t **ret_table)
{
	const struct memory *m = &t->memory;
	size_t size = t->machine->word == 8 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
	const uint8_t *p = memory_at(m, start, size);
	addr_t table;
	if (!p || !elf_header_load(p, size, ret) || ret->machine != t->machine ||
	    (ret->type != ET_EXEC && ret->type != ET_DYN) || ret->phnum > PHNUM_MAX || !ret->phnum ||
	    !checked_add(start, ret->phoff, &table))
		return false;
	*ret_table = memory_at(m, table, ret->phnum * elf_phdr_size(ret->machine));
	return *ret_table != NULL;
}

static void load_build_id(const struct elfcore *core, const struct elf_phdr *note, struct module *module)
{
	if (!note->filesz || note->filesz > NOTES_MAX || module->build_id.len)
		return;
	const uint8_t *p = memory_at(&core->target->memory, module->bias + note->vaddr, note->filesz);
	if (p)
		elf_notes_build_id(core->header.machine, p, note->filesz, note->align, &module->build_id);
}

bool module_load_header(struct elfcore *core, addr_t start, struct module *ret)
{
	struct elf_header h;
	struct elf_phdr s;
	const uint8_t *table;
	bool biased = false;
	if (!image_headers(core->target, start, &h, &table))
		return false;
	size_t size = elf_phdr_size(h.machine);
	addr_t page = h.machine->page_size, low = UINT64_MAX, high = 0;
	for (size_t i = 0; i < h.phnum; i++) {
		elf_phdr_load(h.machine, table + i * size, &s);
		if (s.type != PT_LOAD)
			continue;
		addr_t end;
		if (s.offset < page && !biased) {
			ret->bias = start - (s.vaddr - s.offset);
			biased = true;
		}
		if (!checked_add(s.vaddr, s.memsz, &end))
			return false;
		low = MIN(low, s.vaddr & -page);
		high = MAX(high, end);
	}
	if (!biased || high <= low)
		return false;
	ret->start = start;
	ret->end = ret->bias + high;
	if (ret->end <= start)
		return false;
	for (size_t i = 0; i < h.phnum; i++) {
		elf_phdr_load(h.machine, table + i * size, &s);
		if (s.type == PT_NOTE)
			load_build_id(core, &s, ret);
	}
	return true;
}

bool target_module_note(const struct target *t, const struct module *module, const char *owner,
			uint32_t type, struct elf_note *ret)
{
	struct elf_header h;
	struct elf_phdr s;
	const uint8_t *table;
	if (!image_headers(t, module->start, &h, &table))
		return false;
	for (size_t i = 0; i < h.phnum; i++) {
		elf_phdr_load(h.machine, table + i * elf_phdr_size(h.machine), &s);
		const uint8_t *p = s.type == PT_NOTE && s.filesz <= NOTES_MAX ?
			memory_at(&t->memory, module->bias + s.vaddr, s.filesz) : NULL;
		if (p && elf_notes_find(h.machine, p, s.filesz, s.align, owner, type, ret))
			return true;
	}
	return false;
}

static bool is_deleted(const char *path, size_t *ret_len)
{
	static const char mark[] = " (deleted)";
	size_t len = strlen(path), mark_len = sizeof(mark) - 1;
	bool deleted = len > mark_len && streq(path + len - mark_len, mark);
	*ret_len = deleted ? len - mark_len : len;
	return deleted;
}

static struct module *module_push(struct elfcore *core, const struct module *from, const char *path)
{
	struct target *t = core->target;
	size_t len;
	bool deleted = is_deleted(path, &len);
	char *plain = arena_copy(&t->arena, path, len);
	struct module *module = plain ? vec_push(&t->modules) : NULL;
	if (!module)
		return NULL;
	*module = *from;
	module->path = plain;
	module->deleted = deleted;
	return module;
}

static uint64_t hash_text(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325;	/* FNV-1a */
	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * 0x100000001b3;
	return hash;
}

static bool spans(const struct mapping *m, addr_t addr)
{
	return addr >= m->start && addr < m->end;
}

/* Its header is lost (truncated, or coredump_filter without bit 4), but it is code by the look of
 * it: the program itself, or "*.so*". */
static bool looks_like_module(const struct elfcore *core, const struct mapping *m)
{
	const struct target *t = core->target;
	const char *base = strrchr(m->path, '/');
	if (memory_at(&t->memory, m->start, 1))
		return false;
	return strstr(base ? base : m->path, ".so") || spans(m, t->at_phdr) || spans(m, t->at_entry);
}

static bool from_mapping(struct elfcore *core, struct map *by_path, const struct mapping *m)
{
	struct target *t = core->target;
	struct module found = { .file_state = MODULE_FILE_MISSING };
	uint64_t *index = map_insert(by_path, hash_text(m->path), NULL);
	if (!index)
		return false;
	struct module *module = *index ? &t->modules.items[*index - 1] : NULL;
	bool begins = !m->file_offset && module_load_header(core, m->start, &found);
	if (!begins && module && m->start <= module->end) {
		module->end = MAX(module->end, m->end);
		return true;
	}
	if (!begins) {
		if (m->file_offset || !looks_like_module(core, m))
			return true;
		found = (struct module){ .start = m->start, .end = m->end, .bias = m->start };
	}
	found.end = MAX(found.end, m->end);
	if (!module_push(core, &found, m->path))
		return false;
	*index = t->modules.len;
	return true;
}

int mapping_compare(const void *a, const void *b)
{
	const struct mapping *x = a, *y = b;
	return x->start < y->start ? -1 : x->start > y->start;
}

static bool from_mappings(struct elfcore *core)
{
	struct target *t = core->target;
	struct map by_path = MAP_INIT;
	bool good = true;
	vec_sort(&t->mappings, mapping_compare);
	for (size_t i = 0; good && i < t->mappings.len; i++)
		good = from_mapping(core, &by_path, &t->mappings.items[i]);
	map_release(&by_path);
	return good;
}

/* Nothing says what was mapped (a gcore file's notes are at its end, where truncation takes them
 * first): every segment that begins with an ELF header. */
static bool from_segments(struct elfcore *core)
{
	struct target *t = core->target;
	const struct elf_phdr *s;
	vec_each(s, &core->segments) {
		struct module found = { .file_state = MODULE_FILE_MISSING };
		char name[40];
		if (s->vaddr == t->at_sysinfo_ehdr || !module_load_header(core, s->vaddr, &found))
			continue;
		snprintf(name, sizeof(name), "[file mapped at 0x%" PRIx64 "]", s->vaddr);
		if (!module_push(core, &found, name))
			return false;
	}
	return true;
}

static int module_compare(const void *a, const void *b)
{
	const struct module *x = a, *y = b;
	return x->start < y->start ? -1 : x->start > y->start;
}

/* A module ends where the next one begins, whatever its headers said; of two that begin at one
 * place the first stays. */
static void order(struct target *t)
{
	size_t kept = 0;
	vec_sort(&t->modules, module_compare);
	for (size_t i = 0; i < t->modules.len; i++) {
		struct module *module = &t->modules.items[i];
		struct module *last = kept ? &t->modules.items[kept - 1] : NULL;
		if (module->start >= module->end || (last && last->start == module->start))
			continue;
		if (last)
			last->end = MIN(last->end, module->start);
		t->modules.items[kept++] = *module;
	}
	t->modules.len = kept;
}

static void find_executable(struct target *t)
{
	struct module *module;
	vec_each(module, &t->modules) {
		addr_t mark = t->at_phdr ? t->at_phdr : t->at_entry;
		if (mark && mark >= module->start && mark < module->end) {
			module->is_executable = true;
			t->process.executable = module->path;
			t->process.build_id = module->build_id;
			return;
		}
	}
}

bool modules_load(struct elfcore *core, struct files *files, struct mapped_file *given)
{
	struct target *t = core->target;
	if (!from_mappings(core))
		return false;
	if (!t->modules.len && !linkmap_load(core, files, given))
		return false;
	if (!t->modules.len && !from_segments(core))
		return false;
	order(t);
	find_executable(t);
	if (!modulefiles_attach(core, files, given))
		return false;
	find_executable(t);	/* its file may have told more of it */
	trace(ELF, "%zu modules", t->modules.len);
	return modulefiles_add_extents(core);
}
