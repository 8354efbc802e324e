/* Code objects: names and positions. Loaded once per code object and cached in the runtime. */
#ifndef CPYTHON_LAYOUTS_CODE_H
#define CPYTHON_LAYOUTS_CODE_H

#include "cpython_layouts/object.h"

enum variable_kind { VARIABLE_ARGUMENT, VARIABLE_LOCAL, VARIABLE_CELL, VARIABLE_FREE };

struct variable {
	const char *name;		/* NULL: lost */
	enum variable_kind kind;
	bool boxed;			/* the slot holds a PyCellObject (once its MAKE_CELL ran) */
	bool hidden;			/* a comprehension's inlined local (3.12+ CO_FAST_HIDDEN) */
};

/* co_flags (Include/code.h, every version) */
enum {
	CODE_OPTIMIZED = 0x1,		/* locals are in fast slots, not in a dict */
	CODE_VARARGS = 0x4,
	CODE_VARKEYWORDS = 0x8,
	CODE_GENERATOR = 0x20,
	CODE_COROUTINE = 0x80,		/* 3.5+ */
	CODE_ASYNC_GENERATOR = 0x200,	/* 3.6+ */
};

struct code {
	addr_t at;
	const char *filename, *name, *qualname;	/* NULL: lost (qualname: NULL before 3.11 too) */
	int64_t first_line;
	addr_t line_table;		/* bytes object: co_lnotab or co_linetable */
	addr_t bytecode;		/* address of the first code unit */
	uint64_t bytecode_size;		/* bytes */
	int64_t flags;
	uint32_t stack_size;
	uint32_t variable_count;	/* slots of localsplus before the value stack */
	const struct variable *variables;	/* in localsplus' order */
	/* The same in the order of the source: the signature's (an argument that is a cell in its
	 * place, *args before keyword-only ones), then locals, cells, free variables. Fewer than
	 * variable_count up to 3.10, where an argument that is a cell has two slots. */
	const uint32_t *source_order;
	uint32_t source_count;
	uint64_t first_traceable;	/* bytes into the code (3.11+) */
	addr_t tlbc;			/* free-threaded 3.14+: _PyCodeArray; 0 */
};

/* NULL: no code object there. Cached. */
const struct code *code_at(struct runtime *rt, addr_t addr);
/* The cache; NULL is allowed. */
void codes_free(struct codes *codes);

struct position {
	int64_t line, end_line;		/* 0: none (end_line: before 3.11) */
	int64_t column, end_column;	/* from 0, in UTF-8 bytes; -1: none (before 3.11) */
};

/* The source position of the instruction at byte offset lasti (-1: not started: the first line).
 * false: the table is lost or ends before; ret->line is then 0. */
bool code_position(struct runtime *rt, const struct code *code, int64_t lasti,
		   struct position *ret);

/* The four line tables on their own, over host bytes: pure, for tests and fuzzing (lines.c). */
bool lines_lnotab(const uint8_t *table, size_t len, bool is_signed, int64_t first_line,
		  int64_t lasti, int64_t *ret_line);
bool lines_linetable(const uint8_t *table, size_t len, int64_t first_line, int64_t lasti,
		     int64_t *ret_line);
bool lines_locations(const uint8_t *table, size_t len, int64_t first_line, int64_t lasti,
		     struct position *ret);

#endif
