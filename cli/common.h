/* The options that every command has, and the commands there are: the built-in analyzers and those
 * that plugins brought. */
#ifndef CLI_COMMON_H
#define CLI_COMMON_H

#include "analyzers/analyzer.h"
#include "core/vec.h"

struct common {
	bool json, quiet, verbose, schema, help, no_debuginfod;
	const char *output, *color, *sysroot, *core, *core_fd, *sandbox, *redact, *maps, *auxv;
	uint64_t unpack_mib, unpack_seconds;	/* 0: the default */
	struct option_list search, redact_also;
};

extern const struct option common_options[];

struct commands {
	VEC(const struct analyzer *) list;
};

/* builtin ends with NULL. false: out of memory. */
bool commands_init(struct commands *commands, const struct analyzer *const *builtin);
void commands_release(struct commands *commands);
const struct analyzer *commands_find(const struct commands *commands, const char *name);

/* The command's document: its root record with the common "process" before its children.
 * Owned by the caller until composed_release(). */
struct composed {
	struct record root;
	const struct record **children;
};
bool composed_init(struct composed *ret, const struct record *root, const struct record *process);
void composed_release(struct composed *composed);

#endif
