#include "cpython_layouts/datastack.h"

#include "cpython_layouts/chain.h"
#include "cpython_layouts/code.h"

/* MAX_STEPS: for all threads together, since damaged ones may share their stacks. A thread of a
 * hundred frames with ten lost links takes a thousand. */
enum { MAX_CHUNKS = 1 << 16, MAX_STEPS = 1 << 24, MAX_WORDS = 4096 };

static bool take_step(struct runtime *rt)
{
	if (rt->datastack_steps == MAX_STEPS)
		return false;
	rt->datastack_steps++;
	return true;
}

static const struct code *frame_code(struct runtime *rt, const uint8_t *p)
{
	const struct layout *l = &rt->layout;
	addr_t executable;
	bool is_int;
	if (!reference_decode(l, GET(l, p, _PyInterpreterFrame, f_executable), &executable, &is_int))
		return NULL;
	return is_int ? NULL : code_at(rt, executable);
}

/* The bytes that the frame at addr takes; 0: its code is lost. */
static uint64_t frame_size(struct runtime *rt, addr_t addr)
{
	const struct layout *l = &rt->layout;
	const uint8_t *p = memory_at(&rt->target->memory, addr, SIZEOF(l, _PyInterpreterFrame));
	const struct code *code = p ? frame_code(rt, p) : NULL;
	if (!code)
		return 0;
	return OFFSET(l, _PyInterpreterFrame, localsplus) +
	       ((uint64_t)code->variable_count + code->stack_size) * l->machine->word;
}

/* Is it a frame that was called from the one at `at`, or at least one that runs its own code? (The
 * caller may also be a generator's, which lies elsewhere.) */
static bool comes_next(struct runtime *rt, addr_t addr, addr_t at)
{
	const struct layout *l = &rt->layout;
	const uint8_t *p = memory_at(&rt->target->memory, addr, SIZEOF(l, _PyInterpreterFrame));
	if (!p)
		return false;
	if (GET(l, p, _PyInterpreterFrame, previous) == at)
		return true;
	addr_t next = GET(l, p, _PyInterpreterFrame, instr_ptr);
	const struct code *code = next % 2 == 0 ? frame_code(rt, p) : NULL;
	return code && next >= code->bytecode && next - code->bytecode < code->bytecode_size;
}

/* Where the frame behind the one at `at` begins, whose length is not known. */
static addr_t frame_behind(struct runtime *rt, addr_t at, addr_t end)
{
	size_t word = rt->layout.machine->word;
	addr_t from = at + OFFSET(&rt->layout, _PyInterpreterFrame, localsplus);
	for (unsigned i = 0; i < MAX_WORDS && from + i * word < end && take_step(rt); i++)
		if (comes_next(rt, from + i * word, at))
			return from + i * word;
	return 0;
}

/* The last frame in [at, end) that begins below `before` (0: the last of all), 0: none. *is_there:
 * `before` is one of them, or 0. false: the way through the frames is lost. */
static bool last_frame(struct runtime *rt, addr_t at, addr_t end, addr_t before, bool *is_there,
		       addr_t *ret)
{
	*ret = 0;
	while (take_step(rt)) {
		*is_there = at == before || (!before && at >= end);
		if (*is_there || at >= end)
			return true;
		uint64_t size = frame_size(rt, at);
		addr_t next = size ? at + size : frame_behind(rt, at, end);
		*ret = at;
		*is_there = !before;
		if (next <= at || next > end)
			return !before;
		at = next;
	}
	return false;
}

bool datastack_frame_before(struct runtime *rt, addr_t tstate, addr_t before, addr_t *ret)
{
	const struct layout *l = &rt->layout;
	const struct memory *m = &rt->target->memory;
	const uint8_t *t = memory_at(m, tstate, SIZEOF(l, PyThreadState));
	if (!t || !HAS(l, PyThreadState, datastack_chunk) || !HAS_STRUCT(l, _PyStackChunk))
		return false;
	addr_t top = GET(l, t, PyThreadState, datastack_top);
	addr_t first = GET(l, t, PyThreadState, datastack_chunk);
	struct chain chain = chain_start(first, MAX_CHUNKS);
	bool is_there = first && !before;
	while (chain_goes_on(&chain)) {
		const uint8_t *chunk = memory_at(m, chain.at, SIZEOF(l, _PyStackChunk));
		if (!chunk)
			return false;
		addr_t previous = GET(l, chunk, _PyStackChunk, previous);
		addr_t data = chain.at + OFFSET(l, _PyStackChunk, data);
		if (chain.count) /* not the newest: it says itself how far it is used */
			top = data + GET(l, chunk, _PyStackChunk, top) * l->machine->word;
		/* The first word of the first chunk is never used. */
		addr_t found, start = previous ? data : data + l->machine->word;
		if (!last_frame(rt, start, top, before, &is_there, &found))
			return false;
		if (is_there && found) {
			*ret = found;
			return true;
		}
		if (is_there)
			before = 0;
		chain_step(&chain, previous);
	}
	*ret = 0;
	return is_there && chain.end == CHAIN_END;
}

bool datastack_holds(struct runtime *rt, addr_t tstate, addr_t addr)
{
	const struct layout *l = &rt->layout;
	const struct memory *m = &rt->target->memory;
	uint64_t first;
	if (!HAS(l, PyThreadState, datastack_chunk) || !HAS_STRUCT(l, _PyStackChunk) ||
	    !READ(rt, tstate, PyThreadState, datastack_chunk, &first))
		return false;
	struct chain chain = chain_start(first, MAX_CHUNKS);
	while (chain_goes_on(&chain)) {
		const uint8_t *chunk = memory_at(m, chain.at, SIZEOF(l, _PyStackChunk));
		if (!chunk)
			return false;
		if (addr >= chain.at && addr - chain.at < GET(l, chunk, _PyStackChunk, size))
			return true;
		chain_step(&chain, GET(l, chunk, _PyStackChunk, previous));
	}
	return false;
}
