#include "core/elfcore.h"

#include <string.h>
#include "core/checked.h"
#include "core/debuginfod.h"
#include "core/elffile.h"
#include "core/str.h"
#include "core/trace.h"

/* Which bytes of a process may be read from a file instead of the core?
 *
 * The kernel leaves out a private file mapping that nobody wrote to (fs/coredump.c, vma_dump_size),
 * but a missing page may also be one that was written and then cut off by truncation, or left out
 * by coredump_filter. So the rule does not look at what is missing but at what may change: only
 * bytes that the file's own program headers put into a segment without PF_W are taken. That leaves
 * out .data, and RELRO too, which is read-only in the core but lies in a writable segment of the
 * file because relocation wrote to it. What is dumped always wins, so text that somebody patched
 * is seen as it was.
 *
 * And which file? One with the build-id that the core has for the module. Where the core has none,
 * the file's headers must be those in the core, or, when that page is lost too, its segments must
 * lie where the process had mapped them and its dynamic section must be the one in the core. */

enum { DYNAMIC_MAX = 4096, DYNAMIC_FEW = 6, PHNUM_MAX = 1024 };

struct candidate {
	struct elfcore *core;
	struct module *module;
	struct build_id other;		/* of the last one that was another build */
	bool differs;			/* there was one, not the right one */
	bool verified;			/* the accepted one has the build-id */
};

static bool file_header(const struct elfcore *core, const struct mapped_file *file, struct elf_header *ret)
{
	return elf_header_load(file->data, file->size, ret) && ret->machine == core->header.machine &&
	       (ret->type == ET_EXEC || ret->type == ET_DYN) && ret->phnum && ret->phnum <= PHNUM_MAX;
}

/* A separate debug file has the headers and the build-id, and none of the code. */
static bool has_code(const struct elf_header *h, const struct mapped_file *file)
{
	struct elffile elf;
	struct elf_section s;
	if (!elffile_open(file->data, file->size, h->machine, &elf))
		return false;
	for (uint32_t i = 0; elffile_section(&elf, i, &s); i++)
		if (s.type == SHT_NOBITS && (s.flags & SHF_EXECINSTR))
			return false;
	return true;
}

bool modulefiles_span(const struct elf_header *h, const uint8_t *data, size_t size, addr_t *ret_start,
		      addr_t *ret_end)
{
	addr_t page = h->machine->page_size, low = UINT64_MAX, high = 0, end;
	struct elf_phdr s;
	for (size_t i = 0; i < h->phnum && elf_phdr_at(h, data, size, i, &s); i++) {
		if (s.type != PT_LOAD || !s.memsz || !checked_add(s.vaddr, s.memsz, &end))
			continue;
		low = MIN(low, s.vaddr & -page);
		high = MAX(high, end);
	}
	*ret_start = low;
	*ret_end = high;
	return high > low;
}

static const struct mapping *mapping_at(const struct target *t, addr_t addr)
{
	size_t low = 0, high = t->mappings.len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (t->mappings.items[middle].end <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == t->mappings.len || t->mappings.items[low].start > addr)
		return NULL;
	return &t->mappings.items[low];
}

/* Each PT_LOAD of the file is mapped where it should be, from the right offset; and it has some. */
static bool segments_agree(const struct candidate *c, const struct elf_header *h,
			   const struct mapped_file *file)
{
	const struct target *t = c->core->target;
	struct elf_phdr s;
	bool any = false;
	for (size_t i = 0; i < h->phnum && elf_phdr_at(h, file->data, file->size, i, &s); i++) {
		if (s.type != PT_LOAD || !s.filesz)
			continue;
		addr_t at = c->module->bias + s.vaddr;
		const struct mapping *m = mapping_at(t, at);
		if (!m || m->start - m->file_offset != at - s.offset)
			return false;
		any = true;
	}
	return any;
}

/* DT_DEBUG apart, a value is the file's, or the file's plus the bias where it is an address that
 * the dynamic linker relocated in place. false: not there, or not the same; *ret_lost tells. */
static bool dynamic_agrees(const struct candidate *c, const struct elf_header *h,
			   const struct mapped_file *file, bool *ret_lost)
{
	const struct machine *m = h->machine;
	struct elf_phdr s;
	size_t pair = 2 * (size_t)m->word;
	*ret_lost = true;
	for (size_t i = 0; i < h->phnum && elf_phdr_at(h, file->data, file->size, i, &s); i++) {
		if (s.type != PT_DYNAMIC || s.offset > file->size || s.filesz > file->size - s.offset)
			continue;
		for (size_t n = 0; n < MIN(s.filesz / pair, (uint64_t)DYNAMIC_MAX); n++) {
			const uint8_t *ours = file->data + s.offset + n * pair;
			const uint8_t *theirs = memory_at(&c->core->target->memory,
							  c->module->bias + s.vaddr + n * pair, pair);
			if (!theirs)
				return false;
			*ret_lost = false;
			uint64_t tag = load_word(m, ours), value = load_word(m, ours + m->word);
			uint64_t got = load_word(m, theirs + m->word);
			if (load_word(m, theirs) != tag ||
			    (got != value && got != value + c->module->bias && tag != DT_DEBUG))
				return false;
			if (tag == DT_NULL)
				return n >= DYNAMIC_FEW;
		}
	}
	return false;
}

static bool headers_agree(const struct candidate *c, const struct elf_header *h,
			  const struct mapped_file *file)
{
	bool dynamic_lost;
	uint64_t size;
	if (dynamic_agrees(c, h, file, &dynamic_lost))
		return true;
	if (!dynamic_lost)
		return false;
	const uint8_t *dumped = checked_extent(h->phoff, h->phnum, elf_phdr_size(h->machine), &size) &&
		size <= file->size && size <= h->machine->page_size ?
		memory_at(&c->core->target->memory, c->module->start, size) : NULL;
	if (dumped)
		return memcmp(dumped, file->data, size) == 0;
	return segments_agree(c, h, file);
}

/* When its header is lost, how far it was moved is known from its file alone: an executable that
 * is not position-independent was not moved at all. */
static addr_t bias_in(const struct candidate *c, const struct elf_header *h, const struct mapped_file *file)
{
	const struct module *module = c->module;
	addr_t page = h->machine->page_size;
	struct elf_phdr s;
	if (memory_at(&c->core->target->memory, module->start, 1))
		return module->bias;
	for (size_t i = 0; i < h->phnum && elf_phdr_at(h, file->data, file->size, i, &s); i++)
		if (s.type == PT_LOAD && s.offset < page)
			return module->start - (s.vaddr - s.offset);
	return module->bias;
}

/* And so is how far it reaches. */
static void learn_end(struct candidate *c, const struct elf_header *h, const struct mapped_file *file)
{
	addr_t start, end;
	if (!c->module->build_id.len && modulefiles_span(h, file->data, file->size, &start, &end) &&
	    c->module->bias + end > c->module->start)
		c->module->end = MAX(c->module->end, c->module->bias + end);
}

static bool accept(const struct mapped_file *file, void *arg)
{
	struct candidate *c = arg;
	struct elf_header h;
	struct build_id id = { .len = 0 };
	if (!file_header(c->core, file, &h) || !has_code(&h, file))
		return false;
	elf_file_build_id(&h, file->data, file->size, &id);
	c->verified = build_id_equal(&id, &c->module->build_id);
	addr_t bias = c->module->bias;
	c->module->bias = bias_in(c, &h, file);
	if (c->verified || (!c->module->build_id.len && headers_agree(c, &h, file))) {
		learn_end(c, &h, file);
		return true;
	}
	c->module->bias = bias;
	c->differs = true;
	c->other = id;
	trace(FILES, "%s is not %s as it was in the process", file->path, c->module->path);
	return false;
}

static bool note_why(struct target *t, struct module *module, const struct candidate *c)
{
	_str_ struct str text = STR_INIT;
	char hex[2 * BUILD_ID_MAX + 1];
	if (!c->differs) {
		str_adds(&text, "no such file");
	} else if (c->other.len && module->build_id.len) {
		build_id_format(&c->other, hex);
		str_printf(&text, "is another build (%.12s", hex);
		build_id_format(&module->build_id, hex);
		str_printf(&text, ", the process had %.12s)", hex);
	} else {
		str_adds(&text, "is another build");
	}
	module->file_note = arena_copy(&t->arena, text.buf, text.len);
	return module->file_note != NULL;
}

static void attach(struct module *module, const struct candidate *c, struct mapped_file *file)
{
	module->file = *file;
	*file = (struct mapped_file){ 0 };
	module->file_state = c->verified ? MODULE_FILE_MATCHES : MODULE_FILE_UNVERIFIED;
	if (module->build_id.len)
		return;
	struct elf_header h;
	if (file_header(c->core, &module->file, &h))
		elf_file_build_id(&h, module->file.data, module->file.size, &module->build_id);
}

static struct module *executable_of(struct target *t)
{
	struct module *module;
	vec_each(module, &t->modules)
		if (module->is_executable)
			return module;
	return NULL;
}

static void remark_given(struct target *t, const struct module *module, const struct candidate *c,
			 const struct mapped_file *given)
{
	char theirs[2 * BUILD_ID_MAX + 1], ours[2 * BUILD_ID_MAX + 1];
	build_id_format(&c->other, ours);
	build_id_format(&module->build_id, theirs);
	if (c->other.len && module->build_id.len)
		remark_info(&t->remarks, "%s (build-id %s) is not the program that crashed, %s (build-id %s): "
			    "it is not used", given->path, ours, module->path, theirs);
	else
		remark_info(&t->remarks, "%s is not the program that crashed, %s (their headers differ): "
			    "it is not used", given->path, module->path);
}

/* The executable that the user named: the program's, or some other module's when it has that
 * one's build-id (an application that embeds Python, and its libpython given). */
static void attach_given(struct elfcore *core, struct mapped_file *given)
{
	struct target *t = core->target;
	struct module *program = executable_of(t), *module;
	struct elf_header h;
	if (!file_header(core, given, &h)) {
		remark_info(&t->remarks, "%s is not an executable for %s: it is not used", given->path,
			    t->machine->name);
		return;
	}
	struct candidate c = { .core = core, .module = program };
	if (program && accept(given, &c)) {
		attach(program, &c, given);
		return;
	}
	vec_each(module, &t->modules) {
		struct candidate other = { .core = core, .module = module };
		if (module == program || !module->build_id.len || !accept(given, &other))
			continue;
		if (module->path[0] == '[')
			module->path = arena_copy(&t->arena, given->path, strlen(given->path));
		if (!module->path)
			module->path = "";
		attach(module, &other, given);
		return;
	}
	if (program)
		remark_given(t, program, &c, given);
	else
		remark_info(&t->remarks, "%s is none of the files that this core has mapped: it is not used",
			    given->path);
}

struct tally {
	unsigned missing, differing, unverified;
	const struct module *first_missing, *first_differing, *first_unverified;
};

static void tally_remarks(struct target *t, const struct tally *n)
{
	if (n->differing)
		remark_info(&t->remarks, "%u of %zu mapped files on this machine are of another build than in the "
			    "process (%s %s): they are not used; give the right ones with --sysroot or --search",
			    n->differing, t->modules.len, n->first_differing->path,
			    n->first_differing->file_note);
	if (n->missing)
		remark_info(&t->remarks, "%u of %zu mapped files are not on this machine (%s): give them with "
			    "--sysroot or --search", n->missing, t->modules.len, n->first_missing->path);
	if (n->unverified)
		remark_info(&t->remarks, "%u of %zu mapped files are used though the core has no build-id to "
			    "compare (%s): their headers agree", n->unverified, t->modules.len,
			    n->first_unverified->path);
}

enum module_file_state modulefiles_state(const struct target *t, const struct module *module)
{
	if (!t->slim || module->file_state != MODULE_FILE_MISSING)
		return module->file_state;
	const uint64_t *then = map_find(&t->files_then, module->start);
	return then ? (enum module_file_state)*then : MODULE_FILE_MATCHES;
}

static void tally_add(struct tally *n, enum module_file_state state, const struct module *module)
{
	unsigned *count = state == MODULE_FILE_MISSING ? &n->missing :
		state == MODULE_FILE_DIFFERS ? &n->differing :
		state == MODULE_FILE_UNVERIFIED ? &n->unverified : NULL;
	const struct module **first = state == MODULE_FILE_MISSING ? &n->first_missing :
		state == MODULE_FILE_DIFFERS ? &n->first_differing : &n->first_unverified;
	if (count && !(*count)++)
		*first = module;
}

bool modulefiles_attach(struct elfcore *core, struct files *files, struct mapped_file *given)
{
	struct target *t = core->target;
	struct tally tally = { 0 };
	struct module *module;
	if (given->path)
		attach_given(core, given);
	vec_each(module, &t->modules) {
		struct candidate c = { .core = core, .module = module };
		struct mapped_file file;
		if (!module->file.path && files_find_module(files, module->path, &module->build_id, false,
							    accept, &c, &file))
			attach(module, &c, &file);
		if (!module->file.path) {
			module->file_state = c.differs ? MODULE_FILE_DIFFERS : MODULE_FILE_MISSING;
			if (!note_why(t, module, &c))
				return false;
		}
		tally_add(&tally, modulefiles_state(t, module), module);
	}
	tally_remarks(t, &tally);
	if (debuginfod_fault(files->debuginfod))
		remark_info(&t->remarks, "debuginfod: %s", debuginfod_fault(files->debuginfod));
	return true;
}

static bool add_file_extent(struct target *t, const struct module *module, const struct elf_phdr *s,
			    addr_t from, addr_t to)
{
	addr_t page = t->machine->page_size, end;
	addr_t start = module->bias + (s->vaddr & -page);
	if ((s->vaddr & (page - 1)) != (s->offset & (page - 1)) ||
	    !checked_add(module->bias + s->vaddr, s->filesz, &end))
		return true;
	uint64_t offset = s->offset & -page;
	from = MAX(from, start);
	to = MIN(to, (end + page - 1) & -page);
	if (from >= to || offset + (from - start) >= module->file.size)
		return true;
	offset += from - start;
	struct extent e = {
		.start = from,
		.end = from + MIN(to - from, module->file.size - offset),
		.host = module->file.data + offset,
		.source = EXTENT_FILE,
		.flags = (uint8_t)(s->flags & 7),
	};
	return memory_add(&t->memory, &e);
}

/* The part of a mapping (NULL: of all that the module covers) that the module's file speaks for. */
static bool add_file_extents(struct elfcore *core, const struct module *module,
			     const struct mapping *mapping)
{
	struct elf_header h;
	struct elf_phdr s;
	const struct mapped_file *file = &module->file;
	if (!file->data || !file_header(core, file, &h))
		return true;
	for (size_t i = 0; i < h.phnum && elf_phdr_at(&h, file->data, file->size, i, &s); i++) {
		if (s.type != PT_LOAD || (s.flags & PF_W))
			continue;
		/* The same file may be mapped once more, as plain data. */
		if (mapping && mapping->start - mapping->file_offset != module->bias + s.vaddr - s.offset)
			continue;
		if (!add_file_extent(core->target, module, &s, mapping ? mapping->start : module->start,
				     mapping ? mapping->end : module->end))
			return false;
	}
	return true;
}

static const char *lost_why(struct target *t, const struct module *module)
{
	_str_ struct str text = STR_INIT;
	if (t->slim)
		return "left out by pycore slim";
	if (!module)
		return "file mapping not dumped";
	if (module->file.data)
		return "writable part of a file, not dumped";
	str_printf(&text, "not dumped, and %s %s", module->path,
		   module->file_state == MODULE_FILE_DIFFERS ? "on this machine is another build" :
		   "is not on this machine");
	return arena_copy(&t->arena, text.buf, text.len);
}

/* What is between the segments of a file is mapped too, but cannot be accessed. */
static uint8_t access_to(const struct elfcore *core, const struct mapping *mapping)
{
	const struct elf_phdr *s;
	vec_each(s, &core->segments)
		if (mapping->start >= s->vaddr && mapping->start - s->vaddr < s->memsz)
			return s->flags & 7 ? EXTENT_READ : 0;
	return EXTENT_READ;
}

static bool add_lost(struct elfcore *core, const struct mapping *mapping, const char *why)
{
	struct extent lost = {
		.start = mapping->start,
		.end = mapping->end,
		.source = EXTENT_LOST,
		.flags = access_to(core, mapping),
		.why = why,
	};
	return memory_add(&core->target->memory, &lost);
}

bool modulefiles_add_extents(struct elfcore *core)
{
	struct target *t = core->target;
	const struct module *module, *last = NULL;
	const struct mapping *mapping;
	const char *why = NULL;
	if (!t->mappings.len) {
		vec_each(module, &t->modules)
			if (!add_file_extents(core, module, NULL))
				return false;
		return true;
	}
	vec_each(mapping, &t->mappings) {
		module = target_module_at(t, mapping->start);
		if (module && !has_prefix(mapping->path, module->path))
			module = NULL;
		if (module && !add_file_extents(core, module, mapping))
			return false;
		if (module != last || !why)
			why = lost_why(t, module);
		last = module;
		if (!why || !add_lost(core, mapping, why))
			return false;
	}
	return true;
}
