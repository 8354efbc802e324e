/* _Py_DebugOffsets: the struct at the start of _PyRuntime in which 3.13+ says where its own members
 * lie (Include/internal/pycore_runtime.h in 3.13, pycore_debug_offsets.h from 3.14 on).
 *
 *	0 "xdebugpy" | 8 version | 16 free_threaded | 24 runtime_state.size | 32 ...
 *
 * All words of 8 bytes. Which word tells what is itself in the tables, as the struct's own layout;
 * what each tells a place of is here. */
#include "cpython_layouts/layout.h"

#include <inttypes.h>
#include <string.h>
#include "core/checked.h"

enum { TOLD_SIZE_MAX = 1 << 20 };

static const struct told {
	uint16_t by;			/* enum field: a member of _Py_DebugOffsets */
	bool is_size;
	uint16_t index;			/* enum structure or enum field */
} told[] = {
#define S(by, structure) { FIELD__Py_DebugOffsets_##by, true, STRUCT_##structure }
#define F(by, structure, member)                                                                   \
	{                                                                                          \
		FIELD__Py_DebugOffsets_##by, false, FIELD_##structure##_##member                   \
	}
	S(runtime_state_size, _PyRuntimeState),
	F(runtime_state_finalizing, _PyRuntimeState, finalizing),
	F(runtime_state_interpreters_head, _PyRuntimeState, interpreters_head),
	S(interpreter_state_size, PyInterpreterState),
	F(interpreter_state_id, PyInterpreterState, id),
	F(interpreter_state_next, PyInterpreterState, next),
	F(interpreter_state_threads_head, PyInterpreterState, tstate_head),
	F(interpreter_state_threads_main, PyInterpreterState, threads_main),
	F(interpreter_state_gc, PyInterpreterState, gc),
	F(interpreter_state_imports_modules, PyInterpreterState, modules),
	F(interpreter_state_sysdict, PyInterpreterState, sysdict),
	F(interpreter_state_builtins, PyInterpreterState, builtins),
	F(interpreter_state_ceval_gil, PyInterpreterState, ceval_gil),
	F(interpreter_state_gil_runtime_state, PyInterpreterState, _gil),
	F(interpreter_state_gil_runtime_state_enabled, _gil_runtime_state, enabled),
	F(interpreter_state_gil_runtime_state_locked, _gil_runtime_state, locked),
	F(interpreter_state_gil_runtime_state_holder, _gil_runtime_state, last_holder),
	S(thread_state_size, PyThreadState),
	F(thread_state_prev, PyThreadState, prev),
	F(thread_state_next, PyThreadState, next),
	F(thread_state_interp, PyThreadState, interp),
	F(thread_state_current_frame, PyThreadState, current_frame),
	F(thread_state_base_frame, PyThreadState, base_frame),
	F(thread_state_thread_id, PyThreadState, thread_id),
	F(thread_state_native_thread_id, PyThreadState, native_thread_id),
	F(thread_state_datastack_chunk, PyThreadState, datastack_chunk),
	F(thread_state_status, PyThreadState, _status),
	F(thread_state_holds_gil, PyThreadState, holds_gil),
	F(thread_state_gil_requested, PyThreadState, gil_requested),
	F(thread_state_current_exception, PyThreadState, current_exception),
	F(thread_state_exc_state, PyThreadState, exc_state),
	F(err_stackitem_exc_value, _PyErr_StackItem, exc_value),
	S(interpreter_frame_size, _PyInterpreterFrame),
	F(interpreter_frame_previous, _PyInterpreterFrame, previous),
	F(interpreter_frame_executable, _PyInterpreterFrame, f_executable),
	F(interpreter_frame_instr_ptr, _PyInterpreterFrame, instr_ptr),
	F(interpreter_frame_localsplus, _PyInterpreterFrame, localsplus),
	F(interpreter_frame_owner, _PyInterpreterFrame, owner),
	F(interpreter_frame_stackpointer, _PyInterpreterFrame, stackpointer),
	F(interpreter_frame_tlbc_index, _PyInterpreterFrame, tlbc_index),
	S(code_object_size, PyCodeObject),
	F(code_object_filename, PyCodeObject, co_filename),
	F(code_object_name, PyCodeObject, co_name),
	F(code_object_qualname, PyCodeObject, co_qualname),
	F(code_object_linetable, PyCodeObject, co_linetable),
	F(code_object_firstlineno, PyCodeObject, co_firstlineno),
	F(code_object_argcount, PyCodeObject, co_argcount),
	F(code_object_localsplusnames, PyCodeObject, co_localsplusnames),
	F(code_object_localspluskinds, PyCodeObject, co_localspluskinds),
	F(code_object_co_code_adaptive, PyCodeObject, co_code_adaptive),
	F(code_object_co_tlbc, PyCodeObject, co_tlbc),
	S(pyobject_size, PyObject),
	F(pyobject_ob_type, PyObject, ob_type),
	S(type_object_size, PyTypeObject),
	F(type_object_tp_name, PyTypeObject, tp_name),
	F(type_object_tp_repr, PyTypeObject, tp_repr),
	F(type_object_tp_flags, PyTypeObject, tp_flags),
	F(type_object_tp_basicsize, PyTypeObject, tp_basicsize),
	F(type_object_tp_dictoffset, PyTypeObject, tp_dictoffset),
	S(heap_type_object_size, PyHeapTypeObject),
	F(heap_type_object_ht_cached_keys, PyHeapTypeObject, ht_cached_keys),
	S(tuple_object_size, PyTupleObject),
	F(tuple_object_ob_item, PyTupleObject, ob_item),
	S(list_object_size, PyListObject),
	F(list_object_ob_item, PyListObject, ob_item),
	S(set_object_size, PySetObject),
	F(set_object_used, PySetObject, used),
	F(set_object_table, PySetObject, table),
	F(set_object_mask, PySetObject, mask),
	S(dict_object_size, PyDictObject),
	F(dict_object_ma_keys, PyDictObject, ma_keys),
	F(dict_object_ma_values, PyDictObject, ma_values),
	S(float_object_size, PyFloatObject),
	F(float_object_ob_fval, PyFloatObject, ob_fval),
	S(long_object_size, PyLongObject),
	F(long_object_lv_tag, PyLongObject, lv_tag),
	F(long_object_ob_digit, PyLongObject, ob_digit),
	S(bytes_object_size, PyBytesObject),
	F(bytes_object_ob_sval, PyBytesObject, ob_sval),
	F(unicode_object_length, PyASCIIObject, length),
	S(unicode_object_asciiobject_size, PyASCIIObject),
	S(unicode_object_compactunicodeobject_size, PyCompactUnicodeObject),
	S(gc_size, _gc_runtime_state),
	F(gc_collecting, _gc_runtime_state, collecting),
	F(gc_frame, _gc_runtime_state, frame),
	S(gen_object_size, PyGenObject),
	F(gen_object_gi_iframe, PyGenObject, gi_iframe),
	F(gen_object_gi_frame_state, PyGenObject, gi_frame_state),
#undef S
#undef F
};

/* Bit fields move with the struct they are in, whose place is told. */
static const uint16_t status_bits[] = {
	FIELD_PyThreadState_status_initialized, FIELD_PyThreadState_status_bound,
	FIELD_PyThreadState_status_active,	FIELD_PyThreadState_status_holds_gil,
	FIELD_PyThreadState_status_finalizing,	FIELD_PyThreadState_status_cleared,
};
static const uint16_t state_bits[] = {
	FIELD_PyASCIIObject_interned, FIELD_PyASCIIObject_kind,	 FIELD_PyASCIIObject_compact,
	FIELD_PyASCIIObject_ascii,    FIELD_PyASCIIObject_ready,
};

static struct error *nonsense(const char *structure, const char *member, uint64_t value)
{
	return error_new(ERROR_UNSUPPORTED,
			 "the debug offsets in _PyRuntime say nonsense: %s%s%s is %" PRIu64,
			 structure, member ? "." : "", member ? member : "'s size", value);
}

static struct error *apply_size(struct layout *l, enum structure s, uint64_t size)
{
	if (size == 0 || size > TOLD_SIZE_MAX)
		return nonsense(structure_names[s], NULL, size);
	l->size[s] = (uint32_t)size;
	l->size_source[s] = SLOT_DEBUG_OFFSETS;
	return NULL;
}

/* A member that this build lacks is told as 0: only what the table has is overlaid. */
static struct error *apply_field(struct layout *l, enum field f, uint64_t offset)
{
	struct slot *slot = &l->slot[f];
	enum structure s = field_infos[f].structure;
	uint64_t size = l->size[s];
	if (slot->source == SLOT_NONE)
		return NULL;
	if (offset > TOLD_SIZE_MAX || offset + slot->width > size)
		return nonsense(structure_names[s], field_infos[f].name, offset);
	slot->offset = (uint32_t)offset;
	slot->source = SLOT_DEBUG_OFFSETS;
	return NULL;
}

static struct error *move_bits(struct layout *l, const uint16_t *fields, size_t count,
			       uint64_t offset)
{
	uint32_t start = UINT32_MAX;
	for (size_t i = 0; i < count; i++) {
		const struct slot *slot = &l->slot[fields[i]];
		if (slot->source != SLOT_NONE)
			start = MIN(start, slot->offset);
	}
	for (size_t i = 0; i < count; i++) {
		uint64_t within = l->slot[fields[i]].offset - (uint64_t)start;
		struct error *err = apply_field(l, fields[i], offset + within);
		if (err)
			return err;
	}
	return NULL;
}

/* A member that this version's _Py_DebugOffsets has not is not overlaid. */
static struct error *apply_told(struct layout *l, const uint8_t *p, const struct told *t)
{
	if (l->slot[t->by].source == SLOT_NONE)
		return NULL;
	uint64_t value = layout_get(l, p, t->by);
	if (t->is_size)
		return apply_size(l, t->index, value);
	/* These two are told as places in the interpreter, in its _gil; `enabled` is not. */
	if (t->index == FIELD__gil_runtime_state_locked ||
	    t->index == FIELD__gil_runtime_state_last_holder)
		value -= l->slot[FIELD_PyInterpreterState__gil].offset;
	return apply_field(l, t->index, value);
}

static struct error *apply_all(struct layout *l, const uint8_t *p)
{
	struct error *err = NULL;
	for (int sizes = 1; sizes >= 0; sizes--) {	/* first sizes: they bound the places */
		for (size_t i = 0; i < ARRAY_SIZE(told) && !err; i++) {
			if (told[i].is_size == sizes)
				err = apply_told(l, p, &told[i]);
		}
	}
	if (!err)
		err = move_bits(l, status_bits, ARRAY_SIZE(status_bits),
				GET(l, p, _Py_DebugOffsets, thread_state_status));
	if (!err)
		err = move_bits(l, state_bits, ARRAY_SIZE(state_bits),
				GET(l, p, _Py_DebugOffsets, unicode_object_state));
	return err ? err : layout_check(l);
}

struct error *layout_apply_debug_offsets(struct layout *l, const uint8_t *p, size_t len)
{
	struct layout merged = *l;
	uint64_t version = len >= 24 ? load_u64(l->machine, p + 8) : 0;
	if (len < 24 || memcmp(p, "xdebugpy", 8) != 0 || version > UINT32_MAX)
		return error_new(ERROR_UNSUPPORTED,
				 "there are no debug offsets at the start of _PyRuntime");
	if (version >> 16 < 0x030d || !HAS_STRUCT(l, _Py_DebugOffsets))
		return error_new(
			ERROR_UNSUPPORTED, "CPython %u.%u has no debug offsets, nor has table %s",
			(unsigned)(version >> 24), (unsigned)(version >> 16 & 0xff), l->table);
	if (len < SIZEOF(l, _Py_DebugOffsets))
		return error_new(ERROR_UNSUPPORTED,
				 "only %zu of %u bytes of the debug offsets can be read", len,
				 SIZEOF(l, _Py_DebugOffsets));
	struct error *err = apply_all(&merged, p);
	if (err)
		return err;
	*l = merged;
	return NULL;
}
