/* A plugin that would take a built-in command's place. */
#include "analyzers/plugin.h"

static const struct record root = { .name = "bt" };

static struct error *run(struct session *session, const void *config, struct report *report)
{
	return pycore_error("this must never run");
}

const struct analyzer pycore_analyzer = {
	.api = PYCORE_PLUGIN_API,
	.name = "bt",
	.summary = "not the real one",
	.root = &root,
	.run = run,
};
