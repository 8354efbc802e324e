#include "analyzers/plugin.h"

#include "analyzers/session.h"
#include "core/str.h"
#include "cpython_layouts/frame.h"
#include "cpython_layouts/object.h"

struct pycore_threads {
	struct session *session;
	struct interpreter_iter interpreters;
	struct pythread_iter threads;
	bool in_interpreter;
	struct pythread current;
};

struct pycore_frames {
	struct session *session;
	struct pythread thread;
	struct frame_iter frames;
	struct frame current;
};

struct pycore_locals {
	struct frame frame;
	struct local_iter locals;
};

struct error *pycore_error(const char *fmt, ...)
{
	_str_ struct str message = STR_INIT;
	va_list ap;
	va_start(ap, fmt);
	str_vprintf(&message, fmt, ap);
	va_end(ap);
	return error_new(ERROR_UNSUPPORTED, "%s", message.buf);
}

bool pycore_read(struct session *s, uint64_t addr, void *buf, size_t len)
{
	return s->target && memory_read(&s->target->memory, addr, buf, len);
}

bool pycore_symbol(struct session *s, const char *name, uint64_t *ret_addr, uint64_t *ret_size)
{
	struct symbol symbol;
	if (!s->symbols || !symbols_find(s->symbols, name, NULL, &symbol))
		return false;
	*ret_addr = symbol.addr;
	*ret_size = symbol.size;
	return true;
}

uint32_t pycore_python_version(const struct session *s)
{
	if (!s->runtime)
		return 0;
	const struct python_version *v = &s->runtime->layout.version;
	return (uint32_t)v->major << 24 | (uint32_t)v->minor << 16 | (uint32_t)v->micro << 8 |
	       (uint32_t)(v->level & 15) << 4 | (v->serial & 15);
}

struct pycore_threads *pycore_threads_new(struct session *s)
{
	struct pycore_threads *threads = calloc(1, sizeof(*threads));
	if (!threads)
		return NULL;
	threads->session = s;
	if (s->runtime)
		threads->interpreters = interpreters(s->runtime);
	return threads;
}

bool pycore_thread_next(struct pycore_threads *threads, struct pycore_thread *ret)
{
	struct runtime *rt = threads->session->runtime;
	if (!rt)
		return false;
	struct pythread *thread = &threads->current;
	while (!threads->in_interpreter || !pythread_next(&threads->threads, thread)) {
		struct interpreter interpreter;
		threads->in_interpreter = interpreter_next(&threads->interpreters, &interpreter);
		if (!threads->in_interpreter)
			return false;
		threads->threads = pythreads(rt, &interpreter);
	}
	*ret = (struct pycore_thread){
		.at = thread->at, .tid = thread->tid, .pthread = thread->pthread,
		.interpreter = thread->interp.id, .is_main = thread->is_main,
		.crashed = thread->crashed, .holds_gil = thread->holds_gil,
	};
	return true;
}

void pycore_threads_free(struct pycore_threads *threads)
{
	free(threads);
}

struct pycore_frames *pycore_frames_new(struct pycore_threads *threads)
{
	struct pycore_frames *frames = threads->current.at ? calloc(1, sizeof(*frames)) : NULL;
	if (!frames)
		return NULL;
	frames->session = threads->session;
	frames->thread = threads->current;
	frames->frames = frames_of(threads->session->runtime, &frames->thread);
	return frames;
}

bool pycore_frame_next(struct pycore_frames *frames, struct pycore_frame *ret)
{
	if (!frame_next(&frames->frames, &frames->current))
		return false;
	const struct frame *frame = &frames->current;
	*ret = (struct pycore_frame){
		.at = frame->at, .file = frame->code->filename, .name = frame->code->name,
		.qualname = frame->code->qualname, .line = frame->position.line,
	};
	return true;
}

void pycore_frames_free(struct pycore_frames *frames)
{
	free(frames);
}

struct pycore_locals *pycore_locals_new(struct pycore_frames *frames)
{
	struct pycore_locals *locals = frames->current.code ? calloc(1, sizeof(*locals)) : NULL;
	if (!locals)
		return NULL;
	locals->frame = frames->current;
	locals->locals = locals_of(frames->session->runtime, &locals->frame);
	return locals;
}

bool pycore_local_next(struct pycore_locals *locals, struct pycore_local *ret)
{
	struct local local;
	if (!local_next(&locals->locals, &local))
		return false;
	*ret = (struct pycore_local){ .name = local.name, .is_int = local.is_int };
	if (local.is_int)
		ret->number = (int64_t)local.value;
	else
		ret->object = local.value;
	return true;
}

void pycore_locals_free(struct pycore_locals *locals)
{
	free(locals);
}

const char *pycore_type_name(struct session *s, uint64_t object)
{
	struct object o;
	if (!s->runtime || !object_load(s->runtime, object, &o))
		return NULL;
	return o.type->full_name;
}

size_t pycore_repr(struct session *s, uint64_t object, char *buf, size_t size)
{
	_str_ struct str text = STR_INIT;
	if (s->runtime)
		object_repr(s->runtime, object, &repr_limits_text, &text);
	if (size) {
		size_t len = text.len < size ? text.len : size - 1;
		memcpy(buf, text.buf, len);
		buf[len] = '\0';
	}
	return text.len;
}
