/* See the header. The objects are numbered first, so that it is known which addresses have lines.
 * Then threads write a few thousand at a time, each into a buffer of its own, and pass them on in
 * turn: the output does not depend on how many there are. */
#include "analyzers/heap_dump.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include "analyzers/words.h"
#include "core/checked.h"
#include "core/jobs.h"
#include "core/sink.h"
#include "cpython_layouts/edges.h"
#include "cpython_layouts/heap_numbers.h"
#include "cpython_layouts/sizes.h"
#include "cpython_layouts/unicode.h"
#include "report/text.h"

enum {
	BUFFER = 1 << 20,
	TEXT_MAX = 100,		/* characters of a value or a name */
	ZSTD_LEVEL = 3,
	GZIP_LEVEL = 3,
	FUNCTION_EDGES = 24,
	CHUNK = 8192,		/* objects that a thread takes at once */
	WORTH_A_THREAD = 4 << 20,	/* bytes of heap */
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
	const struct numbers *numbers;
	const struct heap_dump_options *options;
	uint64_t heap_bytes;	/* for the progress */
	uint32_t count;		/* of objects with numbers */
	atomic_uint next;	/* chunk that nobody has taken */
	atomic_bool failed;	/* out of memory */
	pthread_mutex_t lock;	/* over turn */
	pthread_cond_t passed;
	uint32_t turn;		/* the chunk that is to be written; over what follows: who has it */
	struct sink sink;
	struct map seen;	/* what was referred to and has no number */
	VEC(addr_t) others;	/* the same, in the order met */
};

/* One thread. */
struct writer {
	struct dump *dump;
	struct runtime *rt;
	bool is_main;
	struct numbers_iter *it;
	uint32_t chunk;
	bool has_turn;
	char *buffer;		/* BUFFER bytes, len of them used */
	size_t len;
	struct arena arena;
	struct map types;	/* struct pytype -> struct dump_type */
	const struct pytype *last;	/* objects come in runs of one type */
	const struct dump_type *last_type;
	VEC(addr_t) others;	/* referred to without a number; some more than once */
};

/* --- writing ---------------------------------------------------------------------------------- */

static void take_turn(struct writer *w)
{
	struct dump *d = w->dump;
	if (w->has_turn)
		return;
	pthread_mutex_lock(&d->lock);
	while (d->turn != w->chunk)
		pthread_cond_wait(&d->passed, &d->lock);
	pthread_mutex_unlock(&d->lock);
	w->has_turn = true;
}

static void flush(struct writer *w)
{
	take_turn(w);
	sink_put(&w->dump->sink, w->buffer, w->len);
	w->len = 0;
}

/* What it met without numbers, each once, in order. */
static void hand_over(struct writer *w)
{
	struct dump *d = w->dump;
	const addr_t *at;
	vec_each(at, &w->others) {
		bool is_new;
		addr_t *place = NULL;
		if (!map_insert(&d->seen, *at, &is_new) ||
		    (is_new && !(place = vec_push(&d->others))))
			d->failed = true;
		if (place)
			*place = *at;
	}
	w->others.len = 0;
}

/* Always, also where it failed: others wait for it. */
static void pass_turn(struct writer *w)
{
	struct dump *d = w->dump;
	flush(w);
	hand_over(w);
	if (d->sink.err)
		d->failed = true;
	pthread_mutex_lock(&d->lock);
	d->turn++;
	pthread_cond_broadcast(&d->passed);
	pthread_mutex_unlock(&d->lock);
	w->has_turn = false;
}

/* len is less than BUFFER. */
static inline void put(struct writer *w, const char *bytes, size_t len)
{
	if (w->len + len > BUFFER)
		flush(w);
	memcpy(w->buffer + w->len, bytes, len);
	w->len += len;
}

#define PUT(w, literal) put(w, literal, sizeof(literal) - 1)

static inline void put_number(struct writer *w, uint64_t number)
{
	static const char pairs[] = "0001020304050607080910111213141516171819"
				    "2021222324252627282930313233343536373839"
				    "4041424344454647484950515253545556575859"
				    "6061626364656667686970717273747576777879"
				    "8081828384858687888990919293949596979899";
	char digits[20], *p = digits + sizeof(digits);
	for (; number >= 100; number /= 100) {
		p -= 2;
		memcpy(p, pairs + number % 100 * 2, 2);
	}
	if (number >= 10) {
		p -= 2;
		memcpy(p, pairs + number * 2, 2);
	} else {
		*--p = (char)('0' + number);
	}
	put(w, p, (size_t)(digits + sizeof(digits) - p));
}

/* --- text ------------------------------------------------------------------------------------- */

enum text_mode { TEXT_FULL, TEXT_LATIN, TEXT_NAME };

static void put_escape(struct writer *w, uint32_t c)
{
	static const char hex[] = "0123456789abcdef";
	const char escape[] = { '\\', 'u', hex[c >> 12 & 15], hex[c >> 8 & 15], hex[c >> 4 & 15],
				hex[c & 15] };
	put(w, escape, sizeof(escape));
}

static void put_character(struct writer *w, uint32_t c, enum text_mode mode)
{
	bool is_plain = c >= 0x20 && c <= 0x7e, is_quoted = c == '\\' || c == '/' || c == '"';
	char byte = (char)c;
	if (is_plain && !is_quoted) {
		put(w, &byte, 1);
	} else if (mode == TEXT_NAME || (mode == TEXT_LATIN && c > 0xff)) {
		PUT(w, "?");
	} else if (is_quoted) {
		PUT(w, "\\");
		put(w, &byte, 1);
	} else if (c > 0xffff) {
		put_escape(w, 0xd800 | ((c - 0x10000) >> 10 & 0x3ff));
		put_escape(w, 0xdc00 | ((c - 0x10000) & 0x3ff));
	} else {
		put_escape(w, c);
	}
}

static void put_ascii(struct writer *w, const char *text, enum text_mode mode)
{
	PUT(w, "\"");
	for (size_t i = 0; text[i] && i < TEXT_MAX; i++)
		put_character(w, (uint8_t)text[i], mode);
	PUT(w, "\"");
}

static void put_characters(struct writer *w, const struct characters *c, enum text_mode mode)
{
	size_t i = 0;
	PUT(w, "\"");
	while (i < c->seen && i < TEXT_MAX)
		put_character(w, characters_next(c, &i), mode);
	PUT(w, "\"");
}

/* A str, or nothing where it is lost. */
static void put_text(struct writer *w, const char *key, size_t key_len, addr_t at,
		     enum text_mode mode)
{
	struct characters c;
	if (!at || !characters_load(w->rt, at, TEXT_MAX, &c))
		return;
	put(w, key, key_len);
	put_characters(w, &c, mode);
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

static const struct dump_type *make_type(struct writer *w, const struct pytype *type)
{
	struct dump_type *t = arena_alloc(&w->arena, sizeof(*t));
	_str_ struct str head = STR_INIT;
	str_adds(&head, ", \"type\": \"");
	for (const char *s = type->full_name; *s; s++)
		str_addc(&head, *s < 0x20 || *s > 0x7e || strchr("\\/\"", *s) ? '?' : *s);
	str_adds(&head, "\", \"size\": ");
	char *kept = t && !head.failed && head.len < BUFFER / 2
			     ? arena_copy(&w->arena, head.buf, head.len)
			     : NULL;
	if (!kept)
		return NULL;
	t->head = kept;
	t->head_len = head.len;
	t->value = value_kind(&w->rt->layout, type);
	/* What is kept back is so whole: nothing here knows under which names it stands. */
	if (w->rt->redaction && t->value >= VALUE_BYTES && t->value <= VALUE_NUMBER)
		t->value = VALUE_NONE;
	t->name = name_kind(&w->rt->layout, type);
	return t;
}

static const struct dump_type *type_of(struct writer *w, const struct pytype *type)
{
	if (w->last == type)
		return w->last_type;
	uint64_t *slot = map_insert(&w->types, (uintptr_t)type, NULL);
	if (slot && !*slot)
		*slot = (uintptr_t)make_type(w, type);
	if (!slot || !*slot) {
		w->dump->failed = true;
		return NULL;
	}
	w->last = type;
	return w->last_type = (const struct dump_type *)(uintptr_t)*slot;
}

/* --- what stands before the references -------------------------------------------------------- */

static void put_name(struct writer *w, const struct object *o, const struct dump_type *type)
{
	const struct layout *l = &w->rt->layout;
	const struct pytype *named;
	switch (type->name) {
	case NAME_MODULE:
		put_text(w, NAME, sizeof(NAME) - 1,
			 dict_get(w->rt, GET(l, o->p, PyModuleObject, md_dict), "__name__"),
			 TEXT_NAME);
		break;
	case NAME_FUNCTION:
		put_text(w, NAME, sizeof(NAME) - 1, GET(l, o->p, PyFunctionObject, func_name),
			 TEXT_NAME);
		break;
	case NAME_CLASS:
		put_text(w, NAME, sizeof(NAME) - 1, GET(l, o->p, PyClassObject, cl_name),
			 TEXT_NAME);
		break;
	case NAME_TYPE:
		named = pytype_at(w->rt, o->at);
		if (named) {
			PUT(w, NAME);
			put_ascii(w, named->full_name, TEXT_NAME);
		}
		break;
	}
}

static void put_len(struct writer *w, int64_t len)
{
	if (len < 0)
		return;
	PUT(w, ", \"len\": ");
	put_number(w, (uint64_t)len);
}

static void put_bytes(struct writer *w, const struct object *o)
{
	size_t len;
	const uint8_t *p = object_bytes(w->rt, o->at, &len);
	if (!p)
		return;
	put_len(w, (int64_t)len);
	PUT(w, VALUE "\"");
	for (size_t i = 0; i < len && i < TEXT_MAX; i++)
		put_character(w, p[i], TEXT_FULL);
	PUT(w, "\"");
}

static void put_str(struct writer *w, const struct object *o, enum text_mode mode)
{
	struct characters c;
	if (!characters_load(w->rt, o->at, TEXT_MAX, &c))
		return;
	put_len(w, (int64_t)c.len);
	PUT(w, VALUE);
	put_characters(w, &c, mode);
}

static void put_int(struct writer *w, const struct object *o, bool truth)
{
	int64_t number;
	if (!object_int64(w->rt, o->at, &number))
		return;
	PUT(w, VALUE);
	if (truth) {
		put_ascii(w, number ? "True" : "False", TEXT_FULL);
		return;
	}
	if (number < 0)
		PUT(w, "-");
	put_number(w, number < 0 ? -(uint64_t)number : (uint64_t)number);
}

/* The name of what it runs. */
static void put_frame(struct writer *w, const struct object *o)
{
	const struct layout *l = &w->rt->layout;
	struct edge_iter it;
	struct edge e;
	struct object code;
	if (!edges_of(w->rt, o, &it))
		return;
	while (edge_next(&it, &e))
		if (e.name && streq(e.name, "f_code") && object_load(w->rt, e.to, &code) &&
		    code.type->fixed >= SIZEOF(l, PyCodeObject)) {
			put_text(w, VALUE, sizeof(VALUE) - 1,
				 GET(l, code.p, PyCodeObject, co_name), TEXT_LATIN);
			return;
		}
}

static void put_value(struct writer *w, const struct object *o, const struct dump_type *type)
{
	const struct layout *l = &w->rt->layout;
	switch ((enum dump_value)type->value) {
	case VALUE_NONE:
		break;
	case VALUE_BYTES:
		put_bytes(w, o);
		break;
	case VALUE_STR:
	case VALUE_STR_SUBCLASS:
		put_str(w, o, type->value == VALUE_STR ? TEXT_FULL : TEXT_LATIN);
		break;
	case VALUE_TRUTH:
	case VALUE_NUMBER:
		put_int(w, o, type->value == VALUE_TRUTH);
		break;
	case VALUE_FRAME:
		put_frame(w, o);
		break;
	case LEN_ITEMS:
		put_len(w, GETS(l, o->p, PyVarObject, ob_size));
		break;
	case LEN_SET:
		put_len(w, GETS(l, o->p, PySetObject, used));
		break;
	case LEN_DICT:
		put_len(w, GETS(l, o->p, PyDictObject, ma_used));
		break;
	}
}

/* --- references ------------------------------------------------------------------------------- */

/* Where the references of one object stand. */
struct refs {
	struct writer *w;
	bool any;
	bool is_dict;		/* keys come behind their values; else before */
	addr_t key;		/* that is written already */
	addr_t class;		/* comes last */
};

static void put_ref(struct refs *r, addr_t to)
{
	struct writer *w = r->w;
	if (r->any)
		PUT(w, ", ");
	r->any = true;
	put_number(w, to);
	if (number_of(w->dump->numbers, to) != NO_NUMBER)
		return;
	addr_t *place = vec_push(&w->others);
	if (place)
		*place = to;
	else
		w->dump->failed = true;
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

static void put_refs(struct writer *w, const struct object *o, const struct dump_type *type)
{
	struct refs r = { .w = w, .is_dict = type->value == LEN_DICT };
	struct edge_iter it;
	struct edge e;
	PUT(w, ", \"refs\": [");
	if (!edges_of(w->rt, o, &it)) {
		w->dump->failed = true;
	} else if (type->name == NAME_FUNCTION) {
		put_function_edges(&r, &it);
	} else if (it.is_traversed) {
		while (edge_next(&it, &e))
			put_edge(&r, &e);
		if (r.class)
			put_ref(&r, r.class);
	}
	PUT(w, "]}\n");
}

/* --- lines ------------------------------------------------------------------------------------ */

static void put_object(struct writer *w, const struct object *o)
{
	const struct dump_type *type = type_of(w, o->type);
	uint64_t size = 0;
	if (!type)
		return;
	object_size(w->rt, o, &size);
	PUT(w, "{\"address\": ");
	put_number(w, o->at);
	put(w, type->head, type->head_len);
	put_number(w, size);
	if (type->name)
		put_name(w, o, type);
	put_value(w, o, type);
	put_refs(w, o, type);
}

static bool goes_on(const struct dump *d)
{
	return !d->failed && !d->sink.err;
}

static void *write_chunks(void *arg)
{
	struct writer *w = arg;
	struct dump *d = w->dump;
	struct object o;
	uint32_t number, chunks = d->count / CHUNK + 1;
	while ((w->chunk = atomic_fetch_add(&d->next, 1)) < chunks) {
		uint32_t first = w->chunk * CHUNK, end = first + MIN((uint32_t)CHUNK, d->count - first);
		numbers_iter_move(w->it, first, end);
		while (!d->failed && numbers_next(w->it, &number, &o))
			put_object(w, &o);
		pass_turn(w);
		if (w->is_main)
			progress_show(d->options->progress, "writing objects",
				      d->heap_bytes / chunks * w->chunk, d->heap_bytes);
	}
	return NULL;
}

/* What has no number; that may lead to more. */
static uint64_t put_others(struct writer *w)
{
	struct dump *d = w->dump;
	struct object o;
	size_t i = 0;
	w->has_turn = true;
	for (; i < d->others.len && goes_on(d); i++) {
		addr_t at = d->others.items[i];
		if (object_load(d->rt, at, &o)) {
			put_object(w, &o);
			hand_over(w);
			continue;
		}
		PUT(w, "{\"address\": ");
		put_number(w, at);
		PUT(w, ", \"type\": \"<unknown>\", \"size\": 0, \"refs\": []}\n");
	}
	flush(w);
	return i;
}

static void writer_release(struct writer *w)
{
	free(w->buffer);
	arena_release(&w->arena);
	map_release(&w->types);
	vec_release(&w->others);
	if (w->it)
		numbers_iter_free(w->it);
}

static bool write_lines(struct dump *d, unsigned jobs, struct heap_dumped *ret)
{
	_free_ struct writer *writers = calloc(jobs, sizeof(*writers));
	bool ready = writers;
	for (unsigned i = 0; ready && i < jobs; i++) {
		struct writer *w = &writers[i];
		*w = (struct writer){ .dump = d, .rt = d->rt, .is_main = i == 0 };
		w->buffer = malloc(BUFFER);
		w->it = numbered_objects(d->numbers, 0, 0);
		ready = w->buffer && w->it;
	}
	if (ready) {
		runtime_share(d->rt, true);
		jobs_run(jobs, write_chunks, writers, sizeof(*writers));
		runtime_share(d->rt, false);
		ret->others = put_others(&writers[0]);
	}
	for (unsigned i = 0; writers && i < jobs; i++)
		writer_release(&writers[i]);
	progress_end(d->options->progress);
	return ready && !d->failed;
}

static struct error *dump_all(struct dump *d, const struct new_file *to, struct heap_dumped *ret)
{
	enum sink_form form = sink_form_of(d->options->path);
	unsigned jobs = jobs_for(d->options->jobs, d->heap_bytes, WORTH_A_THREAD);
	struct error *err = sink_begin(&d->sink, to->fd, to->path, form,
				       form == SINK_GZIP ? GZIP_LEVEL : ZSTD_LEVEL);
	if (err)
		return err;
	bool written = write_lines(d, jobs, ret);
	err = sink_finish(&d->sink);
	if (!err && !written)
		err = error_nomem();
	ret->objects = d->count;
	ret->bytes = d->sink.written;
	return err;
}

struct error *heap_dump(struct runtime *rt, struct pyheap *heap, const struct new_file *to,
			const struct heap_dump_options *options, struct heap_dumped *ret)
{
	struct dump d = { .rt = rt, .options = options };
	_cleanup_(owned_numbers_free) struct numbers *numbers = NULL;
	const struct numbers_options how = { .jobs = options->jobs, .progress = options->progress };
	*ret = (struct heap_dumped){ 0 };
	for (size_t i = 0; i < pyheap_parts(heap); i++)
		d.heap_bytes += pyheap_part_size(heap, i);
	struct error *err = numbers_make(heap, &how, &numbers);
	if (err)
		return err;
	d.numbers = numbers;
	d.count = numbers_count(numbers);
	ret->skipped = numbers_skipped(numbers);
	pthread_mutex_init(&d.lock, NULL);
	pthread_cond_init(&d.passed, NULL);
	err = dump_all(&d, to, ret);
	pthread_cond_destroy(&d.passed);
	pthread_mutex_destroy(&d.lock);
	sink_release(&d.sink);
	map_release(&d.seen);
	vec_release(&d.others);
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
		[DUMP_BYTES] = value_uint(dumped->bytes),
	};
	return report_row(report, &heap_dump_record, values);
}
