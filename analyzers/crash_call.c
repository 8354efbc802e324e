/* The Python call that led into C, with its arguments.
 *
 * Where what was called stands in the frame's value stack, and is proved by the C function that it
 * leads to (ml_meth, or what a ctypes function points to: the one that runs), the arguments are the
 * slots behind it, as many as the call instruction says:
 *
 *	CALL_FUNCTION n      | callable | a b ...		2.7 to 3.10
 *	CALL_METHOD n        | descriptor | self | a b ...	3.7 to 3.10; or NULL | callable | a b ...
 *	CALL n               | NULL | callable | a b ...	3.11, 3.12; or descriptor | self | a b ...
 *	CALL n               | callable | NULL or self | a b ..	3.13+
 *	CALL_FUNCTION_EX     | callable | (NULL |) tuple | ...
 *
 * (Python/ceval.c, Python/bytecodes.c.) Else the variables of the Python frame are shown. */
#include "analyzers/crash.h"

#include <inttypes.h>
#include "analyzers/words.h"
#include "core/checked.h"
#include "cpython_layouts/kinds/kind.h"
#include "report/text.h"

enum { ARGUMENTS_MAX = 12, REPR_SHORT = 40, ARGUMENTS_SHOWN = 8 };

/* --- records -------------------------------------------------------------------------------- */

enum argument_column { ARG_NAME, ARG_TYPE, ARG_REPR, ARG_ADDRESS, ARG_COLUMNS };

static const struct column argument_columns[] = {
	[ARG_NAME] = COLUMN("name", STRING, "of the variable; null: by position"),
	[ARG_TYPE] = COLUMN("type", STRING, "of the value"),
	[ARG_REPR] = COLUMN("repr", STRING, "what repr() would give"),
	[ARG_ADDRESS] = COLUMN("address", ADDRESS, "of the value; null: in the slot itself"),
};

static const struct record argument_record = {
	.name = "arguments",
	.list = true,
	.doc = "of the C function, or the variables of the frame: see arguments_from",
	COLUMNS(argument_columns),
};

enum call_column {
	CALL_FILE,
	CALL_LINE,
	CALL_FUNCTION,
	CALL_MODULE,
	CALL_SYMBOL,
	CALL_CALLABLE,
	CALL_FROM,
	CALL_WORDS,
	CALL_COLUMNS,
};

static const struct column call_columns[] = {
	[CALL_FILE] = COLUMN("file", STRING, "of the Python code"),
	[CALL_LINE] = COLUMN("line", INT, "that called"),
	[CALL_FUNCTION] = COLUMN("function", STRING, "that called"),
	[CALL_MODULE] = COLUMN("module", STRING, "the file of the C function"),
	[CALL_SYMBOL] = COLUMN("symbol", STRING, "the C function; null: no name"),
	[CALL_CALLABLE] =
		COLUMN("callable", STRING, "repr of what Python called; null: not proved"),
	[CALL_FROM] = COLUMN("arguments_from", STRING,
			     "stack: the C function's own, proved; frame: not proved, the variables "
			     "of the Python function are given instead"),
	[CALL_WORDS] = { .name = "words",
			 .type = VALUE_STRING,
			 .hidden = true,
			 .doc = "as text says it" },
};

static void call_text(struct text *out, const struct value *values)
{
	text_printf(out, "Called by Python: ");
	text_value(out, &call_columns[CALL_WORDS], &values[CALL_WORDS]);
	text_put(out, "\n", 1);
}

static const struct record *const call_children[] = { &argument_record, NULL };

const struct record crash_call_record = {
	.name = "call",
	.doc = "the Python call that led into C; null: none did",
	COLUMNS(call_columns),
	.children = call_children,
	.text = call_text,
};

/* --- which C function ----------------------------------------------------------------------- */

/* ctypes, cffi and libffi only lead to the function that is of interest. */
static bool is_foreign_interface(const struct bt_call *call)
{
	const char *path = call->module ? call->module->path : "";
	return strstr(path, "/_ctypes") || strstr(path, "/libffi") ||
	       strstr(path, "/_cffi_backend");
}

/* The C calls between the innermost evaluation loop and where it happened; the first one behind it
 * that is of interest. */
static const struct bt_call *outer_call(const struct crash *c, size_t *ret_loop)
{
	const struct bt_frames *f = c->frames;
	const struct bt_call *outer = NULL;
	size_t loop = 0;
	while (loop < f->calls.len && f->calls.items[loop].activation == SIZE_MAX)
		loop++;
	if (loop == f->calls.len || !f->list.len)
		return NULL;
	*ret_loop = loop;
	for (size_t i = loop; i-- > 0;) {
		const struct bt_call *call = &f->calls.items[i];
		if (!call->is_internal && (!outer || is_foreign_interface(outer)))
			outer = call;
	}
	return outer;
}

/* --- what was called, in the value stack ---------------------------------------------------- */

struct found_call {
	addr_t callable;
	addr_t arguments[ARGUMENTS_MAX];
	bool is_int[ARGUMENTS_MAX];
	size_t count;
	bool cut;
};

/* The address of the C function that an object leads to; 0: none. */
static addr_t function_of(struct runtime *rt, const struct object *o)
{
	const struct layout *l = &rt->layout;
	const struct target *t = rt->target;
	addr_t method = 0, at = 0;
	if (streq(o->type->full_name, "builtin_function_or_method")) {
		const uint8_t *p = memory_at(&t->memory, o->at, SIZEOF(l, PyCFunctionObject));
		method = p ? GET(l, p, PyCFunctionObject, m_ml) : 0;
	} else if (streq(o->type->full_name, "method_descriptor")) {
		/* PyMethodDescrObject: d_method is what it adds */
		target_read_word(t, o->at + SIZEOF(l, PyDescrObject), &method);
	} else if (pytype_is(o->type, "_ctypes.PyCFuncPtr") ||
		   pytype_is(o->type, "_ctypes.CFuncPtr")) {
		/* CDataObject: b_ptr follows the head, and leads to the function's address */
		return target_read_word(t, o->at + SIZEOF(l, PyObject), &at) &&
				       target_read_word(t, at, &at)
			       ? at
			       : 0;
	}
	const uint8_t *p =
		method ? memory_at(&t->memory, method, SIZEOF(l, PyMethodDef)) : NULL;
	return p ? GET(l, p, PyMethodDef, ml_meth) : 0;
}

/* Does it run, in front of the evaluation loop at index loop? */
static bool is_running(const struct crash *c, addr_t function, size_t loop)
{
	for (size_t i = loop; function && i-- > 0;) {
		const struct bt_call *call = &c->frames->calls.items[i];
		addr_t start, end;
		if (call->symbol.name && call->symbol.addr == function)
			return true;
		if (unwind_function_at(c->unwinder, call->frame.lookup, &start, &end) &&
		    start == function)
			return true;
	}
	return false;
}

static bool load_slot(struct runtime *rt, addr_t base, size_t slot, addr_t *ret, bool *is_int)
{
	addr_t word;
	return target_read_word(rt->target, base + slot * rt->layout.machine->word, &word) &&
	       reference_decode(&rt->layout, word, ret, is_int);
}

static bool version_is(const struct runtime *rt, uint8_t major, uint8_t minor)
{
	const struct python_version *v = &rt->layout.version;
	return v->major > major || (v->major == major && v->minor >= minor);
}

/* The instruction that calls: how many arguments, and whether they are one tuple. */
static bool instruction_of(struct runtime *rt, const struct frame *frame, size_t *ret_count,
			   bool *ret_tuple)
{
	/* opcode.CALL_FUNCTION_EX, and what it is specialised to (3.15) */
	enum { EX_312 = 142, EX_313 = 54, EX_314 = 4, EX_315_C = 151, EX_2 = 140 };
	uint8_t p[3];
	bool is_old = rt->layout.version.major == 2;
	if (frame->lasti < 0 || (uint64_t)frame->lasti + 2 > frame->code->bytecode_size ||
	    !memory_read(&rt->target->memory, frame->code->bytecode + (uint64_t)frame->lasti, p,
			 is_old ? 3 : 2))
		return false;
	bool with_tuple = version_is(rt, 3, 14)	  ? p[0] == EX_314 || (version_is(rt, 3, 15) &&
								       p[0] == EX_315_C)
			  : version_is(rt, 3, 13) ? p[0] == EX_313
			  : is_old		  ? p[0] >= EX_2 && p[0] <= EX_2 + 2
						  : p[0] == EX_312;
	*ret_tuple = with_tuple;
	*ret_count = is_old ? p[1] + 2u * p[2] : p[1];
	return !(is_old && with_tuple); /* CALL_FUNCTION_VAR has both */
}

/* first: a slot; room: slots that there are. */
static bool take_slots(struct runtime *rt, addr_t base, size_t first, size_t count, size_t room,
		       struct found_call *ret)
{
	ret->cut = count > ARGUMENTS_MAX;
	ret->count = MIN(count, (size_t)ARGUMENTS_MAX);
	for (size_t i = 0; i < ret->count; i++)
		if (first + i >= room ||
		    !load_slot(rt, base, first + i, &ret->arguments[i], &ret->is_int[i]))
			return false;
	return true;
}

static bool take_items(struct runtime *rt, addr_t base, size_t slot, struct found_call *ret)
{
	addr_t tuple, items;
	size_t count;
	bool is_int;
	struct object o;
	if (!load_slot(rt, base, slot, &tuple, &is_int) || is_int || !object_load(rt, tuple, &o) ||
	    !streq(o.type->full_name, "tuple") || !object_sequence(rt, tuple, &count, &items))
		return false;
	return take_slots(rt, items, 0, count, count, ret);
}

/* The slot of what was called. What lies above the stack's top is left over, and may be an earlier
 * call of the same function; below it the function may be an argument, too. So it counts only where
 * it is there once. */
static bool find_callable(const struct crash *c, addr_t base, size_t room, size_t loop,
			  struct object *ret, size_t *ret_slot)
{
	struct runtime *rt = c->session->runtime;
	struct object o;
	addr_t value;
	bool is_int;
	size_t n = 0;
	for (size_t slot = 0; slot < room; slot++) {
		if (!load_slot(rt, base, slot, &value, &is_int) || is_int ||
		    !object_load(rt, value, &o) || !is_running(c, function_of(rt, &o), loop))
			continue;
		*ret = o;
		*ret_slot = slot;
		n++;
	}
	return n == 1;
}

static void find_called(const struct crash *c, const struct frame *frame, size_t loop,
			struct found_call *ret)
{
	struct runtime *rt = c->session->runtime;
	size_t word = rt->layout.machine->word, room = frame->code->stack_size, slot, count;
	addr_t base = frame->locals_at + frame->code->variable_count * word;
	struct object o;
	bool is_tuple;
	*ret = (struct found_call){ 0 };
	if (!instruction_of(rt, frame, &count, &is_tuple) ||
	    !find_callable(c, base, room, loop, &o, &slot))
		return;
	bool is_descriptor = streq(o.type->full_name, "method_descriptor");
	bool has_self = version_is(rt, 3, 13) ||
			(is_descriptor && version_is(rt, 3, 7) && !is_tuple);
	if (is_tuple ? take_items(rt, base, slot + 1 + has_self, ret)
		     : take_slots(rt, base, slot + 1 + has_self, count, room, ret))
		ret->callable = o.at;
}

/* --- report --------------------------------------------------------------------------------- */

static void words_value(struct runtime *rt, addr_t value, bool is_int, struct str *out)
{
	const struct repr_limits limits = { .depth = 2, .length = REPR_SHORT, .items = 4,
					    .text = REPR_SHORT - 10, .dots = true };
	if (is_int)
		str_printf(out, "%" PRId64, (int64_t)value);
	else if (!value)
		str_adds(out, "NULL");
	else
		object_repr(rt, value, &limits, out);
}

static bool report_value(struct runtime *rt, struct report *report, const char *name,
			 addr_t value, bool is_int)
{
	_str_ struct str repr = STR_INIT;
	struct object o;
	struct value values[ARG_COLUMNS] = { [ARG_NAME] = value_str(name) };
	if (is_int) {
		str_printf(&repr, "%" PRId64, (int64_t)value);
		values[ARG_TYPE] = value_str("int");
	} else {
		values[ARG_ADDRESS] = value_uint(value);
		values[ARG_TYPE] = object_load(rt, value, &o) ? value_str(o.type->full_name)
							       : value_lost(value);
		object_repr(rt, value, &repr_limits_json, &repr);
	}
	values[ARG_REPR] = value_bytes(repr.buf, repr.len);
	return report_row(report, &argument_record, values);
}

static void words_variables(struct runtime *rt, const struct frame *frame, struct str *out)
{
	struct local_iter it = locals_of(rt, frame);
	struct local local;
	size_t n = 0;
	while (local_next(&it, &local) && local.kind == VARIABLE_ARGUMENT) {
		if (n++ == ARGUMENTS_SHOWN) {
			str_adds(out, ", ...");
			return;
		}
		str_printf(out, "%s%s=", n > 1 ? ", " : "", local.name ? local.name : "?");
		words_value(rt, local.value, local.is_int, out);
	}
}

static bool report_variables(struct runtime *rt, struct report *report, const struct frame *frame)
{
	struct local_iter it = locals_of(rt, frame);
	struct local local;
	bool ok = true;
	while (ok && local_next(&it, &local) && !local.from_namespace)
		ok = report_value(rt, report, local.name, local.value, local.is_int);
	return ok;
}

/* "crash_null_read('x', 3) in _crashlib.so, by call(kind='x') at crashes.py:31" */
static void words_call(struct crash *c, const struct frame *frame, const struct bt_call *outer,
		       const struct found_call *found, struct str *out)
{
	struct runtime *rt = c->session->runtime;
	const struct code *code = frame->code;
	if (outer->symbol.name)
		str_adds(out, places_name(c->session->symbols, outer->symbol.name));
	else
		str_printf(out, ADDR_FMT, outer->frame.pc);
	if (found->callable) {
		str_addc(out, '(');
		for (size_t i = 0; i < found->count; i++) {
			str_adds(out, i ? ", " : "");
			words_value(rt, found->arguments[i], found->is_int[i], out);
		}
		str_adds(out, found->cut ? ", ...)" : ")");
	}
	if (outer->module)
		str_printf(out, " in %s", path_base(outer->module->path));
	str_printf(out, ", by %s(", code->name ? code->name : "?");
	words_variables(rt, frame, out);
	str_printf(out, ") at %s:%" PRId64, code->filename ? path_base(code->filename) : "?",
		   frame->position.line);
}

static bool report_arguments(struct crash *c, struct report *report, const struct frame *frame,
			     const struct found_call *found)
{
	struct runtime *rt = c->session->runtime;
	bool ok = true;
	if (!found->callable)
		return report_variables(rt, report, frame);
	for (size_t i = 0; ok && i < found->count; i++)
		ok = report_value(rt, report, NULL, found->arguments[i], found->is_int[i]);
	return ok;
}

bool crash_report_call(struct crash *c, struct report *report)
{
	struct runtime *rt = c->session->runtime;
	struct found_call found;
	size_t loop;
	const struct bt_call *outer = rt ? outer_call(c, &loop) : NULL;
	if (!outer)
		return true;
	const struct frame *frame = &c->frames->list.items[0];
	_str_ struct str words = STR_INIT, callable = STR_INIT;
	find_called(c, frame, loop, &found);
	words_call(c, frame, outer, &found, &words);
	if (found.callable)
		object_repr(rt, found.callable, &repr_limits_json, &callable);
	struct value values[CALL_COLUMNS] = {
		[CALL_FILE] = value_str(frame->code->filename),
		[CALL_FUNCTION] = value_str(frame->code->name),
		[CALL_MODULE] = value_str(outer->module ? outer->module->path : NULL),
		[CALL_SYMBOL] = value_str(places_name(c->session->symbols, outer->symbol.name)),
		[CALL_FROM] = value_str(found.callable ? "stack" : "frame"),
		[CALL_WORDS] = value_bytes(words.buf, words.len),
	};
	if (frame->position.line > 0)
		values[CALL_LINE] = value_int(frame->position.line);
	if (found.callable)
		values[CALL_CALLABLE] = value_bytes(callable.buf, callable.len);
	return report_open(report, &crash_call_record, values) &&
	       report_arguments(c, report, frame, &found) && report_close(report);
}
