#include "core/elfcore.h"

#include <string.h>
#include "core/checked.h"
#include "core/trace.h"

/* Modules where no NT_FILE tells them: cores of qemu-user, and kernel cores whose note would have
 * grown too long (core_file_note_size_limit).
 *
 *	AT_PHDR -> program headers -> PT_DYNAMIC -> DT_DEBUG -> r_debug.r_map -> link_map -> ...
 *
 * qemu leaves the page with the headers out, too; then they come from the executable on this
 * machine. struct r_debug and struct link_map: glibc's and musl's <link.h>. */

enum { LINKS_MAX = 10000, DYNAMIC_MAX = 4096, NAME_MAX_ = 4096, PHNUM_MAX = 1024 };

struct program {
	struct module module;
	addr_t dynamic;			/* 0: static */
	const char *interpreter;	/* the dynamic linker's path, as the file has it; NULL: not asked */
};

/* table: count program headers, from the process or from the file. */
static bool program_from_headers(const struct elfcore *core, const uint8_t *table, size_t count,
				 uint64_t phoff, struct program *ret)
{
	const struct machine *m = core->header.machine;
	size_t size = elf_phdr_size(m);
	addr_t page = m->page_size, low = UINT64_MAX, high = 0, at_phdr = UINT64_MAX, dynamic = 0, end;
	struct elf_phdr s;
	for (size_t i = 0; i < count; i++) {
		elf_phdr_load(m, table + i * size, &s);
		if (s.type == PT_PHDR)
			at_phdr = s.vaddr;
		if (s.type == PT_DYNAMIC)
			dynamic = s.vaddr;
		if (s.type != PT_LOAD || !checked_add(s.vaddr, s.memsz, &end))
			continue;
		low = MIN(low, s.vaddr & -page);
		high = MAX(high, end);
		/* no PT_PHDR: the headers lie in the segment that has their offset */
		if (at_phdr == UINT64_MAX && phoff >= s.offset && phoff - s.offset < s.filesz)
			at_phdr = s.vaddr + (phoff - s.offset);
	}
	if (high <= low || at_phdr == UINT64_MAX)
		return false;
	addr_t bias = core->target->at_phdr - at_phdr;
	*ret = (struct program){
		.module = { .start = bias + low, .end = bias + high, .bias = bias },
		.dynamic = dynamic ? bias + dynamic : 0,
	};
	return ret->module.start < ret->module.end;
}

static bool program_from_memory(const struct elfcore *core, struct program *ret)
{
	size_t size = elf_phdr_size(core->header.machine);
	if (!core->at_phnum || core->at_phnum > PHNUM_MAX)
		return false;
	const uint8_t *table = memory_at(&core->target->memory, core->target->at_phdr, core->at_phnum * size);
	return table && program_from_headers(core, table, core->at_phnum,
					     core->header.machine->word == 8 ? sizeof(Elf64_Ehdr) :
					     sizeof(Elf32_Ehdr), ret);
}

/* The link map has no copy of the linker's name: it points into the program's own read-only part,
 * which is not in the core when its headers are not. */
static const char *interpreter_in(const struct elfcore *core, const struct mapped_file *file,
				  const struct elf_header *h)
{
	struct elf_phdr s;
	for (size_t i = 0; i < h->phnum && elf_phdr_at(h, file->data, file->size, i, &s); i++) {
		if (s.type != PT_INTERP || s.offset >= file->size)
			continue;
		const char *path = (const char *)file->data + s.offset;
		size_t there = MIN(s.filesz, file->size - s.offset), len = strnlen(path, there);
		return len < there && len <= NAME_MAX_ ? arena_copy(&core->target->arena, path, len) : NULL;
	}
	return NULL;
}

static bool program_from_file(const struct elfcore *core, const struct mapped_file *file,
			      struct program *ret)
{
	struct elf_header h;
	uint64_t end;
	if (!elf_header_load(file->data, file->size, &h) || h.machine != core->header.machine ||
	    h.phnum != core->at_phnum || h.phnum > PHNUM_MAX ||
	    !checked_extent(h.phoff, h.phnum, elf_phdr_size(h.machine), &end) || end > file->size ||
	    !program_from_headers(core, file->data + h.phoff, h.phnum, h.phoff, ret))
		return false;
	/* AT_ENTRY is known too: the wrong file hardly has the same. */
	if (core->target->at_entry && ret->module.bias + h.entry != core->target->at_entry)
		return false;
	ret->interpreter = interpreter_in(core, file, &h);
	return true;
}

static bool find_program(const struct elfcore *core, struct files *files, const struct mapped_file *given,
			 struct program *ret)
{
	const char *path = core->target->process.executable;
	struct mapped_file file;
	if (program_from_memory(core, ret))
		return true;
	if (given->data && program_from_file(core, given, ret))
		return true;
	if (!path || !files_map_named(files, path, &file))
		return false;
	bool found = program_from_file(core, &file, ret);
	mapped_file_release(&file);
	return found;
}

/* DT_DEBUG's value, written there by the dynamic linker; 0: none. */
static addr_t find_debug(const struct target *t, addr_t dynamic)
{
	size_t word = t->machine->word;
	addr_t tag, value;
	for (size_t i = 0; dynamic && i < DYNAMIC_MAX; i++) {
		addr_t at = dynamic + i * 2 * word;
		if (!target_read_word(t, at, &tag) || !target_read_word(t, at + word, &value) ||
		    tag == DT_NULL)
			return 0;
		if (tag == DT_DEBUG)
			return value;
	}
	return 0;
}

static struct module *push(struct elfcore *core, const struct module *from, const char *path)
{
	struct target *t = core->target;
	char *copy = arena_copy(&t->arena, path, strlen(path));
	struct module *module = copy ? vec_push(&t->modules) : NULL;
	if (module) {
		*module = *from;
		module->path = copy;
	}
	return module;
}

static const struct extent *segment_of(const struct elfcore *core, addr_t addr)
{
	const struct extent *e = memory_extent(&core->target->memory, addr);
	return e && e->host ? e : NULL;
}

/*	l_addr | l_name | l_ld | l_next | l_prev */
static bool add_link(struct elfcore *core, struct files *files, addr_t bias, const char *name, addr_t dynamic)
{
	struct module found = { .start = bias, .bias = bias };
	struct mapped_file file;
	struct elf_header h;
	addr_t start, end;
	if (module_load_header(core, bias, &found))
		return push(core, &found, name) != NULL;
	/* Without its headers the file tells how far it reaches; without the file its dynamic
	 * section does, which lies in the last part. */
	const struct extent *last = segment_of(core, dynamic);
	found.end = last ? last->end : dynamic + 1;
	if (files_map_named(files, name, &file)) {
		if (elf_header_load(file.data, file.size, &h) && h.machine == core->header.machine &&
		    modulefiles_span(&h, file.data, file.size, &start, &end)) {
			found.start = bias + start;
			found.end = MAX(found.end, bias + end);
		}
		mapped_file_release(&file);
	}
	return found.start >= found.end || push(core, &found, name);
}

bool linkmap_load(struct elfcore *core, struct files *files, const struct mapped_file *given)
{
	struct target *t = core->target;
	struct program program;
	size_t word = t->machine->word, len;
	if (!t->at_phdr)
		return true;
	if (!find_program(core, files, given, &program)) {
		remark_loss(&t->remarks, "core has no list of mapped files (NT_FILE) and not the program's "
			    "headers: give the executable%s%s", t->process.executable ? ", " : "",
			    t->process.executable ? t->process.executable : "");
		return true;
	}
	/* Only its own header in memory has a build-id to trust. */
	struct module loaded = { .bias = 0 };
	if (module_load_header(core, program.module.start, &loaded))
		program.module = loaded;
	const char *path = t->process.executable ? t->process.executable : given->path;
	if (!push(core, &program.module, path ? path : ""))
		return false;
	addr_t link = 0, debug = find_debug(t, program.dynamic);
	if (!debug || !target_read_word(t, debug + word, &link))
		return true;
	for (size_t i = 0; link && i < LINKS_MAX; i++) {
		addr_t bias, name_at, dynamic, next;
		if (!target_read_word(t, link, &bias) || !target_read_word(t, link + word, &name_at) ||
		    !target_read_word(t, link + 2 * word, &dynamic) ||
		    !target_read_word(t, link + 3 * word, &next)) {
			remark_loss(&t->remarks, "core: the dynamic linker's list of modules breaks off at 0x%"
				    PRIx64, link);
			return true;
		}
		const char *name = memory_string(&t->memory, name_at, NAME_MAX_, &len);
		if (!name && t->at_base && bias == t->at_base)
			name = program.interpreter;
		/* The program itself has no name, and the vDSO no file. */
		if (name && name[0] == '/' && !add_link(core, files, bias, name, dynamic))
			return false;
		link = next;
	}
	if (link)
		remark_loss(&t->remarks, "core: the dynamic linker's list of modules has no end");
	trace(ELF, "link map at 0x%" PRIx64 ": %zu modules", debug, t->modules.len);
	return true;
}
