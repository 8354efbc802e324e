/* From the words of a command line to a session that an analyzer can work on: which files, opened
 * how far, and where the report goes. */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include <stdio.h>

#include "analyzers/session.h"
#include "cli/common.h"
#include "cli/options.h"
#include "core/store.h"

/* The paths that were given. Which is the core and which the executable their content says, in
 * target_open_core(); here only how many they may be. */
struct inputs {
	const char *core, *executable;	/* NULL: not given */
	const char *gone;		/* coredumpctl's executable, of which there is no file (any more) */
	const char *subject;		/* what is asked about; NULL: not given */
	struct option_list numbers;	/* the same, many; within the arguments */
	int fd;				/* what a core of "-" is open on */
	struct store store;		/* where a core was chosen from; owns its path then */
	const char *cursor;		/* of the journal's entry that has the core; NULL: it is a file's */
	char *name;			/* what such a core is called */
	const char *maps;		/* what is kept beside that; NULL: nothing */
};
/* A core that is no file's name is one that a crash handler keeps: `last`, a process id, a name. */
struct error *inputs_from(const struct common *common, const struct arguments *arguments,
			  const struct analyzer *command, unsigned needs,
			  struct inputs *ret) _must_check_;
void inputs_release(struct inputs *inputs);

/* What a session is made of; all borrowed. */
struct opening {
	const struct common *common;
	const struct inputs *inputs;
	unsigned needs;			/* enum analyzer_needs */
	const struct redaction *redaction;	/* NULL: nothing is kept back */
	struct progress *progress;	/* is told of long work; NULL: nobody */
};

/* In two steps, since who reads a core in a sandbox may open no file there: first the files that
 * were given, then what needs says. On failure *ret holds what was opened so far: session_release()
 * it either way. */
struct error *session_open_files(struct session *ret, const struct opening *opening) _must_check_;
struct error *session_open(struct session *ret, const struct opening *opening) _must_check_;
void session_release(struct session *s);

/* ERROR_USAGE when path is one of the files that the session reads: a report written there, through
 * a link too, would destroy the evidence. */
struct error *output_check(const char *path, const struct inputs *inputs,
			   const struct session *s) _must_check_;

#endif
