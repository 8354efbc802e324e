#include "core/elfcore.h"

#include "core/checked.h"
#include "core/trace.h"

/* Four million mappings; the kernel's own limit (vm.max_map_count) is a million where it is high. */
enum { SEGMENTS_MAX = 1 << 22 };

static const char why_truncated[] = "core truncated";
static const char why_not_dumped[] = "not dumped";
static const char why_slim[] = "left out by pycore slim";

/* More program headers than fit 16 bits: the count is in section header 0, which the kernel writes
 * at the very end of the file (fs/binfmt_elf.c, fill_extnum_info), so a truncated core lost it.
 * Then the table ends where the first segment begins. */
static uint64_t count_extended(const struct elfcore *core, const uint8_t *data, size_t size)
{
	const struct elf_header *h = &core->header;
	const struct machine *m = h->machine;
	size_t at = m->word == 8 ? offsetof(Elf64_Shdr, sh_info) : offsetof(Elf32_Shdr, sh_info);
	uint64_t end;
	if (h->shoff && checked_add(h->shoff, at + 4, &end) && end <= size)
		return load_u32(m, data + h->shoff + at);
	return UINT64_MAX;
}

static bool type_is_known(uint32_t type)
{
	/* PT_AARCH64_MEMTAG_MTE and the like are the processor's own. */
	return type == PT_NULL || type == PT_LOAD || type == PT_NOTE || type == PT_GNU_PROPERTY ||
	       (type >= PT_LOPROC && type <= PT_HIPROC);
}

static bool segment_keep(struct elfcore *core, const struct elf_phdr *segment)
{
	struct elf_phdr *kept = NULL;
	if (segment->type == PT_LOAD)
		kept = vec_push(&core->segments);
	else if (segment->type == PT_NOTE)
		kept = vec_push(&core->notes);
	else
		return true;
	if (kept)
		*kept = *segment;
	return kept != NULL;
}

/* Reads the table. ret_read: how many there were; ret_end: where the last segment's bytes end. */
static struct error *read_table(struct elfcore *core, uint64_t count, uint64_t *ret_read,
				uint64_t *ret_end)
{
	const struct mapped_file *file = &core->target->core;
	size_t entry = elf_phdr_size(core->header.machine);
	bool guess = count == UINT64_MAX;
	uint64_t lowest = UINT64_MAX, i;
	struct elf_phdr s;
	for (i = 0; i < MIN(count, (uint64_t)SEGMENTS_MAX); i++) {
		uint64_t table_end = core->header.phoff + (i + 1) * entry;
		if (guess && table_end > lowest)
			break;
		if (!elf_phdr_at(&core->header, file->data, file->size, i, &s))
			break;
		if (guess && !type_is_known(s.type))
			break;
		uint64_t end;
		if (!segment_keep(core, &s))
			return error_nomem();
		if (s.filesz && s.type != PT_NULL) {
			lowest = MIN(lowest, s.offset);
			if (checked_add(s.offset, s.filesz, &end))
				*ret_end = MAX(*ret_end, end);
		}
	}
	*ret_read = i;
	return NULL;
}

static void remark_truncation(struct elfcore *core, uint64_t read, uint64_t count)
{
	struct target *t = core->target;
	if (count != UINT64_MAX && read < count)
		remark_loss(&t->remarks, "core is truncated within its program headers: %" PRIu64
			    " of %" PRIu64 " are left", read, count);
	else if (count == UINT64_MAX)
		remark_loss(&t->remarks, "core is truncated: the number of its segments is lost; %" PRIu64
			    " were found", read);
	if (t->core.size < t->expected_size)
		remark_loss(&t->remarks, "core is truncated: %zu of %" PRIu64 " bytes; memory beyond is lost"
			    " (disk full? ulimit -c? systemd's ExternalSizeMax=?)",
			    t->core.size, t->expected_size);
}

struct error *elfcore_load(struct elfcore *core)
{
	struct target *t = core->target;
	const struct elf_header *h = &core->header;
	uint64_t read = 0, end = 0, count = h->phnum;
	if (count == PN_XNUM)
		count = count_extended(core, t->core.data, t->core.size);
	if (!count)
		return error_new(ERROR_UNSUPPORTED, "%s: is an ELF core without segments and notes: "
				 "nothing in it can be analyzed", t->path);
	struct error *err = read_table(core, count, &read, &end);
	if (err)
		return err;
	if (h->phentsize != elf_phdr_size(h->machine))
		remark_info(&t->remarks, "core: its header gives program headers of %u bytes; %zu assumed",
			    h->phentsize, elf_phdr_size(h->machine));
	t->expected_size = end;
	t->truncated = t->core.size < end || read < count;
	if (t->truncated)
		remark_truncation(core, read, count);
	if (!read)
		return error_new(ERROR_UNSUPPORTED, "%s: is a core truncated at %zu bytes, before its program "
				 "headers: nothing is left of it", t->path, t->core.size);
	if (!core->segments.len && !core->notes.len)
		return error_new(ERROR_UNSUPPORTED, "%s: is an ELF core without PT_LOAD and PT_NOTE: "
				 "nothing in it can be analyzed", t->path);
	trace(ELF, "%zu segments, %zu note segments, %" PRIu64 " bytes expected", core->segments.len,
	      core->notes.len, end);
	return NULL;
}

static addr_t address_end(const struct elfcore *core, addr_t start, uint64_t size)
{
	addr_t end, limit = core->header.machine->word == 8 ? UINT64_MAX : (addr_t)1 << 32;
	return checked_add(start, size, &end) ? MIN(end, limit) : limit;
}

bool elfcore_add_bytes(struct elfcore *core)
{
	const struct mapped_file *file = &core->target->core;
	const struct elf_phdr *s;
	vec_each(s, &core->segments) {
		/* memsz 0 with bytes in the file: some dumpers leave it out. */
		uint64_t promised = s->memsz ? MIN(s->filesz, s->memsz) : s->filesz;
		uint64_t there = s->offset < file->size ? MIN(promised, file->size - s->offset) : 0;
		addr_t cut = address_end(core, s->vaddr, there);
		struct extent bytes = {
			.start = s->vaddr,
			.end = cut,
			.host = there ? file->data + s->offset : NULL,
			.source = EXTENT_CORE,
			.flags = (uint8_t)(s->flags & 7),
		};
		struct extent lost = {
			.start = cut,
			.end = address_end(core, s->vaddr, promised),
			.source = EXTENT_LOST,
			.flags = (uint8_t)(s->flags & 7),
			.why = why_truncated,
		};
		if (!memory_add(&core->target->memory, &bytes) || !memory_add(&core->target->memory, &lost))
			return false;
	}
	return true;
}

/* Without the process's own memory there is nothing to analyze, and it is hardly what was meant. */
static void remark_filter(struct elfcore *core)
{
	const struct elf_phdr *s;
	bool writable = false;
	vec_each(s, &core->segments) {
		if ((s->flags & PF_W) && s->filesz)
			return;
		writable |= (s->flags & PF_W) && s->memsz;
	}
	if (writable)
		remark_loss(&core->target->remarks, "core has none of the process's writable memory: was "
			    "/proc/PID/coredump_filter without bit 0? (echo 0x33 there before the crash)");
}

/* Both lists are in the order of addresses, or the core is damaged: then some stay unknown. */
void elfcore_read_access(struct elfcore *core)
{
	struct mapping *m;
	size_t i = 0;
	vec_each(m, &core->target->mappings) {
		const struct elf_phdr *s = core->segments.items;
		while (i < core->segments.len && address_end(core, s[i].vaddr, s[i].memsz) <= m->start)
			i++;
		if (i < core->segments.len && s[i].vaddr <= m->start)
			m->access = (uint8_t)(s[i].flags & 7);
	}
}

bool elfcore_add_undumped(struct elfcore *core)
{
	const struct elf_phdr *s;
	remark_filter(core);
	vec_each(s, &core->segments) {
		struct extent lost = {
			.start = address_end(core, s->vaddr, s->filesz),
			.end = address_end(core, s->vaddr, s->memsz),
			.source = EXTENT_LOST,
			.flags = (uint8_t)(s->flags & 7),
			.why = core->target->slim ? why_slim : why_not_dumped,
		};
		if (!memory_add(&core->target->memory, &lost))
			return false;
	}
	return true;
}
