/* pycore object: what is this, what does it refer to, what refers to it, and why is it alive. */
#include <inttypes.h>
#include "analyzers/referrers.h"
#include "analyzers/roots.h"
#include "analyzers/words.h"
#include "core/checked.h"
#include "core/jobs.h"
#include "cpython_layouts/sizes.h"
#include "cpython_layouts/type.h"
#include "report/text.h"

enum { LIMIT_TEXT = 20, LIMIT_JSON = 100000, WAYS_DEFAULT = 3, WAYS_MAX = 20, REPR_SHORT = 72 };

struct object_config {
	bool referents, referrers, why;
	uint64_t limit, paths, jobs, memory_limit;
};

#define AT(member) .offset = offsetof(struct object_config, member)

static const struct option object_options[] = {
	{ "referents", 'r', OPTION_FLAG, .help = "all that it refers to, reference by reference",
	  AT(referents) },
	{ "referrers", 'R', OPTION_FLAG, .help = "all that refers to it (looks at every object)",
	  AT(referrers) },
	{ "why", 'w', OPTION_FLAG,
	  .help = "the shortest ways to it from modules, frames and the interpreter", AT(why) },
	{ "paths", 0, OPTION_NUMBER, .argument = "N",
	  .help = "at most N ways, with no object in common (3)", AT(paths), .min = 1,
	  .max = WAYS_MAX },
	{ "limit", 'n', OPTION_NUMBER, .argument = "N",
	  .help = "show at most N attributes, referents, referrers (20; JSON: 100000)", AT(limit),
	  .min = 1, .max = UINT32_MAX },
	{ "jobs", 'j', OPTION_NUMBER, "N",
	  "threads for --referrers and --why (as many as are worth it)", AT(jobs), .min = 1,
	  .max = JOBS_MAX },
	{ "memory-limit", 0, OPTION_SIZE, "SIZE",
	  "take no more memory than that for what grows with the heap: 512M, 2G", AT(memory_limit),
	  .min = 1 << 20 },
	{ 0 },
};

/* --- records --------------------------------------------------------------------------- */

enum object_column {
	OBJECT_ADDRESS,
	OBJECT_TYPE,
	OBJECT_REPR,
	OBJECT_CUT,
	OBJECT_SIZE,
	OBJECT_REFCOUNT,
	OBJECT_IMMORTAL,
	OBJECT_TRACKED,
	OBJECT_GENERATION,
	OBJECT_REFERENTS,
	OBJECT_PATH,
	OBJECT_COLUMNS,
};

static const struct column object_columns[] = {
	[OBJECT_ADDRESS] = COLUMN("address", ADDRESS, "of the object"),
	[OBJECT_TYPE] = COLUMN("type", STRING, "plain name for builtins, module.qualname else"),
	[OBJECT_REPR] = COLUMN("repr", STRING, "what repr() would give"),
	[OBJECT_CUT] = COLUMN("cut", BOOL, "repr is longer than what is shown"),
	[OBJECT_SIZE] = COLUMN("size", UINT, "bytes, as sys.getsizeof(); null: not known"),
	[OBJECT_REFCOUNT] = COLUMN("refcount", INT, "references counted; null: immortal"),
	[OBJECT_IMMORTAL] = COLUMN("immortal", BOOL, "its references are not counted"),
	[OBJECT_TRACKED] = COLUMN("tracked", BOOL, "gc.is_tracked()"),
	[OBJECT_GENERATION] =
		COLUMN("generation", STRING,
		       "the collector's list that it is in; null: none, or not found"),
	[OBJECT_REFERENTS] = COLUMN("referent_count", UINT, "strong references from it"),
	[OBJECT_PATH] = COLUMN("path", STRING, "what was asked for"),
};

static void show_object(struct text *out, const struct value *values)
{
	_str_ struct str line = STR_INIT;
	text_printf(out, "\n");
	text_style(out, STYLE_HEADING);
	text_value(out, &object_columns[OBJECT_TYPE], &values[OBJECT_TYPE]);
	text_style(out, STYLE_PLAIN);
	text_printf(out, " at 0x%" PRIx64 "\n  ", values[OBJECT_ADDRESS].u);
	text_value(out, &object_columns[OBJECT_REPR], &values[OBJECT_REPR]);
	str_adds(&line, "\n  ");
	if (values[OBJECT_SIZE].state == VALUE_PRESENT)
		str_printf(&line, "%" PRIu64 " bytes, ", values[OBJECT_SIZE].u);
	if (values[OBJECT_IMMORTAL].b)
		str_adds(&line, "immortal");
	else
		words_count(&line, (uint64_t)values[OBJECT_REFCOUNT].i, "reference");
	if (!values[OBJECT_IMMORTAL].b)
		str_adds(&line, " to it");
	str_adds(&line, values[OBJECT_TRACKED].b ? ", tracked" : ", not tracked");
	if (values[OBJECT_GENERATION].state == VALUE_PRESENT)
		str_printf(&line, " (%s)", values[OBJECT_GENERATION].s.bytes);
	str_adds(&line, ", refers to ");
	words_count(&line, values[OBJECT_REFERENTS].u, "object");
	text_printf(out, "%s\n", line.buf);
}

static const struct record object_record = {
	.name = "object",
	.doc = "the object that was asked for",
	COLUMNS(object_columns),
	.text = show_object,
};

enum link_column {
	LINK_PATH,
	LINK_KIND,
	LINK_TRAVERSED,
	LINK_WEAK,
	LINK_INFERRED,
	LINK_ADDRESS,
	LINK_TYPE,
	LINK_REPR,
	LINK_FIRST,
	LINK_COLUMNS,
};

static const struct column link_columns[] = {
	[LINK_PATH] =
		COLUMN("path", STRING, "the reference as Python writes it: .attr, [key], [3]"),
	[LINK_KIND] = COLUMN("kind", STRING,
			     "attribute, field, class, value, key, item, member, local, stack, "
			     "state, word; of a referrer also root"),
	[LINK_TRAVERSED] = COLUMN("traversed", BOOL, "gc.get_referents() gives it"),
	[LINK_WEAK] = COLUMN("weak", BOOL, "it keeps nothing alive"),
	[LINK_INFERRED] = COLUMN("inferred", BOOL, "found by looking at memory of unknown meaning"),
	[LINK_ADDRESS] = COLUMN("address", ADDRESS, "of the other object"),
	[LINK_TYPE] = COLUMN("type", STRING, "its type"),
	[LINK_REPR] = COLUMN("repr", STRING, "its repr(), cut"),
	[LINK_FIRST] = { .name = "first", .type = VALUE_STRING, .doc = "heading", .hidden = true },
};

static void link_text(struct text *out, const struct value *values)
{
	if (values[LINK_FIRST].state == VALUE_PRESENT) {
		text_printf(out, "\n");
		text_style(out, STYLE_HEADING);
		text_printf(out, "%s\n", values[LINK_FIRST].s.bytes);
		text_style(out, STYLE_PLAIN);
	}
	text_printf(out, "  ");
	text_style(out, STYLE_NAME);
	text_value(out, &link_columns[LINK_PATH], &values[LINK_PATH]);
	text_style(out, STYLE_PLAIN);
	text_printf(out, "%s%s  ", values[LINK_WEAK].b ? " (weak)" : "",
		    values[LINK_INFERRED].b ? " (inferred)" : "");
	if (values[LINK_ADDRESS].state == VALUE_PRESENT) {
		text_style(out, STYLE_DIM);
		text_printf(out, "0x%" PRIx64 " ", values[LINK_ADDRESS].u);
		text_value(out, &link_columns[LINK_TYPE], &values[LINK_TYPE]);
		text_style(out, STYLE_PLAIN);
		text_printf(out, "  ");
		text_value(out, &link_columns[LINK_REPR], &values[LINK_REPR]);
	}
	text_printf(out, "\n");
}

#define LINKS(name_, doc_)                                                                         \
	{                                                                                          \
		.name = name_, .list = true, .doc = doc_, COLUMNS(link_columns), .text = link_text \
	}

static const struct record attribute_record = LINKS("attributes", "its attributes, items and keys' "
								  "values; with --referents: none");
static const struct record referent_record =
	LINKS("referents", "with --referents: what it refers to");
static const struct record referrer_record =
	LINKS("referrers", "with --referrers: what refers to it; "
			   "path is the reference as seen from there");

enum way_column { WAY_PATH, WAY_WEAK, WAY_INFERRED, WAY_STEPS, WAY_FIRST, WAY_COLUMNS };

static const struct column way_columns[] = {
	[WAY_PATH] = COLUMN("path", STRING, "from a root to the object, as Python writes it"),
	[WAY_WEAK] = COLUMN("weak", BOOL, "only weak references lead there"),
	[WAY_INFERRED] = COLUMN("inferred", BOOL, "some of it was found by looking at memory of "
						  "unknown meaning"),
	[WAY_STEPS] = COLUMN("steps", UINT, "references on it"),
	[WAY_FIRST] = { .name = "first", .type = VALUE_BOOL, .doc = "heading", .hidden = true },
};

static void way_text(struct text *out, const struct value *values)
{
	if (values[WAY_FIRST].b) {
		text_printf(out, "\n");
		text_style(out, STYLE_HEADING);
		text_printf(out, "Alive because of\n");
		text_style(out, STYLE_PLAIN);
	}
	text_printf(out, "  ");
	text_value(out, &way_columns[WAY_PATH], &values[WAY_PATH]);
	text_printf(out, "%s%s\n", values[WAY_WEAK].b ? "  (weak: does not keep it alive)" : "",
		    values[WAY_INFERRED].b ? "  (inferred)" : "");
}

static const struct record way_record = {
	.name = "why",
	.list = true,
	.doc = "with --why: ways that keep it alive, the shortest first",
	COLUMNS(way_columns),
	.text = way_text,
};

static const struct record *const object_children[] = { &object_record,   &attribute_record,
							&referent_record, &referrer_record,
							&way_record,      NULL };

static const struct record object_root = {
	.name = "object",
	.doc = "one object and its references",
	.children = object_children,
};

/* --- the object itself --------------------------------------------------------------------- */

struct work {
	struct session *s;
	struct runtime *rt;
	struct report *report;
	const struct object_config *config;
	struct object object;
	uint64_t limit;
	struct pyheap *heap; /* when it is needed */
	struct budget budget;
	struct error *error;
};

static void short_repr(struct work *w, addr_t at, struct str *out)
{
	struct repr_limits limits = repr_limits_text;
	limits.length = limits.text = REPR_SHORT;
	limits.dots = true;
	object_repr(w->rt, at, &limits, out);
}

static void report_object(struct work *w, const char *path)
{
	struct value values[OBJECT_COLUMNS] = { 0 };
	_str_ struct str repr = STR_INIT;
	struct repr_limits limits = w->s->text_form ? repr_limits_text : repr_limits_json;
	if (w->s->text_form)
		limits.length = 500;
	limits.dots = true;
	unsigned missing = object_repr(w->rt, w->object.at, &limits, &repr);
	uint64_t size, referents = 0;
	int64_t refcount;
	struct edge_iter it;
	struct edge e;
	if (edges_of(w->rt, &w->object, &it))
		while (edge_next(&it, &e))
			referents += !(e.flags & EDGE_WEAK);
	bool is_counted = object_refcount(w->rt, &w->object, &refcount);
	bool tracked = object_is_tracked(w->rt, &w->object);
	values[OBJECT_ADDRESS] = value_uint(w->object.at);
	values[OBJECT_TYPE] = value_str(w->object.type->full_name);
	values[OBJECT_REPR] = value_bytes(repr.buf, repr.len);
	values[OBJECT_CUT] = value_bool(missing & REPR_CUT);
	if (object_size(w->rt, &w->object, &size))
		values[OBJECT_SIZE] = value_uint(size);
	if (is_counted)
		values[OBJECT_REFCOUNT] = value_int(refcount);
	values[OBJECT_IMMORTAL] = value_bool(!is_counted);
	values[OBJECT_TRACKED] = value_bool(tracked);
	values[OBJECT_GENERATION] = value_str(tracked ? gc_generation_of(w->rt, w->object.at) : NULL);
	values[OBJECT_REFERENTS] = value_uint(referents);
	values[OBJECT_PATH] = value_str(path);
	report_row(w->report, &object_record, values);
	if (it.lost)
		report_note(w->report, NOTE_LOSS,
			    "some of what the object refers to cannot be read");
}

/* --- references ----------------------------------------------------------------------------- */

static const char *const kind_names[] = {
	[EDGE_ATTRIBUTE] = "attribute", [EDGE_FIELD] = "field", [EDGE_CLASS] = "class",
	[EDGE_VALUE] = "value",         [EDGE_KEY] = "key",     [EDGE_ITEM] = "item",
	[EDGE_MEMBER] = "member",       [EDGE_LOCAL] = "local", [EDGE_STACK] = "stack",
	[EDGE_STATE] = "state",         [EDGE_WORD] = "word",
};

static void report_link(struct work *w, const struct record *record, const struct edge *e,
			addr_t other, const char *heading)
{
	struct value values[LINK_COLUMNS] = { 0 };
	_str_ struct str path = STR_INIT, repr = STR_INIT;
	struct object o;
	edge_print(w->rt, e, &path);
	short_repr(w, other, &repr);
	values[LINK_PATH] = value_bytes(path.buf, path.len);
	values[LINK_KIND] = value_str(kind_names[e->kind]);
	values[LINK_TRAVERSED] = value_bool(edge_is_traversed(e));
	values[LINK_WEAK] = value_bool(e->flags & EDGE_WEAK);
	values[LINK_INFERRED] = value_bool(e->flags & EDGE_INFERRED);
	values[LINK_ADDRESS] = value_uint(other);
	values[LINK_TYPE] =
		object_load(w->rt, other, &o) ? value_str(o.type->full_name) : value_lost(other);
	values[LINK_REPR] = value_bytes(repr.buf, repr.len);
	values[LINK_FIRST] = value_str(heading);
	report_row(w->report, record, values);
}

static void note_more(struct work *w, uint64_t count, const char *what)
{
	_str_ struct str note = STR_INIT;
	if (count <= w->limit)
		return;
	str_printf(&note, "%" PRIu64 " %s in all; --limit shows more", count, what);
	report_note(w->report, NOTE_INFO, note.buf);
}

/* Attributes of an instance stand in its dict: they are shown, not the dict. */
static void report_dict(struct work *w, addr_t dict, uint64_t *n)
{
	struct dict_iter it;
	addr_t key, value;
	if (!dict_iter_start(w->rt, dict, &it))
		return;
	while (dict_next(&it, &key, &value)) {
		struct edge e = { .to = value, .kind = EDGE_ATTRIBUTE, .key = key };
		if ((*n)++ < w->limit)
			report_link(w, &attribute_record, &e, value, *n == 1 ? "Attributes" : NULL);
	}
}

static void report_attributes(struct work *w)
{
	struct edge_iter it;
	struct edge e;
	uint64_t n = 0;
	if (!edges_of(w->rt, &w->object, &it))
		return;
	while (edge_next(&it, &e)) {
		if (e.kind == EDGE_KEY || e.kind == EDGE_CLASS)
			continue;
		if (e.kind == EDGE_ATTRIBUTE && e.name && streq(e.name, "__dict__")) {
			report_dict(w, e.to, &n);
			continue;
		}
		if (n++ < w->limit)
			report_link(w, &attribute_record, &e, e.to, n == 1 ? "Attributes" : NULL);
	}
	note_more(w, n, "attributes");
}

static void report_referents(struct work *w)
{
	struct edge_iter it;
	struct edge e;
	uint64_t n = 0;
	if (!edges_of(w->rt, &w->object, &it))
		return;
	while (edge_next(&it, &e))
		if (n++ < w->limit)
			report_link(w, &referent_record, &e, e.to, n == 1 ? "Refers to" : NULL);
	note_more(w, n, "references");
}

static bool load_heap(struct work *w)
{
	const struct pyheap_options options = { .progress = w->s->files->progress };
	if (!w->heap && !w->error)
		w->error = pyheap_load(w->rt, &options, &w->heap);
	return w->heap;
}

static void report_root(struct work *w, const struct root *root, const char *heading)
{
	struct value values[LINK_COLUMNS] = { 0 };
	_str_ struct str path = STR_INIT;
	root_print(w->s, root, &path);
	values[LINK_PATH] = value_bytes(path.buf, path.len);
	values[LINK_KIND] = value_str("root");
	values[LINK_TRAVERSED] = values[LINK_WEAK] = value_bool(false);
	values[LINK_INFERRED] = value_bool(root_is_inferred(root));
	values[LINK_FIRST] = value_str(heading);
	report_row(w->report, &referrer_record, values);
}

static uint64_t report_roots(struct work *w)
{
	struct roots roots = { .list = VEC_INIT };
	const struct root *root;
	uint64_t n = 0;
	if (roots_of_program(w->s, &roots) && roots_of_interpreter(w->s, &roots)) {
		vec_each(root, &roots.list) {
			if (root->at == w->object.at && n++ < w->limit)
				report_root(w, root, n == 1 ? "Referred to by" : NULL);
		}
	}
	roots_release(&roots);
	return n;
}

static void report_referrers(struct work *w)
{
	const struct referrers_options options = { .jobs = w->config->jobs,
						   .budget = &w->budget,
						   .progress = w->s->files->progress };
	struct referrers found;
	struct object o;
	struct edge_iter it;
	struct edge e;
	if (!load_heap(w))
		return;
	w->error = referrers_find(w->rt, w->heap, w->object.at, &options, &found);
	if (w->error)
		return;
	uint64_t n = report_roots(w);
	for (size_t i = 0; i < found.list.len; i++) {
		if (!object_load(w->rt, found.list.items[i], &o) || !edges_of(w->rt, &o, &it))
			continue;
		while (edge_next(&it, &e))
			if (e.to == w->object.at && n++ < w->limit)
				report_link(w, &referrer_record, &e, o.at,
					    n == 1 ? "Referred to by" : NULL);
	}
	if (found.left_out)
		report_note(w->report, NOTE_LOSS,
			    "there are more referrers than --memory-limit allows to remember");
	referrers_release(&found);
	note_more(w, n, "referrers");
	if (!n)
		report_note(w->report, NOTE_INFO, "nothing that pycore knows of refers to it");
}

static void report_why(struct work *w)
{
	struct way ways[WAYS_MAX];
	const struct ways_options options = {
		.max = w->config->paths ? w->config->paths : WAYS_DEFAULT,
		.jobs = w->config->jobs,
		.budget = &w->budget,
	};
	size_t n = 0;
	if (load_heap(w))
		w->error = ways_find(w->s, w->heap, w->object.at, &options, ways, &n);
	for (size_t i = 0; i < n; i++) {
		_str_ struct str path = STR_INIT;
		bool inferred;
		way_print(w->s, &ways[i], &path, &inferred);
		struct value values[WAY_COLUMNS] = {
			[WAY_PATH] = value_bytes(path.buf, path.len),
			[WAY_WEAK] = value_bool(ways[i].weak),
			[WAY_INFERRED] = value_bool(inferred),
			[WAY_STEPS] = value_uint(ways[i].objects.len - 1),
			[WAY_FIRST] = value_bool(i == 0),
		};
		report_row(w->report, &way_record, values);
		way_release(&ways[i]);
	}
	if (!n && !w->error)
		report_note(
			w->report, NOTE_INFO,
			"no way leads to it from modules, frames, the interpreter's state, or any "
			"word of a C stack or of a module's data: it is garbage not yet collected, or "
			"held by what malloc() gave to C code");
}

/* --- run ------------------------------------------------------------------------------------ */

/* What lies at an address that no object begins at. */
static struct error *explain(struct work *w, const char *path, addr_t at)
{
	struct heap_object found = { 0 };
	if (!load_heap(w))
		return take(w->error);
	switch (pyheap_find(w->heap, at, &found)) {
	case HEAP_OBJECT:
		w->object = found.object;
		return NULL;
	case HEAP_BLOCK:
		return error_new(ERROR_UNSUPPORTED,
				 "%s: no object, but memory in use: a block of %" PRIu64
				 " bytes at 0x%" PRIx64,
				 path, found.block_size, found.block);
	case HEAP_FREE:
		return error_new(ERROR_UNSUPPORTED, "%s: free memory, no object", path);
	default:
		return error_new(ERROR_UNSUPPORTED, "%s: there is no Python object at 0x%" PRIx64,
				 path, at);
	}
}

static struct error *object_run(struct session *s, const void *config_, struct report *report)
{
	const struct object_config *config = config_;
	struct work w = { .s = s, .rt = s->runtime, .report = report, .config = config };
	w.budget.limit = config->memory_limit;
	w.limit = config->limit ? config->limit : s->text_form ? LIMIT_TEXT : LIMIT_JSON;
	addr_t at;
	if (!s->subject)
		return error_new(ERROR_USAGE, "which object? try: pycore object CORE 0x7f12.., or "
					      "pycore object CORE \"sys.modules['app'].CACHE\"");
	struct error *err = path_find(s, s->subject, &at);
	if (!err && !object_load(s->runtime, at, &w.object))
		err = explain(&w, s->subject, at);
	if (!err) {
		if (w.object.at != at)
			report_note(report, NOTE_INFO, "the address lies within this object");
		report_object(&w, s->subject);
		if (config->referents)
			report_referents(&w);
		else if (!config->referrers && !config->why)
			report_attributes(&w);
		if (config->referrers)
			report_referrers(&w);
		if (config->why && !w.error)
			report_why(&w);
		err = take(w.error);
	}
	if (w.heap)
		pyheap_free(w.heap);
	return err;
}

const struct analyzer analyzer_object = {
	.api = PYCORE_PLUGIN_API,
	.name = "object",
	.summary = "one object: what it is, what it holds, what holds it",
	.description = "The object at an address, or at the end of a path as Python writes it: its "
		       "type, repr, size,\n"
		       "references, whether the collector tracks it, and its attributes.\n"
		       "\n"
		       "A path begins with a module (app.CACHE), with sys.modules, with a variable "
		       "of __main__, with\n"
		       "an address, or with a thread (its LWP, or its place in the list), a frame "
		       "(0 is the\n"
		       "innermost) and a variable: thread 4242.frame 0.local x. Attributes and "
		       "items follow.\n"
		       "\n"
		       "--why tells which modules, frames and parts of the interpreter keep it "
		       "alive, by the shortest\n"
		       "ways that have no object in common; weak references count only where "
		       "nothing strong leads\n"
		       "to it.",
	.example = "pycore object core.1234 \"sys.modules['app'].CACHE['k'].rows[3]\"\n"
		   "pycore object --why core.1234 0x7f12345678a0\n"
		   "pycore object --referrers core.1234 'thread 1.frame 0.local session'",
	.options = object_options,
	.config_size = sizeof(struct object_config),
	.root = &object_root,
	.needs = NEEDS_TARGET | NEEDS_RUNTIME | TAKES_SUBJECT,
	.run = object_run,
};
