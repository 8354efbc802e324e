/* For the journal: its export format (systemd.io/JOURNAL_EXPORT_FORMATS), which is what journald's own
 * socket takes too. NAME=VALUE; a value with line breaks behind its length, 64 bits, little-endian. */
#include "analyzers/report_crash.h"

#include <inttypes.h>
#include <stdio.h>
#include "core/stored.h"
#include "core/str.h"

static void field(struct output *o, const char *name, const char *text, size_t len)
{
	output_puts(o, name);
	if (!memchr(text, '\n', len)) {
		output_char(o, '=');
	} else {
		output_char(o, '\n');
		for (unsigned i = 0; i < 8; i++)
			output_char(o, (char)((uint64_t)len >> 8 * i));
	}
	output_put(o, text, len);
	output_char(o, '\n');
}

static void text_field(struct output *o, const char *name, const char *text)
{
	if (text)
		field(o, name, text, strlen(text));
}

static void number_field(struct output *o, const char *name, int64_t number)
{
	char text[32];
	snprintf(text, sizeof(text), "%" PRId64, number);
	if (number >= 0)
		text_field(o, name, text);
}

/* One page, as --format=text writes it. */
static void message(const struct crash *c, struct output *o)
{
	char *bytes = NULL;
	size_t len = 0;
	FILE *memory = open_memstream(&bytes, &len);
	struct output *page = calloc(1, sizeof(*page));
	if (memory && page) {
		page->file = memory;
		report_write_text(c, page);
		output_flush(page);
	}
	bool ok = memory && fclose(memory) == 0 && page && !page->error;
	free(page);
	if (ok)
		field(o, "MESSAGE", bytes, len && bytes[len - 1] == '\n' ? len - 1 : len);
	else
		o->error = o->error ? o->error : 12;	/* ENOMEM */
	free(bytes);
}

void report_write_journal(const struct crash *c, struct output *o)
{
	const struct stored *stored = c->target ? c->target->core.stored : NULL;
	const struct json *thread = c->thread_count ? c->threads->json : NULL;
	text_field(o, "MESSAGE_ID", REPORT_MESSAGE_ID);
	text_field(o, "PRIORITY", "2");
	text_field(o, "SYSLOG_IDENTIFIER", "pycore");
	/* The numbers of the host, where they are known; the core's own are its namespace's. */
	int64_t pid = json_int(json_get(c->process, "pid"), -1), uid = c->target ? c->target->process.uid : -1;
	number_field(o, "COREDUMP_PID", stored && stored->pid >= 0 ? stored->pid : pid);
	number_field(o, "COREDUMP_UID", stored && stored->uid >= 0 ? stored->uid : uid);
	number_field(o, "COREDUMP_TIMESTAMP", stored ? stored->timestamp : -1);
	number_field(o, "COREDUMP_SIGNAL", c->signal ? json_int(json_get(c->signal, "number"), -1) : -1);
	text_field(o, "COREDUMP_SIGNAL_NAME", c->signal_name);
	text_field(o, "COREDUMP_EXE", json_text(json_get(c->process, "executable")));
	text_field(o, "COREDUMP_PYTHON_EXECUTABLE", json_text(json_get(c->process, "executable")));
	text_field(o, "COREDUMP_PYTHON_VERSION", json_text(json_get(c->python, "version")));
	text_field(o, "COREDUMP_PYTHON_FINGERPRINT", c->fingerprint);
	text_field(o, "COREDUMP_PYTHON_TITLE", c->title);
	text_field(o, "COREDUMP_PYTHON_EXCEPTION_TYPE", json_text(json_get(thread, "raising")));
	text_field(o, "COREDUMP_PYTHON_THREAD_INFO", json_text(json_get(thread, "name")));
	message(c, o);
	output_char(o, '\n');
}
