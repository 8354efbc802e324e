#include "analyzers/bt.h"

#include "core/checked.h"
#include "core/map.h"

/* A C call of the evaluation loop runs one Python frame up to 3.10, and any number from 3.11 on. In
 * the order of the calls, innermost first:
 *
 *	C frames                  activation     Python frames
 *	abort
 *	os_abort
 *	                                  ,----  leaf()	    \
 *	                                 /       middle()   | of one C call: 3.11+
 *	_PyEval_EvalFrameDefault    0 --'        <module>   /
 *	PyRun_...
 *	builtin_exec
 *	_PyEval_EvalFrameDefault    1 ---------  run()
 *	Py_RunMain
 *
 * Which C frame runs an activation is told by what it keeps on the C stack (3.10+), which holds
 * also where its symbol is lost or it runs in a part that the compiler moved elsewhere; else by its
 * name. */

/* --- which frames are no news --------------------------------------------------------------- */

/* How the interpreter calls: Objects/call.c, Objects/methodobject.c, Objects/typeobject.c's slots,
 * Python/ceval.c, Python/pythonrun.c, 2.7 to 3.15. A name matches when it begins so. */
static const char *const machinery[] = {
	"PyCFunction_Call",
	"PyCFunction_FastCall",
	"PyEval_",
	"PyFunction_",
	"PyObject_Call",
	"PyObject_FastCall",
	"PyObject_GenericGetAttr",
	"PyObject_GetAttr",
	"PyObject_Vectorcall",
	"PyRun_",
	"PyVectorcall_",
	"Py_BytesMain",
	"Py_Main",
	"Py_RunMain",
	"Py_UnixMain",
	"_PyCFunction_",
	"_PyEval_",
	"_PyFunction_",
	"_PyFunctionWithKeywords",
	"_PyGen_Send",
	"_PyMethodDef_",
	"_PyMethodDescr_",
	"_PyObject_Call",
	"_PyObject_FastCall",
	"_PyObject_GenericGetAttr",
	"_PyObject_GetAttr",
	"_PyObject_GetMethod",
	"_PyObject_LookupAttr",
	"_PyObject_MakeTpCall",
	"_PyObject_Vectorcall",
	"_PyRun_",
	"_PyVectorcall_",
	"_Py_CallBuiltin",
	"_Py_UnixMain",
	"_Py_VectorCall",
	"_PyStack_",
	"_TAIL_CALL_",
	"builtin_vectorcall",
	"call_attribute",
	"call_function",
	"call_method",
	"call_unbound",
	"cfunction_",
	"do_call",
	"ext_do_call",
	"fast_function",
	"function_call",
	"function_code_fastcall",
	"gen_send",
	"gen_iternext",
	"instance_call",
	"instancemethod_",
	"lookup_maybe",
	"method_call",
	"method_vectorcall",
	"methoddescr_call",
	"object_vacall",
	"pymain_",
	"pyrun_",
	"run_eval_code_obj",
	"run_mod",
	"slot_tp_",
	"slot_sq_",
	"slot_nb_",
	"slot_mp_",
	"slot_bf_",
	"type_call",
	"vectorcall_",
	"vgetargs",
	"wrap_",
	"wrapper_call",
	"wrapperdescr_",
};

/* Where processes and threads begin: below the oldest Python frame. */
static const char *const beginnings[] = {
	"_start",
	"__libc_start",
	"generic_start_main",
	"main",
	"start_thread",
	"clone",
	"__clone",
	"__GI___clone",
	"thread_start",
	"pythread_wrapper",
	"thread_run",
	"t_bootstrap",
	"thread_PyThread_start",
	"libc_start_main_stage2",
	"start",
};

static bool begins_with_any(const char *name, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (has_prefix(name, list[i]))
			return true;
	return false;
}

static bool of_python(const struct bt *bt, const struct bt_call *call)
{
	const struct runtime *rt = bt->session->runtime;
	const struct module *python = rt ? rt->module : NULL;
	return call->module && (call->module == python || (!python && call->module->is_executable));
}

/* In the interpreter itself. outside: no Python frame is older. below: none is younger. */
static bool is_internal(const struct bt *bt, const struct bt_call *call, bool outside, bool below)
{
	const char *name = call->symbol.name;
	if (call->activation != SIZE_MAX)
		return true;
	if (outside && name && begins_with_any(name, beginnings, ARRAY_SIZE(beginnings)))
		return true;
	if (!of_python(bt, call))
		return false;
	if (outside)
		return true;
	/* A static function of a stripped interpreter: between Python frames mostly machinery; what
	 * the innermost Python frame called may be all there is to know. */
	if (!name)
		return !below;
	return begins_with_any(name, machinery, ARRAY_SIZE(machinery));
}

/* --- the evaluation loop -------------------------------------------------------------------- */

/* PyEval_EvalFrameEx is the loop in 2.7 and a wrapper of it from 3.6 on. */
static bool is_loop_name(const struct bt *bt, const char *name)
{
	const struct runtime *rt = bt->session->runtime;
	const char *loop = rt && rt->layout.version.major == 2 ? "PyEval_EvalFrameEx"
								: "_PyEval_EvalFrameDefault";
	size_t len = strlen(loop);
	return name && strncmp(name, loop, len) == 0 && (name[len] == 0 || name[len] == '.');
}

/* The activation that runs in this C frame, from `next` on; SIZE_MAX: none. */
static size_t activation_in(const struct bt *bt, const struct bt_frames *frames,
			    const struct bt_call *call, size_t next)
{
	const struct activations *a = &frames->activations;
	const struct native_frame *f = &call->frame;
	if (!a->list.len)
		return is_loop_name(bt, call->symbol.name) ? next : SIZE_MAX;
	for (size_t i = next; f->cfa && i < a->list.len; i++) {
		addr_t at = a->list.items[i];
		if (at >= f->sp && at < f->cfa)
			return i;
		/* They lie in the order of the calls: no later one is further in. */
		if (at >= f->cfa)
			break;
	}
	return SIZE_MAX;
}

/* --- merging -------------------------------------------------------------------------------- */

static bool add_item(struct bt_frames *frames, bool is_native, size_t index)
{
	struct bt_item *item = vec_push(&frames->items);
	if (item)
		*item = (struct bt_item){ is_native, (uint32_t)index };
	return item != NULL;
}

/* Which calls run Python frames; returns how many did. */
static size_t mark_loops(const struct bt *bt, struct bt_frames *frames)
{
	size_t next = 0, last = 0;
	for (size_t i = 0; i < frames->calls.len; i++) {
		struct bt_call *call = &frames->calls.items[i];
		size_t activation = activation_in(bt, frames, call, next);
		if (activation == SIZE_MAX)
			continue;
		call->activation = activation;
		next = activation + 1;
		last = i + 1;
	}
	return last;
}

static void mark_internal(const struct bt *bt, struct bt_frames *frames, size_t last_loop)
{
	bool below = true;
	for (size_t i = 0; i < frames->calls.len; i++) {
		struct bt_call *call = &frames->calls.items[i];
		if (call->activation != SIZE_MAX)
			below = false;
		/* Where it stopped is always of interest. */
		call->is_internal =
			i > 0 && last_loop && is_internal(bt, call, i >= last_loop, below);
	}
}

static bool merge(const struct bt *bt, struct bt_frames *frames)
{
	size_t python = 0;
	for (size_t i = 0; i < frames->calls.len; i++) {
		const struct bt_call *call = &frames->calls.items[i];
		for (; call->activation != SIZE_MAX && python < frames->list.len &&
		       frames->list.items[python].activation <= call->activation;
		     python++)
			if (!add_item(frames, false, python))
				return false;
		if ((bt->native == NATIVE_ALL || !call->is_internal) && !add_item(frames, true, i))
			return false;
	}
	frames->unplaced = frames->calls.len ? frames->list.len - python : 0;
	for (; python < frames->list.len; python++)
		if (!add_item(frames, false, python))
			return false;
	return true;
}

/* --- what DWARF knows of them ---------------------------------------------------------------- */

static void load_call(struct bt *bt, const struct native_frame *frame, struct bt_call *ret)
{
	*ret = (struct bt_call){
		.frame = *frame,
		.module = unwind_module_at(bt->unwinder, frame->lookup),
		.activation = SIZE_MAX,
	};
	if (!unwind_symbol_at(bt->unwinder, frame->lookup, &ret->symbol))
		ret->symbol.name = NULL;
}

const char *const lines_choices[] = { "auto", "all", "off", NULL };

enum places_effort lines_wanted(const char *option)
{
	if (option && streq(option, "off"))
		return PLACES_NONE;
	return option && streq(option, "all") ? PLACES_ALL : PLACES_CHEAP;
}

static struct place_question question_of(const struct bt_call *call)
{
	return (struct place_question){ call->module, call->frame.lookup, call->symbol.name };
}

/* More than is shown, but what surely is not. */
static bool may_be_shown(const struct bt *bt, const struct bt_call *call)
{
	return bt->native == NATIVE_ALL || !call->symbol.name ||
	       !(is_loop_name(bt, call->symbol.name) || is_internal(bt, call, false, true));
}

void bt_native_ask_all(struct bt *bt)
{
	VEC(struct place_question) list = VEC_INIT;
	struct map seen = MAP_INIT;
	const struct os_thread *os;
	vec_each(os, &bt->session->target->threads) {
		struct unwind unwind = unwind_thread(bt->unwinder, os);
		struct native_frame frame;
		bool is_first = true;
		for (; unwind_next(&unwind, &frame); is_first = false) {
			bool is_new = false;
			struct bt_call call;
			if (!map_insert(&seen, frame.lookup, &is_new) || !is_new)
				continue;
			load_call(bt, &frame, &call);
			struct place_question *question =
				is_first || may_be_shown(bt, &call) ? vec_push(&list) : NULL;
			if (question)
				*question = question_of(&call);
		}
	}
	places_ask(bt->session->symbols, list.items, list.len, bt->lines);
	map_release(&seen);
	vec_release(&list);
}

void bt_native_ask(struct bt *bt, const struct bt_frames *frames)
{
	_free_ struct place_question *list = calloc(frames->calls.len + 1, sizeof(*list));
	size_t count = 0;
	for (size_t i = 0; list && i < frames->items.len; i++) {
		const struct bt_item *item = &frames->items.items[i];
		if (item->is_native)
			list[count++] = question_of(&frames->calls.items[item->index]);
	}
	places_ask(bt->session->symbols, list, count, bt->lines);
}

/* --- all ------------------------------------------------------------------------------------ */

static bool collect_calls(struct bt *bt, const struct os_thread *os, struct bt_frames *ret)
{
	struct native_frame frame;
	ret->unwind = unwind_thread(bt->unwinder, os);
	while (unwind_next(&ret->unwind, &frame)) {
		struct bt_call *call = vec_push(&ret->calls);
		if (!call)
			return false;
		load_call(bt, &frame, call);
	}
	return true;
}

bool bt_native_collect(struct bt *bt, const struct os_thread *os, struct bt_frames *ret)
{
	ret->calls.len = ret->items.len = 0;
	ret->unwind = (struct unwind){ .end = UNWIND_OUTERMOST };
	return (!os || !bt->unwinder || collect_calls(bt, os, ret)) && bt_native_merge(bt, ret);
}

bool bt_native_merge(const struct bt *bt, struct bt_frames *ret)
{
	size_t last_loop = ret->list.len ? mark_loops(bt, ret) : 0;
	if (ret->list.len && !last_loop && ret->activations.list.len) {
		ret->activations.list.len = 0; /* kept elsewhere: then by name */
		last_loop = mark_loops(bt, ret);
	}
	mark_internal(bt, ret, last_loop);
	return merge(bt, ret);
}

void bt_native_end_words(const struct bt_frames *frames, struct str *out)
{
	if (frames->unwind.unwinder)
		unwind_end_words(&frames->unwind, out);
}
