/* The state of a search for Python: locate.c (layouts) and roots.c (where it begins) between them.
 * The contract for all is runtime_locate() in runtime.h. */
#ifndef CPYTHON_LAYOUTS_LOCATE_H
#define CPYTHON_LAYOUTS_LOCATE_H

#include "core/str.h"
#include "cpython_layouts/proofs.h"
#include "cpython_layouts/runtime.h"

#define DEBUG_OFFSETS_COOKIE "xdebugpy"

struct locator {
	struct runtime *rt;		/* .address is the root, where there is a _PyRuntime */
	addr_t interpreters;		/* else: the first interpreter */
	bool root_lost;			/* it is known where, but the memory there is not in the core */

	/* what is known of the version before any layout is */
	struct python_version version;	/* major 0: nothing; micro 0xff: the minor at best */
	bool version_certain;		/* said by the process, not by a name */
	bool version_unknown;		/* no table for it: the nearest is tried */
	bool debug_hint;
	uint8_t unicode_unit;
	const uint8_t *debug_offsets;	/* 3.13+ */
	size_t debug_offsets_size;
	struct layout *dwarf;		/* what the module's debug information says; NULL: not asked */

	/* the best try so far */
	bool has_best;
	const struct layout_table *best_table;
	struct python_version best_version;
	struct proofs best_proofs;
	unsigned best_corrected;
	bool best_dwarf;		/* with .dwarf over the table */
	addr_t best_interpreters;
	uint64_t hexversion;		/* what any try read as sys.hexversion; 0: none */
	struct error *refused;		/* why the last table was not even tried; NULL */
};

/* Find a root and choose a layout for it. false: there is no Python. True with no credible try:
 * there is one, but nothing reads it. */
bool roots_find(struct locator *k);

/* A new root is tried: forget what the last one told. */
void locator_reset(struct locator *k);
/* The version, as far as the process or names tell it. */
void locator_read_hints(struct locator *k);
bool locator_has_cookie(const struct locator *k, addr_t at);
/* The versions that are worth a try, likeliest first; at most VERSIONS_MAX. */
enum { VERSIONS_MAX = 32 };
size_t locator_versions(const struct locator *k, bool any, struct python_version *ret);
/* Try the tables for one version; true: one that nothing contradicts. */
bool locator_try(struct locator *k, const struct python_version *v);
/* Try all versions; when no table fits or none was made for this one, over again with what the
 * module's debug information says. true: a credible one. */
bool locator_choose(struct locator *k);
/* The layout of a table for a version, debug offsets or DWARF applied, checked. *ret_corrected: in
 * how many places debug offsets contradict the table. */
struct error *locator_layout(struct locator *k, const struct layout_table *table,
			     const struct python_version *v, struct layout *ret,
			     unsigned *ret_corrected) _must_check_;

/* Another Python: no use in looking further. */
bool locator_is_pypy(struct locator *k);

const char *module_base_name(const struct module *module);
bool module_looks_like_python(const struct module *module);
bool version_from_name(const char *name, struct python_version *ret);
bool version_from_text(const char *text, size_t len, struct python_version *ret);

#endif
