#include "analyzers/session.h"

#define ANALYZER(name) extern const struct analyzer analyzer_##name;
#include "analyzers/list.def"
#undef ANALYZER

#define ANALYZER(name) &analyzer_##name,
const struct analyzer *const analyzers[] = {
#include "analyzers/list.def"
	NULL,
};
