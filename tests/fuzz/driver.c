/* Runs a fuzz target without a fuzzer, so that any compiler's sanitizers can be used and `make
 * check` needs no clang:
 *
 *	driver FILE|DIRECTORY ...             each file as it is
 *	driver -n 1000 -s 7 -t 30 FILE ...    and 1000 mutations of each, at most 30 s in all
 *
 * The same seed gives the same mutations. With -k each input is first written to ./crash-input,
 * because a crash leaves no time to do so. */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t seed = 1, mutations, limit_seconds, runs;
static bool keep;
static struct timespec started;

static uint64_t next_random(void)
{
	seed += 0x9e3779b97f4a7c15;	/* splitmix64 */
	uint64_t z = seed;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static size_t below(size_t limit)
{
	return limit ? (size_t)(next_random() % limit) : 0;
}

static bool time_is_up(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return limit_seconds && (uint64_t)(now.tv_sec - started.tv_sec) >= limit_seconds;
}

static void put_word(uint8_t *data, size_t size)
{
	static const uint64_t words[] = {
		0, 1, 2, 7, 8, 0x7f, 0x80, 0xff, 0x100, 0xfff, 0x1000, 0x7fffffff, 0x80000000,
		0xffffffff, 0x100000000, 0x7fffffffffff, 0x7fffffffffffffff, 0x8000000000000000,
		UINT64_MAX, UINT64_MAX - 7,
	};
	size_t width = (size_t)1 << below(4);
	if (size < width)
		return;
	size_t at = below(size - width + 1);
	uint64_t word = words[below(sizeof(words) / sizeof(*words))];
	if (below(4))
		at -= at % width;
	if (!below(4))
		word = size - below(64);
	memcpy(data + at, &word, width);
}

/* Half of all changes hit the first 4 KiB, where the headers are. */
static size_t mutate(uint8_t *data, size_t size)
{
	for (size_t i = 1 + below(8); i && size; i--) {
		size_t part = below(2) && size > 4096 ? 4096 : size;
		size_t from = below(part), to = below(part), len = below(64);
		switch (below(8)) {
		case 0:
			size = below(8) ? size : below(size);
			break;
		case 1:
		case 2:
			data[from] ^= (uint8_t)(1 << below(8));
			break;
		case 3:
			data[from] = (uint8_t)next_random();
			break;
		case 4:
			if (from + len <= part && to + len <= part)
				memmove(data + to, data + from, len);
			break;
		default:
			put_word(data, part);
		}
	}
	return size;
}

static void run(const uint8_t *data, size_t size)
{
	/* An allocation of just this size, so that the sanitizer sees a read behind it. */
	uint8_t *copy = malloc(size ? size : 1);
	if (!copy)
		abort();
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
	runs++;
}

static void keep_input(const uint8_t *data, size_t size)
{
	FILE *file = fopen("crash-input", "wb");
	if (!file)
		return;
	fwrite(data, 1, size, file);
	fclose(file);
}

static void run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct stat st;
	if (!file || fstat(fileno(file), &st)) {
		perror(path);
		exit(2);
	}
	size_t size = (size_t)st.st_size;
	uint8_t *data = malloc(size + 1), *mutant = malloc(size + 1);
	if (!data || !mutant || fread(data, 1, size, file) != size)
		exit(2);
	fclose(file);
	run(data, size);
	for (uint64_t i = 0; i < mutations && !time_is_up(); i++) {
		memcpy(mutant, data, size);
		size_t len = mutate(mutant, size);
		if (keep)
			keep_input(mutant, len);
		run(mutant, len);
	}
	free(data);
	free(mutant);
}

static void run_path(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	if (!dir) {
		run_file(path);
		return;
	}
	while ((entry = readdir(dir))) {
		char inner[4096];
		snprintf(inner, sizeof(inner), "%s/%s", path, entry->d_name);
		if (entry->d_name[0] != '.')
			run_path(inner);
	}
	closedir(dir);
}

int main(int argc, char **argv)
{
	int option;
	clock_gettime(CLOCK_MONOTONIC, &started);
	while ((option = getopt(argc, argv, "n:s:t:k")) != -1) {
		switch (option) {
		case 'n': mutations = strtoull(optarg, NULL, 0); break;
		case 's': seed = strtoull(optarg, NULL, 0); break;
		case 't': limit_seconds = strtoull(optarg, NULL, 0); break;
		case 'k': keep = true; break;
		default:
			fprintf(stderr, "usage: %s [-n MUTATIONS] [-s SEED] [-t SECONDS] [-k] FILE|DIRECTORY ...\n", argv[0]);
			return 2;
		}
	}
	for (int i = optind; i < argc; i++)
		run_path(argv[i]);
	printf("%s: %llu inputs, none broke it\n", argv[0], (unsigned long long)runs);
	return 0;
}
