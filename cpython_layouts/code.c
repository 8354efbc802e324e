#include "cpython_layouts/code.h"

#include <inttypes.h>
#include "core/arena.h"
#include "core/checked.h"
#include "core/map.h"

/* More variables than any compiler makes of a source file; what says more is no code object. */
enum { MAX_VARIABLES = 1 << 20 };

/* co_localspluskinds (Include/internal/pycore_code.h, 3.11+) */
enum {
	FAST_HIDDEN = 0x10,
	FAST_LOCAL = 0x20,
	FAST_CELL = 0x40,
	FAST_FREE = 0x80,
};

struct codes {
	struct map by_address;		/* code object -> struct code; 0: no code object is there */
	struct arena arena;
};

void codes_free(struct codes *codes)
{
	if (!codes)
		return;
	map_release(&codes->by_address);
	arena_release(&codes->arena);
	free(codes);
}

static struct codes *codes_of(struct runtime *rt)
{
	if (!rt->codes)
		rt->codes = calloc(1, sizeof(*rt->codes));
	return rt->codes;
}

/* A tuple of names. */
struct names {
	struct runtime *rt;
	const uint8_t *items;
	size_t count;
};

static struct names names_at(struct runtime *rt, addr_t tuple)
{
	struct names names = { .rt = rt };
	size_t count;
	addr_t items;
	if (!tuple || !object_sequence(rt, tuple, &count, &items) || count > MAX_VARIABLES)
		return names;
	names.items = memory_at(&rt->target->memory, items, count * rt->target->machine->word);
	names.count = names.items ? count : 0;
	return names;
}

static const char *name_at(const struct names *names, size_t i)
{
	const struct machine *m = names->rt->target->machine;
	return object_name(names->rt, load_word(m, names->items + i * m->word));
}

/* How many of the first local variables are arguments, and of which sort. */
struct signature {
	uint32_t positional, keyword_only;
	bool varargs, varkeywords;
	uint32_t count;
};

static struct signature signature_of(const struct layout *l, const uint8_t *p, int64_t flags,
				     uint32_t limit)
{
	int64_t positional = GETS(l, p, PyCodeObject, co_argcount);
	int64_t keyword_only = GETS_OR(l, p, PyCodeObject, co_kwonlyargcount, 0);
	struct signature s = {
		.varargs = flags & CODE_VARARGS,
		.varkeywords = flags & CODE_VARKEYWORDS,
	};
	if (positional < 0 || keyword_only < 0 || positional > MAX_VARIABLES ||
	    keyword_only > MAX_VARIABLES)
		return (struct signature){ 0 };
	s.positional = (uint32_t)positional;
	s.keyword_only = (uint32_t)keyword_only;
	s.count = s.positional + s.keyword_only + s.varargs + s.varkeywords;
	return s.count <= limit ? s : (struct signature){ 0 };
}

/* The slot of the i-th argument of the signature as it was written. In localsplus *args stands
 * behind the keyword-only arguments (co_varnames, Objects/codeobject.c in every version). */
static uint32_t signature_slot(const struct signature *s, uint32_t i)
{
	if (s->varargs && i == s->positional)
		return s->positional + s->keyword_only;
	if (s->varargs && i > s->positional && i <= s->positional + s->keyword_only)
		return i - 1;
	return i;
}

static bool alloc_variables(struct codes *codes, struct code *code, size_t count,
			    struct variable **ret_variables, uint32_t **ret_order)
{
	*ret_variables =
		arena_alloc(&codes->arena, MAX(count, (size_t)1) * sizeof(**ret_variables));
	*ret_order = arena_alloc(&codes->arena, MAX(count, (size_t)1) * sizeof(**ret_order));
	if (!*ret_variables || !*ret_order)
		return false;
	code->variables = *ret_variables;
	code->source_order = *ret_order;
	code->variable_count = (uint32_t)count;
	return true;
}

/* 3.11+: one row of slots, each with its kind; an argument that is a cell has one slot. */
static bool load_localsplus(struct runtime *rt, struct code *code, const uint8_t *p)
{
	const struct layout *l = &rt->layout;
	struct names names = names_at(rt, GET(l, p, PyCodeObject, co_localsplusnames));
	size_t kinds_len = 0;
	const uint8_t *kinds =
		object_bytes(rt, GET(l, p, PyCodeObject, co_localspluskinds), &kinds_len);
	size_t count = names.count;
	int64_t slots = GETS_OR(l, p, PyCodeObject, co_nlocalsplus, 0);
	if (slots > (int64_t)count && slots < MAX_VARIABLES)
		count = (size_t)slots;
	struct variable *variables;
	uint32_t *order;
	if (!alloc_variables(rt->codes, code, count, &variables, &order))
		return false;
	struct signature s = signature_of(l, p, code->flags, code->variable_count);
	for (uint32_t i = 0; i < count; i++) {
		uint8_t kind = kinds && i < kinds_len ? kinds[i] : FAST_LOCAL;
		variables[i] = (struct variable){
			.name = i < names.count ? name_at(&names, i) : NULL,
			.kind = i < s.count	  ? VARIABLE_ARGUMENT
				: kind & FAST_FREE ? VARIABLE_FREE
				: kind & FAST_CELL ? VARIABLE_CELL
						   : VARIABLE_LOCAL,
			.boxed = kind & (FAST_CELL | FAST_FREE),
			.hidden = kind & FAST_HIDDEN,
		};
		order[i] = i < s.count ? signature_slot(&s, i) : i;
	}
	code->source_count = code->variable_count;
	return true;
}

/* Which argument is this cell? Only the names tell in every version (co_cell2arg changed its item
 * size, and 2.7 has none). Returns count: none. */
static uint32_t argument_of_cell(const struct variable *variables, uint32_t count, const char *name)
{
	uint32_t i = 0;
	while (i < count && !(name && variables[i].name && streq(variables[i].name, name)))
		i++;
	return i;
}

/* Up to 3.10: co_varnames, then co_cellvars, then co_freevars. */
static bool load_varnames(struct runtime *rt, struct code *code, const uint8_t *p)
{
	enum { MAX_COMPARED = 1 << 20 };
	const struct layout *l = &rt->layout;
	struct names locals = names_at(rt, GET(l, p, PyCodeObject, co_varnames));
	struct names cells = names_at(rt, GET(l, p, PyCodeObject, co_cellvars));
	struct names frees = names_at(rt, GET(l, p, PyCodeObject, co_freevars));
	struct variable *variables;
	uint32_t *order;
	if (!alloc_variables(rt->codes, code, locals.count + cells.count + frees.count,
			     &variables, &order))
		return false;
	uint32_t n = 0, shown = 0;
	struct signature s = signature_of(l, p, code->flags, (uint32_t)locals.count);
	for (size_t i = 0; i < locals.count; i++)
		variables[n++] = (struct variable){
			.name = name_at(&locals, i),
			.kind = i < s.count ? VARIABLE_ARGUMENT : VARIABLE_LOCAL,
		};
	for (uint32_t i = 0; i < locals.count; i++)
		order[shown++] = i < s.count ? signature_slot(&s, i) : i;
	bool compare = (uint64_t)cells.count * s.count <= MAX_COMPARED;
	for (size_t i = 0; i < cells.count; i++, n++) {
		variables[n] = (struct variable){
			.name = name_at(&cells, i), .kind = VARIABLE_CELL, .boxed = true,
		};
		uint32_t argument =
			compare ? argument_of_cell(variables, s.count, variables[n].name) : s.count;
		if (argument == s.count) {
			order[shown++] = n;
			continue;
		}
		variables[n].kind = VARIABLE_ARGUMENT;
		for (uint32_t at = 0; at < s.count; at++)
			if (order[at] == argument)
				order[at] = n;
	}
	for (size_t i = 0; i < frees.count; i++, n++) {
		variables[n] = (struct variable){
			.name = name_at(&frees, i), .kind = VARIABLE_FREE, .boxed = true,
		};
		order[shown++] = n;
	}
	code->source_count = shown;
	return true;
}

static void load_bytecode(struct runtime *rt, struct code *code, const uint8_t *p)
{
	enum { UNIT = 2 };
	const struct layout *l = &rt->layout;
	if (HAS(l, PyCodeObject, co_code_adaptive)) {
		int64_t units = GETS(l, p, PyVarObject, ob_size);
		code->bytecode = code->at + OFFSET(l, PyCodeObject, co_code_adaptive);
		code->bytecode_size = units > 0 ? (uint64_t)units * UNIT : 0;
		code->first_traceable =
			(uint64_t)MAX(GETS_OR(l, p, PyCodeObject, _co_firsttraceable, 0), 0) * UNIT;
		code->tlbc = GET_OR(l, p, PyCodeObject, co_tlbc, 0);
		return;
	}
	size_t size;
	addr_t bytes = GET_OR(l, p, PyCodeObject, co_code, 0);
	if (bytes && object_bytes(rt, bytes, &size)) {
		code->bytecode = bytes + OFFSET(l, PyBytesObject, ob_sval);
		code->bytecode_size = size;
	}
}

/* Is a code object there? A type whose name was not dumped is believed when the names are names. */
static bool is_code(struct runtime *rt, addr_t addr, const uint8_t *p)
{
	struct object o;
	if (!object_load(rt, addr, &o))
		return false;
	if (o.type->name)
		return streq(o.type->full_name, "code");
	return object_name(rt, GET(&rt->layout, p, PyCodeObject, co_filename)) &&
	       object_name(rt, GET(&rt->layout, p, PyCodeObject, co_name));
}

static struct code *code_load(struct runtime *rt, addr_t addr)
{
	const struct layout *l = &rt->layout;
	const uint8_t *p = memory_at(&rt->target->memory, addr, SIZEOF(l, PyCodeObject));
	if (!p || !is_code(rt, addr, p))
		return NULL;
	struct code *code = arena_alloc(&rt->codes->arena, sizeof(*code));
	if (!code)
		return NULL;
	int64_t stack_size = GETS(l, p, PyCodeObject, co_stacksize);
	*code = (struct code){
		.at = addr,
		.filename = object_name(rt, GET(l, p, PyCodeObject, co_filename)),
		.name = object_name(rt, GET(l, p, PyCodeObject, co_name)),
		.first_line = GETS(l, p, PyCodeObject, co_firstlineno),
		.line_table = HAS(l, PyCodeObject, co_linetable)
				      ? GET(l, p, PyCodeObject, co_linetable)
				      : GET(l, p, PyCodeObject, co_lnotab),
		.flags = GETS(l, p, PyCodeObject, co_flags),
		.stack_size = stack_size > 0 && stack_size < UINT32_MAX ? (uint32_t)stack_size : 0,
	};
	if (HAS(l, PyCodeObject, co_qualname))
		code->qualname = object_name(rt, GET(l, p, PyCodeObject, co_qualname));
	load_bytecode(rt, code, p);
	bool loaded = HAS(l, PyCodeObject, co_localsplusnames) ? load_localsplus(rt, code, p)
							       : load_varnames(rt, code, p);
	trace(FRAMES, "code 0x%" PRIx64 ": %s in %s, %u variables", addr,
	      code->name ? code->name : "?", code->filename ? code->filename : "?",
	      code->variable_count);
	return loaded ? code : NULL;
}

static const struct code *code_find(struct runtime *rt, addr_t addr)
{
	struct codes *codes = codes_of(rt);
	if (!codes)
		return NULL;
	uint64_t *place = map_find(&codes->by_address, addr);
	if (place)
		return (const struct code *)(uintptr_t)*place;
	struct code *code = code_load(rt, addr);
	place = map_insert(&codes->by_address, addr, NULL);
	if (place)
		*place = (uintptr_t)code;
	return code;
}

const struct code *code_at(struct runtime *rt, addr_t addr)
{
	runtime_lock(rt);
	const struct code *code = code_find(rt, addr);
	runtime_unlock(rt);
	return code;
}

bool code_position(struct runtime *rt, const struct code *code, int64_t lasti, struct position *ret)
{
	*ret = (struct position){ .column = -1, .end_column = -1 };
	size_t len;
	const uint8_t *table = object_bytes(rt, code->line_table, &len);
	if (!table)
		return false;
	bool found = false;
	switch ((enum line_dialect)rt->layout.dialect.lines) {
	case LINES_LNOTAB_UNSIGNED:
	case LINES_LNOTAB_SIGNED:
		found = lines_lnotab(table, len, rt->layout.dialect.lines == LINES_LNOTAB_SIGNED,
				     code->first_line, lasti, &ret->line);
		break;
	case LINES_LINETABLE:
		found = lines_linetable(table, len, code->first_line, lasti, &ret->line);
		break;
	case LINES_LOCATIONS:
		return lines_locations(table, len, code->first_line, lasti, ret);
	}
	return found;
}
