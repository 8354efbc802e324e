/* What an address is: one answer, for whatis and for what crash says of registers.
 *
 * An address may be several things at once: a static type is an object, has a symbol, and lies in
 * the mapping of a file. All that is known is found; the kind is the most telling of it:
 *
 *	OBJECT    in a live Python object, its gc head or pre-header
 *	DEAD      in what was one: its block is in use, its reference count 0 (it is being freed, or
 *	          kept on a free list of its type)
 *	FREED     in a free block of an allocator
 *	BLOCK     in a block in use that is no object
 *	ALLOCATOR between blocks: pool headers, pools that are free or were never used
 *	FRAME     in a Python frame on a thread's data stack (3.11+)
 *	STACK     on a thread's C stack
 *	SYMBOL    of a function or variable of a module;  MODULE: of none that is known
 *	MAPPED    something else is mapped there
 *	NOTHING   nothing is, or it is no address */
#ifndef ANALYZERS_ADDRESS_H
#define ANALYZERS_ADDRESS_H

#include "analyzers/session.h"
#include "cpython_layouts/frame.h"
#include "cpython_layouts/heap.h"
#include "symbols/unwind.h"

enum address_kind {
	ADDRESS_NOTHING,
	ADDRESS_MAPPED,
	ADDRESS_MODULE,
	ADDRESS_SYMBOL,
	ADDRESS_STACK,
	ADDRESS_FRAME,
	ADDRESS_ALLOCATOR,
	ADDRESS_BLOCK,
	ADDRESS_FREED,
	ADDRESS_DEAD,
	ADDRESS_OBJECT,
	ADDRESS_KINDS,
};

enum stack_part {
	STACK_FRAME,  /* in C frame number .number */
	STACK_UNUSED, /* below the stack pointer */
	STACK_ABOVE,  /* above the oldest frame that was found: its start, thread-local data */
};

struct address_facts {
	addr_t at;
	enum address_kind kind;

	/* OBJECT: found.object; BLOCK, FREED, DEAD: found.block, found.block_size */
	struct heap_object found;
	int64_t offset; /* of the address from the object, or from its block */
	bool has_where, is_cached;
	struct heap_where where;
	const struct pytype *was; /* DEAD, FREED: the type that is still named there; NULL: none */
	const char *fill; /* what debug hooks filled the memory there with, in words; NULL: nothing */

	const struct os_thread *thread; /* STACK: whose; also where something else is known */
	enum stack_part part;
	size_t number; /* of the C frame, 0 is the innermost */
	struct native_frame call;
	struct symbol function; /* .name NULL: not known */

	bool has_frame; /* FRAME */
	struct pythread python;
	struct frame frame;
	size_t depth;	      /* 0 is the innermost */
	const char *variable; /* whose slot it is; NULL: none, or the value stack */
	bool on_value_stack;

	const struct module *module;
	bool has_symbol;
	struct symbol symbol;

	const struct extent *extent;		/* NULL: not mapped; then: */
	const struct extent *below, *above;	/* the nearest; NULL: none */
	const struct mapping *file;		/* NT_FILE's line; NULL: none */
};

struct addresses; /* owned by the caller; refers to session and unwinder */

/* near: all addresses that will be asked about, so that of the heap no more is looked at than they
 * need. They are copied. NULL: out of memory. */
struct addresses *addresses_new(struct session *s, struct unwinder *u, const addr_t *near,
				size_t count);
void addresses_free(struct addresses *a);

void address_find(struct addresses *a, addr_t at, struct address_facts *ret);

/* "Python object: dict {'a': 1}", "libc.so.6: malloc+0x12"; nothing for what is no address.
 * self: the thread whose stack is "this thread's"; NULL: none. repr: characters of it at most. */
void address_words(struct addresses *a, const struct address_facts *f,
		   const struct os_thread *self, size_t repr, struct str *out);
/* "the fill of freed memory": what the debug hooks of Python's allocators fill memory with
 * (Objects/obmalloc.c: FORBIDDENBYTE, DEADBYTE, CLEANBYTE; 0xfb 0xdb 0xcb up to 3.7.3, 0xfd 0xdd
 * 0xcd since); NULL: nothing of them. word: bytes of the value. */
const char *address_fill_name(uint64_t value, size_t word);
/* "pymalloc", "mimalloc", "malloc" */
const char *address_allocator(const struct address_facts *f);
/* "header", "body", "gc head", "pre-header": where in the object the address lies. */
const char *address_part(struct addresses *a, const struct address_facts *f);

#endif
