#include "analyzers/source.h"

#include <string.h>
#include "core/checked.h"
#include "core/map.h"
#include "core/str.h"
#include "cpython_layouts/object.h"

enum { MAX_FILE = 64 << 20, MAX_SEARCHED_DIRS = 64, MAX_PATH_BYTES = 4096 };

/* --- one text ------------------------------------------------------------------------------ */

enum encoding { ENCODING_UTF8, ENCODING_LATIN1, ENCODING_OTHER };

static bool is_cookie_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_' || c == '.';
}

/* A codec's name, without case and with '_' as '-'. */
static enum encoding encoding_named(const char *name, size_t len)
{
	static const struct {
		const char *name;
		enum encoding encoding;
	} known[] = {
		{ "utf-8", ENCODING_UTF8 },	    { "utf8", ENCODING_UTF8 },
		{ "utf-8-sig", ENCODING_UTF8 },	    { "ascii", ENCODING_UTF8 },
		{ "us-ascii", ENCODING_UTF8 },	    { "utf-8-unix", ENCODING_UTF8 },
		{ "latin-1", ENCODING_LATIN1 },	    { "latin1", ENCODING_LATIN1 },
		{ "iso-8859-1", ENCODING_LATIN1 },  { "iso8859-1", ENCODING_LATIN1 },
		{ "iso-latin-1", ENCODING_LATIN1 }, { "l1", ENCODING_LATIN1 },
	};
	char plain[16];
	if (len >= sizeof(plain))
		return ENCODING_OTHER;
	for (size_t i = 0; i < len; i++)
		plain[i] = name[i] == '_'
				   ? '-'
				   : (char)(name[i] | (name[i] >= 'A' && name[i] <= 'Z') << 5);
	plain[len] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (streq(plain, known[i].name))
			return known[i].encoding;
	return ENCODING_OTHER;
}

/* Does the line hold a coding cookie (PEP 263: blanks, '#', then coding[:=] and a name)? */
static bool find_cookie(const char *line, size_t len, enum encoding *ret)
{
	size_t i = 0;
	while (i < len && (line[i] == ' ' || line[i] == '\t' || line[i] == '\f'))
		i++;
	if (i == len || line[i] != '#')
		return false;
	for (; i + 7 <= len; i++) {
		if (memcmp(line + i, "coding", 6) != 0 ||
		    (line[i + 6] != ':' && line[i + 6] != '='))
			continue;
		size_t start = i + 7;
		while (start < len && (line[start] == ' ' || line[start] == '\t'))
			start++;
		size_t end = start;
		while (end < len && is_cookie_char(line[end]))
			end++;
		if (end == start)
			continue;
		*ret = encoding_named(line + start, end - start);
		return true;
	}
	return false;
}

/* A second line counts only behind a first one that is blank or a comment. */
static bool is_blank_or_comment(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (line[i] == '#')
			return true;
		if (line[i] != ' ' && line[i] != '\t' && line[i] != '\f' && line[i] != '\r')
			return false;
	}
	return true;
}

static enum encoding encoding_of(const char *text, size_t len)
{
	enum encoding encoding = ENCODING_UTF8;
	for (int number = 0; number < 2 && len; number++) {
		const char *newline = memchr(text, '\n', len);
		size_t line_len = newline ? (size_t)(newline - text) : len;
		if (find_cookie(text, line_len, &encoding))
			return encoding;
		if (!newline || !is_blank_or_comment(text, line_len))
			return encoding;
		text += line_len + 1;
		len -= line_len + 1;
	}
	return encoding;
}

static bool convert_latin1(struct source *s)
{
	_str_ struct str text = STR_INIT;
	if (!str_reserve(&text, s->len + s->len / 8))
		return false;
	for (size_t i = 0; i < s->len; i++)
		str_add_utf8(&text, (uint8_t)s->text[i]);
	size_t len = text.len;
	s->converted = str_detach(&text);
	if (!s->converted)
		return false;
	s->text = s->converted;
	s->len = len;
	return true;
}

static bool add_line(struct source *s, size_t start)
{
	size_t *place = vec_push(&s->lines);
	if (place)
		*place = start;
	return place;
}

/* Lines end in \n, \r\n or \r, as in Python's universal newlines. */
static bool find_lines(struct source *s)
{
	if (!s->len)
		return true;
	bool has_cr = memchr(s->text, '\r', s->len);
	const char *p = s->text, *end = s->text + s->len;
	while (p < end) {
		if (!add_line(s, (size_t)(p - s->text)))
			return false;
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		if (has_cr) {
			const char *cr = memchr(p, '\r', (size_t)((newline ? newline : end) - p));
			if (cr && cr + 1 != newline)
				newline = cr;
		}
		p = newline ? newline + 1 : end;
	}
	return add_line(s, s->len);
}

bool source_init(struct source *s, const char *bytes, size_t len)
{
	*s = (struct source){ .text = bytes, .len = len };
	if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
		s->text += 3;
		s->len -= 3;
	}
	enum encoding encoding = encoding_of(s->text, s->len);
	if (encoding == ENCODING_OTHER || (encoding == ENCODING_LATIN1 && !convert_latin1(s)) ||
	    !find_lines(s)) {
		source_release(s);
		return false;
	}
	return true;
}

void source_release(struct source *s)
{
	vec_release(&s->lines);
	free(s->converted);
	mapped_file_release(&s->file);
	*s = (struct source){ 0 };
}

static void log_line(const struct source *s, int64_t number, const char *text, size_t len)
{
	struct source_excerpt *last =
		s->log->lines.len ? &s->log->lines.items[s->log->lines.len - 1] : NULL;
	if (last && last->line == (uint64_t)number && streq(last->path, s->name))
		return;
	char *copy = arena_copy(&s->log->arena, text, len);
	const char *path = last && streq(last->path, s->name) ?
				   last->path :
				   arena_copy(&s->log->arena, s->name, strlen(s->name));
	struct source_excerpt *line = copy && path ? vec_push(&s->log->lines) : NULL;
	if (line)
		*line = (struct source_excerpt){ path, (uint64_t)number, copy, len };
}

static bool excerpt_line(const struct source *s, uint64_t number, const char **ret, size_t *ret_len)
{
	size_t low = 0, high = s->excerpt_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (s->excerpts[middle].line < number)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == s->excerpt_count || s->excerpts[low].line != number)
		return false;
	*ret = s->excerpts[low].text;
	*ret_len = s->excerpts[low].len;
	/* One line, whatever the core says. */
	for (size_t i = 0; i < *ret_len; i++)
		if ((*ret)[i] == '\n' || (*ret)[i] == '\r')
			*ret_len = i;
	return true;
}

static bool text_line(const struct source *s, uint64_t number, const char **ret, size_t *ret_len)
{
	if (number >= s->lines.len)
		return false;
	size_t start = s->lines.items[number - 1], end = s->lines.items[number];
	if (end > start && s->text[end - 1] == '\n')
		end--;
	if (end > start && s->text[end - 1] == '\r')
		end--;
	*ret = s->text + start;
	*ret_len = end - start;
	return true;
}

bool source_line(const struct source *s, int64_t number, const char **ret, size_t *ret_len)
{
	if (number < 1 || !(s->excerpts ? excerpt_line(s, (uint64_t)number, ret, ret_len) :
					  text_line(s, (uint64_t)number, ret, ret_len)))
		return false;
	if (s->log)
		log_line(s, number, *ret, *ret_len);
	return true;
}

/* --- the lines that slim takes along ------------------------------------------------------- */

void source_log_release(struct source_log *log)
{
	vec_release(&log->lines);
	arena_release(&log->arena);
}

static int compare_excerpts(const void *a, const void *b)
{
	const struct source_excerpt *x = a, *y = b;
	int order = strcmp(x->path, y->path);
	return order ? order : (x->line > y->line) - (x->line < y->line);
}

void source_log_sort(struct source_log *log)
{
	size_t kept = 0;
	vec_sort(&log->lines, compare_excerpts);
	for (size_t i = 0; i < log->lines.len; i++)
		if (!kept ||
		    compare_excerpts(&log->lines.items[kept - 1], &log->lines.items[i]) != 0)
			log->lines.items[kept++] = log->lines.items[i];
	log->lines.len = kept;
}

/* The file as far as the slim core has it. Nothing is made of the lines between: what they would
 * take is for the core to say, whose numbers may be any. */
static bool source_from_excerpts(struct source *s, const struct target *t, const char *name)
{
	const struct source_excerpt *items = t->excerpts.items;
	size_t low = 0, high = t->excerpts.len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(items[middle].path, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	while (high < t->excerpts.len && streq(items[high].path, name))
		high++;
	if (high == low)
		return false;
	s->excerpts = items + low;
	s->excerpt_count = high - low;
	return true;
}

/* --- the files of a session ---------------------------------------------------------------- */

struct entry {
	char *name;
	struct source source;
	bool found;
};

struct sources {
	struct session *session;
	struct map by_pointer;		/* name's address -> entry's index + 1: names are shared */
	VEC(struct entry *) entries;
	struct map by_hash;		/* of the name -> entry's index + 1 */
	VEC(char *) dirs;		/* where relative names are looked for */
	bool dirs_known;
};

struct sources *sources_new(struct session *session)
{
	struct sources *s = calloc(1, sizeof(*s));
	if (s)
		s->session = session;
	return s;
}

void sources_free(struct sources *s)
{
	if (!s)
		return;
	struct entry **entry;
	vec_each(entry, &s->entries) {
		source_release(&(*entry)->source);
		free((*entry)->name);
		free(*entry);
	}
	vec_release(&s->entries);
	char **dir;
	vec_each(dir, &s->dirs)
		free(*dir);
	vec_release(&s->dirs);
	map_release(&s->by_pointer);
	map_release(&s->by_hash);
	free(s);
}

static void add_dir(struct sources *s, const char *path, size_t len)
{
	if (!len || len > MAX_PATH_BYTES || path[0] != '/' || s->dirs.len >= MAX_SEARCHED_DIRS ||
	    memchr(path, '\0', len))
		return;
	char *copy = strndup(path, len);
	char **place = copy ? vec_push(&s->dirs) : NULL;
	if (place)
		*place = copy;
	else
		free(copy);
}

static addr_t module_dict(struct runtime *rt, addr_t modules, const char *name)
{
	const struct layout *l = &rt->layout;
	addr_t module = modules ? dict_get(rt, modules, name) : 0;
	const uint8_t *p =
		module ? memory_at(&rt->target->memory, module, SIZEOF(l, PyModuleObject)) : NULL;
	return p ? GET(l, p, PyModuleObject, md_dict) : 0;
}

/* posix.environ, the environment as the process found it: bytes in Python 3, str in 2.7. */
static void add_start_directory(struct sources *s, addr_t modules)
{
	static const char wanted[] = "PWD";
	struct runtime *rt = s->session->runtime;
	addr_t dict = module_dict(rt, modules, "posix"), key, value;
	addr_t environment = dict ? dict_get(rt, dict, "environ") : 0;
	struct dict_iter it;
	if (!environment || !dict_iter_start(rt, environment, &it))
		return;
	while (dict_next(&it, &key, &value)) {
		size_t len;
		const uint8_t *bytes = object_bytes(rt, key, &len);
		if (!bytes || len != strlen(wanted) || memcmp(bytes, wanted, len) != 0)
			continue;
		bytes = object_bytes(rt, value, &len);
		if (bytes)
			add_dir(s, (const char *)bytes, len);
		return;
	}
}

static void add_sys_path(struct sources *s, addr_t sysdict)
{
	struct runtime *rt = s->session->runtime;
	const struct machine *m = rt->target->machine;
	addr_t path = sysdict ? dict_get(rt, sysdict, "path") : 0, items;
	size_t count;
	if (!path || !object_sequence(rt, path, &count, &items))
		return;
	for (size_t i = 0; i < count && i < MAX_SEARCHED_DIRS; i++) {
		addr_t item;
		_str_ struct str dir = STR_INIT;
		bool cut;
		if (target_read_word(rt->target, items + i * m->word, &item) &&
		    object_text(rt, item, MAX_PATH_BYTES, &dir, &cut) && !cut)
			add_dir(s, dir.buf, dir.len);
	}
}

static void find_dirs(struct sources *s)
{
	s->dirs_known = true;
	if (!s->session->runtime)
		return;
	struct interpreter_iter it = interpreters(s->session->runtime);
	struct interpreter interp;
	while (interpreter_next(&it, &interp)) {
		if (interp.id != 0)
			continue;
		add_start_directory(s, interp.modules);
		add_sys_path(s, interp.sysdict);
		return;
	}
}

static bool map_relative(struct sources *s, const char *name, struct mapped_file *ret)
{
	if (!s->dirs_known)
		find_dirs(s);
	char **dir;
	vec_each(dir, &s->dirs) {
		_str_ struct str path = STR_INIT;
		str_printf(&path, "%s/%s", *dir, name);
		if (!path.failed && files_map_named(s->session->files, path.buf, ret))
			return true;
	}
	return !s->dirs.len && files_map_named(s->session->files, name, ret);
}

static bool is_pseudo(const char *name)
{
	return !name[0] || name[0] == '<';
}

static void load(struct sources *s, struct entry *entry)
{
	struct mapped_file file = { 0 };
	entry->found = source_from_excerpts(&entry->source, s->session->target, entry->name);
	if (entry->found)
		return;
	if (is_pseudo(entry->name) || strlen(entry->name) > MAX_PATH_BYTES)
		return;
	bool is_there = entry->name[0] == '/'
				? files_map_named(s->session->files, entry->name, &file)
				: map_relative(s, entry->name, &file);
	if (!is_there)
		return;
	if (file.size > MAX_FILE ||
	    !source_init(&entry->source, (const char *)file.data, file.size)) {
		mapped_file_release(&file);
		return;
	}
	entry->source.file = file;
	entry->found = true;
	int64_t crashed = s->session->target->process.time;
	if (crashed >= 0 && file.mtime > crashed)
		remark_info(&s->session->target->remarks,
			    "source file changed after the crash: %s: its lines may not be those "
			    "that ran",
			    file.path);
}

/* FNV-1a */
static uint64_t hash_name(const char *name)
{
	uint64_t hash = 0xcbf29ce484222325;
	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 0x100000001b3;
	return hash;
}

static struct entry *add_entry(struct sources *s, const char *name)
{
	struct entry *entry = calloc(1, sizeof(*entry));
	char *copy = strdup(name);
	struct entry **place = entry && copy ? vec_push(&s->entries) : NULL;
	if (!place) {
		free(entry);
		free(copy);
		return NULL;
	}
	entry->name = copy;
	*place = entry;
	load(s, entry);
	entry->source.name = entry->name;
	entry->source.log = s->session->source_log;
	return entry;
}

const struct source *sources_find(struct sources *s, const char *name)
{
	uint64_t *place = map_find(&s->by_pointer, (uintptr_t)name);
	if (!place) {
		uint64_t *same = map_insert(&s->by_hash, hash_name(name), NULL);
		if (!same)
			return NULL;
		/* two names of one hash: the second is loaded for itself, known by its pointer */
		if (!*same || !streq(s->entries.items[*same - 1]->name, name)) {
			if (!add_entry(s, name))
				return NULL;
			*same = s->entries.len;
		}
		uint64_t index = *same;
		place = map_insert(&s->by_pointer, (uintptr_t)name, NULL);
		if (!place)
			return NULL;
		*place = index;
	}
	const struct entry *entry = s->entries.items[*place - 1];
	return entry->found ? &entry->source : NULL;
}
