/* JSON of any bytes: read, and what was read written down in every format of pycore report, as if it
 * were bt's document. A document that is taken gives reports that are UTF-8, and one line of JSON
 * that can be read again where the format is JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analyzers/report_crash.h"
#include "report/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t count(const struct json *j, unsigned depth)
{
	size_t n = 1;
	if (depth > JSON_DEPTH || (j->type == JSON_STRING) != (json_text(j) != NULL))
		abort();
	json_each(child, j)
		n += count(child, depth + 1);
	json_int(j, -1);
	json_true(j);
	return n;
}

static void check_utf8(const char *text, size_t len)
{
	const uint8_t *p = (const uint8_t *)text, *end = p + len;
	uint32_t c;
	while (p < end) {
		p += utf8_next(p, end, &c);
		if (c == UTF8_INVALID)
			abort();
	}
}

static void write_down(const struct crash *crash, const struct report_format *format)
{
	char *bytes = NULL;
	size_t len = 0;
	FILE *memory = open_memstream(&bytes, &len);
	struct output *output = calloc(1, sizeof(*output));
	struct arena arena = ARENA_INIT;
	if (!memory || !output)
		abort();
	output->file = memory;
	format->write(crash, output);
	if (!output_flush(output) || fclose(memory) != 0)
		abort();
	/* json passes the document itself on; the journal's own protocol has lengths of 8 bytes. */
	if (!streq(format->name, "json") && !streq(format->name, "journal"))
		check_utf8(bytes, len);
	bool is_json = bytes && bytes[0] == '{' && !streq(format->name, "sentry");
	if (is_json && !json_parse(&arena, bytes, len))
		abort();
	arena_release(&arena);
	free(output);
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = ARENA_INIT;
	struct crash crash = { .distribution = "ID=debian\nVERSION_ID=\"12\"\n" };
	const struct json *root = json_parse(&arena, (const char *)data, size);
	if (root && count(root, 0) > size + 1)
		abort();
	/* bt's documents are objects. */
	if (root && root->type == JSON_OBJECT &&
	    crash_load(&crash, &arena, (const char *)data, size))
		for (const struct report_format *f = report_formats; f->name; f++)
			write_down(&crash, f);
	arena_release(&arena);
	return 0;
}
