/* Call frame information: any bytes as .eh_frame, as .debug_frame and as .eh_frame_hdr, and what
 * their expressions compute. Nothing may be read outside them, and nothing takes long. The input is
 * also the memory that expressions read. */
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include "symbols/cfi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PIECES = 64, BASE = 0x400000 };

static void evaluate_all(const struct cfi_section *s, const struct cfi_row *row,
			 const struct memory *memory)
{
	struct cfi_registers r = { .known = UINT64_MAX };
	uint64_t value, first = BASE;
	for (unsigned i = 0; i < CFI_REGISTERS; i++)
		r.value[i] = BASE + i * 8;
	if (row->cfa.kind == CFI_IS_EXPRESSION)
		cfi_evaluate(s, row->cfa.expression, row->cfa.size, &r, memory, NULL, &value);
	for (unsigned i = 0; i < CFI_REGISTERS; i++)
		if (row->rules[i].kind >= CFI_AT_EXPRESSION)
			cfi_evaluate(s, row->rules[i].expression, row->rules[i].size, &r, memory,
				     &first, &value);
}

static void walk(const struct cfi_section *s, const struct memory *memory)
{
	uint64_t at = 0;
	struct cfi_entry e;
	struct cfi_row row;
	bool is_fde;
	for (unsigned i = 0; i < PIECES && cfi_next(s, &at, &e, &is_fde); i++) {
		if (!is_fde)
			continue;
		if (cfi_row_at(s, &e, e.start, &row))
			evaluate_all(s, &row, memory);
		if (cfi_row_at(s, &e, e.end - 1, &row))
			evaluate_all(s, &row, memory);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 4)
		return 0;
	/* A copy of just this size, so that a sanitizer sees the first byte too many. */
	uint8_t *exact = malloc(size - 1);
	if (!exact)
		return 0;
	memcpy(exact, data + 1, size - 1);
	struct cfi_section s = {
		.machine =
			machine_find(data[0] & 1 ? EM_AARCH64 : EM_X86_64, ELFCLASS64, ELFDATA2LSB),
		.data = exact,
		.size = size - 1,
		.at = BASE,
		.is_debug_frame = data[0] & 2,
	};
	struct memory memory = MEMORY_INIT;
	const struct extent e = { .start = BASE, .end = BASE + s.size, .host = exact };
	struct cfi_table table;
	addr_t found;
	if (memory_add(&memory, &e) && memory_seal(&memory))
		walk(&s, &memory);
	if (cfi_table_load(&s, &table))
		cfi_table_find(&table, BASE + data[1], &found);
	memory_release(&memory);
	free(exact);
	return 0;
}
