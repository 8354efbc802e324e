#include "cpython_layouts/layout.h"

#include <elf.h>
#include <inttypes.h>
#include <string.h>
#include "core/checked.h"

enum {
	BASES_MAX = 4,			/* a delta of a delta of ... */
	STRUCT_SIZE_MAX = 16 << 20,	/* no struct of CPython comes near */
	CANDIDATES_MAX = 64,		/* tables of one minor version and build */
};

/* --- loads -------------------------------------------------------------------------------- */

uint64_t layout_load(const struct layout *l, const uint8_t *p, const struct slot *s)
{
	uint64_t v;
	p += s->offset;
	switch (s->width) {
	case 1:
		v = *p;
		break;
	case 2:
		v = load_u16(l->machine, p);
		break;
	case 4:
		v = load_u32(l->machine, p);
		break;
	case 8:
		v = load_u64(l->machine, p);
		break;
	default: {
		size_t f = (size_t)(s - l->slot);
		trace(LAYOUT, "%s.%s is read, which %s has not",
		      f < FIELD_COUNT ? structure_names[field_infos[f].structure] : "?",
		      f < FIELD_COUNT ? field_infos[f].name : "?",
		      l->table ? l->table : "this layout");
		return 0;
	}
	}
	return s->bits ? (v >> s->bit) & ((1ull << s->bits) - 1) : v;
}

/* --- dialects ------------------------------------------------------------------------------ */

/* What changed in meaning, from which release on. Sources, all CPython's own:
 *
 * lines       Objects/lnotab_notes.txt (to 3.10), InternalDocs/code_objects.md (3.11+)
 * lasti       3.10 counts instructions: Include/cpython/frameobject.h
 * owners      Include/internal/pycore_frame.h, pycore_interpframe_structs.h (3.14+):
 *             3.11 has no C-owned frames; 3.12, 3.13 FRAME_OWNED_BY_CSTACK 3; 3.14
 *             FRAME_OWNED_BY_INTERPRETER 3, ..CSTACK 4; 3.15 INTERPRETER 3
 * attributes  Include/internal/pycore_object.h, pycore_dict.h
 * references  Include/internal/pycore_stackref.h
 * generators  Include/internal/pycore_frame.h, pycore_interpframe_structs.h: enum _framestate
 * deque       BLOCKLEN in Modules/_collectionsmodule.c: 62 in 2.7, 64 from 3.4 on */
static const struct dialect_row {
	uint8_t major, minor;
	struct dialects dialect;
} dialect_rows[] = {
	{ 2, 7, { FRAMES_OBJECTS, LINES_LNOTAB_UNSIGNED, ATTRIBUTES_DICTOFFSET, REFERENCES_PLAIN,
		  GENERATORS_FRAME_OBJECT, .owner_c = 0xff, .unicode_27 = true, .deque_block = 62 } },
	{ 3, 6, { FRAMES_OBJECTS, LINES_LNOTAB_SIGNED, ATTRIBUTES_DICTOFFSET, REFERENCES_PLAIN,
		  GENERATORS_FRAME_OBJECT, .owner_c = 0xff, .deque_block = 64 } },
	{ 3, 10, { FRAMES_OBJECTS, LINES_LINETABLE, ATTRIBUTES_DICTOFFSET, REFERENCES_PLAIN,
		   GENERATORS_FRAME_OBJECT, .owner_c = 0xff, .lasti_in_units = true,
		   .deque_block = 64 } },
	{ 3, 11, { FRAMES_CFRAME, LINES_LOCATIONS, ATTRIBUTES_MANAGED_311, REFERENCES_PLAIN,
		   GENERATORS_STATE_311, .owner_generator = 1, .owner_c = 0xff,
		   .qualname_shown = true, .deque_block = 64 } },
	{ 3, 12, { FRAMES_CFRAME, LINES_LOCATIONS, ATTRIBUTES_MANAGED_312, REFERENCES_PLAIN,
		   GENERATORS_STATE_311, .owner_generator = 1, .owner_c = 3, .qualname_shown = true,
		   .deque_block = 64 } },
	{ 3, 13, { FRAMES_DIRECT, LINES_LOCATIONS, ATTRIBUTES_INLINE_313, REFERENCES_PLAIN,
		   GENERATORS_STATE_313, .owner_generator = 1, .owner_c = 3, .qualname_shown = true,
		   .deque_block = 64 } },
	{ 3, 14, { FRAMES_DIRECT, LINES_LOCATIONS, ATTRIBUTES_INLINE_314, REFERENCES_TAGGED,
		   GENERATORS_STATE_313, .owner_generator = 1, .owner_c = 3, .qualname_shown = true,
		   .deque_block = 64 } },
	{ 3, 15, { FRAMES_DIRECT, LINES_LOCATIONS, ATTRIBUTES_INLINE_314, REFERENCES_TAGGED,
		   GENERATORS_STATE_315, .owner_generator = 1, .owner_c = 3, .qualname_shown = true,
		   .deque_block = 64 } },
};

static bool same_minor(const struct python_version *a, const struct python_version *b)
{
	return a->major == b->major && a->minor == b->minor;
}

struct dialects dialects_for(const struct python_version *v, bool *known)
{
	const struct dialect_row *row = dialect_rows;
	struct dialects ret;
	for (size_t i = 0; i < ARRAY_SIZE(dialect_rows); i++) {
		if (dialect_rows[i].major < v->major ||
		    (dialect_rows[i].major == v->major && dialect_rows[i].minor <= v->minor))
			row = &dialect_rows[i];
	}
	ret = row->dialect;
	ret.long_shift = 30;
	if (v->major == 3 && v->minor == 13 && v->free_threaded)
		ret.references = REFERENCES_DEFERRED_BIT;
	if (known) {
		*known = false;
		for (size_t i = 0; layout_tables[i]; i++)
			*known |= same_minor(&layout_tables[i]->first, v);
	}
	return ret;
}

/* --- tables -------------------------------------------------------------------------------- */

const struct layout_table *layout_table_named(const char *name)
{
	for (size_t i = 0; layout_tables[i]; i++) {
		if (!strcmp(layout_tables[i]->name, name))
			return layout_tables[i];
	}
	return NULL;
}

static uint8_t word_of(uint16_t e_machine)
{
	switch (e_machine) {
	case EM_386:
	case EM_ARM:
	case EM_PPC:
	case EM_MIPS:
		return 4;
	default:
		return 8;
	}
}

struct error *layout_from_table(const struct layout_table *table, const struct machine *machine,
				struct layout *ret)
{
	const struct layout_table *chain[BASES_MAX + 1];
	size_t depth = 0;
	for (const struct layout_table *t = table; t; t = layout_table_named(t->base)) {
		if (depth > BASES_MAX)
			return error_new(ERROR_INTERNAL, "table %s: its bases have no end",
					 table->name);
		chain[depth++] = t;
		if (!t->base)
			break;
		if (!layout_table_named(t->base))
			return error_new(ERROR_INTERNAL, "table %s: there is no table %s", t->name,
					 t->base);
	}
	if (word_of(table->e_machine) != machine->word)
		return error_new(ERROR_UNSUPPORTED,
				 "there is no layout table for a %u-bit CPython %u.%u; add one "
				 "(docs/adding-a-python.md)",
				 machine->word * 8u, table->first.major, table->first.minor);
	*ret = (struct layout){ .machine = machine, .table = table->name, .version = table->first };
	while (depth-- > 0) {
		const struct layout_table *t = chain[depth];
		for (size_t i = 0; i < t->field_count; i++)
			ret->slot[t->fields[i].field] = t->fields[i].slot;
		for (size_t i = 0; i < t->size_count; i++) {
			ret->size[t->sizes[i].structure] = t->sizes[i].size;
			ret->size_source[t->sizes[i].structure] = SLOT_TABLE;
		}
	}
	ret->dialect = dialects_for(&table->first, &ret->version_known);
	if (machine->word == 4)		/* PYLONG_BITS_IN_DIGIT's default, Include/pyport.h */
		ret->dialect.long_shift = 15;
	/* Debian's choice; pyenv's and python.org's 2.7 have 2: runtime_locate() finds out */
	ret->unicode_unit = 4;
	return NULL;
}

/* Is t made for another machine, or amended for this one by a delta? */
static bool unfit_for_machine(const struct layout_table *t, const struct machine *machine)
{
	if (t->e_machine == machine->e_machine)
		return false;
	if (t->e_machine != EM_X86_64 || machine->word != 8)
		return true;
	for (size_t i = 0; layout_tables[i]; i++) {
		const struct layout_table *u = layout_tables[i];
		if (u->base && u->e_machine == machine->e_machine && !strcmp(u->base, t->name))
			return true;
	}
	return false;
}

/* How many releases lie between v and the releases the table was seen for. */
static unsigned distance(const struct layout_table *t, const struct python_version *v)
{
	if (v->micro == 0xff || (v->micro >= t->first.micro && v->micro <= t->last.micro))
		return 0;
	return v->micro < t->first.micro ? t->first.micro - v->micro : v->micro - t->last.micro;
}

size_t layout_candidates(const struct python_version *v, const struct machine *machine,
			 const struct layout_table **ret, size_t max)
{
	struct { const struct layout_table *table; unsigned away; } found[CANDIDATES_MAX], one;
	size_t count = 0;
	for (size_t i = 0; layout_tables[i] && count < CANDIDATES_MAX; i++) {
		const struct layout_table *t = layout_tables[i];
		if (!same_minor(&t->first, v) || t->first.debug != v->debug ||
		    t->first.free_threaded != v->free_threaded || unfit_for_machine(t, machine))
			continue;
		/* nearest first; among equals the order of tables.def */
		one.table = t;
		one.away = distance(t, v);
		size_t at = count++;
		for (; at > 0 && found[at - 1].away > one.away; at--)
			found[at] = found[at - 1];
		found[at] = one;
	}
	count = MIN(count, max);
	for (size_t i = 0; i < count; i++)
		ret[i] = found[i].table;
	return count;
}

const struct layout_table *layout_nearest_table(const struct python_version *v,
						const struct machine *machine)
{
	const struct layout_table *best = NULL;
	for (size_t i = 0; layout_tables[i]; i++) {
		const struct layout_table *t = layout_tables[i], *one[1];
		struct python_version minor = t->first;
		minor.micro = 0xff;
		if (t->first.major != v->major || t->first.minor > v->minor ||
		    t->first.debug != v->debug || t->first.free_threaded != v->free_threaded ||
		    (best && t->first.minor <= best->first.minor))
			continue;
		if (layout_candidates(&minor, machine, one, 1) == 1)
			best = one[0];
	}
	return best;
}

/* --- checking ------------------------------------------------------------------------------ */

/* Without these nothing can be said about any process. */
static const uint16_t needed[] = {
	FIELD_PyObject_ob_type, FIELD_PyTypeObject_tp_name, FIELD_PyTypeObject_tp_flags,
	FIELD_PyTypeObject_tp_basicsize, FIELD_PyInterpreterState_next,
	FIELD_PyInterpreterState_tstate_head, FIELD_PyThreadState_next, FIELD_PyThreadState_interp,
	FIELD_PyThreadState_thread_id, FIELD_PyCodeObject_co_filename, FIELD_PyCodeObject_co_name,
	FIELD_PyCodeObject_co_firstlineno,
};

static struct error *check_slot(const struct layout *l, size_t f)
{
	const struct slot *s = &l->slot[f];
	const struct field_info *info = &field_infos[f];
	uint64_t size = l->size[info->structure];
	bool fits = s->width == 1 || s->width == 2 || s->width == 4 || s->width == 8;
	if (info->kind == KIND_AT)
		fits = s->width == 0;
	else if (info->kind == KIND_PTR)
		fits = s->width == l->machine->word && s->bits == 0;
	if (s->bits)
		fits = fits && s->width <= 4 && s->bit + s->bits <= s->width * 8;
	if (fits && (uint64_t)s->offset + s->width <= size)
		return NULL;
	return error_new(ERROR_UNSUPPORTED,
			 "layout %s: %s.%s (%u bytes at %u) does not lie in a struct of %" PRIu64,
			 l->table ? l->table : "?", structure_names[info->structure], info->name,
			 s->width, s->offset, size);
}

struct error *layout_check(const struct layout *l)
{
	for (size_t s = 0; s < STRUCT_COUNT; s++) {
		if (l->size[s] > STRUCT_SIZE_MAX)
			return error_new(ERROR_UNSUPPORTED,
					 "layout %s: %s has %u bytes, which cannot be",
					 l->table ? l->table : "?", structure_names[s], l->size[s]);
	}
	for (size_t f = 0; f < FIELD_COUNT; f++) {
		struct error *err = l->slot[f].source == SLOT_NONE ? NULL : check_slot(l, f);
		if (err)
			return err;
	}
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		if (l->slot[needed[i]].source == SLOT_NONE)
			return error_new(ERROR_UNSUPPORTED, "layout %s: %s.%s is not known",
					 l->table ? l->table : "?",
					 structure_names[field_infos[needed[i]].structure],
					 field_infos[needed[i]].name);
	}
	return NULL;
}
