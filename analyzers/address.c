#include "analyzers/address.h"

#include <inttypes.h>
#include "analyzers/words.h"
#include "core/checked.h"
#include "cpython_layouts/datastack.h"
#include "cpython_layouts/type.h"
#include "symbols/places.h"

enum { FRAMES_MAX = 20000 }; /* of a stack that are walked for one address */

struct addresses {
	struct session *session;
	struct unwinder *unwinder;
	addr_t *near;
	size_t count;
	struct pyheap *heap;
	bool heap_tried;
};

struct addresses *addresses_new(struct session *s, struct unwinder *u, const addr_t *near,
				size_t count)
{
	struct addresses *a = calloc(1, sizeof(*a));
	addr_t *copy = calloc(count + 1, sizeof(*copy));
	if (!a || !copy) {
		free(a);
		free(copy);
		return NULL;
	}
	memcpy(copy, near, count * sizeof(*copy));
	*a = (struct addresses){ .session = s, .unwinder = u, .near = copy, .count = count };
	return a;
}

void addresses_free(struct addresses *a)
{
	if (!a)
		return;
	pyheap_free(a->heap);
	free(a->near);
	free(a);
}

/* --- allocators ----------------------------------------------------------------------------- */

static struct pyheap *heap_of(struct addresses *a)
{
	struct runtime *rt = a->session->runtime;
	if (a->heap_tried || !rt)
		return a->heap;
	a->heap_tried = true;
	const struct pyheap_options options = { .progress = a->session->files->progress,
						.near = a->near,
						.near_count = a->count };
	error_free(pyheap_load(rt, &options, &a->heap));
	return a->heap;
}

/* A type that is still named where an object began in that block: obmalloc and malloc overwrite the
 * first word of what is freed, or two, and the gc head comes before the object. *count: its
 * reference count, or what is there now. */
static const struct pytype *type_in(struct runtime *rt, addr_t block, uint64_t size, addr_t *at,
				    uint64_t *count)
{
	const struct layout *l = &rt->layout;
	uint64_t word = l->machine->word, gc = 0;
	if (!l->version.free_threaded)
		gc = SIZEOF(l, PyGC_Head);
	const uint64_t heads[] = { 0, gc, gc + 2 * word };
	for (size_t i = 0; i < 2 * ARRAY_SIZE(heads); i++) {
		uint64_t head = heads[i / 2], offset = head + i % 2 * 2 * word;
		uint64_t header = SIZEOF(l, PyObject);
		const uint8_t *p = offset + header <= size
					   ? memory_at(&rt->target->memory, block + offset, header)
					   : NULL;
		const struct pytype *type = p ? pytype_at(rt, GET(l, p, PyObject, ob_type)) : NULL;
		if (!type || pytype_presize(rt, type) != head || offset + type->fixed > size)
			continue;
		*at = block + offset;
		*count = GET_OR(l, p, PyObject, ob_refcnt,
				GET_OR(l, p, PyObject, ob_ref_local, 0) +
					GET_OR(l, p, PyObject, ob_ref_shared, 0));
		return type;
	}
	return NULL;
}

const char *address_fill_name(uint64_t value, size_t word)
{
	uint8_t byte = (uint8_t)value;
	for (size_t i = 0; i < word; i++)
		if ((uint8_t)(value >> 8 * i) != byte)
			return NULL;
	switch (byte) {
	case 0xdd:
	case 0xdb: return "the fill of freed memory";
	case 0xcd:
	case 0xcb: return "the fill of memory that was never written";
	case 0xfd:
	case 0xfb: return "the fill beyond a block's end";
	}
	return NULL;
}

static const char *fill_at(const struct target *t, addr_t at)
{
	uint64_t word = t->machine->word, value;
	return target_read_word(t, at & ~(word - 1), &value) ? address_fill_name(value, word)
							      : NULL;
}

static void find_in_block(struct addresses *a, enum heap_place place, struct address_facts *f)
{
	struct runtime *rt = a->session->runtime;
	const struct target *t = rt->target;
	addr_t at = 0;
	uint64_t count = 1;
	f->offset = (int64_t)(f->at - f->found.block);
	f->kind = place == HEAP_FREE ? ADDRESS_FREED : ADDRESS_BLOCK;
	if (place != HEAP_FREE && f->where.source == HEAP_CHUNK &&
	    pyheap_is_cached(a->heap, f->found.block)) {
		f->is_cached = true;
		f->kind = ADDRESS_FREED;
	}
	f->was = type_in(rt, f->found.block, f->found.block_size, &at, &count);
	if (f->kind == ADDRESS_BLOCK && f->was && !count) {
		f->kind = ADDRESS_DEAD;
		f->offset = (int64_t)(f->at - at);
	} else if (f->kind == ADDRESS_BLOCK) {
		f->was = NULL;
	}
	f->fill = fill_at(t, f->at);
}

static void look_in_heap(struct addresses *a, struct address_facts *f)
{
	struct pyheap *heap = heap_of(a);
	if (!heap)
		return;
	enum heap_place place = pyheap_find(heap, f->at, &f->found);
	f->has_where = pyheap_where(heap, f->at, &f->where);
	if (place == HEAP_OBJECT) {
		f->kind = ADDRESS_OBJECT;
		f->offset = (int64_t)(f->at - f->found.object.at);
	} else if (place != HEAP_NOWHERE && f->found.block) {
		find_in_block(a, place, f);
	} else if (place != HEAP_NOWHERE) {
		f->kind = ADDRESS_ALLOCATOR;
	}
}

/* What the allocators say, as an answer of a slim core: they are left out of it. */
static void keep(struct addresses *a, const struct address_facts *f)
{
	_str_ struct str out = STR_INIT;
	kept_put(&out, f->kind);
	kept_put(&out, f->kind == ADDRESS_OBJECT ? f->found.object.at : 0);
	kept_put(&out, f->found.block);
	kept_put(&out, f->found.block_size);
	kept_put(&out, f->found.tracked);
	kept_put(&out, (uint64_t)f->offset);
	kept_put(&out, f->is_cached);
	kept_put(&out, f->has_where);
	kept_put(&out, f->where.source);
	kept_put(&out, f->where.start);
	kept_put(&out, f->where.end);
	kept_put(&out, f->where.pool);
	kept_put(&out, f->was ? f->was->at : 0);
	kept_add(&a->session->target->kept, KEPT_ADDRESS, f->at, &out);
}

static void use_kept(struct addresses *a, const struct kept_answer *answer,
		     struct address_facts *f)
{
	struct runtime *rt = a->session->runtime;
	struct kept_reader r = kept_read(answer);
	uint64_t kind = kept_get(&r);
	addr_t object = kept_get(&r);
	f->found.block = kept_get(&r);
	f->found.block_size = kept_get(&r);
	f->found.tracked = kept_get(&r);
	f->offset = (int64_t)kept_get(&r);
	f->is_cached = kept_get(&r);
	f->has_where = kept_get(&r);
	uint64_t source = kept_get(&r);
	f->where = (struct heap_where){ .source = source < HEAP_SOURCES ? (enum heap_source)source
									 : HEAP_STATIC };
	f->where.start = kept_get(&r);
	f->where.end = kept_get(&r);
	f->where.pool = kept_get(&r);
	f->was = pytype_at(rt, kept_get(&r));
	bool needs_block = kind == ADDRESS_BLOCK || kind == ADDRESS_FREED;
	if (r.failed || kind >= ADDRESS_KINDS ||
	    (kind == ADDRESS_OBJECT && !object_load(rt, object, &f->found.object)) ||
	    (kind == ADDRESS_DEAD && !f->was) || (needs_block && !f->found.block) ||
	    (kind == ADDRESS_ALLOCATOR && !address_allocator(f)) || kind == ADDRESS_FRAME ||
	    kind == ADDRESS_STACK || kind == ADDRESS_SYMBOL || kind == ADDRESS_MODULE)
		return;
	f->kind = (enum address_kind)kind;
	if (f->kind == ADDRESS_FREED || f->kind == ADDRESS_BLOCK)
		f->fill = fill_at(rt->target, f->at);
}

static void find_in_heap(struct addresses *a, struct address_facts *f)
{
	struct runtime *rt = a->session->runtime;
	struct target *t = a->session->target;
	if (!rt || !f->extent)
		return;
	const struct kept_answer *answer = kept_find(&t->kept, KEPT_ADDRESS, f->at);
	if (answer) {
		use_kept(a, answer, f);
	} else if (!t->slim) {
		look_in_heap(a, f);
		if (t->kept.keeping)
			keep(a, f);
	}
	/* Where the allocator's own data is lost, an object still shows by its type. */
	if (f->kind != ADDRESS_NOTHING || f->at % rt->layout.machine->word ||
	    !(f->extent->flags & EXTENT_WRITE) || !object_load(rt, f->at, &f->found.object))
		return;
	f->kind = ADDRESS_OBJECT;
	f->has_where = false;
}

/* --- stacks --------------------------------------------------------------------------------- */

/* Where its stack ends at most: the thread's descriptor is at its upper end, but for the first one's
 * (sysdeps/nptl: struct pthread, of some 2300 bytes, at the thread pointer). */
static addr_t stack_end(const struct os_thread *thread, const struct extent *e)
{
	enum { DESCRIPTOR = 0x900, PAGE = 0x1000 };
	if (thread->tp <= thread->sp || thread->tp >= e->end)
		return e->end;
	return MIN(e->end, (thread->tp + DESCRIPTOR + PAGE - 1) & ~(addr_t)(PAGE - 1));
}

static const struct os_thread *stack_owner(const struct target *t, const struct address_facts *f)
{
	static const addr_t LARGEST = 1 << 30;
	const struct os_thread *thread, *inside = NULL, *beyond = NULL;
	vec_each(thread, &t->threads) {
		const struct extent *e = memory_extent(&t->memory, thread->sp);
		if (!e || e != f->extent || f->at >= stack_end(thread, e))
			continue;
		if (thread->sp <= f->at && (!inside || thread->sp > inside->sp))
			inside = thread;
		if (thread->sp > f->at && thread->sp - f->at < LARGEST &&
		    (!beyond || thread->sp < beyond->sp))
			beyond = thread;
	}
	return inside ? inside : beyond;
}

static void find_on_stack(struct addresses *a, struct address_facts *f)
{
	enum { RED_ZONE = 128 }; /* below the stack pointer that a function may use (x86-64 ABI) */
	f->thread = f->extent ? stack_owner(a->session->target, f) : NULL;
	if (!f->thread)
		return;
	if (f->kind == ADDRESS_NOTHING || f->kind == ADDRESS_MAPPED)
		f->kind = ADDRESS_STACK;
	f->part = f->at < f->thread->sp && f->thread->sp - f->at > RED_ZONE ? STACK_UNUSED
									    : STACK_ABOVE;
	if (f->part == STACK_UNUSED || !a->unwinder)
		return;
	struct unwind u = unwind_thread(a->unwinder, f->thread);
	struct native_frame call;
	for (size_t i = 0; i < FRAMES_MAX && unwind_next(&u, &call); i++) {
		if (f->at >= call.cfa && call.cfa)
			continue;
		if (!call.cfa)
			return;
		f->part = STACK_FRAME;
		f->number = i;
		f->call = call;
		if (!unwind_symbol_at(a->unwinder, call.lookup, &f->function))
			f->function.name = NULL;
		return;
	}
}

/* --- Python's data stacks ------------------------------------------------------------------- */

static void find_slot(struct runtime *rt, struct address_facts *f)
{
	if (f->at < f->frame.locals_at)
		return;
	uint64_t slot = (f->at - f->frame.locals_at) / rt->layout.machine->word;
	if (slot < f->frame.code->variable_count)
		f->variable = f->frame.code->variables[slot].name;
	else
		f->on_value_stack = true;
}

static bool find_frame_of(struct runtime *rt, const struct pythread *thread,
			  struct address_facts *f)
{
	struct frame_iter it = frames_of(rt, thread);
	struct frame frame;
	if (!datastack_holds(rt, thread->at, f->at))
		return false;
	f->has_frame = true;
	f->python = *thread;
	for (size_t i = 0; i < FRAMES_MAX && frame_next(&it, &frame); i++) {
		uint64_t slots = (uint64_t)frame.code->variable_count + frame.code->stack_size;
		if (f->at < frame.at ||
		    f->at >= frame.locals_at + slots * rt->layout.machine->word)
			continue;
		f->frame = frame;
		f->depth = i;
		find_slot(rt, f);
		return true;
	}
	return true;
}

static void find_frame(struct addresses *a, struct address_facts *f)
{
	struct runtime *rt = a->session->runtime;
	if (!rt || !f->extent || rt->layout.dialect.frames == FRAMES_OBJECTS)
		return;
	struct interpreter_iter it = interpreters(rt);
	struct interpreter interp;
	while (interpreter_next(&it, &interp)) {
		struct pythread_iter threads = pythreads(rt, &interp);
		struct pythread thread;
		while (pythread_next(&threads, &thread)) {
			if (!find_frame_of(rt, &thread, f))
				continue;
			f->kind = ADDRESS_FRAME;
			return;
		}
	}
}

/* --- modules and mappings ------------------------------------------------------------------- */

static void find_neighbours(const struct memory *m, struct address_facts *f)
{
	const struct extent *e;
	vec_each(e, &m->extents) {
		if (e->end <= f->at)
			f->below = e;
		else if (e->start > f->at && !f->above)
			f->above = e;
	}
}

static void find_mapping(struct addresses *a, struct address_facts *f)
{
	const struct target *t = a->session->target;
	const struct mapping *mapping;
	f->extent = memory_extent(&t->memory, f->at);
	memory_at(&t->memory, f->at, 1); /* so that slim keeps what says whether it is there */
	f->module = a->unwinder ? unwind_module_at(a->unwinder, f->at)
				: target_module_at(t, f->at);
	f->has_symbol = f->module && a->unwinder &&
			unwind_symbol_at(a->unwinder, f->at, &f->symbol);
	vec_each(mapping, &t->mappings)
		if (f->at >= mapping->start && f->at < mapping->end)
			f->file = mapping;
	if (!f->extent)
		find_neighbours(&t->memory, f);
}

void address_find(struct addresses *a, addr_t at, struct address_facts *ret)
{
	*ret = (struct address_facts){ .at = at };
	find_mapping(a, ret);
	find_in_heap(a, ret);
	if (ret->kind == ADDRESS_NOTHING && !ret->module)
		find_frame(a, ret);
	if (ret->kind == ADDRESS_NOTHING || !ret->has_where)
		find_on_stack(a, ret);
	if (ret->kind == ADDRESS_NOTHING && ret->module)
		ret->kind = ret->has_symbol ? ADDRESS_SYMBOL : ADDRESS_MODULE;
	if (ret->kind == ADDRESS_NOTHING && ret->extent)
		ret->kind = ADDRESS_MAPPED;
}

/* --- in words ------------------------------------------------------------------------------- */

const char *address_allocator(const struct address_facts *f)
{
	static const char *const names[HEAP_SOURCES] = { [HEAP_POOL] = "pymalloc",
							 [HEAP_PAGE] = "mimalloc",
							 [HEAP_CHUNK] = "malloc" };
	return f->has_where ? names[f->where.source] : NULL;
}

const char *address_part(struct addresses *a, const struct address_facts *f)
{
	const struct runtime *rt = a->session->runtime;
	const struct layout *l = &rt->layout;
	int64_t gc = l->version.free_threaded || !(f->found.object.type->flags & TPFLAGS_HAVE_GC)
			     ? 0
			     : (int64_t)SIZEOF(l, PyGC_Head);
	if (f->offset >= 0)
		return (uint64_t)f->offset < SIZEOF(l, PyObject) ? "header" : "body";
	if (f->offset >= -gc)
		return "gc head";
	return (uint64_t)-f->offset <= pytype_presize(rt, f->found.object.type)
		       ? "pre-header"
		       : "debug padding";
}

static void words_object(struct addresses *a, const struct address_facts *f, size_t repr,
			 struct str *out)
{
	const struct object *o = &f->found.object;
	const struct repr_limits limits = {
		.depth = 2, .length = repr, .items = 4, .text = MAX(repr, (size_t)24) - 20,
		.dots = true
	};
	if (f->offset > 0)
		str_printf(out, "+%" PRId64 " in ", f->offset);
	else if (f->offset < 0)
		str_printf(out, "%s of ", address_part(a, f));
	str_printf(out, "Python object: %s ", o->type->full_name);
	object_repr(a->session->runtime, o->at, &limits, out);
}

static void words_block(const struct address_facts *f, struct str *out)
{
	const char *allocator = address_allocator(f);
	if (f->kind == ADDRESS_DEAD) {
		str_printf(out, "dead Python object of type %s: reference count 0",
			   f->was->full_name);
		return;
	}
	str_adds(out, f->kind == ADDRESS_FREED ? "freed memory: " : "memory in use: ");
	if (f->offset)
		str_printf(out, "+%" PRId64 " in ", f->offset);
	str_printf(out, "a block of %" PRIu64 " bytes (%s)", f->found.block_size,
		   allocator ? allocator : "?");
	if (f->was)
		str_printf(out, "; it was of type %s", f->was->full_name);
	else if (f->fill)
		str_printf(out, "; %s", f->fill);
}

static void words_frame(const struct address_facts *f, struct str *out)
{
	if (!f->frame.code) {
		str_printf(out, "Python's data stack of thread %" PRIu64, f->python.tid);
		return;
	}
	str_printf(out, "Python frame %zu of thread %" PRIu64 ": %s()", f->depth, f->python.tid,
		   f->frame.code->name ? f->frame.code->name : "?");
	if (f->variable)
		str_printf(out, ", variable %s", f->variable);
	else if (f->on_value_stack)
		str_adds(out, ", value stack");
}

static void words_stack(struct addresses *a, const struct address_facts *f,
			const struct os_thread *self, struct str *out)
{
	if (f->thread == self)
		str_adds(out, "this thread's stack");
	else
		str_printf(out, "the stack of thread %" PRIu64, f->thread->tid);
	if (f->part == STACK_FRAME) {
		str_printf(out, ", C frame %zu", f->number);
		if (f->function.name)
			str_printf(out, ": %s",
				   places_name(a->session->symbols, f->function.name));
	} else if (f->part == STACK_UNUSED) {
		str_adds(out, ", below the stack pointer");
	}
}

static void words_mapping(const struct address_facts *f, struct str *out)
{
	if (f->file)
		str_printf(out, "%s+0x%" PRIx64, path_base(f->file->path),
			   f->at - f->file->start + f->file->file_offset);
	else if (f->extent->source == EXTENT_LOST)
		str_printf(out, "mapped, but %s", f->extent->why ? f->extent->why : "lost");
	else
		str_adds(out,
			 f->extent->flags & EXTENT_WRITE ? "writable memory" : "mapped memory");
}

void address_words(struct addresses *a, const struct address_facts *f,
		   const struct os_thread *self, size_t repr, struct str *out)
{
	static const addr_t USER_END = 1ull << 48; /* beyond are numbers, no addresses */
	switch (f->kind) {
	case ADDRESS_OBJECT: words_object(a, f, repr, out); break;
	case ADDRESS_DEAD:
	case ADDRESS_FREED:
	case ADDRESS_BLOCK: words_block(f, out); break;
	case ADDRESS_ALLOCATOR:
		str_printf(out, "%s's own memory, in no block", address_allocator(f));
		break;
	case ADDRESS_FRAME: words_frame(f, out); break;
	case ADDRESS_STACK: words_stack(a, f, self, out); break;
	case ADDRESS_SYMBOL:
		str_printf(out, "%s: %s", path_base(f->module->path),
			   places_name(a->session->symbols, f->symbol.name));
		if (f->at != f->symbol.addr)
			str_printf(out, "+0x%" PRIx64, f->at - f->symbol.addr);
		break;
	case ADDRESS_MODULE:
		str_printf(out, "%s+0x%" PRIx64, path_base(f->module->path),
			   f->at - f->module->bias);
		break;
	case ADDRESS_MAPPED: words_mapping(f, out); break;
	default:
		if (f->at > 0x7fffffff && f->at < USER_END)
			str_adds(out, "not mapped");
	}
}
