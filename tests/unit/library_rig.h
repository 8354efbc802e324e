/* A core in which a library is mapped, and the library as a file:
 *
 *	file     0 header, build-id | 0x1000 text 'T' | 0x2000 data 'D' | 0x3000
 *	process  BASE               | BASE+0x1000     | BASE+0x2000     | .bss to BASE+0x4000
 */
#ifndef TESTS_UNIT_LIBRARY_RIG_H
#define TESTS_UNIT_LIBRARY_RIG_H

#include "tests/unit/test.h"

#include "core/target.h"
#include "tests/unit/draw_core.h"

enum { BASE = 0x7f0000000, SIZE = 0x3000 };

struct library {
	uint8_t bytes[SIZE];
};

static inline void library_draw(struct library *lib, uint8_t id)
{
	struct drawing d = drawing_of(EM_X86_64);
	struct str out = STR_INIT;
	const struct elf_phdr text = { PT_LOAD, PF_R | PF_X, 0, 0, 0x2000, 0x2000, 4096 };
	const struct elf_phdr data = { PT_LOAD, PF_R | PF_W, 0x2000, 0x2000, 0x1000, 0x2000, 4096 };
	const struct elf_phdr note = { PT_NOTE, PF_R, 0x200, 0x200, 36, 36, 4 };
	const struct elf_phdr dynamic = {
		PT_DYNAMIC, PF_R | PF_W, 0x2800, 0x2800, 0x100, 0x100, 8
	};
	uint8_t build_id[20];
	d.type = ET_DYN;
	memset(build_id, id, sizeof(build_id));
	if (id)
		draw_note(&d, "GNU", NT_GNU_BUILD_ID, build_id, sizeof(build_id));
	draw_header(&d, &out, 4);
	draw_phdr(d.m, &out, &text);
	draw_phdr(d.m, &out, &data);
	draw_phdr(d.m, &out, &note);
	draw_phdr(d.m, &out, &dynamic);
	memset(lib->bytes, 'H', 0x1000);
	memset(lib->bytes + 0x1000, 'T', 0x1000);
	memset(lib->bytes + 0x2000, 'D', 0x1000);
	memcpy(lib->bytes, out.buf, out.len);
	memset(lib->bytes + 0x200, 0, 36);
	memcpy(lib->bytes + 0x200, d.notes.buf, d.notes.len);
	for (size_t i = 0; i < 8; i++) {
		put(d.m, lib->bytes + 0x2800 + i * 16, 8, i == 7 ? DT_NULL : i + 4);
		put(d.m, lib->bytes + 0x2808 + i * 16, 8, i == 7 ? 0 : i * 0x100);
	}
	str_release(&out);
	str_release(&d.notes);
}

static inline void library_put(const struct library *lib, const char *name)
{
	FILE *file = fopen(drawing_path(name), "w");
	assert_int_equal(fwrite(lib->bytes, 1, SIZE, file), SIZE);
	fclose(file);
}

static inline void draw_mappings(struct drawing *d, const char *path)
{
	static const uint64_t lines[3][3] = {
		{ BASE, BASE + 0x1000, 0 }, { BASE + 0x1000, BASE + 0x2000, 1 },
		{ BASE + 0x2000, BASE + 0x3000, 2 },
	};
	struct str desc = STR_INIT;
	add_word(d->m, &desc, 3);
	add_word(d->m, &desc, 4096);
	for (size_t i = 0; i < 9; i++)
		add_word(d->m, &desc, lines[i / 3][i % 3]);
	for (size_t i = 0; i < 3; i++)
		str_add(&desc, path, strlen(path) + 1);
	draw_note(d, "CORE", NT_FILE, desc.buf, desc.len);
	str_release(&desc);
}

/* As the kernel dumps it: the first page, not the text, and the data, since written ('W'). */
static inline struct drawing process_draw(const struct library *lib, const char *path, bool header)
{
	struct drawing d = drawing_of(EM_X86_64);
	uint8_t written[0x2000];
	memset(written, 'W', sizeof(written));
	/* its dynamic section, relocated in place */
	for (size_t i = 0; i < 8; i++) {
		uint64_t value = i == 7 ? 0 : i * 0x100 + (i == 2 ? BASE : 0);
		put(d.m, written + 0x800 + i * 16, 8, i == 7 ? DT_NULL : i + 4);
		put(d.m, written + 0x808 + i * 16, 8, value);
	}
	draw_thread(&d, 1, 11);
	if (path)
		draw_mappings(&d, path);
	draw_load(&d, BASE, PF_R | PF_X, lib->bytes, header ? 0x1000 : 0, 0x2000);
	draw_load(&d, BASE + 0x2000, PF_R | PF_W, written, 0x2000, 0x2000);
	return d;
}

static inline struct target *open_drawn(struct drawing *d, const char *executable)
{
	struct files *f = NULL;
	struct target *t = NULL;
	char path[2 * PATH_MAX];
	assert_null(files_new(drawing_dir, &f));
	if (executable)
		snprintf(path, sizeof(path), "%s/%s", drawing_dir, executable);
	struct error *err = target_open_core(f, draw_file(d, "core"), executable ? path : NULL, &t);
	if (err)
		fail_msg("%s", err->message);
	files_free(f);
	return t;
}

static inline bool remarked(const struct target *t, const char *says)
{
	const struct remark *r;
	vec_each(r, &t->remarks.list)
		if (strstr(r->text, says))
			return true;
	return false;
}

#endif
