#include "symbols/unwind_module.h"

#include <elf.h>
#include "core/checked.h"
#include "core/str.h"
#include "core/trace.h"

enum { INDEX_MAX = 1 << 22, PHNUM_MAX = 1024 };

void unwind_module_release(struct unwind_module *m)
{
	vec_release(&m->eh_frame.entries);
	vec_release(&m->debug_frame.entries);
}

/* --- where the sections are ----------------------------------------------------------------- */

/* All bytes from an address on that lie in one piece: in the module's file, which has them all,
 * else in memory. */
static bool window(struct target *t, const struct unwind_module *m, addr_t at,
		   struct cfi_section *ret)
{
	struct elffile file;
	struct elf_phdr s;
	uint64_t vaddr = at - m->module->bias;
	const struct mapped_file *f = &m->module->file;
	*ret = (struct cfi_section){ .machine = t->machine, .at = at };
	bool has_file = f->data && elffile_open(f->data, f->size, t->machine, &file);
	for (uint32_t i = 0; has_file && elffile_segment(&file, i, &s); i++) {
		if (s.type != PT_LOAD || vaddr < s.vaddr || vaddr - s.vaddr >= s.filesz)
			continue;
		ret->size = s.filesz - (vaddr - s.vaddr);
		ret->data = elffile_at(&file, vaddr, ret->size);
		if (ret->data)
			return true;
	}
	const struct extent *e = memory_extent(&t->memory, at);
	ret->size = e && e->source != EXTENT_LOST ? memory_span(&t->memory, at, e->end - at) : 0;
	ret->data = ret->size ? memory_at(&t->memory, at, ret->size) : NULL;
	return ret->data != NULL;
}

/* PT_GNU_EH_FRAME of the image in memory, else of the file. */
static bool header_address(struct target *t, const struct unwind_module *m, addr_t *ret)
{
	struct elffile elf;
	struct elf_phdr s;
	const struct mapped_file *f = &m->module->file;
	const uint8_t *page = memory_at(&t->memory, m->module->start, t->machine->page_size);
	if ((!page || !elffile_open(page, t->machine->page_size, t->machine, &elf)) &&
	    (!f->data || !elffile_open(f->data, f->size, t->machine, &elf)))
		return false;
	for (uint32_t i = 0; i < PHNUM_MAX && elffile_segment(&elf, i, &s); i++) {
		if (s.type == PT_GNU_EH_FRAME) {
			*ret = m->module->bias + s.vaddr;
			return true;
		}
	}
	return false;
}

static void find_table(struct target *t, struct unwind_module *m)
{
	struct cfi_section header;
	addr_t at;
	m->tried = true;
	m->has_table = header_address(t, m, &at) && window(t, m, at, &header) &&
		       cfi_table_load(&header, &m->table) &&
		       window(t, m, m->table.frames, &m->frames);
	trace(SYMBOLS, "%s: %" PRIu64 " frame descriptions in its sorted table", m->module->path,
	      m->has_table ? m->table.count : 0);
}

/* --- sections without a table --------------------------------------------------------------- */

static int compare_entries(const void *a, const void *b)
{
	const struct cfi_index_entry *x = a, *y = b;
	return x->start < y->start ? -1 : x->start > y->start;
}

static void index_section(struct cfi_index *index)
{
	struct cfi_entry e;
	uint64_t next = 0;
	for (uint64_t at = 0; index->entries.len < INDEX_MAX; at = next) {
		bool is_fde;
		if (!cfi_next(&index->section, &next, &e, &is_fde))
			break;
		struct cfi_index_entry *entry =
			is_fde && e.end > e.start ? vec_push(&index->entries) : NULL;
		if (entry)
			*entry = (struct cfi_index_entry){ e.start, e.end, at };
	}
	vec_sort(&index->entries, compare_entries);
}

static void index_file(struct target *t, const struct unwind_module *m, const struct mapped_file *f,
		       const char *name, struct cfi_index *index)
{
	struct elffile file;
	struct elf_section s;
	if (index->entries.len || !f || !f->data ||
	    !elffile_open(f->data, f->size, t->machine, &file) ||
	    !elffile_find_section(&file, name, 0, &s))
		return;
	index->section = (struct cfi_section){
		.machine = t->machine,
		.data = elffile_section_data(&file, &s),
		.size = s.size,
		.at = m->module->bias + s.addr,
		.bias = m->module->bias,
		.is_debug_frame = streq(name, ".debug_frame"),
	};
	if (index->section.data)
		index_section(index);
	trace(SYMBOLS, "%s: %zu frame descriptions in %s of %s", m->module->path,
	      index->entries.len, name, f->path ? f->path : "?");
}

static bool index_find(const struct cfi_index *index, addr_t pc, struct cfi_entry *ret)
{
	size_t low = 0, high = index->entries.len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (index->entries.items[middle].start <= pc)
			low = middle + 1;
		else
			high = middle;
	}
	return low && cfi_entry_load(&index->section, index->entries.items[low - 1].offset, ret) &&
	       pc >= ret->start && pc < ret->end;
}

/* --- all ------------------------------------------------------------------------------------ */

static bool find_in_table(const struct unwind_module *m, addr_t pc, struct cfi_entry *ret)
{
	addr_t at;
	return m->has_table && cfi_table_find(&m->table, pc, &at) && at >= m->frames.at &&
	       cfi_entry_load(&m->frames, at - m->frames.at, ret) && pc >= ret->start &&
	       pc < ret->end;
}

bool unwind_module_find(struct target *t, struct symbols *symbols, struct unwind_module *m,
			addr_t pc, const struct cfi_section **ret_section, struct cfi_entry *ret)
{
	if (!m->tried)
		find_table(t, m);
	*ret_section = &m->frames;
	if (find_in_table(m, pc, ret))
		return true;
	if (!m->has_table && !m->eh_frame.tried) {
		m->eh_frame.tried = true;
		index_file(t, m, &m->module->file, ".eh_frame", &m->eh_frame);
	}
	*ret_section = &m->eh_frame.section;
	if (index_find(&m->eh_frame, pc, ret))
		return true;
	if (!m->debug_frame.tried) {
		m->debug_frame.tried = true;
		index_file(t, m, &m->module->file, ".debug_frame", &m->debug_frame);
		index_file(t, m, symbols_debug_file(symbols, m->module), ".debug_frame",
			   &m->debug_frame);
	}
	*ret_section = &m->debug_frame.section;
	return index_find(&m->debug_frame, pc, ret);
}
