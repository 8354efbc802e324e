/* What lies at an address: a sorted index of a module's symbols, made on first use. */
#include "symbols/symbols_parts.h"

#include <elf.h>
#include <string.h>
#include "core/str.h"
#include "core/trace.h"

static void index_add(struct module_symbols *ms, const struct elf_symbol *e, const char *name,
		      enum symbol_source source)
{
	/* "$x", "$d": aarch64's marks of code and data, no names. */
	if (!symbols_usable(e) || !name || !*name || *name == '$' || ms->index.len >= SYMBOLS_MAX)
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
	const char *name;
	uint32_t count = symbols_dynamic_count(s, ms);
	for (uint32_t i = 1; i < count && i < SYMBOLS_MAX; i++) {
		if (!symbols_dynamic_at(s, ms, i, &e, &name))
			return;
		index_add(ms, &e, name, SYMBOL_DYNSYM);
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

/* By address alone, by its bytes from the lowest on: some 30,000 symbols, of which a few are asked for,
 * took qsort() longer than all else that is done for them. false: out of memory. */
static bool sort_by_address(struct index_entry *items, size_t len)
{
	_free_ struct index_entry *other = malloc((len + 1) * sizeof(*other));
	_free_ size_t (*starts)[256] = calloc(sizeof(addr_t), sizeof(*starts));
	struct index_entry *from = items, *to = other;
	if (!other || !starts)
		return false;
	for (size_t i = 0; i < len; i++)
		for (size_t byte = 0; byte < sizeof(addr_t); byte++)
			starts[byte][items[i].addr >> 8 * byte & 0xff]++;
	for (size_t byte = 0; byte < sizeof(addr_t); byte++) {
		size_t *start = starts[byte], next = 0;
		if (len && start[from[0].addr >> 8 * byte & 0xff] == len)
			continue;	/* the same in all */
		for (size_t value = 0; value < 256; value++) {
			size_t count = start[value];
			start[value] = next;
			next += count;
		}
		for (size_t i = 0; i < len; i++)
			to[start[from[i].addr >> 8 * byte & 0xff]++] = from[i];
		struct index_entry *full = to;
		to = from;
		from = full;
	}
	if (from != items)
		memcpy(items, from, len * sizeof(*items));
	return true;
}

static void index_sort(struct index_entry *items, size_t len)
{
	if (!sort_by_address(items, len)) {
		qsort(items, len, sizeof(*items), compare_entries);
		return;
	}
	for (size_t i = 0, end; i < len; i = end) {
		for (end = i + 1; end < len && items[end].addr == items[i].addr; end++)
			;
		if (end - i > 1)
			qsort(items + i, end - i, sizeof(*items), compare_entries);
	}
}

static void index_make(struct symbols *s, struct module_symbols *ms)
{
	if (ms->indexed)
		return;
	ms->indexed = true;
	/* A .symtab has all that .dynsym has. */
	if (symbols_symtab(s, ms)) {
		index_symtab(s, ms, symbols_symtab(s, ms), SYMBOL_SYMTAB);
	} else {
		index_dynamic(s, ms);
		index_symtab(s, ms, symbols_mini_symtab(s, ms), SYMBOL_SYMTAB);
		index_symtab(s, ms, symbols_debug_symtab(s, ms), SYMBOL_DEBUG_FILE);
	}
	index_sort(ms->index.items, ms->index.len);
	trace(SYMBOLS, "%s: %zu symbols by address", ms->module->path, ms->index.len);
}

/* Code for code, data for data: "_fini" ends with the code, though nothing says where. */
static bool is_alike(const struct memory *m, addr_t one, addr_t other)
{
	const struct extent *a = memory_extent(m, one), *b = memory_extent(m, other);
	return !a || !b || !((a->flags ^ b->flags) & EXTENT_EXECUTE);
}

bool symbols_at(struct symbols *s, addr_t addr, struct symbol *ret)
{
	const struct module *module = target_module_at(s->target, addr);
	struct module_symbols *ms = module ? symbols_of_module(s, module) : NULL;
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
		if (e->size ? addr - e->addr < e->size :
			      i == low && is_alike(&s->target->memory, e->addr, addr))
			best = e;
	}
	if (!best)
		return false;
	*ret = (struct symbol){ best->name, best->addr, best->size, best->source, module };
	return true;
}

