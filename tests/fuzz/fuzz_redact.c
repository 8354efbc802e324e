/* Any text through redaction: with the lists alone, with a user's pattern, with nothing to be left.
 * What is before the place where it begins stays, text that was UTF-8 stays UTF-8, and it ends. */
#include <stdlib.h>
#include <string.h>
#include "core/arena.h"
#include "core/redact.h"
#include "report/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_utf8(const char *text, size_t len)
{
	const uint8_t *p = (const uint8_t *)text, *end = p + len;
	uint32_t c;
	while (p < end) {
		p += utf8_next(p, end, &c);
		if (c == UTF8_INVALID)
			return false;
	}
	return true;
}

static void redact(const struct redaction *r, const char *bytes, size_t len, size_t from)
{
	_str_ struct str text = STR_INIT;
	str_add(&text, bytes, len);
	if (!len || text.failed)
		return;
	redact_text(r, &text, from);
	if (text.len < from || memcmp(text.buf, bytes, from) != 0)
		abort();
	if (is_utf8(bytes + from, len - from) && !is_utf8(text.buf + from, text.len - from))
		abort();
}

static void redact_command_line(const struct redaction *r, char *bytes, size_t len)
{
	const char *words[32] = { NULL }, *ret[32] = { NULL };
	size_t count = 0;
	struct arena arena = ARENA_INIT;
	for (size_t at = 0; at < len && count < 32; at += strlen(bytes + at) + 1)
		words[count++] = bytes + at;
	if (redact_words(r, &arena, words, count, ret))
		for (size_t i = 0; i < count; i++)
			if (strlen(ret[i]) > 2 * len + 64)
				abort();
	arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const pattern = "cust(omer)?[0-9]+";
	if (size < 2)
		return 0;
	char *bytes = calloc(1, size);
	if (!bytes)
		abort();
	memcpy(bytes, data + 1, size - 1);
	for (int i = 0; i < 3; i++) {
		struct redaction *r;
		struct error *err = redaction_new(i == 2 ? REDACT_ALL : REDACT_SECRETS, &pattern, i == 1, &r);
		if (err)
			abort();
		redacts_name(r, bytes);
		redact(r, bytes, size - 1, data[0] % size);
		redact_command_line(r, bytes, size);
		redaction_free(r);
	}
	free(bytes);
	return 0;
}
