/* How many bytes an object takes: exactly what sys.getsizeof() would say of it in the process.
 *
 *	gc head | pre-header | the object itself ... items | what its __sizeof__ adds: tables,
 *	^--------------------^                               buffers, blocks of its own
 *	the head, sys adds it
 *
 * The rule is Python's: look __sizeof__ up along the type's mro, then do what the class that has it
 * does. A method written in C belongs to a class (PyDescrObject.d_type) that is in our table; the
 * type remembers which row, so that an object of a common kind costs no look-up of anything but
 * the memory that its size depends on (a dict's keys).
 *
 * Not known: what a __sizeof__ written in Python says, or one of a C extension that is in no table.
 * Then we say so, and give what object.__sizeof__ would say of it as the least that is certain.
 *
 * Sources: Python/sysmodule.c _PySys_GetSizeOf(), Include/internal/pycore_object.h
 * _PyType_PreHeaderSize() (3.11+), and the method named __sizeof__ of each type. */
#ifndef CPYTHON_LAYOUTS_SIZES_H
#define CPYTHON_LAYOUTS_SIZES_H

#include "cpython_layouts/type.h"

enum size_doubt {
	SIZE_EXACT,
	SIZE_BY_PYTHON,	/* the class has a __sizeof__ written in Python */
	SIZE_BY_OTHERS,	/* one of an extension that pycore does not know */
	SIZE_LOST,	/* what it depends on cannot be read, or is damaged */
};

/* The size of an object in bytes. false: not known; *ret is then object.__sizeof__ of it with its
 * head where that makes sense, else 0, and size_doubt() says why.
 * Once size_resolve() was called for the type this reads the target's memory and nothing else, so
 * that several threads may call it. */
bool object_size(struct runtime *rt, const struct object *o, uint64_t *ret);

/* Find the rule of a type, now rather than on the first object. */
void size_resolve(struct runtime *rt, const struct pytype *type);

/* Why the sizes of a type's instances are not known; SIZE_EXACT: they are, but for single damaged
 * ones, which are SIZE_LOST. */
enum size_doubt size_doubt(struct runtime *rt, const struct pytype *type);

/* --- the rules ------------------------------------------------------------------------------- */

/* One class that has a __sizeof__ of its own. */
struct size_rule {
	const char *name;	/* its full name */
	uint8_t major, minor;	/* Python 2 or 3 (0: both) that has it, from which version on */
	/* Members that lie in the object itself: instances must be as long. */
	enum field fields[6];
	/* What __sizeof__() says, without the head; false: lost. */
	bool (*size)(struct runtime *rt, const struct object *o, uint64_t *ret);
};

/* Each ends with a rule without a name. */
extern const struct size_rule size_rules_builtin[], size_rules_code[], size_rules_modules[],
	size_rules_numpy[];

/* *size += count * each; false: it is more than there can be. A negative count is damage. */
static inline bool size_add(uint64_t *size, int64_t count, uint64_t each)
{
	uint64_t more;
	return count >= 0 && !__builtin_mul_overflow((uint64_t)count, each, &more) &&
	       !__builtin_add_overflow(*size, more, size);
}

/* _PyObject_SIZE(type) */
static inline uint64_t size_basic(const struct object *o)
{
	return (uint64_t)o->type->basicsize;
}

/* object.__sizeof__: tp_basicsize, and items of tp_itemsize where it has any. */
bool size_of_object(struct runtime *rt, const struct object *o, uint64_t *ret);
/* dict.__sizeof__ */
bool size_of_dict(struct runtime *rt, const struct object *o, uint64_t *ret);
/* The version is at least major.minor. */
bool size_since(const struct runtime *rt, unsigned major, unsigned minor);

#endif
