/* Line tables, code text and the carets computed from both: none of them may read past its end,
 * overflow, or take long. The first bytes choose a version, a position and an instruction; the rest
 * is the table, and then the source. */
#include "analyzers/traceback.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_tables(const uint8_t *table, size_t len, int64_t lasti)
{
	int64_t line;
	struct position position;
	lines_lnotab(table, len, true, 1, lasti, &line);
	lines_lnotab(table, len, false, 1, lasti, &line);
	lines_linetable(table, len, INT32_MAX, lasti, &line);
	if (!lines_locations(table, len, 1, lasti, &position) && position.line != 0)
		abort();
}

static void fuzz_carets(const uint8_t *text, size_t len, uint8_t minor,
			const struct position *position)
{
	const struct python_version version = { .major = 3, .minor = minor, .micro = minor >> 4 };
	struct traceback_rule rule = traceback_rule_for(&version);
	struct source source;
	_str_ struct str out = STR_INIT;
	if (!source_init(&source, (const char *)text, len))
		return;
	traceback_source(&rule, &source, position, &out);
	source_release(&source);
	if (out.len && out.buf[out.len - 1] != '\n')
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 8)
		return 0;
	fuzz_tables(data + 8, size - 8, (int8_t)data[0] * 4);
	const struct position position = {
		.line = data[1] % 8,
		.end_line = (int8_t)data[2],
		.column = (int8_t)data[3],
		.end_column = (int8_t)data[4] * (data[5] & 3 ? 1 : 1000),
	};
	fuzz_carets(data + 8, size - 8, 9 + data[6] % 8, &position);
	return 0;
}
