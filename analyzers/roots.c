#include "analyzers/roots.h"

#include <inttypes.h>
#include "core/checked.h"
#include "cpython_layouts/frame.h"
#include "cpython_layouts/type.h"

enum { FRAMES_MAX = 100000, LOCALS_MAX = 100000, ROOTS_MAX = 10000000 };
enum { INTERPRETER_WORDS = 1 << 16 };
enum {
	RED_ZONE = 128,		/* bytes below the stack pointer that a leaf function uses (x86-64) */
	TCB_BYTES = 4096,	/* behind a thread's own pointer, which its stack ends with */
	STACK_BYTES = 64 << 20, /* of each thread */
	DATA_BYTES = 1 << 30,	/* of all modules */
};

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

/* The member that lies there, where the layout knows one. */
static const char *member_at(const struct layout *l, uint64_t offset)
{
	for (size_t f = 0; f < FIELD_COUNT; f++) {
		const struct slot *slot = &l->slot[f];
		if (field_infos[f].structure == STRUCT_PyInterpreterState &&
		    slot->source != SLOT_NONE && slot->offset == offset &&
		    slot->width == l->machine->word)
			return field_infos[f].name;
	}
	return NULL;
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
		if (!root.at || !object_load(rt, root.at, &o))
			continue;
		root.name = member_at(&rt->layout, root.offset);
		if (!add(ret, &root))
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

/* --- what C holds ------------------------------------------------------------------------------ */

struct finder {
	struct session *s;
	const struct numbers *numbers;
	struct roots *roots;
};

static bool add_word(struct finder *f, addr_t word, const struct root *like)
{
	struct root root = *like;
	if (!word || number_of(f->numbers, word) == NO_NUMBER)
		return true;
	root.at = word;
	return add(f->roots, &root);
}

/* How many values a frame's stack has: it is noted when another is called (3.11+,
 * _PyFrame_SetStackPointer()). Of one that runs it is in a register: then all there is room for. */
static uint64_t stack_height(const struct runtime *rt, const struct frame *frame)
{
	const struct layout *l = &rt->layout;
	int64_t variables = frame->code->variable_count, top = -1;
	const uint8_t *p =
		memory_at(&rt->target->memory, frame->at, SIZEOF(l, _PyInterpreterFrame));
	if (p && HAS(l, _PyInterpreterFrame, stackpointer)) {
		addr_t pointer = GET(l, p, _PyInterpreterFrame, stackpointer);
		if (pointer >= frame->locals_at)
			top = (int64_t)((pointer - frame->locals_at) / l->machine->word);
	} else if (p && HAS(l, _PyInterpreterFrame, stacktop)) {
		top = GETS(l, p, _PyInterpreterFrame, stacktop);
	}
	if (top < variables || top - variables > frame->code->stack_size)
		return frame->code->stack_size;
	return (uint64_t)(top - variables);
}

static bool add_value_stack(struct finder *f, const struct pythread *thread,
			    const struct frame *frame, unsigned number)
{
	const struct runtime *rt = f->s->runtime;
	struct root root = { .thread = thread_number(thread),
			     .frame = number,
			     .kind = ROOT_FRAME_STACK,
			     .interpreter = thread->interp.id };
	size_t word = rt->layout.machine->word;
	addr_t at = frame->locals_at + frame->code->variable_count * word, value;
	uint64_t height = stack_height(rt, frame);
	for (; root.offset < height; root.offset++, at += word) {
		bool is_int;
		if (!target_read_word(rt->target, at, &value))
			break;
		if (reference_decode(&rt->layout, value, &value, &is_int) && !is_int &&
		    !add_word(f, value, &root))
			return false;
	}
	return true;
}

static bool add_value_stacks(struct finder *f)
{
	struct interpreter_iter all = interpreters(f->s->runtime);
	struct interpreter interp;
	while (interpreter_next(&all, &interp)) {
		struct pythread_iter threads = pythreads(f->s->runtime, &interp);
		struct pythread thread;
		while (pythread_next(&threads, &thread)) {
			struct frame_iter it = frames_of(f->s->runtime, &thread);
			struct frame frame;
			for (unsigned n = 0; n < FRAMES_MAX && frame_next(&it, &frame); n++)
				if (!add_value_stack(f, &thread, &frame, n))
					return false;
		}
	}
	return true;
}

/* The words from start to end of an extent, as roots that differ in their offset from `from`. */
static bool add_stretch(struct finder *f, addr_t start, uint64_t bytes, addr_t from,
			struct root root)
{
	const struct target *t = f->s->target;
	size_t word = t->machine->word;
	start = (start + word - 1) & ~(addr_t)(word - 1);
	bytes = memory_span(&t->memory, start, bytes);
	const uint8_t *p = bytes ? memory_at(&t->memory, start, bytes) : NULL;
	for (uint64_t i = 0; p && i + word <= bytes; i += word) {
		root.offset = start + i - from;
		if (!add_word(f, load_word(t->machine, p + i), &root))
			return false;
	}
	return true;
}

static bool add_threads(struct finder *f)
{
	const struct target *t = f->s->target;
	const struct os_thread *thread;
	vec_each(thread, &t->threads) {
		struct root root = { .kind = ROOT_REGISTER, .thread = thread->tid };
		for (int i = 0; thread->registers && i < t->machine->registers; i++) {
			root.name = t->machine->register_names[i];
			addr_t value = load_word(t->machine,
						 thread->registers + i * t->machine->word);
			if (!add_word(f, value, &root))
				return false;
		}
		const struct extent *e = memory_extent(&t->memory, thread->sp);
		root.kind = ROOT_C_STACK;
		root.name = NULL;
		if (!e || !e->host)
			continue;
		addr_t start = MAX(e->start, thread->sp - MIN(thread->sp, (addr_t)RED_ZONE));
		addr_t end = e->end;
		/* What lies behind may be anything that mmap() gave. */
		if (thread->tp > start && thread->tp < end)
			end = MIN(end, thread->tp + TCB_BYTES);
		if (!add_stretch(f, start, MIN(end - start, (uint64_t)STACK_BYTES), thread->sp,
				 root))
			return false;
	}
	return true;
}

/* An object in the data of a module is held by nothing but its place; what it refers to is found
 * from it, and not once more word by word. */
static bool add_data(struct finder *f, const struct extent *e, addr_t end)
{
	struct runtime *rt = f->s->runtime;
	size_t word = rt->layout.machine->word;
	struct root root = { .kind = ROOT_STATIC };
	for (addr_t at = (e->start + word - 1) & ~(addr_t)(word - 1); at + word <= end;) {
		struct object o;
		root.offset = at;
		if (number_of(f->numbers, at) != NO_NUMBER && object_load(rt, at, &o)) {
			uint64_t size = MIN((uint64_t)o.type->fixed, end - at);
			bool is_type = o.type->flags & TPFLAGS_TYPE_SUBCLASS;
			if (is_type)
				size = MIN(size, SIZEOF(&rt->layout, PyTypeObject));
			root.at = at;
			if (!add(f->roots, &root))
				return false;
			at += MAX((size + word - 1) & ~(uint64_t)(word - 1), (uint64_t)word);
			continue;
		}
		if (!add_word(f, load_word(rt->layout.machine, e->host + (at - e->start)), &root))
			return false;
		at += word;
	}
	return true;
}

static bool add_modules(struct finder *f)
{
	const struct target *t = f->s->target;
	uint64_t left = DATA_BYTES;
	const struct extent *e;
	vec_each(e, &t->memory.extents) {
		const struct module *module = target_module_at(t, e->start);
		if (!module || !e->host || !(e->flags & EXTENT_WRITE))
			continue;
		addr_t end = MIN(e->end, module->end);
		end = MIN(end, e->start + left);
		left -= end - e->start;
		if (!add_data(f, e, end))
			return false;
	}
	return true;
}

bool roots_of_c(struct session *s, const struct numbers *numbers, struct roots *ret)
{
	struct finder f = { s, numbers, ret };
	return add_value_stacks(&f) && add_modules(&f) && add_threads(&f);
}

void roots_release(struct roots *roots)
{
	vec_release(&roots->list);
}

/* --- what they are called -------------------------------------------------------------------- */

/* An object in a module's data is one, whoever refers to it. */
bool root_is_inferred(const struct root *root)
{
	if (root->kind == ROOT_STATIC)
		return root->offset != root->at;
	return root->kind > ROOT_INTERPRETER || (root->kind == ROOT_INTERPRETER && !root->name);
}

static void print_static(struct session *s, const struct root *root, struct str *out)
{
	const struct module *module = target_module_at(s->target, root->offset);
	const char *path = module && module->path ? module->path : "?";
	const char *slash = strrchr(path, '/');
	struct symbol symbol;
	str_printf(out, "static %s", slash ? slash + 1 : path);
	if (symbols_at(s->symbols, root->offset, &symbol)) {
		str_printf(out, "!%s", symbol.name);
		if (root->offset != symbol.addr)
			str_printf(out, "+0x%" PRIx64, root->offset - symbol.addr);
	} else if (module) {
		str_printf(out, "+0x%" PRIx64, root->offset - module->start);
	}
}

void root_print(struct session *s, const struct root *root, struct str *out)
{
	if (root->interpreter)
		str_printf(out, "interpreter %" PRId64 ".", root->interpreter);
	if (root->kind != ROOT_MODULES && root->kind != ROOT_INTERPRETER &&
	    root->kind != ROOT_STATIC)
		str_printf(out, "thread %" PRIu64 ".", root->thread);
	switch (root->kind) {
	case ROOT_MODULES:
		str_adds(out, "sys.modules");
		break;
	case ROOT_LOCAL:
		str_printf(out, "frame %u.local %s", root->frame, root->name ? root->name : "?");
		break;
	case ROOT_FRAME:
		str_printf(out, "frame %u.%s", root->frame, root->name);
		break;
	case ROOT_EXCEPTION:
		str_printf(out, "%s exception", root->name);
		break;
	case ROOT_THREAD:
		str_adds(out, root->name);
		break;
	case ROOT_INTERPRETER:
		if (root->name)
			str_printf(out, "interpreter state.%s", root->name);
		else
			str_printf(out, "interpreter state+0x%" PRIx64, root->offset);
		break;
	case ROOT_FRAME_STACK:
		str_printf(out, "frame %u.stack[%" PRIu64 "]", root->frame, root->offset);
		break;
	case ROOT_REGISTER:
		str_printf(out, "register %s", root->name);
		break;
	case ROOT_C_STACK:
		str_printf(out, "C stack%s0x%" PRIx64, (int64_t)root->offset < 0 ? "-" : "+",
			   (int64_t)root->offset < 0 ? -root->offset : root->offset);
		break;
	case ROOT_STATIC:
		print_static(s, root, out);
		break;
	}
}
