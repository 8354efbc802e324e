#include "report/output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

static void write_bytes(struct output *o, const char *bytes, size_t len)
{
	if (o->error)
		return;
	errno = 0;
	o->begun |= len > 0;
	if (len && fwrite(bytes, 1, len, o->file) != len)
		o->error = errno ? errno : EIO;
}

bool output_flush(struct output *o)
{
	write_bytes(o, o->buf, o->len);
	o->len = 0;
	if (!o->error && fflush(o->file) != 0)
		o->error = errno ? errno : EIO;
	return !o->error;
}

void output_put_large(struct output *o, const char *bytes, size_t len)
{
	write_bytes(o, o->buf, o->len);
	o->len = 0;
	if (len > sizeof(o->buf)) {
		write_bytes(o, bytes, len);
		return;
	}
	memcpy(o->buf, bytes, len);
	o->len = len;
}

void output_uint(struct output *o, uint64_t v)
{
	char digits[20], *p = digits + sizeof(digits);
	do {
		*--p = (char)('0' + v % 10);
	} while (v /= 10);
	output_put(o, p, (size_t)(digits + sizeof(digits) - p));
}

void output_int(struct output *o, int64_t v)
{
	if (v < 0)
		output_char(o, '-');
	output_uint(o, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

void output_address(struct output *o, uint64_t v)
{
	char digits[18], *p = digits + sizeof(digits);
	do {
		*--p = "0123456789abcdef"[v & 15];
	} while (v >>= 4);
	*--p = 'x';
	*--p = '0';
	output_put(o, p, (size_t)(digits + sizeof(digits) - p));
}

void output_double(struct output *o, double f)
{
	char digits[40];
	for (int precision = 15; precision <= 17; precision++) {
		snprintf(digits, sizeof(digits), "%.*g", precision, f);
		if (strtod(digits, NULL) == f)
			break;
	}
	output_puts(o, digits);
	if (!strpbrk(digits, ".en"))
		output_put(o, ".0", 2);
}

void output_time(struct output *o, int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;
	char text[64];
	size_t len = 0;
	if (gmtime_r(&t, &tm))
		len = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	output_put(o, text, len);
}
