/* Where Python begins in the process. The cheap ways come first; only when all have failed is
 * writable memory searched, near the modules first. What any way finds is believed when a layout
 * leads back from it. */
#include <string.h>
#include "core/checked.h"
#include "core/map.h"
#include "cpython_layouts/locate.h"
#include "symbols/disasm.h"

enum {
	REFERENCES_MAX = 32,
	FUNCTION_MAX = 512,			/* bytes of code looked at */
	SEARCH_MAX = 64 << 20,			/* bytes searched at once, at most */
	BUDGET = 1 << 30,			/* and in all, for all versions: a few seconds */
	TEXT_MAX = 250,				/* of `version` in Python/getversion.c */
	TRIES_MAX = 200,			/* roots; a hostile core could offer millions */
};

struct root {
	addr_t runtime;			/* _PyRuntime; 0: there is none */
	addr_t interpreters;		/* then the first PyInterpreterState */
	const struct module *module;
	enum runtime_evidence evidence;
};

struct finder {
	struct locator *k;
	struct root first;		/* the first one that was tried in vain */
	bool has_first;
	const struct module *statics;	/* a 2.7 or 3.6 whose interpreter was not found */
	bool statics_lost;		/* because its variables are not in the core */
	unsigned tries;
	struct map tried;		/* by the present search */
	uint64_t budget;		/* bytes that may still be searched */
	struct python_version said;	/* what text or names say of the version; major 0: nothing */
	const char *said_by;
};

/* Every try costs some 10 us. */
static bool is_worth_a_try(struct finder *f, const struct root *root)
{
	if (f->has_first && f->first.runtime == root->runtime &&
	    f->first.interpreters == root->interpreters)
		return false;
	return f->tries++ < TRIES_MAX;
}

static void set_root(struct locator *k, const struct root *root)
{
	locator_reset(k);
	k->rt->address = root->runtime;
	k->rt->module = root->module;
	k->rt->evidence = root->evidence;
	k->interpreters = root->interpreters;
	locator_read_hints(k);
}

static bool try_root(struct finder *f, const struct root *root)
{
	if ((!root->runtime && !root->interpreters) || !is_worth_a_try(f, root))
		return false;
	set_root(f->k, root);
	if (locator_choose(f->k))
		return true;
	if (!f->has_first)
		f->first = *root;
	f->has_first = true;
	return false;
}

/* --- symbols --------------------------------------------------------------------------------- */

static bool by_exported_runtime(struct finder *f)
{
	struct symbols *symbols = f->k->rt->symbols;
	struct symbol s;
	if (!symbols_find_exported(symbols, "_PyRuntime", "libpython", &s))
		return false;
	struct root root = { .runtime = s.addr, .module = s.module, .evidence = FOUND_BY_SYMBOL };
	if (try_root(f, &root))
		return true;
	/* A program that has one Python linked in and runs another. */
	const struct module *m;
	vec_each(m, &f->k->rt->target->modules) {
		if (!symbols_find_exported_in(symbols, m, "_PyRuntime", &s))
			continue;
		root.runtime = s.addr;
		root.module = m;
		if (try_root(f, &root))
			return true;
	}
	return false;
}

static bool by_hidden_runtime(struct finder *f)
{
	struct symbol s;
	struct root root = { .evidence = FOUND_BY_SYMBOL };
	if (!symbols_find(f->k->rt->symbols, "_PyRuntime", "libpython", &s))
		return false;
	root.runtime = s.addr;
	root.module = s.module;
	return try_root(f, &root);
}

/* _PyRuntime has a section of its own from 3.10 on (Python/pylifecycle.c). */
static bool by_section(struct finder *f)
{
	const struct module *m;
	vec_each(m, &f->k->rt->target->modules) {
		struct root root = { .module = m, .evidence = FOUND_BY_SECTION };
		uint64_t size;
		if (symbols_section(f->k->rt->symbols, m, ".PyRuntime", &root.runtime, &size) &&
		    try_root(f, &root))
			return true;
	}
	return false;
}

/* --- 2.7 and 3.6 -----------------------------------------------------------------------------
 *
 * The list of interpreters begins in interp_head, a static variable of Python/pystate.c; the
 * exported PyInterpreterState_Head() does nothing but return it. Its code is asked first: that
 * needs one page, where a symbol table is half a megabyte to go through. */

static bool from_head_at(struct finder *f, struct root *root, addr_t at)
{
	return target_read_word(f->k->rt->target, at, &root->interpreters) && try_root(f, root);
}

static bool by_code(struct finder *f, const struct module *module)
{
	struct runtime *rt = f->k->rt;
	struct root root = { .module = module, .evidence = FOUND_BY_CODE };
	struct code_reference references[REFERENCES_MAX];
	struct symbol s;
	if (!symbols_find_exported_in(rt->symbols, module, "PyInterpreterState_Head", &s))
		return false;
	size_t len = s.size && s.size < FUNCTION_MAX ? s.size : 16;
	const uint8_t *code = memory_at(&rt->target->memory, s.addr, len);
	if (!code)
		return false;
	size_t count = disasm_references(rt->target->machine, code, len, s.addr, references,
					 REFERENCES_MAX);
	for (size_t i = 0; i < count; i++) {
		if (references[i].is_load && from_head_at(f, &root, references[i].addr))
			return true;
	}
	return false;
}

static bool by_interp_head(struct finder *f, const struct module *module)
{
	struct root root = { .module = module, .evidence = FOUND_BY_SYMBOL };
	struct symbol s;
	return symbols_find_in(f->k->rt->symbols, module, "interp_head", &s) &&
	       from_head_at(f, &root, s.addr);
}

/* The current thread's state is exported; its interp is the second word in 2.7, the third in 3.6. */
static bool by_current_thread(struct finder *f, const struct module *module, addr_t current_at)
{
	const struct target *t = f->k->rt->target;
	struct root root = { .module = module, .evidence = FOUND_BY_SYMBOL };
	addr_t state;
	if (!target_read_word(t, current_at, &state) || !state)
		return false;
	for (unsigned word = 1; word <= 2; word++) {
		if (from_head_at(f, &root, state + word * t->machine->word))
			return true;
	}
	return false;
}

static bool by_statics(struct finder *f)
{
	struct runtime *rt = f->k->rt;
	struct symbol current, s;
	if (!symbols_find_exported(rt->symbols, "_PyThreadState_Current", "libpython", &current) &&
	    !symbols_find(rt->symbols, "_PyThreadState_Current", "libpython", &current))
		return false;
	const struct module *module = current.module;
	if (!by_code(f, module) && !by_interp_head(f, module) &&
	    !by_current_thread(f, module, current.addr)) {
		addr_t state;
		f->statics = module;
		f->statics_lost = !target_read_word(rt->target, current.addr, &state);
		return false;
	}
	rt->current_at = current.addr;
	if (symbols_find_exported_in(rt->symbols, module, "_Py_Finalizing", &s))
		rt->finalizing_at = s.addr;
	if (symbols_find_in(rt->symbols, module, "collecting", &s))
		rt->collecting_at = s.addr;
	return true;
}

/* --- searching memory ------------------------------------------------------------------------ */

/* Where to search, likeliest first. A module's variables are in an extent inside it or, its .bss,
 * right behind it. */
enum scope { IN_PYTHON, IN_MODULES, ELSEWHERE, SCOPES };

static enum scope scope_of(const struct target *t, const struct extent *e, const struct module **ret)
{
	const struct module *m = target_module_at(t, e->start);
	*ret = m ? m : target_module_at(t, e->start - 1);
	return !*ret ? ELSEWHERE : module_looks_like_python(*ret) ? IN_PYTHON : IN_MODULES;
}

struct look {
	bool (*at)(struct finder *f, addr_t addr, const uint8_t *p, size_t len,
		   const struct module *module, const struct look *look);
	/* for interpreters */
	const struct layout *layout;
	struct python_version version;
	bool in_runtime;		/* only where _PyRuntime may be; false: any pointer to one */
};

/* Calls look->at() on each aligned address of writable memory until it says yes. */
static bool search(struct finder *f, enum scope scope, const struct look *look)
{
	const struct target *t = f->k->rt->target;
	uint64_t left = MIN(f->budget, (uint64_t)SEARCH_MAX);
	const struct extent *e;
	vec_each(e, &t->memory.extents) {
		const struct module *m;
		if (!(e->flags & EXTENT_WRITE) || !e->host || scope_of(t, e, &m) != scope)
			continue;
		uint64_t skip = -e->start & 7, size = MIN(e->end - e->start, left);
		left -= size;
		f->budget -= size;
		for (uint64_t i = skip; i + 8 <= size; i += 8) {
			if (look->at(f, e->start + i, e->host + i, size - i, m, look))
				return true;
		}
	}
	return false;
}

static bool look_for_cookie(struct finder *f, addr_t at, const uint8_t *p, size_t len,
			    const struct module *module, const struct look *look)
{
	if (memcmp(p, DEBUG_OFFSETS_COOKIE, 8) != 0 || !locator_has_cookie(f->k, at))
		return false;
	struct root root = { .runtime = at, .module = module, .evidence = FOUND_BY_COOKIE };
	return try_root(f, &root);
}

static bool look_for_text(struct finder *f, addr_t at, const uint8_t *p, size_t len,
			  const struct module *module, const struct look *look)
{
	struct python_version v;
	if ((*p != '2' && *p != '3') || p[1] != '.' ||
	    !version_from_text((const char *)p, MIN(len, (size_t)TEXT_MAX), &v))
		return false;
	trace(LOCATE, "version text at " ADDR_FMT ": %u.%u.%u", at, v.major, v.minor, v.micro);
	f->k->version = v;
	f->k->rt->version_evidence = "its version text";
	return true;
}

static bool try_searched(struct finder *f, const struct root *root, const struct look *look)
{
	bool is_new;
	uint64_t *tried = map_insert(&f->tried, root->runtime ? root->runtime : root->interpreters, &is_new);
	if (!tried || !is_new || !is_worth_a_try(f, root))
		return false;
	set_root(f->k, root);
	bool is_said = f->said.major == look->version.major && f->said.minor == look->version.minor;
	f->k->version = look->version;
	f->k->rt->version_evidence = is_said ? f->said_by : NULL;
	locator_try(f->k, &look->version);
	const struct proofs *p = &f->k->best_proofs;
	/* 3.9 and 3.10 may look the same: without sys.hexversion what was said counts. */
	return f->k->has_best && p->credible && !p->failed &&
	       (is_said || p->hexversion || !f->said.major);
}

/* A word that points to an interpreter whose first thread points back to it: interpreters.head in
 * _PyRuntime, interp_head. Anywhere else it still shows an interpreter, if not the first. */
static bool look_for_interpreter(struct finder *f, addr_t at, const uint8_t *p, size_t len,
				 const struct module *module, const struct look *look)
{
	const struct layout *l = look->layout;
	const struct target *t = f->k->rt->target;
	addr_t interp = target_word(t, p), state, back;
	if (!interp || interp % t->machine->word ||
	    !target_read_word(t, interp + OFFSET(l, PyInterpreterState, tstate_head), &state) || !state ||
	    !target_read_word(t, state + OFFSET(l, PyThreadState, interp), &back) || back != interp)
		return false;
	struct root root = { .module = module, .evidence = FOUND_BY_SEARCH };
	if (look->in_runtime && HAS(l, _PyRuntimeState, interpreters_head))
		root.runtime = at - OFFSET(l, _PyRuntimeState, interpreters_head);
	else
		root.interpreters = interp;
	return try_searched(f, &root, look);
}

static bool has_python_module(const struct target *t)
{
	const struct module *m;
	vec_each(m, &t->modules) {
		if (module_looks_like_python(m))
			return true;
	}
	return t->modules.len == 0;
}

static bool search_version(struct finder *f, enum scope scope, const struct python_version *v,
			   bool in_runtime)
{
	const struct layout_table *table;
	struct layout layout;
	unsigned corrected;
	struct look look = { look_for_interpreter, &layout, *v, in_runtime };
	if (!layout_candidates(v, f->k->rt->target->machine, &table, 1))
		return false;
	struct error *err = locator_layout(f->k, table, v, &layout, &corrected);
	if (err) {
		error_free(err);
		return false;
	}
	f->tries = 0;
	map_release(&f->tried);
	return search(f, scope, &look);
}

/* Is the root that was found and tried in vain just not in the core? */
static bool is_lost(const struct finder *f)
{
	return f->first.runtime && !memory_at(&f->k->rt->target->memory, f->first.runtime, 8);
}

/* Everything else failed: go through memory. A program that shows no sign of Python is spared what
 * takes long. */
static bool by_search(struct finder *f)
{
	struct locator *k = f->k;
	const struct look cookie = { .at = look_for_cookie }, text = { .at = look_for_text };
	struct python_version versions[VERSIONS_MAX];
	bool likely = has_python_module(k->rt->target), said = false;
	enum scope scopes = likely ? SCOPES : ELSEWHERE;
	for (enum scope scope = 0; scope < scopes; scope++) {
		if (search(f, scope, &cookie))
			return true;
	}
	/* That is one of a version that cannot be read; by no means take it for another. */
	if (f->has_first && !is_lost(f))
		return false;
	set_root(k, &(struct root){ .module = f->has_first ? f->first.module : f->statics });
	for (enum scope scope = 0; scope < ELSEWHERE && !said; scope++)
		said = search(f, scope, &text);
	f->said = k->version;
	f->said_by = k->rt->version_evidence;
	size_t count = likely || said ? locator_versions(k, true, versions) : 0;
	for (int in_runtime = 1; in_runtime >= 0; in_runtime--) {
		for (enum scope scope = 0; scope < SCOPES; scope++) {
			for (size_t i = 0; i < count; i++) {
				if (search_version(f, scope, &versions[i], in_runtime))
					return true;
			}
		}
	}
	return false;
}

static bool find(struct finder *f)
{
	if (by_exported_runtime(f))
		return true;
	/* An exported _PyRuntime that nothing leads back from is a Python that was not started, or
	 * is damaged: other ways would lead to the same place. */
	if (f->has_first && !is_lost(f))
		return false;
	if (by_statics(f) || by_hidden_runtime(f) || by_section(f))
		return true;
	return (!f->has_first || is_lost(f)) && !locator_is_pypy(f->k) && by_search(f);
}

bool roots_find(struct locator *k)
{
	struct finder f = { .k = k, .budget = BUDGET };
	bool found = find(&f);
	map_release(&f.tried);
	if (!found && !f.has_first && f.statics) {
		f.first = (struct root){ .module = f.statics, .evidence = FOUND_BY_SYMBOL };
		f.has_first = true;
	}
	if (!found && f.has_first) {
		set_root(k, &f.first);
		locator_choose(k);
		k->root_lost = f.statics_lost || is_lost(&f);
	}
	return found || f.has_first;
}
