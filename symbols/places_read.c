#include "symbols/places_read.h"

#include <dwarf.h>
#include <string.h>
#include "core/checked.h"
#include "symbols/demangle.h"
#include "symbols/dwarf_file.h"

/* Entries of one unit that are looked at for the functions that were asked for. */
enum { ENTRIES_MAX = 1 << 22, CONTAINERS_MAX = 1 << 16 };

struct place_asked {
	uint32_t question;
	uint64_t vaddr;
	Dwarf_Die unit, function;
	bool has_unit, has_function;
};

struct reading {
	struct dwarf_file file, shared;
	struct place_asked *asked;	/* of this file, by address */
	size_t count;
};

/* --- units ---------------------------------------------------------------------------------- */

/* .debug_aranges has most; clang and rustc do not write it, so the rest is looked for in the units
 * themselves, all at once. */
static void find_units(struct reading *r)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit;
	uint8_t type;
	size_t left = 0;
	for (size_t i = 0; i < r->count; i++) {
		struct place_asked *a = &r->asked[i];
		a->has_unit = dwarf_addrdie(r->file.dwarf, a->vaddr, &a->unit) != NULL;
		left += !a->has_unit;
	}
	while (left && dwarf_get_units(r->file.dwarf, cu, &cu, NULL, &type, &unit, NULL) == 0) {
		for (size_t i = 0; i < r->count; i++) {
			struct place_asked *a = &r->asked[i];
			if (a->has_unit || dwarf_haspc(&unit, a->vaddr) <= 0)
				continue;
			a->unit = unit;
			a->has_unit = true;
			left--;
		}
	}
}

/* --- functions ------------------------------------------------------------------------------ */

static bool may_contain_functions(int tag)
{
	return tag == DW_TAG_namespace || tag == DW_TAG_module || tag == DW_TAG_structure_type ||
	       tag == DW_TAG_class_type;
}

static void match_function(struct reading *r, Dwarf_Die *die, Dwarf_Off unit)
{
	Dwarf_Addr base, start, end;
	ptrdiff_t offset = 0;
	while ((offset = dwarf_ranges(die, offset, &base, &start, &end)) > 0) {
		for (size_t i = 0; i < r->count; i++) {
			struct place_asked *a = &r->asked[i];
			if (a->has_function || !a->has_unit || a->vaddr < start ||
			    a->vaddr >= end || dwarf_dieoffset(&a->unit) != unit)
				continue;
			a->function = *die;
			a->has_function = true;
		}
	}
}

/* Functions stand at the top of a unit, or within its namespaces: a queue of these. */
static void find_functions(struct reading *r, Dwarf_Die *unit)
{
	Dwarf_Off offset = dwarf_dieoffset(unit);
	VEC(Dwarf_Die) containers = VEC_INIT;
	unsigned entries = 0;
	Dwarf_Die *first = vec_push(&containers);
	if (first)
		*first = *unit;
	for (size_t at = 0; at < containers.len; at++) {
		Dwarf_Die container = containers.items[at], die;
		if (dwarf_child(&container, &die) != 0)
			continue;
		do {
			int tag = dwarf_tag(&die);
			if (tag == DW_TAG_subprogram) {
				match_function(r, &die, offset);
			} else if (may_contain_functions(tag) && containers.len < CONTAINERS_MAX) {
				Dwarf_Die *place = vec_push(&containers);
				if (place)
					*place = die;
			}
		} while (++entries < ENTRIES_MAX && dwarf_siblingof(&die, &die) == 0);
	}
	vec_release(&containers);
}

/* --- what is said of a place ---------------------------------------------------------------- */

static void put_u32(struct str *answer, uint32_t value)
{
	str_add(answer, (const char *)&value, sizeof(value));
}

static void put_string(struct str *answer, const char *text)
{
	size_t len = text ? strnlen(text, PLACES_STRING) : 0;
	put_u32(answer, (uint32_t)len);
	str_add(answer, text ? text : "", len);
}

static const char *string_attribute(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attribute;
	return dwarf_attr_integrate(die, name, &attribute) ? dwarf_formstring(&attribute) : NULL;
}

struct position {
	const char *file;
	int line, column;
};

static void put_place(struct str *answer, Dwarf_Die *function, const struct position *p)
{
	const char *name = function ? dwarf_diename(function) : NULL;
	const char *linkage = function ? string_attribute(function, DW_AT_linkage_name) : NULL;
	if (function && !linkage)
		linkage = string_attribute(function, DW_AT_MIPS_linkage_name);
	_free_ char *readable = linkage ? demangle(linkage) : NULL;
	put_u32(answer, p->line > 0 ? (uint32_t)p->line : 0);
	put_u32(answer, p->column > 0 ? (uint32_t)p->column : 0);
	put_string(answer, readable ? readable : name);
	put_string(answer, linkage);
	put_string(answer, p->file);
}

static uint32_t number_attribute(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;
	return dwarf_attr(die, name, &attribute) && dwarf_formudata(&attribute, &value) == 0 &&
		       value <= INT32_MAX ? (uint32_t)value : 0;
}

static const char *call_file(Dwarf_Die *unit, Dwarf_Die *inlined)
{
	Dwarf_Files *files;
	size_t count;
	uint32_t index = number_attribute(inlined, DW_AT_call_file);
	if (!index || dwarf_getsrcfiles(unit, &files, &count) != 0 || index >= count)
		return NULL;
	return dwarf_filesrc(files, index, NULL, NULL);
}

/* The entry below `die` that holds vaddr: an inlined call, or a block with variables. */
static bool inner_entry(Dwarf_Die *die, uint64_t vaddr, Dwarf_Die *ret)
{
	Dwarf_Die child;
	unsigned entries = 0;
	if (dwarf_child(die, &child) != 0)
		return false;
	do {
		int tag = dwarf_tag(&child);
		if ((tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block ||
		     tag == DW_TAG_try_block || tag == DW_TAG_catch_block) &&
		    dwarf_haspc(&child, vaddr) > 0) {
			*ret = child;
			return true;
		}
	} while (++entries < ENTRIES_MAX && dwarf_siblingof(&child, &child) == 0);
	return false;
}

/* [0] is the function, then the calls that were inlined into it, outermost first. */
static size_t find_chain(const struct place_asked *a, Dwarf_Die *chain)
{
	size_t count = 0;
	Dwarf_Die at = a->function;
	if (!a->has_function)
		return 0;
	chain[count++] = at;
	for (unsigned depth = 0; depth < 2 * PLACES_DEPTH && count < PLACES_DEPTH; depth++) {
		if (!inner_entry(&at, a->vaddr, &at))
			break;
		if (dwarf_tag(&at) == DW_TAG_inlined_subroutine)
			chain[count++] = at;
	}
	return count;
}

static struct position position_of(struct place_asked *a)
{
	struct position ret = { 0 };
	Dwarf_Line *line = dwarf_getsrc_die(&a->unit, a->vaddr);
	if (!line)
		return ret;
	ret.file = dwarf_linesrc(line, NULL, NULL);
	if (dwarf_lineno(line, &ret.line) != 0)
		ret.line = 0;
	if (dwarf_linecol(line, &ret.column) != 0)
		ret.column = 0;
	return ret;
}

static void put_places(struct place_asked *a, struct str *answer)
{
	Dwarf_Die chain[PLACES_DEPTH];
	struct position position = a->has_unit ? position_of(a) : (struct position){ 0 };
	size_t count = find_chain(a, chain);
	if (!count) {
		put_u32(answer, position.file != NULL);
		if (position.file)
			put_place(answer, NULL, &position);
		return;
	}
	put_u32(answer, (uint32_t)count);
	for (size_t i = count; i-- > 0;) {
		put_place(answer, &chain[i], &position);
		position = (struct position){
			.file = call_file(&a->unit, &chain[i]),
			.line = (int)number_attribute(&chain[i], DW_AT_call_line),
			.column = (int)number_attribute(&chain[i], DW_AT_call_column),
		};
	}
}

/* --- all ------------------------------------------------------------------------------------ */

static void read_functions(struct reading *r)
{
	for (size_t i = 0; i < r->count; i++) {
		struct place_asked *a = &r->asked[i];
		bool is_new = a->has_unit;
		for (size_t k = 0; is_new && k < i; k++)
			is_new = !r->asked[k].has_unit ||
				 dwarf_dieoffset(&r->asked[k].unit) != dwarf_dieoffset(&a->unit);
		if (is_new)
			find_functions(r, &a->unit);
	}
}

static bool read_file(const struct places_request *request, uint32_t file, struct str *parts)
{
	struct reading r = { .asked = calloc(request->questions.len + 1, sizeof(*r.asked)) };
	const char *why;
	if (!r.asked)
		return false;
	for (size_t i = 0; i < request->questions.len; i++) {
		const struct places_question *q = &request->questions.items[i];
		if (q->file == file)
			r.asked[r.count++] =
				(struct place_asked){ .question = (uint32_t)i, .vaddr = q->vaddr };
	}
	const struct places_file *f = &request->files.items[file];
	if (dwarf_file_open(f->file, DWARF_LINES, &r.file, &why)) {
		if (f->shared && dwarf_file_open(f->shared, DWARF_LINES, &r.shared, &why))
			dwarf_setalt(r.file.dwarf, r.shared.dwarf);
		find_units(&r);
		read_functions(&r);
		for (size_t i = 0; i < r.count; i++)
			put_places(&r.asked[i], &parts[r.asked[i].question]);
		dwarf_file_close(&r.file);
		dwarf_file_close(&r.shared);
	}
	free(r.asked);
	return true;
}

bool places_read(const void *arg, struct str *answer)
{
	const struct places_request *request = arg;
	_free_ struct str *parts = calloc(request->questions.len + 1, sizeof(*parts));
	if (!parts)
		return false;
	for (size_t i = 0; i < request->questions.len; i++)
		parts[i] = (struct str)STR_INIT;
	for (size_t i = 0; i < request->files.len; i++)
		if (!read_file(request, (uint32_t)i, parts))
			return false;
	for (size_t i = 0; i < request->questions.len; i++) {
		if (!parts[i].len)
			put_u32(&parts[i], 0);
		str_add(answer, parts[i].buf, parts[i].len);
		str_release(&parts[i]);
	}
	for (size_t i = 0; i < request->names.len; i++) {
		_free_ char *readable = demangle(request->names.items[i]);
		put_string(answer, readable);
	}
	return true;
}
