#include "cpython_layouts/frame.h"

#include <inttypes.h>
#include "cpython_layouts/datastack.h"

/* Python frames are bounded by sys.setrecursionlimit() and memory; this is a hundred times more
 * than what survives in practice. */
enum { MAX_FRAMES = 1 << 22 };
/* So many frames in a row without a code object: the chain left the frames long ago. */
enum { MAX_BROKEN_IN_A_ROW = 16 };
/* Each lost link costs a walk over the data stack. */
enum { MAX_GAPS = 256 };

enum verdict {
	FRAME_SHOWN,
	FRAME_PASSED,		/* a shim, C's own, or not begun: Python does not show it either */
	FRAME_BROKEN,		/* its code object is lost, its `previous` is not */
	FRAME_UNREADABLE,
};

static enum verdict load_frame_object(struct runtime *rt, addr_t addr, struct frame *ret,
				      addr_t *ret_previous)
{
	const struct layout *l = &rt->layout;
	const uint8_t *p = memory_at(&rt->target->memory, addr, SIZEOF(l, PyFrameObject));
	if (!p)
		return FRAME_UNREADABLE;
	*ret_previous = GET(l, p, PyFrameObject, f_back);
	const struct code *code = code_at(rt, GET(l, p, PyFrameObject, f_code));
	if (!code)
		return FRAME_BROKEN;
	int64_t lasti = GETS(l, p, PyFrameObject, f_lasti);
	*ret = (struct frame){
		.at = addr,
		.code = code,
		.lasti = l->dialect.lasti_in_units && lasti > 0 ? lasti * 2 : lasti,
		.locals_at = addr + OFFSET(l, PyFrameObject, f_localsplus),
		.globals = GET(l, p, PyFrameObject, f_globals),
		.f_locals = GET(l, p, PyFrameObject, f_locals),
		.is_entry = true,
		.is_generator =
			code->flags & (CODE_GENERATOR | CODE_COROUTINE | CODE_ASYNC_GENERATOR),
	};
	return FRAME_SHOWN;
}

/* Where the code units begin that the frame runs: the code object's own, or the copy that
 * free-threaded builds make for each thread (3.14+). 0: lost. */
static addr_t bytecode_of(struct runtime *rt, const struct code *code, const uint8_t *frame)
{
	const struct layout *l = &rt->layout;
	if (!code->tlbc || !HAS(l, _PyInterpreterFrame, tlbc_index) || !HAS_STRUCT(l, _PyCodeArray))
		return code->bytecode;
	int64_t index = GETS(l, frame, _PyInterpreterFrame, tlbc_index);
	const uint8_t *array = memory_at(&rt->target->memory, code->tlbc, SIZEOF(l, _PyCodeArray));
	if (!array || index < 0 || index >= GETS(l, array, _PyCodeArray, size))
		return 0;
	addr_t entry;
	addr_t entries = code->tlbc + OFFSET(l, _PyCodeArray, entries);
	if (!target_read_word(rt->target, entries + (uint64_t)index * l->machine->word, &entry))
		return 0;
	return entry;
}

static bool is_c_frame(const struct runtime *rt, addr_t addr)
{
	const struct layout *l = &rt->layout;
	const uint8_t *p = memory_at(&rt->target->memory, addr, SIZEOF(l, _PyInterpreterFrame));
	return p && GET(l, p, _PyInterpreterFrame, owner) >= l->dialect.owner_c;
}

/* Includes _PyFrame_IsIncomplete()'s rule (Include/internal/pycore_frame.h 3.11 - 3.13,
 * pycore_interpframe.h 3.14+): a frame counts from its first traceable instruction on; a
 * generator's always does. */
static enum verdict load_interpreter_frame(struct runtime *rt, addr_t addr, struct frame *ret,
					   addr_t *ret_previous)
{
	/* prev_instr of 3.11 and 3.12 stands one code unit before the first one at the start */
	enum { BEFORE_START = -2 };
	const struct layout *l = &rt->layout;
	const uint8_t *p = memory_at(&rt->target->memory, addr, SIZEOF(l, _PyInterpreterFrame));
	if (!p)
		return FRAME_UNREADABLE;
	addr_t previous = GET(l, p, _PyInterpreterFrame, previous);
	*ret_previous = previous;
	uint8_t owner = (uint8_t)GET(l, p, _PyInterpreterFrame, owner);
	if (owner >= l->dialect.owner_c)
		return FRAME_PASSED;
	addr_t executable, function = 0;
	bool is_int;
	if (!reference_decode(l, GET(l, p, _PyInterpreterFrame, f_executable), &executable,
			      &is_int) ||
	    !executable || executable == rt->none)
		return FRAME_PASSED;
	const struct code *code = is_int ? NULL : code_at(rt, executable);
	if (!code)
		return FRAME_BROKEN;
	addr_t start = bytecode_of(rt, code, p);
	int64_t lasti = (int64_t)(GET(l, p, _PyInterpreterFrame, instr_ptr) - start);
	bool is_generator = owner == l->dialect.owner_generator;
	if (start && !is_generator && lasti >= BEFORE_START &&
	    lasti < (int64_t)code->first_traceable)
		return FRAME_PASSED;
	bool is_within = start && lasti >= BEFORE_START && lasti < (int64_t)code->bytecode_size;
	if (!reference_decode(l, GET(l, p, _PyInterpreterFrame, f_funcobj), &function, &is_int) ||
	    is_int)
		function = 0;
	*ret = (struct frame){
		.at = addr,
		.code = code,
		.lasti = lasti < 0 ? -1 : lasti,
		.position_lost = !is_within,
		.locals_at = addr + OFFSET(l, _PyInterpreterFrame, localsplus),
		.globals = GET(l, p, _PyInterpreterFrame, f_globals),
		.f_locals = GET(l, p, _PyInterpreterFrame, f_locals),
		.function = function,
		.is_entry = HAS(l, _PyInterpreterFrame, is_entry)
				    ? GET(l, p, _PyInterpreterFrame, is_entry) != 0
				    : !previous || is_c_frame(rt, previous),
		.is_generator = is_generator,
	};
	return FRAME_SHOWN;
}

static enum verdict load(struct runtime *rt, addr_t addr, struct frame *ret, addr_t *ret_previous)
{
	struct frame frame;
	*ret_previous = 0;
	enum verdict verdict =
		rt->layout.dialect.frames == FRAMES_OBJECTS
			? load_frame_object(rt, addr, &frame, ret_previous)
			: load_interpreter_frame(rt, addr, &frame, ret_previous);
	if (verdict != FRAME_SHOWN)
		return verdict;
	if (frame.position_lost)
		frame.position = (struct position){ .column = -1, .end_column = -1 };
	else
		frame.position_lost =
			!code_position(rt, frame.code, frame.lasti, &frame.position);
	*ret = frame;
	return FRAME_SHOWN;
}

bool frame_load(struct runtime *rt, addr_t addr, struct frame *ret, addr_t *ret_previous,
		bool *is_shim)
{
	enum verdict verdict = load(rt, addr, ret, ret_previous);
	*is_shim = verdict == FRAME_PASSED;
	return verdict == FRAME_SHOWN;
}

/* The thread's innermost frame. false: the way to it is lost at *ret. */
static bool first_frame(struct runtime *rt, const struct pythread *thread, addr_t *ret)
{
	const struct layout *l = &rt->layout;
	const uint8_t *p = memory_at(&rt->target->memory, thread->at, SIZEOF(l, PyThreadState));
	*ret = thread->at;
	if (!p)
		return false;
	switch ((enum frame_dialect)l->dialect.frames) {
	case FRAMES_OBJECTS:
		*ret = GET(l, p, PyThreadState, frame);
		return true;
	case FRAMES_DIRECT:
		*ret = GET(l, p, PyThreadState, current_frame);
		return true;
	case FRAMES_CFRAME:
		break;
	}
	*ret = GET(l, p, PyThreadState, cframe);
	const uint8_t *cframe =
		*ret ? memory_at(&rt->target->memory, *ret, SIZEOF(l, _PyCFrame)) : NULL;
	if (cframe)
		*ret = GET(l, cframe, _PyCFrame, current_frame);
	return cframe || !*ret;
}

/* The link to it->chain.at is lost, as those are that lie on the C stack of a truncated core: go on
 * with the next older frame of the data stack. false: nothing tells of one. */
static bool bridge_gap(struct frame_iter *it)
{
	if (it->rt->layout.dialect.frames == FRAMES_OBJECTS || it->gaps == MAX_GAPS)
		return false;
	addr_t next;
	if (!datastack_frame_before(it->rt, it->tstate, it->stack_frame, &next))
		return false;
	if (!it->gaps++)
		it->gap_at = it->chain.at;
	chain_step(&it->chain, next);
	return true;
}

struct frame_iter frames_of(struct runtime *rt, const struct pythread *thread)
{
	addr_t first;
	bool found = first_frame(rt, thread, &first);
	struct frame_iter it = {
		.rt = rt,
		.tstate = thread->at,
		.chain = chain_start(first, MAX_FRAMES),
	};
	if (!found && !bridge_gap(&it))
		chain_fault(&it.chain);
	return it;
}

/* Did a C call of the evaluation loop begin with the frame at addr (shown or not)? Up to 3.10 each
 * frame has a call of its own; 3.11 marks the first one; from 3.12 on a shim stands before it. */
static bool ends_activation(const struct runtime *rt, addr_t addr)
{
	const struct layout *l = &rt->layout;
	if (l->dialect.frames == FRAMES_OBJECTS)
		return true;
	if (!HAS(l, _PyInterpreterFrame, is_entry))
		return is_c_frame(rt, addr);
	const uint8_t *p = memory_at(&rt->target->memory, addr, SIZEOF(l, _PyInterpreterFrame));
	return p && GET(l, p, _PyInterpreterFrame, is_entry);
}

static bool activation_add(struct activations *a, addr_t at)
{
	addr_t *place = vec_push(&a->list);
	if (place)
		*place = at;
	return place != NULL;
}

static void end_activation(struct frame_iter *it, addr_t at)
{
	const struct layout *l = &it->rt->layout;
	it->activation++;
	if (it->activations && l->dialect.frames != FRAMES_OBJECTS &&
	    !HAS(l, _PyInterpreterFrame, is_entry))
		activation_add(it->activations, at);
}

bool frame_next(struct frame_iter *it, struct frame *ret)
{
	unsigned broken_in_a_row = 0;
	while (chain_goes_on(&it->chain)) {
		addr_t at = it->chain.at, previous;
		enum verdict verdict = load(it->rt, at, ret, &previous);
		if (verdict == FRAME_UNREADABLE && bridge_gap(it))
			continue;
		if (verdict == FRAME_UNREADABLE || broken_in_a_row == MAX_BROKEN_IN_A_ROW) {
			chain_fault(&it->chain);
			return false;
		}
		chain_step(&it->chain, previous);
		uint32_t activation = it->activation;
		if (ends_activation(it->rt, at))
			end_activation(it, at);
		if (verdict == FRAME_SHOWN) {
			ret->activation = activation;
			if (!ret->is_generator)
				it->stack_frame = at;
			return true;
		}
		trace(FRAMES, "frame 0x%" PRIx64 " passed over: %s", at,
		      verdict == FRAME_BROKEN ? "its code object is lost" : "no Python frame");
		if (verdict == FRAME_PASSED) {
			it->skipped++;
			broken_in_a_row = 0;
		} else {
			it->broken++;
			broken_in_a_row++;
		}
	}
	return false;
}

void activations_release(struct activations *a)
{
	vec_release(&a->list);
}

bool frame_activations(struct frame_iter *it, struct activations *ret)
{
	struct runtime *rt = it->rt;
	const struct layout *l = &rt->layout;
	uint64_t first, next;
	it->activations = ret;
	ret->list.len = 0;
	bool has_shims = l->dialect.frames != FRAMES_OBJECTS &&
			 !HAS(l, _PyInterpreterFrame, is_entry);
	if (has_shims || !HAS(l, _PyCFrame, previous) ||
	    !READ(rt, it->tstate, PyThreadState, cframe, &first))
		return true;
	struct chain chain = chain_start(first, MAX_FRAMES);
	while (chain_goes_on(&chain)) {
		if (!activation_add(ret, chain.at))
			return false;
		if (READ(rt, chain.at, _PyCFrame, previous, &next))
			chain_step(&chain, next);
		else
			chain_fault(&chain);
	}
	return true;
}

/* A module or class body, whose variables live in a dict. In 2.7 a function with a bare exec is not
 * "optimized" either, but it has slots. */
static bool has_namespace(const struct code *code)
{
	if (code->flags & CODE_OPTIMIZED)
		return false;
	for (uint32_t i = 0; i < code->variable_count; i++)
		if (!code->variables[i].boxed && !code->variables[i].hidden)
			return false;
	return true;
}

struct local_iter locals_of(struct runtime *rt, const struct frame *frame)
{
	struct local_iter it = { .rt = rt,
				 .frame = frame,
				 .has_namespace = has_namespace(frame->code) };
	if (it.has_namespace && frame->f_locals)
		it.in_names = dict_iter_start(rt, frame->f_locals, &it.names);
	return it;
}

/* What a cell holds; value itself when no cell is there yet (MAKE_CELL has still to run). */
static addr_t unbox(struct runtime *rt, addr_t value)
{
	const struct layout *l = &rt->layout;
	struct object o;
	const uint8_t *p = memory_at(&rt->target->memory, value, SIZEOF(l, PyCellObject));
	if (!p || !object_load(rt, value, &o) ||
	    (o.type->name && !streq(o.type->full_name, "cell")))
		return value;
	return GET(l, p, PyCellObject, ob_ref);
}

static bool load_slot(struct local_iter *it, uint32_t slot, struct local *ret)
{
	const struct layout *l = &it->rt->layout;
	const struct variable *variable = &it->frame->code->variables[slot];
	addr_t word, value;
	bool is_int;
	if (!target_read_word(it->rt->target, it->frame->locals_at + slot * l->machine->word,
			      &word) ||
	    !reference_decode(l, word, &value, &is_int))
		return false;
	if (!is_int && value && variable->boxed)
		value = unbox(it->rt, value);
	if (!is_int && !value)
		return false;
	*ret = (struct local){
		.name = variable->name, .kind = variable->kind, .value = value, .is_int = is_int,
	};
	return true;
}

bool local_next(struct local_iter *it, struct local *ret)
{
	const struct code *code = it->frame->code;
	addr_t key, value;
	while (it->in_names && dict_next(&it->names, &key, &value)) {
		const char *name = object_name(it->rt, key);
		if (!name || !value)
			continue;
		*ret = (struct local){ .name = name, .kind = VARIABLE_LOCAL, .value = value,
				       .from_namespace = true };
		return true;
	}
	it->in_names = false;
	/* Of the slots of a module or class body only those of a comprehension that runs inlined in
	 * it (3.12+) are variables to Python: locals() there leaves out cells and free ones. */
	while (it->index < code->source_count) {
		uint32_t slot = code->source_order[it->index++];
		if (it->has_namespace && !code->variables[slot].hidden)
			continue;
		if (load_slot(it, slot, ret))
			return true;
	}
	return false;
}
