#include "symbols/dwarf_file.h"

#include <libelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "core/checked.h"
#include "core/isolated.h"
#include "core/str.h"
#include "core/elffile.h"

enum { PARTS_MAX = 64 };

/* libdw unpacks each section that it knows, asked for or not (libdw/dwarf_begin_elf.c, check_section),
 * and that is most of the time it takes. */
static bool is_wanted(const char *name, enum dwarf_wants wants)
{
	static const char *const types[] = {
		".debug_info", ".debug_abbrev", ".debug_str", ".debug_line_str", ".debug_types",
		".debug_str_offsets",
	};
	static const char *const lines[] = {
		".debug_line", ".debug_aranges", ".debug_ranges", ".debug_rnglists", ".debug_addr",
	};
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (streq(name, types[i]))
			return true;
	for (size_t i = 0; wants == DWARF_LINES && i < ARRAY_SIZE(lines); i++)
		if (streq(name, lines[i]))
			return true;
	return false;
}

static bool is_debug(const char *name)
{
	return has_prefix(name, ".debug_") || has_prefix(name, ".zdebug_");
}

static bool open_headers(const uint8_t *data, size_t size, struct elffile *ret)
{
	struct elf_header h;
	return data && elf_header_load(data, size, &h) && h.machine &&
	       elffile_open(data, size, h.machine, ret);
}

/* Elf32_Chdr, Elf64_Chdr: ch_size is the second word. */
static uint64_t unpacked_size(const struct elffile *f, const struct elf_section *s)
{
	unsigned word = f->machine->word;
	if (s->offset > f->size || f->size - s->offset < 2 * word)
		return 0;
	return load_word(f->machine, f->data + s->offset + word);
}

uint64_t dwarf_file_packed(const uint8_t *data, size_t size, enum dwarf_wants wants)
{
	struct elffile f;
	struct elf_section s;
	uint64_t sum = 0;
	if (!open_headers(data, size, &f))
		return 0;
	for (uint32_t i = 0; elffile_section(&f, i, &s); i++)
		if ((s.flags & SHF_COMPRESSED) && is_wanted(s.name, wants) &&
		    !checked_add(sum, unpacked_size(&f, &s), &sum))
			return UINT64_MAX;
	return sum;
}

static size_t section_entry(const struct elffile *f)
{
	return f->machine->word == 8 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
}

/* What is not wanted is made to look empty. sh_type is the second 4 bytes in both classes. */
static void hide_sections(uint8_t *data, size_t size, enum dwarf_wants wants)
{
	struct elffile f;
	struct elf_section s;
	if (!open_headers(data, size, &f))
		return;
	uint8_t nobits[4] = { 0 };
	nobits[f.header.elf_data == ELFDATA2MSB ? 3 : 0] = SHT_NOBITS;
	for (uint32_t i = 0; elffile_section(&f, i, &s); i++)
		if (is_debug(s.name) && !is_wanted(s.name, wants))
			memcpy(data + f.header.shoff + i * section_entry(&f) + 4, nobits, sizeof(nobits));
}

struct parts {
	struct isolated_part items[PARTS_MAX];
	size_t count;
	uint64_t size;
};

/* false: there are more than an honest file has. */
static bool add_part(struct parts *parts, const struct mapped_file *file, uint64_t offset, uint64_t size)
{
	uint64_t end;
	/* libdw will not find it either */
	if (!checked_add(offset, size, &end) || end > file->size)
		return true;
	parts->size += size;
	if (parts->count == PARTS_MAX || parts->size > file->size)
		return false;
	parts->items[parts->count++] = (struct isolated_part){ offset, size };
	return true;
}

static bool find_parts(const struct mapped_file *file, enum dwarf_wants wants, struct parts *ret)
{
	struct elffile f;
	struct elf_section s;
	if (!open_headers(file->data, file->size, &f) || !add_part(ret, file, 0, sizeof(Elf64_Ehdr)) ||
	    !add_part(ret, file, f.header.phoff, f.header.phnum * elf_phdr_size(f.machine)) ||
	    !add_part(ret, file, f.header.shoff, f.shnum * section_entry(&f)))
		return false;
	for (uint32_t i = 0; elffile_section(&f, i, &s); i++)
		if (s.type != SHT_NOBITS && (i == f.shstrndx || is_wanted(s.name, wants)) &&
		    !add_part(ret, file, s.offset, s.size))
			return false;
	return true;
}

const struct mapped_file *dwarf_file_share(const struct mapped_file *file, enum dwarf_wants wants)
{
	const struct isolated_part whole = { 0, file->size };
	struct parts parts = { .count = 0 };
	if (find_parts(file, wants, &parts))
		return isolated_share_file(file, parts.items, parts.count);
	return isolated_share_file(file, &whole, 1);
}

/* libelf writes into an image that it reads: when it decompresses a section it changes that
 * section's header. */
bool dwarf_file_open(const struct mapped_file *mapped, enum dwarf_wants wants, struct dwarf_file *ret,
		     const char **why)
{
	struct dwarf_file file = { 0 };
	size_t size = mapped->size;
	uint8_t *own = (uint8_t *)mapped->data;
	*why = "is not an ELF file";
	if (!size)
		return false;
	if (mprotect(own, size, PROT_READ | PROT_WRITE) != 0) {
		own = file.copy = malloc(size);
		if (!own)
			return false;
		memcpy(own, mapped->data, size);
	}
	hide_sections(own, size, wants);
	elf_version(EV_CURRENT);
	file.elf = elf_memory((char *)own, size);
	if (file.elf && elf_kind(file.elf) == ELF_K_ELF) {
		*why = "has no debug information; install its debug symbols";
		file.dwarf = dwarf_begin_elf(file.elf, DWARF_C_READ, NULL);
	}
	if (!file.dwarf) {
		dwarf_file_close(&file);
		return false;
	}
	*ret = file;
	return true;
}

void dwarf_file_close(struct dwarf_file *file)
{
	if (file->dwarf)
		dwarf_end(file->dwarf);
	if (file->elf)
		elf_end(file->elf);
	free(file->copy);
	*file = (struct dwarf_file){ 0 };
}
