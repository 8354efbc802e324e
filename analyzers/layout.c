/* `pycore layout`: how the process's CPython lays out its structs, and how we know. */
#include "analyzers/layout.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <stddef.h>
#include "analyzers/words.h"
#include "core/checked.h"
#include "report/text.h"

/* --- records -------------------------------------------------------------------------------- */

enum field_column {
	FIELD_NAME, FIELD_OFFSET, FIELD_WIDTH, FIELD_BIT, FIELD_BITS, FIELD_SOURCE, FIELD_COLUMNS,
};

static const struct column field_columns[] = {
	[FIELD_NAME] = COLUMN("name", STRING, "of the member, as fields.def calls it"),
	[FIELD_OFFSET] = COLUMN("offset", UINT, "bytes from the struct's start"),
	[FIELD_WIDTH] = COLUMN("width", UINT, "bytes; 0 where only the place matters"),
	[FIELD_BIT] = COLUMN("bit", UINT, "of a bit field: shift after the load; else null"),
	[FIELD_BITS] = COLUMN("bits", UINT, "of a bit field: its width; else null"),
	[FIELD_SOURCE] = COLUMN("source", STRING, "table, debug offsets or DWARF"),
};

static void field_text(struct text *out, const struct value *values)
{
	text_printf(out, "  %6" PRIu64 " ", values[FIELD_OFFSET].u);
	if (values[FIELD_BITS].state == VALUE_PRESENT)
		text_printf(out, "bit %2" PRIu64 "+%-2" PRIu64 " ", values[FIELD_BIT].u,
			    values[FIELD_BITS].u);
	else if (values[FIELD_WIDTH].u)
		text_printf(out, "%8" PRIu64 " ", values[FIELD_WIDTH].u);
	else
		text_printf(out, "%8s ", "-");
	text_style(out, STYLE_NAME);
	text_printf(out, " %s", values[FIELD_NAME].s.bytes);
	text_style(out, STYLE_DIM);
	text_printf(out, "  %s\n", values[FIELD_SOURCE].s.bytes);
	text_style(out, STYLE_PLAIN);
}

static const struct record field_record = {
	.name = "fields", .list = true,
	.doc = "the members that this build has, of those that pycore uses",
	COLUMNS(field_columns), .text = field_text,
};

enum struct_column { STRUCT_NAME, STRUCT_SIZE, STRUCT_SOURCE, STRUCT_COLUMNS };

static const struct column struct_columns[] = {
	[STRUCT_NAME] = COLUMN("name", STRING, "as fields.def calls it"),
	[STRUCT_SIZE] = COLUMN("size", UINT, "bytes"),
	[STRUCT_SOURCE] = COLUMN("source", STRING, "of its size: table, debug offsets or DWARF"),
};

static void struct_text(struct text *out, const struct value *values)
{
	text_style(out, STYLE_HEADING);
	text_printf(out, "\n%s", values[STRUCT_NAME].s.bytes);
	text_style(out, STYLE_PLAIN);
	text_printf(out, ", %" PRIu64 " bytes", values[STRUCT_SIZE].u);
	text_style(out, STYLE_DIM);
	text_printf(out, "  %s\n", values[STRUCT_SOURCE].s.bytes);
	text_style(out, STYLE_PLAIN);
}

static const struct record *const struct_children[] = { &field_record, NULL };

static const struct record struct_record = {
	.name = "structs", .list = true,
	.doc = "the structs that this build has, of those that pycore uses",
	COLUMNS(struct_columns), .children = struct_children, .text = struct_text,
};

enum basis_column {
	BASIS_TABLE, BASIS_ORIGIN, BASIS_VERSION_KNOWN, BASIS_VERSION_EVIDENCE, BASIS_EVIDENCE,
	BASIS_ADDRESS, BASIS_PROOFS, BASIS_PROOFS_FAILED, BASIS_COLUMNS,
};

static const struct column basis_columns[] = {
	[BASIS_TABLE] = COLUMN("table", STRING, "name of the committed table"),
	[BASIS_ORIGIN] = COLUMN("origin", STRING, "what the table was made from"),
	[BASIS_VERSION_KNOWN] = COLUMN("version_known", BOOL, "false: a guess, for want of a table"),
	[BASIS_VERSION_EVIDENCE] = COLUMN("version_evidence", STRING, "what said which it is"),
	[BASIS_EVIDENCE] = COLUMN("evidence", STRING, "how the interpreter was found"),
	[BASIS_ADDRESS] = COLUMN("address", ADDRESS, "of _PyRuntime, or (2.7, 3.6) an interpreter"),
	[BASIS_PROOFS] = COLUMN("proofs", UINT, "truths of every CPython that hold in the core"),
	[BASIS_PROOFS_FAILED] = COLUMN("proofs_failed", UINT, "and those that do not"),
};

static void basis_text(struct text *out, const struct value *values)
{
	bool known = values[BASIS_VERSION_KNOWN].b;
	text_printf(out, "Layout: table %s (%s)%s\n", values[BASIS_TABLE].s.bytes,
		    values[BASIS_ORIGIN].s.bytes,
		    known ? "" : ", a guess: no table was made for this version");
	text_printf(out, "Why: the version comes from %s; found by %s, at 0x%" PRIx64 "\n",
		    values[BASIS_VERSION_EVIDENCE].s.bytes, values[BASIS_EVIDENCE].s.bytes,
		    values[BASIS_ADDRESS].u);
	text_printf(out, "Proofs: %" PRIu64 " hold, %" PRIu64 " do not\n", values[BASIS_PROOFS].u,
		    values[BASIS_PROOFS_FAILED].u);
}

static const struct record basis_record = {
	.name = "layout", .doc = "where the layout comes from; null with --check alone",
	COLUMNS(basis_columns), .text = basis_text,
};

static const struct record *const root_children[] = {
	&basis_record, &layout_check_record, &struct_record, NULL,
};
static const struct record root_record = { .name = "layout", .children = root_children };

/* --- run ------------------------------------------------------------------------------------ */

static const char *const source_names[] = {
	[SLOT_NONE] = "none", [SLOT_TABLE] = "table", [SLOT_DEBUG_OFFSETS] = "debug offsets",
	[SLOT_DWARF] = "DWARF",
};

static const char *const evidence_names[] = {
	[FOUND_BY_SYMBOL] = "a symbol",
	[FOUND_BY_CODE] = "the code of PyInterpreterState_Head",
	[FOUND_BY_SECTION] = "the section .PyRuntime",
	[FOUND_BY_COOKIE] = "the debug offsets' cookie",
	[FOUND_BY_SEARCH] = "a search of writable memory",
};

static bool report_basis(const struct runtime *rt, struct report *report)
{
	const struct layout *l = &rt->layout;
	const struct layout_table *table = layout_table_named(l->table);
	const char *version_evidence =
		rt->version_evidence ? rt->version_evidence : "the layout that fits";
	struct value values[BASIS_COLUMNS] = {
		[BASIS_TABLE] = value_str(l->table),
		[BASIS_ORIGIN] = value_str(table ? table->origin : ""),
		[BASIS_VERSION_KNOWN] = value_bool(l->version_known),
		[BASIS_VERSION_EVIDENCE] = value_str(version_evidence),
		[BASIS_EVIDENCE] = value_str(evidence_names[rt->evidence]),
		[BASIS_ADDRESS] = value_uint(rt->address ? rt->address : rt->interpreters),
		[BASIS_PROOFS] = value_uint(rt->proofs),
		[BASIS_PROOFS_FAILED] = value_uint(rt->proofs_failed),
	};
	return report_row(report, &basis_record, values);
}

static bool report_field(const struct slot *slot, const char *name, struct report *report)
{
	struct value values[FIELD_COLUMNS] = {
		[FIELD_NAME] = value_str(name),
		[FIELD_OFFSET] = value_uint(slot->offset),
		[FIELD_WIDTH] = value_uint(slot->width),
		[FIELD_SOURCE] = value_str(source_names[slot->source]),
	};
	if (slot->bits) {
		values[FIELD_BIT] = value_uint(slot->bit);
		values[FIELD_BITS] = value_uint(slot->bits);
	}
	return report_row(report, &field_record, values);
}

static bool report_struct(const struct layout *l, enum structure s, struct report *report)
{
	struct value values[STRUCT_COLUMNS] = {
		[STRUCT_NAME] = value_str(structure_names[s]),
		[STRUCT_SIZE] = value_uint(l->size[s]),
		[STRUCT_SOURCE] = value_str(source_names[l->size_source[s]]),
	};
	if (!report_open(report, &struct_record, values))
		return false;
	for (size_t f = 0; f < FIELD_COUNT; f++) {
		if (field_infos[f].structure == s && l->slot[f].source != SLOT_NONE &&
		    !report_field(&l->slot[f], field_infos[f].name, report))
			return false;
	}
	return report_close(report);
}

/* The glob against our name and each of CPython's. */
static bool is_wanted(const char *glob, enum structure s)
{
	char name[128];
	const char *rest = structure_aliases[s];
	if (!glob || fnmatch(glob, structure_names[s], 0) == 0)
		return true;
	for (;;) {
		size_t len = strcspn(rest, "|");
		snprintf(name, sizeof(name), "%.*s", (int)len, rest);
		if (fnmatch(glob, name, 0) == 0)
			return true;
		if (!rest[len])
			return false;
		rest += len + 1;
	}
}

static struct error *layout_run(struct session *session, const void *config, struct report *report)
{
	const struct layout_config *c = config;
	size_t shown = 0;
	if (session->runtime)
		report_basis(session->runtime, report);
	if (c->check)
		return layout_check_run(session, c, report);
	for (size_t s = 0; s < STRUCT_COUNT; s++) {
		if (!session->runtime->layout.size[s] || !is_wanted(c->structure, s))
			continue;
		shown++;
		if (!report_struct(&session->runtime->layout, s, report))
			return NULL;
	}
	if (!shown)
		return error_new(ERROR_USAGE, "no struct of this CPython is called %s; try without --struct",
				 c->structure ? c->structure : "so");
	return NULL;
}

static unsigned layout_needs(const void *config)
{
	const struct layout_config *c = config;
	return c->check ? WANTS_RUNTIME : NEEDS_TARGET | NEEDS_RUNTIME;
}

static const struct option options[] = {
	{ .name = "struct", .type = OPTION_STRING, .argument = "GLOB",
	  .help = "only structs with such a name",
	  .offset = offsetof(struct layout_config, structure) },
	{ .name = "check", .type = OPTION_STRING, .argument = "EXE",
	  .help = "compare the table for EXE (python, libpython, an extension) with its DWARF",
	  .offset = offsetof(struct layout_config, check) },
	{ 0 },
};

const struct analyzer analyzer_layout = {
	.api = PYCORE_PLUGIN_API,
	.name = "layout",
	.summary = "show how this CPython lays out its structs, and how that is known",
	.description =
		"Every member that pycore uses, with its struct, offset, width and where that comes "
		"from: a committed table, the debug offsets that CPython 3.13 and later carry, or "
		"DWARF.\n\n"
		"With --check no core is needed: the table for EXE's version is compared with EXE's "
		"own debug information (in EXE, or in its separate debug file), and each member that "
		"lies elsewhere is listed; the exit code is 1 if there are any. Of several tables for "
		"that version the one that fits best is taken, and named. With a CORE too, the layout "
		"used for it is compared.",
	.example = "pycore layout core.1234\n"
		   "pycore layout --struct 'Py*Frame*' core.1234\n"
		   "pycore layout --check /usr/lib/x86_64-linux-gnu/libpython3.11.so.1.0",
	.options = options,
	.config_size = sizeof(struct layout_config),
	.root = &root_record,
	.needs = NEEDS_TARGET | NEEDS_RUNTIME,
	.needs_of = layout_needs,
	.run = layout_run,
};
