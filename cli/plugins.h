/* Third-party analyzers, loaded from the directories of PYCORE_PLUGINS (docs/plugins.md). They stay
 * loaded until the process ends. */
#ifndef CLI_PLUGINS_H
#define CLI_PLUGINS_H

#include <stdio.h>

#include "cli/common.h"

/* Each *.so of the directories ("dir:dir"), in the order of their names. One that cannot be loaded,
 * was built for another API, or takes a name that is taken is passed over with a line on
 * `warnings`: a broken plugin must not stop the others from working. */
void plugins_load(struct commands *commands, const char *directories, FILE *warnings);

/* NULL: fit to be a command beside those; else why not. */
const char *plugin_fault(const struct commands *commands, const struct analyzer *analyzer);

#endif
