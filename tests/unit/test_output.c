#include "tests/unit/test.h"

#include "report/output.h"

struct sink {
	struct output *o;
	char *written;
	size_t len;
};

static struct sink sink_new(void)
{
	struct sink sink = { .o = calloc(1, sizeof(*sink.o)) };
	assert_non_null(sink.o);
	return sink;
}

static void sink_expect(struct sink *sink, const char *expected)
{
	assert_true(output_flush(sink->o));
	assert_string_equal(sink->written, expected);
	fclose(sink->o->file);
	free(sink->written);
	free(sink->o);
}

static void output_put__passes_what_is_larger_than_the_buffer(void **state)
{
	struct sink sink = sink_new();
	sink.o->file = open_memstream(&sink.written, &sink.len);
	char *large = malloc(200001);
	assert_non_null(large);
	memset(large, 'x', 200000);
	large[200000] = 0;
	large[0] = 'a';
	output_put(sink.o, "before", 6);
	output_put(sink.o, large, 200000);
	output_put(sink.o, "after", 5);
	assert_true(output_flush(sink.o));
	assert_int_equal(sink.len, 200011);
	assert_memory_equal(sink.written, "beforeax", 8);
	assert_string_equal(sink.written + 200005, "xafter");
	free(large);
	sink_expect(&sink, sink.written);
}

static void output_put__fills_the_buffer_to_the_last_byte(void **state)
{
	struct sink sink = sink_new();
	sink.o->file = open_memstream(&sink.written, &sink.len);
	for (size_t i = 0; i < sizeof(sink.o->buf); i++)
		output_char(sink.o, 'y');
	assert_int_equal(sink.o->len, sizeof(sink.o->buf));
	output_char(sink.o, 'z');
	assert_int_equal(sink.o->len, 1);
	assert_true(output_flush(sink.o));
	assert_int_equal(sink.len, sizeof(sink.o->buf) + 1);
	assert_int_equal(sink.written[sink.len - 1], 'z');
	sink_expect(&sink, sink.written);
}

static void output_int__writes_the_ends_of_the_range(void **state)
{
	struct sink sink = sink_new();
	sink.o->file = open_memstream(&sink.written, &sink.len);
	output_int(sink.o, INT64_MIN);
	output_char(sink.o, ' ');
	output_int(sink.o, 0);
	output_char(sink.o, ' ');
	output_uint(sink.o, UINT64_MAX);
	output_char(sink.o, ' ');
	output_address(sink.o, UINT64_MAX);
	output_char(sink.o, ' ');
	output_address(sink.o, 0);
	sink_expect(&sink, "-9223372036854775808 0 18446744073709551615 0xffffffffffffffff 0x0");
}

static void output_double__is_shortest_and_reads_back(void **state)
{
	struct sink sink = sink_new();
	sink.o->file = open_memstream(&sink.written, &sink.len);
	const double values[] = { 0.1, 1.0, 1e300, -2.5, 1.0 / 3, 5e-324, 123456789012345680.0 };
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		output_double(sink.o, values[i]);
		output_char(sink.o, ' ');
	}
	sink_expect(
		&sink,
		"0.1 1.0 1e+300 -2.5 0.3333333333333333 4.94065645841247e-324 1.2345678901234568e+17 ");
}

static void output_flush__remembers_the_first_error(void **state)
{
	struct sink sink = sink_new();
	sink.o->file = fopen("/dev/full", "w");
	if (!sink.o->file) {
		free(sink.o);
		skip();
	}
	output_put(sink.o, "x", 1);
	assert_false(output_flush(sink.o));
	int first = sink.o->error;
	assert_int_not_equal(first, 0);
	output_put(sink.o, "x", 1);
	assert_false(output_flush(sink.o));
	assert_int_equal(sink.o->error, first);
	fclose(sink.o->file);
	free(sink.o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_put__passes_what_is_larger_than_the_buffer),
		cmocka_unit_test(output_put__fills_the_buffer_to_the_last_byte),
		cmocka_unit_test(output_int__writes_the_ends_of_the_range),
		cmocka_unit_test(output_double__is_shortest_and_reads_back),
		cmocka_unit_test(output_flush__remembers_the_first_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
