#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/touched.h"

/*	0x1000                 0x2000                 0x3000
 *	|           ######     |##                     |        ( # was read ) */
static void touched_keep__leaves_what_was_read(void **state)
{
	struct touched *t = touched_new();
	uint8_t bytes[0x2000 + 16];
	assert_non_null(t);
	touched_add(t, 0x1ff0, 0x18);
	touched_add(t, 0x1ff8, 0);
	memset(bytes, 0xee, sizeof(bytes));
	touched_keep(t, 0x1000, bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		assert_int_equal(bytes[i], i >= 0xff0 && i < 0x1008 ? 0xee : 0);
	assert_false(touched_failed(t));
	touched_free(t);
}

static void touched_keep__may_begin_within_a_page(void **state)
{
	struct touched *t = touched_new();
	uint8_t bytes[4] = { 1, 2, 3, 4 };
	touched_add(t, 0x5002, 1);
	touched_keep(t, 0x5001, bytes, sizeof(bytes));
	assert_memory_equal(bytes, ((uint8_t[]){ 0, 2, 0, 0 }), 4);
	touched_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(touched_keep__leaves_what_was_read),
		cmocka_unit_test(touched_keep__may_begin_within_a_page),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
