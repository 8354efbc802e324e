#include "tests/unit/test.h"

#include "core/arena.h"

static void arena_alloc__gives_zeroed_aligned_memory_that_stays(void **state)
{
	struct arena a = ARENA_INIT;
	char *first = arena_alloc(&a, 10);

	memcpy(first, "unchanged", 10);
	for (int i = 1; i < 2000; i++) {
		unsigned char *p = arena_alloc(&a, i % 300);
		assert_int_equal((uintptr_t)p % 16, 0);
		for (int j = 0; j < i % 300; j++)
			assert_int_equal(p[j], 0);
		memset(p, 0xff, i % 300);
	}
	assert_string_equal(first, "unchanged");
	arena_release(&a);
}

static void arena_alloc__serves_more_than_a_chunk(void **state)
{
	struct arena a = ARENA_INIT;
	char *big = arena_alloc(&a, 5 << 20);

	assert_non_null(big);
	big[(5 << 20) - 1] = 1;
	assert_null(arena_alloc(&a, SIZE_MAX));
	arena_release(&a);
}

static void arena_copy__ends_with_a_nul(void **state)
{
	struct arena a = ARENA_INIT;
	assert_string_equal(arena_copy(&a, "abcdef", 3), "abc");
	assert_null(arena_copy(&a, "", SIZE_MAX));
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena_alloc__gives_zeroed_aligned_memory_that_stays),
		cmocka_unit_test(arena_alloc__serves_more_than_a_chunk),
		cmocka_unit_test(arena_copy__ends_with_a_nul),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
