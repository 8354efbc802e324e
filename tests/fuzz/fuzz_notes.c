/* Notes of any bytes in an otherwise sound core. The first byte chooses the machine.
 *
 *	header | PT_NOTE, PT_LOAD | notes: the input | a page of memory: the input again  */
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include "core/elfcore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct machine *choose(uint8_t byte)
{
	static const uint16_t machines[] = { EM_X86_64, EM_AARCH64, EM_386, EM_ARM, EM_S390, EM_PPC64 };
	uint16_t e_machine = machines[byte % (sizeof(machines) / sizeof(*machines))];
	for (uint8_t elf_class = 1; elf_class <= 2; elf_class++)
		for (uint8_t elf_data = 1; elf_data <= 2; elf_data++)
			if (machine_find(e_machine, elf_class, elf_data))
				return machine_find(e_machine, elf_class, elf_data);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct target t = { .core = { .data = data, .size = size } };
	struct elfcore core = { .target = &t };
	struct elf_phdr *segment;
	if (!size)
		return 0;
	t.machine = core.header.machine = choose(data[0]);
	t.process.pid = -1;
	segment = vec_push(&core.notes);
	*segment = (struct elf_phdr){ .type = PT_NOTE, .offset = 1, .filesz = size - 1, .align = 4 };
	segment = vec_push(&core.segments);
	*segment = (struct elf_phdr){ .type = PT_LOAD, .vaddr = 0x10000, .filesz = size, .memsz = size };
	if (!elfcore_add_bytes(&core) || !memory_seal(&t.memory) || !notes_load(&core))
		abort();
	const struct mapping *mapping;
	size_t total = 0;
	vec_each(mapping, &t.mappings)
		total += strlen(mapping->path);
	if (total > size)
		abort();
	vec_release(&core.notes);
	vec_release(&core.segments);
	vec_release(&t.threads);
	vec_release(&t.mappings);
	vec_release(&t.hints);
	kept_release(&t.kept);
	vec_release(&t.excerpts);
	memory_release(&t.memory);
	remarks_release(&t.remarks);
	arena_release(&t.arena);
	return 0;
}
