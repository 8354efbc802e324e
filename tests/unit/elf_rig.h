/* A small ELF64 shared object for x86-64, drawn in memory:
 *
 *	0x0000  header, program headers (one PT_LOAD over all, PT_DYNAMIC, PT_NOTE)
 *	0x0200  .note.gnu.build-id
 *	0x0300  .dynamic
 *	0x0400  .hash  0x0600  .gnu.hash  0x0800  .dynsym  0x0a00  .dynstr
 *	0x0c00  .symtab  0x1000  .strtab  0x1400  .gnu_debuglink
 *	0x1800  .shstrtab  0x1a00  section headers
 *	0x3000  the end: .text and .data lie at 0x2000 and 0x2800
 *
 * vaddr == file offset. Add symbols, then elf_rig_finish(). */
#ifndef TESTS_UNIT_ELF_RIG_H
#define TESTS_UNIT_ELF_RIG_H

#include "tests/unit/test.h"

#include <elf.h>
#include "core/machine.h"

enum {
	ELF_NOTE = 0x200, ELF_DYNAMIC = 0x300, ELF_HASH = 0x400, ELF_GNU_HASH = 0x600, ELF_DYNSYM = 0x800,
	ELF_DYNSTR = 0xa00, ELF_SYMTAB = 0xc00, ELF_STRTAB = 0x1000, ELF_DEBUGLINK = 0x1400,
	ELF_SHSTRTAB = 0x1800, ELF_SECTIONS = 0x1a00, ELF_TEXT = 0x2000, ELF_DATA = 0x2800,
	ELF_SIZE = 0x3000,
};

struct elf_rig {
	uint8_t bytes[ELF_SIZE];
	unsigned dynamic_symbols, symbols;	/* the null symbol included */
	size_t dynamic_text, text, names;
	unsigned sections;
};

static inline void elf_rig_symbol_at(struct elf_rig *rig, bool dynamic, const char *name, int bind,
				     int type, uint64_t value, uint64_t size, uint16_t section)
{
	unsigned *count = dynamic ? &rig->dynamic_symbols : &rig->symbols;
	size_t *used = dynamic ? &rig->dynamic_text : &rig->text;
	Elf64_Sym symbol = {
		.st_name = (Elf64_Word)*used, .st_info = ELF64_ST_INFO(bind, type), .st_shndx = section,
		.st_value = value, .st_size = size,
	};
	memcpy(rig->bytes + (dynamic ? ELF_DYNSYM : ELF_SYMTAB) + *count * sizeof(symbol), &symbol,
	       sizeof(symbol));
	strcpy((char *)rig->bytes + (dynamic ? ELF_DYNSTR : ELF_STRTAB) + *used, name);
	*used += strlen(name) + 1;
	++*count;
}

static inline void elf_rig_export(struct elf_rig *rig, const char *name, uint64_t value, uint64_t size)
{
	elf_rig_symbol_at(rig, true, name, STB_GLOBAL, STT_OBJECT, value, size, 1);
}

static inline void elf_rig_local(struct elf_rig *rig, const char *name, uint64_t value, uint64_t size)
{
	elf_rig_symbol_at(rig, false, name, STB_LOCAL, STT_FUNC, value, size, 1);
}

static inline void elf_rig_section(struct elf_rig *rig, const char *name, uint32_t type, uint64_t addr,
				   uint64_t offset, uint64_t size, uint32_t link)
{
	Elf64_Shdr section = {
		.sh_name = (Elf64_Word)rig->names, .sh_type = type, .sh_addr = addr, .sh_offset = offset,
		.sh_size = size, .sh_link = link, .sh_addralign = 4,
	};
	strcpy((char *)rig->bytes + ELF_SHSTRTAB + rig->names, name);
	rig->names += strlen(name) + 1;
	memcpy(rig->bytes + ELF_SECTIONS + rig->sections++ * sizeof(section), &section, sizeof(section));
}

static inline void elf_rig_init(struct elf_rig *rig)
{
	memset(rig, 0, sizeof(*rig));
	rig->dynamic_text = rig->text = 1;
	elf_rig_symbol_at(rig, true, "", 0, 0, 0, 0, 0);
	elf_rig_symbol_at(rig, false, "", 0, 0, 0, 0, 0);
}

static inline uint32_t elf_rig_gnu_hash(const char *name)
{
	uint32_t h = 5381;
	for (; *name; name++)
		h = h * 33 + (uint8_t)*name;
	return h;
}

/* One bucket, one bloom word with all bits: every symbol is in one chain, in table order. */
static inline void elf_rig_hashes(struct elf_rig *rig)
{
	uint32_t gnu[64] = { 1, 1, 1, 0, ~0u, ~0u, rig->dynamic_symbols > 1 };
	uint32_t old[64] = { 1, rig->dynamic_symbols, rig->dynamic_symbols > 1 };
	for (unsigned i = 1; i < rig->dynamic_symbols; i++) {
		Elf64_Sym symbol;
		memcpy(&symbol, rig->bytes + ELF_DYNSYM + i * sizeof(symbol), sizeof(symbol));
		bool last = i + 1 == rig->dynamic_symbols;
		uint32_t h = elf_rig_gnu_hash((char *)rig->bytes + ELF_DYNSTR + symbol.st_name);
		gnu[7 + i - 1] = (h & ~1u) | last;
		old[3 + i] = last ? 0 : i + 1;
	}
	memcpy(rig->bytes + ELF_HASH, old, sizeof(old));
	memcpy(rig->bytes + ELF_GNU_HASH, gnu, sizeof(gnu));
}

static inline void elf_rig_dynamic(struct elf_rig *rig, bool gnu, uint64_t relocated)
{
	Elf64_Dyn entries[] = {
		{ DT_SYMTAB, { ELF_DYNSYM + relocated } },
		{ DT_STRTAB, { ELF_DYNSTR + relocated } },
		{ DT_STRSZ, { 0x200 } },
		{ gnu ? DT_GNU_HASH : DT_HASH, { (gnu ? ELF_GNU_HASH : ELF_HASH) + relocated } },
		{ DT_NULL, { 0 } },
	};
	memcpy(rig->bytes + ELF_DYNAMIC, entries, sizeof(entries));
}

static inline void elf_rig_sections(struct elf_rig *rig, bool symtab)
{
	rig->names = 1;
	elf_rig_section(rig, "", SHT_NULL, 0, 0, 0, 0);
	elf_rig_section(rig, ".text", SHT_PROGBITS, ELF_TEXT, ELF_TEXT, 0x800, 0);
	elf_rig_section(rig, ".shstrtab", SHT_STRTAB, 0, ELF_SHSTRTAB, 0x200, 0);
	elf_rig_section(rig, ".note.gnu.build-id", SHT_NOTE, ELF_NOTE, ELF_NOTE, 12 + 4 + 20, 0);
	elf_rig_section(rig, ".strtab", SHT_STRTAB, 0, ELF_STRTAB, 0x400, 0);
	if (symtab)
		elf_rig_section(rig, ".symtab", SHT_SYMTAB, 0, ELF_SYMTAB,
				rig->symbols * sizeof(Elf64_Sym), 4);
}

static inline void elf_rig_finish(struct elf_rig *rig)
{
	static const uint32_t note[] = { 4, 20, NT_GNU_BUILD_ID, 0x554e47 };
	memcpy(rig->bytes + ELF_NOTE, note, sizeof(note));
	memset(rig->bytes + ELF_NOTE + sizeof(note), 0xab, 20);
	elf_rig_hashes(rig);
	elf_rig_dynamic(rig, true, 0);
	elf_rig_sections(rig, true);
	Elf64_Ehdr header = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_DYN, .e_machine = EM_X86_64, .e_version = EV_CURRENT, .e_phoff = 64,
		.e_shoff = ELF_SECTIONS, .e_ehsize = 64, .e_phentsize = 56, .e_phnum = 3,
		.e_shentsize = 64, .e_shnum = (Elf64_Half)rig->sections, .e_shstrndx = 2,
	};
	Elf64_Phdr segments[] = {
		{ PT_LOAD, PF_R | PF_W, 0, 0, 0, ELF_SIZE, ELF_SIZE, 0x1000 },
		{ PT_DYNAMIC, PF_R | PF_W, ELF_DYNAMIC, ELF_DYNAMIC, ELF_DYNAMIC, 0x100, 0x100, 8 },
		{ PT_NOTE, PF_R, ELF_NOTE, ELF_NOTE, ELF_NOTE, 36, 36, 4 },
	};
	memcpy(rig->bytes, &header, sizeof(header));
	memcpy(rig->bytes + 64, segments, sizeof(segments));
}

static inline const struct machine *elf_rig_machine(void)
{
	return machine_find(EM_X86_64, ELFCLASS64, ELFDATA2LSB);
}

#endif
