#include "core/elfcore.h"

#include <signal.h>
#include <string.h>
#include "core/checked.h"
#include "core/trace.h"

/* What the kernel (fs/binfmt_elf.c), gdb's gcore and qemu-user write:
 *
 *	kernel  PRSTATUS PRPSINFO SIGINFO AUXV FILE FPREGSET ... | PRSTATUS ... one per other thread
 *	gdb     PRPSINFO | PRSTATUS FPREGSET SIGINFO per thread | AUXV FILE, "GDB" its own
 *	qemu    PRSTATUS PRPSINFO AUXV | PRSTATUS per thread; no FILE, no SIGINFO
 *
 * The first PRSTATUS is the thread that died, or the one gdb had selected. */

#define NT_GDB_TDESC 0xff000000

enum { FNAME_SIZE = 16, PSARGS_SIZE = 80, MAPPINGS_MAX = 1 << 22 };

struct notes {
	struct elfcore *core;
	char psargs[PSARGS_SIZE + 1];
	bool nomem;
};

static struct os_thread *last_thread(struct target *t)
{
	return t->threads.len ? &t->threads.items[t->threads.len - 1] : NULL;
}

static addr_t thread_register(const struct machine *m, const uint8_t *registers, int index)
{
	return index < 0 ? 0 : load_word(m, registers + index * m->word);
}

static void prstatus(struct notes *n, const struct elf_note *note)
{
	struct target *t = n->core->target;
	const struct machine *m = t->machine;
	if (note->size < m->pr_pid + 4u) {
		remark_loss(&t->remarks, "core: a thread's note (NT_PRSTATUS) has %zu bytes: passed over",
			    note->size);
		return;
	}
	struct os_thread *thread = vec_push(&t->threads);
	if (!thread) {
		n->nomem = true;
		return;
	}
	thread->tid = load_u32(m, note->desc + m->pr_pid);
	thread->signal = load_u16(m, note->desc + m->pr_cursig);
	if (note->size < m->pr_reg + m->registers * (size_t)m->word) {
		remark_loss(&t->remarks, "core: the registers of thread %" PRIu64 " are missing", thread->tid);
		return;
	}
	thread->registers = note->desc + m->pr_reg;
	thread->pc = thread_register(m, thread->registers, m->reg_pc);
	thread->sp = thread_register(m, thread->registers, m->reg_sp);
	thread->fp = thread_register(m, thread->registers, m->reg_fp);
	thread->tp = thread_register(m, thread->registers, m->reg_tp);
}

static void prpsinfo(struct notes *n, const struct elf_note *note)
{
	struct target *t = n->core->target;
	const struct machine *m = t->machine;
	struct process *p = &t->process;
	if (!t->threads.len)
		n->core->by_gdb = true;
	if (note->size < m->prpsinfo_size || p->name)
		return;
	const uint8_t *pid = note->desc + m->pr_ps_pid;
	p->pid = load_u32(m, pid);
	p->ppid = load_u32(m, pid + 4);
	/* uid and gid stand before pid: 32 bits wide, on old 32-bit machines 16 */
	p->uid = m->word == 8 ? load_u32(m, pid - 8) : load_u16(m, pid - 4);
	p->gid = m->word == 8 ? load_u32(m, pid - 4) : load_u16(m, pid - 2);
	const char *fname = (const char *)note->desc + m->pr_fname;
	p->name = arena_copy(&t->arena, fname, strnlen(fname, FNAME_SIZE));
	memcpy(n->psargs, note->desc + m->pr_psargs, PSARGS_SIZE);
}

static bool has_address(int signal, int code)
{
	/* SI_KERNEL: a general protection fault; the address is not told and si_addr is 0 */
	return code > 0 && code != SI_KERNEL &&
	       (signal == SIGSEGV || signal == SIGBUS || signal == SIGILL || signal == SIGFPE ||
		signal == SIGTRAP);
}

/*	si_signo, si_errno, si_code | padding on 64-bit | si_addr  or  si_pid, si_uid */
static void siginfo(struct notes *n, const struct elf_note *note)
{
	struct target *t = n->core->target;
	const struct machine *m = t->machine;
	struct process *p = &t->process;
	size_t at = m->word == 8 ? 16 : 12;
	/* gdb writes one for each thread: the first thread's is the one */
	if (p->has_siginfo || t->threads.len > 1 || note->size < at + 8)
		return;
	int number = (int)load_u32(m, note->desc);
	if (!number)
		return;
	p->has_siginfo = true;
	p->signal = number;
	p->si_errno = (int)load_u32(m, note->desc + 4);
	p->si_code = (int)load_u32(m, note->desc + 8);
	if (has_address(number, p->si_code)) {
		p->has_fault_address = true;
		p->fault_address = load_word(m, note->desc + at);
	} else if (p->si_code <= 0) {
		p->has_sender = true;
		p->sender_pid = (int32_t)load_u32(m, note->desc + at);
		p->sender_uid = load_u32(m, note->desc + at + 4);
	}
}

static void auxv(struct elfcore *core, const uint8_t *bytes, size_t size)
{
	struct target *t = core->target;
	const struct machine *m = t->machine;
	if (core->auxv)
		return;
	core->auxv = bytes;
	core->auxv_size = size;
	for (size_t at = 0; at + 2 * m->word <= size; at += 2 * m->word) {
		addr_t value = load_word(m, bytes + at + m->word);
		switch (load_word(m, bytes + at)) {
		case AT_PHDR: t->at_phdr = value; break;
		case AT_PHNUM: core->at_phnum = value; break;
		case AT_BASE: t->at_base = value; break;
		case AT_ENTRY: t->at_entry = value; break;
		case AT_SYSINFO_EHDR: t->at_sysinfo_ehdr = value; break;
		case AT_RANDOM: core->at_random = value; break;
		case AT_EXECFN: core->at_execfn = value; break;
		}
	}
}

/*	count | page size | { start, end, offset in pages }[count] | names, each with its NUL */
static void mappings(struct notes *n, const struct elf_note *note)
{
	struct target *t = n->core->target;
	const struct machine *m = t->machine;
	size_t word = m->word, left = note->size;
	if (t->mappings.len || left < 2 * word)
		return;
	uint64_t count = load_word(m, note->desc), page = load_word(m, note->desc + word);
	if (count > (left - 2 * word) / (3 * word) || count > MAPPINGS_MAX) {
		remark_loss(&t->remarks, "core: the list of mapped files (NT_FILE) is damaged: %" PRIu64
			    " entries in %zu bytes", count, left);
		return;
	}
	const uint8_t *p = note->desc + 2 * word;
	const char *name = (const char *)p + count * 3 * word, *end = (const char *)note->desc + note->size;
	for (uint64_t i = 0; i < count; i++, p += 3 * word) {
		size_t len = strnlen(name, (size_t)(end - name));
		uint64_t offset;
		if (name + len == end) {
			remark_loss(&t->remarks, "core: the list of mapped files (NT_FILE) is cut: %" PRIu64
				    " of %" PRIu64 " are left", i, count);
			return;
		}
		if (checked_mul(load_word(m, p + 2 * word), page, &offset)) {
			struct mapping *mapping = vec_push(&t->mappings);
			if (!mapping) {
				n->nomem = true;
				return;
			}
			*mapping = (struct mapping){
				.start = load_word(m, p),
				.end = load_word(m, p + word),
				.file_offset = offset,
				.path = name,
			};
		}
		name += len + 1;
	}
	n->core->mappings_whole = true;
}

static void slim_mark(struct notes *n, const struct elf_note *note)
{
	struct target *t = n->core->target;
	if (note->size < 32)
		return;
	t->slim = true;
	t->process.time = (int64_t)load_u64(t->machine, note->desc + 16);
	t->redacted = load_u64(t->machine, note->desc + 8) & SLIM_REDACTED;
	if (load_u64(t->machine, note->desc + 8) & SLIM_TRUNCATED)
		remark_loss(&t->remarks, "this slim core was made from a truncated one");
}

static void slim_symbol(struct notes *n, const struct elf_note *note)
{
	struct target *t = n->core->target;
	size_t word = t->machine->word;
	if (note->size <= 2 * word || note->desc[note->size - 1])
		return;
	struct symbol_hint *hint = vec_push(&t->hints);
	if (!hint) {
		n->nomem = true;
		return;
	}
	hint->addr = load_word(t->machine, note->desc);
	hint->size = load_word(t->machine, note->desc + word);
	hint->name = (const char *)note->desc + 2 * word;
}

static void slim_source(struct notes *n, const struct elf_note *note)
{
	enum { EXCERPTS_MAX = 1 << 20 };
	struct target *t = n->core->target;
	size_t word = t->machine->word;
	if (note->size <= word || t->excerpts.len >= EXCERPTS_MAX)
		return;
	const char *path = (const char *)note->desc + word;
	const char *nul = memchr(path, '\0', note->size - word);
	if (!nul)
		return;
	struct source_excerpt *excerpt = vec_push(&t->excerpts);
	if (!excerpt) {
		n->nomem = true;
		return;
	}
	*excerpt = (struct source_excerpt){
		.path = path,
		.line = load_word(t->machine, note->desc),
		.text = nul + 1,
		.len = (size_t)((const char *)note->desc + note->size - (nul + 1)),
	};
}

static void slim_answer(struct notes *n, const struct elf_note *note)
{
	const struct kept_answer all = { .data = note->desc, .len = note->size };
	struct kept_reader r = kept_read(&all);
	uint64_t kind = kept_get(&r), key = kept_get(&r);
	if (!r.failed && kind && kind <= UINT32_MAX)
		n->nomem |= !kept_load(&n->core->target->kept, (uint32_t)kind, key, r.at,
				       (size_t)(r.end - r.at));
}

static void slim_file(struct notes *n, const struct elf_note *note)
{
	struct target *t = n->core->target;
	size_t word = t->machine->word;
	if (note->size != 2 * word)
		return;
	uint64_t state = load_word(t->machine, note->desc + word);
	if (state != MODULE_FILE_MISSING && state != MODULE_FILE_UNVERIFIED)
		return;
	uint64_t *then = map_insert(&t->files_then, load_word(t->machine, note->desc), NULL);
	n->nomem |= !then;
	if (then)
		*then = state;
}

static void take_note(struct notes *n, const struct elf_note *note)
{
	struct target *t = n->core->target;
	if (elf_note_is(note, SLIM_OWNER, SLIM_NOTE_MARK))
		slim_mark(n, note);
	else if (elf_note_is(note, SLIM_OWNER, SLIM_NOTE_SYMBOL))
		slim_symbol(n, note);
	else if (elf_note_is(note, SLIM_OWNER, SLIM_NOTE_SOURCE))
		slim_source(n, note);
	else if (elf_note_is(note, SLIM_OWNER, SLIM_NOTE_ANSWER))
		slim_answer(n, note);
	else if (elf_note_is(note, SLIM_OWNER, SLIM_NOTE_FILE))
		slim_file(n, note);
	else if (elf_note_is(note, "CORE", NT_PRSTATUS))
		prstatus(n, note);
	else if (elf_note_is(note, "CORE", NT_PRPSINFO))
		prpsinfo(n, note);
	else if (elf_note_is(note, "CORE", NT_SIGINFO))
		siginfo(n, note);
	else if (elf_note_is(note, "CORE", NT_AUXV))
		auxv(n->core, note->desc, note->size);
	else if (elf_note_is(note, "CORE", NT_FILE))
		mappings(n, note);
	else if (elf_note_is(note, "GDB", NT_GDB_TDESC))
		n->core->by_gdb = true;
	else if (elf_note_is(note, "LINUX", NT_ARM_TLS) && note->size >= t->machine->word &&
		 last_thread(t) && t->machine->reg_tp < 0)
		last_thread(t)->tp = load_word(t->machine, note->desc);
}

/* Did it die, and of what? gdb records SIGTRAP or SIGSTOP for a process that it had stopped
 * itself, or no signal at all. */
static void judge_death(struct elfcore *core)
{
	struct target *t = core->target;
	struct process *p = &t->process;
	if (!t->threads.len)
		return;
	struct os_thread *first = &t->threads.items[0];
	if (!p->signal)
		p->signal = first->signal;
	if (core->by_gdb && (p->signal == SIGTRAP || p->signal == SIGSTOP)) {
		p->signal = p->si_code = p->si_errno = 0;
		p->has_siginfo = p->has_fault_address = p->has_sender = false;
	}
	first->crashed = p->signal != 0;
	if (p->pid < 0)
		p->pid = (int64_t)first->tid;
}

/* The kernel's own has some 20 pairs. */
static void take_given_auxv(struct notes *n)
{
	enum { AUXV_MAX = 64 << 10 };
	struct elfcore *core = n->core;
	struct target *t = core->target;
	const struct mapped_file *given = &core->given_auxv;
	if (!given->data || core->auxv)
		return;
	if (given->size > AUXV_MAX) {
		remark_loss(&t->remarks, "%s: is no /proc/PID/auxv: not used", given->path);
		return;
	}
	t->auxv_given = (const uint8_t *)arena_copy(&t->arena, (const char *)given->data, given->size);
	t->auxv_given_size = given->size;
	n->nomem |= !t->auxv_given;
	if (t->auxv_given)
		auxv(core, t->auxv_given, t->auxv_given_size);
}

bool notes_load(struct elfcore *core)
{
	struct target *t = core->target;
	struct notes n = { .core = core };
	bool cut = false;
	const struct elf_phdr *s;
	vec_each(s, &core->notes) {
		uint64_t there = s->offset < t->core.size ? MIN(s->filesz, t->core.size - s->offset) : 0;
		const uint8_t *notes = there ? t->core.data + s->offset : NULL;
		struct elf_note note;
		size_t at = 0;
		while (!n.nomem && elf_note_next(t->machine, notes, there, s->align, &at, &note))
			take_note(&n, &note);
		if (there < s->filesz)
			cut = true;
		else if (at < there && there - at >= 12)
			remark_loss(&t->remarks, "core: its notes are damaged %zu bytes from their start; what "
				    "follows is lost", at);
	}
	if (cut)
		remark_loss(&t->remarks, "core is truncated within its notes: threads, registers or mapped files "
			    "are lost");
	take_given_auxv(&n);
	if (n.nomem || (core->maps.path && !core->mappings_whole && !maps_take(core)))
		return false;
	judge_death(core);
	trace(ELF, "%zu threads, %zu mappings", t->threads.len, t->mappings.len);
	return process_load_argv(core, n.psargs);
}

static const char *const signal_names[] = {
	[SIGHUP] = "SIGHUP", [SIGINT] = "SIGINT", [SIGQUIT] = "SIGQUIT", [SIGILL] = "SIGILL",
	[SIGTRAP] = "SIGTRAP", [SIGABRT] = "SIGABRT", [SIGBUS] = "SIGBUS", [SIGFPE] = "SIGFPE",
	[SIGKILL] = "SIGKILL", [SIGUSR1] = "SIGUSR1", [SIGSEGV] = "SIGSEGV", [SIGUSR2] = "SIGUSR2",
	[SIGPIPE] = "SIGPIPE", [SIGALRM] = "SIGALRM", [SIGTERM] = "SIGTERM",
	[SIGSTKFLT] = "SIGSTKFLT", [SIGCHLD] = "SIGCHLD", [SIGCONT] = "SIGCONT",
	[SIGSTOP] = "SIGSTOP", [SIGTSTP] = "SIGTSTP", [SIGTTIN] = "SIGTTIN", [SIGTTOU] = "SIGTTOU",
	[SIGURG] = "SIGURG", [SIGXCPU] = "SIGXCPU", [SIGXFSZ] = "SIGXFSZ",
	[SIGVTALRM] = "SIGVTALRM", [SIGPROF] = "SIGPROF", [SIGWINCH] = "SIGWINCH",
	[SIGIO] = "SIGIO", [SIGPWR] = "SIGPWR", [SIGSYS] = "SIGSYS",
};

const char *signal_name(int number)
{
	return number > 0 && (size_t)number < ARRAY_SIZE(signal_names) ? signal_names[number] : NULL;
}

/* sigaction(2), "the si_code field" */
static const struct { int signal, code; const char *text; } signal_codes[] = {
	{ SIGILL, ILL_ILLOPC, "illegal opcode" },
	{ SIGILL, ILL_ILLOPN, "illegal operand" },
	{ SIGILL, ILL_ILLADR, "illegal addressing mode" },
	{ SIGILL, ILL_ILLTRP, "illegal trap" },
	{ SIGILL, ILL_PRVOPC, "privileged opcode" },
	{ SIGILL, ILL_PRVREG, "privileged register" },
	{ SIGILL, ILL_COPROC, "coprocessor error" },
	{ SIGILL, ILL_BADSTK, "internal stack error" },
	{ SIGFPE, FPE_INTDIV, "integer divide by zero" },
	{ SIGFPE, FPE_INTOVF, "integer overflow" },
	{ SIGFPE, FPE_FLTDIV, "floating-point divide by zero" },
	{ SIGFPE, FPE_FLTOVF, "floating-point overflow" },
	{ SIGFPE, FPE_FLTUND, "floating-point underflow" },
	{ SIGFPE, FPE_FLTRES, "floating-point inexact result" },
	{ SIGFPE, FPE_FLTINV, "floating-point invalid operation" },
	{ SIGFPE, FPE_FLTSUB, "subscript out of range" },
	{ SIGSEGV, SEGV_MAPERR, "address not mapped to object" },
	{ SIGSEGV, SEGV_ACCERR, "invalid permissions for mapped object" },
	{ SIGSEGV, SEGV_BNDERR, "failed address bound checks" },
	{ SIGSEGV, SEGV_PKUERR, "access was denied by memory protection keys" },
	{ SIGBUS, BUS_ADRALN, "invalid address alignment" },
	{ SIGBUS, BUS_ADRERR, "nonexistent physical address" },
	{ SIGBUS, BUS_OBJERR, "object-specific hardware error" },
	{ SIGBUS, BUS_MCEERR_AR, "hardware memory error consumed on a machine check" },
	{ SIGBUS, BUS_MCEERR_AO, "hardware memory error detected but not consumed" },
	{ SIGTRAP, TRAP_BRKPT, "process breakpoint" },
	{ SIGTRAP, TRAP_TRACE, "process trace trap" },
	{ SIGSYS, 1, "system call refused by a seccomp filter" },
	{ 0, SI_USER, "sent by kill" },
	{ 0, SI_KERNEL, "sent by the kernel" },
	{ 0, SI_QUEUE, "sent by sigqueue" },
	{ 0, SI_TIMER, "sent by a timer that expired" },
	{ 0, SI_TKILL, "sent by tkill or tgkill" },
};

const char *signal_code_text(int number, int code)
{
	for (size_t i = 0; i < ARRAY_SIZE(signal_codes); i++) {
		int signal = signal_codes[i].signal;
		if ((!signal || signal == number) && signal_codes[i].code == code)
			return signal_codes[i].text;
	}
	return NULL;
}
