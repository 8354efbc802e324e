/* A plugin of another time: it must be left out, and nothing behind .api be looked at. */
#include "analyzers/plugin.h"

const struct analyzer pycore_analyzer = {
	.api = PYCORE_PLUGIN_API + 1,
	.name = (const char *)1,
};
