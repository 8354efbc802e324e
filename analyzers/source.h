/* Source files of the crashed program, found where this machine has them.
 *
 * Their names come from the core (co_filename) and are hostile: they are opened below the sysroot
 * only, or by their last part below --search (core/files.h). A relative name is looked for where
 * the process was started ($PWD in its environment) and along its sys.path, as linecache does.
 * Names in angle brackets ("<string>", "<frozen os>") are no files.
 *
 * A slim core brings the lines that bt shows along: these are then all that the file has. */
#ifndef ANALYZERS_SOURCE_H
#define ANALYZERS_SOURCE_H

#include "analyzers/session.h"

/* The lines that were asked for: what slim takes along. */
struct source_log {
	struct arena arena;
	VEC(struct source_excerpt) lines;
};

void source_log_release(struct source_log *log);
/* By path, then line, each once. */
void source_log_sort(struct source_log *log);

/* A file's text with its lines found. */
struct source {
	const char *name;		/* as code objects name it */
	struct source_log *log;		/* NULL: nobody wants to know */
	struct mapped_file file;
	const char *text;		/* UTF-8; in the file, or in converted */
	size_t len;
	char *converted;		/* from Latin-1; NULL */
	VEC(size_t) lines;		/* where each begins; one more at the end */
	const struct source_excerpt *excerpts;	/* a slim core's lines, instead of a text; or NULL */
	size_t excerpt_count;
};

/* Text whose bytes the caller keeps. A byte order mark is skipped; the coding cookie (PEP 263) must
 * name UTF-8, ASCII or Latin-1. false: another encoding, or out of memory. */
bool source_init(struct source *s, const char *bytes, size_t len);
void source_release(struct source *s);
/* Line number (from 1), without its end. false: no such line. */
bool source_line(const struct source *s, int64_t number, const char **ret, size_t *ret_len);

struct sources;				/* the files seen so far */

struct sources *sources_new(struct session *session);	/* NULL: out of memory */
void sources_free(struct sources *s);
OWNED(struct sources, sources_free);
/* The file a code object names; NULL: not here. Cached. A file changed after the crash is worth a
 * remark, once. */
const struct source *sources_find(struct sources *s, const char *name);

#endif
