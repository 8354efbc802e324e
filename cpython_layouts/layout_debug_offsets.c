/* _Py_DebugOffsets: the struct at the start of _PyRuntime in which 3.13+ says where its own
 * members lie (Include/internal/pycore_runtime.h in 3.13, pycore_debug_offsets.h from 3.14 on).
 *
 *	0 "xdebugpy" | 8 version | 16 free_threaded | 24 runtime_state.size | 32 ...
 *
 * All words of 8 bytes. Which word means what is fixed within a minor version. */
#include "cpython_layouts/layout.h"

#include <inttypes.h>
#include <string.h>
#include "core/checked.h"

#define SIZE_MAX_ (1u << 20)

struct position {
	uint16_t at;			/* in _Py_DebugOffsets */
	bool is_size;
	uint16_t index;			/* enum structure or enum field */
};
#define S(at, structure) { at, true, STRUCT_##structure },
#define F(at, structure, member) { at, false, FIELD_##structure##_##member },

static const struct position positions_313[] = {
	S(24, _PyRuntimeState) F(32, _PyRuntimeState, finalizing) F(40, _PyRuntimeState, interpreters_head)
	S(48, PyInterpreterState) F(56, PyInterpreterState, id) F(64, PyInterpreterState, next)
	F(72, PyInterpreterState, tstate_head) F(80, PyInterpreterState, gc)
	F(88, PyInterpreterState, modules) F(96, PyInterpreterState, sysdict)
	F(104, PyInterpreterState, builtins) F(112, PyInterpreterState, ceval_gil)
	F(120, PyInterpreterState, _gil) F(128, _gil_runtime_state, enabled)
	F(136, _gil_runtime_state, locked) F(144, _gil_runtime_state, last_holder)
	S(152, PyThreadState) F(160, PyThreadState, prev) F(168, PyThreadState, next)
	F(176, PyThreadState, interp) F(184, PyThreadState, current_frame)
	F(192, PyThreadState, thread_id) F(200, PyThreadState, native_thread_id)
	F(208, PyThreadState, datastack_chunk) F(216, PyThreadState, _status)
	S(224, _PyInterpreterFrame) F(232, _PyInterpreterFrame, previous)
	F(240, _PyInterpreterFrame, f_executable) F(248, _PyInterpreterFrame, instr_ptr)
	F(256, _PyInterpreterFrame, localsplus) F(264, _PyInterpreterFrame, owner)
	S(272, PyCodeObject) F(280, PyCodeObject, co_filename) F(288, PyCodeObject, co_name)
	F(296, PyCodeObject, co_qualname) F(304, PyCodeObject, co_linetable)
	F(312, PyCodeObject, co_firstlineno) F(320, PyCodeObject, co_argcount)
	F(328, PyCodeObject, co_localsplusnames) F(336, PyCodeObject, co_localspluskinds)
	F(344, PyCodeObject, co_code_adaptive)
	S(352, PyObject) F(360, PyObject, ob_type)
	S(368, PyTypeObject) F(376, PyTypeObject, tp_name) F(384, PyTypeObject, tp_repr)
	F(392, PyTypeObject, tp_flags)
	S(400, PyTupleObject) F(408, PyTupleObject, ob_item)
	S(424, PyListObject) F(432, PyListObject, ob_item)
	S(448, PyDictObject) F(456, PyDictObject, ma_keys) F(464, PyDictObject, ma_values)
	S(472, PyFloatObject) F(480, PyFloatObject, ob_fval)
	S(488, PyLongObject) F(496, PyLongObject, lv_tag) F(504, PyLongObject, ob_digit)
	S(512, PyBytesObject) F(528, PyBytesObject, ob_sval)
	F(552, PyASCIIObject, length) S(560, PyASCIIObject)
	S(568, _gc_runtime_state) F(576, _gc_runtime_state, collecting)
};

static const struct position positions_314[] = {
	S(24, _PyRuntimeState) F(32, _PyRuntimeState, finalizing) F(40, _PyRuntimeState, interpreters_head)
	S(48, PyInterpreterState) F(56, PyInterpreterState, id) F(64, PyInterpreterState, next)
	F(72, PyInterpreterState, tstate_head) F(80, PyInterpreterState, threads_main)
	F(88, PyInterpreterState, gc) F(96, PyInterpreterState, modules)
	F(104, PyInterpreterState, sysdict) F(112, PyInterpreterState, builtins)
	F(120, PyInterpreterState, ceval_gil) F(128, PyInterpreterState, _gil)
	F(136, _gil_runtime_state, enabled) F(144, _gil_runtime_state, locked)
	F(152, _gil_runtime_state, last_holder)
	S(176, PyThreadState) F(184, PyThreadState, prev) F(192, PyThreadState, next)
	F(200, PyThreadState, interp) F(208, PyThreadState, current_frame)
	F(216, PyThreadState, thread_id) F(224, PyThreadState, native_thread_id)
	F(232, PyThreadState, datastack_chunk) F(240, PyThreadState, _status)
	S(248, _PyInterpreterFrame) F(256, _PyInterpreterFrame, previous)
	F(264, _PyInterpreterFrame, f_executable) F(272, _PyInterpreterFrame, instr_ptr)
	F(280, _PyInterpreterFrame, localsplus) F(288, _PyInterpreterFrame, owner)
	F(296, _PyInterpreterFrame, stackpointer) F(304, _PyInterpreterFrame, tlbc_index)
	S(312, PyCodeObject) F(320, PyCodeObject, co_filename) F(328, PyCodeObject, co_name)
	F(336, PyCodeObject, co_qualname) F(344, PyCodeObject, co_linetable)
	F(352, PyCodeObject, co_firstlineno) F(360, PyCodeObject, co_argcount)
	F(368, PyCodeObject, co_localsplusnames) F(376, PyCodeObject, co_localspluskinds)
	F(384, PyCodeObject, co_code_adaptive) F(392, PyCodeObject, co_tlbc)
	S(400, PyObject) F(408, PyObject, ob_type)
	S(416, PyTypeObject) F(424, PyTypeObject, tp_name) F(432, PyTypeObject, tp_repr)
	F(440, PyTypeObject, tp_flags)
	S(448, PyTupleObject) F(456, PyTupleObject, ob_item)
	S(472, PyListObject) F(480, PyListObject, ob_item)
	S(496, PySetObject) F(504, PySetObject, used) F(512, PySetObject, table) F(520, PySetObject, mask)
	S(528, PyDictObject) F(536, PyDictObject, ma_keys) F(544, PyDictObject, ma_values)
	S(552, PyFloatObject) F(560, PyFloatObject, ob_fval)
	S(568, PyLongObject) F(576, PyLongObject, lv_tag) F(584, PyLongObject, ob_digit)
	S(592, PyBytesObject) F(608, PyBytesObject, ob_sval)
	F(632, PyASCIIObject, length) S(640, PyASCIIObject)
	S(648, _gc_runtime_state) F(656, _gc_runtime_state, collecting)
	S(664, PyGenObject) F(680, PyGenObject, gi_iframe) F(688, PyGenObject, gi_frame_state)
};

static const struct position positions_315[] = {
	S(24, _PyRuntimeState) F(32, _PyRuntimeState, finalizing) F(40, _PyRuntimeState, interpreters_head)
	S(48, PyInterpreterState) F(56, PyInterpreterState, id) F(64, PyInterpreterState, next)
	F(72, PyInterpreterState, tstate_head) F(80, PyInterpreterState, threads_main)
	F(88, PyInterpreterState, gc) F(96, PyInterpreterState, modules)
	F(104, PyInterpreterState, sysdict) F(112, PyInterpreterState, builtins)
	F(120, PyInterpreterState, ceval_gil) F(128, PyInterpreterState, _gil)
	F(136, _gil_runtime_state, enabled) F(144, _gil_runtime_state, locked)
	F(152, _gil_runtime_state, last_holder)
	S(176, PyThreadState) F(184, PyThreadState, prev) F(192, PyThreadState, next)
	F(200, PyThreadState, interp) F(208, PyThreadState, current_frame)
	F(216, PyThreadState, base_frame) F(240, PyThreadState, thread_id)
	F(248, PyThreadState, native_thread_id) F(256, PyThreadState, datastack_chunk)
	F(264, PyThreadState, _status) F(272, PyThreadState, holds_gil)
	F(280, PyThreadState, gil_requested) F(288, PyThreadState, current_exception)
	F(296, PyThreadState, exc_state) F(304, _PyErr_StackItem, exc_value)
	S(312, _PyInterpreterFrame) F(320, _PyInterpreterFrame, previous)
	F(328, _PyInterpreterFrame, f_executable) F(336, _PyInterpreterFrame, instr_ptr)
	F(344, _PyInterpreterFrame, localsplus) F(352, _PyInterpreterFrame, owner)
	F(360, _PyInterpreterFrame, stackpointer) F(368, _PyInterpreterFrame, tlbc_index)
	S(376, PyCodeObject) F(384, PyCodeObject, co_filename) F(392, PyCodeObject, co_name)
	F(400, PyCodeObject, co_qualname) F(408, PyCodeObject, co_linetable)
	F(416, PyCodeObject, co_firstlineno) F(424, PyCodeObject, co_argcount)
	F(432, PyCodeObject, co_localsplusnames) F(440, PyCodeObject, co_localspluskinds)
	F(448, PyCodeObject, co_code_adaptive) F(456, PyCodeObject, co_tlbc)
	S(464, PyObject) F(472, PyObject, ob_type)
	S(480, PyTypeObject) F(488, PyTypeObject, tp_name) F(496, PyTypeObject, tp_repr)
	F(504, PyTypeObject, tp_flags) F(512, PyTypeObject, tp_basicsize)
	F(520, PyTypeObject, tp_dictoffset)
	S(528, PyHeapTypeObject) F(536, PyHeapTypeObject, ht_cached_keys)
	S(544, PyTupleObject) F(552, PyTupleObject, ob_item)
	S(568, PyListObject) F(576, PyListObject, ob_item)
	S(592, PySetObject) F(600, PySetObject, used) F(608, PySetObject, table) F(616, PySetObject, mask)
	S(624, PyDictObject) F(632, PyDictObject, ma_keys) F(640, PyDictObject, ma_values)
	S(648, PyFloatObject) F(656, PyFloatObject, ob_fval)
	S(664, PyLongObject) F(672, PyLongObject, lv_tag) F(680, PyLongObject, ob_digit)
	S(688, PyBytesObject) F(704, PyBytesObject, ob_sval)
	F(728, PyASCIIObject, length) S(736, PyASCIIObject) S(744, PyCompactUnicodeObject)
	S(752, _gc_runtime_state) F(760, _gc_runtime_state, collecting) F(768, _gc_runtime_state, frame)
	S(792, PyGenObject) F(808, PyGenObject, gi_iframe) F(816, PyGenObject, gi_frame_state)
};
#undef S
#undef F

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

static const struct positions {
	uint8_t major, minor;
	uint16_t size;			/* of _Py_DebugOffsets */
	const struct position *items;
	size_t count;
	uint16_t status, state;		/* where these two are told */
} all_positions[] = {
	{ 3, 13, 584, positions_313, ARRAY_SIZE(positions_313), 216, 544 },
	{ 3, 14, 760, positions_314, ARRAY_SIZE(positions_314), 240, 624 },
	{ 3, 15, 888, positions_315, ARRAY_SIZE(positions_315), 264, 720 },
};

/* A later minor version is read as the last one that we know: members are mostly appended, and
 * what was inserted shows as sizes and offsets that contradict each other. */
static const struct positions *positions_for(unsigned major, unsigned minor)
{
	const struct positions *ret = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(all_positions); i++) {
		if (all_positions[i].major == major && all_positions[i].minor <= minor)
			ret = &all_positions[i];
	}
	return ret;
}

static struct error *nonsense(const char *structure, const char *member, uint64_t value)
{
	return error_new(ERROR_UNSUPPORTED,
			 "the debug offsets in _PyRuntime say nonsense: %s%s%s is %" PRIu64, structure,
			 member ? "." : "", member ? member : "'s size", value);
}

static struct error *apply_size(struct layout *l, enum structure s, uint64_t size)
{
	if (size == 0 || size > SIZE_MAX_)
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
	if (offset > SIZE_MAX_ || offset + slot->width > size)
		return nonsense(structure_names[s], field_infos[f].name, offset);
	slot->offset = (uint32_t)offset;
	slot->source = SLOT_DEBUG_OFFSETS;
	return NULL;
}

static struct error *move_bits(struct layout *l, const uint16_t *fields, size_t count, uint64_t offset)
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

struct error *layout_apply_debug_offsets(struct layout *l, const uint8_t *p, size_t len)
{
	struct layout merged = *l;
	struct error *err = NULL;
	uint64_t version = len >= 24 ? load_u64(l->machine, p + 8) : 0;
	const struct positions *positions = positions_for(version >> 24 & 0xff, version >> 16 & 0xff);
	if (len < 24 || memcmp(p, "xdebugpy", 8) != 0 || version > UINT32_MAX)
		return error_new(ERROR_UNSUPPORTED, "there are no debug offsets at the start of _PyRuntime");
	if (!positions)
		return error_new(ERROR_UNSUPPORTED, "the debug offsets are of CPython %u.%u, which has none",
				 (unsigned)(version >> 24), (unsigned)(version >> 16 & 0xff));
	if (len < positions->size)
		return error_new(ERROR_UNSUPPORTED, "only %zu of %u bytes of the debug offsets can be read", len,
				 positions->size);
	for (size_t i = 0; i < positions->count && !err; i++) {
		const struct position *at = &positions->items[i];
		uint64_t value = load_u64(l->machine, p + at->at);
		if (at->is_size)
			err = apply_size(&merged, at->index, value);
	}
	for (size_t i = 0; i < positions->count && !err; i++) {
		const struct position *at = &positions->items[i];
		uint64_t value = load_u64(l->machine, p + at->at);
		/* These two are told as places in the interpreter, in its _gil; `enabled` is not. */
		if (!at->is_size && (at->index == FIELD__gil_runtime_state_locked ||
				     at->index == FIELD__gil_runtime_state_last_holder))
			value -= merged.slot[FIELD_PyInterpreterState__gil].offset;
		if (!at->is_size)
			err = apply_field(&merged, at->index, value);
	}
	if (!err)
		err = move_bits(&merged, status_bits, ARRAY_SIZE(status_bits),
				load_u64(l->machine, p + positions->status));
	if (!err)
		err = move_bits(&merged, state_bits, ARRAY_SIZE(state_bits),
				load_u64(l->machine, p + positions->state));
	if (!err)
		err = layout_check(&merged);
	if (err)
		return err;
	*l = merged;
	return NULL;
}
