/* pycore whatis: what lies at an address. */
#include "analyzers/address.h"

#include <errno.h>
#include <inttypes.h>
#include "analyzers/words.h"
#include "core/checked.h"
#include "report/text.h"
#include "symbols/places.h"

/* --- records -------------------------------------------------------------------------------- */

enum address_column { ADDR_ADDRESS, ADDR_KIND, ADDR_TEXT, ADDR_COLUMNS };

static const struct column address_columns[] = {
	[ADDR_ADDRESS] = COLUMN("address", ADDRESS, "that was asked about"),
	[ADDR_KIND] = COLUMN("kind", STRING,
			     "object, dead, freed, block, allocator, frame, stack, symbol, module, "
			     "mapped or nothing"),
	[ADDR_TEXT] = COLUMN("text", STRING, "in words; null: there is nothing to say"),
};

static void address_text(struct text *out, const struct value *values)
{
	text_put(out, "\n", 1);
	text_style(out, STYLE_HEADING);
	text_printf(out, "0x%" PRIx64, values[ADDR_ADDRESS].u);
	text_style(out, STYLE_PLAIN);
	text_put(out, "  ", 2);
	if (values[ADDR_TEXT].state == VALUE_PRESENT)
		text_value(out, &address_columns[ADDR_TEXT], &values[ADDR_TEXT]);
	else
		text_printf(out, "nothing");
	text_put(out, "\n", 1);
}

static void label(struct text *out, const char *name)
{
	text_style(out, STYLE_DIM);
	text_printf(out, "  %-8s ", name);
	text_style(out, STYLE_PLAIN);
}

enum object_column {
	OBJ_ADDRESS,
	OBJ_TYPE,
	OBJ_REPR,
	OBJ_OFFSET,
	OBJ_PART,
	OBJ_TRACKED,
	OBJ_GC_HEAD,
	OBJ_GENERATION,
	OBJ_COLUMNS,
};

static const struct column object_columns[] = {
	[OBJ_ADDRESS] = COLUMN("address", ADDRESS, "where it begins, as id() says"),
	[OBJ_TYPE] = COLUMN("type", STRING, "its class"),
	[OBJ_REPR] = COLUMN("repr", STRING, "what repr() would give"),
	[OBJ_OFFSET] = COLUMN("offset", INT, "of the address from there"),
	[OBJ_PART] = COLUMN("part", STRING, "header, body, gc head, pre-header or debug padding"),
	[OBJ_TRACKED] = COLUMN("tracked", BOOL, "the cyclic collector knows it"),
	[OBJ_GC_HEAD] = COLUMN("gc_head", ADDRESS, "its PyGC_Head; null: it has none"),
	[OBJ_GENERATION] = COLUMN("generation", STRING,
				  "the collector's list that it is in; null: none, or not found"),
};

static void show_object(struct text *out, const struct value *values)
{
	label(out, "object");
	text_printf(out, "0x%" PRIx64 " ", values[OBJ_ADDRESS].u);
	text_value(out, &object_columns[OBJ_TYPE], &values[OBJ_TYPE]);
	text_printf(out, ", %+" PRId64 " (", values[OBJ_OFFSET].i);
	text_value(out, &object_columns[OBJ_PART], &values[OBJ_PART]);
	text_printf(out, ")");
	if (values[OBJ_GC_HEAD].state == VALUE_PRESENT)
		text_printf(out, ", gc head 0x%" PRIx64, values[OBJ_GC_HEAD].u);
	if (values[OBJ_TRACKED].b)
		text_printf(out, ", tracked");
	if (values[OBJ_GENERATION].state == VALUE_PRESENT) {
		text_printf(out, " in ");
		text_value(out, &object_columns[OBJ_GENERATION], &values[OBJ_GENERATION]);
	}
	text_put(out, "\n", 1);
}

static const struct record object_record = {
	.name = "object",
	.doc = "the live Python object there; null: none",
	COLUMNS(object_columns),
	.text = show_object,
};

enum block_column {
	BLK_ADDRESS,
	BLK_SIZE,
	BLK_OFFSET,
	BLK_STATE,
	BLK_ALLOCATOR,
	BLK_POOL,
	BLK_START,
	BLK_END,
	BLK_TYPE,
	BLK_FILL,
	BLK_COLUMNS,
};

static const struct column block_columns[] = {
	[BLK_ADDRESS] = COLUMN("address", ADDRESS, "where it begins; null: between blocks"),
	[BLK_SIZE] = COLUMN("size", UINT, "bytes"),
	[BLK_OFFSET] = COLUMN("offset", INT, "of the address from there"),
	[BLK_STATE] = COLUMN("state", STRING, "used, free, cached (freed, kept for a thread's next "
					      "request); null: between blocks"),
	[BLK_ALLOCATOR] = COLUMN("allocator", STRING, "pymalloc, mimalloc or malloc"),
	[BLK_POOL] = COLUMN("pool", ADDRESS, "pymalloc: its pool"),
	[BLK_START] = COLUMN("region", ADDRESS,
			     "the arena's first pool, the segment, the run of chunks"),
	[BLK_END] = COLUMN("region_end", ADDRESS, "where what is used of that ends"),
	[BLK_TYPE] = COLUMN("was", STRING, "the type of the object that it was; null: not known"),
	[BLK_FILL] = COLUMN("fill", STRING, "what Python's debug allocator filled it with"),
};

static void block_text(struct text *out, const struct value *values)
{
	label(out, "block");
	if (values[BLK_ADDRESS].state == VALUE_PRESENT)
		text_printf(out, "0x%" PRIx64 ", %" PRIu64 " bytes, %s, ", values[BLK_ADDRESS].u,
			    values[BLK_SIZE].u, values[BLK_STATE].s.bytes);
	text_printf(out, "%s", values[BLK_ALLOCATOR].s.bytes);
	if (values[BLK_POOL].state == VALUE_PRESENT)
		text_printf(out, ": pool 0x%" PRIx64 ", arena 0x%" PRIx64, values[BLK_POOL].u,
			    values[BLK_START].u);
	else
		text_printf(out, ": 0x%" PRIx64 "-0x%" PRIx64, values[BLK_START].u,
			    values[BLK_END].u);
	text_put(out, "\n", 1);
}

static const struct record block_record = {
	.name = "block",
	.doc = "of an allocator; null: of none that is known",
	COLUMNS(block_columns),
	.text = block_text,
};

enum frame_column {
	FRM_TID,
	FRM_NUMBER,
	FRM_ADDRESS,
	FRM_NAME,
	FRM_FILE,
	FRM_LINE,
	FRM_VARIABLE,
	FRM_VALUE_STACK,
	FRM_COLUMNS,
};

static const struct column frame_columns[] = {
	[FRM_TID] = COLUMN("tid", UINT, "of the thread"),
	[FRM_NUMBER] = COLUMN("number", UINT, "0 is the innermost; null: in no frame"),
	[FRM_ADDRESS] = COLUMN("address", ADDRESS, "of the _PyInterpreterFrame"),
	[FRM_NAME] = COLUMN("name", STRING, "of the function"),
	[FRM_FILE] = COLUMN("file", STRING, "of its code"),
	[FRM_LINE] = COLUMN("line", INT, "that was running"),
	[FRM_VARIABLE] = COLUMN("variable", STRING, "whose slot that is"),
	[FRM_VALUE_STACK] = COLUMN("value_stack", BOOL, "it is a slot of the value stack"),
};

static void frame_text(struct text *out, const struct value *values)
{
	label(out, "frame");
	text_printf(out, "thread %" PRIu64 ", data stack", values[FRM_TID].u);
	if (values[FRM_NUMBER].state == VALUE_PRESENT) {
		text_printf(out, ", Python frame %" PRIu64 ": ", values[FRM_NUMBER].u);
		text_value(out, &frame_columns[FRM_NAME], &values[FRM_NAME]);
		text_printf(out, " at ");
		text_value(out, &frame_columns[FRM_FILE], &values[FRM_FILE]);
		text_printf(out, ":");
		text_value(out, &frame_columns[FRM_LINE], &values[FRM_LINE]);
	}
	text_put(out, "\n", 1);
}

static const struct record frame_record = {
	.name = "frame",
	.doc = "the Python frame on a thread's data stack (3.11 and later); null: none",
	COLUMNS(frame_columns),
	.text = frame_text,
};

enum stack_column {
	STK_TID,
	STK_PART,
	STK_NUMBER,
	STK_FUNCTION,
	STK_PC,
	STK_SP,
	STK_COLUMNS,
};

static const struct column stack_columns[] = {
	[STK_TID] = COLUMN("tid", UINT, "of the thread"),
	[STK_PART] = COLUMN("part", STRING, "frame; unused: below the stack pointer; above: of no "
					    "frame, where the thread began"),
	[STK_NUMBER] = COLUMN("number", UINT, "of the C frame, 0 is the innermost"),
	[STK_FUNCTION] = COLUMN("function", STRING, "its symbol"),
	[STK_PC] = COLUMN("pc", ADDRESS, "where it was"),
	[STK_SP] = COLUMN("sp", ADDRESS, "the stack pointer in it"),
};

static void stack_text(struct text *out, const struct value *values)
{
	label(out, "stack");
	text_printf(out, "of thread %" PRIu64, values[STK_TID].u);
	if (values[STK_NUMBER].state == VALUE_PRESENT) {
		text_printf(out, ", C frame %" PRIu64 ": ", values[STK_NUMBER].u);
		text_value(out, &stack_columns[STK_FUNCTION], &values[STK_FUNCTION]);
		text_printf(out, ", pc 0x%" PRIx64 ", sp 0x%" PRIx64, values[STK_PC].u,
			    values[STK_SP].u);
	} else {
		text_printf(out, values[STK_PART].s.bytes[0] == 'u'
					 ? ", below the stack pointer: unused"
					 : ", above its oldest C frame");
	}
	text_put(out, "\n", 1);
}

static const struct record stack_record = {
	.name = "stack",
	.doc = "the C stack of a thread; null: none",
	COLUMNS(stack_columns),
	.text = stack_text,
};

enum symbol_column { SYM_MODULE, SYM_MODULE_OFFSET, SYM_NAME, SYM_ADDRESS, SYM_OFFSET, SYM_COLUMNS };

static const struct column symbol_columns[] = {
	[SYM_MODULE] = COLUMN("module", STRING, "path of the mapped ELF file"),
	[SYM_MODULE_OFFSET] = COLUMN("module_offset", ADDRESS, "the address as that file counts it"),
	[SYM_NAME] = COLUMN("name", STRING, "function or variable; null: none is known"),
	[SYM_ADDRESS] = COLUMN("address", ADDRESS, "where that begins"),
	[SYM_OFFSET] = COLUMN("offset", UINT, "of the address from there"),
};

static void symbol_text(struct text *out, const struct value *values)
{
	label(out, "module");
	text_value(out, &symbol_columns[SYM_MODULE], &values[SYM_MODULE]);
	text_printf(out, "+0x%" PRIx64, values[SYM_MODULE_OFFSET].u);
	if (values[SYM_NAME].state == VALUE_PRESENT) {
		text_printf(out, ": ");
		text_value(out, &symbol_columns[SYM_NAME], &values[SYM_NAME]);
		text_printf(out, "+0x%" PRIx64, values[SYM_OFFSET].u);
	}
	text_put(out, "\n", 1);
}

static const struct record symbol_record = {
	.name = "symbol",
	.doc = "the module that it lies in; null: none",
	COLUMNS(symbol_columns),
	.text = symbol_text,
};

enum mapping_column {
	MAP_START,
	MAP_END,
	MAP_ACCESS,
	MAP_FILE,
	MAP_FILE_OFFSET,
	MAP_SOURCE,
	MAP_WHY,
	MAP_DISTANCE,
	MAP_COLUMNS,
};

static const struct column mapping_columns[] = {
	[MAP_START] = COLUMN("start", ADDRESS, "of memory that is alike"),
	[MAP_END] = COLUMN("end", ADDRESS, "exclusive"),
	[MAP_ACCESS] = COLUMN("access", STRING, "r, w, x as /proc/PID/maps has them"),
	[MAP_FILE] = COLUMN("file", STRING, "that is mapped there; null: none"),
	[MAP_FILE_OFFSET] = COLUMN("file_offset", UINT, "of the address in it"),
	[MAP_SOURCE] = COLUMN("source", STRING, "where its bytes come from: core, file or lost"),
	[MAP_WHY] = COLUMN("why", STRING, "they are lost"),
	[MAP_DISTANCE] = COLUMN("distance", INT, "of nearest: bytes from the address, < 0: below"),
};

static void mapping_line(struct text *out, const struct value *values, const char *name)
{
	label(out, name);
	text_printf(out, "0x%" PRIx64 "-0x%" PRIx64 " %.*s", values[MAP_START].u, values[MAP_END].u,
		    (int)values[MAP_ACCESS].s.len, values[MAP_ACCESS].s.bytes);
	if (values[MAP_FILE].state == VALUE_PRESENT) {
		text_put(out, " ", 1);
		text_value(out, &mapping_columns[MAP_FILE], &values[MAP_FILE]);
	}
	if (values[MAP_FILE_OFFSET].state == VALUE_PRESENT)
		text_printf(out, " +0x%" PRIx64, values[MAP_FILE_OFFSET].u);
	if (values[MAP_WHY].state == VALUE_PRESENT) {
		text_printf(out, ", lost: ");
		text_value(out, &mapping_columns[MAP_WHY], &values[MAP_WHY]);
	}
	if (values[MAP_DISTANCE].state == VALUE_PRESENT)
		text_printf(out, ", %" PRIu64 " bytes %s", (uint64_t)llabs(values[MAP_DISTANCE].i),
			    values[MAP_DISTANCE].i < 0 ? "below" : "above");
	text_put(out, "\n", 1);
}

static void mapping_text(struct text *out, const struct value *values)
{
	mapping_line(out, values, "mapping");
}

static void nearest_text(struct text *out, const struct value *values)
{
	mapping_line(out, values, "nearest");
}

static const struct record mapping_record = {
	.name = "mapping",
	.doc = "null: nothing is mapped there",
	COLUMNS(mapping_columns),
	.text = mapping_text,
};

static const struct record nearest_record = {
	.name = "nearest",
	.list = true,
	.doc = "the mappings below and above, where nothing is mapped",
	COLUMNS(mapping_columns),
	.text = nearest_text,
};

static const struct record *const address_children[] = {
	&object_record, &block_record,	 &frame_record,	  &stack_record,
	&symbol_record, &mapping_record, &nearest_record, NULL,
};

static const struct record address_record = {
	.name = "addresses",
	.list = true,
	.doc = "in the order in which they were asked about",
	COLUMNS(address_columns),
	.children = address_children,
	.text = address_text,
};

static const struct record *const whatis_children[] = { &address_record, NULL };

static const struct record whatis_root = {
	.name = "whatis",
	.doc = "what lies at addresses",
	.children = whatis_children,
};

/* --- what is reported ----------------------------------------------------------------------- */

struct work {
	struct session *session;
	struct report *report;
	struct addresses *addresses;
	const struct address_facts *f;
};

static bool report_object(const struct work *w)
{
	struct runtime *rt = w->session->runtime;
	const struct object *o = &w->f->found.object;
	if (w->f->kind != ADDRESS_OBJECT)
		return true;
	_str_ struct str repr = STR_INIT;
	bool has_head = o->type->flags & TPFLAGS_HAVE_GC && !rt->layout.version.free_threaded &&
			w->f->has_where && w->f->where.source != HEAP_STATIC;
	bool tracked = object_is_tracked(rt, o);
	object_repr(rt, o->at, w->session->text_form ? &repr_limits_text : &repr_limits_json,
		    &repr);
	const struct value values[OBJ_COLUMNS] = {
		[OBJ_ADDRESS] = value_uint(o->at),
		[OBJ_TYPE] = value_str(o->type->full_name),
		[OBJ_REPR] = value_bytes(repr.buf, repr.len),
		[OBJ_OFFSET] = value_int(w->f->offset),
		[OBJ_PART] = value_str(address_part(w->addresses, w->f)),
		[OBJ_TRACKED] = value_bool(tracked),
		[OBJ_GC_HEAD] = has_head ? value_uint(o->at - SIZEOF(&rt->layout, PyGC_Head))
					 : value_absent(),
		[OBJ_GENERATION] = value_str(tracked ? gc_generation_of(rt, o->at) : NULL),
	};
	return report_row(w->report, &object_record, values);
}

static bool report_block(const struct work *w)
{
	const struct address_facts *f = w->f;
	if (!f->has_where || !address_allocator(f))
		return true;
	struct value values[BLK_COLUMNS] = {
		[BLK_ALLOCATOR] = value_str(address_allocator(f)),
		[BLK_START] = value_uint(f->where.start),
		[BLK_END] = value_uint(f->where.end),
		[BLK_TYPE] = value_str(f->was ? f->was->full_name : NULL),
		[BLK_FILL] = value_str(f->fill),
	};
	if (f->where.pool)
		values[BLK_POOL] = value_uint(f->where.pool);
	if (f->found.block) {
		values[BLK_ADDRESS] = value_uint(f->found.block);
		values[BLK_SIZE] = value_uint(f->found.block_size);
		values[BLK_OFFSET] = value_int((int64_t)(f->at - f->found.block));
		values[BLK_STATE] = value_str(f->is_cached		   ? "cached"
					      : f->kind == ADDRESS_FREED ? "free"
									   : "used");
	}
	return report_row(w->report, &block_record, values);
}

static bool report_frame(const struct work *w)
{
	const struct address_facts *f = w->f;
	if (!f->has_frame)
		return true;
	struct value values[FRM_COLUMNS] = {
		[FRM_TID] = value_uint(f->python.tid),
		[FRM_VALUE_STACK] = value_bool(f->on_value_stack),
		[FRM_VARIABLE] = value_str(f->variable),
	};
	if (f->frame.code) {
		values[FRM_NUMBER] = value_uint(f->depth);
		values[FRM_ADDRESS] = value_uint(f->frame.at);
		values[FRM_NAME] = value_str(f->frame.code->name);
		values[FRM_FILE] = value_str(f->frame.code->filename);
		if (f->frame.position.line > 0)
			values[FRM_LINE] = value_int(f->frame.position.line);
	}
	return report_row(w->report, &frame_record, values);
}

static bool report_stack(const struct work *w)
{
	static const char *const parts[] = { [STACK_FRAME] = "frame",
					     [STACK_UNUSED] = "unused",
					     [STACK_ABOVE] = "above" };
	const struct address_facts *f = w->f;
	if (!f->thread)
		return true;
	struct value values[STK_COLUMNS] = {
		[STK_TID] = value_uint(f->thread->tid),
		[STK_PART] = value_str(parts[f->part]),
	};
	if (f->part == STACK_FRAME) {
		values[STK_NUMBER] = value_uint(f->number);
		values[STK_FUNCTION] = value_str(places_name(w->session->symbols, f->function.name));
		values[STK_PC] = value_uint(f->call.pc);
		values[STK_SP] = value_uint(f->call.sp);
	}
	return report_row(w->report, &stack_record, values);
}

static bool report_symbol(const struct work *w)
{
	const struct address_facts *f = w->f;
	if (!f->module)
		return true;
	struct value values[SYM_COLUMNS] = {
		[SYM_MODULE] = value_str(f->module->path),
		[SYM_MODULE_OFFSET] = value_uint(f->at - f->module->bias),
	};
	if (f->has_symbol) {
		values[SYM_NAME] = value_str(places_name(w->session->symbols, f->symbol.name));
		values[SYM_ADDRESS] = value_uint(f->symbol.addr);
		values[SYM_OFFSET] = value_uint(f->at - f->symbol.addr);
	}
	return report_row(w->report, &symbol_record, values);
}

static const struct mapping *file_of(const struct target *t, addr_t at)
{
	const struct mapping *m;
	vec_each(m, &t->mappings)
		if (at >= m->start && at < m->end)
			return m;
	return NULL;
}

static bool report_extent(const struct work *w, const struct record *record,
			  const struct extent *e, int64_t distance)
{
	static const char *const sources[] = { [EXTENT_CORE] = "core",
					       [EXTENT_FILE] = "file",
					       [EXTENT_LOST] = "lost" };
	if (!e)
		return true;
	addr_t at = w->f->at;
	const struct mapping *m = file_of(w->session->target, distance ? e->start : at);
	bool is_lost = e->source == EXTENT_LOST && m && m->access;
	uint8_t flags = is_lost ? m->access : e->flags;
	char access[4] = { flags & EXTENT_READ ? 'r' : '-', flags & EXTENT_WRITE ? 'w' : '-',
			   flags & EXTENT_EXECUTE ? 'x' : '-', 0 };
	struct value values[MAP_COLUMNS] = {
		[MAP_START] = value_uint(e->start),
		[MAP_END] = value_uint(e->end),
		[MAP_ACCESS] = value_str(access),
		[MAP_FILE] = value_str(m ? m->path : NULL),
		[MAP_SOURCE] = value_str(sources[e->source]),
		[MAP_WHY] = value_str(e->source == EXTENT_LOST ? e->why : NULL),
	};
	if (m && !distance)
		values[MAP_FILE_OFFSET] = value_uint(at - m->start + m->file_offset);
	if (distance)
		values[MAP_DISTANCE] = value_int(distance);
	return report_row(w->report, record, values);
}

static bool report_nearest(const struct work *w)
{
	const struct address_facts *f = w->f;
	return (!f->below || report_extent(w, &nearest_record, f->below,
					   -(int64_t)(f->at - f->below->end + 1))) &&
	       (!f->above || report_extent(w, &nearest_record, f->above,
					   (int64_t)(f->above->start - f->at)));
}

static bool report_address(struct work *w, addr_t at)
{
	static const char *const kinds[ADDRESS_KINDS] = {
		[ADDRESS_NOTHING] = "nothing", [ADDRESS_MAPPED] = "mapped",
		[ADDRESS_MODULE] = "module",   [ADDRESS_SYMBOL] = "symbol",
		[ADDRESS_STACK] = "stack",     [ADDRESS_FRAME] = "frame",
		[ADDRESS_ALLOCATOR] = "allocator", [ADDRESS_BLOCK] = "block",
		[ADDRESS_FREED] = "freed",     [ADDRESS_DEAD] = "dead",
		[ADDRESS_OBJECT] = "object",
	};
	struct address_facts f;
	_str_ struct str text = STR_INIT;
	address_find(w->addresses, at, &f);
	w->f = &f;
	address_words(w->addresses, &f, NULL, w->session->text_form ? 200 : 1000, &text);
	const struct value values[ADDR_COLUMNS] = {
		[ADDR_ADDRESS] = value_uint(at),
		[ADDR_KIND] = value_str(kinds[f.kind]),
		[ADDR_TEXT] = text.len ? value_bytes(text.buf, text.len) : value_absent(),
	};
	return report_open(w->report, &address_record, values) && report_object(w) &&
	       report_block(w) && report_frame(w) && report_stack(w) && report_symbol(w) &&
	       report_extent(w, &mapping_record, f.extent, 0) && report_nearest(w) &&
	       report_close(w->report);
}

/* As id() prints it, or as anything else does: hexadecimal where it has a letter. */
static struct error *parse_address(const char *word, addr_t *ret)
{
	bool is_decimal = !word[strspn(word, "0123456789")];
	char *end;
	errno = 0;
	*ret = strtoull(word, &end, is_decimal ? 10 : 16);
	return errno || *end
		       ? error_new(ERROR_USAGE, "%s: is no address of at most 64 bits", word)
		       : NULL;
}

static struct error *parse_all(const struct session *s, addr_t *list)
{
	if (!s->numbers.count)
		return error_new(ERROR_USAGE,
				 "which address? try: pycore whatis CORE 0x7f1234567890");
	struct error *err = list ? NULL : error_nomem();
	for (size_t i = 0; !err && i < s->numbers.count; i++)
		err = parse_address(s->numbers.items[i], &list[i]);
	return err;
}

static struct error *run_whatis(struct session *s, const void *config, struct report *report)
{
	size_t count = s->numbers.count;
	_free_ addr_t *list = calloc(count + 1, sizeof(*list));
	struct error *err = parse_all(s, list);
	if (err)
		return err;
	_cleanup_(owned_unwinder_free) struct unwinder *unwinder = NULL;
	err = unwinder_new(s->target, s->symbols, &unwinder);
	if (err)
		return err;
	struct work w = {
		.session = s,
		.report = report,
		.addresses = addresses_new(s, unwinder, list, count),
	};
	if (!w.addresses)
		return error_nomem();
	for (size_t i = 0; i < count && report_address(&w, list[i]); i++)
		;
	addresses_free(w.addresses);
	return NULL;
}

const struct analyzer analyzer_whatis = {
	.api = PYCORE_PLUGIN_API,
	.name = "whatis",
	.summary = "what lies at an address: object, freed block, stack, symbol, mapping",
	.description =
		"Says of each address what it is: in which Python object (header, body, gc head and "
		"the collector's list), in which block of pymalloc, mimalloc or malloc and whether "
		"that is in use or was freed, on which thread's stack and in which C frame, in "
		"which Python frame and variable, which symbol of which module, which mapping. "
		"Where nothing is mapped, the nearest mappings are named.\n"
		"An address is hexadecimal with 0x or when it has a letter, else decimal, as id() "
		"prints it.",
	.example = "pycore whatis core.1234 0x7f12345678a0\n"
		   "pycore whatis core.1234 140733193388032 0x55d0c0ffee00\n"
		   "pycore whatis --json core.1234 0x10 | jq '.addresses[].kind'",
	.root = &whatis_root,
	.needs = NEEDS_TARGET | WANTS_RUNTIME | TAKES_NUMBERS,
	.run = run_whatis,
};
