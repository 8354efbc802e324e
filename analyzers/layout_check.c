/* `pycore layout --check EXE`: is the table for that Python true? Its debug information says. */
#include "analyzers/layout.h"

#include <inttypes.h>
#include "analyzers/words.h"
#include "core/checked.h"
#include "core/elf.h"
#include "cpython_layouts/locate.h"
#include "report/text.h"
#include "symbols/debugfile.h"

enum { TABLES_MAX = 64 };

/* --- records -------------------------------------------------------------------------------- */

enum difference_column {
	DIFFERENCE_STRUCT, DIFFERENCE_MEMBER, DIFFERENCE_TABLE, DIFFERENCE_DWARF,
	DIFFERENCE_COLUMNS,
};

static const struct column difference_columns[] = {
	[DIFFERENCE_STRUCT] = COLUMN("struct", STRING, "as fields.def calls it"),
	[DIFFERENCE_MEMBER] = COLUMN("member", STRING, "null: the struct's size"),
	[DIFFERENCE_TABLE] = COLUMN("table", STRING, "\"offset+width\" or the size; null: absent"),
	[DIFFERENCE_DWARF] = COLUMN("dwarf", STRING, "and in the debug information"),
};

static void difference_text(struct text *out, const struct value *values)
{
	const struct value *member = &values[DIFFERENCE_MEMBER];
	bool has_member = member->state == VALUE_PRESENT;
	const char *sides[] = { "absent", "absent" };
	for (int i = 0; i < 2; i++) {
		if (values[DIFFERENCE_TABLE + i].state == VALUE_PRESENT)
			sides[i] = values[DIFFERENCE_TABLE + i].s.bytes;
	}
	text_printf(out, "  %s%s%s: %s in the table, %s in the debug information\n",
		    values[DIFFERENCE_STRUCT].s.bytes, has_member ? "." : "'s size",
		    has_member ? member->s.bytes : "", sides[0], sides[1]);
}

static const struct record difference_record = {
	.name = "differences", .list = true, .doc = "members first, then sizes",
	COLUMNS(difference_columns), .text = difference_text,
};

enum check_column {
	CHECK_FILE, CHECK_DEBUG_FILE, CHECK_TABLE, CHECK_ORIGIN, CHECK_STRUCTS, CHECK_MEMBERS,
	CHECK_DIFFER, CHECK_SIZES_DIFFER, CHECK_OTHERS, CHECK_COLUMNS,
};

static const struct column check_columns[] = {
	[CHECK_FILE] = COLUMN("file", STRING, "whose layout it is"),
	[CHECK_DEBUG_FILE] = COLUMN("debug_file", STRING, "where its debug information is"),
	[CHECK_TABLE] = COLUMN("table", STRING, "the table for its version that fits best"),
	[CHECK_ORIGIN] = COLUMN("origin", STRING, "what that table was made from"),
	[CHECK_STRUCTS] = COLUMN("structs", UINT, "compared: those that DWARF defines"),
	[CHECK_MEMBERS] = COLUMN("members", UINT, "of them"),
	[CHECK_DIFFER] = COLUMN("differ", UINT, "members that lie elsewhere"),
	[CHECK_SIZES_DIFFER] = COLUMN("sizes_differ", UINT, "structs of another size"),
	[CHECK_OTHERS] = COLUMN("others", STRINGS, "other tables, and how much differs in them"),
};

static void check_text(struct text *out, const struct value *values)
{
	const struct value *others = &values[CHECK_OTHERS];
	text_printf(out, "Checked: ");
	text_escaped(out, values[CHECK_FILE].s.bytes, values[CHECK_FILE].s.len);
	text_printf(out, "\nDebug information: ");
	text_escaped(out, values[CHECK_DEBUG_FILE].s.bytes, values[CHECK_DEBUG_FILE].s.len);
	text_printf(out, "\nTable: %s (%s)\n", values[CHECK_TABLE].s.bytes,
		    values[CHECK_ORIGIN].s.bytes);
	text_printf(out, "Compared: %" PRIu64 " members of %" PRIu64 " structs; ",
		    values[CHECK_MEMBERS].u, values[CHECK_STRUCTS].u);
	if (!values[CHECK_DIFFER].u && !values[CHECK_SIZES_DIFFER].u)
		text_printf(out, "all equal\n");
	else
		text_printf(out, "of these differ %" PRIu64 ", and of the sizes %" PRIu64 "\n",
			    values[CHECK_DIFFER].u, values[CHECK_SIZES_DIFFER].u);
	if (others->state == VALUE_PRESENT && others->list.count) {
		text_printf(out, "Other tables differ:");
		for (size_t i = 0; i < others->list.count; i++)
			text_printf(out, "%s %s", i ? "," : "", others->list.items[i]);
		text_put(out, "\n", 1);
	}
}

static const struct record *const check_children[] = { &difference_record, NULL };

const struct record layout_check_record = {
	.name = "check",
	.doc = "with --check: the table compared with debug information; else null",
	COLUMNS(check_columns), .children = check_children, .text = check_text,
};

/* --- the file ------------------------------------------------------------------------------- */

struct checked_file {
	struct module module;		/* .file: what was named */
	struct mapped_file debug;	/* its separate debug file; .data NULL: it has its own */
	struct elffile elf;
	struct layout *dwarf;		/* what its debug information says, nothing else */
};

static void checked_file_release(struct checked_file *f)
{
	mapped_file_release(&f->module.file);
	if (f->debug.data)
		mapped_file_release(&f->debug);
	free(f->dwarf);
}

static const struct mapped_file *debug_of(const struct checked_file *f)
{
	return f->debug.data ? &f->debug : &f->module.file;
}

static struct error *open_checked(struct files *files, const char *path, struct checked_file *ret)
{
	struct mapped_file *file = &ret->module.file;
	struct elf_section section;
	struct error *err = files_map_given(files, path, file);
	if (err)
		return err;
	struct elf_header header;
	if (!elf_header_load(file->data, file->size, &header) || !header.machine ||
	    !elffile_open(file->data, file->size, header.machine, &ret->elf))
		return error_new(ERROR_UNSUPPORTED,
				 "%s: is not an ELF file of a known machine; name a python, a "
				 "libpython or an extension", path);
	ret->module.path = path;
	elffile_build_id(&ret->elf, &ret->module.build_id);
	if (!elffile_find_section(&ret->elf, ".debug_info", 0, &section) &&
	    !debugfile_find(files, header.machine, &ret->module, &ret->debug))
		return error_new(ERROR_UNSUPPORTED,
				 "%s: has no debug information, and no debug file for it was found; "
				 "install its debug symbols (python3-dbg), or name their tree with "
				 "--sysroot or --search", path);
	ret->dwarf = calloc(1, sizeof(*ret->dwarf));
	if (!ret->dwarf)
		return error_nomem();
	ret->dwarf->machine = header.machine;
	return layout_apply_dwarf(ret->dwarf, debug_of(ret));
}

/* Py_Version (3.11+) is PY_VERSION_HEX; before that the name says the minor version at best. */
static bool version_of(const struct checked_file *f, struct python_version *ret)
{
	struct elf_symtab t;
	const char *name = strrchr(f->module.path, '/');
	bool found = version_from_name(name ? name + 1 : f->module.path, ret);
	if (!elffile_symtab(&f->elf, SHT_DYNSYM, &t))
		return found;
	for (size_t i = 0; i < t.count; i++) {
		struct elf_symbol s;
		elf_symbol_load(f->elf.machine, t.symbols + i * elf_symbol_size(f->elf.machine),
				&s);
		const char *symbol = elf_symtab_name(&t, s.name);
		const uint8_t *p = symbol && streq(symbol, "Py_Version") && s.section != SHN_UNDEF ?
			elffile_at(&f->elf, s.value, f->elf.machine->word) : NULL;
		if (!p)
			continue;
		uint64_t hex = load_word(f->elf.machine, p);
		ret->major = (uint8_t)(hex >> 24);
		ret->minor = (uint8_t)(hex >> 16);
		ret->micro = (uint8_t)(hex >> 8);
		return true;
	}
	return found;
}

/* --- comparing ------------------------------------------------------------------------------ */

struct score {
	const struct layout_table *table;
	unsigned members, sizes;	/* that differ */
};

static struct score score_of(const struct layout *l, const struct layout *dwarf)
{
	struct layout_comparison c = { l, dwarf, 0 };
	struct layout_difference d;
	struct score ret = { 0 };
	while (layout_difference_next(&c, &d)) {
		if (d.field >= 0)
			ret.members++;
		else
			ret.sizes++;
	}
	return ret;
}

static bool is_better(const struct score *a, const struct score *b)
{
	return a->members < b->members || (a->members == b->members && a->sizes < b->sizes);
}

/* The tables for a version, of every ABI: the file does not say which it is. Nothing known of the
 * version: all of this machine's. */
static size_t tables_for(const struct python_version *v, const struct machine *machine,
			 const struct layout_table **ret)
{
	size_t count = 0;
	for (unsigned abi = 0; abi < 4; abi++) {
		struct python_version with = *v;
		with.debug = v->debug ^ (abi & 1);
		with.free_threaded = v->free_threaded ^ (abi >> 1);
		if (v->major) {
			count += layout_candidates(&with, machine, ret + count, TABLES_MAX - count);
			continue;
		}
		for (size_t i = 0; layout_tables[i] && count < TABLES_MAX; i++) {
			const struct layout_table *t = layout_tables[i];
			const struct layout_table *fit[TABLES_MAX];
			struct python_version one = t->first;
			one.micro = 0xff;
			if (one.debug != with.debug || one.free_threaded != with.free_threaded ||
			    (count && ret[count - 1]->first.minor == one.minor &&
			     ret[count - 1]->first.debug == one.debug))
				continue;
			size_t n = layout_candidates(&one, machine, fit, TABLES_MAX - count);
			memcpy(ret + count, fit, n * sizeof(fit[0]));
			count += n;
		}
	}
	return count;
}

static bool report_difference(const struct layout *l, const struct layout *dwarf,
			      const struct layout_difference *d, struct report *report)
{
	const struct layout *sides[] = { l, dwarf };
	char text[2][48];
	struct value values[DIFFERENCE_COLUMNS] = { 0 };
	values[DIFFERENCE_STRUCT] = value_str(structure_names[d->structure]);
	for (int i = 0; i < 2; i++) {
		const struct slot *slot = d->field >= 0 ? &sides[i]->slot[d->field] : NULL;
		if (!slot)
			snprintf(text[i], sizeof(text[i]), "%u", sides[i]->size[d->structure]);
		else if (slot->bits)
			snprintf(text[i], sizeof(text[i]), "%u+%u bit %u+%u", slot->offset,
				 slot->width, slot->bit, slot->bits);
		else
			snprintf(text[i], sizeof(text[i]), "%u+%u", slot->offset, slot->width);
		if (!slot || slot->source != SLOT_NONE)
			values[DIFFERENCE_TABLE + i] = value_str(text[i]);
	}
	if (d->field >= 0)
		values[DIFFERENCE_MEMBER] = value_str(field_infos[d->field].name);
	return report_row(report, &difference_record, values);
}

static void count_compared(const struct layout *dwarf, uint64_t *structs, uint64_t *members)
{
	*structs = *members = 0;
	for (size_t s = 0; s < STRUCT_COUNT; s++)
		*structs += dwarf->size_source[s] == SLOT_DWARF;
	for (size_t f = 0; f < FIELD_COUNT; f++)
		*members += dwarf->slot[f].source == SLOT_DWARF;
}

static void report_notes(const struct layout *l, const struct layout *dwarf,
			 const struct score *score, const struct score *fittest,
			 struct report *report)
{
	_str_ struct str text = STR_INIT;
	if (score->members) {
		str_printf(&text, "table %s is wrong for this file in ", l->table);
		words_count(&text, score->members, "member");
		if (is_better(fittest, score))
			str_printf(&text, "; table %s fits better", fittest->table->name);
		else
			str_adds(&text, "; add a table for this build (docs/adding-a-python.md)");
		report_note(report, NOTE_LOSS, text.buf);
	} else if (score->sizes) {
		report_note(report, NOTE_INFO,
			    "only sizes differ: releases append members that pycore does not use");
	}
	if (dwarf->size_source[STRUCT_PyThreadState] != SLOT_DWARF)
		report_note(report, NOTE_INFO,
			    "the interpreter's own structs are not in this file: for them "
			    "check the libpython that it is linked with");
}

/* l, used: the layout that is checked, and how it does; scores: how each table does. */
static bool report_check(const struct checked_file *f, const struct layout *l,
			 const struct score *used, const struct score *scores, size_t count,
			 const struct score *fittest, struct report *report)
{
	char other_texts[TABLES_MAX][96];
	const char *others[TABLES_MAX];
	size_t other_count = 0;
	for (size_t i = 0; i < count; i++) {
		if (scores[i].table == used->table)
			continue;
		others[other_count] = other_texts[other_count];
		snprintf(other_texts[other_count++], sizeof(other_texts[0]),
			 "%s in %u member%s and %u size%s", scores[i].table->name,
			 scores[i].members, scores[i].members == 1 ? "" : "s", scores[i].sizes,
			 scores[i].sizes == 1 ? "" : "s");
	}
	const struct layout_table *table = layout_table_named(l->table);
	const struct mapped_file *debug = debug_of(f);
	uint64_t structs, members;
	count_compared(f->dwarf, &structs, &members);
	struct value values[CHECK_COLUMNS] = {
		[CHECK_FILE] = value_str(f->module.path),
		[CHECK_DEBUG_FILE] = value_str(debug->path),
		[CHECK_TABLE] = value_str(l->table),
		[CHECK_ORIGIN] = value_str(table ? table->origin : ""),
		[CHECK_STRUCTS] = value_uint(structs),
		[CHECK_MEMBERS] = value_uint(members),
		[CHECK_DIFFER] = value_uint(used->members),
		[CHECK_SIZES_DIFFER] = value_uint(used->sizes),
		[CHECK_OTHERS] = value_strings(others, other_count),
	};
	if (!report_open(report, &layout_check_record, values))
		return false;
	struct layout_comparison c = { l, f->dwarf, 0 };
	struct layout_difference d;
	while (layout_difference_next(&c, &d)) {
		if (!report_difference(l, f->dwarf, &d, report))
			return false;
	}
	if (!report_close(report))
		return false;
	report_notes(l, f->dwarf, used, fittest, report);
	return true;
}

static struct error *check_file(struct session *session, const struct checked_file *f,
				struct report *report)
{
	const struct layout_table *tables[TABLES_MAX];
	struct score scores[TABLES_MAX], fittest = { 0 }, used;
	struct python_version v = { .micro = 0xff };
	_free_ struct layout *l = calloc(1, sizeof(*l));
	if (!l)
		return error_nomem();
	if (session->runtime)
		v = session->runtime->layout.version;
	else
		version_of(f, &v);
	size_t count = tables_for(&v, f->dwarf->machine, tables);
	if (!count)
		return error_new(ERROR_UNSUPPORTED,
				 "%s: there is no table for CPython %u.%u on %s; add one "
				 "(docs/adding-a-python.md)", f->module.path, v.major, v.minor, f->dwarf->machine->name);
	for (size_t i = 0; i < count; i++) {
		struct error *err = layout_from_table(tables[i], f->dwarf->machine, l);
		if (err)
			return err;
		scores[i] = score_of(l, f->dwarf);
		scores[i].table = tables[i];
		if (!i || is_better(&scores[i], &fittest))
			fittest = scores[i];
	}
	used = fittest;
	if (session->runtime) {
		*l = session->runtime->layout;
		used = score_of(l, f->dwarf);
		used.table = layout_table_named(l->table);
	} else {
		struct error *err = layout_from_table(fittest.table, f->dwarf->machine, l);
		if (err)
			return err;
	}
	report_check(f, l, &used, scores, count, &fittest, report);
	return NULL;
}

struct error *layout_check_run(struct session *session, const struct layout_config *config,
			       struct report *report)
{
	_cleanup_(checked_file_release) struct checked_file f = { 0 };
	uint64_t structs, members;
	struct error *err = open_checked(session->files, config->check, &f);
	if (err)
		return err;
	count_compared(f.dwarf, &structs, &members);
	if (!structs)
		return error_new(ERROR_UNSUPPORTED,
				 "%s: its debug information defines no struct of CPython; if it is "
				 "linked with a libpython, check that", config->check);
	return check_file(session, &f, report);
}
