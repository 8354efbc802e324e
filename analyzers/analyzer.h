/* An analyzer is one file with one constant: what it is called, which options it takes, which
 * records it gives, and run(). It reads the session and writes records; it prints nothing.
 * This header is installed: a plugin (docs/plugins.md) defines one of these too. */
#ifndef ANALYZERS_ANALYZER_H
#define ANALYZERS_ANALYZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "report/record.h"

/* Raised when a plugin built against an older one could misread what it gets. */
#define PYCORE_PLUGIN_API 1

struct error;
struct report;
struct session;

enum option_type {
	OPTION_FLAG,		/* bool */
	OPTION_NUMBER,		/* uint64_t; bounded by min, max */
	OPTION_STRING,		/* const char * */
	OPTION_CHOICE,		/* const char *: one of .choices; with .optional_argument alone: the first */
	OPTION_LIST,		/* given again and again: struct option_list */
	OPTION_SIZE,		/* uint64_t, bytes: 1000000, 64K, 512M, 2G; bounded by min, max */
};

struct option_list { const char **items; size_t count; };

struct option {
	const char *name;		/* without "--" */
	char letter;			/* 0: none */
	enum option_type type;
	const char *argument;		/* "TID": for help; NULL for flags */
	const char *help;		/* one line, lower case, no full stop */
	size_t offset;			/* in the config struct */
	const char *const *choices;	/* ends with NULL */
	bool optional_argument;		/* --locals, --locals=full */
	bool is_output;			/* STRING: FILE is meant as --output FILE, with OWNS_OUTPUT; "-":
					 * with OWNS_STDOUT */
	uint64_t min, max;		/* NUMBER; max 0: none */
};

enum analyzer_needs {
	NEEDS_TARGET = 1,		/* the core, opened */
	NEEDS_RUNTIME = 2,		/* a Python found in it; failing is an error (exit 3) */
	WANTS_RUNTIME = 4,		/* a Python if there is one; failing is a note (the caller's) */
	OWNS_OUTPUT = 8,		/* --output is a file that run() writes itself (session.made); the
					 * report then goes to standard output */
	WANTS_SANDBOX = 16,		/* read in a sandbox unless --sandbox=off */
	TAKES_NO_CORE = 32,		/* of no core in particular */
	TAKES_SUBJECT = 64,		/* the last word is no file but what is asked about
					 * (session.subject) */
	RAW_TEXT = 128,			/* as text, what run() writes is all: no process, no notes */
	OWNS_STDOUT = 256,		/* session.made is standard output: with RAW_TEXT */
	TAKES_NUMBERS = 512,		/* the last words are no files but what is asked about, where
					 * they are numbers (session.numbers) */
	REDACTS = 1024,			/* secrets are taken out unless --redact=off */
	TO_SYSLOG = 2048,		/* the report is an entry for the journal: struct syslog_options */
};

/* What a config begins with whose command can be asked for TO_SYSLOG. */
struct syslog_options {
	bool wanted;
	struct option_list fields;	/* NAME=VALUE */
};

struct analyzer {
	unsigned api;			/* PYCORE_PLUGIN_API */
	const char *name;		/* the command: "bt" */
	const char *summary;		/* one line for `pycore help` */
	const char *description;	/* paragraphs for --help and the man page */
	const char *example;		/* command lines, one per line, for --help and the man page */
	const struct option *options;	/* ends with an empty one; NULL: none beside the common ones */
	size_t config_size;		/* of the struct that options write into; zeroed first */
	/* The document. The caller puts the common "process" before its children and "notes" behind
	 * them, and (with NEEDS_TARGET) has written the process when run() is called. */
	const struct record *root;
	unsigned needs;			/* enum analyzer_needs */
	/* Where that depends on the options: what is needed with this config. NULL: needs. */
	unsigned (*needs_of)(const void *config);
	/* config: config_size bytes. Records go to report. NULL: done. */
	struct error *(*run)(struct session *session, const void *config, struct report *report);
};

#endif
