/* Following a path as Python writes it. */
#include <inttypes.h>
#include "analyzers/roots.h"
#include "cpython_layouts/frame.h"
#include "cpython_layouts/type.h"

enum { PATH_MAX_BYTES = 10000, ENTRIES_MAX = 100000000, WRITTEN_MAX = 100000 };

struct walk {
	struct session *s;
	struct runtime *rt;
	const char *path, *p; /* the whole; what is left */
	addr_t at;
};

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || (unsigned char)c >= 0x80;
}

static struct error *fails(const struct walk *w, const char *why)
{
	return error_new(ERROR_USAGE, "%s: %s at '%.*s'", w->path, why,
			 *w->p ? (int)(w->p - w->path) : 60, w->path);
}

/* A name at w->p, in the runtime's arena; NULL: none is there. */
static const char *read_name(struct walk *w)
{
	size_t len = 0;
	while (is_name_char(w->p[len]))
		len++;
	const char *name = len ? arena_copy(&w->rt->arena, w->p, len) : NULL;
	w->p += len;
	return name;
}

static bool skip_word(struct walk *w, const char *word)
{
	if (!has_prefix(w->p, word))
		return false;
	w->p += strlen(word);
	return true;
}

/* --- one step ------------------------------------------------------------------------ */

static addr_t attribute_of(struct walk *w, const char *name)
{
	struct object o;
	struct edge_iter it;
	struct edge e;
	if (!object_load(w->rt, w->at, &o))
		return 0;
	/* A class's dict has a descriptor under this name, for instances: type's own comes first. */
	addr_t found = streq(name, "__dict__") ? 0 : object_attribute(w->rt, &o, name);
	if (found)
		return found;
	if (streq(name, "__class__"))
		return o.type->at;
	if (edges_of(w->rt, &o, &it))
		while (edge_next(&it, &e))
			if ((e.kind == EDGE_ATTRIBUTE || e.kind == EDGE_FIELD) && e.name &&
			    streq(e.name, name))
				return e.to;
	/* A class's own, then the object's class's. */
	const struct pytype *type =
		o.type->flags & TPFLAGS_TYPE_SUBCLASS ? pytype_at(w->rt, w->at) : NULL;
	found = type ? pytype_lookup(w->rt, type, name, NULL) : 0;
	return found ? found : pytype_lookup(w->rt, o.type, name, NULL);
}

/* Where the bracket that is open at p is closed, strings passed over; NULL: nowhere. */
static const char *closing(const char *p)
{
	unsigned depth = 0;
	char quote = 0;
	for (; *p; p++) {
		if (quote) {
			if (*p == '\\' && p[1])
				p++;
			else if (*p == quote)
				quote = 0;
		} else if (*p == '\'' || *p == '"') {
			quote = *p;
		} else if (*p == '[' || *p == '(' || *p == '{') {
			depth++;
		} else if (*p == ']' || *p == ')' || *p == '}') {
			if (--depth == 0)
				return p;
		}
	}
	return NULL;
}

/* Does the text between the brackets mean this key? Text in either quotes, anything else as its
 * repr() shows it. */
static bool is_key(struct walk *w, addr_t key, const char *text, size_t len)
{
	bool quoted = len >= 2 && (*text == '\'' || *text == '"') && text[len - 1] == *text;
	if (quoted && !memchr(text, '\\', len))
		if (text_equals(w->rt, key, text + 1, len - 2))
			return true;
	_str_ struct str repr = STR_INIT;
	struct repr_limits limits = repr_limits_json;
	limits.length = limits.text = PATH_MAX_BYTES;
	object_repr(w->rt, key, &limits, &repr);
	return repr.len == len && memcmp(repr.buf, text, len) == 0;
}

static addr_t item_of(struct walk *w, const char *text, size_t len)
{
	struct object o;
	struct edge_iter it;
	struct edge e;
	char *end;
	int64_t index = strtoll(text, &end, 10);
	bool is_index = end == text + len && len;
	if (!object_load(w->rt, w->at, &o) || !edges_of(w->rt, &o, &it))
		return 0;
	if (is_index && index < 0) {
		size_t count;
		addr_t items;
		if (object_sequence(w->rt, w->at, &count, &items))
			index += (int64_t)count;
	}
	for (uint64_t n = 0; n < ENTRIES_MAX && edge_next(&it, &e); n++) {
		if (e.kind == EDGE_ITEM && is_index && (int64_t)e.index == index)
			return e.to;
		if (e.kind == EDGE_VALUE && is_key(w, e.key, text, len))
			return e.to;
	}
	return 0;
}

/* What Python has no way to write, as edge_print() does: ` local x`, ` stack[0]`, ` +0x40`. */
static addr_t written_out(struct walk *w)
{
	struct object o;
	struct edge_iter it;
	struct edge e;
	addr_t found = 0;
	size_t longest = 0;
	if (!object_load(w->rt, w->at, &o) || !edges_of(w->rt, &o, &it))
		return 0;
	for (uint64_t n = 0; n < WRITTEN_MAX && edge_next(&it, &e); n++) {
		_str_ struct str text = STR_INIT;
		edge_print(w->rt, &e, &text);
		if (text.len <= longest || *text.buf != ' ' || !has_prefix(w->p, text.buf))
			continue;
		found = e.to;
		longest = text.len;
	}
	w->p += longest;
	return found;
}

static struct error *step(struct walk *w)
{
	addr_t next;
	if (*w->p == '.' || (w->p[0] == '-' && w->p[1] == '>')) {
		w->p += *w->p == '.' ? 1 : 2;
		const char *name = read_name(w);
		next = name ? attribute_of(w, name) : 0;
		if (!next)
			return fails(w, name ? "there is no such attribute" : "a name is missing");
	} else if (*w->p == '[') {
		const char *end = closing(w->p);
		if (!end)
			return fails(w, "a bracket is not closed");
		next = item_of(w, w->p + 1, (size_t)(end - w->p - 1));
		w->p = end + 1;
		if (!next)
			return fails(w, "there is no such item");
	} else {
		next = *w->p == ' ' ? written_out(w) : 0;
		if (!next)
			return fails(w, "expected .name or [key]");
	}
	w->at = next;
	return NULL;
}

/* --- the beginning -------------------------------------------------------------------- */

/* "4242" (the LWP) or, for a number no thread has, its place in the list from 1. */
static bool thread_find(struct walk *w, uint64_t number, struct pythread *ret)
{
	struct interpreter_iter all = interpreters(w->rt);
	struct interpreter interp;
	struct pythread thread, nth;
	uint64_t count = 0;
	bool found = false;
	while (interpreter_next(&all, &interp)) {
		struct pythread_iter it = pythreads(w->rt, &interp);
		while (pythread_next(&it, &thread)) {
			if (thread.tid == number || thread.at == number) {
				*ret = thread;
				return true;
			}
			if (++count == number) {
				nth = thread;
				found = true;
			}
		}
	}
	if (found)
		*ret = nth;
	return found;
}

/* A value that an expression of the frame is at work with. */
static struct error *begin_value(struct walk *w, const struct frame *frame)
{
	size_t word = w->rt->layout.machine->word;
	char *end;
	uint64_t index = strtoull(w->p, &end, 10);
	bool is_int;
	addr_t value;
	if (end == w->p || *end != ']' || index >= frame->code->stack_size ||
	    !target_read_word(w->rt->target,
			      frame->locals_at + (frame->code->variable_count + index) * word,
			      &value) ||
	    !reference_decode(&w->rt->layout, value, &w->at, &is_int) || is_int)
		return fails(w, "there is no such value");
	w->p = end + 1;
	return NULL;
}

static struct error *begin_local(struct walk *w, const struct frame *frame)
{
	const struct {
		const char *name;
		addr_t at;
	} members[] = { { ".f_locals", frame->f_locals },
			{ ".f_func", frame->function },
			{ ".f_code", frame->code->at } };
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (members[i].at && skip_word(w, members[i].name)) {
			w->at = members[i].at;
			return NULL;
		}
	}
	if (skip_word(w, ".stack["))
		return begin_value(w, frame);
	if (!skip_word(w, ".local ") && !skip_word(w, " local "))
		return fails(w, "expected .local NAME");
	const char *name = read_name(w);
	struct local_iter it = locals_of(w->rt, frame);
	struct local local;
	while (name && local_next(&it, &local)) {
		if (local.is_int || !local.name || !streq(local.name, name))
			continue;
		w->at = local.value;
		return NULL;
	}
	return fails(w, name ? "there is no such local variable" : "a name is missing");
}

/* A register, or a word of the C stack: what --why names where nothing else leads to an object. */
static bool begin_word(struct walk *w, const struct os_thread *thread)
{
	const struct machine *machine = w->s->target->machine;
	char *end;
	if (!thread)
		return false;
	if (skip_word(w, ".C stack")) {
		if (*w->p != '+' && *w->p != '-')
			return false;
		bool below = *w->p == '-';
		uint64_t offset = strtoull(w->p + 1, &end, 16);
		w->p = end;
		return target_read_word(w->s->target,
					below ? thread->sp - offset : thread->sp + offset, &w->at);
	}
	const char *name = skip_word(w, ".register ") ? read_name(w) : NULL;
	for (int i = 0; name && thread->registers && i < machine->registers; i++) {
		if (!streq(machine->register_names[i], name))
			continue;
		w->at = load_word(machine, thread->registers + i * machine->word);
		return true;
	}
	return false;
}

/* As --why names a module's data: MODULE!SYMBOL+0x8, MODULE+0x1000. */
static struct error *begin_static(struct walk *w)
{
	const char *symbol_at = strpbrk(w->p, "!");
	const struct module *module = NULL, *m;
	size_t longest = 0;
	vec_each(m, &w->s->target->modules) {
		const char *slash = m->path ? strrchr(m->path, '/') : NULL;
		const char *name = slash ? slash + 1 : m->path;
		if (name && strlen(name) > longest && has_prefix(w->p, name)) {
			module = m;
			longest = strlen(name);
		}
	}
	w->p += longest;
	struct symbol symbol = { .addr = module ? module->start : 0 };
	if (module && symbol_at == w->p) {
		w->p++;
		const char *name = read_name(w);
		if (!name || !symbols_find_in(w->s->symbols, module, name, &symbol))
			module = NULL;
	}
	if (!module)
		return fails(w, "there is no such module, or no such symbol in it");
	char *end = (char *)w->p;
	addr_t at = symbol.addr + (*w->p == '+' ? strtoull(w->p + 1, &end, 16) : 0);
	struct object o;
	w->p = end;
	w->at = at;
	if (!object_load(w->rt, at, &o) && !target_read_word(w->s->target, at, &w->at))
		return fails(w, "there is no such memory");
	return NULL;
}

/* As --why names a root that has no syntax of its own: the longest that the path begins with. */
static bool begin_root(struct walk *w)
{
	struct roots roots = { .list = VEC_INIT };
	const struct root *root;
	size_t longest = 0;
	if (roots_of_program(w->s, &roots) && roots_of_interpreter(w->s, &roots)) {
		vec_each(root, &roots.list) {
			_str_ struct str text = STR_INIT;
			root_print(w->s, root, &text);
			if (text.len <= longest || !has_prefix(w->path, text.buf) ||
			    is_name_char(w->path[text.len]))
				continue;
			longest = text.len;
			w->at = root->at;
		}
	}
	roots_release(&roots);
	if (longest)
		w->p = w->path + longest;
	return longest;
}

static struct error *begin_thread(struct walk *w)
{
	struct pythread thread;
	struct frame frame;
	char *end;
	uint64_t number = strtoull(w->p, &end, 0);
	bool has_number = end != w->p;
	w->p = end;
	if (has_number && (has_prefix(w->p, ".C stack") || has_prefix(w->p, ".register ")))
		return begin_word(w, target_thread_by_tid(w->s->target, number))
			       ? NULL
			       : fails(w, "there is no such thread or register");
	if (!has_number || !thread_find(w, number, &thread))
		return fails(w, "there is no such thread");
	if (has_prefix(w->p, ".") && !has_prefix(w->p, ".frame ") && begin_root(w))
		return NULL;
	if (!skip_word(w, ".frame ") && !skip_word(w, " frame "))
		return fails(w, "expected .frame N.local NAME");
	number = strtoull(w->p, &end, 10);
	w->p = end;
	struct frame_iter it = frames_of(w->rt, &thread);
	for (uint64_t n = 0; frame_next(&it, &frame); n++)
		if (n == number)
			return begin_local(w, &frame);
	return fails(w, "there is no such frame");
}

/* sys.modules is the interpreter's own; other names are modules, or __main__'s variables. */
static struct error *begin_name(struct walk *w)
{
	addr_t modules = 0, main_module;
	if (w->rt->interpreters)
		READ(w->rt, w->rt->interpreters, PyInterpreterState, modules, &modules);
	if (!modules)
		return error_new(ERROR_UNSUPPORTED, "%s: sys.modules is lost, and with it all names",
				 w->path);
	if (skip_word(w, "sys.modules") && !is_name_char(*w->p)) {
		w->at = modules;
		return NULL;
	}
	w->p = w->path;
	const char *name = read_name(w);
	if (!name)
		return fails(w, "expected an address, a module's name, sys.modules or thread N");
	w->at = dict_get(w->rt, modules, name);
	if (w->at)
		return NULL;
	w->at = main_module = dict_get(w->rt, modules, "__main__");
	w->at = main_module ? attribute_of(w, name) : 0;
	return w->at ? NULL
		     : fails(w, "there is no module of that name, nor such a variable of __main__");
}

static struct error *begin(struct walk *w)
{
	if (has_prefix(w->p, "0x") || (*w->p >= '0' && *w->p <= '9')) {
		char *end;
		w->at = strtoull(w->p, &end, 0);
		w->p = end;
		return NULL;
	}
	if (skip_word(w, "thread "))
		return begin_thread(w);
	if (skip_word(w, "static "))
		return begin_static(w);
	if (has_prefix(w->p, "interpreter ") && begin_root(w))
		return NULL;
	return begin_name(w);
}

struct error *path_find(struct session *s, const char *path, addr_t *ret)
{
	struct walk w = { .s = s, .rt = s->runtime, .path = path, .p = path };
	if (strlen(path) > PATH_MAX_BYTES)
		return error_new(ERROR_USAGE, "the path is too long");
	struct error *err = begin(&w);
	while (!err && *w.p)
		err = step(&w);
	if (!err)
		*ret = w.at;
	return err;
}
