#include "core/elf.h"

#include <string.h>
#include "core/checked.h"

bool elf_header_load(const uint8_t *data, size_t size, struct elf_header *ret)
{
	if (size < sizeof(Elf32_Ehdr) || memcmp(data, ELFMAG, SELFMAG) != 0)
		return false;
	struct elf_header h = { .elf_class = data[EI_CLASS], .elf_data = data[EI_DATA] };
	bool big = h.elf_data == ELFDATA2MSB;
	h.type = (uint16_t)(big ? data[16] << 8 | data[17] : data[17] << 8 | data[16]);
	h.e_machine = (uint16_t)(big ? data[18] << 8 | data[19] : data[19] << 8 | data[18]);
	const struct machine *m = machine_find(h.e_machine, h.elf_class, h.elf_data);
	if (m && m->word == 8) {
		if (size < sizeof(Elf64_Ehdr))
			return false;
#define AT(member) (data + offsetof(Elf64_Ehdr, member))
		h.entry = load_u64(m, AT(e_entry));
		h.phoff = load_u64(m, AT(e_phoff));
		h.shoff = load_u64(m, AT(e_shoff));
		h.phentsize = load_u16(m, AT(e_phentsize));
		h.phnum = load_u16(m, AT(e_phnum));
		h.shentsize = load_u16(m, AT(e_shentsize));
#undef AT
	} else if (m) {
#define AT(member) (data + offsetof(Elf32_Ehdr, member))
		h.entry = load_u32(m, AT(e_entry));
		h.phoff = load_u32(m, AT(e_phoff));
		h.shoff = load_u32(m, AT(e_shoff));
		h.phentsize = load_u16(m, AT(e_phentsize));
		h.phnum = load_u16(m, AT(e_phnum));
		h.shentsize = load_u16(m, AT(e_shentsize));
#undef AT
	}
	h.machine = m;
	*ret = h;
	return true;
}

size_t elf_phdr_size(const struct machine *m)
{
	return m->word == 8 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
}

void elf_phdr_load(const struct machine *m, const uint8_t *p, struct elf_phdr *ret)
{
	if (m->word == 8) {
#define AT(member) (p + offsetof(Elf64_Phdr, member))
		ret->type = load_u32(m, AT(p_type));
		ret->flags = load_u32(m, AT(p_flags));
		ret->offset = load_u64(m, AT(p_offset));
		ret->vaddr = load_u64(m, AT(p_vaddr));
		ret->filesz = load_u64(m, AT(p_filesz));
		ret->memsz = load_u64(m, AT(p_memsz));
		ret->align = load_u64(m, AT(p_align));
#undef AT
	} else {
#define AT(member) (p + offsetof(Elf32_Phdr, member))
		ret->type = load_u32(m, AT(p_type));
		ret->flags = load_u32(m, AT(p_flags));
		ret->offset = load_u32(m, AT(p_offset));
		ret->vaddr = load_u32(m, AT(p_vaddr));
		ret->filesz = load_u32(m, AT(p_filesz));
		ret->memsz = load_u32(m, AT(p_memsz));
		ret->align = load_u32(m, AT(p_align));
#undef AT
	}
}

bool elf_phdr_at(const struct elf_header *h, const uint8_t *data, size_t size, size_t i,
		    struct elf_phdr *ret)
{
	size_t entry = elf_phdr_size(h->machine);
	uint64_t from, end;
	if (!checked_extent(h->phoff, i, entry, &from) || !checked_add(from, entry, &end) || end > size)
		return false;
	elf_phdr_load(h->machine, data + from, ret);
	return true;
}

/*	namesz | descsz | type | name, padded | desc, padded */
bool elf_note_next(const struct machine *m, const uint8_t *notes, size_t size, uint64_t align,
		   size_t *at, struct elf_note *ret)
{
	/* 8 is seen on .note.gnu.property alone; cores and build-ids pad to 4 whatever p_align says. */
	uint64_t pad = align == 8 ? 7 : 3;
	if (*at > size || size - *at < 12)
		return false;
	const uint8_t *p = notes + *at;
	uint64_t left = size - *at, name_size = load_u32(m, p), desc_size = load_u32(m, p + 4);
	uint64_t desc = (12 + name_size + pad) & ~pad, end = (desc + desc_size + pad) & ~pad;
	if (desc > left || desc_size > left - desc)
		return false;
	*ret = (struct elf_note){
		.name = (const char *)p + 12,
		.name_size = name_size,
		.type = load_u32(m, p + 8),
		.desc = p + desc,
		.size = desc_size,
	};
	*at += MIN(end, left);
	return true;
}

bool elf_note_is(const struct elf_note *note, const char *owner, uint32_t type)
{
	size_t len = strlen(owner);
	/* with its NUL, or, as some write it, without */
	return note->type == type && (note->name_size == len || note->name_size == len + 1) &&
	       memcmp(note->name, owner, note->name_size) == 0;
}

bool elf_notes_find(const struct machine *m, const uint8_t *notes, size_t size, uint64_t align,
		    const char *owner, uint32_t type, struct elf_note *ret)
{
	struct elf_note note;
	for (size_t at = 0; elf_note_next(m, notes, size, align, &at, &note);) {
		if (!elf_note_is(&note, owner, type))
			continue;
		*ret = note;
		return true;
	}
	return false;
}

bool elf_notes_build_id(const struct machine *m, const uint8_t *notes, size_t size, uint64_t align,
			struct build_id *ret)
{
	struct elf_note note;
	for (size_t at = 0; elf_note_next(m, notes, size, align, &at, &note);) {
		if (!elf_note_is(&note, "GNU", NT_GNU_BUILD_ID) || !note.size || note.size > BUILD_ID_MAX)
			continue;
		ret->len = (uint8_t)note.size;
		memcpy(ret->bytes, note.desc, note.size);
		return true;
	}
	return false;
}

bool elf_file_build_id(const struct elf_header *h, const uint8_t *data, size_t size,
		       struct build_id *ret)
{
	struct elf_phdr s;
	for (size_t i = 0; i < h->phnum && elf_phdr_at(h, data, size, i, &s); i++) {
		if (s.type != PT_NOTE || s.offset > size || s.filesz > size - s.offset)
			continue;
		if (elf_notes_build_id(h->machine, data + s.offset, s.filesz, s.align, ret))
			return true;
	}
	return false;
}
