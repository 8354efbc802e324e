/* Call frame information drawn by hand: a writer of bytes, and an .eh_frame with one CIE and one
 * FDE, of a function that pushes rbp and rbx.
 *
 *	CIE  code align 1, data align -8, return address 16; cfa = rsp + 8, that at cfa - 8
 *	FDE  0x1000..0x1040: at +1 cfa offset 16, rbp at cfa - 16; at +4 cfa = rbp + 16 */
#ifndef TESTS_UNIT_CFI_RIG_H
#define TESTS_UNIT_CFI_RIG_H

#include "tests/unit/test.h"

#include <dwarf.h>
#include <elf.h>
#include "symbols/cfi.h"

enum { CFI_AT_ADDRESS = 0x3000, CFI_CODE = 0x1000, CFI_CODE_SIZE = 0x40 };

struct bytes {
	uint8_t data[4096];
	size_t len;
};

static inline void put8(struct bytes *b, uint8_t value)
{
	assert_true(b->len < sizeof(b->data));
	b->data[b->len++] = value;
}

static inline void put_number(struct bytes *b, uint64_t value, unsigned width)
{
	for (unsigned i = 0; i < width; i++)
		put8(b, (uint8_t)(value >> (8 * i)));
}

static inline void put_all(struct bytes *b, const void *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		put8(b, ((const uint8_t *)data)[i]);
}

/* A piece's length is known at its end. */
static inline size_t piece_begin(struct bytes *b)
{
	put_number(b, 0, 4);
	return b->len;
}

static inline void piece_end(struct bytes *b, size_t from)
{
	while (b->len % 4)
		put8(b, DW_CFA_nop);
	for (unsigned i = 0; i < 4; i++)
		b->data[from - 4 + i] = (uint8_t)((b->len - from) >> (8 * i));
}

static inline size_t draw_cie(struct bytes *b, const char *augmentation, const void *program,
			      size_t len)
{
	size_t at = b->len, from = piece_begin(b);
	put_number(b, 0, 4);
	put8(b, 1);
	put_all(b, augmentation, strlen(augmentation) + 1);
	put8(b, 1);    /* code align */
	put8(b, 0x78); /* data align -8 */
	put8(b, 16);
	put8(b, 1); /* 'z': one byte, 'R' */
	put8(b, DW_EH_PE_pcrel | DW_EH_PE_sdata4);
	put_all(b, program, len);
	piece_end(b, from);
	return at;
}

static inline size_t draw_fde(struct bytes *b, size_t cie, addr_t start, uint32_t size,
			      const void *program, size_t len)
{
	size_t at = b->len, from = piece_begin(b);
	put_number(b, b->len - cie, 4);
	put_number(b, start - (CFI_AT_ADDRESS + b->len), 4);
	put_number(b, size, 4);
	put8(b, 0);
	put_all(b, program, len);
	piece_end(b, from);
	return at;
}

static const uint8_t cie_program[] = { DW_CFA_def_cfa, 7, 8, DW_CFA_offset | 16, 1 };
static const uint8_t fde_program[] = {
	DW_CFA_advance_loc | 1, DW_CFA_def_cfa_offset,   16, DW_CFA_offset | 6, 2,
	DW_CFA_advance_loc | 3, DW_CFA_def_cfa_register, 6,
};

static inline struct cfi_section cfi_section_of(const struct bytes *b)
{
	return (struct cfi_section){
		.machine = machine_find(EM_X86_64, ELFCLASS64, ELFDATA2LSB),
		.data = b->data,
		.size = b->len,
		.at = CFI_AT_ADDRESS,
	};
}

/* The offset of the FDE. */
static inline size_t draw_frames(struct bytes *b)
{
	size_t cie = draw_cie(b, "zR", cie_program, sizeof(cie_program));
	size_t fde = draw_fde(b, cie, CFI_CODE, CFI_CODE_SIZE, fde_program, sizeof(fde_program));
	put_number(b, 0, 4);
	return fde;
}

#endif
