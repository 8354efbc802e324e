#include "analyzers/session.h"

#include <string.h>
#include "core/str.h"

#define ANALYZER(name) extern const struct analyzer analyzer_##name;
#include "analyzers/list.def"
#undef ANALYZER

#define ANALYZER(name) &analyzer_##name,
const struct analyzer *const analyzers[] = {
#include "analyzers/list.def"
	NULL,
};

void *analyzer_option(const struct analyzer *analyzer, void *config, const char *name)
{
	for (const struct option *o = analyzer->options; o && o->name; o++)
		if (streq(o->name, name))
			return (char *)config + o->offset;
	return NULL;
}
