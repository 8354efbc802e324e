#include "symbols/symbols_parts.h"

#include <elf.h>
#include <string.h>
#include "core/checked.h"
#include "core/debuginfod.h"
#include "core/inflate.h"
#include "core/str.h"
#include "core/trace.h"
#include "symbols/debugfile.h"

enum { MINI_MAX = 64 << 20 };	/* some 100 KB for a large program */

struct error *symbols_load(struct target *target, struct files *files, struct symbols **ret)
{
	struct symbols *s = calloc(1, sizeof(*s));
	if (!s)
		return error_nomem();
	s->target = target;
	s->files = files;
	s->count = target->modules.len;
	s->modules = calloc(s->count + 1, sizeof(*s->modules));
	if (!s->modules) {
		free(s);
		return error_nomem();
	}
	for (size_t i = 0; i < s->count; i++)
		s->modules[i].module = &target->modules.items[i];
	*ret = s;
	return NULL;
}

void symbols_free(struct symbols *s)
{
	for (size_t i = 0; i < s->count; i++) {
		struct module_symbols *ms = &s->modules[i];
		if (ms->has_debug)
			mapped_file_release(&ms->debug_mapping);
		mapped_file_release(&ms->shared_mapping);
		if (ms->mini_file.buf)
			str_release(&ms->mini_file);
		vec_release(&ms->index);
	}
	vec_release(&s->found);
	places_free(s->places);
	free(s->modules);
	free(s);
}

struct module_symbols *symbols_of_module(struct symbols *s, const struct module *module)
{
	for (size_t i = 0; i < s->count; i++) {
		if (s->modules[i].module == module)
			return &s->modules[i];
	}
	return NULL;
}

const struct elffile *symbols_file(struct symbols *s, struct module_symbols *ms)
{
	if (!ms->file_tried) {
		const struct mapped_file *f = &ms->module->file;
		ms->file_tried = true;
		ms->has_file = f->data &&
			       elffile_open(f->data, f->size, s->target->machine, &ms->file);
	}
	return ms->has_file ? &ms->file : NULL;
}

static const struct elffile *debug_of(struct symbols *s, struct module_symbols *ms)
{
	if (!ms->debug_tried) {
		const char *before = s->files ? debuginfod_fault(s->files->debuginfod) : NULL;
		ms->debug_tried = true;
		if (s->files && debugfile_find(s->files, s->target->machine, ms->module,
					       &ms->debug_mapping)) {
			ms->has_debug = elffile_open(ms->debug_mapping.data,
						     ms->debug_mapping.size, s->target->machine,
						     &ms->debug);
			if (!ms->has_debug)
				mapped_file_release(&ms->debug_mapping);
		}
		const char *fault = s->files ? debuginfod_fault(s->files->debuginfod) : NULL;
		if (fault && !before)
			remark_info(&s->target->remarks, "debuginfod: %s", fault);
		trace(SYMBOLS, "%s: debug file %s", ms->module->path,
		      ms->has_debug ? ms->debug_mapping.path : "not found");
	}
	return ms->has_debug ? &ms->debug : NULL;
}

bool symbols_usable(const struct elf_symbol *e)
{
	return e->section != SHN_UNDEF && e->section != SHN_ABS && e->value != 0 &&
	       (e->type == STT_NOTYPE || e->type == STT_OBJECT || e->type == STT_FUNC ||
		e->type == STT_COMMON || e->type == STT_GNU_IFUNC);
}

/* --- symbol tables of files ------------------------------------------------------------------ */

const struct elf_symtab *symbols_symtab(struct symbols *s, struct module_symbols *ms)
{
	const struct elffile *file = symbols_file(s, ms);
	if (!ms->symtab_tried) {
		ms->symtab_tried = true;
		ms->has_symtab = file && elffile_symtab(file, SHT_SYMTAB, &ms->symtab);
	}
	return ms->has_symtab ? &ms->symtab : NULL;
}

const struct elf_symtab *symbols_debug_symtab(struct symbols *s, struct module_symbols *ms)
{
	const struct elffile *file = debug_of(s, ms);
	if (!ms->debug_symtab_tried) {
		ms->debug_symtab_tried = true;
		ms->has_debug_symtab = file && elffile_symtab(file, SHT_SYMTAB, &ms->debug_symtab);
	}
	return ms->has_debug_symtab ? &ms->debug_symtab : NULL;
}

const struct elf_symtab *symbols_mini_symtab(struct symbols *s, struct module_symbols *ms)
{
	const struct elffile *file = symbols_file(s, ms);
	struct elffile mini;
	struct elf_section section;
	if (!ms->mini_tried && file && elffile_find_section(file, ".gnu_debugdata", 0, &section)) {
		const uint8_t *packed = elffile_section_data(file, &section);
		ms->mini_file = (struct str)STR_INIT;
		ms->has_mini = packed &&
			       inflate_small(packed, section.size, MINI_MAX, &ms->mini_file) &&
			       elffile_open((const uint8_t *)ms->mini_file.buf, ms->mini_file.len,
					    s->target->machine, &mini) &&
			       elffile_symtab(&mini, SHT_SYMTAB, &ms->mini);
		trace(SYMBOLS, "%s: .gnu_debugdata %s", ms->module->path,
		      ms->has_mini ? "has symbols" : "cannot be used");
	}
	ms->mini_tried = true;
	return ms->has_mini ? &ms->mini : NULL;
}

static size_t count_digits(const char *p, size_t max)
{
	size_t n = 0;
	while (n < max && p[n] >= '0' && p[n] <= '9')
		n++;
	return n;
}

/* GCC tells statics of one name apart: "version.0", "interp_head.lto_priv.0"; clang's ThinLTO adds
 * ".llvm." and a number. ".cold" or ".part.0" of a function are other things and do not match. */
static bool is_rename_suffix(const char *p, size_t max)
{
	static const char *const infixes[] = { ".", ".lto_priv.", ".llvm." };
	for (size_t i = 0; i < ARRAY_SIZE(infixes); i++) {
		size_t len = strlen(infixes[i]);
		if (len >= max || memcmp(p, infixes[i], len) != 0)
			continue;
		size_t digits = count_digits(p + len, max - len);
		if (digits && len + digits < max && p[len + digits] == 0)
			return true;
	}
	return false;
}

/* 0: another name; 1: renamed; 2: local; 3: global. */
static int match(const struct elf_symtab *t, const struct elf_symbol *e, const char *name, size_t len)
{
	if (e->name >= t->strings_size)
		return 0;
	size_t max = t->strings_size - e->name;
	const char *text = t->strings + e->name;
	if (max <= len || *text != *name || memcmp(text, name, len) != 0)
		return 0;
	if (text[len] == 0)
		return e->bind == STB_LOCAL ? 2 : 3;
	return is_rename_suffix(text + len, max - len) ? 1 : 0;
}

static bool find_in_symtab(struct symbols *s, struct module_symbols *ms, const struct elf_symtab *t,
			   enum symbol_source source, const char *name, struct symbol *ret)
{
	const struct machine *m = s->target->machine;
	size_t size = elf_symbol_size(m), len = strlen(name);
	int best = 0;
	for (size_t i = 0; t && i < t->count && best < 3; i++) {
		struct elf_symbol e;
		elf_symbol_load(m, t->symbols + i * size, &e);
		int rank = match(t, &e, name, len);
		if (rank <= best || !symbols_usable(&e))
			continue;
		best = rank;
		*ret = (struct symbol){
			.name = t->strings + e.name,
			.addr = ms->module->bias + e.value,
			.size = e.size,
			.source = source,
			.module = ms->module,
		};
	}
	return best > 0;
}

static bool find_from(struct symbols *s, struct module_symbols *ms, enum symbol_source source,
		      const char *name, struct symbol *ret)
{
	switch (source) {
	case SYMBOL_DYNSYM:
		return symbols_dynamic_find(s, ms, name, ret);
	case SYMBOL_SYMTAB:
		return find_in_symtab(s, ms, symbols_symtab(s, ms), source, name, ret);
	case SYMBOL_DEBUG_FILE:
		return find_in_symtab(s, ms, symbols_mini_symtab(s, ms), SYMBOL_SYMTAB, name, ret) ||
		       find_in_symtab(s, ms, symbols_debug_symtab(s, ms), source, name, ret);
	}
	return false;
}

const struct module *symbols_module_before(struct symbols *s, addr_t addr)
{
	const struct module *ret = NULL;
	for (size_t i = 0; i < s->count && s->modules[i].module->start <= addr; i++)
		ret = s->modules[i].module;
	return ret;
}

static bool found(struct symbols *s, const struct symbol *symbol)
{
	trace(SYMBOLS, "%s at " ADDR_FMT " in %s", symbol->name, symbol->addr,
	      symbol->module->path);
	struct symbol *kept = vec_push(&s->found);
	if (kept)
		*kept = *symbol;
	return true;
}

size_t symbols_found(const struct symbols *s, const struct symbol **ret)
{
	*ret = s->found.items;
	return s->found.len;
}

static bool is_preferred(const struct module *module, const char *prefer)
{
	const char *slash = strrchr(module->path, '/');
	return prefer && has_prefix(slash ? slash + 1 : module->path, prefer);
}

/* 0: the program itself; 1: preferred; 2: the others. */
static int turn_of(const struct module *module, const char *prefer)
{
	return module->is_executable ? 0 : is_preferred(module, prefer) ? 1 : 2;
}

static bool find_everywhere(struct symbols *s, enum symbol_source source, const char *name,
			    const char *prefer, int turns, struct symbol *ret)
{
	for (int turn = 0; turn < turns; turn++) {
		for (size_t i = 0; i < s->count; i++) {
			if (turn_of(s->modules[i].module, prefer) == turn &&
			    find_from(s, &s->modules[i], source, name, ret))
				return found(s, ret);
		}
	}
	return false;
}

/* A slim core kept addresses instead of tables. */
static bool find_hint(struct symbols *s, const char *name, const struct module *module,
		      struct symbol *ret)
{
	const struct symbol_hint *hint;
	vec_each(hint, &s->target->hints) {
		const struct module *m = symbols_module_before(s, hint->addr);
		if (!m || (module && m != module) || !streq(hint->name, name))
			continue;
		*ret = (struct symbol){ hint->name, hint->addr, hint->size, SYMBOL_SYMTAB, m };
		return true;
	}
	return false;
}

bool symbols_find_exported(struct symbols *s, const char *name, const char *prefer, struct symbol *ret)
{
	return find_hint(s, name, NULL, ret) ||
	       find_everywhere(s, SYMBOL_DYNSYM, name, prefer, 3, ret);
}

bool symbols_find_exported_in(struct symbols *s, const struct module *module, const char *name,
			      struct symbol *ret)
{
	struct module_symbols *ms = symbols_of_module(s, module);
	return find_hint(s, name, module, ret) ||
	       (ms && find_from(s, ms, SYMBOL_DYNSYM, name, ret) && found(s, ret));
}

bool symbols_find(struct symbols *s, const char *name, const char *prefer, struct symbol *ret)
{
	/* Opening debug files of modules that nobody asked for would take longer than the rest. */
	return find_hint(s, name, NULL, ret) ||
	       find_everywhere(s, SYMBOL_DYNSYM, name, prefer, 3, ret) ||
	       find_everywhere(s, SYMBOL_SYMTAB, name, prefer, 3, ret) ||
	       find_everywhere(s, SYMBOL_DEBUG_FILE, name, prefer, prefer ? 2 : 3, ret);
}

bool symbols_find_in(struct symbols *s, const struct module *module, const char *name, struct symbol *ret)
{
	struct module_symbols *ms = symbols_of_module(s, module);
	if (find_hint(s, name, module, ret))
		return true;
	return ms && (find_from(s, ms, SYMBOL_DYNSYM, name, ret) ||
		      find_from(s, ms, SYMBOL_SYMTAB, name, ret) ||
		      find_from(s, ms, SYMBOL_DEBUG_FILE, name, ret)) &&
	       found(s, ret);
}

/* --- sections and debug information ---------------------------------------------------------- */

bool symbols_section(struct symbols *s, const struct module *module, const char *name,
		     addr_t *ret_addr, uint64_t *ret_size)
{
	struct module_symbols *ms = symbols_of_module(s, module);
	const struct elffile *file = ms ? symbols_file(s, ms) : NULL;
	struct elf_section section;
	if (!file || !elffile_find_section(file, name, 0, &section) || !section.addr)
		return false;
	*ret_addr = module->bias + section.addr;
	*ret_size = section.size;
	return true;
}

const struct mapped_file *symbols_debug_file(struct symbols *s, const struct module *module)
{
	struct module_symbols *ms = symbols_of_module(s, module);
	const struct elffile *file = ms ? symbols_file(s, ms) : NULL;
	struct elf_section section;
	if (file && elffile_find_section(file, ".debug_info", 0, &section))
		return &module->file;
	file = ms ? debug_of(s, ms) : NULL;
	if (file && elffile_find_section(file, ".debug_info", 0, &section))
		return &ms->debug_mapping;
	return NULL;
}
