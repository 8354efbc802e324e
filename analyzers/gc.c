/* pycore gc: the cyclic collector, as the process left it. */
#include <inttypes.h>
#include "analyzers/gc_unreachable.h"
#include "analyzers/session.h"
#include "analyzers/words.h"
#include "core/checked.h"
#include "cpython_layouts/heap.h"
#include "cpython_layouts/type.h"
#include "report/text.h"

enum { GENERATIONS = 3, LISTS_MAX = 256, GARBAGE_TEXT = 10, GARBAGE_JSON = 10000, REPR_SHORT = 72 };

struct gc_config {
	uint64_t limit, jobs, memory_limit;
	bool no_cycles, list;
};

#define AT(member) .offset = offsetof(struct gc_config, member)

static const struct option gc_options[] = {
	{ "no-cycles", 0, OPTION_FLAG,
	  .help = "only the collector's state: do not look for garbage (looks at every object)",
	  AT(no_cycles) },
	{ "list", 'l', OPTION_FLAG, .help = "name each object that a collection would have freed",
	  AT(list) },
	{ "limit", 'n', OPTION_NUMBER, .argument = "N",
	  .help = "show at most N groups of cycles, of gc.garbage, of gc.callbacks (10; JSON: 10000)",
	  AT(limit), .min = 1, .max = UINT32_MAX },
	{ "jobs", 'j', OPTION_NUMBER, "N", "threads to look with (as many as are worth it)",
	  AT(jobs), .min = 1, .max = 64 },
	{ "memory-limit", 0, OPTION_SIZE, "SIZE",
	  "take no more memory than that for what grows with the heap: 512M, 2G", AT(memory_limit),
	  .min = 1 << 20 },
	{ 0 },
};

/* --- records ---------------------------------------------------------------------------- */

enum collector_column {
	COLLECTOR_INTERPRETER,
	COLLECTOR_ENABLED,
	COLLECTOR_COLLECTING,
	COLLECTOR_THREAD,
	COLLECTOR_OBJECTS,
	COLLECTOR_FROZEN,
	COLLECTOR_GARBAGE,
	COLLECTOR_CALLBACKS,
	COLLECTOR_COLUMNS,
};

static const struct column collector_columns[] = {
	[COLLECTOR_INTERPRETER] =
		COLUMN("interpreter", INT, "whose; null: all share one (2.7 - 3.8)"),
	[COLLECTOR_ENABLED] = COLUMN("enabled", BOOL, "gc.isenabled(); null: not found"),
	[COLLECTOR_COLLECTING] = COLUMN("collecting", BOOL, "a collection was running"),
	[COLLECTOR_THREAD] =
		COLUMN("thread", UINT, "LWP of the thread it ran in; null: none, or not known"),
	[COLLECTOR_OBJECTS] = COLUMN("objects", UINT, "len(gc.get_objects())"),
	[COLLECTOR_FROZEN] = COLUMN("frozen", UINT, "gc.get_freeze_count(); null before 3.7"),
	[COLLECTOR_GARBAGE] = COLUMN("garbage_count", UINT, "len(gc.garbage); null: not found"),
	[COLLECTOR_CALLBACKS] =
		COLUMN("callback_count", UINT, "len(gc.callbacks); null: not found, or 2.7"),
};

static void collector_text(struct text *out, const struct value *values)
{
	_str_ struct str line = STR_INIT;
	const struct value *enabled = &values[COLLECTOR_ENABLED];
	text_printf(out, "\n");
	text_style(out, STYLE_HEADING);
	text_printf(out, "Collector");
	if (values[COLLECTOR_INTERPRETER].state == VALUE_PRESENT && values[COLLECTOR_INTERPRETER].i)
		text_printf(out, " of interpreter %" PRId64, values[COLLECTOR_INTERPRETER].i);
	text_style(out, STYLE_PLAIN);
	str_printf(&line, ": %s",
		   enabled->state != VALUE_PRESENT ? "enabled or not is not known"
		   : enabled->b                    ? "enabled"
						   : "disabled");
	if (values[COLLECTOR_COLLECTING].b) {
		str_adds(&line, ", collecting");
		if (values[COLLECTOR_THREAD].state == VALUE_PRESENT)
			str_printf(&line, " in thread %" PRIu64, values[COLLECTOR_THREAD].u);
	}
	str_adds(&line, "; ");
	words_count(&line, values[COLLECTOR_OBJECTS].u, "object");
	if (values[COLLECTOR_FROZEN].u)
		str_printf(&line, ", %" PRIu64 " more frozen", values[COLLECTOR_FROZEN].u);
	if (values[COLLECTOR_GARBAGE].state == VALUE_PRESENT)
		str_printf(&line, "; gc.garbage holds %" PRIu64, values[COLLECTOR_GARBAGE].u);
	text_printf(out, "%s\n", line.buf);
}

enum generation_column {
	GENERATION_NAME,
	GENERATION_THRESHOLD,
	GENERATION_COUNT,
	GENERATION_OBJECTS,
	GENERATION_COLUMNS
};

static const struct column generation_columns[] = {
	[GENERATION_NAME] = COLUMN("name", STRING, "\"generation 0\""),
	[GENERATION_THRESHOLD] = COLUMN("threshold", INT, "as gc.get_threshold(); 0: never"),
	[GENERATION_COUNT] =
		COLUMN("count", INT, "as gc.get_count(): what is compared with the threshold"),
	[GENERATION_OBJECTS] = COLUMN("objects", UINT,
				      "in its list; null where there are no lists (free-threaded)"),
};

static void generation_text(struct text *out, const struct value *values)
{
	text_printf(out, "  %s: ", values[GENERATION_NAME].s.bytes);
	if (values[GENERATION_OBJECTS].state == VALUE_PRESENT)
		text_printf(out, "%" PRIu64 " objects, ", values[GENERATION_OBJECTS].u);
	text_printf(out, "count %" PRId64 " of %" PRId64 "\n", values[GENERATION_COUNT].i,
		    values[GENERATION_THRESHOLD].i);
}

static const struct record generation_record = {
	.name = "generations",
	.list = true,
	.doc = "the youngest first",
	COLUMNS(generation_columns),
	.text = generation_text,
};

enum member_column { MEMBER_ADDRESS, MEMBER_TYPE, MEMBER_REPR, MEMBER_LIST, MEMBER_COLUMNS };

static const struct column member_columns[] = {
	[MEMBER_ADDRESS] = COLUMN("address", ADDRESS, "of the object"),
	[MEMBER_TYPE] = COLUMN("type", STRING, "its type"),
	[MEMBER_REPR] = COLUMN("repr", STRING, "its repr(), cut"),
	[MEMBER_LIST] = { .name = "list", .type = VALUE_STRING, .doc = "heading", .hidden = true },
};

static void member_text(struct text *out, const struct value *values)
{
	text_printf(out, "  %s: ", values[MEMBER_LIST].s.bytes);
	text_style(out, STYLE_DIM);
	text_printf(out, "0x%" PRIx64 " ", values[MEMBER_ADDRESS].u);
	text_style(out, STYLE_PLAIN);
	text_value(out, &member_columns[MEMBER_TYPE], &values[MEMBER_TYPE]);
	text_printf(out, "  ");
	text_value(out, &member_columns[MEMBER_REPR], &values[MEMBER_REPR]);
	text_printf(out, "\n");
}

static const struct record garbage_record = {
	.name = "garbage",
	.list = true,
	.doc = "gc.garbage: found, and not to be freed",
	COLUMNS(member_columns),
	.text = member_text,
};
static const struct record callback_record = {
	.name = "callbacks",
	.list = true,
	.doc = "gc.callbacks",
	COLUMNS(member_columns),
	.text = member_text,
};

static const struct record *const collector_children[] = { &generation_record, &garbage_record,
							   &callback_record, NULL };

static const struct record collector_record = {
	.name = "collectors",
	.list = true,
	.doc = "one for each interpreter, or one for all",
	COLUMNS(collector_columns),
	.children = collector_children,
	.text = collector_text,
};

static const struct record *const gc_children[] = { &collector_record, &unreachable_record,
						    NULL };

static const struct record gc_root = {
	.name = "gc",
	.doc = "the state of the cyclic collector",
	.children = gc_children,
};

/* --- finding ---------------------------------------------------------------------------- */

struct collector {
	struct session *s;
	struct runtime *rt;
	struct interpreter interp;
	bool is_shared;
	addr_t gc;          /* its _gc_runtime_state; 0: static variables (2.7, 3.6) */
	addr_t generations; /* gc_generation[3]; 0: not found */
	uint64_t objects[GENERATIONS + 1]; /* of each list, the permanent one last */
	bool has_lists, has_permanent, is_lost;
	uint64_t limit;
};

/* How many objects are in each list. */
static void count_lists(struct collector *c)
{
	struct gc_list lists[LISTS_MAX];
	size_t count = gc_lists(c->rt, lists, LISTS_MAX);
	for (size_t i = 0; i < count; i++) {
		addr_t at;
		if ((!c->is_shared && lists[i].interp.at != c->interp.at) ||
		    lists[i].generation > GENERATIONS)
			continue;
		struct gc_list_iter it = gc_list_objects(c->rt, &lists[i]);
		uint64_t n = 0;
		while (gc_list_next(&it, &at))
			n++;
		c->objects[lists[i].generation] = n;
		c->is_lost |= it.chain.end != CHAIN_END;
		c->has_lists = true;
		c->has_permanent |= lists[i].generation == GENERATIONS;
		if (lists[i].generation == 0)
			c->generations =
				lists[i].head - OFFSET(&c->rt->layout, gc_generation, head);
	}
}

/* Free-threaded: there are no lists, the heap is asked. */
static struct error *count_heap(struct collector *c)
{
	const struct pyheap_options options = { .progress = c->s->files->progress };
	struct heap_object o;
	_cleanup_(owned_pyheap_free) struct pyheap *heap = NULL;
	struct error *err = pyheap_load(c->rt, &options, &heap);
	if (err)
		return err;
	_cleanup_(owned_heap_iter_free) struct heap_iter *it =
		heap_objects(heap, 0, pyheap_parts(heap));
	while (it && heap_next(it, &o))
		if (o.tracked)
			c->objects[o.frozen || object_is_frozen(c->rt, &o.object) ? GENERATIONS : 0]++;
	c->has_permanent = true;
	return it ? NULL : error_nomem();
}

static void locate(struct collector *c)
{
	const struct layout *l = &c->rt->layout;
	if (c->interp.gc)
		c->gc = c->interp.gc;
	else if (c->generations && HAS(l, _PyRuntimeState, gc))
		c->gc = c->generations - OFFSET(l, _gc_runtime_state, generations);
	if (c->gc && !c->generations && HAS(l, _gc_runtime_state, generations))
		c->generations = c->gc + OFFSET(l, _gc_runtime_state, generations);
}

/* A static variable of gcmodule.c, where the symbol table has it (2.7, 3.6); else -1. */
static int static_flag(struct collector *c, const char *name)
{
	struct symbol s;
	if (!c->rt->module || !symbols_find_in(c->rt->symbols, c->rt->module, name, &s))
		return -1;
	const uint8_t *p = memory_at(&c->rt->target->memory, s.addr, 4);
	uint32_t value = p ? load_u32(c->rt->layout.machine, p) : 2;
	return value <= 1 ? (int)value : -1;
}

static struct value enabled_value(struct collector *c)
{
	uint64_t enabled;
	if (c->gc && READ(c->rt, c->gc, _gc_runtime_state, enabled, &enabled))
		return value_bool((uint32_t)enabled);
	int flag = c->gc ? -1 : static_flag(c, "enabled");
	return flag < 0 ? value_absent() : value_bool(flag);
}

/* gc.garbage or gc.callbacks: the collector's own, or what the module calls so. 0: not found. */
static addr_t list_of(struct collector *c, enum field field, const char *name)
{
	uint64_t list = 0;
	addr_t modules = c->interp.modules;
	struct object module;
	if (c->gc && runtime_field(c->rt, c->gc, field, &list) && list)
		return list;
	addr_t at = modules ? dict_get(c->rt, modules, "gc") : 0;
	if (!at || !object_load(c->rt, at, &module))
		return 0;
	return object_attribute(c->rt, &module, name);
}

static struct value count_value(struct collector *c, addr_t list)
{
	size_t count;
	addr_t items;
	return object_sequence(c->rt, list, &count, &items) ? value_uint(count) : value_absent();
}

/* The thread that the collection runs in. */
static struct value thread_value(struct collector *c)
{
	struct interpreter_iter all = interpreters(c->rt);
	struct interpreter interp;
	struct pythread thread;
	while (interpreter_next(&all, &interp)) {
		struct pythread_iter it = pythreads(c->rt, &interp);
		while ((c->is_shared || interp.at == c->interp.at) && pythread_next(&it, &thread))
			if (thread.gc_collecting && thread.tid)
				return value_uint(thread.tid);
	}
	return value_absent();
}

/* --- telling ------------------------------------------------------------------------------- */

static void report_members(struct collector *c, struct report *report, const struct record *record,
			   addr_t list, const char *name)
{
	size_t count;
	addr_t items, at;
	if (!object_sequence(c->rt, list, &count, &items))
		return;
	for (size_t i = 0; i < count && i < c->limit; i++) {
		_str_ struct str repr = STR_INIT;
		struct repr_limits limits = repr_limits_text;
		struct object o;
		limits.length = limits.text = REPR_SHORT;
		limits.dots = true;
		if (!target_read_word(c->rt->target, items + i * c->rt->layout.machine->word, &at))
			break;
		object_repr(c->rt, at, &limits, &repr);
		struct value values[MEMBER_COLUMNS] = {
			[MEMBER_ADDRESS] = value_uint(at),
			[MEMBER_TYPE] = object_load(c->rt, at, &o) ? value_str(o.type->full_name)
								   : value_lost(at),
			[MEMBER_REPR] = value_bytes(repr.buf, repr.len),
			[MEMBER_LIST] = value_str(name),
		};
		report_row(report, record, values);
	}
}

static void report_generations(struct collector *c, struct report *report)
{
	static const char *const names[] = { "generation 0", "generation 1", "generation 2" };
	const struct layout *l = &c->rt->layout;
	for (unsigned i = 0; c->generations && i < GENERATIONS; i++) {
		struct value values[GENERATION_COLUMNS] = { [GENERATION_NAME] =
								    value_str(names[i]) };
		addr_t at = c->generations + i * SIZEOF(l, gc_generation);
		const uint8_t *p = memory_at(&c->rt->target->memory, at, SIZEOF(l, gc_generation));
		values[GENERATION_THRESHOLD] =
			p ? value_int(GETS(l, p, gc_generation, threshold)) : value_lost(at);
		values[GENERATION_COUNT] =
			p ? value_int(GETS(l, p, gc_generation, count)) : value_lost(at);
		if (c->has_lists)
			values[GENERATION_OBJECTS] = value_uint(c->objects[i]);
		report_row(report, &generation_record, values);
	}
}

static struct error *report_collector(struct collector *c, struct report *report)
{
	struct value values[COLLECTOR_COLUMNS] = { 0 };
	count_lists(c);
	locate(c);
	struct error *err = c->rt->layout.version.free_threaded ? count_heap(c) : NULL;
	if (err)
		return err;
	addr_t garbage = list_of(c, FIELD__gc_runtime_state_garbage, "garbage");
	addr_t callbacks = list_of(c, FIELD__gc_runtime_state_callbacks, "callbacks");
	if (!c->is_shared)
		values[COLLECTOR_INTERPRETER] = value_int(c->interp.id);
	values[COLLECTOR_ENABLED] = enabled_value(c);
	values[COLLECTOR_COLLECTING] = value_bool(c->interp.gc_collecting);
	if (c->interp.gc_collecting)
		values[COLLECTOR_THREAD] = thread_value(c);
	values[COLLECTOR_OBJECTS] = value_uint(c->objects[0] + c->objects[1] + c->objects[2]);
	if (c->has_permanent)
		values[COLLECTOR_FROZEN] = value_uint(c->objects[GENERATIONS]);
	values[COLLECTOR_GARBAGE] = count_value(c, garbage);
	values[COLLECTOR_CALLBACKS] = count_value(c, callbacks);
	report_open(report, &collector_record, values);
	report_generations(c, report);
	report_members(c, report, &garbage_record, garbage, "garbage");
	report_members(c, report, &callback_record, callbacks, "callback");
	report_close(report);
	if (c->is_lost)
		report_note(report, NOTE_LOSS,
			    "a list of the collector is damaged or lost in part: its "
			    "objects are more than counted here");
	return NULL;
}

static struct error *gc_run(struct session *s, const void *config_, struct report *report)
{
	const struct gc_config *config = config_;
	struct interpreter_iter all = interpreters(s->runtime);
	struct interpreter interp;
	struct error *err = NULL;
	while (!err && interpreter_next(&all, &interp)) {
		struct collector c = {
			.s = s, .rt = s->runtime, .interp = interp, .is_shared = !interp.gc
		};
		c.limit = config->limit  ? config->limit
			  : s->text_form ? GARBAGE_TEXT
					 : GARBAGE_JSON;
		err = report_collector(&c, report);
		if (c.is_shared)
			break;
	}
	const struct unreachable_options options = {
		.limit = config->limit  ? config->limit
			 : s->text_form ? GARBAGE_TEXT
					: GARBAGE_JSON,
		.list = config->list,
		.jobs = config->jobs,
		.memory_limit = config->memory_limit,
	};
	if (!err && !config->no_cycles)
		err = report_unreachable(s, &options, report);
	return err;
}

const struct analyzer analyzer_gc = {
	.api = PYCORE_PLUGIN_API,
	.name = "gc",
	.summary = "the cyclic collector: generations, thresholds, garbage, running or not",
	.description = "What gc.isenabled(), gc.get_threshold(), gc.get_count(), "
		       "gc.get_freeze_count(), gc.garbage\n"
		       "and gc.callbacks would say, how many objects each generation holds, and "
		       "whether a collection\n"
		       "was running, and in which thread.\n"
		       "Then what a collection would have freed: objects that refer to each other "
		       "in cycles and that\n"
		       "nothing else refers to, by the collector's own reckoning. Cycles of the "
		       "same types are one\n"
		       "group, and one of each group is written out.",
	.example = "pycore gc core.1234\n"
		   "pycore gc --list --json core.1234 | jq '.unreachable.members[].address'",
	.options = gc_options,
	.config_size = sizeof(struct gc_config),
	.root = &gc_root,
	.needs = NEEDS_TARGET | NEEDS_RUNTIME,
	.run = gc_run,
};
