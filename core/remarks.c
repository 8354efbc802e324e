#include "core/remarks.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { REMARKS_KEPT = 200 };

void remarks_release(struct remarks *r)
{
	struct remark *remark;

	vec_each(remark, &r->list)
		free(remark->text);
	vec_release(&r->list);
	*r = (struct remarks)REMARKS_INIT;
}

static void remark_add(struct remarks *r, enum remark_level level, const char *fmt, va_list ap)
{
	_free_ char *text = NULL;
	struct remark *remark;

	if (level == REMARK_LOSS)
		r->loss = true;
	if (vasprintf(&text, fmt, ap) < 0) {
		text = NULL;
		r->dropped++;
		return;
	}
	vec_each(remark, &r->list) {
		if (remark->level == level && strcmp(remark->text, text) == 0) {
			remark->count++;
			return;
		}
	}
	if (r->list.len >= REMARKS_KEPT || !(remark = vec_push(&r->list))) {
		r->dropped++;
		return;
	}
	*remark = (struct remark){ .level = level, .text = take(text), .count = 1 };
}

void remark_info(struct remarks *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	remark_add(r, REMARK_INFO, fmt, ap);
	va_end(ap);
}

void remark_loss(struct remarks *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	remark_add(r, REMARK_LOSS, fmt, ap);
	va_end(ap);
}
