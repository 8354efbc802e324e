#include "cpython_layouts/proofs.h"

#include "core/checked.h"
#include "cpython_layouts/frame.h"
#include "cpython_layouts/object.h"
#include "cpython_layouts/threads.h"

enum { INTERPRETERS_MAX = 64, STATES_MAX = 64, FRAMES_TRIED = 8, GENERATIONS = 3 };

enum truth { HOLDS, FAILS, LOST };

struct proving {
	struct runtime *rt;
	struct proofs *proofs;
	struct interpreter interp;	/* the first of the list */
};

static enum truth truth_of(bool holds)
{
	return holds ? HOLDS : FAILS;
}

static void note(struct proving *p, const char *what, enum truth truth)
{
	static const char *const words[] = { "holds", "fails", "cannot be told" };
	trace(LAYOUT, "%s: %s: %s", p->rt->layout.table ? p->rt->layout.table : "?", what, words[truth]);
	if (truth == HOLDS)
		p->proofs->passed++;
	if (truth != FAILS)
		return;
	p->proofs->failed++;
	str_printf(&p->proofs->failures, "%s%s", p->proofs->failures.len ? ", " : "", what);
}

void proofs_release(struct proofs *p)
{
	str_release(&p->failures);
}

/* Was it mapped, but its bytes are nowhere? Then nothing follows from not being able to read it. */
static bool is_lost(struct runtime *rt, addr_t at)
{
	const struct extent *e = memory_extent(&rt->target->memory, at);
	return e && !e->host;
}

/* --- interpreters and threads ---------------------------------------------------------------- */

static enum truth interpreters_end(struct proving *p)
{
	struct runtime *rt = p->rt;
	struct chain chain = chain_start(rt->interpreters, INTERPRETERS_MAX);
	bool has_main = !HAS(&rt->layout, PyInterpreterState, id);
	while (chain_goes_on(&chain)) {
		uint64_t next, id;
		if (READ(rt, chain.at, PyInterpreterState, id, &id) && id == 0)
			has_main = true;
		if (READ(rt, chain.at, PyInterpreterState, next, &next))
			chain_step(&chain, next);
		else
			chain_fault(&chain);
	}
	if (chain.end == CHAIN_LIMIT || (chain.end == CHAIN_FAULT && is_lost(rt, chain.at)))
		return LOST;
	return truth_of(chain.end == CHAIN_END && has_main);
}

/* _PyRuntime also points to the main interpreter, the last of the list. */
static enum truth main_is_listed(struct proving *p)
{
	struct runtime *rt = p->rt;
	struct chain chain = chain_start(rt->interpreters, INTERPRETERS_MAX);
	uint64_t main, next;
	if (!READ(rt, rt->address, _PyRuntimeState, interpreters_main, &main))
		return LOST;
	while (chain_goes_on(&chain) && chain.at != main) {
		if (READ(rt, chain.at, PyInterpreterState, next, &next))
			chain_step(&chain, next);
		else
			chain_fault(&chain);
	}
	if (chain.end == CHAIN_LIMIT || (chain.end == CHAIN_FAULT && is_lost(rt, chain.at)))
		return LOST;
	return truth_of(chain.end == CHAIN_OPEN);
}

/* Every state belongs to its interpreter, and the list runs back as it runs forth. */
static enum truth states_lead_back(struct proving *p)
{
	struct runtime *rt = p->rt;
	struct chain chain = chain_start(p->interp.threads_head, STATES_MAX);
	addr_t before = 0;
	if (chain.end == CHAIN_END || is_lost(rt, chain.at))
		return LOST;
	while (chain_goes_on(&chain)) {
		uint64_t interp, next, prev;
		if (!READ(rt, chain.at, PyThreadState, interp, &interp) ||
		    !READ(rt, chain.at, PyThreadState, next, &next)) {
			chain_fault(&chain);
			break;
		}
		if (interp != p->interp.at)
			return FAILS;
		p->proofs->leads_back = true;
		if (READ(rt, chain.at, PyThreadState, prev, &prev) && prev != before)
			return FAILS;
		before = chain.at;
		chain_step(&chain, next);
	}
	return truth_of(chain.end != CHAIN_CYCLE && p->proofs->leads_back);
}

/* Only where all is well can a mismatch count: a thread that C code has just made has no OS thread
 * of that id yet, so one match suffices. */
static enum truth ids_match(struct proving *p)
{
	struct runtime *rt = p->rt;
	struct chain chain = chain_start(p->interp.threads_head, STATES_MAX);
	bool any = false, knows = rt->target->machine->tp_is_pthread && rt->target->threads.len &&
				  rt->target->threads.items[0].tp;
	while (chain_goes_on(&chain)) {
		uint64_t next, pthread = 0, native = 0;
		if (READ(rt, chain.at, PyThreadState, native_thread_id, &native))
			knows = true;
		if (!READ(rt, chain.at, PyThreadState, thread_id, &pthread) ||
		    !READ(rt, chain.at, PyThreadState, next, &next))
			break;
		any = any || threads_os(rt, pthread, native);
		chain_step(&chain, next);
	}
	return any ? HOLDS : knows && chain.count ? FAILS : LOST;
}

/* --- types ----------------------------------------------------------------------------------- */

static addr_t type_of(struct runtime *rt, addr_t object)
{
	uint64_t type;
	return object % rt->target->machine->word == 0 && READ(rt, object, PyObject, ob_type, &type)
		       ? type
		       : 0;
}

static bool type_is_lost(struct runtime *rt, addr_t object)
{
	return is_lost(rt, object) || is_lost(rt, type_of(rt, object)) ||
	       is_lost(rt, type_of(rt, type_of(rt, object)));
}

/* A type's type is `type` or a metaclass, whose type is `type`. */
addr_t proofs_type_of_types(struct runtime *rt, addr_t object)
{
	addr_t type = type_of(rt, object);
	for (int i = 0; i < 4 && type; i++) {
		addr_t above = type_of(rt, type);
		if (above == type)
			return type;
		type = above;
	}
	return 0;
}

/* LOST where tp_name lies in a page that was not dumped. */
static enum truth is_called(struct runtime *rt, addr_t type, const char *name)
{
	uint64_t at;
	size_t len;
	if (!READ(rt, type, PyTypeObject, tp_name, &at))
		return FAILS;
	const char *text = memory_string(&rt->target->memory, at, 200, &len);
	if (text)
		return truth_of(streq(text, name));
	return is_lost(rt, at) ? LOST : FAILS;
}

static bool has_flag(struct runtime *rt, addr_t type, uint64_t flag)
{
	uint64_t flags;
	return READ(rt, type, PyTypeObject, tp_flags, &flags) && flags & flag &&
	       flags & TPFLAGS_READY;
}

static enum truth type_is_its_type(struct proving *p)
{
	struct runtime *rt = p->rt;
	addr_t object = p->interp.sysdict ? p->interp.sysdict : p->interp.modules;
	if (!object || type_is_lost(rt, object))
		return LOST;
	addr_t type = proofs_type_of_types(rt, object);
	if (!type || !has_flag(rt, type, TPFLAGS_TYPE_SUBCLASS) || is_called(rt, type, "type") == FAILS)
		return FAILS;
	p->proofs->type_type = type;
	return HOLDS;
}

static enum truth namespaces_are_dicts(struct proving *p)
{
	struct runtime *rt = p->rt;
	const addr_t dicts[] = { p->interp.modules, p->interp.sysdict, p->interp.builtins };
	bool any = false;
	for (size_t i = 0; i < ARRAY_SIZE(dicts); i++) {
		addr_t type = dicts[i] ? type_of(rt, dicts[i]) : 0;
		if (!dicts[i] || type_is_lost(rt, dicts[i]))
			continue;
		if (!has_flag(rt, type, TPFLAGS_DICT_SUBCLASS) || is_called(rt, type, "dict") == FAILS)
			return FAILS;
		any = true;
	}
	return any ? HOLDS : LOST;
}

/* --- sys ------------------------------------------------------------------------------------- */

/* Can all its entries be seen? */
static bool dict_is_whole(struct runtime *rt, addr_t dict)
{
	struct dict_iter it;
	return !type_is_lost(rt, dict) && dict_iter_start(rt, dict, &it) && !it.lost;
}

static enum truth sys_is_sys(struct proving *p)
{
	struct runtime *rt = p->rt;
	addr_t sys = p->interp.modules ? dict_get(rt, p->interp.modules, "sys") : 0;
	uint64_t dict;
	/* A dying interpreter has emptied sys.modules. */
	if (!sys || !p->interp.sysdict)
		return p->interp.modules && p->interp.sysdict && !rt->finalizing &&
				       dict_is_whole(rt, p->interp.modules)
			       ? FAILS
			       : LOST;
	if (is_lost(rt, sys))
		return LOST;
	return truth_of(READ(rt, sys, PyModuleObject, md_dict, &dict) && dict == p->interp.sysdict);
}

static enum truth version_is_right(struct proving *p)
{
	struct runtime *rt = p->rt;
	const struct python_version *v = &rt->layout.version;
	addr_t value = p->interp.sysdict ? dict_get(rt, p->interp.sysdict, "hexversion") : 0;
	int64_t hex;
	if (!value || !object_int64(rt, value, &hex))
		return LOST;
	p->proofs->hexversion = (uint64_t)hex;
	return truth_of(hex >> 24 == v->major && (hex >> 16 & 0xff) == v->minor);
}

/* Py_REF_DEBUG, which Py_DEBUG defines, makes sys.gettotalrefcount (Python/sysmodule.c). */
static enum truth debug_is_right(struct proving *p)
{
	struct runtime *rt = p->rt;
	if (!p->interp.sysdict || !dict_get(rt, p->interp.sysdict, "hexversion"))
		return LOST;
	bool debug = dict_get(rt, p->interp.sysdict, "gettotalrefcount") != 0;
	return truth_of(debug == rt->layout.version.debug);
}

/* --- frames ---------------------------------------------------------------------------------- */

static enum truth runs_code(struct runtime *rt, addr_t frame)
{
	uint64_t code, name;
	addr_t plain;
	bool is_int;
	bool read = rt->layout.dialect.frames == FRAMES_OBJECTS
			    ? READ(rt, frame, PyFrameObject, f_code, &code)
			    : READ(rt, frame, _PyInterpreterFrame, f_executable, &code);
	if (!read)
		return is_lost(rt, frame) ? LOST : FAILS;
	/* A shim of a C call has None, or nothing. */
	if (!reference_decode(&rt->layout, code, &plain, &is_int) || is_int)
		return is_int ? FAILS : LOST;
	if (type_is_lost(rt, plain))
		return LOST;
	addr_t type = type_of(rt, plain);
	enum truth called = is_called(rt, type, "code");
	if (called == FAILS && is_called(rt, type, "NoneType") == HOLDS)
		return LOST;
	if (called != LOST)
		return called;
	return truth_of(proofs_type_of_types(rt, plain) &&
			READ(rt, plain, PyCodeObject, co_name, &name) &&
			has_flag(rt, type_of(rt, name),
				 TPFLAGS_UNICODE_SUBCLASS | TPFLAGS_BYTES_SUBCLASS));
}

/* One damaged thread is no reason to drop a layout that reads all the others. */
static enum truth frames_run_code(struct proving *p)
{
	struct runtime *rt = p->rt;
	struct chain chain = chain_start(p->interp.threads_head, FRAMES_TRIED);
	enum truth ret = LOST;
	while (chain_goes_on(&chain)) {
		uint64_t next;
		struct chain frames = frames_of(rt, &(struct pythread){ .at = chain.at }).chain;
		enum truth truth = frames.end == CHAIN_OPEN ? runs_code(rt, frames.at) : LOST;
		if (truth == HOLDS || (truth == FAILS && ret == LOST))
			ret = truth;
		if (ret == HOLDS || !READ(rt, chain.at, PyThreadState, next, &next))
			break;
		chain_step(&chain, next);
	}
	return ret;
}

/* --- the collector --------------------------------------------------------------------------- */

static addr_t gc_at(struct proving *p)
{
	const struct layout *l = &p->rt->layout;
	if (p->interp.gc)
		return p->interp.gc;
	return p->rt->address && HAS(l, _PyRuntimeState, gc)
		       ? p->rt->address + OFFSET(l, _PyRuntimeState, gc)
		       : 0;
}

/* The address of the youngest list's head; 0: none known. */
static addr_t generations_at(struct proving *p, enum truth *ret_pointer)
{
	const struct layout *l = &p->rt->layout;
	addr_t gc = gc_at(p);
	uint64_t pointer;
	*ret_pointer = LOST;
	if (!gc) {
		struct symbol s;
		return symbols_find_exported(p->rt->symbols, "_PyGC_generation0", "libpython", &s) &&
				       target_read_word(p->rt->target, s.addr, &pointer)
			       ? pointer
			       : 0;
	}
	if (READ(p->rt, gc, _gc_runtime_state, generation0, &pointer))
		*ret_pointer = truth_of(pointer == gc + OFFSET(l, _gc_runtime_state, generations));
	return gc + OFFSET(l, _gc_runtime_state, generations);
}

/* While a collection runs gc_prev holds reference counts, and lists are taken apart. */
static enum truth list_closes(struct proving *p, addr_t head, addr_t *ret_first)
{
	struct runtime *rt = p->rt;
	uint64_t next, prev, back, forth;
	if (!READ(rt, head, PyGC_Head, gc_next, &next) || !READ(rt, head, PyGC_Head, gc_prev, &prev))
		return FAILS;
	/* The low bits are flags from 3.8 on (Include/internal/pycore_gc.h). */
	next &= ~UINT64_C(3);
	prev &= ~UINT64_C(3);
	*ret_first = next == head ? 0 : next;
	if (!next)
		return FAILS;
	if (p->interp.gc_collecting)
		return LOST;
	if (!READ(rt, next, PyGC_Head, gc_prev, &back) || !READ(rt, prev, PyGC_Head, gc_next, &forth))
		return is_lost(rt, next) || is_lost(rt, prev) ? LOST : FAILS;
	return truth_of((back & ~UINT64_C(3)) == head && (forth & ~UINT64_C(3)) == head);
}

/* sys.modules is a dict that is collected: its neighbours in the list lead back to the head in front
 * of it. */
static enum truth head_is_before(struct proving *p)
{
	struct runtime *rt = p->rt;
	const struct layout *l = &rt->layout;
	uint64_t next, back;
	addr_t head = p->interp.modules - SIZEOF(l, PyGC_Head);
	if (!p->interp.modules || p->interp.gc_collecting || l->version.free_threaded ||
	    !READ(rt, head, PyGC_Head, gc_next, &next) || !(next & ~UINT64_C(3)))
		return LOST;
	if (is_lost(rt, next & ~UINT64_C(3)))
		return LOST;
	return truth_of(READ(rt, next & ~UINT64_C(3), PyGC_Head, gc_prev, &back) &&
			(back & ~UINT64_C(3)) == head);
}

static void prove_collector(struct proving *p)
{
	const struct layout *l = &p->rt->layout;
	enum truth pointer, lists = LOST, objects = LOST;
	addr_t first;
	/* Free-threaded builds have no lists. */
	addr_t at = l->version.free_threaded ? 0 : generations_at(p, &pointer);
	if (!at)
		return;
	note(p, "gc.generation0 is the first generation", pointer);
	for (size_t i = 0; i < GENERATIONS && lists != FAILS; i++) {
		addr_t head = at + i * SIZEOF(l, gc_generation) + OFFSET(l, gc_generation, head);
		enum truth truth = list_closes(p, head, &first);
		lists = truth == LOST ? lists : truth;
		if (truth == HOLDS && first && !type_is_lost(p->rt, first + SIZEOF(l, PyGC_Head)))
			objects = truth_of(proofs_type_of_types(p->rt, first + SIZEOF(l, PyGC_Head)) != 0);
	}
	note(p, "the collector's lists close", lists);
	note(p, "collected objects lie behind their heads", objects);
}

/* --- the lock, and static types -------------------------------------------------------------- */

static enum truth holder_is_a_state(struct proving *p)
{
	struct runtime *rt = p->rt;
	const struct layout *l = &rt->layout;
	uint64_t holder, interp, gil;
	if (HAS(l, PyInterpreterState, ceval_gil)) {
		uint64_t locked;
		if (!READ(rt, p->interp.at, PyInterpreterState, ceval_gil, &gil) || is_lost(rt, gil))
			return LOST;
		if (!gil || !READ(rt, gil, _gil_runtime_state, locked, &locked))
			return FAILS;
		if ((int32_t)locked < -1 || (int32_t)locked > 1)
			return FAILS;
	}
	holder = p->interp.gil_holder;
	if (!holder || is_lost(rt, holder))
		return LOST;
	return truth_of(READ(rt, holder, PyThreadState, interp, &interp) &&
			(interp == p->interp.at || target_read_word(rt->target, interp, &gil)));
}

/* From 3.12 on a static type's dict is kept in the interpreter, at the index that tp_subclasses
 * holds in its place (Objects/typeobject.c, managed_static_type_state_get). */
static enum truth static_types_are_kept(struct proving *p)
{
	struct runtime *rt = p->rt;
	const struct layout *l = &rt->layout;
	uint64_t index, type;
	addr_t type_type = p->proofs->type_type;
	if (!HAS(l, PyInterpreterState, types_builtins) || !HAS(l, managed_static_type_state, type) ||
	    !READ(rt, type_type, PyTypeObject, tp_subclasses, &index) || !index || index > 1000)
		return LOST;
	addr_t at = p->interp.at + OFFSET(l, PyInterpreterState, types_builtins) +
		    (index - 1) * SIZEOF(l, managed_static_type_state);
	if (is_lost(rt, at))
		return LOST;
	return truth_of(READ(rt, at, managed_static_type_state, type, &type) && type == type_type);
}

void proofs_run(struct runtime *rt, struct proofs *ret)
{
	struct proving p = { .rt = rt, .proofs = ret };
	struct interpreter_iter it = interpreters(rt);
	if (!interpreter_next(&it, &p.interp)) {
		note(&p, "the first interpreter can be read", FAILS);
		return;
	}
	note(&p, "the list of interpreters ends, one has id 0", interpreters_end(&p));
	note(&p, "_PyRuntime.interpreters.main is in it", main_is_listed(&p));
	note(&p, "tstate->interp leads back", states_lead_back(&p));
	/* Whatever follows would only cost time. */
	if (!ret->leads_back && p.interp.threads_head)
		return;
	note(&p, "type(type) is type", type_is_its_type(&p));
	note(&p, "modules, sys and builtins are dicts", namespaces_are_dicts(&p));
	note(&p, "sys.modules['sys'] has interp->sysdict", sys_is_sys(&p));
	note(&p, "sys.hexversion names this minor version", version_is_right(&p));
	note(&p, "sys.gettotalrefcount exists in debug builds only", debug_is_right(&p));
	note(&p, "thread_id is an OS thread's", ids_match(&p));
	note(&p, "frames run code objects", frames_run_code(&p));
	note(&p, "the collector's head is before sys.modules", head_is_before(&p));
	prove_collector(&p);
	note(&p, "the lock's holder is a thread state", holder_is_a_state(&p));
	note(&p, "static types are kept in the interpreter", static_types_are_kept(&p));
	ret->credible = ret->leads_back || (ret->type_type && !ret->failed);
}
