/* How one build of CPython lays out its structs: offsets as data.
 *
 *	fields.def --> enum field, enum structure
 *	tables/     --> one table per distinct layout, generated from CPython's own headers
 *	layout     --> a table for this process: table < _Py_DebugOffsets < DWARF, checked
 *
 * Ask for the member, not for the version: HAS(l, PyThreadState, cframe). What differs in meaning
 * rather than in place is a named dialect. Absent is not zero: GET of an absent member is a bug of
 * ours and yields 0 after a trace; use HAS first, or GET_OR.
 *
 *	const uint8_t *p = memory_at(m, addr, SIZEOF(l, PyTypeObject));
 *	if (p)
 *		size = GETS(l, p, PyTypeObject, tp_basicsize);
 *
 * layout_check() made sure that every slot lies within SIZEOF of its struct, so that one
 * memory_at() of SIZEOF bytes covers all its members (flexible tails excepted: OFFSET of an AT
 * member may equal SIZEOF). */
#ifndef CPYTHON_LAYOUTS_LAYOUT_H
#define CPYTHON_LAYOUTS_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>
#include "core/error.h"
#include "core/machine.h"
#include "core/memory.h"
#include "core/trace.h"

enum structure {
#define STRUCT(S, names) STRUCT_##S,
#include "cpython_layouts/fields.def"
	STRUCT_COUNT
};

enum field {
#define FIELD(S, m, kind, paths) FIELD_##S##_##m,
#include "cpython_layouts/fields.def"
	FIELD_COUNT
};

enum slot_source { SLOT_NONE, SLOT_TABLE, SLOT_DEBUG_OFFSETS, SLOT_DWARF };

struct slot {
	uint32_t offset;	/* bytes from the struct's start */
	uint8_t width;		/* bytes; of an AT member 0 */
	uint8_t bit, bits;	/* bit field: shift after the load, width; bits 0: the whole */
	uint8_t source;		/* enum slot_source; NONE: this build has no such member */
};

struct python_version {
	uint8_t major, minor, micro;
	uint8_t level;		/* as in PY_VERSION_HEX: 0xa alpha, 0xb beta, 0xc candidate, 0xf final */
	uint8_t serial;
	bool debug;		/* Py_DEBUG */
	bool free_threaded;	/* Py_GIL_DISABLED */
};

/* What is not an offset. Set from the version's row in layout.c, once. */
enum frame_dialect {
	FRAMES_OBJECTS,		/* tstate->frame is a PyFrameObject (2.7 - 3.10) */
	FRAMES_CFRAME,		/* tstate->cframe->current_frame (3.11, 3.12) */
	FRAMES_DIRECT,		/* tstate->current_frame (3.13+) */
};
enum line_dialect {
	LINES_LNOTAB_UNSIGNED,	/* 2.7 */
	LINES_LNOTAB_SIGNED,	/* 3.6 - 3.9 */
	LINES_LINETABLE,	/* 3.10 */
	LINES_LOCATIONS,	/* 3.11+ */
};
enum attribute_dialect {
	ATTRIBUTES_DICTOFFSET,		/* tp_dictoffset alone (2.7 - 3.10) */
	ATTRIBUTES_MANAGED_311,		/* values at -4 words, dict at -3 words */
	ATTRIBUTES_MANAGED_312,		/* one tagged word at -3 words */
	ATTRIBUTES_INLINE_313,		/* inline values behind the PyObject */
	ATTRIBUTES_INLINE_314,		/* inline values at tp_basicsize */
};
enum reference_dialect {
	REFERENCES_PLAIN,
	REFERENCES_DEFERRED_BIT,	/* 3.13t: bit 0 */
	REFERENCES_TAGGED,		/* 3.14+: two tag bits, NULL is 1, tag 3 is a small int */
};
enum generator_dialect {
	GENERATORS_FRAME_OBJECT,	/* gi_frame (2.7 - 3.10) */
	GENERATORS_STATE_311,		/* -2 created, -1 suspended, 0 executing, 1 completed, 4 cleared */
	GENERATORS_STATE_313,		/* -3 created, -2 suspended, -1 in yield from, else as 3.11 */
	GENERATORS_STATE_315,		/* 0 created, 1 suspended, 2 3 in yield from, 4 executing, 5 cleared */
};

struct dialects {
	uint8_t frames, lines, attributes, references, generators;	/* the enums above */
	uint8_t owner_generator;	/* _PyInterpreterFrame.owner of a generator's own frame */
	uint8_t owner_c;		/* owners from here on: no Python frames; 0xff: none (3.11) */
	bool lasti_in_units;		/* f_lasti counts code units of 2 bytes (3.10) */
	bool qualname_shown;		/* tracebacks show co_qualname (3.11+) ... see code.h */
	bool unicode_27;		/* str is bytes; unicode is another type (2.7) */
	uint8_t deque_block;		/* items in a deque block */
	uint8_t long_shift;		/* bits per digit: 30, or 15 */
};

struct layout {
	struct slot slot[FIELD_COUNT];
	uint32_t size[STRUCT_COUNT];	/* bytes; 0: no such struct in this build */
	uint8_t size_source[STRUCT_COUNT];
	struct dialects dialect;
	struct python_version version;	/* of the process */
	const char *table;		/* name of the table it was based on: "3.12", "3.14t" */
	bool version_known;		/* false: taken from debug offsets over the nearest table */
	const struct machine *machine;
	uint8_t unicode_unit;		/* 2.7: bytes of a Py_UNICODE, 2 or 4 */
};

uint64_t layout_load(const struct layout *l, const uint8_t *p, const struct slot *s);

static inline uint64_t layout_get(const struct layout *l, const void *p, enum field f)
{
	const struct slot *s = &l->slot[f];
	if (__builtin_expect(s->width == 8 && !l->machine->swap, 1)) {
		uint64_t v;
		__builtin_memcpy(&v, (const uint8_t *)p + s->offset, 8);
		return v;
	}
	return layout_load(l, p, s);
}

static inline int64_t layout_gets(const struct layout *l, const void *p, enum field f)
{
	const struct slot *s = &l->slot[f];
	uint64_t v = layout_get(l, p, f);
	unsigned bits = s->bits ? s->bits : s->width * 8u;
	if (bits == 0 || bits >= 64)
		return (int64_t)v;
	return (int64_t)(v << (64 - bits)) >> (64 - bits);
}

#define HAS(l, S, m) ((l)->slot[FIELD_##S##_##m].source != SLOT_NONE)
#define GET(l, p, S, m) layout_get(l, p, FIELD_##S##_##m)	/* unsigned, or a pointer */
#define GETS(l, p, S, m) layout_gets(l, p, FIELD_##S##_##m)	/* sign-extended */
#define GET_OR(l, p, S, m, otherwise) (HAS(l, S, m) ? GET(l, p, S, m) : (uint64_t)(otherwise))
#define GETS_OR(l, p, S, m, otherwise) (HAS(l, S, m) ? GETS(l, p, S, m) : (int64_t)(otherwise))
#define OFFSET(l, S, m) ((l)->slot[FIELD_##S##_##m].offset)
#define WIDTH(l, S, m) ((l)->slot[FIELD_##S##_##m].width)
#define HAS_STRUCT(l, S) ((l)->size[STRUCT_##S] != 0)
#define SIZEOF(l, S) ((l)->size[STRUCT_##S])

/* Names, for `pycore layout` and messages. */
extern const char *const structure_names[STRUCT_COUNT];
extern const char *const structure_aliases[STRUCT_COUNT];	/* what CPython calls it, with | */
struct field_info {
	const char *name, *paths;
	enum structure structure;
	uint8_t kind;			/* enum field_kind */
};
enum field_kind { KIND_PTR, KIND_INT, KIND_UINT, KIND_AT };
extern const struct field_info field_infos[FIELD_COUNT];

/* A committed table (cpython_layouts/tables/). A delta lists only what differs from its base. */
struct layout_table {
	const char *name;		/* "3.12", "3.13t", "3.14d" */
	const char *base;		/* name of the table that this one amends; NULL: complete */
	uint16_t e_machine;		/* EM_X86_64; EM_AARCH64 for its deltas */
	struct python_version first, last;	/* the range of releases it was seen for */
	const char *origin;		/* which headers, which DWARF */
	const struct table_field { uint16_t field; struct slot slot; } *fields;
	size_t field_count;
	const struct table_size { uint16_t structure; uint32_t size; } *sizes;
	size_t size_count;
};
extern const struct layout_table *const layout_tables[];	/* ends with NULL */

/* NULL: there is none of that name. */
const struct layout_table *layout_table_named(const char *name);
/* Fill *ret from the table called name and its bases. */
struct error *layout_from_table(const struct layout_table *table, const struct machine *machine,
				struct layout *ret) _must_check_;
/* Tables that may fit, best first, for a version that may be only partly known (micro 0xff:
 * unknown): candidates to be proved against the core by runtime_locate(). Returns how many of
 * max were written. Zero for an unknown version. */
size_t layout_candidates(const struct python_version *v, const struct machine *machine,
			 const struct layout_table **ret, size_t max);
/* For a version that no table was made for: that of the newest older minor version with the same
 * debug and free_threaded, as a start for debug offsets and DWARF; NULL: none. What comes of it is
 * to be told as a guess. */
const struct layout_table *layout_nearest_table(const struct python_version *v,
						const struct machine *machine);
/* Overlay what _Py_DebugOffsets (3.13+) at host bytes p (len bytes) says. Every offset is bounded
 * by its struct's size and each size by 1 MiB. ERROR_UNSUPPORTED: nonsense in it. */
struct error *layout_apply_debug_offsets(struct layout *l, const uint8_t *p,
					 size_t len) _must_check_;
/* Overlay what the DWARF of the process's own python, libpython or their debug file says. Slow (it
 * reads all of it), and only for --check or when no table fits: a traceback does not pay for it.
 * Members of a struct that the file defines and that it does not name become absent. */
struct mapped_file;
struct error *layout_apply_dwarf(struct layout *l, const struct mapped_file *file) _must_check_;
/* Overlay what layout_apply_dwarf() put into an empty layout: one reading for many tables. */
void layout_overlay_dwarf(struct layout *l, const struct layout *dwarf);
/* Where a layout and the debug information of a file contradict each other. Only structs that the
 * file defines are compared; a struct's size comes after its members. */
struct layout_difference {
	enum structure structure;
	int field;			/* enum field; -1: the struct's size */
};
struct layout_comparison {
	const struct layout *layout, *dwarf;	/* dwarf: after layout_apply_dwarf() */
	size_t at;
};
bool layout_difference_next(struct layout_comparison *c, struct layout_difference *ret);
/* Every slot within its struct, flexible tails at its end, widths plausible. */
struct error *layout_check(const struct layout *l) _must_check_;

/* The nearest known version's dialects for a version; *known false when it is a guess. */
struct dialects dialects_for(const struct python_version *v, bool *known);

#endif
