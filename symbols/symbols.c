#include "symbols/symbols.h"

#include <elf.h>
#include <string.h>
#include "core/checked.h"
#include "core/str.h"
#include "core/trace.h"
#include "symbols/debugfile.h"
#include "symbols/elffile.h"

/* A hostile hash table may chain for ever; a real chain has a handful of links. */
enum { HASH_CHAIN_MAX = 100000, DYNAMIC_MAX = 512, SYMBOLS_MAX = 1 << 22 };

/* Where PT_DYNAMIC says the dynamic symbols are, as addresses in the process. */
struct dynamic {
	bool tried, usable;
	addr_t symtab, strtab, hash, gnu_hash;
	uint64_t strings_size;
};

struct index_entry {
	addr_t addr;
	uint64_t size;
	const char *name;
	uint8_t source, rank;		/* rank: global functions before local labels */
};

struct module_symbols {
	const struct module *module;
	struct elffile file, debug;
	bool file_tried, has_file, debug_tried, has_debug;
	bool symtab_tried, has_symtab, debug_symtab_tried, has_debug_symtab;
	struct elf_symtab symtab, debug_symtab;
	struct mapped_file debug_mapping;
	struct dynamic dynamic;
	bool indexed;
	VEC(struct index_entry) index;
};

struct symbols {
	struct target *target;
	struct files *files;		/* NULL: no debug files are looked for */
	struct module_symbols *modules;	/* parallel to target->modules */
	size_t count;
	VEC(struct symbol) found;
};

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
		vec_release(&ms->index);
	}
	vec_release(&s->found);
	free(s->modules);
	free(s);
}

static struct module_symbols *of_module(struct symbols *s, const struct module *module)
{
	for (size_t i = 0; i < s->count; i++) {
		if (s->modules[i].module == module)
			return &s->modules[i];
	}
	return NULL;
}

static const struct elffile *file_of(struct symbols *s, struct module_symbols *ms)
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
		ms->debug_tried = true;
		if (s->files && debugfile_find(s->files, s->target->machine, ms->module,
					       &ms->debug_mapping)) {
			ms->has_debug = elffile_open(ms->debug_mapping.data,
						     ms->debug_mapping.size, s->target->machine,
						     &ms->debug);
			if (!ms->has_debug)
				mapped_file_release(&ms->debug_mapping);
		}
		trace(SYMBOLS, "%s: debug file %s", ms->module->path,
		      ms->has_debug ? ms->debug_mapping.path : "not found");
	}
	return ms->has_debug ? &ms->debug : NULL;
}

static bool usable(const struct elf_symbol *e)
{
	return e->section != SHN_UNDEF && e->section != SHN_ABS && e->value != 0 &&
	       (e->type == STT_NOTYPE || e->type == STT_OBJECT || e->type == STT_FUNC ||
		e->type == STT_COMMON || e->type == STT_GNU_IFUNC);
}

/* --- dynamic symbols -------------------------------------------------------------------------
 *
 * Read at their addresses in the process, so that a core that holds them needs no file and slim
 * sees which pages were used; only where the memory is lost, from the same place in the file. */

static const uint8_t *image_at(struct symbols *s, struct module_symbols *ms, addr_t addr, size_t len)
{
	const uint8_t *p = memory_at(&s->target->memory, addr, len);
	if (p)
		return p;
	const struct elffile *file = file_of(s, ms);
	return file ? elffile_at(file, addr - ms->module->bias, len) : NULL;
}

static bool image_u32(struct symbols *s, struct module_symbols *ms, addr_t addr, uint32_t *ret)
{
	const uint8_t *p = image_at(s, ms, addr, 4);
	if (p)
		*ret = load_u32(s->target->machine, p);
	return p != NULL;
}

/* PT_DYNAMIC's address in the process and its size in the file's headers, or the dumped ones. */
static bool dynamic_segment(struct symbols *s, struct module_symbols *ms, addr_t *ret_addr,
			    uint64_t *ret_size)
{
	struct elffile dumped;
	struct elf_phdr segment;
	const struct elffile *elf = &dumped;
	const uint8_t *page = memory_at(&s->target->memory, ms->module->start, 4096);
	if (!page || !elffile_open(page, 4096, s->target->machine, &dumped))
		elf = file_of(s, ms);
	if (!elf)
		return false;
	for (uint32_t i = 0; elffile_segment(elf, i, &segment); i++) {
		if (segment.type == PT_DYNAMIC) {
			*ret_addr = ms->module->bias + segment.vaddr;
			*ret_size = segment.memsz;
			return true;
		}
	}
	return false;
}

/* glibc writes addresses over the file's offsets in .dynamic (elf/dl-load.c, ADJUST_DYN_INFO);
 * musl, and some machines' glibc, leave them. */
static addr_t dynamic_pointer(const struct module *module, uint64_t value)
{
	return value < module->bias ? value + module->bias : value;
}

static void dynamic_read(struct symbols *s, struct module_symbols *ms)
{
	const struct machine *m = s->target->machine;
	struct dynamic *d = &ms->dynamic;
	addr_t at;
	uint64_t size;
	if (!dynamic_segment(s, ms, &at, &size))
		return;
	for (size_t i = 0; i < DYNAMIC_MAX && (i + 1) * 2 * m->word <= size; i++) {
		const uint8_t *p = image_at(s, ms, at + i * 2 * m->word, 2 * m->word);
		if (!p)
			return;
		uint64_t tag = load_word(m, p), value = load_word(m, p + m->word);
		addr_t pointer = dynamic_pointer(ms->module, value);
		switch (tag) {
		case DT_SYMTAB: d->symtab = pointer; break;
		case DT_STRTAB: d->strtab = pointer; break;
		case DT_STRSZ: d->strings_size = value; break;
		case DT_HASH: d->hash = pointer; break;
		case DT_GNU_HASH: d->gnu_hash = pointer; break;
		}
		if (tag == DT_NULL)
			break;
	}
	d->usable = d->symtab && d->strtab && (d->hash || d->gnu_hash);
}

static struct dynamic *dynamic_of(struct symbols *s, struct module_symbols *ms)
{
	if (!ms->dynamic.tried) {
		ms->dynamic.tried = true;
		dynamic_read(s, ms);
	}
	return ms->dynamic.usable ? &ms->dynamic : NULL;
}

static bool dynamic_symbol(struct symbols *s, struct module_symbols *ms, uint32_t i,
			   struct elf_symbol *ret)
{
	size_t size = elf_symbol_size(s->target->machine);
	const uint8_t *p = image_at(s, ms, ms->dynamic.symtab + (uint64_t)i * size, size);
	if (p)
		elf_symbol_load(s->target->machine, p, ret);
	return p != NULL;
}

/* Is symbol i called `name` (len bytes), and defined here? */
static bool dynamic_is(struct symbols *s, struct module_symbols *ms, uint32_t i, const char *name,
		       size_t len, struct symbol *ret)
{
	struct elf_symbol e;
	if (!dynamic_symbol(s, ms, i, &e) || !usable(&e) || e.name >= ms->dynamic.strings_size)
		return false;
	const uint8_t *text = image_at(s, ms, ms->dynamic.strtab + e.name, len + 1);
	if (!text || memcmp(text, name, len + 1) != 0)
		return false;
	*ret = (struct symbol){
		.name = (const char *)text,
		.addr = ms->module->bias + e.value,
		.size = e.size,
		.source = SYMBOL_DYNSYM,
		.module = ms->module,
	};
	return true;
}

/* DT_GNU_HASH: nbuckets symoffset bloom_size bloom_shift | bloom words | buckets | hash values */
struct gnu_hash {
	uint32_t buckets, offset, bloom, shift;
	addr_t bloom_at, buckets_at, values_at;
};

static bool gnu_hash_load(struct symbols *s, struct module_symbols *ms, struct gnu_hash *ret)
{
	const struct machine *m = s->target->machine;
	addr_t at = ms->dynamic.gnu_hash;
	const uint8_t *p = image_at(s, ms, at, 16);
	if (!p)
		return false;
	*ret = (struct gnu_hash){ load_u32(m, p), load_u32(m, p + 4), load_u32(m, p + 8),
				  load_u32(m, p + 12), at + 16, 0, 0 };
	ret->buckets_at = ret->bloom_at + (uint64_t)ret->bloom * m->word;
	ret->values_at = ret->buckets_at + (uint64_t)ret->buckets * 4;
	return ret->buckets && ret->bloom;
}

static bool find_by_gnu_hash(struct symbols *s, struct module_symbols *ms, const char *name,
			     struct symbol *ret)
{
	const struct machine *m = s->target->machine;
	struct gnu_hash g;
	if (!gnu_hash_load(s, ms, &g))
		return false;
	uint32_t h = 5381, i, value;
	size_t len = strlen(name);
	for (const char *p = name; *p; p++)
		h = h * 33 + (uint8_t)*p;
	unsigned bits = m->word * 8;
	const uint8_t *p = image_at(s, ms, g.bloom_at + (uint64_t)(h / bits % g.bloom) * m->word,
				    m->word);
	if (!p)
		return false;
	uint64_t word = load_word(m, p);
	if (!(word >> h % bits & word >> (h >> (g.shift & 31)) % bits & 1))
		return false;
	if (!image_u32(s, ms, g.buckets_at + (uint64_t)(h % g.buckets) * 4, &i) || i < g.offset)
		return false;
	for (size_t n = 0; n < HASH_CHAIN_MAX; n++, i++) {
		if (!image_u32(s, ms, g.values_at + (uint64_t)(i - g.offset) * 4, &value))
			return false;
		if ((value | 1) == (h | 1) && dynamic_is(s, ms, i, name, len, ret))
			return true;
		if (value & 1)
			return false;
	}
	return false;
}

/* DT_HASH: nbucket nchain | buckets | chain */
static bool find_by_hash(struct symbols *s, struct module_symbols *ms, const char *name,
			 struct symbol *ret)
{
	addr_t at = ms->dynamic.hash;
	uint32_t buckets, chains, i, h = 0;
	if (!image_u32(s, ms, at, &buckets) || !image_u32(s, ms, at + 4, &chains) || !buckets)
		return false;
	for (const char *p = name; *p; p++) {
		h = (h << 4) + (uint8_t)*p;
		h = (h ^ (h & 0xf0000000) >> 24) & 0x0fffffff;
	}
	if (!image_u32(s, ms, at + 8 + (uint64_t)(h % buckets) * 4, &i))
		return false;
	for (size_t n = 0; i && i < chains && n < HASH_CHAIN_MAX; n++) {
		if (dynamic_is(s, ms, i, name, strlen(name), ret))
			return true;
		if (!image_u32(s, ms, at + 8 + ((uint64_t)buckets + i) * 4, &i))
			return false;
	}
	return false;
}

static bool find_dynamic(struct symbols *s, struct module_symbols *ms, const char *name,
			 struct symbol *ret)
{
	struct dynamic *d = dynamic_of(s, ms);
	if (!d)
		return false;
	return d->gnu_hash ? find_by_gnu_hash(s, ms, name, ret) : find_by_hash(s, ms, name, ret);
}

/* How many dynamic symbols there are is nowhere written but follows from the hash tables. */
static uint32_t dynamic_count(struct symbols *s, struct module_symbols *ms)
{
	uint32_t last = 0, i, value;
	struct gnu_hash g;
	if (ms->dynamic.hash)
		return image_u32(s, ms, ms->dynamic.hash + 4, &i) ? i : 0;
	if (!gnu_hash_load(s, ms, &g))
		return 0;
	for (uint32_t b = 0; b < g.buckets && b < SYMBOLS_MAX; b++) {
		if (!image_u32(s, ms, g.buckets_at + (uint64_t)b * 4, &i))
			return 0;
		last = MAX(last, i);
	}
	for (size_t n = 0; last >= g.offset && n < HASH_CHAIN_MAX; n++, last++) {
		if (!image_u32(s, ms, g.values_at + (uint64_t)(last - g.offset) * 4, &value))
			return 0;
		if (value & 1)
			return last + 1;
	}
	return 0;
}

/* --- symbol tables of files ------------------------------------------------------------------ */

static const struct elf_symtab *symtab_of(struct symbols *s, struct module_symbols *ms)
{
	const struct elffile *file = file_of(s, ms);
	if (!ms->symtab_tried) {
		ms->symtab_tried = true;
		ms->has_symtab = file && elffile_symtab(file, SHT_SYMTAB, &ms->symtab);
	}
	return ms->has_symtab ? &ms->symtab : NULL;
}

static const struct elf_symtab *debug_symtab_of(struct symbols *s, struct module_symbols *ms)
{
	const struct elffile *file = debug_of(s, ms);
	if (!ms->debug_symtab_tried) {
		ms->debug_symtab_tried = true;
		ms->has_debug_symtab = file && elffile_symtab(file, SHT_SYMTAB, &ms->debug_symtab);
	}
	return ms->has_debug_symtab ? &ms->debug_symtab : NULL;
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
		if (rank <= best || !usable(&e))
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
		return find_dynamic(s, ms, name, ret);
	case SYMBOL_SYMTAB:
		return find_in_symtab(s, ms, symtab_of(s, ms), source, name, ret);
	case SYMBOL_DEBUG_FILE:
		return find_in_symtab(s, ms, debug_symtab_of(s, ms), source, name, ret);
	}
	return false;
}

/* The module that addr belongs to; .bss lies behind what is mapped of it. */
static const struct module *module_before(struct symbols *s, addr_t addr)
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
		const struct module *m = module_before(s, hint->addr);
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
	struct module_symbols *ms = of_module(s, module);
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
	struct module_symbols *ms = of_module(s, module);
	if (find_hint(s, name, module, ret))
		return true;
	return ms && (find_from(s, ms, SYMBOL_DYNSYM, name, ret) ||
		      find_from(s, ms, SYMBOL_SYMTAB, name, ret) ||
		      find_from(s, ms, SYMBOL_DEBUG_FILE, name, ret)) &&
	       found(s, ret);
}

/* --- by address ------------------------------------------------------------------------------ */

static void index_add(struct module_symbols *ms, const struct elf_symbol *e, const char *name,
		      enum symbol_source source)
{
	/* "$x", "$d": aarch64's marks of code and data, no names. */
	if (!usable(e) || !name || !*name || *name == '$' || ms->index.len >= SYMBOLS_MAX)
		return;
	struct index_entry *entry = vec_push(&ms->index);
	if (!entry)
		return;
	entry->addr = ms->module->bias + e->value;
	entry->size = e->size;
	entry->name = name;
	entry->source = source;
	/* "__GI_raise": glibc's name for its own calls of raise(). */
	entry->rank = (e->type == STT_NOTYPE ? 4 : 0) + (e->bind == STB_LOCAL ? 2 : 0) +
		      has_prefix(name, "__GI_");
}

static void index_symtab(struct symbols *s, struct module_symbols *ms, const struct elf_symtab *t,
			 enum symbol_source source)
{
	struct elf_symbol e;
	size_t size = elf_symbol_size(s->target->machine);
	for (size_t i = 0; t && i < t->count; i++) {
		elf_symbol_load(s->target->machine, t->symbols + i * size, &e);
		index_add(ms, &e, elf_symtab_name(t, e.name), source);
	}
}

static void index_dynamic(struct symbols *s, struct module_symbols *ms)
{
	struct elf_symbol e;
	if (!dynamic_of(s, ms))
		return;
	uint32_t count = dynamic_count(s, ms);
	for (uint32_t i = 1; i < count && i < SYMBOLS_MAX; i++) {
		size_t len;
		if (!dynamic_symbol(s, ms, i, &e))
			return;
		if (e.name < ms->dynamic.strings_size)
			index_add(ms, &e, memory_string(&s->target->memory,
							ms->dynamic.strtab + e.name, 4096, &len),
				  SYMBOL_DYNSYM);
	}
}

static int compare_entries(const void *a, const void *b)
{
	const struct index_entry *x = a, *y = b;
	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	/* Of several names the best comes last, where the search ends up. */
	if (x->rank != y->rank)
		return x->rank > y->rank ? -1 : 1;
	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return strcmp(y->name, x->name);
}

static void index_make(struct symbols *s, struct module_symbols *ms)
{
	if (ms->indexed)
		return;
	ms->indexed = true;
	/* A .symtab has all that .dynsym has. */
	if (symtab_of(s, ms)) {
		index_symtab(s, ms, symtab_of(s, ms), SYMBOL_SYMTAB);
	} else {
		index_dynamic(s, ms);
		index_symtab(s, ms, debug_symtab_of(s, ms), SYMBOL_DEBUG_FILE);
	}
	vec_sort(&ms->index, compare_entries);
	trace(SYMBOLS, "%s: %zu symbols by address", ms->module->path, ms->index.len);
}

bool symbols_at(struct symbols *s, addr_t addr, struct symbol *ret)
{
	const struct module *module = target_module_at(s->target, addr);
	struct module_symbols *ms = module ? of_module(s, module) : NULL;
	if (!ms)
		return false;
	index_make(s, ms);
	size_t low = 0, high = ms->index.len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (ms->index.items[middle].addr <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	/* A small symbol may lie in a bigger one. One without a size reaches to the next one, where no
	 * other covers the address: it may be a mark within a function. */
	const struct index_entry *best = NULL;
	for (size_t i = low; i > 0 && low - i < 16 && !(best && best->size); i--) {
		const struct index_entry *e = &ms->index.items[i - 1];
		if (e->size ? addr - e->addr < e->size : i == low)
			best = e;
	}
	if (!best)
		return false;
	*ret = (struct symbol){ best->name, best->addr, best->size, best->source, module };
	return true;
}

/* --- sections and debug information ---------------------------------------------------------- */

bool symbols_section(struct symbols *s, const struct module *module, const char *name,
		     addr_t *ret_addr, uint64_t *ret_size)
{
	struct module_symbols *ms = of_module(s, module);
	const struct elffile *file = ms ? file_of(s, ms) : NULL;
	struct elf_section section;
	if (!file || !elffile_find_section(file, name, 0, &section) || !section.addr)
		return false;
	*ret_addr = module->bias + section.addr;
	*ret_size = section.size;
	return true;
}

const struct mapped_file *symbols_debug_file(struct symbols *s, const struct module *module)
{
	struct module_symbols *ms = of_module(s, module);
	const struct elffile *file = ms ? file_of(s, ms) : NULL;
	struct elf_section section;
	if (file && elffile_find_section(file, ".debug_info", 0, &section))
		return &module->file;
	file = ms ? debug_of(s, ms) : NULL;
	if (file && elffile_find_section(file, ".debug_info", 0, &section))
		return &ms->debug_mapping;
	return NULL;
}
