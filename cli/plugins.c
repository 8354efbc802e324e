#include "cli/plugins.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/help.h"
#include "cli/options.h"

static bool option_is_common(const struct option *own)
{
	const struct option *common;
	option_each(common, common_options) {
		if (streq(common->name, own->name) ||
		    (own->letter && common->letter == own->letter))
			return true;
	}
	return false;
}

const char *plugin_fault(const struct commands *commands, const struct analyzer *analyzer)
{
	/* Nothing behind .api has a known place when the API is another. */
	if (analyzer->api != PYCORE_PLUGIN_API)
		return "was built for another plugin API; build it anew with this pycore's headers";
	if (!is_plain_name(analyzer->name))
		return "has no name made of a-z, 0-9 and -";
	if (commands_find(commands, analyzer->name) || streq(analyzer->name, "help"))
		return "has the name of a command that exists";
	if (!analyzer->summary || !analyzer->root || !analyzer->run)
		return "lacks a summary, a root record or run()";
	const struct option *option;
	option_each(option, analyzer->options) {
		if (!is_plain_name(option->name) || !option->help)
			return "has an option without a name or a help line";
		if (option_is_common(option))
			return "has an option that every command has already";
		if (option->type == OPTION_CHOICE && !option->choices)
			return "has a choice without choices";
	}
	return NULL;
}

static void warn(FILE *warnings, const char *path, const char *why)
{
	fprintf(warnings, "pycore: plugin %s is left out: it %s\n", path, why);
}

static void load(struct commands *commands, const char *path, FILE *warnings)
{
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!handle) {
		fprintf(warnings, "pycore: plugin %s is left out: %s\n", path, dlerror());
		return;
	}
	const struct analyzer *analyzer = dlsym(handle, "pycore_analyzer");
	const char *fault =
		analyzer ? plugin_fault(commands, analyzer) : "defines no pycore_analyzer";
	const struct analyzer **command = fault ? NULL : vec_push(&commands->list);
	if (!command) {
		warn(warnings, path, fault ? fault : "found no memory");
		dlclose(handle);
		return;
	}
	*command = analyzer;
}

static int is_library(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);
	return len > 3 && entry->d_name[0] != '.' && streq(entry->d_name + len - 3, ".so");
}

/* alphasort() asks the locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void load_directory(struct commands *commands, const char *directory, FILE *warnings)
{
	struct dirent **entries;
	int count = scandir(directory, &entries, is_library, by_name);
	if (count < 0) {
		fprintf(warnings, "pycore: no plugins from %s: %s\n", directory, strerror(errno));
		return;
	}
	for (int i = 0; i < count; i++) {
		_str_ struct str path = STR_INIT;
		str_printf(&path, "%s/%s", directory, entries[i]->d_name);
		if (!path.failed)
			load(commands, path.buf, warnings);
		free(entries[i]);
	}
	free(entries);
}

void plugins_load(struct commands *commands, const char *directories, FILE *warnings)
{
	while (*directories) {
		size_t len = strcspn(directories, ":");
		_str_ struct str directory = STR_INIT;
		str_add(&directory, directories, len);
		if (len && !directory.failed)
			load_directory(commands, directory.buf, warnings);
		directories += len + (directories[len] == ':');
	}
}
