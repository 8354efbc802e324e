/* This program asks for places in itself. */
#include "tests/unit/test.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include "core/files.h"
#include "symbols/places.h"

extern const char __executable_start[];

static addr_t return_address;
static volatile int unknown = 1;	/* that no compiler knows */

__attribute__((noinline)) static void keep_return_address(void)
{
	return_address = (addr_t)__builtin_return_address(0);
	__asm__ volatile("");
}

static inline __attribute__((always_inline)) int inner(int x)
{
	keep_return_address();	/* the line of inner() */
	return x + 1;
}

__attribute__((noinline)) static int outer(int x)
{
	return inner(x) * 2;	/* the line of outer() */
}

static unsigned line_of(const char *mark)
{
	FILE *f = fopen(__FILE__, "r");
	char line[200];
	unsigned number = 0;
	bool found = false;
	while (f && !found && fgets(line, sizeof(line), f)) {
		number++;
		found = strstr(line, mark) != NULL;
	}
	if (f)
		fclose(f);
	return found ? number : 0;
}

struct self {
	struct target target;
	struct symbols *symbols;
	struct module *module;
};

static int set_up(void **state)
{
	struct self *s = calloc(1, sizeof(*s));
	int fd = open("/proc/self/exe", O_RDONLY);
	assert_non_null(s);
	s->module = vec_push(&s->target.modules);
	assert_non_null(s->module);
	assert_null(files_map_fd(fd, "/proc/self/exe", &s->module->file));
	close(fd);
	s->target.machine = machine_find(
		s->module->file.data[18] == EM_AARCH64 ? EM_AARCH64 : EM_X86_64, ELFCLASS64, ELFDATA2LSB);
	s->module->path = "/proc/self/exe";
	s->module->start = (addr_t)__executable_start;
	s->module->end = s->module->start + s->module->file.size;
	/* A PIE's addresses begin at 0. */
	s->module->bias = s->module->file.data[16] == ET_DYN ? s->module->start : 0;
	assert_null(symbols_load(&s->target, NULL, &s->symbols));
	unknown = outer(unknown);
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct self *s = *state;
	symbols_free(s->symbols);
	mapped_file_release(&s->module->file);
	vec_release(&s->target.modules);
	remarks_release(&s->target.remarks);
	free(s);
	return 0;
}

static void places_ask__tells_lines_and_inlined_calls(void **state)
{
	struct self *s = *state;
	const struct place_question question = { s->module, return_address - 1, "outer" };
	size_t count = 0;
	places_ask(s->symbols, &question, 1, PLACES_ALL);
	const struct place *p = places_at(s->symbols, return_address - 1, &count);
	assert_int_equal(count, 2);
	assert_string_equal(p[0].function, "inner");
	assert_string_equal(p[1].function, "outer");
	assert_null(p[0].linkage);
	assert_non_null(strstr(p[0].file, "test_places.c"));
	if (line_of("the line of inner()")) {
		assert_int_equal(p[0].line, line_of("the line of inner()"));
		assert_int_equal(p[1].line, line_of("the line of outer()"));
	}
	assert_int_equal(s->target.remarks.list.len, 0);
}

static void places_ask__tells_nothing_of_what_is_no_code(void **state)
{
	struct self *s = *state;
	const struct place_question list[] = {
		{ s->module, s->module->start + 8, NULL },
		{ s->module, 0, NULL },
		{ NULL, return_address, "unknown" },
	};
	size_t count;
	places_ask(s->symbols, list, 3, PLACES_ALL);
	for (size_t i = 0; i < 3; i++)
		assert_null(places_at(s->symbols, list[i].addr, &count));
}

static void places_ask__asks_for_no_line_when_told_so(void **state)
{
	struct self *s = *state;
	const struct place_question question = { s->module, return_address - 1, "outer" };
	size_t count;
	places_ask(s->symbols, &question, 1, PLACES_NONE);
	assert_null(places_at(s->symbols, return_address - 1, &count));
}

static void places_ask__survives_damaged_debug_information(void **state)
{
	struct self *s = *state;
	struct mapped_file whole = s->module->file;
	uint8_t *copy = malloc(whole.size);
	assert_non_null(copy);
	uint32_t random = 4711;
	for (unsigned round = 0; round < 10; round++) {
		memcpy(copy, whole.data, whole.size);
		/* Behind the code, where debug information and section headers are. */
		for (unsigned i = 0; i < 2000; i++) {
			random = random * 1664525 + 1013904223;
			copy[whole.size / 4 + random % (whole.size / 4 * 3)] = (uint8_t)(random >> 24);
		}
		struct symbols *symbols = NULL;
		const struct place_question question = { s->module, return_address - 1, "_Z1fv" };
		size_t count = 0;
		s->module->file.data = copy;
		assert_null(symbols_load(&s->target, NULL, &symbols));
		places_ask(symbols, &question, 1, PLACES_ALL);
		(void)places_at(symbols, question.addr, &count);
		assert_true(count <= 100);
		symbols_free(symbols);
	}
	s->module->file = whole;
	free(copy);
}

static void places_name__is_readable_or_stays(void **state)
{
	struct self *s = *state;
	const char *name = "_ZN4shop6BasketIlE5totalEl";
	const char *got = places_name(s->symbols, name);
	assert_true(got == name || strcmp(got, "shop::Basket<long>::total(long)") == 0);
	assert_ptr_equal(places_name(s->symbols, name), got);
	assert_string_equal(places_name(s->symbols, "main"), "main");
	assert_string_equal(places_name(s->symbols, "_Zfoo"), "_Zfoo");
	assert_null(places_name(s->symbols, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(places_ask__tells_lines_and_inlined_calls, set_up, tear_down),
		cmocka_unit_test_setup_teardown(places_ask__tells_nothing_of_what_is_no_code, set_up, tear_down),
		cmocka_unit_test_setup_teardown(places_ask__asks_for_no_line_when_told_so, set_up, tear_down),
		cmocka_unit_test_setup_teardown(places_ask__survives_damaged_debug_information, set_up, tear_down),
		cmocka_unit_test_setup_teardown(places_name__is_readable_or_stays, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
