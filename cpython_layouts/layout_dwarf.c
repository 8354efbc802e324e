/* fields.def's question put to a file's DWARF, and its answer put into a layout. The tables are
 * made this way too (gen/dump_table.c): there is one reader for both. */
#include "cpython_layouts/layout.h"

#include <string.h>
#include "core/checked.h"
#include "symbols/dwarf.h"

/* Does what DWARF says of a member suit the kind fields.def gives it? */
static bool suits(uint8_t kind, const struct dwarf_member *m, unsigned word)
{
	switch (kind) {
	case KIND_PTR:
		return m->size == word && m->bits == 0;
	case KIND_AT:
		return m->bits == 0;
	default:	/* of an array its first item: 3.15's typecode[3] */
		return m->element == 1 || m->element == 2 || m->element == 4 || m->element == 8;
	}
}

/* A giant is none of Python's: neither its size nor its members are believed. */
static bool is_defined(const struct dwarf_struct *s)
{
	return s->size != 0 && s->size <= UINT32_MAX;
}

static void take_struct(struct layout *l, enum structure s, const struct dwarf_struct *found)
{
	l->size[s] = (uint32_t)found->size;
	l->size_source[s] = SLOT_DWARF;
}

static void take_member(struct layout *l, enum field f, const struct dwarf_member *found)
{
	struct slot *slot = &l->slot[f];
	if (!found->found) {
		*slot = (struct slot){ 0 };
		return;
	}
	if (!suits(field_infos[f].kind, found, l->machine->word)) {
		trace(LAYOUT, "%s.%s: %u bytes in the debug information do not suit its kind",
		      structure_names[field_infos[f].structure], field_infos[f].name, found->size);
		*slot = (struct slot){ 0 };
		return;
	}
	*slot = (struct slot){
		.offset = found->offset,
		.width = field_infos[f].kind == KIND_AT ? 0 : (uint8_t)found->element,
		.bit = found->bit,
		.bits = found->bits,
		.source = SLOT_DWARF,
	};
}

struct error *layout_apply_dwarf(struct layout *l, const struct mapped_file *file)
{
	_free_ struct dwarf_member *members = calloc(FIELD_COUNT, sizeof(*members));
	_free_ struct dwarf_struct *structs = calloc(STRUCT_COUNT, sizeof(*structs));
	if (!members || !structs)
		return error_nomem();
	for (size_t s = 0; s < STRUCT_COUNT; s++)
		structs[s].names = structure_aliases[s];
	for (size_t f = 0; f < FIELD_COUNT; f++) {
		struct dwarf_struct *s = &structs[field_infos[f].structure];
		if (s->count++ == 0)
			s->members = &members[f];
		members[f].paths = field_infos[f].paths;
	}
	struct error *err = dwarf_read_structs(file, structs, STRUCT_COUNT);
	if (err)
		return err;
	for (size_t f = 0; f < FIELD_COUNT; f++) {
		if (is_defined(&structs[field_infos[f].structure]))
			take_member(l, f, &members[f]);
	}
	for (size_t s = 0; s < STRUCT_COUNT; s++) {
		if (is_defined(&structs[s]))
			take_struct(l, s, &structs[s]);
	}
	return NULL;
}

void layout_overlay_dwarf(struct layout *l, const struct layout *dwarf)
{
	for (size_t f = 0; f < FIELD_COUNT; f++) {
		if (dwarf->size_source[field_infos[f].structure] == SLOT_DWARF)
			l->slot[f] = dwarf->slot[f];
	}
	for (size_t s = 0; s < STRUCT_COUNT; s++) {
		if (dwarf->size_source[s] == SLOT_DWARF) {
			l->size[s] = dwarf->size[s];
			l->size_source[s] = SLOT_DWARF;
		}
	}
}

static bool same_place(const struct slot *a, const struct slot *b)
{
	if (a->source == SLOT_NONE || b->source == SLOT_NONE)
		return a->source == b->source;
	return a->offset == b->offset && a->width == b->width && a->bit == b->bit &&
	       a->bits == b->bits;
}

bool layout_difference_next(struct layout_comparison *c, struct layout_difference *ret)
{
	while (c->at < FIELD_COUNT) {
		size_t f = c->at++;
		enum structure s = field_infos[f].structure;
		if (c->dwarf->size_source[s] != SLOT_DWARF ||
		    same_place(&c->layout->slot[f], &c->dwarf->slot[f]))
			continue;
		*ret = (struct layout_difference){ s, (int)f };
		return true;
	}
	while (c->at < FIELD_COUNT + STRUCT_COUNT) {
		size_t s = c->at++ - FIELD_COUNT;
		if (c->dwarf->size_source[s] != SLOT_DWARF ||
		    c->layout->size[s] == c->dwarf->size[s])
			continue;
		*ret = (struct layout_difference){ s, -1 };
		return true;
	}
	return false;
}
