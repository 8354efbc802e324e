#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/checked.h"
#include "core/memory.h"

static uint8_t bytes[4 * 4096];

static void add(struct memory *m, addr_t start, addr_t end, const uint8_t *host, uint8_t source)
{
	struct extent e = { start, end, host, source, EXTENT_READ, NULL };
	assert_true(memory_add(m, &e));
}

/*	0x10000        0x11000        0x12000      0x13000
 *	|-- bytes[0] --|-- bytes[0x2000] --|-- LOST --|       */
static struct memory three(void)
{
	struct memory m = MEMORY_INIT;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i >> 8 ^ i);
	add(&m, 0x12000, 0x13000, NULL, EXTENT_LOST);
	add(&m, 0x11000, 0x12000, bytes + 0x2000, EXTENT_CORE);
	add(&m, 0x10000, 0x11000, bytes, EXTENT_CORE);
	assert_true(memory_seal(&m));
	return m;
}

static void memory_at__gives_the_host_byte_of_an_address(void **state)
{
	struct memory m = three();
	assert_ptr_equal(memory_at(&m, 0x10000, 1), bytes);
	assert_ptr_equal(memory_at(&m, 0x10ff8, 8), bytes + 0xff8);
	assert_ptr_equal(memory_at(&m, 0x11000, 0x1000), bytes + 0x2000);
	memory_release(&m);
}

static void memory_at__refuses_a_read_past_the_extent(void **state)
{
	struct memory m = three();
	assert_null(memory_at(&m, 0x10ff9, 8));
	assert_null(memory_at(&m, 0x11fff, 2));
	assert_null(memory_at(&m, 0x10000, SIZE_MAX));
	memory_release(&m);
}

static void memory_at__refuses_what_is_lost_or_was_never_mapped(void **state)
{
	struct memory m = three();
	assert_null(memory_at(&m, 0x12000, 1));
	assert_null(memory_at(&m, 0xffff, 1));
	assert_null(memory_at(&m, 0x13000, 0));
	assert_null(memory_at(&m, 0, 1));
	assert_null(memory_at(&m, UINT64_MAX, 1));
	assert_non_null(memory_at(&m, 0x11fff, 0));
	memory_release(&m);
}

static void memory_at__reads_over_neighbours_that_are_neighbours_here_too(void **state)
{
	struct memory m = MEMORY_INIT;
	struct extent writable = { 0x11000, 0x12000, bytes + 0x1000, EXTENT_CORE,
				   EXTENT_READ | EXTENT_WRITE, NULL };
	add(&m, 0x10000, 0x11000, bytes, EXTENT_CORE);
	assert_true(memory_add(&m, &writable));
	assert_true(memory_seal(&m));
	assert_int_equal(m.extents.len, 2);
	assert_ptr_equal(memory_at(&m, 0x10800, 0x1000), bytes + 0x800);
	memory_release(&m);
}

static void memory_at__finds_both_extents_of_a_shared_page(void **state)
{
	struct memory m = MEMORY_INIT;
	add(&m, 0x10000, 0x10100, bytes, EXTENT_CORE);
	add(&m, 0x10200, 0x10300, bytes + 0x1000, EXTENT_CORE);
	assert_true(memory_seal(&m));
	assert_ptr_equal(memory_at(&m, 0x100ff, 1), bytes + 0xff);
	assert_null(memory_at(&m, 0x10100, 1));
	assert_ptr_equal(memory_at(&m, 0x10200, 0x100), bytes + 0x1000);
	memory_release(&m);
}

static void memory_at__works_above_48_bits(void **state)
{
	struct memory m = MEMORY_INIT;
	add(&m, 0xffffffffff600000, 0xffffffffff601000, bytes, EXTENT_CORE);
	assert_true(memory_seal(&m));
	assert_ptr_equal(memory_at(&m, 0xffffffffff600010, 16), bytes + 16);
	assert_null(memory_at(&m, 0xffffffffff601000, 1));
	memory_release(&m);
}

static void memory_at__works_in_more_gibs_than_there_are_tables(void **state)
{
	struct memory m = MEMORY_INIT;
	for (addr_t gib = 0; gib < 1100; gib++)
		add(&m, (gib << 30) + 0x1000, (gib << 30) + 0x2000, bytes + (gib % 3) * 0x1000, EXTENT_CORE);
	assert_true(memory_seal(&m));
	for (addr_t gib = 0; gib < 1100; gib++)
		assert_ptr_equal(memory_at(&m, (gib << 30) + 0x1800, 1), bytes + (gib % 3) * 0x1000 + 0x800);
	memory_release(&m);
}

static void memory_seal__lets_the_first_added_win(void **state)
{
	struct memory m = MEMORY_INIT;
	add(&m, 0x11000, 0x12000, bytes, EXTENT_CORE);
	add(&m, 0x10000, 0x13000, bytes + 0x1000, EXTENT_FILE);
	assert_true(memory_seal(&m));
	assert_int_equal(m.extents.len, 3);
	assert_ptr_equal(memory_at(&m, 0x10fff, 1), bytes + 0x1fff);
	assert_ptr_equal(memory_at(&m, 0x11000, 1), bytes);
	assert_ptr_equal(memory_at(&m, 0x12000, 1), bytes + 0x3000);
	memory_release(&m);
}

static void memory_seal__lets_a_lost_extent_give_way(void **state)
{
	struct memory m = MEMORY_INIT;
	add(&m, 0x10000, 0x13000, NULL, EXTENT_LOST);
	assert_true(memory_seal(&m));
	assert_null(memory_at(&m, 0x11000, 1));
	add(&m, 0x11000, 0x12000, bytes, EXTENT_FILE);
	assert_true(memory_seal(&m));
	assert_ptr_equal(memory_at(&m, 0x11000, 1), bytes);
	assert_int_equal(memory_extent(&m, 0x10000)->source, EXTENT_LOST);
	assert_int_equal(memory_extent(&m, 0x12fff)->source, EXTENT_LOST);
	memory_release(&m);
}

static void memory_seal__joins_host_neighbours(void **state)
{
	struct memory m = MEMORY_INIT;
	for (size_t i = 0; i < 4; i++)
		add(&m, 0x10000 + i * 0x1000, 0x11000 + i * 0x1000, bytes + i * 0x1000, EXTENT_CORE);
	assert_true(memory_seal(&m));
	assert_int_equal(m.extents.len, 1);
	assert_int_equal(m.extents.items[0].end, 0x14000);
	memory_release(&m);
}

/* Every overlap of random extents, against a plain table of bytes. */
static void memory_seal__agrees_with_a_table_of_bytes(void **state)
{
	uint32_t seed = 12345;
	for (int round = 0; round < 200; round++) {
		struct memory m = MEMORY_INIT;
		const uint8_t *expect[256] = { 0 };
		bool lost[256] = { false };
		for (int i = 0; i < 12; i++) {
			seed = seed * 1103515245 + 12345;
			unsigned start = seed >> 8 & 127, len = 1 + (seed >> 16 & 63);
			bool is_lost = (seed >> 24 & 3) == 0;
			const uint8_t *host = is_lost ? NULL : bytes + (seed >> 5 & 4095);
			add(&m, 0x1000 + start, 0x1000 + start + len, host,
			    is_lost ? EXTENT_LOST : EXTENT_CORE);
			for (unsigned a = start; a < start + len; a++) {
				lost[a] |= is_lost;
				if (!expect[a] && host)
					expect[a] = host + (a - start);
			}
		}
		assert_true(memory_seal(&m));
		for (unsigned a = 0; a < 256; a++) {
			assert_ptr_equal(memory_at(&m, 0x1000 + a, 1), expect[a]);
			assert_true((memory_extent(&m, 0x1000 + a) != NULL) == (expect[a] || lost[a]));
		}
		memory_release(&m);
	}
}

static void memory_add__ignores_what_wraps_or_is_empty(void **state)
{
	struct memory m = MEMORY_INIT;
	add(&m, 0x2000, 0x2000, bytes, EXTENT_CORE);
	add(&m, 0x2000, 0x1000, bytes, EXTENT_CORE);
	assert_true(memory_seal(&m));
	assert_int_equal(m.extents.len, 0);
	assert_null(memory_at(&m, 0x2000, 1));
	memory_release(&m);
}

static void memory_read__copies_across_extents_and_stops_at_what_is_lost(void **state)
{
	struct memory m = three();
	uint8_t buf[32];
	assert_true(memory_read(&m, 0x10ff0, buf, 32));
	assert_memory_equal(buf, bytes + 0xff0, 16);
	assert_memory_equal(buf + 16, bytes + 0x2000, 16);
	assert_false(memory_read(&m, 0x11ff0, buf, 32));
	memory_release(&m);
}

static void memory_view__copies_only_when_it_must(void **state)
{
	struct memory m = three();
	uint8_t scratch[16];
	assert_ptr_equal(memory_view(&m, 0x10000, scratch, 16), bytes);
	assert_ptr_equal(memory_view(&m, 0x10ff8, scratch, 16), scratch);
	assert_memory_equal(scratch, bytes + 0xff8, 8);
	assert_null(memory_view(&m, 0x11ff8, scratch, 16));
	memory_release(&m);
}

static void memory_string__needs_a_nul_within_max_and_within_the_extent(void **state)
{
	static uint8_t text[64] = "hello";
	struct memory m = MEMORY_INIT;
	size_t len = 0;
	memset(text + 32, 'x', 32);
	add(&m, 0x10000, 0x10040, text, EXTENT_CORE);
	assert_true(memory_seal(&m));
	assert_ptr_equal(memory_string(&m, 0x10000, 64, &len), text);
	assert_int_equal(len, 5);
	assert_null(memory_string(&m, 0x10000, 5, &len));
	assert_non_null(memory_string(&m, 0x10000, 6, &len));
	assert_null(memory_string(&m, 0x10020, 1000, &len));
	memory_release(&m);
}

static void memory_next_touched__tells_the_pages_that_were_handed_out(void **state)
{
	struct memory m = MEMORY_INIT;
	addr_t page = 0;
	add(&m, 0x10000, 0x14000, bytes, EXTENT_CORE);
	add(&m, 0x7f0000000000, 0x7f0000001000, bytes, EXTENT_CORE);
	assert_true(memory_seal(&m));
	memory_at(&m, 0x12000, 8);
	assert_false(memory_next_touched(&m, 0, &page));
	memory_record_touches(&m, true);
	memory_at(&m, 0x10ffc, 8);
	memory_at(&m, 0x13fff, 2);
	memory_at(&m, 0x7f0000000800, 8);
	assert_true(memory_next_touched(&m, 0, &page));
	assert_int_equal(page, 0x10000);
	assert_true(memory_next_touched(&m, 0x10001, &page));
	assert_int_equal(page, 0x11000);
	assert_true(memory_next_touched(&m, 0x12000, &page));
	assert_int_equal(page, 0x7f0000000000);
	assert_false(memory_next_touched(&m, 0x7f0000001000, &page));
	memory_release(&m);
}

static void memory_span__counts_what_is_contiguous_and_touches_nothing(void **state)
{
	struct memory m = MEMORY_INIT;
	addr_t page;
	add(&m, 0x10000, 0x11000, bytes, EXTENT_CORE);
	add(&m, 0x11000, 0x12000, bytes + 0x1000, EXTENT_FILE);
	add(&m, 0x12000, 0x13000, NULL, EXTENT_LOST);
	assert_true(memory_seal(&m));
	memory_record_touches(&m, true);
	assert_int_equal(memory_span(&m, 0x10800, 0x100), 0x100);
	assert_int_equal(memory_span(&m, 0x10800, 0x1000), 0x1000);
	assert_int_equal(memory_span(&m, 0x10800, UINT64_MAX), 0x1800);
	assert_int_equal(memory_span(&m, 0x12000, 8), 0);
	assert_int_equal(memory_span(&m, 0x20000, 8), 0);
	assert_false(memory_next_touched(&m, 0, &page));
	memory_release(&m);
}

static void memory_next_touched__survives_another_seal(void **state)
{
	struct memory m = MEMORY_INIT;
	addr_t page = 0;
	add(&m, 0x10000, 0x12000, bytes, EXTENT_CORE);
	assert_true(memory_seal(&m));
	memory_record_touches(&m, true);
	memory_at(&m, 0x11000, 8);
	memory_record_touches(&m, false);
	add(&m, 0x8000, 0x9000, bytes, EXTENT_CORE);
	assert_true(memory_seal(&m));
	memory_at(&m, 0x8000, 8);
	assert_true(memory_next_touched(&m, 0, &page));
	assert_int_equal(page, 0x11000);
	assert_false(memory_next_touched(&m, 0x12000, &page));
	memory_release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_at__gives_the_host_byte_of_an_address),
		cmocka_unit_test(memory_at__refuses_a_read_past_the_extent),
		cmocka_unit_test(memory_at__refuses_what_is_lost_or_was_never_mapped),
		cmocka_unit_test(memory_at__reads_over_neighbours_that_are_neighbours_here_too),
		cmocka_unit_test(memory_at__finds_both_extents_of_a_shared_page),
		cmocka_unit_test(memory_at__works_above_48_bits),
		cmocka_unit_test(memory_at__works_in_more_gibs_than_there_are_tables),
		cmocka_unit_test(memory_seal__lets_the_first_added_win),
		cmocka_unit_test(memory_seal__lets_a_lost_extent_give_way),
		cmocka_unit_test(memory_seal__joins_host_neighbours),
		cmocka_unit_test(memory_seal__agrees_with_a_table_of_bytes),
		cmocka_unit_test(memory_add__ignores_what_wraps_or_is_empty),
		cmocka_unit_test(memory_read__copies_across_extents_and_stops_at_what_is_lost),
		cmocka_unit_test(memory_view__copies_only_when_it_must),
		cmocka_unit_test(memory_string__needs_a_nul_within_max_and_within_the_extent),
		cmocka_unit_test(memory_next_touched__tells_the_pages_that_were_handed_out),
		cmocka_unit_test(memory_span__counts_what_is_contiguous_and_touches_nothing),
		cmocka_unit_test(memory_next_touched__survives_another_seal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
