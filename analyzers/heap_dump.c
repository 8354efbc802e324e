/* See the header. Two passes: which objects are there, then a line for each. */
#include "analyzers/heap_dump.h"

#include <inttypes.h>
#include <sys/stat.h>
#include "analyzers/session.h"
#include "analyzers/words.h"
#include "core/addresses.h"
#include "core/checked.h"
#include "core/sink.h"
#include "cpython_layouts/edges.h"
#include "cpython_layouts/sizes.h"
#include "cpython_layouts/unicode.h"
#include "report/text.h"

enum {
	BUFFER = 1 << 20,
	TEXT_MAX = 100,		/* characters of a value or a name */
	ZSTD_LEVEL = 3,
	GZIP_LEVEL = 3,
	FUNCTION_EDGES = 24,
};

/* What a type's lines have in common. */
enum dump_name { NAME_NONE, NAME_MODULE, NAME_FUNCTION, NAME_TYPE, NAME_CLASS };
enum dump_value {
	VALUE_NONE, VALUE_BYTES, VALUE_STR, VALUE_STR_SUBCLASS, VALUE_TRUTH, VALUE_NUMBER,
	VALUE_FRAME, LEN_ITEMS, LEN_SET, LEN_DICT,
};
struct dump_type {
	const char *head;	/* `, "type": "dict", "size": ` */
	size_t head_len;
	uint8_t name, value;	/* enum dump_name, dump_value */
};

struct dump {
	struct runtime *rt;
	struct sink sink;
	char *buffer;		/* BUFFER bytes, len of them used */
	size_t len;
	struct arena arena;
	struct map types;	/* struct pytype -> struct dump_type */
	const struct pytype *last;	/* objects come in runs of one type */
	const struct dump_type *last_type;
	struct addresses known;	/* all that the heap holds */
	struct map seen;	/* what else was referred to */
	VEC(addr_t) others;	/* the same, in the order met */
	bool failed;		/* out of memory */
};

/* --- writing ---------------------------------------------------------------------------------- */

static void flush(struct dump *d)
{
	sink_put(&d->sink, d->buffer, d->len);
	d->len = 0;
}

/* len is less than BUFFER. */
static inline char *room(struct dump *d, size_t len)
{
	if (d->len + len > BUFFER)
		flush(d);
	return d->buffer + d->len;
}

static inline void put(struct dump *d, const char *bytes, size_t len)
{
	memcpy(room(d, len), bytes, len);
	d->len += len;
}

#define PUT(d, literal) put(d, literal, sizeof(literal) - 1)

static inline void put_number(struct dump *d, uint64_t number)
{
	static const char pairs[] = "0001020304050607080910111213141516171819"
				    "2021222324252627282930313233343536373839"
				    "4041424344454647484950515253545556575859"
				    "6061626364656667686970717273747576777879"
				    "8081828384858687888990919293949596979899";
	char digits[20], *p = digits + sizeof(digits);
	while (number >= 10) {
		p -= 2;
		memcpy(p, pairs + number % 100 * 2, 2);
		number /= 100;
	}
	if (number || p == digits + sizeof(digits))
		*--p = (char)('0' + number);
	else if (*p == '0')
		p++;
	put(d, p, (size_t)(digits + sizeof(digits) - p));
}

/* --- text ------------------------------------------------------------------------------------- */

enum text_mode { TEXT_FULL, TEXT_LATIN, TEXT_NAME };

static void put_escape(struct dump *d, uint32_t c)
{
	static const char hex[] = "0123456789abcdef";
	const char escape[] = { '\\', 'u', hex[c >> 12 & 15], hex[c >> 8 & 15], hex[c >> 4 & 15],
				hex[c & 15] };
	put(d, escape, sizeof(escape));
}

static void put_character(struct dump *d, uint32_t c, enum text_mode mode)
{
	bool is_plain = c >= 0x20 && c <= 0x7e, is_quoted = c == '\\' || c == '/' || c == '"';
	char byte = (char)c;
	if (is_plain && !is_quoted) {
		put(d, &byte, 1);
	} else if (mode == TEXT_NAME || (mode == TEXT_LATIN && c > 0xff)) {
		PUT(d, "?");
	} else if (is_quoted) {
		PUT(d, "\\");
		put(d, &byte, 1);
	} else if (c > 0xffff) {
		put_escape(d, 0xd800 | ((c - 0x10000) >> 10 & 0x3ff));
		put_escape(d, 0xdc00 | ((c - 0x10000) & 0x3ff));
	} else {
		put_escape(d, c);
	}
}

static void put_ascii(struct dump *d, const char *text, enum text_mode mode)
{
	PUT(d, "\"");
	for (size_t i = 0; text[i] && i < TEXT_MAX; i++)
		put_character(d, (uint8_t)text[i], mode);
	PUT(d, "\"");
}

static void put_characters(struct dump *d, const struct characters *c, enum text_mode mode)
{
	size_t i = 0;
	PUT(d, "\"");
	while (i < c->seen && i < TEXT_MAX)
		put_character(d, characters_next(c, &i), mode);
	PUT(d, "\"");
}

/* A str, or nothing where it is lost. */
static void put_text(struct dump *d, const char *key, size_t key_len, addr_t at,
		     enum text_mode mode)
{
	struct characters c;
	if (!at || !characters_load(d->rt, at, TEXT_MAX, &c))
		return;
	put(d, key, key_len);
	put_characters(d, &c, mode);
}

#define NAME  ", \"name\": "
#define VALUE ", \"value\": "

/* --- types ------------------------------------------------------------------------------------ */

static uint8_t value_kind(const struct layout *l, const struct pytype *type)
{
	uint64_t flags = type->flags;
	if (flags & TPFLAGS_BYTES_SUBCLASS)
		return VALUE_BYTES;
	if (flags & TPFLAGS_UNICODE_SUBCLASS)
		return type->is_exact_kind ? VALUE_STR : VALUE_STR_SUBCLASS;
	if (streq(type->full_name, "bool"))
		return VALUE_TRUTH;
	if (streq(type->full_name, "int") || streq(type->full_name, "long"))
		return VALUE_NUMBER;
	if (streq(type->full_name, "frame"))
		return VALUE_FRAME;
	if (flags & (TPFLAGS_TUPLE_SUBCLASS | TPFLAGS_LIST_SUBCLASS))
		return type->fixed >= SIZEOF(l, PyVarObject) ? LEN_ITEMS : VALUE_NONE;
	if (pytype_is(type, "set") || pytype_is(type, "frozenset"))
		return type->fixed >= SIZEOF(l, PySetObject) ? LEN_SET : VALUE_NONE;
	if (flags & TPFLAGS_DICT_SUBCLASS)
		return type->fixed >= SIZEOF(l, PyDictObject) ? LEN_DICT : VALUE_NONE;
	return VALUE_NONE;
}

static uint8_t name_kind(const struct layout *l, const struct pytype *type)
{
	if (type->flags & TPFLAGS_TYPE_SUBCLASS)
		return NAME_TYPE;
	if (streq(type->full_name, "function") && type->fixed >= SIZEOF(l, PyFunctionObject))
		return NAME_FUNCTION;
	if (streq(type->full_name, "classobj") && HAS(l, PyClassObject, cl_name) &&
	    type->fixed >= SIZEOF(l, PyClassObject))
		return NAME_CLASS;
	if (pytype_is(type, "module") && type->fixed >= SIZEOF(l, PyModuleObject))
		return NAME_MODULE;
	return NAME_NONE;
}

static const struct dump_type *make_type(struct dump *d, const struct pytype *type)
{
	struct dump_type *t = arena_alloc(&d->arena, sizeof(*t));
	_str_ struct str head = STR_INIT;
	str_adds(&head, ", \"type\": \"");
	for (const char *s = type->full_name; *s; s++)
		str_addc(&head, *s < 0x20 || *s > 0x7e || strchr("\\/\"", *s) ? '?' : *s);
	str_adds(&head, "\", \"size\": ");
	char *kept = t && !head.failed && head.len < BUFFER / 2
			     ? arena_copy(&d->arena, head.buf, head.len)
			     : NULL;
	if (!kept)
		return NULL;
	t->head = kept;
	t->head_len = head.len;
	t->value = value_kind(&d->rt->layout, type);
	t->name = name_kind(&d->rt->layout, type);
	return t;
}

static const struct dump_type *type_of(struct dump *d, const struct pytype *type)
{
	if (d->last == type)
		return d->last_type;
	uint64_t *slot = map_insert(&d->types, (uintptr_t)type, NULL);
	if (slot && !*slot)
		*slot = (uintptr_t)make_type(d, type);
	if (!slot || !*slot) {
		d->failed = true;
		return NULL;
	}
	d->last = type;
	return d->last_type = (const struct dump_type *)(uintptr_t)*slot;
}

/* --- what stands before the references -------------------------------------------------------- */

static void put_name(struct dump *d, const struct object *o, const struct dump_type *type)
{
	const struct layout *l = &d->rt->layout;
	const struct pytype *named;
	switch (type->name) {
	case NAME_MODULE:
		put_text(d, NAME, sizeof(NAME) - 1,
			 dict_get(d->rt, GET(l, o->p, PyModuleObject, md_dict), "__name__"),
			 TEXT_NAME);
		break;
	case NAME_FUNCTION:
		put_text(d, NAME, sizeof(NAME) - 1, GET(l, o->p, PyFunctionObject, func_name),
			 TEXT_NAME);
		break;
	case NAME_CLASS:
		put_text(d, NAME, sizeof(NAME) - 1, GET(l, o->p, PyClassObject, cl_name),
			 TEXT_NAME);
		break;
	case NAME_TYPE:
		named = pytype_at(d->rt, o->at);
		if (named) {
			PUT(d, NAME);
			put_ascii(d, named->full_name, TEXT_NAME);
		}
		break;
	}
}

static void put_len(struct dump *d, int64_t len)
{
	if (len < 0)
		return;
	PUT(d, ", \"len\": ");
	put_number(d, (uint64_t)len);
}

static void put_bytes(struct dump *d, const struct object *o)
{
	size_t len;
	const uint8_t *p = object_bytes(d->rt, o->at, &len);
	if (!p)
		return;
	put_len(d, (int64_t)len);
	PUT(d, VALUE "\"");
	for (size_t i = 0; i < len && i < TEXT_MAX; i++)
		put_character(d, p[i], TEXT_FULL);
	PUT(d, "\"");
}

static void put_str(struct dump *d, const struct object *o, enum text_mode mode)
{
	struct characters c;
	if (!characters_load(d->rt, o->at, TEXT_MAX, &c))
		return;
	put_len(d, (int64_t)c.len);
	PUT(d, VALUE);
	put_characters(d, &c, mode);
}

static void put_int(struct dump *d, const struct object *o, bool truth)
{
	int64_t number;
	if (!object_int64(d->rt, o->at, &number))
		return;
	PUT(d, VALUE);
	if (truth) {
		put_ascii(d, number ? "True" : "False", TEXT_FULL);
		return;
	}
	if (number < 0)
		PUT(d, "-");
	put_number(d, number < 0 ? -(uint64_t)number : (uint64_t)number);
}

/* The name of what it runs. */
static void put_frame(struct dump *d, const struct object *o)
{
	const struct layout *l = &d->rt->layout;
	struct edge_iter it;
	struct edge e;
	struct object code;
	if (!edges_of(d->rt, o, &it))
		return;
	while (edge_next(&it, &e))
		if (e.name && streq(e.name, "f_code") && object_load(d->rt, e.to, &code) &&
		    code.type->fixed >= SIZEOF(l, PyCodeObject)) {
			put_text(d, VALUE, sizeof(VALUE) - 1,
				 GET(l, code.p, PyCodeObject, co_name), TEXT_LATIN);
			return;
		}
}

static void put_value(struct dump *d, const struct object *o, const struct dump_type *type)
{
	const struct layout *l = &d->rt->layout;
	switch ((enum dump_value)type->value) {
	case VALUE_NONE:
		break;
	case VALUE_BYTES:
		put_bytes(d, o);
		break;
	case VALUE_STR:
	case VALUE_STR_SUBCLASS:
		put_str(d, o, type->value == VALUE_STR ? TEXT_FULL : TEXT_LATIN);
		break;
	case VALUE_TRUTH:
	case VALUE_NUMBER:
		put_int(d, o, type->value == VALUE_TRUTH);
		break;
	case VALUE_FRAME:
		put_frame(d, o);
		break;
	case LEN_ITEMS:
		put_len(d, GETS(l, o->p, PyVarObject, ob_size));
		break;
	case LEN_SET:
		put_len(d, GETS(l, o->p, PySetObject, used));
		break;
	case LEN_DICT:
		put_len(d, GETS(l, o->p, PyDictObject, ma_used));
		break;
	}
}

/* --- references ------------------------------------------------------------------------------- */

/* Where the references of one object stand. */
struct refs {
	struct dump *d;
	bool any;
	bool is_dict;		/* keys come behind their values; else before */
	addr_t key;		/* that is written already */
	addr_t class;		/* comes last */
};

static void put_ref(struct refs *r, addr_t to)
{
	struct dump *d = r->d;
	bool is_new;
	if (r->any)
		PUT(d, ", ");
	r->any = true;
	put_number(d, to);
	if (addresses_has(&d->known, to))
		return;
	if (!map_insert(&d->seen, to, &is_new)) {
		d->failed = true;
	} else if (is_new) {
		addr_t *place = vec_push(&d->others);
		d->failed |= !place;
		if (place)
			*place = to;
	}
}

static void put_pair(struct refs *r, const struct edge *e)
{
	if (r->key != e->key && e->key)
		put_ref(r, e->key);
	put_ref(r, e->to);
	r->key = e->key;
}

static void put_edge(struct refs *r, const struct edge *e)
{
	if (e->kind == EDGE_KEY && r->key == e->to) {
		r->key = 0;
		return;
	}
	if (!edge_is_traversed(e))
		return;
	switch (e->kind) {
	case EDGE_VALUE:
		put_pair(r, e);
		break;
	case EDGE_KEY:
		put_ref(r, e->to);
		r->key = r->is_dict ? 0 : e->to;
		break;
	case EDGE_CLASS:
		r->class = e->to;
		break;
	default:
		r->key = 0;
		if (e->kind == EDGE_ATTRIBUTE && e->key)
			put_pair(r, e);
		else
			put_ref(r, e->to);
	}
}

/* As func_traverse() visits them, which meliae counts on: code, globals, module first. */
static unsigned rank_of(const struct edge *e)
{
	static const char *const order[] = { "__code__",       "__globals__", "__module__",
					     "__defaults__",   "__kwdefaults__", "__doc__",
					     "__name__",       "__dict__",    "__closure__",
					     "__annotations__" };
	unsigned i = 0;
	while (i < ARRAY_SIZE(order) && !(e->name && streq(e->name, order[i])))
		i++;
	return i;
}

static void put_function_edges(struct refs *r, struct edge_iter *it)
{
	struct edge edges[FUNCTION_EDGES], e;
	unsigned ranks[FUNCTION_EDGES], count = 0;
	while (edge_next(it, &e)) {
		unsigned rank = rank_of(&e), at = count;
		if (count == FUNCTION_EDGES || !edge_is_traversed(&e))
			continue;
		for (; at > 0 && ranks[at - 1] > rank; at--) {
			edges[at] = edges[at - 1];
			ranks[at] = ranks[at - 1];
		}
		edges[at] = e;
		ranks[at] = rank;
		count++;
	}
	for (unsigned i = 0; i < count; i++)
		put_ref(r, edges[i].to);
}

static void put_refs(struct dump *d, const struct object *o, const struct dump_type *type)
{
	struct refs r = { .d = d, .is_dict = type->value == LEN_DICT };
	struct edge_iter it;
	struct edge e;
	PUT(d, ", \"refs\": [");
	if (!edges_of(d->rt, o, &it)) {
		d->failed = true;
	} else if (type->name == NAME_FUNCTION) {
		put_function_edges(&r, &it);
	} else if (it.is_traversed) {
		while (edge_next(&it, &e))
			put_edge(&r, &e);
		if (r.class)
			put_ref(&r, r.class);
	}
	PUT(d, "]}\n");
}

/* --- lines ------------------------------------------------------------------------------------ */

static void put_object(struct dump *d, const struct object *o)
{
	const struct dump_type *type = type_of(d, o->type);
	uint64_t size = 0;
	if (!type)
		return;
	object_size(d->rt, o, &size);
	PUT(d, "{\"address\": ");
	put_number(d, o->at);
	put(d, type->head, type->head_len);
	put_number(d, size);
	if (type->name)
		put_name(d, o, type);
	put_value(d, o, type);
	put_refs(d, o, type);
}

static bool goes_on(const struct dump *d)
{
	return !d->failed && !d->sink.err;
}

static void know_objects(struct dump *d, struct pyheap *heap)
{
	_cleanup_(owned_heap_iter_free) struct heap_iter *it =
		heap_objects(heap, 0, pyheap_parts(heap));
	struct heap_object o;
	d->failed |= !it;
	while (goes_on(d) && heap_next(it, &o))
		d->failed |= !addresses_add(&d->known, o.object.at);
}

static void put_objects(struct dump *d, struct pyheap *heap, struct progress *progress,
			struct heap_dumped *ret)
{
	_cleanup_(owned_heap_iter_free) struct heap_iter *it = heap_objects(heap, 0, 0);
	struct heap_object o;
	uint64_t total = 0, done = 0;
	d->failed |= !it;
	for (size_t i = 0; i < pyheap_parts(heap); i++)
		total += pyheap_part_size(heap, i);
	for (size_t i = 0; i < pyheap_parts(heap) && goes_on(d); i++) {
		heap_iter_move(it, i, i + 1);
		for (; goes_on(d) && heap_next(it, &o); ret->objects++)
			put_object(d, &o.object);
		done += pyheap_part_size(heap, i);
		progress_show(progress, "writing objects", done, total);
	}
	if (it)
		ret->skipped = heap_iter_skipped(it);
}

/* What is referred to and lies outside of the heap; that may lead to more. */
static void put_others(struct dump *d, struct heap_dumped *ret)
{
	struct object o;
	for (size_t i = 0; i < d->others.len && goes_on(d); i++, ret->others++) {
		addr_t at = d->others.items[i];
		if (object_load(d->rt, at, &o)) {
			put_object(d, &o);
			continue;
		}
		PUT(d, "{\"address\": ");
		put_number(d, at);
		PUT(d, ", \"type\": \"<unknown>\", \"size\": 0, \"refs\": []}\n");
	}
}

static struct error *write_lines(struct dump *d, struct session *s, struct pyheap *heap,
				 struct heap_dumped *ret)
{
	d->buffer = malloc(BUFFER);
	d->failed = !d->buffer;
	know_objects(d, heap);
	put_objects(d, heap, s->files->progress, ret);
	put_others(d, ret);
	progress_end(s->files->progress);
	if (d->buffer)
		flush(d);
	struct error *err = sink_finish(&d->sink);
	if (d->failed && !err)
		err = error_nomem();
	ret->lines_bytes = d->sink.taken;
	ret->file_bytes = d->sink.written;
	return err;
}

static void dump_release(struct dump *d)
{
	sink_release(&d->sink);
	free(d->buffer);
	arena_release(&d->arena);
	map_release(&d->types);
	addresses_release(&d->known);
	map_release(&d->seen);
	vec_release(&d->others);
}

static struct error *dump_to(struct session *s, struct pyheap *heap, int fd, const char *path,
			     struct heap_dumped *ret)
{
	enum sink_form form = sink_form_of(path);
	struct dump d = { .rt = s->runtime, .arena = ARENA_INIT, .known = ADDRESSES_INIT };
	struct error *err = sink_begin(&d.sink, fd, path, form,
				       form == SINK_GZIP ? GZIP_LEVEL : ZSTD_LEVEL);
	if (!err)
		err = write_lines(&d, s, heap, ret);
	dump_release(&d);
	return err;
}

/* The core itself, given as the file to write. */
static bool is_read_here(const struct session *s, const char *path)
{
	struct stat st;
	const struct mapped_file *core = &s->target->core;
	return stat(path, &st) == 0 && core->data && core->device == st.st_dev &&
	       core->inode == st.st_ino;
}

struct error *heap_dump(struct session *s, struct pyheap *heap, const char *path,
			struct heap_dumped *ret)
{
	struct new_file file;
	*ret = (struct heap_dumped){ 0 };
	if (streq(path, "-"))
		return dump_to(s, heap, STDOUT_FILENO, "standard output", ret);
	if (is_read_here(s, path))
		return error_new(ERROR_USAGE, "%s is read here: name another file for --dump", path);
	struct error *err = files_create(path, &file);
	if (err)
		return err;
	err = dump_to(s, heap, file.fd, path, ret);
	if (!err)
		err = files_commit(&file);
	new_file_release(&file);
	return err;
}

/* --- what is said of it ----------------------------------------------------------------------- */

enum dump_column { DUMP_FILE, DUMP_OBJECTS, DUMP_OTHERS, DUMP_BYTES, DUMP_COLUMNS };

static const struct column dump_columns[] = {
	[DUMP_FILE] = COLUMN("file", STRING, "what was written"),
	[DUMP_OBJECTS] = COLUMN("objects", UINT, "lines: objects of the heap"),
	[DUMP_OTHERS] = COLUMN("others", UINT, "lines: what else they refer to"),
	[DUMP_BYTES] = COLUMN("bytes", UINT, "size of the file"),
};

static void dump_text(struct text *out, const struct value *values)
{
	_str_ struct str line = STR_INIT;
	text_put(out, "\n", 1);
	text_value(out, &dump_columns[DUMP_FILE], &values[DUMP_FILE]);
	str_adds(&line, ": ");
	words_count(&line, values[DUMP_OBJECTS].u + values[DUMP_OTHERS].u, "object");
	str_adds(&line, ", ");
	words_bytes(&line, values[DUMP_BYTES].u);
	text_printf(out, "%s\n", line.buf);
}

const struct record heap_dump_record = {
	.name = "dump", .doc = "with --dump: the written file", COLUMNS(dump_columns),
	.text = dump_text,
};

bool report_dump(struct report *report, const char *path, const struct heap_dumped *dumped)
{
	const struct value values[DUMP_COLUMNS] = {
		[DUMP_FILE] = value_str(path),
		[DUMP_OBJECTS] = value_uint(dumped->objects),
		[DUMP_OTHERS] = value_uint(dumped->others),
		[DUMP_BYTES] = value_uint(dumped->file_bytes),
	};
	return report_row(report, &heap_dump_record, values);
}
