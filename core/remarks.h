/* Damage is data: what was missing, broken or guessed, collected where it is met and shown as the
 * report's notes. A loss makes the exit code 1; an info does not.
 * The same text is kept once (a counter tells how often); at most 200 are kept, the rest counted. */
#ifndef CORE_REMARKS_H
#define CORE_REMARKS_H

#include <stdbool.h>
#include "core/owned.h"
#include "core/vec.h"

enum remark_level { REMARK_INFO, REMARK_LOSS };

struct remark {
	enum remark_level level;
	char *text;
	unsigned count;
	bool shown;		/* the report has had it already */
};

struct remarks {
	VEC(struct remark) list;
	unsigned dropped;
	bool loss;		/* any REMARK_LOSS so far, kept or dropped */
};

#define REMARKS_INIT { 0 }

void remarks_release(struct remarks *r);
void remark_info(struct remarks *r, const char *fmt, ...) _printf_(2, 3);
void remark_loss(struct remarks *r, const char *fmt, ...) _printf_(2, 3);

#endif
