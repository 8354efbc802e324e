#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <cmocka.h>

#include "core/elfcore.h"
#include "tests/unit/draw_core.h"

/* Notes alone, read as they would be from a core of any machine, and one stretch of memory. */
struct rig {
	struct target t;
	struct elfcore core;
	struct str bytes;
};

enum { STACK = 0x7000 };

static void rig_load(struct rig *r, struct drawing *d, const struct str *stack)
{
	size_t notes = d->notes.len;
	*r = (struct rig){ .bytes = STR_INIT };
	str_add(&r->bytes, d->notes.buf, notes);
	if (stack)
		str_add(&r->bytes, stack->buf, stack->len);
	r->t.machine = r->core.header.machine = d->m;
	r->t.process.pid = r->t.process.uid = -1;
	r->t.core.data = (const uint8_t *)r->bytes.buf;
	r->t.core.size = r->bytes.len;
	r->core.target = &r->t;
	*vec_push(&r->core.notes) = (struct elf_phdr){ .type = PT_NOTE, .filesz = notes, .align = 4 };
	if (stack)
		*vec_push(&r->core.segments) = (struct elf_phdr){
			.type = PT_LOAD, .offset = notes, .vaddr = STACK, .filesz = stack->len,
			.memsz = stack->len,
		};
	assert_true(elfcore_add_bytes(&r->core) && memory_seal(&r->t.memory));
	assert_true(notes_load(&r->core));
	str_release(&d->notes);
}

static void rig_release(struct rig *r)
{
	vec_release(&r->core.notes);
	vec_release(&r->core.segments);
	vec_release(&r->t.threads);
	vec_release(&r->t.mappings);
	vec_release(&r->t.hints);
	kept_release(&r->t.kept);
	map_release(&r->t.files_then);
	memory_release(&r->t.memory);
	remarks_release(&r->t.remarks);
	arena_release(&r->t.arena);
	str_release(&r->bytes);
}

static const uint16_t machines[] = { EM_X86_64, EM_AARCH64, EM_386, EM_ARM, EM_S390, EM_PPC64, EM_RISCV };

static void notes__threads_and_registers_of_every_machine(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
		struct drawing d = drawing_of(machines[i]);
		const struct machine *m = d.m;
		struct rig r;
		draw_thread(&d, 4242, SIGSEGV);
		draw_thread(&d, 4243, SIGSEGV);
		rig_load(&r, &d, NULL);
		assert_int_equal(r.t.threads.len, 2);
		const struct os_thread *first = &r.t.threads.items[0];
		assert_int_equal(first->tid, 4242);
		assert_true(first->crashed);
		assert_false(r.t.threads.items[1].crashed);
		assert_int_equal(first->pc, (m->reg_pc + 1) * 0x1000);
		assert_int_equal(first->sp, (m->reg_sp + 1) * 0x1000);
		assert_int_equal(first->tp, m->reg_tp < 0 ? 0 : (m->reg_tp + 1) * 0x1000);
		assert_int_equal(r.t.process.signal, SIGSEGV);
		assert_int_equal(r.t.process.pid, 4242);
		assert_ptr_equal(target_thread_by_tid(&r.t, 4243), first + 1);
		assert_null(target_thread_by_tid(&r.t, 1));
		rig_release(&r);
	}
}

static void notes__process_of_every_machine(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
		struct drawing d = drawing_of(machines[i]);
		const struct machine *m = d.m;
		uint8_t bytes[256] = { 0 };
		struct rig r;
		size_t id = m->word == 8 ? 4 : 2;
		put(m, bytes + m->pr_ps_pid - 2 * id, id, 1000);
		put(m, bytes + m->pr_ps_pid - id, id, 100);
		put(m, bytes + m->pr_ps_pid, 4, 4242);
		put(m, bytes + m->pr_ps_pid + 4, 4, 1);
		memcpy(bytes + m->pr_fname, "sixteen letters.", 16);
		memcpy(bytes + m->pr_psargs, "python3 a.py  -v", 16);
		draw_thread(&d, 4250, 0);
		draw_note(&d, "CORE", NT_PRPSINFO, bytes, m->prpsinfo_size);
		rig_load(&r, &d, NULL);
		assert_int_equal(r.t.process.pid, 4242);
		assert_int_equal(r.t.process.ppid, 1);
		assert_int_equal(r.t.process.uid, 1000);
		assert_int_equal(r.t.process.gid, 100);
		assert_string_equal(r.t.process.name, "sixteen letters.");
		assert_int_equal(r.t.process.argc, 3);
		assert_string_equal(r.t.process.argv[2], "-v");
		assert_false(r.t.process.argv_cut);
		assert_false(r.t.threads.items[0].crashed);
		rig_release(&r);
	}
}

static void draw_siginfo(struct drawing *d, uint32_t signal, int32_t code, uint64_t first, uint32_t second)
{
	uint8_t bytes[128] = { 0 };
	size_t at = d->m->word == 8 ? 16 : 12;
	put(d->m, bytes, 4, signal);
	put(d->m, bytes + 8, 4, (uint32_t)code);
	put(d->m, bytes + at, second ? 4 : d->m->word, first);
	if (second)
		put(d->m, bytes + at + 4, 4, second);
	draw_note(d, "CORE", NT_SIGINFO, bytes, sizeof(bytes));
}

static void notes__a_fault_has_an_address_and_a_kill_a_sender(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
		struct drawing d = drawing_of(machines[i]);
		struct rig r;
		draw_thread(&d, 1, SIGSEGV);
		draw_siginfo(&d, SIGSEGV, SEGV_MAPERR, 0xdead0, 0);
		rig_load(&r, &d, NULL);
		assert_true(r.t.process.has_fault_address);
		assert_int_equal(r.t.process.fault_address, 0xdead0);
		assert_false(r.t.process.has_sender);
		rig_release(&r);
		d = drawing_of(machines[i]);
		draw_thread(&d, 1, SIGABRT);
		draw_siginfo(&d, SIGABRT, SI_TKILL, 77, 1000);
		rig_load(&r, &d, NULL);
		assert_false(r.t.process.has_fault_address);
		assert_true(r.t.process.has_sender);
		assert_int_equal(r.t.process.sender_pid, 77);
		assert_int_equal(r.t.process.sender_uid, 1000);
		rig_release(&r);
	}
}

static void notes__a_general_protection_fault_has_no_address(void **state)
{
	struct drawing d = drawing_of(EM_X86_64);
	struct rig r;
	draw_thread(&d, 1, SIGSEGV);
	draw_siginfo(&d, SIGSEGV, SI_KERNEL, 0, 0);
	rig_load(&r, &d, NULL);
	assert_true(r.t.process.has_siginfo);
	assert_false(r.t.process.has_fault_address);
	assert_false(r.t.process.has_sender);
	rig_release(&r);
}

/* gdb writes PRPSINFO first, and the SIGTRAP or SIGSTOP by which it stopped the process itself. */
static void notes__gcore_of_a_live_process_is_no_crash(void **state)
{
	static const int stops[] = { 0, SIGTRAP, SIGSTOP };
	for (size_t i = 0; i < ARRAY_SIZE(stops); i++) {
		struct drawing d = drawing_of(EM_X86_64);
		uint8_t bytes[256] = { 0 };
		struct rig r;
		draw_note(&d, "CORE", NT_PRPSINFO, bytes, d.m->prpsinfo_size);
		draw_thread(&d, 1, (uint16_t)stops[i]);
		draw_siginfo(&d, (uint32_t)stops[i], SI_USER, 1, 1);
		rig_load(&r, &d, NULL);
		assert_int_equal(r.t.process.signal, 0);
		assert_false(r.t.process.has_siginfo);
		assert_false(r.t.threads.items[0].crashed);
		rig_release(&r);
	}
}

static void notes__gcore_of_a_process_that_stopped_at_its_crash_is_one(void **state)
{
	struct drawing d = drawing_of(EM_X86_64);
	uint8_t bytes[256] = { 0 };
	struct rig r;
	draw_note(&d, "CORE", NT_PRPSINFO, bytes, d.m->prpsinfo_size);
	draw_thread(&d, 1, SIGSEGV);
	rig_load(&r, &d, NULL);
	assert_true(r.t.threads.items[0].crashed);
	rig_release(&r);
}

static void notes__a_sigtrap_that_the_kernel_dumped_is_a_crash(void **state)
{
	struct drawing d = drawing_of(EM_X86_64);
	struct rig r;
	draw_thread(&d, 1, SIGTRAP);
	rig_load(&r, &d, NULL);
	assert_true(r.t.threads.items[0].crashed);
	rig_release(&r);
}

static void notes__aarch64_has_its_thread_pointer_in_a_note(void **state)
{
	struct drawing d = drawing_of(EM_AARCH64);
	uint8_t bytes[16] = { 0 };
	struct rig r;
	draw_thread(&d, 1, SIGSEGV);
	put(d.m, bytes, 8, 0x7f0000001000);
	draw_note(&d, "LINUX", NT_ARM_TLS, bytes, 16);
	draw_thread(&d, 2, SIGSEGV);
	rig_load(&r, &d, NULL);
	assert_int_equal(r.t.threads.items[0].tp, 0x7f0000001000);
	assert_int_equal(r.t.threads.items[1].tp, 0);
	rig_release(&r);
}

static void draw_mappings(struct drawing *d, uint64_t count, size_t cut)
{
	struct str desc = STR_INIT;
	add_word(d->m, &desc, count);
	add_word(d->m, &desc, 4096);
	for (size_t i = 0; i < 2; i++) {
		add_word(d->m, &desc, 0x10000 * (i + 1));
		add_word(d->m, &desc, 0x10000 * (i + 1) + 0x2000);
		add_word(d->m, &desc, i * 3);
	}
	str_add(&desc, "/usr/bin/python3\0/tmp/a (deleted)", 34);
	draw_note(d, "CORE", NT_FILE, desc.buf, desc.len - cut);
	str_release(&desc);
}

static void notes__mapped_files_of_every_machine(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
		struct drawing d = drawing_of(machines[i]);
		struct rig r;
		draw_mappings(&d, 2, 0);
		rig_load(&r, &d, NULL);
		assert_int_equal(r.t.mappings.len, 2);
		assert_string_equal(r.t.mappings.items[0].path, "/usr/bin/python3");
		assert_int_equal(r.t.mappings.items[1].start, 0x20000);
		assert_int_equal(r.t.mappings.items[1].end, 0x22000);
		assert_int_equal(r.t.mappings.items[1].file_offset, 3 * 4096);
		assert_string_equal(r.t.mappings.items[1].path, "/tmp/a (deleted)");
		assert_false(r.t.remarks.loss);
		rig_release(&r);
	}
}

static void notes__a_cut_list_of_mapped_files_is_a_loss(void **state)
{
	struct drawing d = drawing_of(EM_X86_64);
	struct rig r;
	draw_mappings(&d, 2, 5);
	rig_load(&r, &d, NULL);
	assert_int_equal(r.t.mappings.len, 1);
	assert_true(r.t.remarks.loss);
	rig_release(&r);
	d = drawing_of(EM_X86_64);
	draw_mappings(&d, UINT64_MAX / 3, 0);
	rig_load(&r, &d, NULL);
	assert_int_equal(r.t.mappings.len, 0);
	assert_true(r.t.remarks.loss);
	rig_release(&r);
}

static void notes__a_short_prstatus_is_a_loss(void **state)
{
	struct drawing d = drawing_of(EM_X86_64);
	uint8_t bytes[336] = { 0 };
	struct rig r;
	put(d.m, bytes + d.m->pr_pid, 4, 9);
	draw_note(&d, "CORE", NT_PRSTATUS, bytes, 20);
	draw_note(&d, "CORE", NT_PRSTATUS, bytes, 200);
	rig_load(&r, &d, NULL);
	assert_int_equal(r.t.threads.len, 1);
	assert_int_equal(r.t.threads.items[0].tid, 9);
	assert_null(r.t.threads.items[0].registers);
	assert_int_equal(r.t.remarks.list.len, 2);
	rig_release(&r);
}

static void notes__other_owners_notes_are_not_taken_for_ours(void **state)
{
	struct drawing d = drawing_of(EM_X86_64);
	uint8_t bytes[336] = { 0 };
	struct rig r;
	draw_note(&d, "LINUX", NT_PRSTATUS, bytes, sizeof(bytes));
	draw_note(&d, "COREX", NT_PRSTATUS, bytes, sizeof(bytes));
	rig_load(&r, &d, NULL);
	assert_int_equal(r.t.threads.len, 0);
	rig_release(&r);
}

/*	argc | argv 0 | envp 0 | auxv | padding | AT_RANDOM's bytes | strings */
static void draw_stack(const struct machine *m, struct str *stack, struct str *auxv)
{
	size_t word = m->word, words = 1 + 4 + 3;
	addr_t vector = STACK + 16 + words * word, random = vector + 5 * 2 * word + 24;
	const uint64_t pairs[] = { AT_PHDR, 0x400040, AT_ENTRY, 0x401000, AT_RANDOM, random, AT_EXECFN,
				   random + 16, AT_NULL, 0 };
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		add_word(m, auxv, pairs[i]);
	str_add(stack, "sixteen letters.", 16);
	add_word(m, stack, 3);
	add_word(m, stack, random + 16);
	add_word(m, stack, random + 24);
	add_word(m, stack, random + 32);
	add_word(m, stack, 0);
	add_word(m, stack, random + 40);
	add_word(m, stack, random + 40);
	add_word(m, stack, 0);
	str_add(stack, auxv->buf, auxv->len);
	str_add(stack, "                        ................", 40);
	str_add(stack, "python3\0two two\0" "\0xxxxxxxA=1\0", 29);
}

static void notes__a_slim_cores_file_has_a_state(void **state)
{
	struct rig r;
	struct drawing d = drawing_of(EM_X86_64);
	for (uint64_t file = 0; file < 5; file++) {
		uint8_t words[16];
		put(d.m, words, 8, 0x1000 * file);
		put(d.m, words + 8, 8, file < 4 ? file : UINT64_MAX);
		draw_note(&d, SLIM_OWNER, SLIM_NOTE_FILE, words, sizeof(words));
		put(d.m, words, 8, 0x9000);
		draw_note(&d, SLIM_OWNER, SLIM_NOTE_FILE, words, sizeof(words) - 1);
	}
	rig_load(&r, &d, NULL);
	assert_int_equal(*map_find(&r.t.files_then, 0), MODULE_FILE_MISSING);
	assert_int_equal(*map_find(&r.t.files_then, 0x3000), MODULE_FILE_UNVERIFIED);
	static const uint64_t none[] = { 0x1000, 0x2000, 0x4000, 0x9000 };
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		assert_null(map_find(&r.t.files_then, none[i]));
	rig_release(&r);
}

static void notes__argv_comes_from_the_stack(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
		struct drawing d = drawing_of(machines[i]);
		struct str stack = STR_INIT, auxv = STR_INIT;
		uint8_t bytes[256] = { 0 };
		struct rig r;
		draw_stack(d.m, &stack, &auxv);
		memcpy(bytes + d.m->pr_psargs, "python3 two two", 15);
		draw_note(&d, "CORE", NT_AUXV, auxv.buf, auxv.len);
		draw_note(&d, "CORE", NT_PRPSINFO, bytes, d.m->prpsinfo_size);
		rig_load(&r, &d, &stack);
		assert_int_equal(r.t.process.argc, 3);
		assert_string_equal(r.t.process.argv[0], "python3");
		assert_string_equal(r.t.process.argv[1], "two two");
		assert_string_equal(r.t.process.argv[2], "");
		assert_string_equal(r.t.process.executable, "python3");
		assert_int_equal(r.t.at_entry, 0x401000);
		rig_release(&r);
		str_release(&stack);
		str_release(&auxv);
	}
}

static void notes__argv_falls_back_to_psargs_and_says_that_it_is_cut(void **state)
{
	struct drawing d = drawing_of(EM_X86_64);
	uint8_t bytes[256] = { 0 };
	struct rig r;
	memset(bytes + d.m->pr_psargs, 'x', 79);
	draw_note(&d, "CORE", NT_PRPSINFO, bytes, d.m->prpsinfo_size);
	rig_load(&r, &d, NULL);
	assert_int_equal(r.t.process.argc, 1);
	assert_int_equal(strlen(r.t.process.argv[0]), 79);
	assert_true(r.t.process.argv_cut);
	rig_release(&r);
}

static void signal_name__knows_the_numbers_of_linux(void **state)
{
	assert_string_equal(signal_name(11), "SIGSEGV");
	assert_string_equal(signal_name(6), "SIGABRT");
	assert_null(signal_name(0));
	assert_null(signal_name(-1));
	assert_null(signal_name(1000));
	assert_string_equal(signal_code_text(SIGSEGV, SEGV_MAPERR), "address not mapped to object");
	assert_string_equal(signal_code_text(SIGABRT, SI_TKILL), "sent by tkill or tgkill");
	assert_null(signal_code_text(SIGSEGV, 12345));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(notes__threads_and_registers_of_every_machine),
		cmocka_unit_test(notes__process_of_every_machine),
		cmocka_unit_test(notes__a_fault_has_an_address_and_a_kill_a_sender),
		cmocka_unit_test(notes__a_general_protection_fault_has_no_address),
		cmocka_unit_test(notes__gcore_of_a_live_process_is_no_crash),
		cmocka_unit_test(notes__gcore_of_a_process_that_stopped_at_its_crash_is_one),
		cmocka_unit_test(notes__a_sigtrap_that_the_kernel_dumped_is_a_crash),
		cmocka_unit_test(notes__aarch64_has_its_thread_pointer_in_a_note),
		cmocka_unit_test(notes__mapped_files_of_every_machine),
		cmocka_unit_test(notes__a_cut_list_of_mapped_files_is_a_loss),
		cmocka_unit_test(notes__a_short_prstatus_is_a_loss),
		cmocka_unit_test(notes__other_owners_notes_are_not_taken_for_ours),
		cmocka_unit_test(notes__a_slim_cores_file_has_a_state),
		cmocka_unit_test(notes__argv_comes_from_the_stack),
		cmocka_unit_test(notes__argv_falls_back_to_psargs_and_says_that_it_is_cut),
		cmocka_unit_test(signal_name__knows_the_numbers_of_linux),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
