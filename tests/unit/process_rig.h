/* A dead process with a Python in it, written through a layout table:
 *
 *	0x10000   types: type, dict, code, NoneType, object     each 0x400 apart, their names behind
 *	0x20000   objects: sysdict, code object, frame ...
 *	0x30000   thread states, 0x1000 apart
 *	0x100000  _PyRuntime (with the debug offsets, where there are any)
 *	0x200000  the main interpreter; 0x300000 another
 *
 * put() knows nothing of how layout_get() reads. */
#ifndef TESTS_UNIT_PROCESS_RIG_H
#define TESTS_UNIT_PROCESS_RIG_H

#include "tests/unit/test.h"

#include <elf.h>
#include "cpython_layouts/object.h"
#include "cpython_layouts/runtime.h"

enum {
	RIG_START = 0x10000, RIG_END = 0x400000,
	RIG_TYPE = 0x10000, RIG_DICT = 0x10400, RIG_CODE = 0x10800, RIG_NONE_TYPE = 0x10c00,
	RIG_KEY_ERROR = 0x11000, RIG_STR = 0x11400, RIG_NAMES = 0x18000,
	RIG_SYSDICT = 0x20000, RIG_CODE_OBJECT = 0x21000, RIG_FRAME = 0x22000, RIG_CFRAME = 0x23000,
	RIG_NONE = 0x24000, RIG_EXCEPTION = 0x25000, RIG_TEXT = 0x26000, RIG_ITEM = 0x27000,
	RIG_STATE = 0x30000, RIG_STATES = 3,
	RIG_RUNTIME = 0x100000, RIG_INTERP = 0x200000, RIG_INTERP_2 = 0x300000,
	RIG_PTHREAD = 0x7000, RIG_TID = 4200,
};

struct process_rig {
	struct target target;
	struct symbols *symbols;
	struct runtime rt;
	uint8_t *bytes;			/* RIG_START .. RIG_END */
	uint8_t registers[RIG_STATES][40 * 8];
};

static inline void rig_word(struct process_rig *rig, addr_t addr, unsigned width, uint64_t value)
{
	bool big = rig->target.machine->swap;
	assert_true(addr >= RIG_START && addr + width <= RIG_END);
	for (unsigned i = 0; i < width; i++)
		rig->bytes[addr - RIG_START + (big ? width - 1 - i : i)] = (uint8_t)(value >> (8 * i));
}

/* Members that this layout lacks are passed over. */
static inline void rig_put(struct process_rig *rig, addr_t at, enum field f, uint64_t value)
{
	const struct slot *s = &rig->rt.layout.slot[f];
	if (s->source == SLOT_NONE)
		return;
	assert_int_equal(s->bits, 0);
	rig_word(rig, at + s->offset, s->width, value);
}
#define PUT(rig, at, S, m, value) rig_put(rig, at, FIELD_##S##_##m, value)

static inline void rig_object(struct process_rig *rig, addr_t at, addr_t type)
{
	PUT(rig, at, PyObject, ob_refcnt, 1);
	PUT(rig, at, PyObject, ob_ref_local, 1);
	PUT(rig, at, PyObject, ob_type, type);
}

static inline void rig_type(struct process_rig *rig, addr_t at, const char *name, uint64_t flags)
{
	addr_t text = RIG_NAMES + (at - RIG_TYPE) / 4;
	rig_object(rig, at, RIG_TYPE);
	memcpy(rig->bytes + text - RIG_START, name, strlen(name) + 1);
	PUT(rig, at, PyTypeObject, tp_name, text);
	PUT(rig, at, PyTypeObject, tp_flags, flags | TPFLAGS_READY);
	PUT(rig, at, PyTypeObject, tp_basicsize, 64);
}

static inline void rig_code(struct process_rig *rig)
{
	const struct layout *l = &rig->rt.layout;
	rig_object(rig, RIG_CODE_OBJECT, RIG_CODE);
	rig_object(rig, RIG_TEXT, RIG_STR);
	PUT(rig, RIG_CODE_OBJECT, PyCodeObject, co_name, RIG_TEXT);
	if (l->dialect.frames == FRAMES_OBJECTS)
		PUT(rig, RIG_FRAME, PyFrameObject, f_code, RIG_CODE_OBJECT);
	else
		PUT(rig, RIG_FRAME, _PyInterpreterFrame, f_executable,
		    RIG_CODE_OBJECT | (l->dialect.references == REFERENCES_TAGGED));
	PUT(rig, RIG_CFRAME, _PyCFrame, current_frame, RIG_FRAME);
}

static inline addr_t rig_state(unsigned i)
{
	return RIG_STATE + i * 0x1000;
}

/* A thread state per OS thread; state 0 is the newest and so the first listed. */
static inline void rig_states(struct process_rig *rig, addr_t interp, unsigned first, unsigned count)
{
	PUT(rig, interp, PyInterpreterState, tstate_head, count ? rig_state(first) : 0);
	for (unsigned i = first; i < first + count; i++) {
		addr_t at = rig_state(i);
		PUT(rig, at, PyThreadState, interp, interp);
		PUT(rig, at, PyThreadState, prev, i > first ? rig_state(i - 1) : 0);
		PUT(rig, at, PyThreadState, next, i + 1 < first + count ? rig_state(i + 1) : 0);
		PUT(rig, at, PyThreadState, thread_id, RIG_PTHREAD + i);
		PUT(rig, at, PyThreadState, native_thread_id, RIG_TID + i);
		PUT(rig, at, PyThreadState, id, i + 1);
		PUT(rig, at, PyThreadState, frame, RIG_FRAME);
		PUT(rig, at, PyThreadState, cframe, RIG_CFRAME);
		PUT(rig, at, PyThreadState, current_frame, RIG_FRAME);
		PUT(rig, at, PyThreadState, exc_info, at + OFFSET(&rig->rt.layout, PyThreadState, exc_state));
	}
}

/* Empty lists of the collector: each head points to itself. */
static inline void rig_collector(struct process_rig *rig)
{
	const struct layout *l = &rig->rt.layout;
	addr_t gc = HAS(l, PyInterpreterState, gc) ? RIG_INTERP + OFFSET(l, PyInterpreterState, gc)
						   : RIG_RUNTIME + OFFSET(l, _PyRuntimeState, gc);
	if (!HAS(l, PyInterpreterState, gc) && !HAS(l, _PyRuntimeState, gc))
		return;
	addr_t first = gc + OFFSET(l, _gc_runtime_state, generations);
	PUT(rig, gc, _gc_runtime_state, generation0, first);
	for (unsigned i = 0; i < 3 && !l->version.free_threaded; i++) {
		addr_t head = first + i * SIZEOF(l, gc_generation);
		PUT(rig, head, PyGC_Head, gc_next, head);
		PUT(rig, head, PyGC_Head, gc_prev, head);
	}
}

static inline addr_t rig_gil(struct process_rig *rig)
{
	const struct layout *l = &rig->rt.layout;
	if (HAS(l, PyInterpreterState, _gil))
		return RIG_INTERP + OFFSET(l, PyInterpreterState, _gil);
	return HAS(l, _PyRuntimeState, ceval_gil) ? RIG_RUNTIME + OFFSET(l, _PyRuntimeState, ceval_gil) : 0;
}

static inline void rig_hold_gil(struct process_rig *rig, addr_t state)
{
	addr_t gil = rig_gil(rig);
	PUT(rig, RIG_INTERP, PyInterpreterState, ceval_gil, gil);
	PUT(rig, RIG_RUNTIME, _PyRuntimeState, tstate_current, state);
	if (gil) {
		PUT(rig, gil, _gil_runtime_state, enabled, 1);
		PUT(rig, gil, _gil_runtime_state, locked, state != 0);
		PUT(rig, gil, _gil_runtime_state, last_holder, state ? state : rig_state(0));
	}
}

static inline void rig_draw(struct process_rig *rig)
{
	const struct layout *l = &rig->rt.layout;
	rig_type(rig, RIG_TYPE, "type", TPFLAGS_TYPE_SUBCLASS);
	rig_type(rig, RIG_DICT, "dict", TPFLAGS_DICT_SUBCLASS);
	rig_type(rig, RIG_CODE, "code", 0);
	rig_type(rig, RIG_NONE_TYPE, "NoneType", 0);
	rig_type(rig, RIG_KEY_ERROR, "KeyError", TPFLAGS_BASE_EXC_SUBCLASS);
	rig_type(rig, RIG_STR, "str", TPFLAGS_UNICODE_SUBCLASS);
	rig_object(rig, RIG_NONE, RIG_NONE_TYPE);
	rig_object(rig, RIG_EXCEPTION, RIG_KEY_ERROR);
	rig_object(rig, RIG_SYSDICT, RIG_DICT);
	rig_code(rig);
	PUT(rig, RIG_INTERP, PyInterpreterState, sysdict, RIG_SYSDICT);
	rig_states(rig, RIG_INTERP, 0, RIG_STATES);
	rig_collector(rig);
	rig_hold_gil(rig, rig_state(2));
	if (HAS(l, _PyRuntimeState, interpreters_head)) {
		PUT(rig, RIG_RUNTIME, _PyRuntimeState, interpreters_head, RIG_INTERP);
		PUT(rig, RIG_RUNTIME, _PyRuntimeState, interpreters_main, RIG_INTERP);
		PUT(rig, RIG_RUNTIME, _PyRuntimeState, main_thread, RIG_PTHREAD + 2);
		rig->rt.address = RIG_RUNTIME;
	}
	PUT(rig, RIG_INTERP, PyInterpreterState, threads_main, rig_state(2));
	rig->rt.interpreters = RIG_INTERP;
	rig->rt.type_type = RIG_TYPE;
	rig->rt.none = RIG_NONE;
}

/* machine NULL: x86-64. */
static inline struct process_rig *rig_of(const struct layout_table *table, const struct machine *machine)
{
	struct process_rig *rig = calloc(1, sizeof(*rig));
	assert_non_null(rig);
	assert_non_null(table);
	struct target *t = &rig->target;
	t->machine = machine ? machine : machine_find(EM_X86_64, ELFCLASS64, ELFDATA2LSB);
	struct error *err = layout_from_table(table, t->machine, &rig->rt.layout);
	assert_null(err);
	bool known;
	rig->rt.layout.version = table->first;
	rig->rt.layout.dialect = dialects_for(&table->first, &known);
	rig->rt.layout.version_known = known;
	rig->rt.target = t;
	rig->bytes = calloc(1, RIG_END - RIG_START);
	assert_non_null(rig->bytes);
	struct extent extent = { RIG_START, RIG_END, rig->bytes, EXTENT_CORE, EXTENT_READ | EXTENT_WRITE,
				 NULL };
	assert_true(memory_add(&t->memory, &extent));
	assert_true(memory_seal(&t->memory));
	struct module *module = vec_push(&t->modules);
	assert_non_null(module);
	*module = (struct module){ .start = RIG_START, .end = RIG_END, .path = "/usr/bin/python",
				   .is_executable = true, .file_note = "no such file" };
	t->process.pid = RIG_TID + 2;
	for (unsigned i = 0; i < RIG_STATES; i++) {
		struct os_thread *os = vec_push(&t->threads);
		assert_non_null(os);
		os->tid = RIG_TID + i;
		os->tp = RIG_PTHREAD + i;
		os->crashed = i == 2;
		os->registers = rig->registers[i];
	}
	assert_null(symbols_load(t, NULL, &rig->symbols));
	rig->rt.symbols = rig->symbols;
	rig_draw(rig);
	return rig;
}

static inline struct process_rig *rig_named(const char *table)
{
	return rig_of(layout_table_named(table), NULL);
}

/* A symbol, as a slim core tells it. */
static inline void rig_symbol(struct process_rig *rig, const char *name, addr_t addr, uint64_t size)
{
	struct symbol_hint *hint = vec_push(&rig->target.hints);
	assert_non_null(hint);
	*hint = (struct symbol_hint){ name, addr, size };
}

static inline void rig_free(struct process_rig *rig)
{
	runtime_forget(&rig->rt);
	symbols_free(rig->symbols);
	memory_release(&rig->target.memory);
	vec_release(&rig->target.threads);
	vec_release(&rig->target.modules);
	vec_release(&rig->target.hints);
	remarks_release(&rig->target.remarks);
	arena_release(&rig->target.arena);
	free(rig->bytes);
	free(rig);
}

#endif
