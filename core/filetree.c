#include "core/filetree.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include "core/str.h"

enum { FILES_MAX = 1 << 20, DIRECTORIES_MAX = 1 << 17, DEPTH_MAX = 40 };

struct directory {
	const char *path;	/* "" or with a / at its end */
	unsigned depth;
};

struct walk {
	struct filetree *tree;
	int root;
	VEC(struct directory) pending;
	size_t seen;		/* directories */
};

/* d_type, or where the file system does not tell, the file itself. */
static unsigned type_of(int directory, const struct dirent *e)
{
	struct stat st;
	if (e->d_type != DT_UNKNOWN)
		return e->d_type;
	if (fstatat(directory, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return DT_UNKNOWN;
	return S_ISDIR(st.st_mode) ? DT_DIR : S_ISREG(st.st_mode) ? DT_REG :
	       S_ISLNK(st.st_mode) ? DT_LNK : DT_UNKNOWN;
}

static bool add(struct walk *w, const struct directory *in, const struct dirent *e, unsigned type)
{
	struct filetree *t = w->tree;
	_str_ struct str path = STR_INIT;
	str_printf(&path, "%s%s%s", in->path, e->d_name, type == DT_DIR ? "/" : "");
	char *copy = path.failed ? NULL : arena_copy(&t->arena, path.buf, path.len);
	if (!copy)
		return false;
	if (type == DT_DIR) {
		struct directory *next = vec_push(&w->pending);
		if (next)
			*next = (struct directory){ copy, in->depth + 1 };
		return next != NULL;
	}
	struct filetree_entry *entry = vec_push(&t->entries);
	if (entry)
		*entry = (struct filetree_entry){ copy, copy + strlen(in->path) };
	return entry != NULL;
}

static bool walk_directory(struct walk *w, const struct directory *in)
{
	int fd = openat(w->root, *in->path ? in->path : ".",
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		if (fd >= 0)
			close(fd);
		return true;
	}
	bool ok = true;
	for (struct dirent *e; ok && (e = readdir(dir));) {
		unsigned type = type_of(fd, e);
		bool is_directory = type == DT_DIR && in->depth < DEPTH_MAX &&
				    w->seen + w->pending.len < DIRECTORIES_MAX;
		if (streq(e->d_name, ".") || streq(e->d_name, ".."))
			continue;
		/* A link to a file is as good as the file: it is judged when it is opened. */
		if (is_directory || ((type == DT_REG || type == DT_LNK) &&
				     w->tree->entries.len < FILES_MAX))
			ok = add(w, in, e, type);
	}
	closedir(dir);
	return ok;
}

static int compare(const void *a, const void *b)
{
	const struct filetree_entry *x = a, *y = b;
	int order = strcmp(x->name, y->name);
	return order ? order : strcmp(x->path, y->path);
}

void filetree_load(struct filetree *tree, int directory)
{
	struct walk w = { .tree = tree, .root = directory, .pending = VEC_INIT };
	struct directory *first = vec_push(&w.pending);
	tree->loaded = true;
	if (first)
		first->path = "";
	while (w.pending.len) {
		struct directory next = w.pending.items[--w.pending.len];
		w.seen++;
		if (!walk_directory(&w, &next))
			break;
	}
	vec_release(&w.pending);
	vec_sort(&tree->entries, compare);
}

void filetree_release(struct filetree *tree)
{
	arena_release(&tree->arena);
	vec_release(&tree->entries);
}

const char *filetree_find(const struct filetree *tree, const char *name, size_t n)
{
	size_t low = 0, high = tree->entries.len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(tree->entries.items[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (n >= tree->entries.len - low || !streq(tree->entries.items[low + n].name, name))
		return NULL;
	return tree->entries.items[low + n].path;
}
