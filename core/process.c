#include "core/elfcore.h"

#include <string.h>
#include "core/checked.h"

/* The stack as the kernel laid it out at exec (fs/binfmt_elf.c, create_elf_tables), upwards:
 *
 *	argc | argv[0..argc-1] 0 | envp[] 0 | auxv | ... AT_RANDOM's bytes ... | strings
 *
 * No note says where argv is, but the auxiliary vector is also in a note, so it is looked for
 * below AT_RANDOM, and from there the words are walked down. A program that overwrote its argv
 * (setproctitle) shows what it wrote. */
enum {
	AUXV_DISTANCE = 64 << 10,	/* how far below AT_RANDOM auxv may begin */
	AT_RANDOM_SIZE = 16,
	POINTERS_MAX = 1 << 20,
	ARGUMENT_MAX = 128 << 10,	/* MAX_ARG_STRLEN */
};

static bool find_auxv(const struct elfcore *core, addr_t *ret)
{
	const struct memory *m = &core->target->memory;
	const struct extent *e = core->at_random ? memory_extent(m, core->at_random) : NULL;
	if (!e || !e->host || core->auxv_size < 4 * core->header.machine->word)
		return false;
	addr_t from = e->start;
	if (core->at_random - from > AUXV_DISTANCE)
		from = core->at_random - AUXV_DISTANCE;
	const uint8_t *p = e->host + (from - e->start);
	const uint8_t *found = memmem(p, core->at_random - from, core->auxv, core->auxv_size);
	if (!found)
		return false;
	*ret = from + (addr_t)(found - p);
	/* Both are read, so that a slim core keeps them where they straddle a page or lie in two. */
	memory_at(m, core->at_random, AT_RANDOM_SIZE);
	return memory_at(m, *ret, core->auxv_size) != NULL;
}

/* Down from auxv: over the NULL and the pointers of envp, then over those of argv, until a word is
 * how many there were: argc. */
static bool find_argv(const struct target *t, addr_t auxv, addr_t *ret_argv, size_t *ret_count)
{
	size_t word = t->machine->word, pointers = 0;
	addr_t at = auxv - word, value;
	if (!target_read_word(t, at, &value) || value)
		return false;
	do {
		at -= word;
		if (!target_read_word(t, at, &value) || pointers++ > POINTERS_MAX)
			return false;
	} while (value);
	for (size_t count = 0; count < POINTERS_MAX; count++) {
		at -= word;
		if (!target_read_word(t, at, &value))
			return false;
		if (value == count) {
			*ret_argv = at + word;
			*ret_count = count;
			return true;
		}
	}
	return false;
}

static bool argv_from_stack(struct elfcore *core)
{
	struct target *t = core->target;
	addr_t auxv, at, value;
	size_t count, len;
	if (!find_auxv(core, &auxv) || !find_argv(t, auxv, &at, &count))
		return false;
	const char **argv = arena_alloc(&t->arena, (count + 1) * sizeof(*argv));
	if (!argv)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!target_read_word(t, at + i * t->machine->word, &value) ||
		    !(argv[i] = memory_string(&t->memory, value, ARGUMENT_MAX, &len)))
			return false;
	}
	t->process.argv = argv;
	t->process.argc = count;
	return true;
}

/* The kernel joined them with spaces, so that a space within an argument cannot be told. */
static bool argv_from_psargs(struct target *t, const char *psargs)
{
	enum { PSARGS_MAX = 80 };
	size_t len = strlen(psargs), count = 0;
	char *copy = arena_copy(&t->arena, psargs, len);
	const char **argv = arena_alloc(&t->arena, (PSARGS_MAX / 2 + 2) * sizeof(*argv));
	if (!copy || !argv)
		return false;
	char *save = NULL;
	for (char *p = strtok_r(copy, " ", &save); p && count <= PSARGS_MAX / 2; p = strtok_r(NULL, " ", &save))
		argv[count++] = p;
	t->process.argv = argv;
	t->process.argc = count;
	t->process.argv_cut = len >= PSARGS_MAX - 1;
	return true;
}

bool process_load_argv(struct elfcore *core, const char *psargs)
{
	struct target *t = core->target;
	size_t len;
	if (core->at_execfn)
		t->process.executable = memory_string(&t->memory, core->at_execfn, 4096, &len);
	return argv_from_stack(core) || !*psargs || argv_from_psargs(t, psargs);
}
