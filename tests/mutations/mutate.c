/* The whole program over damaged copies of a core, without starting it anew for each:
 *
 *	mutate [-n COPIES] [-s SEED] [-t SECONDS] [-o DIRECTORY] [-v] -w SCRATCH CORE
 *
 * For each copy the core is damaged in a file, a child is forked, and there pycore's own main() runs
 * on it, any one of the commands. It must end by itself in LIMIT_SECONDS, with one of the exit codes
 * of an answer or a refusal, in LIMIT_MIB of memory, and without a word from a sanitizer. A copy that
 * fails is kept in DIRECTORY.
 *
 *	core -> SCRATCH/var/lib/systemd/coredump/core.* -> damage -> fork -> pycore_main() -> wait4 -> repair
 *
 * SCRATCH is also the sysroot, so that no file is found that the core names. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "analyzers/session.h"
#include "cli/common.h"
#include "core/checked.h"
#include "core/str.h"

int pycore_main(int argc, char **argv);	/* cli/main.c, compiled with -Dmain=pycore_main */

/* Of processor time: a busy machine is no fault. Who does nothing at all is stopped by the clock. */
enum { LIMIT_SECONDS = 10, STOP_SECONDS = 120, LIMIT_MIB = 256, MAX_DAMAGES = 64, PAGE = 4096 };

static uint64_t random_state;

static uint64_t next_random(void)
{
	uint64_t z = (random_state += 0x9e3779b97f4a7c15);	/* splitmix64 */
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static size_t below(size_t limit)
{
	return limit ? (size_t)(next_random() % limit) : 0;
}

/* The whole core, and a copy that is damaged and repaired again. */
struct copy {
	const uint8_t *whole;
	uint8_t *bytes;		/* the file, mapped shared */
	size_t size;
	int fd;
	struct damage { size_t at, len; } damages[MAX_DAMAGES];
	size_t damage_count;
	bool is_cut;
	size_t cut;
};

static void remember(struct copy *c, size_t at, size_t len)
{
	c->damages[c->damage_count++] = (struct damage){ at, len };
}

/* Into a copy that is all zeros from there on: what is zero is not written, and none of it stays in
 * memory, since it would count as the child's. */
static void copy_rest(struct copy *c, size_t from)
{
	static const uint8_t zeros[PAGE];
	for (size_t at = from; at < c->size;) {
		size_t len = MIN(PAGE - at % PAGE, c->size - at);
		if (memcmp(c->whole + at, zeros, len) != 0)
			memcpy(c->bytes + at, c->whole + at, len);
		at += len;
	}
	madvise((void *)c->whole, c->size, MADV_DONTNEED);
	madvise(c->bytes, c->size, MADV_DONTNEED);
}

static void repair(struct copy *c)
{
	if (ftruncate(c->fd, (off_t)c->size) != 0)
		exit(2);
	if (c->is_cut)
		copy_rest(c, c->cut);
	c->is_cut = false;
	for (size_t i = 0; i < c->damage_count; i++)
		memcpy(c->bytes + c->damages[i].at, c->whole + c->damages[i].at, c->damages[i].len);
	c->damage_count = 0;
}

/* Mostly anywhere; often in the headers and notes at the front, which everything depends on. */
static size_t somewhere(const struct copy *c, size_t len)
{
	size_t limit = c->size - len;
	size_t at = below(24) ? below(limit) : below(limit < 8192 ? limit : 8192);
	return below(4) ? at & ~(size_t)7 : at;
}

static bool looks_like_pointer(uint64_t word)
{
	return word >= 0x10000 && word < 0x800000000000 && !(word & 7);
}

/* A pointer that is really there, so that the damage leads somewhere: to a wrong kind of thing, in
 * a circle, past an end. */
static uint64_t some_pointer(const struct copy *c)
{
	uint64_t word = 0;
	for (int i = 0; i < 64 && !looks_like_pointer(word); i++)
		memcpy(&word, c->whole + (below(c->size - 8) & ~(size_t)7), 8);
	return word;
}

static void damage_word(struct copy *c)
{
	static const uint64_t odd[] = {
		0, 1, 2, 3, 0x7f, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 1ull << 32,
		1ull << 47, INT64_MAX, 1ull << 63, UINT64_MAX, UINT64_MAX - 7, 0x7ffffffff000,
	};
	size_t at = somewhere(c, 8) & ~(size_t)7;
	uint64_t word;
	memcpy(&word, c->whole + at, 8);
	switch (below(6)) {
	case 0: word = odd[below(ARRAY_SIZE(odd))]; break;
	case 1: word = some_pointer(c); break;
	case 2: word = some_pointer(c) + below(64); break;
	case 3: word ^= 1ull << below(64); break;
	case 4: word += below(256) - 128; break;
	default: word = next_random() >> below(64);
	}
	memcpy(c->bytes + at, &word, 8);
	remember(c, at, 8);
}

static void damage_bytes(struct copy *c)
{
	size_t len = 1 + below(16), at = somewhere(c, 16);
	for (size_t i = 0; i < len; i++)
		c->bytes[at + i] = (uint8_t)next_random();
	remember(c, at, len);
}

/* Zeros, or another part of the core, over some of it. */
static void damage_block(struct copy *c)
{
	size_t len = (size_t)8 << below(10);
	if (len + 16 > c->size)
		return;
	size_t at = somewhere(c, len), from = below(c->size - len);
	if (below(2))
		memset(c->bytes + at, 0, len);
	else
		memcpy(c->bytes + at, c->whole + from, len);
	remember(c, at, len);
}

static void damage(struct copy *c)
{
	if (!below(12)) {	/* cut: anywhere, or just behind a page */
		size_t size = below(2) ? below(c->size) : below(c->size) & ~(size_t)(PAGE - 1);
		if (ftruncate(c->fd, (off_t)size) != 0)
			exit(2);
		c->is_cut = true;	/* gone, and zero when it is long again */
		c->cut = size;
		return;		/* what is mapped behind the cut must not be written to */
	}
	size_t count = 1 + below((size_t)1 << below(5));
	for (size_t i = 0; i < count && c->damage_count < MAX_DAMAGES; i++) {
		switch (below(8)) {
		case 0: damage_bytes(c); break;
		case 1: damage_block(c); break;
		default: damage_word(c);
		}
	}
}

/* What follows the words: the core, and an object or an address in it; a file to write to and the
 * core; nothing, since it looks in SCRATCH itself; the directory that the core is in. */
enum subject { CORE, CORE_AND_OBJECT, CORE_AND_ADDRESS, OUTPUT_AND_CORE, NOTHING, STORE };

struct command { const char *words[5]; enum subject subject; };

static const struct command commands[] = {
	{ { "bt", "--locals" }, CORE }, { { "bt", "--json", "--locals=full" }, CORE },
	{ { "bt", "--native=all", "--locals" }, CORE }, { { "info", "--json" }, CORE },
	{ { "heap", "--json" }, CORE }, { { "heap", "--by", "shape" }, CORE },
	{ { "heap", "--dump", "-" }, CORE }, { { "heap", "--overview" }, CORE },
	{ { "heap", "--pinned", "--json" }, CORE },
	{ { "object", "--json" }, CORE_AND_OBJECT },
	{ { "object", "--why", "--referrers" }, CORE_AND_OBJECT },
	{ { "whatis", "--json" }, CORE_AND_ADDRESS },
	{ { "gc", "--json" }, CORE }, { { "crash" }, CORE }, { { "crash", "--json" }, CORE },
	{ { "modules" }, CORE }, { { "layout" }, CORE },
	{ { "report", "--format=text" }, CORE },
	{ { "report", "--format=satyr-core" }, CORE },
	{ { "report", "--format=sentry" }, CORE },
	{ { "report", "--format=gitlab" }, CORE },
	{ { "report", "--format=apport" }, CORE },
	{ { "report", "--format=ureport" }, CORE },
	{ { "report", "--format=otel" }, CORE },
	{ { "slim", "--locals" }, OUTPUT_AND_CORE },
	{ { "slim", "--compress=zstd" }, OUTPUT_AND_CORE },
	{ { "list", "--json" }, NOTHING }, { { "batch", "-j1" }, STORE },
};

/* Every command that reads a core and no more has a row above, or one of its own here: its name
 * alone. */
static struct command more[32];
static size_t more_count;

static bool has_row(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (streq(commands[i].words[0], name))
			return true;
	return false;
}

static void find_more(void)
{
	for (const struct analyzer *const *a = analyzers; *a && more_count < ARRAY_SIZE(more); a++)
		if (((*a)->needs & (NEEDS_TARGET | TAKES_SUBJECT | TAKES_NUMBERS)) ==
		    NEEDS_TARGET && !has_row((*a)->name))
			more[more_count++] = (struct command){ { (*a)->name }, CORE };
}

static const struct command *choose_command(void)
{
	size_t i = below(ARRAY_SIZE(commands) + more_count);
	return i < ARRAY_SIZE(commands) ? &commands[i] : &more[i - ARRAY_SIZE(commands)];
}

/* Where the copy is, and what is beside it. */
struct place {
	char root[3000], store[3100], core[3200], output[3100], address[32];
};

static void run_child(const struct place *place, const struct command *command, int out, int err)
{
	const char *argv[12] = { "pycore" };
	int argc = 1, null = open("/dev/null", O_RDWR);
	for (size_t i = 0; command->words[i]; i++)
		argv[argc++] = command->words[i];
	argv[argc++] = "--sysroot";
	argv[argc++] = place->root;
	/* Sanitizers need more memory than a sandbox has. */
	argv[argc++] = "--sandbox=off";
	if (command->subject == OUTPUT_AND_CORE) {
		argv[argc++] = "--output";
		argv[argc++] = place->output;
	}
	if (command->subject == STORE)
		argv[argc++] = place->store;
	else if (command->subject != NOTHING)
		argv[argc++] = place->core;
	if (command->subject == CORE_AND_OBJECT)
		argv[argc++] = "sys.modules";
	if (command->subject == CORE_AND_ADDRESS)
		argv[argc++] = place->address;
	dup2(null, 0);
	dup2(command->subject == STORE ? out : null, 1);
	dup2(err, 2);
	setrlimit(RLIMIT_CPU, &(struct rlimit){ LIMIT_SECONDS, LIMIT_SECONDS + 1 });
	alarm(STOP_SECONDS);
	int code = pycore_main(argc, (char **)argv);
	/* What leaves by exit() is counted long; nothing of it is pycore's. */
	fflush(NULL);
	_exit(code);
}

static double seconds_of(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double processor_seconds(const struct rusage *used)
{
	return seconds_of(used->ru_utime) + seconds_of(used->ru_stime);
}

/* batch is well whatever becomes of its children, so they are looked at in its line. */
static bool bad_child(const char *line)
{
	static const char key[] = "\"exit\": ";
	const char *at = strstr(line, key);
	int code = at ? atoi(at + sizeof(key) - 1) : 0;
	return at && (at[sizeof(key) - 1] == 'n' || (code != 0 && code != 1 && code != 3));
}

/* NULL: as it should be. */
static const char *judge(int status, const struct rusage *used, const char *said, const char *line)
{
	static char text[200];
	if (WIFSIGNALED(status)) {
		snprintf(text, sizeof(text), "killed by signal %d%s", WTERMSIG(status),
			 WTERMSIG(status) == SIGALRM || WTERMSIG(status) == SIGXCPU ? ": it hangs" : "");
		return text;
	}
	if (processor_seconds(used) > LIMIT_SECONDS)
		return "it takes too long";
	if (bad_child(line))
		return "a child of batch fell";
	int code = WEXITSTATUS(status);
	if (strstr(said, "runtime error:") || strstr(said, "Sanitizer"))
		return "a sanitizer speaks";
	if (code != 0 && code != 1 && code != 3) {
		snprintf(text, sizeof(text), "exit code %d", code);
		return text;
	}
	const char *newline = strchr(said, '\n');
	if (code == 3 && (!newline || newline[1]))
		return "not one line on stderr";
	if (used->ru_maxrss / 1024 > LIMIT_MIB) {
		snprintf(text, sizeof(text), "%ld MiB of memory", used->ru_maxrss / 1024);
		return text;
	}
	return NULL;
}

struct tally {
	unsigned long runs, codes[4], failures;
	double slowest;		/* of processor time */
	long most_kib;
	bool verbose;
};

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void keep(const struct copy *c, const char *directory, uint64_t seed)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/failed-%llu", directory, (unsigned long long)seed);
	struct stat st;
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0644);
	if (fd < 0 || fstat(c->fd, &st) != 0 || write(fd, c->bytes, (size_t)st.st_size) < 0)
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	printf("  kept as %s\n", path);
}

static void read_back(int fd, char *text, size_t size)
{
	ssize_t len = pread(fd, text, size - 1, 0);
	text[len > 0 ? len : 0] = '\0';
	close(fd);
}

static void tell(const struct command *command, uint64_t seed, const char *wrong, const char *said,
		 const char *line)
{
	printf("FAIL seed %llu,", (unsigned long long)seed);
	for (size_t i = 0; command->words[i]; i++)
		printf(" %s", command->words[i]);
	printf(": %s\n%.3000s\n%.3000s\n", wrong, said, line);
}

static void try_copy(struct copy *c, struct place *place, const char *directory, uint64_t seed,
		     struct tally *tally)
{
	const struct command *command = choose_command();
	snprintf(place->address, sizeof(place->address), "%#llx", (unsigned long long)some_pointer(c));
	int out = memfd_create("stdout", 0), err = memfd_create("stderr", 0);
	double started = now();
	fflush(stdout);
	pid_t child = fork();
	if (child < 0)
		exit(2);
	if (child == 0)
		run_child(place, command, out, err);
	int status;
	struct rusage used;
	while (wait4(child, &status, 0, &used) < 0)
		if (errno != EINTR)
			exit(2);
	double took = now() - started;
	char said[8192], line[8192];
	read_back(err, said, sizeof(said));
	read_back(out, line, sizeof(line));
	unlink(place->output);
	const char *wrong = judge(status, &used, said, line);
	tally->runs++;
	if (tally->verbose)
		printf("seed %llu: %s, %.3f s, %ld KiB, status %#x: %.400s%.400s\n", (unsigned long long)seed,
		       command->words[0], took, used.ru_maxrss, (unsigned)status, said, line);
	if (!wrong)
		tally->codes[WEXITSTATUS(status)]++;
	tally->slowest = MAX(tally->slowest, processor_seconds(&used));
	tally->most_kib = MAX(tally->most_kib, used.ru_maxrss);
	if (!wrong)
		return;
	tally->failures++;
	tell(command, seed, wrong, said, line);
	keep(c, directory, seed);
}

static void make_place(const char *scratch, struct place *ret)
{
	static const char *const parts[] = { "/var", "/lib", "/systemd", "/coredump" };
	snprintf(ret->root, sizeof(ret->root), "%s", scratch);
	snprintf(ret->output, sizeof(ret->output), "%s/slim", scratch);
	size_t len = (size_t)snprintf(ret->store, sizeof(ret->store), "%s", ret->root);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		len += (size_t)snprintf(ret->store + len, sizeof(ret->store) - len, "%s", parts[i]);
		mkdir(ret->store, 0755);
	}
	/* As systemd-coredump calls them. */
	snprintf(ret->core, sizeof(ret->core), "%s/core.python3.0.%032d.4242.1790000000000000", ret->store, 0);
}

static void open_copy(const char *core, const char *path, struct copy *c)
{
	struct stat st;
	int fd = open(core, O_RDONLY);
	if (fd < 0 || fstat(fd, &st) != 0 || st.st_size < 3 * PAGE) {
		fprintf(stderr, "%s: cannot be read, or too small\n", core);
		exit(2);
	}
	c->size = (size_t)st.st_size;
	c->whole = mmap(NULL, c->size, PROT_READ, MAP_PRIVATE, fd, 0);
	c->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (c->whole == MAP_FAILED || c->fd < 0 || ftruncate(c->fd, st.st_size) != 0)
		exit(2);
	c->bytes = mmap(NULL, c->size, PROT_READ | PROT_WRITE, MAP_SHARED, c->fd, 0);
	if (c->bytes == MAP_FAILED)
		exit(2);
	copy_rest(c, 0);
	close(fd);
}

/* As batch starts its children: /proc/self/exe is this program. */
static int run_for_batch(int argc, char **argv)
{
	const char *words[80] = { "pycore", "report", "--sandbox=off" };
	if (argc + 2 > (int)ARRAY_SIZE(words))
		return 2;
	memcpy(words + 3, argv + 2, sizeof(*argv) * (size_t)(argc - 2));
	return pycore_main(argc + 1, (char **)words);
}

int main(int argc, char **argv)
{
	unsigned long copies = 1000, seed = 1, seconds = 0;
	const char *directory = ".", *scratch = NULL;
	bool verbose = false;
	if (argc > 1 && streq(argv[1], "report"))
		return run_for_batch(argc, argv);
	for (int opt; (opt = getopt(argc, argv, "n:s:t:o:w:v")) != -1;) {
		switch (opt) {
		case 'n': copies = strtoul(optarg, NULL, 10); break;
		case 's': seed = strtoul(optarg, NULL, 10); break;
		case 't': seconds = strtoul(optarg, NULL, 10); break;
		case 'o': directory = optarg; break;
		case 'v': verbose = true; break;
		case 'w': scratch = optarg; break;
		default: return 2;
		}
	}
	if (optind != argc - 1 || !scratch) {
		fprintf(stderr, "usage: mutate [-n COPIES] [-s SEED] [-t SECONDS] [-o DIRECTORY] [-v] -w SCRATCH CORE\n");
		return 2;
	}
	struct copy copy = { 0 };
	struct place place;
	make_place(scratch, &place);
	open_copy(argv[optind], place.core, &copy);
	find_more();
	struct tally tally = { .verbose = verbose };
	double end = now() + (double)seconds;
	for (unsigned long i = 0; i < copies && (!seconds || now() < end) && tally.failures < 10; i++) {
		/* The seed alone makes the copy again. */
		random_state = seed + i;
		damage(&copy);
		try_copy(&copy, &place, directory, seed + i, &tally);
		repair(&copy);
	}
	printf("%lu copies: %lu whole answers, %lu with losses, %lu refusals, %lu failures; "
	       "slowest %.2f s, most memory %ld MiB\n", tally.runs, tally.codes[0], tally.codes[1],
	       tally.codes[3], tally.failures, tally.slowest, tally.most_kib / 1024);
	return tally.failures ? 1 : 0;
}
