#include "symbols/demangle.h"

#include <stddef.h>
#include <string.h>
#include "core/str.h"

/* Its objects may be linked with anything (the exception in libiberty/cp-demangle.c and
 * rust-demangle.c); a build without it shows names as they are. */
#if defined(__has_include) && __has_include(<libiberty/demangle.h>)
#include <libiberty/demangle.h>
#define HAS_LIBIBERTY 1
#endif

enum { NAME_MAX_MANGLED = 16384 };

bool demangle_wanted(const char *name)
{
	name += *name == '_' && name[1] == '_';	/* as Mach-O has them, and some assemblers */
	return has_prefix(name, "_Z") || has_prefix(name, "_R");
}

char *demangle(const char *name)
{
	if (!demangle_wanted(name) || strlen(name) > NAME_MAX_MANGLED)
		return NULL;
#ifdef HAS_LIBIBERTY
	/* Rust first: its older names are C++ names too, with a hash at their end. */
	char *ret = rust_demangle(name, 0);
	return ret ? ret : cplus_demangle_v3(name, DMGL_PARAMS | DMGL_ANSI);
#else
	return NULL;
#endif
}
