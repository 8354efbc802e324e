/* Machines that a layout may be for, and layouts from the committed tables. */
#ifndef TESTS_UNIT_LAYOUT_RIG_H
#define TESTS_UNIT_LAYOUT_RIG_H

#include "tests/unit/test.h"

#include <elf.h>
#include "core/checked.h"
#include "cpython_layouts/layout.h"

static const struct machine x86_64 = { .e_machine = EM_X86_64, .name = "x86_64", .word = 8 };
static const struct machine aarch64 = { .e_machine = EM_AARCH64, .name = "aarch64", .word = 8 };
static const struct machine riscv64 = { .e_machine = EM_RISCV, .name = "riscv64", .word = 8 };
static const struct machine big64 = {
	.e_machine = EM_S390, .name = "s390x", .word = 8, .swap = true
};
static const struct machine big32 = { .e_machine = EM_PPC, .name = "ppc", .word = 4, .swap = true };
static const struct machine little32 = { .e_machine = EM_386, .name = "i686", .word = 4 };

static inline struct layout *layout_of(const char *name, const struct machine *machine)
{
	struct layout *l = calloc(1, sizeof(*l));
	const struct layout_table *table = layout_table_named(name);
	assert_non_null(l);
	assert_non_null(table);
	struct error *err = layout_from_table(table, machine, l);
	if (err)
		fail_msg("%s", err->message);
	return l;
}

#endif
