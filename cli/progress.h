/* One line on a terminal's standard error that tells how far long work is; gone when it is done. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stdio.h>

#include "core/progress.h"

struct progress_line {
	struct progress progress;	/* to be passed down */
	FILE *out;
	int64_t begun, shown;		/* milliseconds; shown 0: nothing stands on the terminal */
};

void progress_line_init(struct progress_line *line, FILE *out);
/* Before anything else is written to the terminal. */
void progress_line_erase(struct progress_line *line);

#endif
