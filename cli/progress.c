#include "cli/progress.h"

#include <inttypes.h>
#include <time.h>

/* Quick work shows nothing, and a terminal is not to be flooded. */
enum { DELAY = 500, INTERVAL = 100 };

static int64_t milliseconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void show(struct progress *progress, const char *what, uint64_t done, uint64_t total)
{
	struct progress_line *line = (struct progress_line *)progress;
	int64_t now = milliseconds();
	if (!what)
		progress_line_erase(line);
	if (!what || now - line->begun < DELAY || now - line->shown < INTERVAL)
		return;
	line->shown = now;
	if (total)
		fprintf(line->out, "\r\x1b[K%s: %" PRIu64 " of %" PRIu64 " MiB", what, done >> 20,
			total >> 20);
	else
		fprintf(line->out, "\r\x1b[K%s: %" PRIu64 " MiB", what, done >> 20);
	fflush(line->out);
}

void progress_line_init(struct progress_line *line, FILE *out)
{
	*line = (struct progress_line){ { show }, out, milliseconds(), 0 };
}

void progress_line_erase(struct progress_line *line)
{
	if (!line->shown)
		return;
	fputs("\r\x1b[K", line->out);
	fflush(line->out);
	line->shown = 0;
}
