/* The regular files below a directory, by their names: --search looks through whole trees, and asks
 * for each of a core's modules.
 *
 * Symbolic links to directories are not followed (a tree may link to itself); hidden ones are what
 * debug trees are called (.build-id, .debug), and are entered. Bounded: of more than a million files
 * the rest is not seen. */
#ifndef CORE_FILETREE_H
#define CORE_FILETREE_H

#include <stdbool.h>
#include <stddef.h>
#include "core/arena.h"
#include "core/vec.h"

struct filetree_entry {
	const char *path;	/* from the directory on */
	const char *name;	/* its last component */
};

struct filetree {
	struct arena arena;
	VEC(struct filetree_entry) entries;	/* by name, then path */
	bool loaded;
};

/* What cannot be read is left out. directory: an open one, O_PATH will do. */
void filetree_load(struct filetree *tree, int directory);
void filetree_release(struct filetree *tree);
/* The n-th file of that name; NULL: there are no more. */
const char *filetree_find(const struct filetree *tree, const char *name, size_t n);

#endif
