/* The text of /proc/PID/maps, of any bytes, beside a core that has a list of its own: of as many
 * mappings as the first byte's low bits say, one at each MiB.
 * Whatever comes: the core's own stay as they are, nothing overlaps, and no path is longer than the text. */
#include <stdlib.h>
#include <string.h>
#include "core/elfcore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OWN_MAX = 8, MIB = 1 << 20 };

static void add_own(struct target *t, addr_t start)
{
	struct mapping *m = vec_push(&t->mappings);
	const struct extent bytes = { .start = start, .end = start + 4096, .source = EXTENT_LOST, .why = "" };
	if (!m || !memory_add(&t->memory, &bytes))
		abort();
	*m = (struct mapping){ .start = start, .end = start + 4096, .path = "/own" };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct target t = { .machine = machine_find(EM_X86_64, ELFCLASS64, ELFDATA2LSB) };
	struct elfcore core = { .target = &t };
	size_t own = size ? data[0] % OWN_MAX : 0, found = 0;
	if (!size)
		return 0;
	for (size_t i = 0; i < own; i++)
		add_own(&t, (addr_t)(i + 1) * MIB);
	core.maps = (struct mapped_file){ .data = data + 1, .size = size - 1, .path = (char *)"maps" };
	if (!memory_seal(&t.memory) || !maps_take(&core))
		abort();
	const struct mapping *m;
	addr_t end = 0;
	vec_each(m, &t.mappings) {
		if (m->start < end || m->start >= m->end || strlen(m->path) > size + 4)
			abort();
		end = m->end;
		found += m->path[1] == 'o' && m->start % MIB == 0 && m->end - m->start == 4096;
	}
	if (found < own)
		abort();
	vec_release(&t.mappings);
	memory_release(&t.memory);
	remarks_release(&t.remarks);
	arena_release(&t.arena);
	return 0;
}
