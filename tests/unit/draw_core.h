/* Draws core files and ELF files for tests: small, whole, for any machine of core/machine.c.
 *
 *	struct drawing d = drawing_of(EM_X86_64);
 *	draw_note(&d, "CORE", NT_PRSTATUS, bytes, size);
 *	draw_load(&d, 0x10000, PF_R | PF_W, bytes, 4096, 8192);
 *	const char *path = draw_file(&d, "core");       header | program headers | notes | segments
 *
 * Files go to a directory of the test's own, removed by drawings_end(). */
#ifndef TESTS_DRAW_CORE_H
#define TESTS_DRAW_CORE_H

#include <elf.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "core/checked.h"
#include "core/elf.h"
#include "core/memory.h"
#include "core/str.h"

static char drawing_dir[PATH_MAX];

struct drawing {
	const struct machine *m;
	uint16_t type, phnum;		/* phnum 0: as many as there are */
	struct str notes, bytes;	/* bytes: of the segments, one after the other */
	struct elf_phdr loads[64];	/* offset: into bytes */
	size_t load_count;
	size_t cut;			/* keep only this many bytes of the file; 0: all */
};

static inline int drawings_begin(void **state)
{
	snprintf(drawing_dir, sizeof(drawing_dir), "%s/pycore-unit-XXXXXX",
		 getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	return mkdtemp(drawing_dir) ? 0 : -1;
}

static inline int drawings_end(void **state)
{
	char command[PATH_MAX + 16];
	snprintf(command, sizeof(command), "rm -rf '%s'", drawing_dir);
	return system(command);
}

static inline const char *drawing_path(const char *name)
{
	static char path[2 * PATH_MAX];
	snprintf(path, sizeof(path), "%s/%s", drawing_dir, name);
	return path;
}

static inline struct drawing drawing_of(uint16_t e_machine)
{
	struct drawing d = { .type = ET_CORE, .notes = STR_INIT, .bytes = STR_INIT };
	for (uint8_t i = 0; i < 4 && !d.m; i++)
		d.m = machine_find(e_machine, 1 + i / 2, 1 + i % 2);
	return d;
}

/* Little helpers to write numbers of the target. */
static inline void put(const struct machine *m, uint8_t *p, size_t width, uint64_t v)
{
	for (size_t i = 0; i < width; i++)
		p[m->elf_data == ELFDATA2LSB ? i : width - 1 - i] = (uint8_t)(v >> 8 * i);
}

static inline void add(const struct machine *m, struct str *s, size_t width, uint64_t v)
{
	uint8_t bytes[8];
	put(m, bytes, width, v);
	str_add(s, (const char *)bytes, width);
}

static inline void add_word(const struct machine *m, struct str *s, uint64_t v)
{
	add(m, s, m->word, v);
}

static inline void add_padding(struct str *s, size_t to)
{
	while (s->len % to)
		str_addc(s, '\0');
}

static inline void draw_note(struct drawing *d, const char *owner, uint32_t type, const void *desc,
			     size_t size)
{
	add(d->m, &d->notes, 4, strlen(owner) + 1);
	add(d->m, &d->notes, 4, size);
	add(d->m, &d->notes, 4, type);
	str_add(&d->notes, owner, strlen(owner) + 1);
	add_padding(&d->notes, 4);
	str_add(&d->notes, desc, size);
	add_padding(&d->notes, 4);
}

/* An elf_prstatus whose registers are 1, 2, 3 ... times 0x1000. */
static inline void draw_thread(struct drawing *d, uint32_t tid, uint16_t signal)
{
	uint8_t bytes[1024] = { 0 };
	put(d->m, bytes + d->m->pr_cursig, 2, signal);
	put(d->m, bytes + d->m->pr_pid, 4, tid);
	for (int i = 0; i < d->m->registers; i++)
		put(d->m, bytes + d->m->pr_reg + i * d->m->word, d->m->word, (uint64_t)(i + 1) * 0x1000);
	draw_note(d, "CORE", NT_PRSTATUS, bytes, d->m->prstatus_size);
}

static inline void draw_load(struct drawing *d, addr_t vaddr, uint32_t flags, const void *bytes,
			     size_t filesz, size_t memsz)
{
	add_padding(&d->bytes, 4096);
	d->loads[d->load_count++] = (struct elf_phdr){
		.type = PT_LOAD, .flags = flags, .offset = d->bytes.len, .vaddr = vaddr,
		.filesz = filesz, .memsz = memsz, .align = 4096,
	};
	str_add(&d->bytes, bytes, filesz);
}

static inline void draw_header(const struct drawing *d, struct str *out, size_t phnum)
{
	const struct machine *m = d->m;
	size_t size = m->word == 8 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
	const uint8_t ident[16] = { 0x7f, 'E', 'L', 'F', m->elf_class, m->elf_data, 1 };
	str_add(out, (const char *)ident, 16);
	add(m, out, 2, d->type);
	add(m, out, 2, m->e_machine);
	add(m, out, 4, 1);
	add_word(m, out, 0);
	add_word(m, out, size);			/* e_phoff */
	add_word(m, out, 0);
	add(m, out, 4, 0);
	add(m, out, 2, size);
	add(m, out, 2, elf_phdr_size(m));
	add(m, out, 2, d->phnum ? d->phnum : phnum);
	add(m, out, 2, 0);
	add(m, out, 2, 0);
	add(m, out, 2, 0);
}

static inline void draw_phdr(const struct machine *m, struct str *out, const struct elf_phdr *s)
{
	add(m, out, 4, s->type);
	if (m->word == 8)
		add(m, out, 4, s->flags);
	add_word(m, out, s->offset);
	add_word(m, out, s->vaddr);
	add_word(m, out, 0);
	add_word(m, out, s->filesz);
	add_word(m, out, s->memsz);
	if (m->word == 4)
		add(m, out, 4, s->flags);
	add_word(m, out, s->align);
}

/* Writes the file, releases the drawing, returns the path (good until the next drawing_path()). */
static inline const char *draw_file(struct drawing *d, const char *name)
{
	struct str out = STR_INIT;
	size_t phnum = d->load_count + (d->notes.len ? 1 : 0);
	draw_header(d, &out, phnum);
	uint64_t notes = out.len + phnum * elf_phdr_size(d->m);
	uint64_t begin = (notes + d->notes.len + 4095) & ~(uint64_t)4095;
	struct elf_phdr note = { .type = PT_NOTE, .offset = notes, .filesz = d->notes.len, .align = 4 };
	for (size_t i = 0; i < d->load_count; i++) {
		struct elf_phdr s = d->loads[i];
		s.offset += begin;
		draw_phdr(d->m, &out, &s);
	}
	/* Behind the segments: nothing says that notes come first. */
	if (d->notes.len)
		draw_phdr(d->m, &out, &note);
	str_add(&out, d->notes.buf, d->notes.len);
	add_padding(&out, 4096);
	str_add(&out, d->bytes.buf, d->bytes.len);
	FILE *file = fopen(drawing_path(name), "w");
	if (!file || fwrite(out.buf, 1, d->cut ? MIN(d->cut, out.len) : out.len, file) == 0)
		abort();
	fclose(file);
	str_release(&out);
	str_release(&d->notes);
	str_release(&d->bytes);
	return drawing_path(name);
}

#endif
