/* ELF headers, program headers and notes over plain bytes: bounds-checked, for both word sizes and
 * byte orders by struct machine. Of an image in memory too; a file's sections and symbols are
 * core/elffile.h's. */
#ifndef CORE_ELF_H
#define CORE_ELF_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/files.h"
#include "core/machine.h"

struct elf_header {
	uint8_t elf_class, elf_data;
	uint16_t type, e_machine;
	const struct machine *machine;	/* NULL: not in our table; the rest is then not filled */
	uint64_t entry, phoff, shoff;
	uint16_t phentsize, phnum, shentsize;
};

struct elf_phdr {
	uint32_t type, flags;
	uint64_t offset, vaddr, filesz, memsz, align;
};

struct elf_note {
	const char *name;		/* not NUL-terminated for certain */
	size_t name_size;
	uint32_t type;
	const uint8_t *desc;
	size_t size;
};

/* false: not an ELF file, or cut before the header ends. */
bool elf_header_load(const uint8_t *data, size_t size, struct elf_header *ret);

/* What an entry of the program header table measures on this machine. */
size_t elf_phdr_size(const struct machine *m);
/* p: elf_phdr_size() bytes. */
void elf_phdr_load(const struct machine *m, const uint8_t *p, struct elf_phdr *ret);
/* The i-th program header of an image of which size bytes are at hand; false: not within them. */
bool elf_phdr_at(const struct elf_header *h, const uint8_t *data, size_t size, size_t i,
		    struct elf_phdr *ret);

/* The note at *at, which moves behind it. false: no further whole note; *at stays. */
bool elf_note_next(const struct machine *m, const uint8_t *notes, size_t size, uint64_t align,
		   size_t *at, struct elf_note *ret);
bool elf_note_is(const struct elf_note *note, const char *owner, uint32_t type);

/* The first note of that kind; false: none. */
bool elf_notes_find(const struct machine *m, const uint8_t *notes, size_t size, uint64_t align,
		    const char *owner, uint32_t type, struct elf_note *ret);
/* NT_GNU_BUILD_ID among notes; false: none. */
bool elf_notes_build_id(const struct machine *m, const uint8_t *notes, size_t size, uint64_t align,
			struct build_id *ret);
/* Of a file: from its PT_NOTEs. */
bool elf_file_build_id(const struct elf_header *h, const uint8_t *data, size_t size,
		       struct build_id *ret);

#endif
