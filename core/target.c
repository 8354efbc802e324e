#include "core/target.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "core/checked.h"
#include "core/elfcore.h"
#include "core/inflate.h"
#include "core/stored.h"
#include "core/trace.h"

/* What the user named, unpacked. *ret_cut: its compressed form breaks off. */
static struct error *open_given(struct files *files, const char *path, struct mapped_file *ret,
				bool *ret_cut)
{
	char input[32] = "standard input";
	if (files->input != STDIN_FILENO)
		snprintf(input, sizeof(input), "descriptor %d", files->input);
	struct error *err = strcmp(path, "-") == 0 ? inflate_spool(files, files->input, input, ret) :
						   files_map_given(files, path, ret);
	if (!err && inflate_format(ret->data, ret->size))
		err = inflate_file(files, ret, ret_cut);
	if (err)
		mapped_file_release(ret);
	return err;
}

static bool is_elf(const struct mapped_file *file)
{
	return file->size >= SELFMAG && memcmp(file->data, ELFMAG, SELFMAG) == 0;
}

static bool is_core(const struct mapped_file *file)
{
	struct elf_header h;
	return elf_header_load(file->data, file->size, &h) && h.type == ET_CORE;
}

static bool begins_with_zeros(const struct mapped_file *file)
{
	return !file->data[0] && memcmp(file->data, file->data + 1, MIN(file->size, (size_t)64) - 1) == 0;
}

static struct error *not_elf(const struct mapped_file *file)
{
	if (!file->size)
		return error_new(ERROR_UNSUPPORTED, "%s: is empty; was the disk full, or ulimit -c too small?",
				 file->path);
	if (begins_with_zeros(file))
		return error_new(ERROR_UNSUPPORTED, "%s: begins with zeros, not with an ELF header; was it "
				 "copied while it was being written?", file->path);
	return error_new(ERROR_UNSUPPORTED, "%s: is not an ELF file, so not a core; call pycore bt CORE "
			 "[EXECUTABLE]", file->path);
}

static struct error *unknown_machine(const struct mapped_file *file, const struct elf_header *h)
{
	if (h->machine)
		return error_new(ERROR_UNSUPPORTED, "%s: is a core of a %d-bit %s process; pycore reads x86_64 "
				 "and aarch64 so far", file->path, h->machine->word * 8, h->machine->name);
	return error_new(ERROR_UNSUPPORTED, "%s: is a core of a machine that pycore does not know (ELF machine "
			 "%u, class %u, byte order %u); it reads x86_64 and aarch64", file->path,
			 h->e_machine, h->elf_class, h->elf_data);
}

/* NULL: a core that can be read. */
static struct error *check_core(const struct mapped_file *file, struct elf_header *ret)
{
	if (!is_elf(file))
		return not_elf(file);
	if (!elf_header_load(file->data, file->size, ret))
		return error_new(ERROR_UNSUPPORTED, "%s: is truncated at %zu bytes, within its ELF header: "
				 "nothing is left of it", file->path, file->size);
	if (ret->type == ET_EXEC || ret->type == ET_DYN)
		return error_new(ERROR_UNSUPPORTED, "%s: is an executable, not a core; call pycore bt CORE "
				 "[EXECUTABLE]", file->path);
	if (ret->type != ET_CORE)
		return error_new(ERROR_UNSUPPORTED, "%s: is an ELF file, but not a core (type %u); call pycore "
				 "bt CORE [EXECUTABLE]", file->path, ret->type);
	if (!ret->machine || !ret->machine->supported)
		return unknown_machine(file, ret);
	return NULL;
}

/* Two files were given, in any order. */
static struct error *tell_apart(struct mapped_file *core, struct mapped_file *executable, bool *cut)
{
	if (!executable->path || (is_core(core) && !is_core(executable)))
		return NULL;
	if (is_core(core))
		return error_new(ERROR_USAGE, "%s and %s are both cores; give one core, and the executable "
				 "that left it", core->path, executable->path);
	/* When neither is a core, complain of the one that is not an executable either. */
	if (is_core(executable) || (is_elf(core) && !is_elf(executable))) {
		struct mapped_file other = *core;
		bool other_cut = cut[0];
		*core = *executable;
		*executable = other;
		cut[0] = cut[1];
		cut[1] = other_cut;
	}
	return NULL;
}

static bool has_bytes(const struct target *t)
{
	const struct extent *e;
	vec_each(e, &t->memory.extents)
		if (e->host)
			return true;
	return false;
}

/* What the user named to stand in for notes. */
static struct error *open_standins(struct elfcore *core, struct files *files)
{
	struct error *err = files->maps ? files_map_given(files, files->maps, &core->maps) : NULL;
	if (!err && files->auxv)
		err = files_map_given(files, files->auxv, &core->given_auxv);
	return err;
}

static struct error *load_core(struct elfcore *core, struct files *files, struct mapped_file *given)
{
	struct target *t = core->target;
	struct error *err = open_standins(core, files);
	if (!err)
		err = elfcore_load(core);
	if (err)
		return err;
	if (!elfcore_add_bytes(core) || !memory_seal(&t->memory))
		return error_nomem();
	/* What opening needs (argv, ELF headers, the link map), a slim core must have too. */
	memory_record_touches(&t->memory, true);
	if (!notes_load(core))
		return error_nomem();
	if (!t->threads.len && !has_bytes(t))
		return error_new(ERROR_UNSUPPORTED, "%s: is a core truncated at %zu of %" PRIu64 " bytes: "
				 "neither memory nor threads are left of it", t->path, t->core.size,
				 t->expected_size);
	if (!t->threads.len)
		remark_loss(&t->remarks, "core has no thread in its notes (NT_PRSTATUS)");
	elfcore_read_access(core);
	if (!modules_load(core, files, given) || !elfcore_add_undumped(core) || !memory_seal(&t->memory))
		return error_nomem();
	memory_record_touches(&t->memory, false);
	return NULL;
}

static struct error *target_load(struct target *t, struct files *files, struct mapped_file *given)
{
	struct elfcore core = { .target = t };
	struct error *err = check_core(&t->core, &core.header);
	if (err)
		return err;
	t->machine = core.header.machine;
	t->path = strdup(t->core.path);
	t->process.pid = t->process.ppid = t->process.uid = t->process.gid = -1;
	t->process.time = t->core.stored && t->core.stored->timestamp >= 0 ?
		t->core.stored->timestamp / 1000000 : t->core.mtime;
	err = t->path ? load_core(&core, files, given) : error_nomem();
	vec_release(&core.segments);
	vec_release(&core.notes);
	mapped_file_release(&core.maps);
	mapped_file_release(&core.given_auxv);
	return err;
}

struct error *target_open_core(struct files *files, const char *path, const char *executable,
			       struct target **ret)
{
	struct mapped_file given = { 0 };
	bool cut[2] = { false, false };
	struct target *t = calloc(1, sizeof(*t));
	if (!t)
		return error_nomem();
	struct error *err = open_given(files, path, &t->core, &cut[0]);
	if (!err && executable)
		err = open_given(files, executable, &given, &cut[1]);
	if (!err)
		err = tell_apart(&t->core, &given, cut);
	if (!err)
		err = target_load(t, files, &given);
	mapped_file_release(&given);
	if (err) {
		target_free(t);
		return err;
	}
	if (cut[0])
		remark_loss(&t->remarks, "the compressed core breaks off after %zu unpacked bytes", t->core.size);
	*ret = t;
	return NULL;
}

void target_free(struct target *t)
{
	struct module *module;
	vec_each(module, &t->modules)
		mapped_file_release(&module->file);
	vec_release(&t->modules);
	vec_release(&t->mappings);
	vec_release(&t->threads);
	vec_release(&t->hints);
	kept_release(&t->kept);
	vec_release(&t->excerpts);
	map_release(&t->files_then);
	memory_release(&t->memory);
	remarks_release(&t->remarks);
	arena_release(&t->arena);
	mapped_file_release(&t->core);
	free(t->path);
	free(t);
}

/* Modules are in address order and do not overlap. */
const struct module *target_module_at(const struct target *t, addr_t addr)
{
	size_t low = 0, high = t->modules.len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (t->modules.items[middle].end <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == t->modules.len || t->modules.items[low].start > addr)
		return NULL;
	return &t->modules.items[low];
}

const struct os_thread *target_thread_by_tid(const struct target *t, uint64_t tid)
{
	const struct os_thread *thread;
	vec_each(thread, &t->threads)
		if (thread->tid == tid)
			return thread;
	return NULL;
}

bool target_read_word(const struct target *t, addr_t addr, addr_t *ret)
{
	uint8_t scratch[8];
	const uint8_t *p = memory_view(&t->memory, addr, scratch, t->machine->word);
	if (p)
		*ret = load_word(t->machine, p);
	return p != NULL;
}
