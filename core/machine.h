/* One row per processor that cores come from: what differs between them, as data.
 * Byte order and word size also come from the ELF header; a row is found by all three. */
#ifndef CORE_MACHINE_H
#define CORE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct machine {
	uint16_t e_machine;		/* EM_X86_64 ... */
	uint8_t elf_class;		/* ELFCLASS32, ELFCLASS64 */
	uint8_t elf_data;		/* ELFDATA2LSB, ELFDATA2MSB */
	const char *name;		/* "x86_64", as uname -m */
	uint8_t word;			/* bytes of a pointer, a long and a Py_ssize_t */
	bool swap;			/* byte order differs from this host's */
	uint32_t page_size;		/* the smallest page the kernel uses there */
	/* elf_prstatus (linux/elfcore.h): where the general registers begin, how many words, and
	 * which of them are what. -1: none. */
	uint16_t prstatus_size, pr_cursig, pr_pid, pr_reg;
	int8_t registers, reg_pc, reg_sp, reg_fp, reg_tp;	/* reg_tp: x86-64's fs_base */
	const char *const *register_names;	/* [registers] */
	/* aarch64 keeps the thread pointer in a note of its own (NT_ARM_TLS); there pthread_t is
	 * the thread pointer minus sizeof(struct pthread) of glibc, which is found, not assumed. */
	bool tp_is_pthread;		/* thread pointer == pthread_self() (x86-64 glibc and musl) */
	/* elf_prpsinfo */
	uint16_t prpsinfo_size, pr_ps_pid, pr_fname, pr_psargs;
	bool supported;			/* the layouts were generated and tried on real cores */
};

/* NULL: no row. */
const struct machine *machine_find(uint16_t e_machine, uint8_t elf_class, uint8_t elf_data);

/* Loads in the target's byte order. p needs no alignment. */
static inline uint16_t load_u16(const struct machine *m, const void *p)
{
	uint16_t v;
	__builtin_memcpy(&v, p, sizeof(v));
	return m->swap ? __builtin_bswap16(v) : v;
}

static inline uint32_t load_u32(const struct machine *m, const void *p)
{
	uint32_t v;
	__builtin_memcpy(&v, p, sizeof(v));
	return m->swap ? __builtin_bswap32(v) : v;
}

static inline uint64_t load_u64(const struct machine *m, const void *p)
{
	uint64_t v;
	__builtin_memcpy(&v, p, sizeof(v));
	return m->swap ? __builtin_bswap64(v) : v;
}

/* A pointer or a long. */
static inline uint64_t load_word(const struct machine *m, const void *p)
{
	return m->word == 8 ? load_u64(m, p) : load_u32(m, p);
}

#endif
