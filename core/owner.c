#include "core/owner.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/checked.h"
#include "core/elf.h"
#include "core/inflate.h"
#include "core/stored.h"

/* The first notes, which these are among, begin no further in. */
enum { HEAD = 1 << 16 };

struct noted {
	int64_t uid, gid;		/* -1: not noted */
	uint64_t ids[5];		/* AT_UID AT_EUID AT_GID AT_EGID AT_SECURE */
	bool has_auxv;
};

static void take_auxv(const struct machine *m, const struct elf_note *note, struct noted *ret)
{
	static const uint64_t types[] = { AT_UID, AT_EUID, AT_GID, AT_EGID, AT_SECURE };
	ret->has_auxv = true;
	for (size_t at = 0; at + 2 * m->word <= note->size; at += 2 * m->word)
		for (size_t i = 0; i < ARRAY_SIZE(types); i++)
			if (load_word(m, note->desc + at) == types[i])
				ret->ids[i] = load_word(m, note->desc + at + m->word);
}

static void take_process(const struct machine *m, const struct elf_note *note, struct noted *ret)
{
	if (note->size < m->prpsinfo_size)
		return;
	const uint8_t *pid = note->desc + m->pr_ps_pid;
	ret->uid = m->word == 8 ? load_u32(m, pid - 8) : load_u16(m, pid - 4);
	ret->gid = m->word == 8 ? load_u32(m, pid - 4) : load_u16(m, pid - 2);
}

/* One segment of notes, as far as it is in the first HEAD bytes of itself. */
static void read_segment(int fd, const struct machine *m, const struct elf_phdr *segment,
			 uint8_t *bytes, struct noted *ret)
{
	struct elf_note note;
	size_t at = 0, want = MIN(segment->filesz, (uint64_t)HEAD);
	ssize_t n = segment->offset > INT64_MAX ? -1 : pread(fd, bytes, want, (off_t)segment->offset);
	while (n > 0 && elf_note_next(m, bytes, (size_t)n, segment->align, &at, &note)) {
		if (elf_note_is(&note, "CORE", NT_PRPSINFO))
			take_process(m, &note, ret);
		else if (elf_note_is(&note, "CORE", NT_AUXV))
			take_auxv(m, &note, ret);
	}
}

static bool is_core(int fd)
{
	uint8_t head[sizeof(Elf64_Ehdr)];
	struct elf_header h;
	ssize_t n = pread(fd, head, sizeof(head), 0);
	if (n <= 0)
		return false;
	if (elf_header_load(head, (size_t)n, &h))
		return h.type == ET_CORE;
	return inflate_format(head, (size_t)n);
}

static void read_notes(int fd, struct noted *ret)
{
	struct elf_header h;
	struct elf_phdr segment;
	_free_ uint8_t *head = malloc(2 * HEAD);
	ssize_t n = head ? pread(fd, head, HEAD, 0) : -1;
	*ret = (struct noted){ .uid = -1, .gid = -1 };
	if (n <= 0 || !elf_header_load(head, (size_t)n, &h) || !h.machine)
		return;
	for (size_t i = 0; i < h.phnum && elf_phdr_at(&h, head, (size_t)n, i, &segment); i++)
		if (segment.type == PT_NOTE)
			read_segment(fd, h.machine, &segment, head + HEAD, ret);
}

static bool has_more_rights(const struct noted *noted)
{
	return noted->has_auxv && (noted->ids[0] != noted->ids[1] || noted->ids[2] != noted->ids[3] ||
				   noted->ids[4]);
}

static int64_t user(int64_t id)
{
	return id > 0 && id < UINT32_MAX ? id : -1;
}

/* Of a file of root's. */
static void whose_process(int fd, struct owner *ret)
{
	struct noted noted;
	struct stored *stored = stored_read(fd);
	int64_t uid = stored ? stored->uid : -1, gid = stored ? stored->gid : -1;
	stored_free(stored);
	read_notes(fd, &noted);
	if (has_more_rights(&noted) || (uid >= 0 && noted.uid >= 0 && uid != noted.uid))
		return;
	ret->uid = user(noted.uid >= 0 ? noted.uid : uid);
	ret->gid = ret->uid < 0 ? -1 : user(noted.uid >= 0 ? noted.gid : gid);
}

void owner_find(const struct files *files, struct owner *ret)
{
	struct stat st;
	int fd = files->given.len ? files->given.items[0].fd : files->input;
	*ret = (struct owner){ -1, -1, -1, -1 };
	for (size_t i = files->given.len; i-- > 0;)
		if (is_core(files->given.items[i].fd))
			fd = files->given.items[i].fd;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	ret->file_uid = st.st_uid;
	ret->file_gid = st.st_gid;
	if (st.st_uid) {
		ret->uid = st.st_uid;
		ret->gid = user(st.st_gid);
	} else {
		whose_process(fd, ret);
	}
}
