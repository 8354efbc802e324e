/* A module's file: any bytes as what lies on disk beside a core. Its sections, its symbols by name and
 * by address, its call frame information, its debug link, what it has packed, and where its debug
 * information would have to be unpacked. libdw is not asked: it has a process of its own, which may
 * die of this. The seeds are fixtures/symbols/symlib.c, linked with and without .eh_frame, with
 * -nostdlib, and one of them with .gnu_debugdata and .gnu_debuglink. */
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include "core/elf.h"
#include "symbols/dwarf_file.h"
#include "core/elffile.h"
#include "symbols/symbols.h"
#include "symbols/unwind_module.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BIAS = 0x10000000, STEPS = 40 };

/* As core/modulefiles.c does it: what the file's headers put into segments that nobody writes to. */
static bool map_segments(struct target *t, const struct elffile *f, struct module *m)
{
	struct elf_phdr s;
	for (uint32_t i = 0; i < 16 && elffile_segment(f, i, &s); i++) {
		const uint8_t *host = s.type == PT_LOAD && s.filesz < (1 << 24) && s.vaddr < (1ull << 40) ?
			elffile_at(f, s.vaddr, s.filesz) : NULL;
		if (!host || !s.filesz)
			continue;
		struct extent e = { .start = m->bias + s.vaddr, .end = m->bias + s.vaddr + s.filesz,
				    .host = host, .source = EXTENT_FILE };
		if (m->end < e.end)
			m->end = e.end;
		if (!memory_add(&t->memory, &e))
			return false;
	}
	return memory_seal(&t->memory);
}

static void walk_sections(const struct elffile *f)
{
	struct elf_section s;
	struct build_id id;
	for (uint32_t i = 0; i < 100 && elffile_section(f, i, &s); i++)
		(void)elffile_section_data(f, &s);
	elffile_build_id(f, &id);
	(void)dwarf_file_packed(f->data, f->size, DWARF_LINES);
}

static void ask(struct target *t, struct module *m)
{
	struct symbols *symbols = NULL;
	struct symbol symbol;
	addr_t at;
	uint64_t size;
	struct error *err = symbols_load(t, NULL, &symbols);
	if (err) {
		error_free(err);
		return;
	}
	(void)symbols_find(symbols, "_PyRuntime", NULL, &symbol);
	(void)symbols_find_in(symbols, m, "hidden", &symbol);
	(void)symbols_section(symbols, m, ".PyRuntime", &at, &size);
	struct unwind_module unwind = { .module = m };
	for (unsigned i = 0; i < STEPS; i++) {
		const struct cfi_section *section;
		struct cfi_entry entry;
		struct cfi_row row;
		at = m->start + (m->end - m->start) / STEPS * i;
		(void)symbols_at(symbols, at, &symbol);
		if (unwind_module_find(t, symbols, &unwind, at, &section, &entry))
			(void)cfi_row_at(section, &entry, at, &row);
	}
	unwind_module_release(&unwind);
	symbols_free(symbols);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elf_header h;
	struct elffile f;
	struct target t = { .machine = NULL };
	struct elf_note note;
	if (!elf_header_load(data, size, &h) || !h.machine || !elffile_open(data, size, h.machine, &f))
		return 0;
	walk_sections(&f);
	t.machine = h.machine;
	struct module *m = vec_push(&t.modules);
	if (!m)
		return 0;
	m->path = "/nowhere/libfuzz.so";
	m->start = m->bias = BIAS;
	m->end = BIAS + 4096;
	m->file = (struct mapped_file){ .data = data, .size = size, .path = (char *)m->path };
	m->file_state = MODULE_FILE_MATCHES;
	if (map_segments(&t, &f, m)) {
		(void)target_module_note(&t, m, "FDO", 0xcafe1a7e, &note);
		ask(&t, m);
	}
	memory_release(&t.memory);
	vec_release(&t.modules);
	arena_release(&t.arena);
	remarks_release(&t.remarks);
	return 0;
}
