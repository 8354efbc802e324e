/* __sizeof__ of code objects and of what runs them: frames, generators, coroutines. */
#include "cpython_layouts/sizes.h"

#include "core/checked.h"

/* A tuple's length; -1: lost. */
static int64_t tuple_len(struct runtime *rt, addr_t at)
{
	const struct layout *l = &rt->layout;
	const uint8_t *p = memory_at(&rt->target->memory, at, SIZEOF(l, PyVarObject));
	return p ? GETS(l, p, PyVarObject, ob_size) : -1;
}

/* --- code ------------------------------------------------------------------------------------ */

/* Objects/codeobject.c: 3.6 counts the pointers alone, without what they stand in. */
static bool size_of_extra(struct runtime *rt, addr_t extra, uint64_t *ret)
{
	const struct layout *l = &rt->layout;
	const uint8_t *p = memory_at(&rt->target->memory, extra, SIZEOF(l, _PyCodeObjectExtra));
	if (!p)
		return false;
	if (size_since(rt, 3, 7))
		*ret += OFFSET(l, _PyCodeObjectExtra, ce_extras);
	return size_add(ret, GETS(l, p, _PyCodeObjectExtra, ce_size), l->machine->word);
}

/* 3.8 - 3.10: a byte for each instruction, and what is remembered of some. */
static bool size_of_opcache(struct runtime *rt, const struct object *o, uint64_t *ret)
{
	const struct layout *l = &rt->layout;
	int64_t bytecode = tuple_len(rt, GET(l, o->p, PyCodeObject, co_code));
	return size_add(ret, bytecode / 2, 1) && bytecode >= 0 &&
	       size_add(ret, (int64_t)GET(l, o->p, PyCodeObject, co_opcache_size),
			SIZEOF(l, _PyOpcache));
}

static bool size_of_code(struct runtime *rt, const struct object *o, uint64_t *ret)
{
	const struct layout *l = &rt->layout;
	uint64_t word = l->machine->word;
	if (!size_of_object(rt, o, ret))
		return false;
	if (HAS(l, PyCodeObject, co_code_adaptive))
		*ret = (*ret + word - 1) & ~(word - 1);
	if (GET_OR(l, o->p, PyCodeObject, co_cell2arg, 0)) {
		addr_t cells = GET(l, o->p, PyCodeObject, co_cellvars);
		if (cells && !size_add(ret, tuple_len(rt, cells), word))
			return false;
	}
	addr_t extra = GET_OR(l, o->p, PyCodeObject, co_extra, 0);
	if (extra && !size_of_extra(rt, extra, ret))
		return false;
	return !GET_OR(l, o->p, PyCodeObject, co_opcache, 0) || size_of_opcache(rt, o, ret);
}

/* --- frames ---------------------------------------------------------------------------------- */

/* Slots of a frame of this code: 3.11 adds them up, 3.12+ has co_framesize with those before. */
static bool code_slots(struct runtime *rt, addr_t code, int64_t *ret)
{
	const struct layout *l = &rt->layout;
	const uint8_t *p = memory_at(&rt->target->memory, code, SIZEOF(l, PyCodeObject));
	if (!p)
		return false;
	if (HAS(l, PyCodeObject, co_framesize))
		*ret = GETS(l, p, PyCodeObject, co_framesize) -
		       OFFSET(l, _PyInterpreterFrame, localsplus) / l->machine->word;
	else
		*ret = GETS(l, p, PyCodeObject, co_nlocalsplus) +
		       GETS(l, p, PyCodeObject, co_stacksize);
	return true;
}

/* A frame of 3.11+ at an address, as part of something that is `head` bytes before it. */
static bool size_of_interpreter_frame(struct runtime *rt, addr_t frame, uint64_t head,
				      uint64_t *ret)
{
	const struct layout *l = &rt->layout;
	const struct memory *m = &rt->target->memory;
	const uint8_t *p = memory_at(m, frame, OFFSET(l, _PyInterpreterFrame, localsplus));
	int64_t slots;
	addr_t code;
	bool is_int;
	if (!p ||
	    !reference_decode(l, GET(l, p, _PyInterpreterFrame, f_executable), &code, &is_int) ||
	    is_int || !code_slots(rt, code, &slots))
		return false;
	*ret = head + OFFSET(l, _PyInterpreterFrame, localsplus);
	return size_add(ret, slots, l->machine->word);
}

/* Up to 3.10 the frame holds its slots, one of them within the struct; a code object without any
 * makes it smaller than that. */
static bool size_of_frame_object(struct runtime *rt, const struct object *o, uint64_t *ret)
{
	const struct layout *l = &rt->layout;
	const uint8_t *code = memory_at(&rt->target->memory, GET(l, o->p, PyFrameObject, f_code),
					SIZEOF(l, PyCodeObject));
	if (!code)
		return false;
	int64_t cells = tuple_len(rt, GET(l, code, PyCodeObject, co_cellvars));
	int64_t frees = tuple_len(rt, GET(l, code, PyCodeObject, co_freevars));
	*ret = SIZEOF(l, PyFrameObject) - l->machine->word;
	return size_add(ret, cells, l->machine->word) && size_add(ret, frees, l->machine->word) &&
	       size_add(ret, GETS(l, code, PyCodeObject, co_nlocals), l->machine->word) &&
	       size_add(ret, GETS(l, code, PyCodeObject, co_stacksize), l->machine->word);
}

static bool size_of_frame(struct runtime *rt, const struct object *o, uint64_t *ret)
{
	const struct layout *l = &rt->layout;
	if (!HAS(l, PyFrameObject, f_frame))
		return size_of_frame_object(rt, o, ret);
	return size_of_interpreter_frame(rt, GET(l, o->p, PyFrameObject, f_frame),
					 OFFSET(l, PyFrameObject, _f_frame_data), ret);
}

/* Objects/genobject.c, gen_sizeof() (3.11+): the frame is part of the generator. */
static bool size_of_generator(struct runtime *rt, const struct object *o, uint64_t *ret)
{
	const struct layout *l = &rt->layout;
	uint32_t head = OFFSET(l, PyGenObject, gi_iframe);
	return size_of_interpreter_frame(rt, o->at + head, head, ret);
}

#define GENERATOR(type)                                                                            \
	{                                                                                          \
		.name = type, .major = 3, .minor = 11, .size = size_of_generator                   \
	}

const struct size_rule size_rules_code[] = {
	{ .name = "code",
	  .major = 3,
	  .fields = { FIELD_PyCodeObject_co_extra, FIELD_PyCodeObject_co_opcache,
		      FIELD_PyCodeObject_co_opcache_size, FIELD_PyCodeObject_co_code,
		      FIELD_PyCodeObject_co_cell2arg, FIELD_PyCodeObject_co_cellvars },
	  .size = size_of_code },
	{ .name = "frame",
	  .fields = { FIELD_PyFrameObject_f_code, FIELD_PyFrameObject_f_frame },
	  .size = size_of_frame },
	GENERATOR("generator"),
	GENERATOR("coroutine"),
	GENERATOR("async_generator"),
	{ 0 },
};
