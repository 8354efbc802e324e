#include "symbols/elffile.h"

#include <elf.h>
#include <string.h>
#include "core/checked.h"

/* One row per ELF class: sizes of the records and places of their members. */
struct class_shape {
	uint8_t ehsize, e_phoff, e_shoff, e_phnum, e_shnum, e_shstrndx;
	uint8_t phsize, p_offset, p_vaddr, p_filesz, p_memsz;
	uint8_t shsize, sh_flags, sh_addr, sh_offset, sh_size, sh_link, sh_info;
	uint8_t symsize, st_value, st_size, st_info, st_shndx;
};

#define AT(type, member) offsetof(type, member)
#define SHAPE(bits)                                                                                \
	{                                                                                          \
		sizeof(Elf##bits##_Ehdr), AT(Elf##bits##_Ehdr, e_phoff),                           \
		AT(Elf##bits##_Ehdr, e_shoff), AT(Elf##bits##_Ehdr, e_phnum),                      \
		AT(Elf##bits##_Ehdr, e_shnum), AT(Elf##bits##_Ehdr, e_shstrndx),                   \
		sizeof(Elf##bits##_Phdr), AT(Elf##bits##_Phdr, p_offset),                          \
		AT(Elf##bits##_Phdr, p_vaddr), AT(Elf##bits##_Phdr, p_filesz),                     \
		AT(Elf##bits##_Phdr, p_memsz), sizeof(Elf##bits##_Shdr),                           \
		AT(Elf##bits##_Shdr, sh_flags), AT(Elf##bits##_Shdr, sh_addr),                     \
		AT(Elf##bits##_Shdr, sh_offset), AT(Elf##bits##_Shdr, sh_size),                    \
		AT(Elf##bits##_Shdr, sh_link), AT(Elf##bits##_Shdr, sh_info),                      \
		sizeof(Elf##bits##_Sym), AT(Elf##bits##_Sym, st_value),                            \
		AT(Elf##bits##_Sym, st_size), AT(Elf##bits##_Sym, st_info),                        \
		AT(Elf##bits##_Sym, st_shndx),                                                     \
	}

static const struct class_shape shapes[] = { SHAPE(32), SHAPE(64) };

static const struct class_shape *shape_of(const struct machine *m)
{
	return &shapes[m->elf_class == ELFCLASS64];
}

/* Is [offset, offset + count * size) inside the file? */
static bool within(const struct elffile *f, uint64_t offset, uint64_t count, uint64_t size)
{
	uint64_t end;
	return checked_extent(offset, count, size, &end) && end <= f->size;
}

/* With 0xffff and more of them, the true counts stand in section 0 (PN_XNUM, SHN_XINDEX). */
static void read_extended_counts(struct elffile *f, const struct class_shape *c)
{
	if (!within(f, f->shoff, 1, c->shsize))
		return;
	const uint8_t *first = f->data + f->shoff;
	if (f->phnum == PN_XNUM)
		f->phnum = load_u32(f->machine, first + c->sh_info);
	if (f->shnum == 0) {
		uint64_t count = load_word(f->machine, first + c->sh_size);
		f->shnum = count > UINT32_MAX ? 0 : count;
	}
	if (f->shstrndx == SHN_XINDEX)
		f->shstrndx = load_u32(f->machine, first + c->sh_link);
}

bool elffile_open(const uint8_t *data, size_t size, const struct machine *machine, struct elffile *ret)
{
	const struct class_shape *c = shape_of(machine);
	if (!data || size < c->ehsize || memcmp(data, ELFMAG, SELFMAG) != 0 ||
	    data[EI_CLASS] != machine->elf_class || data[EI_DATA] != machine->elf_data ||
	    load_u16(machine, data + AT(Elf64_Ehdr, e_machine)) != machine->e_machine)
		return false;
	struct elffile f = {
		.data = data,
		.size = size,
		.machine = machine,
		.phoff = load_word(machine, data + c->e_phoff),
		.shoff = load_word(machine, data + c->e_shoff),
		.phnum = load_u16(machine, data + c->e_phnum),
		.shnum = load_u16(machine, data + c->e_shnum),
		.shstrndx = load_u16(machine, data + c->e_shstrndx),
	};
	if (f.shoff)
		read_extended_counts(&f, c);
	if (!within(&f, f.phoff, f.phnum, c->phsize))
		f.phoff = f.phnum = 0;
	if (!within(&f, f.shoff, f.shnum, c->shsize))
		f.shoff = f.shnum = 0;
	*ret = f;
	return true;
}

bool elffile_segment(const struct elffile *f, uint32_t index, struct elf_segment *ret)
{
	if (index >= f->phnum)
		return false;
	const struct class_shape *c = shape_of(f->machine);
	const uint8_t *p = f->data + f->phoff + (uint64_t)index * c->phsize;
	*ret = (struct elf_segment){
		.type = load_u32(f->machine, p),
		.offset = load_word(f->machine, p + c->p_offset),
		.vaddr = load_word(f->machine, p + c->p_vaddr),
		.filesz = load_word(f->machine, p + c->p_filesz),
		.memsz = load_word(f->machine, p + c->p_memsz),
	};
	return true;
}

static bool section_load(const struct elffile *f, uint32_t index, struct elf_section *ret,
			 uint32_t *ret_name)
{
	if (index >= f->shnum)
		return false;
	const struct class_shape *c = shape_of(f->machine);
	const uint8_t *p = f->data + f->shoff + (uint64_t)index * c->shsize;
	*ret = (struct elf_section){
		.name = "",
		.type = load_u32(f->machine, p + AT(Elf64_Shdr, sh_type)),
		.flags = load_word(f->machine, p + c->sh_flags),
		.addr = load_word(f->machine, p + c->sh_addr),
		.offset = load_word(f->machine, p + c->sh_offset),
		.size = load_word(f->machine, p + c->sh_size),
		.link = load_u32(f->machine, p + c->sh_link),
	};
	*ret_name = load_u32(f->machine, p);
	return true;
}

bool elffile_section(const struct elffile *f, uint32_t index, struct elf_section *ret)
{
	uint32_t name, strings_name;
	struct elf_section strings;
	if (!section_load(f, index, ret, &name))
		return false;
	if (!section_load(f, f->shstrndx, &strings, &strings_name))
		return true;
	const uint8_t *text = elffile_section_data(f, &strings);
	if (text && name < strings.size && memchr(text + name, 0, strings.size - name))
		ret->name = (const char *)text + name;
	return true;
}

bool elffile_find_section(const struct elffile *f, const char *name, uint32_t type,
			  struct elf_section *ret)
{
	struct elf_section s;
	for (uint32_t i = 0; i < f->shnum; i++) {
		if (!elffile_section(f, i, &s))
			return false;
		if (name ? strcmp(s.name, name) == 0 : s.type == type) {
			*ret = s;
			return true;
		}
	}
	return false;
}

const uint8_t *elffile_section_data(const struct elffile *f, const struct elf_section *s)
{
	if (s->type == SHT_NOBITS || (s->flags & SHF_COMPRESSED) || !within(f, s->offset, 1, s->size))
		return NULL;
	return f->data + s->offset;
}

bool elffile_symtab(const struct elffile *f, uint32_t type, struct elf_symtab *ret)
{
	struct elf_section table, strings;
	uint32_t name;
	if (!elffile_find_section(f, NULL, type, &table) ||
	    !section_load(f, table.link, &strings, &name))
		return false;
	const uint8_t *symbols = elffile_section_data(f, &table);
	const uint8_t *text = elffile_section_data(f, &strings);
	if (!symbols || !text)
		return false;
	*ret = (struct elf_symtab){
		.symbols = symbols,
		.count = table.size / elf_symbol_size(f->machine),
		.strings = (const char *)text,
		.strings_size = strings.size,
	};
	return true;
}

const uint8_t *elffile_at(const struct elffile *f, uint64_t vaddr, size_t len)
{
	struct elf_segment s;
	for (uint32_t i = 0; elffile_segment(f, i, &s); i++) {
		if (s.type != PT_LOAD || vaddr < s.vaddr || vaddr - s.vaddr >= s.filesz)
			continue;
		uint64_t skip = vaddr - s.vaddr, offset;
		if (len > s.filesz - skip || !checked_add(s.offset, skip, &offset) ||
		    !within(f, offset, 1, len))
			return NULL;
		return f->data + offset;
	}
	return NULL;
}

/* Notes: namesz, descsz, type, then both padded to 4 bytes. */
static bool build_id_in(const struct machine *m, const uint8_t *p, size_t size, struct build_id *ret)
{
	while (size >= 12) {
		uint64_t name = load_u32(m, p), desc = load_u32(m, p + 4);
		uint64_t padded_name = (name + 3) & ~3ull, padded_desc = (desc + 3) & ~3ull;
		if (12 + padded_name + desc > size)
			return false;
		if (load_u32(m, p + 8) == NT_GNU_BUILD_ID && name == 4 &&
		    memcmp(p + 12, "GNU", 4) == 0 && desc > 0 && desc <= BUILD_ID_MAX) {
			memcpy(ret->bytes, p + 12 + padded_name, desc);
			ret->len = desc;
			return true;
		}
		uint64_t step = 12 + padded_name + padded_desc;
		if (step >= size)
			return false;
		p += step;
		size -= step;
	}
	return false;
}

void elffile_build_id(const struct elffile *f, struct build_id *ret)
{
	struct elf_section section;
	struct elf_segment segment;
	*ret = (struct build_id){ 0 };
	/* Sections first: a debug file's program headers speak of contents it does not hold. */
	for (uint32_t i = 0; elffile_section(f, i, &section); i++) {
		if (section.type != SHT_NOTE)
			continue;
		const uint8_t *p = elffile_section_data(f, &section);
		if (p && build_id_in(f->machine, p, section.size, ret))
			return;
	}
	for (uint32_t i = 0; !f->shnum && elffile_segment(f, i, &segment); i++) {
		if (segment.type == PT_NOTE && within(f, segment.offset, 1, segment.filesz) &&
		    build_id_in(f->machine, f->data + segment.offset, segment.filesz, ret))
			return;
	}
}

size_t elf_symbol_size(const struct machine *m)
{
	return shape_of(m)->symsize;
}

void elf_symbol_load(const struct machine *m, const uint8_t *p, struct elf_symbol *ret)
{
	const struct class_shape *c = shape_of(m);
	*ret = (struct elf_symbol){
		.name = load_u32(m, p),
		.type = ELF64_ST_TYPE(p[c->st_info]),
		.bind = ELF64_ST_BIND(p[c->st_info]),
		.section = load_u16(m, p + c->st_shndx),
		.value = load_word(m, p + c->st_value),
		.size = load_word(m, p + c->st_size),
	};
}

const char *elf_symtab_name(const struct elf_symtab *t, uint32_t offset)
{
	if (offset >= t->strings_size || !memchr(t->strings + offset, 0, t->strings_size - offset))
		return NULL;
	return t->strings + offset;
}
