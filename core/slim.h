/* A smaller core: the pages of a target that were touched, and what is needed to open it again.
 *
 *	header | program headers | notes | kept pages, in address order
 *
 * Notes: the process's, its threads' registers, the auxiliary vector and the list of mapped files
 * are copied; floating-point state is dropped. Five kinds of our own, owner "pycore":
 *
 *	SLIM_NOTE_MARK    version (1), flags (1: the original was truncated, 2: redacted), time of
 *	                  death, size of the original file: four 64-bit words in the target's byte order
 *	SLIM_NOTE_SYMBOL  address, size (words), name: a symbol that was found in a symbol table,
 *	                  which the slim core does not have. Dynamic symbols need none: looking one
 *	                  up reads memory, and so touches the few pages that the next look-up needs.
 *	SLIM_NOTE_SOURCE  line number (word), path, NUL, text: a source line that bt shows; in the
 *	                  order of paths, then lines
 *	SLIM_NOTE_ANSWER  kind, key (two 64-bit words, little-endian), bytes: see core/kept.h
 *	SLIM_NOTE_FILE    address of a module, 0: its file was not there, or another build, so that its
 *	                  pages are not; 3: it had no build-id to compare, and was used (two words)
 *
 * Redacted: of the process's own memory only the bytes that were read are kept, all others are
 * zeros: whatever else was on the same pages, in any form. Of the command line the first word is.
 *
 * What was mapped and is left out stays known: a program header without bytes. Pages that came
 * from files on this machine are written like those of the core, so that the slim core needs no
 * file. Time and size grow with what is kept, not with the core. */
#ifndef CORE_SLIM_H
#define CORE_SLIM_H

#include "core/target.h"

struct slim_result {
	uint64_t pages;			/* 4 KiB each */
	uint64_t bytes;			/* of the written file */
};

/* What goes along beside the pages; borrowed. */
struct slim_extras {
	const struct symbol_hint *symbols;
	size_t symbol_count;
	const struct source_excerpt *excerpts;	/* sorted by path, then line */
	size_t excerpt_count;
	const struct touched *bytes;	/* what was read; NULL: not redacted */
};

/* memory_record_touches() of the target, which is still on, has told what to keep. to: empty, from
 * files_create(), and the caller's to commit. */
struct error *slim_write(const struct target *t, const struct slim_extras *extras,
			 const struct new_file *to, bool compress, struct slim_result *ret) _must_check_;

#endif
