/* What frames hold, and generators, whose frame lies within them.
 *
 *	PyFrameObject (up to 3.10)   f_localsplus: locals, cells, free variables | value stack
 *	_PyInterpreterFrame (3.11+)  localsplus: the same; in a generator, in the frame object once
 *	                             its function returned, else on the thread's data stack
 *
 * Objects/frameobject.c, frame_traverse(); Python/frame.c, _PyFrame_Traverse();
 * Objects/genobject.c, gen_traverse(). */
#include "cpython_layouts/edges_walk.h"

#define SLOTS_MAX             1000000
#define OWNED_BY_FRAME_OBJECT 2 /* Include/internal/pycore_frame.h (3.11+) */

/* it->place: the first slot; it->detail: slots that are visited; it->count: those looked at. */
static bool slots_next(struct edge_iter *it, struct edge *ret)
{
	const struct layout *l = &it->rt->layout;
	while (it->index < it->count) {
		size_t i = it->index++;
		addr_t word, to;
		bool is_int;
		if (!target_read_word(it->rt->target, it->place + i * l->machine->word, &word)) {
			it->lost = true;
			it->count = 0;
			return false;
		}
		if (!reference_decode(l, word, &to, &is_int) || is_int || !to)
			continue;
		bool is_variable = it->code && i < it->code->variable_count;
		*ret = (struct edge){
			.to = to,
			.kind = is_variable ? EDGE_LOCAL : EDGE_STACK,
			.flags = i < it->detail ? 0 : EDGE_BEYOND,
			.name = is_variable ? it->code->variables[i].name : NULL,
			.index = is_variable || !it->code ? i : i - it->code->variable_count,
		};
		return true;
	}
	return false;
}

/* Up to 3.10. Of a frame that runs the height of its stack is not known: it is not visited. */
bool walk_frame_slots(struct edge_iter *it, struct edge *ret)
{
	const struct layout *l = &it->rt->layout;
	const uint8_t *p = it->object.p;
	if (!it->begun) {
		it->begun = true;
		if (!HAS(l, PyFrameObject, f_localsplus) || !HAS(l, PyFrameObject, f_valuestack) ||
		    it->object.type->fixed < OFFSET(l, PyFrameObject, f_localsplus))
			return false;
		it->code = code_at(it->rt, GET(l, p, PyFrameObject, f_code));
		it->place = it->object.at + OFFSET(l, PyFrameObject, f_localsplus);
		uint64_t slots = it->code ? it->code->variable_count : 0;
		addr_t stack = GET(l, p, PyFrameObject, f_valuestack);
		if (HAS(l, PyFrameObject, f_stackdepth)) {
			int64_t depth = GETS(l, p, PyFrameObject, f_stackdepth);
			slots += depth > 0 ? (uint64_t)depth : 0;
		} else if (GET(l, p, PyFrameObject, f_stacktop) > stack) {
			slots += (GET(l, p, PyFrameObject, f_stacktop) - stack) / l->machine->word;
		}
		it->lost |= !it->code;
		it->count = (size_t)MIN(slots, (uint64_t)SLOTS_MAX);
		it->detail = it->count;
	}
	return slots_next(it, ret);
}

/* --- 3.11+ --------------------------------------------------------------------------------- */

static const struct {
	enum field field;
	const char *name;
} frame_members[] = {
	{ FIELD__PyInterpreterFrame_frame_obj, "frame_obj" },
	{ FIELD__PyInterpreterFrame_f_locals, "f_locals" },
	{ FIELD__PyInterpreterFrame_f_funcobj, "f_funcobj" },
	{ FIELD__PyInterpreterFrame_f_executable, "f_code" },
};

/* How many slots the collector visits, and how many there are. */
static void slots_see(struct edge_iter *it, addr_t frame, const uint8_t *p)
{
	const struct layout *l = &it->rt->layout;
	addr_t code = 0;
	bool is_int;
	reference_decode(l, GET(l, p, _PyInterpreterFrame, f_executable), &code, &is_int);
	it->code = code_at(it->rt, code);
	it->place = frame + OFFSET(l, _PyInterpreterFrame, localsplus);
	int64_t top = 0;
	if (HAS(l, _PyInterpreterFrame, stackpointer)) {
		addr_t pointer = GET(l, p, _PyInterpreterFrame, stackpointer);
		top = pointer >= it->place ? (int64_t)((pointer - it->place) / l->machine->word)
					   : 0;
	} else {
		top = GETS(l, p, _PyInterpreterFrame, stacktop);
	}
	uint64_t variables = it->code ? it->code->variable_count : 0;
	uint64_t room = it->code ? variables + it->code->stack_size : 0;
	it->detail = top > 0 ? MIN((uint64_t)top, room) : 0;
	it->count = (size_t)MIN(MAX(variables, it->detail), (uint64_t)SLOTS_MAX);
	it->lost |= !it->code;
}

/* it->mode counts the members that were given. */
static bool frame_next_edge(struct edge_iter *it, addr_t frame, bool only_code, struct edge *ret)
{
	const struct layout *l = &it->rt->layout;
	const uint8_t *p =
		memory_at(&it->rt->target->memory, frame, SIZEOF(l, _PyInterpreterFrame));
	if (!p) {
		it->lost = true;
		return false;
	}
	while (it->mode < ARRAY_SIZE(frame_members)) {
		unsigned i = it->mode++;
		bool is_int, is_code = i == ARRAY_SIZE(frame_members) - 1;
		addr_t to;
		if (only_code && !is_code)
			continue;
		if (!reference_decode(l, layout_get(l, p, frame_members[i].field), &to, &is_int) ||
		    is_int)
			continue;
		*ret = (struct edge){ .to = to, .kind = EDGE_FIELD, .name = frame_members[i].name };
		return true;
	}
	if (only_code)
		return false;
	if (it->mode == ARRAY_SIZE(frame_members)) {
		it->mode++;
		slots_see(it, frame, p);
	}
	return slots_next(it, ret);
}

bool walk_frame_object(struct edge_iter *it, struct edge *ret)
{
	const struct layout *l = &it->rt->layout;
	if (it->object.type->fixed < OFFSET(l, PyFrameObject, f_frame) + l->machine->word)
		return false;
	addr_t frame = GET(l, it->object.p, PyFrameObject, f_frame);
	const uint8_t *p =
		memory_at(&it->rt->target->memory, frame, SIZEOF(l, _PyInterpreterFrame));
	if (!it->begun) {
		it->begun = true;
		it->mode = 0;
		it->lost |= frame && !p;
	}
	/* Else it belongs to the generator or to the thread. */
	if (!p || GET(l, p, _PyInterpreterFrame, owner) != OWNED_BY_FRAME_OBJECT)
		return false;
	return frame_next_edge(it, frame, false, ret);
}

bool walk_generator_frame(struct edge_iter *it, struct edge *ret)
{
	const struct layout *l = &it->rt->layout;
	if (!HAS(l, PyGenObject, gi_iframe) || !HAS(l, PyGenObject, gi_frame_state) ||
	    it->object.type->fixed < OFFSET(l, PyGenObject, gi_frame_state) + 1)
		return false;
	int64_t state = GETS(l, it->object.p, PyGenObject, gi_frame_state);
	int64_t cleared = l->dialect.generators == GENERATORS_STATE_315 ? 5 : 4;
	bool is_cleared = state >= cleared;
	if (!it->begun) {
		it->begun = true;
		it->mode = 0;
	}
	/* 3.14+ keeps the code of a finished one alive. */
	if (is_cleared && l->dialect.references != REFERENCES_TAGGED)
		return false;
	return frame_next_edge(it, it->object.at + OFFSET(l, PyGenObject, gi_iframe), is_cleared,
			       ret);
}
