#include "cpython_layouts/threads.h"

#include <elf.h>
#include <string.h>
#include "core/checked.h"
#include "core/map.h"
#include "cpython_layouts/frame.h"

/* Names of the threads of one interpreter: threading._active, {ident: Thread}. */
struct interpreter_names {
	addr_t interpreter;
	struct map by_ident;		/* ident -> address of the Thread object */
};

struct threads {
	struct map by_pthread, by_tid;	/* -> index in target->threads, plus 1 */
	addr_t crashed;			/* the state that the crashed thread ran with */
	bool crashed_known;
	VEC(struct interpreter_names) names;
};

enum { THREADS_MAX = 100000, PTHREAD_SIZE_MAX = 0x4000 };

/* struct pthread's tid, counted from pthread_self(): glibc's nptl/descr.h. tcbhead_t in front of
 * it has 704 bytes on x86-64; elsewhere 24 pointers are reserved. */
static const struct { uint16_t e_machine, offset; } glibc_tid[] = {
	{ EM_X86_64, 720 }, { EM_AARCH64, 208 }, { EM_RISCV, 208 }, { EM_PPC64, 208 }, { EM_S390, 208 },
};

void threads_free(struct threads *threads)
{
	if (!threads)
		return;
	for (size_t i = 0; i < threads->names.len; i++)
		map_release(&threads->names.items[i].by_ident);
	vec_release(&threads->names);
	map_release(&threads->by_pthread);
	map_release(&threads->by_tid);
	free(threads);
}

/* --- pthread to OS thread --------------------------------------------------------------------
 *
 * Where the thread pointer is not pthread_self() it points right behind struct pthread:
 *
 *	thread_id -> | struct pthread ... tid ... | <- thread pointer
 *
 * The size of that struct is glibc's secret, but the same for all threads: it is the difference
 * between a thread_id and a thread pointer that occurs most. */

static int compare_addresses(const void *a, const void *b)
{
	addr_t x = *(const addr_t *)a, y = *(const addr_t *)b;
	return x < y ? -1 : x > y;
}

/* For each thread_id the thread pointers not far above it vote for their distance. */
static void vote(struct map *votes, const addr_t *pointers, size_t count, uint64_t pthread,
		 uint64_t *best, uint64_t *best_votes)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (pointers[middle] > pthread)
			high = middle;
		else
			low = middle + 1;
	}
	for (; low < count && pointers[low] - pthread < PTHREAD_SIZE_MAX; low++) {
		uint64_t distance = pointers[low] - pthread;
		uint64_t *n = map_insert(votes, distance, NULL);
		if (n && ++*n > *best_votes) {
			*best_votes = *n;
			*best = distance;
		}
	}
}

static bool next_pthread(struct runtime *rt, struct chain *interps, struct chain *states,
			 uint64_t *ret)
{
	uint64_t next, head;
	while (chain_goes_on(interps)) {
		while (chain_goes_on(states)) {
			bool has = READ(rt, states->at, PyThreadState, thread_id, ret);
			if (READ(rt, states->at, PyThreadState, next, &next))
				chain_step(states, next);
			else
				chain_fault(states);
			if (has && *ret)
				return true;
		}
		if (!READ(rt, interps->at, PyInterpreterState, next, &next)) {
			chain_fault(interps);
			break;
		}
		chain_step(interps, next);
		if (chain_goes_on(interps) &&
		    READ(rt, interps->at, PyInterpreterState, tstate_head, &head))
			*states = chain_start(head, THREADS_MAX);
	}
	return false;
}

static uint64_t pthread_size(struct runtime *rt)
{
	const struct target *t = rt->target;
	addr_t *pointers = calloc(t->threads.len + 1, sizeof(*pointers));
	uint64_t pthread, head, best = 0, best_votes = 0;
	struct map votes = MAP_INIT;
	if (!pointers)
		return 0;
	for (size_t i = 0; i < t->threads.len; i++)
		pointers[i] = t->threads.items[i].tp;
	qsort(pointers, t->threads.len, sizeof(*pointers), compare_addresses);
	struct chain interps = chain_start(rt->interpreters, THREADS_MAX), states;
	if (READ(rt, rt->interpreters, PyInterpreterState, tstate_head, &head)) {
		states = chain_start(head, THREADS_MAX);
		while (next_pthread(rt, &interps, &states, &pthread))
			vote(&votes, pointers, t->threads.len, pthread, &best, &best_votes);
	}
	map_release(&votes);
	free(pointers);
	trace(LOCATE, "struct pthread has %" PRIu64 " bytes (%" PRIu64 " threads say so)", best,
	      best_votes);
	return best;
}

static struct threads *threads_of(struct runtime *rt)
{
	if (rt->threads)
		return rt->threads;
	struct threads *threads = calloc(1, sizeof(*threads));
	if (!threads)
		return NULL;
	rt->threads = threads;
	const struct target *t = rt->target;
	uint64_t size = t->machine->tp_is_pthread ? 0 : pthread_size(rt);
	bool knows = t->machine->tp_is_pthread || size;
	for (size_t i = 0; i < t->threads.len; i++) {
		const struct os_thread *os = &t->threads.items[i];
		uint64_t *slot = knows && os->tp ? map_insert(&threads->by_pthread, os->tp - size, NULL)
						 : NULL;
		if (slot)
			*slot = i + 1;
		slot = map_insert(&threads->by_tid, os->tid, NULL);
		if (slot)
			*slot = i + 1;
	}
	return threads;
}

static const struct os_thread *look_up(struct runtime *rt, const struct map *map, uint64_t key)
{
	const uint64_t *index = key ? map_find(map, key) : NULL;
	return index && *index ? &rt->target->threads.items[*index - 1] : NULL;
}

/* The LWP that glibc noted in struct pthread; 0: unknown. */
static uint64_t glibc_tid_of(struct runtime *rt, uint64_t pthread)
{
	const struct machine *m = rt->target->machine;
	for (size_t i = 0; i < ARRAY_SIZE(glibc_tid); i++) {
		if (glibc_tid[i].e_machine != m->e_machine)
			continue;
		const uint8_t *p = memory_at(&rt->target->memory, pthread + glibc_tid[i].offset, 4);
		return p ? load_u32(m, p) : 0;
	}
	return 0;
}

/* native_thread_id comes last: in a forked child it may still be the parent's (3.11), and in a
 * core taken from outside a container it counts in another PID namespace. */
const struct os_thread *threads_os(struct runtime *rt, uint64_t pthread, uint64_t native)
{
	struct threads *threads = threads_of(rt);
	if (!threads)
		return NULL;
	const struct os_thread *os = look_up(rt, &threads->by_pthread, pthread);
	if (!os && pthread)
		os = look_up(rt, &threads->by_tid, glibc_tid_of(rt, pthread));
	return os ? os : look_up(rt, &threads->by_tid, native);
}

/* --- which state crashed -------------------------------------------------------------------- */

/* The lock says it for certain; else a state that runs Python code is likelier than an idle one. */
static int rank_of(struct runtime *rt, addr_t state, addr_t gil_holder)
{
	struct frame_iter frames = frames_of(rt, &(struct pythread){ .at = state });
	struct frame frame;
	return state == gil_holder ? 3 : frame_next(&frames, &frame) ? 2 : 1;
}

static addr_t find_crashed(struct runtime *rt)
{
	struct interpreter_iter it = interpreters(rt);
	struct interpreter interp;
	addr_t ret = 0;
	int best = 0;
	while (interpreter_next(&it, &interp)) {
		struct chain states = chain_start(interp.threads_head, THREADS_MAX);
		while (chain_goes_on(&states)) {
			uint64_t pthread = 0, native = 0, next;
			READ(rt, states.at, PyThreadState, thread_id, &pthread);
			READ(rt, states.at, PyThreadState, native_thread_id, &native);
			const struct os_thread *os = threads_os(rt, pthread, native);
			int rank = os && os->crashed ? rank_of(rt, states.at, interp.gil_holder) : 0;
			if (rank > best) {
				best = rank;
				ret = states.at;
			}
			if (!READ(rt, states.at, PyThreadState, next, &next))
				break;
			chain_step(&states, next);
		}
	}
	return ret;
}

bool threads_has_crashed(struct runtime *rt, addr_t state)
{
	struct threads *threads = threads_of(rt);
	if (threads && !threads->crashed_known) {
		threads->crashed_known = true;
		threads->crashed = find_crashed(rt);
	}
	return threads && threads->crashed == state;
}

/* --- waiting in the kernel ------------------------------------------------------------------- */

static bool register_named(const struct machine *m, const struct os_thread *os, const char *name,
			   uint64_t *ret)
{
	for (int i = 0; os->registers && i < m->registers; i++) {
		if (strcmp(m->register_names[i], name) == 0) {
			*ret = load_word(m, os->registers + (size_t)i * m->word);
			return true;
		}
	}
	return false;
}

/* The kernel's numbers (asm/unistd.h) and where the number and the first argument are kept. */
static const struct futex_call {
	uint16_t e_machine, number;
	const char *number_in, *word_in;
} futex_calls[] = {
	{ EM_X86_64, 202, "orig_rax", "rdi" },
	{ EM_AARCH64, 98, "x8", "x0" },
};

bool threads_waits_in(struct runtime *rt, const struct os_thread *os, addr_t start, addr_t end)
{
	const struct machine *m = rt->target->machine;
	uint64_t number, word;
	for (size_t i = 0; i < ARRAY_SIZE(futex_calls); i++) {
		const struct futex_call *call = &futex_calls[i];
		if (call->e_machine == m->e_machine &&
		    register_named(m, os, call->number_in, &number) && number == call->number &&
		    register_named(m, os, call->word_in, &word))
			return word >= start && word < end;
	}
	return false;
}

/* --- names ----------------------------------------------------------------------------------- */

/* sys.modules[name].__dict__; 0: not imported. */
static addr_t module_dict(struct runtime *rt, addr_t modules, const char *name)
{
	addr_t module = modules ? dict_get(rt, modules, name) : 0;
	uint64_t dict;
	return module && READ(rt, module, PyModuleObject, md_dict, &dict) ? dict : 0;
}

static void read_active(struct runtime *rt, addr_t modules, struct map *by_ident)
{
	addr_t dict = module_dict(rt, modules, "threading");
	addr_t active = dict ? dict_get(rt, dict, "_active") : 0;
	struct dict_iter it;
	addr_t key, value;
	if (!active || !dict_iter_start(rt, active, &it))
		return;
	for (size_t n = 0; n < THREADS_MAX && dict_next(&it, &key, &value); n++) {
		int64_t ident;
		uint64_t *slot = object_int64(rt, key, &ident)
					 ? map_insert(by_ident, (uint64_t)ident, NULL)
					 : NULL;
		if (slot)
			*slot = value;
	}
}

static const struct map *names_of(struct runtime *rt, const struct interpreter *interp)
{
	struct threads *threads = threads_of(rt);
	if (!threads)
		return NULL;
	for (size_t i = 0; i < threads->names.len; i++) {
		if (threads->names.items[i].interpreter == interp->at)
			return &threads->names.items[i].by_ident;
	}
	struct interpreter_names *names = vec_push(&threads->names);
	if (!names)
		return NULL;
	names->interpreter = interp->at;
	read_active(rt, interp->modules, &names->by_ident);
	return &names->by_ident;
}

/* threading.Thread's attributes; 2.7 mangles them (Lib/threading.py). */
static addr_t thread_attribute(struct runtime *rt, const struct object *thread, const char *name,
			       const char *name_27)
{
	return object_attribute(rt, thread, rt->layout.dialect.unicode_27 ? name_27 : name);
}

bool pythread_name(struct runtime *rt, const struct pythread *thread, struct str *name, int *daemon)
{
	const struct map *names = names_of(rt, &thread->interp);
	const uint64_t *at = names ? map_find(names, thread->pthread) : NULL;
	struct object o;
	*daemon = -1;
	if (!at || !object_load(rt, *at, &o))
		return false;
	int64_t flag;
	addr_t value = thread_attribute(rt, &o, "_daemonic", "_Thread__daemonic");
	if (value && object_int64(rt, value, &flag))
		*daemon = flag != 0;
	bool cut;
	value = thread_attribute(rt, &o, "_name", "_Thread__name");
	return value && object_text(rt, value, 1000, name, &cut);
}
