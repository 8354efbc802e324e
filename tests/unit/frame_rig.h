/* Code objects and frames in process_rig.h's dead process, written through a layout table:
 *
 *	0x12000  types: tuple, bytes, cell, int
 *	0x40000  objects, one after the other, each on a boundary of 16 bytes
 *
 *	struct frame_rig *f = frame_rig_named("3.12");
 *	addr_t code = frame_code(f, &(struct drawn_code){ .name = "handler", ... });
 *	addr_t frame = frame_draw(f, &(struct drawn_frame){ .code = code, .lasti = 4 }); */
#ifndef TESTS_UNIT_FRAME_RIG_H
#define TESTS_UNIT_FRAME_RIG_H

#include "tests/unit/process_rig.h"

#include "core/checked.h"
#include "cpython_layouts/frame.h"

enum {
	FRAME_RIG_TUPLE = 0x12000, FRAME_RIG_BYTES = 0x12400, FRAME_RIG_CELL = 0x12800,
	FRAME_RIG_INT = 0x12c00, FRAME_RIG_OBJECTS = 0x40000,
};

struct frame_rig {
	struct process_rig *rig;
	const struct layout *l;
	addr_t next;			/* the next free place for an object */
};

static inline addr_t frame_alloc(struct frame_rig *f, uint64_t size)
{
	addr_t at = f->next;
	f->next = (f->next + size + 31) & ~UINT64_C(15);
	assert_true(f->next < RIG_RUNTIME);
	return at;
}

static inline void frame_put_bits(struct frame_rig *f, addr_t at, enum field field, uint64_t value)
{
	const struct slot *s = &f->l->slot[field];
	if (s->source == SLOT_NONE)
		return;
	uint64_t old = layout_load(
		f->l, f->rig->bytes + at - RIG_START,
		&(struct slot){ .offset = s->offset, .width = s->width, .source = s->source });
	rig_word(f->rig, at + s->offset, s->width, old | value << s->bit);
}
#define PUT_BITS(f, at, S, m, value) frame_put_bits(f, at, FIELD_##S##_##m, value)

static inline addr_t frame_bytes(struct frame_rig *f, const void *data, size_t len)
{
	uint32_t at_data = OFFSET(f->l, PyBytesObject, ob_sval);
	addr_t at = frame_alloc(f, at_data + len + 1);
	rig_object(f->rig, at, FRAME_RIG_BYTES);
	PUT(f->rig, at, PyVarObject, ob_size, len);
	memcpy(f->rig->bytes + at + at_data - RIG_START, data, len);
	return at;
}

/* An ASCII str; in 2.7 that is bytes. */
static inline addr_t frame_text(struct frame_rig *f, const char *text)
{
	size_t len = strlen(text);
	if (f->l->dialect.unicode_27)
		return frame_bytes(f, text, len);
	uint32_t head = SIZEOF(f->l, PyASCIIObject);
	addr_t at = frame_alloc(f, head + len + 1);
	rig_object(f->rig, at, RIG_STR);
	PUT(f->rig, at, PyASCIIObject, length, len);
	PUT_BITS(f, at, PyASCIIObject, kind, 1);
	PUT_BITS(f, at, PyASCIIObject, compact, 1);
	PUT_BITS(f, at, PyASCIIObject, ascii, 1);
	PUT_BITS(f, at, PyASCIIObject, ready, 1);
	memcpy(f->rig->bytes + at + head - RIG_START, text, len);
	return at;
}

/* Names separated by blanks, as a tuple of str. */
static inline addr_t frame_names(struct frame_rig *f, const char *names)
{
	addr_t items[16];
	size_t count = 0;
	_free_ char *copy = strdup(names ? names : "");
	char *rest = copy;
	for (char *name; (name = strsep(&rest, " "));)
		if (*name)
			items[count++] = frame_text(f, name);
	unsigned word = f->l->machine->word;
	uint32_t at_items = OFFSET(f->l, PyTupleObject, ob_item);
	addr_t at = frame_alloc(f, at_items + count * word);
	rig_object(f->rig, at, FRAME_RIG_TUPLE);
	PUT(f->rig, at, PyVarObject, ob_size, count);
	for (size_t i = 0; i < count; i++)
		rig_word(f->rig, at + at_items + i * word, word, items[i]);
	return at;
}

static inline addr_t frame_cell(struct frame_rig *f, addr_t content)
{
	addr_t at = frame_alloc(f, SIZEOF(f->l, PyCellObject));
	rig_object(f->rig, at, FRAME_RIG_CELL);
	PUT(f->rig, at, PyCellObject, ob_ref, content);
	return at;
}

/* Any object that is good as a value. */
static inline addr_t frame_value(struct frame_rig *f)
{
	addr_t at = frame_alloc(f, 64);
	rig_object(f->rig, at, RIG_NONE_TYPE);
	return at;
}

struct drawn_code {
	const char *file, *name, *qualname;
	/* Up to 3.10 in co_varnames, co_cellvars, co_freevars; in later ones all in a row, where a
	 * name of `cells` that is an argument's is that argument's own slot. */
	const char *locals, *cells, *frees;
	uint8_t positional, keyword_only;
	int64_t flags;
	uint16_t first_traceable;	/* code units */
	int64_t first_line;
};

static inline bool has_word(const char *words, const char *word, size_t len)
{
	for (const char *p = words; p && *p; p += strcspn(p, " ")) {
		p += strspn(p, " ");
		if (strcspn(p, " ") == len && strncmp(p, word, len) == 0)
			return true;
	}
	return false;
}

/* "a b" with kind, each once, to the names and kinds of a 3.11+ code object. */
static inline void add_slots(struct str *names, struct str *kinds, const char *words, uint8_t kind,
			     const char *cells)
{
	for (const char *p = words; p && *p;) {
		p += strspn(p, " ");
		size_t n = strcspn(p, " ");
		if (n && !(kind == 0x40 && has_word(names->buf, p, n))) {
			str_printf(names, "%s%.*s", names->len ? " " : "", (int)n, p);
			str_addc(kinds, (char)(kind | (has_word(cells, p, n) ? 0x40 : 0)));
		}
		p += n;
	}
}

/* Line 10 for the first 4 bytes, 12 for the next 12. */
static inline addr_t frame_lines(struct frame_rig *f)
{
	static const uint8_t lnotab[] = { 4, 2 };
	static const uint8_t linetable[] = { 4, 0, 12, 2 };
	static const uint8_t locations[] = {
		0x80 | 1 << 3 | 1, 0x24,	/* 2 units: columns 10-14 */
		0x80 | 12 << 3 | 5, 4, 9,	/* 6 units: 2 lines on, columns 4-9 */
	};
	switch ((enum line_dialect)f->l->dialect.lines) {
	case LINES_LINETABLE: return frame_bytes(f, linetable, sizeof(linetable));
	case LINES_LOCATIONS: return frame_bytes(f, locations, sizeof(locations));
	default: return frame_bytes(f, lnotab, sizeof(lnotab));
	}
}

enum { FRAME_CODE_BYTES = 16 };

static inline addr_t frame_code(struct frame_rig *f, const struct drawn_code *drawn)
{
	struct process_rig *rig = f->rig;
	const struct layout *l = f->l;
	addr_t at = frame_alloc(f, SIZEOF(l, PyCodeObject) + FRAME_CODE_BYTES);
	rig_object(rig, at, RIG_CODE);
	PUT(rig, at, PyCodeObject, co_filename,
	    frame_text(f, drawn->file ? drawn->file : "/app.py"));
	PUT(rig, at, PyCodeObject, co_name, frame_text(f, drawn->name ? drawn->name : "run"));
	PUT(rig, at, PyCodeObject, co_qualname,
	    frame_text(f, drawn->qualname ? drawn->qualname : "App.run"));
	PUT(rig, at, PyCodeObject, co_argcount, drawn->positional);
	PUT(rig, at, PyCodeObject, co_kwonlyargcount, drawn->keyword_only);
	PUT(rig, at, PyCodeObject, co_flags, (uint64_t)drawn->flags);
	PUT(rig, at, PyCodeObject, co_firstlineno,
	    drawn->first_line ? (uint64_t)drawn->first_line : 10);
	addr_t lines = frame_lines(f);
	PUT(rig, at, PyCodeObject, co_lnotab, lines);
	PUT(rig, at, PyCodeObject, co_linetable, lines);
	PUT(rig, at, PyCodeObject, _co_firsttraceable, drawn->first_traceable);
	if (!HAS(l, PyCodeObject, co_localsplusnames)) {
		static const uint8_t nothing[FRAME_CODE_BYTES];
		PUT(rig, at, PyCodeObject, co_code, frame_bytes(f, nothing, sizeof(nothing)));
		PUT(rig, at, PyCodeObject, co_varnames, frame_names(f, drawn->locals));
		PUT(rig, at, PyCodeObject, co_cellvars, frame_names(f, drawn->cells));
		PUT(rig, at, PyCodeObject, co_freevars, frame_names(f, drawn->frees));
		return at;
	}
	PUT(rig, at, PyVarObject, ob_size, FRAME_CODE_BYTES / 2);
	_str_ struct str names = STR_INIT, kinds = STR_INIT;
	add_slots(&names, &kinds, drawn->locals, 0x20, drawn->cells);
	add_slots(&names, &kinds, drawn->cells, 0x40, NULL);
	add_slots(&names, &kinds, drawn->frees, 0x80, NULL);
	PUT(rig, at, PyCodeObject, co_nlocalsplus, kinds.len);
	PUT(rig, at, PyCodeObject, co_localsplusnames, frame_names(f, names.buf));
	PUT(rig, at, PyCodeObject, co_localspluskinds, frame_bytes(f, kinds.buf, kinds.len));
	return at;
}

struct drawn_frame {
	addr_t code, previous, f_locals, globals;
	int64_t lasti;			/* bytes */
	uint8_t owner;
	addr_t slots[8];		/* as they stand in localsplus */
};

static inline addr_t frame_draw(struct frame_rig *f, const struct drawn_frame *drawn)
{
	struct process_rig *rig = f->rig;
	const struct layout *l = f->l;
	bool is_object = l->dialect.frames == FRAMES_OBJECTS;
	uint32_t at_slots = is_object ? OFFSET(l, PyFrameObject, f_localsplus)
				      : OFFSET(l, _PyInterpreterFrame, localsplus);
	addr_t at = frame_alloc(f, at_slots + sizeof(drawn->slots));
	if (is_object) {
		PUT(rig, at, PyFrameObject, f_back, drawn->previous);
		PUT(rig, at, PyFrameObject, f_code, drawn->code);
		PUT(rig, at, PyFrameObject, f_globals, drawn->globals);
		PUT(rig, at, PyFrameObject, f_locals, drawn->f_locals);
		PUT(rig, at, PyFrameObject, f_lasti,
		    (uint64_t)(l->dialect.lasti_in_units ? drawn->lasti / 2 : drawn->lasti));
	} else {
		bool is_tagged = l->dialect.references == REFERENCES_TAGGED;
		PUT(rig, at, _PyInterpreterFrame, previous, drawn->previous);
		PUT(rig, at, _PyInterpreterFrame, f_executable, drawn->code | is_tagged);
		PUT(rig, at, _PyInterpreterFrame, f_funcobj, is_tagged);
		PUT(rig, at, _PyInterpreterFrame, f_globals, drawn->globals);
		PUT(rig, at, _PyInterpreterFrame, f_locals, drawn->f_locals);
		PUT(rig, at, _PyInterpreterFrame, owner, drawn->owner);
		PUT(rig, at, _PyInterpreterFrame, instr_ptr,
		    drawn->code + OFFSET(l, PyCodeObject, co_code_adaptive) +
			    (uint64_t)drawn->lasti);
	}
	unsigned word = l->machine->word;
	for (size_t i = 0; i < ARRAY_SIZE(drawn->slots); i++)
		rig_word(rig, at + at_slots + i * word, word, drawn->slots[i]);
	return at;
}

/* The thread of state i has this innermost frame. */
static inline void frame_enter(struct frame_rig *f, unsigned i, addr_t frame)
{
	addr_t state = rig_state(i), cframe = frame_alloc(f, 64);
	PUT(f->rig, cframe, _PyCFrame, current_frame, frame);
	PUT(f->rig, state, PyThreadState, frame, frame);
	PUT(f->rig, state, PyThreadState, cframe, cframe);
	PUT(f->rig, state, PyThreadState, current_frame, frame);
}

static inline struct frame_rig *frame_rig_of(const char *table, const struct machine *machine)
{
	struct frame_rig *f = calloc(1, sizeof(*f));
	assert_non_null(f);
	f->rig = rig_of(layout_table_named(table), machine);
	f->l = &f->rig->rt.layout;
	f->next = FRAME_RIG_OBJECTS;
	rig_type(f->rig, FRAME_RIG_TUPLE, "tuple", TPFLAGS_TUPLE_SUBCLASS);
	rig_type(f->rig, FRAME_RIG_BYTES, f->l->dialect.unicode_27 ? "str" : "bytes",
		 TPFLAGS_BYTES_SUBCLASS);
	rig_type(f->rig, FRAME_RIG_CELL, "cell", 0);
	rig_type(f->rig, FRAME_RIG_INT, "int", TPFLAGS_LONG_SUBCLASS);
	for (unsigned i = 0; i < RIG_STATES; i++)
		frame_enter(f, i, 0);
	return f;
}

static inline struct frame_rig *frame_rig_named(const char *table)
{
	return frame_rig_of(table, NULL);
}

static inline void frame_rig_free(struct frame_rig *f)
{
	rig_free(f->rig);
	free(f);
}

/* One table for each way in which frames, code objects or references are laid out. */
static const char *const frame_tables[] = {
	"2.7",  "2.7d", "3.6",   "3.7",  "3.8",   "3.9",  "3.10",  "3.11",
	"3.12", "3.13", "3.13t", "3.14", "3.14t", "3.15", "3.15t",
};

#endif
