#include "core/elffile.h"

#include <string.h>
#include "core/checked.h"

/* One row per ELF class: sizes of the records and places of their members. */
struct class_shape {
	uint8_t e_shnum, e_shstrndx;
	uint8_t shsize, sh_flags, sh_addr, sh_offset, sh_size, sh_link, sh_addralign;
	uint8_t symsize, st_value, st_size, st_info, st_shndx;
};

#define AT(type, member) offsetof(type, member)
#define SHAPE(bits)                                                                                \
	{                                                                                          \
		AT(Elf##bits##_Ehdr, e_shnum), AT(Elf##bits##_Ehdr, e_shstrndx),                   \
		sizeof(Elf##bits##_Shdr), AT(Elf##bits##_Shdr, sh_flags),                          \
		AT(Elf##bits##_Shdr, sh_addr), AT(Elf##bits##_Shdr, sh_offset),                    \
		AT(Elf##bits##_Shdr, sh_size), AT(Elf##bits##_Shdr, sh_link),                      \
		AT(Elf##bits##_Shdr, sh_addralign), sizeof(Elf##bits##_Sym),                       \
		AT(Elf##bits##_Sym, st_value), AT(Elf##bits##_Sym, st_size),                       \
		AT(Elf##bits##_Sym, st_info), AT(Elf##bits##_Sym, st_shndx),                       \
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

/* With 0xff00 and more of them, the true counts stand in section 0. */
static void read_extended_counts(struct elffile *f, const struct class_shape *c)
{
	if (!within(f, f->header.shoff, 1, c->shsize))
		return;
	const uint8_t *first = f->data + f->header.shoff;
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
	struct elffile f = { .data = data, .size = size, .machine = machine };
	if (!data || !elf_header_load(data, size, &f.header) || f.header.machine != machine)
		return false;
	f.shnum = load_u16(machine, data + c->e_shnum);
	f.shstrndx = load_u16(machine, data + c->e_shstrndx);
	if (f.header.shoff)
		read_extended_counts(&f, c);
	if (!f.header.shoff || !within(&f, f.header.shoff, f.shnum, c->shsize))
		f.shnum = 0;
	*ret = f;
	return true;
}

bool elffile_segment(const struct elffile *f, uint32_t index, struct elf_phdr *ret)
{
	return index < f->header.phnum && elf_phdr_at(&f->header, f->data, f->size, index, ret);
}

static bool section_load(const struct elffile *f, uint32_t index, struct elf_section *ret,
			 uint32_t *ret_name)
{
	if (index >= f->shnum)
		return false;
	const struct class_shape *c = shape_of(f->machine);
	const uint8_t *p = f->data + f->header.shoff + (uint64_t)index * c->shsize;
	*ret = (struct elf_section){
		.name = "",
		.type = load_u32(f->machine, p + AT(Elf64_Shdr, sh_type)),
		.flags = load_word(f->machine, p + c->sh_flags),
		.addr = load_word(f->machine, p + c->sh_addr),
		.offset = load_word(f->machine, p + c->sh_offset),
		.size = load_word(f->machine, p + c->sh_size),
		.align = load_word(f->machine, p + c->sh_addralign),
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
	struct elf_phdr s;
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

/* Sections first: a debug file's program headers speak of contents that it does not hold. */
void elffile_build_id(const struct elffile *f, struct build_id *ret)
{
	struct elf_section s;
	*ret = (struct build_id){ 0 };
	for (uint32_t i = 0; elffile_section(f, i, &s); i++) {
		const uint8_t *p = s.type == SHT_NOTE ? elffile_section_data(f, &s) : NULL;
		if (p && elf_notes_build_id(f->machine, p, s.size, s.align, ret))
			return;
	}
	if (!f->shnum)
		elf_file_build_id(&f->header, f->data, f->size, ret);
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
