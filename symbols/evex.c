#include "symbols/evex.h"

#include <string.h>
#include "core/checked.h"

enum { EVEX = 0x62, MODRM_AT = 5, NO_DISPLACEMENT = 0, REGISTERS = 3 };

static const char *const names[16] = { "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
				       "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15" };

/* Loads, stores and what reads a whole vector, by opcode map. */
static const uint8_t loads[4][16] = {
	[1] = { 0x10, 0x28, 0x64, 0x65, 0x66, 0x6f, 0x74, 0x75, 0x76, 0xda, 0xde, 0xdb, 0xeb, 0xef },
	[2] = { 0x26, 0x27, 0x29, 0x37, 0x38, 0x3a, 0x3c, 0x3e },
	[3] = { 0x1e, 0x1f, 0x25, 0x3e, 0x3f },
};
static const uint8_t stores[] = { 0x11, 0x29, 0x7f, 0xe7 };	/* of map 1 */

static unsigned direction_of(unsigned map, uint8_t opcode)
{
	if (map == 1 && memchr(stores, opcode, sizeof(stores)))
		return ACCESS_WRITE;
	return map < ARRAY_SIZE(loads) && memchr(loads[map], opcode, sizeof(loads[map])) ? ACCESS_READ : 0;
}

/* Map 3 has a byte behind the operands, and so have shifts, shuffles and comparisons of map 1. */
static size_t immediate_size(unsigned map, uint8_t opcode)
{
	return map == 3 || (map == 1 && ((opcode >= 0x70 && opcode <= 0x73) || opcode == 0xc2 ||
					 (opcode >= 0xc4 && opcode <= 0xc6)));
}

static int64_t load_displacement(const uint8_t *at, size_t size)
{
	int32_t ret = size == 1 ? (int8_t)*at : 0;
	if (size == 4)
		memcpy(&ret, at, sizeof(ret));
	return ret;
}

size_t evex_decode(const uint8_t *code, size_t len, struct memory_access *ret, bool *ret_has_access)
{
	*ret_has_access = false;
	*ret = (struct memory_access){ .scale = 1 };
	if (len <= MODRM_AT || code[0] != EVEX || code[1] & 8 || !(code[1] & 7) || !(code[2] & 4))
		return 0;
	unsigned map = code[1] & 7, mod = code[MODRM_AT] >> 6, rm = code[MODRM_AT] & 7;
	uint8_t opcode = code[4];
	bool has_sib = mod != REGISTERS && rm == 4;
	size_t at = MODRM_AT + 1 + has_sib;
	if (has_sib && len < at)
		return 0;
	uint8_t sib = has_sib ? code[MODRM_AT + 1] : 0;
	unsigned base = has_sib ? sib & 7 : rm, index = sib >> 3 & 7;
	bool no_base = mod == NO_DISPLACEMENT && base == 5;
	size_t size = mod == 1 ? 1 : mod == 2 || no_base ? 4 : 0;
	size_t end = at + size + immediate_size(map, opcode);
	if (len < end)
		return 0;
	if (mod == REGISTERS)
		return end;
	/* Bits of the prefix are inverted: 0 means the upper eight registers. */
	base |= code[1] & 0x20 ? 0 : 8;
	index |= code[1] & 0x40 ? 0 : 8;
	ret->direction = direction_of(map, opcode);
	ret->displacement = load_displacement(code + at, size);
	/* One byte counts in units of what is accessed: a vector, or its element when that is repeated. */
	if (size == 1)
		ret->displacement *= code[3] & 0x10 ? (code[2] & 0x80 ? 8 : 4) : 16 << (code[3] >> 5 & 3);
	ret->is_relative = no_base && !has_sib;
	if (!no_base)
		strcpy(ret->base, names[base]);
	if (has_sib && index != 4) {
		strcpy(ret->index, names[index]);
		ret->scale = (uint8_t)(1 << (sib >> 6));
	}
	/* Others may access less than a vector, or many places. */
	*ret_has_access = ret->direction != 0;
	return end;
}
