#include "tests/unit/test.h"

#include "core/kept.h"

static void add(struct kept *k, enum kept_kind kind, uint64_t key, uint64_t number)
{
	_str_ struct str s = STR_INIT;
	kept_put(&s, number);
	kept_add(k, kind, key, &s);
}

static uint64_t number_of(const struct kept *k, enum kept_kind kind, uint64_t key)
{
	const struct kept_answer *answer = kept_find(k, kind, key);
	assert_non_null(answer);
	struct kept_reader r = kept_read(answer);
	return kept_get(&r);
}

static void kept_add__keeps_while_it_is_wanted(void **state)
{
	struct kept k = { 0 };
	add(&k, KEPT_ROW, 7, 1);
	assert_null(kept_find(&k, KEPT_ROW, 7));
	k.keeping = true;
	add(&k, KEPT_ROW, 7, 2);
	add(&k, KEPT_SYMBOL, 7, 3);
	add(&k, KEPT_ROW, 0, UINT64_MAX);
	add(&k, KEPT_ROW, 7, 4); /* the first stays */
	assert_int_equal(number_of(&k, KEPT_ROW, 7), 2);
	assert_int_equal(number_of(&k, KEPT_SYMBOL, 7), 3);
	assert_true(number_of(&k, KEPT_ROW, 0) == UINT64_MAX);
	assert_null(kept_find(&k, KEPT_PLACES, 7));
	assert_int_equal(k.list.len, 3);
	kept_release(&k);
}

static void kept_load__passes_over_kinds_that_it_does_not_know(void **state)
{
	struct kept k = { 0 };
	static const uint8_t bytes[] = { 1, 0, 0, 0, 0, 0, 0, 0 };
	assert_true(kept_load(&k, 99, 1, bytes, sizeof(bytes)));
	assert_true(kept_load(&k, KEPT_ADDRESS, 1, bytes, sizeof(bytes)));
	assert_true(kept_load(&k, KEPT_ADDRESS, 1, NULL, 0));
	assert_int_equal(k.list.len, 1);
	assert_int_equal(number_of(&k, KEPT_ADDRESS, 1), 1);
	kept_release(&k);
}

static void kept_get__never_reads_past_the_end(void **state)
{
	static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8, 'a', 'b', 0 };
	struct kept_answer answer = { .data = bytes, .len = sizeof(bytes) };
	struct kept_reader r = kept_read(&answer);
	assert_true(kept_get(&r) == 0x0807060504030201);
	assert_string_equal(kept_get_text(&r), "ab");
	assert_null(kept_get_text(&r));
	assert_int_equal(kept_get(&r), 0);
	assert_true(r.failed);
	r = kept_read(&answer);
	assert_null(kept_get_bytes(&r, UINT64_MAX));
	assert_int_equal(kept_get(&r), 0);
	answer.len = sizeof(bytes) - 1; /* no NUL */
	r = kept_read(&answer);
	kept_get(&r);
	assert_null(kept_get_text(&r));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(kept_add__keeps_while_it_is_wanted),
		cmocka_unit_test(kept_load__passes_over_kinds_that_it_does_not_know),
		cmocka_unit_test(kept_get__never_reads_past_the_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
