#include "core/slim.h"

#include <string.h>
#include "core/checked.h"
#include "core/elfcore.h"
#include "core/sink.h"
#include "core/str.h"
#include "core/touched.h"

enum {
	PAGE = 4096,
	GAPS_MAX = 20000,	/* headers of what is left out: information only */
	ZSTD_LEVEL = 12,	/* 19 saves 8 % more, for three times the time */
};

/* A program header to be: a run of kept bytes, then up to `mapped` what is left out. */
struct run {
	addr_t start, end, mapped;
	uint8_t flags;
};

struct slim {
	const struct target *t;
	const struct touched *bytes;
	VEC(struct run) runs;
	struct str notes;
	uint64_t pages;
	bool nomem;
};

/* --- notes --- */

static void put_u32(struct slim *s, uint32_t v)
{
	v = s->t->machine->swap ? __builtin_bswap32(v) : v;
	str_add(&s->notes, (const char *)&v, sizeof(v));
}

static void put_u64(struct slim *s, uint64_t v)
{
	v = s->t->machine->swap ? __builtin_bswap64(v) : v;
	str_add(&s->notes, (const char *)&v, sizeof(v));
}

static void put_word(struct slim *s, uint64_t v)
{
	if (s->t->machine->word == 8)
		put_u64(s, v);
	else
		put_u32(s, (uint32_t)v);
}

static void put_padding(struct slim *s)
{
	while (s->notes.len % 4 && !s->notes.failed)
		str_addc(&s->notes, '\0');
}

static void note_begin(struct slim *s, const char *owner, size_t owner_size, uint32_t type, size_t size)
{
	put_u32(s, (uint32_t)owner_size);
	put_u32(s, (uint32_t)size);
	put_u32(s, type);
	str_add(&s->notes, owner, owner_size);
	put_padding(s);
}

static bool note_is_kept(const struct elf_note *note)
{
	static const uint32_t types[] = { NT_PRSTATUS, NT_PRPSINFO, NT_SIGINFO, NT_AUXV, NT_FILE };
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (elf_note_is(note, "CORE", types[i]))
			return true;
	return elf_note_is(note, "LINUX", NT_ARM_TLS) || elf_note_is(note, SLIM_OWNER, SLIM_NOTE_SYMBOL);
}

/* The kernel's copy of its beginning: up to the end of the first word. */
static void cut_command_line(struct slim *s, size_t note)
{
	size_t at = note + s->t->machine->pr_psargs;
	bool ended = false;
	for (; !s->notes.failed && at < s->notes.len; at++) {
		ended = ended || s->notes.buf[at] == ' ';
		if (ended)
			s->notes.buf[at] = '\0';
	}
}

static void copy_notes(struct slim *s)
{
	const struct target *t = s->t;
	struct elf_header h;
	struct elf_phdr segment;
	if (!elf_header_load(t->core.data, t->core.size, &h))
		return;
	for (size_t i = 0; i < h.phnum && elf_phdr_at(&h, t->core.data, t->core.size, i, &segment); i++) {
		struct elf_note note;
		size_t at = 0;
		if (segment.type != PT_NOTE || segment.offset >= t->core.size)
			continue;
		size_t there = MIN(segment.filesz, t->core.size - segment.offset);
		while (elf_note_next(t->machine, t->core.data + segment.offset, there, segment.align, &at,
				     &note)) {
			/* of which the target's mappings have more */
			bool is_cut = s->t->mappings_given && elf_note_is(&note, "CORE", NT_FILE);
			if (is_cut || !note_is_kept(&note))
				continue;
			note_begin(s, note.name, note.name_size, note.type, note.size);
			size_t begin = s->notes.len;
			str_add(&s->notes, (const char *)note.desc, note.size);
			if (s->bytes && elf_note_is(&note, "CORE", NT_PRPSINFO))
				cut_command_line(s, begin);
			put_padding(s);
		}
	}
}

/* What stood in for notes is one from here on.
 *	count | page size: 1 | { start, end, offset in pages }[count] | names, each with its NUL */
static void add_given(struct slim *s)
{
	const struct target *t = s->t;
	size_t names = 0;
	const struct mapping *m;
	if (t->auxv_given) {
		note_begin(s, "CORE", sizeof("CORE"), NT_AUXV, t->auxv_given_size);
		str_add(&s->notes, (const char *)t->auxv_given, t->auxv_given_size);
		put_padding(s);
	}
	if (!t->mappings_given)
		return;
	vec_each(m, &t->mappings)
		names += strlen(m->path) + 1;
	note_begin(s, "CORE", sizeof("CORE"), NT_FILE,
		   (2 + 3 * t->mappings.len) * t->machine->word + names);
	put_word(s, t->mappings.len);
	put_word(s, 1);
	vec_each(m, &t->mappings) {
		put_word(s, m->start);
		put_word(s, m->end);
		put_word(s, m->file_offset);
	}
	vec_each(m, &t->mappings)
		str_add(&s->notes, m->path, strlen(m->path) + 1);
	put_padding(s);
}

static void add_symbol(struct slim *s, const struct symbol_hint *symbol)
{
	size_t word = s->t->machine->word, len = strlen(symbol->name) + 1;
	note_begin(s, SLIM_OWNER, sizeof(SLIM_OWNER), SLIM_NOTE_SYMBOL, 2 * word + len);
	put_word(s, symbol->addr);
	put_word(s, symbol->size);
	str_add(&s->notes, symbol->name, len);
	put_padding(s);
}

static void add_answer(struct slim *s, const struct kept_answer *answer)
{
	_str_ struct str head = STR_INIT;
	kept_put(&head, answer->kind);
	kept_put(&head, answer->key);
	note_begin(s, SLIM_OWNER, sizeof(SLIM_OWNER), SLIM_NOTE_ANSWER, head.len + answer->len);
	str_add(&s->notes, head.buf, head.len);
	str_add(&s->notes, (const char *)answer->data, answer->len);
	put_padding(s);
	s->notes.failed |= head.failed;
}

static void add_file(struct slim *s, const struct module *module)
{
	enum module_file_state state = modulefiles_state(s->t, module);
	if (state == MODULE_FILE_MATCHES)
		return;
	note_begin(s, SLIM_OWNER, sizeof(SLIM_OWNER), SLIM_NOTE_FILE, 2 * (size_t)s->t->machine->word);
	put_word(s, module->start);
	put_word(s, state == MODULE_FILE_DIFFERS ? MODULE_FILE_MISSING : state);
	put_padding(s);
}

static void add_excerpt(struct slim *s, const struct source_excerpt *excerpt)
{
	size_t word = s->t->machine->word, len = strlen(excerpt->path) + 1;
	note_begin(s, SLIM_OWNER, sizeof(SLIM_OWNER), SLIM_NOTE_SOURCE, word + len + excerpt->len);
	put_word(s, excerpt->line);
	str_add(&s->notes, excerpt->path, len);
	str_add(&s->notes, excerpt->text, excerpt->len);
	put_padding(s);
}

static void add_notes(struct slim *s, const struct slim_extras *extras)
{
	const struct target *t = s->t;
	note_begin(s, SLIM_OWNER, sizeof(SLIM_OWNER), SLIM_NOTE_MARK, 32);
	put_u64(s, 1);
	put_u64(s, (t->truncated ? SLIM_TRUNCATED : 0) | (s->bytes || t->redacted ? SLIM_REDACTED : 0));
	put_u64(s, (uint64_t)t->process.time);
	put_u64(s, t->core.size);
	for (size_t i = 0; i < extras->symbol_count; i++)
		add_symbol(s, &extras->symbols[i]);
	for (size_t i = 0; i < extras->excerpt_count; i++)
		add_excerpt(s, &extras->excerpts[i]);
	const struct module *module;
	vec_each(module, &t->modules)
		add_file(s, module);
	const struct kept_answer *answer;
	vec_each(answer, &t->kept.list)
		add_answer(s, answer);
	copy_notes(s);
	add_given(s);
	while (s->notes.len % 8 && !s->notes.failed)
		str_addc(&s->notes, '\0');
}

/* --- pages --- */

/* The part of a page that one extent has. */
static void keep(struct slim *s, const struct extent *e, addr_t start, addr_t end)
{
	struct run *last = s->runs.len ? &s->runs.items[s->runs.len - 1] : NULL;
	if (last && last->end == start && last->flags == e->flags) {
		last->end = last->mapped = end;
		return;
	}
	struct run *run = vec_push(&s->runs);
	if (run)
		*run = (struct run){ start, end, end, e->flags };
	else
		s->nomem = true;
}

static void keep_touched(struct slim *s)
{
	const struct memory *m = &s->t->memory;
	const struct extent *items = m->extents.items, *e = items, *limit = items + m->extents.len;
	addr_t page;
	for (addr_t at = 0; !s->nomem && memory_next_touched(m, at, &page); at = page + PAGE) {
		s->pages++;
		/* The extent that this page begins in, or the first behind: by search, for the pages
		 * of a large core lie far apart. */
		const struct extent *found = memory_extent(m, page);
		if (found)
			e = found;
		while (e < limit && e->end <= page)
			e++;
		for (const struct extent *part = e; part < limit && part->start < page + PAGE; part++)
			if (part->host && part->end > page)
				keep(s, part, MAX(part->start, page), MIN(part->end, page + PAGE));
	}
}

/* What was mapped and is not kept goes behind the run that it touches, or gets a header of its own. */
static void add_gaps(struct slim *s)
{
	const struct extent *e;
	struct slim with = { .t = s->t };
	size_t next = 0, gaps = 0;
	vec_each(e, &s->t->memory.extents) {
		addr_t at = e->start;
		while (at < e->end && !with.nomem) {
			struct run *last = with.runs.len ? &with.runs.items[with.runs.len - 1] : NULL;
			struct run *kept = next < s->runs.len ? &s->runs.items[next] : NULL;
			if (last && at < last->mapped) {
				at = MIN(last->mapped, e->end);
				continue;
			}
			if (kept && kept->start <= at) {
				struct run *run = vec_push(&with.runs);
				with.nomem = !run;
				if (run)
					*run = *kept;
				next++;
				continue;
			}
			addr_t end = kept ? MIN(kept->start, e->end) : e->end;
			if (last && last->mapped == at) {
				last->mapped = end;
			} else if (gaps++ < GAPS_MAX) {
				struct run *run = vec_push(&with.runs);
				with.nomem = !run;
				if (run)
					*run = (struct run){ at, at, end, e->flags };
			}
			at = end;
		}
	}
	vec_release(&s->runs);
	s->runs.items = with.runs.items;
	s->runs.len = with.runs.len;
	s->runs.alloc = with.runs.alloc;
	s->nomem |= with.nomem;
}

/* Each module's headers and build-id, whether or not anybody asked for them here. */
static void touch_modules(const struct target *t)
{
	struct elfcore core = { .target = (struct target *)t, .header = { .machine = t->machine } };
	const struct module *module;
	vec_each(module, &t->modules) {
		struct module loaded = { 0 };
		module_load_header(&core, module->start, &loaded);
	}
}

/* --- writing --- */

static void store(uint8_t *p, size_t width, uint64_t v, const struct machine *m)
{
	bool little = (m->elf_data == ELFDATA2LSB);
	for (size_t i = 0; i < width; i++)
		p[little ? i : width - 1 - i] = (uint8_t)(v >> 8 * i);
}

#define STORE64(p, type, member, v)                                                                \
	store((p) + offsetof(type, member), sizeof(((type *)0)->member), v, m)
#define STORE(p, type, member, v)                                                                  \
	(m->word == 8 ? (STORE64(p, Elf64_##type, member, v)) : (STORE64(p, Elf32_##type, member, v)))

static void put_header(struct sink *out, const struct machine *m, size_t segments)
{
	uint8_t p[sizeof(Elf64_Ehdr)] = { 0x7f, 'E', 'L', 'F', m->elf_class, m->elf_data, EV_CURRENT };
	size_t size = m->word == 8 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
	size_t section = m->word == 8 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
	bool many = segments >= PN_XNUM;
	STORE(p, Ehdr, e_type, ET_CORE);
	STORE(p, Ehdr, e_machine, m->e_machine);
	STORE(p, Ehdr, e_version, EV_CURRENT);
	STORE(p, Ehdr, e_phoff, size + section);
	STORE(p, Ehdr, e_ehsize, size);
	STORE(p, Ehdr, e_phentsize, elf_phdr_size(m));
	STORE(p, Ehdr, e_phnum, many ? PN_XNUM : segments);
	if (many) {
		STORE(p, Ehdr, e_shoff, size);
		STORE(p, Ehdr, e_shentsize, section);
		STORE(p, Ehdr, e_shnum, 1);
	}
	sink_put(out, p, size);
	/* Section header 0: the count of segments, when it does not fit above. */
	uint8_t sh[sizeof(Elf64_Shdr)] = { 0 };
	if (many) {
		STORE(sh, Shdr, sh_size, 1);
		STORE(sh, Shdr, sh_info, segments);
	}
	sink_put(out, sh, section);
}

static void put_segment(struct sink *out, const struct machine *m, const struct elf_phdr *s)
{
	uint8_t p[sizeof(Elf64_Phdr)] = { 0 };
	STORE(p, Phdr, p_type, s->type);
	STORE(p, Phdr, p_flags, s->flags);
	STORE(p, Phdr, p_offset, s->offset);
	STORE(p, Phdr, p_vaddr, s->vaddr);
	STORE(p, Phdr, p_filesz, s->filesz);
	STORE(p, Phdr, p_memsz, s->memsz);
	STORE(p, Phdr, p_align, s->align);
	sink_put(out, p, elf_phdr_size(m));
}

static void put_headers(struct sink *out, const struct slim *s)
{
	const struct machine *m = s->t->machine;
	size_t segments = s->runs.len + 1;
	size_t begin = m->word == 8 ? sizeof(Elf64_Ehdr) + sizeof(Elf64_Shdr) :
				      sizeof(Elf32_Ehdr) + sizeof(Elf32_Shdr);
	uint64_t notes = begin + segments * elf_phdr_size(m);
	uint64_t offset = (notes + s->notes.len + PAGE - 1) & -(uint64_t)PAGE;
	struct elf_phdr note = { .type = PT_NOTE, .offset = notes, .filesz = s->notes.len, .align = 4 };
	const struct run *run;
	put_header(out, m, segments);
	put_segment(out, m, &note);
	vec_each(run, &s->runs) {
		struct elf_phdr load = {
			.type = PT_LOAD,
			.flags = run->flags,
			.offset = offset,
			.vaddr = run->start,
			.filesz = run->end - run->start,
			.memsz = run->mapped - run->start,
			.align = 1,
		};
		put_segment(out, m, &load);
		offset += load.filesz;
	}
	sink_put(out, s->notes.buf, s->notes.len);
}

/* A file's bytes are no secret of the process's. */
static void put_extent(struct sink *out, const struct slim *s, const struct extent *e, addr_t at, size_t len)
{
	const uint8_t *host = e->host + (at - e->start);
	uint8_t page[PAGE];
	if (!s->bytes || e->source != EXTENT_CORE) {
		sink_put(out, host, len);
		return;
	}
	while (len) {
		size_t part = MIN(len, (size_t)PAGE);
		memcpy(page, host, part);
		touched_keep(s->bytes, at, page, part);
		sink_put(out, page, part);
		host += part;
		at += part;
		len -= part;
	}
}

static void put_pages(struct sink *out, const struct slim *s)
{
	static const uint8_t zeros[PAGE];
	const struct memory *m = &s->t->memory;
	const struct run *run;
	sink_put(out, zeros, -out->taken & (PAGE - 1));
	vec_each(run, &s->runs) {
		for (addr_t at = run->start; at < run->end;) {
			const struct extent *e = memory_extent(m, at);
			size_t len = MIN(e->end, run->end) - at;
			put_extent(out, s, e, at, len);
			at += len;
		}
	}
}

static struct error *write_core(const struct slim *s, const struct new_file *file, bool compress,
				struct slim_result *ret)
{
	struct sink out;
	struct error *err = sink_begin(&out, file->fd, file->path, compress ? SINK_ZSTD : SINK_PLAIN,
				       ZSTD_LEVEL);
	if (!err) {
		put_headers(&out, s);
		put_pages(&out, s);
		err = sink_finish(&out);
	}
	*ret = (struct slim_result){ .pages = s->pages, .bytes = out.written };
	sink_release(&out);
	return err;
}

struct error *slim_write(const struct target *t, const struct slim_extras *extras,
			 const struct new_file *to, bool compress, struct slim_result *ret)
{
	struct slim s = { .t = t, .bytes = extras->bytes, .notes = STR_INIT };
	touch_modules(t);
	keep_touched(&s);
	add_gaps(&s);
	add_notes(&s, extras);
	struct error *err = s.nomem || s.notes.failed ? error_nomem() : write_core(&s, to, compress, ret);
	vec_release(&s.runs);
	str_release(&s.notes);
	return err;
}
