#include "analyzers/roots.h"

#include <inttypes.h>
#include "cpython_layouts/frame.h"
#include "cpython_layouts/type.h"

enum { FRAMES_MAX = 100000, LOCALS_MAX = 100000, ROOTS_MAX = 10000000 };
enum { INTERPRETER_WORDS = 1 << 16 };

static bool add(struct roots *roots, const struct root *root)
{
	if (!root->at || roots->list.len >= ROOTS_MAX)
		return true;
	struct root *place = vec_push(&roots->list);
	if (place)
		*place = *root;
	return place;
}

static uint64_t thread_number(const struct pythread *thread)
{
	return thread->tid ? thread->tid : thread->at;
}

static bool add_frame(struct session *s, const struct pythread *thread, const struct frame *frame,
		      unsigned number, struct roots *ret)
{
	struct root root = { .thread = thread_number(thread),
			     .frame = number,
			     .kind = ROOT_LOCAL,
			     .interpreter = thread->interp.id };
	struct local_iter it = locals_of(s->runtime, frame);
	struct local local;
	for (size_t n = 0; !it.has_namespace && n < LOCALS_MAX && local_next(&it, &local); n++) {
		if (local.is_int)
			continue;
		root.at = local.value;
		root.name = local.name;
		if (!add(ret, &root))
			return false;
	}
	/* A module's body: its variables are the module's. */
	root.kind = ROOT_FRAME;
	root.name = "f_locals";
	root.at = frame->f_locals == frame->globals ? 0 : frame->f_locals;
	return add(ret, &root);
}

/* What it runs: less telling than any variable, as a function leads to its module. */
static bool add_function(struct session *s, const struct pythread *thread,
			 const struct frame *frame, unsigned number, struct roots *ret)
{
	struct root root = { .thread = thread_number(thread),
			     .frame = number,
			     .kind = ROOT_FRAME,
			     .interpreter = thread->interp.id };
	root.name = "f_func";
	root.at = frame->function;
	bool ok = add(ret, &root);
	root.name = "f_code";
	root.at = frame->code->at;
	return ok && add(ret, &root);
}

typedef bool add_frame_fn(struct session *s, const struct pythread *thread,
			  const struct frame *frame, unsigned number, struct roots *ret);

static bool add_frames(struct session *s, const struct pythread *thread, add_frame_fn *add_one,
		       struct roots *ret)
{
	struct frame_iter it = frames_of(s->runtime, thread);
	struct frame frame;
	for (unsigned n = 0; n < FRAMES_MAX && frame_next(&it, &frame); n++)
		if (!add_one(s, thread, &frame, n, ret))
			return false;
	return true;
}

bool roots_of_program(struct session *s, struct roots *ret)
{
	struct interpreter_iter all = interpreters(s->runtime);
	struct interpreter interp;
	while (interpreter_next(&all, &interp)) {
		struct root modules = { .at = interp.modules,
					.kind = ROOT_MODULES,
					.interpreter = interp.id };
		if (!add(ret, &modules))
			return false;
		struct pythread_iter threads = pythreads(s->runtime, &interp);
		struct pythread thread;
		while (pythread_next(&threads, &thread))
			if (!add_frames(s, &thread, add_frame, ret))
				return false;
	}
	return true;
}

static bool add_state(struct session *s, const struct pythread *thread, struct roots *ret)
{
	static const struct {
		enum field field;
		const char *name;
	} members[] = {
		{ FIELD_PyThreadState_dict, "dict" },
		{ FIELD_PyThreadState_context, "context" },
		{ FIELD_PyThreadState_async_exc, "async_exc" },
	};
	struct root root = { .thread = thread_number(thread),
			     .kind = ROOT_EXCEPTION,
			     .interpreter = thread->interp.id };
	root.name = "raised";
	root.at = thread->current_exception;
	bool ok = add(ret, &root);
	root.name = "handled";
	root.at = thread->handled_exception;
	ok = ok && add(ret, &root);
	root.kind = ROOT_THREAD;
	for (size_t i = 0; ok && i < sizeof(members) / sizeof(members[0]); i++) {
		root.name = members[i].name;
		if (runtime_field(s->runtime, thread->at, members[i].field, &root.at))
			ok = add(ret, &root);
	}
	return ok;
}

/* What of an interpreter's state points to an object. */
static bool add_words(struct session *s, const struct interpreter *interp, struct roots *ret)
{
	struct runtime *rt = s->runtime;
	size_t word = rt->layout.machine->word;
	uint64_t size = SIZEOF(&rt->layout, PyInterpreterState) / word;
	size = size && size < INTERPRETER_WORDS ? size : INTERPRETER_WORDS / 8;
	for (uint64_t i = 0; i < size; i++) {
		struct root root = { .kind = ROOT_INTERPRETER,
				     .interpreter = interp->id,
				     .offset = i * word };
		struct object o;
		if (!target_read_word(rt->target, interp->at + i * word, &root.at))
			break;
		if (root.at && object_load(rt, root.at, &o) && !add(ret, &root))
			return false;
	}
	return true;
}

bool roots_of_interpreter(struct session *s, struct roots *ret)
{
	struct interpreter_iter all = interpreters(s->runtime);
	struct interpreter interp;
	while (interpreter_next(&all, &interp)) {
		struct pythread_iter threads = pythreads(s->runtime, &interp);
		struct pythread thread;
		while (pythread_next(&threads, &thread))
			if (!add_frames(s, &thread, add_function, ret) ||
			    !add_state(s, &thread, ret))
				return false;
		if (!add_words(s, &interp, ret))
			return false;
	}
	return true;
}

void roots_release(struct roots *roots)
{
	vec_release(&roots->list);
}

void root_print(const struct root *root, struct str *out)
{
	if (root->interpreter)
		str_printf(out, "interpreter %" PRId64 ".", root->interpreter);
	switch (root->kind) {
	case ROOT_MODULES:
		str_adds(out, "sys.modules");
		break;
	case ROOT_LOCAL:
		str_printf(out, "thread %" PRIu64 ".frame %u.local %s", root->thread, root->frame,
			   root->name ? root->name : "?");
		break;
	case ROOT_FRAME:
		str_printf(out, "thread %" PRIu64 ".frame %u.%s", root->thread, root->frame,
			   root->name);
		break;
	case ROOT_EXCEPTION:
		str_printf(out, "thread %" PRIu64 ".%s exception", root->thread, root->name);
		break;
	case ROOT_THREAD:
		str_printf(out, "thread %" PRIu64 ".%s", root->thread, root->name);
		break;
	case ROOT_INTERPRETER:
		str_printf(out, "interpreter state+0x%" PRIx64, root->offset);
		break;
	}
}
