/* A core with many times the objects of a real one: the arenas of its pymalloc again and again, at
 * other addresses, each a true copy.
 *
 *	replicate CORE OUT COPIES ARENAS POINTER ADDRESS...
 *
 * ARENAS is how many entries the process's array of arenas has, POINTER where the pointer to it is,
 * ADDRESS... the arenas to be copied, as growth.py's process found them. In a copy every word that
 * points into one of these arenas points into the copy's own; pools know their arenas by index. The
 * array grows accordingly. What is not in the arenas (tables of dicts, items of lists) stays as it
 * is, and is shared. For little-endian 64-bit cores of CPython 3.10 and 3.11. */
#include <elf.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ARENA = 1 << 20, POOL = 16384, SLOT = ARENA + POOL, ENTRY = 48, ARENAS_MAX = 100000 };
#define ARRAY_AT  UINT64_C(0x500000000000)
#define COPIES_AT UINT64_C(0x510000000000)

static uint8_t *core;
static size_t core_size;
static const Elf64_Phdr *headers;
static size_t header_count;
static uint64_t arenas[ARENAS_MAX];
static size_t arena_count;

static void die(const char *why)
{
	fprintf(stderr, "replicate: %s\n", why);
	exit(1);
}

static uint8_t *at(uint64_t address, size_t len)
{
	for (size_t i = 0; i < header_count; i++) {
		const Elf64_Phdr *h = &headers[i];
		if (h->p_type == PT_LOAD && address >= h->p_vaddr &&
		    address + len <= h->p_vaddr + h->p_filesz &&
		    h->p_offset + (address - h->p_vaddr) + len <= core_size)
			return core + h->p_offset + (address - h->p_vaddr);
	}
	die("an address is not in the core");
	return NULL;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

static uint64_t new_address(size_t copy, size_t arena)
{
	return COPIES_AT + (copy * arena_count + arena) * SLOT + arenas[arena] % POOL;
}

static uint64_t moved(uint64_t word, size_t copy)
{
	if (word < arenas[0] || word >= arenas[arena_count - 1] + ARENA)
		return word;
	size_t low = 0, high = arena_count;
	while (high - low > 1) {
		size_t middle = (low + high) / 2;
		if (arenas[middle] <= word)
			low = middle;
		else
			high = middle;
	}
	return word < arenas[low] + ARENA ? new_address(copy, low) + (word - arenas[low]) : word;
}

static void put(FILE *out, const void *bytes, size_t len)
{
	if (fwrite(bytes, 1, len, out) != len)
		die("cannot write");
}

static void put_arena(FILE *out, size_t copy, size_t arena, uint32_t index)
{
	static uint8_t slot[SLOT];
	uint64_t words[ARENA / 8];
	memcpy(words, at(arenas[arena], ARENA), ARENA);
	for (size_t i = 0; i < ARENA / 8; i++)
		words[i] = moved(words[i], copy);
	memset(slot, 0, sizeof(slot));
	memcpy(slot + arenas[arena] % POOL, words, ARENA);
	/* pool_header.arenaindex */
	for (size_t pool = arenas[arena] % POOL ? POOL : 0; pool + POOL <= SLOT; pool += POOL)
		memcpy(slot + pool + 32, &index, 4);
	put(out, slot, SLOT);
}

/* The array as it was, the new entries, and none up to a power of two: as it grows. */
static uint8_t *new_array(uint64_t old, size_t entries, size_t copies, size_t *ret_size)
{
	size_t room = 16, used = entries;
	while (room < entries + copies * arena_count)
		room *= 2;
	uint8_t *array = calloc(room, ENTRY), *from = at(old, entries * ENTRY);
	if (!array)
		die("out of memory");
	memcpy(array, from, entries * ENTRY);
	for (size_t copy = 0; copy < copies; copy++) {
		for (size_t arena = 0; arena < arena_count; arena++) {
			uint64_t entry[ENTRY / 8];
			size_t i = 0;
			for (; i < entries; i++) {
				memcpy(entry, from + i * ENTRY, ENTRY);
				if (entry[0] == arenas[arena])
					break;
			}
			if (i == entries)
				die("an arena is not in the array");
			entry[0] = new_address(copy, arena);
			entry[1] += entry[0] - arenas[arena];
			entry[3] = moved(entry[3], copy);
			memcpy(array + used++ * ENTRY, entry, ENTRY);
		}
	}
	*ret_size = room * ENTRY;
	return array;
}

static void write_all(FILE *out, size_t copies, size_t entries, uint64_t pointer)
{
	enum { NEAR = 1024 };
	uint64_t old;
	size_t size, count = header_count;
	Elf64_Phdr *more = calloc(count + 2 + copies, sizeof(*more));
	memcpy(&old, at(pointer, 8), 8);
	uint8_t *array = new_array(old, entries, copies, &size);
	/* beside it: how many it has, and where the lists of arenas begin */
	for (uint64_t p = pointer - NEAR; p <= pointer + NEAR; p += 8) {
		uint64_t word;
		memcpy(&word, at(p, 8), 8);
		if (word == entries)	/* maxarenas */
			word = size / ENTRY;
		else if (word >= old && word < old + entries * ENTRY)
			word += ARRAY_AT - old;
		else
			continue;
		memcpy(at(p, 8), &word, 8);
	}
	memcpy(more, headers, count * sizeof(*more));
	put(out, core, core_size);
	uint64_t offset = core_size;
	more[count++] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_flags = PF_R | PF_W, .p_offset = offset,
				      .p_vaddr = ARRAY_AT, .p_filesz = size, .p_memsz = size };
	put(out, array, size);
	offset += size;
	for (size_t copy = 0; copy < copies; copy++) {
		uint64_t bytes = (uint64_t)arena_count * SLOT;
		more[count++] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_flags = PF_R | PF_W,
					      .p_offset = offset,
					      .p_vaddr = COPIES_AT + copy * bytes,
					      .p_filesz = bytes, .p_memsz = bytes };
		for (size_t arena = 0; arena < arena_count; arena++)
			put_arena(out, copy, arena,
				  (uint32_t)(entries + copy * arena_count + arena));
		offset += bytes;
	}
	put(out, more, count * sizeof(*more));
	Elf64_Ehdr header;
	memcpy(&header, core, sizeof(header));
	header.e_phoff = offset;
	header.e_phnum = (uint16_t)count;
	if (fseek(out, 0, SEEK_SET) != 0)
		die("cannot write");
	put(out, &header, sizeof(header));
	free(array);
	free(more);
}

int main(int argc, char **argv)
{
	struct stat st;
	if (argc < 7 || argc - 6 > ARENAS_MAX)
		die("replicate CORE OUT COPIES ARENAS POINTER ADDRESS...");
	int fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0)
		die("cannot read the core");
	core_size = (size_t)st.st_size;
	core = mmap(NULL, core_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (core == MAP_FAILED)
		die("cannot map the core");
	Elf64_Ehdr header;
	memcpy(&header, core, sizeof(header));
	headers = (const Elf64_Phdr *)(core + header.e_phoff);
	header_count = header.e_phnum;
	for (int i = 6; i < argc; i++)
		arenas[arena_count++] = strtoull(argv[i], NULL, 0);
	qsort(arenas, arena_count, sizeof(arenas[0]), compare);
	FILE *out = fopen(argv[2], "we");
	if (!out)
		die("cannot write");
	write_all(out, strtoull(argv[3], NULL, 0), strtoull(argv[4], NULL, 0),
		  strtoull(argv[5], NULL, 0));
	if (fclose(out) != 0)
		die("cannot write");
	return 0;
}
