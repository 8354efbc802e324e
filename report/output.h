/* Bytes on the way out: one buffer of 64 KiB in front of a FILE, and the first write error. The
 * forms (report/form.h) put ready bytes here; nothing on this path calls printf, which costs more
 * than all the rest of a row. */
#ifndef REPORT_OUTPUT_H
#define REPORT_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct output {
	FILE *file;		/* borrowed */
	int error;		/* errno of the first write that failed; then all is dropped */
	bool begun;		/* something has left the buffer */
	size_t len;
	char buf[65536];
};

/* Write the buffer out, and with it what the FILE holds. false: it failed, now or before. */
bool output_flush(struct output *o);
/* The slow path of output_put(): the buffer is full. */
void output_put_large(struct output *o, const char *bytes, size_t len);
void output_uint(struct output *o, uint64_t v);
void output_int(struct output *o, int64_t v);
void output_address(struct output *o, uint64_t v);	/* 0x7f..; no quotes */
/* The shortest digits that read back as f, with ".0" where Python's repr() has it; finite only. */
void output_double(struct output *o, double f);
void output_time(struct output *o, int64_t seconds);	/* 2026-01-31T12:00:00Z */

static inline void output_put(struct output *o, const char *bytes, size_t len)
{
	if (__builtin_expect(len > sizeof(o->buf) - o->len, 0)) {
		output_put_large(o, bytes, len);
		return;
	}
	memcpy(o->buf + o->len, bytes, len);
	o->len += len;
}

static inline void output_puts(struct output *o, const char *text)
{
	output_put(o, text, strlen(text));
}

static inline void output_char(struct output *o, char c)
{
	output_put(o, &c, 1);
}

#endif
