/* Makes a table: reads the DWARF of a compiled probe and prints what fields.def asks for.
 *
 *	dump_table TABLES_DIR NAME BASE FIRST LAST ABI ORIGIN PROBE > tables/NAME.c
 *
 * BASE "-": a complete table; else only what differs from tables/BASE.c (and its bases) is
 * printed. FIRST and LAST are releases, "3.12.1"; ABI is made of d (debug) and t (free-threaded).
 * Exit 0: printed; 3: nothing differs from BASE, of the same ABI, and nothing was printed; 1: an
 * error, on stderr.
 *
 *	dump_table --stale TABLES_DIR/NAME.c ...
 *
 * names the members of fields.def that a table was not asked for when it was made.
 *
 * A build-time tool: it knows its arguments and speaks on stderr. */
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "core/files.h"
#include "cpython_layouts/layout.h"

#define LINE_MAX_ 512

static struct machine machine = { .word = 8 };

/* --- the vocabulary ----------------------------------------------------------------------- */

/* Changes when fields.def does (FNV-1a over names and paths). */
static uint32_t vocabulary_hash(void)
{
	uint32_t hash = 2166136261u;
	for (size_t f = 0; f < FIELD_COUNT; f++) {
		char text[LINE_MAX_];
		const struct field_info *info = &field_infos[f];
		snprintf(text, sizeof(text), "%s %s %s %s %u;", structure_names[info->structure],
			 structure_aliases[info->structure], info->name, info->paths, info->kind);
		for (const char *c = text; *c; c++)
			hash = (hash ^ (uint8_t)*c) * 16777619u;
	}
	return hash;
}

static int field_by_name(const char *structure, const char *name)
{
	for (size_t f = 0; f < FIELD_COUNT; f++) {
		if (!strcmp(field_infos[f].name, name) &&
		    !strcmp(structure_names[field_infos[f].structure], structure))
			return (int)f;
	}
	return -1;
}

static int structure_by_name(const char *name)
{
	for (size_t s = 0; s < STRUCT_COUNT; s++) {
		if (!strcmp(structure_names[s], name))
			return (int)s;
	}
	return -1;
}

/* --- reading a table back ------------------------------------------------------------------ */

/* A line of a table put into l. Names that fields.def has no more are passed over. */
static void read_line(struct layout *l, const char *line)
{
	char structure[128], member[128];
	unsigned offset, width, bit, bits;
	int f;
	if (sscanf(line, " SIZE(%127[^,], %u)", structure, &offset) == 2) {
		int s = structure_by_name(structure);
		if (s >= 0)
			l->size[s] = offset;
		return;
	}
	bit = bits = offset = width = 0;
	if (sscanf(line, " BITS(%127[^,], %127[^,], %u, %u, %u, %u)", structure, member, &offset,
		   &width, &bit, &bits) != 6 &&
	    sscanf(line, " PLACE(%127[^,], %127[^,], %u, %u)", structure, member, &offset,
		   &width) != 4) {
		if (sscanf(line, " GONE(%127[^,], %127[^)])", structure, member) != 2)
			return;
		f = field_by_name(structure, member);
		if (f >= 0)
			l->slot[f] = (struct slot){ 0 };
		return;
	}
	f = field_by_name(structure, member);
	if (f >= 0)
		l->slot[f] = (struct slot){ offset, (uint8_t)width, (uint8_t)bit, (uint8_t)bits,
					    SLOT_TABLE };
}

static bool read_table(const char *dir, const char *name, unsigned depth, struct layout *l)
{
	char path[LINE_MAX_], line[LINE_MAX_], base[64], debug[6], threaded[6];
	snprintf(path, sizeof(path), "%s/%s.c", dir, name);
	FILE *in = fopen(path, "r");
	if (!in || depth > 4) {
		fprintf(stderr, "dump_table: %s: cannot be read; make the base table first\n",
			path);
		if (in)
			fclose(in);
		return false;
	}
	/* .base stands below the lines that amend it: two passes */
	while (fgets(line, sizeof(line), in)) {
		if (sscanf(line, " .base = \"%63[^\"]\"", base) == 1 &&
		    !read_table(dir, base, depth + 1, l)) {
			fclose(in);
			return false;
		}
	}
	rewind(in);
	while (fgets(line, sizeof(line), in)) {
		read_line(l, line);
		if (sscanf(line, " .first = { %*u, %*u, %*u, 0xf, 0, %5[a-z], %5[a-z]", debug,
			   threaded) == 2) {
			l->version.debug = !strcmp(debug, "true");
			l->version.free_threaded = !strcmp(threaded, "true");
		}
	}
	fclose(in);
	return true;
}

/* --- printing ------------------------------------------------------------------------------ */

static void print_absent(const struct layout *l)
{
	size_t column = 0;
	int last = -1;
	printf(" * absent:");
	for (size_t f = 0; f < FIELD_COUNT; f++) {
		char text[256];
		const struct field_info *info = &field_infos[f];
		if (l->slot[f].source != SLOT_NONE)
			continue;
		if ((int)info->structure != last)
			snprintf(text, sizeof(text), "%s.%s", structure_names[info->structure],
				 info->name);
		else
			snprintf(text, sizeof(text), ".%s", info->name);
		last = info->structure;
		if (column == 0 || column + strlen(text) > 90)
			column = (size_t)printf("\n *   %s", text);
		else
			column += (size_t)printf(" %s", text);
	}
	printf("\n");
}

static bool same_place(const struct slot *a, const struct slot *b)
{
	if (a->source == SLOT_NONE || b->source == SLOT_NONE)
		return a->source == b->source;
	return a->offset == b->offset && a->width == b->width && a->bit == b->bit &&
	       a->bits == b->bits;
}

static size_t print_fields(const struct layout *l, const struct layout *base)
{
	size_t printed = 0;
	for (size_t f = 0; f < FIELD_COUNT; f++) {
		const struct slot *slot = &l->slot[f];
		const char *s = structure_names[field_infos[f].structure], *m = field_infos[f].name;
		if (base ? same_place(slot, &base->slot[f]) : slot->source == SLOT_NONE)
			continue;
		if (printed++ == 0)
			printf("\nstatic const struct table_field fields[] = {\n");
		if (slot->source == SLOT_NONE)
			printf("\tGONE(%s, %s)\n", s, m);
		else if (slot->bits)
			printf("\tBITS(%s, %s, %u, %u, %u, %u)\n", s, m, slot->offset, slot->width,
			       slot->bit, slot->bits);
		else
			printf("\tPLACE(%s, %s, %u, %u)\n", s, m, slot->offset, slot->width);
	}
	if (printed)
		printf("};\n");
	return printed;
}

static size_t print_sizes(const struct layout *l, const struct layout *base)
{
	size_t printed = 0;
	for (size_t s = 0; s < STRUCT_COUNT; s++) {
		if (base ? l->size[s] == base->size[s] : l->size[s] == 0)
			continue;
		if (printed++ == 0)
			printf("\nstatic const struct table_size sizes[] = {\n");
		printf("\tSIZE(%s, %u)\n", structure_names[s], l->size[s]);
	}
	if (printed)
		printf("};\n");
	return printed;
}

static void print_version(const char *member, const char *release, const char *abi)
{
	unsigned major = 0, minor = 0, micro = 255;
	sscanf(release, "%u.%u.%u", &major, &minor, &micro);
	printf("\t.%s = { %u, %u, %u, 0xf, 0, %s, %s },\n", member, major, minor, micro,
	       strchr(abi, 'd') ? "true" : "false", strchr(abi, 't') ? "true" : "false");
}

static void print_machine(uint16_t e_machine)
{
	if (e_machine == EM_X86_64)
		printf("\t.e_machine = EM_X86_64,\n");
	else if (e_machine == EM_AARCH64)
		printf("\t.e_machine = EM_AARCH64,\n");
	else
		printf("\t.e_machine = %u,\n", e_machine);
}

static void print_table(char **argv, const struct layout *l, const struct layout *base)
{
	const char *name = argv[2];
	printf("/* Generated: see docs/adding-a-python.md. Not to be edited.\n * vocabulary %08x\n",
	       vocabulary_hash());
	if (!base)
		print_absent(l);
	printf(" */\n#include \"cpython_layouts/tables/table.h\"\n");
	size_t fields = print_fields(l, base), sizes = print_sizes(l, base);
	printf("\nconst struct layout_table layout_table_");
	for (const char *c = name; *c; c++)
		putchar(*c == '.' || *c == '-' ? '_' : *c);
	printf(" = {\n\t.name = \"%s\",\n", name);
	if (base)
		printf("\t.base = \"%s\",\n", argv[3]);
	print_machine(machine.e_machine);
	print_version("first", argv[4], argv[6]);
	print_version("last", argv[5], argv[6]);
	printf("\t.origin = \"%s\",\n", argv[7]);
	if (fields)
		printf("\t.fields = fields,\n\t.field_count = ARRAY_SIZE(fields),\n");
	if (sizes)
		printf("\t.sizes = sizes,\n\t.size_count = ARRAY_SIZE(sizes),\n");
	printf("};\n");
}

/* --- main ---------------------------------------------------------------------------------- */

static bool map_probe(const char *path, struct mapped_file *ret)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) || (size_t)st.st_size < sizeof(Elf64_Ehdr)) {
		fprintf(stderr, "dump_table: %s: cannot be read\n", path);
		if (fd >= 0)
			close(fd);
		return false;
	}
	void *data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (data == MAP_FAILED)
		return false;
	ret->data = data;
	ret->size = (size_t)st.st_size;
	ret->path = (char *)path;
	machine.word = ret->data[EI_CLASS] == ELFCLASS32 ? 4 : 8;
	machine.e_machine = ((const Elf64_Ehdr *)data)->e_machine;
	return true;
}

static int dump(char **argv)
{
	static struct layout l, base;
	struct mapped_file probe;
	bool delta = strcmp(argv[3], "-") != 0;
	if (!map_probe(argv[8], &probe))
		return 1;
	l.machine = base.machine = &machine;
	struct error *err = layout_apply_dwarf(&l, &probe);
	if (err) {
		fprintf(stderr, "dump_table: %s\n", err->message);
		error_free(err);
		return 1;
	}
	if (delta && !read_table(argv[1], argv[3], 0, &base))
		return 1;
	bool same_abi = base.version.debug == !!strchr(argv[6], 'd') &&
			base.version.free_threaded == !!strchr(argv[6], 't');
	if (delta && same_abi && !memcmp(l.size, base.size, sizeof(l.size))) {
		size_t f = 0;
		while (f < FIELD_COUNT && same_place(&l.slot[f], &base.slot[f]))
			f++;
		if (f == FIELD_COUNT)
			return 3;
	}
	print_table(argv, &l, delta ? &base : NULL);
	return ferror(stdout) ? 1 : 0;
}

/* Is "S.m" (or ".m" behind another member of S) in the table's comment of absent members? */
static bool told_absent(const char *text, size_t f)
{
	static char last[128];
	char want[256];
	const char *s = structure_names[field_infos[f].structure];
	const char *end = strstr(text, " */"), *at = strstr(text, " * absent:");
	bool in_struct = false;
	snprintf(want, sizeof(want), ".%s", field_infos[f].name);
	for (; at && at < end; at += strspn(at, " *\n")) {
		size_t len = strcspn(at, " \n"), prefix = strcspn(at, ".");
		if (prefix > 0 && prefix < len) {
			snprintf(last, sizeof(last), "%.*s", (int)prefix, at);
			in_struct = !strcmp(last, s);
		}
		if (in_struct && prefix < len && strlen(want) == len - prefix &&
		    !memcmp(at + prefix, want, len - prefix))
			return true;
		at += len;
	}
	return false;
}

static bool report_stale(const char *path, unsigned *deltas)
{
	struct mapped_file file;
	static struct layout l;
	unsigned hash = 0;
	if (!map_probe(path, &file))
		return true;
	_free_ char *text = strndup((const char *)file.data, file.size);
	if (!text)
		return true;
	const char *vocabulary = strstr(text, "vocabulary ");
	if (vocabulary && sscanf(vocabulary, "vocabulary %x", &hash) == 1 &&
	    hash == vocabulary_hash())
		return false;
	if (strstr(text, ".base = ")) {
		(*deltas)++;
		return true;
	}
	memset(&l, 0, sizeof(l));
	_free_ char *lines = strdup(text);
	for (char *save = NULL, *line = lines ? strtok_r(lines, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save))
		read_line(&l, line);
	printf("%s is older than fields.def; not asked for:", path);
	for (size_t f = 0; f < FIELD_COUNT; f++) {
		if (l.slot[f].source == SLOT_NONE && !told_absent(text, f))
			printf(" %s.%s", structure_names[field_infos[f].structure],
			       field_infos[f].name);
	}
	printf("\n");
	return true;
}

int main(int argc, char **argv)
{
	if (argc >= 2 && !strcmp(argv[1], "--stale")) {
		bool stale = false;
		unsigned deltas = 0;
		for (int i = 2; i < argc; i++)
			stale |= report_stale(argv[i], &deltas);
		if (deltas)
			printf("%u deltas are older than fields.def; of what it gained "
			       "since they say what their bases say\n",
			       deltas);
		return stale ? 3 : 0;
	}
	if (argc != 9) {
		fprintf(stderr,
			"usage: dump_table TABLES_DIR NAME BASE FIRST LAST ABI ORIGIN PROBE\n"
			"       dump_table --stale TABLE.c ...\n");
		return 2;
	}
	return dump(argv);
}
