#include "analyzers/mapped.h"

#include <inttypes.h>
#include <string.h>
#include "core/elf.h"
#include "core/str.h"
#include "report/json.h"
#include "report/text.h"

enum module_column {
	MODULE_START,
	MODULE_END,
	MODULE_PATH,
	MODULE_BUILD_ID,
	MODULE_DELETED,
	MODULE_EXECUTABLE,
	MODULE_FILE,
	MODULE_FILE_PATH,
	MODULE_NOTE,
	MODULE_PACKAGE,
	MODULE_PACKAGE_WORDS,
	MODULE_FIRST,
	MODULE_COLUMNS,
};

static const struct column module_columns[] = {
	[MODULE_START] = COLUMN("start", ADDRESS, "of its lowest mapping"),
	[MODULE_END] = COLUMN("end", ADDRESS, "of its highest mapping"),
	[MODULE_PATH] = COLUMN("path", STRING, "as in the core"),
	[MODULE_BUILD_ID] = COLUMN("build_id", STRING, "as in the core; null: none, or not dumped"),
	[MODULE_DELETED] = COLUMN("deleted", BOOL,
				  "the file had been replaced or removed while the process ran"),
	[MODULE_EXECUTABLE] = COLUMN("executable", BOOL, "the program itself"),
	[MODULE_FILE] = COLUMN("file", STRING, "matches, unverified, differs or missing"),
	[MODULE_FILE_PATH] = COLUMN("file_path", STRING, "the file that is used in its place"),
	[MODULE_NOTE] = COLUMN("note", STRING, "why no file is used"),
	[MODULE_PACKAGE] = COLUMN("package", STRING,
				  "what its packagers noted in it (.note.package), as JSON"),
	[MODULE_PACKAGE_WORDS] = { .name = "package_words", .type = VALUE_STRING, .hidden = true,
				   .doc = "the same for people" },
	[MODULE_FIRST] = { .name = "first",
			   .type = VALUE_BOOL,
			   .hidden = true,
			   .doc = "has the label" },
};

static void module_text(struct text *out, const struct value *values)
{
	enum { SHORT_ID = 12 };
	const struct value *id = &values[MODULE_BUILD_ID], *note = &values[MODULE_NOTE];
	if (values[MODULE_FIRST].b) {
		text_put(out, "\n", 1);
		text_style(out, STYLE_HEADING);
		text_printf(out, "%-10s", "Modules");
		text_style(out, STYLE_PLAIN);
		text_printf(out, "where, build-id, file here, path\n");
	}
	text_printf(out, "  %#16" PRIx64 "  %-*.*s  %-10.*s  ", values[MODULE_START].u, SHORT_ID,
		    id->state == VALUE_PRESENT ? SHORT_ID : 1,
		    id->state == VALUE_PRESENT ? id->s.bytes : "-", (int)values[MODULE_FILE].s.len,
		    values[MODULE_FILE].s.bytes);
	text_value(out, &module_columns[MODULE_PATH], &values[MODULE_PATH]);
	if (values[MODULE_DELETED].b)
		text_printf(out, " (deleted)");
	if (values[MODULE_PACKAGE_WORDS].state == VALUE_PRESENT) {
		text_printf(out, " [");
		text_value(out, &module_columns[MODULE_PACKAGE_WORDS],
			   &values[MODULE_PACKAGE_WORDS]);
		text_printf(out, "]");
	}
	if (note->state == VALUE_PRESENT) {
		text_printf(out, ": ");
		text_value(out, &module_columns[MODULE_NOTE], note);
	}
	text_put(out, "\n", 1);
}

const struct record mapped_record = {
	.name = "modules",
	.list = true,
	.doc = "the mapped ELF files, in address order",
	COLUMNS(module_columns),
	.text = module_text,
};

/* FDO_PACKAGING_METADATA of UAPI.8 (package metadata for executable files): JSON, NUL, padding. */
enum { NT_FDO_PACKAGE = 0xcafe1a7e };

/* "deb python3.11-minimal 3.11.2-6 amd64" */
static void package_words(const char *text, size_t len, struct str *ret)
{
	static const char *const keys[] = { "type", "name", "version", "architecture" };
	struct arena arena = ARENA_INIT;
	const struct json *json = json_parse(&arena, text, len);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		const char *word = json_text(json_get(json, keys[i]));
		if (word)
			str_printf(ret, "%s%s", ret->len ? " " : "", word);
	}
	arena_release(&arena);
}

static void package_values(const struct target *t, const struct module *module, struct str *words,
			   struct value *values)
{
	struct elf_note note;
	str_reset(words);
	if (!target_module_note(t, module, "FDO", NT_FDO_PACKAGE, &note))
		return;
	const char *text = (const char *)note.desc;
	size_t len = strnlen(text, note.size);
	values[MODULE_PACKAGE] = value_bytes(text, len);
	package_words(text, len, words);
	if (words->len)
		values[MODULE_PACKAGE_WORDS] = value_bytes(words->buf, words->len);
}

bool mapped_report(const struct target *t, struct report *report)
{
	static const char *const names[] = {
		[MODULE_FILE_MISSING] = "missing",
		[MODULE_FILE_MATCHES] = "matches",
		[MODULE_FILE_DIFFERS] = "differs",
		[MODULE_FILE_UNVERIFIED] = "unverified",
	};
	const struct module *module;
	bool ok = true, first = true;
	_str_ struct str words = STR_INIT;
	vec_each(module, &t->modules) {
		char build_id[2 * BUILD_ID_MAX + 1];
		build_id_format(&module->build_id, build_id);
		struct value values[MODULE_COLUMNS] = {
			[MODULE_START] = value_uint(module->start),
			[MODULE_END] = value_uint(module->end),
			[MODULE_PATH] = value_str(module->path),
			[MODULE_BUILD_ID] =
				module->build_id.len ? value_str(build_id) : value_absent(),
			[MODULE_DELETED] = value_bool(module->deleted),
			[MODULE_EXECUTABLE] = value_bool(module->is_executable),
			[MODULE_FILE] = value_str(names[module->file_state]),
			[MODULE_FILE_PATH] =
				value_str(module->file.data ? module->file.path : NULL),
			[MODULE_NOTE] = value_str(module->file_note),
			[MODULE_FIRST] = value_bool(first),
		};
		first = false;
		package_values(t, module, &words, values);
		ok = ok && report_row(report, &mapped_record, values);
	}
	return ok;
}
