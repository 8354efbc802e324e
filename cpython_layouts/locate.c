/* Finding the Python in a process: where its roots are, and which layout reads them.
 *
 *	roots    _PyRuntime (3.7+) or interp_head (2.7, 3.6): by symbol, by code, by section, by
 *	         the cookie of _Py_DebugOffsets, by a search for what leads back to itself
 *	layout   tables that may fit the version, each tried on the roots (proofs.h); the one that
 *	         the core confirms is taken, whatever the version string says */
#include "cpython_layouts/locate.h"

#include <inttypes.h>
#include <string.h>
#include "core/checked.h"
#include "cpython_layouts/object.h"

enum { CANDIDATES_MAX = 16, DEBUG_OFFSETS_MAX = 4096 };

#define MICRO_UNKNOWN 0xff

/* Minor versions that have tables, newest first: what is most likely met. */
static const struct { uint8_t major, minor; } known_minors[] = {
	{ 3, 15 }, { 3, 14 }, { 3, 13 }, { 3, 12 }, { 3, 11 }, { 3, 10 },
	{ 3, 9 },  { 3, 8 },  { 3, 7 },	 { 3, 6 },  { 2, 7 },
};

const char *module_base_name(const struct module *module)
{
	const char *slash = module && module->path ? strrchr(module->path, '/') : NULL;
	return slash ? slash + 1 : module && module->path ? module->path : "?";
}

bool module_looks_like_python(const struct module *module)
{
	const char *name = module_base_name(module);
	return has_prefix(name, "python") || has_prefix(name, "libpython");
}

/* --- the version ----------------------------------------------------------------------------- */

static struct python_version version_from_hex(uint64_t hex)
{
	return (struct python_version){
		.major = hex >> 24, .minor = hex >> 16, .micro = hex >> 8,
		.level = hex >> 4 & 0xf, .serial = hex & 0xf,
	};
}

static bool is_plausible(const struct python_version *v)
{
	return (v->major == 2 && v->minor == 7) || (v->major == 3 && v->minor < 100);
}

static size_t parse_number(const char *p, size_t max, unsigned *ret)
{
	size_t n = 0;
	for (*ret = 0; n < max && n < 3 && p[n] >= '0' && p[n] <= '9'; n++)
		*ret = *ret * 10 + (unsigned)(p[n] - '0');
	return n;
}

/* "3.12", "python3.9d", "libpython3.13td.so.1.0": the name says the minor version at best. */
bool version_from_name(const char *name, struct python_version *ret)
{
	unsigned major, minor;
	const char *p = strpbrk(name, "23");
	if (!p || p[1] != '.')
		return false;
	parse_number(p, 1, &major);
	size_t digits = parse_number(p + 2, 3, &minor);
	if (!digits)
		return false;
	*ret = (struct python_version){ .major = major, .minor = minor, .micro = MICRO_UNKNOWN };
	for (p += 2 + digits; *p == 'd' || *p == 't' || *p == 'm' || *p == 'u'; p++) {
		ret->debug = ret->debug || *p == 'd';
		ret->free_threaded = ret->free_threaded || *p == 't';
	}
	return is_plausible(ret);
}

/* sys.version's beginning, as Python/getversion.c writes it:
 * "3.13.0rc1+ experimental free-threading build (main, ...". */
bool version_from_text(const char *text, size_t len, struct python_version *ret)
{
	unsigned number[3];
	size_t at = 0;
	struct python_version v = { .level = 0xf };
	for (int i = 0; i < 3; i++) {
		size_t n = parse_number(text + at, len - at, &number[i]);
		at += n;
		if (!n || number[i] > 99 || (i < 2 && (at >= len || text[at++] != '.')))
			return false;
	}
	v.major = number[0], v.minor = number[1], v.micro = number[2];
	static const struct { const char *name; uint8_t level; } levels[] = {
		{ "rc", 0xc }, { "a", 0xa }, { "b", 0xb }, { "c", 0xc },
	};
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		size_t n = strlen(levels[i].name);
		unsigned serial;
		if (len - at <= n || memcmp(text + at, levels[i].name, n) != 0)
			continue;
		v.level = levels[i].level;
		at += n;
		at += parse_number(text + at, len - at, &serial);
		v.serial = serial;
		break;
	}
	if (at < len && text[at] == '+')
		at++;
	const char *open = memchr(text + at, '(', MIN(len - at, (size_t)40));
	if (!open || text[at] != ' ')
		return false;
	v.free_threaded = memmem(text + at, (size_t)(open - text) - at, "free-threading build", 20);
	*ret = v;
	return is_plausible(&v);
}

/* --- trying layouts -------------------------------------------------------------------------- */

static void locator_release(struct locator *k)
{
	proofs_release(&k->best_proofs);
	error_free(k->refused);
	free(k->dwarf);
}

void locator_reset(struct locator *k)
{
	struct locator fresh = { .rt = k->rt, .hexversion = k->hexversion, .best_proofs = PROOFS_INIT };
	locator_release(k);
	*k = fresh;
}

/* Whether to believe a try more than the best so far: the credible one, then fewer contradictions, then fewer
 * places where the debug offsets had to correct the table, then more confirmations. */
static bool is_better(const struct locator *k, const struct proofs *p, unsigned corrected)
{
	const struct proofs *best = &k->best_proofs;
	if (!k->has_best || p->credible != best->credible)
		return !k->has_best || p->credible;
	/* A table that shows no interpreter was not tried at all: it neither wins nor loses. */
	if (!k->rt->interpreters || !k->best_interpreters)
		return false;
	if (p->failed != best->failed)
		return p->failed < best->failed;
	if (corrected != k->best_corrected)
		return corrected < k->best_corrected;
	return p->passed > best->passed;
}

/* Overlay _Py_DebugOffsets and count in how many places they contradict the table. */
static struct error *correct_layout(struct locator *k, struct layout *l, unsigned *ret)
{
	struct layout table = *l;
	*ret = 0;
	struct error *err = layout_apply_debug_offsets(l, k->debug_offsets, k->debug_offsets_size);
	if (err)
		return err;
	for (size_t f = 0; f < FIELD_COUNT; f++)
		*ret += l->slot[f].source == SLOT_DEBUG_OFFSETS &&
			l->slot[f].offset != table.slot[f].offset;
	for (size_t s = 0; s < STRUCT_COUNT; s++)
		*ret += l->size_source[s] == SLOT_DEBUG_OFFSETS && l->size[s] != table.size[s];
	return NULL;
}

struct error *locator_layout(struct locator *k, const struct layout_table *table,
			     const struct python_version *v, struct layout *ret, unsigned *ret_corrected)
{
	struct error *err = layout_from_table(table, k->rt->target->machine, ret);
	if (err)
		return err;
	bool known;
	ret->version = *v;
	ret->dialect = dialects_for(v, &known);
	ret->version_known = known && !k->version_unknown;
	ret->unicode_unit = k->unicode_unit;
	*ret_corrected = 0;
	if (k->dwarf)
		layout_overlay_dwarf(ret, k->dwarf);
	else if (k->debug_offsets_size)
		err = correct_layout(k, ret, ret_corrected);
	return err ? err : layout_check(ret);
}

static addr_t first_interpreter(struct locator *k)
{
	uint64_t head;
	if (!k->rt->address)
		return k->interpreters;
	return READ(k->rt, k->rt->address, _PyRuntimeState, interpreters_head, &head) ? head : 0;
}

/* true: nothing contradicts this table; no need to try others. */
static bool try_table(struct locator *k, const struct layout_table *table, const struct python_version *v)
{
	struct runtime *rt = k->rt;
	struct layout *l = &rt->layout;
	unsigned corrected;
	struct error *err = locator_layout(k, table, v, l, &corrected);
	if (err) {
		trace(LAYOUT, "%s: %s", table->name, err->message);
		error_free(k->refused);
		k->refused = err;
		return false;
	}
	uint64_t finalizing;
	struct proofs proofs = PROOFS_INIT;
	runtime_forget(rt);
	rt->none = 0;
	rt->finalizing = READ(rt, rt->address, _PyRuntimeState, finalizing, &finalizing) && finalizing;
	rt->interpreters = first_interpreter(k);
	if (rt->interpreters)
		proofs_run(rt, &proofs);
	trace(LAYOUT, "%s: %u truths hold, %u fail (%s), debug offsets correct %u places", table->name,
	      proofs.passed, proofs.failed, proofs.failures.buf, corrected);
	if (proofs.hexversion)
		k->hexversion = proofs.hexversion;
	bool perfect = proofs.credible && !proofs.failed && !corrected;
	if (is_better(k, &proofs, corrected)) {
		proofs_release(&k->best_proofs);
		k->best_proofs = proofs;
		k->best_corrected = corrected;
		k->best_dwarf = k->dwarf != NULL;
		k->best_table = table;
		k->best_version = *v;
		k->best_interpreters = rt->interpreters;
		k->has_best = true;
	} else {
		proofs_release(&proofs);
	}
	return perfect;
}

bool locator_try(struct locator *k, const struct python_version *v)
{
	const struct machine *m = k->rt->target->machine;
	const struct layout_table *tables[CANDIDATES_MAX];
	size_t count = layout_candidates(v, m, tables, CANDIDATES_MAX);
	k->version_unknown = false;
	if (!count && k->version_certain) {
		tables[0] = layout_nearest_table(v, m);
		count = tables[0] != NULL;
		k->version_unknown = true;
	}
	for (size_t i = 0; i < count; i++) {
		if (try_table(k, tables[i], v))
			return true;
	}
	return false;
}

/* _PyRuntime came with 3.7, the cookie at its start with 3.13. */
static bool may_be(const struct locator *k, unsigned major, unsigned minor)
{
	bool has_runtime = major == 3 && minor >= 7;
	return k->rt->address ? has_runtime && minor < 13 : !has_runtime;
}

/* With and without Py_DEBUG: nothing exported says for certain which it is, the truths do. */
size_t locator_versions(const struct locator *k, bool any, struct python_version *ret)
{
	struct python_version minors[ARRAY_SIZE(known_minors) + 1];
	size_t count = 0, n = 0;
	if (k->version.major && (any || k->version_certain ||
				 may_be(k, k->version.major, k->version.minor)))
		minors[n++] = k->version;
	for (size_t i = 0; !k->version_certain && i < ARRAY_SIZE(known_minors); i++) {
		struct python_version v = { .major = known_minors[i].major,
					    .minor = known_minors[i].minor,
					    .micro = MICRO_UNKNOWN };
		if ((any || may_be(k, v.major, v.minor)) &&
		    (v.major != k->version.major || v.minor != k->version.minor))
			minors[n++] = v;
	}
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < n && count < VERSIONS_MAX; i++) {
			ret[count] = minors[i];
			ret[count++].debug = k->debug_hint != (round == 1);
		}
	}
	return count;
}

static bool try_versions(struct locator *k)
{
	struct python_version versions[VERSIONS_MAX];
	size_t count = locator_versions(k, false, versions);
	for (size_t i = 0; i < count; i++) {
		if (locator_try(k, &versions[i]))
			break;
	}
	return k->has_best && k->best_proofs.credible;
}

/* Reading all of a build's debug information takes a good part of a second: for builds alone that
 * no table reads. */
static bool read_dwarf(struct locator *k)
{
	struct runtime *rt = k->rt;
	const struct mapped_file *file = rt->module ? symbols_debug_file(rt->symbols, rt->module) : NULL;
	if (!file || k->dwarf)
		return false;
	_free_ struct layout *dwarf = calloc(1, sizeof(*dwarf));
	if (!dwarf)
		return false;
	dwarf->machine = rt->target->machine;
	struct error *err = layout_apply_dwarf(dwarf, file);
	if (err)
		trace(LAYOUT, "%s", err->message);
	error_free(err);
	if (!HAS_STRUCT(dwarf, PyThreadState) || !HAS_STRUCT(dwarf, PyInterpreterState))
		return false;
	trace(LAYOUT, "no table fits: reading %s", file->path);
	k->dwarf = take(dwarf);
	return true;
}

bool locator_choose(struct locator *k)
{
	bool credible = try_versions(k);
	if ((credible && !k->version_unknown) || !k->best_interpreters || !read_dwarf(k))
		return credible;
	return try_versions(k);
}

/* --- what the exported names tell ------------------------------------------------------------ */

static bool exports(struct locator *k, const char *name)
{
	struct symbol s;
	return symbols_find_exported(k->rt->symbols, name, "libpython", &s);
}

bool locator_has_cookie(const struct locator *k, addr_t at)
{
	const struct machine *m = k->rt->target->machine;
	const uint8_t *p = memory_at(&k->rt->target->memory, at, 32);
	if (!p || memcmp(p, DEBUG_OFFSETS_COOKIE, 8) != 0)
		return false;
	struct python_version v = version_from_hex(load_u64(m, p + 8));
	return load_u64(m, p + 8) >> 32 == 0 && v.major == 3 && v.minor >= 13 && is_plausible(&v) &&
	       load_u64(m, p + 16) <= 1;
}

/* The cookie at the start of _PyRuntime (3.13+): who is there, and where everything lies. */
static bool read_cookie(struct locator *k)
{
	const struct memory *m = &k->rt->target->memory;
	const struct machine *machine = k->rt->target->machine;
	addr_t at = k->rt->address;
	if (!at || !locator_has_cookie(k, at))
		return false;
	for (size_t size = DEBUG_OFFSETS_MAX; size >= 64 && !k->debug_offsets; size /= 2) {
		k->debug_offsets = memory_at(m, at, size);
		k->debug_offsets_size = size;
	}
	k->version = version_from_hex(load_u64(machine, k->debug_offsets + 8));
	k->version.free_threaded = load_u64(machine, k->debug_offsets + 16);
	k->version_certain = true;
	k->rt->version_evidence = "the debug offsets in _PyRuntime";
	return true;
}

/* Py_Version (3.11+) is a constant: readable where the file is at hand. */
static bool read_py_version(struct locator *k)
{
	struct symbol s;
	const struct target *t = k->rt->target;
	if (!symbols_find_exported(k->rt->symbols, "Py_Version", "libpython", &s))
		return false;
	const uint8_t *p = memory_at(&t->memory, s.addr, t->machine->word);
	struct python_version v = p ? version_from_hex(load_word(t->machine, p))
				    : (struct python_version){ 0 };
	if (!p || v.major != 3 || !is_plausible(&v))
		return false;
	k->version = v;
	k->version_certain = true;
	k->rt->version_evidence = "Py_Version";
	return true;
}

/* A function that the minor version brought, newest first (Doc/data/stable_abi.dat and What's New). */
static const struct { uint8_t major, minor; const char *name; } brought[] = {
	{ 3, 10, "PyIter_Send" },	{ 3, 9, "PyFrame_GetCode" }, { 3, 8, "PyPickleBuffer_FromObject" },
	{ 3, 7, "PyThread_tss_create" },	{ 3, 6, "PyOS_FSPath" },     { 2, 7, "PyString_FromString" },
};

static void hint_from_names(struct locator *k)
{
	const struct target *t = k->rt->target;
	k->rt->version_evidence = "its exported names";
	for (size_t i = 0; k->rt->module && i < ARRAY_SIZE(brought); i++) {
		struct symbol s;
		if (!symbols_find_exported_in(k->rt->symbols, k->rt->module, brought[i].name, &s))
			continue;
		k->version = (struct python_version){ .major = brought[i].major,
						      .minor = brought[i].minor,
						      .micro = MICRO_UNKNOWN };
		return;
	}
	k->rt->version_evidence = "the name of its file";
	if (k->rt->module && version_from_name(module_base_name(k->rt->module), &k->version))
		return;
	const struct module *m;
	vec_each(m, &t->modules) {
		if (module_looks_like_python(m) && version_from_name(module_base_name(m), &k->version))
			return;
	}
	k->rt->version_evidence = NULL;
}

void locator_read_hints(struct locator *k)
{
	k->debug_hint = exports(k, "_Py_NegativeRefcount");
	k->unicode_unit = exports(k, "PyUnicodeUCS2_FromUnicode") ? 2 : 4;
	if (read_cookie(k) || read_py_version(k))
		return;
	hint_from_names(k);
	k->debug_hint = k->debug_hint || k->version.debug;
}

/* --- filling in ------------------------------------------------------------------------------ */

static addr_t exported_object(struct runtime *rt, const char *name)
{
	struct symbol s;
	return symbols_find_exported(rt->symbols, name, "libpython", &s) &&
			       proofs_type_of_types(rt, s.addr)
		       ? s.addr
		       : 0;
}

static void read_sys(struct runtime *rt, const struct interpreter *interp)
{
	_str_ struct str text = STR_INIT;
	bool cut;
	addr_t value = interp->sysdict ? dict_get(rt, interp->sysdict, "version") : 0;
	if (!value || !object_text(rt, value, 500, &text, &cut))
		return;
	char *line = strchr(text.buf, '\n');
	size_t len = line ? (size_t)(line - text.buf) : text.len;
	while (len && text.buf[len - 1] == ' ')
		len--;
	rt->version_text = arena_copy(&rt->target->arena, text.buf, len);
	value = rt->layout.dialect.unicode_27 ? dict_get(rt, interp->sysdict, "maxunicode") : 0;
	int64_t largest;
	if (value && object_int64(rt, value, &largest))
		rt->layout.unicode_unit = largest == 0xffff ? 2 : 4;
}

/* The release: what sys.hexversion says is more exact than a name's hint. */
static void settle_version(struct locator *k)
{
	struct python_version v = version_from_hex(k->best_proofs.hexversion);
	struct layout *l = &k->rt->layout;
	if (k->best_proofs.hexversion && v.major == l->version.major && v.minor == l->version.minor) {
		v.debug = l->version.debug;
		v.free_threaded = l->version.free_threaded;
		if (!k->version_certain)
			k->rt->version_evidence = "sys.hexversion";
		l->version = v;
	}
	if (k->rt->interpreters && !k->rt->version_evidence) {
		k->rt->version_evidence = "the layout that fits";
		remark_info(&k->rt->target->remarks,
			    "nothing in the core says which Python it is: %u.%u's layout fits best",
			    l->version.major, l->version.minor);
	}
	const struct layout_table *t = k->best_table;
	if (l->version_known && (l->version.micro < t->first.micro || l->version.micro > t->last.micro))
		trace(LAYOUT, "version %u.%u.%u, but the layout that fits is %s", l->version.major,
		      l->version.minor, l->version.micro, t->name);
}

static struct error *locator_fill(struct locator *k)
{
	struct runtime *rt = k->rt;
	unsigned corrected;
	if (!k->best_dwarf) {
		free(k->dwarf);
		k->dwarf = NULL;
	}
	k->version_unknown = layout_candidates(&k->best_version, rt->target->machine,
					       (const struct layout_table *[1]){ 0 }, 1) == 0;
	struct error *err = locator_layout(k, k->best_table, &k->best_version, &rt->layout, &corrected);
	if (err)
		return err;
	runtime_forget(rt);
	rt->interpreters = k->root_lost ? 0 : first_interpreter(k);
	rt->proofs = k->best_proofs.passed;
	rt->proofs_failed = k->best_proofs.failed;
	settle_version(k);
	rt->type_type = k->best_proofs.type_type ? k->best_proofs.type_type
						 : exported_object(rt, "PyType_Type");
	rt->none = exported_object(rt, "_Py_NoneStruct");
	uint64_t finalizing;
	struct interpreter_iter it = interpreters(rt);
	struct interpreter interp;
	if (interpreter_next(&it, &interp)) {
		read_sys(rt, &interp);
		rt->gil_holder = interp.gil_holder;
		if (!rt->none && interp.builtins)
			rt->none = dict_get(rt, interp.builtins, "None");
		if (READ(rt, interp.at, PyInterpreterState, finalizing, &finalizing) && finalizing)
			rt->finalizing = true;
	}
	if (READ(rt, rt->address, _PyRuntimeState, finalizing, &finalizing) && finalizing)
		rt->finalizing = true;
	addr_t state;
	if (rt->finalizing_at && target_read_word(rt->target, rt->finalizing_at, &state) && state)
		rt->finalizing = true;
	return NULL;
}

static void remark_on_layout(struct locator *k)
{
	struct runtime *rt = k->rt;
	struct remarks *r = &rt->target->remarks;
	const struct python_version *v = &rt->layout.version;
	if (!rt->layout.version_known)
		remark_info(r,
			    "Python %u.%u is not known to this pycore: read through its debug %s over %s's "
			    "table; %u of %u checks of the layout hold",
			    v->major, v->minor, k->best_dwarf ? "information" : "offsets",
			    k->best_table->name, rt->proofs,
			    rt->proofs + rt->proofs_failed);
	else if (rt->proofs_failed)
		remark_info(r, "layout %s: %u of %u checks hold; not: %s", k->best_table->name,
			    rt->proofs, rt->proofs + rt->proofs_failed, k->best_proofs.failures.buf);
	if (!rt->interpreters && k->root_lost)
		remark_loss(r,
			    "Python %u.%u is in %s, but the memory that leads to its threads is not in the core%s",
			    v->major, v->minor, rt->module ? rt->module->path : "memory",
			    rt->target->truncated ? ", which is truncated" : "");
	else if (!rt->interpreters)
		remark_info(r, "Python %u.%u has no interpreter: it was not started yet, or is finalized",
			    v->major, v->minor);
}

/* --- refusing -------------------------------------------------------------------------------- */

bool locator_is_pypy(struct locator *k)
{
	const struct module *m;
	vec_each(m, &k->rt->target->modules) {
		if (has_prefix(module_base_name(m), "libpypy") || has_prefix(module_base_name(m), "pypy"))
			return true;
	}
	return exports(k, "pypy_main_startup") || exports(k, "rpython_startup_code");
}

static const char *program_name(const struct target *t)
{
	return t->process.name ? t->process.name : "the program";
}

/* What stands in the way of looking into a module; NULL: nothing. */
static const char *obstacle(const struct module *m)
{
	if (m->file.data)
		return NULL;
	return m->file_note ? m->file_note : "its file is not here";
}

static struct error *not_found(struct locator *k)
{
	const struct target *t = k->rt->target;
	const char *path = t->process.executable ? t->process.executable : "path unknown";
	const struct module *m;
	if (locator_is_pypy(k))
		return error_new(ERROR_UNSUPPORTED,
				 "%s (%s) is PyPy, which pycore cannot read: it reads CPython 2.7 and 3.6 to 3.15",
				 program_name(t), path);
	if (t->truncated)
		return error_new(ERROR_UNSUPPORTED,
				 "no Python found in %s (%s): the core is truncated, the memory that leads to it is "
				 "missing; make one that is whole (ulimit -c unlimited, free disk space)",
				 program_name(t), path);
	vec_each(m, &t->modules) {
		if ((m->is_executable || module_looks_like_python(m)) && obstacle(m))
			return error_new(ERROR_UNSUPPORTED,
					 "no Python found in %s (%s): %s could not be looked into (%s); give the "
					 "executable, or where its files are with --sysroot or --search",
					 program_name(t), path, m->path, obstacle(m));
	}
	return error_new(ERROR_UNSUPPORTED,
			 "no Python found in %s (%s): nothing in it looks like CPython 2.7 or 3.6 to 3.15",
			 program_name(t), path);
}

/* The layout found must be that of the version found: a 3.5 would be half read by 3.6's. That there
 * is no interpreter is believed where something said which version it is not in. */
static bool is_readable(const struct locator *k)
{
	struct python_version v = version_from_hex(k->best_proofs.hexversion);
	if (!k->has_best || (!k->best_proofs.credible && (k->best_interpreters || !k->version.major)))
		return false;
	return k->version_certain || !k->best_proofs.hexversion ||
	       (v.major == k->best_version.major && v.minor == k->best_version.minor);
}

/* A Python is there, but no layout reads it. */
static struct error *not_readable(struct locator *k)
{
	const struct target *t = k->rt->target;
	const char *where = k->rt->module ? k->rt->module->path : "memory";
	struct python_version v = k->hexversion ? version_from_hex(k->hexversion) : k->version;
	const struct layout_table *any[1];
	v.micro = k->hexversion ? v.micro : MICRO_UNKNOWN;
	if (k->refused && k->version_certain)
		return error_prefix(take(k->refused), "Python %u.%u in %s cannot be read", v.major, v.minor,
				    where);
	if (v.major && !layout_candidates(&v, t->machine, any, 1))
		return error_new(ERROR_UNSUPPORTED,
				 "Python %u.%u in %s: pycore reads 2.7 and 3.6 to 3.15, and later ones that have "
				 "debug offsets",
				 v.major, v.minor, where);
	return error_new(ERROR_UNSUPPORTED,
			 "Python is in %s, but no layout known to pycore fits what the core holds: its memory is "
			 "missing or damaged, or it is a build with changed structs (PYCORE_TRACE=layout says what "
			 "was tried)",
			 where);
}

struct error *runtime_locate(struct target *target, struct symbols *symbols, struct runtime **ret)
{
	if (!target->machine->supported)
		return error_new(ERROR_UNSUPPORTED,
				 "%s: cores of %s are not supported: pycore reads x86_64 and aarch64",
				 target->path ? target->path : "core", target->machine->name);
	_cleanup_(owned_runtime_free) struct runtime *rt = calloc(1, sizeof(*rt));
	if (!rt)
		return error_nomem();
	rt->target = target;
	rt->symbols = symbols;
	_cleanup_(locator_release) struct locator k = { .rt = rt, .best_proofs = PROOFS_INIT };
	if (!roots_find(&k))
		return not_found(&k);
	if (!is_readable(&k)) {
		/* What there is can still be told: the process, its threads and modules. */
		k.root_lost = k.root_lost || (target->truncated && k.has_best && !k.best_proofs.credible);
		if (!k.root_lost)
			return not_readable(&k);
	}
	struct error *err = locator_fill(&k);
	if (err)
		return err;
	remark_on_layout(&k);
	trace(LOCATE, "Python %u.%u.%u in %s, layout %s, %u truths hold, %u fail", rt->layout.version.major,
	      rt->layout.version.minor, rt->layout.version.micro,
	      rt->module ? rt->module->path : "no module", k.best_table->name, rt->proofs,
	      rt->proofs_failed);
	*ret = take(rt);
	return NULL;
}
