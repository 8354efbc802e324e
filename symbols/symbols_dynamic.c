/* The dynamic symbols.
 *
 * Read at their addresses in the process, so that a core that holds them needs no file and slim
 * sees which pages were used; only where the memory is lost, from the same place in the file. */
#include "symbols/symbols_parts.h"

#include <elf.h>
#include <string.h>
#include "core/checked.h"

/* A hostile hash table may chain for ever; a real chain has a handful of links. */
enum { HASH_CHAIN_MAX = 100000, DYNAMIC_MAX = 512 };

static const uint8_t *image_at(struct symbols *s, struct module_symbols *ms, addr_t addr, size_t len)
{
	const uint8_t *p = memory_at(&s->target->memory, addr, len);
	if (p)
		return p;
	const struct elffile *file = symbols_file(s, ms);
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
		elf = symbols_file(s, ms);
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
	if (!dynamic_symbol(s, ms, i, &e) || !symbols_usable(&e) || e.name >= ms->dynamic.strings_size)
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

bool symbols_dynamic_find(struct symbols *s, struct module_symbols *ms, const char *name,
			 struct symbol *ret)
{
	struct dynamic *d = dynamic_of(s, ms);
	if (!d)
		return false;
	return d->gnu_hash ? find_by_gnu_hash(s, ms, name, ret) : find_by_hash(s, ms, name, ret);
}

/* The number is nowhere written but follows from the hash tables. */
uint32_t symbols_dynamic_count(struct symbols *s, struct module_symbols *ms)
{
	uint32_t last = 0, i, value;
	struct gnu_hash g;
	if (!dynamic_of(s, ms))
		return 0;
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

bool symbols_dynamic_at(struct symbols *s, struct module_symbols *ms, uint32_t i,
			struct elf_symbol *ret, const char **ret_name)
{
	size_t len;
	if (!dynamic_symbol(s, ms, i, ret))
		return false;
	*ret_name = ret->name < ms->dynamic.strings_size ?
		memory_string(&s->target->memory, ms->dynamic.strtab + ret->name, 4096, &len) : NULL;
	return true;
}
