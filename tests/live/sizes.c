/* Compares object_size() with what a Python said of its own objects.
 *
 *	sizes CORE [SYSROOT [SEARCH...]] <TRUTH
 *
 * TRUTH has a line "ADDRESS TYPE SIZE WHAT" for each object, addresses and types in hex. Prints how
 * they differ, what it takes to ask again for all of them, then "N sizes, N differ, N unknown". */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "core/trace.h"
#include "cpython_layouts/sizes.h"

struct core {
	struct files *files;
	struct target *target;
	struct symbols *symbols;
	struct runtime *runtime;
};

static struct error *core_open(struct core *c, int argc, char **argv)
{
	struct error *err = files_new(argc > 2 && *argv[2] ? argv[2] : NULL, &c->files);
	for (int i = 3; !err && i < argc; i++)
		err = files_add_search(c->files, argv[i]);
	if (!err)
		err = target_open_core(c->files, argv[1], NULL, &c->target);
	if (!err)
		err = symbols_load(c->target, c->files, &c->symbols);
	return err ? err : runtime_locate(c->target, c->symbols, &c->runtime);
}

static void core_close(struct core *c)
{
	if (c->runtime)
		runtime_free(c->runtime);
	if (c->symbols)
		symbols_free(c->symbols);
	if (c->target)
		target_free(c->target);
	files_free(c->files);
}

struct truth {
	uint64_t at, type, size;
	char what[200];
};

struct tally {
	unsigned long all, differ, unknown;
};

/* What is not known is told apart: the truth then has a '?' before what it is. */
static void compare(struct runtime *rt, const struct truth *t, struct tally *tally)
{
	static const char *const doubts[] = { "exact", "by Python", "by others", "lost" };
	struct object o;
	uint64_t size = 0;
	tally->all++;
	if (!object_load(rt, t->at, &o) || o.type->at != t->type) {
		tally->differ++;
		printf("0x%" PRIx64 " %s: cannot be loaded as what it is\n", t->at, t->what);
		return;
	}
	bool known = object_size(rt, &o, &size), expected = t->what[0] != '?';
	tally->unknown += !known;
	if (known == expected && (!known || size == t->size))
		return;
	tally->differ++;
	printf("0x%" PRIx64 " %s: %s %s %" PRIu64 " (%s), not %" PRIu64 "\n", t->at, t->what,
	       o.type->full_name, known ? "is" : "is perhaps", size, doubts[size_doubt(rt, o.type)],
	       t->size);
}

struct truths {
	VEC(struct truth) all;
};

static bool truths_read(FILE *file, struct truths *ret)
{
	char line[256];
	while (fgets(line, sizeof(line), file)) {
		struct truth t = { 0 }, *new;
		if (sscanf(line, "%" SCNx64 " %" SCNx64 " %" SCNu64 " %199[^\n]", &t.at, &t.type,
			   &t.size, t.what) < 3)
			continue;
		new = vec_push(&ret->all);
		if (!new)
			return false;
		*new = t;
	}
	return true;
}

enum { TIMES = 20 };

/* Nanoseconds of our own for each, with all that is needed in the caches. */
static double time_again(struct runtime *rt, const struct truths *truths)
{
	clock_t start = clock();
	const struct truth *t;
	for (int i = 0; i < TIMES; i++)
		vec_each(t, &truths->all) {
			struct object o;
			uint64_t size;
			if (object_load(rt, t->at, &o))
				object_size(rt, &o, &size);
		}
	double elapsed = (double)(clock() - start) / CLOCKS_PER_SEC * 1e9;
	return truths->all.len ? elapsed / TIMES / (double)truths->all.len : 0;
}

int main(int argc, char **argv)
{
	struct core core = { 0 };
	struct tally tally = { 0 };
	struct truths truths = { VEC_INIT };
	const struct truth *t;
	if (argc < 2)
		return 2;
	struct error *err = core_open(&core, argc, argv);
	if (err || !truths_read(stdin, &truths)) {
		fprintf(stderr, "sizes: %s\n", err ? err->message : "out of memory");
		return 2;
	}
	vec_each(t, &truths.all)
		compare(core.runtime, t, &tally);
	printf("%.1f ns an object\n", time_again(core.runtime, &truths));
	printf("%lu sizes, %lu differ, %lu unknown\n", tally.all, tally.differ, tally.unknown);
	vec_release(&truths.all);
	core_close(&core);
	return tally.differ != 0 || tally.all == 0;
}
