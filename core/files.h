/* The only place that opens files.
 *
 * Two kinds of path are told apart. What the user names (the core, the executable, --search DIR)
 * is opened as it stands. What the *core* names (NT_FILE, a link map, co_filename) is hostile: it
 * is opened below the sysroot only (openat2 RESOLVE_IN_ROOT, no magic links; "/" is the sysroot
 * when none is given), must be a regular file, never blocks (O_NONBLOCK), never creates, and is
 * used as a module only when its build-id is the one in the core. */
#ifndef CORE_FILES_H
#define CORE_FILES_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/error.h"
#include "core/filetree.h"
#include "core/progress.h"
#include "core/vec.h"

struct given_file { const char *path; int fd; };	/* path borrowed, fd owned */

struct files {
	int root_fd;			/* the sysroot, O_PATH; -1: "/" */
	char *sysroot;			/* NULL: none */
	int host_fd;			/* "/", O_PATH, where there is a sysroot; -1: none, or not needed */
	VEC(char *) search;		/* --search, in order */
	VEC(struct filetree) trees;	/* what is below each of these, read on first use */
	struct debuginfod *debuginfod;	/* NULL: no server is asked */
	VEC(struct given_file) given;	/* opened beforehand, for who may open nothing later */
	int broker;			/* a socket to ask instead of opening (core/broker.h); 0: none */
	unsigned temporaries_left;	/* of those that a broker makes */
	struct progress *progress;	/* who is told of long work; borrowed; NULL: nobody */
	/* /proc/PID/maps and /proc/PID/auxv of the process, where the core lacks them; borrowed; NULL: none. */
	const char *maps, *auxv;
	int input;			/* what the path "-" stands for: an open descriptor */
	/* What unpacking a core, or reading a pipe, may cost; 0: core/inflate.h's own limits. */
	uint64_t unpack_bytes;
	unsigned unpack_seconds;
};

/* A file mapped read-only, private. Owns the mapping. */
struct mapped_file {
	const uint8_t *data;		/* NULL when size is 0 */
	size_t size;
	char *path;			/* as it was opened, for messages */
	uint64_t device, inode;
	int64_t mtime;			/* seconds since the epoch */
	struct stored *stored;		/* what its attributes say; NULL: nothing, or not asked for */
};

#define BUILD_ID_MAX 64
struct build_id {
	uint8_t bytes[BUILD_ID_MAX];
	uint8_t len;			/* 0: unknown */
};
bool build_id_equal(const struct build_id *a, const struct build_id *b);	/* false if either is unknown */
void build_id_format(const struct build_id *id, char ret[2 * BUILD_ID_MAX + 1]);

struct error *files_new(const char *sysroot, struct files **ret) _must_check_;
struct error *files_add_search(struct files *f, const char *dir) _must_check_;
void files_free(struct files *f);
OWNED(struct files, files_free);

/* A file the user named, with what is stored beside it. Errors say which file and why ("is a directory", "permission denied"). */
struct error *files_map_given(struct files *f, const char *path, struct mapped_file *ret) _must_check_;
/* What an open descriptor is of; it may be closed afterwards. path is for messages. */
struct error *files_map_fd(int fd, const char *path, struct mapped_file *ret) _must_check_;
/* Open now what files_map_given() is going to be asked for; path is borrowed. */
struct error *files_open_given(struct files *f, const char *path) _must_check_;
/* The same for what is no file of that name: path means fd from now on, which becomes f's. */
struct error *files_give(struct files *f, const char *path, int fd) _must_check_;
/* An unlinked file to write to, in $TMPDIR, /var/tmp or /tmp; -1: nowhere. */
int files_temporary(struct files *f);
/* A directory, and a file in one (which may be of any kind), that a crash handler filled: links are
 * not followed, nothing blocks. -1: errno. */
int files_open_directory(int at, const char *path);
int files_open_beside(int directory, const char *name);
/* A file that is written beside its final place and appears there whole or not at all. Readable
 * by its owner alone: what goes in came out of a process's memory. Where it must have a name from
 * the beginning (no O_TMPFILE), SIGINT, SIGTERM and SIGHUP wait until it is released. */
struct new_file {
	int fd;
	char *path, *temporary;		/* temporary NULL: committed, or never begun */
	bool nameless;			/* has no name yet, and vanishes with us */
	bool holds_signals;
	sigset_t signals;		/* as they were before */
};
struct error *files_create(const char *path, struct new_file *ret) _must_check_;
struct error *files_commit(struct new_file *file) _must_check_;
void new_file_release(struct new_file *file);	/* removes what was not committed */

/* May servers be asked for files that are not here (core/debuginfod.h)? Not where none is named. */
void files_allow_debuginfod(struct files *f);
/* A file the core named, below the sysroot, else by its last component (or build-id for modules)
 * below each --search DIR. " (deleted)" at the end of the path is ignored. false: not there. */
bool files_map_named(struct files *f, const char *path, struct mapped_file *ret);
/* Candidates for a module, in this order: `path` below the sysroot; the --search directories by the
 * end of its path; build-id trees: the sysroot's /usr/lib/debug/.build-id/xx/yyyy.debug when
 * want_debug (else the link to the file itself there, and /usr/lib/.build-id/xx/yyyy), this machine's,
 * those of --search; whatever is called so anywhere below the --search directories; last
 * debuginfod's servers. Calls accept() on each until it says yes; ownership of the accepted file
 * passes to *ret. */
bool files_find_module(struct files *f, const char *path, const struct build_id *id, bool want_debug,
		       bool (*accept)(const struct mapped_file *, void *), void *arg,
		       struct mapped_file *ret);
/* The same for one file that a module's debug link names. */
bool files_find_linked(struct files *f, const char *path,
		       bool (*accept)(const struct mapped_file *, void *), void *arg,
		       struct mapped_file *ret);
void mapped_file_release(struct mapped_file *file);
/* Give back what its pages take of our memory; those that are touched again come again. For who
 * goes through a large file once and must stay small. */
void mapped_file_relax(const struct mapped_file *file);
/* A regular file below the sysroot (where BROKER_ROOT), this machine's build-id trees (BROKER_HOST) or a
 * --search directory (its index), open for reading; -1 and errno. There "**N/NAME" is the N-th of
 * what is called NAME anywhere below. */
int files_open_below(struct files *f, int where, const char *path);

#endif
