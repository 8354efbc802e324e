#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <elf.h>
#include <string.h>
#include <sys/procfs.h>
#include <cmocka.h>

#include "core/machine.h"

static void machine_find__needs_machine_class_and_byte_order(void **state)
{
	assert_string_equal(machine_find(EM_X86_64, ELFCLASS64, ELFDATA2LSB)->name, "x86_64");
	assert_string_equal(machine_find(EM_AARCH64, ELFCLASS64, ELFDATA2LSB)->name, "aarch64");
	assert_string_equal(machine_find(EM_PPC64, ELFCLASS64, ELFDATA2LSB)->name, "ppc64le");
	assert_string_equal(machine_find(EM_PPC64, ELFCLASS64, ELFDATA2MSB)->name, "ppc64");
	assert_null(machine_find(EM_X86_64, ELFCLASS32, ELFDATA2LSB));
	assert_null(machine_find(EM_X86_64, ELFCLASS64, ELFDATA2MSB));
	assert_null(machine_find(0, 0, 0));
}

static void machine_find__rows_fit_into_their_notes(void **state)
{
	for (unsigned e_machine = 0; e_machine < 65536; e_machine++) {
		for (int i = 0; i < 4; i++) {
			const struct machine *m = machine_find((uint16_t)e_machine, 1 + i / 2, 1 + i % 2);
			if (!m)
				continue;
			assert_true(m->pr_reg + m->registers * m->word <= m->prstatus_size);
			assert_true(m->pr_psargs + 80 == m->prpsinfo_size);
			assert_in_range(m->reg_pc, 0, m->registers - 1);
			assert_in_range(m->reg_sp, 0, m->registers - 1);
			assert_true(m->reg_tp < m->registers);
			for (int r = 0; r < m->registers; r++)
				assert_non_null(m->register_names[r]);
		}
	}
}

#if defined(__x86_64__)
static void machine_find__agrees_with_this_machines_headers(void **state)
{
	const struct machine *m = machine_find(EM_X86_64, ELFCLASS64, ELFDATA2LSB);
	assert_int_equal(m->prstatus_size, sizeof(struct elf_prstatus));
	assert_int_equal(m->pr_cursig, offsetof(struct elf_prstatus, pr_cursig));
	assert_int_equal(m->pr_pid, offsetof(struct elf_prstatus, pr_pid));
	assert_int_equal(m->pr_reg, offsetof(struct elf_prstatus, pr_reg));
	assert_int_equal(m->registers, ELF_NGREG);
	assert_int_equal(m->prpsinfo_size, sizeof(struct elf_prpsinfo));
	assert_int_equal(m->pr_ps_pid, offsetof(struct elf_prpsinfo, pr_pid));
	assert_int_equal(m->pr_fname, offsetof(struct elf_prpsinfo, pr_fname));
	assert_int_equal(m->pr_psargs, offsetof(struct elf_prpsinfo, pr_psargs));
	assert_string_equal(m->register_names[offsetof(struct user_regs_struct, rip) / 8], "rip");
	assert_int_equal(m->reg_pc, offsetof(struct user_regs_struct, rip) / 8);
	assert_int_equal(m->reg_sp, offsetof(struct user_regs_struct, rsp) / 8);
	assert_int_equal(m->reg_fp, offsetof(struct user_regs_struct, rbp) / 8);
	assert_int_equal(m->reg_tp, offsetof(struct user_regs_struct, fs_base) / 8);
}
#endif

static void load_word__follows_byte_order_and_word_size(void **state)
{
	const uint8_t bytes[9] = { 0xff, 1, 2, 3, 4, 5, 6, 7, 8 };
	const uint8_t *odd = bytes + 1;
	assert_int_equal(load_word(machine_find(EM_X86_64, ELFCLASS64, ELFDATA2LSB), odd),
			 0x0807060504030201);
	assert_int_equal(load_word(machine_find(EM_S390, ELFCLASS64, ELFDATA2MSB), odd),
			 0x0102030405060708);
	assert_int_equal(load_word(machine_find(EM_386, ELFCLASS32, ELFDATA2LSB), odd), 0x04030201);
	assert_int_equal(load_u16(machine_find(EM_S390, ELFCLASS64, ELFDATA2MSB), odd), 0x0102);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(machine_find__needs_machine_class_and_byte_order),
		cmocka_unit_test(machine_find__rows_fit_into_their_notes),
#if defined(__x86_64__)
		cmocka_unit_test(machine_find__agrees_with_this_machines_headers),
#endif
		cmocka_unit_test(load_word__follows_byte_order_and_word_size),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
